//! Numbers as bits, and bits as nodes.

use bellperson::{
    gadgets::{
        boolean::{field_into_allocated_bits_le, field_into_boolean_vec_le, AllocatedBit, Boolean},
        multipack,
        num::AllocatedNum,
    },
    ConstraintSystem, SynthesisError,
};
use ff::Field;
use kernels::Fr;

/// Bits of a digest that a node keeps.
const NODE_BITS: usize = 254;

/// Allocates the `n` low bits of a number, least significant first; `n` constraints.
///
/// # Errors
/// `AssignmentMissing` where a value is asked for and there is none.
pub fn alloc_bits<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    n: usize,
    number: Option<u64>,
) -> Result<Vec<AllocatedBit>, SynthesisError> {
    let bit = |i: usize| number.map(|number| number >> i & 1 == 1);
    (0..n)
        .map(|i| AllocatedBit::alloc(cs.namespace(|| format!("bit_{i}")), bit(i)))
        .collect()
}

/// Makes a number a public input: `Σ 2ⁱ·bitᵢ`.
///
/// # Errors
/// As [`alloc_bits`].
pub fn publish<CS: ConstraintSystem<Fr>>(cs: CS, bits: &[AllocatedBit]) -> Result<(), SynthesisError> {
    let bits: Vec<_> = bits.iter().cloned().map(Boolean::from).collect();
    multipack::pack_into_inputs(cs, &bits)
}

/// All 255 bits of a number, least significant first, and that they are its: 256 constraints.
///
/// Not strict: an element below `2²⁵⁵ − r` has a second decomposition.
///
/// # Errors
/// As [`alloc_bits`].
pub fn bits_of_number<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    number: &AllocatedNum<Fr>,
) -> Result<Vec<AllocatedBit>, SynthesisError> {
    let bits = field_into_allocated_bits_le(cs.namespace(|| "bits"), number.get_value())?;
    enforce_packed(&mut cs, "Σ 2ⁱ·bitᵢ = number", &bits, number);
    Ok(bits)
}

/// Enforces `Σ 2ⁱ·bitᵢ · 1 = number`.
pub fn enforce_packed<CS: ConstraintSystem<Fr>>(
    cs: &mut CS,
    name: &'static str,
    bits: &[AllocatedBit],
    number: &AllocatedNum<Fr>,
) {
    let powers = std::iter::successors(Some(Fr::ONE), |power| Some(power.double()));
    cs.enforce(
        || name,
        |lc| {
            bits.iter()
                .zip(powers)
                .fold(lc, |sum, (bit, power)| sum + (power, bit.get_variable()))
        },
        |lc| lc + CS::one(),
        |lc| lc + number.get_variable(),
    );
}

/// The number that at most 254 bits spell, least significant first; one variable, one constraint.
///
/// # Errors
/// As [`alloc_bits`].
pub fn pack<CS: ConstraintSystem<Fr>>(
    cs: CS,
    bits: &[AllocatedBit],
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    let bits: Vec<_> = bits.iter().cloned().map(Boolean::from).collect();
    multipack::pack_bits(cs, &bits)
}

/// The 256 bits of a node in the order in which SHA-256 reads its bytes; 256 constraints.
///
/// As in the reference the decomposition is not strict: an element below `2²⁵⁵ − r` has a second one.
///
/// # Errors
/// As [`alloc_bits`].
pub fn node_to_bits<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    node: &AllocatedNum<Fr>,
) -> Result<Vec<Boolean>, SynthesisError> {
    let mut bits = if cs.is_witness_generator() {
        field_into_boolean_vec_le(&mut cs, node.get_value())?
    } else {
        node.to_bits_le(cs)?
    };
    bits.resize(256, Boolean::constant(false));
    reverse_bytes(&mut bits);
    Ok(bits)
}

/// The node that a SHA-256 digest is cut to: its two most significant bits, in the last byte, are
/// dropped. One variable, one constraint.
///
/// # Errors
/// As [`alloc_bits`].
pub fn node_from_digest<CS: ConstraintSystem<Fr>>(
    cs: CS,
    mut digest: Vec<Boolean>,
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    reverse_bytes(&mut digest);
    multipack::pack_bits(cs, &digest[..NODE_BITS])
}

/// SHA-256 reads a byte from its most significant bit, an element is counted from its least.
fn reverse_bytes(bits: &mut [Boolean]) {
    bits.chunks_mut(8).for_each(<[Boolean]>::reverse);
}
