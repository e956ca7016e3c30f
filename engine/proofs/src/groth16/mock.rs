//! Proving without a proof: every constraint is looked at, and the first that does not hold is named.

use std::fmt;

use bellperson::{Circuit, ConstraintSystem, Index, LinearCombination, SynthesisError, Variable};
use ff::Field;
use kernels::{Fr, Node};

/// Holds a circuit's witness against its constraints.
///
/// What it keeps is the witness alone, 32 bytes a variable; constraints are looked at as they come.
pub struct MockProver {
    inputs: Vec<Fr>,
    aux: Vec<Fr>,
    path: Vec<String>,
    n_constraints: usize,
    unsatisfied: Option<Unsatisfied>,
    unassigned: Option<String>,
}

/// A constraint that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsatisfied {
    /// Its number, from 0, in the order in which the circuit lays them.
    pub index: usize,
    /// The namespaces that it stands in, and its own name: `challenge_0/parent_3/column/path/root`.
    pub path: String,
    /// What A comes to under the witness.
    pub a: Fr,
    /// What B comes to.
    pub b: Fr,
    /// What C comes to, and `A · B` does not.
    pub c: Fr,
}

/// Why a circuit cannot be proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A constraint does not hold.
    #[error("{0}")]
    Unsatisfied(Box<Unsatisfied>),
    /// The synthesis came to an end before the circuit did.
    #[error("{path}: {source}")]
    Synthesis {
        /// The variable that got no value, or the empty string where it was not a variable's fault.
        path: String,
        /// What it ended with.
        source: SynthesisError,
    },
}

impl fmt::Display for Unsatisfied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unsatisfied { index, path, .. } = self;
        let [a, b, c] = [self.a, self.b, self.c].map(Node::from);
        write!(
            f,
            "constraint {index}, {path}: A · B = C does not hold for A = {a}, B = {b}, C = {c}"
        )
    }
}

impl MockProver {
    /// Synthesises the circuit and checks every constraint on the way.
    ///
    /// # Errors
    /// The first constraint that does not hold, or the first variable that has no value.
    pub fn run(circuit: impl Circuit<Fr>) -> Result<MockProver, Error> {
        let mut prover = MockProver {
            inputs: vec![Fr::ONE],
            aux: Vec::new(),
            path: Vec::new(),
            n_constraints: 0,
            unsatisfied: None,
            unassigned: None,
        };
        let end = circuit.synthesize(&mut prover);
        // What does not hold comes before what is missing: it was laid first.
        if let Some(unsatisfied) = prover.unsatisfied {
            return Err(Error::Unsatisfied(Box::new(unsatisfied)));
        }
        match end {
            Ok(()) => Ok(prover),
            Err(source) => Err(Error::Synthesis {
                path: prover.unassigned.unwrap_or_default(),
                source,
            }),
        }
    }

    /// The public inputs, the constant one first.
    pub fn inputs(&self) -> &[Fr] {
        &self.inputs
    }

    /// The private variables.
    pub fn aux(&self) -> &[Fr] {
        &self.aux
    }

    /// How many constraints hold.
    pub fn n_constraints(&self) -> usize {
        self.n_constraints
    }

    fn path_of(&self, name: String) -> String {
        let names = self.path.iter().chain([&name]).filter(|name| !name.is_empty());
        names.map(String::as_str).collect::<Vec<_>>().join("/")
    }

    /// The value of a new variable; where there is none, its path is kept.
    fn value<F, A, AR>(&mut self, name: A, value: F) -> Result<Fr, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        // What comes after the first that does not hold is of no interest.
        if self.unsatisfied.is_some() {
            return Err(SynthesisError::Unsatisfiable);
        }
        value().inspect_err(|_| self.unassigned = Some(self.path_of(name().into())))
    }
}

impl fmt::Debug for MockProver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockProver")
            .field("n_inputs", &self.inputs.len())
            .field("n_aux", &self.aux.len())
            .field("n_constraints", &self.n_constraints)
            .finish_non_exhaustive()
    }
}

impl ConstraintSystem<Fr> for MockProver {
    type Root = MockProver;

    fn alloc<F, A, AR>(&mut self, name: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        let value = self.value(name, value)?;
        self.aux.push(value);
        Ok(Variable::new_unchecked(Index::Aux(self.aux.len() - 1)))
    }

    fn alloc_input<F, A, AR>(&mut self, name: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        let value = self.value(name, value)?;
        self.inputs.push(value);
        Ok(Variable::new_unchecked(Index::Input(self.inputs.len() - 1)))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, name: A, a: LA, b: LB, c: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LB: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LC: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
    {
        let index = self.n_constraints;
        self.n_constraints += 1;
        if self.unsatisfied.is_some() {
            return;
        }
        let eval = |lc: LinearCombination<Fr>| lc.eval(&self.inputs, &self.aux);
        let a = eval(a(LinearCombination::zero()));
        let b = eval(b(LinearCombination::zero()));
        let c = eval(c(LinearCombination::zero()));
        if a * b != c {
            let path = self.path_of(name().into());
            self.unsatisfied = Some(Unsatisfied { index, path, a, b, c });
        }
    }

    fn push_namespace<NR, N>(&mut self, name: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
        self.path.push(name().into());
    }

    fn pop_namespace(&mut self) {
        self.path.pop();
    }

    fn get_root(&mut self) -> &mut MockProver {
        self
    }
}
