//! The base field in eight lanes: eight limbs of 52 bits to an element, in Montgomery form for R = 2⁴¹⁶.
//!
//! A limb is carried when it is below 2⁵²: multiplications read no more. R is 2³⁵ times p, so elements may exceed
//! p: functions say by how much. A product of elements below 16·p is *close*: below p + p/2²⁶.

mod number;
mod wide;

use std::arch::x86_64::{
    __m512i, __mmask8, _mm512_alignr_epi64, _mm512_cmpeq_epi64_mask, _mm512_cmpge_epi64_mask,
    _mm512_load_si512, _mm512_loadu_si512, _mm512_mask_blend_epi64, _mm512_mask_sub_epi64,
    _mm512_maskz_loadu_epi64, _mm512_or_si512, _mm512_permutexvar_epi64, _mm512_rol_epi32, _mm512_ror_epi64,
    _mm512_sllv_epi64, _mm512_srlv_epi64, _mm512_store_si512, _mm512_ternarylogic_epi64,
    _mm512_testn_epi64_mask,
};

use blst::blst_fp;

use self::number::{limbs, power_of_half, words, MULTIPLES, N_LIMBS};
pub(super) use self::number::{power_of_two, Words, MODULUS};
pub(super) use self::wide::Wide;
use self::wide::{set_product, set_product_less, set_square, set_square_less};
use super::field::{Field, N_LANES};
use super::inverse::inverse;
use super::limb::{
    add, add_signed_carry, assert_below, broadcast, low_bits, negative, sub, sub_where, transposed, zero,
    LIMB,
};
use crate::cpu::affine::{Coordinate, Point};

/// An element as it is kept: below p, times 2⁴¹⁶, limbs carried. Equal elements have equal limbs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub(in crate::cpu) struct Fp([u64; N_LIMBS]);

/// An element in each lane, limb by limb.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Lanes([__m512i; N_LIMBS]);

/// `a · factor`, the factor as blst keeps it: times 2³⁸⁴.
fn scaled(a: &blst_fp, factor: Words) -> blst_fp {
    let mut product = blst_fp::default();
    // SAFETY: blst reads two field elements and writes one.
    unsafe { blst::blst_fp_mul(&mut product, a, &blst_fp { l: factor }) };
    product
}

impl From<blst_fp> for Fp {
    /// From `a·2³⁸⁴` to `a·2⁴¹⁶`.
    fn from(a: blst_fp) -> Fp {
        Fp(limbs(scaled(&a, const { power_of_two(416) }).l))
    }
}

impl From<Fp> for blst_fp {
    fn from(a: Fp) -> blst_fp {
        scaled(&blst_fp { l: words(a.0) }, const { power_of_two(352) })
    }
}

/// The coordinates of points, as they are kept: those of x³ + 4·u⁶ for u = 2⁻²⁰⁸, which are u²·x and u³·y. In
/// Montgomery form the first is the number x itself, so that bytes need no product to become one. Additions
/// do not know the difference.
impl Fp {
    pub(super) fn from_x(x: &blst_fp) -> Fp {
        Fp(limbs(scaled(x, [1, 0, 0, 0, 0, 0]).l))
    }

    pub(super) fn from_y(y: &blst_fp) -> Fp {
        Fp(limbs(scaled(y, const { power_of_half(208) }).l))
    }

    pub(super) fn to_x(self) -> blst_fp {
        scaled(&blst_fp { l: words(self.0) }, const { power_of_two(768) })
    }

    pub(super) fn to_y(self) -> blst_fp {
        scaled(&blst_fp { l: words(self.0) }, const { power_of_two(976) })
    }
}

impl Coordinate for Fp {
    #[inline]
    fn is_zero(&self) -> bool {
        self.0.iter().fold(0, |bits, limb| bits | limb) == 0
    }

    #[inline]
    fn negate(&mut self) {
        if self.is_zero() {
            return;
        }
        let mut borrow = 0;
        for (limb, modulus) in self.0.iter_mut().zip(&MULTIPLES[1]) {
            let difference = modulus.wrapping_sub(*limb).wrapping_sub(borrow);
            *limb = difference & LIMB;
            borrow = difference >> 63;
        }
    }
}

// SAFETY of all that follows: these functions are reached only from those of `additions` that are compiled for
// the instructions, into which they are inlined, and these only by who holds an `Ifma`.

/// The lanes of `a ≥ b`.
#[inline(always)]
fn not_less(a: __m512i, b: __m512i) -> __mmask8 {
    // SAFETY: as above.
    unsafe { _mm512_cmpge_epi64_mask(a, b) }
}

impl Lanes {
    /// Brings limbs back to 52 bits; they may have signs, the element none.
    #[inline(always)]
    pub(super) fn carried(mut self) -> Lanes {
        for i in 0..N_LIMBS - 1 {
            self.0[i + 1] = add_signed_carry(self.0[i + 1], self.0[i]);
            self.0[i] = low_bits(self.0[i]);
        }
        self
    }

    /// `a + b`, limbs not carried.
    #[inline(always)]
    fn plus(mut self, b: Lanes) -> Lanes {
        for (a, b) in self.0.iter_mut().zip(b.0) {
            *a = add(*a, b);
        }
        self
    }

    /// `a − b + k·p`, limbs not carried.
    #[inline(always)]
    pub(super) fn minus(mut self, b: Lanes, k: usize) -> Lanes {
        for ((a, b), multiple) in self.0.iter_mut().zip(b.0).zip(MULTIPLES[k]) {
            *a = add(sub(*a, b), broadcast(multiple));
        }
        self
    }

    /// `a − k·p`, carried; the last limb has the sign.
    #[inline(always)]
    fn less(mut self, k: usize) -> Lanes {
        for (limb, multiple) in self.0.iter_mut().zip(MULTIPLES[k]) {
            *limb = sub(*limb, broadcast(multiple));
        }
        self.carried()
    }

    #[inline(always)]
    fn negative(&self) -> __mmask8 {
        negative(self.0[N_LIMBS - 1])
    }

    /// The lanes below k·p.
    #[inline(always)]
    fn below(&self, k: usize) -> __mmask8 {
        self.less(k).negative()
    }

    /// Takes k·p from those that have as much.
    #[inline(always)]
    fn lowered(self, k: usize) -> Lanes {
        let less = self.less(k);
        Fp::choose(less.negative(), self, less)
    }

    /// In a debug build, that limbs are carried and every element is below k·p.
    #[inline(always)]
    fn assert_below(&self, k: usize) {
        assert_below(&self.0, &MULTIPLES[k]);
    }

    /// Takes k·p from lanes that have as much, and perhaps not from those that have p/100 more; limbs are
    /// not carried, before and after.
    #[inline(always)]
    pub(super) fn lowered_roughly(mut self, k: usize) -> Lanes {
        // What the other limbs would carry into the last one is below 2⁹, of 2¹⁶ and more that p has there.
        let enough = not_less(
            self.0[N_LIMBS - 1],
            broadcast(MULTIPLES[k][N_LIMBS - 1] + (1 << 9)),
        );
        for (limb, multiple) in self.0.iter_mut().zip(MULTIPLES[k]) {
            *limb = sub_where(enough, *limb, broadcast(multiple));
        }
        self
    }

    /// What a division leaves.
    #[inline(always)]
    pub(super) fn close(self) -> Lanes {
        self.assert_below(2);
        self
    }

    /// The end of [`Field::set_product_less`], from close.
    #[inline(always)]
    pub(super) fn less_product_term(self, c: &Lanes) -> Lanes {
        c.assert_below(3);
        let lanes = self.minus(*c, 3).lowered_roughly(2).carried();
        lanes.assert_below(3);
        lanes
    }

    /// The end of [`Field::set_square_less`], from close.
    #[inline(always)]
    pub(super) fn less_square_terms(self, b: &Lanes, c: &Lanes) -> Lanes {
        let lanes = self.minus(*b, 9).minus(*c, 0).minus(*c, 0);
        let lanes = lanes.lowered_roughly(3).carried();
        lanes.assert_below(4);
        lanes
    }

    /// `−a` in the lanes of the mask, `a` elsewhere; limbs with signs.
    #[inline(always)]
    pub(super) fn negated(mut self, mask: __mmask8) -> Lanes {
        for limb in &mut self.0 {
            // SAFETY: as above.
            *limb = unsafe { _mm512_mask_sub_epi64(*limb, mask, zero(), *limb) };
        }
        self
    }
}

/// The bytes of each word from the last to the first.
#[inline(always)]
fn turned(words: __m512i) -> __m512i {
    const FIRST_OR_SECOND: i32 = 0xca;
    // SAFETY: as above.
    unsafe {
        let halves = _mm512_ror_epi64::<32>(words);
        let outer = _mm512_rol_epi32::<8>(halves);
        let inner = _mm512_rol_epi32::<24>(halves);
        let mask = broadcast(0x00ff_00ff_00ff_00ff);
        _mm512_ternarylogic_epi64::<FIRST_OR_SECOND>(mask, outer, inner)
    }
}

impl Field for Fp {
    type Lanes = Lanes;

    const INFINITY: &'static Point<Fp> = &Point {
        x: Fp([0; N_LIMBS]),
        y: Fp([0; N_LIMBS]),
    };
    const SIZE: usize = 48;

    fn one() -> Fp {
        Fp(const { limbs(power_of_two(416)) })
    }

    fn curve_constant() -> Fp {
        Fp(const { limbs(power_of_half(830)) })
    }

    #[inline(always)]
    fn numbers(rows: [&[u8]; N_LANES]) -> Lanes {
        let mut words = [zero(); 8];
        for (words, row) in words.iter_mut().zip(rows) {
            assert!(row.len() >= Fp::SIZE, "bytes of a coordinate");
            // SAFETY: the mask reads six words, which the row has.
            *words = unsafe { _mm512_maskz_loadu_epi64(0b11_1111, row.as_ptr().cast()) };
        }
        // The bytes stand from the highest to the lowest.
        let [f, e, d, c, b, a, ..] = transposed(words);
        let words = [turned(a), turned(b), turned(c), turned(d), turned(e), turned(f)];
        let mut limbs = [zero(); N_LIMBS];
        for (i, limb) in limbs.iter_mut().enumerate() {
            let (word, shift) = (52 * i / 64, 52 * i % 64);
            // SAFETY: as above.
            unsafe {
                *limb = _mm512_srlv_epi64(words[word], broadcast(shift as u64));
                if shift > 12 && word + 1 < words.len() {
                    let high = _mm512_sllv_epi64(words[word + 1], broadcast(64 - shift as u64));
                    *limb = _mm512_or_si512(*limb, high);
                }
            }
            *limb = low_bits(*limb);
        }
        Lanes(limbs)
    }

    fn inverse(self) -> Fp {
        Fp(limbs(inverse(words(self.0))))
    }

    #[inline(always)]
    fn load(rows: [&Fp; N_LANES]) -> Lanes {
        let mut limbs = [zero(); N_LIMBS];
        for (limb, row) in limbs.iter_mut().zip(rows) {
            // SAFETY: an Fp is 64 bytes, aligned.
            *limb = unsafe { _mm512_load_si512(row.0.as_ptr().cast()) };
        }
        Lanes(transposed(limbs))
    }

    #[inline(always)]
    fn reduced(numbers: &Lanes) -> __mmask8 {
        numbers.below(1)
    }

    #[inline(always)]
    fn ys(numbers: &Lanes) -> Lanes {
        let factor = const { limbs(power_of_two(208)) };
        Fp::product(numbers, &Lanes(factor.map(broadcast)))
    }

    #[inline(always)]
    fn store(lanes: Lanes) -> [Fp; N_LANES] {
        let mut rows = [Fp::default(); N_LANES];
        for (row, limbs) in rows.iter_mut().zip(transposed(lanes.0)) {
            // SAFETY: an Fp is 64 bytes, aligned.
            unsafe { _mm512_store_si512(row.0.as_mut_ptr().cast(), limbs) };
        }
        rows
    }

    #[inline(always)]
    fn set_product(product: &mut Lanes, a: &Lanes, b: &Lanes) {
        // SAFETY: as above.
        unsafe { set_product(product, a, b) }
    }

    #[inline(always)]
    fn set_square(square: &mut Lanes, a: &Lanes) {
        // SAFETY: as above.
        unsafe { set_square(square, a) }
    }

    #[inline(always)]
    fn set_product_less(c: &mut Lanes, a: &Lanes, b: &Lanes) {
        // SAFETY: as above.
        unsafe { set_product_less(c, a, b) }
    }

    #[inline(always)]
    fn set_square_less(x: &mut Lanes, a: &Lanes, b: &Lanes, c: &Lanes) {
        // SAFETY: as above.
        unsafe { set_square_less(x, a, b, c) }
    }

    #[inline(always)]
    fn sum(a: Lanes, b: Lanes) -> Lanes {
        a.plus(b).carried()
    }

    #[inline(always)]
    fn difference(a: Lanes, b: Lanes) -> Lanes {
        b.assert_below(4);
        let lanes = a.minus(b, 4).carried();
        lanes.assert_below(8);
        lanes
    }

    #[inline(always)]
    fn negated(mask: __mmask8, a: Lanes) -> Lanes {
        a.negated(mask)
    }

    #[inline(always)]
    fn canonical(a: Lanes) -> Lanes {
        a.assert_below(8);
        let lanes = a.lowered(4).lowered(2).lowered(1);
        lanes.assert_below(1);
        lanes
    }

    #[inline(always)]
    fn canonical_from_close(a: Lanes) -> Lanes {
        a.assert_below(2);
        a.lowered(1)
    }

    #[inline(always)]
    fn suspects(a: &Lanes) -> __mmask8 {
        a.assert_below(8);
        // The last three bits tell which multiple of p it can be.
        let multiples = const {
            let mut multiples = [0; 8];
            let mut k = 0;
            while k < 8 {
                multiples[(MULTIPLES[k][0] & 7) as usize] = MULTIPLES[k][0];
                k += 1;
            }
            multiples
        };
        // SAFETY: as above; the multiples are 64 bytes.
        unsafe {
            let multiples = _mm512_loadu_si512(multiples.as_ptr().cast());
            _mm512_cmpeq_epi64_mask(a.0[0], _mm512_permutexvar_epi64(a.0[0], multiples))
        }
    }

    #[inline(always)]
    fn zeros(a: &Lanes) -> __mmask8 {
        // SAFETY: as above.
        unsafe {
            let bits =
                a.0.into_iter()
                    .fold(zero(), |bits, limb| _mm512_or_si512(bits, limb));
            _mm512_testn_epi64_mask(bits, bits)
        }
    }

    #[inline(always)]
    fn choose(mask: __mmask8, chosen: Lanes, other: Lanes) -> Lanes {
        let mut lanes = other;
        for (limb, chosen) in lanes.0.iter_mut().zip(chosen.0) {
            // SAFETY: as above.
            *limb = unsafe { _mm512_mask_blend_epi64(mask, *limb, chosen) };
        }
        lanes
    }

    #[inline(always)]
    fn rotated<const N: i32>(a: &Lanes) -> Lanes {
        let mut lanes = *a;
        for limb in &mut lanes.0 {
            // SAFETY: as above.
            *limb = unsafe { _mm512_alignr_epi64::<N>(*limb, *limb) };
        }
        lanes
    }
}

#[cfg(test)]
impl Fp {
    /// The same element, k·p above its place.
    pub(super) fn raised(self, k: usize) -> Fp {
        let mut carry = 0;
        let mut raised = self;
        for (limb, multiple) in raised.0.iter_mut().zip(MULTIPLES[k]) {
            let sum = *limb + multiple + carry;
            (*limb, carry) = (sum & LIMB, sum >> super::limb::LIMB_BITS);
        }
        raised
    }
}
