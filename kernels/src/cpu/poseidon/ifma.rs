//! The arithmetic of processors with AVX-512 IFMA: eight states side by side, or twice eight, so that the
//! processor always has a product to begin while it waits for another.

use ff::Field as _;

use super::portable::Portable;
use super::{tables, Constant, Constants, Field, Hasher, Tables, MAX_ARITY};
use crate::cpu::field::Words;
use crate::cpu::lanes::fr::{Lanes, Limbs, Sum};
use crate::cpu::lanes::{Ifma, N_LANES};
use crate::{Fr, Node};

/// Eight states side by side.
#[derive(Clone, Copy)]
struct Eight(Ifma);

/// Digests that go together where there are enough.
const SIXTEEN: usize = 2 * N_LANES;

/// Two eights.
#[derive(Clone, Copy)]
struct Sixteen(Ifma);

static TABLES: Tables<Constants<Limbs>> = tables();

impl Constant for Limbs {
    fn radix() -> Fr {
        Fr::from(2).pow([260])
    }

    fn new(number: Words) -> Limbs {
        Limbs::new(number)
    }
}

// The functions of `Field` are inlined into those of `Lot`, which are compiled for the instructions.

impl Field for Eight {
    type Constant = Limbs;
    /// Carried, below 5·r; the output of an S-box below 2.2·r, and elements that stand below 4·r.
    type Value = Lanes;

    #[inline(always)]
    fn value(self, constant: &Limbs) -> Lanes {
        Lanes::all(constant)
    }

    #[inline(always)]
    fn dot(self, constants: &[Limbs], values: &[Lanes]) -> Lanes {
        dot(Sum::ZERO, constants, values.iter())
    }

    #[inline(always)]
    fn added(self, start: Lanes, constants: &[Limbs], values: &[Lanes]) -> Lanes {
        dot(Sum::of(&start), constants, values.iter())
    }

    #[inline(always)]
    fn updated(self, start: Lanes, constants: &[Limbs], values: &[Lanes]) -> Lanes {
        updated(start, constants, values.iter())
    }

    #[inline(always)]
    fn quintic(self, x: Lanes, key: &Limbs) -> Lanes {
        let square = x.square().carried();
        fifth(square.square().carried(), x, key)
    }
}

impl Field for Sixteen {
    type Constant = Limbs;
    /// As for [`Eight`].
    type Value = (Lanes, Lanes);

    #[inline(always)]
    fn value(self, constant: &Limbs) -> (Lanes, Lanes) {
        (Lanes::all(constant), Lanes::all(constant))
    }

    #[inline(always)]
    fn dot(self, constants: &[Limbs], values: &[(Lanes, Lanes)]) -> (Lanes, Lanes) {
        let first = dot(Sum::ZERO, constants, values.iter().map(|(value, _)| value));
        let second = dot(Sum::ZERO, constants, values.iter().map(|(_, value)| value));
        (first, second)
    }

    #[inline(always)]
    fn added(
        self,
        (start, other): (Lanes, Lanes),
        constants: &[Limbs],
        values: &[(Lanes, Lanes)],
    ) -> (Lanes, Lanes) {
        let first = dot(Sum::of(&start), constants, values.iter().map(|(value, _)| value));
        let second = dot(Sum::of(&other), constants, values.iter().map(|(_, value)| value));
        (first, second)
    }

    #[inline(always)]
    fn updated(
        self,
        (start, other): (Lanes, Lanes),
        constants: &[Limbs],
        values: &[(Lanes, Lanes)],
    ) -> (Lanes, Lanes) {
        let first = updated(start, constants, values.iter().map(|(value, _)| value));
        (
            first,
            updated(other, constants, values.iter().map(|(_, value)| value)),
        )
    }

    #[inline(always)]
    fn quintic(self, (x, y): (Lanes, Lanes), key: &Limbs) -> (Lanes, Lanes) {
        let squares = (x.square().carried(), y.square().carried());
        let fourths = (squares.0.square().carried(), squares.1.square().carried());
        (fifth(fourths.0, x, key), fifth(fourths.1, y, key))
    }
}

/// Eleven products of 4·r and five of 2.2·r with constants come to 1.6·r; the division adds r, and a start what
/// it is.
#[inline(always)]
fn dot<'a>(start: Sum, constants: &[Limbs], values: impl Iterator<Item = &'a Lanes>) -> Lanes {
    sum(start, constants, values).divided().carried()
}

/// Below 1.001·r.
#[inline(always)]
fn updated<'a>(start: Lanes, constants: &[Limbs], values: impl Iterator<Item = &'a Lanes>) -> Lanes {
    sum(Sum::of(&start), constants, values).divided().reduced()
}

#[inline(always)]
fn sum<'a>(start: Sum, constants: &[Limbs], values: impl Iterator<Item = &'a Lanes>) -> Sum {
    let mut sum = start;
    for (constant, value) in constants.iter().zip(values) {
        sum.add_product(&Lanes::all(constant), value);
    }
    sum
}

/// The square of 5·r is below 1.8·r, the fourth power below 1.1·r, and the fifth with its key below 2.2·r.
#[inline(always)]
fn fifth(fourth: Lanes, x: Lanes, key: &Limbs) -> Lanes {
    let mut sum = Sum::of(&Lanes::all(key));
    sum.add_product(&fourth, &x);
    sum.divided().carried()
}

/// Eight preimages and their digests.
struct Lot<'a> {
    preimages: &'a [Node],
    digests: &'a mut [Node],
}

impl Lot<'_> {
    /// The numbers of each preimage in a lane, and whether they are canonical.
    #[inline(always)]
    fn load(&self, numbers: &mut [Lanes]) -> bool {
        let arity = numbers.len();
        assert_eq!(self.preimages.len(), N_LANES * arity);
        let mut are_canonical = true;
        for (i, number) in numbers.iter_mut().enumerate() {
            // SAFETY: each of eight preimages has so many nodes, and a node is four words, wherever it lies.
            *number = unsafe { Lanes::load(self.preimages[i..].as_ptr().cast(), arity) };
            are_canonical &= number.are_settled();
        }
        are_canonical
    }

    #[inline(always)]
    fn store(self, digests: Lanes) {
        assert_eq!(self.digests.len(), N_LANES);
        // SAFETY: eight nodes of four words, wherever they lie.
        unsafe { digests.settled().store(self.digests.as_mut_ptr().cast(), 1) };
    }

    /// Whether the preimages are canonical; otherwise there are no digests.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn digest(self, ifma: Ifma, constants: &Constants<Limbs>) -> bool {
        let mut numbers = [Lanes::ZERO; MAX_ARITY];
        let numbers = &mut numbers[..constants.width - 1];
        let are_canonical = self.load(numbers);
        if are_canonical {
            self.store(constants.digest(Eight(ifma), numbers));
        }
        are_canonical
    }

    /// The same for two.
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn digest_with(self, other: Lot<'_>, ifma: Ifma, constants: &Constants<Limbs>) -> bool {
        let arity = constants.width - 1;
        let mut numbers = [[Lanes::ZERO; MAX_ARITY]; 2];
        let [first, second] = &mut numbers;
        let are_canonical = self.load(&mut first[..arity]) & other.load(&mut second[..arity]);
        if are_canonical {
            let mut pairs = [(Lanes::ZERO, Lanes::ZERO); MAX_ARITY];
            for (pair, (first, second)) in pairs.iter_mut().zip(first.iter().zip(second.iter())) {
                *pair = (*first, *second);
            }
            let digests = constants.digest(Sixteen(ifma), &pairs[..arity]);
            self.store(digests.0);
            other.store(digests.1);
        }
        are_canonical
    }
}

impl Ifma {
    /// Whether 8 or 16 preimages are canonical, and then their digests; fewer are none.
    fn digest(self, constants: &Constants<Limbs>, preimages: &[Node], digests: &mut [Node]) -> bool {
        if digests.len() < N_LANES {
            return false;
        }
        let (first, second) = preimages.split_at(preimages.len().min(N_LANES * (constants.width - 1)));
        let (first_digests, second_digests) = digests.split_at_mut(N_LANES);
        let lot = Lot {
            preimages: first,
            digests: first_digests,
        };
        if second.is_empty() {
            // SAFETY: `self` proves that the instructions are there.
            return unsafe { lot.digest(self, constants) };
        }
        let other = Lot {
            preimages: second,
            digests: second_digests,
        };
        // SAFETY: as above.
        unsafe { lot.digest_with(other, self, constants) }
    }
}

impl Hasher for Ifma {
    fn hash(&self, table: usize, preimages: &[Node], digests: &mut [Node]) -> Result<(), usize> {
        let constants = &*TABLES[table];
        let arity = constants.width - 1;
        let mut done = 0;
        while done < digests.len() {
            let len = match digests.len() - done {
                rest @ ..N_LANES => rest,
                N_LANES..SIXTEEN => N_LANES,
                _ => SIXTEEN,
            };
            let (preimages, digests) = (
                &preimages[done * arity..][..len * arity],
                &mut digests[done..done + len],
            );
            let is_done = if (2..N_LANES).contains(&len) {
                let (mut padded, mut eight) = ([Node::ZERO; N_LANES * MAX_ARITY], [Node::ZERO; N_LANES]);
                padded[..preimages.len()].copy_from_slice(preimages);
                let is_done = self.digest(constants, &padded[..N_LANES * arity], &mut eight);
                digests.copy_from_slice(&eight[..len]);
                is_done
            } else {
                self.digest(constants, preimages, digests)
            };
            // A single one, which costs less so; or one that is not canonical must be found.
            if !is_done {
                let hashed = Portable.hash(table, preimages, digests);
                hashed.map_err(|index| done * arity + index)?;
            }
            done += len;
        }
        Ok(())
    }
}
