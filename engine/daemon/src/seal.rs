//! The whole way of a file: from bytes to a sealed sector, and back to the same bytes.

use std::{fs::File, path::PathBuf};

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
    /// Whose sector it becomes.
    pub identity: Identity,
    /// The client's files; none for committed capacity, and for a sector that has its data already.
    pub inputs: Vec<Input>,
    /// Where the sector is kept; `None` for a folder that is gone afterwards.
    pub dir: Option<PathBuf>,
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

/// What came of it.
#[derive(Debug)]
pub struct Sealed {
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

impl Plan {
    /// Does it.
    ///
    /// # Errors
    /// Those of the stages, with the sector's number and the stage's name.
    pub fn run(&self, device: &dyn Backend) -> Result<Sealed> {
        let mut sector = match &self.dir {
            Some(dir) => Sector::begin(dir, self.identity.clone())?,
            None => Sector::temporary(&self.scratch, self.identity.clone())?,
        };
        let n_pieces = sector.record().pieces.len();
        ensure!(
            !self.inputs.is_empty() || n_pieces == 0,
            "{} holds another sector: it has {n_pieces} pieces and is not committed capacity; choose another directory",
            sector.dir().display()
        );
        self.go_on(device, &mut sector)
    }

    /// Goes on with a sector from where it is; made already are those of its files that are listed.
    ///
    /// # Errors
    /// As [`run`](Plan::run).
    pub fn go_on(&self, device: &dyn Backend, sector: &mut Sector) -> Result<Sealed> {
        self.stages(device, sector)
            .with_context(|| format!("sector {}", self.identity.sector))
    }

    fn stages(&self, device: &dyn Backend, sector: &mut Sector) -> Result<Sealed> {
        let mut stages = Stages::default();
        if let Some(store) = &self.parameters {
            let geometry = self.identity.geometry();
            prepare(store, device, ProofKind::Porep, geometry, &mut stages)?;
            if self.identity.seal_proof == SealProof::NonInteractive {
                prove::check_srs(store, geometry)?;
            }
        }
        if !self.inputs.is_empty() {
            stages.run(Stage::AddPiece, device, |bar| {
                add_piece::run(device, sector, &self.inputs, bar)
            })?;
        }
        let (statement, roots) = match self.stored(sector) {
            Some(sealed) => sealed,
            None => self.pre_commit(device, sector, &mut stages)?,
        };
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
        if self.identity.seal_proof.feature() == Some(Feature::SyntheticPorep) {
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
        if proof.is_some() && !self.keeps_layers {
            // Nothing but another proof needs them, and they are most of the sector.
            for layer in 1..=self.identity.geometry().layers {
                sector.remove(&names::layer(layer))?;
            }
        }
        let pieces = sector.record().pieces.clone();
        Ok(Sealed {
            stages,
            replica_id: statement.replica_id,
            roots,
            pieces,
            proof,
            digests,
        })
    }

    /// What a sector is known by whose synthetic proofs are stored: nothing before them is needed any more.
    fn stored(&self, sector: &Sector) -> Option<(Statement, Roots)> {
        let roots = sector.record().roots?;
        let is_stored = sector.has(names::SYNTHETIC) && sector.has(names::SEALED);
        is_stored.then(|| (self.statement(&roots), roots))
    }

    fn statement(&self, roots: &Roots) -> Statement {
        Statement {
            geometry: self.identity.geometry(),
            replica_id: self.identity.replica_id(roots.comm_d),
            comm_d: roots.comm_d,
            comm_r: roots.comm_r,
        }
    }

    fn pre_commit(
        &self,
        device: &dyn Backend,
        sector: &mut Sector,
        stages: &mut Stages,
    ) -> Result<(Statement, Roots)> {
        let comm_d = stages.run(Stage::PreCommit1, device, |bar| {
            pre_commit_1::run(device, sector, bar)
        })?;
        let roots = stages.run(Stage::PreCommit2, device, |bar| {
            pre_commit_2::run(device, sector, comm_d, bar)
        })?;
        Ok((self.statement(&roots), roots))
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
