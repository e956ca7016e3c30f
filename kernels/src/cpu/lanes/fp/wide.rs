//! Products: multiplied out, then divided by R.

use std::arch::x86_64::{__m512i, __mmask8};

use super::number::{limbs, MODULUS, MULTIPLES, NEGATED_INVERSE, N_LIMBS};
use super::Lanes;
use crate::cpu::lanes::limb::{
    add, add_high, add_low, add_signed_carry, broadcast, low_bits, negative, sub, sub_where, zero, LIMB,
    LIMB_BITS,
};

/// Products not divided by R yet: limbs of up to 60 bits, and a sign.
#[derive(Clone, Copy)]
pub(in crate::cpu::lanes) struct Wide([__m512i; 2 * N_LIMBS]);

impl Lanes {
    /// The low half less the high half, carried; and the lanes where that is negative, and 2²⁰⁸ above.
    #[inline(always)]
    fn halves_difference(&self) -> (Half, __mmask8) {
        let [a, b, c, d, e, f, g, h] = self.0;
        let mut difference = [sub(a, e), sub(b, f), sub(c, g), sub(d, h)];
        for i in 0..HALF - 1 {
            difference[i + 1] = add_signed_carry(difference[i + 1], difference[i]);
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
    pub(in crate::cpu::lanes) fn wide(&self, b: &Lanes) -> Wide {
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
    pub(in crate::cpu::lanes) fn wide_square(&self) -> Wide {
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
    pub(in crate::cpu::lanes) fn minus(mut self, b: Wide) -> Wide {
        for (a, b) in self.0.iter_mut().zip(b.0) {
            *a = sub(*a, b);
        }
        self
    }

    /// `2·a`.
    #[inline(always)]
    pub(in crate::cpu::lanes) fn doubled(mut self) -> Wide {
        for a in &mut self.0 {
            *a = add(*a, *a);
        }
        self
    }

    /// The same modulo p, and not negative, from above −144·p².
    #[inline(always)]
    pub(in crate::cpu::lanes) fn lifted(mut self) -> Wide {
        for (a, lift) in self.0[N_LIMBS - 1..].iter_mut().zip(LIFT) {
            *a = add(*a, broadcast(lift));
        }
        self
    }

    /// `a / R mod p`, by Montgomery: close; limbs not carried; from below 400·p².
    #[inline(always)]
    pub(in crate::cpu::lanes) fn divided(self) -> Lanes {
        let Wide(mut sum) = self;
        for i in 0..N_LIMBS {
            let factor = add_low(zero(), sum[i], broadcast(NEGATED_INVERSE));
            // The low bits of factor·p make those of this limb zero: what is carried is known before.
            sum[i + 1] = add_signed_carry(sum[i + 1], add(sum[i], broadcast(LIMB)));
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
pub(super) fn set_product(product: &mut Lanes, a: &Lanes, b: &Lanes) {
    *product = a.wide(b).divided().carried().close();
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
pub(super) fn set_square(square: &mut Lanes, a: &Lanes) {
    *square = a.wide_square().divided().carried().close();
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
pub(super) fn set_product_less(c: &mut Lanes, a: &Lanes, b: &Lanes) {
    *c = a.wide(b).divided().less_product_term(c);
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
pub(super) fn set_square_less(x: &mut Lanes, a: &Lanes, b: &Lanes, c: &Lanes) {
    *x = a.wide_square().divided().less_square_terms(b, c);
}
