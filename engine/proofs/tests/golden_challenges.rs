//! PoRep and PoSt challenges, held against the reference.

mod fixture;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    hex32,
    porep::challenge,
    post::{
        challenge::{nodes, winning_sector, Randomness, WINDOW_CHALLENGES, WINNING_CHALLENGES},
        PublicSector, Statement,
    },
    registered::{ApiVersion, PostProof},
    replica_id::{ProverId, Seed},
};
use fixture::{cases, number, word};
use kernels::Node;
use serde_json::Value;

#[test]
fn interactive_challenges_are_the_references() {
    let golden = fixture::read("challenges.json");
    let interactive = cases(&golden["porep"])
        .iter()
        .filter(|case| word(&case["feature"]) == "-");
    let mut n_sizes = 0;
    for case in interactive {
        let size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let geometry = Geometry::of(size);
        assert_eq!(geometry.porep_partitions as u64, number(&case["partitions"]));
        let replica_id = hex32::parse_node(word(&case["replica_id_le"])).unwrap();
        let seed: Seed = word(&case["seed"]).parse().unwrap();
        for part in cases(&case["parts"]) {
            let expected: Vec<u64> = cases(&part["challenges"]).iter().map(number).collect();
            assert_eq!(geometry.porep_challenges, expected.len());
            let first = number(&part["k"]) as u32 * expected.len() as u32;
            let numbers = first..first + expected.len() as u32;
            let asked = challenge::interactive(replica_id, &seed, geometry.n_nodes(), numbers);
            assert_eq!(asked, expected, "{size}, partition {}", part["k"]);
        }
        n_sizes += 1;
    }
    assert_eq!(n_sizes, 5);
}

/// The sectors of a case, each with what it is asked for.
fn asked(list: &Value) -> Vec<(u64, Vec<u64>)> {
    let numbers = |list: &Value| cases(list).iter().map(number).collect();
    let sectors = cases(list).iter();
    sectors
        .map(|sector| (number(&sector[0]), numbers(&sector[1])))
        .collect()
}

#[test]
fn post_challenges_are_the_references() {
    let golden = fixture::read("challenges.json");
    let mut n_cases = 0;
    for case in cases(&golden["post"]) {
        let size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let geometry = Geometry::of(size);
        assert_eq!(
            geometry.window_sectors as u64,
            number(&case["window_sectors_per_partition"])
        );
        let randomness: Randomness = word(&case["randomness"]).parse().unwrap();
        let versions = [ApiVersion::V1_0_0, ApiVersion::V1_1_0, ApiVersion::V1_2_0].into_iter();
        let version = |version: &ApiVersion| version.to_string() == word(&case["api"]);
        let version = versions.clone().find(version).unwrap();
        for (list, n_challenges) in [("window", WINDOW_CHALLENGES), ("winning", WINNING_CHALLENGES)] {
            for (position, (sector, expected)) in asked(&case[list]).into_iter().enumerate() {
                let place = (sector, position);
                let nodes = nodes(version, randomness, place, n_challenges, geometry.n_nodes());
                assert_eq!(nodes, expected, "{size} {version} {list}: sector {sector}");
            }
        }
        check_statements(geometry, case, randomness);
        n_cases += 1;
    }
    assert_eq!(n_cases, 15);
}

/// The registered proofs of a case's version ask for the same.
fn check_statements(geometry: &'static Geometry, case: &Value, randomness: Randomness) {
    let prover_id: ProverId = word(&case["prover_id"]).parse().unwrap();
    for (post_proof, list) in [
        (PostProof::WindowV1, "window"),
        (PostProof::WindowV1_2, "window"),
        (PostProof::Winning, "winning"),
    ] {
        if post_proof.api_version().to_string() != word(&case["api"]) {
            continue;
        }
        let asked = asked(&case[list]);
        let comm_r = Node([7; 32]);
        let sectors = asked.iter().map(|&(sector, _)| PublicSector { sector, comm_r });
        let statement = Statement::new(geometry, post_proof, prover_id, randomness, sectors).unwrap();
        for (position, (_, expected)) in asked.iter().enumerate() {
            assert_eq!(statement.challenges(position), *expected, "{post_proof}");
        }
    }
}

#[test]
fn the_sector_of_a_winning_post_is_the_references() {
    let golden = fixture::read("challenges.json");
    let case = &cases(&golden["post"])[0];
    let prover_id: ProverId = word(&case["prover_id"]).parse().unwrap();
    let randomness: Randomness = word(&case["randomness"]).parse().unwrap();
    for case in cases(&golden["winning_sector_select"]) {
        let n_eligible = number(&case["sector_set_size"]);
        let draw = |draw| winning_sector(&prover_id, randomness, draw, n_eligible).unwrap();
        assert_eq!(draw(0), number(&case["selected"][0]));
        let first: Vec<u64> = (0..10).map(draw).collect();
        let expected: Vec<u64> = cases(&case["first_10_n"]).iter().map(number).collect();
        assert_eq!(first, expected, "{n_eligible} eligible sectors");
    }
}
