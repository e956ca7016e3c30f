//! SnarkPack: many proofs of one circuit become one, whose size grows with the logarithm of their number.
//!
//! The argument itself is bellperson's; here stand its bytes, read strictly, its reference string, and what a
//! sector's statement gives to its transcript. Papers: *SnarkPack: Practical SNARK Aggregation*; FIP-13 and
//! FIP-92 say what the chain accepts.

mod included;
mod powers;
mod proof;
mod srs;

use std::{fmt, iter::repeat_n};

use bellperson::groth16::{self as reference, aggregate as snarkpack, PreparedVerifyingKey};
use blstrs::Bls12;
use kernels::Fr;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};

pub use included::Included;
pub use proof::Aggregate;
pub use srs::{development, Srs, SrsKey};

use super::{
    error::{Error, Result},
    params::VerifyingKey,
    proof::Proof,
};
use crate::registered::AggregateProof;

/// Proofs in the largest aggregate: 819 sectors of 10 partitions (FIP-13) and 65 sectors of 126 (FIP-92) both
/// make so many.
pub const MAX_PROOFS: usize = 8192;

/// Aggregates proofs of one circuit: the last one is repeated until there are 2, 4, 8, ….
///
/// The same proofs give the same bytes. Whether they are valid is not asked: verify the aggregate. Memory:
/// tables of 140 KiB for each proof.
///
/// # Errors
/// When there are no proofs, more than [`MAX_PROOFS`], or more than the reference string serves; also when
/// one of its points cannot be used.
pub fn aggregate(
    srs: &Srs<'_>,
    proofs: &[Proof],
    included: &Included,
    version: AggregateProof,
) -> Result<Aggregate> {
    let n = padded(proofs.len()).ok_or(Error::AggregateCount {
        found: proofs.len(),
        most: MAX_PROOFS,
    })?;
    let prover = srs.specialise(n)?;
    let proofs: Vec<_> = pad(proofs, n).map(proof_of).collect();
    let proof = snarkpack::aggregate_proofs::<Bls12>(&prover, &included.0, &proofs, version_of(version))?;
    Ok(Aggregate::new(proof))
}

/// What an aggregate claims.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Public inputs of each proof, without the constant one, in the order of aggregation and not padded.
    pub inputs: &'a [Vec<Fr>],
    /// What stands in the transcript.
    pub included: Included,
    /// How it was aggregated.
    pub version: AggregateProof,
}

/// A verifying key, made ready for aggregates: with 255 multiples of each point, 24 KiB for each input.
pub struct AggregateKey {
    prepared: PreparedVerifyingKey<Bls12>,
    n_inputs: usize,
}

/// Shows nothing of the tables.
impl fmt::Debug for AggregateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateKey")
            .field("n_inputs", &self.n_inputs)
            .finish_non_exhaustive()
    }
}

impl AggregateKey {
    /// Computes the tables.
    pub fn new(key: &VerifyingKey) -> AggregateKey {
        AggregateKey {
            prepared: reference::prepare_verifying_key(&key_of(key)),
            n_inputs: key.n_inputs(),
        }
    }

    /// Whether the aggregate proves the claim, with an error probability below 2⁻²⁴⁰ that `rng` answers for.
    ///
    /// A wrong number of proofs or inputs makes it false.
    pub fn verify(&self, srs: &SrsKey, claim: &Claim<'_>, proof: &Aggregate, rng: &mut dyn RngCore) -> bool {
        let n = proof.n_proofs();
        let inputs_fit = claim.inputs.iter().all(|inputs| inputs.len() == self.n_inputs);
        if padded(claim.inputs.len()) != Some(n) || !inputs_fit {
            return false;
        }
        let inputs: Vec<Vec<Fr>> = pad(claim.inputs, n).cloned().collect();
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let answer = snarkpack::verify_aggregate_proof(
            &srs.specialise(n),
            &self.prepared,
            ChaCha20Rng::from_seed(seed),
            &inputs,
            proof.inner(),
            &claim.included.0,
            version_of(claim.version),
        );
        // What it finds malformed is no proof.
        answer.unwrap_or(false)
    }
}

/// The number of proofs in an aggregate of `n`: the next power of two, and two at least.
fn padded(n: usize) -> Option<usize> {
    match n {
        0 => None,
        n => Some(n.next_power_of_two().max(2)).filter(|&n| n <= MAX_PROOFS),
    }
}

/// The items, and the last one again and again until there are `n`.
fn pad<T>(items: &[T], n: usize) -> impl Iterator<Item = &T> {
    let last = items.last().expect("who pads has counted");
    items.iter().chain(repeat_n(last, n - items.len()))
}

fn version_of(kind: AggregateProof) -> snarkpack::AggregateVersion {
    match kind {
        AggregateProof::SnarkPackV1 => snarkpack::AggregateVersion::V1,
        AggregateProof::SnarkPackV2 => snarkpack::AggregateVersion::V2,
    }
}

fn proof_of(proof: &Proof) -> reference::Proof<Bls12> {
    reference::Proof {
        a: proof.a,
        b: proof.b,
        c: proof.c,
    }
}

fn key_of(key: &VerifyingKey) -> reference::VerifyingKey<Bls12> {
    reference::VerifyingKey {
        alpha_g1: key.alpha_g1,
        beta_g1: key.beta_g1,
        beta_g2: key.beta_g2,
        gamma_g2: key.gamma_g2,
        delta_g1: key.delta_g1,
        delta_g2: key.delta_g2,
        ic: key.ic.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(n: usize, expected: Option<usize>) {
        assert_eq!(padded(n), expected, "{n}");
    }

    #[test]
    fn a_number_of_proofs_is_padded_to_a_power_of_two() {
        check(0, None);
        check(1, Some(2));
        check(2, Some(2));
        check(3, Some(4));
        check(13, Some(16));
        check(126, Some(128));
        check(8190, Some(8192));
        check(8193, None);
        check(usize::MAX / 2, None);
    }

    #[test]
    fn the_last_one_is_repeated() {
        assert_eq!(
            pad(&[1, 2, 3], 8).copied().collect::<Vec<_>>(),
            [1, 2, 3, 3, 3, 3, 3, 3]
        );
    }
}
