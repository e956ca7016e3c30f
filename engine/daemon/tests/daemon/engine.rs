//! The real binary, run in folders of the test's own.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use chacha20::{
    cipher::{KeyIvInit, StreamCipher},
    ChaCha8,
};
use serde_json::Value;
use tempfile::TempDir;

/// A command in an environment of which nothing is inherited that would change its answer.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lode-engine"));
    for name in [
        "LODE_CONFIG",
        "LODE_CPU",
        "LODE_NETWORK",
        "LODE_PARAMETERS",
        "LODE_SCRATCH",
    ] {
        command.env_remove(name);
    }
    command.args(args);
    command
}

/// Runs it to its end.
pub fn run(args: &[&str]) -> Output {
    command(args)
        .output()
        .expect("the binary was built for this test")
}

/// What it said on stderr.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What it answered to people.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// It succeeded, and answered with one JSON object.
pub fn json(args: &[&str]) -> Value {
    let output = run(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("one JSON object and nothing else")
}

/// It failed, and said so in a way that names these things; and it did not panic.
pub fn refused(output: &Output, words: &[&str]) {
    let said = stderr(output);
    assert!(!output.status.success(), "accepted: {}", stdout(output));
    assert!(!said.contains("panicked") && !said.contains("bug"), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

/// A folder that is gone at the end of the test.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("the temporary folder can be written")
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("test folders have plain names")
}

/// A file of so many bytes of a golden pattern.
pub fn file(folder: &Path, pattern: &str, len: usize, sector: u64) -> PathBuf {
    let mut bytes = vec![0; len];
    match pattern {
        "zero" => {}
        "mod251" => bytes
            .iter_mut()
            .enumerate()
            .for_each(|(i, byte)| *byte = ((31 * i + 7) % 251) as u8),
        "chacha8" => {
            let mut key = [0x2a; 32];
            key[..8]
                .iter_mut()
                .zip(sector.to_le_bytes())
                .for_each(|(key, byte)| *key ^= byte);
            ChaCha8::new(&key.into(), &[0; 12].into()).apply_keystream(&mut bytes);
        }
        other => panic!("there is no pattern {other}"),
    }
    let path = folder.join(format!("{pattern}-{len}-{sector}"));
    fs::write(&path, bytes).expect("the folder can be written");
    path
}

/// A fixture.
pub fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(name);
    let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).expect("fixtures are JSON")
}

/// What a golden sector and its proof say, as `seal --json` would print it.
pub fn statement(sector: &Value, seal_proof: &str, proof: &Value) -> Value {
    let case = &sector["case"];
    serde_json::json!({
        "sector_size": case["sector_size"],
        "seal_proof": seal_proof,
        "porep_id": case["porep_id"],
        "prover_id": case["prover_id"],
        "sector": case["sector_id"],
        "ticket": case["ticket"],
        "seed": case["seed"],
        "comm_d": sector["comm_d"],
        "comm_r": sector["comm_r"],
        "proof": proof,
    })
}

/// Whose a golden sector is, in flags.
pub fn identity(case: &Value) -> Vec<String> {
    let sector = case["sector_id"].to_string();
    let flags = [
        ("--sector", sector.as_str()),
        ("--prover-id", word(case, "prover_id")),
        ("--ticket", word(case, "ticket")),
        ("--porep-id", word(case, "porep_id")),
    ];
    flags
        .iter()
        .flat_map(|(name, value)| [name.to_string(), value.to_string()])
        .collect()
}

/// Writes the key of a kit into a folder, under its published name.
pub fn put_key(kit: &Value, folder: &Path) {
    let key = hex::decode(word(&kit["vk"], "vk_hex_uncompressed")).expect("hex");
    fs::write(folder.join(word(&kit["vk"], "file")), key).expect("the folder can be written");
}

/// Every file of a folder with its bytes.
pub fn snapshot(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let entry = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("the folder can be listed");
        let name = entry.file_name().into_string().expect("plain names");
        (name, fs::read(entry.path()).expect("files can be read"))
    };
    entries.map(entry).collect()
}

/// A text field.
pub fn word<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} is no text"))
}

/// The stages that a sealed sector went through.
pub fn stages(sealed: &Value) -> Vec<&str> {
    let stages = sealed["stages"].as_array().expect("a list").iter();
    stages.map(|stage| word(stage, "stage")).collect()
}
