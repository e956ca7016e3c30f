//! `lode-engine` itself, as people start it.

use std::{
    env, fs,
    ops::Range,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{ensure, Context, Result};
use engine_proofs::post::Statement;
use serde_json::{json, Value};

use crate::{case::Case, home};

/// The binary of another package, which a build of the workspace puts beside or above ours.
///
/// # Errors
/// When it is not built.
pub fn binary() -> Result<PathBuf> {
    let this = env::current_exe()?;
    let found = this
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("lode-engine"))
        .find(|path| path.exists());
    found.with_context(|| {
        format!(
            "lode-engine is not built beside {}: cargo build --release",
            this.display()
        )
    })
}

/// Runs a verb to its end, and answers with the object that it prints.
///
/// # Errors
/// When it is not built, fails, or prints something else.
pub fn answer(arguments: &[&str]) -> Result<Value> {
    run(command(arguments)?)
}

fn run(mut command: Command) -> Result<Value> {
    let output = command.stderr(Stdio::piped()).output()?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// A verb that will print one object.
fn command(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(binary()?);
    command
        .env(home::VARIABLE, home::parameters())
        .args(arguments)
        .arg("--json");
    Ok(command)
}

/// Seals the case's pieces, each a file of its own, in `dir`.
///
/// # Errors
/// As [`answer`].
pub fn seal(case: &Case, dir: &Path, more: &[&str]) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let mut files = Vec::new();
    for (n, piece) in case.pieces.iter().enumerate() {
        let path = folder.path().join(n.to_string());
        fs::write(&path, piece)?;
        files.push(path.display().to_string());
    }
    let identity = identity(case);
    let dir = dir.display().to_string();
    let all = ["seal", "--dir", &dir, "--seed", &case.seed.to_string()];
    let words = all
        .into_iter()
        .chain(identity.iter().chain(&files).map(String::as_str));
    answer(&words.chain(more.iter().copied()).collect::<Vec<_>>())
}

/// Takes over the directory in which the reference has sealed the case.
///
/// # Errors
/// As [`answer`].
pub fn adopt(case: &Case, dir: &Path) -> Result<Value> {
    let (identity, dir) = (identity(case), dir.display().to_string());
    let words = ["adopt", "--dir", &dir]
        .into_iter()
        .chain(identity.iter().map(String::as_str));
    answer(&words.collect::<Vec<_>>())
}

/// Proves the sector in a directory with the case's seed: the proofs of all partitions, one after the other.
///
/// # Errors
/// As [`answer`].
pub fn prove(case: &Case, dir: &Path) -> Result<Vec<u8>> {
    proof(&run(prove_command(case, dir)?)?)
}

/// As [`prove`], for whoever watches the process; [`proof`] reads what it prints.
///
/// # Errors
/// When it is not built.
pub fn prove_command(case: &Case, dir: &Path) -> Result<Command> {
    let (seed, dir) = (case.seed.to_string(), dir.display().to_string());
    command(&["prove", "--dir", &dir, "--seed", &seed])
}

/// The proof in an answer.
///
/// # Errors
/// When there is none.
pub fn proof(answer: &Value) -> Result<Vec<u8>> {
    let proof = answer["proof"]
        .as_str()
        .context("lode-engine answers with a proof")?;
    Ok(hex::decode(proof)?)
}

/// Writes a range of the data of the sector in a directory to a new file.
///
/// # Errors
/// As [`answer`].
pub fn unseal(dir: &Path, range: Range<usize>, out: &Path) -> Result<Value> {
    let range = format!("{}:{}", range.start, range.len());
    let [dir, out] = [dir, out].map(|path| path.display().to_string());
    answer(&["unseal", "--dir", &dir, "--range", &range, &out])
}

/// Joins partitions of a WindowPoSt that were proved apart, whoever proved them.
///
/// # Errors
/// As [`answer`]; also when the joined proof does not verify.
pub fn merge(statement: &Statement, partitions: &[Vec<u8>]) -> Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let sectors = statement.sectors().iter();
    let sectors: Vec<Value> = sectors
        .map(|sector| json!({ "sector": sector.sector, "comm_r": sector.comm_r.to_string() }))
        .collect();
    let mut words = vec!["post".to_owned(), "merge".to_owned()];
    for (k, proof) in partitions.iter().enumerate() {
        let claim = json!({
            "post_proof": statement.post_proof().to_string(),
            "sector_size": statement.geometry().sector_size.bytes(),
            "prover_id": statement.prover_id().to_string(),
            "randomness": statement.randomness().to_string(),
            "partition": k,
            "sectors": sectors,
            "proof": hex::encode(proof),
        });
        let path = folder.path().join(format!("{k}.json"));
        fs::write(&path, claim.to_string())?;
        words.push(path.display().to_string());
    }
    proof(&answer(&words.iter().map(String::as_str).collect::<Vec<_>>())?)
}

/// What a case's replica is bound to, in flags.
fn identity(case: &Case) -> Vec<String> {
    let flags = [
        ("--sector-size", case.geometry.sector_size.to_string()),
        ("--seal-proof", case.seal_proof.to_string()),
        ("--prover-id", case.prover_id.to_string()),
        ("--sector", case.sector.to_string()),
        ("--ticket", case.ticket.to_string()),
        ("--porep-id", case.porep_id.to_string()),
    ];
    flags
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect()
}
