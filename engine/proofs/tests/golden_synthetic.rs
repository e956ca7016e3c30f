//! Synthetic PoRep, held against the reference: its challenges, its file, and what is read back from it.

mod challenged;
mod fixture;
mod sealed;

use challenged::{asked, statement};
use engine_proofs::{
    porep::{
        challenge::{selected, Challenges, Synthetic},
        synthetic,
        vanilla::{prove, verify, PartitionProof, Statement},
    },
    replica_id::Seed,
    silent, Result,
};
use fixture::{cases, number, word};
use sealed::{Case, Sealed};
use serde_json::Value;
use sha2::{Digest, Sha256};

const CASE: &str = "2KiB-1.2.0-synth-chacha8-s45.json";

fn numbers(list: &Value) -> Vec<u64> {
    cases(list).iter().map(number).collect()
}

#[test]
fn synthetic_challenges_are_the_references() {
    let golden = fixture::read("challenges.json");
    let mut n_sizes = 0;
    for case in asked(&golden, "synthetic-porep") {
        let statement = statement(case);
        let Statement {
            geometry,
            replica_id,
            comm_r,
            ..
        } = statement;
        let seed: Seed = word(&case["seed"]).parse().unwrap();
        let all = Synthetic::new(replica_id, comm_r, geometry.n_nodes()).all();
        assert_eq!(all.len() as u64, number(&case["synthetic_count"]));
        let digest = all.iter().fold(Sha256::new(), |hasher, challenge| {
            hasher.chain_update(challenge.to_le_bytes())
        });
        assert_eq!(
            hex::encode(digest.finalize()),
            word(&case["synthetic_sha256_u64le"])
        );
        assert_eq!(all[..8], numbers(&case["synthetic_first"]));
        assert_eq!(all[all.len() - 4..], numbers(&case["synthetic_last"]));

        for part in cases(&case["parts"]) {
            let (k, expected) = (number(&part["k"]) as usize, numbers(&part["challenges"]));
            let asked = Challenges::Synthetic(seed).of_partition(&statement, k);
            assert_eq!(asked, expected, "{}, partition {k}", geometry.sector_size);
            let first = (k * expected.len()) as u32;
            let places = first..first + expected.len() as u32;
            let selected = selected(replica_id, &seed, geometry.n_nodes(), places);
            let selected: Vec<u64> = selected.into_iter().map(|number| all[number as usize]).collect();
            assert_eq!(selected, expected);
        }
        n_sizes += 1;
    }
    assert_eq!(n_sizes, 5);
}

fn sealed() -> (Sealed, Vec<u8>, Seed) {
    let golden = fixture::read(&format!("porep-{CASE}"));
    let sealed = Case::of(&golden).seal();
    let file = stored(&sealed).unwrap();
    (sealed, file, word(&golden["case"]["seed"]).parse().unwrap())
}

fn stored(sealed: &Sealed) -> Result<Vec<u8>> {
    let mut file = vec![0xaa; synthetic::file_size(sealed.statement.geometry) as usize];
    let sector = sealed.sector();
    synthetic::prove(&sector, &sealed.graph, &sealed.statement, &mut file, &silent)?;
    Ok(file)
}

#[test]
fn the_file_is_the_references() {
    let golden = fixture::read(&format!("synth-{CASE}"));
    let (_, file, _) = sealed();
    assert_eq!(file.len() as u64, number(&golden["bytes"]));
    assert_eq!(hex::encode(&file[..4096]), word(&golden["first_4096_hex"]));
    assert_eq!(hex::encode(Sha256::digest(&file)), word(&golden["sha256"]));
}

/// Whatever the shape of the trees: what is selected is what would have been opened.
#[test]
fn selected_proofs_are_those_that_the_files_give() {
    for name in [
        "4KiB-1.1.0-plain-mod251-s42.json",
        "32KiB-1.1.0-plain-mod251-s42.json",
    ] {
        let sealed = Case::of(&fixture::read(&format!("porep-{name}"))).seal();
        let Sealed {
            statement, ref graph, ..
        } = sealed;
        let file = stored(&sealed).unwrap();
        for seed in (1..5).map(|i| Seed([i; 32])) {
            let challenges = Challenges::Synthetic(seed);
            let proofs = synthetic::select(&file, graph, &statement, &seed).unwrap();
            assert_eq!(
                prove(&sealed.sector(), graph, &statement, &challenges).unwrap(),
                proofs
            );
            assert!(verify(&proofs[0], &statement, graph, &challenges, 0));
            let opening = &proofs[0].openings[0];
            assert_eq!(opening.data.leaf, sealed.data[opening.challenge as usize]);
            // The same openings do not answer the same seed in the interactive way.
            assert!(!verify(
                &proofs[0],
                &statement,
                graph,
                &Challenges::Interactive(seed),
                0
            ));
        }
    }
}

/// Changes the stored file, and expects it to be refused for a reason.
fn check_refused(change: impl Fn(&mut Vec<u8>), reason: &str) {
    let (sealed, mut file, seed) = sealed();
    change(&mut file);
    let selected: Result<Vec<PartitionProof>> =
        synthetic::select(&file, &sealed.graph, &sealed.statement, &seed);
    let error = selected.unwrap_err().to_string();
    assert!(error.starts_with(reason), "{error}");
}

#[test]
fn a_file_of_another_length_is_refused() {
    let reason = "575071 bytes of stored synthetic proofs where 575072 belong";
    check_refused(|file| file.truncate(575_071), reason);
    let reason = "575073 bytes of stored synthetic proofs where 575072 belong";
    check_refused(|file| file.push(0), reason);
    check_refused(|file| file.clear(), "0 bytes of stored");
}

#[test]
fn a_file_of_another_sector_is_refused() {
    let golden = fixture::read("porep-2KiB-1.2.0-plain-mod251-s44.json");
    let other = stored(&Case::of(&golden).seal()).unwrap();
    let reason = "the stored synthetic proofs are another sector's";
    check_refused(|file| file.clone_from(&other), reason);
    for root in 0..3 {
        check_refused(|file| file[32 * root] ^= 1, reason);
        check_refused(|file| file[32 * root..32 * (root + 1)].fill(0xff), reason);
    }
    // Its records do not answer under these roots either.
    check_refused(
        |file| file[96..].copy_from_slice(&other[96..]),
        "stored synthetic proof ",
    );
}

#[test]
fn a_damaged_record_is_refused_and_named() {
    let (sealed, file, seed) = sealed();
    let n_nodes = sealed.statement.geometry.n_nodes();
    let selected = selected(sealed.statement.replica_id, &seed, n_nodes, 0..2);
    let record = (file.len() - 96) / n_nodes;
    for &number in &selected {
        let reason = format!("stored synthetic proof {number} does not answer its challenge");
        // Every part of a record: the numbers, then every node in a bit that turns.
        let places = (0..15)
            .map(|i| 8 * i)
            .chain((0..277).map(|i| 120 + 32 * i + i % 31));
        for place in places {
            let mut file = file.clone();
            file[96 + number as usize * record + place] ^= 4;
            let found = synthetic::select(&file, &sealed.graph, &sealed.statement, &seed);
            assert_eq!(
                found.unwrap_err().to_string().split(':').next(),
                Some(&reason[..]),
                "byte {place}"
            );
        }
    }
    // Others are not read.
    let other = (0..64).find(|number| !selected.contains(number)).unwrap();
    let mut changed = file.clone();
    changed[96 + other as usize * record] ^= 1;
    let select = |file: &[u8]| synthetic::select(file, &sealed.graph, &sealed.statement, &seed).unwrap();
    assert_eq!(select(&changed), select(&file));
}

#[test]
fn a_damaged_sector_is_found_before_its_layers_go() {
    let (mut sealed, ..) = sealed();
    sealed.layers[0][7].0[3] ^= 1;
    let error = stored(&sealed).unwrap_err().to_string();
    assert!(error.starts_with("layer 1: node 7 is not"), "{error}");
}
