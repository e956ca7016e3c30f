//! A Groth16 proof: three points.

use blstrs::{G1Affine, G2Affine};
use rayon::prelude::*;

use super::{
    error::{Error, Result},
    points::{self, G1_SIZE, G2_SIZE},
};

/// A proof that can be verified: all three points are in their subgroups, and none is infinity.
///
/// Proof bytes are no identity: `(−A, −B, C)` proves what `(A, B, C)` proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    pub(super) a: G1Affine,
    pub(super) b: G2Affine,
    pub(super) c: G1Affine,
}

impl Proof {
    /// Bytes of a proof: A and C take 48 each, B takes 96.
    pub const SIZE: usize = 2 * G1_SIZE + G2_SIZE;

    /// Parses `A ‖ B ‖ C`, compressed.
    ///
    /// # Errors
    /// When there are not 192 bytes, or a point is not canonical, not on its curve, not in its subgroup, or
    /// infinity.
    pub fn from_bytes(bytes: &[u8]) -> Result<Proof> {
        if bytes.len() != Proof::SIZE {
            return Err(Error::ProofLength {
                expected: Proof::SIZE,
                found: bytes.len(),
            });
        }
        let at = |element| move |reason| Error::Proof { element, reason };
        let (a, rest) = bytes.split_first_chunk().expect("192 bytes begin with 48");
        let (b, rest) = rest.split_first_chunk().expect("144 bytes begin with 96");
        let (c, _) = rest.split_first_chunk().expect("48 bytes are left");
        // Most of it is the check that B is in its subgroup.
        let ((a, c), b) = rayon::join(
            || (points::g1_compressed(a), points::g1_compressed(c)),
            || points::g2_compressed(b),
        );
        Ok(Proof {
            a: a.map_err(at("a"))?,
            b: b.map_err(at("b"))?,
            c: c.map_err(at("c"))?,
        })
    }

    /// Parses the proofs of all partitions, one after the other.
    ///
    /// # Errors
    /// As [`from_bytes`](Proof::from_bytes); also when there are not `n_partitions` of them.
    pub fn many(bytes: &[u8], n_partitions: usize) -> Result<Vec<Proof>> {
        let expected = n_partitions * Proof::SIZE;
        if bytes.len() != expected {
            return Err(Error::ProofLength {
                expected,
                found: bytes.len(),
            });
        }
        bytes
            .par_chunks_exact(Proof::SIZE)
            .map(Proof::from_bytes)
            .collect()
    }

    /// `A ‖ B ‖ C`, compressed.
    pub fn to_bytes(&self) -> [u8; Proof::SIZE] {
        let mut bytes = [0; Proof::SIZE];
        bytes[..G1_SIZE].copy_from_slice(&self.a.to_compressed());
        bytes[G1_SIZE..G1_SIZE + G2_SIZE].copy_from_slice(&self.b.to_compressed());
        bytes[G1_SIZE + G2_SIZE..].copy_from_slice(&self.c.to_compressed());
        bytes
    }
}
