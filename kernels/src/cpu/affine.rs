//! Curve points in affine coordinates, and many additions at the price of one inversion.
//!
//! Both groups run the same code: [`Coordinate`] is the field of the one or of the other.

use blst::{blst_fp, blst_fp2};

/// An element of the field that a curve's coordinates live in.
pub(super) trait Coordinate: Copy + Default + PartialEq + Send + Sync {
    fn add(&self, other: &Self) -> Self;
    fn sub(&self, other: &Self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn square(&self) -> Self;
    fn inverse(&self) -> Self;

    fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    fn neg(&self) -> Self {
        Self::default().sub(self)
    }
}

macro_rules! coordinate {
    ($field:ty, $add:ident, $sub:ident, $mul:ident, $square:ident, $inverse:ident) => {
        impl Coordinate for $field {
            fn add(&self, other: &Self) -> Self {
                let mut sum = Self::default();
                // SAFETY: three valid pointers to field elements; blst reads two and writes one.
                unsafe { blst::$add(&mut sum, self, other) };
                sum
            }

            fn sub(&self, other: &Self) -> Self {
                let mut difference = Self::default();
                // SAFETY: as in `add`.
                unsafe { blst::$sub(&mut difference, self, other) };
                difference
            }

            fn mul(&self, other: &Self) -> Self {
                let mut product = Self::default();
                // SAFETY: as in `add`.
                unsafe { blst::$mul(&mut product, self, other) };
                product
            }

            fn square(&self) -> Self {
                let mut square = Self::default();
                // SAFETY: two valid pointers to field elements; blst reads one and writes one.
                unsafe { blst::$square(&mut square, self) };
                square
            }

            fn inverse(&self) -> Self {
                let mut inverse = Self::default();
                // SAFETY: as in `square`.
                unsafe { blst::$inverse(&mut inverse, self) };
                inverse
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
    blst_fp_eucl_inverse
);
coordinate!(
    blst_fp2,
    blst_fp2_add,
    blst_fp2_sub,
    blst_fp2_mul,
    blst_fp2_sqr,
    blst_fp2_eucl_inverse
);

/// A point; infinity is (0, 0), which is not on either curve.
///
/// In memory it is blst's `blst_p1_affine` or `blst_p2_affine`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
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

    pub fn neg(&self) -> Self {
        Point {
            x: self.x,
            y: self.y.neg(),
        }
    }
}

/// What [`add`](Additions::add) needs beside the points; kept between calls, for it is large.
#[derive(Debug, Default)]
pub(super) struct Additions<F> {
    /// The denominator of each slope; zero where the sum needs none.
    denominators: Vec<F>,
    /// The product of all denominators before this one.
    products: Vec<F>,
}

impl<F: Coordinate> Additions<F> {
    /// `sums[i] += addends[i]` for all `i`, at about 5 products, a square and a share of one inversion each.
    ///
    /// Any points may meet: equal ones, opposite ones, infinity.
    pub fn add(&mut self, sums: &mut [Point<F>], addends: &[Point<F>]) {
        assert_eq!(sums.len(), addends.len(), "points to add");
        self.denominators.clear();
        self.products.clear();
        let mut product: Option<F> = None;
        for (sum, addend) in sums.iter_mut().zip(addends) {
            let denominator = denominator(sum, addend);
            self.products.push(product.unwrap_or_default());
            self.denominators.push(denominator);
            if !denominator.is_zero() {
                product = Some(product.map_or(denominator, |product| product.mul(&denominator)));
            }
        }
        let Some(product) = product else { return };
        let mut inverse = product.inverse();
        let slots = self
            .denominators
            .iter()
            .zip(&self.products)
            .zip(sums)
            .zip(addends)
            .rev();
        for (((denominator, product), sum), addend) in slots {
            if denominator.is_zero() {
                continue;
            }
            // The first denominator has no product before it: `inverse` is its own by then.
            let own = if product.is_zero() {
                inverse
            } else {
                inverse.mul(product)
            };
            inverse = inverse.mul(denominator);
            *sum = chord(sum, addend, &own);
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
/// once and the answer is zero.
fn denominator<F: Coordinate>(sum: &mut Point<F>, addend: &Point<F>) -> F {
    if addend.is_infinity() {
        return F::default();
    }
    if sum.is_infinity() {
        *sum = *addend;
        return F::default();
    }
    let run = addend.x.sub(&sum.x);
    if !run.is_zero() {
        return run;
    }
    if sum.y == addend.y && !sum.y.is_zero() {
        return sum.y.add(&sum.y);
    }
    *sum = Point::infinity();
    F::default()
}

/// The sum of two points from the inverse of their slope's denominator.
fn chord<F: Coordinate>(p: &Point<F>, q: &Point<F>, inverse: &F) -> Point<F> {
    let rise = if p.x == q.x {
        let square = p.x.square();
        square.add(&square).add(&square)
    } else {
        q.y.sub(&p.y)
    };
    let slope = rise.mul(inverse);
    let x = slope.square().sub(&p.x).sub(&q.x);
    let y = slope.mul(&p.x.sub(&x)).sub(&p.y);
    Point { x, y }
}
