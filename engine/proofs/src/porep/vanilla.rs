//! The answer in the open.

use kernels::Node;

use crate::{geometry::Geometry, path::Path};

/// What a PoRep claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Size and all that follows from it.
    pub geometry: &'static Geometry,
    /// Identity of the replica.
    pub replica_id: Node,
    /// Root of the data.
    pub comm_d: Node,
    /// Root of columns and replica.
    pub comm_r: Node,
}

/// The labels of one node in every layer, and their digest's way up tree C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Labels of layers 1 to the last.
    pub labels: Vec<Node>,
    /// From the column's digest up to comm_c.
    pub path: Path,
}

/// One challenged node, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The node.
    pub challenge: u64,
    /// Its data, up tree D.
    pub data: Path,
    /// Its replica, up tree R-last.
    pub replica: Path,
    /// Its own labels.
    pub column: Column,
    /// Its parents' labels: 6 base, then 8 expander parents.
    pub parents: Vec<Column>,
}

/// The openings that one SNARK covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionProof {
    /// Root of the columns.
    pub comm_c: Node,
    /// Root of the replica.
    pub comm_r_last: Node,
    /// One per challenge.
    pub openings: Vec<Opening>,
}
