//! What a circuit allocates for a Poseidon digest, in numbers.
//!
//! Neptune's legacy circuit constrains an S-box product by product: a witness holds of each its input `x`, `x²`,
//! `x⁴`, and `x⁵` with the next round's key. Its rounds are those with compressed keys and sparse matrices. As
//! every number is wanted as it is, none can be kept times another, as the digests do it that are nothing but
//! digests ([`super`]).

#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(test)]
mod tests;

use ff::Field as _;
use neptune::poseidon::{Arity, PoseidonConstants};

use super::{table, tables, OfNeptune, Tables, MAX_WIDTH};
#[cfg(target_arch = "x86_64")]
use crate::cpu::lanes::Ifma;
use crate::{Fr, Hash, Level};

/// Appends the trace of each preimage, of which there are as many as `preimages` has elements for: all that
/// neptune's legacy circuit allocates for its digest, in that order, the digest last.
///
/// Of the first round's S-boxes the inputs are not among it: they follow from the preimage; nor is any of the
/// very first S-box, which is constant. All traces of a hash are of one length. Many at a time cost less than
/// one by one: eight go through lanes side by side where the processor has them.
///
/// # Panics
/// When the elements are no whole number of preimages, or the hash is no Poseidon.
pub fn trace(level: Level, hash: Hash, preimages: &[Fr], traces: &mut Vec<Fr>) {
    let arity = hash.arity();
    assert!(
        preimages.len().is_multiple_of(arity),
        "{} elements are no preimages of {hash:?}",
        preimages.len()
    );
    // A single one would cost more in lanes.
    #[cfg(target_arch = "x86_64")]
    if let (Some(ifma), true) = (Ifma::of(level), arity < preimages.len()) {
        ifma.trace(table(hash), preimages, traces);
        return;
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = level;
    let schedule = &*SCHEDULES[table(hash)];
    traces.reserve(preimages.len() / arity * schedule.trace_len());
    for preimage in preimages.chunks_exact(arity) {
        schedule.run(&mut One { preimage, traces });
    }
}

/// A constant of an arithmetic.
trait Constant: Copy {
    /// What is added.
    fn summand(element: Fr) -> Self;
    /// What values are multiplied by.
    fn factor(element: Fr) -> Self;
}

/// The arithmetic of a trace, or of several side by side: where their values come from, and where they go.
trait Run {
    type Constant: Constant;
    /// An element of the state.
    type Value: Copy;

    fn preimage(&self, i: usize) -> Self::Value;
    fn constant(&self, constant: &Self::Constant) -> Self::Value;
    /// `value + constant`.
    fn plus(&self, value: Self::Value, constant: &Self::Constant) -> Self::Value;
    /// `Σ factors[i]·values[i]`.
    fn dot(&self, factors: &[Self::Constant], values: &[Self::Value]) -> Self::Value;
    /// `start + factor·value`.
    fn updated(&self, start: Self::Value, factor: &Self::Constant, value: Self::Value) -> Self::Value;
    /// `x`, `x²`, `x⁴` and `x⁵ + key`.
    fn quintic(&self, x: Self::Value, key: &Self::Constant) -> [Self::Value; 4];
    /// Appends values: of a quintic, or a dot product.
    fn allocate<const N: usize>(&mut self, values: [Self::Value; N]);
}

/// Neptune's rounds.
struct Schedule<C> {
    width: usize,
    /// Before the first S-boxes; of element 0 with the domain tag, and nothing else.
    start: Vec<C>,
    /// After the S-boxes, full round by full round, those before the partial rounds and those after them; the
    /// last are zero.
    head: Vec<Vec<C>>,
    tail: Vec<Vec<C>>,
    /// Columns of the matrix, and of that before the partial rounds.
    mds: Vec<Vec<C>>,
    pre_sparse: Vec<Vec<C>>,
    partial: Vec<Partial<C>>,
}

/// A partial round: `s[0] = ŵ·s`, then `s[i] += v[i]·x` for the output x of its S-box.
struct Partial<C> {
    key: C,
    w_hat: Vec<C>,
    v: Vec<C>,
}

impl<C: Constant> OfNeptune for Schedule<C> {
    fn of<A: Arity<Fr>>(neptune: &PoseidonConstants<Fr, A>) -> Schedule<C> {
        let width = A::to_usize() + 1;
        let (start, keys) = neptune.compressed_round_constants.split_at(width);
        let (head, keys) = keys.split_at(neptune.half_full_rounds * width);
        let (partial, tail) = keys.split_at(neptune.partial_rounds);
        let mut start = start.to_vec();
        start[0] += neptune.domain_tag;
        let tail = [tail, &vec![Fr::ZERO; width]].concat();
        let columns = |matrix: &[Vec<Fr>]| {
            let column = |j: usize| factors(matrix.iter().map(|row| row[j]));
            (0..width).map(column).collect()
        };
        let partial = partial.iter().zip(&neptune.sparse_matrixes);
        Schedule {
            width,
            start: summands(&start),
            head: head.chunks(width).map(summands).collect(),
            tail: tail.chunks(width).map(summands).collect(),
            mds: columns(&neptune.mds_matrices.m),
            pre_sparse: columns(&neptune.pre_sparse_matrix),
            partial: partial
                .map(|(key, sparse)| Partial {
                    key: C::summand(*key),
                    w_hat: factors(sparse.w_hat.iter().copied()),
                    v: factors(sparse.v_rest.iter().copied()),
                })
                .collect(),
        }
    }
}

impl<C: Constant> Schedule<C> {
    /// Elements of a trace: four of each S-box but those of the first round, of which one has none and the others
    /// lack their input; and the digest.
    fn trace_len(&self) -> usize {
        let n_full = self.head.len() + self.tail.len();
        let n_boxes = n_full * self.width + self.partial.len();
        4 * n_boxes - 4 - (self.width - 1) + 1
    }

    #[inline(always)]
    fn run<R: Run<Constant = C>>(&self, run: &mut R) {
        let mut state = [run.constant(&self.start[0]); MAX_WIDTH];
        let state = &mut state[..self.width];
        for (i, (element, key)) in state[1..].iter_mut().zip(&self.start[1..]).enumerate() {
            *element = run.plus(run.preimage(i), key);
        }
        for (i, (element, key)) in state.iter_mut().zip(&self.head[0]).enumerate() {
            let [_, x2, x4, x5] = run.quintic(*element, key);
            if i > 0 {
                run.allocate([x2, x4, x5]);
            }
            *element = x5;
        }
        for keys in &self.head[1..] {
            multiply(run, &self.mds, state);
            full_round(run, keys, state);
        }
        multiply(run, &self.pre_sparse, state);
        for partial in &self.partial {
            let first = substitute(run, state[0], &partial.key);
            state[0] = first;
            state[0] = run.dot(&partial.w_hat, state);
            for (element, factor) in state[1..].iter_mut().zip(&partial.v) {
                *element = run.updated(*element, factor, first);
            }
        }
        full_round(run, &self.tail[0], state);
        for keys in &self.tail[1..] {
            multiply(run, &self.mds, state);
            full_round(run, keys, state);
        }
        let digest = run.dot(&self.mds[1], state);
        run.allocate([digest]);
    }
}

fn summands<C: Constant>(elements: &[Fr]) -> Vec<C> {
    elements.iter().map(|element| C::summand(*element)).collect()
}

fn factors<C: Constant>(elements: impl Iterator<Item = Fr>) -> Vec<C> {
    elements.map(C::factor).collect()
}

/// The S-boxes of a full round.
#[inline(always)]
fn full_round<R: Run>(run: &mut R, keys: &[R::Constant], state: &mut [R::Value]) {
    for (element, key) in state.iter_mut().zip(keys) {
        *element = substitute(run, *element, key);
    }
}

/// An S-box.
#[inline(always)]
fn substitute<R: Run>(run: &mut R, x: R::Value, key: &R::Constant) -> R::Value {
    let values = run.quintic(x, key);
    run.allocate(values);
    let [.., x5] = values;
    x5
}

#[inline(always)]
fn multiply<R: Run>(run: &R, columns: &[Vec<R::Constant>], state: &mut [R::Value]) {
    let mut product = [state[0]; MAX_WIDTH];
    let product = &mut product[..state.len()];
    for (element, column) in product.iter_mut().zip(columns) {
        *element = run.dot(column, state);
    }
    state.copy_from_slice(product);
}

static SCHEDULES: Tables<Schedule<Fr>> = tables();

impl Constant for Fr {
    fn summand(element: Fr) -> Fr {
        element
    }

    fn factor(element: Fr) -> Fr {
        element
    }
}

/// One trace.
struct One<'a> {
    preimage: &'a [Fr],
    traces: &'a mut Vec<Fr>,
}

impl Run for One<'_> {
    type Constant = Fr;
    type Value = Fr;

    #[inline(always)]
    fn preimage(&self, i: usize) -> Fr {
        self.preimage[i]
    }

    #[inline(always)]
    fn constant(&self, constant: &Fr) -> Fr {
        *constant
    }

    #[inline(always)]
    fn plus(&self, value: Fr, constant: &Fr) -> Fr {
        value + constant
    }

    #[inline(always)]
    fn dot(&self, factors: &[Fr], values: &[Fr]) -> Fr {
        let products = factors.iter().zip(values).map(|(factor, value)| *factor * value);
        products.sum()
    }

    #[inline(always)]
    fn updated(&self, start: Fr, factor: &Fr, value: Fr) -> Fr {
        start + value * factor
    }

    #[inline(always)]
    fn quintic(&self, x: Fr, key: &Fr) -> [Fr; 4] {
        let x2 = x.square();
        let x4 = x2.square();
        [x, x2, x4, x4 * x + key]
    }

    #[inline(always)]
    fn allocate<const N: usize>(&mut self, values: [Fr; N]) {
        self.traces.extend(values);
    }
}
