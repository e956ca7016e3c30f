//! Between bytes and nodes: every 254 bits of data are followed by two zero bits, so that each 32 bytes are a
//! field element.
//!
//! Both are read as little-endian streams of bits. 127 bytes of data are 1016 bits, which are four nodes: the
//! unit of all that follows is a block of 127 bytes, padded to 128.

use std::array;
use std::ops::Range;

use kernels::Node;

/// Bytes of data in a block.
pub const BLOCK: usize = 127;
/// Bytes of a padded block: four nodes.
pub const PADDED_BLOCK: usize = 128;
/// The bits of a node that hold data.
const NODE_BITS: usize = 254;
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

/// Node q of a block begins with bit 254·q of the data, which is some bits above the start of a byte. The bits
/// that a word lacks there are in the word that starts one byte later: no bit is carried from word to word, and
/// the words of a node are shifted side by side.
fn pad_block(block: &[u8; BLOCK], padded: &mut [u8; PADDED_BLOCK]) {
    let (nodes, _) = padded.as_chunks_mut();
    for (q, node) in nodes.iter_mut().enumerate() {
        let (start, shift) = (NODE_BITS * q / 8, NODE_BITS * q % 8);
        let (here, later) = (words(&block[start..]), words(&block[start + 1..]));
        let mut bits: [u64; 4] = array::from_fn(|i| here[i] >> shift | later[i] << (8 - shift));
        bits[3] &= TOP_WORD;
        *node = bytes(bits);
    }
}

/// Bytes 32·q to 32·q + 32 of a block begin with bit 2·q of node q, and end with the first bits of the next node.
fn unpad_block(padded: &[u8; PADDED_BLOCK], block: &mut [u8; BLOCK]) {
    for (q, block) in block.chunks_mut(Node::SIZE).enumerate() {
        let [a, b, c, top] = words(&padded[Node::SIZE * q..]);
        let [next, ..] = words(&padded[Node::SIZE * (q + 1)..]);
        let bits = [a, b, c, top & TOP_WORD | next << 62, next >> 2];
        let shift = 2 * q;
        // In two steps, because a shift by 64 is none.
        let bits = array::from_fn(|i| bits[i] >> shift | bits[i + 1] << 1 << (63 - shift));
        block.copy_from_slice(&bytes(bits)[..block.len()]);
    }
}

/// The first 32 bytes; zeros, where there are none.
fn words(bytes: &[u8]) -> [u64; 4] {
    let mut node = [0; Node::SIZE];
    let len = bytes.len().min(Node::SIZE);
    node[..len].copy_from_slice(&bytes[..len]);
    let (words, _) = node.as_chunks();
    array::from_fn(|i| u64::from_le_bytes(words[i]))
}

fn bytes(words: [u64; 4]) -> [u8; Node::SIZE] {
    let mut node = [0; Node::SIZE];
    let (bytes, _) = node.as_chunks_mut();
    for (bytes, word) in bytes.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
    node
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
