//! Replica updates (SnapDeals): data goes into a sector that was sealed empty, without labelling anew.
//!
//! The old replica is the key. `φ = H(comm_d_new, comm_r_old)` binds the update to data and key, and
//! `ρ(high) = H(φ, high)` is one factor for all nodes that have the same leading bits:
//!
//! * encode: `new[v] = old[v] + data[v]·ρ(high(v))`
//! * decode: `data[v] = (new[v] − old[v]) / ρ(high(v))`
//! * remove: `old[v] = new[v] − data[v]·ρ(high(v))`
//!
//! The columns stay what they are: `comm_r_new = H(comm_c ‖ comm_r_last_new)`. A proof opens, in the old replica,
//! the data and the new replica, the nodes that comm_r_new asks for.

pub mod challenge;
pub mod circuit;
mod encoding;
mod partition;
pub mod sector;
pub mod vanilla;

use kernels::{Fr, Hash, Node};

pub use challenge::Rules;
pub use encoding::Encoding;

use crate::{path::digest, Error, Result};

/// The randomness that all factors of an update come from: `φ = H(comm_d_new, comm_r_old)`.
///
/// # Errors
/// When one of the two is not canonical.
pub fn phi(comm_d_new: Node, comm_r_old: Node) -> Result<Node> {
    for (what, root) in [("comm_d_new", comm_d_new), ("comm_r_old", comm_r_old)] {
        root.to_fr().ok_or(Error::Commitment { what })?;
    }
    Ok(draw(comm_d_new, comm_r_old).expect("both are canonical"))
}

/// The factor of the nodes whose leading bits are `high`: `ρ = H(φ, high)`.
///
/// # Errors
/// When φ is not canonical.
pub fn rho(phi: Node, high: u64) -> Result<Fr> {
    let rho = draw(phi, Fr::from(high).into()).ok_or(Error::Commitment { what: "phi" })?;
    Ok(rho.to_fr().expect("a digest is canonical"))
}

/// A number drawn from two; `None` when one is not canonical.
fn draw(from: Node, number: Node) -> Option<Node> {
    digest(Hash::Poseidon2Custom, &[from, number])
}
