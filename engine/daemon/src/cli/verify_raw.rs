//! `lode-engine verify raw`: whether Groth16 proofs hold, of any circuit and any origin.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{ensure, Context, Result};
use clap::Args;
use engine_proofs::groth16::{Claim, PreparedKey, Proof};
use kernels::Fr;
use rand_core::OsRng;
use rayon::prelude::*;
use serde_json::json;

use super::{verify::verdict, Answer};
use crate::{params, small};

/// Verify Groth16 proofs of any circuit over BLS12-381: true or false.
///
/// The key is a file as bellperson writes it (.vk): alpha_g1, beta_g1, beta_g2, gamma_g2, delta_g1, delta_g2, a
/// count of 32 bits, and a point for the constant one and for each input, all uncompressed. The inputs are field
/// elements of 32 bytes, big-endian, without the constant one. A proof is A, B and C, compressed: 192 bytes.
/// Several proofs of one circuit follow one another, and so do their inputs: they are verified as one batch,
/// which is true if all of them hold.
///
/// Exit code: 0 for true; 1 for false, and for everything that is no key, input or proof.
///
/// Example: lode-engine verify raw --key circuit.vk --inputs circuit.inputs --proof circuit.proof
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Raw {
    /// The verifying key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The public inputs.
    #[arg(long, value_name = "FILE")]
    inputs: PathBuf,
    /// The proofs: hexadecimal digits, or a file with these or with the bytes themselves.
    #[arg(long, value_name = "HEX|FILE")]
    proof: String,
}

/// Bytes of a field element.
const ELEMENT_SIZE: usize = 32;

impl Raw {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        let (key, receipt) = params::any_key(&self.key)?;
        let proofs = proofs(&self.proof)?;
        let inputs = inputs(&self.inputs, key.n_inputs(), proofs.len())?;
        let claims: Vec<Claim<'_>> = proofs
            .iter()
            .enumerate()
            .map(|(i, proof)| Claim {
                inputs: &inputs[i * key.n_inputs()..(i + 1) * key.n_inputs()],
                proof,
            })
            .collect();
        let holds = PreparedKey::new(&key).verify_batch(&claims, &mut OsRng);
        Ok(Answer {
            text: verdict(holds, &receipt),
            json: json!({
                "verified": holds,
                "proofs": proofs.len(),
                "inputs": key.n_inputs(),
                "parameters": receipt.json(),
            }),
            is_good: holds,
        })
    }
}

/// The proofs, from a file where there is one of that name.
fn proofs(word: &str) -> Result<Vec<Proof>> {
    let path = Path::new(word);
    let (about, bytes) = if path.exists() {
        (format!("the proof {word}"), small::read(path)?)
    } else {
        ("--proof".to_owned(), word.as_bytes().to_vec())
    };
    // The first bit of a compressed point is set: no text begins like it.
    let bytes = match bytes.first() {
        Some(0x80..) => bytes,
        _ => hex::decode(bytes.trim_ascii()).with_context(|| {
            format!("{about} is neither a file, nor proofs of 192 bytes, nor pairs of hexadecimal digits")
        })?,
    };
    let n_proofs = bytes.len().div_ceil(Proof::SIZE).max(1);
    Proof::many(&bytes, n_proofs).context(about)
}

/// The inputs of all proofs, one after the other.
fn inputs(path: &Path, n_inputs: usize, n_proofs: usize) -> Result<Vec<Fr>> {
    let expected = n_proofs * n_inputs * ELEMENT_SIZE;
    let cannot = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(cannot)?;
    file.take(expected as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(cannot)?;
    ensure!(
        bytes.len() == expected,
        "{} has {} bytes, but {n_proofs} proofs with {n_inputs} inputs each take {expected}: 32 bytes an input, \
         big-endian, without the constant one",
        path.display(),
        if expected < bytes.len() {
            format!("more than {expected}")
        } else {
            bytes.len().to_string()
        },
    );
    let element = |(i, bytes): (usize, &[u8])| {
        let bytes = bytes.try_into().expect("chunks of 32 bytes");
        Option::from(Fr::from_bytes_be(bytes)).with_context(|| {
            format!(
                "{}: input {} of proof {} is not below the modulus; inputs are big-endian",
                path.display(),
                i % n_inputs,
                i / n_inputs
            )
        })
    };
    bytes
        .par_chunks_exact(ELEMENT_SIZE)
        .enumerate()
        .map(element)
        .collect()
}
