//! What can fail, with its facts.

use std::fmt;

/// A part of a sealed sector: one of the files that it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The data, padded: what the replica encodes.
    Data,
    /// Tree D.
    TreeD,
    /// A layer of labels, counted from 1.
    Layer(usize),
    /// The last layer, where it is the key.
    Key,
    /// A base tree of tree C, counted from 0.
    TreeC(usize),
    /// A base tree of tree R-last, counted from 0.
    TreeRLast(usize),
    /// The replica.
    Replica,
    /// `comm_c`, then `comm_r_last`.
    Aux,
}

/// `layer 1`, `tree_c 0`, `replica`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Data => f.write_str("data"),
            Part::TreeD => f.write_str("tree_d"),
            Part::Layer(layer) => write!(f, "layer {layer}"),
            Part::Key => f.write_str("key"),
            Part::TreeC(tree) => write!(f, "tree_c {tree}"),
            Part::TreeRLast(tree) => write!(f, "tree_r_last {tree}"),
            Part::Replica => f.write_str("replica"),
            Part::Aux => f.write_str("p_aux"),
        }
    }
}

/// Sealing or proving failed because of what it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A device could not do its part.
    #[error(transparent)]
    Device(#[from] kernels::Error),
    /// A part has another length than the geometry says.
    #[error("{part}: {found} nodes where {expected} belong")]
    Length {
        /// Which part.
        part: Part,
        /// Nodes that the geometry says.
        expected: usize,
        /// Nodes that are there.
        found: usize,
    },
    /// A part is missing, or there is one too many.
    #[error("{found} files of {what} where {expected} belong")]
    Count {
        /// Layers or base trees.
        what: &'static str,
        /// As many as the geometry says.
        expected: usize,
        /// As many as are there.
        found: usize,
    },
    /// 32 bytes of a part are no field element.
    #[error("{part}: node {node} is not a canonical field element")]
    NotCanonical {
        /// Which part.
        part: Part,
        /// The node's position in it.
        node: usize,
    },
    /// A part contradicts what was committed: it is damaged, or another sector's.
    #[error("{part}: node {node} is not what was committed: it is damaged, or another sector's")]
    NotCommitted {
        /// Which part.
        part: Part,
        /// The first contradiction's position in it.
        node: usize,
    },
    /// A file of stored synthetic proofs has another length than the geometry says.
    #[error("{found} bytes of stored synthetic proofs where {expected} belong: they were cut, or are of another size")]
    SyntheticLength {
        /// Bytes that the geometry says.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// Stored synthetic proofs begin with other roots than the statement's.
    #[error(
        "the stored synthetic proofs are another sector's: they do not begin with the roots of this one"
    )]
    SyntheticForeign,
    /// A stored synthetic proof does not answer its challenge.
    #[error(
        "stored synthetic proof {number} does not answer its challenge: it is damaged, or another sector's"
    )]
    SyntheticRecord {
        /// The challenge's number among the synthetic ones, from 0.
        number: u32,
    },
    /// A commitment of the statement is no field element.
    #[error("{what} is not a canonical field element")]
    Commitment {
        /// Which commitment.
        what: &'static str,
    },
    /// Something is wrong with the sector that was there before an update.
    #[error("the old sector: {0}")]
    Old(#[source] Box<Error>),
    /// The caller's progress function asked to stop.
    #[error("stopped as asked")]
    Stopped,
}

/// What this package answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
