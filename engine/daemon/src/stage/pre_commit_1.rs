//! PreCommit1: tree D over the data, and the layers of labels.

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    piece::{self, PieceSize},
    sdr::{label_layer, ParentSource},
    tree, Progress,
};
use kernels::{Backend, Lane, Node};

use crate::{
    large_pages,
    map::ReadMap,
    progress::Bar,
    sector::{names, Sector},
};

/// Makes what is missing of tree D and the layers of every sector, and answers each one's comm_d.
///
/// The sectors that lack a layer are labelled side by side; those that have it are only read.
///
/// # Errors
/// When the disk is full, a file is damaged, or the device fails. What is finished stays.
///
/// # Panics
/// When there is no sector, or the sectors do not share a graph.
pub fn run(device: &dyn Backend, sectors: &mut [&mut Sector], bar: &Bar) -> Result<Vec<Node>> {
    let first = sectors[0].record().identity.clone();
    assert!(
        sectors
            .iter()
            .all(|sector| sector.record().identity.shares_graph(&first)),
        "sectors of several graphs"
    );
    let (geometry, graph) = (first.geometry(), first.graph());
    let (size, n_parts) = (geometry.sector_size.bytes(), geometry.layers + 1);
    let comm_d = each(sectors, |sector| tree_d(device, sector, &bar.part(0, n_parts)))?;
    let replica_ids = sectors.iter().zip(&comm_d);
    let replica_ids = replica_ids.map(|(sector, &comm_d)| sector.record().identity.replica_id(comm_d));
    let replica_ids: Vec<Node> = replica_ids.collect();
    let mut previous: Vec<ReadMap> = Vec::new();
    for layer in 1..=geometry.layers {
        let name = names::layer(layer);
        let mut files = each(sectors, |sector| match sector.has(&name) {
            true => Ok(None),
            false => sector.create(&name, size).map(Some).inspect(|file| {
                // Parents are read at random from all over a layer.
                file.iter().for_each(|file| file.map.ask_for_large_pages());
            }),
        })?;
        let lanes = files.iter_mut().zip(&replica_ids).enumerate();
        let lanes = lanes.filter_map(|(i, (file, &replica_id))| {
            Some(Lane {
                replica_id,
                previous: previous.get(i).map_or(&[], ReadMap::nodes),
                labels: file.as_mut()?.map.nodes_mut(),
            })
        });
        let mut lanes: Vec<Lane<'_>> = lanes.collect();
        if !lanes.is_empty() {
            let (parents, progress) = (ParentSource::Computed(&graph), bar.part(layer, n_parts));
            label_layer(device, parents, layer as u32, &mut lanes, &progress)?;
            if layer == 1 {
                large_pages::tell_of_small_ones(Node::bytes(lanes[0].labels));
            }
        }
        // All are finished before any is read: one that is damaged costs no other its labels.
        let mut files = files.into_iter().flatten();
        each(sectors, |sector| match sector.has(&name) {
            true => Ok(()),
            false => sector.finish(files.next().expect("it was begun above")),
        })?;
        previous = each(sectors, |sector| sector.read(&name, size))?;
        previous.iter().for_each(ReadMap::ask_for_large_pages);
    }
    Ok(comm_d)
}

/// Does a part of the stage in every sector. The error of one of several says whose it is; a sector alone is named
/// by whoever seals it.
fn each<T>(sectors: &mut [&mut Sector], mut work: impl FnMut(&mut Sector) -> Result<T>) -> Result<Vec<T>> {
    let is_alone = sectors.len() == 1;
    let done = sectors.iter_mut().map(|sector| {
        let number = sector.record().identity.sector;
        match work(sector) {
            done if is_alone => done,
            done => done.with_context(|| format!("sector {number}")),
        }
    });
    done.collect()
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
