//! The scalar field in eight lanes: five limbs of 52 bits to an element.
//!
//! A limb is carried when it is below 2⁵²: multiplications read no more. Five limbs have room for 35·r, so
//! elements may exceed r: functions say by how much. Sums may wait with their carries as long as a limb stays
//! within ±2⁶².
//!
//! There are two products. [`Lanes::product`] divides by R = 2²⁶⁰ on the way (Montgomery). [`Lanes::turned`]
//! multiplies by a [`Factor`] that all lanes share, and does not divide: elements may then stand for whatever
//! they are in memory.

use std::arch::x86_64::{
    __m256i, __m512i, __mmask8, _mm256_loadu_si256, _mm256_storeu_si256, _mm512_castsi256_si512,
    _mm512_castsi512_si256, _mm512_cmplt_epi64_mask, _mm512_extracti64x4_epi64, _mm512_inserti64x4,
    _mm512_loadu_si512, _mm512_mask_blend_epi64, _mm512_or_si512, _mm512_shuffle_i64x2,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};
use std::sync::LazyLock;

use ff::Field as _;

use super::field::N_LANES;
use super::limb::{
    add, add_carry, add_high, add_low, add_signed_carry, assert_below, broadcast, down, low_bits,
    low_half_up, multiples, sub, up, zero, LIMB, LIMB_BITS,
};
use crate::cpu::field::{canonical, Words, MODULUS};
use crate::{Fr, Node};

const N_LIMBS: usize = 5;

/// Multiples of r, up to the 35th, the last that five limbs hold.
const MULTIPLES: [[u64; N_LIMBS]; 36] = multiples(limbs(MODULUS));

/// `2²⁶⁰ − r`.
const NEGATED: [u64; N_LIMBS] = {
    let [a, b, c, d, e] = limbs(MODULUS);
    [(LIMB ^ a) + 1, LIMB ^ b, LIMB ^ c, LIMB ^ d, LIMB ^ e]
};

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

/// R as an element.
static RADIX: LazyLock<Fr> = LazyLock::new(|| Fr::from(2).pow([260]));

/// A number below 2²⁶⁰, the same in every lane.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Limbs([u64; N_LIMBS]);

impl Limbs {
    pub(in crate::cpu) const fn new(number: Words) -> Limbs {
        Limbs(limbs(number))
    }

    /// The number of an element, which is below r.
    fn of(element: Fr) -> Limbs {
        Limbs::new(canonical(&Node::from(element)).expect("an Fr is canonical"))
    }

    /// An element times R, as [`Lanes::product`] takes it.
    pub(in crate::cpu) fn montgomery(element: Fr) -> Limbs {
        Limbs::of(element * *RADIX)
    }

    /// `−a / r mod 2²⁶⁰`.
    fn divided(&self) -> Limbs {
        let mut rest = self.0;
        let mut quotient = [0; N_LIMBS];
        for i in 0..N_LIMBS {
            // r⁻¹ is 2³² + 1 modulo 2⁵²: `rest + factor·r` ends in a limb of zeros.
            quotient[i] = rest[i].wrapping_add(rest[i] << 32).wrapping_neg() & LIMB;
            let mut carry = 0;
            for (rest, limb) in rest[i..].iter_mut().zip(MULTIPLES[1]) {
                let sum = u128::from(quotient[i]) * u128::from(limb) + u128::from(*rest) + carry;
                (*rest, carry) = (sum as u64 & LIMB, sum >> LIMB_BITS);
            }
        }
        Limbs(quotient)
    }
}

/// A factor of [`Lanes::turned`].
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Factor {
    /// w, below r.
    number: Limbs,
    /// `w·2²⁶⁰ / r`, rounded down.
    quotient: Limbs,
}

impl Factor {
    pub(in crate::cpu) fn of(element: Fr) -> Factor {
        Factor {
            number: Limbs::of(element),
            // Without its remainder, `w·R` is a multiple of r.
            quotient: Limbs::montgomery(element).divided(),
        }
    }
}

/// An element in each lane, limb by limb.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(in crate::cpu) struct Lanes([__m512i; N_LIMBS]);

/// Products that are not reduced yet: limbs of up to 64 bits.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Sum([__m512i; 2 * N_LIMBS]);

// SAFETY of all that follows: these functions are inlined into those that are compiled for the instructions,
// which only who holds an `Ifma` may call.

impl Lanes {
    // SAFETY: any bits are limbs.
    pub(in crate::cpu) const ZERO: Lanes = unsafe { std::mem::zeroed() };

    #[inline(always)]
    pub(in crate::cpu) fn all(limbs: &Limbs) -> Lanes {
        let [a, b, c, d, e] = limbs.0;
        Lanes([
            broadcast(a),
            broadcast(b),
            broadcast(c),
            broadcast(d),
            broadcast(e),
        ])
    }

    /// A number for each lane.
    #[inline(always)]
    pub(in crate::cpu) fn each(numbers: &[Limbs; N_LANES]) -> Lanes {
        Lanes(std::array::from_fn(|limb| {
            let column = numbers.map(|number| number.0[limb]);
            // SAFETY: as above; a column is 64 bytes, and need not be aligned.
            unsafe { _mm512_loadu_si512(column.as_ptr().cast()) }
        }))
    }

    /// Numbers of four words, carried: those of lane i at `first + i·stride`.
    ///
    /// # Safety
    /// All eight can be read.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn load(first: *const Words, stride: usize) -> Lanes {
        // SAFETY: as above, and as the caller says.
        unsafe {
            let row = |lane: usize| _mm256_loadu_si256(first.add(lane * stride).cast::<__m256i>());
            let rows = |low, high| _mm512_inserti64x4::<1>(_mm512_castsi256_si512(row(low)), row(high));
            let [a, b, c, d] = [rows(0, 2), rows(1, 3), rows(4, 6), rows(5, 7)];
            let even = [_mm512_unpacklo_epi64(a, b), _mm512_unpacklo_epi64(c, d)];
            let odd = [_mm512_unpackhi_epi64(a, b), _mm512_unpackhi_epi64(c, d)];
            let [a, c] = [
                _mm512_shuffle_i64x2::<0b10_00_10_00>(even[0], even[1]),
                _mm512_shuffle_i64x2::<0b11_01_11_01>(even[0], even[1]),
            ];
            let [b, d] = [
                _mm512_shuffle_i64x2::<0b10_00_10_00>(odd[0], odd[1]),
                _mm512_shuffle_i64x2::<0b11_01_11_01>(odd[0], odd[1]),
            ];
            Lanes([
                low_bits(a),
                low_bits(_mm512_or_si512(down::<52>(a), up::<12>(b))),
                low_bits(_mm512_or_si512(down::<40>(b), up::<24>(c))),
                low_bits(_mm512_or_si512(down::<28>(c), up::<36>(d))),
                down::<16>(d),
            ])
        }
    }

    /// Numbers below 2²⁵⁶, carried, as [`load`](Lanes::load) reads them.
    ///
    /// # Safety
    /// All eight can be written, and no one else reads or writes them.
    #[inline(always)]
    pub(in crate::cpu) unsafe fn store(self, first: *mut Words, stride: usize) {
        self.assert_below(2);
        let [a, b, c, d, e] = self.0;
        // SAFETY: as above, and as the caller says.
        unsafe {
            let [a, b, c, d] = [
                _mm512_or_si512(a, up::<52>(b)),
                _mm512_or_si512(down::<12>(b), up::<40>(c)),
                _mm512_or_si512(down::<24>(c), up::<28>(d)),
                _mm512_or_si512(down::<36>(d), up::<16>(e)),
            ];
            let row = |lane: usize| first.add(lane * stride).cast::<__m256i>();
            let rows = |low: usize, high: usize, pair: __m512i| {
                let pair = _mm512_shuffle_i64x2::<0b11_01_10_00>(pair, pair);
                _mm256_storeu_si256(row(low), _mm512_castsi512_si256(pair));
                _mm256_storeu_si256(row(high), _mm512_extracti64x4_epi64::<1>(pair));
            };
            let [even, odd] = [
                _mm512_shuffle_i64x2::<0b01_00_01_00>(a, c),
                _mm512_shuffle_i64x2::<0b01_00_01_00>(b, d),
            ];
            rows(0, 2, _mm512_unpacklo_epi64(even, odd));
            rows(1, 3, _mm512_unpackhi_epi64(even, odd));
            let [even, odd] = [
                _mm512_shuffle_i64x2::<0b11_10_11_10>(a, c),
                _mm512_shuffle_i64x2::<0b11_10_11_10>(b, d),
            ];
            rows(4, 6, _mm512_unpacklo_epi64(even, odd));
            rows(5, 7, _mm512_unpackhi_epi64(even, odd));
        }
    }

    /// Brings limbs back to 52 bits; they may have signs, the element none.
    #[inline(always)]
    pub(in crate::cpu) fn carried(mut self) -> Lanes {
        for i in 0..N_LIMBS - 1 {
            self.0[i + 1] = add_signed_carry(self.0[i + 1], self.0[i]);
            self.0[i] = low_bits(self.0[i]);
        }
        self
    }

    /// `a + b`, not carried.
    #[inline(always)]
    pub(in crate::cpu) fn plus(mut self, b: Lanes) -> Lanes {
        for (a, b) in self.0.iter_mut().zip(b.0) {
            *a = add(*a, b);
        }
        self
    }

    /// `a − b + k·r`, not carried.
    #[inline(always)]
    pub(in crate::cpu) fn minus(mut self, b: Lanes, k: usize) -> Lanes {
        for ((a, b), multiple) in self.0.iter_mut().zip(b.0).zip(MULTIPLES[k]) {
            *a = sub(add(*a, broadcast(multiple)), b);
        }
        self
    }

    /// Below 1.001·r, carried, from below 35·r; limbs not negative.
    #[inline(always)]
    pub(in crate::cpu) fn reduced(mut self) -> Lanes {
        /// `2³⁰⁶ / r`, a little less.
        const RECIPROCAL: u64 = ((1 << 98) / (limbs(MODULUS)[4] as u128 + 1)) as u64;
        // The last limb, carries outstanding or not, tells how often r fits, or a little less.
        let quotient = down::<46>(add_high(zero(), self.0[4], broadcast(RECIPROCAL)));
        for (i, limb) in NEGATED.into_iter().enumerate() {
            self.0[i] = add_low(self.0[i], quotient, broadcast(limb));
            if i + 1 < N_LIMBS {
                self.0[i + 1] = add_high(self.0[i + 1], quotient, broadcast(limb));
            }
        }
        let mut lanes = self.carried();
        lanes.0[4] = low_bits(lanes.0[4]);
        lanes.assert_below(2);
        lanes
    }

    /// Below r, carried, from below 2·r, carried.
    #[inline(always)]
    pub(in crate::cpu) fn settled(self) -> Lanes {
        self.assert_below(2);
        let mut lanes = self;
        for (limb, modulus) in lanes.0.iter_mut().zip(MULTIPLES[1]) {
            *limb = sub(*limb, broadcast(modulus));
        }
        lanes = lanes.carried();
        let below = lanes.negative();
        for (limb, own) in lanes.0.iter_mut().zip(self.0) {
            // SAFETY: as above.
            *limb = unsafe { _mm512_mask_blend_epi64(below, *limb, own) };
        }
        lanes.assert_below(1);
        lanes
    }

    /// Whether all numbers are below r; carried.
    #[inline(always)]
    pub(in crate::cpu) fn are_settled(&self) -> bool {
        let mut lanes = *self;
        for (limb, modulus) in lanes.0.iter_mut().zip(MULTIPLES[1]) {
            *limb = sub(*limb, broadcast(modulus));
        }
        lanes.carried().negative() == !0
    }

    #[inline(always)]
    fn negative(&self) -> __mmask8 {
        // SAFETY: as above.
        unsafe { _mm512_cmplt_epi64_mask(self.0[N_LIMBS - 1], zero()) }
    }

    /// `a·w`, below 2·r, not carried, from below 35·r, carried.
    #[inline(always)]
    pub(in crate::cpu) fn turned(&self, factor: &Factor) -> Lanes {
        /// Room below the last limb for what the others have not carried.
        const ROOM: u64 = 64;
        self.assert_below(35);

        // How often r fits: columns 4 to 9 of the product. Those below would add less than 2⁻⁴⁹.
        let mut fits = [zero(); 2 * N_LIMBS];
        for (i, a) in self.0.into_iter().enumerate() {
            for (j, b) in factor.quotient.0.into_iter().enumerate() {
                if i + j >= N_LIMBS - 1 {
                    fits[i + j] = add_low(fits[i + j], a, broadcast(b));
                }
                if i + j >= N_LIMBS - 2 {
                    fits[i + j + 1] = add_high(fits[i + j + 1], a, broadcast(b));
                }
            }
        }
        for i in N_LIMBS - 1..2 * N_LIMBS - 1 {
            fits[i + 1] = add_carry(fits[i + 1], fits[i]);
            fits[i] = low_bits(fits[i]);
        }
        let [.., a, b, c, d, e] = fits;

        // `a·w − fits·r`, modulo R.
        let mut sum = [zero(); N_LIMBS];
        sum[N_LIMBS - 1] = broadcast(ROOM);
        add_low_columns(&mut sum, &self.0, &factor.number.0);
        add_low_columns(&mut sum, &[a, b, c, d, e], &NEGATED);
        sum[N_LIMBS - 1] = sub(low_bits(sum[N_LIMBS - 1]), broadcast(ROOM));
        if cfg!(debug_assertions) {
            Lanes(sum).carried().assert_below(2);
        }
        Lanes(sum)
    }

    /// `a·b / R`, not carried: below `(1 + a·b/35)·r` for a and b in units of r.
    #[inline(always)]
    pub(in crate::cpu) fn product(&self, b: &Lanes) -> Lanes {
        let mut sum = Sum::ZERO;
        sum.add_product(self, b);
        sum.divided()
    }

    /// `a² / R`, not carried: below `(1 + a²/35)·r`.
    #[inline(always)]
    pub(in crate::cpu) fn square(&self) -> Lanes {
        self.assert_below(35);
        let mut sum = [zero(); 2 * N_LIMBS];
        for (i, a) in self.0.into_iter().enumerate() {
            for (j, b) in self.0.into_iter().enumerate() {
                if i < j {
                    sum[i + j] = add_low(sum[i + j], a, b);
                    sum[i + j + 1] = add_high(sum[i + j + 1], a, b);
                }
            }
        }
        for (i, a) in self.0.into_iter().enumerate() {
            sum[2 * i] = add_low(add(sum[2 * i], sum[2 * i]), a, a);
            sum[2 * i + 1] = add_high(add(sum[2 * i + 1], sum[2 * i + 1]), a, a);
        }
        Sum(sum).divided()
    }

    /// In a debug build, that limbs are carried and every element is below k·r.
    #[inline(always)]
    fn assert_below(&self, k: usize) {
        assert_below(&self.0, &MULTIPLES[k]);
    }
}

/// Adds `a·b mod R`.
#[inline(always)]
fn add_low_columns(sum: &mut [__m512i; N_LIMBS], a: &[__m512i; N_LIMBS], b: &[u64; N_LIMBS]) {
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            if i + j < N_LIMBS {
                sum[i + j] = add_low(sum[i + j], *a, broadcast(*b));
            }
            if i + j + 1 < N_LIMBS {
                sum[i + j + 1] = add_high(sum[i + j + 1], *a, broadcast(*b));
            }
        }
    }
}

impl Sum {
    // SAFETY: any bits are limbs.
    pub(in crate::cpu) const ZERO: Sum = unsafe { std::mem::zeroed() };

    /// `high · R`: what [`divided`](Sum::divided) makes `high` of.
    #[inline(always)]
    pub(in crate::cpu) fn of(high: &Lanes) -> Sum {
        let mut sum = [zero(); 2 * N_LIMBS];
        sum[N_LIMBS..].copy_from_slice(&high.0);
        Sum(sum)
    }

    /// Adds `a·b`, both carried and below 35·r; up to 100 times.
    #[inline(always)]
    pub(in crate::cpu) fn add_product(&mut self, a: &Lanes, b: &Lanes) {
        a.assert_below(35);
        b.assert_below(35);
        let sum = &mut self.0;
        for i in 0..N_LIMBS {
            for j in 0..N_LIMBS {
                sum[i + j] = add_low(sum[i + j], a.0[i], b.0[j]);
            }
            for j in 0..N_LIMBS {
                sum[i + j + 1] = add_high(sum[i + j + 1], a.0[i], b.0[j]);
            }
        }
    }

    /// `sum / R mod r`, by Montgomery, not carried: below `sum / R + r`.
    #[inline(always)]
    pub(in crate::cpu) fn divided(self) -> Lanes {
        let Sum(mut sum) = self;
        let modulus = MULTIPLES[1];
        for i in 0..N_LIMBS {
            // r⁻¹ is 2³² + 1 modulo 2⁵², so that no multiplication is needed for the factor, nor for what it
            // makes of this column: zeros, and a carry unless they were there.
            let factor = low_bits(sub(zero(), add(sum[i], low_half_up(sum[i]))));
            for j in 1..N_LIMBS {
                sum[i + j] = add_low(sum[i + j], factor, broadcast(modulus[j]));
            }
            for j in 0..N_LIMBS {
                sum[i + j + 1] = add_high(sum[i + j + 1], factor, broadcast(modulus[j]));
            }
            sum[i + 1] = add_carry(sum[i + 1], add(sum[i], broadcast(LIMB)));
        }
        let [.., a, b, c, d, e] = sum;
        Lanes([a, b, c, d, e])
    }
}

#[cfg(test)]
mod tests;
