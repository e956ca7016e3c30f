//! What rows have in common: the coefficients of their three combinations.

use ff::{Field, PrimeField};
use kernels::Fr;

/// The coefficients of a row.
#[derive(Debug, PartialEq)]
pub(super) struct Kind(pub [Combination; 3]);

/// A constant, and the coefficients of a combination's variables.
#[derive(Debug, PartialEq)]
pub(super) enum Combination {
    /// Of few variables.
    Short {
        coefficients: Box<[Fr]>,
        /// Its value for each choice of bits; the first variable is the lowest.
        values: Box<[Fr]>,
    },
    /// Of more.
    Long { constant: Fr, series: Box<[Series]> },
}

/// Variables of a combination that follow each other, each with twice the coefficient of the one before: the bits
/// of a number. What a row keeps of them is the first.
#[derive(Debug, PartialEq)]
pub(super) struct Series {
    pub layout: Layout,
    /// The first coefficient, as the field has it, and as a number.
    pub coefficient: Fr,
    limbs: [u32; 8],
}

/// Where the variables of a series stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// How many they are: at most [`MAX_SERIES`].
    pub len: usize,
    /// From one to the next.
    pub stride: usize,
}

/// Variables of a short combination.
pub(super) const MAX_SHORT: usize = 3;

/// From one bit of a series to the next: some stand by turns with others, those of SHA-256's majorities.
pub(super) const MAX_STRIDE: usize = 2;

/// Bits of a series: as many as let sums of products with limbs of 32 bits stay in 64.
pub(super) const MAX_SERIES: usize = 16;

impl Combination {
    /// Of single variables when they are few.
    pub fn new(constant: Fr, series: Vec<(Fr, Layout)>) -> Combination {
        if MAX_SHORT < series.len() || series.iter().any(|(_, layout)| layout.len > 1) {
            let series = series.into_iter().map(|(coefficient, layout)| Series {
                layout,
                coefficient,
                limbs: limbs(&coefficient),
            });
            return Combination::Long {
                constant,
                series: series.collect(),
            };
        }
        let coefficients: Box<[Fr]> = series.into_iter().map(|(coefficient, _)| coefficient).collect();
        let value = |choice: usize| {
            let taken = coefficients
                .iter()
                .enumerate()
                .filter(|(i, _)| choice >> i & 1 == 1);
            taken.fold(constant, |sum, (_, coefficient)| sum + coefficient)
        };
        Combination::Short {
            values: (0..1 << coefficients.len()).map(value).collect(),
            coefficients,
        }
    }

    /// What [`new`](Combination::new) makes it of.
    pub fn terms(&self) -> (Fr, Vec<(Fr, Layout)>) {
        match self {
            Combination::Short { coefficients, values } => {
                let layout = Layout { len: 1, stride: 1 };
                let series = coefficients.iter().map(|coefficient| (*coefficient, layout));
                (values[0], series.collect())
            }
            Combination::Long { constant, series } => {
                let series = series.iter().map(|series| (series.coefficient, series.layout));
                (*constant, series.collect())
            }
        }
    }

    /// Variables that a row keeps for it.
    pub fn len(&self) -> usize {
        match self {
            Combination::Short { coefficients, .. } => coefficients.len(),
            Combination::Long { series, .. } => series.len(),
        }
    }
}

/// The number that an element is, least significant limb first.
fn limbs(element: &Fr) -> [u32; 8] {
    let repr = element.to_repr();
    let mut limbs = repr
        .as_chunks::<4>()
        .0
        .iter()
        .map(|bytes| u32::from_le_bytes(*bytes));
    std::array::from_fn(|_| limbs.next().expect("32 bytes are eight limbs"))
}

/// A sum of coefficients as numbers, reduced once.
#[derive(Default)]
pub(super) struct Sum([u64; 8]);

impl Sum {
    /// Adds a coefficient so many times: less than 2¹⁶, and not more often than 2¹⁶ times.
    #[inline]
    pub fn add(&mut self, series: &Series, times: u32) {
        debug_assert!(times >> MAX_SERIES == 0);
        for (sum, limb) in self.0.iter_mut().zip(series.limbs) {
            *sum += u64::from(limb) * u64::from(times);
        }
    }

    /// The element that the sum is.
    pub fn element(self) -> Fr {
        let mut carry = 0;
        let mut limbs = [0u32; 8];
        for (limb, sum) in limbs.iter_mut().zip(self.0) {
            // The sum is at most 2⁶⁴ − 2⁴⁹, the carry below 2³².
            let sum = sum + carry;
            *limb = sum as u32;
            carry = sum >> 32;
        }
        // 252 bits are below the modulus; what is above them is no more than 36 bits.
        let above = carry << 4 | u64::from(limbs[7] >> 28);
        limbs[7] &= (1 << 28) - 1;
        let words = std::array::from_fn(|i| u64::from(limbs[2 * i]) | u64::from(limbs[2 * i + 1]) << 32);
        let low: Option<Fr> = Fr::from_u64s_le(&words).into();
        // 2²⁵² = (2⁶³)⁴.
        low.expect("below the modulus") + Fr::from(above) * Fr::from(1 << 63).square().square()
    }
}

#[cfg(test)]
mod tests {
    use rand_core::{RngCore, SeedableRng};
    use rand_xorshift::XorShiftRng;

    use super::*;

    fn series(coefficient: Fr) -> Series {
        Series {
            layout: Layout { len: 16, stride: 1 },
            coefficient,
            limbs: limbs(&coefficient),
        }
    }

    #[test]
    fn a_sum_of_numbers_is_that_of_the_elements() {
        let mut rng = XorShiftRng::from_seed([7; 16]);
        for n in [0, 1, 2, 3, 1000, 1 << 16] {
            let mut sums = [Sum::default(), Sum::default()];
            let mut expected = [Fr::ZERO; 2];
            for _ in 0..n {
                // Random ones, and the largest as often as can be.
                let cases = [
                    (Fr::random(&mut rng), rng.next_u32() & 0xffff),
                    (-Fr::ONE, 0xffff),
                ];
                for (i, (coefficient, times)) in cases.into_iter().enumerate() {
                    sums[i].add(&series(coefficient), times);
                    expected[i] += coefficient * Fr::from(u64::from(times));
                }
            }
            assert_eq!(sums.map(Sum::element), expected, "{n}");
        }
    }

    #[test]
    fn a_short_combination_knows_its_values() {
        let layout = Layout { len: 1, stride: 1 };
        let terms = [3, 5, 11].map(|coefficient| (Fr::from(coefficient), layout));
        let Combination::Short { values, .. } = Combination::new(-Fr::ONE, terms.to_vec()) else {
            panic!("three variables are few");
        };
        assert_eq!(
            *values,
            [0, 3, 5, 8, 11, 14, 16, 19].map(|sum| Fr::from(sum) - Fr::ONE)
        );
    }
}
