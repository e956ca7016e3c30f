//! The reference alone: that this package drives it as its users do.

use bench_peers::{case::Case, reference};
use engine_proofs::registered::SealProof;

#[test]
fn the_reference_seals_opens_and_unseals() {
    let dir = tempfile::tempdir().unwrap();
    let case = Case::random(1, "2KiB".parse().unwrap(), SealProof::V1_1);
    let mut sealer = reference::sealer(&case, dir.path()).unwrap();
    sealer.add_pieces().unwrap();
    sealer.pre_commit_1().unwrap();
    let commitments = sealer.pre_commit_2().unwrap();
    sealer.commit_1().unwrap();
    let opened = sealer.opened().unwrap();
    assert!(sealer.accepts(&opened).unwrap());
    let mut foreign = opened.clone();
    foreign[0].openings[0].data.leaf.0[0] ^= 1;
    assert!(!sealer.accepts(&foreign).unwrap());
    let unsealed = sealer.unseal(&commitments, 0, 127).unwrap();
    assert_eq!(unsealed, case.pieces[0][..127]);
}
