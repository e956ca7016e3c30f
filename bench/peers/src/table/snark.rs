//! Sums of points, on all threads and on one core.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bellperson::{gpu::LockedMultiexpKernel, multiexp::multiexp};
use blst::{blst_p1_affine, blst_p2_affine, MultiPoint};
use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective, Scalar as Fr};
use ec_gpu_gen::{multiexp_cpu::FullDensity, threadpool::Worker};
use ff::PrimeField;
use group::{prime::PrimeCurveAffine, Curve, Group, UncompressedEncoding};
use kernels::{Backend, Bases, Cpu, Mixed, Scalars};
use rustix::time::{clock_gettime, ClockId};

use super::{contest, one_thread, peer, random_elements, timed, Row, Timed, Words};
use crate::one_core;

/// Points of a sum in G1: ratios at smaller numbers flatter us.
const N_G1: usize = 1 << 20;
/// Points of a sum in G2.
const N_G2: usize = 1 << 18;

/// Of so many scalars of a witness, one is neither 0 nor 1.
const N_PER_DENSE: usize = 100;

/// What a sum is taken over, on either side.
struct Sum<G: PrimeCurveAffine> {
    points: Arc<Vec<G>>,
    /// The points as they lie in a parameter file.
    bytes: Vec<u8>,
    scalars: Vec<Fr>,
    /// The scalars as our prover has those of a witness, if they are such.
    mixed: Option<Mixed>,
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
            mixed: None,
        })
    }

    /// As the reference's prover forms it.
    fn bellpersons(&self) -> Result<Timed<G::Curve>> {
        let (points, scalars) = self.for_bellperson();
        let mut no_gpu = LockedMultiexpKernel::new(false);
        timed(|| Ok(multiexp(&Worker::new(), points, FullDensity, scalars, &mut no_gpu).wait()?))
    }

    /// The points, and the scalars in bytes.
    #[allow(clippy::type_complexity)]
    fn for_bellperson(&self) -> ((Arc<Vec<G>>, usize), Arc<Vec<<Fr as PrimeField>::Repr>>) {
        let scalars = self.scalars.iter().map(PrimeField::to_repr).collect();
        ((self.points.clone(), 0), Arc::new(scalars))
    }

    fn our_scalars(&self) -> Scalars<'_> {
        match &self.mixed {
            Some(mixed) => mixed.into(),
            None => (&self.scalars).into(),
        }
    }

    fn ours_on_one_core<P: Send>(
        &self,
        sum: impl FnOnce(Bases<'_>, Scalars<'_>) -> kernels::Result<P> + Send,
    ) -> Result<Timed<P>> {
        let bases = Bases {
            id: 0,
            bytes: &self.bytes,
        };
        one_thread(|| cpu_timed(|| Ok(sum(bases, self.our_scalars())?)))?
    }

    fn one_core(&self, group: &str, peer: String, scalars: &str, note: &str) -> Words {
        Words {
            stage: format!(
                "sum of 2^{} points in {group}, one core",
                self.points.len().ilog2()
            ),
            peer,
            note: format!("one thread; scalars: {scalars}; ours reads the points from their bytes{note}"),
        }
    }

    fn ours<P>(&self, sum: impl FnOnce(Bases<'_>, Scalars<'_>) -> kernels::Result<P>) -> Result<Timed<P>> {
        let bases = Bases {
            id: 0,
            bytes: &self.bytes,
        };
        timed(|| Ok(sum(bases, self.our_scalars())?))
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

/// A sum on one core, beside blst.
macro_rules! one_core_beside_blst {
    ($name:ident, $group:literal, $affine:ty, $raw_affine:ty, $peers:ident, $sum:ident) => {
        fn $name(log_len: u32, rounds: usize) -> Result<Row> {
            let sum = Sum::<$affine>::new(1 << log_len)?;
            let points: Vec<$raw_affine> = sum.points.iter().map(|point| *point.as_ref()).collect();
            let scalars = sum.scalar_bytes();
            let theirs = || cpu_timed(|| Ok(one_core::$peers(&points, &scalars, Fr::NUM_BITS as usize)));
            let ours = || {
                let Timed { output, took } =
                    sum.ours_on_one_core(|bases, scalars| Cpu::new().$sum(bases, scalars))?;
                Ok(Timed {
                    output: *output.as_ref(),
                    took,
                })
            };
            contest(
                sum.one_core($group, peer("blst"), "random", ""),
                rounds,
                theirs,
                ours,
            )
        }
    };
}

one_core_beside_blst!(g1_beside_blst, "G1", G1Affine, blst_p1_affine, sum_g1, msm_g1);
one_core_beside_blst!(g2_beside_blst, "G2", G2Affine, blst_p2_affine, sum_g2, msm_g2);

fn g1_beside_bellperson(sum: &Sum<G1Affine>, scalars: &str, rounds: usize) -> Result<Row> {
    let note = "; bellperson's threads share its windows, and their times are added";
    let words = sum.one_core("G1", peer("bellperson"), scalars, note);
    let theirs = || {
        let (points, scalars) = sum.for_bellperson();
        let mut no_gpu = LockedMultiexpKernel::new(false);
        cpu_timed(|| Ok(multiexp(&Worker::new(), points, FullDensity, scalars, &mut no_gpu).wait()?))
    };
    let ours = || sum.ours_on_one_core(|bases, scalars| Cpu::new().msm_g1(bases, scalars));
    contest(words, rounds, theirs, ours)
}

pub(super) fn msm_g1_16_beside_blst(rounds: usize) -> Result<Row> {
    g1_beside_blst(16, rounds)
}

pub(super) fn msm_g1_18_beside_blst(rounds: usize) -> Result<Row> {
    g1_beside_blst(18, rounds)
}

pub(super) fn msm_g1_20_beside_blst(rounds: usize) -> Result<Row> {
    g1_beside_blst(20, rounds)
}

pub(super) fn msm_g2_14_beside_blst(rounds: usize) -> Result<Row> {
    g2_beside_blst(14, rounds)
}

pub(super) fn msm_g1_16(rounds: usize) -> Result<Row> {
    g1_beside_bellperson(&Sum::new(1 << 16)?, "random", rounds)
}

pub(super) fn msm_g1_20(rounds: usize) -> Result<Row> {
    g1_beside_bellperson(&Sum::new(1 << 20)?, "random", rounds)
}

pub(super) fn msm_g1_bits(rounds: usize) -> Result<Row> {
    let mut sum = Sum::new(1 << 20)?;
    for (i, scalar) in sum.scalars.iter_mut().enumerate() {
        if i % N_PER_DENSE != 0 {
            *scalar = Fr::from(u64::from(scalar.is_odd().unwrap_u8()));
        }
    }
    let mut mixed = Mixed::with_capacity(sum.scalars.len());
    mixed.extend(&sum.scalars);
    sum.mixed = Some(mixed);
    g1_beside_bellperson(
        &sum,
        "a witness's, one in a hundred dense, the others 0 and 1",
        rounds,
    )
}

/// The time of all threads of this process: what one core needs, where they do not do the same work twice.
fn cpu_timed<T>(work: impl FnOnce() -> Result<T>) -> Result<Timed<T>> {
    let now = || {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
    };
    let start = now();
    let output = work()?;
    Ok(Timed {
        output,
        took: now() - start,
    })
}
