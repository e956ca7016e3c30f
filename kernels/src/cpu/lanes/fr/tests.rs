//! The field in lanes against that of blst, from one end of its bounds to the other.

use rand_core::SeedableRng;
use rand_xorshift::XorShiftRng;

use super::*;
use crate::cpu::field::to_node;
use crate::cpu::lanes::Ifma;
use crate::Level;

/// Elements that carry and reduce most, and any others.
fn elements() -> Vec<Fr> {
    let radix = *RADIX;
    let inverse = radix.invert().expect("a power of two");
    let mut elements = vec![Fr::ZERO, Fr::ONE, radix, inverse];
    let mut rng = XorShiftRng::seed_from_u64(260);
    // A limb of zeros in the middle of a division, and limbs of ones.
    for bits in [51, 52, 103, 104, 155, 156, 207, 208, 254] {
        elements.extend([Fr::from(2).pow([bits]), Fr::from(2).pow([bits]) * inverse]);
        elements.push(Fr::from(2).pow([bits]) - Fr::ONE);
    }
    elements.extend((0..4).map(|_| Fr::random(&mut rng)));
    for i in 0..elements.len() {
        elements.push(-elements[i]);
    }
    elements
}

/// The number of an element, k·r above its place.
fn raised(element: Fr, k: usize) -> Limbs {
    let Limbs(mut limbs) = Limbs::of(element);
    let mut carry = 0;
    for (limb, multiple) in limbs.iter_mut().zip(MULTIPLES[k]) {
        let sum = *limb + multiple + carry;
        (*limb, carry) = (sum & LIMB, sum >> LIMB_BITS);
    }
    Limbs(limbs)
}

/// What is in the lanes: below 35·r, with signs in limbs.
#[target_feature(enable = "avx512f,avx512ifma")]
fn out(lanes: Lanes) -> [Fr; N_LANES] {
    let mut words = [[0; 4]; N_LANES];
    let settled = lanes.carried().reduced().settled();
    // SAFETY: eight in a row.
    unsafe { settled.store(words.as_mut_ptr(), 1) };
    // SAFETY: as above.
    let again = unsafe { Lanes::load(words.as_ptr(), 1) };
    let mut rows = [[0; 4]; 3 * N_LANES];
    // SAFETY: eight, each the third of three.
    unsafe { again.store(rows.as_mut_ptr().add(2), 3) };
    // SAFETY: as above.
    let far = unsafe { Lanes::load(rows.as_ptr().add(2), 3) };
    assert_eq!(format!("{settled:?}"), format!("{far:?}"));
    words.map(|words| to_node(words).to_fr().expect("settled"))
}

/// Each of eight raised elements with one element.
#[target_feature(enable = "avx512f,avx512ifma")]
fn check(a: [Fr; N_LANES], k: usize, b: Fr, raised_b: usize) {
    let lanes = Lanes::each(&a.map(|a| raised(a, k)));
    let other = Lanes::all(&raised(b, raised_b));
    assert_eq!(out(lanes), a, "{k}·r above");
    assert_eq!(
        out(lanes.turned(&Factor::of(b))),
        a.map(|a| a * b),
        "{k}·r above, turned"
    );

    let factor = Lanes::all(&Limbs::montgomery(b));
    assert_eq!(
        out(lanes.product(&factor)),
        a.map(|a| a * b),
        "{k}·r above, times R"
    );
    let inverse = RADIX.invert().expect("a power of two");
    let products = a.map(|a| a * b * inverse);
    if k * raised_b <= 900 {
        assert_eq!(
            out(lanes.product(&other)),
            products,
            "{k}·r and {raised_b}·r above"
        );
    }
    if k + raised_b + 2 <= 34 {
        assert_eq!(
            out(lanes.plus(other)),
            a.map(|a| a + b),
            "{k}·r and {raised_b}·r above"
        );
        let difference = lanes.minus(other, raised_b + 1);
        assert_eq!(out(difference), a.map(|a| a - b), "{k}·r and {raised_b}·r above");
    }
    let mut sum = Sum::of(&lanes);
    for _ in 0..18 {
        sum.add_product(&Lanes::all(&raised(b, 1)), &Lanes::all(&raised(-b, 1)));
    }
    let expected = a.map(|a| a - b * b * inverse * Fr::from(18));
    if k <= 30 {
        assert_eq!(out(sum.divided()), expected, "{k}·r above, and 18 products");
    }
}

#[test]
fn every_operation_agrees_up_to_its_bounds() {
    if Ifma::of(Level::best()).is_none() {
        return;
    }
    let elements = elements();
    for a in elements.chunks(N_LANES) {
        let a = std::array::from_fn(|lane| a[lane % a.len()]);
        for b in &elements {
            for (k, raised_b) in [(0, 0), (1, 1), (3, 30), (16, 16), (30, 1), (34, 0), (34, 34)] {
                // SAFETY: an `Ifma` exists.
                unsafe { check(a, k, *b, raised_b) };
            }
        }
    }
}
