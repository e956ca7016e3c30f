//! `verify raw`: a proof with as many inputs as a WindowPoSt of 2349 sectors of 32 GiB has.

use anyhow::{ensure, Result};
use bellperson::groth16 as bell;
use blstrs::{Bls12, G1Affine, G1Projective, G2Affine, Scalar as Fr};
use engine_proofs::groth16::{Claim, PreparedKey, Proof, VerifyingKey};
use ff::Field;
use group::{prime::PrimeCurveAffine, Curve};
use rand_core::OsRng;

use super::{contest, peer, random_elements, timed, Row, Words};

/// Public inputs: 2349 sectors with eleven each.
const N_INPUTS: usize = 25_839;
/// Proofs of a batch.
const N_BATCH: usize = 10;

/// A key whose secret is known, with claims that were forged with it: with `A = a·G₁`, `B = b·G₂` and
/// `icᵢ = (i + 1)·G₁`, a claim holds where `C = (ab − αβ − γ·Σ inputᵢ·(i + 1))/δ · G₁`.
struct Forged {
    key: Vec<u8>,
    inputs: Vec<Vec<Fr>>,
    proofs: Vec<Vec<u8>>,
}

impl Forged {
    fn new(n_claims: usize) -> Result<Forged> {
        let [alpha, beta, gamma, delta, a, b] = [3, 5, 7, 11, 13, 17].map(Fr::from);
        let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
        let multiples = std::iter::successors(Some(G1Projective::from(g1)), |sum| Some(sum + g1));
        let mut ic = vec![G1Affine::identity(); N_INPUTS + 1];
        G1Projective::batch_normalize(&multiples.take(N_INPUTS + 1).collect::<Vec<_>>(), &mut ic);
        let mut key = Vec::new();
        for bytes in [
            &(g1 * alpha).to_affine().to_uncompressed()[..],
            &(g1 * beta).to_affine().to_uncompressed(),
            &(g2 * beta).to_affine().to_uncompressed(),
            &(g2 * gamma).to_affine().to_uncompressed(),
            &(g1 * delta).to_affine().to_uncompressed(),
            &(g2 * delta).to_affine().to_uncompressed(),
            &u32::try_from(ic.len())?.to_be_bytes(),
        ] {
            key.extend(bytes);
        }
        key.extend(ic.iter().flat_map(G1Affine::to_uncompressed));
        let all: Vec<Fr> = random_elements(n_claims * N_INPUTS)?;
        let inputs: Vec<Vec<Fr>> = all.chunks(N_INPUTS).map(<[Fr]>::to_vec).collect();
        let prove = |inputs: &Vec<Fr>| {
            let weighted = (2u64..).zip(inputs).map(|(i, input)| Fr::from(i) * input);
            let sum = Fr::ONE + weighted.sum::<Fr>();
            let c = (a * b - alpha * beta - gamma * sum) * delta.invert().unwrap_or(Fr::ZERO);
            let mut proof = (g1 * a).to_affine().to_compressed().to_vec();
            proof.extend((g2 * b).to_affine().to_compressed());
            proof.extend((g1 * c).to_affine().to_compressed());
            proof
        };
        let proofs = inputs.iter().map(prove).collect();
        Ok(Forged { key, inputs, proofs })
    }

    fn words(&self, note: &str) -> Words {
        let n = self.proofs.len();
        let of = if n == 1 {
            String::new()
        } else {
            format!(" × {n}, one batch")
        };
        Words {
            stage: format!("verify {N_INPUTS} inputs{of}{note}"),
            peer: peer("bellperson"),
            note: "all threads; random inputs; the proofs read each time".to_owned(),
        }
    }
}

fn theirs(key: &bell::PreparedVerifyingKey<Bls12>, forged: &Forged) -> Result<bool> {
    let proofs = forged.proofs.iter().map(|proof| bell::Proof::read(&proof[..]));
    let proofs = proofs.collect::<Result<Vec<_>, _>>()?;
    Ok(match &proofs[..] {
        [proof] => bell::verify_proof(key, proof, &forged.inputs[0])?,
        proofs => {
            let proofs: Vec<&bell::Proof<Bls12>> = proofs.iter().collect();
            bell::verify_proofs_batch(key, &mut OsRng, &proofs, &forged.inputs)?
        }
    })
}

fn ours(key: &PreparedKey, forged: &Forged) -> Result<bool> {
    let proofs = forged.proofs.iter().map(|proof| Proof::from_bytes(proof));
    let proofs = proofs.collect::<Result<Vec<_>, _>>()?;
    let claims = forged.inputs.iter().zip(&proofs);
    let claims: Vec<Claim<'_>> = claims.map(|(inputs, proof)| Claim { inputs, proof }).collect();
    Ok(key.verify_batch(&claims, &mut OsRng))
}

/// The key prepared before.
fn verify(rounds: usize, n_claims: usize) -> Result<Row> {
    let forged = Forged::new(n_claims)?;
    let their_key = bell::prepare_verifying_key(&bell::VerifyingKey::<Bls12>::read(&forged.key[..])?);
    let our_key = PreparedKey::new(&VerifyingKey::from_bytes(&forged.key)?);
    ensure!(ours(&our_key, &forged)?, "the forged claims hold");
    let note = ", key prepared";
    contest(
        forged.words(note),
        rounds,
        || timed(|| theirs(&their_key, &forged)),
        || timed(|| ours(&our_key, &forged)),
    )
}

pub(super) fn one(rounds: usize) -> Result<Row> {
    verify(rounds, 1)
}

pub(super) fn batch(rounds: usize) -> Result<Row> {
    verify(rounds, N_BATCH)
}

/// From the bytes of the key, which are checked, as `verify raw` does it.
pub(super) fn from_file(rounds: usize) -> Result<Row> {
    let forged = Forged::new(1)?;
    let theirs = || {
        let key = bell::VerifyingKey::<Bls12>::read(&forged.key[..])?;
        theirs(&bell::prepare_verifying_key(&key), &forged)
    };
    let ours = || {
        ours(
            &PreparedKey::new(&VerifyingKey::from_bytes(&forged.key)?),
            &forged,
        )
    };
    contest(
        forged.words(", key from its file"),
        rounds,
        || timed(theirs),
        || timed(ours),
    )
}
