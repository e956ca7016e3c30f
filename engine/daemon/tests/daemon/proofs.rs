//! Proofs and keys from elsewhere: the reference's proof holds, and nothing that differs in a bit does.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::engine::{fixture, folder, json, refused, run, statement, stdout, text, word};
use blstrs::{G1Affine, G2Affine};
use group::prime::PrimeCurveAffine;
use serde_json::{json, Value};
use tempfile::TempDir;

const KIT: &str = "kit-porep-2KiB-1.1.0-plain-mod251-s42.json";
/// The name of the 2 KiB key in a folder of parameters.
const KEY: &str =
    "development-v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-\
                   032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.vk";

struct Kit {
    folder: TempDir,
    statement: Value,
    proof: Vec<u8>,
}

/// The reference's proof of its 2 KiB sector, as `seal --json` would print it.
fn kit() -> Kit {
    let (kit, sector) = (fixture(KIT), fixture("porep-2KiB-1.1.0-plain-mod251-s42.json"));
    let statement = statement(&sector, "v1.1", &kit["seal_commit_phase2_output_hex"]);
    let folder = folder();
    let key = hex::decode(word(&kit["vk"], "vk_hex_uncompressed")).unwrap();
    fs::write(folder.path().join(KEY), key).unwrap();
    let proof = hex::decode(word(&statement, "proof")).unwrap();
    Kit {
        folder,
        statement,
        proof,
    }
}

impl Kit {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn verify(&self, statement: &Value) -> Output {
        let path: PathBuf = self.path().join("statement.json");
        fs::write(&path, statement.to_string()).unwrap();
        run(&[
            "verify",
            "--json-file",
            text(&path),
            "--parameters",
            text(self.path()),
        ])
    }

    fn with(&self, name: &str, value: impl Into<Value>) -> Output {
        let mut statement = self.statement.clone();
        statement[name] = value.into();
        self.verify(&statement)
    }

    fn with_proof(&self, proof: &[u8]) -> Output {
        self.with("proof", hex::encode(proof))
    }

    fn with_point(&self, at: usize, point: &[u8]) -> Output {
        let mut proof = self.proof.clone();
        proof[at..at + point.len()].copy_from_slice(point);
        self.with_proof(&proof)
    }
}

/// False, which is an answer and no error.
fn is_false(output: &Output) {
    assert_eq!(
        (output.status.code(), stdout(output).as_str()),
        (Some(1), "false\n")
    );
}

#[test]
fn the_references_proof_holds() {
    let kit = kit();
    let output = kit.verify(&kit.statement);
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(0), "true (development parameters: no evidence for others)\n"),
        "{}",
        crate::engine::stderr(&output)
    );
    let word = |name| word(&kit.statement, name);
    let key = kit.path().join(KEY);
    let answer = json(&[
        "verify",
        "--json",
        "--sector-size",
        "2KiB",
        "--seal-proof",
        "v1.1",
        "--prover-id",
        word("prover_id"),
        "--sector",
        "42",
        "--ticket",
        word("ticket"),
        "--seed",
        word("seed"),
        "--comm-d",
        word("comm_d"),
        "--comm-r",
        word("comm_r"),
        "--proof",
        word("proof"),
        "--key",
        text(&key),
    ]);
    assert_eq!(answer["verified"], true);
    assert_eq!(
        answer["parameters"],
        json!({ "origin": "development", "digest": "8742038036e9ddb53894dc1787aaa6d6" })
    );
}

#[test]
fn another_statement_is_not_proved() {
    let kit = kit();
    is_false(&kit.with("sector", 43));
    is_false(&kit.with("seal_proof", "v1"));
    for name in ["seed", "ticket", "prover_id", "porep_id"] {
        is_false(&kit.with(name, "01".repeat(32)));
    }
    let comm_r = word(&kit.statement, "comm_r");
    is_false(&kit.with("comm_d", comm_r));
    is_false(&kit.with("comm_r", format!("{}0", &comm_r[..63])));
    let swapped = [&kit.proof[144..], &kit.proof[48..144], &kit.proof[..48]].concat();
    is_false(&kit.with_proof(&swapped));
}

#[test]
fn a_proof_of_wrong_length() {
    let kit = kit();
    for len in [0, 1, 191] {
        refused(
            &kit.with_proof(&kit.proof[..len]),
            &["statement.json: proof", "192 bytes"],
        );
    }
    refused(&kit.with_proof(&kit.proof.repeat(2)), &["192 bytes, not 384"]);
    refused(
        &kit.with("proof", "abc"),
        &["statement.json: proof", "hexadecimal"],
    );
    refused(&kit.with("proof", Value::Null), &["has no proof"]);
}

#[test]
fn points_that_are_none() {
    let kit = kit();
    let g1 = |x: u8| {
        let mut bytes = [0; 48];
        (bytes[0], bytes[47]) = (0x80, x);
        bytes
    };
    let is_on_curve = |bytes: &[u8; 48]| bool::from(G1Affine::from_compressed_unchecked(bytes).is_some());
    let off_curve = (0..).map(g1).find(|bytes| !is_on_curve(bytes)).unwrap();
    let off_subgroup = (0..)
        .map(g1)
        .find(|bytes| is_on_curve(bytes) && !bool::from(G1Affine::from_compressed(bytes).is_some()));
    let g1_infinity = G1Affine::identity().to_compressed();
    for (at, name) in [(0, "a"), (144, "c")] {
        refused(
            &kit.with_point(at, &off_curve),
            &[&format!("proof: {name} is not on the curve")],
        );
        let words = format!("proof: {name} is on the curve, but not in the subgroup");
        refused(&kit.with_point(at, &off_subgroup.unwrap()), &[&words]);
        refused(
            &kit.with_point(at, &g1_infinity),
            &[&format!("proof: {name} is the point at infinity")],
        );
    }
    let g2 = |x: u8| {
        let mut bytes = [0; 96];
        (bytes[0], bytes[95]) = (0x80, x);
        bytes
    };
    let is_on_curve = |bytes: &[u8; 96]| bool::from(G2Affine::from_compressed_unchecked(bytes).is_some());
    let off_curve = (0..).map(g2).find(|bytes| !is_on_curve(bytes)).unwrap();
    let off_subgroup = (0..)
        .map(g2)
        .find(|bytes| is_on_curve(bytes) && !bool::from(G2Affine::from_compressed(bytes).is_some()));
    refused(&kit.with_point(48, &off_curve), &["proof: b is not on the curve"]);
    refused(
        &kit.with_point(48, &off_subgroup.unwrap()),
        &["proof: b is on the curve, but not in the subgroup"],
    );
    let infinity = G2Affine::identity().to_compressed();
    refused(
        &kit.with_point(48, &infinity),
        &["proof: b is the point at infinity"],
    );
}

#[test]
fn a_flipped_bit_is_never_accepted() {
    let kit = kit();
    for bit in (0..192 * 8).step_by(97) {
        let mut proof = kit.proof.clone();
        proof[bit / 8] ^= 1 << (bit % 8);
        let output = kit.with_proof(&proof);
        assert_eq!(output.status.code(), Some(1), "bit {bit}");
        assert!(!crate::engine::stderr(&output).contains("bug"), "bit {bit}");
    }
}

#[test]
fn a_statement_that_is_none() {
    let kit = kit();
    refused(
        &kit.with("comm_d", "ff".repeat(32)),
        &["statement.json: comm_d", "not below the modulus"],
    );
    refused(&kit.with("comm_r", "00".repeat(32)), &["comm_r is zero"]);
    refused(&kit.with("seed", "00".repeat(32)), &["the seed is zero"]);
    refused(
        &kit.with("ticket", "ab"),
        &["statement.json: ticket", "2 characters where 64"],
    );
    refused(&kit.with("sector_size", 3000), &["no sector size of 3000 bytes"]);
    refused(&kit.with("sector", -1), &["statement.json: sector"]);
    refused(&run(&["verify"]), &["give --sector-size, or --json-file"]);
    refused(
        &run(&["verify", "--json-file", "/nowhere"]),
        &["/nowhere", "No such file"],
    );
}

#[test]
fn keys_that_are_damaged_or_foreign() {
    let kit = kit();
    let path = kit.path().join(KEY);
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8], words: &[&str]| {
        fs::write(&path, bytes).unwrap();
        let output = kit.verify(&kit.statement);
        refused(&output, words);
        assert_eq!(fs::read(&path).unwrap(), bytes);
    };
    let mut flipped = whole.clone();
    flipped[4000] ^= 1;
    // Without a receipt only known files are taken.
    check(&flipped, &[KEY, "foreign file"]);
    check(&whole[..4000], &[KEY, "foreign file"]);
    fs::write(&path, &whole).unwrap();
    assert!(kit.verify(&kit.statement).status.success());
    // With a receipt, only the file that it is about.
    check(
        &flipped,
        &[
            KEY,
            "is damaged or another file",
            "params make --sector-size 2KiB",
        ],
    );
    check(&whole[..4000], &[KEY, "is damaged or another file", "4000 bytes"]);
    check(&[], &[KEY, "is damaged or another file"]);
    fs::remove_file(&path).unwrap();
    refused(
        &kit.verify(&kit.statement),
        &[KEY, "there is no", "params make --sector-size 2KiB"],
    );
}

#[test]
fn keys_that_someone_vouches_for_must_still_be_keys() {
    let kit = kit();
    let whole = fs::read(kit.path().join(KEY)).unwrap();
    let path = kit.path().join("my.vk");
    let mut statement = kit.path().join("statement.json");
    fs::write(&statement, kit.statement.to_string()).unwrap();
    let check = |bytes: &[u8], words: &[&str]| {
        fs::write(&path, bytes).unwrap();
        let output = run(&["verify", "--json-file", text(&statement), "--key", text(&path)]);
        refused(&output, words);
    };
    let mut flipped = whole.clone();
    flipped[95] ^= 1;
    check(&flipped, &["my.vk", "alpha_g1", "not on the curve"]);
    check(&whole[..4000], &["my.vk", "cut short"]);
    check(&[&whole[..], &[0]].concat(), &["my.vk", "1 bytes follow"]);
    statement = kit.path().join(KEY);
    refused(
        &run(&["verify", "--json-file", text(&statement)]),
        &["is no JSON"],
    );
}

#[test]
fn parameter_files_that_are_damaged_or_foreign() {
    let kit = kit();
    let path = kit.path().join(KEY.replace(".vk", ".params"));
    let data = crate::engine::file(kit.path(), "mod251", 2032, 42);
    let (parameters, data) = (text(kit.path()), text(&data));
    let seal = || run(&["seal", "--scratch", parameters, "--parameters", parameters, data]);
    fs::write(&path, b"some other file").unwrap();
    refused(&seal(), &[text(&path), "foreign file", "move it away"]);
    let receipt =
        r#"{"origin":"development","size":15,"mtime_ns":0,"blake2b":"00000000000000000000000000000000"}"#;
    let receipt_path = format!("{}.receipt.json", text(&path));
    fs::write(&receipt_path, receipt).unwrap();
    refused(
        &seal(),
        &[text(&path), "is damaged or another file", "params make"],
    );
    let verified = run(&["params", "verify", "--parameters", parameters]);
    assert!(
        !verified.status.success() && stdout(&verified).contains("BAD"),
        "{}",
        stdout(&verified)
    );
    fs::write(&receipt_path, "{").unwrap();
    refused(&seal(), &["receipt.json", "damaged"]);
    assert_eq!(fs::read(&path).unwrap(), b"some other file");
    let listed = json(&["params", "list", "--json", "--parameters", parameters]);
    assert_eq!(listed["files"].as_array().unwrap().len(), 2);
    let paths = json(&[
        "params",
        "path",
        "--json",
        "--sector-size",
        "2KiB",
        "--parameters",
        parameters,
    ]);
    assert_eq!(word(&paths, "parameters"), text(&path));
}
