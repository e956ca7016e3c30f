//! `lode-engine prove`: a sector that is sealed already is proved.

use std::path::PathBuf;

use anyhow::{ensure, Result};
use clap::Args;
use engine_proofs::replica_id::Seed;

use super::{identity::SEED, Answer};
use crate::{
    config::Config,
    device,
    params::Store,
    report,
    seal::Plan,
    sector::{names, Sector},
};

/// Prove a sector that is sealed already, and verify the proof.
///
/// For a sector that `seal --skip-proof --dir` left behind or `adopt` took over; whose it is stands in its record.
/// Its files are held against their digests; layers, and what else of them was removed, are made again.
///
/// The seed comes from the chain; the default is a fixed word, as with `seal`. What is missing of the parameters is
/// made as with `seal`.
///
/// Example: lode-engine seal --skip-proof --dir my-sector README.md
///          lode-engine prove --dir my-sector
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Prove {
    /// The sector's directory.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The chain's randomness before Commit: 32 bytes in hex.
    #[arg(long, value_name = "HEX", default_value_t = SEED, hide_default_value = true)]
    seed: Seed,
    /// Remove the layers of labels after the proof: most of the sector, and only another proof needs them.
    #[arg(long)]
    remove_layers: bool,
}

impl Prove {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let sector = Sector::open(&self.dir)?;
        ensure!(
            [names::TREE_D, names::STAGED, names::SYNTHETIC]
                .iter()
                .any(|name| sector.has(name)),
            "{} holds no data: there is no {} in it",
            self.dir.display(),
            names::TREE_D
        );
        ensure!(
            sector.record().update.is_none(),
            "{} holds an updated sector: `lode-engine update-prove` proves it",
            self.dir.display()
        );
        let plan = Plan {
            inputs: Vec::new(),
            scratch: config.scratch.clone(),
            parameters: Some(Store::new(config)),
            seed: self.seed,
            keeps_layers: !self.remove_layers,
            unseals: false,
            digests: false,
        };
        let proved = plan.run(&device::open()?, &mut [sector])?.only();
        Ok(Answer {
            text: report::text(&plan, &proved),
            json: report::json(&plan, &proved),
            is_good: true,
        })
    }
}
