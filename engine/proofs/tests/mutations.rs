//! No changed proof, and no proof of another statement, is accepted.
//!
//! Proofs of every kind that exist, changed in every way that we know: each bit, each point, each flag, each
//! length, each public input; and as many random changes as it takes to make 100,000. `LODE_MUTANTS` asks for
//! another number: `LODE_MUTANTS=1000000 cargo test --release -p engine-proofs --test mutations`.
//!
//! One change is accepted, as it is everywhere: who has a proof can re-randomise it, without a witness, into
//! another of the same statement. Proof bytes are therefore no identity.

mod encoded;
mod fixture;
mod mutant;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use blstrs::G2Affine;
use encoded::{bytes, file, scalar};
use engine_proofs::groth16::{BadPoint, Claim, Error, PreparedKey, Proof, VerifyingKey};
use ff::Field;
use fixture::{cases, number};
use kernels::Fr;
use mutant::Points;
use rand_core::{OsRng, RngCore, SeedableRng};
use rand_xorshift::XorShiftRng;
use rayon::prelude::*;
use serde_json::Value;

/// Mutants of an ordinary run.
const N_MUTANTS: usize = 100_000;

/// Proofs of one circuit that hold, all partitions of a statement one after the other.
struct Subject {
    name: &'static str,
    key: PreparedKey,
    delta: G2Affine,
    partitions: Vec<Partition>,
}

struct Partition {
    inputs: Vec<Fr>,
    proof: Proof,
    points: Points,
}

impl Subject {
    fn new(name: &'static str, key: &[u8], partitions: impl Iterator<Item = (Vec<Fr>, Vec<u8>)>) -> Subject {
        let delta = key[672..864].try_into().expect("192 bytes");
        let partition = |(inputs, proof): (Vec<Fr>, Vec<u8>)| {
            let proof = Proof::from_bytes(&proof).expect("a real proof");
            Partition {
                inputs,
                proof,
                points: Points::of(&proof),
            }
        };
        let subject = Subject {
            name,
            key: PreparedKey::new(&VerifyingKey::from_bytes(key).expect("a real key")),
            delta: Option::from(G2Affine::from_uncompressed(delta)).expect("a real key"),
            partitions: partitions.map(partition).collect(),
        };
        assert!(subject.holds(&subject.proofs()), "{name}: unchanged");
        subject
    }

    /// Proofs of 2 KiB sectors by the reference, under development parameters.
    fn kit(name: &'static str, file: &str) -> Subject {
        let kit = fixture::read(file);
        let partition = |partition: &Value| {
            let inputs = cases(&partition["public_inputs_le"]).iter().map(scalar);
            (inputs.collect(), bytes(&partition["proof_192_compressed"]))
        };
        let partitions = cases(&kit["partitions"]).iter().map(partition);
        let subject = Subject::new(name, &bytes(&kit["vk"]["vk_hex_uncompressed"]), partitions);
        let n_inputs = subject.partitions[0].inputs.len();
        assert_eq!(n_inputs as u64 + 1, number(&kit["vk"]["ic_len"]));
        subject
    }

    /// The ten proofs of a 32 GiB sector of a network: two counts, the key, then proof and inputs in turn.
    fn porep_32gib() -> Subject {
        let file = file("seal32_x10.prf");
        let (key, partitions) = file[16..].split_at(32_356);
        let partition = |partition: &[u8]| {
            let (proof, inputs) = partition.split_at(Proof::SIZE);
            (big_endian(inputs), proof.to_vec())
        };
        let partitions = partitions.chunks_exact(Proof::SIZE + 327 * 32).map(partition);
        Subject::new("PoRep 32GiB", key, partitions)
    }

    /// The WinningPoSt of a 32 GiB sector of a network: proof, count, inputs, key.
    fn winning_post_32gib() -> Subject {
        let file = file("winning32.prf");
        let (proof, rest) = file.split_at(Proof::SIZE);
        let (inputs, key) = rest[8..].split_at(132 * 32);
        let partition = (big_endian(inputs), proof.to_vec());
        Subject::new("WinningPoSt 32GiB", key, [partition].into_iter())
    }

    fn all() -> Vec<Subject> {
        vec![
            Subject::kit("PoRep 2KiB", "kit-porep-2KiB-1.1.0-plain-mod251-s42.json"),
            Subject::porep_32gib(),
            Subject::kit("WinningPoSt 2KiB", "kit-winning-post-2048.json"),
            Subject::winning_post_32gib(),
            Subject::kit("WindowPoSt 2KiB", "kit-window-post-2048.json"),
            Subject::kit("update 2KiB", "kit-update-2KiB-1.1.0-plain-mod251-s42.json"),
        ]
    }

    fn proofs(&self) -> Vec<Proof> {
        self.partitions.iter().map(|partition| partition.proof).collect()
    }

    /// Whether all partitions hold, as one batch.
    fn holds(&self, proofs: &[Proof]) -> bool {
        let pairs = self.partitions.iter().zip(proofs);
        let claims: Vec<Claim<'_>> = pairs
            .map(|(Partition { inputs, .. }, proof)| Claim { inputs, proof })
            .collect();
        self.key.verify_batch(&claims, &mut OsRng)
    }

    /// What becomes of a partition's proof, changed.
    fn try_proof(&self, k: usize, changed: &[u8], fates: &Fates) {
        let Partition { inputs, proof, .. } = &self.partitions[k];
        if changed == proof.to_bytes() {
            return;
        }
        let fate = match Proof::from_bytes(changed) {
            Err(Error::Proof {
                reason: BadPoint::NotInSubgroup,
                ..
            }) => &fates.subgroup,
            Err(Error::Proof { .. } | Error::ProofLength { .. }) => &fates.decoding,
            Err(other) => panic!("{}: {other}", self.name),
            Ok(changed) => {
                let bytes = hex::encode(changed.to_bytes());
                assert!(
                    !self.key.verify(inputs, &changed),
                    "{}, partition {k}: {bytes} is accepted",
                    self.name
                );
                &fates.pairing
            }
        };
        fate.fetch_add(1, Relaxed);
    }

    /// A partition's proof, unchanged, against other inputs.
    fn try_inputs(&self, k: usize, inputs: &[Fr], what: &str, fates: &Fates) {
        let Partition {
            inputs: own, proof, ..
        } = &self.partitions[k];
        if inputs != own {
            assert!(
                !self.key.verify(inputs, proof),
                "{}, partition {k}: {what} is accepted",
                self.name
            );
            fates.statement.fetch_add(1, Relaxed);
        }
    }

    /// Every change that is no accident.
    fn try_each(&self, fates: &Fates) {
        self.partitions.par_iter().enumerate().for_each(|(k, partition)| {
            let proof = partition.proof.to_bytes();
            let mutants = mutant::flipped(&proof)
                .chain(mutant::lengths(&proof))
                .chain(mutant::exchanged(&partition.points))
                .chain(mutant::ill_encoded(&proof));
            mutants
                .par_bridge()
                .for_each(|changed| self.try_proof(k, &changed, fates));
            self.try_each_input(k, fates);
            for (other, partition) in self.partitions.iter().enumerate() {
                self.try_inputs(
                    k,
                    &partition.inputs,
                    &format!("the statement of partition {other}"),
                    fates,
                );
            }
        });
    }

    fn try_each_input(&self, k: usize, fates: &Fates) {
        let inputs = &self.partitions[k].inputs;
        (0..inputs.len()).into_par_iter().for_each(|i| {
            let next = inputs[(i + 1) % inputs.len()];
            for value in [inputs[i] + Fr::ONE, -inputs[i], Fr::ZERO, next] {
                let mut changed = inputs.clone();
                changed[i] = value;
                self.try_inputs(k, &changed, &format!("another input {i}"), fates);
            }
        });
        for len in [0, inputs.len() - 1] {
            self.try_inputs(k, &inputs[..len], "a shorter statement", fates);
        }
        self.try_inputs(
            k,
            &[&inputs[..], &[Fr::ZERO]].concat(),
            "a longer statement",
            fates,
        );
    }
}

/// How mutants ended.
#[derive(Default)]
struct Fates {
    /// No bytes of points.
    decoding: AtomicUsize,
    /// Points of the curve, off the subgroup.
    subgroup: AtomicUsize,
    /// Points, but no proof.
    pairing: AtomicUsize,
    /// A proof, but not of that.
    statement: AtomicUsize,
}

impl Fates {
    fn n(&self) -> usize {
        let all = [&self.decoding, &self.subgroup, &self.pairing, &self.statement];
        all.map(|fate| fate.load(Relaxed)).iter().sum()
    }
}

#[test]
fn no_mutant_is_accepted() {
    let n_mutants = match std::env::var("LODE_MUTANTS") {
        Ok(word) => word.parse().expect("LODE_MUTANTS is a number"),
        Err(_) => N_MUTANTS,
    };
    let subjects = Subject::all();
    let fates = Fates::default();
    subjects.iter().for_each(|subject| subject.try_each(&fates));
    let n_each = fates.n();
    let partitions: Vec<(&Subject, usize)> = subjects
        .iter()
        .flat_map(|subject| (0..subject.partitions.len()).map(move |k| (subject, k)))
        .collect();
    // A random change may be none, or one that was there before: some more than are missing.
    let n_random = n_mutants.saturating_sub(n_each) * 101 / 100;
    (0..n_random).into_par_iter().for_each(|seed| {
        let (subject, k) = partitions[seed % partitions.len()];
        let mut rng = XorShiftRng::seed_from_u64(seed as u64);
        let others: Vec<Points> = subjects
            .iter()
            .flat_map(|subject| &subject.partitions)
            .map(|partition| partition.points)
            .collect();
        let partition = &subject.partitions[k];
        let proof = partition.proof.to_bytes();
        let changed = mutant::random(&proof, &partition.points, &others, &mut rng);
        subject.try_proof(k, &changed, &fates);
    });
    println!(
        "{} mutants, of these {n_each} systematic; refused in decoding {:?}, in the subgroup check {:?}, by the \
         pairing {:?}; proofs of another statement {:?}; accepted 0",
        fates.n(),
        fates.decoding,
        fates.subgroup,
        fates.pairing,
        fates.statement,
    );
    assert!(n_mutants <= fates.n());
    // Each of the four ways to refuse has been asked.
    assert!(fates.decoding.load(Relaxed) > n_each / 4);
    assert!(fates.subgroup.load(Relaxed) > n_each / 4);
    assert!(fates.pairing.load(Relaxed) > 100);
    assert!(fates.statement.load(Relaxed) > 10_000);
}

/// Groth16 lets anyone do this; what may not happen is that it proves something else.
#[test]
fn a_rerandomised_proof_proves_the_same_and_nothing_else() {
    let mut rng = XorShiftRng::seed_from_u64(11);
    for subject in Subject::all() {
        let Partition { inputs, points, .. } = &subject.partitions[0];
        let draws = [
            (-Fr::ONE, Fr::ZERO),
            (Fr::from(2), Fr::ZERO),
            (Fr::ONE, Fr::ONE),
            (Fr::random(&mut rng), Fr::random(&mut rng)),
        ];
        for (k, l) in draws {
            let other = points.rerandomised(subject.delta, k, l).to_bytes();
            assert!(other != subject.partitions[0].proof.to_bytes());
            let other = Proof::from_bytes(&other).expect("points of the subgroups");
            assert!(subject.key.verify(inputs, &other), "{}", subject.name);
            let i = rng.next_u64() as usize % inputs.len();
            let mut changed = inputs.clone();
            changed[i] += Fr::ONE;
            assert!(!subject.key.verify(&changed, &other), "{}", subject.name);
        }
    }
}

/// Partitions out of order, one twice, one missing, one too many; and in the place of one a mutant.
#[test]
fn a_sector_needs_all_its_partitions_in_their_order() {
    for subject in Subject::all() {
        let proofs = subject.proofs();
        let n = proofs.len();
        let bytes: Vec<u8> = proofs.iter().flat_map(Proof::to_bytes).collect();
        for other in [0, n - 1, n + 1, 10 * n] {
            assert!(
                Proof::many(&bytes, other).is_err() || other == n,
                "{}",
                subject.name
            );
        }
        for (i, j) in (0..n)
            .flat_map(|i| (0..n).map(move |j| (i, j)))
            .filter(|(i, j)| i != j)
        {
            let mut twice = proofs.clone();
            twice[i] = proofs[j];
            assert!(!subject.holds(&twice), "{}: partition {j} twice", subject.name);
            let mut swapped = proofs.clone();
            swapped.swap(i, j);
            assert!(!subject.holds(&swapped), "{}: {i} and {j} swapped", subject.name);
        }
        for k in 0..n {
            let points = subject.partitions[k].points;
            let negated = Points {
                a: -points.a,
                ..points
            }
            .to_bytes();
            let mut changed = proofs.clone();
            changed[k] = Proof::from_bytes(&negated).expect("points of the subgroups");
            assert!(
                !subject.holds(&changed),
                "{}: partition {k} negated",
                subject.name
            );
        }
    }
}

/// A proof of one circuit is none of another, whatever inputs are taken with it.
#[test]
fn a_proof_of_another_kind_is_refused() {
    let subjects = Subject::all();
    for (i, subject) in subjects.iter().enumerate() {
        for (j, other) in subjects.iter().enumerate().filter(|(j, _)| i != *j) {
            let Partition { inputs, proof, .. } = &other.partitions[0];
            assert!(!subject.key.verify(inputs, proof), "{i} and {j}");
            let own = &subject.partitions[0].inputs;
            assert!(!subject.key.verify(own, proof), "{i} and {j}");
        }
    }
}

fn big_endian(bytes: &[u8]) -> Vec<Fr> {
    let (scalars, rest) = bytes.as_chunks::<32>();
    assert!(rest.is_empty());
    let scalar = |bytes: &[u8; 32]| Option::from(Fr::from_bytes_be(bytes)).expect("canonical");
    scalars.iter().map(scalar).collect()
}
