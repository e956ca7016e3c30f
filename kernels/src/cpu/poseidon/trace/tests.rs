//! Traces at every level against each other, and their digests against those of trees.

use rand_core::SeedableRng;
use rand_xorshift::XorShiftRng;

use super::super::HASHES;
use super::*;
use crate::{Backend, Cpu, Node};

/// Elements that carry and reduce most, then any.
fn preimages(n: usize, arity: usize) -> Vec<Fr> {
    let mut rng = XorShiftRng::seed_from_u64(n as u64);
    let element = |i: usize| match i / arity % 5 {
        0 => -Fr::ONE,
        1 => Fr::ZERO,
        2 => -Fr::from(i as u64),
        _ => Fr::random(&mut rng),
    };
    (0..n * arity).map(element).collect()
}

fn check(hash: Hash, preimages: &[Fr]) {
    let n = preimages.len() / hash.arity();
    let mut expected = Vec::new();
    trace(Level::Portable, hash, preimages, &mut expected);
    let len = SCHEDULES[table(hash)].trace_len();
    assert_eq!(expected.len(), n * len, "{hash:?}");

    let nodes: Vec<Node> = preimages.iter().map(|element| Node::from(*element)).collect();
    let mut digests = vec![Node::ZERO; n];
    let hashed = Cpu::new().hash(hash, &nodes, &mut digests);
    hashed.expect("canonical");
    let last = expected.chunks(len).map(|trace| Node::from(trace[len - 1]));
    assert!(last.eq(digests), "{hash:?} of {n}");

    for level in Level::ALL.into_iter().filter(|level| level.is_there()) {
        // What is there already stays.
        let mut found = vec![Fr::from(7)];
        trace(level, hash, preimages, &mut found);
        let differs = found[1..].iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(
            (found[0], found.len() - 1, differs),
            (Fr::from(7), expected.len(), None),
            "{level}: {hash:?} of {n}"
        );
    }
}

#[test]
fn every_level_gives_the_same() {
    for hash in HASHES {
        for n in [0, 1, 2, 7, 8, 9, 15, 16, 17, 24, 33] {
            check(hash, &preimages(n, hash.arity()));
        }
    }
}

#[test]
fn of_the_largest_and_the_least() {
    for hash in HASHES {
        for element in [-Fr::ONE, Fr::ZERO, Fr::ONE] {
            check(hash, &vec![element; 17 * hash.arity()]);
        }
    }
}

#[test]
#[should_panic(expected = "no preimages")]
fn a_part_of_a_preimage_is_none() {
    trace(Level::Portable, Hash::Poseidon8, &[Fr::ZERO; 9], &mut Vec::new());
}
