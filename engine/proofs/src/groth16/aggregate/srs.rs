//! The structured reference string that aggregates are made and verified with.
//!
//! A file of it holds four lists: gᵅⁱ, gᵝⁱ, hᵅⁱ and hᵝⁱ for i = 0, 1, 2, …. Each is a count of 32 bits,
//! big-endian, and compressed points. Who knows α or β can forge aggregates.

use std::ops::Range;

use bellperson::groth16::aggregate as snarkpack;
use blstrs::{Bls12, G1Affine, G2Affine, G2Projective};
use group::Group;
use rand_core::SeedableRng;
use rand_xorshift::XorShiftRng;
use rayon::prelude::*;

use super::super::{
    error::{Error, Result, Section},
    params::{List, Reader},
    points::{self, G1_SIZE, G2_SIZE},
    setup::DEVELOPMENT_SEED,
};

/// A reference string, looked at where it lies.
#[derive(Clone, Debug)]
pub struct Srs<'a> {
    pub(super) g_alpha: List<'a>,
    pub(super) g_beta: List<'a>,
    pub(super) h_alpha: List<'a>,
    pub(super) h_beta: List<'a>,
}

/// What a verifier needs of a reference string: the first two powers.
#[derive(Clone, Copy, Debug)]
pub struct SrsKey {
    pub(super) g: G1Affine,
    pub(super) g_alpha: G1Affine,
    pub(super) g_beta: G1Affine,
    pub(super) h: G2Affine,
    pub(super) h_alpha: G2Affine,
    pub(super) h_beta: G2Affine,
}

/// The bytes of a reference string that is none, since its secret is the reference's seed for tests: it serves
/// up to `n_proofs`.
pub fn development(n_proofs: usize) -> Vec<u8> {
    let rng = &mut XorShiftRng::from_seed(DEVELOPMENT_SEED);
    let srs = snarkpack::setup_fake_srs::<Bls12, _>(rng, n_proofs);
    let mut bytes = Vec::new();
    srs.write(&mut bytes).expect("memory takes whatever is written");
    bytes
}

impl<'a> Srs<'a> {
    /// Looks at a file: where its lists are. The points are checked when they are used.
    ///
    /// # Errors
    /// When the bytes end early or go on after the end, or a list is too short for two proofs.
    pub fn parse(bytes: &'a [u8]) -> Result<Srs<'a>> {
        let mut reader = Reader { bytes, offset: 0 };
        let srs = Srs {
            g_alpha: reader.list(Section::GAlpha, G1_SIZE)?,
            g_beta: reader.list(Section::GBeta, G1_SIZE)?,
            h_alpha: reader.list(Section::HAlpha, G2_SIZE)?,
            h_beta: reader.list(Section::HBeta, G2_SIZE)?,
        };
        reader.end()?;
        srs.check_lengths(2)?;
        Ok(srs)
    }

    /// The largest aggregate that it serves: n proofs take 2n powers.
    pub fn max_proofs(&self) -> usize {
        let shortest = self.lists().map(|list| list.len()).into_iter().min();
        1 << (shortest.expect("there are four") / 2).ilog2()
    }

    /// What verifies an aggregate.
    ///
    /// # Errors
    /// When one of the six points cannot be used.
    pub fn key(&self) -> Result<SrsKey> {
        Ok(SrsKey {
            g: g1(&self.g_alpha, 0)?,
            g_alpha: g1(&self.g_alpha, 1)?,
            g_beta: g1(&self.g_beta, 1)?,
            h: g2(&self.h_alpha, 0)?,
            h_alpha: g2(&self.h_alpha, 1)?,
            h_beta: g2(&self.h_beta, 1)?,
        })
    }

    /// What an aggregator of n proofs needs, a power of two: 2n powers, with tables.
    pub(super) fn specialise(&self, n: usize) -> Result<snarkpack::ProverSRS<Bls12>> {
        self.check_lengths(n)?;
        let srs = snarkpack::GenericSRS::<Bls12> {
            g_alpha_powers: g1s(&self.g_alpha, 0..2 * n)?,
            g_beta_powers: g1s(&self.g_beta, 0..2 * n)?,
            h_alpha_powers: g2s(&self.h_alpha, 0..2 * n)?,
            h_beta_powers: g2s(&self.h_beta, 0..2 * n)?,
        };
        Ok(srs.specialize_prover(n))
    }

    fn check_lengths(&self, n: usize) -> Result<()> {
        match self.lists().into_iter().find(|list| list.len() < 2 * n) {
            None => Ok(()),
            Some(list) => Err(Error::SrsLength {
                section: list.section,
                found: list.len(),
                needed: 2 * n,
                n_proofs: n,
            }),
        }
    }

    pub(super) fn lists(&self) -> [&List<'a>; 4] {
        [&self.g_alpha, &self.g_beta, &self.h_alpha, &self.h_beta]
    }
}

impl SrsKey {
    pub(super) fn specialise(&self, n: usize) -> snarkpack::VerifierSRS<Bls12> {
        snarkpack::VerifierSRS {
            n,
            g: self.g.into(),
            h: self.h.into(),
            g_alpha: self.g_alpha.into(),
            g_beta: self.g_beta.into(),
            h_alpha: self.h_alpha.into(),
            h_beta: self.h_beta.into(),
            // It serves another scheme than this one.
            h_alpha_d: G2Projective::identity(),
        }
    }
}

fn g1(list: &List<'_>, index: usize) -> Result<G1Affine> {
    let bytes = list.bases.bytes[index * G1_SIZE..].first_chunk();
    let point = points::g1_compressed(bytes.expect("the list is longer"));
    point.map_err(|reason| list.bad_point(index, reason))
}

fn g2(list: &List<'_>, index: usize) -> Result<G2Affine> {
    let bytes = list.bases.bytes[index * G2_SIZE..].first_chunk();
    let point = points::g2_compressed(bytes.expect("the list is longer"));
    point.map_err(|reason| list.bad_point(index, reason))
}

pub(super) fn g1s(list: &List<'_>, range: Range<usize>) -> Result<Vec<G1Affine>> {
    range.into_par_iter().map(|i| g1(list, i)).collect()
}

pub(super) fn g2s(list: &List<'_>, range: Range<usize>) -> Result<Vec<G2Affine>> {
    range.into_par_iter().map(|i| g2(list, i)).collect()
}
