//! Numbers modulo p before anything is in lanes: constants, limbs and words.

use crate::cpu::lanes::limb::{multiples, LIMB};

pub(in crate::cpu::lanes) const N_LIMBS: usize = 8;

/// A number below 2³⁸⁴, the low word first.
pub(in crate::cpu::lanes) type Words = [u64; 6];

/// p.
pub(in crate::cpu::lanes) const MODULUS: Words = [
    0xb9fe_ffff_ffff_aaab,
    0x1eab_fffe_b153_ffff,
    0x6730_d2a0_f6b0_f624,
    0x6477_4b84_f385_12bf,
    0x4b1b_a7b6_434b_acd7,
    0x1a01_11ea_397f_e69a,
];

/// `−p⁻¹ mod 2⁵²`.
pub(in crate::cpu::lanes) const NEGATED_INVERSE: u64 = 0x3_fffc_fffc_fffd;

/// Multiples of p, up to the sixteenth.
pub(in crate::cpu::lanes) const MULTIPLES: [[u64; N_LIMBS]; 17] = multiples(limbs(MODULUS));

pub(in crate::cpu::lanes) const fn limbs(number: Words) -> [u64; N_LIMBS] {
    let mut limbs = [0; N_LIMBS];
    let mut i = 0;
    while i < N_LIMBS {
        let (word, shift) = (52 * i / 64, 52 * i % 64);
        limbs[i] = number[word] >> shift;
        if shift > 12 && word + 1 < number.len() {
            limbs[i] |= number[word + 1] << (64 - shift);
        }
        limbs[i] &= LIMB;
        i += 1;
    }
    limbs
}

/// A number below 2³⁸⁴ from its limbs.
pub(in crate::cpu::lanes) const fn words(limbs: [u64; N_LIMBS]) -> Words {
    let mut words = [0; 6];
    let mut i = 0;
    while i < N_LIMBS {
        let (word, shift) = (52 * i / 64, 52 * i % 64);
        words[word] |= limbs[i] << shift;
        if shift > 12 && word + 1 < words.len() {
            words[word + 1] |= limbs[i] >> (64 - shift);
        }
        i += 1;
    }
    words
}

/// `2^exponent mod p`.
pub(in crate::cpu::lanes) const fn power_of_two(exponent: usize) -> Words {
    let mut power: Words = [1, 0, 0, 0, 0, 0];
    let mut n = 0;
    while n < exponent {
        // p is below 2³⁸¹, so that twice a remainder fits.
        let (mut doubled, mut reduced): (Words, Words) = ([0; 6], [0; 6]);
        let (mut carry, mut borrow) = (0, false);
        let mut i = 0;
        while i < 6 {
            doubled[i] = power[i] << 1 | carry;
            carry = power[i] >> 63;
            let (difference, under) = doubled[i].overflowing_sub(MODULUS[i]);
            let (difference, under_again) = difference.overflowing_sub(borrow as u64);
            reduced[i] = difference;
            borrow = under || under_again;
            i += 1;
        }
        power = if borrow { doubled } else { reduced };
        n += 1;
    }
    power
}

/// `2^−exponent mod p`.
pub(in crate::cpu::lanes) const fn power_of_half(exponent: usize) -> Words {
    let mut power: Words = [1, 0, 0, 0, 0, 0];
    let mut n = 0;
    while n < exponent {
        // Made even by p, where it is odd; p is below 2³⁸¹, so that the sum fits.
        let odd = power[0] & 1;
        let mut carry = 0;
        let mut i = 0;
        while i < 6 {
            let sum = power[i] as u128 + (MODULUS[i] * odd) as u128 + carry;
            power[i] = sum as u64;
            carry = sum >> 64;
            i += 1;
        }
        let mut i = 0;
        while i < 6 {
            let high = if i < 5 { power[i + 1] << 63 } else { 0 };
            power[i] = power[i] >> 1 | high;
            i += 1;
        }
        n += 1;
    }
    power
}
