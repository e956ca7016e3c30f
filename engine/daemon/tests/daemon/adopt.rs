//! A directory without a record, as other software leaves it, is taken over only if every file of it agrees.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::engine::{file, folder, json, refused, run, snapshot, stderr, text, word};
use serde_json::Value;
use tempfile::TempDir;

/// Whose the sector is.
const IDENTITY: [&str; 6] = ["--sector-size", "2KiB", "--sector", "7", "--prover-id", "t01234"];

struct Foreign {
    folder: TempDir,
    /// What the sector was sealed from.
    data: PathBuf,
    dir: PathBuf,
    /// What `seal` answered.
    sealed: Value,
}

/// A sealed 2 KiB sector as another program leaves it: without our record, but with the staged data.
fn foreign(pattern: &str) -> Foreign {
    let folder = folder();
    let (data, dir) = (file(folder.path(), pattern, 2032, 7), folder.path().join("cache"));
    let seal = ["seal", "--json", "--skip-proof", "--skip-unseal"];
    let here = ["--dir", text(&dir), text(&data)];
    let sealed = json(&[&seal[..], &IDENTITY, &here].concat());
    fs::remove_file(dir.join("sector.json")).unwrap();
    fs::write(dir.join("staged"), fs::read(&data).unwrap()).unwrap();
    Foreign {
        folder,
        data,
        dir,
        sealed,
    }
}

fn adopt(dir: &Path, more: &[&str]) -> Output {
    let flags = ["adopt", "--json", "--dir", text(dir)];
    run(&[&flags[..], &IDENTITY, more].concat())
}

/// The directory is refused, for a reason that has these words in it, and left as it is.
fn check_refused(dir: &Path, args: &[&str], words: &[&str]) {
    let before = snapshot(dir);
    refused(&adopt(dir, args), words);
    assert_eq!(snapshot(dir), before);
}

/// The directory is taken over, and what is unsealed is what was sealed.
fn check_adopted(foreign: &Foreign, args: &[&str]) {
    let output = adopt(&foreign.dir, args);
    assert!(output.status.success(), "{}", stderr(&output));
    let adopted: Value = serde_json::from_slice(&output.stdout).unwrap();
    for name in ["comm_d", "comm_c", "comm_r_last", "comm_r", "replica_id"] {
        assert_eq!(adopted[name], foreign.sealed[name], "{name}");
    }
    let out = foreign.folder.path().join("out");
    let output = run(&["unseal", "--dir", text(&foreign.dir), text(&out)]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(fs::read(&out).unwrap(), fs::read(&foreign.data).unwrap());
}

#[test]
fn a_sector_is_taken_over() {
    let foreign = foreign("mod251");
    let before = snapshot(&foreign.dir);
    check_adopted(&foreign, &[]);
    let mut after = snapshot(&foreign.dir);
    assert!(after.remove("sector.json").is_some());
    assert_eq!(after, before, "nothing else is changed");
    check_refused(&foreign.dir, &[], &["taken over already", "sector.json"]);
    // It is a sector of ours now: sealing the same data goes on with it, what is removed is made again, and what
    // was never part of it stays.
    fs::remove_file(foreign.dir.join("t_aux")).unwrap();
    fs::remove_file(foreign.dir.join("sc-02-data-layer-2.dat")).unwrap();
    let seal = ["seal", "--json", "--skip-proof", "--dir", text(&foreign.dir)];
    let again = json(&[&seal[..], &IDENTITY, &[text(&foreign.data)]].concat());
    assert_eq!(word(&again, "comm_r"), word(&foreign.sealed, "comm_r"));
    after = snapshot(&foreign.dir);
    assert!(after.remove("sector.json").is_some());
    assert_eq!(after, before);
}

#[test]
fn the_replica_may_lie_elsewhere() {
    let foreign = foreign("chacha8");
    let (inside, outside) = (
        foreign.dir.join("sealed"),
        foreign.folder.path().join("s-t01234-7"),
    );
    fs::rename(&inside, &outside).unwrap();
    check_refused(&foreign.dir, &[], &[text(&inside), "No such file"]);
    fs::write(&inside, b"someone's").unwrap();
    check_refused(
        &foreign.dir,
        &["--replica", text(&outside)],
        &[text(&inside), "exists"],
    );
    fs::remove_file(&inside).unwrap();
    let whole = fs::read(&outside).unwrap();
    let cut = &whole[..2047];
    fs::write(&outside, cut).unwrap();
    check_refused(
        &foreign.dir,
        &["--replica", text(&outside)],
        &[text(&outside), "2047 bytes"],
    );
    fs::write(&outside, &whole).unwrap();
    check_adopted(&foreign, &["--replica", text(&outside)]);
    assert_eq!(fs::read_link(&inside).unwrap(), outside.canonicalize().unwrap());
}

#[test]
fn another_sector_is_refused() {
    let foreign = foreign("mod251");
    for other in [
        ["--sector", "8"],
        ["--prover-id", "t01000"],
        ["--ticket", &"01".repeat(32)],
        ["--porep-id", &"01".repeat(32)],
        ["--seal-proof", "v1"],
    ] {
        let mut flags: Vec<&str> = vec!["adopt", "--dir", text(&foreign.dir)];
        let kept = IDENTITY.chunks(2).filter(|kept| kept[0] != other[0]);
        flags.extend(kept.flatten());
        flags.extend(other);
        let before = snapshot(&foreign.dir);
        refused(
            &run(&flags),
            &["sc-02-data-layer-1.dat", "what is said of the sector"],
        );
        assert_eq!(snapshot(&foreign.dir), before);
    }
    let args = ["adopt", "--dir", text(&foreign.dir), "--sector-size", "4KiB"];
    refused(
        &run(&args),
        &["sc-02-data-layer-1.dat has 2048 bytes where 4096 belong"],
    );
    refused(
        &run(&["adopt", "--dir", "/nowhere", "--sector-size", "4KiB"]),
        &["/nowhere"],
    );
}

#[test]
fn a_file_that_disagrees_is_named() {
    let (foreign, other) = (foreign("mod251"), foreign("zero"));
    let mut names: Vec<String> = snapshot(&foreign.dir).into_keys().collect();
    names.retain(|name| name != "staged");
    assert_eq!(names.len(), 8);
    for name in names {
        let path = foreign.dir.join(&name);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[whole.len() - 1] ^= 1;
        let mut cases = vec![
            flipped,
            whole[..whole.len() - 1].to_vec(),
            [&whole[..], &[0]].concat(),
        ];
        if name != "t_aux" {
            cases.push(fs::read(other.dir.join(&name)).unwrap());
        }
        for damaged in cases {
            fs::write(&path, damaged).unwrap();
            // Layers are made for one tree D: with another it is they that do not go with the rest.
            let named = match name.as_str() {
                "sc-02-data-tree-d.dat" => "sc-02-data-",
                _ => text(&path),
            };
            check_refused(&foreign.dir, &[], &[named]);
        }
        if name != "t_aux" {
            fs::remove_file(&path).unwrap();
            check_refused(&foreign.dir, &[], &[text(&path), "No such file"]);
        }
        fs::write(&path, whole).unwrap();
    }
    check_adopted(&foreign, &[]);
}

#[test]
fn only_a_sector_with_data_is_proved() {
    let folder = folder();
    refused(
        &run(&["prove", "--dir", text(folder.path())]),
        &["holds no sector"],
    );
    let foreign = foreign("mod251");
    assert!(adopt(&foreign.dir, &[]).status.success());
    let updated = foreign.folder.path().join("updated");
    let update = [
        "--dir",
        text(&foreign.dir),
        "--out",
        text(&updated),
        text(&foreign.data),
    ];
    json(&[&["update", "--json"], &update[..]].concat());
    refused(
        &run(&["prove", "--dir", text(&updated)]),
        &["updated", "update-prove"],
    );
    fs::remove_file(foreign.dir.join("sc-02-data-tree-d.dat")).unwrap();
    let prove = run(&["prove", "--dir", text(&foreign.dir)]);
    refused(&prove, &["holds no data", "tree-d.dat"]);
}
