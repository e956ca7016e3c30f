//! Whether a reference string is one.

use std::ops::Range;

use blstrs::{Bls12, G1Affine, G2Affine};
use group::{Curve, Group};
use kernels::{Backend, Bases, Fr};
use pairing::{MillerLoopResult, MultiMillerLoop};
use rand_core::RngCore;

use super::{
    super::{
        error::{Error, Result, Section},
        params::{List, G1_SIZE, G2_SIZE},
        verifier::weight,
    },
    srs::{g1s, g2s, Srs, SrsKey},
};
use crate::Progress;

/// Steps from power to power that are checked together: the points of a chunk take 12 MiB at most.
const CHUNK_LEN: usize = 1 << 15;

impl Srs<'_> {
    /// Whether each list holds the powers of its number, all of them in their subgroup, or at least the first
    /// `n_powers`, with an error probability below 2⁻¹²⁰ that `rng` answers for.
    ///
    /// `e(Σ ρᵢ·g^αⁱ⁺¹, h) = e(Σ ρᵢ·g^αⁱ, h^α)` for random ρ, and likewise for the other lists. `progress` hears of
    /// points. Each takes 0.1 ms in G1 and 0.2 ms in G2; the published file has four million.
    ///
    /// # Errors
    /// When a point cannot be used, a list is none of powers, the device fails, or `progress` says stop.
    pub fn check(
        &self,
        n_powers: usize,
        device: &dyn Backend,
        rng: &mut dyn RngCore,
        progress: Progress<'_>,
    ) -> Result<()> {
        let key = self.key()?;
        let len = |list: &List<'_>| list.len().min(n_powers.max(2));
        let of = self.lists().map(len).into_iter().sum();
        let mut done = 0;
        for list in self.lists() {
            for first in (0..len(list) - 1).step_by(CHUNK_LEN) {
                let chunk = first..len(list).min(first + CHUNK_LEN + 1);
                if !key.are_powers(device, list, chunk.clone(), rng)? {
                    return Err(Error::NoPowers {
                        section: list.section,
                        first,
                        last: chunk.end - 1,
                    });
                }
                if progress(done + chunk.end, of).is_break() {
                    return Err(Error::Stopped);
                }
            }
            done += len(list);
        }
        Ok(())
    }
}

impl SrsKey {
    fn are_powers(
        &self,
        device: &dyn Backend,
        list: &List<'_>,
        chunk: Range<usize>,
        rng: &mut dyn RngCore,
    ) -> Result<bool> {
        let is_first = chunk.start == 0;
        let weights: Vec<Fr> = chunk.clone().skip(1).map(|_| weight(rng)).collect();
        let power = match list.section {
            Section::GAlpha | Section::HAlpha => (self.g_alpha, self.h_alpha),
            _ => (self.g_beta, self.h_beta),
        };
        if matches!(list.section, Section::GAlpha | Section::GBeta) {
            let points = g1s(list, chunk)?;
            let bytes: Vec<u8> = points.iter().flat_map(G1Affine::to_uncompressed).collect();
            let sums = [&bytes[..bytes.len() - G1_SIZE], &bytes[G1_SIZE..]]
                .map(|bytes| device.msm_g1(Bases { id: 0, bytes }, (&weights).into()));
            let [low, high] = sums;
            let starts = !is_first || points[0] == self.g;
            Ok(starts && are_equal((high?.to_affine(), self.h), (low?.to_affine(), power.1)))
        } else {
            let points = g2s(list, chunk)?;
            let bytes: Vec<u8> = points.iter().flat_map(G2Affine::to_uncompressed).collect();
            let sums = [&bytes[..bytes.len() - G2_SIZE], &bytes[G2_SIZE..]]
                .map(|bytes| device.msm_g2(Bases { id: 0, bytes }, (&weights).into()));
            let [low, high] = sums;
            let starts = !is_first || points[0] == self.h;
            Ok(starts && are_equal((self.g, high?.to_affine()), (power.0, low?.to_affine())))
        }
    }
}

/// Whether two pairings are equal.
fn are_equal(left: (G1Affine, G2Affine), right: (G1Affine, G2Affine)) -> bool {
    let pairs = [(&left.0, &left.1.into()), (&-right.0, &right.1.into())];
    let product = Bls12::multi_miller_loop(&pairs).final_exponentiation();
    bool::from(product.is_identity())
}
