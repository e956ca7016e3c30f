//! Data go into a sealed sector and out again, as the reference has it, and the proof of it holds.

use std::{env, fs, path::Path};

use crate::engine::{file, fixture, folder, identity, json, refused, run, stderr, stdout, text, word};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Seals a sector of one file in `folder/old`, without a proof.
fn seal(folder: &Path, data: &Path, more: &[&str]) -> String {
    let dir = text(&folder.join("old")).to_owned();
    let common = ["seal", "--json", "--skip-proof", "--skip-unseal", "--dir", &dir];
    json(&[&common, more, &[text(data)]].concat());
    dir
}

/// Updates a golden sector, and holds every file against the reference's; then takes the way back.
fn check(name: &str) {
    let (kit, golden) = (
        fixture(&format!("kit-update-{name}.json")),
        fixture(&format!("porep-{name}.json")),
    );
    let (folder, case) = (folder(), &golden["case"]);
    let (size, sector) = (
        case["sector_size"].as_u64().unwrap(),
        case["sector_id"].as_u64().unwrap(),
    );
    let len = (size / 128 * 127) as usize;
    let data = file(folder.path(), word(case, "data_pattern"), len, sector);
    let old = seal(
        folder.path(),
        &data,
        &identity(case).iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let (new, data) = (
        folder.path().join("new"),
        file(folder.path(), "chacha8", len, 5042),
    );
    let update = [
        "update",
        "--json",
        "--dir",
        &old,
        "--out",
        text(&new),
        text(&data),
    ];
    let updated = json(&update);
    for name in ["comm_r_old", "comm_d_new", "comm_r_last_new", "comm_r_new"] {
        assert_eq!(word(&updated, name), word(&kit, name), "{name}");
    }
    assert_eq!(word(&updated["pieces"][0], "comm_p"), word(&kit, "comm_d_new"));
    for (file, known) in [
        ("sealed", "replica"),
        ("p_aux", "p_aux"),
        ("sc-02-data-tree-d.dat", "sc-02-data-tree-d.dat"),
        ("sc-02-data-tree-r-last.dat", "sc-02-data-tree-r-last.dat"),
    ] {
        let digest = hex::encode(Sha256::digest(fs::read(new.join(file)).unwrap()));
        assert_eq!(digest, word(&kit["files"][known], "sha256"), "{file}");
    }
    // The same command again finds everything made.
    assert_eq!(json(&update)["comm_r_new"], updated["comm_r_new"]);
    way_back(folder.path(), &old, &new, &fs::read(&data).unwrap());
}

/// The data come out, whole and in part; and without them the old sector is left.
fn way_back(folder: &Path, old: &str, new: &Path, data: &[u8]) {
    let out = folder.join("out");
    let check = |range: &[&str], expected: &[u8]| {
        let args = [
            &["unseal", "--dir", text(new), "--old", old],
            range,
            &[text(&out)],
        ]
        .concat();
        let output = run(&args);
        assert!(output.status.success(), "{range:?}: {}", stderr(&output));
        assert!(fs::read(&out).unwrap() == expected, "{range:?}");
        fs::remove_file(&out).unwrap();
    };
    check(&[], data);
    check(&["--range", "1015:3"], &data[1015..1018]);
    let half = data.len() / 2;
    check(&["--range", &format!("{half}:700")], &data[half..half + 700]);

    let again = folder.join("again");
    let removed = json(&[
        "update-remove",
        "--json",
        "--dir",
        text(new),
        "--out",
        text(&again),
    ]);
    assert_eq!(
        removed["sector_size"].as_u64().unwrap() / 128 * 127,
        data.len() as u64
    );
    for file in ["sealed", "p_aux", "sc-02-data-tree-r-last.dat"] {
        let read = |dir: &Path| fs::read(dir.join(file)).unwrap();
        assert!(read(&again) == read(Path::new(old)), "{file}");
    }
}

#[test]
fn an_update_of_2kib_is_the_references() {
    check("2KiB-1.1.0-plain-mod251-s42");
}

#[test]
fn an_update_of_8mib_is_the_references() {
    check("8MiB-1.1.0-plain-mod251-s42");
}

/// Parameters of 0.7 GB are made once, where those of PoRep are.
#[test]
fn an_update_is_proved() {
    let folder = folder();
    let parameters = env::var("LODE_PARAMETERS").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    let [a, b, c] =
        [(1500, 1), (900, 2), (300, 3)].map(|(len, seed)| file(folder.path(), "chacha8", len, seed));
    let (old, new) = (seal(folder.path(), &a, &[]), folder.path().join("new"));
    let new = text(&new);
    let updated = json(&[
        "update",
        "--json",
        "--dir",
        &old,
        "--out",
        new,
        text(&b),
        text(&c),
    ]);
    assert_eq!(updated["pieces"].as_array().unwrap().len(), 2);
    let prove = |old: &str, new: &str| {
        run(&[
            "update-prove",
            "--json",
            "--parameters",
            &parameters,
            "--old",
            old,
            "--dir",
            new,
        ])
    };
    refused(&prove(new, &old), &["holds a sector that was not updated"]);
    refused(&prove(new, new), &["is named twice"]);
    let output = prove(&old, new);
    assert!(output.status.success(), "{}", stderr(&output));
    let proved: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!(proved["verified"], true);
    assert_eq!(proved["registered_update_proof"], 0);
    assert_eq!(word(&proved, "proof").len(), 2 * 192);
    for name in ["comm_r_old", "comm_d_new", "comm_r_new"] {
        assert_eq!(proved[name], updated[name]);
    }
    let path = folder.path().join("proved.json");
    fs::write(&path, &output.stdout).unwrap();
    let verify = |args: &[&str], good: bool| {
        let file = ["--parameters", &parameters, "--json-file", text(&path)];
        let output = run(&[&["verify"], args, &file[..]].concat());
        assert_eq!(output.status.success(), good, "{}", stderr(&output));
        let verdict = if good { "true" } else { "false\n" };
        assert!(stdout(&output).starts_with(verdict), "{}", stdout(&output));
    };
    verify(&[], true);
    verify(&["update"], true);
    proved_elsewhere(folder.path(), (&old, new), &parameters, &proved);
    stands_in_post(folder.path(), new, &parameters, &proved);
    let other = word(&proved, "comm_r_old");
    for flag in ["--comm-d-new", "--comm-r-new"] {
        verify(&["update", flag, other], false);
    }
}

/// One opens, another proves what was opened; and what does not answer is not proved.
fn proved_elsewhere(folder: &Path, (old, new): (&str, &str), parameters: &str, proved: &Value) {
    let opened = folder.join("opened");
    let claimed = folder.join("claimed.json");
    fs::write(&claimed, proved.to_string()).unwrap();
    let written = json(&[
        "update-prove",
        "--json",
        "--old",
        old,
        "--dir",
        new,
        "--vanilla-out",
        text(&opened),
    ]);
    let file = opened.join("0.vproof");
    assert_eq!(written["files"], serde_json::json!([text(&file)]));
    let prove = |more: &[&str]| {
        let args = [
            "update-prove",
            "--json",
            "--parameters",
            parameters,
            "--vanilla",
            text(&file),
        ];
        run(&[&args[..], &["--json-file", text(&claimed)], more].concat())
    };
    let output = prove(&[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let again: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    for name in ["comm_r_old", "comm_d_new", "comm_r_new"] {
        assert_eq!(again[name], proved[name]);
    }
    let two = prove(&["--vanilla", text(&file)]);
    refused(&two, &["has 1 partitions", "2 files are given"]);
    let other = prove(&["--comm-r-new", word(proved, "comm_r_old")]);
    refused(&other, &["0.vproof does not show what partition 0"]);
    let mut bytes = fs::read(&file).unwrap();
    bytes[0] ^= 1;
    fs::write(&file, &bytes).unwrap();
    refused(&prove(&[]), &["0.vproof does not show what partition 0"]);
    fs::write(&file, &bytes[1..]).unwrap();
    refused(&prove(&[]), &["0.vproof"]);
}

/// An updated sector answers in PoSt for what it is now.
fn stands_in_post(folder: &Path, new: &str, parameters: &str, proved: &Value) {
    for kind in ["winning", "window"] {
        let args = ["post", kind, "--json", "--dir", new, "--parameters", parameters];
        let posted = json(&args);
        assert_eq!(posted["sectors"][0]["comm_r"], proved["comm_r_new"]);
        let path = folder.join(kind);
        fs::write(&path, posted.to_string()).unwrap();
        let verified = [
            "verify",
            "--json",
            "--json-file",
            text(&path),
            "--parameters",
            parameters,
        ];
        assert_eq!(json(&verified)["verified"], true);
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let folder = folder();
    let [a, b, large] =
        [(1500, 1), (900, 2), (3000, 3)].map(|(len, seed)| file(folder.path(), "chacha8", len, seed));
    let old = seal(folder.path(), &a, &[]);
    let [new, out, nothing] = ["new", "out", "nothing"].map(|name| folder.path().join(name));
    let (new, out, nothing) = (text(&new), text(&out), text(&nothing));
    let update = |dir: &str, out: &str, file: &Path| run(&["update", "--dir", dir, "--out", out, text(file)]);
    refused(&update(&old, &old, &b), &["is named twice"]);
    refused(&update(nothing, new, &b), &["nothing"]);
    refused(&update(&old, new, &large), &["3000", "is too large"]);
    assert!(update(&old, new, &b).status.success());
    refused(&update(&old, new, &a), &["holds another sector", "comm_p"]);
    refused(&update(new, &old, &b), &["holds another sector", "a seal"]);
    refused(
        &run(&["seal", "--skip-proof", "--dir", new, text(&a)]),
        &["holds another sector", "an update of comm_r"],
    );
    refused(&run(&["unseal", "--dir", new, out]), &["was updated", "--old"]);
    refused(
        &run(&["unseal", "--dir", new, "--old", new, out]),
        &["is named twice"],
    );
    refused(
        &run(&["unseal", "--dir", &old, "--old", new, out]),
        &["was not updated"],
    );
    refused(
        &run(&["update-remove", "--dir", &old, "--out", out]),
        &["was not updated"],
    );
    // Another sector is not what it was before.
    let second = folder.path().join("second");
    fs::create_dir(&second).unwrap();
    let second = seal(&second, &b, &[]);
    refused(
        &run(&["unseal", "--dir", new, "--old", &second, out]),
        &["second/old", "is an update of the one with"],
    );
    // A damaged file is named, whichever side it is on.
    let sealed = Path::new(&old).join("sealed");
    let mut bytes = fs::read(&sealed).unwrap();
    bytes[77] ^= 1;
    fs::write(&sealed, bytes).unwrap();
    refused(
        &run(&["unseal", "--dir", new, "--old", &old, out]),
        &["old/sealed", "damaged"],
    );
    assert!(!Path::new(out).exists());
}
