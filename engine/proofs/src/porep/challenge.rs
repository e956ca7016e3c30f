//! What is asked: the nodes that a PoRep must open.

use std::ops::Range;

use sha2::{Digest, Sha256};

use kernels::Node;

use crate::replica_id::Seed;

/// The challenges of interactive PoRep, for a range of their numbers.
///
/// `c_j = SHA256(replica_id ‖ seed ‖ u32le(j)) mod (n − 1) + 1`, the digest read as a little-endian integer:
/// node 0 is never asked for. Partition k of a geometry answers `k·porep_challenges .. (k + 1)·porep_challenges`.
///
/// # Panics
/// When there are fewer than two nodes.
pub fn interactive(replica_id: Node, seed: &Seed, n_nodes: usize, numbers: Range<u32>) -> Vec<u64> {
    let prefix = Sha256::new().chain_update(replica_id.0).chain_update(seed.0);
    let challenge = |j: u32| {
        to_node(
            prefix.clone().chain_update(j.to_le_bytes()).finalize().into(),
            n_nodes,
        )
    };
    numbers.map(challenge).collect()
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
