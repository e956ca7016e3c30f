//! What the verbs answer.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::engine::{command, file, fixture, folder, json, refused, run, stderr, stdout, text, word};
use sha2::{Digest, Sha256};

#[test]
fn every_verb_has_help_with_an_example() {
    let top = stdout(&run(&["--help"]));
    for verb in [
        "seal", "verify", "unseal", "adopt", "clear", "commp", "params", "post", "prove", "sizes", "update",
    ] {
        assert!(top.contains(verb), "{top}");
        let help = stdout(&run(&[verb, "--help"]));
        assert!(
            help.contains(&format!("lode-engine {verb}")) && help.contains("Example"),
            "{help}"
        );
    }
    for verb in ["update-prove", "update-remove"] {
        let help = stdout(&run(&[verb, "--help"]));
        assert!(help.contains(&format!("lode-engine {verb}")), "{help}");
    }
    for verb in ["list", "import", "make", "verify", "path"] {
        let help = stdout(&run(&["params", verb, "--help"]));
        assert!(help.contains(&format!("lode-engine params {verb}")), "{help}");
    }
    for verb in ["winning", "window", "vanilla", "merge"] {
        let help = stdout(&run(&["post", verb, "--help"]));
        assert!(help.contains(&format!("lode-engine post {verb}")), "{help}");
    }
}

#[test]
fn sizes_are_told_to_people_and_programs() {
    let sizes = json(&["sizes", "--json"]);
    let rows = sizes["sizes"].as_array().unwrap();
    assert_eq!(rows.len(), 10);
    assert_eq!(rows[8]["layers"], 11);
    assert_eq!(rows[8]["registered"]["seal"]["synthetic"], 13);
    assert_eq!(rows[8]["registered"]["post"]["window-v1.2"], 13);
    assert_eq!(rows[1]["registered"], serde_json::Value::Null);
    // What the chain reserves for a non-interactive proof.
    assert_eq!(rows[0]["ni_proof_size"], 14_164);
    assert_eq!(rows[8]["ni_proof_size"], 23_092);
    let text = stdout(&run(&["sizes"]));
    assert!(rows.iter().all(|row| text.contains(word(row, "name"))), "{text}");
}

#[test]
fn commp_names_pieces_as_others_do() {
    let folder = folder();
    let golden = fixture("piece-cids.json");
    let stream: Vec<u8> = (0..200_000u64)
        .flat_map(|i| Sha256::digest(i.to_le_bytes()))
        .collect();
    let vectors = golden["vectors"].as_array().unwrap().iter();
    let mut n_vectors = 0;
    for vector in vectors {
        let size = vector["size"].as_u64().unwrap() as usize;
        if size == 0 || stream.len() < size {
            continue;
        }
        let path = folder.path().join(size.to_string());
        fs::write(&path, &stream[..size]).unwrap();
        let piece = json(&["commp", "--json", text(&path)]);
        assert_eq!(piece["piece_cid"], vector["v1"], "{size} bytes");
        assert_eq!(piece["piece_cid_v2"], vector["v2"], "{size} bytes");
        assert_eq!(piece["padded_size"], vector["paddedSize"], "{size} bytes");
        n_vectors += 1;
    }
    assert!(3 < n_vectors);
}

#[test]
fn commp_reads_standard_input() {
    let folder = folder();
    let data = file(folder.path(), "mod251", 100_000, 1);
    let from_file = json(&["commp", "--json", text(&data)]);
    let input = Stdio::from(fs::File::open(&data).unwrap());
    let output = command(&["commp", "--json", "-"]).stdin(input).output().unwrap();
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap(),
        from_file
    );
}

#[test]
fn several_files_become_several_pieces() {
    let folder = folder();
    let files = [(127, 1), (500, 2), (1000, 3)].map(|(len, seed)| file(folder.path(), "chacha8", len, seed));
    let files: Vec<&str> = files.iter().map(|path| text(path)).collect();
    let mut args = vec!["seal", "--skip-proof", "--json"];
    args.extend(&files);
    let sealed = json(&args);
    let pieces = sealed["pieces"].as_array().unwrap();
    assert_eq!(sealed["sector_size"], 2048);
    assert_eq!(pieces.len(), 3);
    for (piece, file) in pieces.iter().zip(&files) {
        assert_eq!(
            word(piece, "piece_cid"),
            word(&json(&["commp", "--json", file]), "piece_cid")
        );
    }
    assert_eq!(
        [0, 508, 1016].map(serde_json::Value::from),
        [0, 1, 2].map(|i| pieces[i]["offset"].clone())
    );
    let stages: Vec<&str> = sealed["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| word(stage, "stage"))
        .collect();
    assert_eq!(
        stages,
        ["add_piece", "pre_commit_1", "pre_commit_2", "unseal", "compare"]
    );
    for name in ["wall_s", "cpu_s", "peak_rss", "peak_rss_anonymous"] {
        assert!(sealed["stages"][2][name].is_number(), "{name}");
    }
    assert!(sealed["proof"].is_null() && sealed["verified"].is_null());
}

#[test]
fn any_range_of_a_sector_can_be_had() {
    let folder = folder();
    let data = file(folder.path(), "chacha8", 30_000, 5);
    let (dir, bytes) = (folder.path().join("sector"), fs::read(&data).unwrap());
    assert!(run(&[
        "seal",
        "--skip-proof",
        "--skip-unseal",
        "--dir",
        text(&dir),
        text(&data)
    ])
    .status
    .success());
    let out = folder.path().join("out");
    let check = |range: &str, expected: &[u8]| {
        let output = run(&["unseal", "--dir", text(&dir), "--range", range, text(&out)]);
        assert!(output.status.success(), "{range}: {}", stderr(&output));
        assert_eq!(fs::read(&out).unwrap(), expected, "{range}");
        fs::remove_file(&out).unwrap();
    };
    check("0:30000", &bytes);
    check("0:1", &bytes[..1]);
    check("126:2", &bytes[126..128]);
    check("12345:6789", &bytes[12345..12345 + 6789]);
    check("29999:3", &[bytes[29999], 0, 0]);
    // Without the layers the key is labelled again.
    fs::remove_file(dir.join("sc-02-data-layer-1.dat")).unwrap();
    fs::remove_file(dir.join("sc-02-data-layer-2.dat")).unwrap();
    check("12345:6789", &bytes[12345..12345 + 6789]);
    for (range, words) in [
        ("32512:1", "does not lie in the 32512 bytes"),
        ("0:32513", "does not lie in the 32512 bytes"),
        ("5:0", "OFFSET:LEN"),
        ("x:1", "OFFSET:LEN"),
        ("18446744073709551615:2", "OFFSET:LEN"),
    ] {
        refused(
            &run(&["unseal", "--dir", text(&dir), "--range", range, text(&out)]),
            &[words],
        );
        assert!(!out.exists());
    }
    fs::write(&out, b"mine").unwrap();
    refused(
        &run(&["unseal", "--dir", text(&dir), text(&out)]),
        &["exists already"],
    );
    assert_eq!(fs::read(&out).unwrap(), b"mine");
}

#[test]
fn a_failure_is_one_object_too() {
    let output = run(&["commp", "--json", "/nowhere"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(word(&answer, "error").contains("/nowhere"));
    assert!(!output.status.success());
}

/// Interrupts a seal once a file of that name is there, and waits for its end.
pub fn interrupt(args: &[&str], folder: &Path, name: &str) {
    let mut child = command(args).stderr(Stdio::piped()).spawn().unwrap();
    while !names(folder).iter().any(|file| file.contains(name)) {
        assert!(
            child.try_wait().unwrap().is_none(),
            "it ended before it was interrupted"
        );
        std::thread::yield_now();
    }
    let kill = Command::new("sh")
        .args(["-c", "kill -INT \"$0\"", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(stderr(&output).contains("interrupted"), "{}", stderr(&output));
}

/// Names of the files in a folder and in its folders.
fn names(folder: &Path) -> Vec<String> {
    let entries = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
    let files = entries(folder).flat_map(|entry| entries(&entry.path()).chain([entry]));
    files
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn an_interrupted_seal_leaves_nothing_behind() {
    let folder = folder();
    let data = file(folder.path(), "chacha8", 9_000_000, 1);
    let scratch = folder.path().join("scratch");
    // Two layers of 16 MiB take a second; the first is begun within milliseconds.
    interrupt(
        &["seal", "--skip-proof", "--scratch", text(&scratch), text(&data)],
        &scratch,
        "layer-1",
    );
    assert_eq!(names(&scratch), [""; 0]);
}

#[test]
fn an_interrupted_sector_is_taken_up_again() {
    let folder = folder();
    let data = file(folder.path(), "chacha8", 1_000_000, 1);
    let (dir, scratch) = (folder.path().join("sector"), folder.path().join("scratch"));
    let seal = ["seal", "--skip-proof", "--json", "--scratch", text(&scratch)];
    interrupt(
        &[&seal[..], &["--dir", text(&dir), text(&data)]].concat(),
        &dir,
        "layer-2",
    );
    assert!(
        names(&dir).iter().all(|name| !name.ends_with(".part")),
        "{:?}",
        names(&dir)
    );
    assert!(names(&dir).contains(&"sc-02-data-layer-1.dat".to_owned()));
    let resumed = json(&[&seal[..], &["--dir", text(&dir), text(&data)]].concat());
    let at_once = json(&[&seal[..], &[text(&data)]].concat());
    for name in ["comm_r", "layers_sha256", "tree_c_sha256", "replica_sha256"] {
        assert_eq!(resumed[name], at_once[name], "{name}");
    }
}
