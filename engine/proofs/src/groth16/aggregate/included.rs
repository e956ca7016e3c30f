//! What an aggregate is bound to besides its proofs.

use kernels::Node;
use sha2::{Digest, Sha256};

use crate::replica_id::Seed;

/// A digest that enters the transcript: of what a prover could still have chosen in the statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Included(pub [u8; 32]);

/// What a replica update claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateStatement {
    /// Which of the encoding's constants the new data takes part in: the h of *EmptySectorUpdate*.
    pub h: u8,
    /// The sector before.
    pub comm_r_old: Node,
    /// The sector after.
    pub comm_r_new: Node,
    /// The data that came in.
    pub comm_d_new: Node,
}

impl Included {
    /// Interactive PoRep, sector by sector: `SHA256(seed ‖ comm_r ‖ …)`.
    pub fn interactive(sectors: &[(Seed, Node)]) -> Included {
        Included::of(sectors.iter().flat_map(|(seed, comm_r)| [&seed.0[..], &comm_r.0]))
    }

    /// Non-interactive PoRep, which has no seed: `SHA256(comm_r ‖ …)`.
    pub fn non_interactive(comm_rs: &[Node]) -> Included {
        Included::of(comm_rs.iter().map(|comm_r| &comm_r.0[..]))
    }

    /// Replica updates: `SHA256(u8(h) ‖ comm_r_old ‖ comm_r_new ‖ comm_d_new ‖ …)`.
    pub fn updates(sectors: &[UpdateStatement]) -> Included {
        Included::of(sectors.iter().flat_map(|sector| {
            [
                std::slice::from_ref(&sector.h),
                &sector.comm_r_old.0,
                &sector.comm_r_new.0,
                &sector.comm_d_new.0,
            ]
        }))
    }

    fn of<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Included {
        let sha256 = parts.fold(Sha256::new(), |sha256, part| sha256.chain_update(part));
        Included(sha256.finalize().into())
    }
}
