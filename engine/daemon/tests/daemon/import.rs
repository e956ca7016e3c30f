//! Parameters from elsewhere: a folder, a file, a server; whole, in pieces, and damaged.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{atomic::AtomicUsize, LazyLock},
};

use serde_json::Value;

use crate::{
    engine::{command, folder, json, refused, run, stderr, stdout, text, word},
    mirror::{Manner, Mirror},
};

/// The two files of a 2 KiB WindowPoSt, 11 MB and 3 KB: what the published ones are called.
const PUBLISHED: &str = "v28-proof-of-spacetime-fallback-merkletree-poseidon_hasher-8-0-0-\
                    0170db1f394b35d995252228ee359194b13199d259380541dc529fb0099096b0";
/// The published files' CIDs.
const CIDS: [&str; 2] = [
    "QmVxjFRyhmyQaZEtCh7nk2abc7LhFkzhnRX4rcHqCCpikR",
    "QmcS5JZs8X3TdtkEBpHAdUYjdNDqcL7fWQFtQz69mpnu2X",
];
/// The published key of 32 GiB PoReps.
const KEY_32GIB: &str = "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-8-8-0-sha256_hasher-\
                         82a357d2f2ca81dc61bb45f4a762807aedee1b0a53fd6c4e77b46a01bfef7820.vk";

/// A folder with the development files of a 2 KiB WindowPoSt, made once.
static MADE: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("window-parameters");
    let args = [
        "params",
        "make",
        "--sector-size",
        "2KiB",
        "--proof",
        "window",
        "--parameters",
    ];
    let output = run(&[&args[..], &[text(&dir)]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    dir
});

fn published_names() -> [String; 2] {
    [format!("{PUBLISHED}.params"), format!("{PUBLISHED}.vk")]
}

fn names() -> [String; 2] {
    published_names().map(|name| format!("development-{name}"))
}

fn bytes() -> [Vec<u8>; 2] {
    names().map(|name| fs::read(MADE.join(name)).unwrap())
}

/// The arguments that import everything of a 2 KiB WindowPoSt.
fn args<'a>(source: &'a str, to: &'a Path) -> [&'a str; 10] {
    [
        "params",
        "import",
        source,
        "--json",
        "--sector-size",
        "2KiB",
        "--proof",
        "window",
        "--parameters",
        text(to),
    ]
}

/// What became of each file.
fn states(answer: &Value) -> Vec<&str> {
    let files = answer["files"].as_array().unwrap();
    files.iter().map(|file| word(file, "state")).collect()
}

/// Both files are in the folder as they were made, and nothing but them and their receipts.
fn has_both(dir: &Path) {
    for (name, bytes) in names().iter().zip(bytes()) {
        assert!(fs::read(dir.join(name)).unwrap() == bytes, "{name}");
    }
    assert_eq!(fs::read_dir(dir).unwrap().count(), 4);
}

fn imports(source: &str, to: &Path) {
    let answer = json(&args(source, to));
    assert_eq!(states(&answer), ["imported", "imported"]);
    for file in answer["files"].as_array().unwrap() {
        assert_eq!(file["parameters"]["origin"], "development");
    }
    has_both(to);
}

#[test]
fn a_folder_is_taken_once() {
    let to = folder();
    imports(text(&MADE), to.path());
    assert_eq!(
        states(&json(&args(text(&MADE), to.path()))),
        ["present", "present"]
    );
    let listed = json(&["params", "verify", "--json", "--parameters", text(to.path())]);
    assert_eq!(listed["good"], true);
}

#[test]
fn keys_are_enough_for_a_verifier() {
    let to = folder();
    let dir = text(to.path());
    let answer = json(&[
        "params",
        "import",
        text(&MADE),
        "--keys-only",
        "--json",
        "--parameters",
        dir,
    ]);
    assert_eq!(states(&answer), ["imported"]);
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 2);
}

#[test]
fn a_file_is_known_by_its_name_or_its_digest() {
    let to = folder();
    let dir = text(to.path());
    let key = &names()[1];
    let other = to.path().join("some.key");
    fs::write(&other, &bytes()[1]).unwrap();
    let answer = json(&["params", "import", text(&other), "--json", "--parameters", dir]);
    assert_eq!(word(&answer["files"][0], "file"), key);
    assert_eq!(fs::read(to.path().join(key)).unwrap(), bytes()[1]);
    fs::write(&other, b"nothing that anybody knows").unwrap();
    refused(
        &run(&["params", "import", text(&other), "--parameters", dir]),
        &["some.key is a foreign file", "nobody has published its digest"],
    );
}

#[test]
fn the_reference_string_of_aggregates_is_taken_too() {
    let to = folder();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let dir = text(to.path());
    let answer = json(&["params", "import", text(&from), "--json", "--parameters", dir]);
    assert_eq!(states(&answer), ["imported"]);
    assert_eq!(
        word(&answer["files"][0], "file"),
        "development-v28-fil-inner-product-v1.srs"
    );
    assert_eq!(
        json(&["params", "verify", "--json", "--parameters", dir])["good"],
        true
    );
}

/// A folder with one file that is not what its name says is not taken from.
fn check_refused(name: &str, bytes: &[u8], args: &[&str], words: &[&str]) {
    let (from, to) = (folder(), folder());
    fs::write(from.path().join(name), bytes).unwrap();
    let all = [
        &[
            "params",
            "import",
            text(from.path()),
            "--parameters",
            text(to.path()),
        ],
        args,
    ]
    .concat();
    let output = run(&all);
    assert!(!output.status.success());
    let said = stdout(&output) + &stderr(&output);
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0, "{said}");
}

#[test]
fn what_is_not_what_its_name_says_is_not_taken() {
    let [parameters, key] = names();
    let [whole, good_key] = bytes();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    check_refused(
        &parameters,
        &flipped,
        &[],
        &["FAILED", "is a foreign file", "it was not taken"],
    );
    check_refused(
        &parameters,
        &whole[..whole.len() - 1],
        &[],
        &["FAILED", "is a foreign file"],
    );
    check_refused(&parameters, &[], &[], &["FAILED", "is a foreign file"]);
    check_refused(
        &parameters,
        &good_key,
        &[],
        &["FAILED", "is the development file", "under another name"],
    );
    let old = &fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/seal32_x10.prf")).unwrap();
    check_refused(
        KEY_32GIB,
        &old[16..16 + 32_356],
        &[],
        &["FAILED", "is of version v27"],
    );
    check_refused(
        &key,
        &good_key,
        &["--network", "mainnet"],
        &["FAILED", "worth nothing on mainnet"],
    );
    check_refused(
        &key,
        &good_key,
        &["--sector-size", "8MiB"],
        &["no parameter file that is asked for"],
    );
    check_refused(
        "another-file",
        &good_key,
        &[],
        &["no parameter file that is asked for"],
    );
}

#[test]
fn one_bad_file_keeps_no_other_back() {
    let (from, to) = (folder(), folder());
    let [parameters, key] = names();
    fs::write(from.path().join(parameters), b"damaged").unwrap();
    fs::write(from.path().join(key), &bytes()[1]).unwrap();
    let output = run(&args(text(from.path()), to.path()));
    assert!(!output.status.success());
    assert_eq!(
        states(&serde_json::from_slice(&output.stdout).unwrap()),
        ["failed", "imported"]
    );
}

#[test]
fn what_was_copied_is_not_copied_again() {
    let to = folder();
    let partial = to.path().join(format!("development-{PUBLISHED}.params.partial"));
    fs::write(&partial, &bytes()[0][..5_000_000]).unwrap();
    imports(text(&MADE), to.path());
    // What is left of something else does no harm.
    for left in [vec![7; 5_000_000], vec![7; 20_000_000]] {
        let to = folder();
        fs::write(
            to.path().join(format!("development-{PUBLISHED}.params.partial")),
            left,
        )
        .unwrap();
        imports(text(&MADE), to.path());
    }
}

#[test]
fn a_receipt_spares_the_reading_until_the_file_changes() {
    let to = folder();
    imports(text(&MADE), to.path());
    let path = to.path().join(&names()[0]);
    let state = || {
        let listed = json(&["params", "list", "--json", "--parameters", text(to.path())]);
        word(&listed["files"][0], "state").to_owned()
    };
    let mut damaged = bytes()[0].clone();
    damaged[5_000_000] ^= 1;
    let time = path.metadata().unwrap().modified().unwrap();
    fs::write(&path, damaged).unwrap();
    assert!(state().contains("is damaged or another file"));
    // Size, time and inode are the receipt's: nobody reads the file unless asked to.
    let file = fs::File::options().append(true).open(&path).unwrap();
    file.set_modified(time).unwrap();
    assert_eq!(state(), "development");
    let verified = run(&["params", "verify", "--parameters", text(to.path())]);
    assert!(!verified.status.success() && stdout(&verified).contains("BAD"));
}

/// Both files under the published names, below a path.
fn files(at: &str) -> Vec<(String, Vec<u8>)> {
    let paths = published_names().map(|name| format!("{at}/{name}"));
    paths.into_iter().zip(bytes()).collect()
}

#[test]
fn a_mirror_has_files_by_name() {
    let to = folder();
    let mirror = Mirror::new(files("/parameters"), Manner::default());
    imports(&format!("{}/parameters/", mirror.url), to.path());
    let mut log = mirror.log();
    log.sort();
    assert_eq!(log, published_names().map(|name| format!("/parameters/{name}")));
}

#[test]
fn a_gateway_has_files_by_cid() {
    let to = folder();
    let files = || {
        CIDS.into_iter()
            .zip(bytes())
            .map(|(cid, bytes)| (format!("/ipfs/{cid}"), bytes))
    };
    let gateway = Mirror::new(files(), Manner::default());
    imports(&format!("{}/ipfs", gateway.url), to.path());
    // One file by its own URL.
    let to = folder();
    let url = format!("{}/ipfs/{}", gateway.url, CIDS[1]);
    let answer = json(&[
        "params",
        "import",
        &url,
        "--json",
        "--parameters",
        text(to.path()),
    ]);
    assert_eq!(states(&answer), ["imported"]);
    assert_eq!(word(&answer["files"][0], "file"), names()[1]);
}

#[test]
fn a_connection_that_breaks_is_taken_up_where_it_broke() {
    let to = folder();
    let manner = Manner {
        has_ranges: true,
        n_cut: AtomicUsize::new(3),
        cut_at: 2_000_000,
        n_failing: AtomicUsize::new(1),
        ..Manner::default()
    };
    let mirror = Mirror::new(files(""), manner);
    imports(&mirror.url, to.path());
    let log = mirror.log().join("\n");
    for begin in [2_000_000, 4_000_000, 6_000_000] {
        assert!(log.contains(&format!(".params bytes={begin}-")), "{log}");
    }
}

/// What breaks behind a redirect is taken up by way of it.
#[test]
fn a_redirect_is_followed() {
    let manner = Manner {
        has_ranges: true,
        n_cut: AtomicUsize::new(3),
        cut_at: 2_000_000,
        ..Manner::default()
    };
    let mirror = Mirror::new(files("/there"), manner);
    let manner = Manner {
        moved_to: Some(format!("{}/there", mirror.url)),
        ..Manner::default()
    };
    let (redirect, to) = (Mirror::new([], manner), folder());
    imports(&redirect.url, to.path());
    for log in [mirror.log().join("\n"), redirect.log().join("\n")] {
        assert!(log.contains(".params bytes=6000000-"), "{log}");
    }
}

#[test]
fn a_redirect_without_end_is_named() {
    let manner = Manner {
        moved_to: Some(String::new()),
        ..Manner::default()
    };
    let (mirror, to) = (Mirror::new([], manner), folder());
    let output = run(&args(&mirror.url, to.path()));
    let said = stdout(&output);
    assert!(!output.status.success());
    assert!(said.contains(&mirror.url) && said.contains("redirect"), "{said}");
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
}

#[test]
fn a_server_without_ranges_begins_anew() {
    let to = folder();
    let manner = Manner {
        n_cut: AtomicUsize::new(2),
        cut_at: 2_000_000,
        ..Manner::default()
    };
    let mirror = Mirror::new(files(""), manner);
    imports(&mirror.url, to.path());
    assert!(mirror
        .log()
        .iter()
        .any(|asked| asked.ends_with(".params bytes=2000000-")));
}

#[test]
fn a_killed_import_goes_on_where_it_was() {
    let to = folder();
    let manner = Manner {
        has_ranges: true,
        n_cut: AtomicUsize::new(1),
        cut_at: 3_000_000,
        is_silent: true,
        ..Manner::default()
    };
    let mirror = Mirror::new(files(""), manner);
    let mut child = command(&args(&mirror.url, to.path()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let partial = to.path().join(format!("{PUBLISHED}.params.partial"));
    // The server falls silent after so many bytes; the import waits for more of them, and is killed.
    while partial.metadata().map_or(0, |metadata| metadata.len()) < 3_000_000 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended: {:?}",
            mirror.log()
        );
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!to.path().join(&names()[0]).exists());
    let answer = json(&args(&mirror.url, to.path()));
    assert_eq!(word(&answer["files"][0], "state"), "imported");
    has_both(to.path());
    assert!(mirror
        .log()
        .iter()
        .any(|asked| asked.ends_with(".params bytes=3000000-")));
}

#[test]
fn what_a_server_does_not_have_or_has_wrong() {
    let to = folder();
    let mut files = files("");
    files[0].1[77] ^= 1;
    files.truncate(1);
    let mirror = Mirror::new(files, Manner::default());
    let output = run(&args(&mirror.url, to.path()));
    assert!(!output.status.success());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(states(&answer), ["failed", "missing"]);
    assert!(word(&answer["files"][0], "error").contains(&mirror.url));
    assert_eq!(fs::read_dir(to.path()).unwrap().count(), 0);
    refused(
        &run(&["params", "import", &mirror.url, "--parameters", text(to.path())]),
        &["choose with --sector-size, --proof or --keys-only"],
    );
}
