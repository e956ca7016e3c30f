//! Commit1: the challenged nodes are opened.

use anyhow::{anyhow, Result};
use engine_proofs::{
    geometry::Geometry,
    porep::{
        challenge::Challenges,
        vanilla::{self, PartitionProof, Statement},
    },
    Error,
};

use super::synthetic;
use crate::sector::{names, Files, Roots, Sector};

/// Opens the challenged nodes, or takes them from where they are stored, and checks each of them on the way.
///
/// # Errors
/// When a file is missing, damaged or another sector's; it is named, and the node.
pub fn run(
    sector: &mut Sector,
    statement: &Statement,
    roots: &Roots,
    challenges: &Challenges,
) -> Result<Vec<PartitionProof>> {
    if let (Challenges::Synthetic(seed), true) = (challenges, sector.has(names::SYNTHETIC)) {
        return synthetic::select(sector, statement, seed);
    }
    let geometry = statement.geometry;
    let files = Files::open(geometry, |name, size| sector.read(name, size))?;
    let files = files.sector(roots.comm_c, roots.comm_r_last);
    let graph = sector.record().identity.graph();
    let proved = vanilla::prove(&files, &graph, statement, challenges);
    proved.map_err(|error| blame(sector, error))
}

/// An error with the file that it is about, and what to do about it.
pub fn blame(sector: &Sector, error: Error) -> anyhow::Error {
    match file(sector.record().identity.geometry(), &error) {
        Some(name) => {
            let path = sector.dir().join(name);
            anyhow!(error).context(format!(
                "{}: remove it, and the same command makes it anew",
                path.display()
            ))
        }
        None => anyhow!(error),
    }
}

/// The file that an error is about.
pub(super) fn file(geometry: &Geometry, error: &Error) -> Option<String> {
    match *error {
        Error::NotCommitted { part, .. } | Error::NotCanonical { part, .. } | Error::Length { part, .. } => {
            Some(names::of(geometry, part))
        }
        _ => None,
    }
}
