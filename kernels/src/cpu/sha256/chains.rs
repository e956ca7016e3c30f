//! SHA-256 with SHA-NI: several chains at once, because two rounds of one take four cycles and a processor can
//! begin others meanwhile.
//!
//! The schedule lies in memory and is expanded while the rounds of others run. The three innermost steps are
//! assembly for the order they stand in: from intrinsics the compiler makes another, which is a third slower.
//!
//! SHA-NI has the old encoding only. No instruction with wider registers stands in here: on many processors each
//! change between the two would cost more than a round.

use std::arch::asm;
use std::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_alignr_epi8, _mm_and_si128, _mm_blend_epi16, _mm_loadu_si128, _mm_set_epi32,
    _mm_set_epi64x, _mm_shuffle_epi32, _mm_shuffle_epi8, _mm_store_si128, _mm_storeu_si128,
};

pub(in crate::cpu) use super::constants::Rounds;
use super::constants::{CONSTANTS, PADDING};
use super::INITIAL;
use crate::{Level, Node};

/// Chains side by side that fill a processor which begins two rounds in each cycle, and take four to end them.
const N_CHAINS: usize = 4;

/// Groups of four rounds in a block.
pub(in crate::cpu) const N_GROUPS: usize = 16;

/// Proof that this processor has the instructions, and may use them; whoever holds it may run them.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct ShaNi(());

impl ShaNi {
    pub(in crate::cpu) fn of(level: Level) -> Option<ShaNi> {
        let there = is_x86_feature_detected!("sha") && is_x86_feature_detected!("sse4.1");
        (there && level.allows(Level::Adx)).then_some(ShaNi(()))
    }
}

/// The state of one chain, in the order that the instructions take.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct State {
    abef: __m128i,
    cdgh: __m128i,
}

/// Hashes pairs as [`super::hash`] does, as many as fill the chains; answers how many it did.
pub(super) fn hash(sha_ni: ShaNi, preimages: &[Node], digests: &mut [Node]) -> usize {
    let ShaNi(()) = sha_ni;
    let (messages, _) = Node::bytes(preimages).as_chunks::<64>();
    let (messages, _) = messages.as_chunks();
    let (digests, _) = digests.as_chunks_mut();
    // SAFETY: there is a `ShaNi`, so the instructions are there.
    unsafe { hash_groups(messages, digests) };
    N_CHAINS * digests.len()
}

/// While one group of messages is hashed, the schedules of the next are expanded: two with the first block, two
/// with the second.
#[target_feature(enable = "sha,sse4.1")]
fn hash_groups(messages: &[[[u8; 64]; N_CHAINS]], digests: &mut [[Node; N_CHAINS]]) {
    let mut schedules = [[Rounds([0; 64]); N_CHAINS]; 2];
    let [mut now, mut next] = schedules.each_mut();
    if let Some([a, b, c, d]) = messages.first() {
        let [w, x, y, z] = &mut *now;
        run([a, b], [w, x], |_| ());
        run([c, d], [y, z], |_| ());
    }
    for (group, digests) in digests.iter_mut().enumerate() {
        let [a, b, c, d] = messages.get(group + 1).unwrap_or(&messages[group]);
        let [w, x, y, z] = &mut *next;
        let mut states = [State::initial(); N_CHAINS];
        let before = states;
        run([a, b], [w, x], |group| rounds(&mut states, now, group));
        add(&mut states, &before);
        let before = states;
        run([c, d], [y, z], |group| {
            for state in &mut states {
                state.known_rounds(&PADDING, group);
            }
        });
        add(&mut states, &before);
        for (state, digest) in states.into_iter().zip(digests) {
            *digest = state.node();
        }
        std::mem::swap(&mut now, &mut next);
    }
}

/// Expands two messages, a step for each group of rounds.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn run(messages: [&[u8; 64]; 2], schedules: [&mut Rounds; 2], mut rounds: impl FnMut(usize)) {
    let [a, b] = messages;
    let [w, x] = schedules;
    let mut last = [begin(w, a), begin(x, b)];
    for group in 0..4 {
        rounds(group);
    }
    for group in 4..N_GROUPS {
        expand(w, &mut last[0], group);
        expand(x, &mut last[1], group);
        rounds(group);
    }
}

/// The bytes of each word turned round.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn swap(words: __m128i) -> __m128i {
    _mm_shuffle_epi8(
        words,
        _mm_set_epi64x(0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203),
    )
}

/// Reads 16 bytes as four words.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn read(bytes: &[u8; 16]) -> __m128i {
    // SAFETY: there are 16 bytes.
    swap(unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) })
}

/// Puts a group of four words into a schedule.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn put(schedule: &mut Rounds, group: usize, words: __m128i) {
    let (groups, _) = schedule.0.as_chunks_mut::<4>();
    // SAFETY: there are 16 bytes, and as a group of a schedule they are aligned.
    unsafe { _mm_store_si128(groups[group].as_mut_ptr().cast(), words) };
}

/// Puts half a block into a schedule, and answers its last words.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
pub(in crate::cpu) fn put_half(schedule: &mut Rounds, half: usize, bytes: &[u8; 32]) -> __m128i {
    let (quarters, _) = bytes.as_chunks::<16>();
    put(schedule, 2 * half, read(&quarters[0]));
    let last = read(&quarters[1]);
    put(schedule, 2 * half + 1, last);
    last
}

/// Puts a block into a schedule, and answers its last words.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn begin(schedule: &mut Rounds, block: &[u8; 64]) -> __m128i {
    let (halves, _) = block.as_chunks::<32>();
    put_half(schedule, 0, &halves[0]);
    put_half(schedule, 1, &halves[1])
}

/// Expands a schedule by four words: group `group`, from 4 on, from the four before it, of which `last` is one.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
pub(in crate::cpu) fn expand(schedule: &mut Rounds, last: &mut __m128i, group: usize) {
    assert!((4..N_GROUPS).contains(&group));
    // SAFETY: the group and the four before it lie in the schedule, and are aligned; the caller has the instructions.
    unsafe {
        asm!(
            "movdqa {new}, [{schedule} + {offset} - 64]",
            "movdqa {shifted}, {last}",
            "sha256msg1 {new}, [{schedule} + {offset} - 48]",
            "palignr {shifted}, [{schedule} + {offset} - 32], 4",
            "paddd {new}, {shifted}",
            "sha256msg2 {new}, {last}",
            "movdqa [{schedule} + {offset}], {new}",
            "movdqa {last}, {new}",
            schedule = in(reg) schedule,
            offset = in(reg) 16 * group,
            last = inout(xmm_reg) *last,
            new = out(xmm_reg) _,
            shifted = out(xmm_reg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Four rounds of each chain. (Places are counted, not zipped: so the compiler unrolls the loop, and keeps the
/// states in registers.)
#[inline]
#[target_feature(enable = "sha,sse4.1")]
fn rounds<const N: usize>(states: &mut [State; N], schedules: &[Rounds; N], group: usize) {
    for i in 0..N {
        states[i].rounds(&schedules[i], group);
    }
}

/// Ends a block of each chain: adds the states from before it.
#[inline]
#[target_feature(enable = "sha,sse4.1")]
pub(in crate::cpu) fn add<const N: usize>(states: &mut [State; N], before: &[State; N]) {
    for i in 0..N {
        states[i].abef = _mm_add_epi32(states[i].abef, before[i].abef);
        states[i].cdgh = _mm_add_epi32(states[i].cdgh, before[i].cdgh);
    }
}

impl State {
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    pub(in crate::cpu) fn initial() -> State {
        let [a, b, c, d, e, f, g, h] = INITIAL.map(u32::cast_signed);
        State {
            abef: _mm_set_epi32(a, b, e, f),
            cdgh: _mm_set_epi32(c, d, g, h),
        }
    }

    /// Four rounds of a block with its schedule.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    pub(in crate::cpu) fn rounds(&mut self, schedule: &Rounds, group: usize) {
        assert!(group < N_GROUPS);
        // SAFETY: the group lies in the schedule and in the constants, and is aligned; the caller has the instructions.
        unsafe {
            asm!(
                "movdqa xmm0, [{schedule} + {offset}]",
                "paddd xmm0, [{constants} + {offset}]",
                "sha256rnds2 {cdgh}, {abef}",
                "pshufd xmm0, xmm0, 0x0e",
                "sha256rnds2 {abef}, {cdgh}",
                schedule = in(reg) schedule,
                constants = in(reg) &CONSTANTS,
                offset = in(reg) 16 * group,
                abef = inout(xmm_reg) self.abef,
                cdgh = inout(xmm_reg) self.cdgh,
                out("xmm0") _,
                options(nostack, preserves_flags, readonly),
            );
        }
    }

    /// Four rounds of a block with its schedule; what they add is kept.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    pub(in crate::cpu) fn keeping_rounds(&mut self, schedule: &Rounds, kept: &mut Rounds, group: usize) {
        assert!(group < N_GROUPS);
        // SAFETY: the group lies in the schedule, in the constants and in what is kept, and is aligned; the caller
        // has the instructions.
        unsafe {
            asm!(
                "movdqa xmm0, [{schedule} + {offset}]",
                "paddd xmm0, [{constants} + {offset}]",
                "movdqa [{kept} + {offset}], xmm0",
                "sha256rnds2 {cdgh}, {abef}",
                "pshufd xmm0, xmm0, 0x0e",
                "sha256rnds2 {abef}, {cdgh}",
                schedule = in(reg) schedule,
                kept = in(reg) kept,
                constants = in(reg) &CONSTANTS,
                offset = in(reg) 16 * group,
                abef = inout(xmm_reg) self.abef,
                cdgh = inout(xmm_reg) self.cdgh,
                out("xmm0") _,
                options(nostack, preserves_flags),
            );
        }
    }

    /// Four rounds of a block whose schedule and constants are added up already.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    pub(in crate::cpu) fn known_rounds(&mut self, sums: &Rounds, group: usize) {
        assert!(group < N_GROUPS);
        // SAFETY: the group lies in the sums, and is aligned; the caller has the instructions.
        unsafe {
            asm!(
                "movdqa xmm0, [{sums} + {offset}]",
                "sha256rnds2 {cdgh}, {abef}",
                "pshufd xmm0, xmm0, 0x0e",
                "sha256rnds2 {abef}, {cdgh}",
                sums = in(reg) sums,
                offset = in(reg) 16 * group,
                abef = inout(xmm_reg) self.abef,
                cdgh = inout(xmm_reg) self.cdgh,
                out("xmm0") _,
                options(nostack, preserves_flags, readonly),
            );
        }
    }

    /// The digest, cut to 254 bits.
    #[inline]
    #[target_feature(enable = "sha,sse4.1")]
    pub(in crate::cpu) fn node(self) -> Node {
        let abef = _mm_shuffle_epi32::<0x1b>(self.abef);
        let ghcd = _mm_shuffle_epi32::<0xb1>(self.cdgh);
        let abcd = _mm_blend_epi16::<0xf0>(abef, ghcd);
        let efgh = _mm_alignr_epi8::<8>(ghcd, abef);
        // The last byte of the digest is the lowest of h.
        let cut = _mm_and_si128(efgh, _mm_set_epi32(!0xc0, -1, -1, -1));
        let mut node = Node::ZERO;
        let (halves, _) = node.0.as_chunks_mut::<16>();
        // SAFETY: there are 16 bytes in each half.
        unsafe {
            _mm_storeu_si128(halves[0].as_mut_ptr().cast(), swap(abcd));
            _mm_storeu_si128(halves[1].as_mut_ptr().cast(), swap(cut));
        }
        node
    }
}
