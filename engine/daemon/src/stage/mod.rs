//! The stages of a sector: each takes slices of files, and leaves finished files.

pub mod add_piece;
pub mod adopt;
pub mod aggregate;
pub mod clear;
pub mod commit_1;
pub mod commit_2;
pub mod compare;
pub mod loose;
pub mod post;
pub mod pre_commit_1;
pub mod pre_commit_2;
pub mod synthetic;
pub mod unseal;
pub mod update;
pub mod verify;

use std::fmt;

use anyhow::{Context, Result};
use kernels::Backend;

use crate::{
    measure::{Cost, Watch},
    progress::Bar,
};

/// One step of a sector's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Groth16 parameters are made.
    Parameters,
    /// Client data become nodes.
    AddPiece,
    /// Tree D and the layers of labels.
    PreCommit1,
    /// Tree C, the replica and tree R-last.
    PreCommit2,
    /// Whatever a seed may ask for is opened and stored.
    Synthetic,
    /// The challenged nodes are opened.
    Commit1,
    /// The openings become SNARKs.
    Commit2,
    /// Data go into a replica that is there already.
    Encode,
    /// What an update is asked is opened.
    UpdateVanilla,
    /// The openings of an update become SNARKs.
    UpdateSnark,
    /// The data of an update are taken out again.
    RemoveData,
    /// What a PoSt asks of the sectors is opened.
    PostVanilla,
    /// The openings of a PoSt become SNARKs.
    PostSnark,
    /// The partitions' SNARKs become one, which is verified.
    Aggregate,
    /// The proof is verified.
    Verify,
    /// The replica becomes data again.
    Unseal,
    /// The data are held against the client's files.
    Compare,
    /// The files of a sector that someone else sealed are held against each other.
    Adopt,
}

/// What a stage cost, and on what.
#[derive(Clone, Debug)]
pub struct Done {
    /// Which one.
    pub stage: Stage,
    /// What it cost.
    pub cost: Cost,
    /// The device that did it.
    pub device: String,
}

/// Runs stages and remembers what each cost.
#[derive(Default, Debug)]
pub struct Stages {
    /// The stages so far.
    pub done: Vec<Done>,
}

impl Stages {
    /// Runs one stage under watch.
    ///
    /// # Errors
    /// Those of the work, with the stage's name.
    pub fn run<T>(
        &mut self,
        stage: Stage,
        device: &dyn Backend,
        work: impl FnOnce(&Bar) -> Result<T>,
    ) -> Result<T> {
        let watch = Watch::start();
        let bar = Bar::new(&stage.to_string());
        let outcome = work(&bar);
        drop(bar);
        let cost = watch.stop();
        self.done.push(Done {
            stage,
            cost,
            device: device.info().name.clone(),
        });
        outcome.with_context(|| stage.name().to_owned())
    }

    /// What all of them took together.
    pub fn wall_seconds(&self) -> f64 {
        self.done.iter().map(|done| done.cost.wall.as_secs_f64()).sum()
    }
}

impl Stage {
    /// The name in JSON and errors.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Parameters => "parameters",
            Stage::AddPiece => "add_piece",
            Stage::PreCommit1 => "pre_commit_1",
            Stage::PreCommit2 => "pre_commit_2",
            Stage::Synthetic => "synthetic",
            Stage::Commit1 => "commit_1",
            Stage::Commit2 => "commit_2",
            Stage::Encode => "encode",
            Stage::UpdateVanilla => "update_vanilla",
            Stage::UpdateSnark => "update_snark",
            Stage::RemoveData => "remove_data",
            Stage::PostVanilla => "post_vanilla",
            Stage::PostSnark => "post_snark",
            Stage::Aggregate => "aggregate",
            Stage::Verify => "verify",
            Stage::Unseal => "unseal",
            Stage::Compare => "compare",
            Stage::Adopt => "adopt",
        }
    }
}

/// `PreCommit1`.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
