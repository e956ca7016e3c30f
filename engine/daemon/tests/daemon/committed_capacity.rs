//! Committed capacity: a sector of zeros, for which there is no file.

use std::fs;

use crate::engine::{file, fixture, folder, json, refused, run, stages, text, word};
use sha2::{Digest, Sha256};

#[test]
fn a_sector_without_files_is_the_references_sector_of_zeros() {
    let golden = fixture("porep-2KiB-1.1.0-plain-zero-s42.json");
    let case = &golden["case"];
    let folder = folder();
    let dir = folder.path().join("sector");
    let args = [
        ["seal", "--cc"],
        ["--json", "--skip-proof"],
        ["--sector-size", "2KiB"],
        ["--sector", "42"],
        ["--prover-id", word(case, "prover_id")],
        ["--ticket", word(case, "ticket")],
        ["--dir", text(&dir)],
    ]
    .concat();
    let sealed = json(&args);
    for name in ["comm_d", "comm_c", "comm_r_last", "comm_r", "replica_id"] {
        assert_eq!(word(&sealed, name), word(&golden, name), "{name}");
    }
    assert_eq!(sealed["pieces"], serde_json::json!([]));
    assert_eq!(stages(&sealed)[0], "pre_commit_1");
    let files = golden["files"].as_object().unwrap();
    for (name, golden) in files.iter().filter(|(name, _)| *name != "staged") {
        let digest = hex::encode(Sha256::digest(fs::read(dir.join(name)).unwrap()));
        assert_eq!(digest, word(golden, "sha256"), "{name}");
    }
    let out = folder.path().join("out");
    json(&["unseal", "--json", "--dir", text(&dir), text(&out)]);
    assert_eq!(fs::read(out).unwrap(), [0; 2032]);

    // It goes on as itself, and as no other.
    json(&args);
    let data = file(folder.path(), "mod251", 2032, 42);
    let with_data: Vec<&str> = args.iter().copied().filter(|arg| *arg != "--cc").collect();
    refused(
        &run(&[&with_data[..], &[text(&data)]].concat()),
        &["it is committed capacity"],
    );
}

#[test]
fn a_sector_with_data_is_no_committed_capacity() {
    let folder = folder();
    let dir = folder.path().join("sector");
    let data = file(folder.path(), "mod251", 2032, 42);
    let common = ["seal", "--skip-proof", "--skip-unseal", "--dir", text(&dir)];
    assert!(run(&[&common[..], &[text(&data)]].concat()).status.success());
    let cc = ["--cc", "--sector-size", "2KiB"];
    refused(
        &run(&[&common[..], &cc].concat()),
        &["it has 1 pieces and is not committed capacity"],
    );
    refused(&run(&["seal", "--cc"]), &["--sector-size"]);
    refused(
        &run(&[&["seal", text(&data)], &cc[..]].concat()),
        &["cannot be used with"],
    );
    refused(&run(&["seal"]), &["FILE"]);
}
