//! An aggregate as bytes.

use bellperson::groth16::aggregate as snarkpack;
use blstrs::Bls12;

use super::{
    super::{
        error::{Error, Result},
        points::{G1_SIZE, G2_SIZE},
    },
    MAX_PROOFS,
};

/// Bytes of a compressed element of the target group.
const GT_SIZE: usize = 288;
/// Bytes before the number of proofs: both commitments, the product of pairings, the sum of the C.
const HEAD_SIZE: usize = 5 * GT_SIZE + G1_SIZE;
/// Bytes of the number of proofs, little-endian.
const COUNT_SIZE: usize = 4;
/// Bytes of a round: left and right of two commitments, of the product, and of the sum.
const ROUND_SIZE: usize = 10 * GT_SIZE + 2 * G1_SIZE;
/// Bytes after the rounds: what A, B and C, and both keys, were folded to, and the openings of the keys.
const TAIL_SIZE: usize = 2 * G1_SIZE + G2_SIZE + 2 * (2 * G2_SIZE + 2 * G1_SIZE);

/// A proof that many proofs exist. All elements are in their groups.
///
/// Like theirs, its bytes are no identity.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate(snarkpack::AggregateProof<Bls12>);

impl Aggregate {
    /// Bytes of an aggregate of `n_proofs`, a power of two: `2260 + 2976·log₂ n`.
    pub const fn size(n_proofs: usize) -> usize {
        HEAD_SIZE + COUNT_SIZE + n_proofs.ilog2() as usize * ROUND_SIZE + TAIL_SIZE
    }

    /// Parses an aggregate; nothing may follow it.
    ///
    /// The reference reads on from wherever an aggregate ends; here one has exactly one form.
    ///
    /// # Errors
    /// When the length is that of no aggregate, the number of proofs is not the one that the length
    /// implies, or an element is not canonical or not in its group.
    pub fn from_bytes(bytes: &[u8]) -> Result<Aggregate> {
        let n_proofs = n_proofs(bytes.len()).ok_or(Error::AggregateLength { found: bytes.len() })?;
        let (_, rest) = bytes.split_at(HEAD_SIZE);
        let count = rest.first_chunk().expect("longer than its first part");
        let count = u32::from_le_bytes(*count);
        if count as usize != n_proofs {
            return Err(Error::AggregateProofs {
                expected: n_proofs,
                found: count,
            });
        }
        let proof = snarkpack::AggregateProof::read(bytes);
        Ok(Aggregate(proof.map_err(Error::AggregateElement)?))
    }

    /// The bytes that [`from_bytes`](Aggregate::from_bytes) reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Aggregate::size(self.n_proofs()));
        self.0
            .write(&mut bytes)
            .expect("memory takes whatever is written");
        bytes
    }

    /// The number of proofs in it: a power of two, those included that were repeated.
    pub fn n_proofs(&self) -> usize {
        self.0.tmipp.gipa.nproofs as usize
    }

    pub(super) fn new(proof: snarkpack::AggregateProof<Bls12>) -> Aggregate {
        Aggregate(proof)
    }

    pub(super) fn inner(&self) -> &snarkpack::AggregateProof<Bls12> {
        &self.0
    }
}

/// The number of proofs whose aggregate has a length.
fn n_proofs(len: usize) -> Option<usize> {
    let mut numbers = (1..=MAX_PROOFS.ilog2()).map(|log| 1 << log);
    numbers.find(|&n| Aggregate::size(n) == len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(n: usize, size: usize) {
        assert_eq!(Aggregate::size(n), size);
        assert_eq!(n_proofs(size), Some(n));
        for other in [size - 1, size + 1] {
            assert_eq!(n_proofs(other), None);
        }
    }

    #[test]
    fn an_aggregate_grows_with_the_logarithm() {
        check(2, 5236);
        check(16, 14_164);
        check(512, 29_044);
        check(8192, 40_948);
        assert_eq!(n_proofs(Aggregate::size(1)), None);
        assert_eq!(n_proofs(Aggregate::size(16_384)), None);
        assert_eq!(n_proofs(0), None);
    }
}
