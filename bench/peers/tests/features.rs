//! Synthetic and non-interactive PoReps of random data: what either side opens and stores is the other's, byte for
//! byte.

use std::fs;

use bench_peers::{
    case::Case,
    engine,
    ours::{self, Sealed},
    parameters,
    reference::{
        self,
        aggregate::{self, Proven},
        Sealer, SYNTHETIC,
    },
};
use engine_proofs::{
    groth16::{prove, Blinding, Parameters, PreparedKey, ProofKind},
    hex32::parse_node,
    porep::{
        circuit::Porep,
        vanilla::{self, PartitionProof},
    },
    registered::{AggregateProof, SealProof},
};
use kernels::Cpu;

/// One sector sealed on both sides, up to PreCommit2.
fn sealed(n: u64, sector_size: &str, proof: SealProof) -> (Case, Box<dyn Sealer>, Sealed, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let case = Case::random(n, sector_size.parse().unwrap(), proof);
    let mut sealer = reference::sealer(&case, dir.path()).unwrap();
    sealer.add_pieces().unwrap();
    sealer.pre_commit_1().unwrap();
    let commitments = sealer.pre_commit_2().unwrap();
    let sealed = ours::seal(&Cpu::new(), &case).unwrap();
    assert_eq!(sealed.commitments, commitments);
    (case, sealer, sealed, dir)
}

/// The reference opens the same, takes ours, and publishes the same inputs.
fn check_opened(case: &Case, sealer: &dyn Sealer, sealed: &Sealed, ours: &[PartitionProof]) {
    assert_eq!(ours, sealer.opened().unwrap());
    assert!(sealer.accepts(ours).unwrap());
    let (graph, statement) = (ours::graph(case), sealed.statement(case));
    let challenges = ours::challenges(case);
    for (k, partition) in ours.iter().enumerate() {
        assert!(vanilla::verify(partition, &statement, &graph, &challenges, k));
    }
    let inputs = |k| vanilla::public_inputs(&statement, &graph, &challenges, k).unwrap();
    let inputs: Vec<_> = (0..ours.len()).map(inputs).collect();
    assert_eq!(inputs, sealer.public_inputs(&sealed.commitments).unwrap());
}

/// A synthetic sector opened from what is stored, on both sides.
fn synthetic(n: u64, sector_size: &str) -> (Case, Box<dyn Sealer>, Sealed, Vec<PartitionProof>) {
    let (case, mut sealer, sealed, dir) = sealed(n, sector_size, SealProof::Synthetic);
    let opened = sealed.open(&case, &ours::graph(&case)).unwrap();
    let file = sealed.store_synthetic(&case).unwrap();
    let theirs = sealer.store_synthetic().unwrap();
    // Compared as bytes: a difference of kilobytes is not worth printing.
    assert!(file == theirs, "{sector_size}: the stored proofs differ");
    assert!(sealed.open_stored(&case, &theirs).unwrap() == opened);
    // The layers are gone; the reference reads what we have stored.
    fs::write(dir.path().join(SYNTHETIC), &file).unwrap();
    sealer.commit_1().unwrap();
    check_opened(&case, &*sealer, &sealed, &opened);
    (case, sealer, sealed, opened)
}

#[test]
fn each_side_verifies_what_the_other_proves_of_a_synthetic_sector() {
    let (case, mut sealer, sealed, opened) = synthetic(220, "2KiB");
    let bytes = parameters::of(ProofKind::Porep, case.geometry).unwrap();
    let parameters = Parameters::parse(&bytes).unwrap();
    let ours = sealed.prove(&Cpu::new(), &case, &parameters, &opened).unwrap();
    assert!(sealer.verify(&sealed.commitments, &ours).unwrap());
    // It proves what it has read of the file that we have stored.
    let theirs = sealer.commit_2().unwrap();
    let key = PreparedKey::new(&parameters.key);
    assert!(sealed.verify(&case, &key, &theirs).unwrap());
    // The same sector under interactive challenges: nobody is convinced.
    let interactive = Case {
        seal_proof: SealProof::V1_1,
        ..case
    };
    for proof in [ours, theirs] {
        assert!(!sealed.verify(&interactive, &key, &proof).unwrap());
    }
}

/// One partition of thirteen: the other twelve take another five minutes of a processor.
#[test]
fn the_reference_verifies_a_partition_of_our_non_interactive_proof() {
    let (case, sealer, sealed, _dir) = sealed(230, "2KiB", SealProof::NonInteractive);
    let bytes = parameters::of(ProofKind::Porep, case.geometry).unwrap();
    let parameters = Parameters::parse(&bytes).unwrap();
    let (graph, statement) = (ours::graph(&case), sealed.statement(&case));
    let (opened, k) = (sealed.open(&case, &graph).unwrap(), 7);
    let inputs = vanilla::public_inputs(&statement, &graph, &ours::challenges(&case), k).unwrap();
    let circuit = Porep::new(&statement, &opened[k]);
    let proof = prove(
        &Cpu::new(),
        &parameters,
        circuit,
        &inputs,
        Blinding::draw().unwrap(),
    )
    .unwrap();
    let (key, proof) = (parameters.key.to_bytes(), proof.to_bytes());
    let theirs = sealer.public_inputs(&sealed.commitments).unwrap();
    assert_eq!(theirs.len(), opened.len());
    for (partition, inputs) in theirs.iter().enumerate() {
        let holds = reference::verify_proof(&key, inputs, &proof).unwrap();
        assert_eq!(holds, partition == k, "as partition {partition}");
    }
}

/// All partitions and their aggregate: two minutes of a processor.
#[test]
fn the_reference_verifies_our_non_interactive_proof() {
    let case = Case::random(231, "2KiB".parse().unwrap(), SealProof::NonInteractive).registered();
    let dir = tempfile::tempdir().unwrap();
    let answer = engine::seal(&case, dir.path(), &["--skip-unseal"]).unwrap();
    let node = |name: &str| parse_node(answer[name].as_str().unwrap()).unwrap();
    let mut proven = Proven {
        porep_id: case.porep_id,
        prover_id: case.prover_id,
        sector: case.sector,
        ticket: case.ticket,
        seed: case.seed,
        comm_d: node("comm_d"),
        comm_r: node("comm_r"),
        proof: hex::decode(answer["partition_proofs"].as_str().unwrap()).unwrap(),
    };
    let proof = hex::decode(answer["proof"].as_str().unwrap()).unwrap();
    let verify = |proven: &Proven| {
        let proven = std::slice::from_ref(proven);
        let version = AggregateProof::SnarkPackV2;
        aggregate::verify(SealProof::NonInteractive, proven, version, &proof).unwrap()
    };
    assert!(verify(&proven));
    // What it aggregates of our partitions is our aggregate.
    let again = aggregate::aggregate(
        SealProof::NonInteractive,
        std::slice::from_ref(&proven),
        AggregateProof::SnarkPackV2,
    );
    assert!(again.unwrap() == proof, "the aggregates differ");
    proven.comm_r = proven.comm_d;
    assert!(!verify(&proven));
}

#[test]
fn stored_synthetic_proofs_are_equal() {
    for (n, sector_size) in (200..).zip(["2KiB", "2KiB", "2KiB", "4KiB", "16KiB"]) {
        synthetic(n, sector_size);
    }
}

#[test]
fn non_interactive_openings_are_equal() {
    for n in 210..214 {
        let (case, mut sealer, sealed, _dir) = sealed(n, "2KiB", SealProof::NonInteractive);
        sealer.commit_1().unwrap();
        let opened = sealed.open(&case, &ours::graph(&case)).unwrap();
        assert_eq!(opened.len(), 13);
        check_opened(&case, &*sealer, &sealed, &opened);
    }
}
