//! The reference's circuit as rows of constraints.

use anyhow::Result;
use bellperson::{util_cs::test_cs::TestConstraintSystem, Circuit};
use blstrs::Scalar as Fr;
use filecoin_proofs::{DefaultPieceHasher, MerkleTreeTrait, VanillaSealProof};
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

pub(super) fn constraints<Tree: 'static + MerkleTreeTrait>(
    parameters: &PublicParams<Tree>,
    statement: &Statement<Tree>,
    openings: &Vec<VanillaSealProof<Tree>>,
) -> Result<Constraints> {
    type Compound<Tree> = StackedCompound<Tree, DefaultPieceHasher>;
    let circuit = <Compound<Tree> as CompoundProof<StackedDrg<'_, Tree, DefaultPieceHasher>, _>>::circuit(
        statement,
        (),
        openings,
        parameters,
        Some(0),
    )?;
    Constraints::of(circuit)
}
