//! The CPU: the portable bodies behind every operation of [`Backend`].

mod affine;
mod buckets;
mod curve;
mod digits;
mod encode;
mod field;
mod label;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod level;
mod msm;
mod multiples;
mod ntt;
mod poseidon;
mod quickest;
mod sha256;
mod sums;
mod tree;

pub use level::Level;
/// No operation of a [`Backend`](crate::Backend): a synthesis asks for a few at a time, fewer than a device is worth.
#[doc(inline)]
pub use poseidon::trace;

pub(crate) use encode::{decode, decode_scaled, encode, encode_scaled};
pub(crate) use label::label;
pub(crate) use ntt::{ntt, quotient};
pub(crate) use sums::at as sums;
pub(crate) use tree::{columns, encode_scaled_tree, encode_tree};

use crate::{device, Backend, DeviceInfo, Hash, Node, Result};

/// Nodes handed to one thread at a time: enough to hide the hand-over, few enough to share out evenly.
const CHUNK_LEN: usize = 1 << 10;

/// The CPU as a device: all cores, and instructions of one [`Level`].
#[derive(Debug)]
pub struct Cpu {
    info: DeviceInfo,
    level: Level,
}

impl Cpu {
    /// The CPU at the level of this process.
    pub fn new() -> Cpu {
        Cpu::with(Level::current())
    }

    /// The CPU held to a level, if the processor has it.
    pub fn at(level: Level) -> Option<Cpu> {
        level.is_there().then(|| Cpu::with(level))
    }

    /// The CPU at each level that the processor has, the least first.
    pub fn all() -> impl Iterator<Item = Cpu> {
        Level::ALL.into_iter().filter_map(Cpu::at)
    }

    fn with(level: Level) -> Cpu {
        let name = if level == Level::best() {
            "cpu".into()
        } else {
            format!("cpu, {level}")
        };
        let info = DeviceInfo {
            name,
            model: device::cpu_model(),
            native: &["all"],
        };
        Cpu { info, level }
    }
}

impl Default for Cpu {
    fn default() -> Cpu {
        Cpu::new()
    }
}

impl Backend for Cpu {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn level(&self) -> Level {
        self.level
    }
}

pub(crate) fn hash(level: Level, hash: Hash, preimages: &[Node], digests: &mut [Node]) -> Result<()> {
    assert_eq!(
        preimages.len(),
        digests.len() * hash.arity(),
        "preimages and digests of {hash:?}"
    );
    match hash {
        Hash::Sha256 => {
            sha256::hash(level, preimages, digests);
            Ok(())
        }
        _ => poseidon::hash(level, hash, preimages, digests),
    }
}
