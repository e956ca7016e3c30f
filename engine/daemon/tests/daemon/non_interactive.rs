//! Non-interactive proofs through the binary: the reference's holds, and nothing that differs does.

use std::{fs, process::Output};

use crate::engine::{fixture, folder, put_key, refused, run, statement, stderr, stdout, text};
use serde_json::Value;
use tempfile::TempDir;

/// The reference's proof of its non-interactive sector, as `seal --json` would print it, and a folder with the key.
fn case() -> (Value, TempDir) {
    let kit = fixture("kit-aggregate-2KiB-1.2.0-ni-chacha8-s46-n16.json");
    let sector = fixture("porep-2KiB-1.2.0-ni-chacha8-s46.json");
    let folder = folder();
    put_key(&kit, folder.path());
    let mut statement = statement(&sector, "ni", &kit["v2"]["aggregate_proof_hex"]);
    statement["partition_proofs"] = kit["proofs"][0].clone();
    (statement, folder)
}

fn verify(folder: &TempDir, statement: &Value) -> Output {
    let path = folder.path().join("statement.json");
    fs::write(&path, statement.to_string()).unwrap();
    run(&[
        "verify",
        "--json-file",
        text(&path),
        "--parameters",
        text(folder.path()),
    ])
}

fn check(folder: &TempDir, statement: &Value, holds: bool) {
    let output = verify(folder, statement);
    let said = stdout(&output);
    assert!(
        said.starts_with(if holds { "true" } else { "false" }),
        "{said}{}",
        stderr(&output)
    );
    assert_eq!(output.status.success(), holds);
}

#[test]
fn the_references_proof_holds_and_no_other_claim() {
    let (statement, folder) = case();
    check(&folder, &statement, true);
    // The seed plays no part, and need not be given.
    let mut without = statement.clone();
    without.as_object_mut().unwrap().remove("seed");
    check(&folder, &without, true);
    let others: [(&str, Value); 4] = [
        ("sector", 47.into()),
        ("comm_d", statement["comm_r"].clone()),
        ("comm_r", statement["comm_d"].clone()),
        ("porep_id", format!("05{}", "0".repeat(62)).into()),
    ];
    for (name, value) in others {
        let mut other = statement.clone();
        other[name] = value;
        check(&folder, &other, false);
    }
    // Its parts are no proof of it, nor is it a proof of another kind.
    let mut parts = statement.clone();
    parts["proof"] = statement["partition_proofs"].clone();
    refused(&verify(&folder, &parts), &["proof"]);
    for seal_proof in ["v1.1", "synthetic"] {
        let mut other = statement.clone();
        other["seal_proof"] = seal_proof.into();
        refused(&verify(&folder, &other), &["proof", "192"]);
    }
}

/// Thirteen proofs of each sector, one after the other.
#[test]
fn several_sectors_are_aggregated() {
    let (statement, folder) = case();
    let path = folder.path().join("sealed.json");
    fs::write(&path, statement.to_string()).unwrap();
    let (file, dir) = (text(&path), text(folder.path()));
    let made = run(&[
        "aggregate",
        "--json",
        "--json-file",
        file,
        "--json-file",
        file,
        "--json-file",
        file,
        "--parameters",
        dir,
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["sectors"].as_array().unwrap().len(), 3);
    check(&folder, &made, true);
    let mut other = made.clone();
    other["sectors"][2]["sector"] = 47.into();
    check(&folder, &other, false);
    let mut fewer = made;
    fewer["sectors"].as_array_mut().unwrap().pop();
    let output = verify(&folder, &fewer);
    assert!(!output.status.success() && !stdout(&output).starts_with("true"));
}

#[test]
fn what_it_was_made_of_is_aggregated_again() {
    let (statement, folder) = case();
    let path = folder.path().join("sealed.json");
    fs::write(&path, statement.to_string()).unwrap();
    let made = run(&[
        "aggregate",
        "--json",
        "--json-file",
        text(&path),
        "--parameters",
        text(folder.path()),
    ]);
    assert!(made.status.success(), "{}", stderr(&made));
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(made["proof"], statement["proof"]);
    check(&folder, &made, true);
}
