//! The number-theoretic transform, and the quotient of Groth16.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;

use ff::{Field, PrimeField};
use rayon::prelude::*;

use crate::{Backend, Direction, Evaluate, Fr, Level, Result};

/// Elements that one thread scales at a time.
const SCALE_LEN: usize = 1 << 10;

pub(crate) fn ntt(level: Level, direction: Direction, values: &mut [Fr]) {
    #[cfg(target_arch = "x86_64")]
    if let Some(transforms) = ifma::Transforms::of(level, values.len()) {
        transforms.ntt(direction, values);
        return;
    }
    portable::ntt(direction, values);
}

pub(crate) fn quotient<B: Backend + ?Sized>(
    device: &B,
    a: &mut [Fr],
    b: &mut [Fr],
    c: Evaluate<'_>,
) -> Result<()> {
    let n = a.len();
    assert!(b.len() == n, "A and B have {n} and {} evaluations", b.len());
    #[cfg(target_arch = "x86_64")]
    if let Some(transforms) = ifma::Transforms::of(device.level(), n) {
        transforms.quotient(a, b, c);
        return Ok(());
    }
    portable::quotient(a, b, c);
    Ok(())
}

fn length(len: usize) -> Fr {
    Fr::from(len as u64)
}

/// One over Z on the coset that the quotient is formed on, where Z is the constant 7ⁿ − 1.
fn z_inverse(n: usize) -> Fr {
    let z = Fr::MULTIPLICATIVE_GENERATOR.pow_vartime([n as u64]) - Fr::ONE;
    z.invert().expect("the coset holds no root of Z")
}

/// `ω^bitrev(i)` for the blocks `i` of the last halving; a prefix serves every earlier one, and every shorter
/// transform.
struct Twiddles(Vec<Fr>);

impl Twiddles {
    fn new(direction: Direction, len: usize) -> Twiddles {
        assert!(
            len.is_power_of_two() && len.ilog2() <= Fr::S,
            "a transform of {len} elements"
        );
        let mut table = vec![Fr::ONE; (len / 2).max(1)];
        let mut filled = 1;
        while filled < table.len() {
            let root = root_of_unity(direction, 4 * filled);
            let (done, next) = table.split_at_mut(filled);
            next[..filled]
                .par_iter_mut()
                .zip(done)
                .with_min_len(SCALE_LEN)
                .for_each(|(next, done)| *next = *done * root);
            filled *= 2;
        }
        Twiddles(table)
    }
}

/// A primitive root of unity of the order `order`, a power of two; its inverse for the inverse transform.
fn root_of_unity(direction: Direction, order: usize) -> Fr {
    let root = match direction {
        Direction::Forward => Fr::ROOT_OF_UNITY,
        Direction::Inverse => Fr::ROOT_OF_UNITY_INV,
    };
    (order.ilog2()..Fr::S).fold(root, |root, _| root.square())
}

fn reverse_bits(index: usize, n_bits: u32) -> usize {
    // A shift by all 64 bits overflows: an index of no bits is 0.
    index
        .reverse_bits()
        .checked_shr(usize::BITS - n_bits)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use rand_core::SeedableRng;
    use rand_xorshift::XorShiftRng;

    use super::*;
    use crate::Cpu;

    fn random(len: usize) -> Vec<Fr> {
        let mut rng = XorShiftRng::seed_from_u64(len as u64);
        (0..len).map(|_| Fr::random(&mut rng)).collect()
    }

    fn evaluate(coefficients: &[Fr], x: Fr) -> Fr {
        coefficients
            .iter()
            .rev()
            .fold(Fr::ZERO, |sum, coefficient| sum * x + coefficient)
    }

    fn check_ntt(len: usize) {
        let coefficients = random(len);
        let mut values = coefficients.clone();
        ntt(Level::best(), Direction::Forward, &mut values);
        let root = root_of_unity(Direction::Forward, len);
        for k in [0, 1, len / 3, len / 2, len - 1] {
            assert_eq!(
                values[k % len],
                evaluate(&coefficients, root.pow_vartime([(k % len) as u64])),
                "X[{k}] of {len}"
            );
        }
        ntt(Level::best(), Direction::Inverse, &mut values);
        assert!(values == coefficients, "forward and back over {len}");
    }

    #[test]
    fn a_transform_evaluates_and_its_inverse_interpolates() {
        for exponent in 0..=14 {
            check_ntt(1 << exponent);
        }
    }

    /// Elements that carry and reduce most, whatever form they are kept in, and any others.
    fn hard(len: usize) -> Vec<Fr> {
        let radix = Fr::from(2).pow([256]);
        let hard = [
            -Fr::ONE,
            Fr::ZERO,
            -radix.invert().expect("a power of two"),
            Fr::ONE,
        ];
        let any = |(i, random)| if i % 3 == 0 { random } else { hard[i / 3 % 4] };
        random(len).into_iter().enumerate().map(any).collect()
    }

    fn check_levels(values: &[Fr]) {
        for direction in [Direction::Forward, Direction::Inverse] {
            let mut expected = values.to_vec();
            portable::ntt(direction, &mut expected);
            for level in Level::ALL {
                let mut found = values.to_vec();
                ntt(level, direction, &mut found);
                assert!(found == expected, "{direction:?} over {}, {level}", values.len());
            }
        }
        let (b, c) = (random(values.len()), hard(values.len()));
        let c = |values: &mut [Fr]| values.copy_from_slice(&c);
        let mut expected = values.to_vec();
        portable::quotient(&mut expected, &mut b.clone(), &c);
        for cpu in Cpu::all() {
            let mut found = values.to_vec();
            quotient(&cpu, &mut found, &mut b.clone(), &c).expect("the CPU does not fail");
            assert!(found == expected, "quotient over {}, {cpu:?}", values.len());
        }
    }

    #[test]
    fn levels_agree_on_any_length() {
        for exponent in (0..=13).chain([15]) {
            let len = 1 << exponent;
            for values in [vec![-Fr::ONE; len], vec![Fr::ZERO; len], hard(len)] {
                check_levels(&values);
            }
        }
    }

    fn check_quotient(len: usize) {
        let (mut a, mut b) = (random(len), random(len + 1)[1..].to_vec());
        let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
        let coefficients = |values: &[Fr]| {
            let mut values = values.to_vec();
            ntt(Level::best(), Direction::Inverse, &mut values);
            values
        };
        let x = Fr::from(11);
        let [at, bt, ct] = [&a, &b, &c].map(|values| evaluate(&coefficients(values), x));
        let c = |values: &mut [Fr]| values.copy_from_slice(&c);
        quotient(&Cpu::new(), &mut a, &mut b, &c).expect("the CPU does not fail");
        let z = x.pow_vartime([len as u64]) - Fr::ONE;
        assert_eq!(evaluate(&a, x) * z, at * bt - ct, "h · Z = A · B − C over {len}");
        assert_eq!(a[len - 1], Fr::ZERO, "degree of h over {len}");
    }

    #[test]
    fn the_quotient_times_z_is_what_was_divided() {
        for exponent in [0, 1, 2, 5, 11, 12, 13] {
            check_quotient(1 << exponent);
        }
    }

    #[test]
    fn a_broken_constraint_shows_in_the_last_coefficient() {
        let (mut a, mut b) = (random(64), random(64));
        let mut c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
        c[17] += Fr::ONE;
        let c = |values: &mut [Fr]| values.copy_from_slice(&c);
        quotient(&Cpu::new(), &mut a, &mut b, &c).expect("the CPU does not fail");
        assert_ne!(a[63], Fr::ZERO);
    }
}
