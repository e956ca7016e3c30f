//! The graph that a replica is labelled along: a depth-robust graph in each layer, expanders between them.

use std::fmt;

use kernels::{Parents, BASE_DEGREE, DEGREE};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    chacha::{self, LANES},
    feistel::{self, Feistel},
    registered::ApiVersion,
    replica_id::PorepId,
};

/// Random base parents of a node; the sixth is its predecessor.
const RANDOM_DEGREE: usize = BASE_DEGREE - 1;
/// Expander parents of a node.
const EXPANSION_DEGREE: usize = DEGREE - BASE_DEGREE;
/// Nodes that one task of [`Graph::fill`] computes: some 100 µs.
const TASK_LEN: usize = 512;

const _: () = assert!(LANES * EXPANSION_DEGREE == feistel::BATCH);

/// The stacked depth-robust graph of a size, a porep id and a version.
///
/// It is never stored as a whole: 32 GiB have 56 GiB of parents. Computing those of a node takes some 0.2 µs.
/// Source: *Stacked DRG*; `BucketGraph` and `StackedGraph` of the reference.
pub struct Graph {
    n_nodes: usize,
    porep_id: PorepId,
    api_version: ApiVersion,
    /// Seven words that start the key of each node's random numbers; the eighth is the node.
    drg_seed: [u32; 7],
    feistel: Feistel,
}

impl Graph {
    /// The graph over so many nodes.
    ///
    /// Makes the tables of the expander, which take up to 1.5 MiB and 0.1 s.
    ///
    /// # Panics
    /// When there is no node, or more than 2³², whose numbers do not fit a parent.
    pub fn new(n_nodes: usize, porep_id: &PorepId, api_version: ApiVersion) -> Graph {
        assert!(0 < n_nodes && n_nodes <= 1 << 32, "no graph has {n_nodes} nodes");
        let seed = domain_seed("Filecoin_DRSample", porep_id);
        let (words, _) = seed.as_chunks::<4>();
        let keys = domain_seed("Filecoin_Feistel", porep_id);
        let (keys, _) = keys.as_chunks::<8>();
        Graph {
            n_nodes,
            porep_id: *porep_id,
            api_version,
            drg_seed: std::array::from_fn(|i| u32::from_le_bytes(words[i])),
            feistel: Feistel::new(
                (n_nodes * EXPANSION_DEGREE) as u64,
                std::array::from_fn(|i| u64::from_le_bytes(keys[i])),
            ),
        }
    }

    /// Nodes in a layer.
    pub fn n_nodes(&self) -> usize {
        self.n_nodes
    }

    /// The id that seeded it.
    pub fn porep_id(&self) -> &PorepId {
        &self.porep_id
    }

    /// Its version.
    pub fn api_version(&self) -> ApiVersion {
        self.api_version
    }

    /// The parents of a node: 6 in its own layer, then 8 in the layer before.
    ///
    /// Nodes 0 and 1 have six times node 0 for base parents; node 0's label uses none of them.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn parents(&self, node: usize) -> Parents {
        assert!(node < self.n_nodes, "the graph has {} nodes", self.n_nodes);
        let mut parents = [[0; DEGREE]];
        self.fill_lanes(node, &mut parents);
        parents[0]
    }

    /// The parents of the nodes from `first` on, on all cores.
    ///
    /// # Panics
    /// When the slice reaches beyond the last node.
    pub fn fill(&self, first: usize, parents: &mut [Parents]) {
        let end = first.checked_add(parents.len());
        assert!(
            end.is_some_and(|end| end <= self.n_nodes),
            "the graph has {} nodes",
            self.n_nodes
        );
        parents
            .par_chunks_mut(TASK_LEN)
            .enumerate()
            .for_each(|(task, parents)| {
                for (batch, parents) in parents.chunks_mut(LANES).enumerate() {
                    self.fill_lanes(first + task * TASK_LEN + batch * LANES, parents);
                }
            });
    }

    /// The parents of up to [`LANES`] nodes.
    fn fill_lanes(&self, first: usize, parents: &mut [Parents]) {
        let mut key = [[0; LANES]; 8];
        for (word, seed) in key.iter_mut().zip(self.drg_seed) {
            *word = [seed; LANES];
        }
        key[7] = std::array::from_fn(|lane| (first + lane) as u32);
        let draws = chacha::draws(&key);
        let mut places = [0; feistel::BATCH];
        let places = &mut places[..parents.len() * EXPANSION_DEGREE];
        self.feistel.permute((first * EXPANSION_DEGREE) as u64, places);
        let (places, _) = places.as_chunks::<EXPANSION_DEGREE>();
        for ((lane, parents), places) in parents.iter_mut().enumerate().zip(places) {
            let (base, expander) = parents.split_at_mut(BASE_DEGREE);
            self.fill_base((first + lane) as u64, |i| draws[i][lane], base);
            for (parent, &place) in expander.iter_mut().zip(places) {
                *parent = self.expander_parent(place);
            }
        }
    }

    /// The base parents: the predecessor, and five others that DRSample draws, near ones more often.
    ///
    /// The node stands for five nodes in a graph of degree 2 (its *metagraph*). Of the distances there, a
    /// bucket `[2^(b−1), 2^b]` is drawn first, and then a distance in it.
    fn fill_base(&self, node: u64, draw: impl Fn(usize) -> u64, base: &mut [u32]) {
        if node < 2 {
            base.fill(0);
            return;
        }
        let (random, predecessor) = match self.api_version {
            ApiVersion::V1_0_0 => (0, RANDOM_DEGREE),
            ApiVersion::V1_1_0 | ApiVersion::V1_2_0 => (1, 0),
        };
        base[predecessor] = node as u32 - 1;
        let meta_node = node * RANDOM_DEGREE as u64;
        let n_buckets = u64::from((meta_node - 1).ilog2()) + 1;
        for (i, parent) in base[random..random + RANDOM_DEGREE].iter_mut().enumerate() {
            let bucket = draw(2 * i) % n_buckets + 1;
            let largest = meta_node.min(1 << bucket);
            let smallest = (largest >> 1).max(2);
            let distance = smallest + draw(2 * i + 1) % (largest - smallest + 1);
            let drawn = (meta_node - distance) / RANDOM_DEGREE as u64;
            // No node is its own parent.
            *parent = drawn.min(node - 1) as u32;
        }
    }

    /// The node in the layer before that holds a place of the permutation: eight places to a node.
    fn expander_parent(&self, place: u64) -> u32 {
        match self.api_version {
            // The first version cut the number to 32 bits before it divided.
            ApiVersion::V1_0_0 => place as u32 / EXPANSION_DEGREE as u32,
            ApiVersion::V1_1_0 | ApiVersion::V1_2_0 => (place / EXPANSION_DEGREE as u64) as u32,
        }
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Graph {
            n_nodes,
            porep_id,
            api_version,
            ..
        } = self;
        write!(f, "Graph({n_nodes} nodes, {porep_id:?}, {api_version})")
    }
}

/// `SHA256(tag ‖ porep_id)`.
fn domain_seed(tag: &str, porep_id: &PorepId) -> [u8; 32] {
    Sha256::new()
        .chain_update(tag)
        .chain_update(porep_id.0)
        .finalize()
        .into()
}
