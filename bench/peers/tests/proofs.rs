//! The circuit and its SNARK on one sector of random data: what either side proves, both verify.

use bench_peers::{
    case::Case,
    engine,
    ours::{self, Sealed},
    parameters,
    reference::{self, Constraints, Sealer},
};
use engine_proofs::{
    groth16::{mock::MockProver, r1cs::Structure, Parameters, PreparedKey, ProofKind},
    porep::{circuit::Porep, vanilla::PartitionProof},
    registered::SealProof,
};
use kernels::Cpu;

/// One sector sealed on both sides, up to Commit1.
struct Fixture {
    case: Case,
    sealer: Box<dyn Sealer>,
    sealed: Sealed,
    opened: Vec<PartitionProof>,
    dir: tempfile::TempDir,
}

fn fixture(n: u64) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let case = Case::random(n, "2KiB".parse().unwrap(), SealProof::V1_1);
    let mut sealer = reference::sealer(&case, dir.path()).unwrap();
    sealer.add_pieces().unwrap();
    sealer.pre_commit_1().unwrap();
    sealer.pre_commit_2().unwrap();
    sealer.commit_1().unwrap();
    let sealed = ours::seal(&Cpu::new(), &case).unwrap();
    let opened = sealed.open(&case, &ours::graph(&case)).unwrap();
    Fixture {
        case,
        sealer,
        sealed,
        opened,
        dir,
    }
}

#[test]
fn the_circuits_are_one_and_each_is_satisfied() {
    let fixture = fixture(100);
    let theirs = fixture.sealer.constraints().unwrap();
    assert_eq!(theirs.unsatisfied, None);
    let statement = fixture.sealed.statement(&fixture.case);
    let ours = || Porep::new(&statement, &fixture.opened[0]);
    assert_eq!(Constraints::of(ours()).unwrap(), theirs);
    // And so says our own reading of it, with a witness and without.
    MockProver::run(ours()).unwrap();
    let blank = Porep::blank(fixture.case.geometry, fixture.case.geometry.porep_challenges);
    for structure in [Structure::of(ours()).unwrap(), Structure::of(blank).unwrap()] {
        let hash: String = structure
            .test_cs_hash
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hash, theirs.hash);
    }
}

#[test]
fn a_witness_of_the_references_satisfies_us_and_a_wrong_one_neither() {
    let mut fixture = fixture(101);
    let statement = fixture.sealed.statement(&fixture.case);
    let mut theirs = fixture.sealer.opened().unwrap();
    MockProver::run(Porep::new(&statement, &theirs[0])).unwrap();
    theirs[0].openings[1].parents[13].labels[0].0[0] ^= 1;
    let error = MockProver::run(Porep::new(&statement, &theirs[0])).unwrap_err();
    assert!(error.to_string().contains("challenge_1"), "{error}");
    fixture.sealer.adopt_opened(&theirs).unwrap();
    let unsatisfied = fixture.sealer.constraints().unwrap().unsatisfied;
    assert!(unsatisfied.unwrap().starts_with("challenge_1"));
}

#[test]
fn each_side_verifies_what_the_other_proves() {
    let mut fixture = fixture(102);
    let bytes = parameters::of(ProofKind::Porep, fixture.case.geometry).unwrap();
    let parameters = Parameters::parse(&bytes).unwrap();
    let Fixture {
        case,
        sealer,
        sealed,
        opened,
        dir,
    } = &mut fixture;
    // We prove the sector that the reference has sealed, where it lies.
    engine::adopt(case, dir.path()).unwrap();
    let ours = engine::prove(case, dir.path()).unwrap();
    assert!(sealer.verify(&sealed.commitments, &ours).unwrap());
    // The reference proves our openings, with the same file of parameters.
    sealer.adopt_opened(opened).unwrap();
    let theirs = sealer.commit_2().unwrap();
    let key = PreparedKey::new(&parameters.key);
    for proof in [&ours, &theirs] {
        assert!(sealed.verify(case, &key, proof).unwrap());
    }
    let both = [&ours[..], &theirs[..]];
    assert!(sealed.verify_batch(case, &key, &both).unwrap());
    assert!(sealer.verify_batch(&sealed.commitments, &both).unwrap());

    // Of another statement: neither is convinced, alone or in a batch.
    let mut foreign = sealed.clone();
    foreign.commitments.comm_r = foreign.commitments.comm_c;
    for proof in both {
        assert!(!foreign.verify(case, &key, proof).unwrap());
        assert!(!sealer.verify(&foreign.commitments, proof).unwrap());
    }
    assert!(!foreign.verify_batch(case, &key, &both).unwrap());
    assert!(!sealer.verify_batch(&foreign.commitments, &both).unwrap());
}
