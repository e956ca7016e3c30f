//! The witness of a PoRep is the reference's, and whoever tampers with it is named.

mod fixture;
mod sealed;

use bellperson::SynthesisError;
use engine_proofs::{
    groth16::{
        memory::Memory,
        mock::{Error, MockProver},
        witness::{Capacity, Witness},
    },
    porep::{
        challenge::Challenges,
        circuit::Porep,
        commit1::Commit1,
        vanilla::{prove, public_inputs, PartitionProof, Statement},
    },
    replica_id::Seed,
};
use ff::Field;
use fixture::{cases, number, word};
use kernels::{Fr, Node};
use sealed::Case;
use serde_json::Value;
use sha2::{Digest, Sha256};

const CASE: &str = "2KiB-1.1.0-plain-mod251-s42.json";

/// The reference's own answer in the open.
fn opened() -> (Statement, PartitionProof) {
    let text = fixture::text(&format!("c1-{CASE}"));
    let mut answer: Commit1 = serde_json::from_str(&text).expect("the reference writes what we read");
    (answer.statement, answer.partitions.remove(0))
}

fn hex_of(elements: &[Fr]) -> Vec<String> {
    let node = |&element: &Fr| Node::from(element).to_string();
    elements.iter().map(node).collect()
}

fn words(list: &Value) -> Vec<&str> {
    cases(list).iter().map(word).collect()
}

#[test]
fn the_witness_is_the_references() {
    let (statement, proof) = opened();
    let kit = fixture::read(&format!("kit-porep-{CASE}"));
    let known = &kit["partitions"][0]["witness"];
    let ours = MockProver::run(Porep::new(&statement, &proof)).expect("the reference's openings are honest");
    assert_eq!(ours.n_constraints(), 2_687_921);
    assert_eq!(hex_of(ours.inputs()), words(&known["inputs"]));
    assert_eq!(ours.aux().len() as u64, number(&known["num_aux"]));
    assert_eq!(hex_of(&ours.aux()[..8]), words(&known["first_aux_le"]));
    let last: Vec<Fr> = ours.aux().iter().rev().take(4).copied().collect();
    assert_eq!(hex_of(&last), words(&known["last_aux_le"]));
    assert_eq!(sha256_of(ours.aux()), word(&known["sha256_aux_le"]));

    // As it is computed where constraints are not laid.
    let computed = Witness::by_shape(
        Porep::new(&statement, &proof),
        Capacity::default(),
        Memory::default(),
    );
    let aux = computed.expect("as above").aux.to_elements();
    assert_eq!(sha256_of(&aux), word(&known["sha256_aux_le"]));
}

fn sha256_of(elements: &[Fr]) -> String {
    let mut sha256 = Sha256::new();
    for &element in elements {
        sha256.update(Node::from(element).0);
    }
    hex::encode(sha256.finalize())
}

/// A sector of our own, opened by ourselves, satisfies the circuit, and publishes what a verifier expects.
fn check_honest(name: &str) {
    let golden = fixture::read(&format!("porep-{name}.json"));
    let sealed = Case::of(&golden).seal();
    let (statement, graph) = (&sealed.statement, &sealed.graph);
    let seed: Seed = word(&golden["case"]["seed"]).parse().expect("a seed");
    let challenges = Challenges::Interactive(seed);
    let proofs = prove(&sealed.sector(), graph, statement, &challenges).expect("the sector is whole");
    for opening in &proofs[0].openings {
        assert_eq!(opening.data.leaf, sealed.data[opening.challenge as usize]);
    }
    let prover = MockProver::run(Porep::new(statement, &proofs[0])).expect("the openings are honest");
    let mut expected = vec![Fr::ONE];
    expected.extend(public_inputs(statement, graph, &challenges, 0).expect("the statement is canonical"));
    assert_eq!(prover.inputs(), expected);
}

#[test]
fn an_honest_sector_of_one_base_tree_satisfies() {
    check_honest("2KiB-1.0.0-plain-mod251-s42");
}

#[test]
fn an_honest_sector_of_two_base_trees_satisfies() {
    check_honest("4KiB-1.1.0-plain-chacha8-s42");
}

#[test]
fn an_honest_sector_of_eight_base_trees_satisfies() {
    check_honest("16KiB-1.1.0-plain-mod251-s42");
}

#[test]
fn an_honest_sector_of_two_times_eight_base_trees_satisfies() {
    check_honest("32KiB-1.1.0-plain-chacha8-s42");
}

/// Tampers with the reference's statement and openings, and gives what the mock prover says to it.
fn tampered(tamper: impl Fn(&mut Statement, &mut PartitionProof)) -> Error {
    let (mut statement, mut proof) = opened();
    tamper(&mut statement, &mut proof);
    MockProver::run(Porep::new(&statement, &proof)).expect_err("someone tampered with it")
}

/// The first constraint that does not hold after the tampering is the one at this path.
fn check(path: &str, tamper: impl Fn(&mut Statement, &mut PartitionProof)) {
    match tampered(tamper) {
        Error::Unsatisfied(found) => {
            assert_eq!(found.path, path);
            assert_ne!(found.a * found.b, found.c, "{path}");
        }
        other => panic!("{path}: {other}"),
    }
}

fn flip(node: &mut Node) {
    node.0[0] ^= 1;
}

#[test]
fn a_foreign_comm_r_is_named() {
    check("comm_r = H(comm_c ‖ comm_r_last)", |statement, _| {
        flip(&mut statement.comm_r)
    });
}

#[test]
fn a_foreign_comm_c_is_named() {
    check("comm_r = H(comm_c ‖ comm_r_last)", |_, proof| {
        flip(&mut proof.comm_c)
    });
}

#[test]
fn a_foreign_comm_r_last_is_named() {
    check("comm_r = H(comm_c ‖ comm_r_last)", |_, proof| {
        flip(&mut proof.comm_r_last)
    });
}

#[test]
fn a_foreign_comm_d_is_named() {
    check("challenge_0/data_path/root", |statement, _| {
        flip(&mut statement.comm_d)
    });
}

/// The labels come out different, and so does the replica, long before the column does.
#[test]
fn a_foreign_replica_id_is_named() {
    check("challenge_0/replica_path/root", |statement, _| {
        flip(&mut statement.replica_id)
    });
}

#[test]
fn foreign_data_is_named() {
    check("challenge_1/data_path/root", |_, proof| {
        flip(&mut proof.openings[1].data.leaf)
    });
}

#[test]
fn a_foreign_sibling_in_tree_d_is_named() {
    check("challenge_0/data_path/root", |_, proof| {
        flip(&mut proof.openings[0].data.steps[5].siblings[0])
    });
}

#[test]
fn a_foreign_label_of_a_parent_is_named() {
    check("challenge_0/parent_3/column/path/root", |_, proof| {
        flip(&mut proof.openings[0].parents[3].labels[1]);
    });
}

#[test]
fn a_foreign_sibling_of_a_parent_is_named() {
    check("challenge_1/parent_13/column/path/root", |_, proof| {
        flip(&mut proof.openings[1].parents[13].path.steps[0].siblings[6]);
    });
}

#[test]
fn a_wrong_index_of_a_parent_is_named() {
    check("challenge_0/parent_6/column/path/root", |_, proof| {
        proof.openings[0].parents[6].path.steps[1].index ^= 4;
    });
}

/// Parents in another order hash to another label: here the replica is what no longer fits.
#[test]
fn parents_in_another_order_are_named() {
    check("challenge_0/replica_path/root", |_, proof| {
        proof.openings[0].parents.swap(0, 7)
    });
}

/// The challenge is part of every label.
#[test]
fn another_challenge_is_named() {
    check("challenge_0/replica_path/root", |_, proof| {
        proof.openings[0].challenge += 1
    });
}

#[test]
fn a_foreign_sibling_of_the_replica_is_named() {
    check("challenge_1/replica_path/root", |_, proof| {
        flip(&mut proof.openings[1].replica.steps[1].siblings[0]);
    });
}

#[test]
fn a_foreign_sibling_of_the_column_is_named() {
    check("challenge_1/column/path/root", |_, proof| {
        flip(&mut proof.openings[1].column.path.steps[1].siblings[0]);
    });
}

/// What a witness lacks has no value; the shape is the geometry's, whatever the witness is.
#[test]
fn what_is_missing_is_named() {
    type Tamper = fn(&mut PartitionProof);
    let cases: [(&str, Tamper); 5] = [
        ("challenge_0/data_path/row_5/index/bit_0/boolean", |proof| {
            proof.openings[0].data.steps.pop();
        }),
        ("challenge_0/parent_2/label/1/num", |proof| {
            proof.openings[0].parents[2].labels.pop();
        }),
        ("challenge_1/parent_13/label/0/num", |proof| {
            proof.openings[1].parents.pop();
        }),
        ("challenge_0/column/path/row_1/sibling/6/num", |proof| {
            proof.openings[0].column.path.steps[1].siblings.pop();
        }),
        // No node below the modulus.
        ("challenge_0/data/num", |proof| {
            proof.openings[0].data.leaf = Node([0xff; 32])
        }),
    ];
    for (expected, tamper) in cases {
        match tampered(|_, proof| tamper(proof)) {
            Error::Synthesis {
                path,
                source: SynthesisError::AssignmentMissing,
            } => assert_eq!(path, expected),
            other => panic!("{expected}: {other}"),
        }
    }
}
