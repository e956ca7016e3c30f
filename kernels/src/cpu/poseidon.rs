//! Poseidon over rows of nodes, in the form that multiplies least.
//!
//! Neptune's constants turn the matrices of the partial rounds sparse. Beyond that, several partial rounds
//! form a block: the elements that no S-box touches stay as they are until its end, and what the rounds
//! would have added to them reaches element 0 through constants computed beforehand. A layer is nothing but
//! dot products with constants, each reduced once.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;

use std::sync::LazyLock;

use ff::Field as _;
use generic_array::typenum::{U11, U2, U4, U8};
use neptune::{
    hash_type::{CType, HashType},
    poseidon::{Arity, PoseidonConstants},
    Strength,
};
use rayon::prelude::*;

use super::field::{self, Words};
use crate::{Error, Fr, Hash, Level, Node};

use portable::Portable;

/// Nodes of the longest preimage.
const MAX_ARITY: usize = 11;

/// Elements of the widest state.
const MAX_WIDTH: usize = MAX_ARITY + 1;

/// Elements of a state that no partial round's S-box touches, and S-box outputs of one block.
const MAX_TERMS: usize = MAX_WIDTH - 1 + MAX_BLOCK;

/// Partial rounds of the longest block.
const MAX_BLOCK: usize = 6;

/// Digests handed to one thread at a time: whole batches, and some tenths of a millisecond to two.
const CHUNK_LEN: usize = 64;

/// A constant of an arithmetic.
trait Constant: Copy + Sized {
    /// What an element is multiplied by in the arithmetic's own form (Montgomery).
    fn radix() -> Fr;

    /// The constant that holds exactly this number.
    fn new(number: Words) -> Self;

    /// An element, in the arithmetic's own form.
    fn of(element: Fr) -> Self {
        Self::new(field::canonical(&Node::from(element * Self::radix())).expect("an Fr is canonical"))
    }
}

/// The arithmetic of a permutation: of one state, or of several side by side.
trait Field: Copy {
    /// A constant.
    type Constant: Constant;
    /// An element of the state, which may be somewhat more than r.
    type Value: Copy;

    fn value(self, constant: &Self::Constant) -> Self::Value;

    /// `Σ constants[i]·values[i]`, of at most 18 terms.
    fn dot(self, constants: &[Self::Constant], values: &[Self::Value]) -> Self::Value;

    /// `start + Σ constants[i]·values[i]`, no larger than `start` was.
    fn updated(self, start: Self::Value, constants: &[Self::Constant], values: &[Self::Value])
        -> Self::Value;

    /// `x⁵ + key`.
    fn quintic(self, x: Self::Value, key: &Self::Constant) -> Self::Value;
}

/// Everything about a permutation but the state.
struct Constants<C> {
    width: usize,
    zero: C,
    /// What multiplies a number into the arithmetic's own form, and back.
    enter: C,
    leave: C,
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

impl<C: Constant> Constants<C> {
    fn new<A: Arity<Fr>>(hash_type: HashType<Fr, A>) -> Constants<C> {
        let neptune = PoseidonConstants::<Fr, A>::new_with_strength_and_type(Strength::Standard, hash_type);
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
                        key: C::of(*rounds[r].0),
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
            zero: C::of(Fr::ZERO),
            enter: C::of(C::radix()),
            leave: C::new([1, 0, 0, 0]),
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

    /// Runs the permutation on a preimage of numbers below r, and gives element 1 of the state, a number of at
    /// most r.
    #[inline(always)]
    fn digest<F: Field<Constant = C>>(&self, field: F, preimage: &[F::Value]) -> F::Value {
        let zero = field.value(&self.zero);
        let mut state = [zero; MAX_WIDTH];
        let state = &mut state[..self.width];
        state[0] = field.value(&self.start[0]);
        for ((element, number), start) in state[1..].iter_mut().zip(preimage).zip(&self.start[1..]) {
            *element = field.updated(field.value(start), &[self.enter], &[*number]);
        }
        for (round, keys) in self.head.iter().enumerate() {
            let last = round + 1 == self.head.len();
            full_round(
                field,
                state,
                keys,
                if last { &self.pre_sparse } else { &self.matrix },
                zero,
            );
        }
        for block in &self.blocks {
            block.run(field, state, zero);
        }
        for keys in &self.tail {
            full_round(field, state, keys, &self.matrix, zero);
        }
        for element in &mut *state {
            *element = field.quintic(*element, &self.zero);
        }
        let digest = field.dot(&self.matrix[1], state);
        field.dot(&[self.leave], &[digest])
    }
}

#[inline(always)]
fn full_round<F: Field>(
    field: F,
    state: &mut [F::Value],
    keys: &[F::Constant],
    columns: &[Vec<F::Constant>],
    zero: F::Value,
) {
    let mut boxed = [zero; MAX_WIDTH];
    let boxed = &mut boxed[..state.len()];
    for ((boxed, element), key) in boxed.iter_mut().zip(&*state).zip(keys) {
        *boxed = field.quintic(*element, key);
    }
    for (element, column) in state.iter_mut().zip(columns) {
        *element = field.dot(column, boxed);
    }
}

impl<C: Constant> Block<C> {
    #[inline(always)]
    fn run<F: Field<Constant = C>>(&self, field: F, state: &mut [F::Value], zero: F::Value) {
        let n_standing = state.len() - 1;
        let mut terms = [zero; MAX_TERMS];
        terms[..n_standing].copy_from_slice(&state[1..]);
        let mut first = state[0];
        for (r, round) in self.rounds.iter().enumerate() {
            terms[n_standing + r] = field.quintic(first, &round.key);
            first = field.dot(&round.row, &terms[..=n_standing + r]);
        }
        let boxed = &terms[n_standing..n_standing + self.rounds.len()];
        state[0] = first;
        for (element, update) in state[1..].iter_mut().zip(&self.updates) {
            *element = field.updated(*element, update, boxed);
        }
    }
}

fn convert<C: Constant>(elements: impl IntoIterator<Item = Fr>) -> Vec<C> {
    elements.into_iter().map(C::of).collect()
}

/// What hashes rows with one kind of arithmetic.
trait Hasher: Sync + std::fmt::Debug {
    /// `digests[i] = Poseidon(preimages[i·arity .. (i+1)·arity])`, for the hash of that table; or the place of
    /// the first node that is not canonical.
    fn hash(&self, table: usize, preimages: &[Node], digests: &mut [Node]) -> Result<(), usize>;
}

/// What this level has; the lower levels share one body.
fn hasher(level: Level) -> &'static dyn Hasher {
    #[cfg(target_arch = "x86_64")]
    if let Some(ifma) = super::lanes::Ifma::of(level) {
        return ifma;
    }
    &Portable
}

/// Constants for each of [`HASHES`].
type Tables<C> = [LazyLock<Constants<C>>; 5];

const HASHES: [Hash; 5] = [
    Hash::Poseidon2,
    Hash::Poseidon4,
    Hash::Poseidon8,
    Hash::Poseidon11,
    Hash::Poseidon2Custom,
];

const fn tables<C: Constant>() -> Tables<C> {
    [
        LazyLock::new(|| Constants::new::<U2>(HashType::MerkleTree)),
        LazyLock::new(|| Constants::new::<U4>(HashType::MerkleTree)),
        LazyLock::new(|| Constants::new::<U8>(HashType::MerkleTree)),
        LazyLock::new(|| Constants::new::<U11>(HashType::MerkleTree)),
        LazyLock::new(|| Constants::new::<U2>(HashType::Custom(CType::Arbitrary(1)))),
    ]
}

/// `digests[i] = Poseidon(preimages[i·arity .. (i+1)·arity])`.
pub(super) fn hash(level: Level, hash: Hash, preimages: &[Node], digests: &mut [Node]) -> crate::Result<()> {
    let (arity, hasher) = (hash.arity(), hasher(level));
    let table = HASHES
        .iter()
        .position(|known| *known == hash)
        .expect("every Hash but SHA-256 is one of these");
    let chunks = preimages
        .par_chunks(arity * CHUNK_LEN)
        .zip(digests.par_chunks_mut(CHUNK_LEN))
        .enumerate();
    let first_bad = chunks.find_map_first(|(chunk, (preimages, digests))| {
        let done = hasher.hash(table, preimages, digests);
        done.err().map(|index| chunk * CHUNK_LEN * arity + index)
    });
    first_bad.map_or(Ok(()), |index| {
        Err(Error::NotCanonical {
            what: "preimages",
            index,
        })
    })
}
