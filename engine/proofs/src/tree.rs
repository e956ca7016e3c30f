//! Tree D, tree C and tree R-last: from slices into slices, piece by piece.
//!
//! A tree is stored as its rows one after the other, lowest first. Tree C and tree R-last are compound: base
//! trees of arity 8, each in a file of its own, under a [`Crown`] of at most two rows. Spec: *Stacked DRG*,
//! trees; `merkletree` 0.23, `get_merkle_tree_len`.

use std::{iter::successors, ops::Range};

use kernels::{Backend, Hash, Node};

use crate::{
    error::Part,
    geometry::{Geometry, TreeShape},
    path::{digest, Step},
    piece::zero_node,
    progress::report,
    Error, Progress, Result,
};

/// Leaves handed to the device at a time: 8 MiB of nodes, so that scratch stays small whatever the sector, and
/// both a power of 2 and of 8, so that a piece ends in one node of either tree.
const PIECE_LEN: usize = 1 << 18;

/// Builds tree D over the data, and answers comm_d.
///
/// `tree` receives the data and then every row above it: `2n − 1` nodes.
///
/// # Errors
/// When the device fails, or `progress` says to stop.
///
/// # Panics
/// When `tree` has another length than `2n − 1`.
pub fn tree_d(
    device: &dyn Backend,
    data: &[Node],
    tree: &mut [Node],
    progress: Progress<'_>,
) -> Result<Node> {
    assert_eq!(tree.len(), 2 * data.len() - 1, "tree D over {} nodes", data.len());
    let (leaves, above) = tree.split_at_mut(data.len());
    let piece_len = PIECE_LEN.min(data.len());
    grow(
        device,
        Hash::Sha256,
        above,
        data.len() / piece_len,
        |piece, rows| {
            let range = piece * piece_len..(piece + 1) * piece_len;
            leaves[range.clone()].copy_from_slice(&data[range.clone()]);
            device.tree(Hash::Sha256, &leaves[range.clone()], rows)?;
            report(progress, range.end, data.len())
        },
    )
}

/// Writes tree D over zeros, which is what a committed-capacity sector holds, and answers comm_d.
///
/// The nodes of a row are all the same, so that a hash for each row is enough.
///
/// # Panics
/// When there are not `2ᵏ − 1` nodes.
pub fn tree_d_of_zeros(tree: &mut [Node]) -> Node {
    let n_rows = (tree.len() + 1).ilog2();
    assert_eq!(tree.len() + 1, 1 << n_rows, "tree D");
    let mut rest = tree;
    for height in 0..n_rows {
        let (row, above) = rest.split_at_mut(1 << (n_rows - 1 - height));
        row.fill(zero_node(height));
        rest = above;
    }
    zero_node(n_rows - 1)
}

/// Builds one base tree of tree C, and answers its root.
///
/// `layers` holds this base tree's share of every layer; `tree` receives the column digests and then every row
/// above them: [`Geometry::base_tree_len`] nodes.
///
/// # Errors
/// When a label is not canonical, the device fails, or `progress` says to stop.
///
/// # Panics
/// When the lengths do not fit each other.
pub fn tree_c_base(
    device: &dyn Backend,
    layers: &[&[Node]],
    tree: &mut [Node],
    progress: Progress<'_>,
) -> Result<Node> {
    let n_leaves = layers[0].len();
    assert_eq!(
        tree.len(),
        tree_len(n_leaves, 8),
        "base tree over {n_leaves} columns"
    );
    let piece_len = PIECE_LEN.min(n_leaves);
    grow(
        device,
        Hash::Poseidon8,
        tree,
        n_leaves / piece_len,
        |piece, rows| {
            let range = piece * piece_len..(piece + 1) * piece_len;
            let labels: Vec<&[Node]> = layers.iter().map(|layer| &layer[range.clone()]).collect();
            device.columns_tree(&labels, rows)?;
            report(progress, range.end, n_leaves)
        },
    )
}

/// Encodes one base tree's share of the data and builds its tree R-last, and answers its root.
///
/// `key` and `data` are this base tree's share of the last layer and of the data; `data` becomes the replica.
/// `kept` receives the rows that the file of tree R-last keeps: [`Geometry::tree_r_last_len`] nodes.
///
/// # Errors
/// When a label or the data is not canonical, the device fails, or `progress` says to stop.
///
/// # Panics
/// When the lengths do not fit the geometry.
pub fn tree_r_last_base(
    device: &dyn Backend,
    geometry: &Geometry,
    key: &[Node],
    data: &mut [Node],
    kept: &mut [Node],
    progress: Progress<'_>,
) -> Result<Node> {
    let n_discarded = geometry.rows_discarded();
    tree_r_last_with(device, geometry, data, kept, progress, |range, data, rows| {
        Ok(device.encode_tree(&key[range], data, n_discarded, rows)?)
    })
}

/// Encodes one base tree's share of the data piece by piece, and builds its tree R-last over what comes of it.
///
/// `encode` is given a piece's place in the share, its data, and room for the rows that are kept of the tree over
/// it.
pub(crate) fn tree_r_last_with(
    device: &dyn Backend,
    geometry: &Geometry,
    data: &mut [Node],
    kept: &mut [Node],
    progress: Progress<'_>,
    encode: impl Fn(Range<usize>, &mut [Node], &mut [Node]) -> Result<()>,
) -> Result<Node> {
    assert_eq!(data.len(), geometry.base_leaves(), "data of a base tree");
    assert_eq!(
        kept.len(),
        geometry.tree_r_last_len(),
        "rows of tree R-last that are kept"
    );
    let n_leaves = data.len();
    let piece_len = PIECE_LEN.min(n_leaves);
    grow(
        device,
        Hash::Poseidon8,
        kept,
        n_leaves / piece_len,
        |piece, rows| {
            let range = piece * piece_len..(piece + 1) * piece_len;
            encode(range.clone(), &mut data[range.clone()], rows)?;
            report(progress, range.end, n_leaves)
        },
    )
}

/// Builds one base tree of tree R-last over a replica that is there, and answers its root.
///
/// `replica` is this base tree's share, and `kept` receives what the file keeps, as in [`tree_r_last_base`].
///
/// # Errors
/// When the replica is not canonical, the device fails, or `progress` says to stop.
///
/// # Panics
/// When the lengths do not fit the geometry.
pub fn tree_r_last_over(
    device: &dyn Backend,
    geometry: &Geometry,
    replica: &[Node],
    kept: &mut [Node],
    progress: Progress<'_>,
) -> Result<Node> {
    assert_eq!(replica.len(), geometry.base_leaves(), "replica of a base tree");
    assert_eq!(
        kept.len(),
        geometry.tree_r_last_len(),
        "rows of tree R-last that are kept"
    );
    let piece_len = PIECE_LEN.min(replica.len());
    let mut rows = vec![Node::ZERO; tree_len(piece_len, 8) - piece_len];
    grow(
        device,
        Hash::Poseidon8,
        kept,
        replica.len() / piece_len,
        |piece, kept| {
            let range = piece * piece_len..(piece + 1) * piece_len;
            device.tree(Hash::Poseidon8, &replica[range.clone()], &mut rows)?;
            kept.copy_from_slice(&rows[rows.len() - kept.len()..]);
            report(progress, range.end, replica.len())
        },
    )
}

/// Writes what the file of one base tree of tree R-last keeps over zeros, and answers its root: a hash for each row.
///
/// # Panics
/// When the length does not fit the geometry.
pub fn tree_r_last_of_zeros(geometry: &Geometry, kept: &mut [Node]) -> Node {
    assert_eq!(
        kept.len(),
        geometry.tree_r_last_len(),
        "rows of tree R-last that are kept"
    );
    let above = |node: &Node| digest(Hash::Poseidon8, &[*node; 8]);
    let mut rows = successors(Some(Node::ZERO), above).skip(1 + geometry.rows_discarded());
    let (mut width, mut rest) = (
        geometry.base_leaves() >> (3 * (1 + geometry.rows_discarded())),
        kept,
    );
    loop {
        let node = rows.next().expect("digests are canonical");
        let (row, above) = rest.split_at_mut(width);
        row.fill(node);
        if width == 1 {
            return node;
        }
        (width, rest) = (width / 8, above);
    }
}

/// Nodes of a whole tree over so many leaves, leaves included.
pub(crate) fn tree_len(n_leaves: usize, arity: usize) -> usize {
    (n_leaves * arity - 1) / (arity - 1)
}

/// Fills `kept`, the rows of a tree from some row up, from subtrees of equal height that stand side by side, and
/// answers the root.
fn grow(
    device: &dyn Backend,
    hash: Hash,
    kept: &mut [Node],
    n_pieces: usize,
    mut subtree: impl FnMut(usize, &mut [Node]) -> Result<()>,
) -> Result<Node> {
    if n_pieces == 1 {
        subtree(0, kept)?;
    } else {
        let arity = hash.arity();
        let lowest = (kept.len() * (arity - 1) + 1) / arity;
        let mut rows = vec![Node::ZERO; tree_len(lowest / n_pieces, arity)];
        for piece in 0..n_pieces {
            subtree(piece, &mut rows)?;
            place(&rows, lowest / n_pieces, arity, (piece, n_pieces), kept);
        }
        let first_root = kept.len() - tree_len(n_pieces, arity);
        let (roots, above) = kept[first_root..].split_at_mut(n_pieces);
        device.tree(hash, roots, above)?;
    }
    Ok(*kept.last().expect("every tree has a root"))
}

/// Copies each row of a subtree to its place in the rows of the whole tree.
fn place(
    mut rows: &[Node],
    mut width: usize,
    arity: usize,
    (piece, of): (usize, usize),
    mut kept: &mut [Node],
) {
    while !rows.is_empty() {
        let (row, above) = rows.split_at(width);
        let (kept_row, kept_above) = kept.split_at_mut(width * of);
        kept_row[piece * width..][..width].copy_from_slice(row);
        (rows, kept, width) = (above, kept_above, width / arity);
    }
}

/// What stands above the base trees of tree C or tree R-last: a sub node over 2 or 8 of them, a top node over
/// two of those, or nothing at all.
#[derive(Clone, Debug)]
pub struct Crown {
    shape: TreeShape,
    bases: Vec<Node>,
    subs: Vec<Node>,
    root: Node,
}

impl Crown {
    /// Joins the roots of the base trees. `part` names the base trees where one of the roots is no field element.
    ///
    /// # Errors
    /// When a root is not canonical.
    ///
    /// # Panics
    /// When there are more or fewer roots than the geometry has base trees.
    pub fn new(geometry: &Geometry, bases: Vec<Node>, part: fn(usize) -> Part) -> Result<Crown> {
        assert_eq!(bases.len(), geometry.n_base_trees(), "roots of base trees");
        if let Some(tree) = bases.iter().position(|root| root.to_fr().is_none()) {
            return Err(Error::NotCanonical {
                part: part(tree),
                node: tree_root(geometry, part(tree)),
            });
        }
        let shape = geometry.tree;
        let join =
            |nodes: &[Node]| digest_of(nodes).expect("the roots are canonical, and the arities the table's");
        let subs: Vec<Node> = if shape.sub == 0 {
            bases.clone()
        } else {
            bases.chunks(shape.sub).map(join).collect()
        };
        let root = if shape.top == 0 { subs[0] } else { join(&subs) };
        Ok(Crown {
            shape,
            bases,
            subs,
            root,
        })
    }

    /// The root of the compound tree.
    pub fn root(&self) -> Node {
        self.root
    }

    /// The steps from a base tree's root up to the root of the compound tree.
    pub(crate) fn steps(&self, base_tree: usize) -> Vec<Step> {
        let group = self.shape.sub.max(1);
        let first = base_tree / group * group;
        let rows = [
            (&self.bases[first..first + group], base_tree - first),
            (&self.subs, base_tree / group),
        ];
        // A row of one node is no step: that geometry has no such row.
        let steps = rows.into_iter().filter(|(row, _)| 1 < row.len());
        steps.map(|(row, index)| Step::among(row, index)).collect()
    }
}

fn digest_of(nodes: &[Node]) -> Option<Node> {
    digest(Hash::poseidon(nodes.len())?, nodes)
}

/// Where the root lies in the file of a base tree.
fn tree_root(geometry: &Geometry, part: Part) -> usize {
    match part {
        Part::TreeRLast(_) => geometry.tree_r_last_len() - 1,
        _ => geometry.base_tree_len() - 1,
    }
}

#[cfg(test)]
mod tests {
    use kernels::Cpu;

    use super::*;

    /// Pieces side by side make the tree that is made at once.
    fn check(hash: Hash, n_leaves: usize, n_pieces: usize) {
        let device = Cpu::default();
        let leaves: Vec<Node> = (0..n_leaves as u64)
            .map(|i| Node::from(kernels::Fr::from(i * i)))
            .collect();
        let mut whole = vec![Node::ZERO; tree_len(n_leaves, hash.arity()) - n_leaves];
        device.tree(hash, &leaves, &mut whole).unwrap();

        let mut kept = vec![Node::ZERO; whole.len()];
        let piece_len = n_leaves / n_pieces;
        let root = grow(&device, hash, &mut kept, n_pieces, |piece, rows| {
            Ok(device.tree(hash, &leaves[piece * piece_len..][..piece_len], rows)?)
        });
        assert_eq!(root.unwrap(), whole[whole.len() - 1]);
        assert!(kept == whole, "{n_pieces} pieces of {n_leaves} leaves");
    }

    #[test]
    fn pieces_make_the_tree_that_is_made_at_once() {
        for n_pieces in [1, 2, 4, 16, 64] {
            check(Hash::Sha256, 128, n_pieces);
        }
        for n_pieces in [1, 8, 64] {
            check(Hash::Poseidon8, 512, n_pieces);
        }
    }
}
