//! One file the whole way: sealed, proved, verified, unsealed, compared.
//!
//! Proving 2 KiB takes 2.7 million constraints and parameters of 1.1 GB, which are made once: in the folder that
//! `LODE_PARAMETERS` names, or in the build's own.

use std::{env, fs};

use crate::engine::{file, folder, refused, run, stderr, stdout, text, word};
use serde_json::Value;

#[test]
fn a_file_is_sealed_and_proved() {
    let folder = folder();
    let parameters = env::var("LODE_PARAMETERS").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let data = file(folder.path(), "chacha8", 1500, 9);
    let dir = folder.path().join("sector");
    let (data, dir) = (text(&data), text(&dir));
    // First without a proof; then the same command without --skip-proof goes on and proves.
    let common = [
        "--json",
        "--parameters",
        &parameters,
        "--scratch",
        text(folder.path()),
        "--dir",
        dir,
    ];
    let first = run(&[&["seal", "--skip-proof"], &common[..], &[data]].concat());
    assert!(first.status.success(), "{}", stderr(&first));
    let output = run(&[&["seal"], &common[..], &[data]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let sealed: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(sealed["verified"], true);
    assert_eq!(sealed["partitions"], 1);
    assert_eq!(word(&sealed, "proof").len(), 2 * 192);
    assert_eq!(sealed["parameters"]["origin"], "development");
    let first: Value = serde_json::from_slice(&first.stdout).expect("one JSON object");
    assert_eq!(first["comm_r"], sealed["comm_r"]);
    let has_layer = || fs::exists(format!("{dir}/sc-02-data-layer-1.dat")).expect("the folder can be read");
    assert!(!has_layer(), "proved, the sector no longer needs its layers");

    let path = folder.path().join("sealed.json");
    fs::write(&path, &output.stdout).expect("the folder can be written");
    let verify = |more: &[&str]| {
        run(&[
            &["verify", "--parameters", &parameters, "--json-file", text(&path)],
            more,
        ]
        .concat())
    };
    let output = verify(&[]);
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(0), "true (development parameters: no evidence for others)\n"),
        "{}",
        stderr(&output)
    );
    let output = verify(&["--sector", "2"]);
    assert_eq!(
        (output.status.code(), stdout(&output).as_str()),
        (Some(1), "false\n")
    );

    // The layers are gone: unsealing labels them again.
    let out = folder.path().join("out");
    let output = run(&["unseal", "--dir", dir, text(&out)]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(fs::read(&out).unwrap(), fs::read(data).unwrap());
    refused(&run(&["unseal", "--dir", dir, text(&out)]), &["exists already"]);
}
