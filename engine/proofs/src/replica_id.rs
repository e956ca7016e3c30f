//! Who sealed what: the ids that make one replica different from every other.

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use kernels::Node;

use crate::hex32::{self, HexError};

/// Names 32 bytes, gives them hex as their written form, and reads it back strictly.
macro_rules! thirty_two_bytes {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(pub [u8; 32]);

        /// Lower-case hex.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                hex32::write(f, &self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

thirty_two_bytes! {
    /// Seeds the graph: all sectors of a seal proof and a size share it.
    PorepId
}
thirty_two_bytes! {
    /// The provider who seals: its ID address.
    ProverId
}
thirty_two_bytes! {
    /// The chain's randomness before PreCommit: binds the replica to a time.
    Ticket
}
thirty_two_bytes! {
    /// The chain's randomness after PreCommit: asks for the nodes to be opened.
    Seed
}

/// The identity of a replica, which starts the preimage of each of its labels.
///
/// `SHA256(prover_id ‖ u64be(sector) ‖ ticket ‖ comm_d ‖ porep_id)`, cut to 254 bits.
pub fn replica_id(prover: &ProverId, sector: u64, ticket: &Ticket, comm_d: Node, porep: &PorepId) -> Node {
    let digest = Sha256::new()
        .chain_update(prover.0)
        .chain_update(sector.to_be_bytes())
        .chain_update(ticket.0)
        .chain_update(comm_d.0)
        .chain_update(porep.0)
        .finalize();
    Node::truncated(digest.into())
}

impl ProverId {
    /// The provider with an actor id: the payload of its ID address (the id in LEB128), then zeros.
    pub fn from_actor_id(id: u64) -> ProverId {
        let mut bytes = [0; 32];
        let mut rest = id;
        for byte in &mut bytes {
            let low = (rest & 0x7f) as u8;
            rest >>= 7;
            *byte = if rest == 0 { low } else { low | 0x80 };
            if rest == 0 {
                break;
            }
        }
        ProverId(bytes)
    }

    /// The actor id, where the provider is known by an ID address.
    pub fn actor_id(&self) -> Option<u64> {
        let last = self.0.iter().position(|byte| byte & 0x80 == 0)?;
        let id = self.0[..=last].iter().rev();
        let id = id.fold(0, |id, byte| id << 7 | u64::from(byte & 0x7f));
        // Other bytes are no id, though they begin like one.
        (ProverId::from_actor_id(id) == *self).then_some(id)
    }
}

/// What is wrong with a word that should be a prover id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProverIdError {
    /// It starts like an ID address, but no actor id follows.
    #[error(
        "{word:?} is no ID address: after t0 or f0 must stand an actor id in decimal digits, at most {}",
        i64::MAX
    )]
    Address {
        /// The word.
        word: String,
    },
    /// It is neither an ID address nor hex.
    #[error("a prover id is an ID address (t01000) or 64 hexadecimal digits: {0}")]
    Hex(#[from] HexError),
}

/// Reads 64 hexadecimal digits, or an ID address: `t01000` (test networks), `f01000`.
impl FromStr for ProverId {
    type Err = ProverIdError;

    fn from_str(word: &str) -> Result<ProverId, ProverIdError> {
        // "f0…" with 64 characters is hex: an actor id has 19 digits at most.
        let address = word.strip_prefix("t0").or_else(|| word.strip_prefix("f0"));
        match address {
            Some(digits) if word.len() != 64 => {
                let id = actor_id(digits).ok_or_else(|| ProverIdError::Address {
                    word: word.to_owned(),
                })?;
                Ok(ProverId::from_actor_id(id))
            }
            _ => Ok(ProverId(hex32::parse(word)?)),
        }
    }
}

/// Decimal digits without sign or leading zeros, up to 2⁶³ − 1, which is where the chain's ids end.
fn actor_id(digits: &str) -> Option<u64> {
    let canonical = digits == "0" || !digits.starts_with(['0', '+']);
    let id = digits.parse().ok().filter(|&id| id <= i64::MAX as u64);
    id.filter(|_| canonical)
}

impl FromStr for PorepId {
    type Err = HexError;

    fn from_str(word: &str) -> Result<PorepId, HexError> {
        hex32::parse(word).map(PorepId)
    }
}

impl FromStr for Ticket {
    type Err = HexError;

    fn from_str(word: &str) -> Result<Ticket, HexError> {
        hex32::parse(word).map(Ticket)
    }
}

impl FromStr for Seed {
    type Err = HexError;

    fn from_str(word: &str) -> Result<Seed, HexError> {
        hex32::parse(word).map(Seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, start: &[u8]) {
        let mut bytes = [0; 32];
        bytes[..start.len()].copy_from_slice(start);
        assert_eq!(word.parse::<ProverId>().unwrap(), ProverId(bytes));
    }

    #[test]
    fn id_addresses_are_leb128() {
        check("t00", &[0]);
        check("t0127", &[127]);
        check("t01000", &[0xe8, 0x07]);
        check("f01000", &[0xe8, 0x07]);
        check(
            "f09223372036854775807",
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        );
    }

    #[test]
    fn an_actor_id_is_read_from_an_id_address_only() {
        for id in [0, 127, 128, 1000, i64::MAX as u64, u64::MAX] {
            assert_eq!(ProverId::from_actor_id(id).actor_id(), Some(id));
        }
        // More after the id, a longer way to write it, more than 64 bits.
        for start in [
            &[0xe8, 0x07, 0x01][..],
            &[0xe8, 0x87, 0x00],
            &[0xff; 11],
            &[0xff; 32],
        ] {
            let mut bytes = [0; 32];
            bytes[..start.len()].copy_from_slice(start);
            assert_eq!(ProverId(bytes).actor_id(), None, "{start:?}");
        }
    }

    #[test]
    fn hex_may_look_like_an_address() {
        check(&format!("f01000{}", "0".repeat(58)), &[0xf0, 0x10, 0x00]);
    }

    #[test]
    fn ids_are_read_back() {
        let prover = ProverId::from_actor_id(u64::MAX);
        assert_eq!(prover.to_string().parse(), Ok(prover));
        let seed = Seed([7; 32]);
        assert_eq!(seed.to_string().parse(), Ok(seed));
        assert_eq!(format!("{seed:?}"), format!("Seed({})", "07".repeat(32)));
    }

    #[test]
    fn an_error_names_what_is_wrong() {
        for word in [
            "t0",
            "t0x",
            "t01 ",
            "f0+1",
            "f001",
            "t09223372036854775808",
            "t0-1",
        ] {
            let error = word.parse::<ProverId>().unwrap_err();
            assert_eq!(
                error,
                ProverIdError::Address {
                    word: word.to_owned()
                }
            );
        }
        let error = "t1abc".parse::<ProverId>().unwrap_err().to_string();
        assert!(
            error.ends_with("character 1 is 't', which is no hexadecimal digit"),
            "{error}"
        );
        assert_eq!("abc".parse::<Ticket>(), Err(HexError::Length { length: 3 }));
        assert_eq!("".parse::<PorepId>(), Err(HexError::Length { length: 0 }));
    }
}
