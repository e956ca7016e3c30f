//! Poseidon's part of a witness, computed before the synthesis comes to it.
//!
//! What the gadget allocates for a digest (its trace) takes as long for one preimage as for eight side by side,
//! and a synthesis comes to one after the other. But an answer in the open has nearly all preimages from the
//! start: several hashes of one kind, or several paths, whose rows follow from the row below. A trace goes with
//! its preimage: where the circuit has another one, as in an answer that is none, the gadget computes its own.

use ff::Field;
use kernels::{cpu, Fr, Hash, Level, Node};

use crate::path::{Path, Step};

/// Traces that are computed in the time of one, where the processor can.
pub const ABREAST: usize = 8;

/// Traces of hashes of one kind.
#[derive(Debug)]
pub struct Traces {
    arity: usize,
    preimages: Vec<Fr>,
    /// One after the other, all of one length.
    values: Vec<Fr>,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    preimage: &'a [Fr],
    values: &'a [Fr],
}

/// Traces of paths in trees of one shape, row by row.
#[derive(Debug)]
pub struct PathTraces {
    rows: Vec<Traces>,
}

/// Those of one path.
#[derive(Clone, Copy, Debug)]
pub struct PathTrace<'a> {
    rows: &'a [Traces],
    path: usize,
}

impl Traces {
    /// Computes traces of a Poseidon. Preimages of too few nodes are filled up with zeros, which also stand for
    /// nodes that are not canonical: the circuit will have others.
    pub fn of<'a>(hash: Hash, preimages: impl IntoIterator<Item = &'a [Node]>) -> Traces {
        let arity = hash.arity();
        let element = |nodes: &[Node], i: usize| element(nodes.get(i));
        let elements = |nodes: &'a [Node]| (0..arity).map(move |i| element(nodes, i));
        Traces::of_elements(hash, preimages.into_iter().flat_map(elements).collect())
    }

    fn of_elements(hash: Hash, preimages: Vec<Fr>) -> Traces {
        let mut values = Vec::new();
        cpu::trace(Level::current(), hash, &preimages, &mut values);
        Traces {
            arity: hash.arity(),
            preimages,
            values,
        }
    }

    /// The trace of a preimage, if there is one.
    pub fn get(&self, i: usize) -> Option<Trace<'_>> {
        self.iter().nth(i)
    }

    fn iter(&self) -> impl Iterator<Item = Trace<'_>> {
        let preimages = self.preimages.chunks_exact(self.arity);
        let len = self.values.len() / preimages.len().max(1);
        let traces = preimages.zip(self.values.chunks_exact(len.max(1)));
        traces.map(|(preimage, values)| Trace { preimage, values })
    }
}

impl<'a> Trace<'a> {
    /// What the gadget allocates, the digest last; if the preimage is this.
    pub(super) fn values_of(self, preimage: &[Fr]) -> Option<&'a [Fr]> {
        (self.preimage == preimage).then_some(self.values)
    }

    fn digest(self) -> Fr {
        *self.values.last().expect("a trace ends with its digest")
    }
}

impl PathTraces {
    /// Computes traces up paths in a Poseidon tree, of which `rows` are the hashes. What a path lacks is zero.
    pub fn of<'a>(rows: &[Hash], paths: impl IntoIterator<Item = &'a Path>) -> PathTraces {
        let paths: Vec<&Path> = paths.into_iter().collect();
        let mut nodes: Vec<Fr> = paths.iter().map(|path| element(Some(&path.leaf))).collect();
        let row = |(i, &row): (usize, &Hash)| {
            let preimages = paths.iter().zip(&nodes);
            let preimages =
                preimages.flat_map(|(path, node)| children(path.steps.get(i), *node, row.arity()));
            let traces = Traces::of_elements(row, preimages.collect());
            nodes = traces.iter().map(Trace::digest).collect();
            traces
        };
        PathTraces {
            rows: rows.iter().enumerate().map(row).collect(),
        }
    }

    /// Those of a path.
    pub fn path(&self, path: usize) -> PathTrace<'_> {
        PathTrace {
            rows: &self.rows,
            path,
        }
    }
}

impl<'a> PathTrace<'a> {
    /// The trace in a row, if there is one.
    pub(super) fn row(self, row: usize) -> Option<Trace<'a>> {
        self.rows.get(row)?.get(self.path)
    }
}

/// The children of a node's parent.
fn children(step: Option<&Step>, node: Fr, arity: usize) -> impl Iterator<Item = Fr> + '_ {
    (0..arity).map(move |i| match step {
        Some(step) if step.index == i => node,
        Some(step) => element(step.siblings.get(i - usize::from(step.index < i))),
        None => Fr::ZERO,
    })
}

fn element(node: Option<&Node>) -> Fr {
    node.and_then(|node| node.to_fr()).unwrap_or(Fr::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::path::TreeHash;

    /// What is at the wrong place is computed again, and nothing but time tells.
    #[test]
    fn the_last_trace_of_a_path_ends_with_its_root() {
        let rows = [Hash::Poseidon8, Hash::Poseidon8, Hash::Poseidon4, Hash::Poseidon2];
        let node = |i: usize| Node::from(Fr::from(i as u64));
        let path = |i: usize| Path {
            leaf: node(i),
            steps: rows
                .iter()
                .map(|row| Step {
                    index: i % row.arity(),
                    siblings: (1..row.arity()).map(|j| node(i * 100 + j)).collect(),
                })
                .collect(),
        };
        let paths: Vec<Path> = (0..11).map(path).collect();
        let traces = PathTraces::of(&rows, &paths);
        for (i, path) in paths.iter().enumerate() {
            let last = traces
                .path(i)
                .row(rows.len() - 1)
                .expect("there are as many rows");
            assert_eq!(
                Some(Node::from(last.digest())),
                path.root(TreeHash::Poseidon),
                "path {i}"
            );
        }
        assert!(traces.path(paths.len()).row(0).is_none());
    }
}
