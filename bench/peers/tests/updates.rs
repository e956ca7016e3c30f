//! Updates of sectors with random data: what either side makes of them, the other makes too, and takes for true.

use std::fs;

use bench_peers::{
    case::Case,
    engine,
    ours::{self, update::Updated, Sealed},
    parameters,
    reference::update::Updater,
};
use engine_proofs::{
    groth16::{self, mock::MockProver, Blinding, Parameters, PreparedKey, Proof, ProofKind},
    registered::SealProof,
    update::{circuit::Update, vanilla, Rules},
};
use filecoin_proofs::{
    MerkleTreeTrait, SectorShapeBase, SectorShapeSub2, SectorShapeSub8, SectorShapeTop2, TreeRHasher,
};
use kernels::{Cpu, Node};

/// One sector updated on both sides, from the same files to the same files.
struct Fixture {
    sealed: Sealed,
    updated: Updated,
    updater: Updater,
    piece: Vec<u8>,
    _dir: tempfile::TempDir,
}

fn fixture<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(n: u64, size: &str) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let case = Case::random(n, size.parse().unwrap(), SealProof::V1_1);
    let sealed = ours::seal(&Cpu::new(), &case).unwrap();
    let updater = Updater::new(&case, &dir.path().join("old"), &dir.path().join("new")).unwrap();
    engine::seal(&case, &updater.old.cache, &["--skip-proof"]).unwrap();
    // Another random sector's bytes, as one piece.
    let other = Case::random(1000 + n, case.geometry.sector_size, SealProof::V1_1);
    let mut piece = other.pieces.concat();
    piece.resize(case.geometry.sector_size.unpadded_bytes() as usize, 7);
    let updated = ours::update::update(&Cpu::new(), &case, &sealed, &piece).unwrap();
    let theirs = updater.encode::<Tree>(&piece).unwrap();
    let ours = [
        updated.statement.comm_d_new,
        updated.comm_r_last,
        updated.statement.comm_r_new,
    ];
    assert_eq!(ours, theirs, "{size}");
    Fixture {
        sealed,
        updated,
        updater,
        piece,
        _dir: dir,
    }
}

/// Encoding, decoding, openings and public inputs; nothing is proved.
fn check<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(n: u64, size: &str) {
    let Fixture {
        sealed,
        updated,
        updater,
        piece,
        _dir,
    } = fixture::<Tree>(n, size);
    for (name, nodes) in updated.files(sealed.commitments.comm_c) {
        let theirs = fs::read(updater.new.cache.join(&name)).unwrap();
        assert!(theirs == Node::bytes(&nodes), "{size}: {name}");
    }
    assert_eq!(
        updater.decode::<Tree>(updated.statement.comm_d_new).unwrap(),
        Node::bytes(&updated.data)
    );
    let mut decoded = vec![0; piece.len()];
    let replicas = (&sealed.replica[..], &updated.replica[..]);
    updated
        .encoding
        .decode(&Cpu::new(), replicas, 0..piece.len() as u64, &mut decoded)
        .unwrap();
    assert_eq!(decoded, piece);

    let statement = &updated.statement;
    let opened = updated.open(&sealed).unwrap();
    let theirs = updater.open::<Tree>(statement).unwrap();
    assert!(opened == theirs, "{size}: openings");
    assert_eq!(opened.len(), Rules::of(statement.geometry).n_partitions);
    assert!(updater.accepts::<Tree>(statement, &opened).unwrap());
    let inputs = (0..opened.len()).map(|k| vanilla::public_inputs(statement, k).unwrap());
    let inputs: Vec<_> = inputs.collect();
    assert_eq!(inputs, updater.public_inputs::<Tree>(statement).unwrap());
    for (k, partition) in theirs.iter().enumerate() {
        assert!(vanilla::verify(partition, statement, k), "{size}: partition {k}");
        let bytes = partition.to_bytes(statement.geometry, statement.comm_d_new);
        assert!(
            bytes == Updater::bytes::<Tree>(statement, partition).unwrap(),
            "{size}: partition {k}"
        );
        let mut wrong = partition.clone();
        wrong.openings[3].new.leaf.0[0] ^= 1;
        assert!(!vanilla::verify(&wrong, statement, k), "{size}: partition {k}");
        assert!(!updater.accepts::<Tree>(statement, &[wrong]).unwrap_or(false));
    }
    MockProver::run(Update::new(
        statement,
        opened.len() - 1,
        &theirs[opened.len() - 1],
    ))
    .unwrap();
}

#[test]
fn both_sides_make_the_same_of_the_same_data() {
    check::<SectorShapeBase>(0, "2KiB");
    check::<SectorShapeSub2>(1, "4KiB");
    check::<SectorShapeSub8>(2, "16KiB");
    check::<SectorShapeTop2>(3, "32KiB");
}

#[test]
fn each_side_verifies_what_the_other_proves() {
    let fixture = fixture::<SectorShapeBase>(10, "2KiB");
    let Fixture {
        sealed,
        updated,
        updater,
        ..
    } = &fixture;
    let statement = &updated.statement;
    let opened = updated.open(sealed).unwrap();
    let bytes = parameters::of(ProofKind::Update, statement.geometry).unwrap();
    let parameters = Parameters::parse(&bytes).unwrap();
    let inputs = vanilla::public_inputs(statement, 0).unwrap();
    let circuit = Update::new(statement, 0, &opened[0]);
    let blinding = Blinding::draw().unwrap();
    let ours = groth16::prove(&Cpu::new(), &parameters, circuit, &inputs, blinding).unwrap();
    let ours = ours.to_bytes();
    assert!(updater.verify::<SectorShapeBase>(statement, &ours).unwrap());
    let theirs = updater.prove::<SectorShapeBase>(statement, &opened).unwrap();
    let key = PreparedKey::new(&parameters.key);
    assert!(key.verify(&inputs, &Proof::from_bytes(&theirs).unwrap()));

    // Of another statement: neither is convinced.
    let mut foreign = *statement;
    foreign.comm_d_new = sealed.commitments.comm_d;
    let foreign_inputs = vanilla::public_inputs(&foreign, 0).unwrap();
    for proof in [&ours[..], &theirs] {
        assert!(!updater.verify::<SectorShapeBase>(&foreign, proof).unwrap());
        assert!(!key.verify(&foreign_inputs, &Proof::from_bytes(proof).unwrap()));
    }
}
