//! Aggregates through the binary: the reference's bytes, and no other claim.

use std::{fs, path::PathBuf, process::Output};

use crate::engine::{fixture, folder, json, refused, run, stderr, stdout, text, word};
use serde_json::{json, Value};
use tempfile::TempDir;

const KIT: &str = "kit-aggregate-2KiB-1.1.0-plain-mod251-s42-n2.json";

/// A folder with the key, and the answers to `seal --json` for the sectors of the kit.
struct Case {
    kit: Value,
    folder: TempDir,
    sealed: Vec<Value>,
}

fn case() -> Case {
    let (kit, folder) = (fixture(KIT), folder());
    let key = hex::decode(word(&kit["vk"], "vk_hex_uncompressed")).unwrap();
    fs::write(folder.path().join(word(&kit["vk"], "file")), key).unwrap();
    let sector = fixture("porep-2KiB-1.1.0-plain-mod251-s42.json");
    let case = &sector["case"];
    // The second one has the number 43; replica id, comm_d and comm_r begin its public inputs.
    let sealed = |(i, inputs): (usize, &Value)| {
        json!({
            "sector_size": 2048,
            "seal_proof": "v1.1",
            "porep_id": case["porep_id"],
            "prover_id": case["prover_id"],
            "sector": 42 + i,
            "ticket": case["ticket"],
            "seed": kit["seeds"][i],
            "comm_d": inputs[1],
            "comm_r": inputs[2],
            "proof": kit["proofs"][i],
            "stages": [],
        })
    };
    let sealed = kit["public_inputs_le"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(sealed)
        .collect();
    Case { kit, folder, sealed }
}

impl Case {
    fn write(&self, name: &str, value: &Value) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, value.to_string()).unwrap();
        path
    }

    fn aggregate(&self, sealed: &[Value], more: &[&str]) -> Output {
        let files: Vec<PathBuf> = (0..)
            .zip(sealed)
            .map(|(i, sealed)| self.write(&format!("sealed-{i}.json"), sealed))
            .collect();
        let mut args = vec!["aggregate", "--json", "--parameters", text(self.folder.path())];
        files
            .iter()
            .for_each(|path| args.extend(["--json-file", text(path)]));
        args.extend(more);
        run(&args)
    }

    fn verify(&self, aggregate: &Value) -> Output {
        let path = self.write("aggregate.json", aggregate);
        run(&[
            "verify",
            "--json-file",
            text(&path),
            "--parameters",
            text(self.folder.path()),
        ])
    }
}

fn answer(output: &Output) -> Value {
    assert!(output.status.success(), "{}", stderr(output));
    serde_json::from_slice(&output.stdout).expect("one JSON object and nothing else")
}

fn check(version: &str) {
    let case = case();
    let made = answer(&case.aggregate(&case.sealed, &["--snarkpack", version]));
    assert_eq!(made["proof"], case.kit[version]["aggregate_proof_hex"]);
    assert_eq!(made["aggregate_proof"], format!("snarkpack-{version}"));
    assert_eq!(made["srs"]["origin"], "development");
    let holds = case.verify(&made);
    assert_eq!(
        (holds.status.code(), stdout(&holds).as_str()),
        (Some(0), "true\n"),
        "{}",
        stderr(&holds)
    );
}

#[test]
fn aggregates_are_the_references() {
    check("v1");
    check("v2");
}

#[test]
fn another_claim_does_not_hold() {
    let case = case();
    let made = answer(&case.aggregate(&case.sealed, &[]));
    let is_false = |aggregate: &Value, what: &str| {
        let output = case.verify(aggregate);
        let found = (output.status.code(), stdout(&output));
        assert_eq!(
            found,
            (Some(1), "false\n".to_owned()),
            "{what}: {}",
            stderr(&output)
        );
    };
    let other = "0100000000000000000000000000000000000000000000000000000000000000";
    for (name, value) in [
        ("sector", json!(44)),
        ("seed", json!(other)),
        ("ticket", json!(other)),
        ("porep_id", json!(other)),
        ("prover_id", json!(other)),
        ("comm_d", json!(other)),
        ("comm_r", json!(other)),
    ] {
        for sector in [0, 1] {
            let mut changed = made.clone();
            changed["sectors"][sector][name] = value.clone();
            is_false(&changed, name);
        }
    }
    for (name, value) in [
        ("aggregate_proof", "snarkpack-v1"),
        ("seal_proof", "v1"),
        ("seal_proof", "synthetic"),
        ("seal_proof", "ni"),
    ] {
        let mut changed = made.clone();
        changed[name] = json!(value);
        is_false(&changed, value);
    }
    let mut changed = made.clone();
    changed["sectors"].as_array_mut().unwrap().swap(0, 1);
    is_false(&changed, "order");
    changed["sectors"].as_array_mut().unwrap().pop();
    is_false(&changed, "one sector");
    changed["sectors"] = json!([]);
    is_false(&changed, "no sector");
    changed["sectors"] = Value::Array(
        [
            made["sectors"].as_array().unwrap().clone(),
            vec![made["sectors"][0].clone()],
        ]
        .concat(),
    );
    is_false(&changed, "three sectors");
}

#[test]
fn what_cannot_be_aggregated_is_refused_with_the_place() {
    let case = case();
    let with = |name: &str, value: Value| {
        let mut sealed = case.sealed.clone();
        sealed[1][name] = value;
        case.aggregate(&sealed, &[])
    };
    refused(
        &with("proof", Value::Null),
        &["sealed-1.json: proof: there is none"],
    );
    refused(
        &with("proof", json!("b6ee")),
        &["sealed-1.json: proof", "192 bytes, not 2"],
    );
    refused(
        &with("proof", json!("b6eg")),
        &["sealed-1.json: proof", "hexadecimal"],
    );
    refused(
        &with("seed", json!("07")),
        &["sealed-1.json", "64 hexadecimal digits"],
    );
    refused(
        &with("seed", json!("0".repeat(64))),
        &["sector 2", "the seed is zero"],
    );
    refused(
        &with("comm_r", json!("f".repeat(64))),
        &["sealed-1.json", "modulus"],
    );
    refused(
        &with("sector", json!(44)),
        &["the proof of sector 2 of the aggregate does not hold"],
    );
    refused(
        &with("seal_proof", json!("v1")),
        &["sealed-1.json has 2048 bytes, v1,", "one size and seal proof"],
    );
    refused(&with("sector_size", json!(4096)), &["4096 bytes", "one size"]);
    refused(
        &run(&["aggregate", "--json-file", "/dev/zero"]),
        &["/dev/zero has more than"],
    );
    refused(&run(&["aggregate"]), &["--json-file"]);
}

#[test]
fn what_is_no_aggregate_is_refused_with_the_reason() {
    let case = case();
    let made = answer(&case.aggregate(&case.sealed, &[]));
    let with = |name: &str, value: Value| {
        let mut changed = made.clone();
        changed[name] = value;
        case.verify(&changed)
    };
    let proof = word(&made, "proof");
    refused(
        &with("proof", json!(&proof[2..])),
        &["aggregate.json: proof", "not 5235"],
    );
    refused(
        &with("proof", json!(format!("{proof}00"))),
        &["proof", "not 5237"],
    );
    refused(
        &with("proof", json!(format!("00{}", &proof[2..]))),
        &["not canonical, or not in its group"],
    );
    refused(
        &with("sector_size", json!(2049)),
        &["no sector size of 2049 bytes"],
    );
    refused(&with("aggregate_proof", json!("snarkpack-v3")), &["snarkpack-v3"]);
    refused(&with("sectors", json!(7)), &["aggregate.json"]);
}

/// The reference string is looked after as the keys are.
#[test]
fn a_reference_string_is_made_kept_and_checked() {
    let folder = folder();
    let dir = text(folder.path());
    let path = folder.path().join("development-v28-fil-inner-product-v1.srs");
    let made = json(&["params", "make", "--srs", "--json", "--parameters", dir]);
    assert_eq!(
        (made["srs"].as_str(), made["origin"].as_str()),
        (path.to_str(), Some("development"))
    );
    let fixtures = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/v28-fil-inner-product-v1.srs"
    );
    let bytes = fs::read(&path).unwrap();
    assert!(bytes == fs::read(fixtures).unwrap(), "it is not the reference's");
    let listed = json(&["params", "list", "--json", "--parameters", dir]);
    assert_eq!(listed["files"][0]["proof"], "aggregate");
    json(&["params", "verify", "--json", "--parameters", dir]);

    let mut changed = bytes.clone();
    changed[1000] ^= 1;
    fs::write(&path, &changed).unwrap();
    refused(
        &run(&["params", "make", "--srs", "--parameters", dir]),
        &["is damaged", "params make --srs"],
    );
    let bad = run(&["params", "verify", "--parameters", dir]);
    assert!(stdout(&bad).contains("BAD"));

    // Without a receipt its digest is nobody's.
    fs::remove_file(
        folder
            .path()
            .join("development-v28-fil-inner-product-v1.srs.receipt.json"),
    )
    .unwrap();
    refused(
        &run(&["params", "make", "--srs", "--parameters", dir]),
        &["foreign file"],
    );
    // Known by its digest it is taken, but not on the main network.
    fs::write(&path, &bytes).unwrap();
    json(&["params", "verify", "--json", "--parameters", dir]);
    let mainnet = [
        "params",
        "make",
        "--srs",
        "--parameters",
        dir,
        "--network",
        "mainnet",
    ];
    refused(&run(&mainnet), &["worth nothing on mainnet", "params import"]);
    let case = case();
    refused(
        &case.aggregate(&case.sealed, &["--network", "mainnet"]),
        &["worth nothing on mainnet"],
    );
}
