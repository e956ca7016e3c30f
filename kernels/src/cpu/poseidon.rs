//! Poseidon over rows of nodes, in the form that multiplies least.
//!
//! Neptune's constants turn the matrices of the partial rounds sparse. Beyond that, several partial rounds
//! form a block: the elements that no S-box touches stay as they are until its end, and what the rounds
//! would have added to them reaches element 0 through constants computed beforehand. A layer is nothing but
//! dot products with constants, each reduced once. Last, every element is kept times a number that is chosen
//! so that one coefficient of each dot product is 1: an S-box lets such numbers pass, for `(λ·s)⁵ = λ⁵·s⁵`.

#[cfg(target_arch = "x86_64")]
mod ifma;
mod portable;
mod trace;

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

pub use trace::trace;

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
    /// The full rounds that come first.
    head: Vec<Full<C>>,
    blocks: Vec<Block<C>>,
    /// The full rounds that come last, but for the very last.
    tail: Vec<Full<C>>,
    /// What the last S-boxes' outputs make element 1 of.
    last: Vec<C>,
}

/// A full round.
struct Full<C> {
    /// Keys after the S-boxes.
    keys: Vec<C>,
    /// For each element, the coefficients of the S-box outputs but the first, which is taken once.
    columns: Vec<Vec<C>>,
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

impl<C: Constant> OfNeptune for Constants<C> {
    fn of<A: Arity<Fr>>(neptune: &PoseidonConstants<Fr, A>) -> Constants<C> {
        let width = A::to_usize() + 1;
        let (full, keys) = (neptune.half_full_rounds, &neptune.compressed_round_constants);
        let (start, keys) = keys.split_at(width);
        let (head, keys) = keys.split_at(full * width);
        let (partial, tail) = keys.split_at(neptune.partial_rounds);
        let mut start = start.to_vec();
        start[0] += neptune.domain_tag;

        // What each element is kept times.
        let mut scales = vec![Fr::ONE; width];
        let (mds, pre_sparse) = (&neptune.mds_matrices.m, &neptune.pre_sparse_matrix);
        let head = (1..).zip(head.chunks(width)).map(|(round, keys)| {
            let matrix = if round == full { pre_sparse } else { mds };
            Full::new(keys, matrix, &mut scales)
        });
        let head = head.collect();
        let standing = scales[1..].to_vec();
        let rounds: Vec<Partial> = partial
            .iter()
            .zip(&neptune.sparse_matrixes)
            .map(|(key, sparse)| Partial::new(*key, &sparse.w_hat, &sparse.v_rest, &standing, &mut scales[0]))
            .collect();
        // A block of B rounds costs B²/2 products more, and saves reductions of width·(B − 1) elements.
        let block_len = A::to_usize() / 2 + 1;
        let tail = tail.chunks(width).map(|keys| Full::new(keys, mds, &mut scales));
        let tail = tail.collect();
        let last = mds
            .iter()
            .zip(&scales)
            .map(|(row, scale)| row[1] * inverse(fifth(*scale)));
        Constants {
            width,
            zero: C::of(Fr::ZERO),
            enter: C::of(C::radix()),
            leave: C::new([1, 0, 0, 0]),
            start: convert(start),
            head,
            blocks: rounds.chunks(block_len).map(Block::new).collect(),
            tail,
            last: convert(last),
        }
    }
}

impl<C: Constant> Constants<C> {
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
        for round in &self.head {
            round.run(field, state, zero);
        }
        for block in &self.blocks {
            block.run(field, state, zero);
        }
        for round in &self.tail {
            round.run(field, state, zero);
        }
        for element in &mut *state {
            *element = field.quintic(*element, &self.zero);
        }
        let digest = field.dot(&self.last, state);
        field.dot(&[self.leave], &[digest])
    }
}

fn fifth(element: Fr) -> Fr {
    element.square().square() * element
}

fn inverse(coefficient: Fr) -> Fr {
    coefficient.invert().expect("no coefficient is zero")
}

impl<C: Constant> Full<C> {
    /// Chooses what elements are kept times after it.
    fn new(keys: &[Fr], matrix: &[Vec<Fr>], scales: &mut [Fr]) -> Full<C> {
        let boxed: Vec<Fr> = scales.iter().map(|scale| fifth(*scale)).collect();
        let columns = scales.iter_mut().enumerate().map(|(column, scale)| {
            *scale = boxed[0] * inverse(matrix[0][column]);
            let rows = matrix.iter().zip(&boxed).skip(1);
            convert(rows.map(|(row, boxed)| row[column] * *scale * inverse(*boxed)))
        });
        Full {
            columns: columns.collect(),
            keys: convert(keys.iter().zip(&boxed).map(|(key, boxed)| key * boxed)),
        }
    }

    #[inline(always)]
    fn run<F: Field<Constant = C>>(&self, field: F, state: &mut [F::Value], zero: F::Value) {
        let mut boxed = [zero; MAX_WIDTH];
        let boxed = &mut boxed[..state.len()];
        for ((boxed, element), key) in boxed.iter_mut().zip(&*state).zip(&self.keys) {
            *boxed = field.quintic(*element, key);
        }
        for (element, column) in state.iter_mut().zip(&self.columns) {
            *element = field.added(boxed[0], column, &boxed[1..]);
        }
    }
}

/// A partial round of neptune's, of elements that are kept times something.
struct Partial {
    key: Fr,
    /// `ŵ[1..]`.
    w_hat: Vec<Fr>,
    v: Vec<Fr>,
    /// What the output of its S-box is kept times.
    boxed_scale: Fr,
    /// What element 0 is kept times after it.
    scale: Fr,
}

impl Partial {
    /// Chooses what element 0 is kept times after it.
    fn new(key: Fr, w_hat: &[Fr], v: &[Fr], standing: &[Fr], first: &mut Fr) -> Partial {
        let boxed_scale = fifth(*first);
        *first = boxed_scale * inverse(w_hat[0]);
        let w_hat = w_hat[1..].iter().zip(standing);
        Partial {
            key,
            w_hat: w_hat.map(|(w, scale)| w * inverse(*scale)).collect(),
            v: v.iter().zip(standing).map(|(v, scale)| v * scale).collect(),
            boxed_scale,
            scale: *first,
        }
    }
}

impl<C: Constant> Block<C> {
    fn new(rounds: &[Partial]) -> Block<C> {
        let unscaled: Vec<Fr> = rounds.iter().map(|round| inverse(round.boxed_scale)).collect();
        let round = |(r, round): (usize, &Partial)| {
            let cross = |(earlier, unscaled): (&Partial, &Fr)| {
                let sum: Fr = round.w_hat.iter().zip(&earlier.v).map(|(w, v)| w * v).sum();
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
            let scaled = |(round, unscaled): (&Partial, &Fr)| round.v[i] * unscaled;
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

/// What is made of neptune's constants of a hash.
trait OfNeptune {
    fn of<A: Arity<Fr>>(neptune: &PoseidonConstants<Fr, A>) -> Self;
}

/// One for each of [`HASHES`].
type Tables<T> = [LazyLock<T>; 5];

const HASHES: [Hash; 5] = [
    Hash::Poseidon2,
    Hash::Poseidon4,
    Hash::Poseidon8,
    Hash::Poseidon11,
    Hash::Poseidon2Custom,
];

/// The place of a hash among them.
fn table(hash: Hash) -> usize {
    let place = HASHES.iter().position(|known| *known == hash);
    place.expect("every Hash but SHA-256 is one of these")
}

const fn tables<T: OfNeptune>() -> Tables<T> {
    [
        LazyLock::new(|| T::of(&neptune::<U2>(HashType::MerkleTree))),
        LazyLock::new(|| T::of(&neptune::<U4>(HashType::MerkleTree))),
        LazyLock::new(|| T::of(&neptune::<U8>(HashType::MerkleTree))),
        LazyLock::new(|| T::of(&neptune::<U11>(HashType::MerkleTree))),
        LazyLock::new(|| T::of(&neptune::<U2>(HashType::Custom(CType::Arbitrary(1))))),
    ]
}

fn neptune<A: Arity<Fr>>(hash_type: HashType<Fr, A>) -> PoseidonConstants<Fr, A> {
    PoseidonConstants::new_with_strength_and_type(Strength::Standard, hash_type)
}

/// `digests[i] = Poseidon(preimages[i·arity .. (i+1)·arity])`.
pub(super) fn hash(level: Level, hash: Hash, preimages: &[Node], digests: &mut [Node]) -> crate::Result<()> {
    let (arity, hasher) = (hash.arity(), hasher(level));
    let table = table(hash);
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
