//! `lode-engine seal`: a file becomes a sealed sector.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use engine_proofs::{geometry::SectorSize, replica_id::Seed};

use super::{
    identity::{self, SEED},
    Answer,
};
use crate::{
    config::Config,
    device,
    params::Store,
    report,
    seal::Plan,
    sector::{Identity, Sector},
    stage::add_piece,
};

/// Sectors that are labelled side by side at most: on few cores more of them would gain nothing, and each has two
/// files open.
const MOST_SECTORS: i64 = 64;

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
/// With --sectors several sectors of committed capacity are sealed, numbered from --sector on. They are labelled side
/// by side, which takes a core much less time than one after the other; then each goes on by itself. In --dir each has
/// a directory of its own: s-t01000-1, s-t01000-2 and so on. With --json the answer has `stages`, those of all of them
/// together, and `sectors`, each as it is told alone.
///
/// Ticket and seed come from the chain when a sector is sealed in earnest. The defaults are fixed words in ASCII
/// ("lode development ticket", "lode development seed", padded with zeros): good for trying out, and for nothing
/// else. The engine draws no randomness of its own for them.
///
/// Example: lode-engine seal README.md
///          lode-engine seal --cc --sector-size 2KiB --sectors 4 --skip-proof --dir my-sectors
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
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
    /// Seal so many sectors of committed capacity, 1 to 64, and label them side by side.
    #[arg(long, value_name = "N", requires = "cc", value_parser = clap::value_parser!(u8).range(1..=MOST_SECTORS))]
    sectors: Option<u8>,
    #[command(flatten)]
    identity: identity::Flags,
    /// The chain's randomness before Commit: 32 bytes in hex.
    #[arg(long, value_name = "HEX", default_value_t = SEED, hide_default_value = true)]
    seed: Seed,
    /// Keep the sector in this directory, which must be new, empty, or hold the same sector. With --sectors, keep the
    /// sectors in directories beneath it.
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
            inputs,
            scratch: config.scratch.clone(),
            parameters: (!self.skip_proof).then(|| Store::new(config)),
            seed: self.seed,
            keeps_layers: self.keep_layers,
            unseals: !self.skip_unseal,
            digests: is_json,
        };
        let identities = self.identities(sector_size)?;
        eprintln!("{}", self.announcement(sector_size, &plan));
        let device = device::open()?;
        let mut sectors = self.begin(&plan, identities)?;
        let batch = plan.run(&device, &mut sectors)?;
        let (text, json) = match self.sectors {
            Some(_) => (
                report::batch::text(&plan, &batch),
                report::batch::json(&plan, &batch),
            ),
            None => {
                let sealed = batch.only();
                (report::text(&plan, &sealed), report::json(&plan, &sealed))
            }
        };
        Ok(Answer {
            text,
            json,
            is_good: true,
        })
    }

    /// Of each sector, with consecutive numbers.
    fn identities(&self, sector_size: SectorSize) -> Result<Vec<Identity>> {
        let (first, n_sectors) = (self.identity.of(sector_size), self.sectors.unwrap_or(1));
        let last = first.sector.checked_add(u64::from(n_sectors) - 1);
        let last =
            last.with_context(|| format!("sector numbers end at {}: choose a lower --sector", u64::MAX))?;
        let numbered = |sector| Identity {
            sector,
            ..first.clone()
        };
        Ok((first.sector..=last).map(numbered).collect())
    }

    fn begin(&self, plan: &Plan, identities: Vec<Identity>) -> Result<Vec<Sector>> {
        let begin = |identity: Identity| match (&self.dir, self.sectors) {
            (Some(dir), Some(_)) => plan.begin(Some(&dir.join(identity.name())), identity),
            (dir, _) => plan.begin(dir.as_deref(), identity),
        };
        identities.into_iter().map(begin).collect()
    }

    /// What is about to happen, and where.
    fn announcement(&self, size: SectorSize, plan: &Plan) -> String {
        let (what, folder, gone) = match self.sectors {
            None => (
                format!("a {size} sector"),
                "a temporary folder",
                "is removed at the end (--dir keeps it)",
            ),
            Some(n_sectors) => (
                format!("{n_sectors} {size} sectors"),
                "temporary folders",
                "are removed at the end (--dir keeps them)",
            ),
        };
        match &self.dir {
            Some(dir) => format!("sealing {what} in {}", dir.display()),
            None => format!(
                "sealing {what} in {folder} in {}, which {gone}",
                plan.scratch.display()
            ),
        }
    }
}
