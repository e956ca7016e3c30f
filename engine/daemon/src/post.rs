//! The whole way of a PoSt: from directories of sectors to a verified proof, or to what keeps them from it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure, Context, Result};
use engine_proofs::{
    geometry::Geometry,
    groth16::{Proof, ProofKind},
    post::{
        challenge::{winning_sector, Randomness},
        vanilla::SectorProof,
        Fault, Faulty, Partition, PublicSector, Statement,
    },
    registered::PostProof,
    replica_id::ProverId,
};
use kernels::Backend;

use crate::{
    params::{Proving, Receipt, Store},
    seal, sector,
    stage::{
        post::{self, Lying},
        Stage, Stages,
    },
};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The registered proof.
    pub post_proof: PostProof,
    /// Who proves.
    pub prover_id: ProverId,
    /// What asks.
    pub randomness: Randomness,
    /// The sectors' size and all that follows from it.
    pub geometry: &'static Geometry,
    /// Sectors that are left out.
    pub skipped: BTreeSet<u64>,
    /// Whether faulty sectors are left out too, or end it.
    pub skips_faulty: bool,
    /// The only partition to prove.
    pub partition: Option<usize>,
}

/// Where the answers come from.
#[derive(Debug)]
pub enum Source {
    /// The sectors' own files, by number, and the directories whose number is not even known, with what is wrong
    /// with them.
    Directories(BTreeMap<u64, Lying>, Vec<(PathBuf, anyhow::Error)>),
    /// Vanilla proofs that were made elsewhere.
    Vanilla(Vec<SectorProof>),
}

/// What came of it.
#[derive(Debug)]
pub struct Proved {
    /// The stages, in their order.
    pub stages: Stages,
    /// What is claimed of the sectors that are not left out; `None` where that are all of them.
    pub statement: Option<Statement>,
    /// The sectors that do not answer.
    pub faults: Vec<Faulty>,
    /// The proof, unless faults are in its way.
    pub proof: Option<(Vec<Proof>, Receipt)>,
}

/// The answers in the open, unless faults are in their way.
type Opened = (Option<Statement>, Vec<Faulty>, Vec<Partition>);

impl Source {
    /// The sectors, without their state being known.
    fn sectors(&self) -> Vec<PublicSector> {
        match self {
            Source::Directories(lying, _) => lying.values().map(Lying::public).collect(),
            Source::Vanilla(proofs) => {
                let public = proofs.iter().map(|proof| PublicSector {
                    sector: proof.sector,
                    comm_r: proof.comm_r,
                });
                public.collect()
            }
        }
    }

    fn has_lost(&self) -> bool {
        matches!(self, Source::Directories(_, lost) if !lost.is_empty())
    }

    fn open(&self, statement: &Statement, k: usize) -> Result<Partition, Vec<Faulty>> {
        match self {
            Source::Directories(lying, _) => Partition::open(statement, k, |sector, challenges| {
                lying.get(&sector.sector).ok_or(Fault::Missing)?.open(challenges)
            }),
            Source::Vanilla(proofs) => Partition::gather(statement, k, proofs),
        }
    }
}

impl Plan {
    /// Does it.
    ///
    /// # Errors
    /// When the sectors make no statement, parameters are missing, or a stage fails. Faulty sectors are no error
    /// but an answer.
    pub fn run(&self, source: &Source, store: &Store, device: &dyn Backend) -> Result<Proved> {
        let mut stages = Stages::default();
        let (statement, faults, partitions) =
            stages.run(Stage::PostVanilla, device, |_| self.open(source))?;
        let proof = match &statement {
            Some(statement) if !partitions.is_empty() => {
                Some(self.prove(statement, &partitions, (store, device), &mut stages)?)
            }
            _ => None,
        };
        Ok(Proved {
            stages,
            statement,
            faults,
            proof,
        })
    }

    /// The answers in the open, one for each sector that has one, and the sectors that have none.
    ///
    /// # Errors
    /// When the sectors make no statement.
    pub fn vanilla(&self, lying: &BTreeMap<u64, Lying>) -> Result<(Vec<SectorProof>, Vec<Faulty>)> {
        let all = self.claimed(lying.values().map(Lying::public).collect())?;
        let statement = self.state(&all, &self.skipped)?;
        let (mut proofs, mut faults) = (Vec::new(), Vec::new());
        for (position, PublicSector { sector, .. }) in statement.sectors().iter().enumerate() {
            match lying[sector].open(&statement.challenges(position)) {
                Ok(proof) => proofs.push(proof),
                Err(fault) => faults.push(Faulty {
                    sector: *sector,
                    fault,
                }),
            }
        }
        Ok((proofs, faults))
    }

    /// The sectors that the claim is about, those among them that are left out too.
    fn claimed(&self, given: Vec<PublicSector>) -> Result<Vec<PublicSector>> {
        let is_there = |sector: &u64| given.iter().any(|other| other.sector == *sector);
        if let Some(unknown) = self.skipped.iter().find(|sector| !is_there(sector)) {
            bail!("sector {unknown} is to be skipped, but is none of those that are given");
        }
        match self.post_proof {
            PostProof::Winning => Ok(vec![self.chosen(given)?]),
            PostProof::WindowV1 | PostProof::WindowV1_2 => Ok(given),
        }
    }

    fn state(&self, all: &[PublicSector], left_out: &BTreeSet<u64>) -> Result<Statement> {
        let left = all.iter().copied();
        let left = left.filter(|sector| !left_out.contains(&sector.sector));
        let statement = Statement::new(
            self.geometry,
            self.post_proof,
            self.prover_id,
            self.randomness,
            left,
        );
        Ok(statement?)
    }

    /// Opens until nothing is faulty, or nothing may be left out.
    fn open(&self, source: &Source) -> Result<Opened> {
        let all = self.claimed(source.sectors())?;
        let (mut faults, mut left_out) = (Vec::new(), self.skipped.clone());
        loop {
            let is_left = |sector: &PublicSector| !left_out.contains(&sector.sector);
            if !faults.is_empty() && !all.iter().any(is_left) {
                return Ok((None, faults, Vec::new()));
            }
            let statement = self.state(&all, &left_out)?;
            let (mut partitions, found) = self.open_partitions(source, &statement)?;
            let may_go_on = self.skips_faulty && !found.is_empty();
            if !self.skips_faulty && source.has_lost() {
                partitions.clear();
            }
            left_out.extend(found.iter().map(|fault| fault.sector));
            faults.extend(found);
            if !may_go_on {
                return Ok((Some(statement), faults, partitions));
            }
        }
    }

    /// Every partition that is wanted, or all faults in them.
    fn open_partitions(
        &self,
        source: &Source,
        statement: &Statement,
    ) -> Result<(Vec<Partition>, Vec<Faulty>)> {
        let n_partitions = statement.n_partitions();
        let wanted = match self.partition {
            Some(k) => {
                ensure!(
                    k < n_partitions,
                    "there is no partition {k}: {} sectors make {n_partitions}, counted from 0",
                    statement.sectors().len()
                );
                k..k + 1
            }
            None => 0..n_partitions,
        };
        let (mut partitions, mut faults) = (Vec::new(), Vec::new());
        for k in wanted {
            match source.open(statement, k) {
                Ok(partition) => partitions.push(partition),
                Err(found) => faults.extend(found),
            }
        }
        if !faults.is_empty() {
            partitions.clear();
        }
        Ok((partitions, faults))
    }

    /// The sector that the randomness chooses for a WinningPoSt, among the eligible in the order of their numbers.
    fn chosen(&self, mut eligible: Vec<PublicSector>) -> Result<PublicSector> {
        eligible.sort_by_key(|sector| sector.sector);
        eligible.retain(|sector| !self.skipped.contains(&sector.sector));
        ensure!(!eligible.is_empty(), "no sector is eligible: none is left");
        let chosen = winning_sector(&self.prover_id, self.randomness, 0, eligible.len() as u64)?;
        Ok(eligible[chosen as usize])
    }

    fn prove(
        &self,
        statement: &Statement,
        partitions: &[Partition],
        (store, device): (&Store, &dyn Backend),
        stages: &mut Stages,
    ) -> Result<(Vec<Proof>, Receipt)> {
        let kind = kind(self.post_proof);
        seal::prepare(store, device, kind, self.geometry, stages)?;
        let (proofs, key, receipt) = stages.run(Stage::PostSnark, device, |bar| {
            let Proving { map, key, receipt } = store.parameters(kind, self.geometry)?;
            Ok((post::prove(device, &map, partitions, bar)?, key, receipt))
        })?;
        stages.run(Stage::Verify, device, |_| {
            store.must_hold(post::verify(&key, statement, self.partition, &proofs), &receipt)
        })?;
        Ok((proofs, receipt))
    }
}

/// The circuit of a registered proof.
pub fn kind(post_proof: PostProof) -> ProofKind {
    match post_proof {
        PostProof::Winning => ProofKind::WinningPost,
        PostProof::WindowV1 | PostProof::WindowV1_2 => ProofKind::WindowPost,
    }
}

/// The directories of sectors among these: itself, where it is one, else every directory in it.
///
/// # Errors
/// When one cannot be listed, or holds no directory.
pub fn directories(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for dir in given {
        if sector::is_one(dir) {
            found.push(dir.clone());
            continue;
        }
        let inside = inside(dir).with_context(|| format!("cannot list {}", dir.display()))?;
        ensure!(
            !inside.is_empty(),
            "{} holds neither a sector nor directories of sectors",
            dir.display()
        );
        found.extend(inside);
    }
    Ok(found)
}

fn inside(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
