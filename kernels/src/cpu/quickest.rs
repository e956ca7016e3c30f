//! Choosing between bodies by trying them.

use std::time::{Duration, Instant};

/// Times each is tried: the best of them counts, since all that disturbs makes slower.
const N_TRIALS: usize = 8;

/// The candidate that does a piece of work in the least time.
///
/// # Panics
/// When there is none.
pub(super) fn quickest<T: Copy>(candidates: &[T], mut work: impl FnMut(T)) -> T {
    let mut best = vec![Duration::MAX; candidates.len()];
    for _ in 0..N_TRIALS {
        for (candidate, best) in candidates.iter().zip(&mut best) {
            let start = Instant::now();
            work(*candidate);
            *best = start.elapsed().min(*best);
        }
    }
    let fastest = (0..candidates.len()).min_by_key(|candidate| best[*candidate]);
    candidates[fastest.expect("there is a candidate")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_with_least_to_do_is_the_quickest() {
        let sum = |n: u64| (0..n).fold(0, |sum, i| std::hint::black_box(sum ^ i));
        let chosen = quickest(&[100_000, 10, 10_000], |n| {
            std::hint::black_box(sum(n));
        });
        assert_eq!(chosen, 10);
    }
}
