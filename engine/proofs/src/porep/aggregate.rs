//! The PoReps of many sectors as one: what they claim together.

use kernels::{Fr, Node};

use super::{
    challenge::Challenges,
    vanilla::{public_inputs, Statement},
};
use crate::{
    graph::Graph,
    groth16::aggregate::Included,
    registered::{Feature, SealProof},
    replica_id::Seed,
    Result,
};

/// One of the sectors in an aggregate.
#[derive(Debug)]
pub struct Sector {
    /// What it claims.
    pub statement: Statement,
    /// The graph of its seal proof.
    pub graph: Graph,
    /// The chain's randomness; nothing asks for it where the seal proof is non-interactive.
    pub seed: Seed,
}

/// The proofs that sectors bring into an aggregate.
pub fn n_proofs(seal_proof: SealProof, sectors: &[Sector]) -> usize {
    let partitions =
        |sector: &Sector| Challenges::of(seal_proof, sector.seed).n_partitions(sector.statement.geometry);
    sectors.iter().map(partitions).sum()
}

/// The public inputs of all proofs, sector by sector, and partition by partition.
///
/// # Errors
/// When a commitment of a statement is not canonical.
pub fn inputs(seal_proof: SealProof, sectors: &[Sector]) -> Result<Vec<Vec<Fr>>> {
    let mut inputs = Vec::with_capacity(n_proofs(seal_proof, sectors));
    for Sector {
        statement,
        graph,
        seed,
    } in sectors
    {
        let challenges = Challenges::of(seal_proof, *seed);
        for k in 0..challenges.n_partitions(statement.geometry) {
            inputs.push(public_inputs(statement, graph, &challenges, k)?);
        }
    }
    Ok(inputs)
}

/// What their transcript includes.
pub fn included(seal_proof: SealProof, sectors: &[Sector]) -> Included {
    if seal_proof.feature() == Some(Feature::NonInteractivePorep) {
        let comm_rs: Vec<Node> = sectors.iter().map(|sector| sector.statement.comm_r).collect();
        return Included::non_interactive(&comm_rs);
    }
    let seeds = sectors
        .iter()
        .map(|sector| (sector.seed, sector.statement.comm_r));
    Included::interactive(&seeds.collect::<Vec<_>>())
}
