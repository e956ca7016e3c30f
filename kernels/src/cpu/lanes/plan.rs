//! The order in which bases go into buckets.
//!
//! Buckets with equally many bases are brought together, and those with very many are cut into pieces, so that
//! lanes stay full.

use super::additions::GROUP_LEN;

/// Pieces that make an inversion worth its price.
const MIN_PIECES: usize = 1 << 10;

/// What is cut into pieces has more bases than this.
const MIN_PIECE_LEN: usize = 1 << 3;

/// Where no base stands: even, like a base that is added.
pub(super) const NO_BASE: u32 = u32::MAX - 1;

/// A cursor of a bucket in pieces: the rest is the place among those.
const CUT: u32 = 1 << 31;

/// Which base is added to which bucket when.
#[derive(Default)]
pub(super) struct Plan {
    /// Bases of each bucket.
    counts: Vec<u32>,
    /// Pieces of one length.
    lengths: Vec<u32>,
    /// The targets in the lanes, group by group: buckets, or loose pieces after them.
    pub targets: Vec<u32>,
    pub spans: Vec<Span>,
    /// Where the next base of each bucket is entered.
    cursors: Vec<u32>,
    pub cut: Vec<Cut>,
    /// The places of the pieces of cut buckets: the first entry, and how many.
    pub pieces: Vec<(u32, u32)>,
    /// Bases and their signs, `2·i` or `2·i + 1`, sixteen at a time.
    pub entries: Vec<u32>,
}

/// The entries of a group: a row of bases that sums begin with, and so many that are added.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub start: usize,
    pub n_rounds: usize,
}

/// A bucket in pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    pub bucket: u32,
    /// Its first piece, among all.
    pub first: u32,
    pub n_pieces: u32,
    /// The piece that bases are entered in, and the places there.
    next: u32,
    place: u32,
    n_left: u32,
}

impl Plan {
    /// Plans for the digits of all bases. `is_empty` says of a bucket that there is nothing in it yet.
    pub(super) fn make(&mut self, digits: &[i16], is_empty: impl Fn(usize) -> bool, n_buckets: usize) {
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
