//! `lode-engine verify update`: whether the proof of an update holds.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use engine_proofs::{
    groth16::{Proof, ProofKind},
    update::Rules,
};
use serde_json::json;

use super::claimed::Claimed;
use crate::{
    cli::{given::Given, verify::verdict, Answer},
    config::Config,
    params::Store,
    stage::update,
};

/// Verify the proof of a replica update: true or false.
///
/// Needs the statement, the proof and the verifying key of the size. The statement comes from what
/// `update-prove --json` printed, or from the flags; a flag wins over the file. With the file alone,
/// `verify --json-file` does the same.
///
/// Exit code: 0 for true; 1 for false, and for everything that is no proof or cannot be read.
///
/// Example: lode-engine seal --skip-proof --dir old LICENSE-MIT
///          lode-engine update --dir old --out new deny.toml
///          lode-engine update-prove --json --old old --dir new > updated.json
///          lode-engine verify update --json-file updated.json
#[derive(Debug, Default, Args)]
#[command(verbatim_doc_comment)]
pub struct Verify {
    #[command(flatten)]
    claimed: Claimed,
    /// The proof: 192 bytes in hex for each partition.
    #[arg(long, value_name = "HEX")]
    proof: Option<String>,
    /// The verifying key. [default: the one in the folder of parameters]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Whether a file is about an update.
pub fn is_update(given: &Given) -> bool {
    given.has("comm_r_old")
}

impl Verify {
    /// Of what a file says, with that key or the usual one.
    pub fn of(json_file: Option<PathBuf>, key: Option<PathBuf>) -> Verify {
        Verify {
            claimed: Claimed::of(json_file),
            key,
            ..Verify::default()
        }
    }

    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let given = self.claimed.given()?;
        let statement = self.claimed.statement(&given)?;
        let geometry = statement.geometry;
        let proofs = |word: &str| {
            let bytes = hex::decode(word).context("a proof is written in pairs of hexadecimal digits")?;
            Ok(Proof::many(&bytes, Rules::of(geometry).n_partitions)?)
        };
        let proof = self.proof.as_deref().map_or_else(
            || given.field("proof", "--proof", proofs),
            |word| proofs(word).context("--proof"),
        )?;
        let store = Store::new(config);
        let (key, receipt) = match &self.key {
            Some(path) => store.named_key(path, ProofKind::Update, geometry)?,
            None => store.key(ProofKind::Update, geometry)?,
        };
        let holds = update::verify(&key, &statement, &proof)?;
        Ok(Answer {
            text: verdict(holds, &receipt),
            json: json!({ "verified": holds, "parameters": receipt.json() }),
            is_good: holds,
        })
    }
}
