//! Points times scalars of their own, eight at a time: all lanes take the same doublings and additions.
//!
//! Points are projective, (X : Y : Z) for (X/Z, Y/Z), and the formulas complete (Renes, Costello, Batina 2015,
//! algorithms 7 and 9 for a = 0): no two points need a case of their own, infinity included.

use blst::blst_fp;

use super::field::{Field, N_LANES};
use super::fp::Fp;
use super::Ifma;
use crate::cpu::affine::Point;
use crate::cpu::curve::{Curve, G1};
use crate::{Fr, G1Affine};

/// Bits of a digit: a point needs its multiples up to the largest.
const DIGIT_BITS: usize = 4;

/// Multiples of a point: 0 to 15.
const N_MULTIPLES: usize = 1 << DIGIT_BITS;

type Lanes = <Fp as Field>::Lanes;

/// Eight points: X below 5.1, Y below 3.1, Z below 2.1, and X + Y below 8.
#[derive(Clone, Copy)]
struct Projective {
    x: Lanes,
    y: Lanes,
    z: Lanes,
}

/// `products[i] = scalars[i] · points[i]`, of at most eight.
pub(in crate::cpu) fn products(ifma: &Ifma, points: &[G1Affine], scalars: &[Fr], products: &mut [G1Affine]) {
    let Ifma(()) = *ifma;
    // SAFETY: there is an `Ifma`, so the instructions are there.
    unsafe { eight(points, scalars, products) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn eight(points: &[G1Affine], scalars: &[Fr], products: &mut [G1Affine]) {
    let one = Fp::one();
    let all = |element: &Fp| Fp::load([element; N_LANES]);
    let (one, zero) = (all(&one), all(&Fp::default()));
    let doubled = |a| Fp::sum(a, a);
    let three = Fp::sum(doubled(one), one);
    // Three times the constant of the curve.
    let twelve = Fp::product(&three, &doubled(doubled(one)));
    let infinity = Projective {
        x: zero,
        y: one,
        z: zero,
    };
    let mut bases = [Point::<Fp>::infinity(); N_LANES];
    for (base, point) in bases.iter_mut().zip(points) {
        let Point { x, y } = G1.point(point);
        *base = Point {
            x: x.into(),
            y: y.into(),
        };
    }
    let (x, y) = (
        Fp::load(bases.each_ref().map(|base| &base.x)),
        Fp::load(bases.each_ref().map(|base| &base.y)),
    );
    let nowhere = Fp::zeros(&x) & Fp::zeros(&y);
    let base = Projective {
        x,
        y: Fp::choose(nowhere, one, y),
        z: Fp::choose(nowhere, zero, one),
    };
    let mut multiples = [infinity; N_MULTIPLES];
    multiples[1] = base;
    for k in 2..N_MULTIPLES {
        multiples[k] = if k % 2 == 0 {
            double(&multiples[k / 2], &twelve)
        } else {
            add(&multiples[k - 1], &base, &twelve)
        };
    }

    let mut numbers = [[0; 32]; N_LANES];
    for (number, scalar) in numbers.iter_mut().zip(scalars) {
        *number = scalar.to_bytes_le();
    }
    let digit =
        |number: &[u8; 32], k: usize| usize::from(number[k / 2] >> (k % 2 * DIGIT_BITS)) % N_MULTIPLES;
    let is_used = |k: &usize| numbers.iter().any(|number| digit(number, *k) != 0);
    let n_digits = (0..256 / DIGIT_BITS)
        .rev()
        .find(is_used)
        .map_or(0, |last| last + 1);
    let mut sum = infinity;
    for k in (0..n_digits).rev() {
        if k + 1 < n_digits {
            for _ in 0..DIGIT_BITS {
                sum = double(&sum, &twelve);
            }
        }
        let digits = numbers.each_ref().map(|number| digit(number, k));
        sum = add(&sum, &chosen(&multiples, digits), &twelve);
    }

    let z = Fp::canonical(sum.z);
    let nowhere = Fp::zeros(&z);
    let inverse = inverse(Fp::choose(nowhere, one, z));
    let coordinate = |a: &Lanes| {
        let a = Fp::canonical(Fp::product(a, &inverse));
        Fp::store(Fp::choose(nowhere, zero, a))
    };
    let (x, y) = (coordinate(&sum.x), coordinate(&sum.y));
    for (lane, product) in products.iter_mut().enumerate() {
        let (x, y) = (blst_fp::from(x[lane]), blst_fp::from(y[lane]));
        *product = G1.affine(&Point { x, y });
    }
}

/// In each lane the multiple that its digit names.
#[inline(always)]
fn chosen(multiples: &[Projective; N_MULTIPLES], digits: [usize; N_LANES]) -> Projective {
    let mut chosen = multiples[digits[0]];
    for (lane, digit) in digits.into_iter().enumerate().skip(1) {
        let (mask, other) = (1 << lane, &multiples[digit]);
        chosen = Projective {
            x: Fp::choose(mask, other.x, chosen.x),
            y: Fp::choose(mask, other.y, chosen.y),
            z: Fp::choose(mask, other.z, chosen.z),
        };
    }
    chosen
}

/// `2·P`: X and Z below 2.1, Y below 3.1.
#[target_feature(enable = "avx512f,avx512ifma")]
fn double(p: &Projective, twelve: &Lanes) -> Projective {
    let twice = |a| Fp::sum(a, a);
    let y_square = Fp::square(&p.y);
    let four_y = twice(twice(y_square));
    let b_zz = Fp::product(&Fp::square(&p.z), twelve);
    let difference = Fp::difference(y_square, Fp::sum(twice(b_zz), b_zz));
    let x = twice(Fp::product(&b_zz, &four_y));
    Projective {
        x: twice(Fp::product(&difference, &Fp::product(&p.x, &p.y))),
        y: Fp::sum(Fp::product(&difference, &Fp::sum(y_square, b_zz)), x),
        z: twice(Fp::product(&Fp::product(&p.y, &p.z), &four_y)),
    }
}

/// `P + Q`: X below 5.1, Y and Z below 2.1.
#[target_feature(enable = "avx512f,avx512ifma")]
fn add(p: &Projective, q: &Projective, twelve: &Lanes) -> Projective {
    let products = [
        Fp::product(&p.x, &q.x),
        Fp::product(&p.y, &q.y),
        Fp::product(&p.z, &q.z),
    ];
    let [xx, yy, zz] = products;
    // The mixed products, below 5.1.
    let mixed = |a: [&Lanes; 2], b: [&Lanes; 2], own: Lanes| {
        let whole = Fp::product(&Fp::sum(*a[0], *a[1]), &Fp::sum(*b[0], *b[1]));
        Fp::difference(whole, own)
    };
    let xy = mixed([&p.x, &p.y], [&q.x, &q.y], Fp::sum(xx, yy));
    let yz = mixed([&p.y, &p.z], [&q.y, &q.z], Fp::sum(yy, zz));
    let xz = mixed([&p.x, &p.z], [&q.x, &q.z], Fp::sum(xx, zz));
    let three_xx = Fp::sum(Fp::sum(xx, xx), xx);
    let b_zz = Fp::product(&zz, twelve);
    let b_xz = Fp::product(&xz, twelve);
    let sum = Fp::sum(yy, b_zz);
    let difference = Fp::difference(yy, b_zz);
    Projective {
        x: Fp::difference(Fp::product(&xy, &difference), Fp::product(&yz, &b_xz)),
        y: Fp::sum(Fp::product(&difference, &sum), Fp::product(&b_xz, &three_xx)),
        z: Fp::sum(Fp::product(&sum, &yz), Fp::product(&three_xx, &xy)),
    }
}

/// The inverse in each lane, of elements that are not zero: one inversion for all.
#[inline(always)]
fn inverse(a: Lanes) -> Lanes {
    // Of two, four, eight lanes from this one on.
    let two = Fp::product(&a, &Fp::rotated::<1>(&a));
    let four = Fp::product(&two, &Fp::rotated::<2>(&two));
    let eight = Fp::product(&four, &Fp::rotated::<4>(&four));
    let others = Fp::product(
        &Fp::product(&Fp::rotated::<1>(&a), &Fp::rotated::<2>(&two)),
        &Fp::rotated::<4>(&four),
    );
    let [all, ..] = Fp::store(Fp::canonical(eight));
    Fp::product(&Fp::load([&all.inverse(); N_LANES]), &others)
}

#[cfg(test)]
mod tests {
    use ff::Field as _;
    use group::{prime::PrimeCurveAffine, Curve as _, Group};
    use rand_core::{RngCore, SeedableRng};
    use rand_xorshift::XorShiftRng;

    use super::*;
    use crate::cpu::Level;
    use crate::G1Projective;

    #[test]
    fn products_are_those_of_blst() {
        let Some(ifma) = Ifma::of(Level::best()) else {
            return;
        };
        let mut rng = XorShiftRng::seed_from_u64(12);
        let edges = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(16), Fr::from(u64::MAX)];
        for n in (0..=N_LANES).cycle().take(60) {
            let mut point = || match rng.next_u32() % 5 {
                0 => G1Affine::identity(),
                1 => G1Affine::generator(),
                _ => G1Projective::random(&mut rng).to_affine(),
            };
            let points: Vec<G1Affine> = (0..n).map(|_| point()).collect();
            let mut scalar = || match rng.next_u32() % 3 {
                0 => edges[rng.next_u32() as usize % edges.len()],
                _ => Fr::random(&mut rng),
            };
            let scalars: Vec<Fr> = (0..n).map(|_| scalar()).collect();
            let product = |(point, scalar): (&G1Affine, &Fr)| (point * scalar).to_affine();
            let expected: Vec<G1Affine> = points.iter().zip(&scalars).map(product).collect();
            let mut found = vec![G1Affine::generator(); n];
            products(ifma, &points, &scalars, &mut found);
            assert_eq!(found, expected, "{scalars:?}");
        }
    }
}
