//! Whole phases of one sector, files read and written on either side, on all threads.

use std::fs;

use anyhow::{Context, Result};
use engine_proofs::{
    groth16::{Parameters, PreparedKey, ProofKind},
    registered::SealProof,
    sdr::ParentSource,
};
use kernels::{Cpu, Node};
use tempfile::TempDir;

use super::{contest, peer, timed, Row, Timed, Words};
use crate::{
    case::Case,
    ours::{self, Sealed},
    parameters,
    reference::{self, Commitments, Directory, Sealer},
};

pub(super) fn case(sector_size: &str) -> Result<Case> {
    Ok(Case::random(0, sector_size.parse()?, SealProof::V1_1).registered())
}

fn words(stage: &str, case: &Case, note: &str) -> Words {
    Words {
        stage: format!("{stage} {}", case.geometry.sector_size),
        peer: peer("filecoin-proofs"),
        note: format!("all threads{note}"),
    }
}

/// The reference in a directory of its own, after AddPiece.
pub(super) fn staged(case: &Case) -> Result<(TempDir, Box<dyn Sealer>)> {
    let dir = tempfile::tempdir()?;
    let mut sealer = reference::sealer(case, dir.path())?;
    sealer.add_pieces()?;
    Ok((dir, sealer))
}

pub(super) fn pre_commit_1(rounds: usize) -> Result<Row> {
    let case = case("8MiB")?;
    let theirs = || {
        let (dir, mut sealer) = staged(&case)?;
        let took = timed(|| sealer.pre_commit_1())?.took;
        // What follows from every label: the last layer.
        let output = fs::read(dir.path().join("sc-02-data-layer-2.dat"))?;
        Ok(Timed { output, took })
    };
    let ours = || {
        let dir = tempfile::tempdir()?;
        let cpu = Cpu::new();
        let (staged, _) = ours::add_pieces(&cpu, &case)?;
        let labelled = timed(|| {
            let graph = ours::graph(&case);
            let labelled = ours::pre_commit_1(&cpu, &case, ParentSource::Computed(&graph), &staged)?;
            for (n, nodes) in labelled.layers.iter().chain([&labelled.tree_d]).enumerate() {
                fs::write(dir.path().join(n.to_string()), Node::bytes(nodes))?;
            }
            Ok(labelled)
        })?;
        Ok(Timed {
            output: Node::bytes(labelled.output.layers.last().context("layers")?).to_vec(),
            took: labelled.took,
        })
    };
    let note = "; parents: computed by us, read by the peer from the file of an earlier round";
    contest(words("PreCommit1", &case, note), rounds.max(1), theirs, ours)
}

pub(super) fn pre_commit_2(rounds: usize) -> Result<Row> {
    pre_commit_2_of("8MiB", rounds)
}

pub(super) fn pre_commit_2_512(rounds: usize) -> Result<Row> {
    pre_commit_2_of("512MiB", rounds)
}

fn pre_commit_2_of(sector_size: &str, rounds: usize) -> Result<Row> {
    let case = case(sector_size)?;
    let theirs = || {
        let (_dir, mut sealer) = staged(&case)?;
        sealer.pre_commit_1()?;
        timed(|| sealer.pre_commit_2())
    };
    let cpu = Cpu::new();
    let (staged, _) = ours::add_pieces(&cpu, &case)?;
    let labelled = ours::pre_commit_1(&cpu, &case, ParentSource::Computed(&ours::graph(&case)), &staged)?;
    let ours = || {
        let dir = tempfile::tempdir()?;
        let (labelled, staged) = (labelled.clone(), staged.clone());
        timed(|| {
            let sealed = ours::pre_commit_2(&cpu, &case, labelled, staged)?;
            sealed.write(&Directory::of(dir.path()))?;
            Ok(sealed.commitments)
        })
    };
    contest(
        words("PreCommit2", &case, "; ours writes the layers once more"),
        rounds,
        theirs,
        ours,
    )
}

/// A sector that the reference has sealed in its directory.
pub(super) struct Sector {
    pub case: Case,
    pub dir: TempDir,
    pub sealer: Box<dyn Sealer>,
    commitments: Commitments,
}

impl Sector {
    pub fn new(sector_size: &str) -> Result<Sector> {
        let case = case(sector_size)?;
        let (dir, mut sealer) = staged(&case)?;
        sealer.pre_commit_1()?;
        let commitments = sealer.pre_commit_2()?;
        Ok(Sector {
            case,
            dir,
            sealer,
            commitments,
        })
    }

    pub fn read(&self) -> Result<Sealed> {
        Sealed::read(&self.case, &Directory::of(self.dir.path()))
    }
}

pub(super) fn commit_1(rounds: usize) -> Result<Row> {
    let mut sector = Sector::new("2KiB")?;
    let (case, directory) = (sector.case.clone(), Directory::of(sector.dir.path()));
    let theirs = || {
        let took = timed(|| sector.sealer.commit_1())?.took;
        let output = sector.sealer.opened()?;
        Ok(Timed { output, took })
    };
    let ours = || timed(|| Sealed::read(&case, &directory)?.open(&case, &ours::graph(&case)));
    contest(words("Commit1", &case, ""), rounds, theirs, ours)
}

pub(super) fn commit_2(rounds: usize) -> Result<Row> {
    commit_2_of("2KiB", rounds)
}

pub(super) fn commit_2_8(rounds: usize) -> Result<Row> {
    commit_2_of("8MiB", rounds)
}

pub(super) fn commit_2_512(rounds: usize) -> Result<Row> {
    commit_2_of("512MiB", rounds)
}

/// A proof differs with its blinding: what is compared is that the other side verifies it.
fn commit_2_of(sector_size: &str, rounds: usize) -> Result<Row> {
    let mut sector = Sector::new(sector_size)?;
    let bytes = parameters::of(ProofKind::Porep, sector.case.geometry)?;
    let parameters = Parameters::parse(&bytes)?;
    let (sealed, case) = (sector.read()?, sector.case.clone());
    let key = PreparedKey::new(&parameters.key);
    sector.sealer.commit_1()?;
    let opened = sector.sealer.opened()?;
    let judge = reference::sealer(&case, sector.dir.path())?;
    let theirs = || {
        let proof = timed(|| sector.sealer.commit_2())?;
        Ok(Timed {
            output: sealed.verify(&case, &key, &proof.output)?,
            took: proof.took,
        })
    };
    let ours = || {
        let proof = timed(|| sealed.prove(&Cpu::new(), &case, &parameters, &opened))?;
        Ok(Timed {
            output: judge.verify(&sealed.commitments, &proof.output)?,
            took: proof.took,
        })
    };
    contest(
        words("Commit2", &case, "; the proof verified on either side"),
        rounds,
        theirs,
        ours,
    )
}

/// A sector with its proof, and the key that verifies it.
fn proved() -> Result<(Sector, Sealed, PreparedKey, Vec<u8>)> {
    let mut sector = Sector::new("2KiB")?;
    let bytes = parameters::of(ProofKind::Porep, sector.case.geometry)?;
    let parameters = Parameters::parse(&bytes)?;
    let sealed = sector.read()?;
    sector.sealer.commit_1()?;
    let opened = sector.sealer.opened()?;
    let proof = sealed.prove(&Cpu::new(), &sector.case, &parameters, &opened)?;
    Ok((sector, sealed, PreparedKey::new(&parameters.key), proof))
}

pub(super) fn verify(rounds: usize) -> Result<Row> {
    let (sector, sealed, key, proof) = proved()?;
    let theirs = || timed(|| sector.sealer.verify(&sector.commitments, &proof));
    let ours = || timed(|| sealed.verify(&sector.case, &key, &proof));
    let note = "; the key prepared, the public inputs computed each time";
    contest(words("verify PoRep", &sector.case, note), rounds, theirs, ours)
}

/// Proofs of a batch.
const N_BATCH: usize = 100;

pub(super) fn verify_batch(rounds: usize) -> Result<Row> {
    let (sector, sealed, key, proof) = proved()?;
    let proofs = vec![&proof[..]; N_BATCH];
    let theirs = || timed(|| sector.sealer.verify_batch(&sector.commitments, &proofs));
    let ours = || timed(|| sealed.verify_batch(&sector.case, &key, &proofs));
    let words = words(&format!("verify PoRep × {N_BATCH}"), &sector.case, "; one batch");
    contest(words, rounds, theirs, ours)
}

pub(super) fn unseal(rounds: usize) -> Result<Row> {
    let sector = Sector::new("8MiB")?;
    let case = &sector.case;
    let len = case.pieces[0].len();
    let theirs = || timed(|| sector.sealer.unseal(&sector.commitments, 0, len as u64));
    let ours = || timed(|| ours::unseal(&Cpu::new(), case, &Directory::of(sector.dir.path()), len));
    contest(words("unseal", case, "; the first piece"), rounds, theirs, ours)
}
