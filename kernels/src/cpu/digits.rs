//! Scalars in signed digits: half as many multiples to keep as with plain ones.

use ff::PrimeField;

use crate::Fr;

/// Bits of a scalar.
const N_BITS: usize = 255;

/// Digits of a scalar, `n_bits` bits each, of which the last is no larger than the others: there is room for the last
/// carry.
pub(super) fn n_digits(n_bits: usize) -> usize {
    (N_BITS + 1).div_ceil(n_bits)
}

/// As few digits as a scalar can have; the last is up to `2^n_bits` where they cover no more than the scalar.
pub(super) fn n_digits_at_least(n_bits: usize) -> usize {
    N_BITS.div_ceil(n_bits)
}

/// So many digits dⱼ of `scalar = Σ dⱼ·2^(j·n_bits)`, lowest first, each in `−2^(n_bits−1) ..= 2^(n_bits−1)`;
/// those of sixteen bits fit into as many.
///
/// `n_bits` is at most 16.
#[inline(always)]
pub(super) fn of(scalar: &Fr, n_bits: usize, n_digits: usize) -> impl Iterator<Item = i32> {
    // A zero follows, so that the last digit may be read like any other.
    let mut words = [0; 5];
    for (word, bytes) in words.iter_mut().zip(scalar.to_repr().chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    }
    let half = 1 << (n_bits - 1);
    let mut carry = 0;
    (0..n_digits).map(move |j| {
        let (word, shift) = (j * n_bits / 64, j * n_bits % 64);
        let bits = words[word] >> shift | words[word + 1] << 1 << (63 - shift);
        let plain = (bits & ((1 << n_bits) - 1)) as i32 + carry;
        carry = i32::from(plain >= half && j + 1 < n_digits);
        plain - (carry << n_bits)
    })
}

#[cfg(test)]
mod tests {
    use ff::Field;

    use super::*;

    fn check(scalar: Fr) {
        for n_bits in 2..=16 {
            check_digits(&scalar, n_bits, n_digits(n_bits), 1 << (n_bits - 1));
            check_digits(&scalar, n_bits, n_digits_at_least(n_bits), 1 << n_bits);
        }
    }

    fn check_digits(scalar: &Fr, n_bits: usize, n_digits: usize, max_last: u32) {
        let digits: Vec<i32> = of(scalar, n_bits, n_digits).collect();
        let base = Fr::from(1 << n_bits);
        for (j, digit) in digits.iter().enumerate() {
            let max = if j + 1 == n_digits {
                max_last
            } else {
                1 << (n_bits - 1)
            };
            assert!(digit.unsigned_abs() <= max, "digit {digit} of {n_bits} bits");
        }
        let sum = digits.iter().rev().fold(Fr::ZERO, |sum, digit| {
            let size = Fr::from(u64::from(digit.unsigned_abs()));
            sum * base + if *digit < 0 { -size } else { size }
        });
        assert_eq!(sum, *scalar, "{n_bits} bits");
    }

    #[test]
    fn digits_sum_to_the_scalar() {
        for scalar in [
            Fr::ZERO,
            Fr::ONE,
            -Fr::ONE,
            Fr::from(0x8000),
            Fr::from(0x8001),
            Fr::ROOT_OF_UNITY,
            Fr::DELTA,
        ] {
            check(scalar);
        }
    }
}
