//! Memory that goes from one proof to the next.
//!
//! A proof's largest lists are as long as those of every proof with the same parameters. Memory that was given back
//! comes again page by page, and cleared: on a virtual machine, whose host takes free pages away within seconds, that
//! lasts four times as long as filling them does.

use ff::Field;
use kernels::{zeros, Fr, Mixed};

use super::witness::Witness;

/// What a witness left of its memory: room, whatever it holds.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Where private variables were.
    pub aux: Mixed,
    /// Where A was.
    pub a: Vec<Fr>,
    /// Where B was, and then C.
    pub b: Vec<Fr>,
}

impl From<Witness> for Memory {
    fn from(Witness { aux, a, b, .. }: Witness) -> Memory {
        Memory { aux, a, b }
    }
}

/// So many elements, zeros from `n` on: before that is whatever was there.
pub(super) fn padded(mut memory: Vec<Fr>, n: usize, len: usize) -> Vec<Fr> {
    if memory.capacity() < len {
        // Gone before other memory is there.
        drop(memory);
        return zeros(len);
    }
    memory.truncate(n);
    memory.resize(len, Fr::ZERO);
    memory
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_does_not_come_back_behind_the_rows() {
        for old_len in [0, 1, 5, 8, 9, 20] {
            let old = vec![Fr::ONE; old_len];
            let padded = padded(old, 5, 8);
            assert_eq!(padded.len(), 8);
            assert_eq!(padded[5..], [Fr::ZERO; 3]);
        }
    }
}
