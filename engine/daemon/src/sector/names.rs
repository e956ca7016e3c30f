//! The names of a sector's files: those that the reference uses.

use engine_proofs::geometry::Geometry;

/// The data, padded: what a sector holds before it is sealed.
pub const STAGED: &str = "staged";
/// The replica.
pub const SEALED: &str = "sealed";
/// comm_c, then comm_r_last: 64 bytes.
pub const P_AUX: &str = "p_aux";
/// Tree D.
pub const TREE_D: &str = "sc-02-data-tree-d.dat";

/// A layer of labels, counted from 1.
pub fn layer(layer: usize) -> String {
    format!("sc-02-data-layer-{layer}.dat")
}

/// A base tree of tree C, counted from 0.
pub fn tree_c(geometry: &Geometry, tree: usize) -> String {
    base_tree("tree-c", geometry, tree)
}

/// A base tree of tree R-last, counted from 0.
pub fn tree_r_last(geometry: &Geometry, tree: usize) -> String {
    base_tree("tree-r-last", geometry, tree)
}

/// Where there is only one base tree, it carries no number.
fn base_tree(kind: &str, geometry: &Geometry, tree: usize) -> String {
    match geometry.n_base_trees() {
        1 => format!("sc-02-data-{kind}.dat"),
        _ => format!("sc-02-data-{kind}-{tree}.dat"),
    }
}
