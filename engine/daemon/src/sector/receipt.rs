//! What a finished file must be: its size, and the digest of every chunk of it.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Bytes under one digest: small enough to say where a file is damaged, large enough that the digests of a
/// 64 GiB sector's largest file fit in a few hundred kilobytes.
pub const CHUNK_SIZE: usize = 16 << 20;

/// Size and BLAKE3 digests of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Bytes of the file.
    pub size: u64,
    /// BLAKE3 of each [`CHUNK_SIZE`] bytes, in hex; the last chunk may be shorter.
    pub blake3: Vec<String>,
}

impl Receipt {
    /// The receipt of these bytes; on all cores.
    pub fn of(bytes: &[u8]) -> Receipt {
        Receipt {
            size: bytes.len() as u64,
            blake3: bytes.par_chunks(CHUNK_SIZE).map(digest).collect(),
        }
    }

    /// The first chunk that reaches into `range` and is not what it was, as a range of bytes.
    pub fn first_damage(&self, bytes: &[u8], range: Range<u64>) -> Option<Range<usize>> {
        let chunks = bytes.chunks(CHUNK_SIZE).zip(&self.blake3).enumerate();
        let chunks: Vec<_> = chunks.collect();
        let damaged = chunks.into_par_iter().find_first(|(i, (chunk, receipt))| {
            let (start, size) = ((i * CHUNK_SIZE) as u64, chunk.len() as u64);
            let is_asked_for = start < range.end && range.start < start + size;
            is_asked_for && digest(chunk) != **receipt
        });
        damaged.map(|(i, (chunk, _))| i * CHUNK_SIZE..i * CHUNK_SIZE + chunk.len())
    }
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_found_where_it_is() {
        let mut bytes = vec![7; CHUNK_SIZE + 100];
        let receipt = Receipt::of(&bytes);
        let whole = 0..bytes.len() as u64;
        assert_eq!(receipt.first_damage(&bytes, whole.clone()), None);
        bytes[CHUNK_SIZE + 99] ^= 1;
        assert_eq!(
            receipt.first_damage(&bytes, whole),
            Some(CHUNK_SIZE..CHUNK_SIZE + 100)
        );
        assert_eq!(receipt.first_damage(&bytes, 0..CHUNK_SIZE as u64), None);
    }
}
