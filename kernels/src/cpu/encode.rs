//! Adding and taking a key, on canonical bytes: four words and a carry, and for a factor one product.

use ff::Field;
use rayon::prelude::*;

use super::field::{canonical, minus, multiply, plus, settle, to_node, Words, MODULUS};
use super::CHUNK_LEN;
use crate::{Error, Factors, Fr, Level, Node, Result};

pub(crate) fn encode(_: Level, key: &[Node], data: &mut [Node]) -> Result<()> {
    zip(key, data, "data", |_, data, key| add(data, key))
}

pub(crate) fn decode(_: Level, key: &[Node], replica: &mut [Node]) -> Result<()> {
    zip(key, replica, "replica", |_, replica, key| subtract(replica, key))
}

pub(crate) fn encode_scaled(_: Level, key: &[Node], factors: Factors<'_>, data: &mut [Node]) -> Result<()> {
    let scale = Scale::new(factors, data.len());
    zip(key, data, "data", |i, data, key| add(scale.times(i, data), key))
}

pub(crate) fn decode_scaled(
    _: Level,
    key: &[Node],
    factors: Factors<'_>,
    replica: &mut [Node],
) -> Result<()> {
    let scale = Scale::new(factors, replica.len());
    zip(key, replica, "replica", |i, replica, key| {
        scale.times(i, subtract(replica, key))
    })
}

/// The factors of a slice, in Montgomery form: a product with a number as it lies on disk is one again.
struct Scale<'a> {
    factors: Factors<'a>,
    numbers: Vec<Words>,
}

impl Scale<'_> {
    fn new(factors: Factors<'_>, n_nodes: usize) -> Scale<'_> {
        let runs = factors.run(0)..factors.run(n_nodes.saturating_sub(1)) + 1;
        let radix = Fr::from(2).pow([256]);
        let number = |factor: &Fr| canonical(&(*factor * radix).into()).expect("an Fr is canonical");
        Scale {
            factors: Factors {
                first: factors.first % factors.run_len,
                ..factors
            },
            numbers: factors.factors[runs].iter().map(number).collect(),
        }
    }

    /// The number below r that node `i`, a number below r, times its factor is.
    #[inline(always)]
    fn times(&self, i: usize, number: Words) -> Words {
        settle(multiply(&number, &self.numbers[self.factors.run(i)]))
    }
}

fn zip(
    key: &[Node],
    nodes: &mut [Node],
    what: &'static str,
    operation: impl Fn(usize, Words, Words) -> Words + Sync,
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
            *node = to_node(operation(index, old, key));
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
