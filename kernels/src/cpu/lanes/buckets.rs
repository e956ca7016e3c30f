//! Bases into buckets, sixteen buckets side by side.
//!
//! A base is read where it stands and goes through the lanes once: its bucket's sum stays there until all that
//! fall into the bucket are added, in the order of a [`Plan`].

use std::arch::x86_64::__mmask8;

use super::additions::{
    add_to_groups, loaded, stored, Addends, Batch, Chains, Eight, Group, Step, GROUP_LEN, LOOK_AHEAD,
    N_CHAINS,
};
use super::field::{Field, N_LANES};
use super::plan::{Plan, Span, NO_BASE};
use super::Ifma;
use crate::cpu::affine::{Adder, Point};
use crate::cpu::buckets::{self, ChainSums};
use crate::device::prefetch;

/// Groups that are summed together: with what belongs to them they take half of a cache of 1 MiB, for bases come from
/// anywhere and push each other out of a full one.
const BLOCK_LEN: usize = 1 << 6;

/// Buckets in lanes.
pub(in crate::cpu) struct Buckets<F: Field> {
    ifma: Ifma,
    plan: Plan,
    /// Pieces of the buckets that are cut, one bucket after the other.
    loose: Vec<Point<F>>,
    adder: Adder<Batch<F>>,
    sums: Vec<Group<F>>,
    steps: Vec<Chains<Step<F::Lanes>>>,
}

impl<F: Field> Buckets<F> {
    pub(super) fn new(ifma: Ifma) -> Self {
        Buckets {
            ifma,
            plan: Plan::default(),
            loose: Vec::new(),
            adder: Adder::new(Batch::new(ifma)),
            sums: Vec::new(),
            steps: Vec::new(),
        }
    }
}

impl<F: Field> buckets::Buckets<F> for Buckets<F> {
    fn add(&mut self, bases: &[Point<F>], digits: &[i16], buckets: &mut [Point<F>]) {
        self.plan
            .make(digits, |bucket| buckets[bucket].is_infinity(), buckets.len());
        self.loose.clear();
        self.loose.resize(self.plan.pieces.len(), *F::INFINITY);
        for cut in &self.plan.cut {
            self.loose[cut.first as usize] = buckets[cut.bucket as usize];
        }
        let Ifma(()) = self.ifma;
        // SAFETY: there is an `Ifma`, so the instructions are there.
        unsafe { add(self, bases, buckets) }
        let segments = self
            .plan
            .cut
            .iter()
            .map(|cut| cut.first..cut.first + cut.n_pieces);
        self.adder.sum(&mut self.loose, segments);
        for cut in &self.plan.cut {
            buckets[cut.bucket as usize] = self.loose[cut.first as usize];
        }
    }

    fn chain_sums(&mut self, buckets: &mut [Point<F>], chain_len: usize) -> ChainSums<F> {
        let Ifma(()) = self.ifma;
        // SAFETY: there is an `Ifma`, so the instructions are there.
        unsafe { chain_sums(self, buckets, chain_len) }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn add<F: Field>(lanes: &mut Buckets<F>, bases: &[Point<F>], buckets: &mut [Point<F>]) {
    let Buckets {
        plan,
        loose,
        sums,
        steps,
        ..
    } = lanes;
    let blocks = plan.spans.chunks(BLOCK_LEN);
    for (spans, targets) in blocks.zip(plan.targets.chunks(BLOCK_LEN * GROUP_LEN)) {
        sums.clear();
        let seeds = Entered {
            bases,
            entries: &plan.entries,
            spans,
            round: 0,
        };
        for (i, group) in targets.chunks_exact(GROUP_LEN).enumerate() {
            if i + LOOK_AHEAD < spans.len() {
                seeds.prefetch(i + LOOK_AHEAD, |row| row);
            }
            if spans[i].n_rounds > 0 {
                let first = Entered { round: 1, ..seeds };
                first.prefetch(i, |row| &row.x);
            }
            for target in targets.iter().skip((i + LOOK_AHEAD) * GROUP_LEN).take(GROUP_LEN) {
                prefetch(buckets, *target as usize);
            }
            let rows = [0, 1].map(|chain| seeds.seeds(i, chain, group, buckets, loose));
            let negative = [seeds.negative(i, 0), seeds.negative(i, 1)];
            sums.push([
                signed::<F>(loaded(rows[0]), negative[0]),
                signed::<F>(loaded(rows[1]), negative[1]),
            ]);
        }
        let n_rounds = spans.first().map_or(0, |span| span.n_rounds);
        for round in 1..=n_rounds {
            let n_live = spans.partition_point(|span| span.n_rounds >= round);
            let addends = Entered {
                bases,
                entries: &plan.entries,
                spans: &spans[..n_live],
                round,
            };
            add_to_groups(steps, &mut sums[..n_live], &addends);
        }
        for (i, (group, sums)) in targets
            .chunks_exact(N_LANES)
            .zip(sums.iter().flatten())
            .enumerate()
        {
            for target in targets.iter().skip((i + LOOK_AHEAD) * N_LANES).take(N_LANES) {
                prefetch(buckets, *target as usize);
            }
            for (target, sum) in group.iter().zip(stored::<F>(sums)) {
                let target = *target as usize;
                if let Some(bucket) = buckets.get_mut(target) {
                    *bucket = sum;
                } else if let Some(piece) = loose.get_mut(target - buckets.len()) {
                    *piece = sum;
                }
            }
        }
    }
}

/// The same with opposites in the lanes of the mask; from below 1.
#[inline(always)]
fn signed<F: Field>(sums: Eight<F::Lanes>, mask: __mmask8) -> Eight<F::Lanes> {
    let zero = F::load([&F::INFINITY.x; N_LANES]);
    Eight {
        y: F::canonical(F::difference(F::negated(mask, sums.y), zero)),
        ..sums
    }
}

/// The bases that a plan enters for one round.
struct Entered<'a, F> {
    bases: &'a [Point<F>],
    entries: &'a [u32],
    spans: &'a [Span],
    round: usize,
}

impl<'a, F: Field> Entered<'a, F> {
    #[inline(always)]
    fn entries(&self, group: usize, chain: usize) -> &'a [u32; N_LANES] {
        let start = self.spans[group].start + self.round * GROUP_LEN + chain * N_LANES;
        self.entries[start..]
            .first_chunk()
            .expect("each round of a span has a row of entries")
    }

    #[inline(always)]
    fn rows(&self, group: usize, chain: usize) -> [&'a Point<F>; N_LANES] {
        self.entries(group, chain)
            .map(|entry| self.bases.get(entry as usize / 2).unwrap_or(F::INFINITY))
    }

    /// The lanes of bases that are subtracted.
    #[inline(always)]
    fn negative(&self, group: usize, chain: usize) -> __mmask8 {
        let mut mask = 0;
        for (lane, entry) in self.entries(group, chain).iter().enumerate() {
            mask |= ((entry & 1) as u8) << lane;
        }
        mask
    }

    /// What the sums of a group begin with: a base, or what there is.
    #[inline(always)]
    fn seeds<'b>(
        &self,
        group: usize,
        chain: usize,
        targets: &[u32],
        buckets: &'b [Point<F>],
        loose: &'b [Point<F>],
    ) -> [&'b Point<F>; N_LANES]
    where
        'a: 'b,
    {
        let mut rows: [&'b Point<F>; N_LANES] = self.rows(group, chain);
        let targets = &targets[chain * N_LANES..][..N_LANES];
        for ((row, entry), target) in rows.iter_mut().zip(self.entries(group, chain)).zip(targets) {
            if *entry == NO_BASE {
                let target = *target as usize;
                let piece = || loose.get(target.wrapping_sub(buckets.len()));
                *row = buckets.get(target).or_else(piece).unwrap_or(F::INFINITY);
            }
        }
        rows
    }

    /// The entries are needed for their bases to be fetched.
    #[inline(always)]
    fn prefetch_entries(&self, group: usize, round: usize) {
        if let Some(span) = self.spans.get(group) {
            prefetch(self.entries, span.start + round * GROUP_LEN);
        }
    }

    #[inline(always)]
    fn prefetch<T: 'a>(&self, group: usize, coordinate: impl Fn(&'a Point<F>) -> &'a T) {
        for chain in 0..N_CHAINS {
            for row in self.rows(group, chain) {
                prefetch(std::slice::from_ref(coordinate(row)), 0);
            }
        }
    }
}

impl<F: Field> Addends<F> for Entered<'_, F> {
    /// What the way back needs; and into the nearest cache what the next group needs, which the round before left in
    /// the one behind it.
    #[inline(always)]
    fn prefetch_there(&self, group: usize) {
        self.prefetch_entries(group + LOOK_AHEAD, self.round);
        if group + 1 < self.spans.len() {
            self.prefetch(group + 1, |row| &row.x);
        }
        self.prefetch(group, |row| &row.y);
    }

    /// What the next round needs; and into the nearest cache what the way there left in the one behind it.
    #[inline(always)]
    fn prefetch_back(&self, group: usize) {
        self.prefetch_entries(group.wrapping_sub(LOOK_AHEAD), self.round + 1);
        if let Some(next) = group.checked_sub(1) {
            self.prefetch(next, |row| &row.y);
        }
        if self.round < self.spans[group].n_rounds {
            let next = Entered {
                round: self.round + 1,
                ..*self
            };
            next.prefetch(group, |row| &row.x);
        }
    }

    #[inline(always)]
    fn x(&self, _sums: &[Group<F>], group: usize, chain: usize) -> F::Lanes {
        F::load(self.rows(group, chain).map(|row| &row.x))
    }

    #[inline(always)]
    fn y(&self, _sums: &[Group<F>], group: usize, chain: usize) -> F::Lanes {
        let y = F::load(self.rows(group, chain).map(|row| &row.y));
        F::negated(self.negative(group, chain), y)
    }

    /// No base is infinity.
    #[inline(always)]
    fn infinite(&self, _sums: &[Group<F>], group: usize, chain: usize, _x: &F::Lanes) -> __mmask8 {
        let mut mask = 0;
        for (lane, entry) in self.entries(group, chain).iter().enumerate() {
            mask |= u8::from(*entry == NO_BASE) << lane;
        }
        mask
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn chain_sums<F: Field>(lanes: &mut Buckets<F>, buckets: &[Point<F>], chain_len: usize) -> ChainSums<F> {
    let Buckets { sums, steps, .. } = lanes;
    let mut all = ChainSums {
        totals: Vec::new(),
        weighted: Vec::new(),
    };
    // One block of totals, and one of weighted sums.
    for chains in buckets.chunks(chain_len * GROUP_LEN * BLOCK_LEN) {
        let n_chains = chains.len() / chain_len;
        let n_groups = n_chains.div_ceil(GROUP_LEN);
        sums.clear();
        for _ in 0..2 * n_groups {
            sums.push([loaded([F::INFINITY; N_LANES]), loaded([F::INFINITY; N_LANES])]);
        }
        // A total goes into the weighted sum a turn after it has grown: then both can be added to at once.
        for place in (0..chain_len).rev() {
            let addends = Chained {
                chains,
                chain_len,
                n_groups,
                place,
            };
            add_to_groups(steps, sums, &addends);
        }
        let addends = Chained {
            chains: &chains[..0],
            chain_len,
            n_groups,
            place: 0,
        };
        add_to_groups(steps, sums, &addends);
        let (totals, weighted) = sums.split_at(n_groups);
        for (all, sums) in [(&mut all.totals, totals), (&mut all.weighted, weighted)] {
            let end = all.len() + n_chains;
            for sums in sums.iter().flatten() {
                all.extend(stored::<F>(sums));
            }
            all.truncate(end);
        }
    }
    all
}

/// The next bucket of each chain for its total, and the total for the weighted sum.
struct Chained<'a, F> {
    chains: &'a [Point<F>],
    chain_len: usize,
    n_groups: usize,
    place: usize,
}

impl<F: Field> Chained<'_, F> {
    #[inline(always)]
    fn rows(&self, group: usize, chain: usize) -> [&Point<F>; N_LANES] {
        let first = group * GROUP_LEN + chain * N_LANES;
        let mut rows = [F::INFINITY; N_LANES];
        for (lane, row) in rows.iter_mut().enumerate() {
            let bucket = (first + lane) * self.chain_len + self.place;
            *row = self.chains.get(bucket).unwrap_or(F::INFINITY);
        }
        rows
    }

    fn prefetch(&self, group: usize) {
        if group < self.n_groups {
            for chain in 0..N_CHAINS {
                for row in self.rows(group, chain) {
                    prefetch(std::slice::from_ref(row), 0);
                }
            }
        }
    }
}

impl<F: Field> Addends<F> for Chained<'_, F> {
    #[inline(always)]
    fn prefetch_there(&self, group: usize) {
        self.prefetch(group + LOOK_AHEAD);
    }

    #[inline(always)]
    fn prefetch_back(&self, _group: usize) {}

    #[inline(always)]
    fn x(&self, sums: &[Group<F>], group: usize, chain: usize) -> F::Lanes {
        match group.checked_sub(self.n_groups) {
            None => F::load(self.rows(group, chain).map(|row| &row.x)),
            Some(total) => F::canonical(sums[total][chain].x),
        }
    }

    #[inline(always)]
    fn y(&self, sums: &[Group<F>], group: usize, chain: usize) -> F::Lanes {
        match group.checked_sub(self.n_groups) {
            None => F::load(self.rows(group, chain).map(|row| &row.y)),
            Some(total) => sums[total][chain].y,
        }
    }

    #[inline(always)]
    fn infinite(&self, sums: &[Group<F>], group: usize, chain: usize, x: &F::Lanes) -> __mmask8 {
        match group.checked_sub(self.n_groups) {
            None if F::zeros(x) == 0 => 0,
            None => F::zeros(x) & F::zeros(&self.y(sums, group, chain)),
            Some(total) => sums[total][chain].infinite,
        }
    }
}
