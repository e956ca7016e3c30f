//! Commit1: the challenged nodes are opened.

use anyhow::{anyhow, Result};
use engine_proofs::{
    geometry::Geometry,
    porep::{
        challenge::Challenges,
        sector::Sector as Files,
        vanilla::{self, PartitionProof, Statement},
    },
    Error, Part,
};

use super::pre_commit_2::{bytes, layers};
use crate::{
    map::ReadMap,
    sector::{names, Roots, Sector},
};

/// Opens the challenged nodes, and checks each of them on the way.
///
/// # Errors
/// When a file is missing, damaged or another sector's; it is named, and the node.
pub fn run(
    sector: &mut Sector,
    statement: &Statement,
    roots: &Roots,
    challenges: &Challenges,
) -> Result<Vec<PartitionProof>> {
    let geometry = statement.geometry;
    let trees = 0..geometry.n_base_trees();
    let layers = layers(sector)?;
    let tree_d = sector.read(names::TREE_D, bytes(geometry.tree_d_len()))?;
    let replica = sector.read(names::SEALED, geometry.sector_size.bytes())?;
    let tree_c = trees
        .clone()
        .map(|tree| sector.read(&names::tree_c(geometry, tree), bytes(geometry.base_tree_len())))
        .collect::<Result<Vec<ReadMap>>>()?;
    let tree_r_last = trees
        .map(|tree| {
            sector.read(
                &names::tree_r_last(geometry, tree),
                bytes(geometry.tree_r_last_len()),
            )
        })
        .collect::<Result<Vec<ReadMap>>>()?;
    let files = Files {
        comm_c: roots.comm_c,
        comm_r_last: roots.comm_r_last,
        layers: layers.iter().map(ReadMap::nodes).collect(),
        tree_d: tree_d.nodes(),
        tree_c: tree_c.iter().map(ReadMap::nodes).collect(),
        tree_r_last: tree_r_last.iter().map(ReadMap::nodes).collect(),
        replica: replica.nodes(),
    };
    let graph = sector.record().identity.graph();
    vanilla::prove(&files, &graph, statement, challenges).map_err(|error| match file(geometry, &error) {
        Some(name) => {
            let path = sector.dir().join(name);
            anyhow!(error).context(format!(
                "{}: remove it, and the same seal command makes it anew",
                path.display()
            ))
        }
        None => anyhow!(error),
    })
}

/// The file that an error is about.
pub(super) fn file(geometry: &Geometry, error: &Error) -> Option<String> {
    let (Error::NotCommitted { part, .. } | Error::NotCanonical { part, .. } | Error::Length { part, .. }) =
        error
    else {
        return None;
    };
    Some(match *part {
        Part::Data | Part::TreeD => names::TREE_D.to_owned(),
        Part::Layer(layer) => names::layer(layer),
        Part::Key => names::layer(geometry.layers),
        Part::TreeC(tree) => names::tree_c(geometry, tree),
        Part::TreeRLast(tree) => names::tree_r_last(geometry, tree),
        Part::Replica => names::SEALED.to_owned(),
        Part::Aux => names::P_AUX.to_owned(),
    })
}
