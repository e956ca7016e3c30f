//! Verifying one proof, or many of one circuit at little more than the price of one.

use blstrs::{Bls12, G1Affine, G1Projective, G2Prepared, Gt};
use ff::{Field, PrimeField};
use group::Curve;
use kernels::{Backend, Bases, Cpu, Fr};
use pairing::{MillerLoopResult, MultiMillerLoop};
use rand_core::RngCore;
use rayon::prelude::*;

use super::{params::VerifyingKey, proof::Proof};

/// A verifying key, made ready: what all verifications share is computed once.
#[derive(Clone, Debug)]
pub struct PreparedKey {
    /// e(α, β).
    alpha_beta: Gt,
    minus_gamma: G2Prepared,
    minus_delta: G2Prepared,
    /// Uncompressed, as a device takes them.
    ic: Vec<u8>,
    n_inputs: usize,
}

/// Whose proof of what: one partition's public inputs and proof.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Without the constant one.
    pub inputs: &'a [Fr],
    /// The proof.
    pub proof: &'a Proof,
}

impl PreparedKey {
    /// Computes a pairing, and the lines of two points in G2.
    pub fn new(key: &VerifyingKey) -> PreparedKey {
        PreparedKey {
            alpha_beta: blstrs::pairing(&key.alpha_g1, &key.beta_g2),
            minus_gamma: (-key.gamma_g2).into(),
            minus_delta: (-key.delta_g2).into(),
            ic: key.ic.iter().flat_map(G1Affine::to_uncompressed).collect(),
            n_inputs: key.n_inputs(),
        }
    }

    /// Whether `e(A, B) = e(α, β) · e(Σ inputs[i]·ic[i], γ) · e(C, δ)`, where input 0 is one.
    ///
    /// A wrong number of inputs makes it false.
    pub fn verify(&self, inputs: &[Fr], proof: &Proof) -> bool {
        self.check(&[(Fr::ONE, Claim { inputs, proof })])
    }

    /// Whether all claims hold, with an error probability below 2⁻¹²⁰ that `rng` answers for.
    ///
    /// Each claim's equation is raised to a random power below 2¹²⁸, and the product of all is checked
    /// (appendix B.2 of the ZCash specification). No claims, no proof: false.
    pub fn verify_batch(&self, claims: &[Claim<'_>], rng: &mut dyn RngCore) -> bool {
        match claims {
            [] => false,
            [claim] => self.verify(claim.inputs, claim.proof),
            _ => {
                let weighted: Vec<_> = claims.iter().map(|claim| (weight(rng), *claim)).collect();
                self.check(&weighted)
            }
        }
    }

    fn check(&self, claims: &[(Fr, Claim<'_>)]) -> bool {
        if claims
            .iter()
            .any(|(_, claim)| claim.inputs.len() != self.n_inputs)
        {
            return false;
        }
        let sum: Fr = claims.iter().map(|(weight, _)| weight).sum();
        let (pairs, (inputs, c)) = rayon::join(
            || -> Vec<(G1Affine, G2Prepared)> {
                let pair = |(weight, claim): &(Fr, Claim<'_>)| {
                    ((claim.proof.a * weight).to_affine(), claim.proof.b.into())
                };
                claims.par_iter().map(pair).collect()
            },
            || {
                let c: G1Projective = claims.iter().map(|(weight, claim)| claim.proof.c * weight).sum();
                (self.weigh_inputs(claims).to_affine(), c.to_affine())
            },
        );
        let mut terms: Vec<(&G1Affine, &G2Prepared)> = pairs.iter().map(|(a, b)| (a, b)).collect();
        terms.push((&inputs, &self.minus_gamma));
        terms.push((&c, &self.minus_delta));
        Bls12::multi_miller_loop(&terms).final_exponentiation() == self.alpha_beta * sum
    }

    /// `Σⱼ weightⱼ · Σᵢ inputsⱼ[i] · ic[i]`.
    fn weigh_inputs(&self, claims: &[(Fr, Claim<'_>)]) -> G1Projective {
        let one = claims.iter().map(|(weight, _)| weight).sum();
        let weigh = |i: usize| {
            claims
                .iter()
                .map(|(weight, claim)| *weight * claim.inputs[i])
                .sum()
        };
        let scalars: Vec<Fr> = std::iter::once(one)
            .chain((0..self.n_inputs).map(weigh))
            .collect();
        let sum = Cpu::new().msm_g1(
            Bases {
                id: 0,
                bytes: &self.ic,
            },
            &scalars,
        );
        sum.expect("the points of a key are on the curve, and the CPU does not fail")
    }
}

/// 128 random bits.
fn weight(rng: &mut dyn RngCore) -> Fr {
    let mut repr = [0; 32];
    rng.fill_bytes(&mut repr[..16]);
    Option::from(Fr::from_repr(repr)).expect("2¹²⁸ is below the modulus")
}
