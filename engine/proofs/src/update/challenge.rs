//! What is asked: the nodes that an update must open, and the numbers that follow from a sector's size.

use kernels::{Fr, Node};

use super::draw;
use crate::{geometry::Geometry, Error, Result};

/// Bits of a digest that challenges are cut from.
const DIGEST_BITS: usize = 254;

/// What follows for an update from the size of its sector.
///
/// Source: `storage-proofs-update` 19.1, `constants.rs`; the formulas hold for every size of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Leaves of tree D: a power of two.
    pub n_nodes: usize,
    /// SNARKs in a proof: each is asked about its own share of the nodes.
    pub n_partitions: usize,
    /// Challenges that one of them answers.
    pub n_challenges: usize,
    /// Nodes of tree D, in one row, that stand over a partition's share.
    pub n_apex_leaves: usize,
    /// How many leading bits of a node's number may choose its factor; a proof says which of the six it takes.
    pub high_lens: [usize; 6],
}

/// The one of [`Rules::high_lens`] that encoding takes.
const HIGH: usize = 3;

impl Rules {
    /// The rules for a geometry.
    pub fn of(geometry: &Geometry) -> Rules {
        let n_nodes = geometry.n_nodes();
        let is_small = n_nodes <= 1 << 10;
        Rules {
            n_nodes,
            n_partitions: match n_nodes.ilog2() {
                ..=8 => 1,
                9..=10 => 2,
                11..=19 => 4,
                20.. => 16,
            },
            n_challenges: if n_nodes <= 1 << 19 { 10 } else { 86 },
            n_apex_leaves: if n_nodes <= 1 << 8 { 8 } else { 128 },
            high_lens: if is_small { [1; 6] } else { [7, 8, 9, 10, 11, 12] },
        }
    }

    /// The rules of the variant whose data stand under a Poseidon tree: one partition answers everything.
    pub fn of_poseidon(geometry: &Geometry) -> Rules {
        let rules = Rules::of(geometry);
        Rules {
            n_partitions: 1,
            n_challenges: rules.n_challenges * rules.n_partitions,
            n_apex_leaves: 1,
            ..rules
        }
    }

    /// Leading bits of a node's number that choose its factor.
    pub fn high_len(&self) -> usize {
        self.high_lens[HIGH]
    }

    /// The public word that says which of the six it is: one bit, at its first place among them.
    pub fn high_select(&self) -> u64 {
        let first = self.high_lens.iter().position(|len| *len == self.high_len());
        1 << first.expect("it is one of the six")
    }

    /// Factors of an encoding.
    pub fn n_factors(&self) -> usize {
        1 << self.high_len()
    }

    /// Nodes that share a factor.
    pub fn run_len(&self) -> usize {
        self.n_nodes / self.n_factors()
    }

    /// Bits of a partition's number.
    pub fn partition_len(&self) -> usize {
        self.n_partitions.ilog2() as usize
    }

    /// Bits of a challenge that are drawn; those above them are the partition's number.
    pub fn drawn_len(&self) -> usize {
        self.n_nodes.ilog2() as usize - self.partition_len()
    }

    /// Rows of tree D below the apex leaves.
    pub fn apex_height(&self) -> usize {
        self.drawn_len() - self.n_apex_leaves.ilog2() as usize
    }

    /// Challenges that are cut from one digest.
    pub fn challenges_per_digest(&self) -> usize {
        DIGEST_BITS / self.drawn_len()
    }

    /// Digests that a partition's challenges are cut from.
    pub fn digests_per_partition(&self) -> usize {
        self.n_challenges.div_ceil(self.challenges_per_digest())
    }

    /// The public input that names partition and factors: `k + 2^partition_len · high_select`.
    pub fn selector(&self, k: usize) -> u64 {
        k as u64 | self.high_select() << self.partition_len()
    }

    /// The nodes that partition k must open.
    ///
    /// Digest j is `H(comm_r_new, k·digests_per_partition + j)`; its bits, the lowest first, are the challenges'.
    ///
    /// # Errors
    /// When comm_r_new is not canonical.
    pub fn challenges(&self, comm_r_new: Node, k: usize) -> Result<Vec<u64>> {
        let first = k * self.digests_per_partition();
        let mut challenges = Vec::with_capacity(self.n_challenges);
        for j in 0..self.digests_per_partition() {
            let digest = draw(comm_r_new, Fr::from((first + j) as u64).into());
            let digest = digest.ok_or(Error::Commitment { what: "comm_r_new" })?;
            let n = self
                .challenges_per_digest()
                .min(self.n_challenges - challenges.len());
            let drawn = (0..n).map(|i| bits(&digest, i * self.drawn_len(), self.drawn_len()));
            challenges.extend(drawn.map(|drawn| drawn | (k as u64) << self.drawn_len()));
        }
        Ok(challenges)
    }
}

/// `len` bits of a number, at most 64, from bit `first` on.
fn bits(number: &Node, first: usize, len: usize) -> u64 {
    let bit = |i: usize| u64::from(number.0[i / 8] >> (i % 8) & 1);
    (0..len).fold(0, |sum, i| sum | bit(first + i) << i)
}
