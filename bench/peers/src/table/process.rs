//! Whole processes: from a file to a sealed, verified sector, started from nothing.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{ensure, Context, Result};
use engine_proofs::{groth16::ProofKind, registered::SealProof};
use kernels::Node;
use serde_json::Value;

use super::{contest, peer, random_bytes, timed, Row, Timed, Words};
use crate::{case::Case, home, parameters, reference};

/// The size that the row is about.
const SECTOR_SIZE: &str = "2KiB";

/// The sector that both processes seal: everything that `lode-engine seal` is told on its command line.
fn case() -> Result<Case> {
    let case = Case::random(7, SECTOR_SIZE.parse()?, SealProof::V1_1).registered();
    let data = random_bytes(case.geometry.sector_size.unpadded_bytes() as usize);
    Ok(Case {
        pieces: vec![data],
        ..case
    })
}

/// What the reference's process does: AddPiece to Commit2, and verify. Answers with comm_r.
///
/// # Errors
/// When a phase fails, or the proof does not verify.
pub fn reference_seals(dir: &Path) -> Result<Node> {
    let mut sealer = reference::sealer(&case()?, dir)?;
    sealer.add_pieces()?;
    sealer.pre_commit_1()?;
    let commitments = sealer.pre_commit_2()?;
    sealer.commit_1()?;
    let proof = sealer.commit_2()?;
    ensure!(
        sealer.verify(&commitments, &proof)?,
        "the reference rejects its own proof"
    );
    Ok(commitments.comm_r)
}

pub(super) fn seal(rounds: usize) -> Result<Row> {
    let case = case()?;
    drop(parameters::of(ProofKind::Porep, case.geometry)?);
    let this = env::current_exe()?;
    let engine = this.with_file_name("lode-engine");
    ensure!(
        engine.exists(),
        "{} is not built: cargo build --release",
        engine.display()
    );
    let words = Words {
        stage: format!("a whole process, {SECTOR_SIZE}"),
        peer: peer("filecoin-proofs"),
        note: "all threads; AddPiece to verify, ours unseals and compares too; parameters found".to_owned(),
    };
    let theirs = || {
        let dir = tempfile::tempdir()?;
        let run = timed(|| answer(Command::new(&this).arg("reference-seal").arg(dir.path())))?;
        Ok(Timed {
            output: run.output.trim().to_owned(),
            took: run.took,
        })
    };
    let ours = || {
        let dir = tempfile::tempdir()?;
        let file = dir.path().join("data");
        fs::write(&file, &case.pieces[0])?;
        let run = timed(|| {
            answer(&mut engine_seals(
                &engine,
                &case,
                &file,
                &dir.path().join("sector"),
            ))
        })?;
        let report: Value = serde_json::from_str(&run.output).with_context(|| {
            format!(
                "{} answers {:?}: an old build? cargo build --release",
                engine.display(),
                run.output
            )
        })?;
        ensure!(report["verified"] == true, "lode-engine did not verify its proof");
        Ok(Timed {
            output: report["comm_r"].as_str().context("comm_r")?.to_owned(),
            took: run.took,
        })
    };
    let rounds = if rounds == 1 { 0 } else { rounds };
    contest(words, rounds, theirs, ours)
}

fn engine_seals(engine: &PathBuf, case: &Case, file: &Path, dir: &Path) -> Command {
    let mut command = Command::new(engine);
    command
        .env(home::VARIABLE, home::parameters())
        .arg("seal")
        .arg(file)
        .arg("--json");
    let options = [
        ("--sector-size", SECTOR_SIZE.to_owned()),
        ("--seal-proof", case.seal_proof.to_string()),
        ("--prover-id", case.prover_id.to_string()),
        ("--sector", case.sector.to_string()),
        ("--ticket", case.ticket.to_string()),
        ("--seed", case.seed.to_string()),
        ("--porep-id", case.porep_id.to_string()),
        ("--dir", dir.display().to_string()),
    ];
    command.args(
        options
            .into_iter()
            .flat_map(|(name, value)| [name.to_owned(), value]),
    );
    command
}

fn answer(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?} failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
