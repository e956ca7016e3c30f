//! The names of parameter files.
//!
//! A file is named after the digest of a sentence that describes its circuit, the *identifier*. Identifiers
//! are the reference's, letter by letter (`PublicParams::identifier`, `storage-proofs-core`
//! `parameter_cache.rs`).

use std::{fmt, str::FromStr};

use sha2::{Digest, Sha256};

use crate::{
    geometry::{Geometry, TreeShape},
    post::challenge::{WINDOW_CHALLENGES, WINNING_CHALLENGES},
};

/// The generation of published parameters that the names belong to.
pub const VERSION: u32 = 28;

/// What begins the name of a file that somebody made alone, for development: who made it can forge proofs.
pub const DEVELOPMENT: &str = "development-";

/// What a circuit proves. Kind and geometry together are one circuit, with parameters and a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProofKind {
    /// That a replica was sealed. Synthetic and non-interactive proofs, every version and porep id share it.
    Porep,
    /// That an elected provider still has a sector.
    WinningPost,
    /// That a partition of sectors is still there.
    WindowPost,
    /// That data went into a sector that is sealed already.
    Update,
    /// The same with a Poseidon tree over the data; the chain does not register it.
    UpdatePoseidon,
}

impl ProofKind {
    /// Every kind.
    pub const ALL: [ProofKind; 5] = [
        ProofKind::Porep,
        ProofKind::WinningPost,
        ProofKind::WindowPost,
        ProofKind::Update,
        ProofKind::UpdatePoseidon,
    ];
}

/// The sentence that describes a circuit.
pub fn identifier(kind: ProofKind, geometry: &Geometry) -> String {
    match kind {
        ProofKind::Porep => porep(geometry),
        ProofKind::WinningPost => post(geometry, WINNING_CHALLENGES, 1),
        ProofKind::WindowPost => post(geometry, geometry.window_sectors, WINDOW_CHALLENGES),
        ProofKind::Update | ProofKind::UpdatePoseidon => format!(
            "empty_sector_update::PublicParams{{ sector_nodes: {} }}",
            geometry.n_nodes()
        ),
    }
}

/// What a circuit's files are called, without version and ending.
pub fn cache_id(kind: ProofKind, geometry: &Geometry) -> String {
    let digest = Sha256::digest(identifier(kind, geometry));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let tree = tree(geometry.tree);
    match kind {
        ProofKind::Porep => format!("stacked-proof-of-replication-{tree}-sha256_hasher-{digest}"),
        ProofKind::WinningPost | ProofKind::WindowPost => {
            format!("proof-of-spacetime-fallback-{tree}-{digest}")
        }
        ProofKind::Update => format!("empty-sector-update-{tree}-{digest}"),
        ProofKind::UpdatePoseidon => format!("empty-sector-update-poseidon-{tree}-{digest}"),
    }
}

/// The name of a circuit's parameter file: `v28-….params`.
pub fn parameters(kind: ProofKind, geometry: &Geometry) -> String {
    format!("v{VERSION}-{}.params", cache_id(kind, geometry))
}

/// The name of a circuit's key file: `v28-….vk`.
pub fn key(kind: ProofKind, geometry: &Geometry) -> String {
    format!("v{VERSION}-{}.vk", cache_id(kind, geometry))
}

/// The name of the reference string of aggregates: one for every circuit.
pub fn srs() -> String {
    format!("v{VERSION}-fil-inner-product-v1.srs")
}

/// Graph version, porep id and challenge derivation do not enter: all of them share the circuit.
fn porep(geometry: &Geometry) -> String {
    format!(
        "layered_drgporep::PublicParams{{ graph: stacked_graph::StackedGraph{{expansion_degree: 8 base_graph: \
         drgraph::BucketGraph{{size: {}; degree: 6; hasher: poseidon_hasher}} }}, challenges: LayerChallenges \
         {{ layers: {}, max_count: {} }}, tree: {} }}",
        geometry.n_nodes(),
        geometry.layers,
        geometry.porep_challenges,
        tree(geometry.tree),
    )
}

fn post(geometry: &Geometry, n_sectors: usize, n_challenges: usize) -> String {
    format!(
        "FallbackPoSt::PublicParams{{sector_size: {}, challenge_count: {n_challenges}, sector_count: {n_sectors}}}",
        geometry.sector_size.bytes()
    )
}

fn tree(shape: TreeShape) -> String {
    format!(
        "merkletree-poseidon_hasher-{}-{}-{}",
        shape.base, shape.sub, shape.top
    )
}

/// `porep`, `winning`, `window`, `update`, `update-poseidon`.
impl fmt::Display for ProofKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProofKind::Porep => "porep",
            ProofKind::WinningPost => "winning",
            ProofKind::WindowPost => "window",
            ProofKind::Update => "update",
            ProofKind::UpdatePoseidon => "update-poseidon",
        })
    }
}

/// A word that names no kind of proof.
#[derive(Debug, thiserror::Error)]
#[error("there is no proof {word:?}; the proofs are {}", ProofKind::ALL.map(|kind| kind.to_string()).join(", "))]
pub struct UnknownKind {
    word: String,
}

impl FromStr for ProofKind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<ProofKind, UnknownKind> {
        let known = ProofKind::ALL.into_iter().find(|kind| kind.to_string() == word);
        known.ok_or_else(|| UnknownKind {
            word: word.to_owned(),
        })
    }
}
