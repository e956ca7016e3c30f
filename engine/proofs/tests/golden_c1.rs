//! The PoRep in the open and its public inputs, held against the reference and a sector of the network.

mod fixture;
mod sealed;

use engine_proofs::{
    geometry::Geometry,
    graph::Graph,
    porep::{
        challenge::Challenges,
        commit1::Commit1,
        vanilla::{prove, public_inputs, public_inputs_at, verify, Statement},
    },
    registered::SealProof,
    replica_id::Seed,
};
use fixture::{cases, number, word};
use kernels::{Fr, Node};
use sealed::{Case, Sealed};
use serde_json::Value;

const CASE: &str = "2KiB-1.1.0-plain-mod251-s42.json";

fn sealed() -> (Case, Sealed, Seed) {
    let golden = fixture::read(&format!("porep-{CASE}"));
    let case = Case::of(&golden);
    let sealed = case.seal();
    (case, sealed, word(&golden["case"]["seed"]).parse().unwrap())
}

#[test]
fn the_answer_in_the_open_is_the_references() {
    let (case, sealed, seed) = sealed();
    let Sealed {
        statement, ref graph, ..
    } = sealed;
    let partitions = prove(
        &sealed.sector(),
        graph,
        &statement,
        &Challenges::Interactive(seed),
    )
    .unwrap();
    assert!(verify(
        &partitions[0],
        &statement,
        graph,
        &Challenges::Interactive(seed),
        0
    ));
    for opening in &partitions[0].openings {
        assert_eq!(opening.data.leaf, sealed.data[opening.challenge as usize]);
    }
    let ours = Commit1 {
        statement,
        ticket: case.ticket,
        seed,
        partitions,
    };

    let text = fixture::text(&format!("c1-{CASE}"));
    assert_eq!(serde_json::to_string(&ours).unwrap(), text.trim_end());
    assert_eq!(serde_json::from_str::<Commit1>(&text).unwrap(), ours);
}

/// Changes the reference's text in one place, and expects it to be refused for a reason.
fn check_refused(change: impl Fn(&mut Value), reason: &str) {
    let mut text = fixture::read(&format!("c1-{CASE}"));
    change(&mut text);
    let error = serde_json::from_value::<Commit1>(text)
        .err()
        .map(|error| error.to_string());
    assert!(
        error.as_ref().is_some_and(|error| error.contains(reason)),
        "{error:?}"
    );
}

#[test]
fn text_of_another_form_is_refused() {
    let none = || Value::Array(vec![]);
    check_refused(|text| text["ticket"] = none(), "invalid length 0");
    check_refused(|text| text["ticket"][0] = Value::from(256), "integer `256`");
    check_refused(|text| text["vanilla_proofs"] = none(), "it opens nothing");
    check_refused(|text| text["vanilla_proofs"][0] = none(), "it opens nothing");
    let first = |text: &mut Value, place: &str, value| {
        *text["vanilla_proofs"][0][0].pointer_mut(place).unwrap() = value;
    };
    let data = "/comm_d_proofs/data/Single/path/path";
    check_refused(
        |text| first(text, data, none()),
        "its tree D is that of no sector size",
    );
    let form = "one of its openings has not the form of its sector size";
    let columns = "/replica_column_proofs";
    check_refused(
        |text| first(text, &format!("{columns}/c_x/column/rows"), none()),
        form,
    );
    check_refused(
        |text| first(text, &format!("{columns}/drg_parents"), none()),
        form,
    );
    check_refused(
        |text| {
            first(
                text,
                "/comm_r_last_proof/data/Single/path/path/0/index",
                Value::from(8),
            )
        },
        form,
    );
}

#[test]
fn public_inputs_are_the_references() {
    let (_, sealed, seed) = sealed();
    let golden = fixture::read(&format!("kit-porep-{CASE}"));
    let challenges = Challenges::Interactive(seed);
    for partition in cases(&golden["partitions"]) {
        let k = number(&partition["k"]) as usize;
        let inputs = public_inputs(&sealed.statement, &sealed.graph, &challenges, k).unwrap();
        let inputs = inputs.iter().map(|input| Node::from(*input).to_string());
        assert!(
            inputs.eq(cases(&partition["public_inputs_le"]).iter().map(word)),
            "partition {k}"
        );
    }
}

/// Its seed is not known, but what it asked for stands in its proofs' public inputs.
#[test]
fn public_inputs_are_those_of_a_sector_on_the_network() {
    const KEY_LEN: usize = 32_356;
    const PROOF_LEN: usize = 192;
    const N_INPUTS: usize = 327;
    let file = include_bytes!("../../../fixtures/seal32_x10.prf");
    let (proofs, rest) = file[16 + KEY_LEN..].as_chunks::<{ PROOF_LEN + 32 * N_INPUTS }>();
    assert_eq!((proofs.len(), rest.len()), (10, 0));

    let proof = SealProof::V1;
    let geometry = Geometry::of("32GiB".parse().unwrap());
    let graph = Graph::new(
        geometry.n_nodes(),
        &proof.porep_id(geometry.sector_size),
        proof.api_version(),
    );
    for proof in proofs {
        let inputs: Vec<Fr> = proof[PROOF_LEN..].chunks(32).map(big_endian).collect();
        let [replica_id, comm_d, comm_r] = [0, 1, 2].map(|i| Node::from(inputs[i]));
        let statement = Statement {
            geometry,
            replica_id,
            comm_d,
            comm_r,
        };
        let challenges: Vec<u64> = inputs[3..].chunks(18).map(|inputs| small(inputs[0])).collect();
        assert_eq!(public_inputs_at(&statement, &graph, &challenges).unwrap(), inputs);
    }
}

fn big_endian(bytes: &[u8]) -> Fr {
    let mut bytes: [u8; 32] = bytes.try_into().unwrap();
    bytes.reverse();
    Node(bytes).to_fr().unwrap()
}

fn small(input: Fr) -> u64 {
    let node = Node::from(input).0;
    let (low, high) = node.split_at(8);
    assert_eq!(high, [0; 24]);
    u64::from_le_bytes(low.try_into().unwrap())
}
