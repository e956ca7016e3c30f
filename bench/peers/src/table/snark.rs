//! Sums of points, on all threads.

use std::sync::Arc;

use anyhow::Result;
use bellperson::{gpu::LockedMultiexpKernel, multiexp::multiexp};
use blst::{blst_p1_affine, blst_p2_affine, MultiPoint};
use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective, Scalar as Fr};
use ec_gpu_gen::{multiexp_cpu::FullDensity, threadpool::Worker};
use ff::PrimeField;
use group::{prime::PrimeCurveAffine, Curve, Group, UncompressedEncoding};
use kernels::{Backend, Bases, Cpu};

use super::{contest, peer, random_elements, timed, Row, Timed, Words};

/// Points of a sum in G1: ratios at smaller numbers flatter us.
const N_G1: usize = 1 << 20;
/// Points of a sum in G2.
const N_G2: usize = 1 << 18;

/// What a sum is taken over, on either side.
struct Sum<G: PrimeCurveAffine> {
    points: Arc<Vec<G>>,
    /// The points as they lie in a parameter file.
    bytes: Vec<u8>,
    scalars: Vec<Fr>,
}

impl<G> Sum<G>
where
    G: PrimeCurveAffine<Scalar = Fr> + UncompressedEncoding + Default,
    G::Curve: Curve<AffineRepr = G>,
{
    /// Consecutive multiples of the generator: points as good as any, and quickly made.
    fn new(n: usize) -> Result<Sum<G>> {
        let generator = G::Curve::generator();
        let multiples = std::iter::successors(Some(generator), |multiple| Some(*multiple + generator));
        let mut points = vec![G::default(); n];
        G::Curve::batch_normalize(&multiples.take(n).collect::<Vec<_>>(), &mut points);
        Ok(Sum {
            bytes: points
                .iter()
                .flat_map(|point| point.to_uncompressed().as_ref().to_vec())
                .collect(),
            points: Arc::new(points),
            scalars: random_elements(n)?,
        })
    }

    /// As the reference's prover forms it.
    fn bellpersons(&self) -> Result<Timed<G::Curve>> {
        let points = (self.points.clone(), 0);
        let scalars = Arc::new(self.scalars.iter().map(PrimeField::to_repr).collect::<Vec<_>>());
        let mut no_gpu = LockedMultiexpKernel::new(false);
        timed(|| Ok(multiexp(&Worker::new(), points, FullDensity, scalars, &mut no_gpu).wait()?))
    }

    fn ours<P>(&self, sum: impl FnOnce(Bases<'_>, &[Fr]) -> kernels::Result<P>) -> Result<Timed<P>> {
        let bases = Bases {
            id: 0,
            bytes: &self.bytes,
        };
        timed(|| Ok(sum(bases, &self.scalars)?))
    }

    fn words(&self, group: &str, peer: String, note: &str) -> Words {
        Words {
            stage: format!("sum of 2^{} points in {group}", self.points.len().ilog2()),
            peer,
            note: format!("all threads; random scalars; ours reads the points from their bytes{note}"),
        }
    }

    /// The scalars as blst takes them.
    fn scalar_bytes(&self) -> Vec<u8> {
        self.scalars.iter().flat_map(PrimeField::to_repr).collect()
    }
}

pub(super) fn msm_g1(rounds: usize) -> Result<Row> {
    let sum = Sum::<G1Affine>::new(N_G1)?;
    let words = sum.words("G1", peer("bellperson"), "");
    let ours = || sum.ours(|bases, scalars| Cpu::new().msm_g1(bases, scalars));
    contest(words, rounds, || sum.bellpersons(), ours)
}

pub(super) fn msm_g2(rounds: usize) -> Result<Row> {
    let sum = Sum::<G2Affine>::new(N_G2)?;
    let words = sum.words("G2", peer("bellperson"), "");
    let ours = || sum.ours(|bases, scalars| Cpu::new().msm_g2(bases, scalars));
    contest(words, rounds, || sum.bellpersons(), ours)
}

pub(super) fn msm_g1_beside_blst(rounds: usize) -> Result<Row> {
    let sum = Sum::<G1Affine>::new(N_G1)?;
    let points: Vec<blst_p1_affine> = sum.points.iter().map(|point| *point.as_ref()).collect();
    let scalars = sum.scalar_bytes();
    let theirs = || timed(|| Ok(points.mult(&scalars, Fr::NUM_BITS as usize)));
    let ours = || {
        let Timed { output, took } = sum.ours(|bases, scalars| Cpu::new().msm_g1(bases, scalars))?;
        let output = *G1Projective::as_ref(&output);
        Ok(Timed { output, took })
    };
    contest(
        sum.words("G1", peer("blst"), ", not the reference's prover"),
        rounds,
        theirs,
        ours,
    )
}

pub(super) fn msm_g2_beside_blst(rounds: usize) -> Result<Row> {
    let sum = Sum::<G2Affine>::new(N_G2)?;
    let points: Vec<blst_p2_affine> = sum.points.iter().map(|point| *point.as_ref()).collect();
    let scalars = sum.scalar_bytes();
    let theirs = || timed(|| Ok(points.mult(&scalars, Fr::NUM_BITS as usize)));
    let ours = || {
        let Timed { output, took } = sum.ours(|bases, scalars| Cpu::new().msm_g2(bases, scalars))?;
        let output = *G2Projective::as_ref(&output);
        Ok(Timed { output, took })
    };
    contest(
        sum.words("G2", peer("blst"), ", not the reference's prover"),
        rounds,
        theirs,
        ours,
    )
}
