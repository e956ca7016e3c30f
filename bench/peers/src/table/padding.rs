//! What happens to data before it is sealed, and when: padding, commitment, encoding.

use std::io::Read;

use anyhow::Result;
use blstrs::Scalar as Fr;
use engine_proofs::{fr32 as our_fr32, piece::CommP};
use filecoin_hashers::poseidon::PoseidonDomain;
use filecoin_proofs::{generate_piece_commitment, UnpaddedBytesAmount};
use fr32::Fr32Reader;
use kernels::{Backend, Cpu, Node};

use super::{contest, one_thread, peer, random_bytes, random_nodes, timed, Row, Timed, Words};

/// Nodes encoded in a round: more than the caches near a core hold.
pub(super) const N_NODES: usize = 1 << 18;

/// Nodes that stay near the core with their keys, 256 KiB in all, and how often a round encodes them.
const N_NEAR_NODES: usize = 1 << 12;
const N_PASSES: usize = 1 << 6;

/// Data padded in a round: with what they become, more than the caches hold.
const UNPADDED_SIZE: usize = 127 << 17;

/// What AddPiece pads at a time.
const READ_SIZE: usize = 127 << 15;

pub(super) fn encode(rounds: usize) -> Result<Row> {
    encode_often(N_NODES, 1, format!("encode × {N_NODES}"), rounds)
}

pub(super) fn encode_in_cache(rounds: usize) -> Result<Row> {
    let stage = format!("encode × {N_NEAR_NODES} in cache, {N_PASSES} times");
    encode_often(N_NEAR_NODES, N_PASSES, stage, rounds)
}

fn encode_often(n_nodes: usize, n_passes: usize, stage: String, rounds: usize) -> Result<Row> {
    let key = random_nodes(n_nodes);
    let data: Vec<Node> = key.iter().rev().copied().collect();
    let words = Words {
        stage,
        peer: peer("storage-proofs-porep"),
        note: "1 thread; the peer's three lines of encode.rs, which are private there".to_owned(),
    };
    let theirs = || {
        let mut replica = data.clone();
        let took = timed(|| {
            for _ in 0..n_passes {
                for (node, key) in replica.iter_mut().zip(&key) {
                    let sum = Fr::from(PoseidonDomain::from(key.0)) + Fr::from(PoseidonDomain::from(node.0));
                    node.0.copy_from_slice(PoseidonDomain::from(sum).as_ref());
                }
            }
            Ok(())
        })?
        .took;
        Ok(Timed {
            output: replica,
            took,
        })
    };
    let ours = || {
        let mut replica = data.clone();
        let cpu = Cpu::new();
        let work = || (0..n_passes).try_for_each(|_| Ok(cpu.encode(&key, &mut replica)?));
        let took = one_thread(|| timed(work))??.took;
        Ok(Timed {
            output: replica,
            took,
        })
    };
    contest(words, rounds, theirs, ours)
}

pub(super) fn fr32(rounds: usize) -> Result<Row> {
    pad(UNPADDED_SIZE, rounds)
}

pub(super) fn fr32_in_cache(rounds: usize) -> Result<Row> {
    pad(READ_SIZE, rounds)
}

fn pad(size: usize, rounds: usize) -> Result<Row> {
    let data = random_bytes(size);
    let words = Words {
        stage: format!("fr32 padding, {} MB", size / 1_000_000),
        peer: peer("fr32"),
        note: "1 thread".to_owned(),
    };
    let buffer = || vec![1; our_fr32::padded_len(size)];
    let theirs = || {
        let mut padded = buffer();
        let took = timed(|| Ok(Fr32Reader::new(&data[..]).read_exact(&mut padded)?))?.took;
        Ok(Timed { output: padded, took })
    };
    let ours = || {
        let mut padded = buffer();
        let work = || {
            our_fr32::pad(&data, &mut padded);
            Ok(())
        };
        let took = one_thread(|| timed(work))??.took;
        Ok(Timed { output: padded, took })
    };
    contest(words, rounds, theirs, ours)
}

pub(super) fn comm_p(rounds: usize) -> Result<Row> {
    let data = random_bytes(UNPADDED_SIZE);
    let words = Words {
        stage: format!("CommP of {} MB", UNPADDED_SIZE / 1_000_000),
        peer: peer("filecoin-proofs"),
        note: "ours on all threads, the peer has one".to_owned(),
    };
    let theirs = || {
        timed(|| {
            let size = UnpaddedBytesAmount(data.len() as u64);
            Ok(Node(generate_piece_commitment(&data[..], size)?.commitment))
        })
    };
    let ours = || {
        timed(|| {
            let cpu = Cpu::new();
            let mut comm_p = CommP::new(&cpu);
            comm_p.update(&data)?;
            Ok(comm_p.finish()?.comm_p)
        })
    };
    contest(words, rounds, theirs, ours)
}
