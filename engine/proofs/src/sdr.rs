//! Labels: what makes a replica slow to write and impossible to share.

use kernels::{Backend, Lane, Node, Parents, BASE_DEGREE, DEGREE};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{graph::Graph, progress::report, Progress, Result};

/// Nodes labelled between two reports: some 20 ms, and 900 KiB of parents, of which two pieces are held.
const PIECE_LEN: usize = 1 << 14;

/// Labels that go into a preimage, the parents repeating.
const N_REPEATED: usize = 37;

/// Where the parents of the nodes come from.
#[derive(Clone, Copy, Debug)]
pub enum ParentSource<'a> {
    /// Computed on the way, a piece ahead of the labels.
    Computed(&'a Graph),
    /// Listed for every node of the layer, as in a mapped file.
    Listed(&'a [Parents]),
}

impl ParentSource<'_> {
    /// The parents of the nodes from `first` on. Those that are listed are copied, so that a mapped file is read
    /// ahead of the labels and not in their midst.
    fn fill(&self, first: usize, parents: &mut [Parents]) {
        match self {
            ParentSource::Computed(graph) => graph.fill(first, parents),
            ParentSource::Listed(list) => parents.copy_from_slice(&list[first..first + parents.len()]),
        }
    }
}

/// Labels one whole layer, in every lane: `layer` counts from 1.
///
/// Labels are a chain, so one core a lane labels while the others prepare the parents of the next piece. Memory
/// beyond the lanes is bounded, whatever the sector.
///
/// # Errors
/// When the device fails, or `progress` says to stop: the layer is then to be labelled anew.
///
/// # Panics
/// When the lanes differ in length, or the parents are not those of as many nodes.
pub fn label_layer(
    device: &dyn Backend,
    parents: ParentSource<'_>,
    layer: u32,
    lanes: &mut [Lane<'_>],
    progress: Progress<'_>,
) -> Result<()> {
    let n_nodes = match parents {
        ParentSource::Computed(graph) => graph.n_nodes(),
        ParentSource::Listed(list) => list.len(),
    };
    assert!(
        lanes.iter().all(|lane| lane.labels.len() == n_nodes),
        "lanes of another length than the graph"
    );
    let piece_len = PIECE_LEN.min(n_nodes);
    let (mut now, mut next) = (vec![[0; DEGREE]; piece_len], vec![[0; DEGREE]; piece_len]);
    parents.fill(0, &mut now);
    // Every size has a power of two of nodes: the last piece is as long as the others.
    for first in (0..n_nodes).step_by(piece_len) {
        let end = first + piece_len;
        let (labelled, ()) = rayon::join(
            || device.label(layer, first, &now, lanes),
            || {
                if end < n_nodes {
                    parents.fill(end, &mut next);
                }
            },
        );
        labelled?;
        report(progress, end, n_nodes)?;
        std::mem::swap(&mut now, &mut next);
    }
    Ok(())
}

/// The label of one node, from its parents' labels: 6 base parents in `layer`, then (above layer 1) 8 expander
/// parents in the layer below. Node 0 has none.
///
/// `SHA256(replica_id ‖ u32be(layer) ‖ u64be(node) ‖ 0²⁰ ‖ 37 parent labels, repeating)`, cut to 254 bits. Spec:
/// *Stacked DRG*, labels.
pub fn label(replica_id: Node, layer: u32, node: u64, parents: &[Node]) -> Node {
    let mut hash = Sha256::new()
        .chain_update(replica_id.0)
        .chain_update(layer.to_be_bytes())
        .chain_update(node.to_be_bytes())
        .chain_update([0; 20]);
    repeated(node, parents).for_each(|label| hash.update(label.0));
    Node::truncated(hash.finalize().into())
}

/// The parents' labels as often as they go into a preimage: 37 in all, and none for node 0.
pub(crate) fn repeated(node: u64, parents: &[Node]) -> impl Iterator<Item = Node> + '_ {
    let n_repeated = if node == 0 { 0 } else { N_REPEATED };
    parents.iter().copied().cycle().take(n_repeated)
}

/// How many of a node's parents count in a layer: above layer 1 the expander parents too.
pub(crate) fn n_parents(layer: u32) -> usize {
    if layer == 1 {
        BASE_DEGREE
    } else {
        DEGREE
    }
}

/// The first node, if any, whose label is not what its parents' labels make it.
///
/// Checks a stretch of a layer that came from a disk: `previous` is the whole layer before (empty at layer 1).
pub fn first_wrong(
    graph: &Graph,
    replica_id: Node,
    layer: u32,
    (previous, labels): (&[Node], &[Node]),
    nodes: std::ops::Range<usize>,
) -> Option<usize> {
    let right = |node: usize| {
        let parents = graph.parents(node);
        let parents = parents[..n_parents(layer)].iter().enumerate();
        let of = |(slot, &parent): (usize, &u32)| {
            let row = if slot < BASE_DEGREE { labels } else { previous };
            row[parent as usize]
        };
        let parents: Vec<Node> = parents.map(of).collect();
        label(replica_id, layer, node as u64, &parents) == labels[node]
    };
    nodes.into_par_iter().find_first(|&node| !right(node))
}
