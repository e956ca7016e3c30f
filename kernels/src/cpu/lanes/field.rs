//! What the additions of points ask of a field whose elements lie in eight lanes.

use std::arch::x86_64::__mmask8;

use crate::cpu::affine::{Coordinate, Point};

pub(in crate::cpu) const N_LANES: usize = 8;

/// A field in eight lanes.
///
/// Its functions are compiled for the instructions by inlining, and are reached only where an
/// [`Ifma`](super::Ifma) says that the processor has them.
pub(in crate::cpu) trait Field: Coordinate + 'static {
    /// An element in each lane, carried; how large it may be, each function says, in units of p. For an
    /// extension that is each of its coefficients.
    type Lanes: Copy;

    /// What stands where there is no point.
    const INFINITY: &'static Point<Self>;
    /// Bytes of an element in an encoded point.
    const SIZE: usize;

    fn one() -> Self;
    /// The constant of the curve over this field on which points are kept: `y² = x³ + b`.
    fn curve_constant() -> Self;
    /// `a⁻¹`, one by one; a is not zero.
    fn inverse(self) -> Self;

    /// Below 1.
    fn load(rows: [&Self; N_LANES]) -> Self::Lanes;
    /// The numbers that big-endian bytes say, below 2³⁸¹ or not, and in no Montgomery form.
    fn numbers(rows: [&[u8]; N_LANES]) -> Self::Lanes;
    /// The lanes of numbers that are below 1.
    fn reduced(numbers: &Self::Lanes) -> __mmask8;
    /// What points are kept with as y: close to 1, from numbers below 8. As x, they are kept with the numbers.
    fn ys(numbers: &Self::Lanes) -> Self::Lanes;
    /// From below 1.
    fn store(lanes: Self::Lanes) -> [Self; N_LANES];
    /// `product = a · b`: close to 1, from below 8. Written where it belongs: to copy it would cost as much
    /// as a tenth of a product.
    fn set_product(product: &mut Self::Lanes, a: &Self::Lanes, b: &Self::Lanes);
    /// `square = a²`: close to 1, from below 8.
    fn set_square(square: &mut Self::Lanes, a: &Self::Lanes);
    /// `c = a · b − c`: below 2.1, from below 8 and from c below 3.
    fn set_product_less(c: &mut Self::Lanes, a: &Self::Lanes, b: &Self::Lanes);
    /// `x = a² − b − 2·c`: below 3.1, from below 8 and from `b + 2·c` between 4 and 9.
    fn set_square_less(x: &mut Self::Lanes, a: &Self::Lanes, b: &Self::Lanes, c: &Self::Lanes);
    /// `a · b`: close to 1, from below 8.
    #[inline(always)]
    fn product(a: &Self::Lanes, b: &Self::Lanes) -> Self::Lanes {
        let mut product = *a;
        Self::set_product(&mut product, a, b);
        product
    }
    /// `a²`: close to 1, from below 8.
    #[inline(always)]
    fn square(a: &Self::Lanes) -> Self::Lanes {
        let mut square = *a;
        Self::set_square(&mut square, a);
        square
    }
    /// `a + b`: as large as both.
    fn sum(a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    /// `a − b`: below a + 4, from a below 4 and b below 3.1; or from a negated a, which was below 1, and b
    /// below 2.1.
    fn difference(a: Self::Lanes, b: Self::Lanes) -> Self::Lanes;
    /// `−a` in the lanes of the mask, `a` elsewhere: for [`difference`](Field::difference) alone.
    fn negated(mask: __mmask8, a: Self::Lanes) -> Self::Lanes;
    /// Below 1, from below 8.
    fn canonical(a: Self::Lanes) -> Self::Lanes;
    /// Below 1, from close to it.
    fn canonical_from_close(a: Self::Lanes) -> Self::Lanes;
    /// The lanes that may hold 0, among elements below 8; all others do not.
    fn suspects(a: &Self::Lanes) -> __mmask8;
    /// The lanes that hold 0, among elements below 1.
    fn zeros(a: &Self::Lanes) -> __mmask8;
    /// `chosen` in the lanes of the mask, `other` elsewhere.
    fn choose(mask: __mmask8, chosen: Self::Lanes, other: Self::Lanes) -> Self::Lanes;
    /// Lane i is lane i + N before.
    fn rotated<const N: i32>(a: &Self::Lanes) -> Self::Lanes;
}
