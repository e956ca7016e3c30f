//! Files of a sector that were cut, changed or exchanged are found out and named, and left as they are.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use crate::engine::{file, folder, refused, run, snapshot, stderr, text};
use tempfile::TempDir;

/// Every file of a sealed 2 KiB sector.
const FILES: [&str; 8] = [
    "sc-02-data-layer-1.dat",
    "sc-02-data-layer-2.dat",
    "sc-02-data-tree-d.dat",
    "sc-02-data-tree-c.dat",
    "sc-02-data-tree-r-last.dat",
    "p_aux",
    "t_aux",
    "sealed",
];

/// Files that two sectors have in common when their size and their data are the same.
const COMMON: [&str; 2] = ["sc-02-data-tree-d.dat", "t_aux"];

struct Sealed {
    folder: TempDir,
    data: PathBuf,
    dir: PathBuf,
    /// Another sector with the same data.
    other: PathBuf,
}

fn sealed() -> Sealed {
    let folder = folder();
    let data = file(folder.path(), "mod251", 2032, 1);
    let (dir, other) = (folder.path().join("sector"), folder.path().join("other"));
    assert!(seal(&dir, &data, "1").status.success());
    assert!(seal(&other, &data, "2").status.success());
    Sealed {
        folder,
        data,
        dir,
        other,
    }
}

fn seal(dir: &Path, data: &Path, sector: &str) -> Output {
    run(&[
        "seal",
        "--skip-proof",
        "--skip-unseal",
        "--dir",
        text(dir),
        "--sector",
        sector,
        text(data),
    ])
}

/// Damages one file, asks, and puts the file back.
fn check(sealed: &Sealed, name: &str, damaged: &[u8], ask: impl Fn() -> Output, words: &[&str]) {
    let path = sealed.dir.join(name);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, damaged).unwrap();
    let before = snapshot(&sealed.dir);
    let mut all = vec![text(&path)];
    all.extend(words);
    refused(&ask(), &all);
    assert_eq!(snapshot(&sealed.dir), before, "{name}");
    fs::write(&path, whole).unwrap();
}

#[test]
fn going_on_with_a_damaged_file() {
    let sealed = sealed();
    for name in FILES {
        let whole = fs::read(sealed.dir.join(name)).unwrap();
        let go_on = || seal(&sealed.dir, &sealed.data, "1");
        for bit in [0, whole.len() * 4, whole.len() * 8 - 1] {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            check(
                &sealed,
                name,
                &flipped,
                go_on,
                &["are not what was written", "bytes 0 to"],
            );
        }
        for len in [0, 31, whole.len() - 1] {
            let words = [format!("{len} bytes where {} belong", whole.len())];
            check(&sealed, name, &whole[..len], go_on, &[&words[0]]);
        }
        check(&sealed, name, &[&whole[..], &[0]].concat(), go_on, &["belong"]);
        if !COMMON.contains(&name) {
            let foreign = fs::read(sealed.other.join(name)).unwrap();
            check(&sealed, name, &foreign, go_on, &["another sector's"]);
        }
    }
    let output = seal(&sealed.dir, &sealed.data, "1");
    assert!(output.status.success(), "all was put back: {}", stderr(&output));
}

#[test]
fn unsealing_a_damaged_file() {
    let sealed = sealed();
    let out = sealed.folder.path().join("out");
    let unseal = || run(&["unseal", "--dir", text(&sealed.dir), text(&out)]);
    for name in ["sealed", "sc-02-data-layer-2.dat"] {
        let whole = fs::read(sealed.dir.join(name)).unwrap();
        let mut flipped = whole.clone();
        flipped[1000] ^= 1;
        check(&sealed, name, &flipped, unseal, &["are not what was written"]);
        check(
            &sealed,
            name,
            &whole[..2016],
            unseal,
            &["2016 bytes where 2048 belong"],
        );
        let foreign = fs::read(sealed.other.join(name)).unwrap();
        check(&sealed, name, &foreign, unseal, &["another sector's"]);
        assert!(!out.exists() && !sealed.folder.path().join("out.part").exists());
    }
}

#[test]
fn what_is_removed_is_made_again() {
    let sealed = sealed();
    let whole = snapshot(&sealed.dir);
    for name in FILES {
        fs::remove_file(sealed.dir.join(name)).unwrap();
        let output = seal(&sealed.dir, &sealed.data, "1");
        assert!(output.status.success(), "{name}: {}", stderr(&output));
        assert_eq!(snapshot(&sealed.dir), whole, "{name}");
    }
}

#[test]
fn what_is_not_listed_is_not_overwritten() {
    let sealed = sealed();
    // The record of a sector whose files are all gone, and someone's file under the name of the first one.
    let young = sealed.folder.path().join("young");
    fs::create_dir(&young).unwrap();
    fs::copy(sealed.dir.join("sector.json"), young.join("sector.json")).unwrap();
    fs::write(young.join("staged"), b"someone's").unwrap();
    let before = snapshot(&young);
    refused(
        &seal(&young, &sealed.data, "1"),
        &["staged exists, but sector.json does not list it"],
    );
    assert_eq!(snapshot(&young), before);
    fs::remove_file(young.join("staged")).unwrap();
    assert!(seal(&young, &sealed.data, "1").status.success());
    assert_eq!(snapshot(&young), snapshot(&sealed.dir));
}
