//! The reference's circuit as rows of constraints.

use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        Arc,
    },
    time::{Duration, Instant},
};

use anyhow::{ensure, Result};
use bellperson::{
    groth16::{self, ParameterSource, VerifyingKey},
    util_cs::test_cs::TestConstraintSystem,
    Circuit, SynthesisError,
};
use blstrs::{Bls12, G1Affine, G2Affine, Scalar as Fr};
use filecoin_proofs::{DefaultPieceHasher, MerkleTreeTrait, VanillaSealProof};
use rand_core::SeedableRng;
use rand_xorshift::XorShiftRng;
use storage_proofs_core::compound_proof::CompoundProof;
use storage_proofs_porep::stacked::{PublicParams, StackedCompound, StackedDrg};

use super::shaped::Statement;

/// What the gadget library's test system says of a circuit and its witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraints {
    /// BLAKE2s over every term of every constraint.
    pub hash: String,
    /// How many there are.
    pub n_constraints: usize,
    /// Public inputs, ONE among them.
    pub n_inputs: usize,
    /// Path of the first constraint that the witness does not satisfy.
    pub unsatisfied: Option<String>,
}

impl Constraints {
    /// Synthesises a circuit into the test system; it takes about a KiB for each constraint.
    ///
    /// # Errors
    /// When the circuit lacks a value.
    pub fn of(circuit: impl Circuit<Fr>) -> Result<Constraints> {
        let mut cs = TestConstraintSystem::new();
        circuit.synthesize(&mut cs)?;
        Ok(Constraints {
            hash: cs.hash(),
            n_constraints: cs.num_constraints(),
            n_inputs: cs.num_inputs(),
            unsatisfied: cs.which_is_unsatisfied().map(str::to_owned),
        })
    }
}

/// Whether a proof convinces bellperson, under a key as its file has it.
///
/// # Errors
/// When key or proof are none, or the key takes another number of inputs.
pub fn verify_proof(key: &[u8], inputs: &[Fr], proof: &[u8]) -> Result<bool> {
    let key = groth16::VerifyingKey::<Bls12>::read(key)?;
    let proof = groth16::Proof::read(proof)?;
    Ok(groth16::verify_proof(
        &groth16::prepare_verifying_key(&key),
        &proof,
        inputs,
    )?)
}

type Compound<Tree> = StackedCompound<Tree, DefaultPieceHasher>;
type Drg<'a, Tree> = StackedDrg<'a, Tree, DefaultPieceHasher>;

/// The circuit of the first partition.
pub(super) fn porep<Tree: 'static + MerkleTreeTrait>(
    parameters: &PublicParams<Tree>,
    statement: &Statement<Tree>,
    openings: &Vec<VanillaSealProof<Tree>>,
) -> Result<impl Circuit<Fr> + Send> {
    <Compound<Tree> as CompoundProof<Drg<'_, Tree>, _>>::circuit(statement, (), openings, parameters, Some(0))
}

/// The shape of that circuit, as parameters are made for it.
pub(super) fn blank_porep<Tree: 'static + MerkleTreeTrait>(
    parameters: &PublicParams<Tree>,
) -> impl Circuit<Fr> {
    <Compound<Tree> as CompoundProof<Drg<'_, Tree>, _>>::blank_circuit(parameters)
}

/// How long bellperson's prover takes until its private `ProvingAssignment` is complete, and the public inputs that it
/// then has, ONE among them.
///
/// # Errors
/// When the circuit lacks a value.
pub fn synthesize(circuit: impl Circuit<Fr> + Send) -> Result<(Duration, usize)> {
    let stop = Stop(AtomicUsize::new(0));
    let start = Instant::now();
    let stopped = groth16::create_proof_batch::<Bls12, _, _>(
        vec![circuit],
        &stop,
        vec![Fr::default()],
        vec![Fr::default()],
    );
    let took = start.elapsed();
    let n_inputs = stop.0.load(Ordering::Relaxed);
    ensure!(
        0 < n_inputs && stopped.is_err(),
        "the synthesis did not come to its end"
    );
    Ok((took, n_inputs))
}

/// Parameters that end a proof where it first asks for them: when the circuit is synthesized.
struct Stop(AtomicUsize);

impl ParameterSource<Bls12> for &Stop {
    type G1Builder = (Arc<Vec<G1Affine>>, usize);
    type G2Builder = (Arc<Vec<G2Affine>>, usize);

    fn get_vk(&self, n_inputs: usize) -> Result<&VerifyingKey<Bls12>, SynthesisError> {
        self.0.store(n_inputs, Ordering::Relaxed);
        Err(SynthesisError::MalformedVerifyingKey)
    }

    fn get_h(&self, _: usize) -> Result<Self::G1Builder, SynthesisError> {
        Err(SynthesisError::MalformedVerifyingKey)
    }

    fn get_l(&self, _: usize) -> Result<Self::G1Builder, SynthesisError> {
        Err(SynthesisError::MalformedVerifyingKey)
    }

    fn get_a(&self, _: usize, _: usize) -> Result<(Self::G1Builder, Self::G1Builder), SynthesisError> {
        Err(SynthesisError::MalformedVerifyingKey)
    }

    fn get_b_g1(&self, _: usize, _: usize) -> Result<(Self::G1Builder, Self::G1Builder), SynthesisError> {
        Err(SynthesisError::MalformedVerifyingKey)
    }

    fn get_b_g2(&self, _: usize, _: usize) -> Result<(Self::G2Builder, Self::G2Builder), SynthesisError> {
        Err(SynthesisError::MalformedVerifyingKey)
    }
}

/// The parameters that bellperson's generator makes of a blank circuit from the development seed, as the reference's
/// own tool would from another.
///
/// # Errors
/// When the circuit cannot be synthesized.
pub fn generate(circuit: impl Circuit<Fr>, seed: [u8; 16]) -> Result<Vec<u8>> {
    let mut rng = XorShiftRng::from_seed(seed);
    let parameters = groth16::generate_random_parameters::<Bls12, _, _>(circuit, &mut rng)?;
    let mut bytes = Vec::new();
    parameters.write(&mut bytes)?;
    Ok(bytes)
}
