//! A node's way up to the root of its tree.

use kernels::Node;

/// One step up: which child the node is, and its siblings in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The node's position among the children, from 0.
    pub index: usize,
    /// The other children; one fewer than the arity.
    pub siblings: Vec<Node>,
}

/// A leaf and its steps up to the root: base rows, then sub, then top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The node at the foot.
    pub leaf: Node,
    /// The steps, leaf first.
    pub steps: Vec<Step>,
}
