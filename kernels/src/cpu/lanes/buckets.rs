//! Bases into buckets, sixteen buckets side by side.
//!
//! A base is read where it stands and goes through the lanes once: its bucket's sum stays there until all that
//! fall into the bucket are added. Buckets with equally many bases are brought together, and those with very
//! many are cut into pieces, so that lanes stay full.

use std::arch::x86_64::__mmask8;

use super::additions::{
    add_to_groups, loaded, stored, Addends, Batch, Chains, Eight, Group, Step, GROUP_LEN, LOOK_AHEAD,
    N_CHAINS,
};
use super::field::{Field, N_LANES};
use super::Ifma;
use crate::cpu::affine::{Adder, Point};
use crate::cpu::buckets::{self, ChainSums};
use crate::device::prefetch;

/// Groups that are summed together: with what belongs to them they take half of a cache of 1 MiB, for bases come from
/// anywhere and push each other out of a full one.
const BLOCK_LEN: usize = 1 << 6;

/// Pieces that make an inversion worth its price.
const MIN_PIECES: usize = 1 << 10;

/// What is cut into pieces has more bases than this.
const MIN_PIECE_LEN: usize = 1 << 3;

/// Where no base stands: even, like a base that is added.
const NO_BASE: u32 = u32::MAX - 1;

/// A cursor of a bucket in pieces: the rest is the place among those.
const CUT: u32 = 1 << 31;

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

/// Which base is added to which bucket when.
#[derive(Default)]
struct Plan {
    /// Bases of each bucket.
    counts: Vec<u32>,
    /// Pieces of one length.
    lengths: Vec<u32>,
    /// The targets in the lanes, group by group: buckets, or loose pieces after them.
    targets: Vec<u32>,
    spans: Vec<Span>,
    /// Where the next base of each bucket is entered.
    cursors: Vec<u32>,
    cut: Vec<Cut>,
    /// The places of the pieces of cut buckets: the first entry, and how many.
    pieces: Vec<(u32, u32)>,
    /// Bases and their signs, `2·i` or `2·i + 1`, sixteen at a time.
    entries: Vec<u32>,
}

/// The entries of a group: a row of bases that sums begin with, and so many that are added.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    n_rounds: usize,
}

/// A bucket in pieces.
#[derive(Clone, Copy, Debug)]
struct Cut {
    bucket: u32,
    /// Its first piece, among all.
    first: u32,
    n_pieces: u32,
    /// The piece that bases are entered in, and the places there.
    next: u32,
    place: u32,
    n_left: u32,
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

impl Plan {
    fn make(&mut self, digits: &[i16], is_empty: impl Fn(usize) -> bool, n_buckets: usize) {
        // One more, for digits that are zero.
        self.counts.clear();
        self.counts.resize(n_buckets + 1, 0);
        for digit in digits {
            self.counts[usize::from(digit.unsigned_abs())] += 1;
        }
        let n_bases = digits.len() - self.counts[0] as usize;
        let max_len = (n_bases / MIN_PIECES).max(MIN_PIECE_LEN) as u32;
        // The additions of each piece: the first base of an empty bucket is not added to anything.
        self.lengths.clear();
        self.lengths.resize(max_len as usize + 1, 0);
        self.cut.clear();
        self.pieces.clear();
        self.cursors.clear();
        for (bucket, count) in self.counts[1..].iter().enumerate() {
            self.cursors.push(0);
            if *count > max_len {
                self.cursors[bucket] = CUT | self.cut.len() as u32;
                self.cut.push(Cut {
                    bucket: bucket as u32,
                    first: self.pieces.len() as u32,
                    n_pieces: count.div_ceil(max_len),
                    next: self.pieces.len() as u32,
                    place: 0,
                    n_left: 0,
                });
                let mut n_left = *count;
                while n_left > 0 {
                    let len = n_left.min(max_len);
                    let is_first = n_left == *count;
                    let n_added = len - u32::from(!is_first || is_empty(bucket));
                    self.lengths[n_added as usize] += 1;
                    self.pieces.push((n_added, len));
                    n_left -= len;
                }
            } else if *count > 0 {
                self.lengths[(count - u32::from(is_empty(bucket))) as usize] += 1;
            }
        }
        self.lay_out();
        self.assign(is_empty);
        self.enter(digits);
    }

    /// Lays the pieces out in groups, the longest first; `lengths` becomes the next place for each length.
    fn lay_out(&mut self) {
        self.spans.clear();
        let mut n_pieces = 0;
        let mut start = 0;
        for (length, n) in self.lengths.iter_mut().enumerate().rev() {
            let first = n_pieces;
            n_pieces += *n as usize;
            *n = first as u32;
            while self.spans.len() * GROUP_LEN < n_pieces {
                self.spans.push(Span {
                    start,
                    n_rounds: length,
                });
                start += (1 + length) * GROUP_LEN;
            }
        }
        self.entries.clear();
        self.entries.resize(start, NO_BASE);
        self.targets.clear();
        self.targets.resize(self.spans.len() * GROUP_LEN, NO_BASE);
    }

    /// Gives each piece its lane.
    fn assign(&mut self, is_empty: impl Fn(usize) -> bool) {
        let (lengths, spans, targets) = (&mut self.lengths, &self.spans, &mut self.targets);
        let n_buckets = self.cursors.len();
        let mut place = |n_added: u32, target: usize, is_empty: bool| {
            let slot = lengths[n_added as usize] as usize;
            lengths[n_added as usize] += 1;
            targets[slot] = target as u32;
            let row = usize::from(!is_empty);
            (spans[slot / GROUP_LEN].start + row * GROUP_LEN + slot % GROUP_LEN) as u32
        };
        for (bucket, cursor) in self.cursors.iter_mut().enumerate() {
            let count = self.counts[bucket + 1];
            if count > 0 && *cursor & CUT == 0 {
                let is_empty = is_empty(bucket);
                *cursor = place(count - u32::from(is_empty), bucket, is_empty);
            }
        }
        for cut in &self.cut {
            for i in cut.first..cut.first + cut.n_pieces {
                let (n_added, len) = self.pieces[i as usize];
                self.pieces[i as usize].0 = place(n_added, n_buckets + i as usize, n_added < len);
            }
        }
    }

    /// Enters the bases by their digits.
    fn enter(&mut self, digits: &[i16]) {
        for (i, digit) in digits.iter().enumerate() {
            let Some(bucket) = usize::from(digit.unsigned_abs()).checked_sub(1) else {
                continue;
            };
            let entry = 2 * i as u32 + u32::from(*digit < 0);
            let cursor = &mut self.cursors[bucket];
            if *cursor & CUT == 0 {
                self.entries[*cursor as usize] = entry;
                *cursor += GROUP_LEN as u32;
                continue;
            }
            let cut = &mut self.cut[(*cursor ^ CUT) as usize];
            if cut.n_left == 0 {
                (cut.place, cut.n_left) = self.pieces[cut.next as usize];
                cut.next += 1;
            }
            self.entries[cut.place as usize] = entry;
            cut.place += GROUP_LEN as u32;
            cut.n_left -= 1;
        }
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
