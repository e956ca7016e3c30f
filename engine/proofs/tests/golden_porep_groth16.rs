//! The PoRep of a 2 KiB sector under development parameters, byte for byte the reference's.
//!
//! The parameters are 1.1 GB, made in a minute and kept for the next run: in the folder that
//! `LODE_PARAMETERS` names, or in the build's own.

mod fixture;
mod sealed;

use std::{
    fs::{self, File},
    io::BufWriter,
    path::PathBuf,
};

use engine_proofs::{
    geometry::Geometry,
    groth16::{
        self, name, setup,
        witness::{Capacity, Witness},
        Blinding, Parameters, ProofKind, Secret,
    },
    porep::{challenge::Challenges, circuit::Porep, vanilla},
    replica_id::Seed,
    silent,
};
use ff::PrimeField;
use fixture::{cases, word};
use kernels::{Cpu, Fr};
use sealed::Case;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 of the reference's file, from the same seed (`v28-stacked-…-032d3138….params`).
const PARAMETERS_SHA256: &str = "1bc0c022f18a3107a3cbf7723fd5324fbc020b6cb946276c21324ec33aa3321e";

/// The development parameters of a geometry, made if they are not there.
fn parameters(geometry: &'static Geometry) -> Vec<u8> {
    let folder =
        std::env::var_os("LODE_PARAMETERS").map_or(PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    fs::create_dir_all(&folder).expect("the folder can be made");
    let name = name::parameters(ProofKind::Porep, geometry);
    let path = folder.join(name::DEVELOPMENT.to_owned() + &name);
    if !path.exists() {
        let unfinished = folder.join(format!("{}.unfinished", std::process::id()));
        let mut out = BufWriter::new(File::create(&unfinished).expect("the folder can be written"));
        let circuit = Porep::blank(geometry, geometry.porep_challenges);
        setup::generate(&Cpu::new(), circuit, &Secret::development(), &mut out, &silent).expect("made");
        fs::rename(&unfinished, &path).expect("the same folder");
    }
    fs::read(&path).expect("it was made")
}

fn scalar(hex: &Value) -> Fr {
    let bytes = hex::decode(word(hex))
        .expect("hex")
        .try_into()
        .expect("32 bytes of hex");
    Option::from(Fr::from_repr(bytes)).expect("canonical")
}

fn digest(values: &[Fr]) -> String {
    let hasher = values.iter().fold(Sha256::new(), |hasher, value| {
        hasher.chain_update(value.to_repr())
    });
    hex::encode(hasher.finalize())
}

#[test]
fn parameters_witness_and_proof_are_the_references() {
    let golden = fixture::read("porep-2KiB-1.1.0-plain-mod251-s42.json");
    let kit = fixture::read("kit-porep-2KiB-1.1.0-plain-mod251-s42.json");
    let kit = &cases(&kit["partitions"])[0];
    let sealed = Case::of(&golden).seal();
    let challenges = Challenges::Interactive(Seed(std::array::from_fn(|i| (7 * i + 3) as u8)));
    let statement = &sealed.statement;
    let proofs =
        vanilla::prove(&sealed.sector(), &sealed.graph, statement, &challenges).expect("the sector is whole");
    let inputs = vanilla::public_inputs(statement, &sealed.graph, &challenges, 0).expect("canonical");
    assert_eq!(
        inputs,
        cases(&kit["public_inputs_le"])
            .iter()
            .map(scalar)
            .collect::<Vec<_>>()
    );
    for opening in &proofs[0].openings {
        assert_eq!(opening.data.leaf, sealed.data[opening.challenge as usize]);
    }
    let circuit = Porep::new(statement, &proofs[0]);

    let witness = Witness::of(circuit, Capacity::default()).expect("it is complete");
    let expected = &kit["witness"];
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
    drop(witness);

    let file = parameters(statement.geometry);
    assert_eq!(hex::encode(Sha256::digest(&file)), PARAMETERS_SHA256);
    let parameters = Parameters::parse(&file).expect("just made");
    let blinding = Blinding {
        r: scalar(&kit["r_le"]),
        s: scalar(&kit["s_le"]),
    };
    let proof = groth16::prove(&Cpu::new(), &parameters, circuit, &inputs, blinding).expect("it holds");
    assert_eq!(hex::encode(proof.to_bytes()), word(&kit["proof_192_compressed"]));
}
