//! Whether the SNARKs of a PoSt hold, by everyone who has the key.

use kernels::Fr;
use rand_core::RngCore;

use super::Statement;
use crate::groth16::{Claim, PreparedKey, Proof};

/// Whether the proofs of all partitions hold, verified as one batch.
///
/// The key is that of the statement's kind of PoSt and size of sector. A wrong number of proofs makes it false.
pub fn verify(key: &PreparedKey, statement: &Statement, proofs: &[Proof], rng: &mut dyn RngCore) -> bool {
    verify_batch(key, &[(statement, proofs)], rng)
}

/// Whether all of several PoSts of one kind and size hold, as one batch. Nothing to verify: false.
pub fn verify_batch(key: &PreparedKey, posts: &[(&Statement, &[Proof])], rng: &mut dyn RngCore) -> bool {
    if posts
        .iter()
        .any(|(statement, proofs)| proofs.len() != statement.n_partitions())
    {
        return false;
    }
    let inputs: Vec<Vec<Fr>> = posts
        .iter()
        .flat_map(|(statement, proofs)| (0..proofs.len()).map(|k| statement.public_inputs(k)))
        .collect();
    let proofs = posts.iter().flat_map(|(_, proofs)| *proofs);
    let claims: Vec<Claim<'_>> = inputs
        .iter()
        .zip(proofs)
        .map(|(inputs, proof)| Claim { inputs, proof })
        .collect();
    key.verify_batch(&claims, rng)
}
