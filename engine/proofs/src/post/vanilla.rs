//! The answer in the open.

use kernels::Node;

use crate::path::Path;

/// A sector's answer to its challenges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectorProof {
    /// Root of columns and replica: what the chain knows the sector by.
    pub comm_r: Node,
    /// Root of the columns.
    pub comm_c: Node,
    /// Root of the replica.
    pub comm_r_last: Node,
    /// The challenged nodes of the replica, up tree R-last.
    pub openings: Vec<Path>,
}
