//! The arithmetic of processors with AVX-512 IFMA: eight states side by side, five limbs of 52 bits to an
//! element, in Montgomery form.
//!
//! A limb may grow beyond 52 bits in a sum; it must be brought back before it is multiplied, because a
//! multiplication reads 52 bits. An element may exceed r: five limbs have room for 35·r.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_loadu_si512, _mm512_madd52hi_epu64,
    _mm512_madd52lo_epu64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_srli_epi64, _mm512_storeu_si512,
};

use ff::Field as _;

use super::portable::Portable;
use super::{tables, Constant, Constants, Field, Hasher, Tables, MAX_ARITY};
use crate::cpu::field::{self, Words, MODULUS};
use crate::cpu::Level;
use crate::{Fr, Node};

const N_LANES: usize = 8;
const N_LIMBS: usize = 5;
const LIMB_BITS: u32 = 52;
const LIMB: u64 = (1 << LIMB_BITS) - 1;

const MODULUS_LIMBS: [u64; N_LIMBS] = limbs(MODULUS);

/// `−r⁻¹ mod 2⁵²`.
const NEGATED_INVERSE: u64 = 0xf_fffe_ffff_ffff;

/// `2²⁵⁵ mod r`, which is `2²⁵⁵ − r`: the complement of r, and one.
const FOLD: [u64; N_LIMBS] = {
    let [a, b, c, d] = MODULUS;
    limbs([!a + 1, !b, !c, (!d) & (u64::MAX >> 1)])
};

/// Bits of the last limb below `2²⁵⁵`.
const LAST_BITS: u32 = 255 - 4 * LIMB_BITS;

/// Proof that this processor has the instructions, and may use them; whoever holds it may run them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ifma(());

impl Ifma {
    pub(super) fn of(level: Level) -> Option<&'static Ifma> {
        level.allows(Level::Ifma).then_some(&Ifma(()))
    }
}

/// An element times `2²⁶⁰`, the same in every lane.
#[derive(Clone, Copy)]
pub(super) struct Limbs([u64; N_LIMBS]);

/// An element times `2²⁶⁰` in each lane.
#[derive(Clone, Copy)]
pub(super) struct Lanes([__m512i; N_LIMBS]);

/// An unreduced sum of products: limbs of up to 64 bits.
type Sum = [__m512i; 2 * N_LIMBS];

static TABLES: Tables<Limbs> = tables();

impl Constant for Limbs {
    fn radix() -> Fr {
        Fr::from(2).pow([260])
    }

    fn new(number: Words) -> Limbs {
        Limbs(limbs(number))
    }
}

const fn limbs(number: Words) -> [u64; N_LIMBS] {
    let [a, b, c, d] = number;
    [
        a & LIMB,
        (a >> 52 | b << 12) & LIMB,
        (b >> 40 | c << 24) & LIMB,
        (c >> 28 | d << 36) & LIMB,
        d >> 16,
    ]
}

/// A number below 2²⁵⁶, from limbs of 52 bits.
const fn words(limbs: [u64; N_LIMBS]) -> Words {
    let [a, b, c, d, e] = limbs;
    [
        a | b << 52,
        b >> 12 | c << 40,
        c >> 24 | d << 28,
        d >> 36 | e << 16,
    ]
}

// SAFETY of all that follows: an `Ifma` exists only where `detect` found the instructions, and every
// function that runs them is reached only through one. They are inlined into `digest_lanes`, which is
// compiled for them.

#[inline(always)]
fn broadcast(limb: u64) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_set1_epi64(limb as i64) }
}

/// `sum + low 52 bits of a·b`.
#[inline(always)]
fn add_low(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_madd52lo_epu64(sum, a, b) }
}

/// `sum + a·b / 2⁵²`.
#[inline(always)]
fn add_high(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_madd52hi_epu64(sum, a, b) }
}

/// `sum + a / 2^BITS`.
#[inline(always)]
fn add_shifted<const BITS: u32>(sum: __m512i, a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_add_epi64(sum, _mm512_srli_epi64::<BITS>(a)) }
}

#[inline(always)]
fn low_bits(a: __m512i, mask: u64) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_and_si512(a, broadcast(mask)) }
}

#[inline(always)]
fn zero() -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_setzero_si512() }
}

#[inline(always)]
fn sum_of(high: &Lanes) -> Sum {
    let mut sum = [zero(); 2 * N_LIMBS];
    sum[N_LIMBS..].copy_from_slice(&high.0);
    sum
}

#[inline(always)]
fn add_product(sum: &mut Sum, a: &Lanes, b: &Lanes) {
    for i in 0..N_LIMBS {
        for j in 0..N_LIMBS {
            sum[i + j] = add_low(sum[i + j], a.0[i], b.0[j]);
        }
        for j in 0..N_LIMBS {
            sum[i + j + 1] = add_high(sum[i + j + 1], a.0[i], b.0[j]);
        }
    }
}

/// `sum / 2²⁶⁰ mod r`, by Montgomery, limbs not carried yet.
#[inline(always)]
fn divide(mut sum: Sum) -> Lanes {
    for i in 0..N_LIMBS {
        let factor = add_low(zero(), sum[i], broadcast(NEGATED_INVERSE));
        for (j, limb) in MODULUS_LIMBS.into_iter().enumerate() {
            sum[i + j] = add_low(sum[i + j], factor, broadcast(limb));
        }
        for (j, limb) in MODULUS_LIMBS.into_iter().enumerate() {
            sum[i + j + 1] = add_high(sum[i + j + 1], factor, broadcast(limb));
        }
        sum[i + 1] = add_shifted::<LIMB_BITS>(sum[i + 1], sum[i]);
    }
    Lanes([sum[5], sum[6], sum[7], sum[8], sum[9]])
}

/// Brings limbs back to 52 bits.
#[inline(always)]
fn carry(mut element: Lanes) -> Lanes {
    for i in 0..N_LIMBS - 1 {
        element.0[i + 1] = add_shifted::<LIMB_BITS>(element.0[i + 1], element.0[i]);
        element.0[i] = low_bits(element.0[i], LIMB);
    }
    element
}

/// Below 1.5·r, from an element of a few times r: what stands above 2²⁵⁵ comes down.
#[inline(always)]
fn fold(mut element: Lanes) -> Lanes {
    let above = add_shifted::<LAST_BITS>(zero(), element.0[4]);
    element.0[4] = low_bits(element.0[4], (1 << LAST_BITS) - 1);
    for (i, limb) in FOLD.into_iter().enumerate() {
        element.0[i] = add_low(element.0[i], above, broadcast(limb));
        if i + 1 < N_LIMBS {
            element.0[i + 1] = add_high(element.0[i + 1], above, broadcast(limb));
        }
    }
    carry(element)
}

impl Field for Ifma {
    type Constant = Limbs;
    /// Below 1.5·r.
    type Value = Lanes;

    #[inline(always)]
    fn value(self, constant: &Limbs) -> Lanes {
        Lanes([
            broadcast(constant.0[0]),
            broadcast(constant.0[1]),
            broadcast(constant.0[2]),
            broadcast(constant.0[3]),
            broadcast(constant.0[4]),
        ])
    }

    /// 18 products of 1.5·r with constants come to 0.8·r, a start and the division add 2.5·r.
    #[inline(always)]
    fn dot(self, start: Lanes, constants: &[Limbs], values: &[Lanes]) -> Lanes {
        let mut sum = sum_of(&start);
        for (constant, value) in constants.iter().zip(values) {
            add_product(&mut sum, &self.value(constant), value);
        }
        fold(divide(sum))
    }

    #[inline(always)]
    fn quintic(self, x: Lanes, key: &Limbs) -> Lanes {
        let none = Lanes([zero(); N_LIMBS]);
        let mut square = sum_of(&none);
        add_product(&mut square, &x, &x);
        let square = carry(divide(square));
        let mut fourth = sum_of(&none);
        add_product(&mut fourth, &square, &square);
        let fourth = carry(divide(fourth));
        let mut fifth = sum_of(&self.value(key));
        add_product(&mut fifth, &fourth, &x);
        fold(divide(fifth))
    }
}

/// The same limb of eight numbers, limb by limb.
type Columns = [[u64; N_LANES]; N_LIMBS];

/// Eight digests, from as many numbers in each lane as the arity says.
#[target_feature(enable = "avx512f,avx512ifma")]
fn digest_lanes(ifma: Ifma, constants: &Constants<Limbs>, preimages: &[Columns]) -> Columns {
    let mut numbers = [Lanes([_mm512_setzero_si512(); N_LIMBS]); MAX_ARITY];
    for (number, columns) in numbers.iter_mut().zip(preimages) {
        for (limb, column) in number.0.iter_mut().zip(columns) {
            // SAFETY: a column is 64 bytes, and need not be aligned.
            *limb = unsafe { _mm512_loadu_si512(column.as_ptr().cast()) };
        }
    }
    let digests = constants.digest(ifma, &numbers[..preimages.len()]);
    let mut columns = [[0; N_LANES]; N_LIMBS];
    for (column, limb) in columns.iter_mut().zip(digests.0) {
        // SAFETY: as above.
        unsafe { _mm512_storeu_si512(column.as_mut_ptr().cast(), limb) };
    }
    columns
}

impl Hasher for Ifma {
    fn hash(&self, table: usize, preimages: &[Node], digests: &mut [Node]) -> Result<(), usize> {
        let constants = &*TABLES[table];
        let arity = constants.width - 1;
        let eights = preimages
            .chunks(N_LANES * arity)
            .zip(digests.chunks_mut(N_LANES))
            .enumerate();
        for (eight, (preimages, digests)) in eights {
            let before = eight * N_LANES * arity;
            // Eight cost about as much as one and a half, one by one.
            if digests.len() == 1 {
                return Portable
                    .hash(table, preimages, digests)
                    .map_err(|index| before + index);
            }
            let mut columns = [[[0; N_LANES]; N_LIMBS]; MAX_ARITY];
            for (index, node) in preimages.iter().enumerate() {
                let number = limbs(field::canonical(node).ok_or(before + index)?);
                for (column, limb) in columns[index % arity].iter_mut().zip(number) {
                    column[index / arity] = limb;
                }
            }
            // SAFETY: `self` proves that the instructions are there.
            let digested = unsafe { digest_lanes(*self, constants, &columns[..arity]) };
            for (lane, digest) in digests.iter_mut().enumerate() {
                *digest = field::to_node(field::settle(words(digested.map(|column| column[lane]))));
            }
        }
        Ok(())
    }
}
