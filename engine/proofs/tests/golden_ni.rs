//! Non-interactive PoRep, held against the reference: its challenges and its public inputs.

mod challenged;
mod fixture;
mod sealed;

use challenged::{asked, statement};
use engine_proofs::{
    porep::{
        challenge::Challenges,
        vanilla::{prove, public_inputs, verify},
    },
    registered::SealProof,
    replica_id::Seed,
};
use fixture::{cases, number, word};
use kernels::Node;
use sealed::{Case, Sealed};

#[test]
fn non_interactive_challenges_are_the_references() {
    let golden = fixture::read("challenges.json");
    let mut n_sizes = 0;
    for case in asked(&golden, "non-interactive-porep") {
        let statement = statement(case);
        let geometry = statement.geometry;
        assert_eq!(geometry.ni_porep_partitions as u64, number(&case["partitions"]));
        for part in cases(&case["parts"]) {
            let expected: Vec<u64> = cases(&part["challenges"]).iter().map(number).collect();
            let asked = Challenges::NonInteractive.of_partition(&statement, number(&part["k"]) as usize);
            assert_eq!(
                asked, expected,
                "{}, partition {}",
                geometry.sector_size, part["k"]
            );
        }
        n_sizes += 1;
    }
    assert_eq!(n_sizes, 5);
}

#[test]
fn all_thirteen_partitions_are_opened_with_the_references_inputs() {
    let sealed = Case::of(&fixture::read("porep-2KiB-1.2.0-ni-chacha8-s46.json")).seal();
    let Sealed {
        statement, ref graph, ..
    } = sealed;
    let kit = fixture::read("kit-aggregate-2KiB-1.2.0-ni-chacha8-s46-n16.json");
    assert_eq!(word(&kit["comm_rs"][0]), statement.comm_r.to_string());
    // The seed plays no part.
    let seed = Seed([1; 32]);
    let challenges = Challenges::of(SealProof::NonInteractive, seed);
    let proofs = prove(&sealed.sector(), graph, &statement, &challenges).unwrap();
    let expected = cases(&kit["public_inputs_le"]);
    assert_eq!((proofs.len(), expected.len()), (13, 13));
    for (k, (proof, expected)) in proofs.iter().zip(expected).enumerate() {
        assert!(verify(proof, &statement, graph, &challenges, k), "partition {k}");
        assert!(!verify(proof, &statement, graph, &challenges, (k + 1) % 13));
        assert!(!verify(
            proof,
            &statement,
            graph,
            &Challenges::Interactive(seed),
            k
        ));
        let opening = &proof.openings[0];
        assert_eq!(opening.data.leaf, sealed.data[opening.challenge as usize]);
        let inputs = public_inputs(&statement, graph, &challenges, k).unwrap();
        let inputs = inputs.iter().map(|input| Node::from(*input).to_string());
        assert!(inputs.eq(cases(expected).iter().map(word)), "partition {k}");
    }
}
