//! Development files have names that say so; those that earlier versions kept under published names get theirs.

use std::{fs, path::Path, process::Stdio};

use crate::engine::{command, folder, json, refused, run, stderr, text, word};

const PUBLISHED: &str = "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-\
                         032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.vk";
const SRS: &str = "v28-fil-inner-product-v1.srs";

/// The development files of a 2 KiB PoRep's key and of aggregates, under the published names.
fn old_store(dir: &Path) {
    let kit = crate::engine::fixture("kit-porep-2KiB-1.1.0-plain-mod251-s42.json");
    let key = hex::decode(word(&kit["vk"], "vk_hex_uncompressed")).unwrap();
    fs::write(dir.join(PUBLISHED), key).unwrap();
    let srs = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(SRS);
    fs::copy(srs, dir.join(SRS)).unwrap();
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = crate::engine::snapshot(dir).into_keys().collect();
    names.sort();
    names
}

/// Each file under its own name with a receipt, and nothing else.
fn is_settled(dir: &Path) {
    let files = [SRS, PUBLISHED].map(|name| {
        let name = format!("development-{name}");
        [name.clone(), format!("{name}.receipt.json")]
    });
    assert_eq!(names(dir), files.concat());
}

#[test]
fn old_development_files_are_renamed_when_they_are_met() {
    let folder = folder();
    let dir = text(folder.path());
    old_store(folder.path());
    let output = run(&["params", "list", "--json", "--parameters", dir]);
    assert!(stderr(&output).contains(&format!("it is called {dir}/development-{PUBLISHED} now")));
    is_settled(folder.path());
    let verified = json(&["params", "verify", "--json", "--parameters", dir]);
    assert_eq!(verified["good"], true);
    // As a version before left them: with receipts.
    for name in [SRS, PUBLISHED] {
        for end in ["", ".receipt.json"] {
            let new = folder.path().join(format!("development-{name}{end}"));
            fs::rename(new, folder.path().join(format!("{name}{end}"))).unwrap();
        }
    }
    let path = json(&[
        "params",
        "path",
        "--json",
        "--sector-size",
        "2KiB",
        "--parameters",
        dir,
    ]);
    assert_eq!(word(&path, "key"), format!("{dir}/development-{PUBLISHED}"));
    json(&["params", "list", "--json", "--parameters", dir]);
    is_settled(folder.path());
}

#[test]
fn many_processes_rename_at_once() {
    for _ in 0..4 {
        let folder = folder();
        old_store(folder.path());
        let list = || {
            command(&["params", "list", "--json", "--parameters", text(folder.path())])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let all: Vec<_> = (0..8).map(|_| list()).collect();
        for child in all {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", stderr(&output));
        }
        // One that read the old file may have left its receipt: it says nothing without the file.
        let mut left = names(folder.path());
        left.retain(|name| name.starts_with("development-") || !name.ends_with(".receipt.json"));
        assert_eq!(left.len(), 4, "{left:?}");
        let verified = json(&["params", "verify", "--json", "--parameters", text(folder.path())]);
        assert_eq!(verified["files"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn two_development_files_that_differ_are_both_kept() {
    let folder = folder();
    let dir = text(folder.path());
    old_store(folder.path());
    json(&["params", "list", "--json", "--parameters", dir]);
    let [old, new] =
        [PUBLISHED.to_owned(), format!("development-{PUBLISHED}")].map(|name| folder.path().join(name));
    fs::write(&old, b"another").unwrap();
    let receipt =
        r#"{"origin":"development","size":7,"mtime_ns":0,"blake2b":"00000000000000000000000000000000"}"#;
    fs::write(folder.path().join(format!("{PUBLISHED}.receipt.json")), receipt).unwrap();
    let make = ["params", "make", "--sector-size", "2KiB", "--parameters", dir];
    refused(
        &run(&make),
        &[text(&old), text(&new), "differ: remove one of them"],
    );
    assert!(old.exists() && new.exists());
    // The same again is one too many.
    fs::remove_file(folder.path().join(format!("{PUBLISHED}.receipt.json"))).unwrap();
    fs::copy(&new, &old).unwrap();
    json(&["params", "list", "--json", "--parameters", dir]);
    is_settled(folder.path());
}
