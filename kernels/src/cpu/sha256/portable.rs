//! SHA-256 on any processor: one message after the other.

use generic_array::GenericArray;
use sha2::compress256;

use super::INITIAL;
use crate::Node;

pub(super) fn hash(preimages: &[Node], digests: &mut [Node]) {
    // A message of one block ends with a block that holds only the end mark and its length of 512 bits.
    let mut padding = GenericArray::from([0; 64]);
    padding[0] = 0x80;
    padding[62] = 0x02;
    for (pair, digest) in preimages.chunks_exact(2).zip(digests) {
        let mut state = INITIAL;
        let block = *GenericArray::from_slice(Node::bytes(pair));
        compress256(&mut state, &[block, padding]);
        *digest = node(&state);
    }
}

/// The digest of a final state, cut to 254 bits.
pub(in crate::cpu) fn node(state: &[u32; 8]) -> Node {
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    Node::truncated(digest)
}
