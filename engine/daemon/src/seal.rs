//! The whole way of a file: from bytes to a sealed sector, and back to the same bytes.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use kernels::{Backend, Node};

use crate::{
    digest::Digests,
    draft::TempDir,
    sector::{Identity, Roots, Sector},
    stage::{
        add_piece::{self, Input},
        compare, pre_commit_1, pre_commit_2, unseal, Stage, Stages,
    },
};

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Whose sector it becomes.
    pub identity: Identity,
    /// The client's files.
    pub inputs: Vec<Input>,
    /// Where the sector is kept; `None` for a folder that is gone afterwards.
    pub dir: Option<PathBuf>,
    /// Where temporary folders are made.
    pub scratch: PathBuf,
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
    pub pieces: Vec<crate::sector::Piece>,
    /// SHA-256 of the files, where wanted.
    pub digests: Option<Digests>,
}

impl Plan {
    /// Does it.
    ///
    /// # Errors
    /// Those of the stages, with the sector's number and the stage's name.
    pub fn run(&self, device: &dyn Backend) -> Result<Sealed> {
        let scratch = match self.dir {
            Some(_) => None,
            None => Some(TempDir::new_in(&self.scratch)?),
        };
        let mut sector = match (&self.dir, &scratch) {
            (None, Some(scratch)) => Sector::temporary(scratch.path(), self.identity.clone())?,
            (dir, _) => Sector::begin(dir.as_deref().unwrap_or(Path::new(".")), self.identity.clone())?,
        };
        self.stages(device, &mut sector)
            .with_context(|| format!("sector {}", self.identity.sector))
    }

    fn stages(&self, device: &dyn Backend, sector: &mut Sector) -> Result<Sealed> {
        let mut stages = Stages::default();
        stages.run(Stage::AddPiece, device, |bar| {
            add_piece::run(device, sector, &self.inputs, bar)
        })?;
        let labelled = stages.run(Stage::PreCommit1, device, |bar| {
            pre_commit_1::run(device, sector, bar)
        })?;
        let roots = stages.run(Stage::PreCommit2, device, |bar| {
            pre_commit_2::run(device, sector, labelled, bar)
        })?;
        let digests = self.digests.then(|| Digests::of(sector)).transpose()?;
        if self.unseals {
            self.unseal_and_compare(device, sector, &mut stages)?;
        }
        let pieces = sector.record().pieces.clone();
        Ok(Sealed {
            stages,
            replica_id: labelled.replica_id,
            roots,
            pieces,
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
            unseal::run(device, sector, range, &mut out, scratch.path(), bar)
        })?;
        stages.run(Stage::Compare, device, |bar| {
            compare::run(&self.inputs, &path, bar)
        })
    }
}
