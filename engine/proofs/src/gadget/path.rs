//! A leaf's way up to a root.

use bellperson::{gadgets::num::AllocatedNum, ConstraintSystem, SynthesisError};
use kernels::{Fr, Hash};

use super::{
    alloc_nodes,
    bits::{alloc_bits, publish},
    enforce_equal,
    hash::hash,
    insertion::insert,
};
use crate::{
    geometry::Geometry,
    path::{Path, Step},
};

/// The hash of each row of tree D, leaves first.
pub fn tree_d_rows(geometry: &Geometry) -> Vec<Hash> {
    vec![Hash::Sha256; geometry.n_nodes().ilog2() as usize]
}

/// The hash of each row of tree C and of tree R-last: base rows, then sub, then top.
pub fn tree_rows(geometry: &Geometry) -> Vec<Hash> {
    let shape = geometry.tree;
    let base = std::iter::repeat_n(shape.base, geometry.base_rows() - 1);
    let compound = [shape.sub, shape.top].into_iter().filter(|arity| *arity != 0);
    let hash = |arity| Hash::poseidon(arity).expect("the table of geometries has no other arity");
    base.chain(compound).map(hash).collect()
}

/// Enforces that `leaf` stands under `root`, at an index that becomes a public input.
///
/// # Errors
/// `AssignmentMissing` where a value is asked for and the witness lacks it.
pub fn enforce_inclusion<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    rows: &[Hash],
    leaf: &AllocatedNum<Fr>,
    root: &AllocatedNum<Fr>,
    witness: Option<&Path>,
) -> Result<(), SynthesisError> {
    let mut node = leaf.clone();
    let mut index_bits = Vec::new();
    for (i, &row) in rows.iter().enumerate() {
        let mut cs = cs.namespace(|| format!("row_{i}"));
        let step = witness.and_then(|path| path.steps.get(i));
        let bits = alloc_bits(cs.namespace(|| "index"), index_len(row), step.map(index))?;
        let siblings = alloc_nodes(cs.namespace(|| "sibling"), row.arity() - 1, step.map(siblings))?;
        let children = insert(cs.namespace(|| "insert"), &node, &bits, &siblings)?;
        node = hash(cs.namespace(|| "hash"), row, children)?;
        index_bits.extend(bits);
    }
    publish(cs.namespace(|| "index"), &index_bits)?;
    enforce_equal(&mut cs, "root", &node, root);
    Ok(())
}

/// Bits of an index among the children of one node.
fn index_len(row: Hash) -> usize {
    row.arity().ilog2() as usize
}

fn index(step: &Step) -> u64 {
    step.index as u64
}

fn siblings(step: &Step) -> &[kernels::Node] {
    &step.siblings
}
