//! Curve points in affine coordinates, and many additions at the price of one inversion.
//!
//! Both groups run the same code: [`Coordinate`] is the field of the one or of the other.

use std::ops::Range;

use blst::{blst_fp, blst_fp2};

/// An element of the field that a curve's coordinates live in, as it is kept.
pub(super) trait Coordinate: Copy + Default + Send + Sync {
    fn is_zero(&self) -> bool;
    /// `self = −self`.
    fn negate(&mut self);
}

/// What any processor calculates with.
///
/// Results are written where they belong: a copy of what blst has just written waits for the store, which
/// costs as much as a quarter of a product.
pub(super) trait Field: Coordinate {
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

macro_rules! field {
    ($field:ty, $add:ident, $sub:ident, $mul:ident, $square:ident, $inverse:ident, $one:expr) => {
        impl Coordinate for $field {
            #[inline]
            fn is_zero(&self) -> bool {
                self.difference(&Self::default()) == 0
            }

            fn negate(&mut self) {
                self.sub_from(&Self::default());
            }
        }

        impl Field for $field {
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
            fn equals(&self, other: &Self) -> bool {
                self.difference(other) == 0
            }
        }
    };
}

field!(
    blst_fp,
    blst_fp_add,
    blst_fp_sub,
    blst_fp_mul,
    blst_fp_sqr,
    blst_fp_eucl_inverse,
    one()
);
field!(
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
        self.y.negate();
    }
}

/// One point is added to another: `points[sum] += points[addend]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub sum: u32,
    pub addend: u32,
}

/// Many additions at the price of one inversion.
pub(super) trait Additions<F> {
    /// `points[pair.sum] += points[pair.addend]` for all pairs, at about 5 products, a square and a share of one
    /// inversion each.
    ///
    /// Any points may meet: equal ones, opposite ones, infinity. No sum stands in two pairs.
    fn add(&mut self, points: &mut [Point<F>], pairs: &[Pair]);
}

/// Additions one after the other; what they need beside the points is kept between calls, for it is large.
#[derive(Debug, Default)]
pub(super) struct Batch<F> {
    /// The denominator of each slope; zero where the sum needs none.
    denominators: Vec<F>,
    /// The product of all denominators before this one, those that are zero left out.
    products: Vec<F>,
}

impl<F: Field> Additions<F> for Batch<F> {
    fn add(&mut self, points: &mut [Point<F>], pairs: &[Pair]) {
        let len = pairs.len();
        if self.denominators.len() < len {
            self.denominators.resize(len, F::default());
            self.products.resize(len + 1, F::one());
        }
        for (i, pair) in pairs.iter().enumerate() {
            let denominator = &mut self.denominators[i];
            let (sum, addend) = pair.of(points);
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
        for ((denominator, product), pair) in slots.zip(pairs).rev() {
            if !denominator.is_zero() {
                let (sum, addend) = pair.of(points);
                add_chord(sum, addend, &inverse, product);
                inverse.mul(denominator);
            }
        }
    }
}

impl Pair {
    fn of<'a, F>(&self, points: &'a mut [Point<F>]) -> (&'a mut Point<F>, &'a Point<F>) {
        let places = [self.sum as usize, self.addend as usize];
        let [sum, addend] = points
            .get_disjoint_mut(places)
            .expect("a pair is of two points that there are");
        (sum, addend)
    }
}

/// Additions in batches, and sums made of them.
#[derive(Debug, Default)]
pub(super) struct Adder<A> {
    additions: A,
    pairs: Vec<Pair>,
    /// Segments that are not summed yet.
    segments: Vec<Range<u32>>,
}

/// Additions that share an inversion; with their points they stay in the cache of a core.
const BATCH_LEN: usize = 1 << 11;

impl<A> Adder<A> {
    pub fn new(additions: A) -> Self {
        Adder {
            additions,
            pairs: Vec::new(),
            segments: Vec::new(),
        }
    }

    /// `points[sum] += points[addend]` for all pairs of which no sum is another's addend.
    pub fn add<F>(&mut self, points: &mut [Point<F>], pairs: impl IntoIterator<Item = Pair>)
    where
        A: Additions<F>,
    {
        self.pairs.clear();
        self.pairs.extend(pairs);
        for pairs in self.pairs.chunks(BATCH_LEN) {
            self.additions.add(points, pairs);
        }
    }

    /// Sums the points of each segment into its first one; the others are overwritten. No segment is empty.
    pub fn sum<F>(&mut self, points: &mut [Point<F>], segments: impl IntoIterator<Item = Range<u32>>)
    where
        A: Additions<F>,
    {
        let mut live = std::mem::take(&mut self.segments);
        live.extend(segments);
        // Neighbours first, then sums of two, of four, … .
        let mut stride = 1;
        loop {
            live.retain(|segment| segment.start + stride < segment.end);
            if live.is_empty() {
                break;
            }
            let pairs = |segment: &Range<u32>| {
                let sums = (segment.start..segment.end - stride).step_by(2 * stride as usize);
                sums.map(move |sum| Pair {
                    sum,
                    addend: sum + stride,
                })
            };
            self.add(points, live.iter().flat_map(pairs));
            stride *= 2;
        }
        self.segments = live;
    }
}

/// The denominator of the slope through two points. Where there is no slope, the sum is put into `sum` at
/// once and the denominator is zero.
fn set_denominator<F: Field>(denominator: &mut F, sum: &mut Point<F>, addend: &Point<F>) {
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
fn add_chord<F: Field>(sum: &mut Point<F>, addend: &Point<F>, inverse: &F, product: &F) {
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
