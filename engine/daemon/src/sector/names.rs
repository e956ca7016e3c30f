//! The names of a sector's files: those that the reference uses.

use engine_proofs::{geometry::Geometry, Part};

/// The data, padded: what a sector holds before it is sealed.
pub const STAGED: &str = "staged";
/// The replica.
pub const SEALED: &str = "sealed";
/// comm_c, then comm_r_last: 64 bytes.
pub const P_AUX: &str = "p_aux";
/// The lengths of layers and trees.
pub const T_AUX: &str = "t_aux";
/// Everything that a seed may ask a synthetic sector for.
pub const SYNTHETIC: &str = "syn-porep-vanilla-proofs.dat";
/// Tree D.
pub const TREE_D: &str = "sc-02-data-tree-d.dat";

/// A layer of labels, counted from 1.
pub fn layer(layer: usize) -> String {
    store(&format!("layer-{layer}"))
}

/// A base tree of tree C, counted from 0.
pub fn tree_c(geometry: &Geometry, tree: usize) -> String {
    base_tree("tree-c", geometry, tree)
}

/// A base tree of tree R-last, counted from 0.
pub fn tree_r_last(geometry: &Geometry, tree: usize) -> String {
    base_tree("tree-r-last", geometry, tree)
}

/// The file that holds a part of a sealed sector. The data are the leaves of tree D, the key is the last layer.
pub fn of(geometry: &Geometry, part: Part) -> String {
    match part {
        Part::Data | Part::TreeD => TREE_D.to_owned(),
        Part::Layer(number) => layer(number),
        Part::Key => layer(geometry.layers),
        Part::TreeC(tree) => tree_c(geometry, tree),
        Part::TreeRLast(tree) => tree_r_last(geometry, tree),
        Part::Replica => SEALED.to_owned(),
        Part::Aux => P_AUX.to_owned(),
    }
}

/// Where there is only one base tree, it carries no number.
fn base_tree(kind: &str, geometry: &Geometry, tree: usize) -> String {
    match geometry.n_base_trees() {
        1 => store(kind),
        _ => store(&format!("{kind}-{tree}")),
    }
}

fn store(id: &str) -> String {
    format!("sc-02-data-{id}.dat")
}
