//! Poseidon over rows of nodes, in the form that multiplies least.
//!
//! Neptune's constants turn the matrices of the partial rounds sparse. Beyond that, several partial rounds
//! form a block: the elements that no S-box touches stay as they are until its end, and what the rounds
//! would have added to them reaches element 0 through constants computed beforehand. A layer is nothing but
//! dot products with constants, each reduced once. Last, element 0 is kept times a number of each round's own,
//! chosen so that what its S-box gives returns to it without a product: `(λ·s)⁵ = λ⁵·s⁵`.

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

/// `5⁻¹ mod (r − 1)`: the exponent of fifth roots.
const FIFTH: Words = [
    0x3333_3332_cccc_cccd,
    0x217f_0e67_9998_f199,
    0xe14a_5669_9d73_f002,
    0x2e5f_0fba_dd72_321c,
];

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

    /// `Σ constants[i]·values[i]`, of at most 17 terms.
    fn dot(self, constants: &[Self::Constant], values: &[Self::Value]) -> Self::Value;

    /// `start + Σ constants[i]·values[i]`, as large as both.
    fn added(self, start: Self::Value, constants: &[Self::Constant], values: &[Self::Value]) -> Self::Value;

    /// `start + Σ constants[i]·values[i]`, reduced so that it may be done again and again.
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
    /// What makes element 0, beside this round's S-box output: `ŵᵣ[1..]` for the elements that stand,
    /// `Σᵢ ŵᵣ[i]·vⱼ[i]` for the S-box outputs `xⱼ` of the block's rounds j before this one.
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

        // From the last round, whose result is kept as it is, to the first: `λᵣ⁵ = λᵣ₊₁·ŵᵣ[0]`.
        let mut scale = Fr::ONE;
        let mut rounds = Vec::new();
        for (key, sparse) in partial.iter().zip(&neptune.sparse_matrixes).rev() {
            let boxed_scale = scale * sparse.w_hat[0];
            rounds.push(Partial {
                key: *key,
                w_hat: &sparse.w_hat[1..],
                v: &sparse.v_rest,
                boxed_scale,
                scale,
            });
            scale = boxed_scale.pow_vartime(FIFTH);
        }
        rounds.reverse();
        // A block of B rounds costs B²/2 products more, and saves reductions of width·(B − 1) elements.
        let block_len = A::to_usize() / 2 + 1;
        let columns = |matrix: &[Vec<Fr>], scale: Fr| {
            let column = |column: usize| {
                let scale = if column == 0 { scale } else { Fr::ONE };
                convert(matrix.iter().map(|row| row[column] * scale))
            };
            (0..width).map(column).collect()
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
            blocks: rounds.chunks(block_len).map(Block::new).collect(),
            tail: tail
                .chunks(width)
                .map(|keys| convert(keys.iter().copied()))
                .collect(),
            matrix: columns(&neptune.mds_matrices.m, Fr::ONE),
            pre_sparse: columns(&neptune.pre_sparse_matrix, scale),
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

/// A partial round of neptune's.
struct Partial<'a> {
    key: Fr,
    /// `ŵ[1..]`.
    w_hat: &'a [Fr],
    v: &'a [Fr],
    /// What the output of its S-box is kept times.
    boxed_scale: Fr,
    /// What element 0 is kept times after it.
    scale: Fr,
}

impl<C: Constant> Block<C> {
    fn new(rounds: &[Partial<'_>]) -> Block<C> {
        let unscaled: Vec<Fr> = rounds
            .iter()
            .map(|round| round.boxed_scale.invert().expect("no coefficient is zero"))
            .collect();
        let round = |(r, round): (usize, &Partial<'_>)| {
            let cross = |(earlier, unscaled): (&Partial<'_>, &Fr)| {
                let sum: Fr = round.w_hat.iter().zip(earlier.v).map(|(w, v)| w * v).sum();
                sum * unscaled
            };
            let crosses = rounds[..r].iter().zip(&unscaled).map(cross);
            let row = round.w_hat.iter().copied().chain(crosses);
            Round {
                key: C::of(round.key * round.boxed_scale),
                row: convert(row.map(|coefficient| coefficient * round.scale)),
            }
        };
        let update = |i: usize| {
            let scaled = |(round, unscaled): (&Partial<'_>, &Fr)| round.v[i] * unscaled;
            convert(rounds.iter().zip(&unscaled).map(scaled))
        };
        Block {
            rounds: rounds.iter().enumerate().map(round).collect(),
            updates: (0..rounds[0].v.len()).map(update).collect(),
        }
    }

    #[inline(always)]
    fn run<F: Field<Constant = C>>(&self, field: F, state: &mut [F::Value], zero: F::Value) {
        let n_standing = state.len() - 1;
        let mut terms = [zero; MAX_TERMS];
        terms[..n_standing].copy_from_slice(&state[1..]);
        let mut first = state[0];
        for (r, round) in self.rounds.iter().enumerate() {
            let boxed = field.quintic(first, &round.key);
            terms[n_standing + r] = boxed;
            first = field.added(boxed, &round.row, &terms[..n_standing + r]);
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
