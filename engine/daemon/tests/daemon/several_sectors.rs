//! Several sectors of committed capacity that are labelled side by side: each becomes what it becomes alone.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    bad_input::in_namespace,
    engine::{file, folder, json, refused, run, snapshot, stages, stderr, stdout, text},
    verbs::interrupt,
};
use serde_json::Value;

const SEAL: [&str; 4] = ["seal", "--cc", "--sector-size", "2KiB"];

/// The command for three sectors, 9 to 11, beneath a directory.
fn three<'a>(dir: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let three = ["--json", "--sector", "9", "--sectors", "3", "--dir", text(dir)];
    [&SEAL[..], &three, more].concat()
}

fn seal(dir: &Path, more: &[&str]) -> Value {
    json(&three(dir, more))
}

fn sectors(sealed: &Value) -> &[Value] {
    sealed["sectors"].as_array().expect("a list")
}

fn dirs(dir: &Path) -> [PathBuf; 3] {
    [9, 10, 11].map(|number| dir.join(format!("s-t01000-{number}")))
}

fn snapshots(dir: &Path) -> [BTreeMap<String, Vec<u8>>; 3] {
    dirs(dir).map(|dir| snapshot(&dir))
}

/// What is told of a sector, but for the stages.
fn told(sealed: &Value) -> Value {
    let mut told = sealed.clone();
    told.as_object_mut().expect("an object").remove("stages");
    told
}

fn check_same_as_alone(more: &[&str]) {
    let folder = folder();
    let dir = folder.path().join("several");
    let together = seal(&dir, more);
    assert_eq!(stages(&together), ["pre_commit_1"]);
    assert_eq!(sectors(&together).len(), 3);
    for (sealed, home) in sectors(&together).iter().zip(dirs(&dir)) {
        let (number, dir) = (sealed["sector"].to_string(), folder.path().join("alone"));
        let one = ["--json", "--sector", &number, "--dir", text(&dir)];
        let alone = json(&[&SEAL[..], &one, more].concat());
        assert_eq!(told(sealed), told(&alone));
        assert_eq!(stages(sealed), stages(&alone)[1..]);
        assert_eq!(snapshot(&home), snapshot(&dir));
        fs::remove_dir_all(dir).unwrap();
    }
}

#[test]
fn each_is_the_same_as_alone() {
    check_same_as_alone(&["--skip-proof"]);
    check_same_as_alone(&["--skip-proof", "--seal-proof", "synthetic"]);
}

#[test]
fn what_is_missing_is_made_again() {
    let folder = folder();
    let (dir, more) = (folder.path().join("several"), ["--skip-proof", "--skip-unseal"]);
    let first = seal(&dir, &more);
    let (whole, [nine, ten, eleven]) = (snapshots(&dir), dirs(&dir));
    let layer = |number: u8| format!("sc-02-data-layer-{number}.dat");
    let cases: [&[PathBuf]; 5] = [
        &[ten.join(layer(1))],
        &[nine.join(layer(2)), eleven.join(layer(1)), eleven.join(layer(2))],
        &[
            nine.join("sc-02-data-tree-d.dat"),
            ten.join(layer(2)),
            eleven.join("sealed"),
        ],
        &[ten.join("sector.json")],
        &[],
    ];
    for missing in cases {
        for path in missing {
            match path.ends_with("sector.json") {
                true => fs::remove_dir_all(path.parent().unwrap()).unwrap(),
                false => fs::remove_file(path).unwrap(),
            }
        }
        let again = seal(&dir, &more);
        assert_eq!(
            sectors(&again).iter().map(told).collect::<Vec<_>>(),
            sectors(&first).iter().map(told).collect::<Vec<_>>()
        );
        assert_eq!(snapshots(&dir), whole, "{missing:?}");
    }
}

#[test]
fn what_is_stored_is_not_labelled_again() {
    let folder = folder();
    let dir = folder.path().join("several");
    let more = ["--skip-proof", "--skip-unseal", "--seal-proof", "synthetic"];
    seal(&dir, &more);
    let whole = snapshots(&dir);
    let again = seal(&dir, &more);
    assert!(stages(&again).is_empty());
    let [_, ten, _] = dirs(&dir);
    fs::remove_file(ten.join("syn-porep-vanilla-proofs.dat")).unwrap();
    // The only one that is labelled is the one that an error names.
    let foreign = ten.join("sc-02-data-layer-1.dat");
    fs::write(&foreign, b"someone's").unwrap();
    refused(
        &run(&three(&dir, &more)),
        &["lode-engine: sector 10: pre_commit_1: ", text(&foreign)],
    );
    fs::remove_file(foreign).unwrap();
    let again = seal(&dir, &more);
    assert_eq!(stages(&again), ["pre_commit_1"]);
    let of = |i: usize| stages(&sectors(&again)[i]);
    assert_eq!(of(0), ["synthetic"]);
    assert_eq!(of(1), ["pre_commit_2", "synthetic"]);
    assert_eq!(of(2), ["synthetic"]);
    assert_eq!(snapshots(&dir), whole);
}

#[test]
fn an_interrupted_process_is_taken_up_again() {
    let folder = folder();
    let dir = folder.path().join("several");
    let seal = [
        "seal",
        "--cc",
        "--sector-size",
        "8MiB",
        "--skip-proof",
        "--skip-unseal",
    ];
    let seal = [&seal[..], &["--json", "--scratch", text(folder.path())]].concat();
    let several = [
        &seal[..],
        &["--sector", "9", "--sectors", "3", "--dir", text(&dir)],
    ]
    .concat();
    interrupt(&several, &dir, "layer-2");
    for dir in dirs(&dir) {
        let names: Vec<String> = snapshot(&dir).into_keys().collect();
        assert!(names.contains(&"sc-02-data-layer-1.dat".to_owned()), "{names:?}");
        assert!(names.iter().all(|name| !name.ends_with(".part")), "{names:?}");
    }
    let resumed = json(&several);
    let at_once = json(&[&seal[..], &["--sector", "10"]].concat());
    assert_eq!(told(&sectors(&resumed)[1]), told(&at_once));
}

/// Proving takes parameters, which are made once for all tests: see `whole_way`.
#[test]
fn two_are_proved() {
    let folder = folder();
    let parameters = env::var("LODE_PARAMETERS").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let dir = folder.path().join("several");
    let two = ["--json", "--skip-unseal", "--sectors", "2", "--dir", text(&dir)];
    let sealed = json(&[&SEAL[..], &two, &["--parameters", &parameters]].concat());
    assert!(stages(&sealed).ends_with(&["pre_commit_1"]));
    let [one, other] = sectors(&sealed) else {
        panic!("two sectors: {sealed}");
    };
    assert_eq!(stages(one), ["pre_commit_2", "commit_1", "commit_2", "verify"]);
    let path = folder.path().join("sealed.json");
    let answer = |verb: &str, told: &Value| {
        fs::write(&path, told.to_string()).unwrap();
        run(&[verb, "--parameters", &parameters, "--json-file", text(&path)])
    };
    let verify = |told: &Value| answer("verify", told);
    for (sealed, name) in [(one, "s-t01000-1"), (other, "s-t01000-2")] {
        assert_eq!(sealed["verified"], true);
        assert!(stdout(&verify(sealed)).starts_with("true"), "{name}");
        let names: Vec<String> = snapshot(&dir.join(name)).into_keys().collect();
        assert!(names.contains(&"sealed".to_owned()));
        assert!(names.iter().all(|name| !name.contains("layer")), "{names:?}");
    }
    let mut mixed = one.clone();
    mixed["proof"] = other["proof"].clone();
    assert!(stdout(&verify(&mixed)).starts_with("false"));

    let both = stdout(&verify(&sealed));
    let lines: Vec<&str> = both.lines().collect();
    assert!(
        matches!(lines[..], [one, other] if one.starts_with("sector 1: true") && other.starts_with("sector 2: true"))
    );
    assert!(stdout(&answer("aggregate", &sealed)).contains("of 2 proofs of 2 sectors"));
    let mut one_is_wrong = sealed.clone();
    one_is_wrong["sectors"][1] = mixed;
    let output = verify(&one_is_wrong);
    assert!(stdout(&output).ends_with("sector 1: false\n") && !output.status.success());
    one_is_wrong["sectors"][1]["proof"] = Value::Null;
    refused(&verify(&one_is_wrong), &["sectors[1]", "no proof", "--proof"]);
    refused(&answer("aggregate", &one_is_wrong), &["sectors[1]", "proof"]);
    one_is_wrong["sectors"] = Value::Array(Vec::new());
    refused(&verify(&one_is_wrong), &[text(&path), "no sectors"]);
}

#[test]
fn people_are_told_which_sector_a_stage_was_of() {
    let folder = folder();
    let two = ["--skip-proof", "--sector", "41", "--sectors", "2", "--scratch"];
    let output = run(&[&SEAL[..], &two, &[text(folder.path())]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("sealing 2 2KiB sectors in temporary folders"));
    let told = stdout(&output);
    let rows = told
        .lines()
        .map(|line| line.split_whitespace().take(2).collect::<Vec<_>>());
    let rows: Vec<Vec<&str>> = rows.take_while(|row| !row.is_empty()).collect();
    let expected = [
        ["stage", "sector"],
        ["PreCommit1", "all"],
        ["PreCommit2", "41"],
        ["Unseal", "41"],
        ["Compare", "41"],
        ["PreCommit2", "42"],
        ["Unseal", "42"],
        ["Compare", "42"],
    ];
    assert_eq!(rows, expected, "{told}");
    for number in [41, 42] {
        let number = format!("\n\nsector       {number}\ncomm_d       ");
        assert!(told.contains(&number), "{told}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn counts_that_cannot_be() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 100, 1);
    let check = |args: &[&str], words: &[&str]| {
        refused(&run(&[&["seal", "--skip-proof"], args].concat()), words);
    };
    let cc = &SEAL[1..];
    check(&[cc, &["--sectors", "0"]].concat(), &["--sectors", "1..=64"]);
    check(&[cc, &["--sectors", "65"]].concat(), &["--sectors", "1..=64"]);
    check(&["--sectors", "2", text(&data)], &["--cc"]);
    let last = u64::MAX.to_string();
    check(
        &[cc, &["--sectors", "2", "--sector", &last]].concat(),
        &["sector numbers end at", &last, "--sector"],
    );
    check(
        &[cc, &["--sectors", "1", "--sector", &last, "--dir", text(&data)]].concat(),
        &[text(&data)],
    );
}

#[test]
fn errors_name_the_sector() {
    let folder = folder();
    let dir = folder.path().join("several");
    seal(&dir, &["--skip-proof", "--skip-unseal"]);
    let again = || run(&three(&dir, &["--skip-proof"]));
    let check = |name: &str, words: &[&str]| {
        let path = dirs(&dir)[1].join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[1..]).unwrap();
        refused(&again(), &[&[text(&path), "belong"], words].concat());
        fs::write(&path, whole).unwrap();
    };
    check(
        "sc-02-data-layer-1.dat",
        &["sectors 9 to 11: pre_commit_1: sector 10: "],
    );
    check(
        "sc-02-data-tree-c.dat",
        &["lode-engine: sector 10: pre_commit_2: "],
    );
    assert!(again().status.success());
}

#[test]
fn a_full_disk_names_the_sector() {
    // Room for the files of the first sector (32 KiB of tree D), and not for those of the second.
    const MOUNT: &str = "mount -t tmpfs -o size=56k none \"$0\"";
    let folder = folder();
    if !in_namespace(MOUNT, &[text(folder.path())]).is_ok_and(|output| output.status.success()) {
        return eprintln!("nothing can be mounted here");
    }
    let seal = "\"$1\" seal --cc --sectors 3 --sector-size 16KiB --skip-proof --dir \"$0/several\"";
    let output = in_namespace(
        &format!("{MOUNT} && {seal}; code=$?; ls -R \"$0\"; exit $code"),
        &[text(folder.path()), env!("CARGO_BIN_EXE_lode-engine")],
    )
    .unwrap();
    refused(
        &output,
        &[
            "sectors 1 to 3: pre_commit_1: sector 2: cannot reserve 32736 bytes",
            "No space left on device",
            "free some space",
        ],
    );
    let left = stdout(&output);
    assert!(left.contains("s-t01000-1") && !left.contains(".part"), "{left}");
}
