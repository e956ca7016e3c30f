//! Poseidon over rows of nodes, in the form that multiplies least.
//!
//! Neptune's constants turn the matrices of the partial rounds sparse. Beyond that, several partial rounds
//! form a block: the elements that no S-box touches stay as they are until its end, and what the rounds
//! would have added to them reaches element 0 through constants computed beforehand. A layer is nothing but
//! dot products with constants, each reduced once.

use std::sync::LazyLock;

use ff::Field as _;
use generic_array::typenum::{U11, U2, U4, U8};
use neptune::poseidon::{Arity, PoseidonConstants};
use rayon::prelude::*;

use super::field::{self, Sum, Words};
use crate::{Error, Fr, Hash, Node, Result};

/// Elements of the widest state.
const MAX_WIDTH: usize = 12;

/// Elements of a state that no partial round's S-box touches, and S-box outputs of one block.
const MAX_TERMS: usize = MAX_WIDTH - 1 + MAX_BLOCK;

/// Partial rounds of the longest block.
const MAX_BLOCK: usize = 6;

/// Digests handed to one thread at a time: a millisecond or two.
const CHUNK_LEN: usize = 64;

/// The arithmetic of a permutation: of one state, or of several side by side.
pub(super) trait Field {
    /// A constant.
    type Constant: From<Fr> + Copy + Sync;
    /// An element of the state, at most 1.001·r.
    type Value: Copy;

    fn value(constant: &Self::Constant) -> Self::Value;

    /// `start + Σ constants[i]·values[i]`, of at most 18 terms.
    fn dot(start: Self::Value, constants: &[Self::Constant], values: &[Self::Value]) -> Self::Value;

    /// `x⁵ + key`.
    fn quintic(x: Self::Value, key: &Self::Constant) -> Self::Value;
}

/// Everything about a permutation but the state.
pub(super) struct Constants<C> {
    width: usize,
    zero: C,
    /// The domain tag and the keys before the first S-boxes.
    start: Vec<C>,
    /// Keys after the S-boxes of the full rounds that come first.
    head: Vec<Vec<C>>,
    blocks: Vec<Block<C>>,
    /// Keys after the S-boxes of the full rounds that come last; the very last has none.
    tail: Vec<Vec<C>>,
    /// Rows of the matrix, which is symmetric.
    matrix: Vec<Vec<C>>,
    /// Columns of the matrix that comes before the partial rounds.
    pre_sparse: Vec<Vec<C>>,
}

/// Partial rounds `r` with the matrices of neptune's factorisation, first columns `ŵᵣ` and first rows `vᵣ`.
struct Block<C> {
    rounds: Vec<Round<C>>,
    /// For each element i above 0: `vᵣ[i]` of all rounds, for `s[i] += Σ vᵣ[i]·xᵣ` at the block's end.
    updates: Vec<Vec<C>>,
}

struct Round<C> {
    key: C,
    /// What makes element 0: `ŵᵣ[1..]` for the elements that stand, `Σᵢ ŵᵣ[i]·vⱼ[i]` for the S-box outputs
    /// `xⱼ` of the block's rounds j before this one, `ŵᵣ[0]` for this round's.
    row: Vec<C>,
}

impl<C: From<Fr> + Copy> Constants<C> {
    fn new<A: Arity<Fr>>() -> Constants<C> {
        let neptune = PoseidonConstants::<Fr, A>::new();
        let width = A::to_usize() + 1;
        let (full, keys) = (neptune.half_full_rounds, &neptune.compressed_round_constants);
        let (start, keys) = keys.split_at(width);
        let (head, keys) = keys.split_at(full * width);
        let (partial, tail) = keys.split_at(neptune.partial_rounds);
        let mut start = start.to_vec();
        start[0] += neptune.domain_tag;

        // A block of B rounds costs B²/2 products more, and saves reductions of width·(B − 1) elements.
        let block_len = A::to_usize() / 2 + 1;
        let rounds: Vec<_> = partial.iter().zip(&neptune.sparse_matrixes).collect();
        let blocks = rounds.chunks(block_len).map(|rounds| {
            let row = |r: usize| {
                let w_hat = &rounds[r].1.w_hat;
                let cross = |j: usize| {
                    w_hat[1..]
                        .iter()
                        .zip(&rounds[j].1.v_rest)
                        .map(|(w, v)| w * v)
                        .sum()
                };
                let crosses = (0..r).map(cross);
                convert(w_hat[1..].iter().copied().chain(crosses).chain([w_hat[0]]))
            };
            let update = |i: usize| convert(rounds.iter().map(|(_, sparse)| sparse.v_rest[i]));
            Block {
                rounds: (0..rounds.len())
                    .map(|r| Round {
                        key: C::from(*rounds[r].0),
                        row: row(r),
                    })
                    .collect(),
                updates: (0..width - 1).map(update).collect(),
            }
        });
        let columns = |matrix: &[Vec<Fr>]| {
            (0..width)
                .map(|column| convert(matrix.iter().map(|row| row[column])))
                .collect()
        };
        Constants {
            width,
            zero: C::from(Fr::ZERO),
            start: convert(start),
            head: head
                .chunks(width)
                .map(|keys| convert(keys.iter().copied()))
                .collect(),
            blocks: blocks.collect(),
            tail: tail
                .chunks(width)
                .map(|keys| convert(keys.iter().copied()))
                .collect(),
            matrix: columns(&neptune.mds_matrices.m),
            pre_sparse: columns(&neptune.pre_sparse_matrix),
        }
    }

    /// Runs the permutation on a preimage, and gives element 1 of the state.
    #[inline(always)]
    fn digest<F: Field<Constant = C>>(&self, preimage: impl Fn(usize, F::Value) -> F::Value) -> F::Value {
        let zero = F::value(&self.zero);
        let mut state = [zero; MAX_WIDTH];
        let state = &mut state[..self.width];
        state[0] = F::value(&self.start[0]);
        for (i, (element, start)) in state.iter_mut().zip(&self.start).skip(1).enumerate() {
            *element = preimage(i, F::value(start));
        }
        for (round, keys) in self.head.iter().enumerate() {
            let last = round + 1 == self.head.len();
            full_round::<F>(
                state,
                keys,
                if last { &self.pre_sparse } else { &self.matrix },
                zero,
            );
        }
        for block in &self.blocks {
            block.run::<F>(state, zero);
        }
        for keys in &self.tail {
            full_round::<F>(state, keys, &self.matrix, zero);
        }
        state
            .iter_mut()
            .for_each(|element| *element = F::quintic(*element, &self.zero));
        F::dot(zero, &self.matrix[1], state)
    }
}

#[inline(always)]
fn full_round<F: Field>(
    state: &mut [F::Value],
    keys: &[F::Constant],
    columns: &[Vec<F::Constant>],
    zero: F::Value,
) {
    let mut boxed = [zero; MAX_WIDTH];
    let boxed = &mut boxed[..state.len()];
    for ((boxed, element), key) in boxed.iter_mut().zip(&*state).zip(keys) {
        *boxed = F::quintic(*element, key);
    }
    for (element, column) in state.iter_mut().zip(columns) {
        *element = F::dot(zero, column, boxed);
    }
}

impl<C: Copy> Block<C> {
    #[inline(always)]
    fn run<F: Field<Constant = C>>(&self, state: &mut [F::Value], zero: F::Value) {
        let n_standing = state.len() - 1;
        let mut terms = [zero; MAX_TERMS];
        terms[..n_standing].copy_from_slice(&state[1..]);
        let mut first = state[0];
        for (r, round) in self.rounds.iter().enumerate() {
            terms[n_standing + r] = F::quintic(first, &round.key);
            first = F::dot(zero, &round.row, &terms[..=n_standing + r]);
        }
        let boxed = &terms[n_standing..n_standing + self.rounds.len()];
        state[0] = first;
        for (element, update) in state[1..].iter_mut().zip(&self.updates) {
            *element = F::dot(*element, update, boxed);
        }
    }
}

fn convert<C: From<Fr>>(elements: impl IntoIterator<Item = Fr>) -> Vec<C> {
    elements.into_iter().map(C::from).collect()
}

/// The portable arithmetic: one state, in Montgomery form.
struct Portable;

/// An element times `2²⁵⁶`.
#[derive(Clone, Copy)]
struct Montgomery(Words);

/// `2⁵¹²`: what brings a number into Montgomery form.
static TO_MONTGOMERY: LazyLock<Words> = LazyLock::new(|| Montgomery::from(Fr::from(2).pow([256])).0);

impl From<Fr> for Montgomery {
    fn from(element: Fr) -> Montgomery {
        let shifted = element * Fr::from(2).pow([256]);
        Montgomery(field::canonical(&Node::from(shifted)).expect("an Fr is canonical"))
    }
}

impl Field for Portable {
    type Constant = Montgomery;
    type Value = Words;

    #[inline(always)]
    fn value(constant: &Montgomery) -> Words {
        constant.0
    }

    #[inline(always)]
    fn dot(start: Words, constants: &[Montgomery], values: &[Words]) -> Words {
        let mut sum = Sum::of(start);
        for (constant, value) in constants.iter().zip(values) {
            sum.add_product(&constant.0, value);
        }
        sum.reduce()
    }

    #[inline(always)]
    fn quintic(x: Words, key: &Montgomery) -> Words {
        // Below 1.46·r and 1.97·r: neither needs a subtraction.
        let square = field::multiply(&x, &x);
        let fourth = field::multiply(&square, &square);
        let mut sum = Sum::of(key.0);
        sum.add_product(&fourth, &x);
        sum.reduce()
    }
}

/// One table for each arity that the protocol hashes with.
static PORTABLE: [LazyLock<Constants<Montgomery>>; 4] = [
    LazyLock::new(Constants::new::<U2>),
    LazyLock::new(Constants::new::<U4>),
    LazyLock::new(Constants::new::<U8>),
    LazyLock::new(Constants::new::<U11>),
];

/// `digests[i] = Poseidon(preimages[i·arity .. (i+1)·arity])`.
pub(super) fn hash(hash: Hash, preimages: &[Node], digests: &mut [Node]) -> Result<()> {
    let arity = hash.arity();
    let table = [2, 4, 8, 11]
        .iter()
        .position(|known| *known == arity)
        .expect("a Hash has one of these");
    let constants = &*PORTABLE[table];
    let chunks = preimages
        .par_chunks(arity * CHUNK_LEN)
        .zip(digests.par_chunks_mut(CHUNK_LEN))
        .enumerate();
    let first_bad = chunks.find_map_first(|(chunk, (preimages, digests))| {
        hash_chunk(constants, preimages, digests).map(|index| chunk * CHUNK_LEN * arity + index)
    });
    first_bad.map_or(Ok(()), |index| {
        Err(Error::NotCanonical {
            what: "preimages",
            index,
        })
    })
}

/// Hashes, or finds the first node that is not canonical.
fn hash_chunk(constants: &Constants<Montgomery>, preimages: &[Node], digests: &mut [Node]) -> Option<usize> {
    let arity = constants.width - 1;
    let to_montgomery = *TO_MONTGOMERY;
    let mut numbers = [[0; 4]; MAX_WIDTH - 1];
    for (row, (preimage, digest)) in preimages.chunks(arity).zip(digests).enumerate() {
        for (i, node) in preimage.iter().enumerate() {
            let Some(number) = field::canonical(node) else {
                return Some(row * arity + i);
            };
            numbers[i] = number;
        }
        let element = constants.digest::<Portable>(|i, start| {
            let mut sum = Sum::of(start);
            sum.add_product(&numbers[i], &to_montgomery);
            sum.reduce()
        });
        let mut sum = Sum::of([0; 4]);
        sum.add_product(&element, &[1, 0, 0, 0]);
        *digest = field::to_node(field::settle(sum.reduce()));
    }
    None
}
