//! `lode-engine post`: that sectors are still there.

mod answer;
pub mod claim;
mod merge;
mod source;
mod vanilla;

use std::{collections::BTreeSet, path::PathBuf};

use anyhow::{ensure, Result};
use clap::{Args, Subcommand};
use engine_proofs::{
    geometry::SectorSize, post::challenge::Randomness, registered::PostProof, replica_id::ProverId,
};

use super::Answer;
use crate::{config::Config, device, params::Store, post::Plan};

/// The randomness where none is given: `lode development randomness`, then zeros.
const RANDOMNESS: &[u8; 32] = b"lode development randomness\0\0\0\0\0";

/// Prove that sectors are still there (PoSt).
///
/// WindowPoSt answers for all sectors, WinningPoSt for one that the randomness chooses. Only the
/// replica and tree R-last are read; layers and the other trees may be gone. A sector that does not
/// answer is named, with its reason, and the others can be proved without it.
///
/// Example: lode-engine seal --skip-proof --dir my-sector README.md
///          lode-engine post winning --dir my-sector
///          lode-engine post window --json --dir my-sector > window.json
///          lode-engine verify --json-file window.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Post {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Winning(Winning),
    Window(Window),
    Vanilla(vanilla::Vanilla),
    Merge(merge::Merge),
}

/// Answer for the one sector that the randomness chooses.
///
/// Eligible are the sectors that are given, in the order of their numbers.
///
/// Example: lode-engine seal --skip-proof --dir my-sector README.md
///          lode-engine post winning --dir my-sector
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Winning {
    #[command(flatten)]
    sectors: Sectors,
    #[command(flatten)]
    asked: Asked,
}

/// Answer for all sectors, partition by partition.
///
/// A partition has 2 sectors; of 32GiB it has 2349, of 64GiB 2300. Where sectors are faulty, they are
/// told with their reasons, and nothing is proved: --skip leaves them out, --skip-faulty leaves out
/// whichever they are. What is left out has to be declared to the chain.
///
/// Example: lode-engine seal --skip-proof --dir my-sector README.md
///          lode-engine post window --dir my-sector
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Window {
    #[command(flatten)]
    sectors: Sectors,
    #[command(flatten)]
    asked: Asked,
    /// Registered proof: window-v1.2 (today's), or window-v1 (the first).
    #[arg(long, value_name = "PROOF", default_value_t = PostProof::WindowV1_2)]
    post_proof: PostProof,
    /// Leave out faulty sectors, and prove the rest.
    #[arg(long)]
    skip_faulty: bool,
    /// Prove this partition alone, counted from 0; `post merge` joins them.
    #[arg(long, value_name = "K")]
    partition: Option<usize>,
}

/// Where the sectors are.
#[derive(Debug, Args)]
struct Sectors {
    /// Sectors' directories as `seal --dir` leaves them, or a directory that holds such directories.
    #[arg(long, value_name = "DIR", num_args = 1.., required_unless_present = "vanilla", conflicts_with = "vanilla")]
    dir: Vec<PathBuf>,
    /// Vanilla proofs, one for each sector, as `post vanilla` or the reference writes them.
    #[arg(long, value_name = "FILE", num_args = 1.., requires_all = ["sector_size", "prover_id"])]
    vanilla: Vec<PathBuf>,
    /// Size of the sectors; needed where --vanilla stands.
    #[arg(long, value_name = "SIZE")]
    sector_size: Option<SectorSize>,
    /// Sectors to leave out.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    skip: Vec<u64>,
}

/// What asks, and whom.
#[derive(Debug, Args)]
struct Asked {
    /// The chain's randomness: 32 bytes in hex, the two highest bits 0. [default: a fixed word, for trying out]
    #[arg(long, value_name = "HEX", default_value_t = randomness(), hide_default_value = true)]
    randomness: Randomness,
    /// Who proves: an ID address or 32 bytes in hex. [default: who sealed]
    #[arg(long, value_name = "ID")]
    prover_id: Option<ProverId>,
}

fn randomness() -> Randomness {
    Randomness::truncated(*RANDOMNESS)
}

impl Post {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        match self.verb {
            Verb::Winning(verb) => {
                let settings = (PostProof::Winning, false, None);
                prove(verb.sectors, &verb.asked, settings, config)
            }
            Verb::Window(verb) => {
                ensure!(
                    verb.post_proof != PostProof::Winning,
                    "--post-proof winning: that is another verb, `post winning`"
                );
                let settings = (verb.post_proof, verb.skip_faulty, verb.partition);
                prove(verb.sectors, &verb.asked, settings, config)
            }
            Verb::Vanilla(verb) => verb.run(),
            Verb::Merge(verb) => verb.run(config),
        }
    }
}

fn prove(
    sectors: Sectors,
    asked: &Asked,
    (post_proof, skips_faulty, partition): (PostProof, bool, Option<usize>),
    config: &Config,
) -> Result<Answer> {
    let skipped = BTreeSet::from_iter(sectors.skip.iter().copied());
    let found = sectors.find(asked)?;
    let plan = Plan {
        post_proof,
        prover_id: found.prover_id,
        randomness: asked.randomness,
        geometry: found.geometry,
        skipped,
        skips_faulty,
        partition,
    };
    let proved = plan.run(&found.source, &Store::new(config), &device::open()?)?;
    Ok(answer::of(&plan, &found.source, &proved))
}
