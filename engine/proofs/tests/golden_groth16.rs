//! Groth16 against the reference: keys, parameters, proofs and their verification, byte by byte.

mod fixture;
mod mini;

use std::ops::ControlFlow;

use bellperson::{Circuit, ConstraintSystem, SynthesisError};
use engine_proofs::{
    groth16::{self, witness, Blinding, Claim, Error, Parameters, PreparedKey, Proof, Secret, VerifyingKey},
    silent,
};
use ff::{Field, PrimeField};
use fixture::{cases, number, word};
use kernels::{Cpu, Fr};
use mini::Mini;
use rand_core::SeedableRng;
use rand_xorshift::XorShiftRng;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn scalar(hex: &Value) -> Fr {
    let bytes = bytes(hex).try_into().expect("32 bytes of hex");
    Option::from(Fr::from_repr(bytes)).expect("canonical")
}

fn scalars(list: &Value) -> Vec<Fr> {
    cases(list).iter().map(scalar).collect()
}

fn bytes(hex: &Value) -> Vec<u8> {
    hex::decode(word(hex)).expect("hex")
}

fn file(name: &str) -> Vec<u8> {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures");
    std::fs::read(format!("{fixtures}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn digest(values: &[Fr]) -> String {
    let hasher = values.iter().fold(Sha256::new(), |hasher, value| {
        hasher.chain_update(value.to_repr())
    });
    hex::encode(hasher.finalize())
}

fn mini() -> (Value, Mini) {
    let kit = fixture::read("kit-mini-groth16.json");
    let circuit = Mini {
        n: number(&kit["n"]) as usize,
        x: Some(scalar(&kit["x_le"])),
        is_false: false,
    };
    (kit, circuit)
}

#[test]
fn the_witness_of_the_small_circuit_is_the_references() {
    let (kit, circuit) = mini();
    let witness = witness::Witness::of(circuit, witness::Capacity::default()).expect("it is complete");
    let expected = &kit["witness"];
    assert_eq!(witness.aux.to_elements(), scalars(&kit["aux_le"]));
    assert_eq!(witness.inputs, scalars(&expected["inputs"]));
    assert_eq!(
        digest(&witness.aux.to_elements()),
        word(&expected["sha256_aux_le"])
    );
    assert_eq!(
        digest(&witness.a),
        word(&expected["sha256_a_evals_le_with_input_constraints"])
    );
    assert_eq!(
        digest(&witness.b),
        word(&expected["sha256_b_evals_le_with_input_constraints"])
    );
    assert_eq!(
        digest(&witness.c()),
        word(&expected["sha256_c_evals_le_with_input_constraints"])
    );
    let density = &kit["r1cs"]["density"];
    assert_eq!(
        witness.a_aux_density.count() as u64,
        number(&density["a_aux_density"])
    );
    assert_eq!(
        witness.b_aux_density.count() as u64,
        number(&density["b_aux_density"])
    );
    assert_eq!(
        witness.b_input_density.count() as u64,
        number(&density["b_input_density"])
    );
}

#[test]
fn the_parameters_of_the_small_circuit_are_the_references() {
    let (kit, circuit) = mini();
    let mut made = Vec::new();
    let blank = Mini { x: None, ..circuit };
    let key =
        groth16::generate(&Cpu::new(), blank, &Secret::development(), &mut made, &silent).expect("made");
    assert!(made == file("mini.params"), "the file differs");
    assert_eq!(key.to_bytes(), bytes(&kit["vk_hex"]));
}

#[test]
fn proofs_of_the_small_circuit_are_the_references() {
    let (kit, circuit) = mini();
    let mini = file("mini.params");
    let parameters = Parameters::parse(&mini).expect("the reference's file");
    let inputs = scalars(&kit["public_inputs_le"]);
    for case in cases(&kit["proofs_fixed_rs"]) {
        let blinding = Blinding {
            r: scalar(&case["r_le"]),
            s: scalar(&case["s_le"]),
        };
        let proof = groth16::prove(&Cpu::new(), &parameters, circuit, &inputs, blinding).expect("it holds");
        assert_eq!(hex::encode(proof.to_bytes()), word(&case["proof"]));
    }
    let blinding = Blinding::draw().expect("the system has randomness");
    let proof = groth16::prove(&Cpu::new(), &parameters, circuit, &inputs, blinding).expect("it holds");
    assert!(PreparedKey::new(&parameters.key).verify(&inputs, &proof));
}

#[test]
fn what_does_not_hold_is_not_proved() {
    let (kit, circuit) = mini();
    let mut mini = file("mini.params");
    let inputs = scalars(&kit["public_inputs_le"]);
    let blinding = || Blinding::draw().expect("the system has randomness");
    let prove = |file: &[u8], circuit: Mini, inputs: &[Fr]| {
        let parameters = Parameters::parse(file).expect("parses");
        groth16::prove(&Cpu::new(), &parameters, circuit, inputs, blinding())
            .map_err(|error| error.to_string())
    };
    // Another statement.
    let mut others = inputs.clone();
    others[3] += Fr::ONE;
    assert!(prove(&mini, circuit, &others)
        .unwrap_err()
        .contains("does not verify"));
    // No witness, and a false one.
    assert!(prove(&mini, Mini { x: None, ..circuit }, &inputs)
        .unwrap_err()
        .contains("synthesized"));
    let answer = prove(
        &mini,
        Mini {
            is_false: true,
            ..circuit
        },
        &inputs,
    )
    .unwrap_err();
    assert!(answer.contains("does not satisfy"), "{answer}");
    // Another circuit.
    let answer = prove(&mini, Mini { n: 37, ..circuit }, &inputs).unwrap_err();
    assert!(
        answer.contains("another circuit's: ic holds 14 points, the circuit needs 13"),
        "{answer}"
    );
    // A damaged file: the last byte of a point of l, which leaves the curve.
    let l = VerifyingKey::from_bytes(&bytes(&kit["vk_hex"]))
        .expect("parses")
        .to_bytes()
        .len()
        + 4
        + 127 * 96
        + 4;
    mini[l + 5 * 96 + 95] ^= 1;
    let answer = prove(&mini, circuit, &inputs).unwrap_err();
    assert_eq!(
        answer,
        format!("l: point 5 at offset {} is not on the curve", l + 5 * 96)
    );
}

/// A circuit whose second private variable stands in no constraint.
#[derive(Clone, Copy, Debug)]
struct Loose;

impl Circuit<Fr> for Loose {
    fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
        let bound = cs.alloc(|| "bound", || Ok(Fr::ONE))?;
        cs.alloc(|| "loose", || Ok(Fr::ONE))?;
        cs.enforce(|| "square", |lc| lc + bound, |lc| lc + bound, |lc| lc + bound);
        Ok(())
    }
}

#[test]
fn setup_stops_when_asked_and_refuses_loose_variables() {
    let (_, circuit) = mini();
    let stop = |_, _| ControlFlow::Break(());
    let answer = groth16::generate(
        &Cpu::new(),
        circuit,
        &Secret::development(),
        &mut Vec::new(),
        &stop,
    );
    assert!(matches!(answer, Err(Error::Stopped)), "{answer:?}");
    let answer = groth16::generate(
        &Cpu::new(),
        Loose,
        &Secret::development(),
        &mut Vec::new(),
        &silent,
    );
    assert!(
        matches!(answer, Err(Error::Unconstrained { index: 1 })),
        "{answer:?}"
    );
}

/// A key with claims that hold under it.
struct Kit {
    key: Vec<u8>,
    claims: Vec<(Vec<Fr>, [u8; Proof::SIZE])>,
}

impl Kit {
    /// The partitions of a kit that the reference proved.
    fn of_json(name: &str) -> Kit {
        let kit = fixture::read(name);
        let claim = |partition: &Value| {
            let proof = bytes(&partition["proof_192_compressed"])
                .try_into()
                .expect("192 bytes");
            (scalars(&partition["public_inputs_le"]), proof)
        };
        Kit {
            key: bytes(&kit["vk"]["vk_hex_uncompressed"]),
            claims: cases(&kit["partitions"]).iter().map(claim).collect(),
        }
    }

    /// Ten partitions of a 32 GiB PoRep: counts, key, then proof and inputs of each.
    fn seal() -> Kit {
        let bytes = file("seal32_x10.prf");
        let (n_proofs, n_inputs) = (number_at(&bytes, 0), number_at(&bytes, 8));
        let (key, rest) = bytes[16..].split_at(key_size(n_inputs));
        let claims = rest.chunks_exact(Proof::SIZE + 32 * n_inputs);
        assert_eq!(claims.len(), n_proofs);
        let claim = |bytes: &[u8]| {
            let (proof, inputs) = bytes.split_at(Proof::SIZE);
            (inputs_at(inputs), proof.try_into().expect("192 bytes"))
        };
        Kit {
            key: key.to_vec(),
            claims: claims.map(claim).collect(),
        }
    }

    /// A 32 GiB WinningPoSt: proof, count, inputs, key.
    fn winning() -> Kit {
        let bytes = file("winning32.prf");
        let (proof, rest) = bytes.split_at(Proof::SIZE);
        let n_inputs = number_at(rest, 0);
        let (inputs, key) = rest[8..].split_at(32 * n_inputs);
        assert_eq!(key.len(), key_size(n_inputs));
        Kit {
            key: key.to_vec(),
            claims: vec![(inputs_at(inputs), proof.try_into().expect("192 bytes"))],
        }
    }
}

fn number_at(bytes: &[u8], offset: usize) -> usize {
    u64::from_be_bytes(bytes[offset..offset + 8].try_into().expect("eight bytes")) as usize
}

fn inputs_at(bytes: &[u8]) -> Vec<Fr> {
    let input = |bytes: &[u8]| Fr::from_bytes_be(bytes.try_into().expect("32 bytes")).expect("canonical");
    bytes.chunks_exact(32).map(input).collect()
}

fn key_size(n_inputs: usize) -> usize {
    3 * 96 + 3 * 192 + 4 + 96 * (n_inputs + 1)
}

/// All claims hold, alone and together; with one bit of one input changed, none does.
fn check_verifies(kit: Kit) {
    let key = VerifyingKey::from_bytes(&kit.key).expect("the reference's key");
    assert!(key.to_bytes() == kit.key, "the key comes back as other bytes");
    let prepared = PreparedKey::new(&key);
    let mut proofs = Vec::new();
    for (inputs, bytes) in &kit.claims {
        let proof = Proof::from_bytes(bytes).expect("the reference's proof");
        assert_eq!(proof.to_bytes(), *bytes);
        assert!(prepared.verify(inputs, &proof));
        let mut changed = inputs.clone();
        changed[0] += Fr::ONE;
        assert!(!prepared.verify(&changed, &proof), "another statement");
        assert!(!prepared.verify(&inputs[1..], &proof), "an input too few");
        proofs.push(proof);
    }
    let mut rng = XorShiftRng::seed_from_u64(7);
    let mut inputs: Vec<Vec<Fr>> = kit.claims.into_iter().map(|(inputs, _)| inputs).collect();
    let mut verify_batch = |inputs: &[Vec<Fr>]| {
        let claims: Vec<_> = inputs
            .iter()
            .zip(&proofs)
            .map(|(inputs, proof)| Claim { inputs, proof })
            .collect();
        prepared.verify_batch(&claims, &mut rng)
    };
    assert!(verify_batch(&inputs));
    let last = inputs
        .last_mut()
        .expect("a kit has claims")
        .last_mut()
        .expect("a claim has inputs");
    *last += Fr::ONE;
    assert!(!verify_batch(&inputs), "one false claim among true ones");
    assert!(!verify_batch(&[]), "no claims");
}

#[test]
fn real_proofs_of_32_gib_sectors_verify() {
    check_verifies(Kit::seal());
    check_verifies(Kit::winning());
}

#[test]
fn proofs_of_small_sectors_verify() {
    check_verifies(Kit::of_json("kit-porep-2KiB-1.1.0-plain-mod251-s42.json"));
    check_verifies(Kit::of_json("kit-winning-post-2048.json"));
    check_verifies(Kit::of_json("kit-window-post-2048.json"));
}

#[test]
fn a_proof_with_one_bit_flipped_is_never_accepted() {
    let kit = Kit::winning();
    let prepared = PreparedKey::new(&VerifyingKey::from_bytes(&kit.key).expect("the reference's key"));
    let (inputs, good) = &kit.claims[0];
    let (mut n_undecodable, mut n_outside, mut n_rejected) = (0, 0, 0);
    for bit in 0..8 * Proof::SIZE {
        let mut bytes = *good;
        bytes[bit / 8] ^= 1 << (bit % 8);
        match Proof::from_bytes(&bytes) {
            Err(Error::Proof {
                reason: groth16::BadPoint::NotInSubgroup,
                ..
            }) => n_outside += 1,
            Err(_) => n_undecodable += 1,
            Ok(proof) => {
                assert!(!prepared.verify(inputs, &proof), "bit {bit}");
                n_rejected += 1;
            }
        }
    }
    assert_eq!(n_undecodable + n_outside + n_rejected, 1536);
    assert!(n_rejected >= 3, "the flipped signs of a, b and c decode");
}
