//! A, B and C of every row, over all threads.
//!
//! Most variables of most rows are bits: such rows are looked up, or added up in integers, from the words that hold
//! the bits of many variables. Whether a variable is a bit is seen from its value, row by row: what holds for honest
//! witnesses need not hold for all.

use std::{iter::repeat_n, ops::Range};

use ff::Field;
use kernels::{Fr, Mixed, Planes};
use rayon::prelude::*;

use super::{
    kind::{Combination, Layout, Series, Sum, MAX_SERIES, MAX_STRIDE},
    Chunk, Part, Shape, Variable,
};

/// Where the variables of each owner start, in the order of [`Owner`](super::Owner); as many as its bits can say.
type Starts = [usize; 8];

/// A witness, by value and by what the values are: private variables first, so that their bits need only be copied, and
/// public inputs from the next word on.
struct Values<'a> {
    planes: Vec<Planes>,
    inputs: &'a [Fr],
    aux: &'a Mixed,
}

/// Rows of one repetition, and where their values go: those of N combinations of each row that stand side by side.
struct Task<'a, const N: usize> {
    part: &'a Part,
    chunk: &'a Chunk,
    /// Where the variables of each owner start.
    starts: Starts,
    out: [&'a mut [Fr]; N],
}

/// One combination of rows of one kind.
struct Rows<'a> {
    /// The variables of whole rows.
    variables: &'a [Variable],
    row_len: usize,
    /// Which of a row's are the combination's.
    own: Range<usize>,
    starts: Starts,
}

impl Shape {
    /// Fills in A and B of the circuit that repeats the body n times; the inputs' own constraints come last.
    ///
    /// # Panics
    /// When the witness does not fit, or the two have another length than the circuit's.
    pub fn evaluate_a_b(&self, n: usize, (inputs, aux): (&[Fr], &Mixed), [a, b]: [&mut [Fr]; 2]) {
        let n_constraints = self.counts(n).n_constraints;
        self.evaluate(n, (inputs, aux), 0, [&mut *a, b]);
        a[n_constraints..].copy_from_slice(inputs);
    }

    /// Fills in C, as [`evaluate_a_b`](Shape::evaluate_a_b) does A and B.
    ///
    /// # Panics
    /// When the witness does not fit, or there are fewer places than rows.
    pub fn evaluate_c(&self, n: usize, witness: (&[Fr], &Mixed), c: &mut [Fr]) {
        self.evaluate(n, witness, 2, [c]);
    }

    /// Fills in N combinations of each row, from this one on, and zeros for the inputs' own constraints.
    fn evaluate<const N: usize>(
        &self,
        n: usize,
        (inputs, aux): (&[Fr], &Mixed),
        first: usize,
        out: [&mut [Fr]; N],
    ) {
        assert!(self.fits(n, inputs, aux), "the witness is another circuit's");
        let counts = self.counts(n);
        let mut rest = out.map(|values| {
            let (rows, of_inputs) = values.split_at_mut(counts.n_constraints);
            of_inputs.fill(Fr::ZERO);
            rows
        });
        let mut tasks = Vec::new();
        let (head, body) = (&self.head, &self.body);
        let of_inputs = start_of_inputs(aux);
        for repetition in 0..=n {
            let (part, starts) = match repetition.checked_sub(1) {
                None => (head, [0, 0, of_inputs, of_inputs, 0, 0, 0, 0]),
                Some(i) => {
                    let own = head.counts.n_aux + i * body.counts.n_aux;
                    let own_input = of_inputs + head.counts.n_inputs + i * body.counts.n_inputs;
                    let argument = self.arguments.as_ref().map_or(0, |arguments| arguments.places[i]);
                    (body, [own, 0, own_input, of_inputs, argument, 0, 0, 0])
                }
            };
            for chunk in &part.chunks {
                let out = rest.each_mut().map(|rest| {
                    let (rows, after) = std::mem::take(rest).split_at_mut(chunk.n_rows);
                    *rest = after;
                    rows
                });
                tasks.push(Task {
                    part,
                    chunk,
                    starts,
                    out,
                });
            }
        }
        let values = Values::new(inputs, aux);
        tasks
            .into_par_iter()
            .with_max_len(1)
            .for_each(|task| self.run(task, first, &values));
    }

    fn run<const N: usize>(&self, task: Task<'_, N>, first: usize, values: &Values<'_>) {
        let Task {
            part,
            chunk,
            starts,
            mut out,
        } = task;
        let mut variables = &part.variables[chunk.variable..];
        let mut runs = part.runs[chunk.run..].iter();
        let mut done = 0;
        while done < chunk.n_rows {
            let run = runs.next().expect("a chunk ends where a run does");
            let n_rows = run.n_rows as usize;
            let kind = &self.kinds[run.kind as usize].0;
            let row_len = kind.iter().map(Combination::len).sum::<usize>();
            let (of_rows, rest) = variables.split_at(row_len * n_rows);
            variables = rest;
            let mut start = kind[..first].iter().map(Combination::len).sum::<usize>();
            for (combination, out) in kind[first..].iter().zip(&mut out) {
                let end = start + combination.len();
                let rows = Rows {
                    variables: of_rows,
                    row_len,
                    own: start..end,
                    starts,
                };
                values.fill(combination, &rows, &mut out[done..done + n_rows]);
                start = end;
            }
            done += n_rows;
        }
    }
}

impl<'a> Values<'a> {
    fn new(inputs: &'a [Fr], aux: &'a Mixed) -> Values<'a> {
        // A dense place is right for any input, and they are few.
        let dense = Planes {
            ones: 0,
            dense: u64::MAX,
        };
        let n_dense = inputs.len().div_ceil(Planes::LEN);
        // One more, as words are read in pairs.
        let mut planes = Vec::with_capacity(aux.planes().len() + n_dense + 1);
        planes.extend_from_slice(aux.planes());
        planes.extend(repeat_n(dense, n_dense + 1));
        Values { planes, inputs, aux }
    }

    fn value(&self, place: usize) -> Fr {
        match place.checked_sub(start_of_inputs(self.aux)) {
            None => self.aux.get(place),
            Some(place) => self.inputs[place],
        }
    }

    /// The values of a combination in neighbouring rows.
    fn fill(&self, combination: &Combination, rows: &Rows<'_>, out: &mut [Fr]) {
        match combination {
            Combination::Short { coefficients, values } => match coefficients.len() {
                0 => out.fill(values[0]),
                1 => self.look_up::<1, 2>(coefficients, values, rows, out),
                2 => self.look_up::<2, 4>(coefficients, values, rows, out),
                _ => self.look_up::<3, 8>(coefficients, values, rows, out),
            },
            Combination::Long { constant, series } => {
                for (out, row) in out.iter_mut().zip(rows.variables.chunks_exact(rows.row_len)) {
                    *out = self.sum(*constant, series, &row[rows.own.clone()], rows.starts);
                }
            }
        }
    }

    /// As [`fill`](Values::fill), of N variables with 2ᴺ choices.
    #[inline(always)]
    fn look_up<const N: usize, const CHOICES: usize>(
        &self,
        coefficients: &[Fr],
        values: &[Fr],
        rows: &Rows<'_>,
        out: &mut [Fr],
    ) {
        let values: &[Fr; CHOICES] = values.try_into().expect("one for each choice");
        for (out, row) in out.iter_mut().zip(rows.variables.chunks_exact(rows.row_len)) {
            let own: &[Variable; N] = row[rows.own.clone()].try_into().expect("as many as it has");
            let places = own.map(|variable| variable.place(rows.starts));
            let (mut choice, mut dense) = (0, 0);
            for (i, place) in places.iter().enumerate() {
                let bit = self.planes[place / Planes::LEN].at(*place);
                choice |= bit.ones << i;
                dense |= bit.dense;
            }
            *out = if dense != 0 {
                let products = (0..N).map(|i| product(self.value(places[i]), &coefficients[i]));
                products.fold(values[0], |sum, product| sum + product)
            } else {
                values[choice as usize % CHOICES]
            };
        }
    }

    fn sum(&self, constant: Fr, series: &[Series], firsts: &[Variable], starts: Starts) -> Fr {
        let mut sum = constant;
        let mut bits = Sum::default();
        let mut n_bits = 0;
        for (series, first) in series.iter().zip(firsts) {
            let place = first.place(starts);
            match self.number(series, place) {
                Some(0) => {}
                Some(number) => {
                    bits.add(series, number);
                    n_bits += 1;
                }
                None => sum += self.dense(series, place),
            }
        }
        if n_bits > 0 {
            sum += bits.element();
        }
        sum
    }

    /// The number that the bits of a series spell, if they all are bits.
    #[inline]
    fn number(&self, series: &Series, place: usize) -> Option<u32> {
        let layout = series.layout;
        // 64 bits from the place on: more than the longest series needs.
        let word = place / Planes::LEN;
        let pair = &self.planes[word..word + 2];
        let join = |first: u64, second: u64| {
            let (shift, after) = (place % Planes::LEN, Planes::LEN - 1 - place % Planes::LEN);
            gather(first >> shift | second << 1 << after, layout)
        };
        let dense = join(pair[0].dense, pair[1].dense);
        (dense == 0).then(|| join(pair[0].ones, pair[1].ones))
    }

    /// The sum over a series some of whose variables are no bits.
    fn dense(&self, series: &Series, place: usize) -> Fr {
        let layout = series.layout;
        let mut coefficient = series.coefficient;
        (0..layout.len).fold(Fr::ZERO, |sum, i| {
            let value = self.value(place + i * layout.stride);
            let sum = sum + product(value, &coefficient);
            coefficient = coefficient.double();
            sum
        })
    }
}

/// Where public inputs start.
fn start_of_inputs(aux: &Mixed) -> usize {
    aux.len().next_multiple_of(Planes::LEN)
}

/// The bits of a series next to each other, from a word that starts where it does.
#[inline]
fn gather(bits: u64, layout: Layout) -> u32 {
    const { assert!(MAX_SERIES <= 16 && MAX_STRIDE == 2) };
    let gathered = match layout.stride {
        1 => bits,
        _ => {
            // Neighbours join, then pairs of them, and so on, over the gaps.
            let bits = bits & 0x5555_5555;
            let bits = (bits | bits >> 1) & 0x3333_3333;
            let bits = (bits | bits >> 2) & 0x0f0f_0f0f;
            let bits = (bits | bits >> 4) & 0x00ff_00ff;
            bits | bits >> 8
        }
    };
    gathered as u32 & ((1 << layout.len) - 1)
}

/// Many coefficients are one or its opposite, and comparing is quicker than multiplying.
fn product(value: Fr, coefficient: &Fr) -> Fr {
    if *coefficient == Fr::ONE {
        value
    } else if *coefficient == -Fr::ONE {
        -value
    } else {
        value * coefficient
    }
}

impl Variable {
    #[inline]
    fn place(self, starts: Starts) -> usize {
        let (owner, index) = self.split();
        starts[owner] + index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bits in no order.
    const BITS: u64 = 0x5a3c_96f1_e07b_2d84;

    #[test]
    fn the_bits_of_a_series_are_gathered_whatever_stands_between() {
        for (len, stride) in
            (1..=MAX_SERIES).flat_map(|len| (1..=MAX_STRIDE).map(move |stride| (len, stride)))
        {
            for bits in [BITS, !BITS, u64::MAX, 0] {
                let expected = (0..len).fold(0, |number, i| number | (bits >> (i * stride) & 1) << i);
                let found = gather(bits, Layout { len, stride });
                assert_eq!(u64::from(found), expected, "{len} bits, stride {stride}");
            }
        }
    }

    #[test]
    fn a_series_reads_from_any_place_of_two_words() {
        let layout = Layout {
            len: MAX_SERIES,
            stride: 1,
        };
        let Combination::Long { series, .. } = Combination::new(Fr::ZERO, vec![(Fr::ONE, layout)]) else {
            panic!("a series is long");
        };
        let bit = |place: usize| BITS >> (place * 7 % 64) & 1;
        let dense = 100;
        let mut aux = Mixed::default();
        (0..128).for_each(|place| aux.push(&Fr::from(if place == dense { 2 } else { bit(place) })));
        let values = Values::new(&[Fr::ONE], &aux);
        for place in 0..=128 - MAX_SERIES {
            let places = place..place + MAX_SERIES;
            let number = places
                .clone()
                .rev()
                .fold(0, |number, place| number << 1 | bit(place) as u32);
            let expected = (!places.contains(&dense)).then_some(number);
            assert_eq!(values.number(&series[0], place), expected, "from {place}");
        }
        assert_eq!(values.number(&series[0], 128), None, "a public input");
    }
}
