//! Aggregates and their reference string against the reference: the same bytes, and nothing else accepted.

mod encoded;
mod fixture;

use encoded::{bytes, file, scalar};
use engine_proofs::{
    groth16::{
        aggregate::{self, aggregate, Aggregate, AggregateKey, Claim, Included, Srs},
        Error, Proof, VerifyingKey,
    },
    hex32,
    registered::AggregateProof,
    replica_id::Seed,
};
use ff::Field;
use fixture::{cases, number, word};
use kernels::{Fr, Node};
use rand_core::{OsRng, RngCore, SeedableRng};
use rand_xorshift::XorShiftRng;
use serde_json::Value;

const SRS: &str = "v28-fil-inner-product-v1.srs";
const TWO: &str = "kit-aggregate-2KiB-1.1.0-plain-mod251-s42-n2.json";
const NON_INTERACTIVE: &str = "kit-aggregate-2KiB-1.2.0-ni-chacha8-s46-n16.json";

/// What a kit says.
struct Kit {
    golden: Value,
    proofs: Vec<Proof>,
    inputs: Vec<Vec<Fr>>,
    included: Included,
    key: AggregateKey,
}

impl Kit {
    fn read(name: &str) -> Kit {
        let golden = fixture::read(name);
        let proofs = cases(&golden["proofs"]).iter().flat_map(|proof| {
            let bytes = bytes(proof);
            Proof::many(&bytes, bytes.len() / Proof::SIZE).expect("the reference's")
        });
        let inputs = cases(&golden["public_inputs_le"]).iter();
        let nodes = |list| {
            cases(list)
                .iter()
                .map(|node| hex32::parse_node(word(node)).expect("canonical"))
        };
        let comm_rs: Vec<Node> = nodes(&golden["comm_rs"]).collect();
        let seeds = cases(&golden["seeds"])
            .iter()
            .map(|seed| word(seed).parse().expect("a seed"));
        let sectors: Vec<(Seed, Node)> = seeds.zip(comm_rs.iter().copied()).collect();
        let key = VerifyingKey::from_bytes(&bytes(&golden["vk"]["vk_hex_uncompressed"]));
        Kit {
            proofs: proofs.collect(),
            inputs: inputs
                .map(|inputs| cases(inputs).iter().map(scalar).collect())
                .collect(),
            included: match name {
                NON_INTERACTIVE => Included::non_interactive(&comm_rs),
                _ => Included::interactive(&sectors),
            },
            key: AggregateKey::new(&key.expect("the reference's")),
            golden,
        }
    }

    fn known(&self, version: AggregateProof) -> Aggregate {
        let known = match version {
            AggregateProof::SnarkPackV1 => &self.golden["v1"],
            AggregateProof::SnarkPackV2 => &self.golden["v2"],
        };
        let bytes = bytes(&known["aggregate_proof_hex"]);
        assert_eq!(bytes.len() as u64, number(&known["bytes"]));
        Aggregate::from_bytes(&bytes).expect("the reference's")
    }

    fn claim(&self, version: AggregateProof) -> Claim<'_> {
        Claim {
            inputs: &self.inputs,
            included: self.included,
            version,
        }
    }

    fn accepts(&self, claim: &Claim<'_>, proof: &Aggregate) -> bool {
        let srs = file(SRS);
        let srs = Srs::parse(&srs)
            .expect("the reference's")
            .key()
            .expect("on the curve");
        self.key.verify(&srs, claim, proof, &mut OsRng)
    }
}

fn check(name: &str, version: AggregateProof) {
    let kit = Kit::read(name);
    let known = kit.known(version);
    assert_eq!(known.n_proofs() as u64, number(&kit.golden["padded_proof_count"]));
    let srs = file(SRS);
    let srs = Srs::parse(&srs).expect("the reference's");
    let made =
        aggregate(&srs, &kit.proofs, &kit.included, version).expect("the reference string is long enough");
    assert!(
        made.to_bytes() == known.to_bytes(),
        "{name}: the aggregate differs"
    );
    assert!(kit.accepts(&kit.claim(version), &known));
}

#[test]
fn aggregates_are_the_references() {
    for version in [AggregateProof::SnarkPackV1, AggregateProof::SnarkPackV2] {
        check(TWO, version);
        check(NON_INTERACTIVE, version);
    }
}

#[test]
fn another_claim_is_refused() {
    for (name, version) in [
        (TWO, AggregateProof::SnarkPackV1),
        (TWO, AggregateProof::SnarkPackV2),
        (NON_INTERACTIVE, AggregateProof::SnarkPackV2),
    ] {
        let kit = Kit::read(name);
        let (known, claim) = (kit.known(version), kit.claim(version));
        let refused = |claim: &Claim<'_>, what: &str| assert!(!kit.accepts(claim, &known), "{name}: {what}");
        let other = match version {
            AggregateProof::SnarkPackV1 => AggregateProof::SnarkPackV2,
            AggregateProof::SnarkPackV2 => AggregateProof::SnarkPackV1,
        };
        refused(
            &Claim {
                version: other,
                ..claim
            },
            "the other version",
        );
        for byte in [0, 31] {
            let mut included = kit.included;
            included.0[byte] ^= 1;
            refused(&Claim { included, ..claim }, "another transcript");
        }
        for (proof, input) in [(0, 0), (1, 2), (kit.inputs.len() - 1, 38)] {
            let mut inputs = kit.inputs.clone();
            inputs[proof][input] += Fr::ONE;
            refused(
                &Claim {
                    inputs: &inputs,
                    ..claim
                },
                "another input",
            );
        }
        let n = kit.inputs.len();
        let mut swapped = kit.inputs.clone();
        swapped.swap(0, n - 1);
        let is_other = swapped != kit.inputs;
        let swapped = Claim {
            inputs: &swapped,
            ..claim
        };
        assert!(
            !is_other || !kit.accepts(&swapped, &known),
            "{name}: another order"
        );
        refused(&Claim { inputs: &[], ..claim }, "no inputs");
        refused(
            &Claim {
                inputs: &kit.inputs[..n / 2],
                ..claim
            },
            "fewer inputs",
        );
        let more = [&kit.inputs[..], &kit.inputs[..]].concat();
        refused(
            &Claim {
                inputs: &more,
                ..claim
            },
            "more inputs",
        );
        let shorter: Vec<Vec<Fr>> = kit.inputs.iter().map(|inputs| inputs[1..].to_vec()).collect();
        refused(
            &Claim {
                inputs: &shorter,
                ..claim
            },
            "shorter inputs",
        );
    }
}

/// Padding takes the last proof, and a verifier who knows fewer statements than proofs were aggregated pads alike.
#[test]
fn any_number_of_proofs_is_aggregated() {
    let kit = Kit::read(NON_INTERACTIVE);
    let srs = file(SRS);
    let srs = Srs::parse(&srs).expect("the reference's");
    for n in [1, 2, 3, 5] {
        let made = aggregate(&srs, &kit.proofs[..n], &kit.included, AggregateProof::SnarkPackV2)
            .expect("long enough");
        let claim = |inputs| Claim {
            inputs,
            ..kit.claim(AggregateProof::SnarkPackV2)
        };
        assert!(kit.accepts(&claim(&kit.inputs[..n]), &made), "{n} proofs");
        assert!(!kit.accepts(&claim(&kit.inputs[1..n + 1]), &made), "{n} proofs");
    }
    // One of them is another's.
    let proofs = [kit.proofs[0], kit.proofs[2]];
    let made = aggregate(&srs, &proofs, &kit.included, AggregateProof::SnarkPackV2).expect("long enough");
    let claim = Claim {
        inputs: &kit.inputs[..2],
        ..kit.claim(AggregateProof::SnarkPackV2)
    };
    assert!(!kit.accepts(&claim, &made));
}

#[test]
fn numbers_of_proofs_out_of_bounds_are_refused() {
    let kit = Kit::read(TWO);
    let srs = file(SRS);
    let srs = Srs::parse(&srs).expect("the reference's");
    let refused = |n: usize, message: &str| {
        let proofs = vec![kit.proofs[0]; n];
        let answer =
            aggregate(&srs, &proofs, &kit.included, AggregateProof::SnarkPackV2).expect_err("out of bounds");
        assert_eq!(answer.to_string(), message);
    };
    refused(0, "0 proofs cannot be aggregated, 1 to 8192 can");
    refused(8193, "8193 proofs cannot be aggregated, 1 to 8192 can");
    assert_eq!(srs.max_proofs(), 128);
    refused(
        129,
        "the reference string serves fewer than 256 proofs: g_alpha holds 256 points, 512 are needed",
    );
}

/// 512 proofs, aggregated years ago by others.
#[test]
fn an_aggregate_made_elsewhere_comes_back_byte_by_byte() {
    let elsewhere = file("aggregate_proof_bytes");
    let proof = Aggregate::from_bytes(&elsewhere).expect("the reference's");
    assert_eq!(proof.n_proofs(), 512);
    assert!(proof.to_bytes() == elsewhere);
}

#[test]
fn what_is_no_aggregate_is_refused_with_the_reason() {
    let known = file("aggregate_proof_bytes");
    let refused = |bytes: &[u8], message: &str| {
        let answer = Aggregate::from_bytes(bytes).expect_err("no aggregate");
        assert_eq!(answer.to_string(), message);
    };
    let length =
        |n| format!("an aggregate of 2, 4, 8, … 8192 proofs has 5236, 8212, 11188, … 40948 bytes, not {n}");
    for len in [0, 1, 1488, 1491, 1492, known.len() - 1] {
        refused(&known[..len], &length(len));
    }
    refused(&[&known[..], &[0]].concat(), &length(known.len() + 1));
    // A length that another number of proofs has, and a number that would take 2³² rounds' memory.
    refused(
        &known[..Aggregate::size(256)],
        "the aggregate has the length of 256 proofs, and says that it holds 512",
    );
    for count in [0, 1, 511, 513, u32::MAX] {
        let mut changed = known.clone();
        changed[1488..1492].copy_from_slice(&count.to_le_bytes());
        refused(
            &changed,
            &format!("the aggregate has the length of 512 proofs, and says that it holds {count}"),
        );
    }
    let element = "an element of the aggregate is not canonical, or not in its group";
    // The first coordinate, the first element, the first point, the last one.
    for at in [0..48, 0..288, 1440..1488, known.len() - 48..known.len()] {
        for byte in [0, 0xff] {
            let mut changed = known.clone();
            changed[at.clone()].fill(byte);
            refused(&changed, element);
        }
    }
}

#[test]
fn the_development_reference_string_is_the_references() {
    assert!(aggregate::development(128) == file(SRS));
}

fn check_srs(change: impl Fn(&mut Vec<u8>), message: &str) {
    let mut srs = aggregate::development(4);
    change(&mut srs);
    let never = |_: usize, _: usize| std::ops::ControlFlow::Continue(());
    let answer =
        Srs::parse(&srs).and_then(|srs| srs.check(usize::MAX, &kernels::Cpu::new(), &mut OsRng, &never));
    let answer = answer.err().map_or(String::new(), |error| error.to_string());
    assert_eq!(answer, message);
}

/// Four lists of eight points: at 4 and 392 in G1, at 780 and 1552 in G2.
#[test]
fn what_is_no_reference_string_is_refused_with_the_place() {
    check_srs(|_| (), "");
    check_srs(
        |srs| srs.truncate(1000),
        "h_alpha needs 768 bytes at offset 780, but 220 are left: the file is cut short or no parameter file",
    );
    check_srs(|srs| srs.push(0), "1 bytes follow the end at offset 2320");
    check_srs(
        |srs| srs[776] = 0xff,
        "h_alpha needs 410706248448 bytes at offset 780, but 1540 are left: the file is cut short or no parameter file",
    );
    check_srs(
        |srs| {
            srs[3] = 3;
            srs.drain(4 + 3 * 48..4 + 8 * 48);
        },
        "the reference string serves fewer than 2 proofs: g_alpha holds 3 points, 4 are needed",
    );
    // A point repeated, two exchanged, the start left out, one list in another's place.
    let no_powers =
        |list| format!("{list}: points 0 to 7 are no powers of one number, so this is no reference string");
    check_srs(|srs| srs.copy_within(52..100, 100), &no_powers("g_alpha"));
    check_srs(
        |srs| {
            let (low, high) = srs.split_at_mut(1552 + 7 * 96);
            low[1552 + 6 * 96..].swap_with_slice(&mut high[..96]);
        },
        &no_powers("h_beta"),
    );
    check_srs(|srs| srs.copy_within(52..388, 4), &no_powers("g_alpha"));
    check_srs(|srs| srs.copy_within(4..388, 392), &no_powers("g_beta"));
    check_srs(
        |srs| srs[392 + 5 * 48..][..48].copy_from_slice(&[[0xc0].as_slice(), &[0; 47]].concat()),
        "g_beta: point 5 at offset 632 is the point at infinity",
    );
    check_srs(
        |srs| srs[780 + 2 * 96] = 0x1f,
        "h_alpha: point 2 at offset 972 has the flags of another encoding",
    );
}

/// The points that a verifier needs are checked when it takes them.
#[test]
fn a_damaged_reference_string_verifies_nothing() {
    let srs = aggregate::development(4);
    for point in [4, 52, 392 + 48, 780, 780 + 96, 1552 + 96] {
        let mut changed = srs.clone();
        changed[point] = 0;
        let key = Srs::parse(&changed).expect("as long").key();
        assert!(matches!(key, Err(Error::Point { .. })), "byte {point}");
    }
}

#[test]
fn random_bytes_are_no_aggregate() {
    let mut rng = XorShiftRng::seed_from_u64(7);
    for _ in 0..200 {
        let mut bytes = vec![0; Aggregate::size(2)];
        rng.fill_bytes(&mut bytes);
        bytes[1488..1492].copy_from_slice(&2u32.to_le_bytes());
        assert!(matches!(
            Aggregate::from_bytes(&bytes),
            Err(Error::AggregateElement(_))
        ));
    }
}
