//! The quadratic extension in eight lanes: `a + b·u` with `u² = −1`.

use std::arch::x86_64::__mmask8;

use blst::{blst_fp, blst_fp2};

use super::decode::rests;
use super::field::{Field, N_LANES};
use super::fp::{self, Fp};
use crate::cpu::affine::{Coordinate, Field as _, Point};

/// An element as it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cpu) struct Fp2([Fp; 2]);

/// An element in each lane: two coefficients.
#[derive(Clone, Copy)]
pub(in crate::cpu) struct Lanes(fp::Lanes, fp::Lanes);

impl From<blst_fp2> for Fp2 {
    fn from(a: blst_fp2) -> Fp2 {
        Fp2(a.fp.map(Fp::from))
    }
}

impl From<Fp2> for blst_fp2 {
    fn from(a: Fp2) -> blst_fp2 {
        blst_fp2 {
            fp: a.0.map(blst_fp::from),
        }
    }
}

/// As in the base field.
impl Fp2 {
    pub(super) fn from_x(x: &blst_fp2) -> Fp2 {
        Fp2([Fp::from_x(&x.fp[0]), Fp::from_x(&x.fp[1])])
    }

    pub(super) fn from_y(y: &blst_fp2) -> Fp2 {
        Fp2([Fp::from_y(&y.fp[0]), Fp::from_y(&y.fp[1])])
    }

    pub(super) fn to_x(self) -> blst_fp2 {
        blst_fp2 {
            fp: self.0.map(Fp::to_x),
        }
    }

    pub(super) fn to_y(self) -> blst_fp2 {
        blst_fp2 {
            fp: self.0.map(Fp::to_y),
        }
    }
}

impl Coordinate for Fp2 {
    #[inline]
    fn is_zero(&self) -> bool {
        self.0.iter().all(Fp::is_zero)
    }

    #[inline]
    fn negate(&mut self) {
        self.0.iter_mut().for_each(Fp::negate);
    }
}

/// `a · b` before it is divided. Karatsuba: three products.
#[inline(always)]
fn wide(a: &Lanes, b: &Lanes) -> [fp::Wide; 2] {
    let first = a.0.wide(&b.0);
    let second = a.1.wide(&b.1);
    let all = Fp::sum(a.0, a.1).wide(&Fp::sum(b.0, b.1));
    [first.minus(second).lifted(), all.minus(first).minus(second)]
}

/// `(a + b)·(a − b)` and `2·a·b`.
#[inline(always)]
fn wide_square(a: &Lanes) -> [fp::Wide; 2] {
    let real = Fp::sum(a.0, a.1).wide(&a.0.minus(a.1, 8).carried());
    [real, a.0.wide(&a.1).doubled()]
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn set_product(product: &mut Lanes, a: &Lanes, b: &Lanes) {
    let [real, imaginary] = wide(a, b);
    product.0 = real.divided().carried().close();
    product.1 = imaginary.divided().carried().close();
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn set_square(square: &mut Lanes, a: &Lanes) {
    let [real, imaginary] = wide_square(a);
    square.0 = real.divided().carried().close();
    square.1 = imaginary.divided().carried().close();
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn set_product_less(c: &mut Lanes, a: &Lanes, b: &Lanes) {
    let [real, imaginary] = wide(a, b);
    c.0 = real.divided().less_product_term(&c.0);
    c.1 = imaginary.divided().less_product_term(&c.1);
}

#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn set_square_less(x: &mut Lanes, a: &Lanes, b: &Lanes, c: &Lanes) {
    let [real, imaginary] = wide_square(a);
    x.0 = real.divided().less_square_terms(&b.0, &c.0);
    x.1 = imaginary.divided().less_square_terms(&b.1, &c.1);
}

impl Field for Fp2 {
    type Lanes = Lanes;

    const INFINITY: &'static Point<Fp2> = &Point {
        x: Fp2([Fp::INFINITY.x; 2]),
        y: Fp2([Fp::INFINITY.x; 2]),
    };
    const SIZE: usize = 2 * Fp::SIZE;

    fn curve_constant() -> Fp2 {
        Fp2([Fp::curve_constant(); 2])
    }

    /// The coefficient of u comes first.
    #[inline(always)]
    fn numbers(rows: [&[u8]; N_LANES]) -> Lanes {
        let imaginary = Fp::numbers(rows);
        Lanes(Fp::numbers(rests::<Fp>(rows)), imaginary)
    }

    #[inline(always)]
    fn reduced(numbers: &Lanes) -> __mmask8 {
        Fp::reduced(&numbers.0) & Fp::reduced(&numbers.1)
    }

    #[inline(always)]
    fn ys(numbers: &Lanes) -> Lanes {
        Lanes(Fp::ys(&numbers.0), Fp::ys(&numbers.1))
    }

    fn one() -> Fp2 {
        Fp2([Fp::one(), Fp::default()])
    }

    /// `(a − b·u) / (a² + b²)`.
    fn inverse(self) -> Fp2 {
        let [a, b] = self.0.map(blst_fp::from);
        let (mut norm, mut square) = (blst_fp::default(), blst_fp::default());
        norm.set_square(&a);
        square.set_square(&b);
        norm.add(&square);
        let inverse = blst_fp::from(Fp::from(norm).inverse());
        let mut quotient = blst_fp2 { fp: [a, b] };
        quotient.fp[0].mul(&inverse);
        quotient.fp[1].mul(&inverse);
        quotient.fp[1].negate();
        quotient.into()
    }

    #[inline(always)]
    fn load(rows: [&Fp2; N_LANES]) -> Lanes {
        Lanes(
            Fp::load(rows.map(|row| &row.0[0])),
            Fp::load(rows.map(|row| &row.0[1])),
        )
    }

    #[inline(always)]
    fn store(lanes: Lanes) -> [Fp2; N_LANES] {
        let (a, b) = (Fp::store(lanes.0), Fp::store(lanes.1));
        let mut rows = [Fp2::default(); N_LANES];
        for (lane, row) in rows.iter_mut().enumerate() {
            *row = Fp2([a[lane], b[lane]]);
        }
        rows
    }

    #[inline(always)]
    fn set_product(product: &mut Lanes, a: &Lanes, b: &Lanes) {
        // SAFETY: these functions are reached as those of `Fp` are.
        unsafe { set_product(product, a, b) }
    }

    #[inline(always)]
    fn set_square(square: &mut Lanes, a: &Lanes) {
        // SAFETY: these functions are reached as those of `Fp` are.
        unsafe { set_square(square, a) }
    }

    #[inline(always)]
    fn set_product_less(c: &mut Lanes, a: &Lanes, b: &Lanes) {
        // SAFETY: these functions are reached as those of `Fp` are.
        unsafe { set_product_less(c, a, b) }
    }

    #[inline(always)]
    fn set_square_less(x: &mut Lanes, a: &Lanes, b: &Lanes, c: &Lanes) {
        // SAFETY: these functions are reached as those of `Fp` are.
        unsafe { set_square_less(x, a, b, c) }
    }

    #[inline(always)]
    fn sum(a: Lanes, b: Lanes) -> Lanes {
        Lanes(Fp::sum(a.0, b.0), Fp::sum(a.1, b.1))
    }

    #[inline(always)]
    fn difference(a: Lanes, b: Lanes) -> Lanes {
        Lanes(Fp::difference(a.0, b.0), Fp::difference(a.1, b.1))
    }

    #[inline(always)]
    fn negated(mask: __mmask8, a: Lanes) -> Lanes {
        Lanes(Fp::negated(mask, a.0), Fp::negated(mask, a.1))
    }

    #[inline(always)]
    fn canonical_from_close(a: Lanes) -> Lanes {
        Lanes(Fp::canonical_from_close(a.0), Fp::canonical_from_close(a.1))
    }

    #[inline(always)]
    fn suspects(a: &Lanes) -> __mmask8 {
        Fp::suspects(&a.0) & Fp::suspects(&a.1)
    }

    #[inline(always)]
    fn canonical(a: Lanes) -> Lanes {
        Lanes(Fp::canonical(a.0), Fp::canonical(a.1))
    }

    #[inline(always)]
    fn zeros(a: &Lanes) -> __mmask8 {
        Fp::zeros(&a.0) & Fp::zeros(&a.1)
    }

    #[inline(always)]
    fn choose(mask: __mmask8, chosen: Lanes, other: Lanes) -> Lanes {
        Lanes(
            Fp::choose(mask, chosen.0, other.0),
            Fp::choose(mask, chosen.1, other.1),
        )
    }

    #[inline(always)]
    fn rotated<const N: i32>(a: &Lanes) -> Lanes {
        Lanes(Fp::rotated::<N>(&a.0), Fp::rotated::<N>(&a.1))
    }
}

#[cfg(test)]
impl Fp2 {
    /// The same element, each coefficient k·p above its place.
    pub(super) fn raised(self, k: usize) -> Fp2 {
        Fp2(self.0.map(|coefficient| coefficient.raised(k)))
    }
}
