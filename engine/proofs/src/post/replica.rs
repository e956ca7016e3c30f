//! What a PoSt reads of a sealed sector, and which of its files is to blame where they do not answer.

use std::ops::Range;

use kernels::{Hash, Node};

use crate::{
    error::Part,
    geometry::Geometry,
    path::{rebuild, Path, TreeHash},
    porep::sector::{broken, check_aux, count, crown, length, Sector},
    tree::Crown,
    Error, Result,
};

/// The part of a sealed sector that a PoSt needs: replica and tree R-last; neither layers nor other trees.
#[derive(Clone, Debug)]
pub struct Replica<'a> {
    /// Root of the columns, from `p_aux`.
    pub comm_c: Node,
    /// Root of the replica, from `p_aux`.
    pub comm_r_last: Node,
    /// The base trees of tree R-last, without their discarded rows.
    pub tree_r_last: Vec<&'a [Node]>,
    /// The replica.
    pub replica: &'a [Node],
}

/// Of all files of a sector.
impl<'a> From<&Sector<'a>> for Replica<'a> {
    fn from(sector: &Sector<'a>) -> Replica<'a> {
        Replica {
            comm_c: sector.comm_c,
            comm_r_last: sector.comm_r_last,
            tree_r_last: sector.tree_r_last.clone(),
            replica: sector.replica,
        }
    }
}

/// What of a sector's files the opening of one node reads, in nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reads {
    /// Of the replica.
    pub replica: Range<usize>,
    /// Of the base trees of tree R-last, each with its number.
    pub tree_r_last: Vec<(usize, Range<usize>)>,
}

/// What opening a node reads: the replica under a kept node, its base tree's kept rows upwards, and the roots of
/// all base trees. Who reads from a disk can find out first whether it can.
///
/// # Panics
/// When there is no such node.
pub fn reads(geometry: &Geometry, node: u64) -> Reads {
    assert!(node < geometry.n_nodes() as u64, "there is no node {node}");
    let (leaves, width) = (geometry.base_leaves(), window_len(geometry));
    let first = node as usize / width * width;
    let root = geometry.tree_r_last_len() - 1;
    let mut tree_r_last: Vec<(usize, Range<usize>)> = (0..geometry.n_base_trees())
        .map(|base| (base, root..root + 1))
        .collect();
    let (mut start, mut row_len, mut index) = (0, leaves / width, first % leaves / width);
    while 1 < row_len {
        let siblings = start + index / 8 * 8;
        tree_r_last.push((first / leaves, siblings..siblings + 8));
        (start, row_len, index) = (start + row_len, row_len / 8, index / 8);
    }
    Reads {
        replica: first..first + width,
        tree_r_last,
    }
}

/// Nodes of the replica under one kept node.
fn window_len(geometry: &Geometry) -> usize {
    8usize.pow(geometry.rows_discarded() as u32 + 1)
}

/// Opens nodes of a replica, and checks what it opens.
pub(crate) struct Opener<'a> {
    geometry: &'static Geometry,
    files: &'a Replica<'a>,
    crown: Crown,
}

impl<'a> Opener<'a> {
    /// Checks the lengths, and that the roots are those of comm_r.
    pub fn new(geometry: &'static Geometry, files: &'a Replica<'a>, comm_r: Node) -> Result<Opener<'a>> {
        count("tree_r_last", geometry.n_base_trees(), files.tree_r_last.len())?;
        for (base, tree) in files.tree_r_last.iter().enumerate() {
            length(Part::TreeRLast(base), geometry.tree_r_last_len(), tree)?;
        }
        length(Part::Replica, geometry.n_nodes(), files.replica)?;
        check_aux(files.comm_c, files.comm_r_last, comm_r)?;
        Ok(Opener {
            geometry,
            files,
            crown: crown(geometry, &files.tree_r_last, Part::TreeRLast)?,
        })
    }

    /// Opens a node, or says which file is to blame that it cannot.
    pub fn open(&self, node: u64) -> Result<Path> {
        let Replica {
            replica,
            tree_r_last,
            comm_r_last,
            ..
        } = self.files;
        let path = Path::in_tree_r_last(self.geometry, replica, tree_r_last, &self.crown, node as usize);
        path.filter(|path| path.root(TreeHash::Poseidon) == Some(*comm_r_last))
            .ok_or_else(|| self.blame(node as usize))
    }

    /// The way from a node does not lead to comm_r_last. Where the kept rows do, the replica is to blame: they
    /// are what was committed.
    fn blame(&self, node: usize) -> Error {
        let Replica {
            tree_r_last,
            comm_r_last,
            ..
        } = self.files;
        let (n_leaves, width) = (self.geometry.base_leaves(), self.width());
        let (base, first) = (node / n_leaves, node / width * width);
        if let Some(offset) = self.window(first).iter().position(|node| node.to_fr().is_none()) {
            return Error::NotCanonical {
                part: Part::Replica,
                node: first + offset,
            };
        }
        let row = first % n_leaves / width;
        let (part, node) = if let Some(node) = self.broken(base, row) {
            (Part::TreeRLast(base), node)
        } else if self.crown.root() != *comm_r_last {
            // The root of a base tree is not what was committed: of one that contradicts itself, else of this.
            let bases = (0..tree_r_last.len()).filter(|other| *other != base);
            let mut broken = bases.filter_map(|other| Some((other, self.broken_at_start(other)?)));
            let (base, node) = broken.next().unwrap_or((base, tree_r_last[base].len() - 1));
            (Part::TreeRLast(base), node)
        } else {
            (Part::Replica, first)
        };
        Error::NotCommitted { part, node }
    }

    fn width(&self) -> usize {
        window_len(self.geometry)
    }

    fn window(&self, first: usize) -> &[Node] {
        &self.files.replica[first..first + self.width()]
    }

    /// Where in the kept rows of a base tree a node above this one of the lowest is not its children's digest.
    fn broken(&self, base: usize, row: usize) -> Option<usize> {
        let n_rows = self.geometry.base_leaves() / self.width();
        broken(self.files.tree_r_last[base], n_rows, Hash::Poseidon8, row)
    }

    /// As [`broken`](Opener::broken) from the first node of the lowest kept row, which must also be the root of
    /// the replica under it.
    fn broken_at_start(&self, base: usize) -> Option<usize> {
        let rebuilt = rebuild(self.window(base * self.geometry.base_leaves()));
        let is_held = rebuilt.is_none_or(|tree| tree.last() == self.files.tree_r_last[base].first());
        self.broken(base, 0).or((!is_held).then_some(0))
    }
}
