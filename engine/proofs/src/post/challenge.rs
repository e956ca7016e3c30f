//! What is asked: which sector, and which nodes of its replica.

use std::{fmt, str::FromStr};

use kernels::Node;
use sha2::{Digest, Sha256};

use crate::{
    hex32::{self, HexError},
    registered::ApiVersion,
    replica_id::ProverId,
    Error, Result,
};

/// Nodes that WinningPoSt asks its one sector for. In its circuit the sector stands so many times, each time with
/// one of them.
pub const WINNING_CHALLENGES: usize = 66;
/// Nodes that WindowPoSt asks each sector for.
pub const WINDOW_CHALLENGES: usize = 10;

/// The chain's randomness of a PoSt: a field element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Randomness(Node);

/// What is wrong with something that should be the randomness of a PoSt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RandomnessError {
    /// It is no 64 hexadecimal digits.
    #[error(transparent)]
    Hex(#[from] HexError),
    /// It is a number that no field element is.
    #[error(
        "{node} is not below the modulus of the field: before a PoSt the two highest bits of the chain's randomness, \
         those of its last byte, are cleared"
    )]
    NotCanonical {
        /// The 32 bytes.
        node: Node,
    },
}

impl Randomness {
    /// 256 bits as the chain draws them; the two highest are cleared.
    pub fn truncated(drawn: [u8; 32]) -> Randomness {
        Randomness(Node::truncated(drawn))
    }

    /// Its 32 bytes.
    pub fn bytes(&self) -> [u8; 32] {
        self.0 .0
    }
}

impl TryFrom<[u8; 32]> for Randomness {
    type Error = RandomnessError;

    fn try_from(bytes: [u8; 32]) -> Result<Randomness, RandomnessError> {
        let node = Node(bytes);
        match node.to_fr() {
            Some(_) => Ok(Randomness(node)),
            None => Err(RandomnessError::NotCanonical { node }),
        }
    }
}

impl FromStr for Randomness {
    type Err = RandomnessError;

    fn from_str(word: &str) -> Result<Randomness, RandomnessError> {
        Randomness::try_from(hex32::parse(word)?)
    }
}

/// Lower-case hex.
impl fmt::Display for Randomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which of the eligible sectors an elected provider must answer for: its position, from 0.
///
/// `u64le(SHA256(prover_id ‖ randomness ‖ u64le(draw))[0..8]) mod n_eligible`. The protocol draws once: `draw` is
/// 0.
///
/// # Errors
/// When the prover id is no field element.
///
/// # Panics
/// When no sector is eligible.
pub fn winning_sector(
    prover_id: &ProverId,
    randomness: Randomness,
    draw: u64,
    n_eligible: u64,
) -> Result<u64> {
    assert!(n_eligible != 0, "no sector is eligible");
    check_prover_id(prover_id)?;
    let sha256 = Sha256::new()
        .chain_update(prover_id.0)
        .chain_update(randomness.bytes());
    Ok(number(sha256, draw) % n_eligible)
}

/// A prover id must be a field element, though nothing but the choice of a sector depends on it.
pub(super) fn check_prover_id(prover_id: &ProverId) -> Result<()> {
    let what = "prover_id";
    Node(prover_id.0)
        .to_fr()
        .map(drop)
        .ok_or(Error::Commitment { what })
}

/// The nodes that a sector is asked for, `n_challenges` of them.
///
/// `u64le(SHA256(randomness ‖ u64le(sector) ‖ u64le(index))[0..8]) mod n_nodes`. From version 1.2.0 on the index
/// of the n-th is n; before, it is `position · n_challenges + n`, where `position` is the sector's among those of
/// all partitions.
pub fn nodes(
    version: ApiVersion,
    randomness: Randomness,
    (sector, position): (u64, usize),
    n_challenges: usize,
    n_nodes: usize,
) -> Vec<u64> {
    let sha256 = Sha256::new()
        .chain_update(randomness.bytes())
        .chain_update(sector.to_le_bytes());
    let first = match version {
        ApiVersion::V1_0_0 | ApiVersion::V1_1_0 => position * n_challenges,
        ApiVersion::V1_2_0 => 0,
    };
    let indexes = first..first + n_challenges;
    indexes
        .map(|index| number(sha256.clone(), index as u64) % n_nodes as u64)
        .collect()
}

/// The first eight bytes of a digest with this number at its end.
fn number(sha256: Sha256, last: u64) -> u64 {
    let digest: [u8; 32] = sha256.chain_update(last.to_le_bytes()).finalize().into();
    let (words, _) = digest.as_chunks::<8>();
    u64::from_le_bytes(words[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn randomness_is_a_field_element() {
        let check = |word: &str, error: &str| {
            assert_eq!(word.parse::<Randomness>().unwrap_err().to_string(), error);
        };
        let large = "f".repeat(64);
        check(
            &large,
            &format!(
                "{large} is not below the modulus of the field: before a PoSt the two highest bits of the chain's \
                 randomness, those of its last byte, are cleared"
            ),
        );
        check("07", "2 characters where 64 hexadecimal digits must stand");
        let cleared = Randomness::truncated([0xff; 32]);
        assert_eq!(cleared.to_string(), "f".repeat(62) + "3f");
        assert_eq!(cleared.to_string().parse(), Ok(cleared));
    }

    #[test]
    fn a_prover_id_is_a_field_element() {
        let randomness = Randomness::truncated([7; 32]);
        assert!(winning_sector(&ProverId::from_actor_id(u64::MAX), randomness, 0, 9).is_ok());
        let error = winning_sector(&ProverId([0xff; 32]), randomness, 0, 9).unwrap_err();
        assert_eq!(error.to_string(), "prover_id is not a canonical field element");
    }
}
