//! A leaf's way up to a root.

use bellperson::{gadgets::num::AllocatedNum, ConstraintSystem, SynthesisError};
use kernels::{Fr, Hash, Node};

use super::{
    alloc_nodes,
    bits::{alloc_bits, publish},
    enforce_equal,
    hash::hash,
    insertion::insert,
};
use crate::{
    geometry::Geometry,
    path::{Path, Step, TreeHash},
};

/// The hash of each row of a tree, leaves first.
pub fn rows(tree: TreeHash, geometry: &Geometry) -> Vec<Hash> {
    let hash = |arity| match tree {
        TreeHash::Sha256 => Hash::Sha256,
        TreeHash::Poseidon => Hash::poseidon(arity).expect("the table of geometries has no other arity"),
    };
    tree.arities(geometry).into_iter().map(hash).collect()
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

fn siblings(step: &Step) -> &[Node] {
    &step.siblings
}
