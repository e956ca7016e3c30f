//! Witnesses without constraints: what a gadget allocates, computed in numbers.
//!
//! A constraint system that only collects a witness says so (`is_witness_generator`); then a gadget need not
//! build a single linear combination. What stands here must push exactly the values that the gadgets of
//! bellperson and neptune allocate, in their order: a law holds both against each other for every circuit.

pub mod poseidon;
pub mod sha256;

use bellperson::ConstraintSystem;
use ff::Field;
use kernels::Fr;

/// Values that are collected before they are handed to the constraint system: they stay in the first cache.
const BUFFER_LEN: usize = 512;

/// Where bits go: into the private variables of a constraint system that only collects them.
pub struct Bits<'a, CS: ConstraintSystem<Fr>> {
    cs: &'a mut CS,
    buffer: Vec<Fr>,
}

impl<'a, CS: ConstraintSystem<Fr>> Bits<'a, CS> {
    /// Into these variables.
    pub fn into(cs: &'a mut CS) -> Self {
        Bits {
            cs,
            buffer: Vec::with_capacity(BUFFER_LEN + u64::BITS as usize),
        }
    }

    /// Pushes the `n` low bits, least significant first.
    #[inline]
    fn push(&mut self, mut bits: u64, n: u32) {
        const VALUES: [Fr; 2] = [Fr::ZERO, Fr::ONE];
        self.buffer.extend((0..n).map(|_| {
            let value = VALUES[(bits & 1) as usize];
            bits >>= 1;
            value
        }));
        if BUFFER_LEN <= self.buffer.len() {
            self.flush();
        }
    }

    /// Pushes those bits that the mask selects, least significant first.
    fn push_masked(&mut self, bits: u32, mask: u32) {
        if mask == u32::MAX {
            self.push(u64::from(bits), 32);
        } else {
            (0..32)
                .filter(|i| mask >> i & 1 == 1)
                .for_each(|i| self.push(u64::from(bits >> i), 1));
        }
    }

    fn flush(&mut self) {
        self.cs.extend_aux(&self.buffer);
        self.buffer.clear();
    }
}

/// What is left is handed over.
impl<CS: ConstraintSystem<Fr>> Drop for Bits<'_, CS> {
    fn drop(&mut self) {
        self.flush();
    }
}
