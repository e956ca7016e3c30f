//! Development parameters of the larger test sectors have the bytes of the reference's, without a disk.
//!
//! Those of 2 KiB are in `golden_porep_groth16`, those of PoSt in `golden_post`.

use std::io::Write;

use engine_proofs::{
    geometry::Geometry,
    groth16::{name, setup, ProofKind, Secret},
    porep::circuit::Porep,
    silent,
};
use kernels::Cpu;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Counts and digests what is written, and keeps none of it.
#[derive(Default)]
struct Sink {
    hasher: Sha256,
    size: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The reference's row about a file.
fn row(file: &str) -> Value {
    let rows = include_str!("../../../fixtures/params.jsonl");
    let mut rows = rows
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("each line is JSON"));
    rows.find(|row| row["file"] == file)
        .unwrap_or_else(|| panic!("no row about {file}"))
}

fn check(size: &str) {
    let geometry = Geometry::of(size.parse().expect("a size of the table"));
    let circuit = Porep::blank(geometry, geometry.porep_challenges);
    let mut sink = Sink::default();
    let key = setup::generate(&Cpu::new(), circuit, &Secret::development(), &mut sink, &silent)
        .expect("a sink is never full");
    let expected = row(&name::parameters(ProofKind::Porep, geometry));
    assert_eq!(sink.size, expected["bytes"]);
    assert_eq!(hex::encode(sink.hasher.finalize()), expected["sha256"]);
    let expected = row(&name::key(ProofKind::Porep, geometry));
    assert_eq!(hex::encode(Sha256::digest(key.to_bytes())), expected["sha256"]);
}

#[test]
fn eight_mib() {
    check("8MiB");
}

#[test]
fn half_a_gibibyte() {
    check("512MiB");
}
