//! SHA-256 of pairs of nodes.

use generic_array::GenericArray;
use rayon::prelude::*;
use sha2::compress256;

use super::CHUNK_LEN;
use crate::{Level, Node};

/// The initial state of SHA-256 (FIPS 180-4, section 5.3.3).
pub(super) const INITIAL: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// `digests[i] = SHA256(preimages[2i] ‖ preimages[2i + 1])`, cut to 254 bits.
pub(super) fn hash(_: Level, preimages: &[Node], digests: &mut [Node]) {
    // A message of one block ends with a block that holds only the end mark and its length of 512 bits.
    let mut padding = GenericArray::from([0; 64]);
    padding[0] = 0x80;
    padding[62] = 0x02;
    preimages
        .par_chunks(2 * CHUNK_LEN)
        .zip(digests.par_chunks_mut(CHUNK_LEN))
        .for_each(|(preimages, digests)| {
            for (pair, digest) in preimages.chunks_exact(2).zip(digests) {
                let mut state = INITIAL;
                let block = *GenericArray::from_slice(Node::bytes(pair));
                compress256(&mut state, &[block, padding]);
                *digest = node(&state);
            }
        });
}

/// The digest of a final state, cut to 254 bits.
pub(super) fn node(state: &[u32; 8]) -> Node {
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    Node::truncated(digest)
}
