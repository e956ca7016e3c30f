//! Aggregates of real proofs, drawn at random: either side makes the other's bytes, and each accepts them.

use std::{fs, path::Path};

use bench_peers::{
    parameters,
    reference::aggregate::{self as reference, Proven},
};
use engine_proofs::{
    geometry::Geometry,
    graph::Graph,
    groth16::{
        aggregate::{aggregate, Aggregate, AggregateKey, Claim, Included, Srs},
        Proof, ProofKind, VerifyingKey,
    },
    hex32::parse_node,
    porep::{
        aggregate::{included, inputs, Sector},
        vanilla::Statement,
    },
    registered::{AggregateProof, SealProof},
    replica_id::{replica_id, ProverId, Seed, Ticket},
    update,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{OsRng, RngCore, SeedableRng};
use serde_json::Value;

/// A file of known answers: proofs that the reference made once.
fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fixtures")
        .join(name);
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn geometry() -> &'static Geometry {
    Geometry::of("2KiB".parse().unwrap())
}

fn bytes(value: &Value) -> Vec<u8> {
    let hex = value.as_str().unwrap();
    let digit = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// The sectors of a kit, the first of which has this number.
fn proven(kit: &Value, seal_proof: SealProof, first: u64) -> Vec<Proven> {
    let n_partitions =
        kit["public_inputs_le"].as_array().unwrap().len() / kit["proofs"].as_array().unwrap().len();
    let sector = |(i, proof): (usize, &Value)| Proven {
        porep_id: seal_proof.porep_id("2KiB".parse().unwrap()),
        prover_id: ProverId(std::array::from_fn(|i| i as u8 + 1)),
        sector: first + i as u64,
        ticket: Ticket(std::array::from_fn(|i| i as u8 + 0xa0)),
        seed: kit["seeds"][i].as_str().unwrap().parse().unwrap(),
        comm_d: parse_node(kit["public_inputs_le"][i * n_partitions][1].as_str().unwrap()).unwrap(),
        comm_r: parse_node(kit["comm_rs"][i].as_str().unwrap()).unwrap(),
        proof: bytes(proof),
    };
    kit["proofs"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(sector)
        .collect()
}

/// The sectors as ours.
fn ours(seal_proof: SealProof, sectors: &[Proven]) -> (Vec<Sector>, Vec<Proof>) {
    let geometry = geometry();
    let sector = |sector: &Proven| Sector {
        statement: Statement {
            geometry,
            replica_id: replica_id(
                &sector.prover_id,
                sector.sector,
                &sector.ticket,
                sector.comm_d,
                &sector.porep_id,
            ),
            comm_d: sector.comm_d,
            comm_r: sector.comm_r,
        },
        graph: Graph::new(geometry.n_nodes(), &sector.porep_id, seal_proof.api_version()),
        seed: sector.seed,
    };
    let proofs = |sector: &Proven| Proof::many(&sector.proof, sector.proof.len() / Proof::SIZE).unwrap();
    (
        sectors.iter().map(sector).collect(),
        sectors.iter().flat_map(proofs).collect(),
    )
}

/// Both sides make the same, accept it, and refuse it for other sectors.
fn check(kit: &Value, seal_proof: SealProof, sectors: &[Proven], version: AggregateProof) {
    let key = VerifyingKey::from_bytes(&bytes(&kit["vk"]["vk_hex_uncompressed"])).unwrap();
    let srs = parameters::for_aggregates(ProofKind::Porep, geometry(), &key).unwrap();
    let srs = Srs::parse(&srs).unwrap();
    let (claimed, proofs) = ours(seal_proof, sectors);
    let made = aggregate(&srs, &proofs, &included(seal_proof, &claimed), version).unwrap();
    let theirs = reference::aggregate(seal_proof, sectors, version).unwrap();
    assert!(
        made.to_bytes() == theirs,
        "{} sectors: the aggregates differ",
        sectors.len()
    );
    assert_eq!(Aggregate::from_bytes(&theirs).unwrap(), made);

    let key = AggregateKey::new(&key);
    let accepts = |sectors: &[Proven]| {
        let (claimed, _) = ours(seal_proof, sectors);
        let inputs = inputs(seal_proof, &claimed).unwrap();
        assert_eq!(inputs, reference::inputs(seal_proof, sectors).unwrap());
        let included = included(seal_proof, &claimed);
        let claim = Claim {
            inputs: &inputs,
            included,
            version,
        };
        let accepted = key.verify(&srs.key().unwrap(), &claim, &made, &mut OsRng);
        let theirs = reference::verify(seal_proof, sectors, version, &made.to_bytes());
        assert_eq!(accepted, theirs.unwrap_or(false));
        accepted
    };
    assert!(accepts(sectors));
    let mut other = sectors.to_vec();
    other[0].ticket.0[0] ^= 1;
    assert!(!accepts(&other));
    let mut other = sectors.to_vec();
    other.last_mut().unwrap().comm_r = other[0].comm_d;
    assert!(!accepts(&other));
    assert!(!accepts(&[sectors, sectors, &sectors[..1]].concat()));
}

#[test]
fn sectors_in_any_number_and_order() {
    let kit = fixture("kit-aggregate-2KiB-1.1.0-plain-mod251-s42-n2.json");
    let both = proven(&kit, SealProof::V1_1, 42);
    let mut rng = ChaCha8Rng::seed_from_u64(400);
    for (n, version) in [1, 2, 3, 6].into_iter().zip([0, 1, 0, 1]) {
        let sectors: Vec<Proven> = (0..n)
            .map(|_| both[rng.next_u32() as usize % 2].clone())
            .collect();
        check(&kit, SealProof::V1_1, &sectors, AggregateProof::ALL[version]);
    }
}

#[test]
fn non_interactive_sectors() {
    let kit = fixture("kit-aggregate-2KiB-1.2.0-ni-chacha8-s46-n16.json");
    let mut one = proven(&kit, SealProof::NonInteractive, 46);
    for version in AggregateProof::ALL {
        check(&kit, SealProof::NonInteractive, &one, version);
    }
    // The seed plays no part in it, and two sectors are one after the other.
    one[0].seed = Seed([7; 32]);
    let two = [&one[..], &one[..]].concat();
    check(&kit, SealProof::NonInteractive, &two, AggregateProof::SnarkPackV2);
}

#[test]
fn updates() {
    let kit = fixture("kit-update-2KiB-1.1.0-plain-mod251-s42.json");
    let node = |name: &str| parse_node(kit[name].as_str().unwrap()).unwrap();
    let statement = update::vanilla::Statement {
        geometry: geometry(),
        comm_r_old: node("comm_r_old"),
        comm_d_new: node("comm_d_new"),
        comm_r_new: node("comm_r_new"),
    };
    let key = VerifyingKey::from_bytes(&bytes(&kit["vk"]["vk_hex_uncompressed"])).unwrap();
    let srs = parameters::for_aggregates(ProofKind::Update, geometry(), &key).unwrap();
    let srs = Srs::parse(&srs).unwrap();
    let key = AggregateKey::new(&key);
    let version = AggregateProof::SnarkPackV2;
    let proof = bytes(&kit["api_proof_hex"]);
    for n in [2, 3] {
        let updates = vec![(statement, proof.clone()); n];
        let proofs = vec![Proof::from_bytes(&proof).unwrap(); n];
        let included = Included::updates(&vec![statement; n]);
        let made = aggregate(&srs, &proofs, &included, version).unwrap();
        assert!(
            made.to_bytes() == reference::aggregate_updates(&updates).unwrap(),
            "{n} updates differ"
        );
        assert!(reference::verify_updates(&updates, &made.to_bytes()).unwrap());
        let inputs = vec![update::vanilla::public_inputs(&statement, 0).unwrap(); n];
        let claim = Claim {
            inputs: &inputs,
            included,
            version,
        };
        assert!(key.verify(&srs.key().unwrap(), &claim, &made, &mut OsRng));

        let mut other = updates;
        other[n - 1].0.comm_r_new = statement.comm_r_old;
        assert!(!reference::verify_updates(&other, &made.to_bytes()).unwrap());
        let others: Vec<_> = other.iter().map(|(statement, _)| *statement).collect();
        let claim = Claim {
            included: Included::updates(&others),
            ..claim
        };
        assert!(!key.verify(&srs.key().unwrap(), &claim, &made, &mut OsRng));
    }
}
