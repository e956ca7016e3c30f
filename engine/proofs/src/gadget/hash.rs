//! The hashes that trees and columns are made of.

use std::sync::LazyLock;

use bellperson::{
    gadgets::{num::AllocatedNum, sha256::sha256},
    ConstraintSystem, SynthesisError,
};
use kernels::{Fr, Hash, Node};
use neptune::{
    circuit::poseidon_hash,
    hash_type::{CType, HashType},
    poseidon::PoseidonConstants,
    Strength,
};
use typenum::{U11, U2, U4, U8};

use super::{
    alloc_node,
    bits::{node_from_digest, node_to_bits},
    native::{self, sha256::Word},
    traces::Trace,
};

static POSEIDON_2: LazyLock<PoseidonConstants<Fr, U2>> = LazyLock::new(PoseidonConstants::new);
static POSEIDON_2_CUSTOM: LazyLock<PoseidonConstants<Fr, U2>> = LazyLock::new(|| {
    PoseidonConstants::new_with_strength_and_type(Strength::Standard, HashType::Custom(CType::Arbitrary(1)))
});
static POSEIDON_4: LazyLock<PoseidonConstants<Fr, U4>> = LazyLock::new(PoseidonConstants::new);
static POSEIDON_8: LazyLock<PoseidonConstants<Fr, U8>> = LazyLock::new(PoseidonConstants::new);
static POSEIDON_11: LazyLock<PoseidonConstants<Fr, U11>> = LazyLock::new(PoseidonConstants::new);

/// The digest of as many nodes as the hash takes.
///
/// Poseidon is neptune's *legacy* gadget: the newer one lays other constraints, which no published
/// parameters fit.
///
/// # Errors
/// `AssignmentMissing` where a value is asked for and a preimage has none.
///
/// # Panics
/// When the number of nodes is not the hash's arity.
pub fn hash<CS: ConstraintSystem<Fr>>(
    cs: CS,
    hash: Hash,
    preimage: Vec<AllocatedNum<Fr>>,
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    hash_traced(cs, hash, preimage, None)
}

/// As [`hash`]; a trace of this preimage spares a constraint system that only collects a witness the arithmetic.
///
/// # Errors
/// As [`hash`].
///
/// # Panics
/// As [`hash`].
pub fn hash_traced<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    hash: Hash,
    preimage: Vec<AllocatedNum<Fr>>,
    trace: Option<Trace<'_>>,
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    assert_eq!(
        preimage.len(),
        hash.arity(),
        "{hash:?} takes another number of nodes"
    );
    if hash != Hash::Sha256 && cs.is_witness_generator() {
        let digest = native::poseidon::poseidon(&mut cs, hash, &values(&preimage)?, trace);
        return AllocatedNum::alloc(cs, || Ok(digest));
    }
    match hash {
        Hash::Sha256 => sha256_node(cs, &preimage),
        Hash::Poseidon2 => poseidon_hash(cs, preimage, &*POSEIDON_2),
        Hash::Poseidon2Custom => poseidon_hash(cs, preimage, &*POSEIDON_2_CUSTOM),
        Hash::Poseidon4 => poseidon_hash(cs, preimage, &*POSEIDON_4),
        Hash::Poseidon8 => poseidon_hash(cs, preimage, &*POSEIDON_8),
        Hash::Poseidon11 => poseidon_hash(cs, preimage, &*POSEIDON_11),
    }
}

fn values(numbers: &[AllocatedNum<Fr>]) -> Result<Vec<Fr>, SynthesisError> {
    let value = |number: &AllocatedNum<Fr>| number.get_value().ok_or(SynthesisError::AssignmentMissing);
    numbers.iter().map(value).collect()
}

/// `SHA256(left ‖ right)`, cut to 254 bits.
fn sha256_node<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    children: &[AllocatedNum<Fr>],
) -> Result<AllocatedNum<Fr>, SynthesisError> {
    if cs.is_witness_generator() {
        let mut words = Vec::with_capacity(32);
        for child in values(children)? {
            let node = Node::from(child);
            native::sha256::node_bits(&mut cs, &node);
            words.extend(Word::of_node(&node));
        }
        let digest = native::sha256::sha256(&mut cs, words);
        return alloc_node(cs, Some(Node::truncated(digest)));
    }
    let mut bits = Vec::with_capacity(children.len() * 256);
    for (i, child) in children.iter().enumerate() {
        bits.extend(node_to_bits(cs.namespace(|| format!("child_{i}")), child)?);
    }
    let digest = sha256(cs.namespace(|| "sha256"), &bits)?;
    node_from_digest(cs.namespace(|| "node"), digest)
}
