//! What cannot be sealed is refused in words, and nothing is overwritten.

use std::{
    fs, io,
    path::Path,
    process::{Command, Output},
};

use crate::engine::{file, folder, refused, run, snapshot, stderr, text};

fn seal(folder: &Path, args: &[&str]) -> Output {
    let mut all = vec!["seal", "--skip-proof", "--scratch", text(folder)];
    all.extend(args);
    run(&all)
}

/// Each of these command lines is refused with these words.
fn check<'a>(folder: &Path, cases: impl IntoIterator<Item = (&'a [&'a str], &'a [&'a str])>) {
    for (args, words) in cases {
        refused(&seal(folder, args), words);
    }
}

#[test]
fn files_that_cannot_be_sealed() {
    let folder = folder();
    let files = [2033, 1, 1017, 0].map(|len| file(folder.path(), "mod251", len, 1));
    let [large, one, half, empty] = files.each_ref().map(|path| text(path));
    let missing = folder.path().join("missing");
    let missing = text(&missing);
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--sector-size", "2KiB", large], &[large, "too large", "2032"]),
        // The second must start at a multiple of its size, which is the sector's.
        (&["--sector-size", "2KiB", one, half], &[half, "too large"]),
        (&[empty], &[empty, "empty"]),
        (&[missing], &[missing, "check the spelling"]),
        (&[text(folder.path())], &["is not a file"]),
        (&["--dir", large, large], &[large]),
    ];
    check(folder.path(), cases);
    refused(&run(&["commp", empty]), &[empty, "empty"]);
    refused(&run(&["commp", missing]), &[missing, "No such file"]);
}

#[test]
fn words_that_are_none_of_the_protocols() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 100, 1);
    let data = text(&data);
    for size in ["3KiB", "2kib", "2048", ""] {
        let words = ["--sector-size", "there is no sector size", "2KiB, 4KiB, 16KiB"];
        check(folder.path(), [(&["--sector-size", size, data][..], &words[..])]);
    }
    let (short, wrong) = ("ab".repeat(31), format!("{}xy", "ab".repeat(31)));
    for flag in ["--ticket", "--seed", "--porep-id", "--prover-id"] {
        let cases: [(&[&str], &[&str]); 2] = [
            (
                &[flag, &short, data],
                &[flag, "62 characters where 64 hexadecimal digits must stand"],
            ),
            (&[flag, &wrong, data], &[flag, "character 63 is 'x'"]),
        ];
        check(folder.path(), cases);
    }
    let cases: [(&[&str], &[&str]); 2] = [
        (&["--prover-id", "t0x", data], &["actor id"]),
        (&["--seal-proof", "v2", data], &["v1, v1.1"]),
    ];
    check(folder.path(), cases);
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
    let ticket = "01".repeat(32);
    let cases: [(&[&str], &[&str]); 6] = [
        (
            &["--sector", "2", data],
            &["another sector", "its sector is 1 and not 2"],
        ),
        (
            &["--sector-size", "4KiB", data],
            &["its sector size is 2KiB and not 4KiB"],
        ),
        (
            &["--seal-proof", "v1", data],
            &["its seal proof is v1.1 and not v1"],
        ),
        (&["--prover-id", "t01001", data], &["its prover id is"]),
        (&["--ticket", &ticket, data], &["its ticket is"]),
        (&[other], &["another sector", "comm_p", other]),
    ];
    for (args, words) in cases {
        check_untouched(&dir, args, words);
    }
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

/// Runs a script in a mount namespace of its own, where it may mount file systems: as root, and as anybody where
/// the system lets users have namespaces.
pub fn in_namespace(script: &str, args: &[&str]) -> io::Result<Output> {
    let unshare = ["-rm", "sh", "-c", script];
    Command::new("unshare").args(unshare).args(args).output()
}

#[test]
fn a_full_disk() {
    const MOUNT: &str = "mount -t tmpfs -o size=64k none \"$0\"";
    let folder = folder();
    let data = file(folder.path(), "mod251", 20_000, 1);
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    if in_namespace(MOUNT, &[text(&disk)]).is_ok_and(|output| output.status.success()) {
        let seal =
            "\"$1\" seal --skip-proof --dir \"$0/sector\" \"$2\"; code=$?; ls -a \"$0/sector\"; exit $code";
        let engine = env!("CARGO_BIN_EXE_lode-engine");
        let output =
            in_namespace(&format!("{MOUNT} && {seal}"), &[text(&disk), engine, text(&data)]).unwrap();
        refused(
            &output,
            &["cannot reserve", "No space left on device", "free some space"],
        );
        let left = crate::engine::stdout(&output);
        assert!(left.contains("..") && !left.contains(".part"), "{left}");
    } else {
        eprintln!("nothing can be mounted here: only /dev/full is tried");
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
fn configurations_that_are_none() {
    let folder = folder();
    let path = folder.path().join("lode.toml");
    let check = |path: &Path, words: &[&str]| {
        let words = [&[text(path)], words].concat();
        refused(&run(&["sizes", "--config", text(path)]), &words);
    };
    fs::write(&path, "paramters = '/tmp'").unwrap();
    check(&path, &["unknown field `paramters`"]);
    fs::write(&path, b"parameters = '\xff'").unwrap();
    check(&path, &["is no configuration", "utf-8"]);
    check(Path::new("/nowhere/lode.toml"), &["No such file"]);
    check(Path::new("/dev/zero"), &["has more than"]);
}
