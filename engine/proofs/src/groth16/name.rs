//! The names of parameter files.
//!
//! A file is named after the digest of a sentence that describes its circuit, the *identifier*. Identifiers
//! are the reference's, letter by letter (`PublicParams::identifier`, `storage-proofs-core`
//! `parameter_cache.rs`).

use sha2::{Digest, Sha256};

use crate::geometry::{Geometry, TreeShape};

/// The generation of published parameters that the names belong to.
pub const VERSION: u32 = 28;

/// The sentence that describes a geometry's PoRep circuit.
///
/// Graph version, porep id and challenge derivation do not enter: all of them share the circuit.
pub fn porep_identifier(geometry: &Geometry) -> String {
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

/// What a geometry's PoRep files are called, without version and ending.
pub fn porep_cache_id(geometry: &Geometry) -> String {
    let digest = Sha256::digest(porep_identifier(geometry));
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "stacked-proof-of-replication-{}-sha256_hasher-{digest}",
        tree(geometry.tree)
    )
}

/// The name of a geometry's PoRep parameter file: `v28-….params`.
pub fn porep_parameters(geometry: &Geometry) -> String {
    format!("v{VERSION}-{}.params", porep_cache_id(geometry))
}

/// The name of a geometry's PoRep key file: `v28-….vk`.
pub fn porep_key(geometry: &Geometry) -> String {
    format!("v{VERSION}-{}.vk", porep_cache_id(geometry))
}

fn tree(shape: TreeShape) -> String {
    format!(
        "merkletree-poseidon_hasher-{}-{}-{}",
        shape.base, shape.sub, shape.top
    )
}
