//! How fast the clock of the core runs: a ratio says nothing where the two sides had different clocks.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Products of a window, each waiting for the one before.
const N_PRODUCTS: u32 = 1 << 14;

/// Windows of which the quickest counts: one that was interrupted says nothing of the clock.
const N_WINDOWS: usize = 15;

/// By how much of itself a clock may move within a round.
const TOLERANCE: f64 = 0.05;

/// What one product of a chain takes, in nanoseconds: some cycles, the same number each time.
pub(super) fn nanoseconds() -> f64 {
    let window = || {
        let start = Instant::now();
        let product = (0..N_PRODUCTS).fold(black_box(3u64), |product, _| {
            black_box(product.wrapping_mul(product | 1))
        });
        black_box(product);
        start.elapsed()
    };
    let quickest = (0..N_WINDOWS).map(|_| window()).min().unwrap_or(Duration::ZERO);
    quickest.as_secs_f64() * 1e9 / f64::from(N_PRODUCTS)
}

/// Whether the clock was another in one of these looks at it than in the rest.
pub(super) fn moved(looks: &[f64]) -> bool {
    let least = looks.iter().copied().fold(f64::INFINITY, f64::min);
    let most = looks.iter().copied().fold(0.0, f64::max);
    most > least * (1.0 + TOLERANCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_moves_is_seen() {
        assert!(!moved(&[1.0, 1.04, 1.02]));
        assert!(moved(&[1.0, 1.0, 1.06]));
        assert!(nanoseconds() > 0.1);
    }
}
