//! Multi-scalar products: `Σ scalars[i] · bases[i]`.
//!
//! Most scalars of a witness are bits. Zeros are left out (their bases are not even read), ones are summed
//! as they stand, and only the rest is cut into digits, whose bases go into buckets. All sums are affine and
//! share inversions. Bases are read from their bytes chunk by chunk, so that a parameter file of 44 GiB
//! passes through some MiB of memory for each thread.

use std::sync::atomic::{AtomicUsize, Ordering};

use ff::Field;
use group::Group;
use rayon::prelude::*;

use super::{
    affine::{Additions, Point},
    curve::{Curve, G1, G2},
    digits,
};
use crate::{Bases, Error, Fr, G1Projective, G2Projective, Result};

/// Bases that a thread fetches at a time.
const CHUNK_LEN: usize = 1 << 12;

/// Bases that a thread collects before it puts them into buckets: 3 MiB in G1, 6 MiB in G2.
const POOL_LEN: usize = 1 << 15;

/// Sums that share an inversion; with their addends they stay in the cache of a core.
const BATCH_LEN: usize = 1 << 11;

/// Bits of the largest digits: 19 windows of 2¹³ buckets are 15 MiB in G1 for each thread.
const MAX_DIGIT_BITS: usize = 14;

/// An addition into the running sum of the buckets costs as much as this many affine ones.
const PROJECTIVE_COST: usize = 6;

pub(crate) fn msm_g1(bases: Bases<'_>, scalars: &[Fr]) -> Result<G1Projective> {
    msm::<G1>(bases, scalars)
}

pub(crate) fn msm_g2(bases: Bases<'_>, scalars: &[Fr]) -> Result<G2Projective> {
    msm::<G2>(bases, scalars)
}

fn msm<C: Curve>(bases: Bases<'_>, scalars: &[Fr]) -> Result<C::Projective> {
    assert_eq!(
        bases.bytes.len(),
        scalars.len() * C::SIZE,
        "bytes of the bases in {}",
        C::NAME
    );
    let n_dense = scalars
        .par_iter()
        .with_min_len(CHUNK_LEN)
        .filter(|scalar| is_dense(scalar))
        .count();
    let n_threads = rayon::current_num_threads()
        .min(scalars.len().div_ceil(CHUNK_LEN))
        .max(1);
    let n_bits = digit_bits(n_dense / n_threads);
    // Each task draws chunks until none is left: witnesses are dense in places, so equal parts would not be
    // equal work, and each task pays for its buckets.
    let next = AtomicUsize::new(0);
    let sums = (0..n_threads).into_par_iter().with_max_len(1).map(|_| {
        let mut sum = Sum::<C>::new(n_bits);
        loop {
            let start = next.fetch_add(CHUNK_LEN, Ordering::Relaxed);
            if start >= scalars.len() {
                return Ok(sum.finish());
            }
            let end = (start + CHUNK_LEN).min(scalars.len());
            sum.add(
                start,
                &bases.bytes[start * C::SIZE..end * C::SIZE],
                &scalars[start..end],
            )?;
        }
    });
    sums.try_reduce(C::Projective::identity, |one, other| Ok(one + other))
}

fn is_dense(scalar: &Fr) -> bool {
    *scalar != Fr::ZERO && *scalar != Fr::ONE
}

/// The digit width with the fewest additions for so many dense scalars.
fn digit_bits(n_dense: usize) -> usize {
    let cost = |n_bits: &usize| digits::n_digits(*n_bits) * (n_dense + PROJECTIVE_COST * (1 << (n_bits - 1)));
    (2..=MAX_DIGIT_BITS)
        .min_by_key(cost)
        .expect("the range is not empty")
}

/// One thread's share of a sum.
struct Sum<C: Curve> {
    n_bits: usize,
    /// The sum of the bases whose scalar is one.
    ones: C::Projective,
    /// Bases whose scalar is one, in this chunk.
    units: Vec<Point<C::F>>,
    /// Bases with a dense scalar that wait for their buckets.
    pool: Vec<Point<C::F>>,
    /// The digits of their scalars, window by window.
    digits: Vec<Vec<i32>>,
    /// Window by window, `2^(n_bits − 1)` each; empty until the first dense scalar comes.
    buckets: Vec<Point<C::F>>,
    sort: Sort<C::F>,
}

impl<C: Curve> Sum<C> {
    fn new(n_bits: usize) -> Self {
        Sum {
            n_bits,
            ones: C::Projective::identity(),
            units: Vec::new(),
            pool: Vec::new(),
            digits: vec![Vec::new(); digits::n_digits(n_bits)],
            buckets: Vec::new(),
            sort: Sort::default(),
        }
    }

    /// Adds a chunk, which starts at base number `start`.
    fn add(&mut self, start: usize, bases: &[u8], scalars: &[Fr]) -> Result<()> {
        self.units.clear();
        for (i, (bytes, scalar)) in bases.chunks_exact(C::SIZE).zip(scalars).enumerate() {
            if *scalar == Fr::ZERO {
                continue;
            }
            let base = C::decode(bytes).ok_or(Error::NotOnCurve {
                group: C::NAME,
                index: start + i,
            })?;
            if *scalar == Fr::ONE {
                self.units.push(base);
                continue;
            }
            self.pool.push(base);
            for (digits, digit) in self.digits.iter_mut().zip(digits::of(scalar, self.n_bits)) {
                digits.push(digit);
            }
        }
        self.ones += C::projective(&self.sort.additions.sum(&mut self.units));
        if self.pool.len() > POOL_LEN - CHUNK_LEN {
            self.empty_pool();
        }
        Ok(())
    }

    fn empty_pool(&mut self) {
        let n_buckets = 1 << (self.n_bits - 1);
        self.buckets
            .resize(self.digits.len() * n_buckets, Point::infinity());
        for (digits, buckets) in self
            .digits
            .iter_mut()
            .zip(self.buckets.chunks_exact_mut(n_buckets))
        {
            self.sort.add(&self.pool, digits, buckets);
            digits.clear();
        }
        self.pool.clear();
    }

    fn finish(mut self) -> C::Projective {
        self.empty_pool();
        let n_buckets = 1 << (self.n_bits - 1);
        let windows = self.buckets.chunks_exact(n_buckets).rev();
        let dense = windows.fold(C::Projective::identity(), |sum, buckets| {
            (0..self.n_bits).fold(sum, |sum, _| sum.double()) + weighted::<C>(buckets)
        });
        dense + self.ones
    }
}

/// `Σ (i + 1) · buckets[i]`.
fn weighted<C: Curve>(buckets: &[Point<C::F>]) -> C::Projective {
    let mut running = C::Projective::identity();
    let mut sum = C::Projective::identity();
    for bucket in buckets.iter().rev() {
        if !bucket.is_infinity() {
            running += C::projective(bucket);
        }
        sum += running;
    }
    sum
}

/// Brings bases that fall into the same bucket together, and adds them pair by pair.
#[derive(Default)]
struct Sort<F> {
    /// Where the entries of each bucket start.
    starts: Vec<u32>,
    /// Bucket and base of each entry, by bucket.
    entries: Vec<Entry>,
    /// The buckets of the points in `sums`, ascending.
    bucket_ids: Vec<u32>,
    sums: Vec<Point<F>>,
    addends: Vec<Point<F>>,
    additions: Additions<F>,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    bucket: u32,
    base: u32,
    is_negative: bool,
}

impl<F: super::affine::Coordinate> Sort<F> {
    /// `buckets[|digit| − 1] ± = base` for each base and its digit.
    fn add(&mut self, bases: &[Point<F>], digits: &[i32], buckets: &mut [Point<F>]) {
        self.count(digits, buckets.len());
        self.pair(bases);
        while self.bucket_ids.windows(2).any(|ids| ids[0] == ids[1]) {
            self.halve();
        }
        self.addends.clear();
        self.addends
            .extend(self.bucket_ids.iter().map(|id| buckets[*id as usize]));
        self.add_up();
        for (id, sum) in self.bucket_ids.iter().zip(&self.sums) {
            buckets[*id as usize] = *sum;
        }
    }

    /// Sorts the entries by bucket: counts, then places.
    fn count(&mut self, digits: &[i32], n_buckets: usize) {
        self.starts.clear();
        self.starts.resize(n_buckets + 1, 0);
        for digit in digits {
            self.starts[digit.unsigned_abs() as usize] += 1;
        }
        // Digit 0 has no bucket.
        self.starts[0] = 0;
        let mut start = 0;
        for count in &mut self.starts {
            (start, *count) = (start + *count, start);
        }
        self.entries.clear();
        self.entries.resize(start as usize, Entry::default());
        for (base, digit) in digits.iter().enumerate() {
            if *digit != 0 {
                let bucket = digit.unsigned_abs();
                let place = &mut self.starts[bucket as usize];
                self.entries[*place as usize] = Entry {
                    bucket: bucket - 1,
                    base: base as u32,
                    is_negative: *digit < 0,
                };
                *place += 1;
            }
        }
    }

    /// Fetches the bases in the order of their buckets, and adds the first pairs.
    fn pair(&mut self, bases: &[Point<F>]) {
        let fetch = |points: &mut Vec<Point<F>>, entry: &Entry| {
            points.push(bases[entry.base as usize]);
            if entry.is_negative {
                points.last_mut().expect("just pushed").negate();
            }
        };
        self.clear();
        let mut entries = &self.entries[..];
        while let [first, rest @ ..] = entries {
            self.bucket_ids.push(first.bucket);
            fetch(&mut self.sums, first);
            entries = rest;
            match rest {
                [second, rest @ ..] if second.bucket == first.bucket => {
                    fetch(&mut self.addends, second);
                    entries = rest;
                }
                _ => self.addends.push(Point::infinity()),
            }
        }
        self.add_up();
    }

    /// Adds neighbours of one bucket, in place.
    fn halve(&mut self) {
        self.addends.clear();
        let (mut from, mut to) = (0, 0);
        while from < self.sums.len() {
            let id = self.bucket_ids[from];
            (self.bucket_ids[to], self.sums[to]) = (id, self.sums[from]);
            from += 1;
            if self.bucket_ids.get(from) == Some(&id) {
                self.addends.push(self.sums[from]);
                from += 1;
            } else {
                self.addends.push(Point::infinity());
            }
            to += 1;
        }
        self.bucket_ids.truncate(to);
        self.sums.truncate(to);
        self.add_up();
    }

    fn add_up(&mut self) {
        for (sums, addends) in self
            .sums
            .chunks_mut(BATCH_LEN)
            .zip(self.addends.chunks(BATCH_LEN))
        {
            self.additions.add(sums, addends);
        }
    }

    fn clear(&mut self) {
        self.bucket_ids.clear();
        self.sums.clear();
        self.addends.clear();
    }
}

#[cfg(test)]
mod tests {
    use group::{prime::PrimeCurveAffine, Curve as _, UncompressedEncoding};
    use rand_core::{RngCore, SeedableRng};
    use rand_xorshift::XorShiftRng;

    use super::*;
    use crate::{G1Affine, G2Affine};

    /// Scalars of every kind: bits, small ones, negative ones, and dense ones.
    fn scalar(rng: &mut XorShiftRng) -> Fr {
        match rng.next_u32() % 6 {
            0 => Fr::ZERO,
            1 => Fr::ONE,
            2 => -Fr::ONE,
            3 => Fr::from(u64::from(rng.next_u32())),
            _ => Fr::random(rng),
        }
    }

    /// Bases with repetitions, opposites and infinity among them.
    fn bases<A: PrimeCurveAffine>(rng: &mut XorShiftRng, len: usize) -> Vec<A> {
        let few: Vec<A> = (0..7).map(|_| A::Curve::random(&mut *rng).to_affine()).collect();
        let base = |rng: &mut XorShiftRng| match rng.next_u32() % 5 {
            0 => few[rng.next_u32() as usize % few.len()],
            1 => -few[rng.next_u32() as usize % few.len()],
            2 if rng.next_u32().is_multiple_of(4) => A::identity(),
            _ => A::Curve::random(rng).to_affine(),
        };
        (0..len).map(|_| base(rng)).collect()
    }

    fn bytes<A: UncompressedEncoding>(bases: &[A]) -> Vec<u8> {
        bases
            .iter()
            .flat_map(|base| base.to_uncompressed().as_ref().to_vec())
            .collect()
    }

    fn check(len: usize) {
        let mut rng = XorShiftRng::seed_from_u64(len as u64);
        let scalars: Vec<Fr> = (0..len).map(|_| scalar(&mut rng)).collect();
        let g1: Vec<G1Affine> = bases(&mut rng, len);
        let expected: G1Projective = g1.iter().zip(&scalars).map(|(base, scalar)| base * scalar).sum();
        assert_eq!(
            msm_g1(
                Bases {
                    id: 0,
                    bytes: &bytes(&g1)
                },
                &scalars
            )
            .expect("on the curve"),
            expected,
            "G1, {len}"
        );
        let len = len.min(500);
        let g2: Vec<G2Affine> = bases(&mut rng, len);
        let expected: G2Projective = g2.iter().zip(&scalars).map(|(base, scalar)| base * scalar).sum();
        let sum = msm_g2(
            Bases {
                id: 0,
                bytes: &bytes(&g2),
            },
            &scalars[..len],
        )
        .expect("on the curve");
        assert_eq!(sum, expected, "G2, {len}");
    }

    #[test]
    fn a_sum_is_that_of_its_products() {
        for len in [0, 1, 2, 3, 10, 100, 1000, 5000] {
            check(len);
        }
    }

    #[test]
    fn equal_scalars_and_bases_meet_in_one_bucket() {
        let base = G1Affine::generator();
        let scalar = Fr::from(0xabcd_ef01);
        let bytes = bytes(&vec![base; 10_000]);
        let sum = msm_g1(Bases { id: 0, bytes: &bytes }, &vec![scalar; 10_000]).expect("on the curve");
        assert_eq!(sum, base * (scalar * Fr::from(10_000)));
    }

    #[test]
    fn a_base_off_the_curve_is_named() {
        let mut bytes = bytes(&[G1Affine::generator(); 9]);
        bytes[6 * 96 + 50] ^= 1;
        let error = msm_g1(Bases { id: 0, bytes: &bytes }, &[Fr::from(3); 9]).expect_err("off the curve");
        assert_eq!(
            error.to_string(),
            "G1: point 6 is not an encoding of a point on the curve"
        );
        // A compressed point in an uncompressed one's place.
        bytes[6 * 96 + 50] ^= 1;
        bytes[0] |= 0x80;
        assert!(msm_g1(Bases { id: 0, bytes: &bytes }, &[Fr::from(3); 9]).is_err());
    }
}
