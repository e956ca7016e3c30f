//! The fields in lanes against blst, from one end of their bounds to the other.

use rand_core::{RngCore, SeedableRng};
use rand_xorshift::XorShiftRng;

use super::*;
use crate::cpu::affine::Field as _;

/// Elements that carry and reduce most, and any others: so many that each meets each in some lane.
fn elements() -> Vec<blst_fp> {
    let number = |words: [u64; 6]| {
        let mut element = blst_fp::default();
        // SAFETY: blst reads six limbs and writes one field element.
        unsafe { blst::blst_fp_from_uint64(&mut element, words.as_ptr()) };
        element
    };
    let mut rng = XorShiftRng::seed_from_u64(52);
    let mut elements = vec![blst_fp::default(), number([1, 0, 0, 0, 0, 0])];
    // Limbs of ones, in whatever form they are kept; below p, whose top limb is 0x1a01_11ea_397f_e69a.
    elements.push(blst_fp {
        l: [!0, !0, !0, !0, !0, 0x1a01_11ea_397f_e699],
    });
    elements.extend((0..8).map(|_| number([(); 6].map(|()| rng.next_u64() >> 4))));
    for i in 0..elements.len() {
        let mut opposite = elements[i];
        opposite.negate();
        elements.push(opposite);
    }
    elements
}

/// Pairs of elements, eight at a time, `a` raised by up to three times p.
fn check<F: Field + PartialEq + std::fmt::Debug, B: crate::cpu::affine::Field + Into<F>>(
    elements: &[B],
    raised: fn(F, usize) -> F,
) {
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn operations<F: Field>(a: [F; 8], b: [F; 8], canonical: [F; 8]) -> [[F; 8]; 5] {
        let [a, b, canonical] = [a, b, canonical].map(|rows| F::load(rows.each_ref()));
        let store = |lanes| F::store(F::canonical(lanes));
        [
            store(F::product(&a, &b)),
            store(F::square(&a)),
            store(F::sum(F::sum(canonical, canonical), canonical)),
            store(F::difference(F::product(&a, &b), canonical)),
            store(F::rotated::<3>(&a)),
        ]
    }

    if Ifma::of(Level::Ifma).is_none() {
        return;
    }
    let expected = |a: &B, b: &B, far: &B| {
        let mut values = [*a, *a, *b, *a, *far];
        values[0].mul(b);
        values[1].set_square(a);
        values[2].add(b);
        values[2].add(b);
        values[3].mul(b);
        values[3].sub(b);
        values.map(Into::into)
    };
    for shift in 0..elements.len() {
        for start in 0..elements.len() {
            let lane = |i: usize| elements[(start + i) % elements.len()];
            let other = |i: usize| elements[(start + shift + 3 * i) % elements.len()];
            let places: [usize; 8] = std::array::from_fn(|i| i);
            for k in 0..4 {
                let a = places.map(|i| raised(lane(i).into(), k));
                let b = places.map(|i| raised(other(i).into(), 3 - k));
                // SAFETY: the instructions are there.
                let found = unsafe { operations(a, b, places.map(|i| other(i).into())) };
                for i in places {
                    assert_eq!(
                        found.map(|lanes| lanes[i]),
                        expected(&lane(i), &other(i), &lane((i + 3) % 8)),
                        "{start} + {shift}, lane {i}, {k}·p"
                    );
                }
            }
        }
    }
}

#[test]
fn the_base_field_is_that_of_blst() {
    check(&elements(), fp::Fp::raised);
}

#[test]
fn the_extension_is_that_of_blst() {
    let elements = elements();
    let neighbours = elements.iter().zip(elements.iter().cycle().skip(5));
    let elements: Vec<blst_fp2> = neighbours.map(|(a, b)| blst_fp2 { fp: [*a, *b] }).collect();
    check(&elements, fp2::Fp2::raised);
}

#[test]
fn elements_keep_their_value() {
    for element in elements() {
        let kept = fp::Fp::from(element);
        assert_eq!(blst_fp::from(kept).l, element.l);
        assert_eq!(kept.is_zero(), element.is_zero());
        let (mut kept_opposite, mut opposite) = (kept, element);
        kept_opposite.negate();
        opposite.negate();
        assert_eq!(kept_opposite, opposite.into());
        if !element.is_zero() {
            let mut inverse = blst_fp::default();
            inverse.set_inverse(&element);
            assert_eq!(kept.inverse(), inverse.into());
        }
    }
}
