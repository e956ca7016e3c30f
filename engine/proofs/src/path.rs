//! A node's way up to the root of its tree.

use std::sync::LazyLock;

use kernels::{Backend, Cpu, Hash, Node};

use crate::{
    geometry::Geometry,
    tree::{tree_len, Crown},
};

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

/// The hash that joins the children of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TreeHash {
    /// Tree D: binary SHA-256.
    Sha256,
    /// Tree C and tree R-last: Poseidon of arity 8, then of the sub's and the top's.
    Poseidon,
}

impl TreeHash {
    /// The arity of every step from a leaf to the root.
    pub fn arities(self, geometry: &Geometry) -> Vec<usize> {
        match self {
            TreeHash::Sha256 => vec![2; geometry.n_nodes().ilog2() as usize],
            TreeHash::Poseidon => {
                let base = vec![geometry.tree.base; geometry.base_rows() - 1];
                let crown = [geometry.tree.sub, geometry.tree.top]
                    .into_iter()
                    .filter(|arity| *arity != 0);
                base.into_iter().chain(crown).collect()
            }
        }
    }

    fn of_arity(self, arity: usize) -> Option<Hash> {
        match self {
            TreeHash::Sha256 => (arity == 2).then_some(Hash::Sha256),
            TreeHash::Poseidon => Hash::poseidon(arity),
        }
    }
}

impl Step {
    /// The step of one among all children.
    pub(crate) fn among(children: &[Node], index: usize) -> Step {
        let siblings = [&children[..index], &children[index + 1..]].concat();
        Step { index, siblings }
    }

    /// Nodes that the parent is made of.
    pub fn arity(&self) -> usize {
        self.siblings.len() + 1
    }

    /// The parent of `node`; `None` when the step is none of such a tree.
    fn parent(&self, hash: TreeHash, node: Node) -> Option<Node> {
        if self.arity() <= self.index {
            return None;
        }
        let mut children = self.siblings.clone();
        children.insert(self.index, node);
        digest(hash.of_arity(children.len())?, &children)
    }
}

impl Path {
    /// The leaf's position in the tree: the steps' indexes are its digits, the lowest first.
    pub fn index(&self) -> u64 {
        let digit = |index, step: &Step| index * step.arity() as u64 + step.index as u64;
        self.steps.iter().rev().fold(0, digit)
    }

    /// The root that the steps lead to; `None` when they are no path of such a tree: an arity that has no hash, an
    /// index beyond it, a node that is not canonical.
    pub fn root(&self, hash: TreeHash) -> Option<Node> {
        self.steps
            .iter()
            .try_fold(self.leaf, |node, step| step.parent(hash, node))
    }

    /// Whether it has the steps of a tree of that geometry.
    pub fn fits(&self, hash: TreeHash, geometry: &Geometry) -> bool {
        let within = self.steps.iter().all(|step| step.index < step.arity());
        within && self.steps.iter().map(Step::arity).eq(hash.arities(geometry))
    }

    /// Whether this is the path of leaf `index` in a tree of that geometry, up to `root`.
    pub fn verify(&self, hash: TreeHash, geometry: &Geometry, index: u64, root: Node) -> bool {
        self.fits(hash, geometry) && self.index() == index && self.root(hash) == Some(root)
    }

    /// Opens a leaf of tree D.
    ///
    /// # Panics
    /// When the tree has another length than the geometry says.
    pub fn in_tree_d(geometry: &Geometry, tree_d: &[Node], leaf: usize) -> Path {
        assert_eq!(tree_d.len(), geometry.tree_d_len(), "tree D");
        Path {
            leaf: tree_d[leaf],
            steps: climb(tree_d, geometry.n_nodes(), 2, leaf),
        }
    }

    /// Opens a leaf of tree C: in its base tree, then through the crown.
    ///
    /// # Panics
    /// When a base tree has another length than the geometry says.
    pub fn in_tree_c(geometry: &Geometry, trees: &[&[Node]], crown: &Crown, leaf: usize) -> Path {
        let (tree, leaf) = (leaf / geometry.base_leaves(), leaf % geometry.base_leaves());
        assert_eq!(
            trees[tree].len(),
            geometry.base_tree_len(),
            "base tree {tree} of tree C"
        );
        let mut steps = climb(trees[tree], geometry.base_leaves(), 8, leaf);
        steps.extend(crown.steps(tree));
        Path {
            leaf: trees[tree][leaf],
            steps,
        }
    }

    /// Opens a node of the replica in tree R-last, whose lowest rows are built again from the replica.
    ///
    /// `None` when the replica holds a node that is not canonical there. The rebuilt rows are not compared with
    /// the kept ones: the path leads to the root only if they fit.
    ///
    /// # Panics
    /// When the replica or a base tree has another length than the geometry says.
    pub fn in_tree_r_last(
        geometry: &Geometry,
        replica: &[Node],
        trees: &[&[Node]],
        crown: &Crown,
        leaf: usize,
    ) -> Option<Path> {
        assert_eq!(replica.len(), geometry.n_nodes(), "replica");
        let tree = leaf / geometry.base_leaves();
        assert_eq!(
            trees[tree].len(),
            geometry.tree_r_last_len(),
            "base tree {tree} of tree R-last"
        );
        let width = 8usize.pow(geometry.rows_discarded() as u32 + 1);
        let rebuilt = rebuild(&replica[leaf / width * width..][..width])?;
        let mut steps = climb(&rebuilt, width, 8, leaf % width);
        let kept = leaf % geometry.base_leaves() / width;
        steps.extend(climb(trees[tree], geometry.base_leaves() / width, 8, kept));
        steps.extend(crown.steps(tree));
        Some(Path {
            leaf: replica[leaf],
            steps,
        })
    }
}

/// The whole tree over some nodes of the replica, leaves included; `None` when one is not canonical.
pub(crate) fn rebuild(leaves: &[Node]) -> Option<Vec<Node>> {
    let mut tree = leaves.to_vec();
    tree.resize(tree_len(leaves.len(), 8), Node::ZERO);
    let (leaves, above) = tree.split_at_mut(leaves.len());
    CPU.tree(Hash::Poseidon8, leaves, above).ok()?;
    Some(tree)
}

/// The steps from a leaf to the root of a tree that lies row after row.
fn climb(tree: &[Node], n_leaves: usize, arity: usize, leaf: usize) -> Vec<Step> {
    let (mut rows, mut width, mut index) = (tree, n_leaves, leaf);
    let mut steps = Vec::with_capacity(n_leaves.ilog2() as usize);
    while 1 < width {
        let first = index / arity * arity;
        steps.push(Step::among(&rows[first..first + arity], index - first));
        (rows, width, index) = (&rows[width..], width / arity, index / arity);
    }
    steps
}

/// A path is a few dozen single hashes: too little to send to a device.
static CPU: LazyLock<Cpu> = LazyLock::new(Cpu::new);

/// One digest; `None` when a node is not canonical.
pub(crate) fn digest(hash: Hash, preimage: &[Node]) -> Option<Node> {
    let mut digest = [Node::ZERO];
    CPU.hash(hash, preimage, &mut digest).ok()?;
    Some(digest[0])
}
