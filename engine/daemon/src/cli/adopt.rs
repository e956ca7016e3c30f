//! `lode-engine adopt`: a sector that the reference sealed becomes one of ours.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use engine_proofs::{cid, geometry::SectorSize};
use serde_json::json;

use super::{identity, Answer};
use crate::{
    device, report,
    sector::Sector,
    stage::{adopt, Stage, Stages},
};

/// Take over a sector that other software sealed.
///
/// DIR is the sector's cache directory: layers, trees and p_aux under the names that Filecoin's reference
/// implementation gives them, before they are cleared away. Every file is checked: its size, and that it follows
/// from the others and from the sector's identity, which is given as it was when the sector was sealed.
///
/// Nothing is copied or changed. A record is added (sector.json), and a link named `sealed` where the replica lies
/// elsewhere. After that, `prove` and `unseal` work on the directory as on one of `seal --dir`.
///
/// Example: lode-engine adopt --dir cache/s-t01000-1 --replica sealed/s-t01000-1 --sector-size 2KiB \
///              --prover-id t01000 --sector 1 --ticket $TICKET
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Adopt {
    /// The sector's directory.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The replica. [default: `sealed` in DIR]
    #[arg(long, value_name = "FILE")]
    replica: Option<PathBuf>,
    /// Size of the sector: 2KiB, 4KiB, 16KiB, 32KiB, 8MiB, 16MiB, 512MiB, 1GiB, 32GiB or 64GiB.
    #[arg(long, value_name = "SIZE")]
    sector_size: SectorSize,
    #[command(flatten)]
    identity: identity::Flags,
}

impl Adopt {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        let identity = self.identity.of(self.sector_size);
        let number = identity.sector;
        let mut sector = Sector::adopt(&self.dir, identity.clone())?;
        let device = device::open()?;
        let mut stages = Stages::default();
        let roots = stages
            .run(Stage::Adopt, &device, |bar| {
                adopt::run(&device, &mut sector, self.replica.as_deref(), bar)
            })
            .with_context(|| format!("sector {number}"))?;
        let (dir, n_files) = (self.dir.display(), sector.record().files.len());
        let replica_id = identity.replica_id(roots.comm_d);
        Ok(Answer {
            text: format!(
                "{dir}: sector {number} is taken over, {n_files} files are checked\n\
                 comm_d       {}\ncomm_r       {}\nreplica id   {replica_id}\n\
                 `lode-engine prove --dir {dir}` proves it\n",
                roots.comm_d, roots.comm_r
            ),
            json: json!({
                "dir": dir.to_string(),
                "sector": number,
                "comm_d": roots.comm_d.to_string(),
                "comm_c": roots.comm_c.to_string(),
                "comm_r_last": roots.comm_r_last.to_string(),
                "comm_r": roots.comm_r.to_string(),
                "comm_d_cid": cid::comm_d_cid(roots.comm_d),
                "comm_r_cid": cid::comm_r_cid(roots.comm_r),
                "replica_id": replica_id.to_string(),
                "files": sector.record().files.keys().collect::<Vec<_>>(),
                "stages": stages.done.iter().map(report::stage_json).collect::<Vec<_>>(),
            }),
            is_good: true,
        })
    }
}
