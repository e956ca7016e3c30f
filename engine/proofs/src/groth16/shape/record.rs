//! A constraint system that writes rows down.

use std::collections::HashMap;

use bellperson::{ConstraintSystem, Index, LinearCombination, SynthesisError};
use ff::{Field, PrimeField};
use kernels::Fr;

use super::{
    kind::{Combination, Kind, Layout, MAX_SERIES, MAX_SHORT, MAX_STRIDE},
    Arguments, Chunk, Outline, Owner, Part, Run, Shape, Variable, CHUNK_LEN,
};
use crate::groth16::{
    r1cs::Counts,
    witness::{Bits, Provable},
};

impl Shape {
    /// Records the rows of blank circuits.
    ///
    /// # Errors
    /// Whatever the synthesis ends with.
    pub fn of<C: Provable>(outline: Outline<C>) -> Result<Shape, SynthesisError> {
        let (circuit, head, arguments) = match outline.body {
            None => (outline.head, None, None),
            Some((once, _)) => {
                let arguments = once.arguments()?;
                (once, Some(Counts::of(outline.head)?), arguments)
            }
        };
        let mut recorder = Recorder::new(head, arguments);
        circuit.synthesize(&mut recorder)?;
        Ok(recorder.finish())
    }
}

/// Coefficients that need no search.
const FIRST: [fn() -> Fr; 4] = [|| Fr::ZERO, || Fr::ONE, || -Fr::ONE, || Fr::ONE.double()];

struct Recorder {
    /// Where the body starts, if there is one.
    head: Option<Counts>,
    arguments: Option<Arguments>,
    counts: Counts,
    parts: [Part; 2],
    coefficients: Coefficients,
    kinds: Vec<Kind>,
    ids: HashMap<Box<[u32]>, u32>,
    /// The coefficients of the row that is written, and of the last one, which most are like.
    row: Vec<u32>,
    last: (Vec<u32>, u32),
    a_aux: Bits,
    b_inputs: Bits,
    b_aux: Bits,
    /// The arguments that stand in A and in B, where other repetitions have others.
    a_arguments: Vec<usize>,
    b_arguments: Vec<usize>,
}

/// A number for each coefficient.
struct Coefficients {
    first: [Fr; 4],
    values: Vec<Fr>,
    ids: HashMap<[u8; 32], u32>,
}

impl Coefficients {
    fn new() -> Coefficients {
        let first = FIRST.map(|element| element());
        Coefficients {
            first,
            values: first.to_vec(),
            ids: HashMap::new(),
        }
    }

    fn id(&mut self, coefficient: &Fr) -> u32 {
        if let Some(id) = self.first.iter().position(|first| first == coefficient) {
            return id as u32;
        }
        *self.ids.entry(coefficient.to_repr()).or_insert_with(|| {
            self.values.push(*coefficient);
            self.values.len() as u32 - 1
        })
    }
}

/// The last variable of the series that is written.
struct Last {
    variable: Variable,
    coefficient: Fr,
    layout: Layout,
}

impl Last {
    /// Takes the next variable into the series, if it belongs there.
    fn go_on(&mut self, next: Variable, coefficient: &Fr) -> bool {
        // Those of one owner stand together, and owners are far apart.
        let stride = next.0.wrapping_sub(self.variable.0) as usize;
        let fits = match self.layout.len {
            1 => stride <= MAX_STRIDE,
            len => stride == self.layout.stride && len < MAX_SERIES,
        };
        if !fits || *coefficient != self.coefficient.double() {
            return false;
        }
        self.variable = next;
        self.coefficient = *coefficient;
        self.layout = Layout {
            len: self.layout.len + 1,
            stride,
        };
        true
    }
}

fn code(layout: Layout) -> u32 {
    (layout.len << 8 | layout.stride) as u32
}

fn layout(code: u32) -> Layout {
    Layout {
        len: code as usize >> 8,
        stride: code as usize & 0xff,
    }
}

impl Recorder {
    fn new(head: Option<Counts>, arguments: Option<Arguments>) -> Recorder {
        let mut recorder = Recorder {
            head,
            arguments,
            counts: Counts::default(),
            parts: [Part::default(), Part::default()],
            coefficients: Coefficients::new(),
            kinds: Vec::new(),
            ids: HashMap::new(),
            row: Vec::new(),
            last: (Vec::new(), 0),
            a_aux: Bits::default(),
            b_inputs: Bits::default(),
            b_aux: Bits::default(),
            a_arguments: Vec::new(),
            b_arguments: Vec::new(),
        };
        recorder.add_input();
        recorder
    }

    fn add_input(&mut self) -> Index {
        self.b_inputs.push_zero();
        self.counts.n_inputs += 1;
        Index::Input(self.counts.n_inputs - 1)
    }

    /// The head, where a row of the body is written.
    fn body_of(&self) -> Option<Counts> {
        self.head
            .filter(|head| head.n_constraints <= self.counts.n_constraints)
    }

    /// Which of the arguments a private variable is, where a row of the body is written.
    fn argument(&self, index: usize) -> Option<usize> {
        let arguments = self.arguments.as_ref()?;
        let argument = index.checked_sub(*arguments.places.first()?)?;
        (argument < arguments.len && self.body_of().is_some()).then_some(argument)
    }

    /// As the part sees it that the row stands in.
    fn variable(&self, index: Index) -> Variable {
        let head = self.body_of().unwrap_or_default();
        match index {
            Index::Aux(i) if i < head.n_aux => match self.argument(i) {
                Some(argument) => Variable::new(Owner::Argument, argument),
                None => Variable::new(Owner::Head, i),
            },
            Index::Aux(i) => Variable::new(Owner::Own, i - head.n_aux),
            Index::Input(i) if i < head.n_inputs => Variable::new(Owner::HeadInput, i),
            Index::Input(i) => Variable::new(Owner::OwnInput, i - head.n_inputs),
        }
    }

    fn part(&mut self) -> &mut Part {
        let is_body = self.body_of().is_some();
        &mut self.parts[usize::from(is_body)]
    }

    /// Writes down the variables and coefficients of one of a row's three combinations; where they stand in it goes
    /// into `density`.
    fn write(&mut self, terms: &LinearCombination<Fr>, mut density: impl FnMut(&mut Self, Index)) {
        let start = self.row.len();
        // How many series it has, and the constant's coefficient.
        self.row.extend([0, 0]);
        let is_short = terms.len() <= MAX_SHORT;
        let mut last: Option<Last> = None;
        for (variable, coefficient) in terms.iter() {
            // A coefficient may have cancelled out.
            if *coefficient == Fr::ZERO {
                continue;
            }
            let index = variable.get_unchecked();
            density(self, index);
            if index == Index::Input(0) {
                self.row[start + 1] = self.coefficients.id(coefficient);
                continue;
            }
            let variable = self.variable(index);
            if let Some(last) = last.as_mut().filter(|_| !is_short) {
                if last.go_on(variable, coefficient) {
                    *self.row.last_mut().expect("a series is written") = code(last.layout);
                    continue;
                }
            }
            let layout = Layout { len: 1, stride: 1 };
            last = Some(Last {
                variable,
                coefficient: *coefficient,
                layout,
            });
            let id = self.coefficients.id(coefficient);
            self.row.extend([id, code(layout)]);
            self.row[start] += 1;
            self.part().variables.push(variable);
        }
    }

    /// The kind of the row that was written.
    fn kind(&mut self) -> u32 {
        if self.row == self.last.0 {
            return self.last.1;
        }
        let known = self.ids.get(self.row.as_slice()).copied();
        let id = known.unwrap_or_else(|| {
            let mut rest = self.row.as_slice();
            let kind = Kind(std::array::from_fn(|_| {
                let (combination, after) = rest[1..].split_at(1 + 2 * rest[0] as usize);
                rest = after;
                let value = |id: u32| self.coefficients.values[id as usize];
                let series = combination[1..].as_chunks().0.iter();
                let series = series.map(|[id, code]| (value(*id), layout(*code)));
                Combination::new(value(combination[0]), series.collect())
            }));
            self.kinds.push(kind);
            let id = self.kinds.len() as u32 - 1;
            self.ids.insert(self.row.as_slice().into(), id);
            id
        });
        self.last.0.clone_from(&self.row);
        self.last.1 = id;
        id
    }

    fn finish(mut self) -> Shape {
        let places = self.arguments.iter().flat_map(|arguments| &arguments.places);
        for place in places {
            for argument in &self.a_arguments {
                self.a_aux.set(place + argument);
            }
            for argument in &self.b_arguments {
                self.b_aux.set(place + argument);
            }
        }
        let [mut head, mut body] = self.parts;
        head.counts = self.head.unwrap_or(self.counts);
        body.counts = Counts {
            n_inputs: self.counts.n_inputs - head.counts.n_inputs,
            n_aux: self.counts.n_aux - head.counts.n_aux,
            n_constraints: self.counts.n_constraints - head.counts.n_constraints,
        };
        for part in [&mut head, &mut body] {
            part.runs.shrink_to_fit();
            part.variables.shrink_to_fit();
        }
        Shape {
            kinds: self.kinds,
            head,
            body,
            arguments: self.arguments,
            a_aux: self.a_aux,
            b_inputs: self.b_inputs,
            b_aux: self.b_aux,
        }
    }
}

impl Part {
    /// Adds a row of that kind, whose variables start at that place.
    fn push(&mut self, kind: u32, variable: usize) {
        if self.chunks.last().is_none_or(|chunk| chunk.n_rows == CHUNK_LEN) {
            self.chunks.push(Chunk {
                run: self.runs.len(),
                variable,
                n_rows: 0,
            });
            self.runs.push(Run { kind, n_rows: 0 });
        }
        match self.runs.last_mut() {
            Some(run) if run.kind == kind => run.n_rows += 1,
            _ => self.runs.push(Run { kind, n_rows: 1 }),
        }
        self.chunks.last_mut().expect("there is one").n_rows += 1;
    }
}

impl ConstraintSystem<Fr> for Recorder {
    type Root = Recorder;

    fn alloc<F, A, AR>(&mut self, _: A, _: F) -> Result<bellperson::Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.a_aux.push_zero();
        self.b_aux.push_zero();
        self.counts.n_aux += 1;
        Ok(bellperson::Variable(Index::Aux(self.counts.n_aux - 1)))
    }

    fn alloc_input<F, A, AR>(&mut self, _: A, _: F) -> Result<bellperson::Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        Ok(bellperson::Variable(self.add_input()))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, a: LA, b: LB, c: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LB: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LC: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
    {
        self.row.clear();
        let variable = self.part().variables.len();
        self.write(&a(LinearCombination::zero()), |recorder, index| {
            if let Index::Aux(i) = index {
                recorder.a_aux.set(i);
                recorder.a_arguments.extend(recorder.argument(i));
            }
        });
        self.write(&b(LinearCombination::zero()), |recorder, index| match index {
            Index::Aux(i) => {
                recorder.b_aux.set(i);
                recorder.b_arguments.extend(recorder.argument(i));
            }
            Index::Input(i) => recorder.b_inputs.set(i),
        });
        self.write(&c(LinearCombination::zero()), |_, _| {});
        let kind = self.kind();
        self.part().push(kind, variable);
        self.counts.n_constraints += 1;
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self) {}

    fn get_root(&mut self) -> &mut Recorder {
        self
    }
}
