//! Adding and taking a key, on canonical bytes: no Montgomery form, four words and a carry.

use rayon::prelude::*;

use super::CHUNK_LEN;
use crate::{Error, Node, Result};

/// The modulus r of the scalar field, little-endian words.
pub(super) const MODULUS: [u64; 4] = [
    0xffff_ffff_0000_0001,
    0x53bd_a402_fffe_5bfe,
    0x3339_d808_09a1_d805,
    0x73ed_a753_299d_7d48,
];

pub(crate) fn encode(key: &[Node], data: &mut [Node]) -> Result<()> {
    zip(key, data, "data", add)
}

pub(crate) fn decode(key: &[Node], replica: &mut [Node]) -> Result<()> {
    zip(key, replica, "replica", subtract)
}

fn zip(
    key: &[Node],
    nodes: &mut [Node],
    what: &'static str,
    operation: fn(Words, Words) -> Words,
) -> Result<()> {
    assert_eq!(key.len(), nodes.len(), "key and {what}");
    let chunks = key
        .par_chunks(CHUNK_LEN)
        .zip(nodes.par_chunks_mut(CHUNK_LEN))
        .enumerate();
    chunks.try_for_each(|(chunk, (key, nodes))| {
        for (offset, (key, node)) in key.iter().zip(nodes).enumerate() {
            let index = chunk * CHUNK_LEN + offset;
            let key = canonical(*key).ok_or(Error::NotCanonical { what: "key", index })?;
            let old = canonical(*node).ok_or(Error::NotCanonical { what, index })?;
            *node = to_node(operation(old, key));
        }
        Ok(())
    })
}

type Words = [u64; 4];

fn canonical(node: Node) -> Option<Words> {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(node.0.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    let (_, below) = minus(words, MODULUS);
    below.then_some(words)
}

fn to_node(words: Words) -> Node {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    Node(bytes)
}

/// `a + b mod r`, for a and b below r: the sum of two numbers of 255 bits fits 256.
fn add(a: Words, b: Words) -> Words {
    let sum = plus(a, b);
    let (reduced, below) = minus(sum, MODULUS);
    if below {
        sum
    } else {
        reduced
    }
}

/// `a − b mod r`, for a and b below r.
fn subtract(a: Words, b: Words) -> Words {
    let (difference, borrow) = minus(a, b);
    if borrow {
        plus(difference, MODULUS)
    } else {
        difference
    }
}

fn plus(a: Words, b: Words) -> Words {
    let mut sum = [0; 4];
    let mut carry = false;
    for i in 0..4 {
        let (partial, over) = a[i].overflowing_add(b[i]);
        let (full, more) = partial.overflowing_add(u64::from(carry));
        sum[i] = full;
        carry = over | more;
    }
    sum
}

fn minus(a: Words, b: Words) -> (Words, bool) {
    let mut difference = [0; 4];
    let mut borrow = false;
    for i in 0..4 {
        let (partial, under) = a[i].overflowing_sub(b[i]);
        let (full, more) = partial.overflowing_sub(u64::from(borrow));
        difference[i] = full;
        borrow = under | more;
    }
    (difference, borrow)
}
