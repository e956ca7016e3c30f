//! What is asked: the nodes that a PoRep must open.

use std::ops::Range;

use blake2b_simd::Params;
use chacha20::{
    cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
    ChaCha20,
};
use kernels::Node;
use sha2::{Digest, Sha256};

use super::vanilla::Statement;
use crate::{
    geometry::Geometry,
    registered::{Feature, SealProof},
    replica_id::Seed,
};

/// Where the challenges of a PoRep come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenges {
    /// From the chain's seed.
    Interactive(Seed),
    /// From a set that follows from the replica; the chain's seed selects among them.
    Synthetic(Seed),
    /// From the replica alone.
    NonInteractive,
}

impl Challenges {
    /// Those of a registered seal proof; a non-interactive one has no use for the seed.
    pub fn of(proof: SealProof, seed: Seed) -> Challenges {
        match proof.feature() {
            None => Challenges::Interactive(seed),
            Some(Feature::SyntheticPorep) => Challenges::Synthetic(seed),
            Some(Feature::NonInteractivePorep) => Challenges::NonInteractive,
        }
    }

    /// SNARKs that answer them all.
    pub fn n_partitions(&self, geometry: &Geometry) -> usize {
        match self {
            Challenges::Interactive(_) | Challenges::Synthetic(_) => geometry.porep_partitions,
            Challenges::NonInteractive => geometry.ni_porep_partitions,
        }
    }

    /// The nodes that partition k opens.
    pub fn of_partition(&self, statement: &Statement, k: usize) -> Vec<u64> {
        let Statement {
            geometry,
            replica_id,
            comm_r,
            ..
        } = *statement;
        let (numbers, n_nodes) = (numbers(geometry, k), geometry.n_nodes());
        match self {
            Challenges::Interactive(seed) => interactive(replica_id, seed, n_nodes, numbers),
            Challenges::Synthetic(seed) => {
                let set = Synthetic::new(replica_id, comm_r, n_nodes);
                let selected = selected(replica_id, seed, n_nodes, numbers);
                selected.into_iter().map(|number| set.challenge(number)).collect()
            }
            Challenges::NonInteractive => non_interactive(replica_id, comm_r, n_nodes, numbers),
        }
    }
}

/// The numbers of partition k's challenges among all.
pub(super) fn numbers(geometry: &Geometry, k: usize) -> Range<u32> {
    let n_challenges = geometry.porep_challenges;
    (k * n_challenges) as u32..((k + 1) * n_challenges) as u32
}

/// The challenges of interactive PoRep, for a range of their numbers.
///
/// `c_j = SHA256(replica_id ‖ seed ‖ u32le(j)) mod (n − 1) + 1`, the digest read as a little-endian integer:
/// node 0 is never asked for. Partition k of a geometry answers `k·porep_challenges .. (k + 1)·porep_challenges`.
///
/// # Panics
/// When there are fewer than two nodes.
pub fn interactive(replica_id: Node, seed: &Seed, n_nodes: usize, numbers: Range<u32>) -> Vec<u64> {
    let prefix = Sha256::new().chain_update(replica_id.0).chain_update(seed.0);
    hashed(prefix, n_nodes, numbers)
}

/// The challenges of non-interactive PoRep, for a range of their numbers.
///
/// As the [`interactive`] ones, from `SHA256(tag ‖ replica_id ‖ comm_r ‖ u32le(j))`.
///
/// # Panics
/// When there are fewer than two nodes.
pub fn non_interactive(replica_id: Node, comm_r: Node, n_nodes: usize, numbers: Range<u32>) -> Vec<u64> {
    let prefix = Sha256::new()
        .chain_update("filecoin.io|PoRep|1|NonInteractive|1")
        .chain_update(replica_id.0)
        .chain_update(comm_r.0);
    hashed(prefix, n_nodes, numbers)
}

fn hashed(prefix: Sha256, n_nodes: usize, numbers: Range<u32>) -> Vec<u64> {
    let challenge = |j: u32| {
        to_node(
            prefix.clone().chain_update(j.to_le_bytes()).finalize().into(),
            n_nodes,
        )
    };
    numbers.map(challenge).collect()
}

/// Keys the digest that the synthetic challenges come from.
const GENERATION: &[u8] = b"filecoin.io|PoRep|1|Synthetic|1|Generation";
/// Keys the digest that the selection comes from.
const SELECTION: &[u8] = b"filecoin.io|PoRep|1|Synthetic|1|Selection";
/// Synthetic challenges of a large sector; a small one has as many as nodes.
const MAX_SYNTHETIC: usize = 1 << 18;

/// How many synthetic challenges a sector of so many nodes has: `min(n, 2¹⁸)`.
pub fn n_synthetic(n_nodes: usize) -> usize {
    n_nodes.min(MAX_SYNTHETIC)
}

/// The synthetic challenges of a replica: all that a seed can select, known as soon as it is sealed.
///
/// Challenge i is bytes 32·i to 32·i + 32 of a ChaCha20 keystream, as a little-endian integer `mod (n − 1) + 1`.
/// The key is the BLAKE2b-256 digest of `replica_id ‖ comm_r`, keyed with a tag.
#[derive(Clone, Debug)]
pub struct Synthetic {
    key: [u8; 32],
    n_nodes: usize,
}

impl Synthetic {
    /// Those of a replica.
    pub fn new(replica_id: Node, comm_r: Node, n_nodes: usize) -> Synthetic {
        Synthetic {
            key: key(GENERATION, replica_id, comm_r.0),
            n_nodes,
        }
    }

    /// The challenge with a number.
    ///
    /// # Panics
    /// When there is none with that number, or there are fewer than two nodes.
    pub fn challenge(&self, number: u32) -> u64 {
        let n = n_synthetic(self.n_nodes);
        assert!((number as usize) < n, "there are {n} synthetic challenges");
        let mut digest = [0; 32];
        keystream(&self.key, number * 32).apply_keystream(&mut digest);
        to_node(digest, self.n_nodes)
    }

    /// All of them, in their order.
    pub fn all(&self) -> Vec<u64> {
        let numbers = 0..n_synthetic(self.n_nodes) as u32;
        numbers.map(|number| self.challenge(number)).collect()
    }
}

/// Which synthetic challenges a seed selects, for a range of the selection's numbers.
///
/// `i_j = u32le(keystream[4·j .. 4·j + 4]) mod n_synthetic`, the keystream's key being the keyed BLAKE2b-256
/// digest of `replica_id ‖ seed`. One may be selected twice.
pub fn selected(replica_id: Node, seed: &Seed, n_nodes: usize, numbers: Range<u32>) -> Vec<u32> {
    let mut keystream = keystream(&key(SELECTION, replica_id, seed.0), numbers.start * 4);
    let modulus = n_synthetic(n_nodes) as u32;
    let select = |_| {
        let mut word = [0; 4];
        keystream.apply_keystream(&mut word);
        u32::from_le_bytes(word) % modulus
    };
    numbers.map(select).collect()
}

/// The key of a keystream: `BLAKE2b-256(replica_id ‖ suffix)`, keyed with a tag.
fn key(tag: &[u8], replica_id: Node, suffix: [u8; 32]) -> [u8; 32] {
    let mut params = Params::new();
    let mut state = params.hash_length(32).key(tag).to_state();
    let digest = state.update(&replica_id.0).update(&suffix).finalize();
    digest.as_bytes().try_into().expect("so many were asked for")
}

/// A ChaCha20 keystream from one of its bytes on.
fn keystream(key: &[u8; 32], from: u32) -> ChaCha20 {
    let mut keystream = ChaCha20::new(key.into(), b"synth-porep\0".into());
    keystream.seek(from);
    keystream
}

/// Maps 32 bytes to a node other than node 0.
fn to_node(digest: [u8; 32], n_nodes: usize) -> u64 {
    assert!(1 < n_nodes, "a graph of {n_nodes} nodes has none to open");
    let modulus = n_nodes as u128 - 1;
    let (words, _) = digest.as_chunks::<8>();
    // Long division, most significant word first.
    let rest = words.iter().rev().fold(0, |rest, &word| {
        (rest << 64 | u64::from_le_bytes(word) as u128) % modulus
    });
    rest as u64 + 1
}
