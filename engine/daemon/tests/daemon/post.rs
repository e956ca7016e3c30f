//! PoSt from outside: sectors answer from their directories, and the faulty ones are named.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Output,
};

use crate::engine::{file, folder, json, refused, run, snapshot, stderr, stdout, text, word};
use serde_json::Value;
use tempfile::TempDir;

/// A folder of three sealed sectors with nothing left in them but what a PoSt needs.
struct Farm {
    folder: TempDir,
    parameters: String,
}

fn farm() -> Farm {
    let folder = folder();
    let parameters = env::var("LODE_PARAMETERS").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let farm = Farm { folder, parameters };
    for sector in 1..=3 {
        let data = file(farm.folder.path(), "chacha8", 2032, sector);
        let (dir, number) = (farm.sector(sector), sector.to_string());
        fs::create_dir_all(&dir).unwrap();
        let seal = [
            "seal",
            "--skip-proof",
            "--skip-unseal",
            "--sector",
            &number,
            "--dir",
        ];
        let sealed = run(&[&seal[..], &[text(&dir), text(&data)]].concat());
        assert!(sealed.status.success(), "{}", stderr(&sealed));
        for name in ["layer-1", "layer-2", "tree-d", "tree-c"] {
            fs::remove_file(dir.join(format!("sc-02-data-{name}.dat"))).unwrap();
        }
    }
    farm
}

impl Farm {
    fn sectors(&self) -> PathBuf {
        self.folder.path().join("sectors")
    }

    fn sector(&self, sector: u64) -> PathBuf {
        self.sectors().join(sector.to_string())
    }

    fn post(&self, args: &[&str]) -> Output {
        run(&[&["post"], args, &["--parameters", &self.parameters]].concat())
    }

    /// A proof that `verify` accepts from the file that `post` printed.
    fn proves(&self, args: &[&str]) -> (PathBuf, Value) {
        let answer = json(&[&["post"], args, &["--json", "--parameters", &self.parameters]].concat());
        let path = self
            .folder
            .path()
            .join(format!("{}.json", args.join(" ").replace('/', "_")));
        fs::write(&path, answer.to_string()).unwrap();
        let worth = "true (development parameters: no evidence for others)\n";
        assert_eq!(self.verify(&path), (Some(0), worth.to_owned()));
        (path, answer)
    }

    fn verify(&self, path: &Path) -> (Option<i32>, String) {
        let output = run(&[
            "verify",
            "--json-file",
            text(path),
            "--parameters",
            &self.parameters,
        ]);
        (output.status.code(), stdout(&output))
    }
}

#[test]
fn a_farm_proves_windows_whole_and_in_parts() {
    let farm = farm();
    let before = snapshot(&farm.sector(2));
    let sectors = farm.sectors();
    let from = ["--dir", text(&sectors)];
    let window = [&["window"], &from[..]].concat();
    let (path, whole) = farm.proves(&window);
    assert_eq!(
        (word(&whole, "kind"), word(&whole, "post_proof")),
        ("window", "window-v1.2")
    );
    assert_eq!(whole["partitions"], 2);
    assert_eq!(word(&whole, "proof").len(), 2 * 2 * 192);
    assert_eq!(whole["parameters"]["origin"], "development");
    assert_eq!(snapshot(&farm.sector(2)), before, "a PoSt changes nothing");

    // A proof of another sector, another randomness, another order of partitions is none.
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut other = whole.clone();
        change(&mut other);
        fs::write(&path, other.to_string()).unwrap();
        farm.verify(&path)
    };
    let no = (Some(1), "false\n".to_owned());
    assert_eq!(changed(&|value| value["sectors"][2]["sector"] = 4.into()), no);
    assert_eq!(changed(&|value| value["randomness"] = "0".repeat(64).into()), no);
    assert_eq!(
        changed(&|value| value["partition"] = 0.into()),
        (Some(1), String::new())
    );
    let swapped = |value: &mut Value| {
        let proof = word(value, "proof").to_owned();
        value["proof"] = (proof[384..].to_owned() + &proof[..384]).into();
    };
    assert_eq!(changed(&swapped), no);

    let parts = ["0", "1"].map(|k| farm.proves(&[&window[..], &["--partition", k]].concat()).0);
    let (_, merged) = farm.proves(&["merge", text(&parts[1]), text(&parts[0])]);
    assert_eq!(merged["sectors"], whole["sectors"]);
    let merge = |parts: &[&Path]| {
        farm.post(
            &[
                &["merge"],
                &parts.iter().map(|path| text(path)).collect::<Vec<_>>()[..],
            ]
            .concat(),
        )
    };
    refused(&merge(&[&parts[0]]), &["of 2 partitions these are missing: [1]"]);
    refused(&merge(&[&parts[0], &parts[0]]), &["another file holds too"]);
    refused(
        &farm.post(&[&window[..], &["--partition", "2"]].concat()),
        &["there is no partition 2: 3 sectors make 2"],
    );
    check_elsewhere(&farm, &whole);
}

/// Vanilla proofs are made here and hidden there, where there are no sectors.
fn check_elsewhere(farm: &Farm, whole: &Value) {
    let (sectors, out) = (farm.sectors(), farm.folder.path().join("proofs"));
    let made = farm.post(&["vanilla", "--dir", text(&sectors), "--out", text(&out)]);
    assert!(made.status.success(), "{}", stderr(&made));
    let files = ["3", "1", "2"].map(|sector| out.join(format!("{sector}.vproof")));
    let files: Vec<&str> = files.iter().map(|path| text(path)).collect();
    let settings = ["--sector-size", "2KiB", "--prover-id", "t01000"];
    let elsewhere = [&["window", "--vanilla"], &files[..], &settings].concat();
    let (_, proved) = farm.proves(&elsewhere);
    assert_eq!(proved["sectors"], whole["sectors"]);
    let other = "1".repeat(63) + "0";
    let output = farm.post(&[&elsewhere[..], &["--randomness", &other]].concat());
    refused(&output, &[]);
    let reason = "faulty  sector 1: its vanilla proof does not answer what is asked\n";
    assert!(stdout(&output).contains(reason), "{}", stdout(&output));
    let large = [
        &["window", "--vanilla", files[0]],
        &settings[2..],
        &["--sector-size", "8MiB"],
    ]
    .concat();
    refused(
        &farm.post(&large),
        &["3.vproof: no vanilla proof of a 8MiB sector: at byte"],
    );
}

#[test]
fn the_chosen_sector_answers_for_a_win() {
    let farm = farm();
    let sectors = farm.sectors();
    let (_, won) = farm.proves(&["winning", "--dir", text(&sectors)]);
    assert_eq!(
        (word(&won, "kind"), won["partitions"].as_u64()),
        ("winning", Some(1))
    );
    let chosen = won["sectors"][0]["sector"].as_u64().unwrap();
    let only = farm.sector(chosen);
    let (_, again) = farm.proves(&["winning", "--dir", text(&only)]);
    assert_eq!(again["sectors"], won["sectors"]);

    fs::remove_file(only.join("sealed")).unwrap();
    let output = farm.post(&["winning", "--dir", text(&sectors)]);
    refused(&output, &[]);
    let told = stdout(&output);
    assert!(
        told.contains(&format!("faulty  sector {chosen}: cannot open")),
        "{told}"
    );
}

/// The circuit is recorded once, for all processes; a file of it that is not what was written is told, and replaced.
#[test]
fn the_circuit_is_kept_beside_the_parameters() {
    let mut farm = farm();
    let sectors = farm.sectors();
    let window = ["window", "--dir", text(&sectors), "--partition", "0"];
    farm.proves(&window);
    // The same parameters, and no shapes beside them yet.
    let dir = farm.folder.path().join("parameters");
    fs::create_dir(&dir).unwrap();
    for entry in fs::read_dir(&farm.parameters).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            symlink(entry.path(), dir.join(entry.file_name())).unwrap();
        }
    }
    farm.parameters = text(&dir).to_owned();
    let proves = || {
        let output = farm.post(&window);
        assert!(output.status.success(), "{}", stderr(&output));
        stderr(&output)
    };
    assert!(!proves().contains("record"));
    let files: Vec<_> = fs::read_dir(dir.join("shapes")).unwrap().collect();
    let [Ok(file)] = &files[..] else {
        panic!("not one file: {files:?}");
    };
    let (path, bytes) = (file.path(), fs::read(file.path()).unwrap());
    assert!(!proves().contains("record"));
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    let recorded = "is removed, and the circuit recorded anew: its digest is wrong: it was changed, or cut";
    for (wrong, why) in [
        (&flipped[..], recorded),
        (&bytes[..bytes.len() / 2], recorded),
        (b"another", "recorded anew: it is another file than it should be"),
        (b"", "is empty"),
    ] {
        fs::write(&path, wrong).unwrap();
        let told = proves();
        assert!(told.contains(why), "{why:?} is not in: {told}");
        assert!(told.contains(text(&path)), "{told}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::remove_dir_all(dir.join("shapes")).unwrap();
    fs::write(dir.join("shapes"), b"").unwrap();
    assert!(proves().contains("because the circuit is not kept: cannot create"));
}

#[test]
fn faulty_sectors_are_named_with_reasons_and_the_rest_can_be_proved() {
    let farm = farm();
    let sectors = farm.sectors();
    let from = ["window", "--dir", text(&sectors)];
    let replica = farm.sector(2).join("sealed");
    let mut bytes = fs::read(&replica).unwrap();
    bytes[77] ^= 1;
    fs::write(&replica, &bytes).unwrap();
    fs::remove_file(farm.sector(3).join("sc-02-data-tree-r-last.dat")).unwrap();

    let output = farm.post(&[&from[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["proof"], Value::Null);
    let faults = answer["faults"].as_array().unwrap();
    let check = |fault: &Value, sector: u64, reason: &str| {
        assert_eq!(fault["sector"], sector);
        assert_eq!(word(fault, "dir"), text(&farm.sector(sector)));
        assert!(word(fault, "reason").contains(reason), "{fault}");
    };
    assert_eq!(faults.len(), 2);
    check(
        &faults[0],
        2,
        "2/sealed: replica: node 0 is not what was committed",
    );
    check(&faults[1], 3, "3/sc-02-data-tree-r-last.dat: No such file");

    let (_, rest) = farm.proves(&[&from[..], &["--skip", "2,3"]].concat());
    assert_eq!(
        (&rest["faults"], &rest["skipped"]),
        (&serde_json::json!([]), &serde_json::json!([2, 3]))
    );
    let (_, rest) = farm.proves(&[&from[..], &["--skip-faulty"]].concat());
    assert_eq!(rest["sectors"].as_array().unwrap().len(), 1);
    assert_eq!(rest["faults"].as_array().unwrap().len(), 2);

    // Not even its number is known.
    fs::write(farm.sector(3).join("sector.json"), "{}").unwrap();
    let output = farm.post(&from);
    refused(&output, &[]);
    let told = stdout(&output);
    assert!(told.contains("sector.json is damaged"), "{told}");
    farm.proves(&[&from[..], &["--skip-faulty"]].concat());
    let output = farm.post(&[&from[..], &["--skip-faulty", "--skip", "1"]].concat());
    assert!(!output.status.success() && stdout(&output).starts_with("no proof"));
}

#[test]
fn what_no_post_can_be_made_of_is_refused() {
    let farm = farm();
    let sectors = farm.sectors();
    let from = ["window", "--dir", text(&sectors)];
    let check = |more: &[&str], words: &[&str]| refused(&farm.post(&[&from[..], more].concat()), words);
    check(
        &["--randomness", &"f".repeat(64)],
        &["not below the modulus", "are cleared"],
    );
    check(&["--prover-id", "t01001"], &["a PoSt is of one provider"]);
    check(
        &["--sector-size", "8MiB"],
        &["holds a 2KiB sector, and 8MiB was expected"],
    );
    check(
        &["--skip", "9"],
        &["sector 9 is to be skipped, but is none of those"],
    );
    check(&["--skip", "1,2,3"], &["none is left"]);
    check(&["--post-proof", "winning"], &["post winning"]);
    check(&[text(&farm.sector(1))], &["sector 1 is in"]);
    let empty = farm.folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    refused(
        &farm.post(&["window", "--dir", text(&empty)]),
        &["holds neither a sector nor"],
    );
    let young = farm.folder.path().join("young");
    fs::create_dir(&young).unwrap();
    fs::copy(farm.sector(1).join("sector.json"), young.join("sector.json")).unwrap();
    let output = farm.post(&["window", "--dir", text(&young)]);
    assert!(
        stdout(&output).contains("faulty  sector 1: cannot open"),
        "{}",
        stderr(&output)
    );
}
