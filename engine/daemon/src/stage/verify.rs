//! Verify: whether a proof holds, by everyone who has the key and the statement.

use anyhow::{ensure, Result};
use engine_proofs::{
    graph::Graph,
    groth16::{Claim, PreparedKey, Proof, VerifyingKey},
    porep::{
        challenge::Challenges,
        vanilla::{self, Statement},
    },
};
use kernels::Fr;
use rand_core::OsRng;

/// Whether all partitions' proofs hold, verified as one batch.
///
/// # Errors
/// When a commitment is no field element, or statement or seed are zero, which the protocol forbids.
pub fn run(
    key: &VerifyingKey,
    statement: &Statement,
    graph: &Graph,
    challenges: &Challenges,
    proofs: &[Proof],
) -> Result<bool> {
    if let Challenges::Interactive(seed) | Challenges::Synthetic(seed) = challenges {
        ensure!(seed.0 != [0; 32], "the seed is zero: it is missing");
    }
    for (what, node) in [("comm_d", statement.comm_d), ("comm_r", statement.comm_r)] {
        ensure!(node.0 != [0; 32], "{what} is zero: it is missing");
    }
    if proofs.len() != challenges.n_partitions(statement.geometry) {
        return Ok(false);
    }
    let inputs = (0..proofs.len()).map(|k| vanilla::public_inputs(statement, graph, challenges, k));
    let inputs = inputs.collect::<Result<Vec<Vec<Fr>>, _>>()?;
    let claims: Vec<Claim<'_>> = inputs
        .iter()
        .zip(proofs)
        .map(|(inputs, proof)| Claim { inputs, proof })
        .collect();
    Ok(PreparedKey::new(key).verify_batch(&claims, &mut OsRng))
}
