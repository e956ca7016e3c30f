//! Labels with AVX-512: sixteen sectors side by side on one core.
//!
//! What the rounds of a block of parents add is kept, and used again when its parents repeat.

use std::arch::x86_64::{
    __m512i, _mm256_loadu_si256, _mm512_castsi256_si512, _mm512_inserti64x4, _mm512_setzero_si512,
};

use super::{parent, Work, N_BITS, N_BLOCKS, N_REPEATED};
use crate::cpu::sha256::lanes::{
    compress, compress_again, initial, nodes, splat, words, Avx512, Words, N_LANES,
};
use crate::{Lane, Node, Parents, DEGREE};

/// Labels nodes, of which 0 is none, in up to sixteen lanes.
pub(super) fn label(_: Avx512, work: Work<'_>, lanes: &mut [Lane<'_>]) {
    assert!(lanes.len() <= N_LANES);
    // SAFETY: there is an `Avx512`, so the instructions are there.
    unsafe { label_beside(work, lanes) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn label_beside(work: Work<'_>, lanes: &mut [Lane<'_>]) {
    let n_parents = work.n_parents();
    let mut header = headers(work.layer, lanes);
    let mut kept = vec![[splat(0); 64]; DEGREE / 2];
    for (offset, parents) in work.parents.iter().enumerate() {
        let node = work.first + offset;
        let mut state = initial();
        (header[9], header[10]) = (splat((node as u64 >> 32) as u32), splat(node as u32));
        compress(&mut state, header, |_, _| ());
        // The last label of the preimage begins a block, before the end mark.
        let last = (N_REPEATED - 1) % n_parents;
        let mut tail = [splat(0); 16];
        for (kept, slot) in kept.iter_mut().zip((0..n_parents).step_by(2)) {
            let block = gather(parents, slot, lanes);
            if slot == last {
                tail = block;
            }
            work.fetch(offset, slot / 2..slot / 2 + 1, lanes);
            compress(&mut state, block, |round, sum| kept[round] = sum);
        }
        let repeating = kept[..n_parents / 2].iter().cycle();
        for (n, kept) in repeating.enumerate().take(N_BLOCKS).skip(n_parents / 2) {
            work.fetch(offset, n..n + 1, lanes);
            compress_again(&mut state, kept);
        }
        tail[8..].fill(splat(0));
        tail[8] = splat(0x8000_0000);
        tail[15] = splat(N_BITS as u32);
        compress(&mut state, tail, |_, _| ());
        for (lane, label) in lanes.iter_mut().zip(nodes(state)) {
            lane.labels[node] = label;
        }
    }
}

/// `replica_id ‖ layer ‖ index ‖ 0…`, the index to be set.
#[target_feature(enable = "avx512f,avx512bw")]
fn headers(layer: u32, lanes: &[Lane<'_>]) -> [Words; 16] {
    let mut rows = [_mm512_setzero_si512(); N_LANES];
    for (row, lane) in rows.iter_mut().zip(lanes) {
        *row = halves(&lane.replica_id, &Node::ZERO);
    }
    let mut header = words(rows);
    header[8] = splat(layer);
    header
}

/// The block of two parents in each lane. Where there is no lane, it is zero, and what comes of it is dropped.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn gather(parents: &Parents, slot: usize, lanes: &[Lane<'_>]) -> [Words; 16] {
    let mut rows = [_mm512_setzero_si512(); N_LANES];
    for (row, lane) in rows.iter_mut().zip(lanes) {
        *row = halves(parent(parents, slot, lane), parent(parents, slot + 1, lane));
    }
    words(rows)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn halves(low: &Node, high: &Node) -> __m512i {
    // SAFETY: a node has 32 bytes.
    unsafe {
        let low = _mm256_loadu_si256(low.0.as_ptr().cast());
        let high = _mm256_loadu_si256(high.0.as_ptr().cast());
        _mm512_inserti64x4::<1>(_mm512_castsi256_si512(low), high)
    }
}
