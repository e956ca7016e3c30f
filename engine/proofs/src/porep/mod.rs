//! Proof of replication: what is asked, the answer in the open, and the answer in R1CS.

pub mod aggregate;
mod audit;
pub mod challenge;
pub mod circuit;
pub mod commit1;
pub mod sector;
pub mod synthetic;
mod unseal;
pub mod vanilla;

use kernels::{Hash, Node};

pub use audit::audit;
pub use unseal::unseal;
pub(crate) use unseal::{blame, decode_range};

use crate::{path::digest, Error, Result};

/// The root the chain remembers a replica by: `comm_r = H(comm_c ‖ comm_r_last)`.
///
/// It binds the labels to the replica they encoded, so that neither can be exchanged afterwards. Spec: *Stacked
/// DRG*, commitments.
///
/// # Errors
/// When one of the two is not canonical.
pub fn comm_r(comm_c: Node, comm_r_last: Node) -> Result<Node> {
    for (what, root) in [("comm_c", comm_c), ("comm_r_last", comm_r_last)] {
        root.to_fr().ok_or(Error::Commitment { what })?;
    }
    Ok(digest(Hash::Poseidon2, &[comm_c, comm_r_last]).expect("both are canonical"))
}
