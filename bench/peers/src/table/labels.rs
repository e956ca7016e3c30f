//! SDR: parents and labels.

use std::cell::RefCell;

use anyhow::Result;
use engine_proofs::{
    geometry::{Geometry, SectorSize},
    graph::Graph,
    registered::SealProof,
    sdr::{label_layer, ParentSource},
    silent,
};
use filecoin_hashers::poseidon::PoseidonHasher;
use kernels::{Backend, Cpu, Lane, Node, Parents, BASE_DEGREE, DEGREE};
use memmap2::MmapMut;
use sha2::{compress256, digest::generic_array::GenericArray};
use storage_proofs_core::{api_version::ApiVersion, drgraph::Graph as _};
use storage_proofs_porep::stacked::{create_label::single, StackedBucketGraph, EXP_DEGREE};

use super::{contest, one_thread, peer, random_nodes, timed, Row, Timed, Words};
use crate::home;

/// Nodes whose parents are computed in a round.
pub(super) const N_PARENTS: usize = 1 << 12;

fn geometry() -> Result<&'static Geometry> {
    Ok(Geometry::of("8MiB".parse::<SectorSize>()?))
}

fn graphs(geometry: &Geometry) -> Result<(StackedBucketGraph<PoseidonHasher>, Graph)> {
    home::parameters();
    let porep_id = SealProof::V1_1.porep_id(geometry.sector_size);
    let n_nodes = geometry.n_nodes();
    let theirs =
        StackedBucketGraph::new_stacked(n_nodes, BASE_DEGREE, EXP_DEGREE, porep_id.0, ApiVersion::V1_1_0)?;
    Ok((
        theirs,
        Graph::new(n_nodes, &porep_id, SealProof::V1_1.api_version()),
    ))
}

pub(super) fn parents(rounds: usize) -> Result<Row> {
    let (theirs, ours) = graphs(geometry()?)?;
    let words = Words {
        stage: format!("parents of a node × {N_PARENTS}, 8MiB"),
        peer: peer("storage-proofs-porep"),
        note: "1 thread".to_owned(),
    };
    let first = geometry()?.n_nodes() / 2;
    let their_turn = || {
        timed(|| {
            let mut parents = vec![[0; DEGREE]; N_PARENTS];
            for (node, parents) in (first..).zip(&mut parents) {
                theirs.parents(node, parents)?;
            }
            Ok(parents)
        })
    };
    let our_turn = || {
        one_thread(|| {
            timed(|| {
                let mut parents = vec![[0; DEGREE]; N_PARENTS];
                ours.fill(first, &mut parents);
                Ok(parents)
            })
        })?
    };
    contest(words, rounds, their_turn, our_turn)
}

/// A sector whose second layer is labelled, with the parents listed on either side.
struct Layer {
    replica_id: Node,
    previous: Vec<Node>,
    parents: Vec<Parents>,
}

impl Layer {
    fn new(graph: &Graph) -> Layer {
        let mut parents = vec![[0; DEGREE]; graph.n_nodes()];
        graph.fill(0, &mut parents);
        Layer {
            replica_id: random_nodes(1)[0],
            previous: random_nodes(graph.n_nodes()),
            parents,
        }
    }

    fn words(&self, peer: String, note: &str) -> Words {
        Words {
            stage: format!("labels of layer 2 × {}, 8MiB", self.previous.len()),
            peer,
            note: note.to_owned(),
        }
    }

    fn ours(&self) -> Result<Timed<Vec<Node>>> {
        let mut labels = vec![Node::ZERO; self.previous.len()];
        let lane = Lane {
            replica_id: self.replica_id,
            previous: &self.previous,
            labels: &mut labels,
        };
        let parents = ParentSource::Listed(&self.parents);
        let label = || timed(|| Ok(label_layer(&Cpu::new(), parents, 2, &mut [lane], &silent)?));
        let took = one_thread(label)??.took;
        Ok(Timed { output: labels, took })
    }
}

pub(super) fn label(rounds: usize) -> Result<Row> {
    let (graph, ours) = graphs(geometry()?)?;
    let layer = Layer::new(&ours);
    let mut cache = graph.parent_cache()?;
    let theirs = || {
        cache.reset()?;
        let mut labels = vec![Node::ZERO; layer.previous.len()];
        let bytes = Node::bytes_mut(&mut labels);
        let previous = Node::bytes(&layer.previous);
        let id = layer.replica_id.0;
        let took = timed(|| {
            (0..layer.previous.len()).try_for_each(|node| {
                single::create_label_exp(&graph, Some(&mut cache), id, previous, bytes, 2, node)
            })
        })?
        .took;
        Ok(Timed { output: labels, took })
    };
    let peer = format!("{} ({})", peer("storage-proofs-porep"), peer("sha2raw"));
    let note =
        "1 thread; without target features at compile time sha2raw calls each instruction as a function: \
                no figure to boast of";
    contest(layer.words(peer, note), rounds, theirs, || layer.ours())
}

pub(super) fn label_beside_sha2(rounds: usize) -> Result<Row> {
    beside_sha2(rounds, 1, 1 << 25)
}

pub(super) fn label_2_beside_sha2(rounds: usize) -> Result<Row> {
    beside_sha2(rounds, 2, 1 << 24)
}

pub(super) fn label_16_beside_sha2(rounds: usize) -> Result<Row> {
    beside_sha2(rounds, 16, 1 << 21)
}

/// Labels in a round, of all sectors together.
pub(super) const N_LABELS: usize = 1 << 17;

/// Bytes of a large page, by which layers are longer than they need be. Else they would lie at a power of two from each
/// other, where all their parents of one number share one set of a translation buffer: that halves our speed.
const GAP: usize = 2 << 20;

/// A sector whose second layer is being labelled. Layers begin where pages do, as mapped files lie, and have large
/// pages where the system grants them.
struct Sector {
    replica_id: Node,
    previous: MmapMut,
    labels: MmapMut,
}

impl Sector {
    fn new(n_nodes: usize, number: usize) -> Result<Sector> {
        let nodes = random_nodes(n_nodes);
        let layer = |nodes: &mut dyn Iterator<Item = Node>| -> Result<MmapMut> {
            let mut layer = MmapMut::map_anon(n_nodes * Node::SIZE + GAP)?;
            #[cfg(target_os = "linux")]
            layer.advise(memmap2::Advice::HugePage)?;
            for (place, node) in Node::slice_mut(&mut layer).iter_mut().zip(nodes) {
                *place = node;
            }
            Ok(layer)
        };
        Ok(Sector {
            replica_id: nodes[number],
            previous: layer(&mut nodes.iter().copied().cycle().skip(number))?,
            labels: layer(&mut nodes.iter().rev().copied())?,
        })
    }
}

/// The last labels of layers that together are two gibibytes, so that most parents come from memory.
fn beside_sha2(rounds: usize, n_sectors: usize, n_nodes: usize) -> Result<Row> {
    let porep_id = SealProof::V1_1.porep_id(geometry()?.sector_size);
    let graph = Graph::new(n_nodes, &porep_id, SealProof::V1_1.api_version());
    let n_labels = N_LABELS / n_sectors;
    let first = n_nodes - n_labels;
    let mut parents = vec![[0; DEGREE]; n_labels];
    graph.fill(first, &mut parents);
    let sectors = (0..n_sectors).map(|number| Sector::new(n_nodes, number));
    let sectors = RefCell::new(sectors.collect::<Result<Vec<_>>>()?);
    let labelled = |sectors: &[Sector]| -> Vec<Node> {
        let labels = sectors
            .iter()
            .flat_map(|sector| &Node::slice(&sector.labels)[first..]);
        labels.copied().collect()
    };
    let theirs = || {
        let mut sectors = sectors.borrow_mut();
        let label = |sector: &mut Sector| {
            for (node, parents) in (first..).zip(&parents) {
                let rows = [&sector.labels, &sector.previous].map(|layer| Node::slice(layer));
                let label = sha2_label(sector.replica_id, rows, parents, node);
                Node::slice_mut(&mut sector.labels)[node] = label;
            }
        };
        let work = || {
            sectors.iter_mut().for_each(label);
            Ok(())
        };
        let took = timed(work)?.took;
        Ok(Timed {
            output: labelled(&sectors),
            took,
        })
    };
    let ours = || {
        let mut sectors = sectors.borrow_mut();
        let mut lanes: Vec<Lane<'_>> = sectors
            .iter_mut()
            .map(|sector| Lane {
                replica_id: sector.replica_id,
                previous: Node::slice(&sector.previous),
                labels: Node::slice_mut(&mut sector.labels),
            })
            .collect();
        let cpu = Cpu::new();
        let took = one_thread(|| timed(|| Ok(cpu.label(2, first, &parents, &mut lanes)?)))??.took;
        Ok(Timed {
            output: labelled(&sectors),
            took,
        })
    };
    let words = Words {
        stage: format!("labels of {n_sectors} sectors × {n_labels}, layers of 2 GiB in all"),
        peer: peer("sha2"),
        note: "1 thread; gathered and compressed as create_label/multi.rs does, without its producers"
            .to_owned(),
    };
    contest(words, rounds, theirs, ours)
}

/// The initial state of SHA-256 (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// A label of layer 2: 20 blocks gathered, then compressed at once.
fn sha2_label(replica_id: Node, [labels, previous]: [&[Node]; 2], parents: &Parents, node: usize) -> Node {
    let mut blocks = [GenericArray::default(); 20];
    let header = &mut blocks[0];
    header[..32].copy_from_slice(&replica_id.0);
    header[32..36].copy_from_slice(&2u32.to_be_bytes());
    header[36..44].copy_from_slice(&(node as u64).to_be_bytes());
    let (n_blocks, n_repeated) = if node == 0 { (2, 0) } else { (20, 37) };
    for repeated in 0..n_repeated {
        let slot = repeated % DEGREE;
        let row = if slot < BASE_DEGREE { labels } else { previous };
        let half = repeated % 2 * 32;
        blocks[1 + repeated / 2][half..half + 32].copy_from_slice(&row[parents[slot] as usize].0);
    }
    let last = &mut blocks[n_blocks - 1];
    last[n_repeated % 2 * 32] = 0x80;
    last[56..].copy_from_slice(&((2 + n_repeated as u64) * 256).to_be_bytes());
    let mut state = INITIAL;
    compress256(&mut state, &blocks[..n_blocks]);
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    Node::truncated(digest)
}
