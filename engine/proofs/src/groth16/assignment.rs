//! A constraint system that collects a witness, and looks at no constraint.

use bellperson::{ConstraintSystem, Index, LinearCombination, SynthesisError, Variable};
use ff::Field;
use kernels::{Fr, Mixed};

/// The values of a circuit's variables.
#[derive(Debug)]
pub(super) struct Assignment {
    /// The constant one, then the public inputs.
    pub inputs: Vec<Fr>,
    /// The private variables.
    pub aux: Mixed,
}

impl Assignment {
    /// Collects the private variables in an empty list, which has room for them.
    pub fn new(aux: Mixed) -> Assignment {
        Assignment {
            inputs: vec![Fr::ONE],
            aux,
        }
    }
}

impl ConstraintSystem<Fr> for Assignment {
    type Root = Self;

    fn alloc<F, A, AR>(&mut self, _: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.aux.push(&value()?);
        Ok(Variable(Index::Aux(self.aux.len() - 1)))
    }

    fn alloc_input<F, A, AR>(&mut self, _: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.inputs.push(value()?);
        Ok(Variable(Index::Input(self.inputs.len() - 1)))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, _: LA, _: LB, _: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LB: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LC: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
    {
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self) {}

    fn get_root(&mut self) -> &mut Self {
        self
    }

    /// Gadgets that can push what they would allocate.
    fn is_witness_generator(&self) -> bool {
        true
    }

    fn extend_inputs(&mut self, inputs: &[Fr]) {
        self.inputs.extend_from_slice(inputs);
    }

    fn extend_aux(&mut self, aux: &[Fr]) {
        self.aux.extend(aux);
    }
}
