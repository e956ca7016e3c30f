//! Additions of points, eight at a time.

use std::arch::x86_64::__mmask8;

use super::field::{Field, N_LANES};
use super::Ifma;
use crate::cpu::affine::{Additions, Pair, Point};
use crate::device::prefetch;

/// Chains of products that run side by side: one alone would wait for each of its products.
const N_CHAINS: usize = 2;

/// Additions that go through the lanes together.
const GROUP_LEN: usize = N_CHAINS * N_LANES;

/// One value for each chain.
type Chains<T> = [T; N_CHAINS];

/// Many additions at the price of one inversion, in eight lanes.
pub(in crate::cpu) struct Batch<F: Field> {
    ifma: Ifma,
    steps: Vec<Chains<Step<F::Lanes>>>,
}

/// What the way back needs of the way there.
#[derive(Clone, Copy)]
struct Step<L> {
    kinds: Kinds,
    /// The denominators of the slopes; one where there is none.
    denominator: L,
    /// The product of all denominators before this one.
    product: L,
}

/// Lanes by the kind of their addition. Those of no kind keep their sum: the addend is infinity.
#[derive(Clone, Copy)]
struct Kinds {
    /// Two points on a line.
    chord: __mmask8,
    /// A point and itself.
    tangent: __mmask8,
    /// Infinity and a point.
    taken: __mmask8,
    /// A point and its opposite.
    vanished: __mmask8,
}

/// Eight points.
#[derive(Clone, Copy)]
struct Points<L> {
    x: L,
    y: L,
}

impl<F: Field> Batch<F> {
    pub(super) fn new(ifma: Ifma) -> Batch<F> {
        Batch {
            ifma,
            steps: Vec::new(),
        }
    }
}

impl<F: Field> Additions<F> for Batch<F> {
    fn add(&mut self, points: &mut [Point<F>], pairs: &[Pair]) {
        let Ifma(()) = self.ifma;
        self.steps.clear();
        // SAFETY: there is an `Ifma`, so the instructions are there.
        unsafe { add(&mut self.steps, points, pairs) }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn add<F: Field>(steps: &mut Vec<Chains<Step<F::Lanes>>>, points: &mut [Point<F>], pairs: &[Pair]) {
    let one = F::load([&F::one(); N_LANES]);
    let mut products = [one; N_CHAINS];
    for (i, group) in pairs.chunks(GROUP_LEN).enumerate() {
        for pair in pairs.iter().skip((i + 1) * GROUP_LEN).take(GROUP_LEN) {
            prefetch(points, pair.sum as usize);
            prefetch(points, pair.addend as usize);
        }
        let [a, b] = rows_of_group(points, group);
        let (a, b) = (kinds(a, one), kinds(b, one));
        steps.push([
            Step {
                kinds: a.0,
                denominator: a.1,
                product: products[0],
            },
            Step {
                kinds: b.0,
                denominator: b.1,
                product: products[1],
            },
        ]);
        products = [F::product(&products[0], &a.1), F::product(&products[1], &b.1)];
    }
    let mut inverses = inverses::<F>(products);
    for (group, [a, b]) in pairs.chunks(GROUP_LEN).zip(&*steps).rev() {
        let [first, second] = rows_of_group(points, group);
        let (first, second) = (pair_columns(first), pair_columns(second));
        let shares = [
            F::product(&inverses[0], &a.product),
            F::product(&inverses[1], &b.product),
        ];
        inverses = [
            F::product(&inverses[0], &a.denominator),
            F::product(&inverses[1], &b.denominator),
        ];
        let sums = [
            sums::<F>(first, a.kinds, shares[0]),
            sums::<F>(second, b.kinds, shares[1]),
        ];
        for (pairs, sums) in group.chunks(N_LANES).zip(sums) {
            let (x, y) = (F::store(sums.x), F::store(sums.y));
            for (lane, pair) in pairs.iter().enumerate() {
                let point = &mut points[pair.sum as usize];
                (point.x, point.y) = (x[lane], y[lane]);
            }
        }
    }
}

/// Eight points where they stand.
type Rows<'a, F> = [&'a Point<F>; N_LANES];

/// The sums and the addends of each chain; infinity where a group ends early.
#[inline(always)]
fn rows_of_group<'a, F: Field>(points: &'a [Point<F>], group: &[Pair]) -> Chains<[Rows<'a, F>; 2]> {
    let (first, second) = group.split_at(group.len().min(N_LANES));
    [rows(points, first), rows(points, second)]
}

#[inline(always)]
fn rows<'a, F: Field>(points: &'a [Point<F>], pairs: &[Pair]) -> [Rows<'a, F>; 2] {
    let (mut sums, mut addends) = ([F::INFINITY; N_LANES], [F::INFINITY; N_LANES]);
    for ((sum, addend), pair) in sums.iter_mut().zip(&mut addends).zip(pairs) {
        *sum = &points[pair.sum as usize];
        *addend = &points[pair.addend as usize];
    }
    [sums, addends]
}

#[inline(always)]
fn columns<F: Field>(rows: Rows<'_, F>) -> Points<F::Lanes> {
    Points {
        x: F::load(rows.map(|row| &row.x)),
        y: F::load(rows.map(|row| &row.y)),
    }
}

#[inline(always)]
fn pair_columns<F: Field>([sums, addends]: [Rows<'_, F>; 2]) -> [Points<F::Lanes>; 2] {
    [columns(sums), columns(addends)]
}

/// What kinds of additions these are, and the denominators of their slopes, below 3.
#[inline(always)]
fn kinds<F: Field>([sums, addends]: [Rows<'_, F>; 2], one: F::Lanes) -> (Kinds, F::Lanes) {
    let (sum, addend) = (
        F::load(sums.map(|sum| &sum.x)),
        F::load(addends.map(|addend| &addend.x)),
    );
    let chords = F::difference(addend, sum);
    if F::zeros(&sum) | F::zeros(&addend) | F::equals(&sum, &addend) == 0 {
        let kinds = Kinds {
            chord: !0,
            tangent: 0,
            taken: 0,
            vanished: 0,
        };
        return (kinds, chords);
    }
    let (sum, addend) = (columns(sums), columns(addends));
    let taken = F::zeros(&sum.x) & F::zeros(&sum.y);
    let kept = F::zeros(&addend.x) & F::zeros(&addend.y);
    let same_x = F::equals(&sum.x, &addend.x) & !taken & !kept;
    let tangent = same_x & F::equals(&sum.y, &addend.y) & !F::zeros(&sum.y);
    let kinds = Kinds {
        chord: !(taken | kept | same_x),
        tangent,
        taken,
        vanished: same_x & !tangent,
    };
    let denominators = F::choose(kinds.chord, chords, one);
    (kinds, F::choose(tangent, F::sum(sum.y, sum.y), denominators))
}

/// The inverse of each lane's product.
#[inline(always)]
fn inverses<F: Field>([a, b]: Chains<F::Lanes>) -> Chains<F::Lanes> {
    // Of two, four, eight lanes from this one on.
    let both = F::product(&a, &b);
    let two = F::product(&both, &F::rotated::<1>(&both));
    let four = F::product(&two, &F::rotated::<2>(&two));
    let eight = F::product(&four, &F::rotated::<4>(&four));
    let others = F::product(
        &F::product(&F::rotated::<1>(&both), &F::rotated::<2>(&two)),
        &F::rotated::<4>(&four),
    );
    let [all, ..] = F::store(F::canonical(eight));
    let inverse = F::product(&F::load([&all.inverse(); N_LANES]), &others);
    [F::product(&inverse, &b), F::product(&inverse, &a)]
}

/// Adds eight pairs; `share` is the inverse of their slopes' denominators.
#[inline(always)]
fn sums<F: Field>([sum, addend]: [Points<F::Lanes>; 2], kinds: Kinds, share: F::Lanes) -> Points<F::Lanes> {
    let mut rise = F::difference(addend.y, sum.y);
    if kinds.tangent != 0 {
        let square = F::square(&sum.x);
        rise = F::choose(kinds.tangent, F::sum(F::sum(square, square), square), rise);
    }
    let slope = F::product(&rise, &share);
    let x = F::difference(F::square(&slope), F::sum(sum.x, addend.x));
    let x = F::canonical(x);
    let y = F::product(&slope, &F::difference(sum.x, x));
    let y = F::canonical(F::difference(y, sum.y));
    let mut sums = Points { x, y };
    if kinds.chord != !0 {
        let zero = F::load([&F::default(); N_LANES]);
        let choose = |sloped, sum, addend| {
            let chosen = F::choose(kinds.chord | kinds.tangent, sloped, sum);
            F::choose(kinds.vanished, zero, F::choose(kinds.taken, addend, chosen))
        };
        sums = Points {
            x: choose(x, sum.x, addend.x),
            y: choose(y, sum.y, addend.y),
        };
    }
    sums
}
