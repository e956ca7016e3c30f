//! The arithmetic that every processor has: one state, four words to an element, in Montgomery form.

use ff::Field as _;

use super::{tables, Constant, Constants, Field, Hasher, Tables, MAX_ARITY};
use crate::cpu::field::{self, Sum, Words};
use crate::{Fr, Node};

/// One state at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable;

/// An element times `2²⁵⁶`.
#[derive(Clone, Copy)]
pub(super) struct Montgomery(Words);

static TABLES: Tables<Constants<Montgomery>> = tables();

impl Constant for Montgomery {
    fn radix() -> Fr {
        Fr::from(2).pow([256])
    }

    fn new(number: Words) -> Montgomery {
        Montgomery(number)
    }
}

impl Field for Portable {
    type Constant = Montgomery;
    /// Below 1.001·r.
    type Value = Words;

    #[inline(always)]
    fn value(self, constant: &Montgomery) -> Words {
        constant.0
    }

    #[inline(always)]
    fn dot(self, constants: &[Montgomery], values: &[Words]) -> Words {
        self.updated([0; 4], constants, values)
    }

    #[inline(always)]
    fn added(self, start: Words, constants: &[Montgomery], values: &[Words]) -> Words {
        self.updated(start, constants, values)
    }

    #[inline(always)]
    fn updated(self, start: Words, constants: &[Montgomery], values: &[Words]) -> Words {
        let mut sum = Sum::of(start);
        for (constant, value) in constants.iter().zip(values) {
            sum.add_product(&constant.0, value);
        }
        sum.reduce()
    }

    #[inline(always)]
    fn quintic(self, x: Words, key: &Montgomery) -> Words {
        // Below 1.46·r and 1.97·r: neither needs a subtraction.
        let square = field::multiply(&x, &x);
        let fourth = field::multiply(&square, &square);
        let mut sum = Sum::of(key.0);
        sum.add_product(&fourth, &x);
        sum.reduce()
    }
}

impl Hasher for Portable {
    fn hash(&self, table: usize, preimages: &[Node], digests: &mut [Node]) -> Result<(), usize> {
        let constants = &*TABLES[table];
        let arity = constants.width - 1;
        let mut numbers = [[0; 4]; MAX_ARITY];
        for (row, (preimage, digest)) in preimages.chunks(arity).zip(digests).enumerate() {
            for (i, (number, node)) in numbers.iter_mut().zip(preimage).enumerate() {
                *number = field::canonical(node).ok_or(row * arity + i)?;
            }
            let digested = constants.digest(*self, &numbers[..arity]);
            *digest = field::to_node(field::settle(digested));
        }
        Ok(())
    }
}
