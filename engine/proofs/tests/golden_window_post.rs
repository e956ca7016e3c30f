//! WindowPoSt of large sectors that others proved: what is asked follows from the statement alone, and the proof
//! holds where its key is at hand.

mod fixture;

use engine_proofs::{
    geometry::Geometry,
    groth16::{PreparedKey, Proof, VerifyingKey},
    hex32::parse_node,
    post::{verify, PublicSector, Statement},
    registered::PostProof,
};
use ff::PrimeField;
use fixture::{cases, number, word};
use rand_core::OsRng;
use serde_json::Value;

/// What a proof of one sector claims.
fn state(size: &str, post_proof: PostProof, golden: &Value, sector: PublicSector) -> Statement {
    let statement = Statement::new(
        Geometry::of(size.parse().expect("the size is in the table")),
        post_proof,
        word(&golden["prover_id"]).parse().expect("a prover id"),
        word(&golden["randomness"]).parse().expect("canonical"),
        [sector],
    );
    statement.expect("it was proved")
}

fn decode(word: &Value) -> Vec<u8> {
    hex::decode(fixture::word(word)).expect("hex")
}

/// The reference's proof of a sector of 512 MiB, under its key.
#[test]
fn half_a_gibibyte() {
    let golden = fixture::read("kit-window-post-536870912.json");
    let sector = &cases(&golden["sectors"])[0];
    let sector = PublicSector {
        sector: number(&sector["id"]),
        comm_r: parse_node(word(&sector["comm_r"])).expect("canonical"),
    };
    let statement = state("512MiB", PostProof::WindowV1_2, &golden, sector);
    let asked: Vec<u64> = cases(&cases(&golden["challenges"])[0][1])
        .iter()
        .map(number)
        .collect();
    assert_eq!(statement.challenges(0), asked);
    let partition = &cases(&golden["partitions"])[0];
    let inputs = statement.public_inputs(0).into_iter();
    let inputs: Vec<String> = inputs.map(|input| hex::encode(input.to_repr())).collect();
    let known = cases(&partition["public_inputs_le"]).iter().map(word);
    assert!(known.eq(inputs.iter().map(String::as_str)));

    let key = VerifyingKey::from_bytes(&decode(&golden["vk"]["vk_hex_uncompressed"])).expect("a key");
    let key = PreparedKey::new(&key);
    for proof in [&golden["api_proof_hex"], &partition["proof_192_compressed"]] {
        let proof = Proof::many(&decode(proof), 1).expect("a proof");
        assert!(verify(&key, &statement, &proof, &mut OsRng));
        // With another sector the same proof is none.
        let other = PublicSector { sector: 43, ..sector };
        let other = state("512MiB", PostProof::WindowV1_2, &golden, other);
        assert!(!verify(&key, &other, &proof, &mut OsRng));
    }
}

/// A proof of the network, whose key is not here: it is one, and both registered versions ask the same of a
/// sector that is the first.
#[test]
fn thirty_two_gibibytes_of_the_network() {
    let golden = fixture::read("window_post_32GiB_v28.json");
    let sector = PublicSector {
        sector: number(&golden["sector"]),
        comm_r: parse_node(word(&golden["comm_r"])).expect("canonical"),
    };
    let [first, repaired] = [PostProof::WindowV1, PostProof::WindowV1_2]
        .map(|post_proof| state("32GiB", post_proof, &golden, sector));
    assert_eq!(first.n_partitions(), 1);
    let inputs = first.public_inputs(0);
    assert_eq!(inputs, repaired.public_inputs(0));
    // The sector fills the partition up.
    assert_eq!(inputs.len(), 2349 * 11);
    assert!(inputs.chunks(11).all(|sector| *sector == inputs[..11]));
    assert_eq!(Some(inputs[0]), sector.comm_r.to_fr());
    Proof::many(&decode(&golden["proof"]), 1).expect("three points of their subgroups");
}
