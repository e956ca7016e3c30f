//! The two groups, as far as sums over them differ.

use blst::{blst_fp, blst_fp2, BLST_ERROR};
use group::{prime::PrimeCurveAffine, Curve as _, Group};

use super::affine::{Coordinate, Point};
use crate::{G1Affine, G1Projective, G2Affine, G2Projective};

/// A group of points: G1 or G2.
pub(super) trait Curve {
    /// The field of the coordinates.
    type F: Coordinate;
    /// A point for additions one at a time.
    type Projective: Group;

    /// The name that errors show.
    const NAME: &'static str;
    /// Bytes of an uncompressed point.
    const SIZE: usize;

    /// Parses an uncompressed point on the curve (ZCash flags; the subgroup is not checked).
    fn decode(bytes: &[u8]) -> Option<Point<Self::F>>;
    fn projective(point: &Point<Self::F>) -> Self::Projective;
    fn affine(point: &Self::Projective) -> Point<Self::F>;
}

/// G1, over the base field.
pub(super) struct G1;
/// G2, over its quadratic extension.
pub(super) struct G2;

/// The flag of a compressed point, and the flag for the larger y: neither has a place in an uncompressed one.
const FOREIGN_FLAGS: u8 = 0xa0;

macro_rules! curve {
    ($curve:ty, $name:literal, $size:literal, $field:ty, $affine:ty, $projective:ty, $raw:ty, $decode:ident) => {
        impl Curve for $curve {
            type F = $field;
            type Projective = $projective;

            const NAME: &'static str = $name;
            const SIZE: usize = $size;

            fn decode(bytes: &[u8]) -> Option<Point<$field>> {
                assert_eq!(
                    bytes.len(),
                    Self::SIZE,
                    "bytes of a point in {}",
                    Self::NAME
                );
                if bytes[0] & FOREIGN_FLAGS != 0 {
                    return None;
                }
                let mut raw = <$raw>::default();
                // SAFETY: blst reads SIZE bytes, whose number is asserted above, and writes one point.
                let status = unsafe { blst::$decode(&mut raw, bytes.as_ptr()) };
                // (0, ±2) is on the curve; that it is outside the subgroup is not asked here.
                let on_curve = matches!(
                    status,
                    BLST_ERROR::BLST_SUCCESS | BLST_ERROR::BLST_POINT_NOT_IN_GROUP
                );
                on_curve.then_some(Point { x: raw.x, y: raw.y })
            }

            fn projective(point: &Point<$field>) -> $projective {
                let mut affine = <$affine>::identity();
                *affine.as_mut() = <$raw>::from(*point);
                affine.into()
            }

            fn affine(point: &$projective) -> Point<$field> {
                let affine = point.to_affine();
                let raw: &$raw = affine.as_ref();
                Point { x: raw.x, y: raw.y }
            }
        }

        impl From<Point<$field>> for $raw {
            fn from(point: Point<$field>) -> $raw {
                let mut raw = <$raw>::default();
                raw.x = point.x;
                raw.y = point.y;
                raw
            }
        }
    };
}

curve!(
    G1,
    "G1",
    96,
    blst_fp,
    G1Affine,
    G1Projective,
    blst::blst_p1_affine,
    blst_p1_deserialize
);
curve!(
    G2,
    "G2",
    192,
    blst_fp2,
    G2Affine,
    G2Projective,
    blst::blst_p2_affine,
    blst_p2_deserialize
);
