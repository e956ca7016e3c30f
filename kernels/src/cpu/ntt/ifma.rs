//! Transforms on processors with AVX-512 IFMA, eight side by side.
//!
//! The elements lie in a grid of about as many columns as rows. A transform is one of all columns, a factor for
//! each element, and one of all rows (Bailey's four steps): two passes over memory. Eight neighbours go through
//! the lanes together, and stay in the cache of a core in between. Elements are never brought into another form
//! than memory has: Montgomery's for 2²⁵⁶, below 2·r between passes.

mod column;
mod series;

use std::ops::Range;

use ff::{Field, PrimeField};
use rayon::prelude::*;

use self::column::{merge, split};
use self::series::{Order, Series, Twist};
use super::{length, reverse_bits, root_of_unity, z_inverse, Twiddles};
use crate::cpu::lanes::fr::{Factor, Lanes};
use crate::cpu::lanes::{Ifma, N_LANES};
use crate::{Direction, Evaluate, Fr, Level};

/// Logarithms of the lengths that transforms have here: eight rows and eight columns at least, and at most what
/// elements may grow.
const LOG_LENGTHS: Range<u32> = 6..31;

/// Tasks for each thread, so that all end at about the same time.
const N_TASKS: usize = 4;

/// Transforms of one length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transforms {
    n_rows: usize,
    n_columns: usize,
    _ifma: Ifma,
}

/// Factors of one direction.
struct Turns {
    /// `ω`, of the order of the whole.
    root: Fr,
    twiddles: Vec<Factor>,
}

/// What becomes of rows that were transformed last.
#[derive(Clone, Copy)]
enum Finish<'a> {
    /// They are what was asked for.
    Whole,
    /// Each element is multiplied by what it is shifted by.
    Shifted(&'a [Factor]),
    /// They are subtracted from what lies where they go to.
    Subtracted,
}

impl Transforms {
    pub(super) fn of(level: Level, len: usize) -> Option<Transforms> {
        let ifma = *Ifma::of(level)?;
        let fits = len.is_power_of_two() && LOG_LENGTHS.contains(&len.ilog2());
        fits.then(|| {
            let n_rows = 1 << (len.ilog2() / 2);
            Transforms {
                n_rows,
                n_columns: len / n_rows,
                _ifma: ifma,
            }
        })
    }

    pub(super) fn ntt(self, direction: Direction, values: &mut [Fr]) {
        let turns = self.turns(direction);
        let twist = Twist {
            start: match direction {
                Direction::Forward => Fr::ONE,
                Direction::Inverse => self.n_inverse(),
            },
            base: Fr::ONE,
            root: turns.root,
        };
        let mut twisted = vec![Fr::ZERO; values.len()];
        let (from, to) = (self.columns(values), self.columns(&mut twisted));
        self.each(self.n_columns, |task| {
            // SAFETY: both have the task's columns, which no other task touches.
            unsafe { self.transform_columns(task, from, to, &turns, twist) }
        });
        let (from, to) = (self.rows(&mut twisted), self.transposed_rows(values));
        self.each(self.n_rows, |task| {
            // SAFETY: both have the task's rows, which no other task touches.
            unsafe { self.transform_rows(task, from, to, &turns, Finish::Whole) }
        });
    }

    pub(super) fn quotient(self, a: &mut [Fr], b: &mut [Fr], c: Evaluate<'_>) {
        let (inverse, forward) = (self.turns(Direction::Inverse), self.turns(Direction::Forward));
        let generator = Fr::MULTIPLICATIVE_GENERATOR;
        let n_inverse = self.n_inverse();

        // Evaluations on the domain to coefficients, these to the coset, and half the way back to evaluations.
        let shift = self.powers(generator);
        // The product of A and B is divided by 2²⁶⁰, where memory would have it divided by 2²⁵⁶.
        for (values, scale) in [(&mut *a, Fr::from(16)), (&mut *b, Fr::ONE)] {
            let twist = Twist {
                start: scale * n_inverse,
                base: generator,
                root: inverse.root,
            };
            let columns = self.columns(values);
            self.each(self.n_columns, |task| {
                // SAFETY: the columns are the task's own.
                unsafe { self.transform_columns(task, columns, columns, &inverse, twist) }
            });
            let rows = self.rows(values);
            self.each(self.n_rows, |task| {
                // SAFETY: the rows are the task's own.
                unsafe { self.shift_rows(task, rows, &inverse, &shift, &forward) }
            });
        }

        // The evaluations of A·B, and back to the coefficients of what it is on the coset, over Z.
        let generator_inverse = generator.invert().expect("the generator is not zero");
        let twist = Twist {
            start: n_inverse * z_inverse(a.len()),
            base: generator_inverse,
            root: inverse.root,
        };
        let columns = [&mut *a, &mut *b].map(|values| self.columns(values));
        self.each(self.n_columns, |task| {
            // SAFETY: the columns are the task's own.
            unsafe { self.multiply_columns(task, columns, &forward, &inverse, twist) }
        });
        let (from, to) = (self.rows(b), self.transposed_rows(a));
        let shift = self.powers(generator_inverse);
        self.each(self.n_rows, |task| {
            // SAFETY: both have the task's rows, which no other task touches.
            unsafe { self.transform_rows(task, from, to, &inverse, Finish::Shifted(&shift)) }
        });

        // Less the coefficients of C over Z.
        c(b);
        let twist = Twist {
            base: Fr::ONE,
            ..twist
        };
        let columns = self.columns(b);
        self.each(self.n_columns, |task| {
            // SAFETY: the columns are the task's own.
            unsafe { self.transform_columns(task, columns, columns, &inverse, twist) }
        });
        let (from, to) = (self.rows(b), self.transposed_rows(a));
        self.each(self.n_rows, |task| {
            // SAFETY: both have the task's rows, which no other task touches.
            unsafe { self.transform_rows(task, from, to, &inverse, Finish::Subtracted) }
        });
    }

    /// Does the series from 0 to n, eight at a time at least.
    fn each(self, n: usize, task: impl Fn(Range<usize>) + Sync) {
        let n_blocks = n / N_LANES;
        let len = n_blocks.div_ceil(N_TASKS * rayon::current_num_threads()) * N_LANES;
        (0..n.div_ceil(len))
            .into_par_iter()
            .for_each(|i| task(i * len..n.min((i + 1) * len)));
    }

    fn columns(self, values: &mut [Fr]) -> Series {
        Series::columns(values, self.n_columns)
    }

    fn rows(self, values: &mut [Fr]) -> Series {
        Series::rows(values, self.n_columns)
    }

    /// The rows, where their transforms lie in natural order.
    fn transposed_rows(self, values: &mut [Fr]) -> Series {
        Series::columns(values, self.n_rows)
    }

    fn n_inverse(self) -> Fr {
        length(self.n_rows * self.n_columns)
            .invert()
            .expect("a power of two is not zero in the field")
    }

    fn turns(self, direction: Direction) -> Turns {
        let Twiddles(twiddles) = Twiddles::new(direction, self.n_columns);
        Turns {
            root: root_of_unity(direction, self.n_rows * self.n_columns),
            twiddles: twiddles.into_iter().map(Factor::of).collect(),
        }
    }

    /// `base^i` for each first element i of a column of the transposed grid.
    fn powers(self, base: Fr) -> Vec<Factor> {
        let step = base.pow_vartime([self.n_rows as u64]);
        std::iter::successors(Some(Fr::ONE), |power| Some(*power * step))
            .take(self.n_columns)
            .map(Factor::of)
            .collect()
    }

    /// Transforms columns, and twists them.
    ///
    /// # Safety
    /// The columns are there, and no one else reads or writes them.
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn transform_columns(
        self,
        columns: Range<usize>,
        from: Series,
        to: Series,
        turns: &Turns,
        twist: Twist,
    ) {
        let mut values = vec![Lanes::ZERO; self.n_rows];
        let mut twisting = twist.from(columns.start);
        for column in columns.step_by(N_LANES) {
            // SAFETY: as the caller says.
            unsafe { from.load_all(column, &mut values) };
            split(&mut values, &turns.twiddles);
            // SAFETY: as the caller says.
            unsafe { twisting.store_all(&values, Order::Reversed, to, column) };
        }
    }

    /// Transforms rows, and finishes what comes out.
    ///
    /// # Safety
    /// As for [`transform_columns`](Transforms::transform_columns).
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn transform_rows(
        self,
        rows: Range<usize>,
        from: Series,
        to: Series,
        turns: &Turns,
        finish: Finish<'_>,
    ) {
        let mut values = vec![Lanes::ZERO; self.n_columns];
        let n_bits = values.len().ilog2();
        for row in rows.step_by(N_LANES) {
            // SAFETY: as the caller says.
            unsafe { from.load_all(row, &mut values) };
            split(&mut values, &turns.twiddles);
            for index in 0..values.len() {
                let value = values[reverse_bits(index, n_bits)].carried();
                let value = match finish {
                    Finish::Whole => value.reduced(),
                    Finish::Shifted(shift) => value.turned(&shift[index]).carried(),
                    Finish::Subtracted => {
                        // SAFETY: as the caller says.
                        let before = unsafe { to.load(row, index) };
                        // Not negative, and below 3·r: what is there is settled, what it loses below 1.001·r.
                        before.minus(value.reduced(), 2).carried().reduced()
                    }
                };
                // SAFETY: as the caller says.
                unsafe { to.store(row, index, value.settled()) };
            }
        }
    }

    /// Transforms rows, shifts them, transforms them back, and twists them.
    ///
    /// # Safety
    /// As for [`transform_columns`](Transforms::transform_columns).
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn shift_rows(
        self,
        rows: Range<usize>,
        series: Series,
        inverse: &Turns,
        shift: &[Factor],
        forward: &Turns,
    ) {
        let mut values = vec![Lanes::ZERO; self.n_columns];
        let n_bits = values.len().ilog2();
        let twist = Twist {
            start: Fr::ONE,
            base: Fr::ONE,
            root: forward.root,
        };
        let mut twisting = twist.from(rows.start);
        for row in rows.step_by(N_LANES) {
            // SAFETY: as the caller says.
            unsafe { series.load_all(row, &mut values) };
            split(&mut values, &inverse.twiddles);
            for (index, factor) in shift.iter().enumerate() {
                let value = &mut values[reverse_bits(index, n_bits)];
                *value = value.carried().turned(factor);
            }
            merge(&mut values, &forward.twiddles);
            // SAFETY: as the caller says.
            unsafe { twisting.store_all(&values, Order::Natural, series, row) };
        }
    }

    /// Transforms columns of A and B, multiplies them, transforms the product back, and twists it into the place of B.
    ///
    /// # Safety
    /// As for [`transform_columns`](Transforms::transform_columns).
    #[target_feature(enable = "avx512f,avx512ifma")]
    unsafe fn multiply_columns(
        self,
        columns: Range<usize>,
        [a, b]: [Series; 2],
        forward: &Turns,
        inverse: &Turns,
        twist: Twist,
    ) {
        let mut values = vec![Lanes::ZERO; self.n_rows];
        let mut others = vec![Lanes::ZERO; self.n_rows];
        let mut twisting = twist.from(columns.start);
        for column in columns.step_by(N_LANES) {
            // SAFETY: as the caller says.
            unsafe { a.load_all(column, &mut values) };
            split(&mut values, &forward.twiddles);
            // SAFETY: as the caller says.
            unsafe { b.load_all(column, &mut others) };
            split(&mut others, &forward.twiddles);
            for (a, b) in values.iter_mut().zip(&others) {
                // Below 2·r, because a is below 1.001·r.
                *a = a.carried().reduced().product(&b.carried());
            }
            merge(&mut values, &inverse.twiddles);
            // SAFETY: as the caller says.
            unsafe { twisting.store_all(&values, Order::Natural, b, column) };
        }
    }
}
