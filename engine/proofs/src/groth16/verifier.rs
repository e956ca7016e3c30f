//! Verifying one proof, or many of one circuit at little more than the price of one.

use std::iter::{once, successors};

use blst::{blst_fp12, blst_p1_affine, blst_p2_affine};
use blstrs::{Bls12, G1Affine, G1Projective, G2Affine, G2Prepared, Gt};
use ff::{Field, PrimeField};
use group::{prime::PrimeCurveAffine, Curve, Group};
use kernels::{Backend, Bases, Cpu, Fr};
use pairing::{MillerLoopResult, MultiMillerLoop};
use rand_core::RngCore;

use super::{params::VerifyingKey, proof::Proof};

/// A verifying key, made ready: what all verifications share is computed once.
#[derive(Clone, Debug)]
pub struct PreparedKey {
    /// e(α, β).
    alpha_beta: Gt,
    minus_gamma: G2Prepared,
    minus_delta: G2Prepared,
    minus_alpha: G1Affine,
    /// −δ, −γ and β.
    right: [G2Affine; 3],
    /// Uncompressed, as a device takes them.
    ic: Vec<u8>,
    /// Of each ic the multiples 1 to 15, one ic after the other; none when there are more than
    /// [`MAX_TABLED`].
    multiples: Vec<G1Affine>,
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
    /// Computes a pairing, the lines of two points in G2, and small multiples in G1.
    pub fn new(key: &VerifyingKey) -> PreparedKey {
        PreparedKey {
            alpha_beta: blstrs::pairing(&key.alpha_g1, &key.beta_g2),
            minus_gamma: (-key.gamma_g2).into(),
            minus_delta: (-key.delta_g2).into(),
            minus_alpha: -key.alpha_g1,
            right: [-key.delta_g2, -key.gamma_g2, key.beta_g2],
            ic: key.ic.iter().flat_map(G1Affine::to_uncompressed).collect(),
            multiples: multiples(&key.ic),
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
        let is_long = |(_, claim): &(Fr, Claim<'_>)| claim.inputs.len() != self.n_inputs;
        if claims.iter().any(is_long) {
            return false;
        }
        match claims {
            [(_, claim)] => self.check_one(claim),
            _ => self.check_all(claims),
        }
    }

    /// A single claim weighs one, and its key's lines are prepared.
    fn check_one(&self, claim: &Claim<'_>) -> bool {
        let Proof { a, b, c } = claim.proof;
        let loops = |pairs: &[(&G1Affine, &G2Prepared)]| Bls12::multi_miller_loop(pairs);
        let of_inputs = || {
            let inputs = self.weigh_inputs(&[(Fr::ONE, *claim)]).to_affine();
            loops(&[(&inputs, &self.minus_gamma)])
        };
        // Preparing B and summing the inputs last about as long.
        let of_proof = || loops(&[(a, &G2Prepared::from(*b)), (c, &self.minus_delta)]);
        let (first, rest) = rayon::join(of_proof, of_inputs);
        (first + rest).final_exponentiation() == self.alpha_beta
    }

    /// `Π e(A, B) · e(ΣC, −δ) · e(Σ inputs·ic, −γ) · e(−α, β) = 1`, all weighed.
    fn check_all(&self, claims: &[(Fr, Claim<'_>)]) -> bool {
        let (mut left, (c, inputs)) = rayon::join(
            || weigh_a(claims),
            || (weigh_c(claims), self.weigh_inputs(claims)),
        );
        let sum: Fr = claims.iter().map(|(weight, _)| weight).sum();
        left.extend([c, inputs, self.minus_alpha * sum].map(|point| point.to_affine()));
        let right = claims.iter().map(|(_, claim)| &claim.proof.b).chain(&self.right);
        // Infinity pairs to one, and blst leaves it to us to say so.
        let pairs = left
            .iter()
            .zip(right)
            .filter(|(left, _)| !bool::from(left.is_identity()));
        let (left, right): (Vec<blst_p1_affine>, Vec<blst_p2_affine>) = pairs
            .map(|(left, right)| (*left.as_ref(), *right.as_ref()))
            .unzip();
        if left.is_empty() {
            return true;
        }
        // One loop shares its squarings among its pairs; blst has threads of its own for it.
        blst_fp12::miller_loop_n(&right, &left).final_exp() == blst_fp12::default()
    }

    /// `Σⱼ weightⱼ · Σᵢ inputsⱼ[i] · ic[i]`.
    fn weigh_inputs(&self, claims: &[(Fr, Claim<'_>)]) -> G1Projective {
        let one = claims.iter().map(|(weight, _)| weight).sum();
        let scalar = |i: usize| {
            claims
                .iter()
                .map(|(weight, claim)| *weight * claim.inputs[i])
                .sum()
        };
        let scalars: Vec<Fr> = once(one).chain((0..self.n_inputs).map(scalar)).collect();
        if let Some(sum) = self.sum_digits(&scalars) {
            return sum;
        }
        let bases = Bases {
            id: 0,
            bytes: &self.ic,
        };
        let sum = Cpu::new().msm_g1(bases, (&scalars).into());
        sum.expect("the points of a key are on the curve, and the CPU does not fail")
    }

    /// `Σ scalars[i] · ic[i]`, digit by digit, where few digits are set: an addition for each, and the
    /// doublings shared.
    ///
    /// A device's sum has a price of its own, about a millisecond; most inputs of a single claim are the
    /// numbers of nodes, whose high digits are 0.
    fn sum_digits(&self, scalars: &[Fr]) -> Option<G1Projective> {
        let scalars: Vec<[u8; 32]> = scalars.iter().map(Fr::to_repr).collect();
        let digit = |scalar: &[u8; 32], i: usize| usize::from(scalar[i / 2] >> (i % 2 * 4) & 15);
        let n_set = |scalar| (0..N_DIGITS).filter(|&i| digit(scalar, i) != 0).count();
        if self.multiples.is_empty() || MAX_DIGITS < scalars.iter().map(n_set).sum() {
            return None;
        }
        let tables = self.multiples.chunks_exact(15);
        let sum = (0..N_DIGITS).rev().fold(G1Projective::identity(), |sum, i| {
            let shifted = sum.double().double().double().double();
            let digits = scalars.iter().map(|scalar| digit(scalar, i));
            let terms = tables.clone().zip(digits).filter(|(_, digit)| *digit != 0);
            terms.fold(shifted, |sum, (table, digit)| sum + table[digit - 1])
        });
        Some(sum)
    }
}

/// Points of a key up to which it keeps their multiples: a PoRep of 32 GiB has 328, which makes 460 KiB.
const MAX_TABLED: usize = 1 << 10;
/// Digits of four bits in a scalar.
const N_DIGITS: usize = 64;
/// Digits above 0 up to which adding them one by one is the shorter way.
const MAX_DIGITS: usize = 1 << 10;

/// The multiples 1 to 15 of each point, where they are kept.
fn multiples(ic: &[G1Affine]) -> Vec<G1Affine> {
    if MAX_TABLED < ic.len() {
        return Vec::new();
    }
    let of = |&point: &G1Affine| successors(Some(point.into()), move |&sum| Some(sum + point)).take(15);
    let multiples: Vec<G1Projective> = ic.iter().flat_map(of).collect();
    let mut affine = vec![G1Affine::default(); multiples.len()];
    G1Projective::batch_normalize(&multiples, &mut affine);
    affine
}

/// `weightⱼ · Aⱼ`.
fn weigh_a(claims: &[(Fr, Claim<'_>)]) -> Vec<G1Affine> {
    let weight = |(weight, claim): &(Fr, Claim<'_>)| (*weight, claim.proof.a);
    let (weights, points): (Vec<Fr>, Vec<G1Affine>) = claims.iter().map(weight).unzip();
    let mut weighed = points.clone();
    let done = Cpu::new().products_g1(&points, &weights, &mut weighed);
    done.expect("the CPU does not fail");
    weighed
}

/// Claims from which on a device's sum is the shorter way to weigh their points.
const MANY_CLAIMS: usize = 16;

/// `Σⱼ weightⱼ · Cⱼ`.
fn weigh_c(claims: &[(Fr, Claim<'_>)]) -> G1Projective {
    if claims.len() < MANY_CLAIMS {
        return claims.iter().map(|(weight, claim)| claim.proof.c * weight).sum();
    }
    let weights: Vec<Fr> = claims.iter().map(|(weight, _)| *weight).collect();
    let points: Vec<u8> = claims
        .iter()
        .flat_map(|(_, claim)| claim.proof.c.to_uncompressed())
        .collect();
    let bases = Bases {
        id: 0,
        bytes: &points,
    };
    let sum = Cpu::new().msm_g1(bases, (&weights).into());
    sum.expect("the points of a proof are on the curve, and the CPU does not fail")
}

/// 128 random bits.
pub(super) fn weight(rng: &mut dyn RngCore) -> Fr {
    let mut repr = [0; 32];
    rng.fill_bytes(&mut repr[..16]);
    Option::from(Fr::from_repr(repr)).expect("2¹²⁸ is below the modulus")
}

#[cfg(test)]
mod tests {
    use rand_core::OsRng;

    use super::*;

    /// Inputs whose points sum to infinity, which no honest key has, but which anyone may hand in.
    #[test]
    fn inputs_at_infinity_pair_to_one() {
        let g1 = |k: u64| (G1Affine::generator() * Fr::from(k)).to_affine();
        let g2 = |k: u64| (G2Affine::generator() * Fr::from(k)).to_affine();
        let key = PreparedKey::new(&VerifyingKey {
            alpha_g1: g1(2),
            beta_g1: g1(3),
            beta_g2: g2(3),
            gamma_g2: g2(1),
            delta_g1: g1(1),
            delta_g2: g2(1),
            ic: vec![g1(1), -g1(1)],
        });
        // 11 · 1 = 2 · 3 + 0 · 1 + 5 · 1.
        let [good, bad] = [11, 12].map(|a| Proof {
            a: g1(a),
            b: g2(1),
            c: g1(5),
        });
        for (input, proof, holds) in [(1, &good, true), (1, &bad, false), (2, &good, false)] {
            let inputs = [Fr::from(input)];
            let claim = Claim {
                inputs: &inputs,
                proof,
            };
            assert_eq!(key.verify(&inputs, proof), holds, "{input}");
            for n in [2, 3, 20] {
                assert_eq!(
                    key.verify_batch(&vec![claim; n], &mut OsRng),
                    holds,
                    "{input} × {n}"
                );
            }
        }
    }
}
