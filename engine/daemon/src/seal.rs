//! The whole way of a file: from bytes to a sealed sector, and back to the same bytes.
//!
//! Several sectors are labelled side by side; the rest of the way each goes by itself.

use std::{
    borrow::Borrow,
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    geometry::Geometry,
    groth16::{name, ProofKind},
    porep::vanilla::Statement,
    registered::{Feature, SealProof},
    replica_id::Seed,
};
use kernels::{Backend, Node};

use crate::{
    digest::Digests,
    draft::TempDir,
    params::{Half, Store},
    prove::{self, Claim, Proven},
    sector::{names, Identity, Piece, Roots, Sector},
    stage::{
        add_piece::{self, Input},
        clear, compare, pre_commit_1, pre_commit_2, synthetic, unseal, Stage, Stages,
    },
};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The client's files; none for committed capacity, and for a sector that has its data already.
    pub inputs: Vec<Input>,
    /// Where temporary folders are made.
    pub scratch: PathBuf,
    /// The parameters to prove with; `None` where no proof is wanted.
    pub parameters: Option<Store>,
    /// The randomness before Commit.
    pub seed: Seed,
    /// Whether the layers stay once they are not needed any more.
    pub keeps_layers: bool,
    /// Whether the data are unsealed and compared.
    pub unseals: bool,
    /// Whether the SHA-256 of every file is wanted.
    pub digests: bool,
}

/// What came of sectors that were labelled side by side.
#[derive(Debug)]
pub struct Batch {
    /// The stages of all of them together, which come before the others.
    pub stages: Stages,
    /// What came of each, in their order.
    pub sectors: Vec<Sealed>,
}

/// What came of a sector.
#[derive(Debug)]
pub struct Sealed {
    /// Whose it is.
    pub identity: Identity,
    /// The stages, in their order.
    pub stages: Stages,
    /// The identity of the replica.
    pub replica_id: Node,
    /// The commitments.
    pub roots: Roots,
    /// The client's files in the sector.
    pub pieces: Vec<Piece>,
    /// The proof, where wanted; it was verified.
    pub proof: Option<Proven>,
    /// SHA-256 of the files, where wanted.
    pub digests: Option<Digests>,
}

impl Batch {
    /// The only sector, with all stages as its own.
    ///
    /// # Panics
    /// When there is none.
    pub fn only(mut self) -> Sealed {
        let mut sealed = self.sectors.pop().expect("one sector was sealed");
        sealed.stages.done.splice(0..0, self.stages.done);
        sealed
    }
}

impl Plan {
    /// Begins a sector in a directory, or goes on with the one that it holds; without a directory, begins it in a
    /// folder that is gone afterwards.
    ///
    /// # Errors
    /// When the directory holds another sector or other files, or another process works in it.
    pub fn begin(&self, dir: Option<&Path>, identity: Identity) -> Result<Sector> {
        let Some(dir) = dir else {
            return Sector::temporary(&self.scratch, identity);
        };
        let sector = Sector::begin(dir, identity)?;
        let n_pieces = sector.record().pieces.len();
        ensure!(
            !self.inputs.is_empty() || n_pieces == 0,
            "{} holds another sector: it has {n_pieces} pieces and is not committed capacity; choose another directory",
            dir.display()
        );
        Ok(sector)
    }

    /// Goes on with sectors from where each is; made already are those of its files that are listed.
    ///
    /// # Errors
    /// Those of the stages, with the sector's number and the stage's name.
    ///
    /// # Panics
    /// When there is no sector, or the sectors do not share a graph.
    pub fn run(&self, device: &dyn Backend, sectors: &mut [Sector]) -> Result<Batch> {
        let mut stages = Stages::default();
        let prepared = self.prepare(device, sectors, &mut stages);
        prepared.with_context(|| named(sectors))?;
        let mut labelled = label(device, sectors, &mut stages)?.into_iter();
        let mut sealed = Vec::with_capacity(sectors.len());
        for sector in sectors.iter_mut() {
            let done = self.seal(device, sector, &mut labelled);
            sealed.push(done.with_context(|| named(&[sector]))?);
        }
        if self.parameters.is_some() && !self.keeps_layers {
            // Nothing but another proof needs them, and they are most of a sector. They go when all sectors are
            // proved: until then the same command would have to label those again that are proved already.
            for sector in sectors {
                remove_layers(sector).with_context(|| named(&[sector]))?;
            }
        }
        Ok(Batch {
            stages,
            sectors: sealed,
        })
    }

    /// Everything before the labels.
    fn prepare(&self, device: &dyn Backend, sectors: &mut [Sector], stages: &mut Stages) -> Result<()> {
        let first = &sectors[0].record().identity;
        let (geometry, seal_proof) = (first.geometry(), first.seal_proof);
        if let Some(store) = &self.parameters {
            prepare(store, device, ProofKind::Porep, geometry, stages)?;
            if seal_proof == SealProof::NonInteractive {
                prove::check_srs(store, geometry)?;
            }
        }
        if !self.inputs.is_empty() {
            for sector in sectors.iter_mut() {
                stages.run(Stage::AddPiece, device, |bar| {
                    add_piece::run(device, sector, &self.inputs, bar)
                })?;
            }
        }
        Ok(())
    }

    /// Everything after the labels; `labelled` has comm_d of the next sector that was labelled.
    fn seal(
        &self,
        device: &dyn Backend,
        sector: &mut Sector,
        labelled: &mut impl Iterator<Item = Node>,
    ) -> Result<Sealed> {
        let identity = sector.record().identity.clone();
        let mut stages = Stages::default();
        let roots = match stored(sector) {
            Some(roots) => roots,
            None => {
                let comm_d = labelled.next().expect("what is not stored was labelled");
                stages.run(Stage::PreCommit2, device, |bar| {
                    pre_commit_2::run(device, sector, comm_d, bar)
                })?
            }
        };
        let statement = statement(&identity, &roots);
        let has_all = sector.has(names::TREE_D);
        let digests = match (self.digests, has_all) {
            (false, _) => None,
            (true, true) => {
                let digests = Digests::of(sector)?;
                sector.note(|record| record.sha256 = Some(digests.clone()))?;
                Some(digests)
            }
            // What was told when all files were there.
            (true, false) => sector.record().sha256.clone(),
        };
        let mut unseals = self.unseals;
        if identity.seal_proof.feature() == Some(Feature::SyntheticPorep) {
            stages.run(Stage::Synthetic, device, |bar| {
                synthetic::run(sector, &statement, &roots, bar)
            })?;
            if has_all && !self.keeps_layers {
                // Afterwards the key would have to be labelled again.
                if std::mem::take(&mut unseals) {
                    self.unseal_and_compare(device, sector, &mut stages)?;
                }
                clear::run(sector)?;
            }
        }
        let proof = match &self.parameters {
            Some(store) => {
                let claim = Claim {
                    statement: &statement,
                    roots: &roots,
                    seed: self.seed,
                };
                Some(prove::run(store, device, sector, &claim, &mut stages)?)
            }
            None => None,
        };
        if unseals {
            self.unseal_and_compare(device, sector, &mut stages)?;
        }
        let pieces = sector.record().pieces.clone();
        Ok(Sealed {
            identity,
            stages,
            replica_id: statement.replica_id,
            roots,
            pieces,
            proof,
            digests,
        })
    }

    fn unseal_and_compare(
        &self,
        device: &dyn Backend,
        sector: &mut Sector,
        stages: &mut Stages,
    ) -> Result<()> {
        let scratch = TempDir::new_in(&self.scratch)?;
        let path = scratch.path().join("unsealed");
        stages.run(Stage::Unseal, device, |bar| {
            let mut out =
                File::create_new(&path).with_context(|| format!("cannot create {}", path.display()))?;
            let range = 0..unseal::content_end(sector);
            unseal::run(device, (sector, None), range, &mut out, scratch.path(), bar)
        })?;
        stages.run(Stage::Compare, device, |bar| {
            compare::run(&self.inputs, &path, bar)
        })
    }
}

/// Labels the sectors side by side, but for those that are [stored], and answers comm_d of each that it labelled.
fn label(device: &dyn Backend, sectors: &mut [Sector], stages: &mut Stages) -> Result<Vec<Node>> {
    let unlabelled = sectors.iter_mut().filter(|sector| stored(sector).is_none());
    let mut unlabelled: Vec<&mut Sector> = unlabelled.collect();
    if unlabelled.is_empty() {
        return Ok(Vec::new());
    }
    let comm_d = stages.run(Stage::PreCommit1, device, |bar| {
        pre_commit_1::run(device, &mut unlabelled, bar)
    });
    comm_d.with_context(|| named(&unlabelled))
}

/// The commitments of a sector whose synthetic proofs are stored: nothing before them is needed any more.
fn stored(sector: &Sector) -> Option<Roots> {
    let is_stored = sector.has(names::SYNTHETIC) && sector.has(names::SEALED);
    sector.record().roots.filter(|_| is_stored)
}

fn statement(identity: &Identity, roots: &Roots) -> Statement {
    Statement {
        geometry: identity.geometry(),
        replica_id: identity.replica_id(roots.comm_d),
        comm_d: roots.comm_d,
        comm_r: roots.comm_r,
    }
}

fn remove_layers(sector: &mut Sector) -> Result<()> {
    let n_layers = sector.record().identity.geometry().layers;
    (1..=n_layers).try_for_each(|layer| sector.remove(&names::layer(layer)))
}

/// `sector 7`, `sectors 7 to 9`: whose an error is.
fn named(sectors: &[impl Borrow<Sector>]) -> String {
    let number = |i: usize| sectors[i].borrow().record().identity.sector;
    match sectors.len() {
        1 => format!("sector {}", number(0)),
        n_sectors => format!("sectors {} to {}", number(0), number(n_sectors - 1)),
    }
}

/// Sectors whose development parameters are made without being asked for: beyond them it takes hours and tens
/// of gigabytes.
const LARGEST_MADE: u64 = 1 << 30;

/// Makes development parameters where there are none.
///
/// # Errors
/// When they are missing and of a size that nobody makes by the way, or cannot be made.
pub fn prepare(
    store: &Store,
    device: &dyn Backend,
    kind: ProofKind,
    geometry: &'static Geometry,
    stages: &mut Stages,
) -> Result<()> {
    if store.has(kind, geometry)? {
        // What will be refused in the end is refused now.
        return store.parameters(kind, geometry).map(drop);
    }
    let (size, dir) = (geometry.sector_size, store.dir().display());
    ensure!(
        store.has_published(kind, geometry, Half::Parameters) || !store.has_published(kind, geometry, Half::Key),
        "{dir} has the published key of {kind} proofs of {size} sectors, but not the published parameters: import \
         them, or make development parameters with `lode-engine params make --sector-size {size} --proof {kind}`"
    );
    ensure!(
        size.bytes() <= LARGEST_MADE,
        "there are no {kind} parameters for {size} sectors in {dir}: put the published {} and its .vk there{}",
        name::parameters(kind, geometry),
        if kind == ProofKind::Porep { ", or use --skip-proof" } else { "" }
    );
    eprintln!("making development parameters for {kind} proofs of {size} sectors in {dir}, once");
    stages.run(Stage::Parameters, device, |bar| {
        store.make(device, kind, geometry, bar).map(drop)
    })
}
