//! `lode-engine post vanilla`: sectors' answers in the open, for a prover elsewhere.

use std::{fs, path::PathBuf};

use anyhow::{bail, ensure, Context, Result};
use clap::Args;
use engine_proofs::registered::PostProof;
use serde_json::json;

use super::{answer, Asked, Sectors};
use crate::{
    cli::Answer,
    draft,
    post::{Plan, Source},
};

/// Write the answers of sectors in the open, for a prover elsewhere.
///
/// Each sector gets a file, SECTOR.vproof, in the reference's form. Who has it can prove the sector
/// without replica and tree: `post window --vanilla`.
///
/// Example: lode-engine seal --skip-proof --dir my-sector README.md
///          lode-engine post vanilla --dir my-sector --out proofs
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Vanilla {
    #[command(flatten)]
    sectors: Sectors,
    #[command(flatten)]
    asked: Asked,
    /// Registered proof: window-v1.2, window-v1 or winning.
    #[arg(long, value_name = "PROOF", default_value_t = PostProof::WindowV1_2)]
    post_proof: PostProof,
    /// The folder for the files; they must not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Vanilla {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        let found = self.sectors.find(&self.asked)?;
        let Source::Directories(lying, lost) = &found.source else {
            bail!("--vanilla: these are answers already; `post vanilla` makes them of directories");
        };
        let plan = Plan {
            post_proof: self.post_proof,
            prover_id: found.prover_id,
            randomness: self.asked.randomness,
            geometry: found.geometry,
            skipped: self.sectors.skip.iter().copied().collect(),
            skips_faulty: false,
            partition: None,
        };
        let (proofs, faults) = plan.vanilla(lying)?;
        fs::create_dir_all(&self.out).with_context(|| format!("cannot create {}", self.out.display()))?;
        let (mut text, mut files) = (String::new(), Vec::new());
        for proof in &proofs {
            let path = self.out.join(format!("{}.vproof", proof.sector));
            ensure!(
                !path.exists(),
                "{} exists already: choose another folder",
                path.display()
            );
            draft::write_whole(&path, &proof.to_bytes(found.geometry))?;
            text += &format!("{}\n", path.display());
            files.push(json!({ "sector": proof.sector, "file": path.display().to_string() }));
        }
        let is_good = faults.is_empty() && lost.is_empty();
        let faults = answer::faults(&found.source, &faults);
        Ok(Answer {
            text: text + &answer::listed(&faults),
            json: json!({ "files": files, "faults": faults }),
            is_good,
        })
    }
}
