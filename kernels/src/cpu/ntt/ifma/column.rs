//! Eight transforms side by side, in the cache of a core.
//!
//! Elements grow by 2·r with each halving or doubling, and are not reduced on the way.

use super::super::reverse_bits;
use crate::cpu::lanes::fr::{Factor, Lanes};

/// Natural order in, below 2·r and carried; reversed order out, below 35·r, not carried.
///
/// The factors are a [`Twiddles`](super::super::Twiddles).
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn split(values: &mut [Lanes], factors: &[Factor]) {
    if values.len().ilog2() % 2 == 1 {
        // The first block turns by 1: its halving costs nothing.
        let (low, high) = values.split_at_mut(values.len() / 2);
        low.iter_mut().zip(&mut *high).for_each(|(a, b)| cross(a, b, 2));
        split_block(low, 0, factors);
        split_block(high, 1, factors);
        return;
    }
    let [v0, v1, v2, v3] = quarters(values);
    for (((v0, v1), v2), v3) in v0.iter_mut().zip(v1).zip(v2).zip(v3) {
        first_four([v0, v1, v2, v3], &factors[1]);
    }
    for (block, values) in values.chunks_exact_mut(values.len() / 4).enumerate() {
        split_block(values, block, factors);
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn split_block(values: &mut [Lanes], block: usize, factors: &[Factor]) {
    if values.len() == 1 {
        return;
    }
    let turns = [&factors[block], &factors[2 * block], &factors[2 * block + 1]];
    let [v0, v1, v2, v3] = quarters(values);
    for (((v0, v1), v2), v3) in v0.iter_mut().zip(v1).zip(v2).zip(v3) {
        four([v0, v1, v2, v3], turns);
    }
    for (i, values) in values.chunks_exact_mut(values.len() / 4).enumerate() {
        split_block(values, 4 * block + i, factors);
    }
}

/// Reversed order in, below 2·r and carried; natural order out, below 35·r, not carried.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn merge(values: &mut [Lanes], factors: &[Factor]) {
    match values {
        [_] => {}
        [a, b] => cross(a, b, 2),
        [a, b, c, d] => first_four([a, c, b, d], &factors[1]),
        _ => {
            for values in values.chunks_exact_mut(values.len() / 4) {
                merge(values, factors);
            }
            let [v0, v1, v2, v3] = quarters(values);
            let n_bits = v0.len().ilog2();
            for (index, (((v0, v1), v2), v3)) in v0.iter_mut().zip(v1).zip(v2).zip(v3).enumerate() {
                let turn = reverse_bits(index, n_bits);
                let turns = [&factors[turn], &factors[2 * turn], &factors[2 * turn + 1]];
                four([v0, v2, v1, v3], turns);
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn quarters(values: &mut [Lanes]) -> [&mut [Lanes]; 4] {
    let (low, high) = values.split_at_mut(values.len() / 2);
    let (v0, v1) = low.split_at_mut(low.len() / 2);
    let (v2, v3) = high.split_at_mut(high.len() / 2);
    [v0, v1, v2, v3]
}

/// `(a, b) ← (a + b, a − b)`, which doubles what was below k·r.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn cross(a: &mut Lanes, b: &mut Lanes, k: usize) {
    (*a, *b) = (a.plus(*b), a.minus(*b, k));
}

/// [`four`] where the turns are 1, 1 and the given.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn first_four([v0, v1, v2, v3]: [&mut Lanes; 4], turn: &Factor) {
    cross(v0, v2, 2);
    cross(v1, v3, 2);
    cross(v0, v1, 4);
    *v3 = v3.carried().turned(turn);
    cross(v2, v3, 2);
}

/// Two halvings of four elements, the first by one turn, the second by two.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline(never)]
fn four(values: [&mut Lanes; 4], [first, low, high]: [&Factor; 3]) {
    let [v0, v1, v2, v3] = values;
    let [c, d] = [v2.carried().turned(first), v3.carried().turned(first)];
    let [a, c] = [v0.plus(c), v0.minus(c, 2)];
    let [b, d] = [v1.plus(d), v1.minus(d, 2)];
    let [b, d] = [b.carried().turned(low), d.carried().turned(high)];
    (*v0, *v1) = (a.plus(b), a.minus(b, 2));
    (*v2, *v3) = (c.plus(d), c.minus(d, 2));
}
