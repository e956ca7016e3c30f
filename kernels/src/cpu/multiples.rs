//! Many multiples of one point: what a parameter file is made of.
//!
//! A table holds `d · 2^(j·w) · base` for every digit d and position j; a multiple is then one addition for
//! each digit of its scalar. Additions are affine, a thousand to one inversion.

use group::prime::PrimeCurveAffine;
use group::{Curve as _, Group};
use rayon::prelude::*;

use super::affine::{Adder, Coordinate, Pair, Point};
use super::curve::Curve;
use super::digits;
use crate::device::prefetch;
use crate::Fr;

/// Multiples that one thread sums at a time; with their addends they stay in the cache of a core.
const CHUNK_LEN: usize = 1 << 10;

/// Bits of the largest digits: their table has 2¹⁵ points (4 MiB in G1) for each of 16 positions.
const MAX_DIGIT_BITS: usize = 16;

/// Digits whose multiples are fetched ahead of them: most lie in memory.
const LOOK_AHEAD: usize = 16;

/// `multiples[i] = scalars[i] · base`.
pub(super) fn multiples<C: Curve>(curve: C, base: &C::Affine, scalars: &[Fr], multiples: &mut [C::Affine]) {
    assert_eq!(scalars.len(), multiples.len(), "scalars and their multiples");
    let table = Table::new(curve, base, scalars.len());
    let chunks = scalars
        .par_chunks(CHUNK_LEN)
        .zip(multiples.par_chunks_mut(CHUNK_LEN));
    chunks.for_each_init(
        || Scratch::new(curve),
        |scratch, (scalars, multiples)| {
            for (point, multiple) in table.multiply(scalars, scratch).iter().zip(multiples) {
                *multiple = curve.affine(point);
            }
        },
    );
}

/// The multiples of one point by every digit at every position.
struct Table<F> {
    n_bits: usize,
    /// Position by position, `2^(n_bits − 1)` points each: 1, 2, 3, … times the position's base.
    points: Vec<Point<F>>,
}

/// What a thread works in.
struct Scratch<C: Curve> {
    /// Position by position.
    digits: Vec<Vec<i32>>,
    /// The sums, and after them what is added next.
    points: Vec<Point<C::F>>,
    adder: Adder<C::Additions>,
}

impl<C: Curve> Scratch<C> {
    fn new(curve: C) -> Self {
        Scratch {
            digits: Vec::new(),
            points: Vec::new(),
            adder: Adder::new(curve.additions()),
        }
    }
}

impl<F: Coordinate> Table<F> {
    fn new<C: Curve<F = F>>(curve: C, base: &C::Affine, n_scalars: usize) -> Table<F> {
        // Additions for the multiples, and for the table itself.
        let cost = |n_bits: &usize| digits::n_digits(*n_bits) * (n_scalars + (1 << (n_bits - 1)));
        let n_bits = (2..=MAX_DIGIT_BITS)
            .min_by_key(cost)
            .expect("the range is not empty");
        let mut base = base.to_curve();
        let mut bases = Vec::with_capacity(digits::n_digits(n_bits));
        for _ in 0..digits::n_digits(n_bits) {
            bases.push(curve.point(&base.to_affine()));
            base = (0..n_bits).fold(base, |base, _| base.double());
        }
        let row_len = 1 << (n_bits - 1);
        let mut points = vec![Point::infinity(); bases.len() * row_len];
        points
            .par_chunks_exact_mut(row_len)
            .zip(bases)
            .for_each(|(row, base)| fill(curve, row, base));
        Table { n_bits, points }
    }

    /// `scalars[i] · base`.
    fn multiply<'a, C: Curve<F = F>>(&self, scalars: &[Fr], scratch: &'a mut Scratch<C>) -> &'a [Point<F>] {
        let Scratch {
            digits,
            points,
            adder,
        } = scratch;
        let n_digits = digits::n_digits(self.n_bits);
        digits.resize_with(n_digits, Vec::new);
        digits.iter_mut().for_each(Vec::clear);
        for scalar in scalars {
            for (digits, digit) in digits.iter_mut().zip(digits::of(scalar, self.n_bits, n_digits)) {
                digits.push(digit);
            }
        }
        let len = scalars.len();
        points.clear();
        points.resize(len, Point::infinity());
        let rows = self.points.chunks_exact(1 << (self.n_bits - 1));
        for (row, digits) in rows.zip(digits) {
            points.truncate(len);
            for (i, digit) in digits.iter().enumerate() {
                if let Some(digit) = digits.get(i + LOOK_AHEAD) {
                    prefetch(row, (digit.unsigned_abs() as usize).saturating_sub(1));
                }
                let size = digit.unsigned_abs() as usize;
                let mut multiple = size.checked_sub(1).map_or(Point::infinity(), |i| row[i]);
                if *digit < 0 {
                    multiple.negate();
                }
                points.push(multiple);
            }
            let pairs = (0..len as u32).map(|sum| Pair {
                sum,
                addend: len as u32 + sum,
            });
            adder.add(points, pairs);
        }
        &points[..len]
    }
}

/// `row[i] = (i + 1) · base`, each pass twice as far as the one before.
fn fill<C: Curve>(curve: C, row: &mut [Point<C::F>], base: Point<C::F>) {
    let mut adder = Adder::new(curve.additions());
    row[0] = base;
    let mut filled = 1;
    while filled < row.len() {
        row.copy_within(..filled, filled);
        let pairs = (filled..2 * filled).map(|sum| Pair {
            sum: sum as u32,
            addend: filled as u32 - 1,
        });
        adder.add(row, pairs);
        filled *= 2;
    }
}

#[cfg(test)]
mod tests {
    use ff::Field;
    use rand_core::SeedableRng;
    use rand_xorshift::XorShiftRng;

    use super::*;
    use crate::cpu::sums::{self, Sums};
    use crate::cpu::Level;
    use crate::{G1Affine, G1Projective, G2Affine, G2Projective};

    /// Each kind of arithmetic that this processor has.
    fn all() -> impl Iterator<Item = &'static dyn Sums> {
        Level::ALL
            .into_iter()
            .filter(|level| level.is_there())
            .map(sums::at)
    }

    fn scalars(len: usize) -> Vec<Fr> {
        let mut rng = XorShiftRng::seed_from_u64(len as u64);
        let edges = [
            Fr::ZERO,
            Fr::ONE,
            -Fr::ONE,
            Fr::from(2),
            Fr::from(1 << 15),
            -Fr::from(1 << 15),
        ];
        edges
            .into_iter()
            .chain(std::iter::repeat_with(|| Fr::random(&mut rng)))
            .take(len)
            .collect()
    }

    fn check_g1(base: G1Affine, len: usize) {
        let scalars = scalars(len);
        let expected: Vec<_> = scalars.iter().map(|scalar| (base * scalar).to_affine()).collect();
        for sums in all() {
            let mut multiples = vec![G1Affine::identity(); len];
            sums.multiples_g1(&base, &scalars, &mut multiples);
            assert_eq!(multiples, expected, "{len}, {:?}", sums);
        }
    }

    fn check_g2(base: G2Affine, len: usize) {
        let scalars = scalars(len);
        let expected: Vec<_> = scalars.iter().map(|scalar| (base * scalar).to_affine()).collect();
        for sums in all() {
            let mut multiples = vec![G2Affine::identity(); len];
            sums.multiples_g2(&base, &scalars, &mut multiples);
            assert_eq!(multiples, expected, "{len}, {:?}", sums);
        }
    }

    #[test]
    fn multiples_are_those_of_double_and_add() {
        let mut rng = XorShiftRng::seed_from_u64(1);
        let (g1, g2) = (
            G1Projective::random(&mut rng).to_affine(),
            G2Projective::random(&mut rng).to_affine(),
        );
        for len in [0, 1, 7, 100, 3000] {
            check_g1(g1, len);
            check_g2(g2, len.min(300));
        }
    }

    #[test]
    fn multiples_of_infinity_are_infinity() {
        check_g1(G1Affine::identity(), 10);
        check_g2(G2Affine::identity(), 10);
    }
}
