//! Every body against the definition.

use sha2::{Digest, Sha256};

use super::*;

/// Numbers that differ in every byte.
fn nodes(n: usize) -> Vec<Node> {
    let node = |i: usize| Node(Sha256::digest(i.to_le_bytes()).into());
    (0..n).map(node).collect()
}

fn check(preimages: &[Node]) {
    let digest = |pair: &[Node]| Node::truncated(Sha256::digest(Node::bytes(pair)).into());
    let expected: Vec<Node> = preimages.chunks(2).map(digest).collect();
    for level in Level::ALL {
        for body in Body::all(level) {
            let mut digests = vec![Node([0xff; 32]); expected.len()];
            body.hash(preimages, &mut digests);
            assert_eq!(digests, expected, "{body:?} at {level}");
        }
        let mut digests = vec![Node([0xff; 32]); expected.len()];
        hash(level, preimages, &mut digests);
        assert_eq!(digests, expected, "{level}");
    }
}

#[test]
fn every_body_hashes_alike() {
    for n_digests in [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 100, 1025] {
        check(&nodes(2 * n_digests));
    }
}

#[test]
fn bits_at_the_edge_are_hashed_alike() {
    for byte in [0x00, 0xff, 0x80, 0x01] {
        check(&[Node([byte; 32]); 66]);
    }
}

#[test]
fn a_level_has_a_body_for_what_the_processor_has() {
    assert_eq!(Body::all(Level::Portable).len(), 1);
    #[cfg(target_arch = "x86_64")]
    if Level::Ifma.is_there() {
        let has_sha_ni = is_x86_feature_detected!("sha");
        assert_eq!(Body::all(Level::Ifma).len(), 2 + usize::from(has_sha_ni));
    }
}
