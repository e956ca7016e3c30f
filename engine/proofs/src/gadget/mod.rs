//! What the circuits are built of: nodes, hashes and paths in R1CS.
//!
//! Booleans, numbers, 32-bit words and SHA-256 are bellperson's gadgets, Poseidon is neptune's; here stands
//! what lies between them and a proof. The order of variables and constraints is the reference's: the
//! published parameters fit no other. A gadget takes its witness as an `Option` and lays the same
//! constraints whether it is there or not; whatever a witness lacks is
//! [`SynthesisError::AssignmentMissing`], and what it has too much is not looked at.

pub mod bits;
pub mod hash;
pub mod insertion;
pub mod label;
mod native;
pub mod path;
pub mod traces;

use bellperson::{gadgets::num::AllocatedNum, ConstraintSystem, SynthesisError};
use kernels::{Fr, Node};

/// Allocates a node; one variable, no constraint.
///
/// # Errors
/// `AssignmentMissing` where the constraint system asks for a value and there is none, or none below
/// the modulus.
pub fn alloc_node<CS: ConstraintSystem<Fr>>(
    cs: CS,
    node: Option<Node>,
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    AllocatedNum::alloc(cs, || {
        node.and_then(Node::to_fr)
            .ok_or(SynthesisError::AssignmentMissing)
    })
}

/// Allocates a node and makes it a public input.
///
/// # Errors
/// As [`alloc_node`].
pub fn alloc_public_node<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    node: Option<Node>,
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    let allocated = alloc_node(cs.namespace(|| "private"), node)?;
    allocated.inputize(cs.namespace(|| "public"))?;
    Ok(allocated)
}

/// Allocates `n` nodes that stand one after the other.
///
/// # Errors
/// As [`alloc_node`].
pub fn alloc_nodes<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    n: usize,
    nodes: Option<&[Node]>,
) -> Result<Vec<AllocatedNum<Fr>>, SynthesisError> {
    let node = |i: usize| nodes.and_then(|nodes| nodes.get(i).copied());
    (0..n)
        .map(|i| alloc_node(cs.namespace(|| i.to_string()), node(i)))
        .collect()
}

/// Enforces `left · 1 = right`.
pub fn enforce_equal<CS: ConstraintSystem<Fr>>(
    cs: &mut CS,
    name: &'static str,
    left: &AllocatedNum<Fr>,
    right: &AllocatedNum<Fr>,
) {
    cs.enforce(
        || name,
        |lc| lc + left.get_variable(),
        |lc| lc + CS::one(),
        |lc| lc + right.get_variable(),
    );
}

/// Allocates `left + right`: one variable, one constraint.
///
/// # Errors
/// `AssignmentMissing` where a value is asked for and one of the two has none.
pub fn sum<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    left: &AllocatedNum<Fr>,
    right: &AllocatedNum<Fr>,
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    let value = left
        .get_value()
        .zip(right.get_value())
        .map(|(left, right)| left + right);
    let sum = AllocatedNum::alloc(cs.namespace(|| "sum"), || {
        value.ok_or(SynthesisError::AssignmentMissing)
    })?;
    cs.enforce(
        || "left + right = sum",
        |lc| lc + left.get_variable() + right.get_variable(),
        |lc| lc + CS::one(),
        |lc| lc + sum.get_variable(),
    );
    Ok(sum)
}
