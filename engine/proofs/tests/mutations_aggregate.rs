//! No changed aggregate is accepted.
//!
//! Its elements, changed in every way that we know: bits of all of them, flags, lengths, elements of one group
//! exchanged, negated, replaced by others of the group, taken off the group. An ordinary run flips every 29th bit,
//! others in each aggregate; with `LODE_MUTANTS=1000000` every bit is flipped, which takes nine minutes of a processor.

mod encoded;
mod fixture;
mod outside;

use std::ops::Range;

use blstrs::{G1Affine, G2Affine};
use encoded::{bytes, file, scalar};
use engine_proofs::{
    groth16::{
        aggregate::{Aggregate, AggregateKey, Claim, Included, Srs, SrsKey},
        VerifyingKey,
    },
    hex32,
    registered::AggregateProof,
    replica_id::Seed,
};
use fixture::{cases, number, word};
use group::prime::PrimeCurveAffine;
use kernels::{Fr, Node};
use outside::{outside_g1, outside_g2};
use rand_core::OsRng;
use rayon::prelude::*;
use serde_json::Value;

const TWO: &str = "kit-aggregate-2KiB-1.1.0-plain-mod251-s42-n2.json";
const NON_INTERACTIVE: &str = "kit-aggregate-2KiB-1.2.0-ni-chacha8-s46-n16.json";

/// The modulus of the base field.
const MODULUS: [u8; 48] = *b"\x1a\x01\x11\xea\x39\x7f\xe6\x9a\x4b\x1b\xa7\xb6\x43\x4b\xac\xd7\x64\x77\x4b\x84\xf3\x85\x12\xbf\
                            \x67\x30\xd2\xa0\xf6\xb0\xf6\x24\x1e\xab\xff\xfe\xb1\x53\xff\xff\xb9\xfe\xff\xff\xff\xff\xaa\xab";

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gt,
    G1,
    G2,
    Count,
}

/// The elements of an aggregate of 2ⁿ proofs, in their order.
fn elements(n_rounds: usize) -> Vec<(Kind, Range<usize>)> {
    let mut kinds = [vec![Kind::Gt; 5], vec![Kind::G1, Kind::Count]].concat();
    kinds.extend(vec![Kind::Gt; 10 * n_rounds]);
    kinds.extend(vec![Kind::G1; 2 * n_rounds]);
    kinds.extend([Kind::G1, Kind::G2, Kind::G1]);
    for _ in 0..2 {
        kinds.extend([Kind::G2, Kind::G2, Kind::G1, Kind::G1]);
    }
    let mut offset = 0;
    let place = |kind| {
        let size = match kind {
            Kind::Gt => 288,
            Kind::G1 => 48,
            Kind::G2 => 96,
            Kind::Count => 4,
        };
        offset += size;
        (kind, offset - size..offset)
    };
    kinds.into_iter().map(place).collect()
}

/// An aggregate that holds.
struct Subject {
    name: String,
    key: AggregateKey,
    srs: SrsKey,
    inputs: Vec<Vec<Fr>>,
    included: Included,
    version: AggregateProof,
    proof: Vec<u8>,
    elements: Vec<(Kind, Range<usize>)>,
}

/// Refused when it was read, and when it was verified.
type Fates = (usize, usize);

impl Subject {
    fn read(name: &str, version: AggregateProof) -> Subject {
        let kit = fixture::read(name);
        let parse = |list: &Value| -> Vec<Node> {
            let nodes = cases(list).iter();
            nodes
                .map(|node| hex32::parse_node(word(node)).expect("canonical"))
                .collect()
        };
        let comm_rs = parse(&kit["comm_rs"]);
        let seeds = cases(&kit["seeds"])
            .iter()
            .map(|seed| word(seed).parse::<Seed>().expect("a seed"));
        let sectors: Vec<_> = seeds.zip(comm_rs.iter().copied()).collect();
        let key = VerifyingKey::from_bytes(&bytes(&kit["vk"]["vk_hex_uncompressed"])).expect("a key");
        let inputs = cases(&kit["public_inputs_le"]).iter();
        let proof = match version {
            AggregateProof::SnarkPackV1 => &kit["v1"],
            AggregateProof::SnarkPackV2 => &kit["v2"],
        };
        let srs = file("v28-fil-inner-product-v1.srs");
        let n_rounds = number(&kit["padded_proof_count"]).ilog2() as usize;
        let subject = Subject {
            name: format!("{name}, {version}"),
            key: AggregateKey::new(&key),
            srs: Srs::parse(&srs)
                .and_then(|srs| srs.key())
                .expect("a reference string"),
            inputs: inputs
                .map(|inputs| cases(inputs).iter().map(scalar).collect())
                .collect(),
            included: match name {
                NON_INTERACTIVE => Included::non_interactive(&comm_rs),
                _ => Included::interactive(&sectors),
            },
            version,
            proof: bytes(&proof["aggregate_proof_hex"]),
            elements: elements(n_rounds),
        };
        let end = subject.elements.last().expect("there are elements").1.end;
        assert_eq!(end, subject.proof.len());
        assert!(subject.accepts(&Aggregate::from_bytes(&subject.proof).expect("an aggregate")));
        subject
    }

    fn all() -> [Subject; 4] {
        let (v1, v2) = (AggregateProof::SnarkPackV1, AggregateProof::SnarkPackV2);
        [(TWO, v1), (TWO, v2), (NON_INTERACTIVE, v1), (NON_INTERACTIVE, v2)]
            .map(|(name, version)| Subject::read(name, version))
    }

    fn accepts(&self, proof: &Aggregate) -> bool {
        let claim = Claim {
            inputs: &self.inputs,
            included: self.included,
            version: self.version,
        };
        self.key.verify(&self.srs, &claim, proof, &mut OsRng)
    }

    /// Tries each changed aggregate.
    fn try_all(&self, mutants: impl ParallelIterator<Item = Vec<u8>>) -> Fates {
        let fate = |changed: Vec<u8>| match Aggregate::from_bytes(&changed) {
            _ if changed == self.proof => (0, 0),
            Err(_) => (1, 0),
            Ok(proof) => {
                assert!(
                    !self.accepts(&proof),
                    "{}: {} is accepted",
                    self.name,
                    hex::encode(&changed)
                );
                (0, 1)
            }
        };
        mutants
            .map(fate)
            .reduce(|| (0, 0), |left, right| (left.0 + right.0, left.1 + right.1))
    }

    fn with(&self, place: &Range<usize>, bytes: &[u8]) -> Vec<u8> {
        let mut changed = self.proof.clone();
        changed[place.clone()].copy_from_slice(bytes);
        changed
    }

    /// Everything but single bits.
    fn mutants(&self) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for (kind, place) in &self.elements {
            let others = self.elements.iter().filter(|(other, _)| other == kind);
            for (_, other) in others {
                let mut swapped = self.with(place, &self.proof[other.clone()]);
                found.push(swapped.clone());
                swapped[other.clone()].copy_from_slice(&self.proof[place.clone()]);
                found.push(swapped);
            }
            let own = &self.proof[place.clone()];
            let replaced = match kind {
                Kind::Gt => vec![
                    negated(own),
                    vec![0; 288],
                    vec![0xff; 288],
                    [&own[..48], &[0; 240]].concat(),
                ],
                Kind::G1 => points(
                    own,
                    &G1Affine::generator().to_compressed(),
                    outside_g1().to_compressed(),
                ),
                Kind::G2 => points(
                    own,
                    &G2Affine::generator().to_compressed(),
                    outside_g2().to_compressed(),
                ),
                Kind::Count => [0, 1, 3, 4, 8, 32, u32::MAX]
                    .map(|n: u32| n.to_le_bytes().to_vec())
                    .to_vec(),
            };
            found.extend(replaced.iter().map(|bytes| self.with(place, bytes)));
        }
        found
    }
}

/// The inverse in the target group: its coordinates negated.
fn negated(element: &[u8]) -> Vec<u8> {
    let negate = |coordinate: &[u8]| {
        let mut borrow = 0;
        let difference = coordinate
            .iter()
            .zip(MODULUS.iter().rev())
            .map(|(digit, modulus)| {
                let digit = i16::from(*modulus) - i16::from(*digit) - borrow;
                borrow = i16::from(digit < 0);
                digit as u8
            });
        difference.collect::<Vec<u8>>()
    };
    element.chunks_exact(48).flat_map(negate).collect()
}

/// What may stand in a point's place: its negative, the generator, infinity, a point off the subgroup, other
/// flags, a coordinate that is not below the modulus.
fn points<const N: usize>(own: &[u8], generator: &[u8], off: [u8; N]) -> Vec<Vec<u8>> {
    let mut negative = own.to_vec();
    negative[0] ^= 0x20;
    let mut infinity = vec![0; N];
    infinity[0] = 0xc0;
    let mut modulus = own.to_vec();
    modulus[..48].copy_from_slice(&MODULUS);
    modulus[0] |= 0x80;
    let flags = (0..8).map(|flags| {
        let mut changed = own.to_vec();
        changed[0] = changed[0] & 0x1f | flags << 5;
        changed
    });
    let found = [negative, generator.to_vec(), infinity, off.to_vec(), modulus];
    found.into_iter().chain(flags).collect()
}

#[test]
fn no_bit_can_be_flipped() {
    let is_whole =
        std::env::var("LODE_MUTANTS").is_ok_and(|word| word.parse().is_ok_and(|n: usize| n >= 1_000_000));
    let step = if is_whole { 1 } else { 29 };
    for (first, subject) in Subject::all().iter().enumerate() {
        let bits = (first % step..8 * subject.proof.len())
            .into_par_iter()
            .step_by(step);
        let fates = subject.try_all(bits.map(|bit| {
            let mut changed = subject.proof.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            changed
        }));
        println!(
            "{}: refused when read {}, when verified {}",
            subject.name, fates.0, fates.1
        );
        assert_eq!(
            fates.0 + fates.1,
            (8 * subject.proof.len() - first % step).div_ceil(step)
        );
    }
}

#[test]
fn no_element_can_be_exchanged() {
    for subject in &Subject::all()[..2] {
        let fates = subject.try_all(subject.mutants().into_par_iter());
        println!(
            "{}: refused when read {}, when verified {}",
            subject.name, fates.0, fates.1
        );
        assert!(fates.0 > 50 && fates.1 > 200, "{fates:?}");
    }
}

#[test]
fn no_other_length_is_one() {
    for subject in Subject::all() {
        let proof = &subject.proof;
        let shorter = (0..proof.len()).map(|len| proof[..len].to_vec());
        let longer = [1, 48, 96, 288, 2976, proof.len()].map(|n| [&proof[..], &vec![0; n]].concat());
        let fates = subject.try_all(shorter.chain(longer).par_bridge());
        assert_eq!(fates, (proof.len() + 6, 0));
    }
}
