//! The reference's aggregates of 2 KiB sectors.

use anyhow::Result;
use bellperson::groth16::aggregate::AggregateVersion;
use blstrs::Scalar as Fr;
use engine_proofs::{
    registered::{AggregateProof, ApiVersion, Feature, SealProof},
    replica_id::{PorepId, ProverId, Seed, Ticket},
    update::vanilla::Statement,
};
use filecoin_proofs::{
    aggregate_empty_sector_update_proofs, aggregate_seal_commit_proofs, get_seal_inputs,
    get_sector_update_inputs, verify_aggregate_seal_commit_proofs, verify_aggregate_sector_update_proofs,
    EmptySectorUpdateProof, PoRepConfig, SealCommitOutput, SectorShape2KiB as Tree, SectorUpdateConfig,
    SectorUpdateProofInputs,
};
use kernels::Node;
use storage_proofs_core::{api_version, sector::SectorId};

use crate::home;

/// A sector with its proof.
#[derive(Clone, Debug)]
pub struct Proven {
    /// What seeds the graph.
    pub porep_id: PorepId,
    /// Who sealed it.
    pub prover_id: ProverId,
    /// Its number.
    pub sector: u64,
    /// The randomness before PreCommit.
    pub ticket: Ticket,
    /// The randomness before Commit.
    pub seed: Seed,
    /// Root of the data.
    pub comm_d: Node,
    /// Root of columns and replica.
    pub comm_r: Node,
    /// The proofs of all partitions, one after the other.
    pub proof: Vec<u8>,
}

/// The public inputs of all proofs, sector by sector, without ONE.
///
/// # Errors
/// When the reference finds fault with a sector.
pub fn inputs(seal_proof: SealProof, sectors: &[Proven]) -> Result<Vec<Vec<Fr>>> {
    let mut inputs = Vec::new();
    for sector in sectors {
        inputs.extend(get_seal_inputs::<Tree>(
            &config(seal_proof, sector)?,
            sector.comm_r.0,
            sector.comm_d.0,
            sector.prover_id.0,
            SectorId::from(sector.sector),
            sector.ticket.0,
            sector.seed.0,
        )?);
    }
    Ok(inputs)
}

/// Aggregates with the reference string in the folder of parameters.
///
/// # Errors
/// When the reference finds fault with a proof or a file.
pub fn aggregate(seal_proof: SealProof, sectors: &[Proven], version: AggregateProof) -> Result<Vec<u8>> {
    let outputs: Vec<_> = sectors
        .iter()
        .map(|sector| SealCommitOutput {
            proof: sector.proof.clone(),
        })
        .collect();
    let (comm_rs, seeds) = told(sectors);
    let config = config(seal_proof, &sectors[0])?;
    aggregate_seal_commit_proofs::<Tree>(&config, &comm_rs, &seeds, &outputs, to_theirs(version))
}

/// Whether an aggregate convinces the reference of what these sectors claim.
///
/// # Errors
/// When it finds the aggregate malformed.
pub fn verify(
    seal_proof: SealProof,
    sectors: &[Proven],
    version: AggregateProof,
    proof: &[u8],
) -> Result<bool> {
    let (comm_rs, seeds) = told(sectors);
    verify_aggregate_seal_commit_proofs::<Tree>(
        &config(seal_proof, &sectors[0])?,
        proof.to_vec(),
        &comm_rs,
        &seeds,
        inputs(seal_proof, sectors)?,
        to_theirs(version),
    )
}

/// Aggregates the proofs of 2 KiB updates, all of one size.
///
/// # Errors
/// When the reference finds fault with a proof or a file.
pub fn aggregate_updates(updates: &[(Statement, Vec<u8>)]) -> Result<Vec<u8>> {
    let proofs: Vec<_> = updates
        .iter()
        .map(|(_, proof)| EmptySectorUpdateProof(proof.clone()))
        .collect();
    let version = AggregateVersion::V2;
    aggregate_empty_sector_update_proofs::<Tree>(&update_config(), &proofs, &claimed(updates), version)
}

/// Whether an aggregate convinces the reference of what these updates claim.
///
/// # Errors
/// When it finds the aggregate malformed.
pub fn verify_updates(updates: &[(Statement, Vec<u8>)], proof: &[u8]) -> Result<bool> {
    let claimed = claimed(updates);
    let inputs = claimed.iter().map(|update| {
        get_sector_update_inputs::<Tree>(
            &update_config(),
            update.comm_r_old,
            update.comm_r_new,
            update.comm_d_new,
        )
    });
    let inputs = inputs.collect::<Result<Vec<_>>>()?.concat();
    verify_aggregate_sector_update_proofs::<Tree>(
        &update_config(),
        proof.to_vec(),
        &claimed,
        inputs,
        AggregateVersion::V2,
    )
}

fn claimed(updates: &[(Statement, Vec<u8>)]) -> Vec<SectorUpdateProofInputs> {
    let h = SectorUpdateConfig::from_porep_config(&update_config()).h;
    let claimed = |(statement, _): &(Statement, Vec<u8>)| SectorUpdateProofInputs {
        h,
        comm_r_old: statement.comm_r_old.0,
        comm_r_new: statement.comm_r_new.0,
        comm_d_new: statement.comm_d_new.0,
    };
    updates.iter().map(claimed).collect()
}

/// Version 1.2.0, as the reference asks of whoever aggregates updates.
fn update_config() -> PoRepConfig {
    home::parameters();
    PoRepConfig::new_groth16(2048, [0; 32], api_version::ApiVersion::V1_2_0)
}

fn told(sectors: &[Proven]) -> (Vec<[u8; 32]>, Vec<[u8; 32]>) {
    sectors
        .iter()
        .map(|sector| (sector.comm_r.0, sector.seed.0))
        .unzip()
}

fn to_theirs(version: AggregateProof) -> AggregateVersion {
    match version {
        AggregateProof::SnarkPackV1 => AggregateVersion::V1,
        AggregateProof::SnarkPackV2 => AggregateVersion::V2,
    }
}

fn config(seal_proof: SealProof, sector: &Proven) -> Result<PoRepConfig> {
    // Points the reference at our folder of parameters.
    home::parameters();
    let version = match seal_proof.api_version() {
        ApiVersion::V1_0_0 => api_version::ApiVersion::V1_0_0,
        ApiVersion::V1_1_0 => api_version::ApiVersion::V1_1_0,
        ApiVersion::V1_2_0 => api_version::ApiVersion::V1_2_0,
    };
    let features = seal_proof.feature().map(|feature| match feature {
        Feature::SyntheticPorep => api_version::ApiFeature::SyntheticPoRep,
        Feature::NonInteractivePorep => api_version::ApiFeature::NonInteractivePoRep,
    });
    PoRepConfig::new_groth16_with_features(2048, sector.porep_id.0, version, features.into_iter().collect())
}
