//! What the reference says about the structure of its circuits.

use engine_proofs::groth16::r1cs::{Checkpoint, Counts, Density, Structure};
use serde_json::Value;

/// The known structure of a circuit, and the bytes of its sector.
///
/// # Panics
/// When there is none of that kind and size.
pub fn structure(kind: &str, sector_size: u64) -> Structure {
    let text = include_str!("../../../../fixtures/circuits.jsonl");
    let rows = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a row is JSON"));
    let row = rows
        .into_iter()
        .find(|row| row["kind"] == kind && row["sector_size"] == sector_size)
        .unwrap_or_else(|| panic!("no {kind} of {sector_size} bytes is known"));
    let r1cs = &row["r1cs"];
    let density = &r1cs["density"];
    let n_terms = ["nnz_a", "nnz_b", "nnz_c"].map(|name| count(&density[name]));
    let checkpoints = r1cs["checkpoints[constraints,inputs,aux,sha256_terms_so_far]"].as_array();
    let structure = Structure {
        counts: Counts {
            n_inputs: count(&r1cs["num_inputs_incl_one"]),
            n_aux: count(&r1cs["num_aux"]),
            n_constraints: count(&r1cs["num_constraints"]),
        },
        density: Density {
            a_aux: count(&density["a_aux_density"]),
            b_inputs: count(&density["b_input_density"]),
            b_aux: count(&density["b_aux_density"]),
            n_terms,
            n_zero_terms: count(&density["explicit_zero_terms"]),
        },
        sha256_terms: digest(&r1cs["sha256_terms"]),
        test_cs_hash: digest(&r1cs["test_cs_hash_blake2s"]),
        checkpoints: checkpoints
            .expect("checkpoints are a list")
            .iter()
            .map(checkpoint)
            .collect(),
    };
    assert_eq!(structure.counts.domain_size(), count(&r1cs["fft_domain"]));
    structure
}

fn checkpoint(row: &Value) -> Checkpoint {
    let counts = Counts {
        n_constraints: count(&row[0]),
        n_inputs: count(&row[1]),
        n_aux: count(&row[2]),
    };
    Checkpoint {
        counts,
        sha256_terms: digest(&row[3]),
    }
}

fn count(value: &Value) -> usize {
    value.as_u64().expect("a count is a number") as usize
}

fn digest(value: &Value) -> [u8; 32] {
    let bytes = hex::decode(value.as_str().expect("a digest is a string")).expect("a digest is hex");
    bytes.try_into().expect("a digest has 32 bytes")
}
