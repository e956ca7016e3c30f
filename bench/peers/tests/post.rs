//! PoSt of sectors of random data: what either side asks is the same, what it answers is the same in the open,
//! and what it proves convinces the other.

use std::collections::BTreeMap;

use bench_peers::{
    case::{random, Case},
    engine, ours, parameters,
    reference::{
        post::{poster, Poster},
        Directory,
    },
};
use engine_proofs::{
    groth16::{Blinding, Parameters, PreparedKey, Proof, ProofKind, Prover},
    post::{
        challenge::{winning_sector, Randomness},
        vanilla::{self, SectorProof},
        verify, verify_batch, Partition, PublicSector, Replica, Statement,
    },
    registered::{PostProof, SealProof},
    replica_id::ProverId,
    silent,
};
use kernels::Cpu;
use rand_chacha::ChaCha8Rng;
use rand_core::{OsRng, SeedableRng};

/// Sectors that both sides can read, and what is claimed of them.
struct Fixture {
    statement: Statement,
    sealed: BTreeMap<u64, ours::Sealed>,
    theirs: Box<dyn Poster>,
    _dir: tempfile::TempDir,
}

fn fixture(n: u64, sector_size: &str, post_proof: PostProof, n_sectors: u64) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let (mut sealed, mut directories) = (BTreeMap::new(), BTreeMap::new());
    for i in 0..n_sectors {
        let case = Case::random(n + i, sector_size.parse().unwrap(), SealProof::V1_1);
        let made = ours::seal(&Cpu::new(), &case).unwrap();
        let directory = Directory::of(&dir.path().join(case.sector.to_string()));
        made.write(&directory).unwrap();
        sealed.insert(case.sector, made);
        directories.insert(case.sector, directory);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(n);
    // A prover id must be a field element, as randomness must.
    let prover_id = ProverId(Randomness::truncated(random(&mut rng)).bytes());
    let randomness = Randomness::truncated(random(&mut rng));
    let sectors = sealed.iter().map(|(&sector, sealed)| PublicSector {
        sector,
        comm_r: sealed.commitments.comm_r,
    });
    let geometry = engine_proofs::geometry::Geometry::of(sector_size.parse().unwrap());
    let statement = Statement::new(geometry, post_proof, prover_id, randomness, sectors).unwrap();
    Fixture {
        theirs: poster(&statement, directories).unwrap(),
        statement,
        sealed,
        _dir: dir,
    }
}

impl Fixture {
    /// What we answer in the open, in the order of the sectors.
    fn vanilla(&self) -> Vec<SectorProof> {
        let sectors = self.statement.sectors().iter().enumerate();
        let answer = |(position, sector): (usize, &PublicSector)| {
            let sealed = &self.sealed[&sector.sector];
            let files = Replica {
                comm_c: sealed.commitments.comm_c,
                comm_r_last: sealed.commitments.comm_r_last,
                tree_r_last: sealed.tree_r_last.iter().map(Vec::as_slice).collect(),
                replica: &sealed.replica,
            };
            let challenges = self.statement.challenges(position);
            vanilla::prove(self.statement.geometry(), sector, &files, &challenges).unwrap()
        };
        sectors.map(answer).collect()
    }
}

fn check_vanilla(n: u64, sector_size: &str, post_proof: PostProof) {
    let n_sectors = if post_proof == PostProof::Winning { 1 } else { 3 };
    let fixture = fixture(n, sector_size, post_proof, n_sectors);
    let Fixture {
        statement, theirs, ..
    } = &fixture;
    let asked = theirs.challenges().unwrap();
    for (position, (sector, proof)) in statement.sectors().iter().zip(fixture.vanilla()).enumerate() {
        let challenges = statement.challenges(position);
        assert_eq!(asked[&sector.sector], challenges, "{sector_size} {post_proof}");
        let bytes = theirs.vanilla(sector.sector).unwrap();
        assert!(
            proof.to_bytes(statement.geometry()) == bytes,
            "{sector_size} {post_proof}: the vanilla proofs differ"
        );
        let read = SectorProof::from_bytes(statement.geometry(), &bytes).unwrap();
        assert!(vanilla::verify(&read, statement.geometry(), sector, &challenges));
    }
    if post_proof == PostProof::Winning {
        for n_eligible in [1, 2, 3, 1000, u64::MAX] {
            let chosen = winning_sector(&statement.prover_id(), statement.randomness(), 0, n_eligible);
            assert_eq!(chosen.unwrap(), theirs.chosen(n_eligible).unwrap());
        }
    }
}

#[test]
fn challenges_and_vanilla_proofs_are_equal_in_every_tree_shape() {
    for (n, sector_size) in (200..).step_by(20).zip(["2KiB", "4KiB", "16KiB", "32KiB"]) {
        for (i, post_proof) in (0..).step_by(5).zip(PostProof::ALL) {
            check_vanilla(n + i, sector_size, post_proof);
        }
    }
}

/// Our proofs of partitions, one after the other.
fn prove(parameters: &Parameters<'_>, statement: &Statement, vanilla: &[SectorProof]) -> Vec<Vec<u8>> {
    let cpu = Cpu::new();
    let mut prover = Prover::new(&cpu, parameters, statement.n_partitions());
    let prove = |k| {
        let partition = Partition::gather(statement, k, vanilla).unwrap();
        let blinding = Blinding::draw().unwrap();
        let proof = partition.prove(&mut prover, blinding, &silent);
        proof.unwrap().to_bytes().to_vec()
    };
    (0..statement.n_partitions()).map(prove).collect()
}

/// Each proof convinces both sides, and neither of another claim.
fn check_proofs(fixture: &Fixture, key: &PreparedKey, proofs: &[Vec<u8>]) {
    let Fixture {
        statement, theirs, ..
    } = fixture;
    let parsed = proofs
        .iter()
        .map(|proof| Proof::many(proof, statement.n_partitions()).unwrap());
    let parsed: Vec<Vec<Proof>> = parsed.collect();
    let foreign = Statement::new(
        statement.geometry(),
        statement.post_proof(),
        statement.prover_id(),
        Randomness::truncated([0x55; 32]),
        statement.sectors().to_vec(),
    );
    let foreign = foreign.unwrap();
    let their_foreign = poster(&foreign, BTreeMap::new()).unwrap();
    for (proof, ours) in proofs.iter().zip(&parsed) {
        assert!(theirs.verify(proof).unwrap());
        assert!(verify(key, statement, ours, &mut OsRng));
        assert!(!their_foreign.verify(proof).unwrap());
        assert!(!verify(key, &foreign, ours, &mut OsRng));
    }
    let batch: Vec<(&Statement, &[Proof])> = parsed.iter().map(|proof| (statement, &proof[..])).collect();
    assert!(verify_batch(key, &batch, &mut OsRng));
    assert!(!verify_batch(
        key,
        &[&batch[..], &[(&foreign, &parsed[0])]].concat(),
        &mut OsRng
    ));
}

#[test]
fn each_side_verifies_what_the_other_wins() {
    let fixture = fixture(300, "2KiB", PostProof::Winning, 1);
    let Fixture {
        statement, theirs, ..
    } = &fixture;
    let file = parameters::of(ProofKind::WinningPost, statement.geometry()).unwrap();
    let parameters = Parameters::parse(&file).unwrap();
    let ours = prove(&parameters, statement, &fixture.vanilla()).concat();
    let theirs = theirs.prove().unwrap();
    check_proofs(&fixture, &PreparedKey::new(&parameters.key), &[ours, theirs]);
}

/// Three sectors in two partitions; the last of them is filled up.
#[test]
fn each_side_verifies_and_joins_the_windows_of_the_other() {
    let fixture = fixture(310, "2KiB", PostProof::WindowV1_2, 3);
    let Fixture {
        statement, theirs, ..
    } = &fixture;
    let file = parameters::of(ProofKind::WindowPost, statement.geometry()).unwrap();
    let parameters = Parameters::parse(&file).unwrap();
    let vanilla = fixture.vanilla();
    let ours = prove(&parameters, statement, &vanilla);
    // The reference proves what we have opened: a partition alone, and all.
    let bytes: Vec<Vec<u8>> = vanilla
        .iter()
        .map(|proof| proof.to_bytes(statement.geometry()))
        .collect();
    let first = theirs.prove_partition(&bytes[..2], 0).unwrap();
    let last = theirs.prove_partition(&bytes[2..], 1).unwrap();
    // Either joins what it has not proved, or not alone.
    let joined = theirs.merge(&[ours[0].clone(), last.clone()]).unwrap();
    let of_ours = theirs.merge(&ours).unwrap();
    let of_theirs = engine::merge(statement, &[first.clone(), last]).unwrap();
    let of_both = engine::merge(statement, &[first.clone(), ours[1].clone()]).unwrap();
    assert!(engine::merge(statement, &[ours[1].clone(), first]).is_err());
    let from_ours = theirs.prove_vanilla(&bytes).unwrap();
    let from_files = theirs.prove().unwrap();
    let proofs = [
        ours.concat(),
        joined,
        of_ours,
        of_theirs,
        of_both,
        from_ours,
        from_files,
    ];
    check_proofs(&fixture, &PreparedKey::new(&parameters.key), &proofs);
    // And we prove what the reference has opened.
    let opened = statement.sectors().iter().map(|sector| {
        let bytes = theirs.vanilla(sector.sector).unwrap();
        SectorProof::from_bytes(statement.geometry(), &bytes).unwrap()
    });
    assert_eq!(opened.collect::<Vec<_>>(), vanilla);
}

/// The first version, where a sector's place among all enters its challenges.
#[test]
fn windows_of_the_first_version_hold_too() {
    let fixture = fixture(320, "2KiB", PostProof::WindowV1, 3);
    let statement = &fixture.statement;
    let file = parameters::of(ProofKind::WindowPost, statement.geometry()).unwrap();
    let parameters = Parameters::parse(&file).unwrap();
    let ours = prove(&parameters, statement, &fixture.vanilla()).concat();
    check_proofs(&fixture, &PreparedKey::new(&parameters.key), &[ours]);
}
