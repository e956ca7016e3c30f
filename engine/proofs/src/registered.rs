//! What the chain has registered: seal proofs, their graph versions, and the ids that seed their graphs.

use std::{fmt, str::FromStr};

use crate::{
    geometry::{SectorSize, GEOMETRIES},
    replica_id::PorepId,
};

/// The version of the graph, and of the PoSt challenges.
///
/// Only these differences exist: V1_0_0 puts a node's predecessor last among its base parents and cuts the
/// expander permutation to 32 bits, so that the expander parents of large sectors lie in their first 2²⁹
/// nodes; V1_2_0 has the graph of V1_1_0 and another index in PoSt challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiVersion {
    /// The first version.
    V1_0_0,
    /// The version of every sector sealed since 2020.
    V1_1_0,
    /// V1_1_0 with repaired PoSt challenges.
    V1_2_0,
}

/// A registered way to seal; together with a size it is one registered proof of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealProof {
    /// `StackedDrg…V1`: registered ids 0 to 4.
    V1,
    /// `StackedDrg…V1_1`: registered ids 5 to 9.
    V1_1,
}

/// The number by which the chain registers a size, counted from the first id of the seal proof.
///
/// Sizes that the chain does not register borrow the number of the next lower one that it does.
const REGISTERED: [u64; 10] = [0, 0, 0, 0, 1, 1, 2, 2, 3, 4];

impl SealProof {
    /// Every seal proof.
    pub const ALL: [SealProof; 2] = [SealProof::V1, SealProof::V1_1];

    /// The version of its graph.
    pub fn api_version(self) -> ApiVersion {
        match self {
            SealProof::V1 => ApiVersion::V1_0_0,
            SealProof::V1_1 => ApiVersion::V1_1_0,
        }
    }

    /// The chain's number of this seal proof for a size: `RegisteredSealProof` as an integer.
    pub fn registered_id(self, sector_size: SectorSize) -> u64 {
        let row = GEOMETRIES.iter().position(|row| row.sector_size == sector_size);
        let row = row.expect("a SectorSize is made only from the table");
        let first = match self {
            SealProof::V1 => 0,
            SealProof::V1_1 => 5,
        };
        first + REGISTERED[row]
    }

    /// The id that seeds the graph: `u64le(registered id) ‖ u64le(0) ‖ 0¹⁶`.
    pub fn porep_id(self, sector_size: SectorSize) -> PorepId {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&self.registered_id(sector_size).to_le_bytes());
        PorepId(id)
    }
}

/// `1.0.0`, `1.1.0`, `1.2.0`.
impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ApiVersion::V1_0_0 => "1.0.0",
            ApiVersion::V1_1_0 => "1.1.0",
            ApiVersion::V1_2_0 => "1.2.0",
        })
    }
}

/// `v1`, `v1.1`.
impl fmt::Display for SealProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SealProof::V1 => "v1",
            SealProof::V1_1 => "v1.1",
        })
    }
}

/// A word that names no seal proof.
#[derive(Debug, thiserror::Error)]
#[error("there is no seal proof {word:?}; the seal proofs are v1, v1.1")]
pub struct UnknownSealProof {
    word: String,
}

impl FromStr for SealProof {
    type Err = UnknownSealProof;

    fn from_str(word: &str) -> Result<SealProof, UnknownSealProof> {
        let known = SealProof::ALL.into_iter().find(|proof| proof.to_string() == word);
        known.ok_or_else(|| UnknownSealProof {
            word: word.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(proof: SealProof, size: &str, id: u64) {
        let size = size.parse().unwrap();
        assert_eq!(proof.registered_id(size), id);
        let mut bytes = [0; 32];
        bytes[0] = id as u8;
        assert_eq!(proof.porep_id(size).0, bytes);
    }

    #[test]
    fn registered_sizes_have_the_chains_ids() {
        for (i, size) in ["2KiB", "8MiB", "512MiB", "32GiB", "64GiB"]
            .into_iter()
            .enumerate()
        {
            check(SealProof::V1, size, i as u64);
            check(SealProof::V1_1, size, 5 + i as u64);
        }
    }

    #[test]
    fn other_sizes_borrow_the_id_below() {
        for (size, id) in [("4KiB", 5), ("16KiB", 5), ("32KiB", 5), ("16MiB", 6), ("1GiB", 7)] {
            check(SealProof::V1_1, size, id);
        }
    }

    #[test]
    fn words_come_back() {
        for proof in SealProof::ALL {
            assert_eq!(proof.to_string().parse::<SealProof>().unwrap(), proof);
        }
        let error = "v2".parse::<SealProof>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"there is no seal proof "v2"; the seal proofs are v1, v1.1"#
        );
    }
}
