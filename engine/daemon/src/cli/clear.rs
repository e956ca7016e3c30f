//! `lode-engine clear`: what a sealed sector needs no more is removed.

use std::path::PathBuf;

use anyhow::{bail, ensure, Result};
use clap::Args;
use engine_proofs::registered::Feature;
use serde_json::json;

use super::Answer;
use crate::{
    sector::{names, Sector},
    stage::clear,
};

/// Remove what a sealed sector needs no more: layers of labels, tree C and tree D.
///
/// They are most of the sector. What stays is the replica with tree R-last, which PoSt reads, and the synthetic
/// proofs, where there are any: a synthetic sector can be proved from them. Any other sector should be proved
/// first. To prove it later, everything is sealed again; unsealing labels again.
///
/// Example: lode-engine seal --dir my-sector README.md
///          lode-engine clear --dir my-sector
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Clear {
    /// The sector's directory.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Remove the stored synthetic proofs as well: the sector is proved, and its proof is on the chain.
    #[arg(long)]
    synthetic: bool,
}

impl Clear {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        let mut sector = Sector::open(&self.dir)?;
        let dir = self.dir.display().to_string();
        ensure!(
            sector.record().roots.is_some(),
            "{dir} is not sealed yet: what would be removed is still needed"
        );
        let is_synthetic = sector.record().identity.seal_proof.feature() == Some(Feature::SyntheticPorep);
        match (is_synthetic, self.synthetic) {
            (true, false) if !sector.has(names::SYNTHETIC) => bail!(
                "{dir} has no synthetic proofs yet, which are made from what would be removed; seal it first, or \
                 say --synthetic if it is proved"
            ),
            (false, true) => bail!("{dir} holds a sector without synthetic proofs: leave out --synthetic"),
            _ => {}
        }
        let mut removed = clear::run(&mut sector)?;
        if self.synthetic {
            removed.extend(clear::synthetic(&mut sector)?);
        }
        let mut text = format!("{dir}: {} files removed\n", removed.len());
        for name in &removed {
            text.push_str(&format!("  {name}\n"));
        }
        Ok(Answer {
            text,
            json: json!({ "dir": dir, "removed": removed }),
            is_good: true,
        })
    }
}
