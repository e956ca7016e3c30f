//! `lode-engine update-remove`: the sector as it was before its update.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::{
    cli::Answer,
    device, report,
    sector::Sector,
    stage::{
        update::{self, must_be_two},
        Stage, Stages,
    },
};

/// Take the data of an update out of a sector again: what is left is the sector as it was before.
///
/// Made are the old replica, its tree R-last and p_aux, from the updated sector alone; they are the old ones, byte
/// for byte, or the command fails.
///
/// Example: lode-engine seal --skip-proof --dir old LICENSE-MIT
///          lode-engine update --dir old --out new deny.toml
///          lode-engine update-remove --dir new --out old.again
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Remove {
    /// The updated sector's directory, as `update --out` made it.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The directory for the sector as it was, which must be new, empty, or hold that sector.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Remove {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        must_be_two(&self.dir, &self.out)?;
        let device = device::open()?;
        let mut new = Sector::open(&self.dir)?;
        update::update(&new)?;
        let identity = new.record().identity.clone();
        let mut old = Sector::begin(&self.out, identity.clone())?;
        let mut stages = Stages::default();
        let roots = stages.run(Stage::RemoveData, &device, |bar| {
            update::remove(&device, &mut new, &mut old, bar)
        })?;
        let out = self.out.display();
        Ok(Answer {
            text: format!(
                "{out}: the sector with comm_r {}, as it was before\n",
                roots.comm_r
            ),
            json: json!({
                "out": out.to_string(),
                "sector_size": identity.sector_size.bytes(),
                "sector": identity.sector,
                "comm_d": roots.comm_d.to_string(),
                "comm_c": roots.comm_c.to_string(),
                "comm_r_last": roots.comm_r_last.to_string(),
                "comm_r": roots.comm_r.to_string(),
                "stages": stages.done.iter().map(report::stage_json).collect::<Vec<_>>(),
            }),
            is_good: true,
        })
    }
}
