//! A sealed sector from elsewhere: every file held against the others.

use kernels::{Backend, Hash, Node};

use super::{
    sector::{Opener, Sector},
    vanilla::Statement,
};
use crate::{
    error::Part, geometry::Geometry, graph::Graph, progress::report, sdr::first_wrong, Error, Progress,
    Result,
};

/// Nodes that are computed again at a time: 1 MiB. A power of 8, so that a tree over them ends in one node.
const PIECE_LEN: usize = 8usize.pow(5);
/// Stretches of a layer in which labels are computed again, spread evenly.
const N_STRETCHES: usize = 64;
/// Nodes of a stretch: the stretches of a small sector are whole layers.
const STRETCH_LEN: usize = 64;

/// Whether the files of a sector are what its statement and its graph make them.
///
/// Tree D, tree C, the replica and tree R-last are computed again, piece by piece, each from the files that it
/// follows from. Of each layer some labels are: the very first holds the replica id, and finding wrong ones
/// wherever they are is what a proof's challenges are for.
///
/// # Errors
/// The first file that disagrees, in the order tree D, layers, tree C, replica, tree R-last; a length that the
/// geometry does not say comes before all. Also when the device fails, or `progress` says to stop.
///
/// # Panics
/// When the graph has more or fewer nodes than the statement's geometry.
pub fn audit(
    device: &dyn Backend,
    sector: &Sector<'_>,
    (graph, statement): (&Graph, &Statement),
    progress: Progress<'_>,
) -> Result<()> {
    let mut audit = Audit {
        device,
        sector,
        statement,
        opener: Opener::new(sector, graph, statement)?,
        progress,
        done: 0,
        computed: vec![Node::ZERO; PIECE_LEN.min(statement.geometry.n_nodes())],
    };
    audit.tree_d()?;
    audit.layers(graph)?;
    audit.tree_c()?;
    audit.replica()?;
    audit.tree_r_last()
}

struct Audit<'a> {
    device: &'a dyn Backend,
    sector: &'a Sector<'a>,
    statement: &'a Statement,
    /// Knows which file is to blame where a label is wrong.
    opener: Opener<'a>,
    progress: Progress<'a>,
    /// Nodes computed so far.
    done: usize,
    /// Room for a piece.
    computed: Vec<Node>,
}

impl Audit<'_> {
    fn tree_d(&mut self) -> Result<()> {
        let tree = self.sector.tree_d;
        self.rows(Hash::Sha256, tree, self.geometry().n_nodes(), Part::TreeD)?;
        let root = tree.len() - 1;
        same(&tree[root..], &[self.statement.comm_d], (Part::TreeD, root))
    }

    fn layers(&mut self, graph: &Graph) -> Result<()> {
        let (n_nodes, layers) = (graph.n_nodes(), &self.sector.layers);
        for (before, labels) in layers.iter().enumerate() {
            let previous = if before == 0 { &[][..] } else { layers[before - 1] };
            let (id, layer) = (self.statement.replica_id, before + 1);
            for first in (0..n_nodes).step_by((n_nodes / N_STRETCHES).max(STRETCH_LEN)) {
                let stretch = first..first + STRETCH_LEN;
                if let Some(node) = first_wrong(graph, id, layer as u32, (previous, labels), stretch) {
                    // It may also be a parent's.
                    let opened = self.opener.open(node as u64);
                    return opened.and(Err(not_committed(Part::Layer(layer), node)));
                }
            }
        }
        Ok(())
    }

    fn tree_c(&mut self) -> Result<()> {
        for base in 0..self.geometry().n_base_trees() {
            self.columns(base)?;
            let tree = self.sector.tree_c[base];
            self.rows(
                Hash::Poseidon8,
                tree,
                self.geometry().base_leaves(),
                Part::TreeC(base),
            )?;
        }
        same(
            &[self.sector.comm_c],
            &[self.opener.crown_c.root()],
            (Part::Aux, 0),
        )
    }

    /// The leaves of a base tree of tree C, from the layers.
    fn columns(&mut self, base: usize) -> Result<()> {
        let first = self.geometry().base_range(base).start;
        let leaves = &self.sector.tree_c[base][..self.geometry().base_leaves()];
        for (start, leaves) in (first..).step_by(PIECE_LEN).zip(leaves.chunks(PIECE_LEN)) {
            let share = start..start + leaves.len();
            let labels: Vec<&[Node]> = self.sector.layers.iter().map(|row| &row[share.clone()]).collect();
            let digests = &mut self.computed[..leaves.len()];
            self.device.columns(&labels, digests).map_err(|error| {
                let wrong = |index: usize| labels.iter().position(|row| row[index].to_fr().is_none());
                of_part(error, |index| {
                    (
                        Part::Layer(wrong(index).map_or(1, |layer| layer + 1)),
                        start + index,
                    )
                })
            })?;
            if let Some(wrong) = leaves
                .iter()
                .zip(&*digests)
                .position(|(leaf, digest)| leaf != digest)
            {
                let (part, node) = self.opener.blame_column(start + wrong);
                return Err(not_committed(part, node));
            }
            self.report(leaves.len())?;
        }
        Ok(())
    }

    fn replica(&mut self) -> Result<()> {
        let Sector {
            tree_d,
            replica,
            ref layers,
            ..
        } = *self.sector;
        let key = layers[layers.len() - 1].chunks(PIECE_LEN);
        let pieces = tree_d.chunks(PIECE_LEN).zip(key).zip(replica.chunks(PIECE_LEN));
        for (piece, ((data, key), replica)) in pieces.enumerate() {
            let (first, encoded) = (piece * PIECE_LEN, &mut self.computed[..replica.len()]);
            encoded.copy_from_slice(&data[..replica.len()]);
            // The key stands in columns that have digests: what is no element is the data's.
            self.device
                .encode(key, encoded)
                .map_err(|error| of_part(error, |index| (Part::TreeD, first + index)))?;
            same(replica, encoded, (Part::Replica, first))?;
            self.report(replica.len())?;
        }
        Ok(())
    }

    fn tree_r_last(&mut self) -> Result<()> {
        let geometry = self.geometry();
        for base in 0..geometry.n_base_trees() {
            let n_lowest = self.lowest_row(base)?;
            let tree = self.sector.tree_r_last[base];
            self.rows(Hash::Poseidon8, tree, n_lowest, Part::TreeRLast(base))?;
        }
        same(
            &[self.sector.comm_r_last],
            &[self.opener.crown_r_last.root()],
            (Part::Aux, 1),
        )
    }

    /// The lowest row that a file of tree R-last keeps, from the replica; answers with its length.
    fn lowest_row(&mut self, base: usize) -> Result<usize> {
        let geometry = self.geometry();
        let replica = &self.sector.replica[geometry.base_range(base)];
        let width = 8usize.pow(geometry.rows_discarded() as u32 + 1);
        let kept = &self.sector.tree_r_last[base][..replica.len() / width];
        let pieces = replica.chunks(PIECE_LEN).zip(kept.chunks(PIECE_LEN / width));
        for (piece, (replica, kept)) in pieces.enumerate() {
            let above = &mut self.computed[..(replica.len() - 1) / 7];
            self.device.tree(Hash::Poseidon8, replica, above)?;
            let n_left_out: usize = (1..=geometry.rows_discarded() as u32)
                .map(|row| replica.len() / 8usize.pow(row))
                .sum();
            let first = piece * (PIECE_LEN / width);
            let lowest = &above[n_left_out..][..kept.len()];
            same(kept, lowest, (Part::TreeRLast(base), first))?;
            self.report(replica.len())?;
        }
        Ok(kept.len())
    }

    /// Every row of a tree above its lowest.
    fn rows(&mut self, hash: Hash, tree: &[Node], n_lowest: usize, part: Part) -> Result<()> {
        let arity = hash.arity();
        let (mut children, mut above) = tree.split_at(n_lowest);
        let mut first_child = 0;
        while !above.is_empty() {
            let (row, rest) = above.split_at(children.len() / arity);
            let pieces = children.chunks(PIECE_LEN * arity).zip(row.chunks(PIECE_LEN));
            for (piece, (children, row)) in pieces.enumerate() {
                let digests = &mut self.computed[..row.len()];
                let first_child = first_child + piece * PIECE_LEN * arity;
                self.device
                    .hash(hash, children, digests)
                    .map_err(|error| of_part(error, |index| (part, first_child + index)))?;
                let first = tree.len() - above.len() + piece * PIECE_LEN;
                same(row, digests, (part, first))?;
                self.report(row.len())?;
            }
            first_child += children.len();
            (children, above) = (row, rest);
        }
        Ok(())
    }

    fn geometry(&self) -> &'static Geometry {
        self.statement.geometry
    }

    /// So many nodes more are computed, of tree D, columns, replica and its tree, and the rows above.
    fn report(&mut self, n_nodes: usize) -> Result<()> {
        let geometry = self.geometry();
        let above = 2 * geometry.n_base_trees() * (geometry.base_tree_len() - geometry.base_leaves());
        self.done += n_nodes;
        report(self.progress, self.done, 4 * geometry.n_nodes() + above)
    }
}

/// What is found must be what was computed; `first` is the place of the first node.
fn same(found: &[Node], computed: &[Node], (part, first): (Part, usize)) -> Result<()> {
    let wrong = found
        .iter()
        .zip(computed)
        .position(|(found, computed)| found != computed);
    wrong.map_or(Ok(()), |index| Err(not_committed(part, first + index)))
}

fn not_committed(part: Part, node: usize) -> Error {
    Error::NotCommitted { part, node }
}

/// Says in which file a node is no element; what else a device says is the device's.
fn of_part(error: kernels::Error, place: impl FnOnce(usize) -> (Part, usize)) -> Error {
    match error {
        kernels::Error::NotCanonical { index, .. } => {
            let (part, node) = place(index);
            Error::NotCanonical { part, node }
        }
        other => Error::Device(other),
    }
}
