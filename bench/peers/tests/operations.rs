//! Operation by operation, on random and on extreme input: ours and the reference's give the same bytes.
//!
//! What only whole sectors show stands in `sectors.rs`. Ours run on the fastest code that the processor has and
//! on the portable code.

use std::io::Read;

use bench_peers::table::STAGES;
use blstrs::Scalar as Fr;
use engine_proofs::{
    fr32 as our_fr32,
    piece::{CommP, PieceSize},
};
use ff::Field;
use filecoin_hashers::{
    poseidon::{PoseidonDomain, PoseidonFunction, PoseidonHasher},
    sha256::Sha256Function,
    HashFunction,
};
use filecoin_proofs::{generate_piece_commitment, UnpaddedBytesAmount};
use fr32::Fr32Reader;
use kernels::{Backend, Cpu, Hash, Node};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use storage_proofs_porep::stacked::Column;

/// Nodes of which every eighth is an extreme: 0, 1, or the largest element p − 1.
fn nodes(n: usize, seed: u64) -> Vec<Node> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let extremes = [Fr::ZERO, Fr::ONE, -Fr::ONE];
    let node = |i: usize| match i % 8 {
        0 => extremes[rng.next_u32() as usize % 3].into(),
        _ => Fr::random(&mut rng).into(),
    };
    (0..n).map(node).collect()
}

fn check_hash(hash: Hash, theirs: impl Fn(&[Node]) -> Node) {
    let largest = vec![Node::from(-Fr::ONE); hash.arity()];
    let preimages = [nodes(131 * hash.arity(), 7), largest].concat();
    let expected: Vec<Node> = preimages.chunks(hash.arity()).map(theirs).collect();
    for device in Cpu::all() {
        let mut digests = vec![Node::ZERO; expected.len()];
        device.hash(hash, &preimages, &mut digests).unwrap();
        assert!(digests == expected, "{hash:?} on {}", device.info().name);
    }
}

fn domain(node: &Node) -> PoseidonDomain {
    PoseidonDomain::from(node.0)
}

#[test]
fn hashes_are_equal() {
    for hash in [Hash::Poseidon2, Hash::Poseidon4, Hash::Poseidon8] {
        check_hash(hash, |preimage| {
            Fr::from(PoseidonFunction::hash(Node::bytes(preimage))).into()
        });
    }
    for hash in [Hash::Poseidon2, Hash::Poseidon11] {
        check_hash(hash, |preimage| {
            let column = Column::<PoseidonHasher>::new(0, preimage.iter().map(domain).collect());
            column.unwrap().hash().into()
        });
    }
    check_hash(Hash::Sha256, |preimage| {
        let mut node = Node::ZERO;
        let digest = Sha256Function::hash(Node::bytes(preimage));
        node.0.copy_from_slice(digest.as_ref());
        node
    });
}

#[test]
fn replicas_are_equal_and_decode() {
    let (key, data) = (nodes(4099, 1), nodes(4099, 2));
    let sum = |(key, data): (&Node, &Node)| Fr::from(domain(key)) + Fr::from(domain(data));
    let expected: Vec<Node> = key.iter().zip(&data).map(sum).map(Node::from).collect();
    for device in Cpu::all() {
        let mut replica = data.clone();
        device.encode(&key, &mut replica).unwrap();
        assert!(replica == expected, "encode on {}", device.info().name);
        device.decode(&key, &mut replica).unwrap();
        assert!(replica == data, "decode on {}", device.info().name);
    }
}

/// Lengths around the ends of blocks, words and buffers, and others.
fn lengths() -> impl Iterator<Item = usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let near = [
        1, 31, 32, 63, 64, 126, 127, 128, 253, 254, 255, 1016, 4095, 4096, 4097,
    ];
    near.into_iter()
        .chain((0..200).map(move |_| 1 + rng.next_u32() as usize % 20_000))
}

fn bytes(n: usize) -> Vec<u8> {
    let mut bytes = vec![0; n];
    ChaCha8Rng::seed_from_u64(n as u64).fill_bytes(&mut bytes);
    bytes
}

#[test]
fn padding_is_equal_at_every_length_and_comes_off() {
    for len in lengths() {
        let data = bytes(len);
        let mut ours = vec![0xaa; our_fr32::padded_len(len)];
        our_fr32::pad(&data, &mut ours);
        let mut theirs = Vec::new();
        Fr32Reader::new(&data[..]).read_to_end(&mut theirs).unwrap();
        // Theirs ends with the data, ours with the block.
        theirs.resize(ours.len(), 0);
        assert!(ours == theirs, "{len} bytes padded");
        let (mut our_data, mut their_data) = (vec![0; len], Vec::new());
        our_fr32::unpad(&ours, &mut our_data);
        fr32::write_unpadded(&theirs, &mut their_data, 0, len).unwrap();
        assert!(our_data == data && their_data == data, "{len} bytes unpadded");
    }
}

#[test]
fn commitments_to_pieces_are_equal() {
    for len in lengths().step_by(5) {
        let data = bytes(len);
        let size = PieceSize::holding(len as u64).unwrap();
        let mut padded = data.clone();
        padded.resize(size.unpadded() as usize, 0);
        let expected = generate_piece_commitment(&padded[..], UnpaddedBytesAmount(size.unpadded())).unwrap();
        for device in Cpu::all() {
            let mut comm_p = CommP::new(&device);
            data.chunks(1000).for_each(|part| comm_p.update(part).unwrap());
            let piece = comm_p.finish().unwrap();
            assert_eq!(piece.comm_p.0, expected.commitment, "{len} bytes");
        }
    }
}

/// The table compares the outputs of both sides before it counts their time: here once for the arithmetic. The
/// larger sums are the smaller ones' code again.
#[test]
fn the_outputs_that_the_table_compares_are_equal() {
    let arithmetic = [
        "poseidon", "tree-d", "label", "parents", "encode", "fr32", "comm-p", "msm", "ntt", "quotient",
    ];
    let is_larger = |name: &str| name.starts_with("msm") && (name.contains("-18") || name.contains("-20"));
    let chosen = |name: &str| arithmetic.iter().any(|start| name.starts_with(start)) && !is_larger(name);
    for stage in STAGES.iter().filter(|stage| chosen(stage.name)) {
        let measured = stage.measure(0);
        measured.unwrap_or_else(|error| panic!("{}: {error:#}", stage.name));
    }
}
