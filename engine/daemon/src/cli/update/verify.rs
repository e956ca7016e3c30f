//! `lode-engine verify update`: whether the proof of an update holds.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::{Proof, ProofKind},
    hex32::parse_node,
    update::{vanilla::Statement, Rules},
};
use kernels::Node;
use serde_json::json;

use crate::{
    cli::{
        given::Given,
        verify::{size, verdict},
        Answer,
    },
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
    /// What `update-prove --json` printed.
    #[arg(long, value_name = "FILE")]
    json_file: Option<PathBuf>,
    /// Size of the sector.
    #[arg(long, value_name = "SIZE")]
    sector_size: Option<SectorSize>,
    /// What the chain remembered the sector by: 32 bytes in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_node)]
    comm_r_old: Option<Node>,
    /// Root of the new data: 32 bytes in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_node)]
    comm_d_new: Option<Node>,
    /// What the chain is to remember it by: 32 bytes in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_node)]
    comm_r_new: Option<Node>,
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
            json_file,
            key,
            ..Verify::default()
        }
    }

    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let given = self.json_file.as_deref().map(Given::read).transpose()?;
        let given = given.unwrap_or_default();
        let sector_size = self
            .sector_size
            .map_or_else(|| given.field("sector_size", "--sector-size", size), Ok)?;
        let geometry = Geometry::of(sector_size);
        let node = |flag: Option<Node>, name: &str, option: &str| {
            let parse = |word: &str| parse_node(word).map_err(anyhow::Error::new);
            flag.map_or_else(|| given.field(name, option, parse), Ok)
        };
        let statement = Statement {
            geometry,
            comm_r_old: node(self.comm_r_old, "comm_r_old", "--comm-r-old")?,
            comm_d_new: node(self.comm_d_new, "comm_d_new", "--comm-d-new")?,
            comm_r_new: node(self.comm_r_new, "comm_r_new", "--comm-r-new")?,
        };
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
