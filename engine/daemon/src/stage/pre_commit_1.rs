//! PreCommit1: tree D over the data, and the layers of labels.

use anyhow::{ensure, Result};
use engine_proofs::{
    piece::{self, PieceSize},
    sdr::{label_layer, ParentSource},
    tree, Progress,
};
use kernels::{Backend, Lane, Node};

use crate::{
    map::ReadMap,
    progress::Bar,
    sector::{names, Sector},
};

/// Makes what is missing of tree D and the layers, and answers comm_d.
///
/// # Errors
/// When the disk is full, a file is damaged, or the device fails.
pub fn run(device: &dyn Backend, sector: &mut Sector, bar: &Bar) -> Result<Node> {
    let geometry = sector.record().identity.geometry();
    let comm_d = tree_d(device, sector, &bar.part(0, geometry.layers + 1))?;
    let replica_id = sector.record().identity.replica_id(comm_d);
    let graph = sector.record().identity.graph();
    let mut previous: Option<ReadMap> = None;
    for layer in 1..=geometry.layers {
        let (name, size) = (names::layer(layer), geometry.sector_size.bytes());
        if !sector.has(&name) {
            let mut file = sector.create(&name, size)?;
            let previous = previous.as_ref().map_or(&[][..], ReadMap::nodes);
            let mut lanes = [Lane {
                replica_id,
                previous,
                labels: file.map.nodes_mut(),
            }];
            let progress = bar.part(layer, geometry.layers + 1);
            label_layer(
                device,
                ParentSource::Computed(&graph),
                layer as u32,
                &mut lanes,
                &progress,
            )?;
            sector.finish(file)?;
        }
        previous = Some(sector.read(&name, size)?);
    }
    Ok(comm_d)
}

/// Builds tree D, whose leaves are the data: after that the staged sector is no longer needed.
///
/// A sector without pieces is committed capacity: all zeros, for which nothing was staged.
///
/// # Errors
/// When the disk is full, a file is damaged, or the device fails.
pub fn tree_d(device: &dyn Backend, sector: &mut Sector, progress: Progress<'_>) -> Result<Node> {
    let geometry = sector.record().identity.geometry();
    let (size, tree_size) = (
        geometry.sector_size.bytes(),
        (geometry.tree_d_len() * Node::SIZE) as u64,
    );
    if !sector.has(names::TREE_D) {
        let mut file = sector.create(names::TREE_D, tree_size)?;
        if sector.record().pieces.is_empty() {
            tree::tree_d_of_zeros(file.map.nodes_mut());
        } else {
            let staged = sector.read(names::STAGED, size)?;
            tree::tree_d(device, staged.nodes(), file.map.nodes_mut(), progress)?;
        }
        sector.finish(file)?;
    }
    sector.remove(names::STAGED)?;
    let tree = sector.read(names::TREE_D, tree_size)?;
    let root = tree.nodes()[tree.nodes().len() - 1];
    let pieces = sector.record().pieces.iter();
    let pieces = pieces.map(|piece| Ok((PieceSize::from_padded(piece.padded_size)?, piece.comm_p)));
    let comm_d = piece::comm_d(&pieces.collect::<Result<Vec<_>>>()?, geometry.sector_size)?;
    ensure!(
        root == comm_d,
        "{} has the root {root}, and the pieces make it {comm_d}: the data changed on the way; remove it, and seal \
         again",
        tree.path().display()
    );
    Ok(comm_d)
}
