//! Bases are added into buckets, and buckets are summed.

use std::ops::Range;

use super::affine::{Adder, Additions, Coordinate, Pair, Point};
use crate::device::prefetch;

/// Bases whose places are fetched ahead of them: a place is as likely as not out of the nearer caches.
const LOOK_AHEAD: usize = 16;

/// Additions into buckets, many at the price of one inversion.
pub(super) trait Buckets<F> {
    /// `buckets[|digit| − 1] ± = base` for each base and its digit. No base is infinity.
    fn add(&mut self, bases: &[Point<F>], digits: &[i16], buckets: &mut [Point<F>]);

    /// The sums of chains of so many buckets, of which there is a whole number; the buckets are overwritten.
    fn chain_sums(&mut self, buckets: &mut [Point<F>], chain_len: usize) -> ChainSums<F>;
}

/// What becomes of each chain of buckets.
pub(super) struct ChainSums<F> {
    /// `Σ buckets[i]`.
    pub totals: Vec<Point<F>>,
    /// `Σ (i + 1) · buckets[i]`.
    pub weighted: Vec<Point<F>>,
}

/// Brings bases that fall into the same bucket together, and sums them pair by pair.
#[derive(Default)]
pub(super) struct Sort<F, A> {
    /// Where the points of each bucket stand.
    segments: Vec<Range<u32>>,
    /// Buckets, each followed by the bases that fall into it.
    points: Vec<Point<F>>,
    adder: Adder<A>,
}

impl<F: Coordinate, A: Additions<F>> Buckets<F> for Sort<F, A> {
    fn add(&mut self, bases: &[Point<F>], digits: &[i16], buckets: &mut [Point<F>]) {
        self.reserve(digits, buckets.len());
        for (segment, bucket) in self.segments.iter_mut().zip(&*buckets) {
            if segment.start < segment.end {
                segment.end = segment.start;
                if !bucket.is_infinity() {
                    self.points[segment.end as usize] = *bucket;
                    segment.end += 1;
                }
            }
        }
        for (i, (base, digit)) in bases.iter().zip(digits).enumerate() {
            if let Some(bucket) = digits.get(i + LOOK_AHEAD).and_then(bucket_of) {
                prefetch(&self.points, self.segments[bucket].end as usize);
            }
            if let Some(bucket) = bucket_of(digit) {
                let place = &mut self.segments[bucket].end;
                let point = &mut self.points[*place as usize];
                *place += 1;
                *point = *base;
                if *digit < 0 {
                    point.negate();
                }
            }
        }
        let filled = self.segments.iter().filter(|segment| segment.start < segment.end);
        self.adder.sum(&mut self.points, filled.cloned());
        for (segment, bucket) in self.segments.iter().zip(buckets) {
            if segment.start < segment.end {
                *bucket = self.points[segment.start as usize];
            }
        }
    }

    fn chain_sums(&mut self, buckets: &mut [Point<F>], chain_len: usize) -> ChainSums<F> {
        let starts = (0..buckets.len() as u32).step_by(chain_len);
        // Each bucket receives all that follow: the sum of all is then weighted by place.
        for i in (1..chain_len as u32).rev() {
            let pairs = starts.clone().map(|start| Pair {
                sum: start + i - 1,
                addend: start + i,
            });
            self.adder.add(buckets, pairs);
        }
        let totals = buckets.iter().step_by(chain_len).copied().collect();
        self.adder
            .sum(buckets, starts.map(|start| start..start + chain_len as u32));
        let weighted = buckets.iter().step_by(chain_len).copied().collect();
        ChainSums { totals, weighted }
    }
}

/// The bucket of a digit, unless it is zero.
fn bucket_of(digit: &i16) -> Option<usize> {
    usize::from(digit.unsigned_abs()).checked_sub(1)
}

impl<F: Coordinate, A> Sort<F, A> {
    /// A segment for each bucket that gets a base: for all its bases, and itself.
    fn reserve(&mut self, digits: &[i16], n_buckets: usize) {
        self.segments.clear();
        self.segments.resize(n_buckets, 0..0);
        for digit in digits {
            if let Some(bucket) = bucket_of(digit) {
                self.segments[bucket].end += 1;
            }
        }
        let mut start = 0;
        for segment in &mut self.segments {
            let n_places = segment.end + u32::from(segment.end > 0);
            *segment = start..start + n_places;
            start += n_places;
        }
        if self.points.len() < start as usize {
            self.points.resize(start as usize, Point::infinity());
        }
    }
}

#[cfg(test)]
mod tests {
    use group::prime::PrimeCurveAffine;
    use group::{Curve as _, Group};
    use rand_core::{RngCore, SeedableRng};
    use rand_xorshift::XorShiftRng;

    use super::*;
    use crate::cpu::curve::{Curve, Projective, G1, G2};

    const N_BASES: usize = 3000;

    /// Bases that meet themselves and their opposites.
    fn bases<C: Curve>(rng: &mut XorShiftRng) -> Vec<C::Affine> {
        let few: Vec<_> = (0..40)
            .map(|_| Projective::<C>::random(&mut *rng).to_affine())
            .collect();
        (0..N_BASES)
            .map(|_| few[rng.next_u32() as usize % few.len()])
            .collect()
    }

    /// Buckets that are filled several times, against sums one by one.
    fn check<C: Curve>(curve: C, n_buckets: usize, digit: fn(u32) -> i16) {
        let mut rng = XorShiftRng::seed_from_u64(n_buckets as u64);
        let mut adder = curve.buckets();
        let mut buckets = vec![Point::infinity(); n_buckets];
        let mut expected = vec![Projective::<C>::identity(); n_buckets];
        for _ in 0..3 {
            let bases = bases::<C>(&mut rng);
            let digits: Vec<i16> = (0..N_BASES).map(|_| digit(rng.next_u32())).collect();
            for (base, digit) in bases.iter().zip(&digits) {
                if let Some(bucket) = bucket_of(digit) {
                    expected[bucket] += if *digit < 0 {
                        -base.to_curve()
                    } else {
                        base.to_curve()
                    };
                }
            }
            let points: Vec<_> = bases.iter().map(|base| curve.point(base)).collect();
            adder.add(&points, &digits, &mut buckets);
            for (bucket, expected) in buckets.iter().zip(&expected) {
                assert_eq!(curve.affine(bucket).to_curve(), *expected, "{}", C::NAME);
            }
        }
        let chain_len = n_buckets.min(4);
        let sums = adder.chain_sums(&mut buckets, chain_len);
        for (i, chain) in expected.chunks(chain_len).enumerate() {
            let total: Projective<C> = chain.iter().sum();
            let mut running = Projective::<C>::identity();
            let mut weighted = Projective::<C>::identity();
            for bucket in chain.iter().rev() {
                running += bucket;
                weighted += running;
            }
            assert_eq!(curve.affine(&sums.totals[i]).to_curve(), total, "{}", C::NAME);
            assert_eq!(
                curve.affine(&sums.weighted[i]).to_curve(),
                weighted,
                "{}",
                C::NAME
            );
        }
    }

    fn check_all(n_buckets: usize, digit: fn(u32) -> i16) {
        check(G1, n_buckets, digit);
        check(G2, n_buckets, digit);
        #[cfg(target_arch = "x86_64")]
        if let Some(ifma) = crate::cpu::lanes::Ifma::of(crate::cpu::Level::Ifma) {
            check(crate::cpu::lanes::Wide::new(G1, *ifma), n_buckets, digit);
            check(crate::cpu::lanes::Wide::new(G2, *ifma), n_buckets, digit);
        }
    }

    #[test]
    fn bases_spread_over_buckets() {
        check_all(256, |random| (random % 513) as i16 - 256);
    }

    #[test]
    fn bases_fall_into_few_buckets_of_many() {
        check_all(256, |random| {
            if random % 9 == 0 {
                200
            } else {
                (random / 9 % 3) as i16 - 1
            }
        });
    }

    #[test]
    fn bases_fall_into_one_bucket() {
        check_all(1, |random| 1 - (random % 8 / 7 * 2) as i16);
    }

    #[test]
    fn opposites_leave_nothing() {
        check_all(2, |random| [1, -1, 2, -2][random as usize % 4]);
    }
}
