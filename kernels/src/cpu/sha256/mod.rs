//! SHA-256 of pairs of nodes.

#[cfg(target_arch = "x86_64")]
pub(super) mod chains;
#[cfg(target_arch = "x86_64")]
mod constants;
#[cfg(target_arch = "x86_64")]
pub(super) mod lanes;
mod portable;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use rayon::prelude::*;

pub(super) use self::portable::node;
use super::quickest::quickest;
use super::CHUNK_LEN;
use crate::{Level, Node};

/// The initial state of SHA-256 (FIPS 180-4, section 5.3.3).
pub(super) const INITIAL: [u32; 8] = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/// `digests[i] = SHA256(preimages[2i] ‖ preimages[2i + 1])`, cut to 254 bits.
pub(super) fn hash(level: Level, preimages: &[Node], digests: &mut [Node]) {
    let body = Body::fastest(level);
    preimages
        .par_chunks(2 * CHUNK_LEN)
        .zip(digests.par_chunks_mut(CHUNK_LEN))
        .for_each(|(preimages, digests)| body.hash(preimages, digests));
}

/// Who hashes pairs.
#[derive(Clone, Copy, Debug)]
enum Body {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Chains(chains::ShaNi),
    #[cfg(target_arch = "x86_64")]
    Lanes(lanes::Avx512),
}

impl Body {
    /// All that a level has.
    fn all(level: Level) -> Vec<Body> {
        #[cfg(not(target_arch = "x86_64"))]
        let wide = {
            let _ = level;
            []
        };
        #[cfg(target_arch = "x86_64")]
        let wide = [
            chains::ShaNi::of(level).map(Body::Chains),
            lanes::Avx512::of(level).map(Body::Lanes),
        ];
        [Some(Body::Portable)].into_iter().chain(wide).flatten().collect()
    }

    /// The fastest that a level has, which the names of instructions do not tell: of two processors with the same,
    /// either body wins on one.
    fn fastest(level: Level) -> Body {
        static FASTEST: [OnceLock<Body>; Level::ALL.len()] = [const { OnceLock::new() }; Level::ALL.len()];
        *FASTEST[level as usize].get_or_init(|| {
            // Some microseconds each.
            let preimages = [Node([0x5a; 32]); 64];
            let mut digests = [Node::ZERO; 32];
            quickest(&Body::all(level), |body| body.hash(&preimages, &mut digests))
        })
    }

    fn hash(self, preimages: &[Node], digests: &mut [Node]) {
        let n_done = match self {
            Body::Portable => 0,
            #[cfg(target_arch = "x86_64")]
            Body::Chains(sha_ni) => chains::hash(sha_ni, preimages, digests),
            #[cfg(target_arch = "x86_64")]
            Body::Lanes(avx512) => lanes::hash(avx512, preimages, digests),
        };
        portable::hash(&preimages[2 * n_done..], &mut digests[n_done..]);
    }
}
