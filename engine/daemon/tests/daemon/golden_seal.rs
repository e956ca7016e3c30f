//! Sectors sealed by the binary have the reference's bytes, file by file.

use std::fs;

use crate::engine::{file, fixture, folder, identity, json, text, word};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Seals a golden case, compares every file and commitment, and hands on the answer.
fn check(case: &str) -> Value {
    let golden = fixture(&format!("porep-{case}.json"));
    let case = &golden["case"];
    let folder = folder();
    let (size, sector) = (
        case["sector_size"].as_u64().unwrap(),
        case["sector_id"].as_u64().unwrap(),
    );
    let data = file(
        folder.path(),
        word(case, "data_pattern"),
        (size / 128 * 127) as usize,
        sector,
    );
    let dir = folder.path().join("sector");
    let seal_proof = match (word(case, "api"), case["features"][0].as_str()) {
        (_, Some("non-interactive-porep")) => "ni",
        ("1.0.0", _) => "v1",
        _ => "v1.1",
    };
    let seal = [
        "seal",
        "--skip-proof",
        "--json",
        "--dir",
        text(&dir),
        "--seal-proof",
        seal_proof,
    ];
    let identity = identity(case);
    let words = seal.into_iter().chain(identity.iter().map(String::as_str));
    let sealed = json(&words.chain([text(&data)]).collect::<Vec<_>>());
    for name in ["comm_d", "comm_c", "comm_r_last", "comm_r", "replica_id"] {
        assert_eq!(word(&sealed, name), word(&golden, name), "{name}");
    }
    assert_eq!(sealed["sector_size"], size);
    assert_eq!(
        word(&sealed["pieces"][0], "comm_p"),
        word(&golden["pieces"][0], "comm_p")
    );
    assert_eq!(
        sealed["pieces"][0]["unpadded_size"],
        golden["pieces"][0]["unpadded"]
    );
    let told = told_digests(&sealed);
    let mut n_files = 0;
    for (name, golden) in golden["files"].as_object().unwrap() {
        // Only what came before sealing, and what other features add, is not there.
        let Ok(bytes) = fs::read(dir.join(name)) else {
            assert!(
                ["staged", "syn-porep-vanilla-proofs.dat"].contains(&name.as_str()),
                "{name} is missing"
            );
            continue;
        };
        let digest = word(golden, "sha256");
        assert_eq!(hex::encode(Sha256::digest(bytes)), digest, "{name}");
        assert!(
            name == "p_aux" || told.iter().any(|told| told == digest),
            "{name} is not told"
        );
        n_files += 1;
    }
    assert_eq!(n_files, told.len() + 1, "files on disk, digests and p_aux");
    sealed
}

/// All digests of the answer.
fn told_digests(sealed: &Value) -> Vec<String> {
    let lists = ["layers_sha256", "tree_c_sha256", "tree_r_last_sha256"];
    let lists = lists
        .iter()
        .flat_map(|name| sealed[name].as_array().unwrap().clone());
    let single = ["tree_d_sha256", "replica_sha256"].map(|name| sealed[name].clone());
    lists
        .chain(single)
        .map(|digest| digest.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn two_kib_of_the_first_graph() {
    check("2KiB-1.0.0-plain-mod251-s42");
}

#[test]
fn two_kib() {
    check("2KiB-1.1.0-plain-mod251-s42");
}

#[test]
fn two_kib_of_zeros() {
    check("2KiB-1.1.0-plain-zero-s42");
}

#[test]
fn two_kib_under_other_porep_ids() {
    check("2KiB-1.2.0-plain-mod251-s44");
    check("2KiB-1.2.0-ni-chacha8-s46");
}

#[test]
fn four_kib_have_a_sub_node() {
    check("4KiB-1.1.0-plain-chacha8-s42");
    check("4KiB-1.1.0-plain-mod251-s42");
}

#[test]
fn sixteen_kib_have_eight_base_trees() {
    check("16KiB-1.0.0-plain-chacha8-s42");
    check("16KiB-1.1.0-plain-mod251-s42");
}

#[test]
fn thirty_two_kib_have_a_top_node() {
    check("32KiB-1.1.0-plain-chacha8-s42");
    check("32KiB-1.1.0-plain-mod251-s42");
}

#[test]
fn eight_mib() {
    check("8MiB-1.1.0-plain-mod251-s42");
}

/// The sector lies in mapped files; what a stage holds beside them does not grow with it.
#[test]
fn half_a_gibibyte_in_bounded_memory() {
    let sealed = check("512MiB-1.1.0-plain-chacha8-s42");
    for stage in sealed["stages"].as_array().unwrap() {
        let held = stage["peak_rss_anonymous"].as_u64().unwrap();
        assert!(0 < held && held < 600 << 20, "{stage}");
    }
}
