//! The instructions on limbs: 52 bits each, in eight lanes.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi64, _mm512_and_si512, _mm512_madd52hi_epu64, _mm512_madd52lo_epu64,
    _mm512_maskz_shuffle_epi32, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_slli_epi64,
    _mm512_srai_epi64, _mm512_srli_epi64, _mm512_sub_epi64,
};

pub(super) const LIMB_BITS: u32 = 52;
pub(super) const LIMB: u64 = (1 << LIMB_BITS) - 1;

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
