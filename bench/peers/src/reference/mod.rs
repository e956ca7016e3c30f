//! The reference, driven through its public API.
//!
//! A tree's shape is a type there. [`sealer`] is the one place that turns a [`Case`] into such a type;
//! behind [`Sealer`] it is data again.

pub mod aggregate;
mod circuit;
pub mod loose;
pub mod post;
mod shaped;
pub mod update;
mod vanilla;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{bail, Result};
use blstrs::Scalar as Fr;
use engine_proofs::porep::vanilla::PartitionProof;
use filecoin_proofs::{SectorShapeBase, SectorShapeSub2, SectorShapeSub8, SectorShapeTop2};
use kernels::{Node, Parents};

pub use circuit::{verify_proof, Constraints};

use crate::case::Case;

/// The file of stored synthetic proofs in the cache directory.
pub const SYNTHETIC: &str = "syn-porep-vanilla-proofs.dat";

/// The files of one sector, named as the reference names them.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The data, padded: what AddPiece writes.
    pub staged: PathBuf,
    /// The replica.
    pub sealed: PathBuf,
    /// The directory of layers, trees, `p_aux` and `t_aux`.
    pub cache: PathBuf,
}

impl Directory {
    /// All in one directory, as `lode-engine` keeps them.
    pub fn of(dir: &Path) -> Directory {
        Directory {
            staged: dir.join("staged"),
            sealed: dir.join("sealed"),
            cache: dir.to_owned(),
        }
    }
}

/// What a sector is known by once it is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitments {
    /// Root of the data.
    pub comm_d: Node,
    /// Root of the columns.
    pub comm_c: Node,
    /// Root of the replica.
    pub comm_r_last: Node,
    /// Root of columns and replica.
    pub comm_r: Node,
}

/// The reference at work on one sector; each phase needs the one before.
pub trait Sealer: Send {
    /// Writes the staged file; answers with comm_p of each piece.
    fn add_pieces(&mut self) -> Result<Vec<Node>>;
    /// Tree D and the layers.
    fn pre_commit_1(&mut self) -> Result<()>;
    /// Tree C, the replica, tree R-last.
    fn pre_commit_2(&mut self) -> Result<Commitments>;
    /// Takes the files in the directory for a sector that PreCommit2 has left there, whoever made them.
    fn adopt(&mut self, commitments: &Commitments) -> Result<()>;
    /// Opens whatever a seed may ask for, stores it, and removes what it was made from; answers with the file.
    fn store_synthetic(&mut self) -> Result<Vec<u8>>;
    /// Opens the challenged nodes.
    fn commit_1(&mut self) -> Result<()>;
    /// What [`commit_1`](Sealer::commit_1) opened.
    fn opened(&self) -> Result<Vec<PartitionProof>>;
    /// What [`commit_1`](Sealer::commit_1) opened, in the reference's own words for Commit2.
    fn opened_text(&self) -> Result<String>;
    /// Proves these openings instead of its own.
    fn adopt_opened(&mut self, partitions: &[PartitionProof]) -> Result<()>;
    /// Whether the openings convince the reference.
    fn accepts(&self, partitions: &[PartitionProof]) -> Result<bool>;
    /// The SNARK of every partition, one after the other, already verified once.
    fn commit_2(&mut self) -> Result<Vec<u8>>;
    /// Whether the SNARK convinces the reference.
    fn verify(&self, commitments: &Commitments, proof: &[u8]) -> Result<bool>;
    /// Whether the SNARKs of the same sector convince it as one batch.
    fn verify_batch(&self, commitments: &Commitments, proofs: &[&[u8]]) -> Result<bool>;
    /// The sector's data as it arrived, `len` bytes from `offset`.
    fn unseal(&self, commitments: &Commitments, offset: u64, len: u64) -> Result<Vec<u8>>;
    /// The identity of the replica.
    fn replica_id(&self, comm_d: Node) -> Result<Node>;
    /// Parents of a node.
    fn parents(&self, node: usize) -> Result<Parents>;
    /// Public inputs of every partition, without ONE.
    fn public_inputs(&self, commitments: &Commitments) -> Result<Vec<Vec<Fr>>>;
    /// The circuit of the first partition, with its witness, in the gadget library's own test system.
    fn constraints(&self) -> Result<Constraints>;
    /// How long bellperson takes to synthesize that circuit, and how many public inputs it then has, ONE among them.
    fn synthesize(&mut self) -> Result<(Duration, usize)>;
    /// The parameters of that circuit as bellperson makes them from a seed.
    fn generate(&self, seed: [u8; 16]) -> Result<Vec<u8>>;
    /// The name by which the parameters of this circuit are known, without version and extension.
    fn parameters_id(&self) -> Result<String>;
}

/// The reference for the shape of this case's trees, working in `dir`.
///
/// # Errors
/// When the directory cannot be made.
pub fn sealer(case: &Case, dir: &Path) -> Result<Box<dyn Sealer>> {
    let shape = case.geometry.tree;
    Ok(match (shape.sub, shape.top) {
        (0, 0) => Box::new(shaped::Shaped::<SectorShapeBase>::new(case, dir)?),
        (2, 0) => Box::new(shaped::Shaped::<SectorShapeSub2>::new(case, dir)?),
        (8, 0) => Box::new(shaped::Shaped::<SectorShapeSub8>::new(case, dir)?),
        (8, 2) => Box::new(shaped::Shaped::<SectorShapeTop2>::new(case, dir)?),
        _ => bail!("the reference has no tree of shape {shape:?}"),
    })
}
