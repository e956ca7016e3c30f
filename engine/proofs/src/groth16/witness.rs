//! The witness: what a circuit assigns to its variables, and what its constraints make of that.

use std::{ops::Range, sync::Arc};

use bellperson::{Circuit, ConstraintSystem, Index, LinearCombination, SynthesisError, Variable};
use ff::Field;
use kernels::{Fr, Mixed};

use super::{
    assignment::Assignment,
    error::{Error, Result},
    memory::{self, Memory},
    shape::{self, Arguments, Outline, Shape},
};

/// A circuit's assignment, and the values of A and B in every constraint; those of C when they are asked for.
#[derive(Clone, Debug, Default)]
pub struct Witness {
    /// The constant one, then the public inputs.
    pub inputs: Vec<Fr>,
    /// The private variables, most of which are bits.
    pub aux: Mixed,
    /// Constraints, with those that Groth16 adds for its inputs, which come last.
    pub n_constraints: usize,
    /// A in every constraint; zeros may follow up to the domain's length.
    pub a: Vec<Fr>,
    /// B in every constraint.
    pub b: Vec<Fr>,
    /// C in every constraint.
    pub c: LateC,
    /// The private variables that stand in A.
    pub a_aux_density: Bits,
    /// The public inputs that stand in B.
    pub b_input_density: Bits,
    /// The private variables that stand in B.
    pub b_aux_density: Bits,
}

/// Where the values of C come from: they are needed when A and B have been multiplied, and go where B was.
#[derive(Clone, Debug)]
pub enum LateC {
    /// They were evaluated as the constraints were laid.
    Laid(Vec<Fr>),
    /// They are evaluated by a shape whose body repeats so many times.
    Recorded(Arc<Shape>, usize),
}

impl Default for LateC {
    fn default() -> LateC {
        LateC::Laid(Vec::new())
    }
}

impl LateC {
    /// Writes C in every constraint of the circuit that was assigned this, then zeros.
    ///
    /// # Panics
    /// When there are fewer places than constraints, or the assignment is another circuit's.
    pub fn write(&self, (inputs, aux): (&[Fr], &Mixed), n_constraints: usize, out: &mut [Fr]) {
        let (rows, padding) = out.split_at_mut(n_constraints);
        match self {
            LateC::Laid(c) => rows.copy_from_slice(c),
            LateC::Recorded(shape, n) => shape.evaluate_c(*n, (inputs, aux), rows),
        }
        padding.fill(Fr::ZERO);
    }
}

/// One bit for each variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    pub(super) fn push_zero(&mut self) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        self.len += 1;
    }

    pub(super) fn set(&mut self, index: usize) {
        self.words[index / 64] |= 1 << (index % 64);
    }

    /// 64 in each word, the first the lowest; what is left of the last word is zero.
    pub(super) fn words(&self) -> &[u64] {
        &self.words
    }

    /// So many bits, of words that are as [`words`](Bits::words) gives them.
    pub(super) fn from_words(words: Vec<u64>, len: usize) -> Option<Bits> {
        let n_left = words.len().checked_mul(64)?.checked_sub(len)?;
        let is_clean = words
            .last()
            .is_none_or(|last| last.leading_zeros() as usize >= n_left);
        (n_left < 64 && is_clean).then_some(Bits { words, len })
    }

    /// Appends some of the bits of others.
    pub(super) fn extend(&mut self, others: &Bits, range: Range<usize>) {
        let mut start = range.start;
        while start < range.end {
            // As many as end a word here, or there, or are left.
            let (place, shift) = (start % 64, self.len % 64);
            let n = (64 - place).min(64 - shift).min(range.end - start);
            let bits = others.words[start / 64] >> place & (u64::MAX >> (64 - n));
            if shift == 0 {
                self.words.push(0);
            }
            *self.words.last_mut().expect("a word was begun") |= bits << shift;
            self.len += n;
            start += n;
        }
    }

    /// How many are one.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether the bit at that position is one.
    ///
    /// # Panics
    /// When there is none.
    pub fn is_set(&self, index: usize) -> bool {
        self.words[index / 64] >> (index % 64) & 1 == 1
    }
}

/// How large the witness of a circuit gets, so that it is allocated once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Capacity {
    /// Private variables.
    pub n_aux: usize,
    /// Length of A and B, and of a C that is laid: the domain, a power of two.
    pub domain_len: usize,
}

/// A circuit that can be proved.
pub trait Provable: Circuit<Fr> + Clone + Send {
    /// What it shares with circuits that were proved before, and will be: their constraints are evaluated from its
    /// recorded shape. Without one they are evaluated as they are laid, which is slower.
    fn outline(&self) -> Option<Outline<Self>> {
        None
    }

    /// What repetitions of the body take of the head each from another place.
    ///
    /// # Errors
    /// Whatever the synthesis of the head ends with.
    fn arguments(&self) -> std::result::Result<Option<Arguments>, SynthesisError> {
        Ok(None)
    }
}

impl Witness {
    /// Assigns a circuit's variables and evaluates its constraints, by its recorded shape where it has one, and then
    /// in memory that an earlier witness left.
    ///
    /// # Errors
    /// As [`of`](Witness::of), and when the circuit's shape has other variables.
    pub fn by_shape<C: Provable>(circuit: C, capacity: Capacity, memory: Memory) -> Result<Witness> {
        Witness::by_shape_beside(circuit, capacity, memory, |_| ()).map(|(witness, ())| witness)
    }

    /// As [`by_shape`](Witness::by_shape); what `work` makes of the private variables is made while the shape is
    /// recorded, which takes one core some tenths of a second.
    ///
    /// # Errors
    /// As [`of`](Witness::of), and when the circuit's shape has other variables.
    pub fn by_shape_beside<C: Provable, T: Send>(
        circuit: C,
        capacity: Capacity,
        memory: Memory,
        work: impl FnOnce(&Mixed) -> T + Send,
    ) -> Result<(Witness, T)> {
        let outline = circuit.outline();
        // What the head's variables stand in is recorded with a body.
        let outline = outline.filter(|outline| !matches!(outline.body, Some((_, 0))));
        let Some(outline) = outline else {
            drop(memory);
            let witness = Witness::of(circuit, capacity)?;
            let worked = work(&witness.aux);
            return Ok((witness, worked));
        };
        let n = outline.body.as_ref().map_or(0, |(_, n)| *n);
        let Memory { mut aux, a, b } = memory;
        aux.start_over(capacity.n_aux);
        let mut assignment = Assignment::new(aux);
        let assign = || {
            circuit.synthesize(&mut assignment)?;
            Ok::<T, SynthesisError>(work(&assignment.aux))
        };
        let kept = outline.clone();
        let (worked, shape) = rayon::join(assign, || shape::shape_of(kept));
        let (worked, mut shape) = (worked?, shape?);
        let Assignment { inputs, aux } = assignment;
        if !shape.fits(n, &inputs, &aux) {
            shape = shape::shape_anew(outline)?;
        }
        if !shape.fits(n, &inputs, &aux) {
            return Err(Error::ForeignShape);
        }
        let n_constraints = shape.counts(n).n_constraints + inputs.len();
        let len = n_constraints.max(capacity.domain_len);
        let mut out = [a, b].map(|values| memory::padded(values, n_constraints, len));
        let rows = out.each_mut().map(|values| &mut values[..n_constraints]);
        shape.evaluate_a_b(n, (&inputs, &aux), rows);
        let [a, b] = out;
        let [a_aux_density, b_input_density, b_aux_density] = shape.density(n);
        let witness = Witness {
            inputs,
            aux,
            n_constraints,
            a,
            b,
            c: LateC::Recorded(shape, n),
            a_aux_density,
            b_input_density,
            b_aux_density,
        };
        Ok((witness, worked))
    }

    /// Synthesizes a circuit, and evaluates its constraints as they are laid.
    ///
    /// # Errors
    /// When the circuit lacks an assignment, or contradicts itself.
    pub fn of<C: Circuit<Fr>>(circuit: C, capacity: Capacity) -> Result<Witness> {
        let mut laying = Laying {
            witness: Witness {
                aux: Mixed::with_capacity(capacity.n_aux),
                a: Vec::with_capacity(capacity.domain_len),
                b: Vec::with_capacity(capacity.domain_len),
                ..Witness::default()
            },
            c: Vec::with_capacity(capacity.domain_len),
        };
        laying.alloc_input(|| "one", || Ok(Fr::ONE))?;
        circuit.synthesize(&mut laying)?;
        let Laying { mut witness, mut c } = laying;
        // x · 0 = 0 for each input: so that each one stands in A.
        witness.a.extend(&witness.inputs);
        witness.n_constraints = witness.a.len();
        witness.b.resize(witness.n_constraints, Fr::ZERO);
        c.resize(witness.n_constraints, Fr::ZERO);
        witness.c = LateC::Laid(c);
        Ok(witness)
    }

    /// C in every constraint.
    pub fn c(&self) -> Vec<Fr> {
        let mut c = vec![Fr::ZERO; self.n_constraints];
        self.c
            .write((&self.inputs, &self.aux), self.n_constraints, &mut c);
        c
    }

    /// The value of a linear combination.
    fn evaluate(&self, terms: &LinearCombination<Fr>) -> Fr {
        let inputs = terms
            .iter_inputs()
            .map(|(index, coefficient)| product(self.inputs[*index], coefficient));
        let aux = terms
            .iter_aux()
            .map(|(index, coefficient)| product(self.aux.get(*index), coefficient));
        inputs.chain(aux).sum()
    }
}

/// A witness whose constraints are being laid.
struct Laying {
    witness: Witness,
    c: Vec<Fr>,
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

impl ConstraintSystem<Fr> for Laying {
    type Root = Self;

    fn alloc<F, A, AR>(&mut self, _: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        let Laying { witness, .. } = self;
        witness.aux.push(&value()?);
        witness.a_aux_density.push_zero();
        witness.b_aux_density.push_zero();
        Ok(Variable(Index::Aux(witness.aux.len() - 1)))
    }

    fn alloc_input<F, A, AR>(&mut self, _: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        let Laying { witness, .. } = self;
        witness.inputs.push(value()?);
        witness.b_input_density.push_zero();
        Ok(Variable(Index::Input(witness.inputs.len() - 1)))
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
        let Laying { witness, c: products } = self;
        mark(&mut witness.a_aux_density, a.iter_aux());
        mark(&mut witness.b_input_density, b.iter_inputs());
        mark(&mut witness.b_aux_density, b.iter_aux());
        let [a, b, c] = [&a, &b, &c].map(|terms| witness.evaluate(terms));
        witness.a.push(a);
        witness.b.push(b);
        products.push(c);
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
