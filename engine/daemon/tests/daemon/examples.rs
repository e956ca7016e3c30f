//! The examples in the help of every verb, run as they stand there.

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process::{Command, Output},
};

use crate::engine::{file, folder, json, run, stdout, text};

/// What no test can run, and why. That it would be understood is a test beside the verbs.
const NOT_RUN: [(&str, &str); 1] = [("params import", "the published files of 32 GiB have 45 gigabytes")];

/// The ticket that the environment of an example has.
const TICKET: &str = "0101010101010101010101010101010101010101010101010101010101010101";

/// Every verb with verbs of its own, as words: `post window`.
fn verbs(of: &str, found: &mut BTreeMap<String, String>) {
    let words: Vec<&str> = of.split_whitespace().chain(["--help"]).collect();
    let help = stdout(&run(&words));
    let (_, list) = help.split_once("\nCommands:\n").unwrap_or_default();
    let list = list.split("\n\n").next().unwrap_or_default();
    for line in list
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
    {
        let verb = line.split_whitespace().next().expect("a verb has a name");
        if verb != "help" {
            verbs(format!("{of} {verb}").trim(), found);
        }
    }
    if !of.is_empty() {
        found.insert(of.to_owned(), help);
    }
}

/// The lines of the example, as a shell takes them.
fn example(help: &str) -> Option<String> {
    let mut lines = help.lines().skip_while(|line| !line.starts_with("Example: "));
    let first = lines.next()?.strip_prefix("Example: ")?;
    let rest = lines.map_while(|line| line.strip_prefix("         "));
    Some([first].into_iter().chain(rest).collect::<Vec<_>>().join("\n"))
}

/// What the examples find where they are run: small files, another program's sector, a circuit.
fn set_up(verb: &str, dir: &Path) {
    for name in ["README.md", "LICENSE-MIT", "deny.toml"] {
        let data = file(dir, "chacha8", 900 + name.len(), 1);
        fs::rename(data, dir.join(name)).unwrap();
    }
    match verb {
        "adopt" => foreign_sector(dir),
        "verify raw" => crate::raw_proofs::write_one(dir),
        _ => {}
    }
}

fn foreign_sector(dir: &Path) {
    let (cache, readme) = (dir.join("cache/s-t01000-1"), dir.join("README.md"));
    fs::create_dir(dir.join("cache")).unwrap();
    let seal = [
        "seal",
        "--json",
        "--skip-proof",
        "--skip-unseal",
        "--ticket",
        TICKET,
    ];
    let identity = ["--prover-id", "t01000", "--sector", "1", "--sector-size", "2KiB"];
    json(&[&seal[..], &identity, &["--dir", text(&cache), text(&readme)]].concat());
    fs::remove_file(cache.join("sector.json")).unwrap();
    fs::create_dir(dir.join("sealed")).unwrap();
    fs::rename(cache.join("sealed"), dir.join("sealed/s-t01000-1")).unwrap();
}

/// In a shell, in a folder of its own, with the binary of this build.
fn shell(script: &str, dir: &Path) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_lode-engine"));
    let folder = binary.parent().expect("it lies in a folder");
    let path = env::var_os("PATH").unwrap_or_default();
    let paths = [folder.to_owned()].into_iter().chain(env::split_paths(&path));
    let parameters = env::var("LODE_PARAMETERS").unwrap_or_else(|_| env!("CARGO_TARGET_TMPDIR").to_owned());
    Command::new("sh")
        .args(["-e", "-c", script])
        .current_dir(dir)
        .env("PATH", env::join_paths(paths).expect("paths of the environment"))
        .env("LODE_PARAMETERS", parameters)
        .env("TICKET", TICKET)
        .env_remove("LODE_CONFIG")
        .env_remove("LODE_NETWORK")
        .env_remove("LODE_SCRATCH")
        .output()
        .expect("there is a shell")
}

#[test]
fn every_verb_has_an_example_that_runs() {
    let mut found = BTreeMap::new();
    verbs("", &mut found);
    assert!(found.len() > 20, "{:?}", found.keys());
    let mut done = BTreeMap::new();
    for (verb, help) in &found {
        let script = example(help).unwrap_or_else(|| panic!("{verb} has no example:\n{help}"));
        assert!(
            script.contains(&format!("lode-engine {verb}")) || help.contains("\nCommands:\n"),
            "{verb}: {script}"
        );
        if NOT_RUN.iter().any(|(name, _)| name == verb) || done.contains_key(&script) {
            continue;
        }
        let folder = folder();
        set_up(verb, folder.path());
        let output = shell(&script, folder.path());
        assert!(output.status.success(), "{verb}: {script}\n{output:?}");
        done.insert(script, verb);
    }
    for (verb, why) in NOT_RUN {
        assert!(found.contains_key(verb), "{verb} is no verb any more ({why})");
    }
}
