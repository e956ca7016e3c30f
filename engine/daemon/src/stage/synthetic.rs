//! Synthetic proofs: every node that a seed may ask for is opened and stored, so that what it was opened from can
//! go before there is a seed.

use anyhow::{Context, Result};
use engine_proofs::{
    porep::{
        synthetic,
        vanilla::{PartitionProof, Statement},
    },
    replica_id::Seed,
};

use super::commit_1;
use crate::{
    progress::Bar,
    sector::{names, Files, Roots, Sector},
};

/// Makes the file, unless it is there. Each opening is checked before it is stored.
///
/// # Errors
/// When a file of the sector is missing, damaged or another sector's, or the disk is full.
pub fn run(sector: &mut Sector, statement: &Statement, roots: &Roots, bar: &Bar) -> Result<()> {
    if sector.has(names::SYNTHETIC) {
        return Ok(());
    }
    let geometry = statement.geometry;
    let files = Files::open(geometry, |name, size| sector.read(name, size))?;
    let files = files.sector(roots.comm_c, roots.comm_r_last);
    let graph = sector.record().identity.graph();
    let mut stored = sector.create(names::SYNTHETIC, synthetic::file_size(geometry))?;
    let made = synthetic::prove(&files, &graph, statement, stored.map.bytes_mut(), &bar.part(0, 1));
    made.map_err(|error| commit_1::blame(sector, error))?;
    sector.finish(stored)
}

/// The openings that the seed selects from the file.
///
/// The file is not held against its digests: it has gigabytes, and what is read of it is held against the
/// commitments instead.
///
/// # Errors
/// When the file is missing, cut, another sector's, or damaged where it is read.
pub fn select(sector: &Sector, statement: &Statement, seed: &Seed) -> Result<Vec<PartitionProof>> {
    let size = synthetic::file_size(statement.geometry);
    let stored = sector.read_part(names::SYNTHETIC, size, 0..0)?;
    let graph = sector.record().identity.graph();
    let selected = synthetic::select(stored.bytes(), &graph, statement, seed);
    selected.with_context(|| {
        format!(
            "{}: remove it, and the same command makes it anew",
            stored.path().display()
        )
    })
}
