//! Sums and multiples of points, with the arithmetic that the processor has.

use std::fmt::Debug;

use group::Curve as _;
use rayon::prelude::*;

use super::curve::{G1, G2};
#[cfg(target_arch = "x86_64")]
use super::lanes::{products, Ifma, Wide};
use super::{msm, multiples, Level};
use crate::{Bases, Fr, G1Affine, G1Projective, G2Affine, G2Projective, Result, Scalars};

/// The operations of [`Backend`](crate::Backend) by these names, with one kind of arithmetic.
pub(crate) trait Sums: Sync + Debug {
    fn msm_g1(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G1Projective>;
    fn msm_g2(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G2Projective>;
    fn multiples_g1(&self, base: &G1Affine, scalars: &[Fr], multiples: &mut [G1Affine]);
    fn multiples_g2(&self, base: &G2Affine, scalars: &[Fr], multiples: &mut [G2Affine]);
    fn products_g1(&self, points: &[G1Affine], scalars: &[Fr], products: &mut [G1Affine]);
}

/// What this level has; the lower levels share one body.
pub(crate) fn at(level: Level) -> &'static dyn Sums {
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = Ifma::of(level) {
        return ifma;
    }
    &Portable
}

#[derive(Debug)]
struct Portable;

macro_rules! sums {
    ($arithmetic:ty, $g1:expr, $g2:expr, $products:path) => {
        impl Sums for $arithmetic {
            fn msm_g1(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G1Projective> {
                msm::msm($g1(self), bases, scalars)
            }

            fn msm_g2(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G2Projective> {
                msm::msm($g2(self), bases, scalars)
            }

            fn multiples_g1(&self, base: &G1Affine, scalars: &[Fr], multiples: &mut [G1Affine]) {
                multiples::multiples($g1(self), base, scalars, multiples);
            }

            fn multiples_g2(&self, base: &G2Affine, scalars: &[Fr], multiples: &mut [G2Affine]) {
                multiples::multiples($g2(self), base, scalars, multiples);
            }

            fn products_g1(&self, points: &[G1Affine], scalars: &[Fr], products: &mut [G1Affine]) {
                assert!(
                    points.len() == scalars.len() && scalars.len() == products.len(),
                    "{} points, {} scalars and {} products",
                    points.len(),
                    scalars.len(),
                    products.len()
                );
                points
                    .par_chunks(N_TOGETHER)
                    .zip(scalars.par_chunks(N_TOGETHER))
                    .zip(products.par_chunks_mut(N_TOGETHER))
                    .for_each(|((points, scalars), products)| $products(self, points, scalars, products));
            }
        }
    };
}

sums!(Portable, |_| G1, |_| G2, one_by_one);
#[cfg(target_arch = "x86_64")]
sums!(
    Ifma,
    |ifma: &Ifma| Wide::new(G1, *ifma),
    |ifma: &Ifma| Wide::new(G2, *ifma),
    products
);

/// Points that a thread multiplies at a time: as many as there are lanes.
const N_TOGETHER: usize = 8;

fn one_by_one(_: &Portable, points: &[G1Affine], scalars: &[Fr], products: &mut [G1Affine]) {
    for ((point, scalar), product) in points.iter().zip(scalars).zip(products) {
        *product = (point * scalar).to_affine();
    }
}
