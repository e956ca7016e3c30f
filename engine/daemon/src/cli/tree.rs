//! `lode-engine tree`: trees over files that lie anywhere.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use engine_proofs::geometry::{Geometry, SectorSize};
use serde_json::json;

use super::Answer;
use crate::{
    device, report,
    stage::{loose, Stage, Stages},
};

/// Build tree C over layers, or tree R-last over a replica, anew: where their files were lost.
///
/// Example: lode-engine seal --skip-proof --dir my-sector README.md
///          lode-engine tree c --sector-size 2KiB --layers my-sector --out trees
///          lode-engine tree r-last --sector-size 2KiB --replica my-sector/sealed --out trees
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Tree {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Build tree C over the layers of labels.
    ///
    /// Example: lode-engine seal --skip-proof --dir my-sector README.md
    ///          lode-engine tree c --sector-size 2KiB --layers my-sector --out trees
    #[command(verbatim_doc_comment)]
    C {
        /// The folder of the layers, under the reference's names.
        #[arg(long, value_name = "DIR")]
        layers: PathBuf,
        #[command(flatten)]
        made: Made,
    },
    /// Build tree R-last over a replica, also an updated one.
    ///
    /// Example: lode-engine seal --skip-proof --dir my-sector README.md
    ///          lode-engine tree r-last --sector-size 2KiB --replica my-sector/sealed --out trees
    #[command(verbatim_doc_comment)]
    RLast {
        /// The replica.
        #[arg(long, value_name = "FILE")]
        replica: PathBuf,
        #[command(flatten)]
        made: Made,
    },
}

/// What is to be made.
#[derive(Debug, Args)]
struct Made {
    /// Size of the sector.
    #[arg(long, value_name = "SIZE")]
    sector_size: SectorSize,
    /// The folder for the trees; their files must not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Tree {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        let (device, mut stages) = (device::open()?, Stages::default());
        let (name, made, root) = match self.verb {
            Verb::C { layers, made } => {
                let geometry = Geometry::of(made.sector_size);
                let root = stages.run(Stage::PreCommit2, &device, |bar| {
                    loose::tree_c(&device, geometry, &layers, &made.out, bar)
                })?;
                ("comm_c", made, root)
            }
            Verb::RLast { replica, made } => {
                let geometry = Geometry::of(made.sector_size);
                let root = stages.run(Stage::PreCommit2, &device, |bar| {
                    loose::tree_r_last(&device, geometry, &replica, &made.out, bar)
                })?;
                ("comm_r_last", made, root)
            }
        };
        let mut json = json!({ "out": made.out });
        json[name] = root.to_string().into();
        json["stages"] = stages.done.iter().map(report::stage_json).collect();
        Ok(Answer {
            text: format!("{name}  {root}\n"),
            json,
            is_good: true,
        })
    }
}
