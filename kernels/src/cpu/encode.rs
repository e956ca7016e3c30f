//! Adding and taking a key, on canonical bytes: no Montgomery form, four words and a carry.

use rayon::prelude::*;

use super::field::{canonical, minus, plus, settle, to_node, Words, MODULUS};
use super::CHUNK_LEN;
use crate::{Error, Node, Result};

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
    let first_bad = chunks.find_map_first(|(chunk, (key, nodes))| {
        for (offset, (key, node)) in key.iter().zip(nodes).enumerate() {
            let index = chunk * CHUNK_LEN + offset;
            let Some(key) = canonical(key) else {
                return Some(Error::NotCanonical { what: "key", index });
            };
            let Some(old) = canonical(node) else {
                return Some(Error::NotCanonical { what, index });
            };
            *node = to_node(operation(old, key));
        }
        None
    });
    first_bad.map_or(Ok(()), Err)
}

/// `a + b mod r`, for a and b below r: the sum of two numbers of 255 bits fits 256.
fn add(a: Words, b: Words) -> Words {
    settle(plus(a, b))
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
