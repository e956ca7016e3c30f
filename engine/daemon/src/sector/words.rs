//! How the protocol's words are written in JSON: as people read them.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use serde::{de::Error, Deserialize, Deserializer, Serializer};

/// Writes what a value shows.
pub fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads what [`serialize`] wrote.
pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    Cow::<str>::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

/// Commitments, which must be field elements.
pub mod node {
    use engine_proofs::hex32;
    use kernels::Node;

    use super::*;

    pub use super::serialize;

    /// Reads 64 hexadecimal digits below the modulus.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Node, D::Error> {
        hex32::parse_node(&Cow::<str>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
