//! The permutation behind the expander parents: a Feistel network of three rounds.

use blake2b_simd::{
    many::{hash_many, HashManyJob},
    Params,
};

/// Rounds of the network.
const ROUNDS: usize = 3;

/// Numbers that are permuted together: the expander parents of eight nodes.
pub(crate) const BATCH: usize = 64;

/// A permutation of `0 .. size`.
///
/// The halves of the network have h bits with `4^h` the first power of 4 that is not below the size. A round
/// maps `(L, R)` to `(R, L ⊕ F(R, key))`, where `F` is the first 8 bytes of `BLAKE2b-512(u64be(R) ‖ u64be(key))`
/// as a big-endian integer, cut to h bits. What falls outside `0 .. size` is permuted again.
///
/// A round's `F` sees only `2^h` values of `R`, about the square root of the size. So each round is one table
/// (three of 512 KiB for 32 GiB sectors), made once, and no hash is left on the way of a single value.
pub(crate) struct Feistel {
    size: u64,
    half_bits: u32,
    tables: [Box<[u32]>; ROUNDS],
}

impl Feistel {
    /// The permutation with three keys.
    ///
    /// # Panics
    /// When the size is 0 or above 2⁶².
    pub fn new(size: u64, keys: [u64; ROUNDS]) -> Feistel {
        assert!(0 < size && size <= 1 << 62, "no permutation of {size} numbers");
        let half_bits = size.next_power_of_two().ilog2().div_ceil(2).max(1);
        Feistel {
            size,
            half_bits,
            tables: keys.map(|key| round_table(half_bits, key)),
        }
    }

    /// Where numbers in a row go: `out[i]` is the place of `first + i`.
    ///
    /// What falls outside is gathered and goes through the network together, without a branch for each:
    /// for half of the sizes every second number falls outside, and no processor could guess which.
    ///
    /// # Panics
    /// When that are more than [`BATCH`] numbers, or some beyond the size: those might never come back.
    pub fn permute(&self, first: u64, out: &mut [u64]) {
        assert!(
            first + out.len() as u64 <= self.size,
            "{first} and on: not all below {}",
            self.size
        );
        let mut outside = [0; BATCH];
        let mut n_outside = 0;
        for (i, y) in out.iter_mut().enumerate() {
            *y = self.encode(first + i as u64);
            outside[n_outside] = i;
            n_outside += usize::from(self.size <= *y);
        }
        while 0 < n_outside {
            let n_left = std::mem::take(&mut n_outside);
            for at in 0..n_left {
                let i = outside[at];
                out[i] = self.encode(out[i]);
                outside[n_outside] = i;
                n_outside += usize::from(self.size <= out[i]);
            }
        }
    }

    /// One pass through the network.
    #[inline]
    fn encode(&self, x: u64) -> u64 {
        let mask = (1 << self.half_bits) - 1;
        let (mut left, mut right) = (x >> self.half_bits & mask, x & mask);
        for table in &self.tables {
            (left, right) = (right, left ^ u64::from(table[right as usize]));
        }
        left << self.half_bits | right
    }
}

/// `F(R, key)` for every R of so many bits.
fn round_table(half_bits: u32, key: u64) -> Box<[u32]> {
    let mask = (1u64 << half_bits) - 1;
    let params = Params::new();
    let mut table = vec![0; 1 << half_bits].into_boxed_slice();
    for (batch, out) in table.chunks_mut(BATCH).enumerate() {
        let message = |i| {
            let mut message = [0; 16];
            message[..8].copy_from_slice(&((batch * BATCH + i) as u64).to_be_bytes());
            message[8..].copy_from_slice(&key.to_be_bytes());
            message
        };
        let messages: Vec<[u8; 16]> = (0..out.len()).map(message).collect();
        let mut jobs: Vec<HashManyJob<'_>> = messages.iter().map(|m| HashManyJob::new(&params, m)).collect();
        hash_many(&mut jobs);
        for (entry, job) in out.iter_mut().zip(&jobs) {
            let digest = job.to_hash();
            let first = digest.as_bytes().first_chunk().expect("a digest has 64 bytes");
            *entry = (u64::from_be_bytes(*first) & mask) as u32;
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(size: u64) {
        let feistel = Feistel::new(size, [1, u64::MAX, 0x0123_4567_89ab_cdef]);
        let mut seen = vec![false; size as usize];
        let mut places = vec![0; size as usize];
        for (first, places) in (0..).step_by(BATCH).zip(places.chunks_mut(BATCH)) {
            feistel.permute(first, places);
        }
        for y in places {
            assert!(!seen[y as usize], "{y} is met twice in 0..{size}");
            seen[y as usize] = true;
        }
    }

    #[test]
    fn every_number_is_met_once() {
        for size in [1, 2, 3, 4, 5, 16, 17, 512, 1000, 1 << 13, (1 << 16) + 1] {
            check(size);
        }
    }
}
