//! The CPU: the portable bodies behind every operation of [`Backend`].

mod affine;
mod curve;
mod digits;
mod encode;
mod field;
mod label;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod msm;
mod multiples;
mod ntt;
mod poseidon;
mod sha256;
mod sums;
mod tree;

pub(crate) use encode::{decode, decode_scaled, encode, encode_scaled};
pub(crate) use label::label;
pub(crate) use ntt::{ntt, quotient};
pub(crate) use sums::fastest as sums;
pub(crate) use tree::{columns, encode_scaled_tree, encode_tree};

use crate::{
    device, Backend, Bases, DeviceInfo, Fr, G1Affine, G1Projective, G2Affine, G2Projective, Hash, Node,
    Result,
};

/// Nodes handed to one thread at a time: enough to hide the hand-over, few enough to share out evenly.
const CHUNK_LEN: usize = 1 << 10;

/// The CPU as a device: all cores, and the best that this processor has.
#[derive(Debug)]
pub struct Cpu {
    info: DeviceInfo,
    poseidon: &'static dyn poseidon::Hasher,
    sums: &'static dyn sums::Sums,
}

impl Cpu {
    /// Looks at the CPU this process runs on.
    pub fn new() -> Cpu {
        Cpu::with("cpu", poseidon::fastest(), sums::fastest())
    }

    /// Keeps to what every processor can do: slower, and the same code on all of them.
    pub fn portable() -> Cpu {
        Cpu::with("cpu, portable", poseidon::portable(), sums::portable())
    }

    fn with(name: &str, poseidon: &'static dyn poseidon::Hasher, sums: &'static dyn sums::Sums) -> Cpu {
        let info = DeviceInfo {
            name: name.into(),
            model: device::cpu_model(),
            native: &["all"],
        };
        Cpu { info, poseidon, sums }
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

    fn hash(&self, hash: Hash, preimages: &[Node], digests: &mut [Node]) -> Result<()> {
        hash_with(self.poseidon, hash, preimages, digests)
    }

    fn msm_g1(&self, bases: Bases<'_>, scalars: &[Fr]) -> Result<G1Projective> {
        self.sums.msm_g1(bases, scalars)
    }

    fn msm_g2(&self, bases: Bases<'_>, scalars: &[Fr]) -> Result<G2Projective> {
        self.sums.msm_g2(bases, scalars)
    }

    fn multiples_g1(&self, base: &G1Affine, scalars: &[Fr], multiples: &mut [G1Affine]) -> Result<()> {
        self.sums.multiples_g1(base, scalars, multiples);
        Ok(())
    }

    fn multiples_g2(&self, base: &G2Affine, scalars: &[Fr], multiples: &mut [G2Affine]) -> Result<()> {
        self.sums.multiples_g2(base, scalars, multiples);
        Ok(())
    }
}

pub(crate) fn hash(hash: Hash, preimages: &[Node], digests: &mut [Node]) -> Result<()> {
    hash_with(poseidon::fastest(), hash, preimages, digests)
}

fn hash_with(
    poseidon: &dyn poseidon::Hasher,
    hash: Hash,
    preimages: &[Node],
    digests: &mut [Node],
) -> Result<()> {
    assert_eq!(
        preimages.len(),
        digests.len() * hash.arity(),
        "preimages and digests of {hash:?}"
    );
    match hash {
        Hash::Sha256 => {
            sha256::hash(preimages, digests);
            Ok(())
        }
        _ => poseidon::hash(poseidon, hash, preimages, digests),
    }
}
