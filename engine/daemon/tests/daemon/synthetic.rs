//! Synthetic sectors: what a seed may ask for is stored, the layers go, and the proof comes from what is stored.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::engine::{
    file, fixture, folder, json, refused, run, snapshot, stages, stderr, stdout, text, word,
};
use serde_json::Value;
use sha2::{Digest, Sha256};

const CASE: &str = "2KiB-1.2.0-synth-chacha8-s45.json";
const STORED: &str = "syn-porep-vanilla-proofs.dat";

/// The command that seals the reference's synthetic sector.
struct Command {
    dir: PathBuf,
    args: Vec<String>,
}

impl Command {
    fn new(folder: &Path) -> Command {
        let golden = fixture(&format!("porep-{CASE}"));
        let case = &golden["case"];
        let data = file(folder, "chacha8", 2032, 45);
        let dir = folder.join("sector");
        let args = [
            ["--seal-proof", "synthetic"],
            ["--sector", "45"],
            ["--prover-id", word(case, "prover_id")],
            ["--ticket", word(case, "ticket")],
            ["--seed", word(case, "seed")],
            ["--dir", text(&dir)],
            ["--json", text(&data)],
        ];
        let args = args.concat().into_iter().map(str::to_owned).collect();
        Command { dir, args }
    }

    fn run(&self, more: &[&str]) -> Output {
        let args = self.args.iter().map(String::as_str);
        run(&["seal"]
            .into_iter()
            .chain(args)
            .chain(more.iter().copied())
            .collect::<Vec<_>>())
    }

    fn json(&self, more: &[&str]) -> Value {
        let output = self.run(more);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    }
}

#[test]
fn the_stored_proofs_are_the_references_and_the_rest_goes() {
    let folder = folder();
    let command = Command::new(folder.path());
    let sealed = command.json(&["--skip-proof"]);
    let golden = fixture(&format!("porep-{CASE}"));
    for name in [
        "comm_d",
        "comm_c",
        "comm_r_last",
        "comm_r",
        "replica_id",
        "porep_id",
    ] {
        let known = if name == "porep_id" {
            &golden["case"]
        } else {
            &golden
        };
        assert_eq!(word(&sealed, name), word(known, name), "{name}");
    }
    let files = snapshot(&command.dir);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let expected = [
        "p_aux",
        "sc-02-data-tree-r-last.dat",
        "sealed",
        "sector.json",
        STORED,
        "t_aux",
    ];
    assert_eq!(names, expected);
    let digest = hex::encode(Sha256::digest(&files[STORED]));
    assert_eq!(digest, word(&fixture(&format!("synth-{CASE}")), "sha256"));
    // Told from before they went.
    let layer = &golden["files"]["sc-02-data-layer-2.dat"];
    assert_eq!(sealed["layers_sha256"][1], layer["sha256"]);

    // Nothing is left to do, and nothing is done again.
    let again = command.json(&["--skip-proof", "--skip-unseal"]);
    assert_eq!(stages(&again), ["add_piece", "synthetic"]);
    for name in ["layers", "tree_d", "tree_c", "tree_r_last", "replica"] {
        let name = format!("{name}_sha256");
        assert!(again[&name] == sealed[&name] && !again[&name].is_null(), "{name}");
    }
    assert_eq!(snapshot(&command.dir), files);
    let out = folder.path().join("out");
    json(&["unseal", "--json", "--dir", text(&command.dir), text(&out)]);
    assert_eq!(fs::read(out).unwrap().len(), 2032);
}

#[test]
fn a_sector_is_proved_from_what_is_stored_and_from_nothing_damaged() {
    let folder = folder();
    let parameters = env::var("LODE_PARAMETERS").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let command = Command::new(folder.path());
    command.json(&["--skip-proof", "--skip-unseal"]);
    let (path, proves) = (command.dir.join(STORED), ["--parameters", &parameters]);
    let stored = fs::read(&path).unwrap();
    let check = |change: &dyn Fn(&mut Vec<u8>), reason: &str| {
        let mut bytes = stored.clone();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        refused(&command.run(&proves), &[STORED, reason, "remove it"]);
    };
    check(
        &|bytes| bytes.truncate(575_071),
        "575071 bytes where 575072 belong",
    );
    check(&|bytes| bytes[40] ^= 1, "another sector's");
    // Which records are read depends on the seed: the first parent of each.
    let record = (stored.len() - 96) / 64;
    let parents = |bytes: &mut Vec<u8>| (0..64).for_each(|i| bytes[96 + 8 + i * record] ^= 1);
    check(&parents, "does not answer its challenge");

    // Without it everything is made anew.
    fs::remove_file(&path).unwrap();
    let sealed = command.json(&proves);
    assert_eq!(sealed["verified"], true);
    assert_eq!(fs::read(&path).unwrap(), stored);
    let expected = [
        "add_piece",
        "pre_commit_1",
        "pre_commit_2",
        "synthetic",
        "unseal",
        "compare",
        "commit_1",
        "commit_2",
        "verify",
    ];
    assert!(stages(&sealed).ends_with(&expected), "{sealed}");

    let told = folder.path().join("sealed.json");
    let verify = |statement: &Value| {
        fs::write(&told, statement.to_string()).unwrap();
        let output = run(&["verify", "--parameters", &parameters, "--json-file", text(&told)]);
        stdout(&output).starts_with("true")
    };
    assert!(verify(&sealed));
    // The same words under other challenges: interactive ones, and those of another seed.
    for (name, value) in [("seal_proof", "v1.1"), ("seed", word(&sealed, "ticket"))] {
        let mut other = sealed.clone();
        other[name] = value.into();
        assert!(!verify(&other), "{name}");
    }
    let cleared = json(&["clear", "--json", "--synthetic", "--dir", text(&command.dir)]);
    assert_eq!(cleared["removed"], serde_json::json!([STORED]));
}

#[test]
fn only_what_is_needed_no_more_is_cleared() {
    let folder = folder();
    let command = Command::new(folder.path());
    let dir = text(&command.dir);
    refused(&run(&["clear", "--dir", dir]), &["sector"]);
    command.json(&["--skip-proof", "--skip-unseal", "--keep-layers"]);
    assert!(command.dir.join("sc-02-data-layer-1.dat").exists());
    let cleared = json(&["clear", "--json", "--dir", dir]);
    assert_eq!(cleared["removed"].as_array().unwrap().len(), 4);
    assert!(command.dir.join(STORED).exists());
    // It can be sealed on as if it had been cleared at once.
    assert_eq!(
        stages(&command.json(&["--skip-proof", "--skip-unseal"])),
        ["add_piece", "synthetic"]
    );
    fs::remove_file(command.dir.join(STORED)).unwrap();
    refused(&run(&["clear", "--dir", dir]), &["no synthetic proofs yet"]);

    let data = file(folder.path(), "mod251", 2032, 1);
    let other = folder.path().join("interactive");
    let seal = [
        "seal",
        "--skip-proof",
        "--skip-unseal",
        "--dir",
        text(&other),
        text(&data),
    ];
    assert!(run(&seal).status.success());
    refused(
        &run(&["clear", "--synthetic", "--dir", text(&other)]),
        &["leave out --synthetic"],
    );
    let cleared = json(&["clear", "--json", "--dir", text(&other)]);
    assert_eq!(cleared["removed"].as_array().unwrap().len(), 4);
    // Without layers the replica is still the data.
    let out = folder.path().join("out");
    json(&["unseal", "--json", "--dir", text(&other), text(&out)]);
    assert_eq!(fs::read(out).unwrap(), fs::read(data).unwrap());
}
