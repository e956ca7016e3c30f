//! Labels with SHA-NI: up to four sectors side by side on one core.
//!
//! Four rounds take a chain eight cycles, whether it runs alone or beside three others. The schedule of a block of
//! parents is expanded when the block comes first, and used again when its parents repeat.

use std::arch::x86_64::{__m128i, _mm_setzero_si128};

use super::{parent, Work, N_BITS, N_BLOCKS, N_REPEATED};
use crate::cpu::sha256::chains::{add, expand, put_half, Rounds, ShaNi, State, N_GROUPS};
use crate::{Lane, DEGREE};

/// Groups of words that a block is given; the others are expanded.
const N_GIVEN: usize = 4;

/// Labels nodes, of which 0 is none, in every lane: four by four.
pub(super) fn label(_: ShaNi, work: Work<'_>, lanes: &mut [Lane<'_>]) {
    let (fours, rest) = lanes.as_chunks_mut::<4>();
    // SAFETY: there is a `ShaNi`, so the instructions are there.
    unsafe {
        fours.iter_mut().for_each(|lanes| label_beside(work, lanes));
        match rest {
            [_] => label_beside::<1>(work, rest.try_into().expect("it is one")),
            [_, _] => label_beside::<2>(work, rest.try_into().expect("they are two")),
            [_, _, _] => label_beside::<3>(work, rest.try_into().expect("they are three")),
            _ => (),
        }
    }
}

/// The schedules of a block in each lane.
#[derive(Clone, Copy)]
struct Block<const N: usize> {
    schedules: [Rounds; N],
    /// The last words of each, as far as it is expanded.
    last: [__m128i; N],
}

#[target_feature(enable = "sha,sse4.1")]
fn label_beside<const N: usize>(work: Work<'_>, lanes: &mut [Lane<'_>; N]) {
    let n_parents = work.n_parents();
    let mut header = headers(work.layer, lanes);
    let mut block = Block::<N>::empty();
    let mut kept = [[Rounds([0; 64]); N]; DEGREE / 2];
    let mut tail = Block::<N>::empty();
    let mut end = [0; 32];
    end[0] = 0x80;
    end[24..].copy_from_slice(&N_BITS.to_be_bytes());
    // With few chains there is room for the headers of the next nodes beside the ends of these, and parents are
    // fetched all at once. More chains leave the processor no room to wait for that: they fetch from block to block.
    let few = N <= 2;
    let mut next = [State::initial(); N];
    if few {
        header.set_index(work.first);
        header.compress(&mut next, None);
    }
    for (offset, parents) in work.parents.iter().enumerate() {
        let node = work.first + offset;
        if few {
            work.fetch(offset, 0..DEGREE, lanes);
        }
        let mut states = next;
        if !few {
            states = [State::initial(); N];
            header.set_index(node);
            header.compress(&mut states, None);
        }
        for (n, kept) in kept[..n_parents / 2].iter_mut().enumerate() {
            for (i, lane) in lanes.iter().enumerate() {
                block.put(i, 0, &parent(parents, 2 * n, lane).0);
                block.put(i, 1, &parent(parents, 2 * n + 1, lane).0);
            }
            if !few {
                work.fetch(offset, n..n + 1, lanes);
            }
            block.compress(&mut states, Some(kept));
        }
        let repeating = kept[..n_parents / 2].iter().cycle();
        for (n, kept) in repeating.enumerate().take(N_BLOCKS).skip(n_parents / 2) {
            if !few {
                work.fetch(offset, n..n + 1, lanes);
            }
            compress_again(&mut states, kept);
        }
        for (i, lane) in lanes.iter().enumerate() {
            tail.put(i, 0, &parent(parents, (N_REPEATED - 1) % n_parents, lane).0);
            tail.put(i, 1, &end);
        }
        if few {
            header.set_index(node + 1);
            next = [State::initial(); N];
            compress_both(&mut states, &mut tail, &mut next, &mut header);
        } else {
            tail.compress(&mut states, None);
        }
        for (lane, state) in lanes.iter_mut().zip(states) {
            lane.labels[node] = state.node();
        }
    }
}

/// The headers of each lane: `replica_id ‖ layer ‖ index ‖ 0…`, the index to be set.
#[target_feature(enable = "sha,sse4.1")]
fn headers<const N: usize>(layer: u32, lanes: &[Lane<'_>; N]) -> Block<N> {
    let mut block = Block::empty();
    for (i, lane) in lanes.iter().enumerate() {
        let mut rest = [0; 32];
        rest[..4].copy_from_slice(&layer.to_be_bytes());
        block.put(i, 0, &lane.replica_id.0);
        block.put(i, 1, &rest);
    }
    block
}

impl<const N: usize> Block<N> {
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn empty() -> Block<N> {
        Block {
            schedules: [Rounds([0; 64]); N],
            last: [_mm_setzero_si128(); N],
        }
    }

    /// Puts half a block into one lane.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn put(&mut self, lane: usize, half: usize, bytes: &[u8; 32]) {
        self.last[lane] = put_half(&mut self.schedules[lane], half, bytes);
    }

    /// Sets the index of headers.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn set_index(&mut self, index: usize) {
        for i in 0..N {
            let words = &mut self.schedules[i].0;
            (words[9], words[10]) = ((index as u64 >> 32) as u32, index as u32);
            self.last[i] = _mm_setzero_si128();
        }
    }

    /// Compresses a block, and expands its schedule on the way, four groups ahead of the rounds. What the rounds add is
    /// kept for whoever compresses the block again.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    fn compress(&mut self, states: &mut [State; N], mut kept: Option<&mut [Rounds; N]>) {
        let before = *states;
        let mut last = self.last;
        for group in 0..N_GROUPS {
            for i in 0..N {
                if group < N_GROUPS - N_GIVEN {
                    expand(&mut self.schedules[i], &mut last[i], group + N_GIVEN);
                }
                match &mut kept {
                    Some(kept) => states[i].keeping_rounds(&self.schedules[i], &mut kept[i], group),
                    None => states[i].rounds(&self.schedules[i], group),
                }
            }
        }
        add(states, &before);
    }
}

/// Compresses a block of each lane again.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn compress_again<const N: usize>(states: &mut [State; N], kept: &[Rounds; N]) {
    let before = *states;
    for group in 0..N_GROUPS {
        for i in 0..N {
            states[i].known_rounds(&kept[i], group);
        }
    }
    add(states, &before);
}

/// Compresses two blocks of each lane side by side.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn compress_both<const N: usize>(
    a: &mut [State; N],
    block_a: &mut Block<N>,
    b: &mut [State; N],
    block_b: &mut Block<N>,
) {
    let before = (*a, *b);
    let (mut last_a, mut last_b) = (block_a.last, block_b.last);
    for group in 0..N_GROUPS {
        for i in 0..N {
            if group < N_GROUPS - N_GIVEN {
                expand(&mut block_a.schedules[i], &mut last_a[i], group + N_GIVEN);
                expand(&mut block_b.schedules[i], &mut last_b[i], group + N_GIVEN);
            }
            a[i].rounds(&block_a.schedules[i], group);
            b[i].rounds(&block_b.schedules[i], group);
        }
    }
    add(a, &before.0);
    add(b, &before.1);
}
