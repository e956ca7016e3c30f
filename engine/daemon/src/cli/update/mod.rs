//! `lode-engine update`, `update-prove`, `update-remove`, `verify update`: data into a sector that was sealed
//! already, and out again.

mod claimed;
mod prove;
mod remove;
mod verify;

use std::{fmt::Write, path::PathBuf};

use anyhow::Result;
use clap::Args;
use engine_proofs::{cid, registered::UpdateProof, update::vanilla::Statement};
use serde_json::{json, Value};

pub use prove::Prove;
pub use remove::Remove;
pub use verify::{is_update, Verify};

use super::Answer;
use crate::{
    device, report,
    sector::{self, Identity, Roots, Sector},
    stage::{
        add_piece,
        update::{self, must_be_two},
        Stage, Stages,
    },
};

/// Put files into a sector that is sealed already: a replica update (SnapDeals), without labelling anew.
///
/// Each file becomes a piece, as with `seal`. The new replica, with its trees, goes into a directory of its own;
/// the old one stays as it is and is needed to prove the update and to unseal it. Providers update
/// committed-capacity sectors; here any sealed sector will do.
///
/// The same command goes on where it was interrupted.
///
/// Example: lode-engine seal --skip-proof --dir old LICENSE-MIT
///          lode-engine update --dir old --out new deny.toml
///          lode-engine update-prove --old old --dir new
///          lode-engine unseal --old old --dir new deny.again.toml
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Update {
    /// The sealed sector's directory, as `seal --dir` made it.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The directory for the updated sector, which must be new, empty, or hold the same update.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The files, each of which becomes a piece, in this order.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Update {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        must_be_two(&self.dir, &self.out)?;
        let device = device::open()?;
        let mut old = Sector::open(&self.dir)?;
        let update = sector::Update {
            old_pieces: old.record().pieces.clone(),
            old_roots: update::roots(&old)?,
        };
        let identity = old.record().identity.clone();
        let (_, inputs) = add_piece::lay(&self.files, Some(identity.sector_size))?;
        let mut new = Sector::begin_update(&self.out, identity.clone(), update.clone())?;
        let mut stages = Stages::default();
        stages.run(Stage::AddPiece, &device, |bar| {
            add_piece::run(&device, &mut new, &inputs, bar)
        })?;
        let roots = stages.run(Stage::Encode, &device, |bar| {
            update::encode(&device, &mut old, &mut new, bar)
        })?;
        let statement = statement(&identity, &update.old_roots, &roots);
        let mut text = format!(
            "{}: updated in {:.2} s\n",
            self.out.display(),
            stages.wall_seconds()
        );
        report::pieces(&mut text, &new.record().pieces, &inputs);
        text += &statement_text(&statement);
        let mut json = statement_json(Some(identity.sector), &statement);
        json["comm_c"] = roots.comm_c.to_string().into();
        json["comm_r_last_new"] = roots.comm_r_last.to_string().into();
        json["pieces"] = new.record().pieces.iter().map(report::piece_json).collect();
        json["stages"] = stages.done.iter().map(report::stage_json).collect();
        Ok(Answer {
            text,
            json,
            is_good: true,
        })
    }
}

/// What an update claims.
fn statement(identity: &Identity, old: &Roots, new: &Roots) -> Statement {
    Statement {
        geometry: identity.geometry(),
        comm_r_old: old.comm_r,
        comm_d_new: new.comm_d,
        comm_r_new: new.comm_r,
    }
}

fn statement_text(statement: &Statement) -> String {
    let Statement {
        comm_r_old,
        comm_d_new,
        comm_r_new,
        ..
    } = statement;
    let mut text = String::new();
    for line in [
        format!("comm_r_old   {comm_r_old}"),
        format!("comm_d_new   {comm_d_new}"),
        format!("             {}", cid::comm_d_cid(*comm_d_new)),
        format!("comm_r_new   {comm_r_new}"),
        format!("             {}", cid::comm_r_cid(*comm_r_new)),
    ] {
        writeln!(text, "{line}").expect("a String takes everything");
    }
    text
}

fn statement_json(sector: Option<u64>, statement: &Statement) -> Value {
    let sector_size = statement.geometry.sector_size;
    let Statement {
        comm_r_old,
        comm_d_new,
        comm_r_new,
        ..
    } = statement;
    json!({
        "sector_size": sector_size.bytes(),
        "sector": sector,
        "registered_update_proof": UpdateProof::V1.registered_id(sector_size),
        "comm_r_old": comm_r_old.to_string(),
        "comm_d_new": comm_d_new.to_string(),
        "comm_r_new": comm_r_new.to_string(),
        "comm_r_old_cid": cid::comm_r_cid(*comm_r_old),
        "comm_d_new_cid": cid::comm_d_cid(*comm_d_new),
        "comm_r_new_cid": cid::comm_r_cid(*comm_r_new),
    })
}
