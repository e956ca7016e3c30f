//! Curve points in affine coordinates, and many additions at the price of one inversion.
//!
//! Both groups run the same code: [`Coordinate`] is the field of the one or of the other.

use blst::{blst_fp, blst_fp2};

/// An element of the field that a curve's coordinates live in.
///
/// Results are written where they belong: a copy of what blst has just written waits for the store, which
/// costs as much as a quarter of a product.
pub(super) trait Coordinate: Copy + Default + Send + Sync {
    fn one() -> Self;
    /// `self += other`.
    fn add(&mut self, other: &Self);
    /// `self −= other`.
    fn sub(&mut self, other: &Self);
    /// `self = other − self`.
    fn sub_from(&mut self, other: &Self);
    /// `self *= other`.
    fn mul(&mut self, other: &Self);
    /// `self = a − b`.
    fn set_difference(&mut self, a: &Self, b: &Self);
    /// `self = a · b`.
    fn set_product(&mut self, a: &Self, b: &Self);
    /// `self = a²`.
    fn set_square(&mut self, a: &Self);
    /// `self = a⁻¹`.
    fn set_inverse(&mut self, a: &Self);
    fn is_zero(&self) -> bool;
    fn equals(&self, other: &Self) -> bool;
}

/// Zero if all limbs are equal. Every addition asks several times: too often to call `memcmp`.
trait Limbs {
    fn difference(&self, other: &Self) -> u64;
}

impl Limbs for blst_fp {
    #[inline]
    fn difference(&self, other: &blst_fp) -> u64 {
        self.l
            .iter()
            .zip(&other.l)
            .fold(0, |bits, (limb, other)| bits | (limb ^ other))
    }
}

impl Limbs for blst_fp2 {
    #[inline]
    fn difference(&self, other: &blst_fp2) -> u64 {
        self.fp[0].difference(&other.fp[0]) | self.fp[1].difference(&other.fp[1])
    }
}

macro_rules! coordinate {
    ($field:ty, $add:ident, $sub:ident, $mul:ident, $square:ident, $inverse:ident, $one:expr) => {
        impl Coordinate for $field {
            fn one() -> Self {
                $one
            }

            fn add(&mut self, other: &Self) {
                // SAFETY: valid pointers to field elements; blst reads its arguments before it writes.
                unsafe { blst::$add(self, self, other) }
            }

            fn sub(&mut self, other: &Self) {
                // SAFETY: as in `add`.
                unsafe { blst::$sub(self, self, other) }
            }

            fn sub_from(&mut self, other: &Self) {
                // SAFETY: as in `add`.
                unsafe { blst::$sub(self, other, self) }
            }

            fn mul(&mut self, other: &Self) {
                // SAFETY: as in `add`.
                unsafe { blst::$mul(self, self, other) }
            }

            fn set_difference(&mut self, a: &Self, b: &Self) {
                // SAFETY: as in `add`.
                unsafe { blst::$sub(self, a, b) }
            }

            fn set_product(&mut self, a: &Self, b: &Self) {
                // SAFETY: as in `add`.
                unsafe { blst::$mul(self, a, b) }
            }

            fn set_square(&mut self, a: &Self) {
                // SAFETY: as in `add`.
                unsafe { blst::$square(self, a) }
            }

            fn set_inverse(&mut self, a: &Self) {
                // SAFETY: as in `add`.
                unsafe { blst::$inverse(self, a) }
            }

            #[inline]
            fn is_zero(&self) -> bool {
                self.difference(&Self::default()) == 0
            }

            #[inline]
            fn equals(&self, other: &Self) -> bool {
                self.difference(other) == 0
            }
        }
    };
}

coordinate!(
    blst_fp,
    blst_fp_add,
    blst_fp_sub,
    blst_fp_mul,
    blst_fp_sqr,
    blst_fp_eucl_inverse,
    one()
);
coordinate!(
    blst_fp2,
    blst_fp2_add,
    blst_fp2_sub,
    blst_fp2_mul,
    blst_fp2_sqr,
    blst_fp2_eucl_inverse,
    blst_fp2 {
        fp: [one(), blst_fp::default()]
    }
);

/// 1 in the base field, as blst keeps it.
fn one() -> blst_fp {
    let mut one = blst_fp::default();
    // SAFETY: blst reads six limbs and writes one field element.
    unsafe { blst::blst_fp_from_uint64(&mut one, [1, 0, 0, 0, 0, 0].as_ptr()) };
    one
}

/// A point; infinity is (0, 0), which is not on either curve.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Point<F> {
    pub x: F,
    pub y: F,
}

impl<F: Coordinate> Point<F> {
    pub fn infinity() -> Self {
        Self::default()
    }

    pub fn is_infinity(&self) -> bool {
        self.x.is_zero() && self.y.is_zero()
    }

    pub fn negate(&mut self) {
        self.y.sub_from(&F::default());
    }
}

/// What [`add`](Additions::add) needs beside the points; kept between calls, for it is large.
#[derive(Debug, Default)]
pub(super) struct Additions<F> {
    /// The denominator of each slope; zero where the sum needs none.
    denominators: Vec<F>,
    /// The product of all denominators before this one, those that are zero left out.
    products: Vec<F>,
}

impl<F: Coordinate> Additions<F> {
    /// `sums[i] += addends[i]` for all `i`, at about 5 products, a square and a share of one inversion each.
    ///
    /// Any points may meet: equal ones, opposite ones, infinity.
    pub fn add(&mut self, sums: &mut [Point<F>], addends: &[Point<F>]) {
        assert_eq!(sums.len(), addends.len(), "points to add");
        let len = sums.len();
        if self.denominators.len() < len {
            self.denominators.resize(len, F::default());
            self.products.resize(len + 1, F::one());
        }
        for (i, (sum, addend)) in sums.iter_mut().zip(addends).enumerate() {
            let denominator = &mut self.denominators[i];
            set_denominator(denominator, sum, addend);
            let (before, after) = self.products.split_at_mut(i + 1);
            if denominator.is_zero() {
                after[0] = before[i];
            } else {
                after[0].set_product(&before[i], denominator);
            }
        }
        let mut inverse = F::default();
        inverse.set_inverse(&self.products[len]);
        let slots = self.denominators[..len].iter().zip(&self.products[..len]);
        for (((denominator, product), sum), addend) in slots.zip(sums).zip(addends).rev() {
            if !denominator.is_zero() {
                add_chord(sum, addend, &inverse, product);
                inverse.mul(denominator);
            }
        }
    }

    /// The sum of all points, which are overwritten.
    pub fn sum(&mut self, mut points: &mut [Point<F>]) -> Point<F> {
        while points.len() > 1 {
            let half = points.len().div_ceil(2);
            let (sums, addends) = points.split_at_mut(half);
            self.add(&mut sums[..addends.len()], addends);
            points = sums;
        }
        points.first().copied().unwrap_or_default()
    }
}

/// The denominator of the slope through two points. Where there is no slope, the sum is put into `sum` at
/// once and the denominator is zero.
fn set_denominator<F: Coordinate>(denominator: &mut F, sum: &mut Point<F>, addend: &Point<F>) {
    if addend.is_infinity() {
        *denominator = F::default();
    } else if sum.is_infinity() {
        *sum = *addend;
        *denominator = F::default();
    } else if !sum.x.equals(&addend.x) {
        denominator.set_difference(&addend.x, &sum.x);
    } else if sum.y.equals(&addend.y) && !sum.y.is_zero() {
        *denominator = sum.y;
        denominator.add(&sum.y);
    } else {
        *sum = Point::infinity();
        *denominator = F::default();
    }
}

/// Adds two points; `inverse · product` is the inverse of their slope's denominator.
fn add_chord<F: Coordinate>(sum: &mut Point<F>, addend: &Point<F>, inverse: &F, product: &F) {
    let mut slope = F::default();
    if sum.x.equals(&addend.x) {
        let mut square = F::default();
        square.set_square(&sum.x);
        slope = square;
        slope.add(&square);
        slope.add(&square);
    } else {
        slope.set_difference(&addend.y, &sum.y);
    }
    slope.mul(inverse);
    slope.mul(product);
    let mut run = sum.x;
    sum.x.set_square(&slope);
    sum.x.sub(&run);
    sum.x.sub(&addend.x);
    run.sub(&sum.x);
    run.mul(&slope);
    sum.y.sub_from(&run);
}
