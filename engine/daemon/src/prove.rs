//! From a sealed sector to its proof, which is verified before anyone sees it.

use anyhow::{ensure, Result};
use engine_proofs::{
    geometry::Geometry,
    groth16::{Proof, ProofKind},
    porep::{aggregate::Sector as Member, challenge::Challenges, vanilla::Statement},
    registered::{AggregateProof, SealProof},
    replica_id::Seed,
};
use kernels::Backend;

use crate::{
    params::{Keys, Proving, Receipt, Store},
    sector::{Roots, Sector},
    stage::{aggregate::Together, commit_1, commit_2, verify, Stage, Stages},
};

/// What is to be proved.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// What the proof says.
    pub statement: &'a Statement,
    /// What the files are held against.
    pub roots: &'a Roots,
    /// The randomness before Commit.
    pub seed: Seed,
}

/// A proof, and what it is worth.
#[derive(Clone, Debug)]
pub struct Proven {
    /// As the chain takes it: the proofs of all partitions, one after the other, or their aggregate.
    pub bytes: Vec<u8>,
    /// Where it is an aggregate: the proofs in it, which can be aggregated with other sectors'.
    pub partitions: Option<Vec<u8>>,
    /// What is known of the key that verifies it.
    pub key: Receipt,
}

/// Opens, proves, aggregates where the seal proof says so, and verifies.
///
/// # Errors
/// Those of the stages, with the stage's name.
pub fn run(
    store: &Store,
    device: &dyn Backend,
    sector: &mut Sector,
    claim: &Claim<'_>,
    stages: &mut Stages,
) -> Result<Proven> {
    let Claim {
        statement,
        roots,
        seed,
    } = *claim;
    let (graph, seal_proof) = {
        let identity = &sector.record().identity;
        (identity.graph(), identity.seal_proof)
    };
    let challenges = Challenges::of(seal_proof, seed);
    let openings = stages.run(Stage::Commit1, device, |_| {
        commit_1::run(sector, statement, roots, &challenges)
    })?;
    let (proofs, key, receipt) = stages.run(Stage::Commit2, device, |bar| {
        let Proving { map, key, receipt } = store.parameters(ProofKind::Porep, statement.geometry)?;
        let about = (statement, &graph, &challenges);
        let proofs = commit_2::run(device, &map, about, &openings, bar)?;
        Ok((proofs, key, receipt))
    })?;
    let bytes: Vec<u8> = proofs.iter().flat_map(Proof::to_bytes).collect();
    if seal_proof == SealProof::NonInteractive {
        let member = Member {
            statement: *statement,
            graph,
            seed,
        };
        let (aggregate, key) = stages.run(Stage::Aggregate, device, |_| {
            let keys = Keys::with(store, key, receipt)?;
            let proof = alone(member).aggregate(&keys.key, &keys.srs()?, &proofs)?;
            Ok((proof.to_bytes(), keys.receipts.0))
        })?;
        return Ok(Proven {
            bytes: aggregate,
            partitions: Some(bytes),
            key,
        });
    }
    stages.run(Stage::Verify, device, |_| {
        let holds = verify::run(&key, statement, &graph, &challenges, &proofs)?;
        store.must_hold(holds, &receipt)
    })?;
    Ok(Proven {
        bytes,
        partitions: None,
        key: receipt,
    })
}

/// A non-interactive sector: its own proof is an aggregate already, of its partitions.
pub fn alone(sector: Member) -> Together {
    Together {
        seal_proof: SealProof::NonInteractive,
        sectors: vec![sector],
        version: AggregateProof::SnarkPackV2,
    }
}

/// Whether a non-interactive proof can be aggregated: what would be refused in the end is refused at once.
///
/// # Errors
/// When key or reference string are missing or damaged, or the latter serves fewer proofs.
pub fn check_srs(store: &Store, geometry: &'static Geometry) -> Result<()> {
    let Proving { key, receipt, .. } = store.parameters(ProofKind::Porep, geometry)?;
    let (keys, n_proofs) = (Keys::with(store, key, receipt)?, geometry.ni_porep_partitions);
    let most = keys.srs()?.max_proofs();
    ensure!(
        n_proofs.next_power_of_two() <= most,
        "{} serves aggregates of {most} proofs, and one of {n_proofs} is needed",
        store.srs_path().display()
    );
    Ok(())
}
