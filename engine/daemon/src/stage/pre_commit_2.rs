//! PreCommit2: columns into tree C, the data into the replica, the replica into tree R-last.

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    porep,
    tree::{self, Crown},
    Part,
};
use kernels::{Backend, Node};

use crate::{
    map::ReadMap,
    progress::Bar,
    sector::{names, t_aux, NewFile, Roots, Sector},
};

/// Makes what is missing of tree C, replica, tree R-last, `p_aux` and `t_aux`.
///
/// # Errors
/// When the disk is full, a file is damaged, or the device fails.
pub fn run(device: &dyn Backend, sector: &mut Sector, comm_d: Node, bar: &Bar) -> Result<Roots> {
    let comm_c = tree_c(device, sector, bar)?;
    let comm_r_last = replica(sector, |sector, trees| encode_labels(device, sector, trees, bar))?;
    note(sector, comm_d, comm_c, comm_r_last)
}

/// Notes the commitments of a sector whose replica is made, and writes its `p_aux`.
///
/// # Errors
/// When another file of the sector says otherwise, or the disk is full.
pub fn note(sector: &mut Sector, comm_d: Node, comm_c: Node, comm_r_last: Node) -> Result<Roots> {
    let comm_r = porep::comm_r(comm_c, comm_r_last)?;
    let roots = Roots {
        comm_d,
        comm_c,
        comm_r_last,
        comm_r,
    };
    if let Some(known) = sector.record().roots {
        ensure!(
            known == roots,
            "{}: the files make comm_r {comm_r}, and sector.json says {}",
            sector.dir().display(),
            known.comm_r
        );
    }
    p_aux(sector, &roots)?;
    t_aux(sector)?;
    sector.note(|record| record.roots = Some(roots))?;
    Ok(roots)
}

/// Writes `p_aux`, which must say what the trees say.
fn p_aux(sector: &mut Sector, roots: &Roots) -> Result<()> {
    let said = [roots.comm_c, roots.comm_r_last];
    if !sector.has(names::P_AUX) {
        let mut aux = sector.create(names::P_AUX, bytes(said.len()))?;
        aux.map.nodes_mut().copy_from_slice(&said);
        sector.finish(aux)?;
    }
    let aux = sector.read(names::P_AUX, bytes(said.len()))?;
    ensure!(
        *aux.nodes() == said,
        "{} does not say what the trees say; remove it, and seal again",
        aux.path().display()
    );
    Ok(())
}

/// Writes `t_aux`, which must list layers and trees.
fn t_aux(sector: &mut Sector) -> Result<()> {
    let geometry = sector.record().identity.geometry();
    let list = t_aux::bytes(geometry);
    if !sector.has(names::T_AUX) {
        let mut aux = sector.create(names::T_AUX, list.len() as u64)?;
        aux.map.bytes_mut().copy_from_slice(&list);
        sector.finish(aux)?;
    }
    // Someone else's names a directory, and is longer.
    let receipt = sector.record().files.get(names::T_AUX);
    let size = receipt.map_or(list.len() as u64, |receipt| receipt.size);
    let aux = sector.read(names::T_AUX, size)?;
    ensure!(
        t_aux::fits(geometry, aux.bytes()),
        "{} does not list the files of a {} sector; remove it, and seal again",
        aux.path().display(),
        geometry.sector_size
    );
    Ok(())
}

/// Builds the base trees of tree C that are missing, and answers comm_c.
fn tree_c(device: &dyn Backend, sector: &mut Sector, bar: &Bar) -> Result<Node> {
    let geometry = sector.record().identity.geometry();
    let (n_trees, leaves) = (geometry.n_base_trees(), geometry.base_leaves());
    let layers = layers(sector)?;
    let mut roots = Vec::with_capacity(n_trees);
    for tree in 0..n_trees {
        let (name, size) = (names::tree_c(geometry, tree), bytes(geometry.base_tree_len()));
        if !sector.has(&name) {
            let mut file = sector.create(&name, size)?;
            let share = tree * leaves..(tree + 1) * leaves;
            let labels: Vec<&[Node]> = layers.iter().map(|layer| &layer.nodes()[share.clone()]).collect();
            let progress = bar.part(tree, 2 * n_trees);
            tree::tree_c_base(device, &labels, file.map.nodes_mut(), &progress)?;
            sector.finish(file)?;
        }
        roots.push(root(&sector.read(&name, size)?));
    }
    Ok(Crown::new(geometry, roots, Part::TreeC)?.root())
}

/// Makes replica and tree R-last with `encode`, which is told the names of the base trees, where one of their
/// files is missing; answers comm_r_last.
///
/// # Errors
/// Those of `encode`; also when a file is damaged.
pub fn replica(
    sector: &mut Sector,
    encode: impl FnOnce(&mut Sector, &[String]) -> Result<()>,
) -> Result<Node> {
    let geometry = sector.record().identity.geometry();
    let (n_trees, size) = (geometry.n_base_trees(), bytes(geometry.tree_r_last_len()));
    let trees: Vec<String> = (0..n_trees)
        .map(|tree| names::tree_r_last(geometry, tree))
        .collect();
    let is_there = sector.has(names::SEALED) && trees.iter().all(|name| sector.has(name));
    if !is_there {
        for name in trees.iter().map(String::as_str).chain([names::SEALED]) {
            sector.remove(name)?;
        }
        encode(sector, &trees)?;
    }
    let sealed = sector.read(names::SEALED, geometry.sector_size.bytes())?;
    drop(sealed);
    let mut roots = Vec::with_capacity(n_trees);
    for name in &trees {
        roots.push(root(&sector.read(name, size)?));
    }
    Ok(Crown::new(geometry, roots, Part::TreeRLast)?.root())
}

/// The last layer is the key.
fn encode_labels(device: &dyn Backend, sector: &mut Sector, trees: &[String], bar: &Bar) -> Result<()> {
    let geometry = sector.record().identity.geometry();
    let tree_d = sector.read(names::TREE_D, bytes(geometry.tree_d_len()))?;
    let key = sector.read(&names::layer(geometry.layers), geometry.sector_size.bytes())?;
    encode(sector, trees, tree_d.nodes(), |tree, data, kept| {
        let key = &key.nodes()[geometry.base_range(tree)];
        let progress = bar.part(trees.len() + tree, 2 * trees.len());
        tree::tree_r_last_base(device, geometry, key, data, kept, &progress)
    })
}

/// Writes replica and tree R-last, base tree by base tree.
///
/// `encode` is given a base tree, its share of the data, which it makes the replica, and room for the rows that
/// are kept.
///
/// # Errors
/// Those of `encode`; also when the disk is full.
pub fn encode(
    sector: &mut Sector,
    trees: &[String],
    data: &[Node],
    mut encode: impl FnMut(usize, &mut [Node], &mut [Node]) -> engine_proofs::Result<Node>,
) -> Result<()> {
    let geometry = sector.record().identity.geometry();
    let mut sealed = sector.create(names::SEALED, geometry.sector_size.bytes())?;
    let mut files: Vec<NewFile> = Vec::with_capacity(trees.len());
    for (tree, name) in trees.iter().enumerate() {
        let share = geometry.base_range(tree);
        let replica = &mut sealed.map.nodes_mut()[share.clone()];
        replica.copy_from_slice(&data[share]);
        let mut file = sector.create(name, bytes(geometry.tree_r_last_len()))?;
        encode(tree, replica, file.map.nodes_mut()).with_context(|| format!("base tree {tree}"))?;
        files.push(file);
    }
    sector.finish(sealed)?;
    files.into_iter().try_for_each(|file| sector.finish(file))
}

/// Every layer, in their order.
pub fn layers(sector: &mut Sector) -> Result<Vec<ReadMap>> {
    let geometry = sector.record().identity.geometry();
    (1..=geometry.layers)
        .map(|layer| sector.read(&names::layer(layer), geometry.sector_size.bytes()))
        .collect()
}

/// The last node of a tree.
fn root(tree: &ReadMap) -> Node {
    tree.nodes()[tree.nodes().len() - 1]
}

/// Bytes of so many nodes.
pub fn bytes(n_nodes: usize) -> u64 {
    (n_nodes * Node::SIZE) as u64
}
