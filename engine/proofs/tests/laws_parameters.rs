//! Keys and parameter files that are damaged in thousands of ways: each is refused with its place, or makes no
//! proof that others would refuse.

mod mini;
mod outside;

use blstrs::{G1Affine, G2Affine};
use engine_proofs::{
    groth16::{
        self,
        witness::{Capacity, Witness},
        BadPoint, Blinding, Error, Parameters, PreparedKey, Proof, Secret, Section, VerifyingKey,
    },
    silent,
};
use ff::Field;
use group::{prime::PrimeCurveAffine, Curve};
use kernels::{Cpu, Fr};
use mini::Mini;
use outside::{outside_g1, outside_g2};
use rand_core::{RngCore, SeedableRng};
use rand_xorshift::XorShiftRng;
use rayon::prelude::*;

const G1_SIZE: usize = 96;
const G2_SIZE: usize = 192;
/// Sections of a key that are one point, with their offsets.
const HEAD: [(Section, usize); 7] = [
    (Section::AlphaG1, 0),
    (Section::BetaG1, 96),
    (Section::BetaG2, 192),
    (Section::GammaG2, 384),
    (Section::DeltaG1, 576),
    (Section::DeltaG2, 672),
    (Section::Ic, 864),
];
/// Where the points of the inputs begin, after their count.
const IC: usize = 868;
/// Points of inputs in the small circuit, with that of the constant one.
const N_IC: usize = 5;

const CIRCUIT: Mini = Mini {
    n: 12,
    x: None,
    is_false: false,
};

/// The parameter file of the small circuit.
fn file() -> Vec<u8> {
    let mut file = Vec::new();
    groth16::generate(&Cpu::new(), CIRCUIT, &Secret::development(), &mut file, &silent).expect("made");
    file
}

/// The key alone.
fn key() -> Vec<u8> {
    file()[..IC + N_IC * G1_SIZE].to_vec()
}

/// The lists after the key: section, offset of the first point, points, bytes of a point.
fn lists(file: &[u8]) -> Vec<(Section, usize, usize, usize)> {
    let mut offset = IC + N_IC * G1_SIZE;
    let sections = [Section::H, Section::L, Section::A, Section::BG1, Section::BG2];
    let list = |section| {
        let size = if section == Section::BG2 { G2_SIZE } else { G1_SIZE };
        let count = file[offset..offset + 4].try_into().expect("four bytes");
        let list = (section, offset + 4, u32::from_be_bytes(count) as usize, size);
        offset = list.1 + list.2 * size;
        list
    };
    sections.map(list).to_vec()
}

fn with(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[at..at + new.len()].copy_from_slice(new);
    changed
}

/// The place in a key that a byte belongs to.
fn section(at: usize) -> Section {
    let (section, _) = HEAD
        .into_iter()
        .rfind(|(_, offset)| *offset <= at)
        .expect("the first is at 0");
    section
}

#[test]
fn each_bit_of_a_key_counts() {
    let key = key();
    let check = |bit: usize| {
        let changed = with(&key, bit / 8, &[key[bit / 8] ^ 1 << (bit % 8)]);
        let error = VerifyingKey::from_bytes(&changed).expect_err("no key");
        match error {
            Error::Point { section: found, .. } => assert_eq!(found, section(bit / 8), "bit {bit}"),
            Error::Truncated {
                section: Section::Ic, ..
            }
            | Error::Trailing { .. }
            | Error::Lengths { .. } => {
                assert!((864..868).contains(&(bit / 8)), "bit {bit}: {error}");
            }
            other => panic!("bit {bit}: {other}"),
        }
    };
    (0..8 * key.len()).into_par_iter().for_each(check);
}

#[test]
fn a_key_ends_where_it_ends() {
    let key = key();
    (0..key.len()).into_par_iter().for_each(|len| {
        let error = VerifyingKey::from_bytes(&key[..len]).expect_err("cut short");
        assert!(matches!(error, Error::Truncated { .. }), "{len} bytes: {error}");
    });
    let error = VerifyingKey::from_bytes(&[&key[..], &key].concat()).expect_err("twice");
    assert!(matches!(error, Error::Trailing { .. }), "{error}");
}

#[test]
fn no_point_of_a_key_may_be_bad() {
    let key = key();
    let g1 = [
        (G1Affine::identity().to_uncompressed(), BadPoint::Infinity),
        (outside_g1().to_uncompressed(), BadPoint::NotInSubgroup),
        ([0; G1_SIZE], BadPoint::NotOnCurve),
        ([0x1f; G1_SIZE], BadPoint::NotCanonical),
        ([0xff; G1_SIZE], BadPoint::Flags),
    ];
    let g2 = [
        (G2Affine::identity().to_uncompressed(), BadPoint::Infinity),
        (outside_g2().to_uncompressed(), BadPoint::NotInSubgroup),
        ([0; G2_SIZE], BadPoint::NotOnCurve),
        ([0x1f; G2_SIZE], BadPoint::NotCanonical),
        ([0xff; G2_SIZE], BadPoint::Flags),
    ];
    let check = |at: usize, point: &[u8], expected: BadPoint| {
        let error = VerifyingKey::from_bytes(&with(&key, at, point)).expect_err("no key");
        let Error::Point { offset, reason, .. } = error else {
            panic!("{error}")
        };
        assert_eq!((offset, reason), (at, expected));
    };
    for at in [0, 96, 576]
        .into_iter()
        .chain((0..N_IC).map(|i| IC + i * G1_SIZE))
    {
        g1.iter().for_each(|(point, reason)| check(at, point, *reason));
    }
    for at in [192, 384, 672] {
        g2.iter().for_each(|(point, reason)| check(at, point, *reason));
    }
}

#[test]
fn a_parameter_file_ends_where_it_ends() {
    let file = file();
    assert!(Parameters::parse(&file).is_ok());
    // Every cut in the key is a cut in a key; after it, every fifth byte and the ends of all lists.
    let ends = lists(&file)
        .into_iter()
        .flat_map(|(_, at, len, size)| [at - 4, at - 1, at, at + len * size - 1]);
    let cuts: Vec<usize> = (key().len()..file.len()).step_by(5).chain(ends).collect();
    assert!(2000 < cuts.len());
    cuts.into_par_iter().for_each(|len| {
        let error = Parameters::parse(&file[..len]).expect_err("cut short");
        assert!(matches!(error, Error::Truncated { .. }), "{len} bytes: {error}");
    });
}

#[test]
fn counts_that_are_others_are_refused() {
    let file = file();
    for (section, at, len, _) in lists(&file) {
        for bit in 0..32 {
            let changed = (len as u32 ^ 1 << bit).to_be_bytes();
            let error = Parameters::parse(&with(&file, at - 4, &changed)).expect_err("another count");
            assert!(
                matches!(
                    error,
                    Error::Truncated { .. } | Error::Trailing { .. } | Error::Lengths { .. }
                ),
                "{section}: {error}"
            );
        }
    }
}

/// What the small circuit makes of a file: an error, or a proof that everybody accepts.
fn prove(file: &[u8], good: &PreparedKey) -> Result<(), Error> {
    let circuit = Mini {
        x: Some(Fr::from(3)),
        ..CIRCUIT
    };
    let witness = Witness::of(circuit, Capacity::default()).expect("complete");
    let inputs = &witness.inputs[1..];
    let parameters = Parameters::parse(file)?;
    let proof = groth16::prove(&Cpu::new(), &parameters, circuit, inputs, Blinding::draw()?)?;
    let read = Proof::from_bytes(&proof.to_bytes()).expect("others can read it");
    assert!(good.verify(inputs, &read));
    Ok(())
}

#[test]
fn a_bad_point_in_a_list_makes_no_bad_proof() {
    let file = file();
    let good = PreparedKey::new(&VerifyingKey::from_bytes(&key()).expect("a key"));
    prove(&file, &good).expect("the file is good");
    // Torsion: r·P is infinity for a point P of the subgroup only, and pairs to one with everything: what is
    // added to a proof by it no equation sees.
    let torsion = (outside_g1() * -Fr::ONE + outside_g1()).to_affine();
    let read = |at: usize| {
        let bytes = file[at..at + G1_SIZE].try_into().expect("a point");
        Option::<G1Affine>::from(G1Affine::from_uncompressed(bytes)).expect("a good point")
    };
    for (section, at, len, size) in lists(&file) {
        let n_refused: usize = (0..len)
            .into_par_iter()
            .map(|i| {
                let place = at + i * size;
                let bad: Vec<Vec<u8>> = match section {
                    Section::BG2 => vec![
                        G2Affine::identity().to_uncompressed().to_vec(),
                        outside_g2().to_uncompressed().to_vec(),
                        G2Affine::generator().to_uncompressed().to_vec(),
                    ],
                    _ => vec![
                        G1Affine::identity().to_uncompressed().to_vec(),
                        outside_g1().to_uncompressed().to_vec(),
                        G1Affine::generator().to_uncompressed().to_vec(),
                        (torsion + blstrs::G1Projective::from(read(place)))
                            .to_affine()
                            .to_uncompressed()
                            .to_vec(),
                        vec![0; G1_SIZE],
                    ],
                };
                let refused = bad
                    .iter()
                    .filter(|point| prove(&with(&file, place, point), &good).is_err());
                refused.count()
            })
            .sum();
        // A point whose factor in this witness is zero changes nothing.
        assert!(
            2 * len <= n_refused,
            "{section}: {n_refused} refused of {len} points"
        );
    }
}

#[test]
fn noise_is_no_key() {
    let file = file();
    let end = key().len() + 4;
    (0..4000u64).into_par_iter().for_each(|seed| {
        let mut rng = XorShiftRng::seed_from_u64(seed);
        let mut changed = file.clone();
        for _ in 0..1 + rng.next_u32() % 8 {
            let at = rng.next_u32() as usize % end;
            let len = 1 + rng.next_u32() as usize % 40.min(end - at);
            rng.fill_bytes(&mut changed[at..at + len]);
        }
        changed.truncate(end + rng.next_u32() as usize % (file.len() - end + 1));
        assert!(Parameters::parse(&changed).is_err(), "seed {seed}");
        assert!(VerifyingKey::from_bytes(&changed).is_err(), "seed {seed}");
        let mut noise = vec![0; rng.next_u32() as usize % 4096];
        rng.fill_bytes(&mut noise);
        assert!(VerifyingKey::from_bytes(&noise).is_err(), "seed {seed}");
    });
}
