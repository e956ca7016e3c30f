//! The witness: what a circuit assigns to its variables, and what its constraints make of that.

use bellperson::{Circuit, ConstraintSystem, Index, LinearCombination, SynthesisError, Variable};
use ff::Field;
use kernels::Fr;

use super::error::Result;

/// A circuit's assignment, and the values of A, B and C in every constraint.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The constant one, then the public inputs.
    pub inputs: Vec<Fr>,
    /// The private variables.
    pub aux: Vec<Fr>,
    /// A in every constraint; the constraints that Groth16 adds for its inputs come last.
    pub a: Vec<Fr>,
    /// B in every constraint.
    pub b: Vec<Fr>,
    /// C in every constraint.
    pub c: Vec<Fr>,
    /// The private variables that stand in A.
    pub a_aux_density: Bits,
    /// The public inputs that stand in B.
    pub b_input_density: Bits,
    /// The private variables that stand in B.
    pub b_aux_density: Bits,
}

/// One bit for each variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    fn push_zero(&mut self) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
    }

    fn set(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
    }

    /// How many are one.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// The values at whose position the bit is one.
    pub fn select<'a>(&'a self, values: &'a [Fr]) -> impl Iterator<Item = Fr> + 'a {
        let is_set = |i: &usize| self.words[i / 64] >> (i % 64) & 1 == 1;
        (0..values.len()).filter(is_set).map(|i| values[i])
    }
}

/// How large the witness of a circuit gets, so that it is allocated once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Capacity {
    /// Private variables.
    pub n_aux: usize,
    /// Length of A, B and C: the domain, a power of two.
    pub domain_len: usize,
}

impl Witness {
    /// Synthesizes a circuit.
    ///
    /// # Errors
    /// When the circuit lacks an assignment, or contradicts itself.
    pub fn of<C: Circuit<Fr>>(circuit: C, capacity: Capacity) -> Result<Witness> {
        let mut witness = Witness {
            aux: Vec::with_capacity(capacity.n_aux),
            a: Vec::with_capacity(capacity.domain_len),
            b: Vec::with_capacity(capacity.domain_len),
            c: Vec::with_capacity(capacity.domain_len),
            ..Witness::default()
        };
        witness.alloc_input(|| "one", || Ok(Fr::ONE))?;
        circuit.synthesize(&mut witness)?;
        // x · 0 = 0 for each input: so that each one stands in A.
        for input in witness.inputs.clone() {
            witness.a.push(input);
            witness.b.push(Fr::ZERO);
            witness.c.push(Fr::ZERO);
        }
        Ok(witness)
    }

    /// The value of a linear combination.
    fn evaluate(&self, terms: &LinearCombination<Fr>) -> Fr {
        let inputs = terms
            .iter_inputs()
            .map(|(index, coefficient)| product(self.inputs[*index], coefficient));
        let aux = terms
            .iter_aux()
            .map(|(index, coefficient)| product(self.aux[*index], coefficient));
        inputs.chain(aux).sum()
    }
}

/// Most values are bits and many coefficients are one, and comparing is quicker than multiplying.
fn product(value: Fr, coefficient: &Fr) -> Fr {
    if value == Fr::ZERO || *coefficient == Fr::ONE {
        value
    } else if value == Fr::ONE {
        *coefficient
    } else {
        value * coefficient
    }
}

fn mark<'a>(density: &mut Bits, terms: impl Iterator<Item = (&'a usize, &'a Fr)>) {
    for (index, coefficient) in terms {
        // A coefficient may have cancelled out: such a variable has no point.
        if *coefficient != Fr::ZERO {
            density.set(*index);
        }
    }
}

impl ConstraintSystem<Fr> for Witness {
    type Root = Self;

    fn alloc<F, A, AR>(&mut self, _: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.aux.push(value()?);
        self.a_aux_density.push_zero();
        self.b_aux_density.push_zero();
        Ok(Variable(Index::Aux(self.aux.len() - 1)))
    }

    fn alloc_input<F, A, AR>(&mut self, _: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.inputs.push(value()?);
        self.b_input_density.push_zero();
        Ok(Variable(Index::Input(self.inputs.len() - 1)))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, a: LA, b: LB, c: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LB: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LC: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
    {
        let [a, b, c] = [
            a(LinearCombination::zero()),
            b(LinearCombination::zero()),
            c(LinearCombination::zero()),
        ];
        mark(&mut self.a_aux_density, a.iter_aux());
        mark(&mut self.b_input_density, b.iter_inputs());
        mark(&mut self.b_aux_density, b.iter_aux());
        let [a, b, c] = [&a, &b, &c].map(|terms| self.evaluate(terms));
        self.a.push(a);
        self.b.push(b);
        self.c.push(c);
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
}
