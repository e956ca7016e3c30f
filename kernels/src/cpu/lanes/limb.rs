//! The instructions on limbs: 52 bits each, in eight lanes.

use std::arch::x86_64::{
    __m512i, __mmask8, _mm512_add_epi64, _mm512_and_si512, _mm512_cmplt_epi64_mask, _mm512_madd52hi_epu64,
    _mm512_madd52lo_epu64, _mm512_mask_sub_epi64, _mm512_maskz_shuffle_epi32, _mm512_set1_epi64,
    _mm512_setzero_si512, _mm512_shuffle_i64x2, _mm512_slli_epi64, _mm512_srai_epi64, _mm512_srli_epi64,
    _mm512_storeu_si512, _mm512_sub_epi64, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
};

use super::field::N_LANES;

pub(super) const LIMB_BITS: u32 = 52;
pub(super) const LIMB: u64 = (1 << LIMB_BITS) - 1;

/// The multiples of a number, the zeroth first, each carried: so many as its limbs have room for.
pub(super) const fn multiples<const N_LIMBS: usize, const N: usize>(
    number: [u64; N_LIMBS],
) -> [[u64; N_LIMBS]; N] {
    let mut multiples = [[0; N_LIMBS]; N];
    let mut k = 1;
    while k < N {
        let mut carry = 0;
        let mut i = 0;
        while i < N_LIMBS {
            let limb = multiples[k - 1][i] + number[i] + carry;
            multiples[k][i] = limb & LIMB;
            carry = limb >> LIMB_BITS;
            i += 1;
        }
        assert!(carry == 0, "the limbs have no room");
        k += 1;
    }
    multiples
}

// SAFETY of all that follows: these functions are inlined into those that are compiled for the instructions,
// which only who holds an `Ifma` may call.

#[inline(always)]
pub(super) fn broadcast(limb: u64) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_set1_epi64(limb as i64) }
}

#[inline(always)]
pub(super) fn zero() -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_setzero_si512() }
}

#[inline(always)]
pub(super) fn add(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_add_epi64(a, b) }
}

#[inline(always)]
pub(super) fn sub(a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_sub_epi64(a, b) }
}

/// `sum + low 52 bits of a·b`.
#[inline(always)]
pub(super) fn add_low(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_madd52lo_epu64(sum, a, b) }
}

/// `sum + a·b / 2⁵²`.
#[inline(always)]
pub(super) fn add_high(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_madd52hi_epu64(sum, a, b) }
}

/// `a · 2^BITS`.
#[inline(always)]
pub(super) fn up<const BITS: u32>(a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_slli_epi64::<BITS>(a) }
}

/// `a · 2³²`, by moving halves: the compiler would make a slow multiplication of a shift and an addition.
#[inline(always)]
pub(super) fn low_half_up(a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_maskz_shuffle_epi32::<0b10_10_00_00>(0b1010_1010_1010_1010, a) }
}

/// `a / 2^BITS`.
#[inline(always)]
pub(super) fn down<const BITS: u32>(a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_srli_epi64::<BITS>(a) }
}

/// `sum + a / 2⁵²`.
#[inline(always)]
pub(super) fn add_carry(sum: __m512i, a: __m512i) -> __m512i {
    add(sum, down::<LIMB_BITS>(a))
}

/// `sum + a / 2⁵²`, signs kept.
#[inline(always)]
pub(super) fn add_signed_carry(sum: __m512i, a: __m512i) -> __m512i {
    // SAFETY: as above.
    add(sum, unsafe { _mm512_srai_epi64::<LIMB_BITS>(a) })
}

#[inline(always)]
pub(super) fn low_bits(a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_and_si512(a, broadcast(LIMB)) }
}

/// Eight by eight limbs: what were rows are columns.
#[inline(always)]
pub(super) fn transposed(rows: [__m512i; 8]) -> [__m512i; 8] {
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

/// In a debug build, that limbs are carried and the number in every lane is below the bound.
#[inline(always)]
pub(super) fn assert_below<const N: usize>(limbs: &[__m512i; N], bound: &[u64; N]) {
    if cfg!(debug_assertions) {
        let mut columns = [[0; N_LANES]; N];
        for (column, limb) in columns.iter_mut().zip(limbs) {
            // SAFETY: a column is 64 bytes, and need not be aligned.
            unsafe { _mm512_storeu_si512(column.as_mut_ptr().cast(), *limb) };
        }
        for lane in 0..N_LANES {
            let limbs = columns.map(|column| column[lane]);
            assert!(limbs.iter().all(|limb| *limb <= LIMB), "carried: {limbs:x?}");
            assert!(
                limbs.iter().rev().lt(bound.iter().rev()),
                "{limbs:x?} is below {bound:x?}"
            );
        }
    }
}

/// `sum − a` in the lanes of the mask.
#[inline(always)]
pub(super) fn sub_where(mask: __mmask8, sum: __m512i, a: __m512i) -> __m512i {
    // SAFETY: as above.
    unsafe { _mm512_mask_sub_epi64(sum, mask, sum, a) }
}

/// The lanes below zero.
#[inline(always)]
pub(super) fn negative(a: __m512i) -> __mmask8 {
    // SAFETY: as above.
    unsafe { _mm512_cmplt_epi64_mask(a, zero()) }
}
