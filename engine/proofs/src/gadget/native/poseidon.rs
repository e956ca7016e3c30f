//! The numbers that neptune's legacy Poseidon allocates.

use bellperson::ConstraintSystem;
use kernels::{cpu, Fr, Hash, Level};

use crate::gadget::traces::Trace;

/// Allocates what the gadget allocates before its digest, and gives the digest; both from the trace, if that is
/// of this preimage.
pub fn poseidon<CS: ConstraintSystem<Fr>>(
    cs: &mut CS,
    hash: Hash,
    preimage: &[Fr],
    trace: Option<Trace<'_>>,
) -> Fr {
    let mut own = Vec::new();
    let values = match trace.and_then(|trace| trace.values_of(preimage)) {
        Some(values) => values,
        None => {
            cpu::trace(Level::current(), hash, preimage, &mut own);
            &own
        }
    };
    let (digest, values) = values.split_last().expect("a trace ends with its digest");
    cs.extend_aux(values);
    *digest
}
