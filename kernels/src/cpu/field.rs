//! The scalar field in four words of 64 bits: numbers on disk, and sums of products reduced only once.

use std::cmp::Ordering;

use crate::Node;

/// A number of 256 bits, least significant word first.
pub(super) type Words = [u64; 4];

/// The modulus r of the scalar field.
pub(super) const MODULUS: Words = [
    0xffff_ffff_0000_0001,
    0x53bd_a402_fffe_5bfe,
    0x3339_d808_09a1_d805,
    0x73ed_a753_299d_7d48,
];

/// `−r⁻¹ mod 2⁶⁴`.
const NEGATED_INVERSE: u64 = 0xffff_fffe_ffff_ffff;

/// The number that a node holds, or `None` when it is not below the modulus.
pub(super) fn canonical(node: &Node) -> Option<Words> {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(node.0.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    is_below_modulus(words).then_some(words)
}

/// The top word says so of all numbers but one in 2⁶⁴.
#[inline(always)]
fn is_below_modulus(words: Words) -> bool {
    match words[3].cmp(&MODULUS[3]) {
        Ordering::Equal => minus(words, MODULUS).1,
        order => order.is_lt(),
    }
}

pub(super) fn to_node(words: Words) -> Node {
    let mut bytes = [0; 32];
    for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    Node(bytes)
}

/// `a + b mod 2²⁵⁶`.
pub(super) fn plus(a: Words, b: Words) -> Words {
    let mut sum = [0; 4];
    let mut carry = false;
    for i in 0..4 {
        (sum[i], carry) = add_with(a[i], b[i], carry);
    }
    sum
}

/// `a − b mod 2²⁵⁶`, and whether a was below b.
pub(super) fn minus(a: Words, b: Words) -> (Words, bool) {
    let mut difference = [0; 4];
    let mut borrow = false;
    for i in 0..4 {
        let (partial, under) = a[i].overflowing_sub(b[i]);
        let (full, more) = partial.overflowing_sub(u64::from(borrow));
        difference[i] = full;
        borrow = under | more;
    }
    (difference, borrow)
}

/// The one number below r that a number below 2r is congruent to.
pub(super) fn settle(a: Words) -> Words {
    // Zero or r is subtracted: every other sum is too large, and a branch would fail as often.
    let mask = u64::from(is_below_modulus(a)).wrapping_sub(1);
    minus(a, MODULUS.map(|word| word & mask)).0
}

/// A sum of products, not reduced: below 2⁵⁷⁶, hence room for more than 2⁶⁰ products.
#[derive(Clone, Copy)]
pub(super) struct Sum([u64; 9]);

impl Sum {
    /// `high · 2²⁵⁶`: what [`reduce`](Sum::reduce) makes `high` of.
    #[inline(always)]
    pub(super) fn of(high: Words) -> Sum {
        Sum([0, 0, 0, 0, high[0], high[1], high[2], high[3], 0])
    }

    /// Adds `a · b`.
    #[inline(always)]
    pub(super) fn add_product(&mut self, a: &Words, b: &Words) {
        let mut product = [0; 8];
        for i in 0..4 {
            let mut carry = 0;
            for j in 0..4 {
                (product[i + j], carry) = multiply_add(product[i + j], a[i], b[j], carry);
            }
            product[i + 4] = carry;
        }
        let mut carry = false;
        for (word, product) in self.0.iter_mut().zip(product) {
            (*word, carry) = add_with(*word, product, carry);
        }
        self.0[8] += u64::from(carry);
    }

    /// `sum / 2²⁵⁶ mod r` (Montgomery), below 1.001·r where the sum is below 31·r·2²⁵⁶.
    #[inline(always)]
    pub(super) fn reduce(self) -> Words {
        let mut words = self.0;
        let mut carried = 0;
        for i in 0..4 {
            let factor = words[i].wrapping_mul(NEGATED_INVERSE);
            let mut carry = 0;
            for j in 0..4 {
                (words[i + j], carry) = multiply_add(words[i + j], factor, MODULUS[j], carry);
            }
            let sum = u128::from(words[i + 4]) + u128::from(carry) + u128::from(carried);
            (words[i + 4], carried) = (sum as u64, (sum >> 64) as u64);
        }
        tidy([words[4], words[5], words[6], words[7], words[8] + carried])
    }
}

/// Subtracts r as often as the leading bits say, which leaves less than 1.001·r of a number below 32·r.
#[inline(always)]
fn tidy(number: [u64; 5]) -> Words {
    // Floors of number / 2²³² and of 2⁴⁴ / (r / 2²³²): the quotient is never too large, and by less than
    // 0.001 too small.
    let leading = (number[4] << 24) | (number[3] >> 40);
    let quotient = (leading * ((1 << 44) / ((MODULUS[3] >> 40) + 1))) >> 44;
    let low = [number[0], number[1], number[2], number[3]];
    minus(low, MULTIPLES[quotient as usize % MULTIPLES.len()]).0
}

/// `i·r mod 2²⁵⁶`.
const MULTIPLES: [Words; 32] = {
    let mut multiples = [[0; 4]; 32];
    let mut i = 1;
    while i < 32 {
        let mut carry = 0;
        let mut word = 0;
        while word < 4 {
            let sum = multiples[i - 1][word] as u128 + MODULUS[word] as u128 + carry;
            multiples[i][word] = sum as u64;
            carry = sum >> 64;
            word += 1;
        }
        i += 1;
    }
    multiples
};

/// `a·b / 2²⁵⁶ mod r`, below `r + a·b / 2²⁵⁶`, which must be below 2²⁵⁶.
#[inline(always)]
pub(super) fn multiply(a: &Words, b: &Words) -> Words {
    let mut words = [0; 5];
    for a in a {
        let mut carry = 0;
        for j in 0..4 {
            (words[j], carry) = multiply_add(words[j], *a, b[j], carry);
        }
        words[4] += carry;
        let factor = words[0].wrapping_mul(NEGATED_INVERSE);
        let (_, mut carry) = multiply_add(words[0], factor, MODULUS[0], 0);
        for j in 1..4 {
            (words[j - 1], carry) = multiply_add(words[j], factor, MODULUS[j], carry);
        }
        let (top, over) = words[4].overflowing_add(carry);
        (words[3], words[4]) = (top, u64::from(over));
    }
    [words[0], words[1], words[2], words[3]]
}

/// `a + b·c + carry`, low word first.
#[inline(always)]
fn multiply_add(a: u64, b: u64, c: u64, carry: u64) -> (u64, u64) {
    let sum = u128::from(a) + u128::from(b) * u128::from(c) + u128::from(carry);
    (sum as u64, (sum >> 64) as u64)
}

#[inline(always)]
fn add_with(a: u64, b: u64, carry: bool) -> (u64, bool) {
    let (partial, over) = a.overflowing_add(b);
    let (full, more) = partial.overflowing_add(u64::from(carry));
    (full, over | more)
}

#[cfg(test)]
mod tests {
    use ff::Field;

    use super::*;
    use crate::Fr;

    fn element(words: Words) -> Fr {
        let shifts = words.iter().rev().map(|word| Fr::from(*word));
        shifts.fold(Fr::ZERO, |sum, word| sum * Fr::from(2).pow([64]) + word)
    }

    #[test]
    fn numbers_beside_the_modulus() {
        let one = [1, 0, 0, 0];
        let (largest, _) = minus(MODULUS, one);
        let above_in_a_low_word = plus(MODULUS, [0, 0, 1, 0]);
        let (below_in_a_low_word, _) = minus(MODULUS, [0, 0, 1, 0]);
        let (twice_less_one, _) = minus(plus(MODULUS, MODULUS), one);
        for (number, below) in [
            ([0; 4], true),
            (below_in_a_low_word, true),
            (largest, true),
            (MODULUS, false),
            (plus(MODULUS, one), false),
            (above_in_a_low_word, false),
            (twice_less_one, false),
        ] {
            let expected = if below { number } else { minus(number, MODULUS).0 };
            assert_eq!(settle(number), expected, "{number:x?}");
            assert_eq!(
                canonical(&to_node(number)),
                below.then_some(number),
                "{number:x?}"
            );
        }
        assert_eq!(canonical(&to_node([u64::MAX; 4])), None);
    }

    /// Sums of the largest products that a permutation may make are right, and tidy.
    #[test]
    fn reduction_of_the_largest() {
        let largest = canonical(&(-Fr::ONE).into()).expect("an element");
        // A little more than r, as an element of a state may be.
        let untidy = plus(MODULUS, [u64::MAX, u64::MAX, u64::MAX, 0x0007_ffff_ffff_ffff]);
        let inverse = Fr::from(2).pow([256]).invert().expect("a power of two");
        for n in [0, 1, 17, 31] {
            for (a, b) in [
                (largest, largest),
                (untidy, largest),
                ([0; 4], untidy),
                ([1, 0, 0, 0], largest),
            ] {
                let mut sum = Sum::of(untidy);
                (0..n).for_each(|_| sum.add_product(&a, &b));
                let reduced = sum.reduce();
                let expected = element(untidy) + element(a) * element(b) * Fr::from(n) * inverse;
                assert_eq!(element(reduced), expected, "{n} products of {a:x?} and {b:x?}");
                assert!(minus(reduced, untidy).1, "{reduced:x?} is too large");
            }
        }
        let square = multiply(&untidy, &untidy);
        assert_eq!(element(square), element(untidy).square() * inverse);
        assert_eq!(
            element(multiply(&square, &square)),
            element(square).square() * inverse
        );
    }
}
