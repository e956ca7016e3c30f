//! Whole processes: from a file to a sealed, verified sector, started from nothing.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{ensure, Context, Result};
use engine_proofs::{groth16::ProofKind, registered::SealProof};
use kernels::Node;

use super::{contest, peer, random_bytes, timed, Row, Timed, Words};
use crate::{case::Case, engine, parameters, reference};

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
    engine::binary()?;
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
        let run = timed(|| engine::seal(&case, &dir.path().join("sector"), &[]))?;
        ensure!(
            run.output["verified"] == true,
            "lode-engine did not verify its proof"
        );
        Ok(Timed {
            output: run.output["comm_r"].as_str().context("comm_r")?.to_owned(),
            took: run.took,
        })
    };
    let rounds = if rounds == 1 { 0 } else { rounds };
    contest(words, rounds, theirs, ours)
}

fn answer(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?} failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
