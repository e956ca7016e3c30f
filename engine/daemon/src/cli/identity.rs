//! Whose sector it is, in flags: the same for every verb that begins with a sector.

use clap::Args;
use engine_proofs::{
    geometry::SectorSize,
    registered::SealProof,
    replica_id::{PorepId, ProverId, Seed, Ticket},
};

use crate::sector::Identity;

/// The ticket where none is given: `lode development ticket`, then zeros.
const TICKET: Ticket = Ticket(*b"lode development ticket\0\0\0\0\0\0\0\0\0");
/// The seed where none is given: `lode development seed`, then zeros.
pub const SEED: Seed = Seed(*b"lode development seed\0\0\0\0\0\0\0\0\0\0\0");
/// The actor id where no prover id is given: the first that networks give to a provider.
const ACTOR: u64 = 1000;

/// Everything that a replica is bound to, but for its size and data.
#[derive(Debug, Args)]
pub struct Flags {
    /// Registered seal proof: v1 (the first graph), v1.1 (the graph of today's sectors), synthetic (v1.1, but what
    /// the seed may ask for is stored, and the layers are removed before the seed is known) or ni (non-interactive:
    /// v1.1 without a seed, but many more proofs, which are aggregated).
    #[arg(long, value_name = "PROOF", default_value_t = SealProof::V1_1)]
    seal_proof: SealProof,
    /// Who seals: an ID address (t01000, f01000) or its 32 bytes in hex. [default: t01000]
    #[arg(long, value_name = "ID", default_value_t = ProverId::from_actor_id(ACTOR), hide_default_value = true)]
    prover_id: ProverId,
    /// The provider's number of this sector.
    #[arg(long, value_name = "N", default_value_t = 1)]
    sector: u64,
    /// The chain's randomness before PreCommit: 32 bytes in hex.
    #[arg(long, value_name = "HEX", default_value_t = TICKET, hide_default_value = true)]
    ticket: Ticket,
    /// What seeds the graph: 32 bytes in hex. [default: the registered proof's]
    #[arg(long, value_name = "HEX")]
    porep_id: Option<PorepId>,
}

impl Flags {
    /// The identity of a sector of that size.
    pub fn of(&self, sector_size: SectorSize) -> Identity {
        let seal_proof = self.seal_proof;
        Identity {
            sector_size,
            seal_proof,
            porep_id: self.porep_id.unwrap_or_else(|| seal_proof.porep_id(sector_size)),
            prover_id: self.prover_id,
            sector: self.sector,
            ticket: self.ticket,
        }
    }
}
