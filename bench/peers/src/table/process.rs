//! Whole processes: from a file to a sealed, verified sector, started from nothing; and what they say of a phase.

use std::{
    cell::Cell,
    env, fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    groth16::{Parameters, PreparedKey, ProofKind},
    registered::SealProof,
};
use kernels::Node;
use sha2::{Digest, Sha256};

use super::{
    contest, peer, random_bytes,
    sector::{self, staged, Sector},
    timed, Row, Timed, Words,
};
use crate::{
    case::Case,
    engine, home,
    ours::Sealed,
    parameters,
    reference::{self, Directory},
};

/// The size that the row of whole processes is about.
const SECTOR_SIZE: &str = "2KiB";

/// The sector that both sides seal: everything that `lode-engine seal` is told on its command line.
fn case(sector_size: &str) -> Result<Case> {
    let case = Case::random(7, sector_size.parse()?, SealProof::V1_1).registered();
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
    let mut sealer = reference::sealer(&case(SECTOR_SIZE)?, dir)?;
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
    let case = case(SECTOR_SIZE)?;
    drop(parameters::of(ProofKind::Porep, case.geometry)?);
    let this = env::current_exe()?;
    engine::binary()?;
    let words = Words {
        stage: format!("a whole process, {SECTOR_SIZE}"),
        peer: peer("filecoin-proofs"),
        note: "all threads; AddPiece to verify, ours unseals and compares too; parameters found".to_owned(),
    };
    let (their_peak, our_peak) = (Cell::new(0), Cell::new(0));
    let theirs = || {
        let dir = tempfile::tempdir()?;
        let run = timed(|| watched(Command::new(&this).arg("reference-seal").arg(dir.path())))?;
        let (output, peak) = run.output;
        their_peak.set(peak.max(their_peak.get()));
        Ok(Timed {
            output: output.trim().to_owned(),
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
        let stages = run.output["stages"].as_array().context("stages")?;
        let peaks = stages
            .iter()
            .filter_map(|stage| stage["peak_rss_anonymous"].as_u64());
        our_peak.set(peaks.fold(our_peak.get(), u64::max));
        Ok(Timed {
            output: run.output["comm_r"].as_str().context("comm_r")?.to_owned(),
            took: run.took,
        })
    };
    let mut row = contest(words, rounds, theirs, ours)?;
    row.note += &held(their_peak.get(), our_peak.get())?;
    Ok(row)
}

/// What either process held at most, in bytes.
///
/// # Errors
/// When ours held more than half of theirs: as much as is asked of it.
fn held(theirs: u64, ours: u64) -> Result<String> {
    let words = format!(
        "at most {} MiB of memory that maps no file, and {} MiB: {:.2} times less, asked 2",
        theirs >> 20,
        ours >> 20,
        theirs as f64 / ours as f64
    );
    ensure!(0 < ours && 2 * ours <= theirs, "missed: {words}");
    Ok(format!("; {words}"))
}

/// What the reference's process does to prove a sector that it has sealed in `dir`: Commit1 and Commit2.
///
/// # Errors
/// When a phase fails.
pub fn reference_proves(sector_size: &str, dir: &Path) -> Result<Vec<u8>> {
    let case = sector::case(sector_size)?;
    let commitments = Sealed::read(&case, &Directory::of(dir))?.commitments;
    let mut sealer = reference::sealer(&case, dir)?;
    sealer.add_pieces()?;
    sealer.adopt(&commitments)?;
    sealer.commit_1()?;
    sealer.commit_2()
}

pub(super) fn prove(rounds: usize) -> Result<Row> {
    prove_of("2KiB", rounds)
}

pub(super) fn prove_8(rounds: usize) -> Result<Row> {
    prove_of("8MiB", rounds)
}

/// One sector and one file of parameters, proved by a process of either side.
fn prove_of(sector_size: &str, rounds: usize) -> Result<Row> {
    let sector = Sector::new(sector_size)?;
    let (case, dir) = (&sector.case, sector.dir.path());
    let bytes = parameters::of(ProofKind::Porep, case.geometry)?;
    let key = PreparedKey::new(&Parameters::parse(&bytes)?.key);
    drop(bytes);
    let sealed = sector.read()?;
    let this = env::current_exe()?;
    engine::adopt(case, dir)?;
    let words = Words {
        stage: format!("a process that proves, {sector_size}"),
        peer: peer("filecoin-proofs"),
        note: "all threads; Commit1 and Commit2 of the same sector with the same parameters; the proof verified on \
               either side"
            .to_owned(),
    };
    let (their_peak, our_peak) = (Cell::new(0), Cell::new(0));
    let theirs = || {
        let mut command = Command::new(&this);
        command.args(["reference-prove", sector_size]).arg(dir);
        let run = timed(|| watched(&mut command))?;
        let (output, peak) = run.output;
        their_peak.set(peak.max(their_peak.get()));
        Ok(Timed {
            output: sealed.verify(case, &key, &hex::decode(output.trim())?)?,
            took: run.took,
        })
    };
    let ours = || {
        let mut command = engine::prove_command(case, dir)?;
        let run = timed(|| watched(&mut command))?;
        let (output, peak) = run.output;
        our_peak.set(peak.max(our_peak.get()));
        let proof = engine::proof(&serde_json::from_str(&output)?)?;
        Ok(Timed {
            output: sector.sealer.verify(&sealed.commitments, &proof)?,
            took: run.took,
        })
    };
    let mut row = contest(words, rounds, theirs, ours)?;
    row.note += &held(their_peak.get(), our_peak.get())?;
    Ok(row)
}

/// PreCommit1 as the daemon runs it, by its own clock; for the reference without a list of parents on the disk.
pub(super) fn pre_commit_1_512(rounds: usize) -> Result<Row> {
    let case = case("512MiB")?;
    engine::binary()?;
    let multicore = env::var("FIL_PROOFS_USE_MULTICORE_SDR").is_ok_and(|use_it| use_it == "true");
    let words = Words {
        stage: format!("PreCommit1 {}", case.geometry.sector_size),
        peer: peer("filecoin-proofs"),
        note: format!(
            "all threads; parents cold; the peer's multicore SDR {}",
            if multicore { "asked for" } else { "not asked for" }
        ),
    };
    let theirs = || {
        let (dir, mut sealer) = staged(&case)?;
        home::forget_parents()?;
        let took = timed(|| sealer.pre_commit_1())?.took;
        let layer = fs::read(dir.path().join("sc-02-data-layer-2.dat"))?;
        Ok(Timed {
            output: hex::encode(Sha256::digest(layer)),
            took,
        })
    };
    let ours = || {
        let dir = tempfile::tempdir()?;
        let sealed = engine::seal(&case, &dir.path().join("sector"), &["--skip-proof"])?;
        let stages = sealed["stages"].as_array().context("stages")?;
        let stage = stages.iter().find(|stage| stage["stage"] == "pre_commit_1");
        let seconds = stage
            .and_then(|stage| stage["wall_s"].as_f64())
            .context("wall_s")?;
        let last = sealed["layers_sha256"]
            .as_array()
            .and_then(|layers| layers.last());
        Ok(Timed {
            output: last
                .and_then(|digest| digest.as_str())
                .context("layers_sha256")?
                .to_owned(),
            took: Duration::from_secs_f64(seconds),
        })
    };
    contest(words, rounds, theirs, ours)
}

/// What a process prints, and the most anonymous memory that it was seen to hold, in bytes. It prints little.
fn watched(command: &mut Command) -> Result<(String, u64)> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = anonymous_memory(child.id()).max(peak);
        thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{command:?} failed: {}", output.status);
    Ok((String::from_utf8(output.stdout)?, peak))
}

/// What Linux says of a process: a line `RssAnon:  1234 kB`. Nothing of one that is gone.
fn anonymous_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) << 10
}
