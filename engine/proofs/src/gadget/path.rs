//! A leaf's way up to a root.

use bellperson::{
    gadgets::{boolean::AllocatedBit, num::AllocatedNum},
    ConstraintSystem, SynthesisError,
};
use kernels::{Fr, Hash, Node};

use super::{
    alloc_nodes,
    bits::{alloc_bits, publish},
    enforce_equal,
    hash::hash_traced,
    insertion::insert,
    traces::PathTrace,
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

/// Enforces that `leaf` stands under `root`, at an index that becomes a public input. The traces are those of the
/// path, if they were computed.
///
/// # Errors
/// `AssignmentMissing` where a value is asked for and the witness lacks it.
pub fn enforce_inclusion<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    rows: &[Hash],
    leaf: &AllocatedNum<Fr>,
    root: &AllocatedNum<Fr>,
    witness: Option<&Path>,
    traces: Option<PathTrace<'_>>,
) -> Result<(), SynthesisError> {
    let mut node = leaf.clone();
    let mut index_bits = Vec::new();
    for (i, &row) in rows.iter().enumerate() {
        let mut cs = cs.namespace(|| format!("row_{i}"));
        let step = witness.and_then(|path| path.steps.get(i));
        let bits = alloc_bits(cs.namespace(|| "index"), index_len(row), step.map(index))?;
        let siblings = alloc_nodes(cs.namespace(|| "sibling"), row.arity() - 1, step.map(siblings))?;
        let children = insert(cs.namespace(|| "insert"), &node, &bits, &siblings)?;
        let trace = traces.and_then(|traces| traces.row(i));
        node = hash_traced(cs.namespace(|| "hash"), row, children, trace)?;
        index_bits.extend(bits);
    }
    publish(cs.namespace(|| "index"), &index_bits)?;
    enforce_equal(&mut cs, "root", &node, root);
    Ok(())
}

/// Allocates the siblings of a path, row by row.
///
/// # Errors
/// As [`enforce_inclusion`].
pub fn alloc_siblings<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    rows: &[Hash],
    steps: Option<&[Step]>,
) -> Result<Vec<Vec<AllocatedNum<Fr>>>, SynthesisError> {
    let row = |(i, row): (usize, &Hash)| {
        let step = steps.and_then(|steps| steps.get(i)).map(siblings);
        alloc_nodes(cs.namespace(|| format!("row_{i}")), row.arity() - 1, step)
    };
    rows.iter().enumerate().map(row).collect()
}

/// Enforces that `leaf` stands under `root` at the index that `bits` spell, least significant first. The traces
/// are those of the path, if they were computed.
///
/// # Errors
/// As [`enforce_inclusion`].
///
/// # Panics
/// When there are not as many bits as the rows have.
pub fn enforce_inclusion_at<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    (rows, siblings): (&[Hash], &[Vec<AllocatedNum<Fr>>]),
    bits: &[AllocatedBit],
    leaf: &AllocatedNum<Fr>,
    root: &AllocatedNum<Fr>,
    traces: Option<PathTrace<'_>>,
) -> Result<(), SynthesisError> {
    let (mut node, mut bits) = (leaf.clone(), bits);
    for (i, (&row, siblings)) in rows.iter().zip(siblings).enumerate() {
        let mut cs = cs.namespace(|| format!("row_{i}"));
        let (index, above) = bits.split_at(index_len(row));
        let children = insert(cs.namespace(|| "insert"), &node, index, siblings)?;
        let trace = traces.and_then(|traces| traces.row(i));
        node = hash_traced(cs.namespace(|| "hash"), row, children, trace)?;
        bits = above;
    }
    assert!(bits.is_empty(), "the index has {} bits too many", bits.len());
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
