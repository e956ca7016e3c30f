//! Additions of points, sixteen side by side, and many at the price of one inversion.

use std::arch::x86_64::__mmask8;

use super::field::{Field, N_LANES};
use super::Ifma;
use crate::cpu::affine::{Additions, Pair, Point};
use crate::device::prefetch;

/// Chains of products that run side by side: one alone would wait for each of its products.
pub(super) const N_CHAINS: usize = 2;

/// Sums that go through the lanes together.
pub(super) const GROUP_LEN: usize = N_CHAINS * N_LANES;

/// One value for each chain.
pub(super) type Chains<T> = [T; N_CHAINS];

/// Groups that come near before their turn: memory answers while so many are added.
pub(super) const LOOK_AHEAD: usize = 4;

/// Eight sums: x below 3.1, y below 2.1.
#[derive(Clone, Copy)]
pub(super) struct Eight<L> {
    pub x: L,
    pub y: L,
    /// The lanes of infinity, whatever their coordinates.
    pub infinite: __mmask8,
}

/// Sixteen sums.
pub(super) type Group<F> = Chains<Eight<<F as Field>::Lanes>>;

/// The points that are added to groups of sums, each fetched when it is needed.
pub(super) trait Addends<F: Field> {
    /// Has brought near what is needed next or on the way back, while this group's turn is on the way there.
    fn prefetch_there(&self, group: usize);
    /// Has brought near what is needed next or the next time, while this group's turn is on the way back.
    fn prefetch_back(&self, group: usize);
    /// Below 1.
    fn x(&self, sums: &[Group<F>], group: usize, chain: usize) -> F::Lanes;
    /// Below 2.1; or negated in some lanes, and below 1 before.
    fn y(&self, sums: &[Group<F>], group: usize, chain: usize) -> F::Lanes;
    /// The lanes of infinity; `x` is what they say.
    fn infinite(&self, sums: &[Group<F>], group: usize, chain: usize, x: &F::Lanes) -> __mmask8;
}

/// What the way back needs of the way there.
#[derive(Clone, Copy)]
pub(super) struct Step<L> {
    kinds: Kinds,
    /// The denominators of the slopes; one where there is none.
    denominator: L,
    /// The product of all denominators before this one.
    product: L,
}

/// Lanes by the kind of their addition. Those of no kind keep their sum: the addend is infinity.
#[derive(Clone, Copy, PartialEq, Eq)]
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

const CHORDS: Kinds = Kinds {
    chord: !0,
    tangent: 0,
    taken: 0,
    vanished: 0,
};

/// `sums[group] += addends[group]` for all groups of sums.
///
/// Reached only from functions that are compiled for the instructions, as the field's are.
#[inline(always)]
pub(super) fn add_to_groups<F: Field>(
    steps: &mut Vec<Chains<Step<F::Lanes>>>,
    sums: &mut [Group<F>],
    addends: &impl Addends<F>,
) {
    let one = F::load([&F::one(); N_LANES]);
    if steps.len() <= sums.len() {
        let step = Step {
            kinds: CHORDS,
            denominator: one,
            product: one,
        };
        steps.resize(sums.len() + 1, [step; N_CHAINS]);
    }
    for step in &mut steps[0] {
        step.product = one;
    }
    for i in 0..sums.len() {
        addends.prefetch_there(i);
        let (before, after) = steps.split_at_mut(i + 1);
        for (chain, step) in before[i].iter_mut().enumerate() {
            set_denominator(step, sums, addends, (i, chain), &one);
        }
        for (step, next) in before[i].iter().zip(&mut after[0]) {
            F::set_product(&mut next.product, &step.product, &step.denominator);
        }
    }
    let [a, b] = &steps[sums.len()];
    let mut places = [inverses::<F>([a.product, b.product]); 4];
    let [inverses, shares, slopes, xs] = &mut places;
    let (mut inverses, mut xs) = (inverses, xs);
    for i in (0..sums.len()).rev() {
        addends.prefetch_back(i);
        let group = &steps[i];
        for (chain, step) in group.iter().enumerate() {
            F::set_product(&mut shares[chain], &inverses[chain], &step.product);
        }
        // No longer needed: a place for what takes their place.
        for (chain, step) in group.iter().enumerate() {
            F::set_product(&mut xs[chain], &inverses[chain], &step.denominator);
        }
        std::mem::swap(&mut inverses, &mut xs);
        let rises = [
            F::difference(addends.y(sums, i, 0), sums[i][0].y),
            F::difference(addends.y(sums, i, 1), sums[i][1].y),
        ];
        if group[0].kinds != CHORDS || group[1].kinds != CHORDS {
            for chain in 0..N_CHAINS {
                let place = (i, chain);
                let sum = special_sum(&group[chain], sums, addends, place, &rises[chain], &shares[chain]);
                sums[i][chain] = sum;
            }
            continue;
        }
        for chain in 0..N_CHAINS {
            F::set_product(&mut slopes[chain], &rises[chain], &shares[chain]);
        }
        for (chain, sum) in sums[i].iter().enumerate() {
            F::set_square_less(&mut xs[chain], &slopes[chain], &group[chain].denominator, &sum.x);
        }
        for (chain, sum) in sums[i].iter_mut().enumerate() {
            let run = F::difference(sum.x, xs[chain]);
            sum.x = xs[chain];
            F::set_product_less(&mut sum.y, &slopes[chain], &run);
        }
    }
}

/// What kinds of additions these are, and the denominators of their slopes, below 8.
#[inline(always)]
fn set_denominator<F: Field>(
    step: &mut Step<F::Lanes>,
    sums: &[Group<F>],
    addends: &impl Addends<F>,
    (group, chain): (usize, usize),
    one: &F::Lanes,
) {
    let sum = &sums[group][chain];
    let x = addends.x(sums, group, chain);
    let infinite = addends.infinite(sums, group, chain, &x);
    let chords = F::difference(x, sum.x);
    step.kinds = CHORDS;
    step.denominator = chords;
    if F::suspects(&chords) | sum.infinite | infinite == 0 {
        return;
    }
    let same_x = F::zeros(&F::canonical(chords)) & !sum.infinite & !infinite;
    let mut tangent = 0;
    if same_x != 0 {
        let rise = F::canonical(F::difference(addends.y(sums, group, chain), sum.y));
        tangent = same_x & F::zeros(&rise) & !F::zeros(&F::canonical(sum.y));
    }
    step.kinds = Kinds {
        chord: !(same_x | sum.infinite | infinite),
        tangent,
        taken: sum.infinite & !infinite,
        vanished: same_x & !tangent,
    };
    let denominators = F::choose(step.kinds.chord, chords, *one);
    step.denominator = F::choose(tangent, F::sum(sum.y, sum.y), denominators);
}

/// Eight sums of any kind; `share` is the inverse of their slopes' denominators.
#[inline(always)]
fn special_sum<F: Field>(
    step: &Step<F::Lanes>,
    sums: &[Group<F>],
    addends: &impl Addends<F>,
    (group, chain): (usize, usize),
    rise: &F::Lanes,
    share: &F::Lanes,
) -> Eight<F::Lanes> {
    let sum = &sums[group][chain];
    let kinds = step.kinds;
    let (mut x, mut y) = (sum.x, sum.y);
    if kinds.chord | kinds.tangent != 0 {
        let mut rise = *rise;
        if kinds.tangent != 0 {
            let square = F::square(&sum.x);
            rise = F::choose(kinds.tangent, F::sum(F::sum(square, square), square), rise);
        }
        let slope = F::product(&rise, share);
        // Where there is no chord, both points have this x.
        let common = F::choose(kinds.chord, sum.x, F::canonical(sum.x));
        let run = F::choose(kinds.chord, step.denominator, F::difference(common, common));
        let mut sloped = slope;
        F::set_square_less(&mut sloped, &slope, &run, &common);
        x = F::choose(kinds.chord | kinds.tangent, sloped, x);
        let run = F::difference(sum.x, sloped);
        let mut sloped = sum.y;
        F::set_product_less(&mut sloped, &slope, &run);
        y = F::choose(kinds.chord | kinds.tangent, sloped, y);
    }
    if kinds.taken != 0 {
        let zero = F::load([&F::INFINITY.x; N_LANES]);
        let taken = F::canonical(F::difference(addends.y(sums, group, chain), zero));
        x = F::choose(kinds.taken, addends.x(sums, group, chain), x);
        y = F::choose(kinds.taken, taken, y);
    }
    Eight {
        x,
        y,
        infinite: sum.infinite & !kinds.taken | kinds.vanished,
    }
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

/// Eight points where they stand.
pub(super) type Rows<'a, F> = [&'a Point<F>; N_LANES];

/// Eight points as sums.
#[inline(always)]
pub(super) fn loaded<F: Field>(rows: Rows<'_, F>) -> Eight<F::Lanes> {
    let x = F::load(rows.map(|row| &row.x));
    let y = F::load(rows.map(|row| &row.y));
    Eight {
        x,
        y,
        infinite: F::zeros(&x) & F::zeros(&y),
    }
}

/// Eight sums as points.
#[inline(always)]
pub(super) fn stored<F: Field>(sums: &Eight<F::Lanes>) -> [Point<F>; N_LANES] {
    let (x, y) = (F::store(F::canonical(sums.x)), F::store(F::canonical(sums.y)));
    let mut points = [*F::INFINITY; N_LANES];
    for (lane, point) in points.iter_mut().enumerate() {
        if sums.infinite >> lane & 1 == 0 {
            (point.x, point.y) = (x[lane], y[lane]);
        }
    }
    points
}

/// Additions of points to points, pair by pair.
pub(in crate::cpu) struct Batch<F: Field> {
    ifma: Ifma,
    sums: Vec<Group<F>>,
    steps: Vec<Chains<Step<F::Lanes>>>,
}

impl<F: Field> Batch<F> {
    pub(super) fn new(ifma: Ifma) -> Batch<F> {
        Batch {
            ifma,
            sums: Vec::new(),
            steps: Vec::new(),
        }
    }
}

impl<F: Field> Additions<F> for Batch<F> {
    fn add(&mut self, points: &mut [Point<F>], pairs: &[Pair]) {
        let Ifma(()) = self.ifma;
        // SAFETY: there is an `Ifma`, so the instructions are there.
        unsafe { add(self, points, pairs) }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn add<F: Field>(batch: &mut Batch<F>, points: &mut [Point<F>], pairs: &[Pair]) {
    let Batch { sums, steps, .. } = batch;
    let sum_of = |pair: &Pair| pair.sum;
    sums.clear();
    for (i, group) in pairs.chunks(GROUP_LEN).enumerate() {
        for pair in pairs.iter().skip((i + LOOK_AHEAD) * GROUP_LEN).take(GROUP_LEN) {
            prefetch(points, pair.sum as usize);
        }
        let (first, second) = group.split_at(group.len().min(N_LANES));
        let (first, second) = (rows(points, first, sum_of), rows(points, second, sum_of));
        sums.push([loaded(first), loaded(second)]);
    }
    let addends = Paired {
        points: &*points,
        pairs,
    };
    add_to_groups(steps, sums, &addends);
    for (pairs, sums) in pairs.chunks(N_LANES).zip(sums.iter().flatten()) {
        for (pair, sum) in pairs.iter().zip(stored::<F>(sums)) {
            points[pair.sum as usize] = sum;
        }
    }
}

/// Points by the places that pairs name; infinity where there are fewer than eight.
#[inline(always)]
fn rows<'a, F: Field>(points: &'a [Point<F>], pairs: &[Pair], place: fn(&Pair) -> u32) -> Rows<'a, F> {
    let mut rows = [F::INFINITY; N_LANES];
    for (row, pair) in rows.iter_mut().zip(pairs) {
        *row = &points[place(pair) as usize];
    }
    rows
}

/// The addends of pairs.
struct Paired<'a, F> {
    points: &'a [Point<F>],
    pairs: &'a [Pair],
}

impl<'a, F: Field> Paired<'a, F> {
    #[inline(always)]
    fn rows(&self, group: usize, chain: usize) -> Rows<'a, F> {
        let pairs = self.pairs.chunks(N_LANES).nth(N_CHAINS * group + chain);
        rows(self.points, pairs.unwrap_or_default(), |pair| pair.addend)
    }
}

impl<F: Field> Addends<F> for Paired<'_, F> {
    #[inline(always)]
    fn prefetch_there(&self, group: usize) {
        for pair in self
            .pairs
            .iter()
            .skip((group + LOOK_AHEAD) * GROUP_LEN)
            .take(GROUP_LEN)
        {
            prefetch(self.points, pair.addend as usize);
        }
    }

    #[inline(always)]
    fn prefetch_back(&self, _group: usize) {}

    #[inline(always)]
    fn x(&self, _sums: &[Group<F>], group: usize, chain: usize) -> F::Lanes {
        F::load(self.rows(group, chain).map(|row| &row.x))
    }

    #[inline(always)]
    fn y(&self, _sums: &[Group<F>], group: usize, chain: usize) -> F::Lanes {
        F::load(self.rows(group, chain).map(|row| &row.y))
    }

    #[inline(always)]
    fn infinite(&self, sums: &[Group<F>], group: usize, chain: usize, x: &F::Lanes) -> __mmask8 {
        match F::zeros(x) {
            0 => 0,
            zeros => zeros & F::zeros(&self.y(sums, group, chain)),
        }
    }
}
