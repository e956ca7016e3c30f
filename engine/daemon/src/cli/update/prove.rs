//! `lode-engine update-prove`: that data went into a sector.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use engine_proofs::groth16::{Proof, ProofKind};

use super::{statement, statement_json, statement_text};
use crate::{
    cli::Answer,
    config::Config,
    device,
    params::{Proving, Store},
    report, seal,
    sector::Sector,
    stage::{update, Stage, Stages},
};

/// Prove a replica update: that the new data are in the sector, and nothing else has changed.
///
/// The chain needs the proof and what it claims: comm_r_old, comm_d_new, comm_r_new. It is verified before it is
/// printed. What is challenged follows from comm_r_new: there is no seed to wait for.
///
/// Proving needs Groth16 parameters. Where there are none for the size, development parameters are made and kept:
/// 0.7 gigabytes and half a minute for 2KiB. Proofs under them are evidence of nothing to others.
///
/// Example: lode-engine seal --skip-proof --dir old LICENSE-MIT
///          lode-engine update --dir old --out new deny.toml
///          lode-engine update-prove --json --old old --dir new > updated.json
///          lode-engine verify --json-file updated.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Prove {
    /// The updated sector's directory, as `update --out` made it.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The directory of the sector as it was before.
    #[arg(long, value_name = "DIR")]
    old: PathBuf,
}

impl Prove {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        update::must_be_two(&self.dir, &self.old)?;
        let (device, store) = (device::open()?, Store::new(config));
        let (mut new, mut old) = (Sector::open(&self.dir)?, Sector::open(&self.old)?);
        update::must_be_before(&old, &new)?;
        let identity = new.record().identity.clone();
        let geometry = identity.geometry();
        let statement = statement(&identity, &update::roots(&old)?, &update::roots(&new)?);
        let mut stages = Stages::default();
        seal::prepare(&store, &device, ProofKind::Update, geometry, &mut stages)?;
        let openings = stages.run(Stage::UpdateVanilla, &device, |_| {
            update::open(&mut old, &mut new, &statement)
        })?;
        let (proofs, key, receipt) = stages.run(Stage::UpdateSnark, &device, |bar| {
            let Proving { map, key, receipt } = store.parameters(ProofKind::Update, geometry)?;
            let proofs = update::prove(&device, &map, &statement, &openings, bar)?;
            Ok((proofs, key, receipt))
        })?;
        stages.run(Stage::Verify, &device, |_| {
            store.must_hold(update::verify(&key, &statement, &proofs)?, &receipt)
        })?;
        let proof: Vec<u8> = proofs.iter().flat_map(Proof::to_bytes).collect();
        let mut text = statement_text(&statement);
        text += &format!(
            "proof        {} bytes, verified ({})\n",
            proof.len(),
            receipt.origin.worth()
        );
        text += &format!("             {}\n", hex::encode(&proof));
        let mut json = statement_json(&identity, &statement);
        json["partitions"] = proofs.len().into();
        json["proof"] = hex::encode(&proof).into();
        json["parameters"] = receipt.json();
        json["verified"] = true.into();
        json["stages"] = stages.done.iter().map(report::stage_json).collect();
        Ok(Answer {
            text,
            json,
            is_good: true,
        })
    }
}
