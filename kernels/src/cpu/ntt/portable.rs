//! Transforms on any processor, in place.
//!
//! They go from natural to bit-reversed order (halving, [`split`]) and from bit-reversed to natural order
//! (doubling, [`merge`]). In either, a whole block shares one twiddle factor. The quotient needs a bit reversal
//! only at its end.

use ff::{Field, PrimeField};
use rayon::prelude::*;

use super::{length, reverse_bits, z_inverse, Twiddles, SCALE_LEN};
use crate::{Direction, Evaluate, Fr};

/// Elements that one thread transforms by itself: 64 KiB, which stay in the cache of a core.
const LEAF_LEN: usize = 1 << 11;

pub(super) fn ntt(direction: Direction, values: &mut [Fr]) {
    split(values, &Twiddles::new(direction, values.len()));
    if direction == Direction::Inverse {
        let n_inverse = length(values.len())
            .invert()
            .expect("a power of two is not zero in the field");
        values
            .par_iter_mut()
            .with_min_len(SCALE_LEN)
            .for_each(|value| *value *= n_inverse);
    }
    reverse(values);
}

pub(super) fn quotient(a: &mut [Fr], b: &mut [Fr], c: Evaluate<'_>) {
    let n = a.len();
    let generator = Fr::MULTIPLICATIVE_GENERATOR;
    let n_inverse = length(n)
        .invert()
        .expect("a power of two is not zero in the field");

    // Evaluations on the domain to coefficients, which the shift to the coset takes bit-reversed.
    let inverse = Twiddles::new(Direction::Inverse, n);
    for values in [&mut *a, &mut *b] {
        split(values, &inverse);
    }
    drop(inverse);
    let forward = Twiddles::new(Direction::Forward, n);
    for values in [&mut *a, &mut *b] {
        scale_reversed(values, generator, n_inverse);
        merge(values, &forward);
    }
    drop(forward);

    a.par_iter_mut()
        .zip(&*b)
        .with_min_len(SCALE_LEN)
        .for_each(|(a, b)| *a *= b);

    let inverse = Twiddles::new(Direction::Inverse, n);
    split(a, &inverse);
    let generator_inverse = generator.invert().expect("the generator is not zero");
    let scale = n_inverse * z_inverse(n);
    scale_reversed(a, generator_inverse, scale);

    c(b);
    split(b, &inverse);
    a.par_iter_mut()
        .zip(&*b)
        .with_min_len(SCALE_LEN)
        .for_each(|(a, c)| *a -= *c * scale);
    reverse(a);
}

/// Natural order in, bit-reversed order out; not scaled.
fn split(values: &mut [Fr], twiddles: &Twiddles) {
    split_block(values, 0, &twiddles.0);
}

fn split_block(values: &mut [Fr], block: usize, twiddles: &[Fr]) {
    if values.len() <= LEAF_LEN {
        let mut len = values.len();
        let mut first = block;
        while len > 1 {
            for (values, twiddle) in values.chunks_exact_mut(len).zip(&twiddles[first..]) {
                let (low, high) = values.split_at_mut(len / 2);
                split_pairs(low, high, *twiddle);
            }
            len /= 2;
            first *= 2;
        }
        return;
    }
    let quarter = values.len() / 4;
    let [v0, v1, v2, v3] = quarters(values);
    let factors = [twiddles[block], twiddles[2 * block], twiddles[2 * block + 1]];
    let rows = (
        v0.par_chunks_mut(SCALE_LEN),
        v1.par_chunks_mut(SCALE_LEN),
        v2.par_chunks_mut(SCALE_LEN),
        v3.par_chunks_mut(SCALE_LEN),
    );
    rows.into_par_iter().for_each(|(v0, v1, v2, v3)| {
        split_pairs(v0, v2, factors[0]);
        split_pairs(v1, v3, factors[0]);
        split_pairs(v0, v1, factors[1]);
        split_pairs(v2, v3, factors[2]);
    });
    values
        .par_chunks_exact_mut(quarter)
        .enumerate()
        .for_each(|(i, values)| split_block(values, 4 * block + i, twiddles));
}

/// `(low, high) ← (low + t, low − t)` with `t = high · twiddle`.
///
/// Results are written where they belong: a copy of what blst has just written waits for the store.
fn split_pairs(low: &mut [Fr], high: &mut [Fr], twiddle: Fr) {
    for (low, high) in low.iter_mut().zip(high) {
        let mut turned = *high;
        turned *= &twiddle;
        *high = *low;
        *high -= &turned;
        *low += &turned;
    }
}

/// Bit-reversed order in, natural order out; not scaled.
///
/// With the twiddles of one direction this undoes [`split`] with those of the other, but for the factor n.
fn merge(values: &mut [Fr], twiddles: &Twiddles) {
    merge_block(values, 0, &twiddles.0);
}

fn merge_block(values: &mut [Fr], block: usize, twiddles: &[Fr]) {
    if values.len() <= LEAF_LEN {
        let mut len = 2;
        while len <= values.len() {
            let first = block * (values.len() / len);
            for (values, twiddle) in values.chunks_exact_mut(len).zip(&twiddles[first..]) {
                let (low, high) = values.split_at_mut(len / 2);
                merge_pairs(low, high, *twiddle);
            }
            len *= 2;
        }
        return;
    }
    let quarter = values.len() / 4;
    values
        .par_chunks_exact_mut(quarter)
        .enumerate()
        .for_each(|(i, values)| merge_block(values, 4 * block + i, twiddles));
    let [v0, v1, v2, v3] = quarters(values);
    let factors = [twiddles[block], twiddles[2 * block], twiddles[2 * block + 1]];
    let rows = (
        v0.par_chunks_mut(SCALE_LEN),
        v1.par_chunks_mut(SCALE_LEN),
        v2.par_chunks_mut(SCALE_LEN),
        v3.par_chunks_mut(SCALE_LEN),
    );
    rows.into_par_iter().for_each(|(v0, v1, v2, v3)| {
        merge_pairs(v0, v1, factors[1]);
        merge_pairs(v2, v3, factors[2]);
        merge_pairs(v0, v2, factors[0]);
        merge_pairs(v1, v3, factors[0]);
    });
}

/// `(low, high) ← (low + high, (low − high) · twiddle)`.
fn merge_pairs(low: &mut [Fr], high: &mut [Fr], twiddle: Fr) {
    for (low, high) in low.iter_mut().zip(high) {
        let other = *high;
        *high = *low;
        *high -= &other;
        *high *= &twiddle;
        *low += &other;
    }
}

fn quarters(values: &mut [Fr]) -> [&mut [Fr]; 4] {
    let (low, high) = values.split_at_mut(values.len() / 2);
    let (v0, v1) = low.split_at_mut(low.len() / 2);
    let (v2, v3) = high.split_at_mut(high.len() / 2);
    [v0, v1, v2, v3]
}

/// `values[bitrev(k)] *= base^k · factor`.
fn scale_reversed(values: &mut [Fr], base: Fr, factor: Fr) {
    let n_bits = values.len().ilog2();
    let leaf_len = values.len().min(SCALE_LEN);
    let n_leaf_bits = leaf_len.ilog2();
    // Within a leaf the low bits of the position are the high bits of the exponent.
    let step = base.pow_vartime([1u64 << (n_bits - n_leaf_bits)]);
    let mut powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(*power * step))
        .take(leaf_len)
        .collect();
    reverse(&mut powers);
    values
        .par_chunks_exact_mut(leaf_len)
        .enumerate()
        .for_each(|(leaf, values)| {
            let factor = factor * base.pow_vartime([reverse_bits(leaf, n_bits - n_leaf_bits) as u64]);
            for (value, power) in values.iter_mut().zip(&powers) {
                *value *= *power * factor;
            }
        });
}

/// Swaps each element with the one at its bit-reversed position.
fn reverse(values: &mut [Fr]) {
    let n_bits = values.len().ilog2();
    for i in 0..values.len() {
        let j = reverse_bits(i, n_bits);
        if i < j {
            values.swap(i, j);
        }
    }
}
