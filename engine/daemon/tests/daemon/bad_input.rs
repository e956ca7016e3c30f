//! What cannot be sealed is refused in words, and nothing is overwritten.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use crate::engine::{file, folder, refused, run, snapshot, stderr, text};

fn seal(folder: &Path, args: &[&str]) -> Output {
    let mut all = vec!["seal", "--skip-proof", "--scratch", text(folder)];
    all.extend(args);
    run(&all)
}

#[test]
fn a_file_larger_than_the_sector() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 2033, 1);
    let output = seal(folder.path(), &["--sector-size", "2KiB", text(&data)]);
    refused(&output, &[text(&data), "too large", "2032"]);
}

#[test]
fn files_that_do_not_fit_together() {
    let folder = folder();
    let (small, large) = (
        file(folder.path(), "mod251", 1, 1),
        file(folder.path(), "mod251", 1017, 1),
    );
    // The second must start at a multiple of its size, which is the sector's.
    let output = seal(
        folder.path(),
        &["--sector-size", "2KiB", text(&small), text(&large)],
    );
    refused(&output, &[text(&large), "too large"]);
}

#[test]
fn an_empty_file() {
    let folder = folder();
    let data = file(folder.path(), "zero", 0, 1);
    refused(&seal(folder.path(), &[text(&data)]), &[text(&data), "empty"]);
    refused(&run(&["commp", text(&data)]), &[text(&data), "empty"]);
}

#[test]
fn a_file_that_is_none() {
    let folder = folder();
    let missing = folder.path().join("missing");
    refused(
        &seal(folder.path(), &[text(&missing)]),
        &[text(&missing), "check the spelling"],
    );
    refused(&seal(folder.path(), &[text(folder.path())]), &["is not a file"]);
    refused(
        &run(&["commp", text(&missing)]),
        &[text(&missing), "No such file"],
    );
}

#[test]
fn an_unknown_size() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 100, 1);
    for size in ["3KiB", "2kib", "2048", ""] {
        let output = seal(folder.path(), &["--sector-size", size, text(&data)]);
        refused(
            &output,
            &["--sector-size", "there is no sector size", "2KiB, 4KiB, 16KiB"],
        );
    }
}

#[test]
fn wrong_hex() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 100, 1);
    for flag in ["--ticket", "--seed", "--porep-id", "--prover-id"] {
        let short = seal(folder.path(), &[flag, &"ab".repeat(31), text(&data)]);
        refused(
            &short,
            &[flag, "62 characters where 64 hexadecimal digits must stand"],
        );
        let wrong = seal(
            folder.path(),
            &[flag, &format!("{}xy", "ab".repeat(31)), text(&data)],
        );
        refused(&wrong, &[flag, "character 63 is 'x'"]);
    }
    refused(
        &seal(folder.path(), &["--prover-id", "t0x", text(&data)]),
        &["actor id"],
    );
    refused(
        &seal(folder.path(), &["--seal-proof", "v2", text(&data)]),
        &["v1, v1.1"],
    );
}

/// A directory keeps what it holds, whatever is asked of it.
fn check_untouched(dir: &Path, args: &[&str], words: &[&str]) {
    let before = snapshot(dir);
    let mut all = vec!["--dir", text(dir)];
    all.extend(args);
    refused(&seal(dir.parent().expect("a folder in the test's"), &all), words);
    assert_eq!(snapshot(dir), before);
}

#[test]
fn a_directory_that_holds_another_sector() {
    let folder = folder();
    let (data, other) = (
        file(folder.path(), "mod251", 2032, 1),
        file(folder.path(), "zero", 2032, 1),
    );
    let (dir, data, other) = (folder.path().join("sector"), text(&data), text(&other));
    assert!(seal(folder.path(), &["--dir", text(&dir), data]).status.success());
    check_untouched(
        &dir,
        &["--sector", "2", data],
        &["another sector", "its sector is 1 and not 2"],
    );
    check_untouched(
        &dir,
        &["--sector-size", "4KiB", data],
        &["its sector size is 2KiB and not 4KiB"],
    );
    check_untouched(
        &dir,
        &["--seal-proof", "v1", data],
        &["its seal proof is v1.1 and not v1"],
    );
    check_untouched(&dir, &["--prover-id", "t01001", data], &["its prover id is"]);
    check_untouched(&dir, &["--ticket", &"01".repeat(32), data], &["its ticket is"]);
    check_untouched(&dir, &[other], &["another sector", "comm_p", other]);
    let half = file(folder.path(), "mod251", 1000, 1);
    check_untouched(
        &dir,
        &["--sector-size", "2KiB", text(&half), text(&half)],
        &["1 pieces and not 2"],
    );
    // The same sector is no other: it is taken up again.
    assert!(seal(folder.path(), &["--dir", text(&dir), data]).status.success());
}

#[test]
fn a_directory_that_holds_something_else() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 2032, 1);
    let dir = folder.path().join("home");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("sealed"), b"someone's").unwrap();
    check_untouched(
        &dir,
        &[text(&data)],
        &["holds sealed", "choose an empty or a new directory"],
    );
    refused(
        &run(&["unseal", "--dir", text(&dir), "out"]),
        &["holds no sector"],
    );
    refused(
        &seal(folder.path(), &["--dir", text(&data), text(&data)]),
        &[text(&data)],
    );
}

#[test]
fn a_damaged_record() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 2032, 1);
    let dir = folder.path().join("sector");
    assert!(seal(folder.path(), &["--dir", text(&dir), text(&data)])
        .status
        .success());
    let record = dir.join("sector.json");
    let whole = fs::read_to_string(&record).unwrap();
    let number = whole.find("\"sector\": 1").unwrap() + "\"sector\": ".len();
    let renumbered = format!("{}2{}", &whole[..number], &whole[number + 1..]);
    for damaged in [&whole[..whole.len() / 2], "", "{}", &renumbered] {
        fs::write(&record, damaged).unwrap();
        check_untouched(&dir, &[text(&data)], &["sector.json", "damaged"]);
    }
}

/// Runs the binary where no file may grow beyond so many blocks of 512 bytes.
fn run_within(n_blocks: usize, args: &[&str]) -> Output {
    // The signal that comes with the limit is ignored, so that the limit is an error as a full disk is.
    let script = format!("trap '' XFSZ; ulimit -f {n_blocks}; exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_lode-engine")])
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn a_file_that_cannot_grow() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 20_000, 1);
    let dir = folder.path().join("sector");
    // Each file of the sector in its turn is the first that is too large: 32 KiB staged, 64 KiB of tree D.
    for (n_blocks, name) in [(8, "staged"), (100, "tree-d")] {
        let args = [
            "seal",
            "--skip-proof",
            "--sector-size",
            "32KiB",
            "--dir",
            text(&dir),
            text(&data),
        ];
        let output = run_within(n_blocks, &args);
        refused(
            &output,
            &[name, "cannot reserve", "File too large", "free some space"],
        );
        assert!(
            snapshot(&dir).keys().all(|name| !name.ends_with(".part")),
            "{:?}",
            snapshot(&dir).keys()
        );
    }
    // With room again the same command goes on.
    let output = seal(
        folder.path(),
        &["--sector-size", "32KiB", "--dir", text(&dir), text(&data)],
    );
    assert!(output.status.success(), "{}", stderr(&output));
}

/// Whether this process may mount file systems of its own.
fn can_mount(folder: &Path) -> bool {
    let script = "mount -t tmpfs -o size=64k none \"$0\"";
    let output = Command::new("unshare")
        .args(["-m", "sh", "-c", script, text(folder)])
        .output();
    output.is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 20_000, 1);
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    if can_mount(&disk) {
        let script =
            "mount -t tmpfs -o size=64k none \"$1\" && \"$0\" seal --skip-proof --dir \"$1/sector\" \"$2\"; \
                      code=$?; ls -a \"$1/sector\"; exit $code";
        let output = Command::new("unshare")
            .args([
                "-m",
                "sh",
                "-c",
                script,
                env!("CARGO_BIN_EXE_lode-engine"),
                text(&disk),
                text(&data),
            ])
            .output()
            .unwrap();
        refused(
            &output,
            &["cannot reserve", "No space left on device", "free some space"],
        );
        assert!(
            !crate::engine::stdout(&output).contains(".part"),
            "{}",
            crate::engine::stdout(&output)
        );
    }
    // A device that is always full, for what is written and not mapped.
    let dir = folder.path().join("sector");
    assert!(seal(folder.path(), &["--dir", text(&dir), text(&data)])
        .status
        .success());
    let output = run(&["unseal", "--dir", text(&dir), "/dev/full"]);
    refused(
        &output,
        &["/dev/full", "No space left on device", "free some space"],
    );
}

#[test]
fn two_processes_never_write_one_sector() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 2032, 1);
    let dir = folder.path().join("sector");
    assert!(seal(folder.path(), &["--dir", text(&dir), text(&data)])
        .status
        .success());
    let lock = fs::File::open(&dir).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    check_untouched(&dir, &[text(&data)], &["another process works in"]);
}

#[test]
fn a_configuration_with_an_unknown_key() {
    let folder = folder();
    let path = folder.path().join("lode.toml");
    fs::write(&path, "paramters = '/tmp'").unwrap();
    refused(
        &run(&["sizes", "--config", text(&path)]),
        &[text(&path), "unknown field `paramters`"],
    );
    refused(
        &run(&["sizes", "--config", "/nowhere/lode.toml"]),
        &["/nowhere/lode.toml", "No such file"],
    );
}
