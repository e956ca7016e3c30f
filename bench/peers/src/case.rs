//! One sector to seal on both sides.

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    registered::SealProof,
    replica_id::{PorepId, ProverId, Seed, Ticket},
};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

/// Everything that a sector and its proof follow from.
#[derive(Clone, Debug)]
pub struct Case {
    /// Size and all that follows from it.
    pub geometry: &'static Geometry,
    /// Version of the graph.
    pub seal_proof: SealProof,
    /// Seeds the graph.
    pub porep_id: PorepId,
    /// Who seals.
    pub prover_id: ProverId,
    /// The sector's number.
    pub sector: u64,
    /// Randomness before PreCommit.
    pub ticket: Ticket,
    /// Randomness before Commit.
    pub seed: Seed,
    /// Client data as it arrives, each piece 127·2ᵏ bytes; with the zeros that align them they fill the
    /// sector.
    pub pieces: Vec<Vec<u8>>,
}

impl Case {
    /// A sector of random data and random identity; the same for the same `n`.
    ///
    /// The porep id is random too, so that every case has a graph of its own. (The reference's cache of
    /// parents is named by the porep id alone: two versions of one porep id would share a file.)
    pub fn random(n: u64, sector_size: SectorSize, seal_proof: SealProof) -> Case {
        let mut rng = ChaCha8Rng::seed_from_u64(n);
        Case {
            geometry: Geometry::of(sector_size),
            seal_proof,
            porep_id: PorepId(random(&mut rng)),
            prover_id: ProverId(random(&mut rng)),
            sector: rng.next_u64(),
            ticket: Ticket(random(&mut rng)),
            seed: Seed(random(&mut rng)),
            pieces: pieces(&mut rng, sector_size.unpadded_bytes()),
        }
    }

    /// The same sector with the porep id that the chain registers for its size and version.
    pub fn registered(self) -> Case {
        let porep_id = self.seal_proof.porep_id(self.geometry.sector_size);
        Case { porep_id, ..self }
    }
}

/// 32 random bytes.
pub fn random(rng: &mut impl RngCore) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// One piece that fills the sector, or three with a gap before the second.
fn pieces(rng: &mut impl RngCore, unpadded_size: u64) -> Vec<Vec<u8>> {
    let sixteenths: &[u64] = if rng.next_u32().is_multiple_of(2) {
        &[16]
    } else {
        &[1, 4, 8]
    };
    let piece = |sixteenths: &u64| {
        let mut bytes = vec![0; (unpadded_size / 16 * sixteenths) as usize];
        rng.fill_bytes(&mut bytes);
        bytes
    };
    sixteenths.iter().map(piece).collect()
}
