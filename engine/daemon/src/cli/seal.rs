//! `lode-engine seal`: a file becomes a sealed sector.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use engine_proofs::{geometry::SectorSize, replica_id::Seed};

use super::{
    identity::{self, SEED},
    Answer,
};
use crate::{config::Config, device, params::Store, report, seal::Plan, stage::add_piece};

/// Seal files into a sector: everything from bytes to a verified proof, in one go.
///
/// Each file becomes a piece. The stages run one after the other: AddPiece (files to nodes), PreCommit1
/// (labels), PreCommit2 (trees and replica), Commit1 (the challenged nodes are opened), Commit2 (a SNARK of
/// that), then the proof is verified, the replica unsealed, and what comes out compared with the files.
///
/// Proving needs Groth16 parameters. Where there are none for the size, development parameters are made and
/// kept: about a gigabyte and half a minute for 2KiB. Proofs under them are evidence of nothing to others.
///
/// Without --dir everything happens in a temporary folder that is removed at the end. With --dir the sector
/// stays, and the same command goes on where it was interrupted.
///
/// Ticket and seed come from the chain when a sector is sealed in earnest. The defaults are fixed words in ASCII
/// ("lode development ticket", "lode development seed", padded with zeros): good for trying out, and for nothing
/// else. The engine draws no randomness of its own for them.
///
/// Example: lode-engine seal README.md
#[derive(Debug, Args)]
pub struct Seal {
    /// The files, each of which becomes a piece, in this order.
    #[arg(required_unless_present = "cc", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Size of the sector: 2KiB, 4KiB, 16KiB, 32KiB, 8MiB, 16MiB, 512MiB, 1GiB, 32GiB or 64GiB.
    /// [default: the smallest that holds the files]
    #[arg(long, value_name = "SIZE")]
    sector_size: Option<SectorSize>,
    /// Seal committed capacity instead of files: zeros, which take no file. Data can come later, as an update.
    #[arg(long, conflicts_with = "files", requires = "sector_size")]
    cc: bool,
    #[command(flatten)]
    identity: identity::Flags,
    /// The chain's randomness before Commit: 32 bytes in hex.
    #[arg(long, value_name = "HEX", default_value_t = SEED, hide_default_value = true)]
    seed: Seed,
    /// Keep the sector in this directory, which must be new, empty, or hold the same sector.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Do not prove: stop at the replica and its trees. What the proof needs stays: the layers and trees, or the
    /// synthetic proofs.
    #[arg(long)]
    skip_proof: bool,
    /// Keep the layers of labels after the proof: they are needed only for another proof or a quick unseal. Of a
    /// synthetic sector, keep also tree C and tree D, which go with them.
    #[arg(long)]
    keep_layers: bool,
    /// Do not unseal and compare.
    #[arg(long)]
    skip_unseal: bool,
}

impl Seal {
    /// Does it.
    pub fn run(self, config: &Config, is_json: bool) -> Result<Answer> {
        let (sector_size, inputs) = add_piece::lay(&self.files, self.sector_size)?;
        let plan = Plan {
            identity: self.identity.of(sector_size),
            inputs,
            dir: self.dir,
            scratch: config.scratch.clone(),
            parameters: (!self.skip_proof).then(|| Store::new(config)),
            seed: self.seed,
            keeps_layers: self.keep_layers,
            unseals: !self.skip_unseal,
            digests: is_json,
        };
        eprintln!("{}", announcement(&plan));
        let sealed = plan.run(&device::open()?)?;
        Ok(Answer {
            text: report::text(&plan, &sealed),
            json: report::json(&plan, &sealed),
            is_good: true,
        })
    }
}

/// What is about to happen, and where.
fn announcement(plan: &Plan) -> String {
    let size = plan.identity.sector_size;
    match &plan.dir {
        Some(dir) => format!("sealing a {size} sector in {}", dir.display()),
        None => format!(
            "sealing a {size} sector in a temporary folder in {}, which is removed at the end (--dir keeps it)",
            plan.scratch.display()
        ),
    }
}
