//! A label, hashed from its parents' labels.

use bellperson::{
    gadgets::{
        boolean::{AllocatedBit, Boolean},
        num::AllocatedNum,
        sha256::sha256,
        uint32::UInt32,
    },
    ConstraintSystem, SynthesisError,
};
use kernels::{Fr, Node};

use super::{
    alloc_node,
    bits::node_from_digest,
    native::{self, sha256::Word},
};

/// Labels in a preimage; parents are repeated in their order until there are so many.
const LABELS_HASHED: usize = 37;

/// `label = SHA256(replica_id ‖ u32be(layer) ‖ u64be(node) ‖ 0²⁰ ‖ 37 labels)`, cut to 254 bits.
///
/// `layer` counts from 1 and is a constant of the circuit; `node` is 64 bits, least significant first.
/// The parents are given as [`node_to_bits`](super::bits::node_to_bits) gives them, as is the replica
/// id: 6 of them in layer 1, where expander parents have no labels yet, 14 later.
///
/// # Errors
/// `AssignmentMissing` where a value is asked for and there is none.
pub fn label<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    replica_id: &[Boolean],
    layer: u32,
    node: &[AllocatedBit],
    parents: &[Vec<Boolean>],
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    let mut preimage = Vec::with_capacity((2 + LABELS_HASHED) * 256);
    preimage.extend_from_slice(replica_id);
    preimage.extend(UInt32::constant(layer).into_bits_be());
    preimage.extend(node.iter().rev().cloned().map(Boolean::from));
    preimage.resize(2 * 256, Boolean::constant(false));
    if cs.is_witness_generator() {
        let mut words = Word::of_bits(&preimage)?;
        let parents: Vec<_> = parents
            .iter()
            .map(|bits| Word::of_bits(bits))
            .collect::<Result<_, _>>()?;
        words.extend(parents.iter().cycle().take(LABELS_HASHED).flatten());
        let digest = native::sha256::sha256(&mut cs, words);
        return alloc_node(cs, Some(Node::truncated(digest)));
    }
    for parent in parents.iter().cycle().take(LABELS_HASHED) {
        preimage.extend_from_slice(parent);
    }
    let digest = sha256(cs.namespace(|| "sha256"), &preimage)?;
    node_from_digest(cs.namespace(|| "node"), digest)
}
