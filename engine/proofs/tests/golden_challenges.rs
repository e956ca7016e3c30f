//! PoRep challenges, held against the reference.

mod fixture;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    hex32,
    porep::challenge,
    replica_id::Seed,
};
use fixture::{cases, number, word};

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
