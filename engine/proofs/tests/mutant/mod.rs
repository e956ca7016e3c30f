//! Proofs changed in every way that we know, and points that are made to be refused.

use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective, Scalar as Fr};
use engine_proofs::groth16::Proof;
use ff::{Field, PrimeField};
use group::{prime::PrimeCurveAffine, Curve, Group};
use rand_core::RngCore;

/// The first bytes of the points A, B and C in a proof, and the end.
const PLACES: [usize; 4] = [0, 48, 144, 192];
/// The modulus of the base field.
const MODULUS: [u8; 48] = *b"\x1a\x01\x11\xea\x39\x7f\xe6\x9a\x4b\x1b\xa7\xb6\x43\x4b\xac\xd7\x64\x77\x4b\x84\xf3\x85\x12\xbf\
                            \x67\x30\xd2\xa0\xf6\xb0\xf6\x24\x1e\xab\xff\xfe\xb1\x53\xff\xff\xb9\xfe\xff\xff\xff\xff\xaa\xab";

/// The points of a proof.
#[derive(Clone, Copy)]
pub struct Points {
    pub a: G1Affine,
    pub b: G2Affine,
    pub c: G1Affine,
}

impl Points {
    pub fn of(proof: &Proof) -> Points {
        let bytes = proof.to_bytes();
        let g1 = |at: usize| {
            let point = G1Affine::from_compressed(bytes[at..at + 48].try_into().expect("48 bytes"));
            Option::from(point).expect("a point of a proof")
        };
        let b = G2Affine::from_compressed(bytes[48..144].try_into().expect("96 bytes"));
        Points {
            a: g1(0),
            b: Option::from(b).expect("a point of a proof"),
            c: g1(144),
        }
    }

    pub fn to_bytes(self) -> Vec<u8> {
        [
            &self.a.to_compressed()[..],
            &self.b.to_compressed(),
            &self.c.to_compressed(),
        ]
        .concat()
    }

    /// What everybody can make of a proof without knowing a witness: other proofs of the same statement.
    ///
    /// `(A/k, k·B + k·l·δ, C + l·A)` for any k but 0 and any l; `(−A, −B, C)` is the case k = −1, l = 0.
    pub fn rerandomised(self, delta: G2Affine, k: Fr, l: Fr) -> Points {
        let inverse = Option::<Fr>::from(k.invert()).expect("k is not 0");
        Points {
            a: (self.a * inverse).to_affine(),
            b: (self.b * k + delta * (k * l)).to_affine(),
            c: (G1Projective::from(self.c) + self.a * l).to_affine(),
        }
    }
}

/// One bit changed, for every bit.
pub fn flipped(proof: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..8 * proof.len()).map(|bit| {
        let mut changed = proof.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

/// Cut short at every byte, drawn out, repeated.
pub fn lengths(proof: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let shorter = (0..proof.len()).map(|len| proof[..len].to_vec());
    let longer = [&[0][..], &[0xc0; 48], &[0; 96], proof]
        .into_iter()
        .map(move |more| [proof, more].concat());
    shorter.chain(longer)
}

/// Points of this proof where others belong: exchanged, negated, infinity, the generator, off the subgroup.
pub fn exchanged(proof: &Points) -> Vec<Vec<u8>> {
    let Points { a, b, c } = *proof;
    let (g1, g2) = (G1Affine::generator(), G2Affine::generator());
    let (o1, o2) = (G1Affine::identity(), G2Affine::identity());
    let mut found: Vec<Points> = [
        (c, b, a),
        (a, b, a),
        (c, b, c),
        (-a, b, c),
        (a, -b, c),
        (a, b, -c),
        (-a, b, -c),
        (a, -b, -c),
        (-a, -b, -c),
        (o1, b, c),
        (a, o2, c),
        (a, b, o1),
        (o1, o2, c),
        (o1, b, o1),
        (a, o2, o1),
        (o1, o2, o1),
        (g1, b, c),
        (a, g2, c),
        (a, b, g1),
        (g1, g2, c),
        (g1, g2, g1),
    ]
    .map(|(a, b, c)| Points { a, b, c })
    .to_vec();
    // A point of the curve's cofactor: no pairing sees it, only the check of the subgroup does.
    for (torsion, other) in (1..4).map(|n| (torsion_g1(n), torsion_g2(n))) {
        let add = |point: G1Affine| (G1Projective::from(point) + torsion).to_affine();
        let b_moved = (G2Projective::from(b) + other).to_affine();
        found.extend([
            Points { a: add(a), b, c },
            Points { a, b, c: add(c) },
            Points { a, b: b_moved, c },
            Points {
                a: add(a),
                b: b_moved,
                c: add(c),
            },
            Points {
                a: torsion.to_affine(),
                b,
                c,
            },
            Points {
                a,
                b: other.to_affine(),
                c,
            },
            Points {
                a,
                b,
                c: torsion.to_affine(),
            },
        ]);
    }
    found.into_iter().map(Points::to_bytes).collect()
}

/// Every other setting of the flags, the modulus added to each coordinate where it fits, and coordinates
/// that are the modulus or more.
pub fn ill_encoded(proof: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for coordinate in [0, 48, 96, 144] {
        let flags = proof[coordinate] & 0xe0;
        let with = |flags: u8, number: &[u8]| {
            let mut changed = proof.to_vec();
            changed[coordinate..coordinate + 48].copy_from_slice(number);
            changed[coordinate] = changed[coordinate] & 0x1f | flags;
            changed
        };
        let number = &proof[coordinate..coordinate + 48];
        // The larger y is a point of its own, the negative one: it stands among the exchanged.
        let others = (0..8).map(|flags| flags << 5).filter(|&other| other != flags);
        found.extend(others.map(|flags| with(flags, number)));
        let mut low = number.to_vec();
        low[0] &= 0x1f;
        let numbers = [sum(&low, &MODULUS), Some(MODULUS.to_vec()), Some(vec![0xff; 48])];
        found.extend(numbers.into_iter().flatten().map(|number| with(flags, &number)));
    }
    found
}

/// The sum of two numbers, big-endian, if it is below 2³⁸¹.
fn sum(left: &[u8], right: &[u8]) -> Option<Vec<u8>> {
    let mut sum = vec![0; 48];
    let mut carry = 0;
    for i in (0..48).rev() {
        let digit = u16::from(left[i]) + u16::from(right[i]) + carry;
        (sum[i], carry) = (digit as u8, digit >> 8);
    }
    (sum[0] < 0x20).then_some(sum)
}

/// A change drawn at random: bits, bytes, a whole point, or a point of another proof.
pub fn random(proof: &[u8], points: &Points, others: &[Points], rng: &mut dyn RngCore) -> Vec<u8> {
    let mut draw = |n: usize| rng.next_u64() as usize % n;
    let place = draw(3);
    let (first, len) = (PLACES[place], PLACES[place + 1] - PLACES[place]);
    let mut changed = proof.to_vec();
    match draw(8) {
        0..3 => {
            for _ in 0..2 + draw(7) {
                let bit = draw(8 * len);
                changed[first + bit / 8] ^= 1 << (bit % 8);
            }
        }
        3..5 => {
            let at = first + draw(len);
            let end = (at + 1 + draw(48)).min(first + len);
            rng.fill_bytes(&mut changed[at..end]);
        }
        // Random, but for the flags: every fourth is on the curve, hardly any in the subgroup.
        5..7 => {
            rng.fill_bytes(&mut changed[first..first + len]);
            for coordinate in (first..first + len).step_by(48) {
                changed[coordinate] &= 0x0f;
            }
            changed[first] |= 0x80;
        }
        _ => {
            let other = others[draw(others.len())];
            let factor = Fr::from(rng.next_u64() | 2);
            let moved = match (place, rng.next_u32() % 2) {
                (0, 0) => Points {
                    a: other.a,
                    ..*points
                },
                (0, _) => Points {
                    a: (points.a * factor).to_affine(),
                    ..*points
                },
                (1, 0) => Points {
                    b: other.b,
                    ..*points
                },
                (1, _) => Points {
                    b: (points.b * factor).to_affine(),
                    ..*points
                },
                (_, 0) => Points {
                    c: other.c,
                    ..*points
                },
                _ => Points {
                    c: (points.c * factor).to_affine(),
                    ..*points
                },
            };
            changed = moved.to_bytes();
        }
    }
    changed
}

/// A point of the curve whose order divides the cofactor: r times a point off the subgroup.
fn torsion_g1(n: u8) -> G1Projective {
    let point = |x: u8| {
        let mut bytes = [0; 48];
        (bytes[0], bytes[47]) = (0x80, x);
        Option::<G1Affine>::from(G1Affine::from_compressed_unchecked(&bytes))
    };
    let off = (16 * n..)
        .filter_map(point)
        .find(|point| !bool::from(point.is_torsion_free()));
    times_r(G1Projective::from(off.expect("nearly every point is")))
}

fn torsion_g2(n: u8) -> G2Projective {
    let point = |x: u8| {
        let mut bytes = [0; 96];
        (bytes[0], bytes[95]) = (0x80, x);
        Option::<G2Affine>::from(G2Affine::from_compressed_unchecked(&bytes))
    };
    let off = (16 * n..)
        .filter_map(point)
        .find(|point| !bool::from(point.is_torsion_free()));
    times_r(G2Projective::from(off.expect("nearly every point is")))
}

/// r times a point, doubling and adding: the products of the library hold in the subgroup only.
fn times_r<P: Group>(point: P) -> P {
    let minus_one = (-Fr::ONE).to_repr();
    let bits = (0..256).rev().map(|bit| minus_one[bit / 8] >> (bit % 8) & 1);
    let product = bits.fold(P::identity(), |sum, bit| {
        let doubled = sum.double();
        if bit == 1 {
            doubled + point
        } else {
            doubled
        }
    });
    product + point
}
