//! Many multiples of one point: what a parameter file is made of.
//!
//! A table holds `d · 2^(j·w) · base` for every digit d and position j; a multiple is then one addition for
//! each digit of its scalar. Additions are affine, a thousand to one inversion.

use group::Group;
use rayon::prelude::*;

use super::{
    affine::{Additions, Coordinate, Point},
    curve::{Curve, G1, G2},
    digits,
};
use crate::{Fr, G1Affine, G2Affine};

/// Multiples that one thread sums at a time; with their addends they stay in the cache of a core.
const CHUNK_LEN: usize = 1 << 10;

/// Bits of the largest digits: their table has 2¹⁵ points (3 MiB in G1) for each of 16 positions.
const MAX_DIGIT_BITS: usize = 16;

pub(crate) fn multiples_g1(base: &G1Affine, scalars: &[Fr], multiples: &mut [G1Affine]) {
    let write = |point: &Point<_>, multiple: &mut G1Affine| *multiple.as_mut() = (*point).into();
    compute::<G1, _>(&(*base).into(), scalars, multiples, write);
}

pub(crate) fn multiples_g2(base: &G2Affine, scalars: &[Fr], multiples: &mut [G2Affine]) {
    let write = |point: &Point<_>, multiple: &mut G2Affine| *multiple.as_mut() = (*point).into();
    compute::<G2, _>(&(*base).into(), scalars, multiples, write);
}

fn compute<C: Curve, A: Send>(
    base: &C::Projective,
    scalars: &[Fr],
    multiples: &mut [A],
    write: impl Fn(&Point<C::F>, &mut A) + Sync,
) {
    assert_eq!(scalars.len(), multiples.len(), "scalars and their multiples");
    let table = Table::<C::F>::new::<C>(base, scalars.len());
    let chunks = scalars
        .par_chunks(CHUNK_LEN)
        .zip(multiples.par_chunks_mut(CHUNK_LEN));
    chunks.for_each_init(Scratch::default, |scratch, (scalars, multiples)| {
        table.multiply(scalars, scratch);
        for (point, multiple) in scratch.sums.iter().zip(multiples) {
            write(point, multiple);
        }
    });
}

/// The multiples of one point by every digit at every position.
struct Table<F> {
    n_bits: usize,
    /// Position by position, `2^(n_bits − 1)` points each: 1, 2, 3, … times the position's base.
    points: Vec<Point<F>>,
}

/// What a thread works in.
#[derive(Default)]
struct Scratch<F> {
    /// Position by position.
    digits: Vec<Vec<i32>>,
    sums: Vec<Point<F>>,
    addends: Vec<Point<F>>,
    additions: Additions<F>,
}

impl<F: Coordinate> Table<F> {
    fn new<C: Curve<F = F>>(base: &C::Projective, n_scalars: usize) -> Table<F> {
        // Additions for the multiples, and for the table itself.
        let cost = |n_bits: &usize| digits::n_digits(*n_bits) * (n_scalars + (1 << (n_bits - 1)));
        let n_bits = (2..=MAX_DIGIT_BITS)
            .min_by_key(cost)
            .expect("the range is not empty");
        let mut base = *base;
        let mut bases = Vec::with_capacity(digits::n_digits(n_bits));
        for _ in 0..digits::n_digits(n_bits) {
            bases.push(C::affine(&base));
            base = (0..n_bits).fold(base, |base, _| base.double());
        }
        let row_len = 1 << (n_bits - 1);
        let mut points = vec![Point::infinity(); bases.len() * row_len];
        points
            .par_chunks_exact_mut(row_len)
            .zip(bases)
            .for_each(|(row, base)| fill(row, base));
        Table { n_bits, points }
    }

    /// `scratch.sums[i] = scalars[i] · base`.
    fn multiply(&self, scalars: &[Fr], scratch: &mut Scratch<F>) {
        scratch
            .digits
            .resize_with(digits::n_digits(self.n_bits), Vec::new);
        scratch.digits.iter_mut().for_each(Vec::clear);
        for scalar in scalars {
            for (digits, digit) in scratch.digits.iter_mut().zip(digits::of(scalar, self.n_bits)) {
                digits.push(digit);
            }
        }
        scratch.sums.clear();
        scratch.sums.resize(scalars.len(), Point::infinity());
        let rows = self.points.chunks_exact(1 << (self.n_bits - 1));
        for (row, digits) in rows.zip(&scratch.digits) {
            scratch.addends.clear();
            for digit in digits {
                let size = digit.unsigned_abs() as usize;
                let multiple = size.checked_sub(1).map_or(Point::infinity(), |i| row[i]);
                scratch.addends.push(multiple);
                if *digit < 0 {
                    scratch.addends.last_mut().expect("just pushed").negate();
                }
            }
            scratch.additions.add(&mut scratch.sums, &scratch.addends);
        }
    }
}

/// `row[i] = (i + 1) · base`, each pass twice as far as the one before.
fn fill<F: Coordinate>(row: &mut [Point<F>], base: Point<F>) {
    let mut additions = Additions::default();
    let mut addends = Vec::new();
    row[0] = base;
    let mut filled = 1;
    while filled < row.len() {
        let (done, next) = row.split_at_mut(filled);
        let next = &mut next[..filled];
        next.copy_from_slice(done);
        addends.clear();
        addends.resize(filled.min(CHUNK_LEN), done[filled - 1]);
        for next in next.chunks_mut(CHUNK_LEN) {
            additions.add(next, &addends);
        }
        filled *= 2;
    }
}

#[cfg(test)]
mod tests {
    use ff::Field;
    use group::{prime::PrimeCurveAffine, Curve as _};
    use rand_core::SeedableRng;
    use rand_xorshift::XorShiftRng;

    use super::*;
    use crate::{G1Projective, G2Projective};

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
        let mut multiples = vec![G1Affine::identity(); len];
        multiples_g1(&base, &scalars, &mut multiples);
        for (i, (scalar, multiple)) in scalars.iter().zip(multiples).enumerate() {
            assert_eq!(multiple, (base * scalar).to_affine(), "multiple {i} of {len}");
        }
    }

    fn check_g2(base: G2Affine, len: usize) {
        let scalars = scalars(len);
        let mut multiples = vec![G2Affine::identity(); len];
        multiples_g2(&base, &scalars, &mut multiples);
        for (i, (scalar, multiple)) in scalars.iter().zip(multiples).enumerate() {
            assert_eq!(multiple, (base * scalar).to_affine(), "multiple {i} of {len}");
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
