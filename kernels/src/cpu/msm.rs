//! Multi-scalar products: `Σ scalars[i] · bases[i]`.
//!
//! Most scalars of a witness are bits. Zeros are left out (their bases are not even read), ones are summed
//! as they stand, and only the rest is cut into digits, whose bases go into buckets. All sums are affine and
//! share inversions. Bases are read from their bytes chunk by chunk, so that a parameter file of 44 GiB
//! passes through some MiB of memory for each thread.

use std::ops::Range;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

use group::prime::PrimeCurveAffine;
use group::Group;
use rayon::prelude::*;

use super::affine::Point;
use super::buckets::{Buckets, ChainSums};
use super::curve::{Curve, Projective};
use super::digits;
use crate::scalars::{places, Part, Planes};
use crate::zeros::room;
use crate::{Bases, Error, Fr, Result, Scalars};

/// Bases that a thread fetches at a time: a multiple of 64, so that scalars that are bits come in whole words.
const CHUNK_LEN: usize = 1 << 12;

/// One of so many scalars is looked at beforehand: all would cost a twentieth of a sum over bits. Few things in a
/// circuit repeat after seven.
const N_PER_SAMPLE: usize = 7;

/// Bases that a thread collects before it sums them or puts them into buckets: 16 MiB in G1, 32 MiB in G2.
const POOL_LEN: usize = 1 << 17;

/// Bits of the largest digits.
const MAX_DIGIT_BITS: usize = 15;

/// What the buckets of a thread take at most: 18 times 2¹⁴ of them are 36 MiB in G1.
const MAX_BUCKETS_SIZE: usize = 40 << 20;

/// The sum over a bucket costs as much as this many additions into it.
const BUCKET_COST: usize = 2;

/// Places between the digits of two windows: at a distance of a power of two, they would push each other out of
/// the cache.
const DIGITS_GAP: usize = 96;

/// Buckets whose running sum is one chain of additions; chains of all windows run side by side.
const CHAIN_LEN: usize = 1 << 6;

/// `Σ scalars[i] · bases[i]`.
pub(super) fn msm<C: Curve>(curve: C, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<Projective<C>> {
    assert_eq!(
        bases.bytes.len(),
        scalars.len() * C::SIZE,
        "bytes of the bases in {}",
        C::NAME
    );
    let n_dense = guess_dense(scalars);
    let n_threads = rayon::current_num_threads()
        .min(scalars.len().div_ceil(CHUNK_LEN))
        .max(1);
    let n_bits = digit_bits(n_dense / n_threads, size_of::<Point<C::F>>());
    let pool_len = n_dense.clamp(CHUNK_LEN, POOL_LEN);
    // Each task draws chunks until none is left: witnesses are dense in places, so equal parts would not be
    // equal work, and each task pays for its buckets.
    let next = AtomicUsize::new(0);
    let sums = (0..n_threads).into_par_iter().with_max_len(1).map(|_| {
        let mut sum = Sum::new(curve, n_bits, pool_len);
        loop {
            let start = next.fetch_add(CHUNK_LEN, Ordering::Relaxed);
            if start >= scalars.len() {
                return Ok(sum.finish());
            }
            let end = (start + CHUNK_LEN).min(scalars.len());
            sum.add(
                start,
                &bases.bytes[start * C::SIZE..end * C::SIZE],
                scalars.part(start..end),
            )?;
        }
    });
    sums.try_reduce(Projective::<C>::identity, |one, other| Ok(one + other))
}

/// How many scalars are dense, about. Sums are right, and take longer, where the guess is wrong.
fn guess_dense(scalars: Scalars<'_>) -> usize {
    match scalars.part(0..scalars.len()) {
        Part::Mixed(_, dense) => dense.len(),
        Part::Elements(elements) => {
            let samples = elements.iter().step_by(N_PER_SAMPLE);
            let is_dense = |scalar: &&Fr| Planes::of(slice::from_ref(*scalar)).dense == 1;
            N_PER_SAMPLE * samples.filter(is_dense).count()
        }
    }
}

/// The digit width with the fewest additions for so many dense scalars, where buckets are of this size.
fn digit_bits(n_dense: usize, bucket_size: usize) -> usize {
    let windows = |n_bits: usize| Windows::new(n_bits);
    let cost = |n_bits: &usize| {
        let windows = windows(*n_bits);
        windows.n_windows * n_dense + BUCKET_COST * windows.n_buckets()
    };
    (2..=MAX_DIGIT_BITS)
        .filter(|n_bits| windows(*n_bits).n_buckets() * bucket_size <= MAX_BUCKETS_SIZE)
        .min_by_key(cost)
        .expect("the range is not empty")
}

/// Digits by their places, and a bucket for each size of a digit there.
#[derive(Clone, Copy, Debug)]
struct Windows {
    n_bits: usize,
    n_windows: usize,
}

impl Windows {
    fn new(n_bits: usize) -> Windows {
        Windows {
            n_bits,
            n_windows: digits::n_digits_at_least(n_bits),
        }
    }

    /// Buckets of a window, but for the last.
    fn n_buckets_each(self) -> usize {
        1 << (self.n_bits - 1)
    }

    /// The buckets of all windows; the last has twice as many where its digits have no room for a carry.
    fn n_buckets(self) -> usize {
        let n_rooms = digits::n_digits(self.n_bits);
        n_rooms * self.n_buckets_each()
    }

    /// Where the buckets of a window lie.
    fn of(self, window: usize) -> Range<usize> {
        let start = window * self.n_buckets_each();
        let is_last = window + 1 == self.n_windows;
        start..if is_last {
            self.n_buckets()
        } else {
            start + self.n_buckets_each()
        }
    }
}

/// One thread's share of a sum.
struct Sum<C: Curve> {
    curve: C,
    windows: Windows,
    /// The scalars of a chunk that are one, and those that are neither zero nor one, by their places.
    unit_places: Vec<usize>,
    dense_places: Vec<usize>,
    /// The bases of the latter.
    decoded: Vec<Point<C::F>>,
    /// Bases whose scalar is one, and ones: to the buckets, these are digits.
    units: Vec<Point<C::F>>,
    ones: Vec<i16>,
    /// The sum of the units before.
    unit_sum: Point<C::F>,
    /// Bases with a dense scalar that wait for their buckets.
    pool: Vec<Point<C::F>>,
    /// The digits of their scalars, window by window.
    digits: Vec<i16>,
    /// Bases that the pool holds, and digits of each window.
    pool_len: usize,
    /// Window by window; empty until the first dense scalar comes.
    buckets: Vec<Point<C::F>>,
    adder: C::Buckets,
}

impl<C: Curve> Sum<C> {
    fn new(curve: C, n_bits: usize, pool_len: usize) -> Self {
        let windows = Windows::new(n_bits);
        Sum {
            curve,
            windows,
            unit_places: Vec::new(),
            dense_places: Vec::new(),
            decoded: Vec::new(),
            units: Vec::new(),
            ones: Vec::new(),
            unit_sum: Point::infinity(),
            pool: room(pool_len),
            digits: vec![0; windows.n_windows * (pool_len + DIGITS_GAP)],
            pool_len,
            buckets: room(windows.n_buckets()),
            adder: curve.buckets(),
        }
    }

    /// Adds a chunk, which starts at base number `start`.
    fn add(&mut self, start: usize, bases: &[u8], scalars: Part<'_>) -> Result<()> {
        self.classify(scalars);
        let off_curve = |place| Error::NotOnCurve {
            group: C::NAME,
            index: start + place,
        };
        let n_units = self.units.len();
        let decoded = self.curve.decode_all(bases, &self.unit_places, &mut self.units);
        decoded.map_err(off_curve)?;
        if self.units[n_units..].iter().any(Point::is_infinity) {
            self.units.retain(|unit| !unit.is_infinity());
        }
        self.decoded.clear();
        let decoded = self
            .curve
            .decode_all(bases, &self.dense_places, &mut self.decoded);
        decoded.map_err(off_curve)?;
        for i in 0..self.decoded.len() {
            let scalar = match scalars {
                Part::Elements(elements) => &elements[self.dense_places[i]],
                Part::Mixed(_, dense) => &dense[i],
            };
            let base = self.decoded[i];
            if !base.is_infinity() {
                self.wait(scalar, base);
            }
        }
        if self.units.len() > POOL_LEN - CHUNK_LEN {
            self.add_units();
        }
        Ok(())
    }

    /// Finds the places of ones and of dense scalars.
    fn classify(&mut self, scalars: Part<'_>) {
        self.unit_places.clear();
        self.dense_places.clear();
        let mut start = 0;
        // Bits are at random: a branch for each would fail every other time.
        scalars.for_each(|bits| {
            self.unit_places
                .extend(places(bits.ones).map(|place| start + place));
            self.dense_places
                .extend(places(bits.dense).map(|place| start + place));
            start += Planes::LEN;
        });
    }

    /// Has a base wait for its buckets.
    fn wait(&mut self, scalar: &Fr, base: Point<C::F>) {
        let row = self.digits[self.pool.len()..]
            .iter_mut()
            .step_by(self.pool_len + DIGITS_GAP);
        for (place, digit) in row.zip(digits::of(scalar, self.windows.n_bits, self.windows.n_windows)) {
            *place = digit as i16;
        }
        self.pool.push(base);
        if self.pool.len() == self.pool_len {
            self.empty_pool();
        }
    }

    fn add_units(&mut self) {
        self.ones.resize(self.units.len(), 1);
        let sum = slice::from_mut(&mut self.unit_sum);
        self.adder.add(&self.units, &self.ones, sum);
        self.units.clear();
    }

    fn empty_pool(&mut self) {
        if self.pool.is_empty() {
            return;
        }
        self.buckets.resize(self.windows.n_buckets(), Point::infinity());
        for (window, digits) in self.digits.chunks_exact(self.pool_len + DIGITS_GAP).enumerate() {
            let buckets = &mut self.buckets[self.windows.of(window)];
            self.adder.add(&self.pool, &digits[..self.pool.len()], buckets);
        }
        self.pool.clear();
    }

    fn finish(mut self) -> Projective<C> {
        self.add_units();
        self.empty_pool();
        self.dense() + self.curve.affine(&self.unit_sum)
    }

    /// `Σ 2^(w·n_bits) · Σ (i + 1) · buckets[w][i]`, w the window.
    fn dense(&mut self) -> Projective<C> {
        let chain_len = self.windows.n_buckets_each().min(CHAIN_LEN);
        let ChainSums { totals, weighted } = self.adder.chain_sums(&mut self.buckets, chain_len);
        let curve = self.curve;
        let points = |points: Vec<Point<C::F>>| -> Vec<Projective<C>> {
            points
                .iter()
                .map(|point| curve.affine(point).to_curve())
                .collect()
        };
        let (totals, weighted) = (points(totals), points(weighted));

        if totals.is_empty() {
            return Projective::<C>::identity();
        }
        let windows = (0..self.windows.n_windows).rev();
        windows.fold(Projective::<C>::identity(), |sum, window| {
            let buckets = self.windows.of(window);
            let chains = buckets.start / chain_len..buckets.end / chain_len;
            doubled(sum, self.windows.n_bits)
                + doubled(by_place(&totals[chains.clone()]), chain_len.ilog2() as usize)
                + weighted[chains].iter().sum::<Projective<C>>()
        })
    }
}

fn doubled<G: Group>(point: G, times: usize) -> G {
    (0..times).fold(point, |point, _| point.double())
}

/// `Σ i · points[i]`.
fn by_place<G: Group>(points: &[G]) -> G {
    let mut running = G::identity();
    let mut sum = G::identity();
    for point in points[1..].iter().rev() {
        running += point;
        sum += running;
    }
    sum
}

#[cfg(test)]
mod tests {
    use ff::Field;
    use group::{Curve as _, UncompressedEncoding};
    use rand_core::{RngCore, SeedableRng};
    use rand_xorshift::XorShiftRng;

    use super::*;
    use crate::cpu::sums::{self, Sums};
    use crate::cpu::Level;
    use crate::{G1Affine, G1Projective, G2Affine, G2Projective, Mixed};

    /// Each kind of arithmetic that this processor has.
    fn all() -> impl Iterator<Item = &'static dyn Sums> {
        Level::ALL
            .into_iter()
            .filter(|level| level.is_there())
            .map(sums::at)
    }

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
        let mut mixed = Mixed::default();
        mixed.extend(&scalars);
        let g1: Vec<G1Affine> = bases(&mut rng, len);
        let expected: G1Projective = g1.iter().zip(&scalars).map(|(base, scalar)| base * scalar).sum();
        for sums in all() {
            let bytes = bytes(&g1);
            for scalars in [Scalars::from(&scalars), Scalars::from(&mixed)] {
                let sum = sums.msm_g1(Bases { id: 0, bytes: &bytes }, scalars);
                assert_eq!(sum.expect("on the curve"), expected, "G1, {len}, {:?}", sums);
            }
        }
        let len = len.min(500);
        let g2: Vec<G2Affine> = bases(&mut rng, len);
        let expected: G2Projective = g2.iter().zip(&scalars).map(|(base, scalar)| base * scalar).sum();
        for sums in all() {
            let bytes = bytes(&g2);
            let sum = sums.msm_g2(Bases { id: 0, bytes: &bytes }, (&scalars[..len]).into());
            assert_eq!(sum.expect("on the curve"), expected, "G2, {len}, {:?}", sums);
        }
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
        for sums in all() {
            let sum = sums.msm_g1(Bases { id: 0, bytes: &bytes }, (&vec![scalar; 10_000]).into());
            assert_eq!(
                sum.expect("on the curve"),
                base * (scalar * Fr::from(10_000)),
                "{:?}",
                sums
            );
        }
    }

    #[test]
    fn a_base_off_the_curve_is_named() {
        for sums in all() {
            let sum = |bytes: &[u8]| sums.msm_g1(Bases { id: 0, bytes }, (&[Fr::from(3); 9]).into());
            let mut bytes = bytes(&[G1Affine::generator(); 9]);
            bytes[6 * 96 + 50] ^= 1;
            assert_eq!(
                sum(&bytes).expect_err("off the curve").to_string(),
                "G1: point 6 is not an encoding of a point on the curve"
            );
            // A compressed point in an uncompressed one's place.
            bytes[6 * 96 + 50] ^= 1;
            bytes[0] |= 0x80;
            assert!(sum(&bytes).is_err());
        }
    }

    #[test]
    fn a_coordinate_of_p_is_no_zero() {
        // (0, 2) is on the curve, and blst takes it.
        let mut bytes = vec![0; 96];
        bytes[95] = 2;
        let sum = |bytes: &[u8], sums: &dyn Sums| sums.msm_g1(Bases { id: 0, bytes }, (&[Fr::ONE]).into());
        let expected = sum(&bytes, sums::at(Level::Portable)).expect("on the curve");
        assert_eq!(
            sum(&bytes, sums::at(Level::best())).expect("on the curve"),
            expected
        );
        let p = "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab";
        bytes[..48].copy_from_slice(&hex::decode(p).expect("hexadecimal"));
        for sums in all() {
            assert!(sum(&bytes, sums).is_err(), "{:?}", sums);
        }
    }
}
