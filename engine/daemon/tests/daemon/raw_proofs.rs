//! Any Groth16 statement: real proofs of the network, and one as large as a WindowPoSt of 2349 sectors.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use blstrs::{G1Affine, G1Projective, G2Affine, Scalar};
use ff::Field;
use group::{prime::PrimeCurveAffine, Curve};
use serde_json::json;
use tempfile::TempDir;

use crate::engine::{folder, refused, run, stderr, stdout, text};

/// A key, and claims under it: the bytes of the inputs and of the proof.
struct Case {
    folder: TempDir,
    key: Vec<u8>,
    inputs: Vec<Vec<u8>>,
    proofs: Vec<Vec<u8>>,
}

impl Case {
    fn new(key: Vec<u8>, inputs: Vec<Vec<u8>>, proofs: Vec<Vec<u8>>) -> Case {
        Case {
            folder: folder(),
            key,
            inputs,
            proofs,
        }
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn verify_bytes(&self, key: &[u8], inputs: &[u8], proofs: &[u8]) -> Output {
        let proof = self.file("proof", proofs);
        self.verify_word(key, inputs, text(&proof))
    }

    fn verify_word(&self, key: &[u8], inputs: &[u8], proof: &str) -> Output {
        let (key, inputs) = (self.file("key.vk", key), self.file("inputs", inputs));
        let (key, inputs) = (text(&key), text(&inputs));
        run(&[
            "verify", "raw", "--json", "--key", key, "--inputs", inputs, "--proof", proof,
        ])
    }

    /// All claims at once.
    fn verify(&self) -> Output {
        self.verify_bytes(&self.key, &self.inputs.concat(), &self.proofs.concat())
    }
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fixtures")
            .join(name),
    )
    .unwrap()
}

/// Takes so many bytes from the front.
fn take(bytes: &mut Vec<u8>, n: usize) -> Vec<u8> {
    bytes.drain(..n).collect()
}

/// Ten partitions of a 32 GiB sector of the network, with 327 inputs each.
fn seal32() -> Case {
    let mut file = fixture("seal32_x10.prf");
    assert_eq!(
        take(&mut file, 16),
        [[0, 0, 0, 0, 0, 0, 0, 10], 327u64.to_be_bytes()].concat()
    );
    let key = take(&mut file, 32_356);
    let claims = (0..10).map(|_| {
        let proof = take(&mut file, 192);
        (take(&mut file, 327 * 32), proof)
    });
    let (inputs, proofs) = claims.unzip();
    Case::new(key, inputs, proofs)
}

/// A WinningPoSt of the network.
fn winning32() -> Case {
    let mut file = fixture("winning32.prf");
    let proof = take(&mut file, 192);
    assert_eq!(take(&mut file, 8), 132u64.to_be_bytes());
    let inputs = take(&mut file, 132 * 32);
    Case::new(file, vec![inputs], vec![proof])
}

/// Writes a real proof of the network, as `circuit.proof`, with its key and inputs.
pub fn write_one(dir: &Path) {
    let case = winning32();
    let files = [
        ("vk", &case.key),
        ("inputs", &case.inputs[0]),
        ("proof", &case.proofs[0]),
    ];
    for (end, bytes) in files {
        fs::write(dir.join("circuit").with_extension(end), bytes).unwrap();
    }
}

/// A key for so many inputs whose secret is known, and a proof forged with the secret: with `A = a·G₁`,
/// `B = b·G₂` and `icᵢ = (i+1)·G₁`, the proof holds where `C = (ab − αβ − γ·Σ inputᵢ·(i+1))/δ · G₁`.
fn forged(n_inputs: usize) -> Case {
    let [alpha, beta, gamma, delta, a, b] = [3, 5, 7, 11, 13, 17].map(Scalar::from);
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    let mut ic: Vec<G1Projective> = vec![g1.into()];
    ic.extend((0..n_inputs).scan(G1Projective::from(g1), |sum, _| {
        *sum += g1;
        Some(*sum)
    }));
    let mut key = Vec::new();
    key.extend((g1 * alpha).to_affine().to_uncompressed());
    key.extend((g1 * beta).to_affine().to_uncompressed());
    key.extend((g2 * beta).to_affine().to_uncompressed());
    key.extend((g2 * gamma).to_affine().to_uncompressed());
    key.extend((g1 * delta).to_affine().to_uncompressed());
    key.extend((g2 * delta).to_affine().to_uncompressed());
    key.extend((ic.len() as u32).to_be_bytes());
    let mut affine = vec![G1Affine::identity(); ic.len()];
    G1Projective::batch_normalize(&ic, &mut affine);
    key.extend(affine.iter().flat_map(G1Affine::to_uncompressed));
    // Full-sized inputs: powers of a large number.
    let step = Scalar::from(u64::MAX).square();
    let inputs: Vec<Scalar> = (0..n_inputs)
        .scan(Scalar::ONE, |power, _| {
            *power *= step;
            Some(*power)
        })
        .collect();
    let weighted = (2u64..).zip(&inputs).map(|(i, input)| Scalar::from(i) * input);
    let sum = Scalar::ONE + weighted.sum::<Scalar>();
    let c = (a * b - alpha * beta - gamma * sum) * delta.invert().unwrap();
    let mut proof = (g1 * a).to_affine().to_compressed().to_vec();
    proof.extend((g2 * b).to_affine().to_compressed());
    proof.extend((g1 * c).to_affine().to_compressed());
    let inputs = inputs.iter().flat_map(Scalar::to_bytes_be).collect();
    Case::new(key, vec![inputs], vec![proof])
}

/// True, with so many proofs of so many inputs.
fn holds(output: &Output, n_proofs: usize, n_inputs: usize) {
    assert!(output.status.success(), "{}{}", stdout(output), stderr(output));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = (&answer["verified"], &answer["proofs"], &answer["inputs"]);
    assert_eq!(found, (&json!(true), &json!(n_proofs), &json!(n_inputs)));
    assert_eq!(answer["parameters"]["origin"], "given");
}

fn is_false(output: &Output) {
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(output).contains(r#""verified":false"#),
        "{}{}",
        stdout(output),
        stderr(output)
    );
}

#[test]
fn a_real_porep_holds_as_a_batch_and_one_by_one() {
    let case = seal32();
    holds(&case.verify(), 10, 327);
    let hex = hex::encode(&case.proofs[3]);
    holds(&case.verify_word(&case.key, &case.inputs[3], &hex), 1, 327);
    let written = case.file("proof.hex", format!("{hex}\n").as_bytes());
    holds(
        &case.verify_word(&case.key, &case.inputs[3], text(&written)),
        1,
        327,
    );
    is_false(&case.verify_word(&case.key, &case.inputs[4], &hex));
    // One wrong claim spoils the batch: the last input of the last proof.
    let mut inputs = case.inputs.concat();
    *inputs.last_mut().unwrap() ^= 1;
    is_false(&case.verify_bytes(&case.key, &inputs, &case.proofs.concat()));
    let reversed: Vec<u8> = case.proofs.iter().rev().flatten().copied().collect();
    is_false(&case.verify_bytes(&case.key, &case.inputs.concat(), &reversed));
}

#[test]
fn a_real_winning_post_holds() {
    let case = winning32();
    holds(&case.verify(), 1, 132);
    let of_another = &seal32().inputs[0][..132 * 32];
    is_false(&case.verify_bytes(&case.key, of_another, &case.proofs[0]));
}

#[test]
fn a_window_of_2349_sectors() {
    let case = forged(25_839);
    assert_eq!(case.key.len(), 2_481_508);
    holds(&case.verify(), 1, 25_839);
    let mut inputs = case.inputs[0].clone();
    inputs[25_838 * 32 + 31] ^= 1;
    is_false(&case.verify_bytes(&case.key, &inputs, &case.proofs[0]));
}

#[test]
fn a_circuit_without_inputs() {
    let case = forged(0);
    holds(&case.verify(), 1, 0);
    refused(
        &case.verify_bytes(&case.key, &[0; 32], &case.proofs[0]),
        &["inputs", "take 0"],
    );
}

#[test]
fn what_is_no_statement_is_refused() {
    let case = winning32();
    let (key, inputs, proof) = (&case.key, &case.inputs[0], &case.proofs[0]);
    let check_inputs = |inputs: &[u8], words: &[&str]| refused(&case.verify_bytes(key, inputs, proof), words);
    check_inputs(
        &[],
        &["inputs has 0 bytes", "1 proofs with 132 inputs each take 4224"],
    );
    check_inputs(&inputs[..4223], &["inputs has 4223 bytes", "take 4224"]);
    check_inputs(
        &[inputs, &[0; 32][..]].concat(),
        &["inputs has more than 4224 bytes"],
    );
    let mut large = inputs.clone();
    large[32 * 7..32 * 8].fill(0xff);
    check_inputs(
        &large,
        &["input 7 of proof 0 is not below the modulus", "big-endian"],
    );
    // Little-endian inputs are most often no field elements, and never the same ones.
    let reversed: Vec<u8> = inputs
        .chunks(32)
        .flat_map(|element| element.iter().rev())
        .copied()
        .collect();
    check_inputs(&reversed, &["is not below the modulus"]);

    let check_proof = |word: &str, words: &[&str]| refused(&case.verify_word(key, inputs, word), words);
    check_proof("", &["a proof has 192 bytes, not 0"]);
    check_proof("no-such-file", &["--proof is neither a file", "hexadecimal"]);
    check_proof(&"ab".repeat(191), &["--proof: a proof has 192 bytes, not 191"]);
    check_proof(&"ab".repeat(193), &["--proof: a proof has 384 bytes, not 193"]);
    check_proof(
        &format!("c0{}", "00".repeat(191)),
        &["proof: a is the point at infinity"],
    );
    check_proof(text(case.folder.path()), &["cannot read", "Is a directory"]);

    let check_key = |key: &[u8], words: &[&str]| refused(&case.verify_bytes(key, inputs, proof), words);
    check_key(
        &[],
        &[
            "key.vk is no verifying key",
            "alpha_g1 needs 96 bytes",
            "cut short",
        ],
    );
    check_key(&key[..key.len() - 1], &["ic needs", "cut short"]);
    check_key(&[key, &[0][..]].concat(), &["1 bytes follow the end"]);
    let mut infinite = key.clone();
    infinite[868 + 96..868 + 2 * 96].fill(0);
    infinite[868 + 96] = 0x40;
    check_key(&infinite, &["ic: point 1 at offset 964 is the point at infinity"]);
    refused(
        &run(&[
            "verify", "raw", "--key", "/nowhere", "--inputs", "i", "--proof", "p",
        ]),
        &["/nowhere", "No such file"],
    );
}
