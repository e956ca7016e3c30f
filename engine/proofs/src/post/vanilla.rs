//! The answer in the open.

use kernels::Node;
use rayon::prelude::*;

use super::{replica::Opener, PublicSector, Replica};
use crate::{
    geometry::Geometry,
    path::{Path, TreeHash},
    porep, Result,
};

/// A sector's answer to its challenges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectorProof {
    /// The sector's number.
    pub sector: u64,
    /// Root of columns and replica: what the chain knows the sector by.
    pub comm_r: Node,
    /// Root of the columns.
    pub comm_c: Node,
    /// Root of the replica.
    pub comm_r_last: Node,
    /// The challenged nodes of the replica, up tree R-last.
    pub openings: Vec<Path>,
}

/// Opens what is asked of one sector. It reads the challenged nodes' surroundings and no more: 16 KiB of the
/// replica for each, and the kept rows above.
///
/// What is opened is checked on the way, so that a proof that is returned verifies.
///
/// # Errors
/// When a file has the wrong length, is damaged or another sector's: the error names the file and the node.
///
/// # Panics
/// When there is no such node.
pub fn prove(
    geometry: &'static Geometry,
    sector: &PublicSector,
    files: &Replica<'_>,
    challenges: &[u64],
) -> Result<SectorProof> {
    let opener = Opener::new(geometry, files, sector.comm_r)?;
    let openings: Result<Vec<Path>> = challenges.par_iter().map(|&node| opener.open(node)).collect();
    Ok(SectorProof {
        sector: sector.sector,
        comm_r: sector.comm_r,
        comm_c: files.comm_c,
        comm_r_last: files.comm_r_last,
        openings: openings?,
    })
}

/// Whether a sector's proof in the open answers these challenges: its roots are those of comm_r, and each
/// challenged node is in tree R-last.
pub fn verify(
    proof: &SectorProof,
    geometry: &'static Geometry,
    sector: &PublicSector,
    challenges: &[u64],
) -> bool {
    let comm_r = porep::comm_r(proof.comm_c, proof.comm_r_last);
    let is_of = |sector: &PublicSector| (proof.sector, proof.comm_r) == (sector.sector, sector.comm_r);
    let holds =
        |(&node, path): (&u64, &Path)| path.verify(TreeHash::Poseidon, geometry, node, proof.comm_r_last);
    is_of(sector)
        && comm_r.is_ok_and(|comm_r| comm_r == sector.comm_r)
        && proof.openings.len() == challenges.len()
        && challenges.par_iter().zip(&proof.openings).all(holds)
}
