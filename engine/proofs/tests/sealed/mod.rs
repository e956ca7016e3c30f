//! Seals a sector in memory, as the reference's known answers were made.

use engine_proofs::{
    fr32,
    geometry::{Geometry, SectorSize},
    graph::Graph,
    porep::{self, sector::Sector, vanilla::Statement},
    registered::ApiVersion,
    replica_id::{replica_id, PorepId, ProverId, Ticket},
    sdr::{label_layer, ParentSource},
    silent, tree,
    tree::Crown,
    Part,
};
use kernels::{Backend, Cpu, Lane, Node};
use rand_chacha::{
    rand_core::{RngCore, SeedableRng},
    ChaCha8Rng,
};
use serde_json::Value;

use crate::fixture::{cases, number, word};

/// What a sector is sealed from.
pub struct Case {
    pub geometry: &'static Geometry,
    pub api_version: ApiVersion,
    pub porep_id: PorepId,
    pub prover_id: ProverId,
    pub sector: u64,
    pub ticket: Ticket,
    /// Data as the client gave it, filling the sector.
    pub data: Vec<u8>,
}

/// A sealed sector, every file of it.
pub struct Sealed {
    pub graph: Graph,
    pub statement: Statement,
    /// comm_c and comm_r_last.
    pub aux: [Node; 2],
    pub data: Vec<Node>,
    pub layers: Vec<Vec<Node>>,
    pub tree_d: Vec<Node>,
    pub tree_c: Vec<Vec<Node>>,
    pub tree_r_last: Vec<Vec<Node>>,
    pub replica: Vec<Node>,
}

impl Case {
    /// The sector of a known answer.
    pub fn of(golden: &Value) -> Case {
        let case = &golden["case"];
        let size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let pieces = cases(&golden["pieces"])
            .iter()
            .map(|piece| number(&piece["unpadded"]));
        assert!(pieces.eq([size.unpadded_bytes()]), "one piece fills the sector");
        let sector = number(&case["sector_id"]);
        let versions = [ApiVersion::V1_0_0, ApiVersion::V1_1_0, ApiVersion::V1_2_0];
        let api = word(&case["api"]);
        Case {
            geometry: Geometry::of(size),
            api_version: versions
                .into_iter()
                .find(|version| version.to_string() == api)
                .unwrap(),
            porep_id: word(&case["porep_id"]).parse().unwrap(),
            prover_id: word(&case["prover_id"]).parse().unwrap(),
            sector,
            ticket: word(&case["ticket"]).parse().unwrap(),
            data: pattern(word(&case["data_pattern"]), sector, size),
        }
    }

    pub fn seal(&self) -> Sealed {
        let Case { geometry, .. } = *self;
        let n = geometry.n_nodes();
        let device = Cpu::new();
        let data = padded(&self.data);

        let mut tree_d = vec![Node::ZERO; geometry.tree_d_len()];
        let comm_d = tree::tree_d(&device, &data, &mut tree_d, &silent).unwrap();
        let replica_id = replica_id(&self.prover_id, self.sector, &self.ticket, comm_d, &self.porep_id);

        let graph = Graph::new(n, &self.porep_id, self.api_version);
        let layers = label(&device, &graph, replica_id, geometry.layers);

        let mut replica = data.clone();
        let [tree_c, tree_r_last] = trees(&device, geometry, &layers, &mut replica);
        let comm_c = root(geometry, &tree_c, Part::TreeC);
        let comm_r_last = root(geometry, &tree_r_last, Part::TreeRLast);
        let comm_r = porep::comm_r(comm_c, comm_r_last).unwrap();
        let statement = Statement {
            geometry,
            replica_id,
            comm_d,
            comm_r,
        };
        Sealed {
            graph,
            statement,
            aux: [comm_c, comm_r_last],
            data,
            layers,
            tree_d,
            tree_c,
            tree_r_last,
            replica,
        }
    }
}

impl Sealed {
    /// Its files, as a proof reads them.
    pub fn sector(&self) -> Sector<'_> {
        Sector {
            comm_c: self.aux[0],
            comm_r_last: self.aux[1],
            layers: self.layers.iter().map(Vec::as_slice).collect(),
            tree_d: &self.tree_d,
            tree_c: self.tree_c.iter().map(Vec::as_slice).collect(),
            tree_r_last: self.tree_r_last.iter().map(Vec::as_slice).collect(),
            replica: &self.replica,
        }
    }
}

/// The reference's test data: so much that it fills the sector.
pub fn pattern(name: &str, sector: u64, size: SectorSize) -> Vec<u8> {
    let mut data = vec![0; size.unpadded_bytes() as usize];
    match name {
        "zero" => {}
        "mod251" => data
            .iter_mut()
            .enumerate()
            .for_each(|(i, byte)| *byte = ((31 * i + 7) % 251) as u8),
        "chacha8" => {
            let mut key = [0x2a; 32];
            key.iter_mut()
                .zip(sector.to_le_bytes())
                .for_each(|(key, byte)| *key ^= byte);
            ChaCha8Rng::from_seed(key).fill_bytes(&mut data);
        }
        _ => panic!("no pattern {name}"),
    }
    data
}

/// Data as nodes.
pub fn padded(data: &[u8]) -> Vec<Node> {
    let mut padded = vec![Node::ZERO; fr32::padded_len(data.len()) / Node::SIZE];
    fr32::pad(data, Node::bytes_mut(&mut padded));
    padded
}

fn label(device: &dyn Backend, graph: &Graph, replica_id: Node, n_layers: usize) -> Vec<Vec<Node>> {
    let mut layers: Vec<Vec<Node>> = Vec::new();
    for layer in 1..=n_layers as u32 {
        let mut labels = vec![Node::ZERO; graph.n_nodes()];
        let previous = layers.last().map_or(&[][..], |layer| layer);
        let mut lane = Lane {
            replica_id,
            previous,
            labels: &mut labels,
        };
        let lanes = std::slice::from_mut(&mut lane);
        label_layer(device, ParentSource::Computed(graph), layer, lanes, &silent).unwrap();
        layers.push(labels);
    }
    layers
}

/// Tree C, and tree R-last on the way of which `data` becomes the replica.
fn trees(
    device: &dyn Backend,
    geometry: &Geometry,
    layers: &[Vec<Node>],
    data: &mut [Node],
) -> [Vec<Vec<Node>>; 2] {
    let mut trees = [vec![], vec![]];
    for (base, data) in data.chunks_mut(geometry.base_leaves()).enumerate() {
        let range = geometry.base_range(base);
        let columns: Vec<&[Node]> = layers.iter().map(|layer| &layer[range.clone()]).collect();
        let mut tree_c = vec![Node::ZERO; geometry.base_tree_len()];
        tree::tree_c_base(device, &columns, &mut tree_c, &silent).unwrap();
        trees[0].push(tree_c);
        let key = columns.last().unwrap();
        let mut kept = vec![Node::ZERO; geometry.tree_r_last_len()];
        tree::tree_r_last_base(device, geometry, key, data, &mut kept, &silent).unwrap();
        trees[1].push(kept);
    }
    trees
}

fn root(geometry: &Geometry, trees: &[Vec<Node>], part: fn(usize) -> Part) -> Node {
    let roots = trees.iter().map(|tree| *tree.last().unwrap()).collect();
    Crown::new(geometry, roots, part).unwrap().root()
}
