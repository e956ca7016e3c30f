//! ChaCha8 keystreams of several keys at once, as the graph draws them.

/// Keys that go side by side: so that a compiler fills the vector registers with them.
pub(crate) const LANES: usize = 8;

/// Random numbers that a node needs; they take a whole block of the keystream and a quarter of the next.
pub(crate) const DRAWS: usize = 10;

type Word = [u32; LANES];
type Block = [Word; 16];

/// The first ten `u64` of the keystream of each key, block counter and nonce 0.
///
/// A key is eight words, `key[i]` in all lanes at once. Each `u64` is two words, the lower one first: what
/// `ChaCha8Rng::from_seed(key)` of rand_chacha 0.3 draws.
pub(crate) fn draws(key: &[Word; 8]) -> [[u64; LANES]; DRAWS] {
    let (first, second) = (block(key, 0), block(key, 1));
    let mut draws = [[0; LANES]; DRAWS];
    for (i, draw) in draws.iter_mut().enumerate() {
        let (low, high) = if i < 8 {
            (first[2 * i], first[2 * i + 1])
        } else {
            (second[2 * i - 16], second[2 * i - 15])
        };
        for lane in 0..LANES {
            draw[lane] = u64::from(low[lane]) | u64::from(high[lane]) << 32;
        }
    }
    draws
}

/// One block of the keystream of each key.
#[inline(always)]
fn block(key: &[Word; 8], counter: u32) -> Block {
    let mut start = [[0; LANES]; 16];
    for (word, constant) in start
        .iter_mut()
        .zip([0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574])
    {
        *word = [constant; LANES];
    }
    start[4..12].copy_from_slice(key);
    start[12] = [counter; LANES];
    let mut state = start;
    for _ in 0..4 {
        for column in 0..4 {
            quarter_round(&mut state, [column, 4 + column, 8 + column, 12 + column]);
        }
        for column in 0..4 {
            quarter_round(
                &mut state,
                [
                    column,
                    4 + (column + 1) % 4,
                    8 + (column + 2) % 4,
                    12 + (column + 3) % 4,
                ],
            );
        }
    }
    for (word, start) in state.iter_mut().zip(&start) {
        add(word, *start);
    }
    state
}

#[inline(always)]
fn quarter_round(state: &mut Block, [a, b, c, d]: [usize; 4]) {
    let [mut wa, mut wb, mut wc, mut wd] = [state[a], state[b], state[c], state[d]];
    add(&mut wa, wb);
    xor_rotate(&mut wd, wa, 16);
    add(&mut wc, wd);
    xor_rotate(&mut wb, wc, 12);
    add(&mut wa, wb);
    xor_rotate(&mut wd, wa, 8);
    add(&mut wc, wd);
    xor_rotate(&mut wb, wc, 7);
    [state[a], state[b], state[c], state[d]] = [wa, wb, wc, wd];
}

#[inline(always)]
fn add(a: &mut Word, b: Word) {
    for lane in 0..LANES {
        a[lane] = a[lane].wrapping_add(b[lane]);
    }
}

#[inline(always)]
fn xor_rotate(a: &mut Word, b: Word, by: u32) {
    for lane in 0..LANES {
        a[lane] = (a[lane] ^ b[lane]).rotate_left(by);
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::{RngCore, SeedableRng};

    use super::*;

    #[test]
    fn lanes_draw_what_the_generator_draws() {
        let mut seeds = ChaCha8Rng::seed_from_u64(1);
        let key: [Word; 8] = std::array::from_fn(|_| std::array::from_fn(|_| seeds.next_u32()));
        let drawn = draws(&key);
        for lane in 0..LANES {
            let seed: Vec<u8> = key.iter().flat_map(|word| word[lane].to_le_bytes()).collect();
            let mut rng = ChaCha8Rng::from_seed(seed.try_into().unwrap());
            for draw in &drawn {
                assert_eq!(draw[lane], rng.next_u64());
            }
        }
    }
}
