//! Between bytes and nodes: every 254 bits of data are followed by two zero bits, so that each 32 bytes are a
//! field element.
//!
//! Both are read as little-endian streams of bits. 127 bytes of data are 1016 bits, which are four nodes: the
//! unit of all that follows is a block of 127 bytes, padded to 128.

use std::ops::Range;

/// Bytes of data in a block.
pub const BLOCK: usize = 127;
/// Bytes of a padded block: four nodes.
pub const PADDED_BLOCK: usize = 128;
/// The bits of a node's last word that hold data.
const TOP_WORD: u64 = u64::MAX >> 2;

/// Bytes that so many bytes of data are padded to: a whole number of blocks.
pub const fn padded_len(unpadded_len: usize) -> usize {
    unpadded_len.div_ceil(BLOCK) * PADDED_BLOCK
}

/// Spreads data over nodes.
///
/// A last block that the data do not fill is filled with zeros. Streams are padded piece by piece: all but
/// the last must be a whole number of blocks.
///
/// # Panics
/// When `padded` is not [`padded_len`] of the data.
pub fn pad(unpadded: &[u8], padded: &mut [u8]) {
    assert_eq!(
        padded.len(),
        padded_len(unpadded.len()),
        "padded data are whole blocks"
    );
    let (blocks, tail) = unpadded.as_chunks::<BLOCK>();
    let (padded, _) = padded.as_chunks_mut::<PADDED_BLOCK>();
    for (block, padded) in blocks.iter().zip(&mut *padded) {
        pad_block(block, padded);
    }
    if let (false, Some(last)) = (tail.is_empty(), padded.last_mut()) {
        let mut block = [0; BLOCK];
        block[..tail.len()].copy_from_slice(tail);
        pad_block(&block, last);
    }
}

/// Gathers data from nodes: the inverse of [`pad`].
///
/// The two bits above each node are dropped, whatever they are. The last block is read as far as
/// `unpadded` reaches.
///
/// # Panics
/// When `padded` is not [`padded_len`] of the data.
pub fn unpad(padded: &[u8], unpadded: &mut [u8]) {
    assert_eq!(
        padded.len(),
        padded_len(unpadded.len()),
        "padded data are whole blocks"
    );
    let (padded, _) = padded.as_chunks::<PADDED_BLOCK>();
    let (blocks, tail) = unpadded.as_chunks_mut::<BLOCK>();
    for (padded, block) in padded.iter().zip(blocks) {
        unpad_block(padded, block);
    }
    if let (false, Some(last)) = (tail.is_empty(), padded.last()) {
        let mut block = [0; BLOCK];
        unpad_block(last, &mut block);
        tail.copy_from_slice(&block[..tail.len()]);
    }
}

/// Where a range of data lies once it is padded: the blocks that hold it, and the bytes of data in front of
/// it in the first of them.
///
/// # Panics
/// When the range ends beyond 2⁶³ bytes.
pub fn padded_range(data: Range<u64>) -> (Range<u64>, usize) {
    assert!(data.end <= 1 << 63, "no sector has {} bytes", data.end);
    let (block, padded) = (BLOCK as u64, PADDED_BLOCK as u64);
    let start = data.start / block * padded;
    let end = if data.is_empty() {
        start
    } else {
        data.end.div_ceil(block) * padded
    };
    (start..end, (data.start % block) as usize)
}

/// Word `4q + i` of the padded block starts at bit `254q + 64i = 64·(4q + i) − 2q` of the data.
fn pad_block(block: &[u8; BLOCK], padded: &mut [u8; PADDED_BLOCK]) {
    let mut bytes = [0; PADDED_BLOCK];
    bytes[..BLOCK].copy_from_slice(block);
    let words = words(&bytes);
    let (padded, _) = padded.as_chunks_mut::<8>();
    let mut below = 0;
    for (w, (word, padded)) in words.into_iter().zip(padded).enumerate() {
        let shift = w / 4 * 2;
        // In two steps, because a shift by 64 is none.
        let bits = word << shift | below >> 1 >> (63 - shift);
        *padded = (if w % 4 == 3 { bits & TOP_WORD } else { bits }).to_le_bytes();
        below = word;
    }
}

/// Word w of the data starts at bit 2q of word w of the padded block, with `q = ⌊w/4⌋`; the last word of a
/// node ends two bits early, so that the first word of the next node gives its bits.
fn unpad_block(padded: &[u8; PADDED_BLOCK], block: &mut [u8; BLOCK]) {
    let words = words(padded);
    let mut bytes = [0; PADDED_BLOCK];
    let (out, _) = bytes.as_chunks_mut::<8>();
    for (w, out) in out.iter_mut().enumerate() {
        let shift = w / 4 * 2;
        let above = words.get(w + 1).copied().unwrap_or(0);
        let bits = if w % 4 == 3 {
            (words[w] & TOP_WORD) >> shift | above << (62 - shift)
        } else {
            words[w] >> shift | above << 1 << (63 - shift)
        };
        *out = bits.to_le_bytes();
    }
    block.copy_from_slice(&bytes[..BLOCK]);
}

fn words(bytes: &[u8; PADDED_BLOCK]) -> [u64; PADDED_BLOCK / 8] {
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|w| u64::from_le_bytes(words[w]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(data: Range<u64>, blocks: Range<u64>, skip: usize) {
        assert_eq!(padded_range(data), (blocks, skip));
    }

    #[test]
    fn ranges_are_widened_to_blocks() {
        check(0..127, 0..128, 0);
        check(0..128, 0..256, 0);
        check(126..127, 0..128, 126);
        check(127..128, 128..256, 0);
        check(300..400, 256..512, 46);
        check(300..300, 256..256, 46);
    }
}
