//! The base field in eight lanes: eight limbs of 52 bits to an element, in Montgomery form for R = 2⁴¹⁶.
//!
//! A limb is carried when it is below 2⁵²: multiplications read no more. R is 2³⁵ times p, so elements may exceed
//! p: functions say by how much. A product of elements below 16·p is *close*: below p + p/2²⁶.

use std::arch::x86_64::{
    __m512i, __mmask8, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512, _mm512_cmpeq_epi64_mask,
    _mm512_cmpge_epi64_mask, _mm512_cmplt_epi64_mask, _mm512_load_si512, _mm512_loadu_si512,
    _mm512_mask_blend_epi64, _mm512_mask_sub_epi64, _mm512_maskz_loadu_epi64, _mm512_or_si512,
    _mm512_permutexvar_epi64, _mm512_rol_epi32, _mm512_ror_epi64, _mm512_shuffle_i64x2, _mm512_sllv_epi64,
    _mm512_srai_epi64, _mm512_srlv_epi64, _mm512_store_si512, _mm512_storeu_si512, _mm512_ternarylogic_epi64,
    _mm512_testn_epi64_mask, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use blst::blst_fp;

use super::field::{Field, N_LANES};
use super::inverse::inverse;
use super::limb::{add, add_high, add_low, broadcast, sub, zero, LIMB, LIMB_BITS};
use crate::cpu::affine::{Coordinate, Point};

const N_LIMBS: usize = 8;

/// A number below 2³⁸⁴, the low word first.
pub(super) type Words = [u64; 6];

/// p.
pub(super) const MODULUS: Words = [
    0xb9fe_ffff_ffff_aaab,
    0x1eab_fffe_b153_ffff,
    0x6730_d2a0_f6b0_f624,
    0x6477_4b84_f385_12bf,
    0x4b1b_a7b6_434b_acd7,
    0x1a01_11ea_397f_e69a,
];

/// `−p⁻¹ mod 2⁵²`.
const NEGATED_INVERSE: u64 = 0x3_fffc_fffc_fffd;

/// Multiples of p, up to the sixteenth.
const MULTIPLES: [[u64; N_LIMBS]; 17] = {
    let mut multiples = [[0; N_LIMBS]; 17];
    let modulus = limbs(MODULUS);
    let mut k = 1;
    while k < multiples.len() {
        let mut carry = 0;
        let mut i = 0;
        while i < N_LIMBS {
            let limb = multiples[k - 1][i] + modulus[i] + carry;
            multiples[k][i] = limb & LIMB;
            carry = limb >> LIMB_BITS;
            i += 1;
        }
        k += 1;
    }
    multiples
};

/// An element as it is kept: below p, times 2⁴¹⁶, limbs carried. Equal elements have equal limbs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub(in crate::cpu) struct Fp([u64; N_LIMBS]);

/// An element in each lane, limb by limb.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Lanes([__m512i; N_LIMBS]);

/// Products not divided by R yet: limbs of up to 60 bits, and a sign.
#[derive(Clone, Copy)]
pub(super) struct Wide([__m512i; 2 * N_LIMBS]);

const fn limbs(number: Words) -> [u64; N_LIMBS] {
    let mut limbs = [0; N_LIMBS];
    let mut i = 0;
    while i < N_LIMBS {
        let (word, shift) = (52 * i / 64, 52 * i % 64);
        limbs[i] = number[word] >> shift;
        if shift > 12 && word + 1 < number.len() {
            limbs[i] |= number[word + 1] << (64 - shift);
        }
        limbs[i] &= LIMB;
        i += 1;
    }
    limbs
}

/// A number below 2³⁸⁴ from its limbs.
const fn words(limbs: [u64; N_LIMBS]) -> Words {
    let mut words = [0; 6];
    let mut i = 0;
    while i < N_LIMBS {
        let (word, shift) = (52 * i / 64, 52 * i % 64);
        words[word] |= limbs[i] << shift;
        if shift > 12 && word + 1 < words.len() {
            words[word + 1] |= limbs[i] >> (64 - shift);
        }
        i += 1;
    }
    words
}

/// `2^exponent mod p`.
pub(super) const fn power_of_two(exponent: usize) -> Words {
    let mut power: Words = [1, 0, 0, 0, 0, 0];
    let mut n = 0;
    while n < exponent {
        // p is below 2³⁸¹, so that twice a remainder fits.
        let (mut doubled, mut reduced): (Words, Words) = ([0; 6], [0; 6]);
        let (mut carry, mut borrow) = (0, false);
        let mut i = 0;
        while i < 6 {
            doubled[i] = power[i] << 1 | carry;
            carry = power[i] >> 63;
            let (difference, under) = doubled[i].overflowing_sub(MODULUS[i]);
            let (difference, under_again) = difference.overflowing_sub(borrow as u64);
            reduced[i] = difference;
            borrow = under || under_again;
            i += 1;
        }
        power = if borrow { doubled } else { reduced };
        n += 1;
    }
    power
}

/// `2^−exponent mod p`.
const fn power_of_half(exponent: usize) -> Words {
    let mut power: Words = [1, 0, 0, 0, 0, 0];
    let mut n = 0;
    while n < exponent {
        // Made even by p, where it is odd; p is below 2³⁸¹, so that the sum fits.
        let odd = power[0] & 1;
        let mut carry = 0;
        let mut i = 0;
        while i < 6 {
            let sum = power[i] as u128 + (MODULUS[i] * odd) as u128 + carry;
            power[i] = sum as u64;
            carry = sum >> 64;
            i += 1;
        }
        let mut i = 0;
        while i < 6 {
            let high = if i < 5 { power[i + 1] << 63 } else { 0 };
            power[i] = power[i] >> 1 | high;
            i += 1;
        }
        n += 1;
    }
    power
}

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

/// `sum + a / 2⁵²`, signs kept.
#[inline(always)]
fn add_carry(sum: __m512i, a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_add_epi64(sum, _mm512_srai_epi64::<LIMB_BITS>(a)) }
}

#[inline(always)]
fn low_bits(a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_and_si512(a, broadcast(LIMB)) }
}

/// `sum − a` in the lanes of the mask.
#[inline(always)]
fn sub_where(mask: __mmask8, sum: __m512i, a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_mask_sub_epi64(sum, mask, sum, a) }
}

/// The lanes below zero.
#[inline(always)]
fn negative(a: __m512i) -> __mmask8 {
    // SAFETY: as above.
    unsafe { _mm512_cmplt_epi64_mask(a, zero()) }
}

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
            self.0[i + 1] = add_carry(self.0[i + 1], self.0[i]);
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
        if cfg!(debug_assertions) {
            let mut columns = [[0; N_LANES]; N_LIMBS];
            for (column, limb) in columns.iter_mut().zip(self.0) {
                // SAFETY: a column is 64 bytes, and need not be aligned.
                unsafe { _mm512_storeu_si512(column.as_mut_ptr().cast(), limb) };
            }
            for lane in 0..N_LANES {
                let limbs = columns.map(|column| column[lane]);
                assert!(limbs.iter().all(|limb| *limb <= LIMB), "carried: {limbs:x?}");
                let below = limbs.iter().rev().lt(MULTIPLES[k].iter().rev());
                assert!(below, "below {k}·p: {limbs:x?}");
            }
        }
    }

    /// The low half less the high half, carried; and the lanes where that is negative, and 2²⁰⁸ above.
    #[inline(always)]
    fn halves_difference(&self) -> (Half, __mmask8) {
        let [a, b, c, d, e, f, g, h] = self.0;
        let mut difference = [sub(a, e), sub(b, f), sub(c, g), sub(d, h)];
        for i in 0..HALF - 1 {
            difference[i + 1] = add_carry(difference[i + 1], difference[i]);
            difference[i] = low_bits(difference[i]);
        }
        let negative = negative(difference[HALF - 1]);
        difference[HALF - 1] = low_bits(difference[HALF - 1]);
        (difference, negative)
    }

    /// `a · b`, below 256·p², from below 16·p.
    ///
    /// By Karatsuba, `a₀·b₁ + a₁·b₀ = a₀·b₀ + a₁·b₁ − (a₀ − a₁)·(b₀ − b₁)`: a quarter fewer multiplications.
    #[inline(always)]
    pub(super) fn wide(&self, b: &Lanes) -> Wide {
        self.assert_below(16);
        b.assert_below(16);
        let [a0, a1, a2, a3, a4, a5, a6, a7] = self.0;
        let [b0, b1, b2, b3, b4, b5, b6, b7] = b.0;
        let (a_difference, a_negative) = self.halves_difference();
        let (b_difference, b_negative) = b.halves_difference();
        let mut both = half_product(a_difference, b_difference);
        for i in 0..HALF {
            let limb = &mut both[HALF + i];
            *limb = sub_where(a_negative, *limb, b_difference[i]);
            *limb = sub_where(b_negative, *limb, a_difference[i]);
        }
        let low = half_product([a0, a1, a2, a3], [b0, b1, b2, b3]);
        let high = half_product([a4, a5, a6, a7], [b4, b5, b6, b7]);
        let mut sum = [zero(); 2 * N_LIMBS];
        sum[..N_LIMBS].copy_from_slice(&low);
        sum[N_LIMBS..].copy_from_slice(&high);
        for i in 0..N_LIMBS {
            sum[HALF + i] = add(sum[HALF + i], sub(add(low[i], high[i]), both[i]));
        }
        let last = &mut sum[HALF + N_LIMBS];
        *last = sub_where(a_negative & b_negative, *last, broadcast(1));
        Wide(sum)
    }

    /// `a²`, below 256·p², from below 16·p.
    #[inline(always)]
    fn wide_square(&self) -> Wide {
        self.assert_below(16);
        let mut sum = [zero(); 2 * N_LIMBS];
        for i in 0..N_LIMBS {
            for j in i + 1..N_LIMBS {
                sum[i + j] = add_low(sum[i + j], self.0[i], self.0[j]);
            }
            for j in i + 1..N_LIMBS {
                sum[i + j + 1] = add_high(sum[i + j + 1], self.0[i], self.0[j]);
            }
        }
        for i in 0..N_LIMBS {
            sum[2 * i] = add_low(add(sum[2 * i], sum[2 * i]), self.0[i], self.0[i]);
            sum[2 * i + 1] = add_high(add(sum[2 * i + 1], sum[2 * i + 1]), self.0[i], self.0[i]);
        }
        Wide(sum)
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

/// Limbs of half an element.
type Half = [__m512i; HALF];

const HALF: usize = N_LIMBS / 2;

#[inline(always)]
fn half_product(a: Half, b: Half) -> [__m512i; N_LIMBS] {
    let mut sum = [zero(); N_LIMBS];
    for i in 0..HALF {
        for j in 0..HALF {
            sum[i + j] = add_low(sum[i + j], a[i], b[j]);
        }
        for j in 0..HALF {
            sum[i + j + 1] = add_high(sum[i + j + 1], a[i], b[j]);
        }
    }
    sum
}

/// `2²⁴·p`: seven limbs higher it is a multiple of p above 144·p², and no more than p/2²⁸ after the division.
const LIFT: [u64; N_LIMBS] = {
    let mut lift = limbs(MODULUS);
    let mut carry = 0;
    let mut i = 0;
    while i < N_LIMBS {
        let limb = lift[i] << 24 | carry;
        carry = lift[i] >> (LIMB_BITS - 24);
        lift[i] = limb & LIMB;
        i += 1;
    }
    lift
};

impl Wide {
    /// `a − b`, columns with signs.
    #[inline(always)]
    pub(super) fn minus(mut self, b: Wide) -> Wide {
        for (a, b) in self.0.iter_mut().zip(b.0) {
            *a = sub(*a, b);
        }
        self
    }

    /// `2·a`.
    #[inline(always)]
    pub(super) fn doubled(mut self) -> Wide {
        for a in &mut self.0 {
            *a = add(*a, *a);
        }
        self
    }

    /// The same modulo p, and not negative, from above −144·p².
    #[inline(always)]
    pub(super) fn lifted(mut self) -> Wide {
        for (a, lift) in self.0[N_LIMBS - 1..].iter_mut().zip(LIFT) {
            *a = add(*a, broadcast(lift));
        }
        self
    }

    /// `a / R mod p`, by Montgomery: close; limbs not carried; from below 400·p².
    #[inline(always)]
    pub(super) fn divided(self) -> Lanes {
        let Wide(mut sum) = self;
        for i in 0..N_LIMBS {
            let factor = add_low(zero(), sum[i], broadcast(NEGATED_INVERSE));
            // The low bits of factor·p make those of this limb zero: what is carried is known before.
            sum[i + 1] = add_carry(sum[i + 1], add(sum[i], broadcast(LIMB)));
            for j in 1..N_LIMBS {
                sum[i + j] = add_low(sum[i + j], factor, broadcast(MULTIPLES[1][j]));
            }
            for j in 0..N_LIMBS {
                sum[i + j + 1] = add_high(sum[i + j + 1], factor, broadcast(MULTIPLES[1][j]));
            }
        }
        let [.., a, b, c, d, e, f, g, h] = sum;
        Lanes([a, b, c, d, e, f, g, h])
    }
}

// Products are not inlined further: an addition has six, and its code would outgrow the cache of instructions.

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn set_product(product: &mut Lanes, a: &Lanes, b: &Lanes) {
    *product = a.wide(b).divided().carried().close();
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn set_square(square: &mut Lanes, a: &Lanes) {
    *square = a.wide_square().divided().carried().close();
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn set_product_less(c: &mut Lanes, a: &Lanes, b: &Lanes) {
    *c = a.wide(b).divided().less_product_term(c);
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn set_square_less(x: &mut Lanes, a: &Lanes, b: &Lanes, c: &Lanes) {
    *x = a.wide_square().divided().less_square_terms(b, c);
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

/// Eight by eight limbs: what were rows are columns.
#[inline(always)]
fn transposed(rows: [__m512i; 8]) -> [__m512i; 8] {
    let [a, b, c, d, e, f, g, h] = rows;
    // SAFETY: as above.
    unsafe {
        let even = [
            _mm512_unpacklo_epi64(a, b),
            _mm512_unpacklo_epi64(c, d),
            _mm512_unpacklo_epi64(e, f),
            _mm512_unpacklo_epi64(g, h),
        ];
        let odd = [
            _mm512_unpackhi_epi64(a, b),
            _mm512_unpackhi_epi64(c, d),
            _mm512_unpackhi_epi64(e, f),
            _mm512_unpackhi_epi64(g, h),
        ];
        let [a, c, e, g] = transposed_pairs(even);
        let [b, d, f, h] = transposed_pairs(odd);
        [a, b, c, d, e, f, g, h]
    }
}

/// Four by four pairs of limbs.
#[inline(always)]
fn transposed_pairs([a, b, c, d]: [__m512i; 4]) -> [__m512i; 4] {
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    // SAFETY: as above.
    unsafe {
        let (ab_even, ab_odd) = (
            _mm512_shuffle_i64x2::<EVEN>(a, b),
            _mm512_shuffle_i64x2::<ODD>(a, b),
        );
        let (cd_even, cd_odd) = (
            _mm512_shuffle_i64x2::<EVEN>(c, d),
            _mm512_shuffle_i64x2::<ODD>(c, d),
        );
        [
            _mm512_shuffle_i64x2::<EVEN>(ab_even, cd_even),
            _mm512_shuffle_i64x2::<EVEN>(ab_odd, cd_odd),
            _mm512_shuffle_i64x2::<ODD>(ab_even, cd_even),
            _mm512_shuffle_i64x2::<ODD>(ab_odd, cd_odd),
        ]
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
            (*limb, carry) = (sum & LIMB, sum >> LIMB_BITS);
        }
        raised
    }
}
