//! Transforms, the quotient, sums and multiples of points.

use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective};
use ff::{Field, PrimeField};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};

use super::{naive, random_elements, sizes::Sizes, Broken, Case};
use crate::{Backend, Bases, Direction, Fr, Mixed, Scalars};

pub(super) fn check(device: &dyn Backend, sizes: &Sizes) -> Result<(), Broken> {
    for &log_size in sizes.log_ntts {
        ntt(device, 1 << log_size)?;
    }
    for &log_size in sizes.log_quotients {
        quotient(device, 1 << log_size)?;
    }
    for &size in sizes.points {
        multiples(device, size)?;
        products(device, size)?;
        sums(device, size)?;
    }
    off_curve(device)
}

/// Scalars that carry and reduce most, and then any.
fn hard_elements(seed: u64, n: usize) -> Vec<Fr> {
    let hard = [
        -Fr::ONE,
        Fr::ZERO,
        Fr::ONE,
        Fr::from(2),
        -Fr::from(2),
        Fr::ROOT_OF_UNITY,
    ];
    let any = |(i, random)| {
        if i % 2 == 0 {
            hard[i / 2 % hard.len()]
        } else {
            random
        }
    };
    random_elements(seed, n)
        .into_iter()
        .enumerate()
        .map(any)
        .collect()
}

fn ntt(device: &dyn Backend, size: usize) -> Result<(), Broken> {
    let case = Case {
        law: "a transform evaluates, or interpolates, in natural order",
        operation: "ntt",
        size,
    };
    for direction in [Direction::Forward, Direction::Inverse] {
        for values in [vec![Fr::ZERO; size], vec![-Fr::ONE; size], hard_elements(1, size)] {
            let mut found = values.clone();
            case.done(device.ntt(direction, &mut found))?;
            case.same(&found, &naive::ntt(direction, &values))?;
        }
    }
    Ok(())
}

fn quotient(device: &dyn Backend, size: usize) -> Result<(), Broken> {
    let case = |law| Case {
        law,
        operation: "quotient",
        size,
    };
    for (a, b) in [
        (vec![-Fr::ONE; size], vec![-Fr::ONE; size]),
        (hard_elements(2, size), random_elements(3, size)),
    ] {
        let c: Vec<Fr> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
        let divided = case("h = (A·B − C) / Z where the constraints hold");
        let (mut found, mut b_used) = (a.clone(), b.clone());
        let fill = |values: &mut [Fr]| values.copy_from_slice(&c);
        divided.done(device.quotient(&mut found, &mut b_used, &fill))?;
        divided.same(&found, &naive::quotient(&a, &b, &c))?;

        let told = case("the last coefficient tells a constraint that does not hold");
        let (mut found, mut b_used, mut broken) = (a, b, c);
        broken[size / 2] += Fr::ONE;
        let fill = |values: &mut [Fr]| values.copy_from_slice(&broken);
        told.done(device.quotient(&mut found, &mut b_used, &fill))?;
        told.same(&[found[size - 1] == Fr::ZERO], &[false])?;
    }
    Ok(())
}

/// Points `1·G, 2·G, …`, some at infinity, some the inverse of their neighbour or the neighbour itself.
fn hard_points<G: Group>(n: usize) -> Vec<G> {
    let mut points: Vec<G> =
        std::iter::successors(Some(G::generator()), |point| Some(*point + G::generator()))
            .take(n)
            .collect();
    for i in 1..n {
        match i % 7 {
            2 => points[i] = -points[i - 1],
            4 => points[i] = points[i - 1],
            6 => points[i] = G::identity(),
            _ => {}
        }
    }
    points
}

/// Scalars whose sums meet every special case of adding points.
fn hard_scalars(n: usize) -> [Vec<Fr>; 5] {
    [
        vec![Fr::ZERO; n],
        vec![Fr::ONE; n],
        vec![-Fr::ONE; n],
        vec![random_elements(4, 1)[0]; n],
        hard_elements(5, n),
    ]
}

fn sums(device: &dyn Backend, size: usize) -> Result<(), Broken> {
    let law = "a sum is that of its multiples, with P + P, P − P and infinity";
    let (g1, g2): (Vec<G1Projective>, Vec<G2Projective>) = (hard_points(size), hard_points(size));
    let bytes_1: Vec<u8> = g1
        .iter()
        .flat_map(|point| G1Affine::from(point).to_uncompressed())
        .collect();
    let bytes_2: Vec<u8> = g2
        .iter()
        .flat_map(|point| G2Affine::from(point).to_uncompressed())
        .collect();
    let case = |operation| Case { law, operation, size };
    let bases = |bytes| Bases { id: 0, bytes };
    for elements in hard_scalars(size) {
        let mut mixed = Mixed::default();
        mixed.extend(&elements);
        let expected = (sum(&g1, &elements), sum(&g2, &elements));
        for scalars in [Scalars::from(&elements), Scalars::from(&mixed)] {
            let found = case("msm_g1").done(device.msm_g1(bases(&bytes_1), scalars))?;
            case("msm_g1").same(&[found], &[expected.0])?;
            let found = case("msm_g2").done(device.msm_g2(bases(&bytes_2), scalars))?;
            case("msm_g2").same(&[found], &[expected.1])?;
        }
    }
    Ok(())
}

fn sum<G: Group>(points: &[G], scalars: &[Fr]) -> G {
    points
        .iter()
        .zip(scalars)
        .map(|(point, scalar)| naive::multiple(point, scalar))
        .sum()
}

fn multiples(device: &dyn Backend, size: usize) -> Result<(), Broken> {
    let case = |operation| Case {
        law: "each multiple is its scalar's",
        operation,
        size,
    };
    let scalars = hard_elements(6, size);
    for base in [G1Projective::generator().double(), G1Projective::identity()] {
        let mut found = vec![G1Affine::generator(); size];
        case("multiples_g1").done(device.multiples_g1(&base.to_affine(), &scalars, &mut found))?;
        case("multiples_g1").same(&found, &each(&base, &scalars))?;
    }
    for base in [G2Projective::generator().double(), G2Projective::identity()] {
        let mut found = vec![G2Affine::generator(); size];
        case("multiples_g2").done(device.multiples_g2(&base.to_affine(), &scalars, &mut found))?;
        case("multiples_g2").same(&found, &each(&base, &scalars))?;
    }
    Ok(())
}

fn products(device: &dyn Backend, size: usize) -> Result<(), Broken> {
    let case = Case {
        law: "each product is its point's and its scalar's",
        operation: "products_g1",
        size,
    };
    let points: Vec<G1Projective> = hard_points(size);
    let affine: Vec<G1Affine> = points.iter().map(G1Affine::from).collect();
    for scalars in hard_scalars(size) {
        let product = |(point, scalar): (&G1Projective, &Fr)| naive::multiple(point, scalar).to_affine();
        let expected: Vec<G1Affine> = points.iter().zip(&scalars).map(product).collect();
        let mut found = vec![G1Affine::generator(); size];
        case.done(device.products_g1(&affine, &scalars, &mut found))?;
        case.same(&found, &expected)?;
    }
    Ok(())
}

fn each<G: Curve>(base: &G, scalars: &[Fr]) -> Vec<G::AffineRepr> {
    scalars
        .iter()
        .map(|scalar| naive::multiple(base, scalar).to_affine())
        .collect()
}

/// Bases that are no points are refused, by the place where they stand.
fn off_curve(device: &dyn Backend) -> Result<(), Broken> {
    let case = |operation| Case {
        law: "a base off the curve is refused",
        operation,
        size: 9,
    };
    let scalars = random_elements(7, 9);
    for index in [0, 8] {
        let mut bytes = G1Affine::generator().to_uncompressed().repeat(9);
        bytes[96 * index + 95] ^= 1;
        case("msm_g1").refused(
            device.msm_g1(Bases { id: 0, bytes: &bytes }, (&scalars).into()),
            index,
        )?;
        let mut bytes = G2Affine::generator().to_uncompressed().repeat(9);
        bytes[192 * index + 191] ^= 1;
        case("msm_g2").refused(
            device.msm_g2(Bases { id: 0, bytes: &bytes }, (&scalars).into()),
            index,
        )?;
    }
    Ok(())
}
