//! `lode-engine post merge`: partitions that were proved apart become one proof.

use std::path::PathBuf;

use anyhow::{ensure, Result};
use clap::Args;
use engine_proofs::registered::PostProof;
use serde_json::json;

use super::{answer, claim::Claim};
use crate::{
    cli::{given::Given, Answer},
    config::Config,
    params::Store,
    post::kind,
    stage::post,
};

/// Join the partitions of a WindowPoSt that were proved apart.
///
/// Example: lode-engine seal --skip-proof --dir my-sector README.md
///          lode-engine post window --json --dir my-sector --partition 0 > 0.json
///          lode-engine post merge --json 0.json > window.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Merge {
    /// What `post window --partition K --json` printed, for each partition, in any order.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Merge {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let claims = self.files.iter().map(|path| Claim::read(&Given::read(path)?));
        let claims = claims.collect::<Result<Vec<Claim>>>()?;
        let statement = claims[0].statement.clone();
        ensure!(
            statement.post_proof() != PostProof::Winning,
            "{} is a WinningPoSt: it has no partitions",
            self.files[0].display()
        );
        let mut proofs = vec![None; statement.n_partitions()];
        for (claim, path) in claims.iter().zip(&self.files) {
            ensure!(
                claim.statement == statement,
                "{} claims something else than {}",
                path.display(),
                self.files[0].display()
            );
            let place = claim.partition.and_then(|k| proofs.get_mut(k));
            ensure!(
                place.as_ref().is_some_and(|place| place.is_none()),
                "{} holds no partition, or one that another file holds too",
                path.display()
            );
            *place.expect("it was looked at") = Some(claim.proofs[0]);
        }
        let missing: Vec<usize> = (0..proofs.len()).filter(|&k| proofs[k].is_none()).collect();
        ensure!(
            missing.is_empty(),
            "of {} partitions these are missing: {missing:?}",
            proofs.len()
        );
        let proofs: Vec<_> = proofs.into_iter().flatten().collect();
        let kind = kind(statement.post_proof());
        let (key, receipt) = Store::new(config).key(kind, statement.geometry())?;
        ensure!(
            post::verify(&key, &statement, None, &proofs),
            "the joined proof does not verify: one of the files does not hold; `lode-engine verify` says which"
        );
        let mut json = json!({
            "kind": kind.to_string(),
            "post_proof": statement.post_proof().to_string(),
            "sector_size": statement.geometry().sector_size.bytes(),
            "prover_id": statement.prover_id().to_string(),
            "randomness": statement.randomness().to_string(),
            "partition": null,
        });
        answer::put_proof(&mut json, &statement, &proofs, &receipt);
        Ok(Answer {
            text: answer::told(&statement, None, &proofs, &receipt),
            json,
            is_good: true,
        })
    }
}
