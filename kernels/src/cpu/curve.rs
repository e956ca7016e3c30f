//! The two groups, as far as sums over them differ.

use blst::{blst_fp, blst_fp2, BLST_ERROR};
use group::prime::PrimeCurveAffine;

use super::affine::{Additions, Batch, Coordinate, Point};
use super::buckets::{Buckets, Sort};
use crate::{G1Affine, G2Affine};

/// A group of points, G1 or G2, and how they are added.
pub(super) trait Curve: Copy + Send + Sync {
    /// The field of the coordinates.
    type F: Coordinate;
    type Additions: Additions<Self::F>;
    type Buckets: Buckets<Self::F>;
    /// A point as callers know it.
    type Affine: PrimeCurveAffine<Curve: group::Curve<AffineRepr = Self::Affine>>;

    /// The name that errors show.
    const NAME: &'static str;
    /// Bytes of an uncompressed point.
    const SIZE: usize;

    fn additions(self) -> Self::Additions;
    fn buckets(self) -> Self::Buckets;
    /// Parses an uncompressed point on the curve (ZCash flags; the subgroup is not checked).
    fn decode(self, bytes: &[u8]) -> Option<Point<Self::F>>;
    /// Parses the points that stand at these places and appends them; or names the first place that has none.
    fn decode_all(
        self,
        bytes: &[u8],
        places: &[usize],
        points: &mut Vec<Point<Self::F>>,
    ) -> Result<(), usize> {
        for place in places {
            points.push(self.decode(row::<Self>(bytes, *place)).ok_or(*place)?);
        }
        Ok(())
    }
    fn affine(self, point: &Point<Self::F>) -> Self::Affine;
    fn point(self, affine: &Self::Affine) -> Point<Self::F>;
}

/// The encoding at a place among others.
fn row<C: Curve>(bytes: &[u8], place: usize) -> &[u8] {
    &bytes[place * C::SIZE..][..C::SIZE]
}

/// A point of a curve, for additions one at a time.
pub(super) type Projective<C> = <<C as Curve>::Affine as PrimeCurveAffine>::Curve;

/// G1, over the base field.
#[derive(Clone, Copy, Debug)]
pub(super) struct G1;
/// G2, over its quadratic extension.
#[derive(Clone, Copy, Debug)]
pub(super) struct G2;

/// The flag of a compressed point, and the flag for the larger y: neither has a place in an uncompressed one.
const FOREIGN_FLAGS: u8 = 0xa0;

macro_rules! curve {
    ($curve:ty, $name:literal, $size:literal, $field:ty, $affine:ty, $raw:ty, $decode:ident) => {
        impl Curve for $curve {
            type F = $field;
            type Additions = Batch<$field>;
            type Buckets = Sort<$field, Batch<$field>>;
            type Affine = $affine;

            const NAME: &'static str = $name;
            const SIZE: usize = $size;

            fn additions(self) -> Batch<$field> {
                Batch::default()
            }

            fn buckets(self) -> Self::Buckets {
                Sort::default()
            }

            fn decode(self, bytes: &[u8]) -> Option<Point<$field>> {
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

            fn affine(self, point: &Point<$field>) -> $affine {
                let mut affine = <$affine>::identity();
                *affine.as_mut() = <$raw>::from(*point);
                affine
            }

            fn point(self, affine: &$affine) -> Point<$field> {
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
    blst::blst_p1_affine,
    blst_p1_deserialize
);
curve!(
    G2,
    "G2",
    192,
    blst_fp2,
    G2Affine,
    blst::blst_p2_affine,
    blst_p2_deserialize
);
