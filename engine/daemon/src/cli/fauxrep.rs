//! `lode-engine fauxrep`: what looks like a sealed sector, and is none.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use engine_proofs::{
    cid,
    geometry::{Geometry, SectorSize},
};
use kernels::Node;
use rand_core::{OsRng, RngCore};
use serde_json::json;

use super::Answer;
use crate::stage::loose;

/// Pretend a sector, for tests of a node: what looks like a sealed one, in no time. It is none.
///
/// The replica is zeros, with a tree R-last over it; comm_c is drawn at random. Nobody can prove that it was sealed.
/// With --p-aux only a new p_aux is written: another comm_c beside the comm_r_last of that one.
///
/// Example: lode-engine fauxrep --sector-size 2KiB --dir pretended
///          lode-engine fauxrep --p-aux pretended/p_aux --dir another
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Fauxrep {
    /// Size of the sector.
    #[arg(long, value_name = "SIZE", required_unless_present = "p_aux")]
    sector_size: Option<SectorSize>,
    /// The p_aux of a sector whose replica another one shares.
    #[arg(long, value_name = "FILE", conflicts_with = "sector_size")]
    p_aux: Option<PathBuf>,
    /// The folder for the files; they must not exist.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

impl Fauxrep {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        let mut comm_c = [0; 32];
        OsRng.fill_bytes(&mut comm_c);
        let comm_c = Node::truncated(comm_c);
        let made = match (&self.p_aux, self.sector_size) {
            (Some(p_aux), _) => loose::pretend_again(&self.dir, p_aux, comm_c)?,
            (None, size) => {
                let size = size.expect("clap asks for a size where there is no p_aux");
                loose::pretend(&self.dir, Geometry::of(size), comm_c)?
            }
        };
        let comm_r_cid = cid::comm_r_cid(made.comm_r);
        Ok(Answer {
            text: format!(
                "{}: pretended, not sealed: nobody can prove it\ncomm_r       {}\n             {comm_r_cid}\n",
                self.dir.display(),
                made.comm_r
            ),
            json: json!({
                "pretended": true,
                "dir": self.dir,
                "comm_c": made.comm_c.to_string(),
                "comm_r_last": made.comm_r_last.to_string(),
                "comm_r": made.comm_r.to_string(),
                "comm_r_cid": comm_r_cid,
            }),
            is_good: true,
        })
    }
}
