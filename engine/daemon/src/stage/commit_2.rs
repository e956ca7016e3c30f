//! Commit2: the openings become SNARKs, one for each partition.

use anyhow::{Context, Result};
use engine_proofs::{
    graph::Graph,
    groth16::{Blinding, Parameters, Proof, Prover},
    porep::{
        challenge::Challenges,
        circuit::Porep,
        vanilla::{self, PartitionProof, Statement},
    },
};
use kernels::Backend;

use crate::{map::ReadMap, progress::Bar};

/// Proves every partition. Each proof is verified before it is taken; the blinding comes from the operating
/// system.
///
/// # Errors
/// When the parameters are damaged or another circuit's, or the device fails.
pub fn run(
    device: &dyn Backend,
    parameters: &ReadMap,
    (statement, graph, challenges): (&Statement, &Graph, &Challenges),
    openings: &[PartitionProof],
    bar: &Bar,
) -> Result<Vec<Proof>> {
    let about = || parameters.path().display().to_string();
    let parsed = Parameters::parse(parameters.bytes()).with_context(about)?;
    let mut prover = Prover::new(device, &parsed, openings.len());
    let mut proofs = Vec::with_capacity(openings.len());
    for (k, opening) in openings.iter().enumerate() {
        let inputs = vanilla::public_inputs(statement, graph, challenges, k)?;
        let progress = bar.part(k, openings.len());
        let circuit = Porep::new(statement, opening);
        let proof = prover.prove(circuit, &inputs, Blinding::draw()?, &progress);
        proofs.push(proof.with_context(|| format!("partition {k} with {}", about()))?);
    }
    Ok(proofs)
}
