//! What is no proof, no key and no parameter file is refused, with the place and the reason.

mod mini;

use blstrs::{G1Affine, G2Affine};
use engine_proofs::{
    groth16::{
        self,
        witness::{Capacity, Witness},
        BadPoint, Blinding, Error, Parameters, PreparedKey, Proof, Secret, Section, VerifyingKey,
    },
    silent,
};
use group::prime::PrimeCurveAffine;
use kernels::{Cpu, Fr};
use mini::Mini;
use rand_core::{RngCore, SeedableRng};
use rand_xorshift::XorShiftRng;

const G1_SIZE: usize = 96;
const G2_SIZE: usize = 192;
/// Bytes of a key before its inputs' points: six points and a count.
const HEAD_SIZE: usize = 3 * (G1_SIZE + G2_SIZE) + 4;

/// A parameter file of a small circuit: 5 inputs with the constant one, a domain of 64.
fn file() -> Vec<u8> {
    let circuit = Mini {
        n: 12,
        x: None,
        is_false: false,
    };
    let mut file = Vec::new();
    groth16::generate(&Cpu::new(), circuit, &Secret::development(), &mut file, &silent).expect("made");
    file
}

/// The lists of a parameter file: name, offset of the count, points, bytes of a point.
fn lists(file: &[u8]) -> Vec<(Section, usize, usize, usize)> {
    let mut offset = HEAD_SIZE - 4;
    let sections = [
        Section::Ic,
        Section::H,
        Section::L,
        Section::A,
        Section::BG1,
        Section::BG2,
    ];
    let lists = sections.map(|section| {
        let size = if section == Section::BG2 { G2_SIZE } else { G1_SIZE };
        let count = file[offset..offset + 4].try_into().expect("four bytes");
        let list = (section, offset, u32::from_be_bytes(count) as usize, size);
        offset += 4 + list.2 * size;
        list
    });
    assert_eq!(offset, file.len());
    lists.to_vec()
}

/// A point on the curve, but outside the subgroup: the first one whose x is a small number.
fn outside_g1() -> G1Affine {
    let point = |x: u8| {
        let mut bytes = [0; 48];
        (bytes[0], bytes[47]) = (0x80, x);
        Option::<G1Affine>::from(G1Affine::from_compressed_unchecked(&bytes))
    };
    (1..)
        .filter_map(point)
        .find(|point| !bool::from(point.is_torsion_free()))
        .expect("nearly every point is")
}

fn outside_g2() -> G2Affine {
    let point = |x: u8| {
        let mut bytes = [0; 96];
        (bytes[0], bytes[95]) = (0x80, x);
        Option::<G2Affine>::from(G2Affine::from_compressed_unchecked(&bytes))
    };
    (1..)
        .filter_map(point)
        .find(|point| !bool::from(point.is_torsion_free()))
        .expect("nearly every point is")
}

/// The modulus of the base field, with the flag of a compressed point.
const MODULUS_COMPRESSED: [u8; 48] = {
    let mut bytes = *b"\x1a\x01\x11\xea\x39\x7f\xe6\x9a\x4b\x1b\xa7\xb6\x43\x4b\xac\xd7\x64\x77\x4b\x84\xf3\x85\x12\xbf\
                       \x67\x30\xd2\xa0\xf6\xb0\xf6\x24\x1e\xab\xff\xfe\xb1\x53\xff\xff\xb9\xfe\xff\xff\xff\xff\xaa\xab";
    bytes[0] |= 0x80;
    bytes
};

fn check_proof(a: &[u8], b: &[u8], c: &[u8], element: &str, reason: BadPoint) {
    let answer = Proof::from_bytes(&[a, b, c].concat()).expect_err("no proof");
    let Error::Proof {
        element: found,
        reason: why,
    } = answer
    else {
        panic!("{answer}")
    };
    assert_eq!((found, why), (element, reason));
}

#[test]
fn what_is_no_proof_is_refused_with_the_reason() {
    let (g1, g2) = (
        G1Affine::generator().to_compressed(),
        G2Affine::generator().to_compressed(),
    );
    assert!(Proof::from_bytes(&[&g1[..], &g2, &g1].concat()).is_ok());

    let infinity = G1Affine::identity().to_compressed();
    check_proof(&infinity, &g2, &g1, "a", BadPoint::Infinity);
    check_proof(
        &g1,
        &G2Affine::identity().to_compressed(),
        &g1,
        "b",
        BadPoint::Infinity,
    );
    check_proof(&g1, &g2, &infinity, "c", BadPoint::Infinity);

    check_proof(
        &outside_g1().to_compressed(),
        &g2,
        &g1,
        "a",
        BadPoint::NotInSubgroup,
    );
    check_proof(
        &g1,
        &outside_g2().to_compressed(),
        &g1,
        "b",
        BadPoint::NotInSubgroup,
    );
    check_proof(
        &g1,
        &g2,
        &outside_g1().to_compressed(),
        "c",
        BadPoint::NotInSubgroup,
    );

    check_proof(&MODULUS_COMPRESSED, &g2, &g1, "a", BadPoint::NotCanonical);
    let mut b = g2;
    b[48..].copy_from_slice(&MODULUS_COMPRESSED);
    check_proof(&g1, &b, &g1, "b", BadPoint::NotCanonical);

    // x = 1: 1 + 4 is no square.
    let mut off_curve = [0; 48];
    (off_curve[0], off_curve[47]) = (0x80, 1);
    check_proof(&g1, &g2, &off_curve, "c", BadPoint::NotOnCurve);
    check_proof(&[0; 48], &g2, &g1, "a", BadPoint::Flags);
}

#[test]
fn a_proof_has_192_bytes() {
    for len in [0, 1, 191, 193, 384] {
        let answer = Proof::from_bytes(&vec![0x80; len])
            .expect_err("no proof")
            .to_string();
        assert_eq!(answer, format!("a proof has 192 bytes, not {len}"));
    }
    assert!(matches!(
        Proof::many(&[0; 192], 2),
        Err(Error::ProofLength {
            expected: 384,
            found: 192
        })
    ));
}

#[test]
fn a_file_cut_short_or_drawn_out_is_refused() {
    let file = file();
    assert!(Parameters::parse(&file).is_ok());
    for len in (0..file.len()).step_by(151).chain([file.len() - 1]) {
        let answer = Parameters::parse(&file[..len]).expect_err("cut short");
        assert!(matches!(answer, Error::Truncated { .. }), "{len} bytes: {answer}");
        if len < HEAD_SIZE + 5 * G1_SIZE {
            assert!(matches!(
                VerifyingKey::from_bytes(&file[..len]),
                Err(Error::Truncated { .. })
            ));
        }
    }
    let longer = [&file[..], &[0]].concat();
    let answer = Parameters::parse(&longer).expect_err("too long").to_string();
    assert_eq!(answer, format!("1 bytes follow the end at offset {}", file.len()));
    // A whole parameter file is no key file.
    assert!(matches!(
        VerifyingKey::from_bytes(&file),
        Err(Error::Trailing { .. })
    ));
}

#[test]
fn a_length_beyond_the_file_is_refused_before_it_is_used() {
    let file = file();
    for (section, offset, _, size) in lists(&file) {
        let mut changed = file.clone();
        changed[offset..offset + 4].copy_from_slice(&[0xff; 4]);
        let answer = Parameters::parse(&changed).expect_err("too long").to_string();
        let needed = u64::from(u32::MAX) * size as u64;
        assert!(
            answer.starts_with(&format!(
                "{section} needs {needed} bytes at offset {}",
                offset + 4
            )),
            "{answer}"
        );
    }
}

fn check_key(offset: usize, point: &[u8], section: Section, index: usize, reason: BadPoint) {
    let mut key = file()[..HEAD_SIZE + 5 * G1_SIZE].to_vec();
    assert!(VerifyingKey::from_bytes(&key).is_ok());
    key[offset..offset + point.len()].copy_from_slice(point);
    let answer = VerifyingKey::from_bytes(&key).expect_err("no key");
    let Error::Point {
        section: s,
        index: i,
        offset: o,
        reason: r,
    } = answer
    else {
        panic!("{answer}")
    };
    assert_eq!((s, i, o, r), (section, index, offset, reason));
}

#[test]
fn a_key_with_a_bad_point_is_refused_with_the_place() {
    check_key(
        0,
        &G1Affine::identity().to_uncompressed(),
        Section::AlphaG1,
        0,
        BadPoint::Infinity,
    );
    check_key(
        96,
        &outside_g1().to_uncompressed(),
        Section::BetaG1,
        0,
        BadPoint::NotInSubgroup,
    );
    check_key(
        192,
        &outside_g2().to_uncompressed(),
        Section::BetaG2,
        0,
        BadPoint::NotInSubgroup,
    );
    check_key(384, &[0; 192], Section::GammaG2, 0, BadPoint::NotOnCurve);
    check_key(576, &[0x1f; 96], Section::DeltaG1, 0, BadPoint::NotCanonical);
    check_key(672, &[0x80; 192], Section::DeltaG2, 0, BadPoint::Flags);
    let third = HEAD_SIZE + 3 * G1_SIZE;
    check_key(
        third,
        &G1Affine::identity().to_uncompressed(),
        Section::Ic,
        3,
        BadPoint::Infinity,
    );
    check_key(
        third,
        &G1Affine::generator().to_compressed(),
        Section::Ic,
        3,
        BadPoint::Flags,
    );
}

/// Takes the last point from a list and says so in its count.
fn without_last(file: &[u8], wanted: Section) -> Vec<u8> {
    let (_, offset, len, size) = lists(file)
        .into_iter()
        .find(|list| list.0 == wanted)
        .expect("a list");
    let mut changed = file.to_vec();
    changed[offset..offset + 4].copy_from_slice(&(len as u32 - 1).to_be_bytes());
    let end = offset + 4 + len * size;
    changed.drain(end - size..end);
    changed
}

fn check_lengths(changed: &[u8], message: &str) {
    let answer = Parameters::parse(changed)
        .expect_err("no circuit has these lengths")
        .to_string();
    assert_eq!(answer, message);
}

#[test]
fn lengths_that_contradict_each_other_are_refused() {
    let file = file();
    check_lengths(
        &without_last(&file, Section::H),
        "h holds 62 points, which fits no circuit: it holds one less than a power of two",
    );
    let n_b = lists(&file)[4].2;
    check_lengths(
        &without_last(&file, Section::BG2),
        &format!(
            "b_g2 holds {} points, which fits no circuit: b_g1 holds another number",
            n_b - 1
        ),
    );
    let no_inputs = (0..5).fold(file, |file, _| without_last(&file, Section::Ic));
    check_lengths(
        &no_inputs,
        "ic holds 0 points, which fits no circuit: the constant one has a point",
    );
}

#[test]
fn a_bit_flipped_in_a_file_never_makes_a_false_proof() {
    let file = file();
    let circuit = Mini {
        n: 12,
        x: Some(Fr::from(3)),
        is_false: false,
    };
    let witness = Witness::of(circuit, Capacity::default()).expect("complete");
    let inputs = &witness.inputs[1..];
    let key = PreparedKey::new(&Parameters::parse(&file).expect("parses").key);
    let mut rng = XorShiftRng::seed_from_u64(3);
    let mut n_refused = 0;
    for _ in 0..200 {
        let bit = rng.next_u32() as usize % (8 * file.len());
        let mut changed = file.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let blinding = Blinding::draw().expect("the system has randomness");
        let proof = Parameters::parse(&changed)
            .and_then(|parameters| groth16::prove(&Cpu::new(), &parameters, circuit, inputs, blinding));
        match proof {
            Ok(proof) => assert!(key.verify(inputs, &proof), "bit {bit}"),
            Err(_) => n_refused += 1,
        }
    }
    assert!(n_refused > 150, "only {n_refused} of 200 changes were noticed");
}
