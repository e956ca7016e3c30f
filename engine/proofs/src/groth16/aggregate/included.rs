//! What an aggregate is bound to besides its proofs.

use kernels::Node;
use sha2::{Digest, Sha256};

use crate::{
    replica_id::Seed,
    update::{challenge::Rules, vanilla::Statement},
};

/// A digest that enters the transcript: of what a prover could still have chosen in the statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Included(pub [u8; 32]);

impl Included {
    /// Interactive PoRep, sector by sector: `SHA256(seed ‖ comm_r ‖ …)`.
    pub fn interactive(sectors: &[(Seed, Node)]) -> Included {
        Included::of(sectors.iter().flat_map(|(seed, comm_r)| [&seed.0[..], &comm_r.0]))
    }

    /// Non-interactive PoRep, which has no seed: `SHA256(comm_r ‖ …)`.
    pub fn non_interactive(comm_rs: &[Node]) -> Included {
        Included::of(comm_rs.iter().map(|comm_r| &comm_r.0[..]))
    }

    /// Replica updates, sector by sector: `SHA256(u8(h) ‖ comm_r_old ‖ comm_r_new ‖ comm_d_new ‖ …)`, where h is
    /// the number of bits that choose a node's factor.
    pub fn updates(sectors: &[Statement]) -> Included {
        let high_lens: Vec<u8> = sectors
            .iter()
            .map(|sector| Rules::of(sector.geometry).high_len() as u8)
            .collect();
        Included::of(sectors.iter().zip(&high_lens).flat_map(|(sector, high_len)| {
            [
                std::slice::from_ref(high_len),
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
