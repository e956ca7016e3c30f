//! SHA-256 with AVX-512: sixteen messages side by side, a word of each to a register.

use std::arch::x86_64::{
    __m512i, _mm256_storeu_si256, _mm512_add_epi32, _mm512_and_si512, _mm512_broadcast_i32x4,
    _mm512_castsi512_si256, _mm512_loadu_si512, _mm512_ror_epi32, _mm512_set1_epi32, _mm512_setzero_si512,
    _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_srli_epi32, _mm512_ternarylogic_epi32,
    _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
    _mm_set_epi64x,
};

use super::constants::{Rounds, CONSTANTS, PADDING};
use super::INITIAL;
use crate::{Level, Node};

/// Messages side by side.
pub(in crate::cpu) const N_LANES: usize = 16;

/// Three-way exclusive or, choice and majority, as truth tables.
const XOR: i32 = 0x96;
const CHOICE: i32 = 0xca;
const MAJORITY: i32 = 0xe8;

/// A word of each message.
pub(in crate::cpu) type Words = __m512i;

/// Proof that this processor has the instructions, and may use them; whoever holds it may run them.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Avx512(());

impl Avx512 {
    pub(in crate::cpu) fn of(level: Level) -> Option<Avx512> {
        level.allows(Level::Ifma).then_some(Avx512(()))
    }
}

/// Hashes pairs as [`super::hash`] does, as many as fill the lanes; answers how many it did.
pub(super) fn hash(avx512: Avx512, preimages: &[Node], digests: &mut [Node]) -> usize {
    let Avx512(()) = avx512;
    let (messages, _) = Node::bytes(preimages).as_chunks::<64>();
    let (messages, _) = messages.as_chunks();
    let (digests, _) = digests.as_chunks_mut();
    for (messages, digests) in messages.iter().zip(&mut *digests) {
        // SAFETY: there is an `Avx512`, so the instructions are there.
        unsafe { hash_group(messages, digests) };
    }
    N_LANES * digests.len()
}

#[target_feature(enable = "avx512f,avx512bw")]
fn hash_group(messages: &[[u8; 64]; N_LANES], digests: &mut [Node; N_LANES]) {
    let mut state = initial();
    let mut rows = [_mm512_setzero_si512(); N_LANES];
    for (row, message) in rows.iter_mut().zip(messages) {
        // SAFETY: a message has 64 bytes.
        *row = unsafe { _mm512_loadu_si512(message.as_ptr().cast()) };
    }
    compress(&mut state, words(rows), |_, _| ());
    compress_known(&mut state, &PADDING);
    *digests = nodes(state);
}

/// The same word in every lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::cpu) fn splat(word: u32) -> Words {
    _mm512_set1_epi32(word.cast_signed())
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::cpu) fn initial() -> [Words; 8] {
    let [a, b, c, d, e, f, g, h] = INITIAL;
    [
        splat(a),
        splat(b),
        splat(c),
        splat(d),
        splat(e),
        splat(f),
        splat(g),
        splat(h),
    ]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn xor(a: Words, b: Words, c: Words) -> Words {
    _mm512_ternarylogic_epi32::<XOR>(a, b, c)
}

/// One round: a to h, then what the round adds.
macro_rules! round {
    ($a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident, $added:expr) => {
        let sum = xor(
            _mm512_ror_epi32::<6>($e),
            _mm512_ror_epi32::<11>($e),
            _mm512_ror_epi32::<25>($e),
        );
        let choice = _mm512_ternarylogic_epi32::<CHOICE>($e, $f, $g);
        let first = _mm512_add_epi32(_mm512_add_epi32($h, $added), _mm512_add_epi32(choice, sum));
        let sum = xor(
            _mm512_ror_epi32::<2>($a),
            _mm512_ror_epi32::<13>($a),
            _mm512_ror_epi32::<22>($a),
        );
        let majority = _mm512_ternarylogic_epi32::<MAJORITY>($a, $b, $c);
        $d = _mm512_add_epi32($d, first);
        $h = _mm512_add_epi32(first, _mm512_add_epi32(majority, sum));
    };
}

/// Sixteen rounds; `$added` is called with the number of each.
macro_rules! sixteen_rounds {
    ($state:ident, $added:ident) => {
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *$state;
        round!(a b c d e f g h, $added!(0));
        round!(h a b c d e f g, $added!(1));
        round!(g h a b c d e f, $added!(2));
        round!(f g h a b c d e, $added!(3));
        round!(e f g h a b c d, $added!(4));
        round!(d e f g h a b c, $added!(5));
        round!(c d e f g h a b, $added!(6));
        round!(b c d e f g h a, $added!(7));
        round!(a b c d e f g h, $added!(8));
        round!(h a b c d e f g, $added!(9));
        round!(g h a b c d e f, $added!(10));
        round!(f g h a b c d e, $added!(11));
        round!(e f g h a b c d, $added!(12));
        round!(d e f g h a b c, $added!(13));
        round!(c d e f g h a b, $added!(14));
        round!(b c d e f g h a, $added!(15));
        *$state = [a, b, c, d, e, f, g, h];
    };
}

/// Compresses a block of each message. `keep` is given what each round adds, for whoever compresses the block
/// again.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::cpu) fn compress(
    state: &mut [Words; 8],
    mut block: [Words; 16],
    mut keep: impl FnMut(usize, Words),
) {
    let before = *state;
    let (constants, _) = CONSTANTS.0.as_chunks::<16>();
    for (sixteen, constants) in constants.iter().enumerate() {
        macro_rules! added {
            ($i:literal) => {{
                let sum = _mm512_add_epi32(block[$i], splat(constants[$i]));
                keep(16 * sixteen + $i, sum);
                sum
            }};
        }
        macro_rules! expanded {
            ($i:literal) => {{
                expand::<$i>(&mut block);
                added!($i)
            }};
        }
        if sixteen == 0 {
            sixteen_rounds!(state, added);
        } else {
            sixteen_rounds!(state, expanded);
        }
    }
    add(state, before);
}

/// Compresses a block for which each round's addend is known: the same in every lane.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn compress_known(state: &mut [Words; 8], sums: &Rounds) {
    let before = *state;
    let (sums, _) = sums.0.as_chunks::<16>();
    for sums in sums {
        macro_rules! added {
            ($i:literal) => {
                splat(sums[$i])
            };
        }
        sixteen_rounds!(state, added);
    }
    add(state, before);
}

/// Compresses a block again, with what [`compress`] kept.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::cpu) fn compress_again(state: &mut [Words; 8], kept: &[Words; 64]) {
    let before = *state;
    let (kept, _) = kept.as_chunks::<16>();
    for kept in kept {
        macro_rules! added {
            ($i:literal) => {
                kept[$i]
            };
        }
        sixteen_rounds!(state, added);
    }
    add(state, before);
}

/// Replaces word `I` of a schedule by the one sixteen later.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn expand<const I: usize>(words: &mut [Words; 16]) {
    let (far, near) = (words[(I + 1) % 16], words[(I + 14) % 16]);
    let sigma_0 = xor(
        _mm512_ror_epi32::<7>(far),
        _mm512_ror_epi32::<18>(far),
        _mm512_srli_epi32::<3>(far),
    );
    let sigma_1 = xor(
        _mm512_ror_epi32::<17>(near),
        _mm512_ror_epi32::<19>(near),
        _mm512_srli_epi32::<10>(near),
    );
    words[I] = _mm512_add_epi32(
        _mm512_add_epi32(words[I], sigma_0),
        _mm512_add_epi32(words[(I + 9) % 16], sigma_1),
    );
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn add(state: &mut [Words; 8], before: [Words; 8]) {
    for (word, before) in state.iter_mut().zip(before) {
        *word = _mm512_add_epi32(*word, before);
    }
}

/// The digests of final states, cut to 254 bits.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::cpu) fn nodes(state: [Words; 8]) -> [Node; N_LANES] {
    let [a, b, c, d, e, f, g, h] = state;
    // The last byte of a digest is the lowest of h.
    let h = _mm512_and_si512(h, splat(!0xc0));
    let zero = _mm512_setzero_si512();
    let rows = transpose([
        a, b, c, d, e, f, g, h, zero, zero, zero, zero, zero, zero, zero, zero,
    ]);
    let mut nodes = [Node::ZERO; N_LANES];
    for (node, row) in nodes.iter_mut().zip(rows) {
        // SAFETY: a node has 32 bytes.
        unsafe { _mm256_storeu_si256(node.0.as_mut_ptr().cast(), _mm512_castsi512_si256(swap(row))) };
    }
    nodes
}

/// The words of blocks, from the bytes of a block in each row.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(in crate::cpu) fn words(mut rows: [__m512i; N_LANES]) -> [Words; 16] {
    for row in &mut rows {
        *row = swap(*row);
    }
    transpose(rows)
}

/// The bytes of each word turned round.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn swap(words: __m512i) -> __m512i {
    let order = _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203);
    _mm512_shuffle_epi8(words, _mm512_broadcast_i32x4(order))
}

/// Rows become columns.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn transpose(rows: [__m512i; 16]) -> [__m512i; 16] {
    let mut pairs = rows;
    for i in (0..16).step_by(2) {
        pairs[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    // Part l of register 4q + c holds word 4l + c of rows 4q to 4q + 3.
    let mut fours = pairs;
    for q in (0..16).step_by(4) {
        fours[q] = _mm512_unpacklo_epi64(pairs[q], pairs[q + 2]);
        fours[q + 1] = _mm512_unpackhi_epi64(pairs[q], pairs[q + 2]);
        fours[q + 2] = _mm512_unpacklo_epi64(pairs[q + 1], pairs[q + 3]);
        fours[q + 3] = _mm512_unpackhi_epi64(pairs[q + 1], pairs[q + 3]);
    }
    let mut columns = fours;
    for c in 0..4 {
        let (even_low, odd_low) = parts(fours[c], fours[4 + c]);
        let (even_high, odd_high) = parts(fours[8 + c], fours[12 + c]);
        (columns[c], columns[8 + c]) = parts(even_low, even_high);
        (columns[4 + c], columns[12 + c]) = parts(odd_low, odd_high);
    }
    columns
}

/// The even and the odd parts of 16 bytes of two registers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn parts(a: __m512i, b: __m512i) -> (__m512i, __m512i) {
    (
        _mm512_shuffle_i32x4::<0x88>(a, b),
        _mm512_shuffle_i32x4::<0xdd>(a, b),
    )
}
