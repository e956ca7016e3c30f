//! Traces on processors with AVX-512 IFMA: eight side by side.
//!
//! Elements have the form that memory has, Montgomery's for 2²⁵⁶. A product of two divides by 2²⁶⁰, and is
//! therefore taken of four times each; factors are kept for 2²⁶⁰.

use ff::Field as _;

use super::{tables, Constant, Run, Schedule, Tables};
use crate::cpu::field::{canonical, Words};
use crate::cpu::lanes::fr::{Lanes, Limbs, Sum};
use crate::cpu::lanes::{Ifma, N_LANES};
use crate::{Fr, Node};

static SCHEDULES: Tables<Schedule<Limbs>> = tables();

impl Constant for Limbs {
    fn summand(element: Fr) -> Limbs {
        let number = Node::from(element * Fr::from(2).pow([256]));
        Limbs::new(canonical(&number).expect("an Fr is canonical"))
    }

    fn factor(element: Fr) -> Limbs {
        Limbs::montgomery(element)
    }
}

/// Eight preimages and their traces.
struct Eight<'a> {
    preimages: &'a [Fr],
    traces: &'a mut [Fr],
    /// Elements of each preimage, and of each trace.
    arity: usize,
    trace_len: usize,
    /// Elements of each trace that are there.
    n_allocated: usize,
}

// The functions of `Run` are inlined into `run`, which is compiled for the instructions.

impl Run for Eight<'_> {
    type Constant = Limbs;
    /// Carried, below 2·r.
    type Value = Lanes;

    #[inline(always)]
    fn preimage(&self, i: usize) -> Lanes {
        assert!(i + (N_LANES - 1) * self.arity < self.preimages.len());
        let first = self.preimages[i..].as_ptr();
        // SAFETY: there are eight, as asserted; an `Fr` is nothing but four words in Montgomery form.
        unsafe { Lanes::load(first.cast::<Words>(), self.arity) }
    }

    #[inline(always)]
    fn constant(&self, constant: &Limbs) -> Lanes {
        Lanes::all(constant)
    }

    /// Both are below r.
    #[inline(always)]
    fn plus(&self, value: Lanes, constant: &Limbs) -> Lanes {
        value.plus(Lanes::all(constant)).carried()
    }

    /// Twelve products of factors with values below 1.4·r, as another product of a matrix leaves them before the
    /// first partial round, come to 0.5·r, and the division adds r.
    #[inline(always)]
    fn dot(&self, factors: &[Limbs], values: &[Lanes]) -> Lanes {
        let mut sum = Sum::ZERO;
        for (factor, value) in factors.iter().zip(values) {
            sum.add_product(&Lanes::all(factor), value);
        }
        sum.divided().carried()
    }

    /// Below 1.001·r.
    #[inline(always)]
    fn updated(&self, start: Lanes, factor: &Limbs, value: Lanes) -> Lanes {
        let mut sum = Sum::of(&start);
        sum.add_product(&Lanes::all(factor), &value);
        sum.divided().reduced()
    }

    /// Below r. Of four times elements below r, a product is below 1.5·r, and with its key below 2.5·r.
    #[inline(always)]
    fn quintic(&self, x: Lanes, key: &Limbs) -> [Lanes; 4] {
        let x = x.settled();
        let four_x = four_times(x);
        let x2 = four_x.square().carried().settled();
        let x4 = four_times(x2).square().carried().settled();
        let mut sum = Sum::of(&Lanes::all(key));
        sum.add_product(&four_times(x4), &four_x);
        [x, x2, x4, sum.divided().reduced().settled()]
    }

    #[inline(always)]
    fn allocate<const N: usize>(&mut self, values: [Lanes; N]) {
        for value in values {
            assert!(self.n_allocated < self.trace_len);
            assert!(self.n_allocated + (N_LANES - 1) * self.trace_len < self.traces.len());
            let first = self.traces[self.n_allocated..].as_mut_ptr();
            // SAFETY: there are eight, as asserted, and they are ours alone; an `Fr` is nothing but four words in
            // Montgomery form, below r.
            unsafe { value.settled().store(first.cast::<Words>(), self.trace_len) };
            self.n_allocated += 1;
        }
    }
}

/// Carried, from below 8·r.
#[inline(always)]
fn four_times(value: Lanes) -> Lanes {
    let twice = value.plus(value);
    twice.plus(twice).carried()
}

impl Eight<'_> {
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn run(mut self, schedule: &Schedule<Limbs>) {
        schedule.run(&mut self);
    }
}

impl Ifma {
    /// Appends the traces of preimages of the hash of that table.
    pub(super) fn trace(self, table: usize, preimages: &[Fr], traces: &mut Vec<Fr>) {
        let schedule = &*SCHEDULES[table];
        let (arity, trace_len) = (schedule.width - 1, schedule.trace_len());
        let (n, start) = (preimages.len() / arity, traces.len());
        if (1..N_LANES).contains(&n) {
            // Lanes that are left over take zeros.
            let mut padded = preimages.to_vec();
            padded.resize(N_LANES * arity, Fr::ZERO);
            self.trace(table, &padded, traces);
            traces.truncate(start + n * trace_len);
            return;
        }
        traces.resize(start + n * trace_len, Fr::ZERO);
        for first in (0..n).step_by(N_LANES) {
            // The last eight begin earlier where they would be fewer: some traces are made twice.
            let first = first.min(n - N_LANES);
            let eight = Eight {
                preimages: &preimages[first * arity..],
                traces: &mut traces[start + first * trace_len..],
                arity,
                trace_len,
                n_allocated: 0,
            };
            // SAFETY: `self` proves that the instructions are there.
            unsafe { eight.run(schedule) };
        }
    }
}
