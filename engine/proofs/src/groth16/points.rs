//! Points as bytes: ZCash's encodings, read strictly.

use blstrs::{G1Affine, G2Affine};
use group::prime::PrimeCurveAffine;

use super::error::BadPoint;

/// Bytes of a compressed point in G1.
pub(super) const G1_SIZE: usize = 48;
/// Bytes of a compressed point in G2.
pub(super) const G2_SIZE: usize = 96;

const COMPRESSED: u8 = 0x80;
const INFINITY: u8 = 0x40;
const LARGER_Y: u8 = 0x20;

/// The modulus of the base field, big-endian.
const MODULUS: [u8; 48] = [
    0x1a, 0x01, 0x11, 0xea, 0x39, 0x7f, 0xe6, 0x9a, 0x4b, 0x1b, 0xa7, 0xb6, 0x43, 0x4b, 0xac, 0xd7, 0x64,
    0x77, 0x4b, 0x84, 0xf3, 0x85, 0x12, 0xbf, 0x67, 0x30, 0xd2, 0xa0, 0xf6, 0xb0, 0xf6, 0x24, 0x1e, 0xab,
    0xff, 0xfe, 0xb1, 0x53, 0xff, 0xff, 0xb9, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xaa, 0xab,
];

/// Checks flags and coordinates before the curve is asked.
fn check(bytes: &[u8], is_compressed: bool) -> Result<(), BadPoint> {
    let flags = bytes[0];
    let allowed = if is_compressed { COMPRESSED | LARGER_Y } else { 0 };
    if (flags & COMPRESSED != 0) != is_compressed {
        return Err(BadPoint::Flags);
    }
    if flags & INFINITY != 0 {
        return Err(BadPoint::Infinity);
    }
    if flags & (COMPRESSED | LARGER_Y) & !allowed != 0 {
        return Err(BadPoint::Flags);
    }
    let is_canonical = |i: usize, coordinate: &[u8]| {
        let mut coordinate: [u8; 48] = coordinate.try_into().expect("chunks of 48 bytes");
        if i == 0 {
            coordinate[0] &= !(COMPRESSED | INFINITY | LARGER_Y);
        }
        coordinate < MODULUS
    };
    let mut coordinates = bytes.chunks_exact(G1_SIZE).enumerate();
    if coordinates.all(|(i, coordinate)| is_canonical(i, coordinate)) {
        Ok(())
    } else {
        Err(BadPoint::NotCanonical)
    }
}

macro_rules! decode {
    ($name:ident, $affine:ty, $size:expr, $is_compressed:literal, $decode:ident) => {
        /// Parses a point in the subgroup that is not infinity.
        pub(super) fn $name(bytes: &[u8; $size]) -> Result<$affine, BadPoint> {
            check(bytes, $is_compressed)?;
            let point = Option::<$affine>::from(<$affine>::$decode(bytes)).ok_or(BadPoint::NotOnCurve)?;
            if !bool::from(point.is_on_curve()) {
                return Err(BadPoint::NotOnCurve);
            }
            if bool::from(point.is_identity()) {
                return Err(BadPoint::Infinity);
            }
            if !bool::from(point.is_torsion_free()) {
                return Err(BadPoint::NotInSubgroup);
            }
            Ok(point)
        }
    };
}

decode!(g1_compressed, G1Affine, G1_SIZE, true, from_compressed_unchecked);
decode!(g2_compressed, G2Affine, G2_SIZE, true, from_compressed_unchecked);
decode!(
    g1_uncompressed,
    G1Affine,
    2 * G1_SIZE,
    false,
    from_uncompressed_unchecked
);
decode!(
    g2_uncompressed,
    G2Affine,
    2 * G2_SIZE,
    false,
    from_uncompressed_unchecked
);
