//! Statements of proofs that were made elsewhere: read strictly, and asked for nodes that exist.

mod fixture;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    hex32,
    porep::challenge,
    registered::SealProof,
    replica_id::{replica_id, PorepId, ProverId, Seed, Ticket},
};
use fixture::{cases, number, word};
use serde_json::Value;

/// The seal proof of a statement, when its porep id is a registered one.
fn seal_proof(case: &Value, size: SectorSize) -> Option<SealProof> {
    let porep_id: PorepId = word(&case["porep_id"]).parse().unwrap();
    SealProof::ALL
        .into_iter()
        .find(|proof| proof.porep_id(size) == porep_id)
}

#[test]
fn registered_statements_have_the_version_of_their_seal_proof() {
    let golden = fixture::read("seal-statements.json");
    let mut n_registered = 0;
    for case in cases(&golden) {
        let size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let Some(proof) = seal_proof(case, size) else {
            continue;
        };
        let version = format!("V{}", proof.api_version()).replace('.', "_");
        // The reference's tests seal with the later version under the same ids; the graph is the same.
        let same_graph = word(&case["api"]) == "V1_2_0" && proof == SealProof::V1_1;
        assert!(version == word(&case["api"]) || same_graph, "{case}");
        n_registered += 1;
    }
    assert_eq!(n_registered, 8);
}

#[test]
fn statements_ask_for_nodes_that_exist() {
    let golden = fixture::read("seal-statements.json");
    for case in cases(&golden) {
        let size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let geometry = Geometry::of(size);
        assert_eq!(geometry.porep_partitions as u64, number(&case["partitions"]));
        assert_eq!(
            geometry.porep_partitions as u64 * 192,
            number(&case["proof_size"])
        );
        hex32::parse_node(word(&case["comm_r"])).unwrap();
        let comm_d = hex32::parse_node(word(&case["comm_d"])).unwrap();
        let prover: ProverId = word(&case["prover_id"]).parse().unwrap();
        let ticket: Ticket = word(&case["ticket"]).parse().unwrap();
        let porep_id: PorepId = word(&case["porep_id"]).parse().unwrap();
        let replica_id = replica_id(&prover, number(&case["sector"]), &ticket, comm_d, &porep_id);
        assert!(replica_id.to_fr().is_some());
        let seed: Seed = word(&case["seed"]).parse().unwrap();
        let n_challenges = (geometry.porep_partitions * geometry.porep_challenges) as u32;
        let asked = challenge::interactive(replica_id, &seed, geometry.n_nodes(), 0..n_challenges);
        assert_eq!(asked.len(), n_challenges as usize);
        assert!(
            asked
                .iter()
                .all(|&node| 0 < node && node < geometry.n_nodes() as u64),
            "{case}"
        );
        // A partition's challenges are its share of them all.
        let share = 1..n_challenges;
        assert_eq!(
            challenge::interactive(replica_id, &seed, geometry.n_nodes(), share),
            asked[1..]
        );
    }
}
