//! Files of a sector without a sector: a pretended one, and trees over files that lie anywhere.

use std::{fs, fs::File, path::Path};

use anyhow::{ensure, Context, Result};
use engine_proofs::{geometry::Geometry, porep, tree, tree::Crown, Part};
use kernels::{Backend, Node};

use super::pre_commit_2::bytes;
use crate::{
    draft::{self, Draft},
    map::{ReadMap, WriteMap},
    progress::Bar,
    sector::names,
};

/// The roots of a pretended sector.
#[derive(Clone, Copy, Debug)]
pub struct Pretended {
    /// Nobody's columns have it.
    pub comm_c: Node,
    /// Of the replica, where there is one.
    pub comm_r_last: Node,
    /// What a chain would remember it by.
    pub comm_r: Node,
}

/// Writes what looks like a sealed sector: a replica of zeros with its tree R-last, and a `p_aux` with a comm_c that
/// is the caller's choice.
///
/// # Errors
/// When a file is there already, or the disk is full.
pub fn pretend(dir: &Path, geometry: &Geometry, comm_c: Node) -> Result<Pretended> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let trees: Vec<String> = (0..geometry.n_base_trees())
        .map(|tree| names::tree_r_last(geometry, tree))
        .collect();
    let files = trees.iter().map(String::as_str);
    for name in files.chain([names::SEALED, names::P_AUX]) {
        must_be_new(&dir.join(name))?;
    }
    let draft = Draft::new(&dir.join(names::SEALED))?;
    let zeros = File::create_new(draft.path()).and_then(|file| {
        file.set_len(geometry.sector_size.bytes())?;
        file.sync_all()
    });
    zeros.with_context(|| format!("cannot write {}", draft.path().display()))?;
    draft.finish()?;
    let mut kept = vec![Node::ZERO; geometry.tree_r_last_len()];
    let root = tree::tree_r_last_of_zeros(geometry, &mut kept);
    for name in &trees {
        draft::write_whole(&dir.join(name), Node::bytes(&kept))?;
    }
    let roots = vec![root; trees.len()];
    note(dir, comm_c, Crown::new(geometry, roots, Part::TreeRLast)?.root())
}

/// Writes a `p_aux` with another comm_c, and the comm_r_last of one that is there.
///
/// # Errors
/// When that cannot be read or is none, one is there already, or the disk is full.
pub fn pretend_again(dir: &Path, p_aux: &Path, comm_c: Node) -> Result<Pretended> {
    let size = bytes(2);
    let map = ReadMap::open_sized(p_aux, size).context("a p_aux holds comm_c and comm_r_last")?;
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    must_be_new(&dir.join(names::P_AUX))?;
    note(dir, comm_c, map.nodes()[1])
}

fn note(dir: &Path, comm_c: Node, comm_r_last: Node) -> Result<Pretended> {
    let comm_r = porep::comm_r(comm_c, comm_r_last)?;
    draft::write_whole(&dir.join(names::P_AUX), Node::bytes(&[comm_c, comm_r_last]))?;
    Ok(Pretended {
        comm_c,
        comm_r_last,
        comm_r,
    })
}

/// Builds the base trees of tree C over the layers in a folder, and answers comm_c.
///
/// # Errors
/// When a layer is missing, of another size or not canonical, a tree is there already, the disk is full, or the
/// device fails.
pub fn tree_c(
    device: &dyn Backend,
    geometry: &Geometry,
    layers: &Path,
    out: &Path,
    bar: &Bar,
) -> Result<Node> {
    let open = |layer| ReadMap::open_sized(&layers.join(names::layer(layer)), geometry.sector_size.bytes());
    let layers: Vec<ReadMap> = (1..=geometry.layers).map(open).collect::<Result<_>>()?;
    let name = |tree| names::tree_c(geometry, tree);
    let roots = each(geometry, out, name, geometry.base_tree_len(), |tree, nodes| {
        let share = geometry.base_range(tree);
        let labels: Vec<&[Node]> = layers.iter().map(|layer| &layer.nodes()[share.clone()]).collect();
        tree::tree_c_base(device, &labels, nodes, &bar.part(tree, geometry.n_base_trees()))
    })?;
    Ok(Crown::new(geometry, roots, Part::TreeC)?.root())
}

/// Builds the base trees of tree R-last over a replica, and answers comm_r_last.
///
/// # Errors
/// When the replica is missing, of another size or not canonical, a tree is there already, the disk is full, or the
/// device fails.
pub fn tree_r_last(
    device: &dyn Backend,
    geometry: &Geometry,
    replica: &Path,
    out: &Path,
    bar: &Bar,
) -> Result<Node> {
    let replica = ReadMap::open_sized(replica, geometry.sector_size.bytes())?;
    let name = |tree| names::tree_r_last(geometry, tree);
    let roots = each(geometry, out, name, geometry.tree_r_last_len(), |tree, kept| {
        let share = &replica.nodes()[geometry.base_range(tree)];
        let progress = bar.part(tree, geometry.n_base_trees());
        tree::tree_r_last_over(device, geometry, share, kept, &progress)
            .with_context(|| replica.path().display().to_string())
            .map_err(|error| error.context(format!("base tree {tree}")))
    })?;
    Ok(Crown::new(geometry, roots, Part::TreeRLast)?.root())
}

/// Makes a file for each base tree, and answers their roots.
fn each<E>(
    geometry: &Geometry,
    out: &Path,
    name: impl Fn(usize) -> String,
    len: usize,
    mut build: impl FnMut(usize, &mut [Node]) -> Result<Node, E>,
) -> Result<Vec<Node>>
where
    anyhow::Error: From<E>,
{
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let paths: Vec<_> = (0..geometry.n_base_trees())
        .map(|tree| out.join(name(tree)))
        .collect();
    paths.iter().try_for_each(|path| must_be_new(path))?;
    let mut roots = Vec::with_capacity(paths.len());
    for (tree, path) in paths.iter().enumerate() {
        let draft = Draft::new(path)?;
        let mut map = WriteMap::create(draft.path(), bytes(len))?;
        roots.push(build(tree, map.nodes_mut())?);
        map.sync()?;
        draft.finish()?;
    }
    Ok(roots)
}

fn must_be_new(path: &Path) -> Result<()> {
    ensure!(
        path.symlink_metadata().is_err(),
        "{} exists already: choose another folder",
        path.display()
    );
    Ok(())
}
