//! The graph, held against the reference and against a sector of the real network.

mod fixture;

use engine_proofs::{
    geometry::{Geometry, SectorSize, GEOMETRIES},
    graph::Graph,
    registered::{ApiVersion, SealProof},
};
use fixture::{cases, number, word};
use kernels::Parents;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn api_version(value: &Value) -> ApiVersion {
    let all = [ApiVersion::V1_0_0, ApiVersion::V1_1_0, ApiVersion::V1_2_0];
    all.into_iter()
        .find(|api| api.to_string() == word(value))
        .unwrap()
}

fn parents(list: &[Value]) -> Parents {
    let numbers: Vec<u32> = list.iter().map(|parent| number(parent) as u32).collect();
    numbers.try_into().unwrap()
}

fn digest(parents: &[Parents]) -> String {
    let mut hash = Sha256::new();
    parents
        .iter()
        .flatten()
        .for_each(|parent| hash.update(parent.to_le_bytes()));
    hex::encode(hash.finalize())
}

#[test]
fn parents_are_the_references() {
    let golden = fixture::read("graph.json");
    let mut digests = 0;
    for case in cases(&golden["graphs"]) {
        let size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let geometry = Geometry::of(size);
        let porep_id = word(&case["porep_id"]).parse().unwrap();
        let graph = Graph::new(geometry.n_nodes(), &porep_id, api_version(&case["api"]));
        for row in cases(&case["parents"]) {
            let node = number(&row[0]) as usize;
            assert_eq!(
                graph.parents(node),
                parents(cases(&row[1])),
                "{graph:?}: node {node}"
            );
        }
        if let Some(n_nodes) = case["digest_nodes"].as_u64() {
            let mut first = vec![Parents::default(); n_nodes as usize];
            graph.fill(0, &mut first);
            assert_eq!(digest(&first), word(&case["sha256_parents_u32le"]), "{graph:?}");
            digests += 1;
        }
    }
    assert_eq!(digests, GEOMETRIES.len() * 3);
}

#[test]
fn every_known_graph_has_its_registered_porep_id() {
    let golden = fixture::read("graph.json");
    for case in cases(&golden["graphs"])
        .iter()
        .filter(|case| case["digest_nodes"].is_u64())
    {
        let size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let proof = match api_version(&case["api"]) {
            ApiVersion::V1_0_0 => SealProof::V1,
            ApiVersion::V1_1_0 | ApiVersion::V1_2_0 => SealProof::V1_1,
        };
        assert_eq!(
            proof.porep_id(size).to_string(),
            word(&case["porep_id"]),
            "{proof} {size}"
        );
    }
}

#[test]
fn parents_are_those_of_a_sector_on_the_network() {
    let golden = fixture::read("porep32_graph_parents.json");
    let size = "32GiB".parse().unwrap();
    let (proof, n_nodes) = (SealProof::V1, Geometry::of(size).n_nodes());
    let graph = Graph::new(n_nodes, &proof.porep_id(size), proof.api_version());
    let mut n_parents = 0;
    for case in cases(&golden["partitions"]).iter().flat_map(cases) {
        let list = [cases(&case["drg"]), cases(&case["exp"])].concat();
        let challenge = number(&case["challenge"]) as usize;
        assert_eq!(graph.parents(challenge), parents(&list), "node {challenge}");
        n_parents += list.len();
    }
    assert_eq!(n_parents, 2520);
}

#[test]
fn filling_in_pieces_is_filling_at_once() {
    let size: SectorSize = "8MiB".parse().unwrap();
    let proof = SealProof::V1_1;
    let graph = Graph::new(
        Geometry::of(size).n_nodes(),
        &proof.porep_id(size),
        proof.api_version(),
    );
    let mut whole = vec![Parents::default(); 5000];
    graph.fill(1, &mut whole);
    for (first, len) in [(1, 1), (2, 0), (3, 9), (1000, 513), (4993, 8)] {
        let mut part = vec![Parents::default(); len];
        graph.fill(first, &mut part);
        assert_eq!(part, whole[first - 1..][..len], "{len} nodes from {first} on");
    }
}

#[test]
#[should_panic(expected = "the graph has 64 nodes")]
fn there_is_nothing_beyond_the_last_node() {
    let size = "2KiB".parse().unwrap();
    Graph::new(64, &SealProof::V1.porep_id(size), ApiVersion::V1_0_0).parents(64);
}
