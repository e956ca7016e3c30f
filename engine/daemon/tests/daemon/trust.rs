//! Which keys and parameters are believed.

use std::{fs, path::Path};

use crate::engine::{command, folder, json, refused, run, stderr, stdout, text};

/// The name of a PoRep key in a folder of parameters.
const KEY_2KIB: &str = "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-0-0-sha256_hasher-\
                        032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.vk";
const KEY_32GIB: &str = "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-0-sha256_hasher-\
                         82a357d2f2ca81dc61bb45f4a762807aedee1b0a53fd6c4e77b46a01bfef7820.vk";

fn fixture(name: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../fixtures")
            .join(name),
    )
    .unwrap()
}

/// The development key of 2 KiB sectors: the reference's.
fn development_key() -> Vec<u8> {
    let kit = crate::engine::fixture("kit-porep-2KiB-1.1.0-plain-mod251-s42.json");
    hex::decode(kit["vk"]["vk_hex_uncompressed"].as_str().unwrap()).unwrap()
}

/// The key of a real 32 GiB PoRep, published as version 27.
fn old_key() -> Vec<u8> {
    fixture("seal32_x10.prf")[16..16 + 32_356].to_vec()
}

#[test]
fn mainnet_takes_no_development_key() {
    let folder = folder();
    fs::write(folder.path().join(KEY_2KIB), development_key()).unwrap();
    let dir = text(folder.path());
    let one = "01".repeat(32);
    let verify = |args: &[&str]| {
        let mut all = vec![
            "verify",
            "--sector-size",
            "2KiB",
            "--seal-proof",
            "v1.1",
            "--prover-id",
            "t01000",
            "--sector",
            "1",
            "--ticket",
            &one,
            "--seed",
            &one,
            "--comm-d",
            &one,
            "--comm-r",
            &one,
            "--parameters",
            dir,
        ];
        all.extend(args);
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let proof = hex::encode(&fixture("winning32.prf")[..192]);
    let args = verify(&["--proof", &proof]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let words = [
        KEY_2KIB,
        "development",
        "worth nothing on mainnet",
        "--network development",
    ];
    // The key is looked at by its flag, by the environment, by the configuration; and the flag wins.
    refused(&run(&[&args[..], &["--network", "mainnet"]].concat()), &words);
    refused(
        &command(&args).env("LODE_NETWORK", "mainnet").output().unwrap(),
        &words,
    );
    let config = folder.path().join("lode.toml");
    fs::write(&config, "network = 'mainnet'").unwrap();
    refused(&run(&[&args[..], &["--config", text(&config)]].concat()), &words);
    let both = [
        &args[..],
        &["--config", text(&config), "--network", "development"],
    ]
    .concat();
    assert_eq!(stdout(&run(&both)), "false\n");
    refused(
        &command(&args)
            .env("LODE_NETWORK", "calibration")
            .output()
            .unwrap(),
        &["LODE_NETWORK is \"calibration\"", "mainnet or development"],
    );
    // A key that the user names must be the published one as well.
    let key = folder.path().join("my.vk");
    fs::write(&key, development_key()).unwrap();
    refused(
        &run(&[&args[..], &["--key", text(&key), "--network", "mainnet"]].concat()),
        &["my.vk", "mainnet"],
    );
}

#[test]
fn mainnet_makes_no_parameters() {
    let folder = folder();
    let output = run(&[
        "params",
        "make",
        "--sector-size",
        "2KiB",
        "--network",
        "mainnet",
        "--parameters",
        text(folder.path()),
    ]);
    refused(&output, &["worth nothing on mainnet", "params import"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_old_key_is_named_as_such() {
    let folder = folder();
    fs::write(folder.path().join(KEY_32GIB), old_key()).unwrap();
    let output = run(&["params", "verify", "--parameters", text(folder.path())]);
    let said = stdout(&output);
    assert!(!output.status.success());
    assert!(
        said.contains("BAD") && said.contains("is of version v27"),
        "{said}"
    );
}

#[test]
fn a_receipt_makes_nothing_published() {
    let folder = folder();
    let path = folder.path().join(KEY_2KIB);
    fs::write(&path, development_key()).unwrap();
    let dir = text(folder.path());
    assert!(run(&["params", "verify", "--parameters", dir]).status.success());
    let receipt = folder.path().join(format!("development-{KEY_2KIB}.receipt.json"));
    let whole = fs::read_to_string(&receipt).unwrap();
    for origin in ["published", "given"] {
        fs::write(&receipt, whole.replace("development", origin)).unwrap();
        let output = run(&["params", "verify", "--parameters", dir]);
        assert!(
            stdout(&output).contains("remove the receipt"),
            "{}",
            stderr(&output)
        );
    }
}

#[test]
fn parameters_of_a_window_are_made_as_the_reference_makes_them() {
    use sha2::{Digest, Sha256};
    let folder = folder();
    let dir = text(folder.path());
    let window = ["--sector-size", "2KiB", "--proof", "window", "--parameters", dir];
    let made = json(&[&["params", "make", "--json"], &window[..]].concat());
    assert_eq!(made["origin"], "development");
    for name in ["parameters", "key"] {
        let path = Path::new(made[name].as_str().unwrap());
        let file = path.file_name().unwrap().to_str().unwrap();
        let rows = String::from_utf8(fixture("params.jsonl")).unwrap();
        let published = file.strip_prefix("development-").unwrap();
        let row = rows.lines().find(|row| row.contains(published)).unwrap();
        let digest = hex::encode(Sha256::digest(fs::read(path).unwrap()));
        assert!(row.contains(&digest), "{row}");
    }
    let listed = json(&["params", "list", "--json", "--parameters", dir]);
    assert_eq!(listed["files"][0]["proof"], "window");
    refused(
        &run(&[
            "params",
            "make",
            "--sector-size",
            "2KiB",
            "--proof",
            "post",
            "--parameters",
            dir,
        ]),
        &["there is no proof \"post\"", "porep, winning, window, update"],
    );
}
