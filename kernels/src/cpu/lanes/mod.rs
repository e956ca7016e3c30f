//! Arithmetic on processors with AVX-512 IFMA: eight elements, or eight additions of points, side by side.

mod additions;
mod buckets;
mod decode;
mod field;
mod fp;
mod fp2;
pub(super) mod fr;
mod inverse;
mod limb;
mod plan;
mod products;
#[cfg(test)]
mod tests;

use blst::{blst_fp, blst_fp2};

use self::additions::Batch;
use self::field::Field;
pub(super) use self::field::N_LANES;
pub(super) use self::products::products;
use super::affine::{Coordinate, Point};
use super::curve::Curve;
use super::Level;

/// Proof that this processor has the instructions, and may use them; whoever holds it may run them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ifma(());

impl Ifma {
    pub(super) fn of(level: Level) -> Option<&'static Ifma> {
        level.allows(Level::Ifma).then_some(&Ifma(()))
    }
}

/// A curve whose points are added in lanes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide<C> {
    curve: C,
    ifma: Ifma,
}

impl<C> Wide<C> {
    pub(super) fn new(curve: C, ifma: Ifma) -> Wide<C> {
        Wide { curve, ifma }
    }
}

/// A field whose points have a form for the lanes.
pub(super) trait Widen: Coordinate {
    type Wide: Field;

    fn widen(point: &Point<Self>) -> Point<Self::Wide>;
    fn narrow(point: &Point<Self::Wide>) -> Point<Self>;
}

macro_rules! widen {
    ($field:ty, $wide:ty) => {
        impl Widen for $field {
            type Wide = $wide;

            fn widen(point: &Point<$field>) -> Point<$wide> {
                Point {
                    x: <$wide>::from_x(&point.x),
                    y: <$wide>::from_y(&point.y),
                }
            }

            fn narrow(point: &Point<$wide>) -> Point<$field> {
                Point {
                    x: point.x.to_x(),
                    y: point.y.to_y(),
                }
            }
        }
    };
}

widen!(blst_fp, fp::Fp);
widen!(blst_fp2, fp2::Fp2);

impl<C: Curve<F: Widen>> Curve for Wide<C> {
    type F = <C::F as Widen>::Wide;
    type Additions = Batch<Self::F>;
    type Buckets = buckets::Buckets<Self::F>;
    type Affine = C::Affine;

    const NAME: &'static str = C::NAME;
    const SIZE: usize = C::SIZE;

    fn additions(self) -> Self::Additions {
        Batch::new(self.ifma)
    }

    fn buckets(self) -> Self::Buckets {
        buckets::Buckets::new(self.ifma)
    }

    fn decode(self, bytes: &[u8]) -> Option<Point<Self::F>> {
        Some(C::F::widen(&self.curve.decode(bytes)?))
    }

    fn decode_all(
        self,
        bytes: &[u8],
        places: &[usize],
        points: &mut Vec<Point<Self::F>>,
    ) -> Result<(), usize> {
        decode::decode_all(self.ifma, bytes, places, points, |row| self.decode(row))
    }

    fn affine(self, point: &Point<Self::F>) -> C::Affine {
        self.curve.affine(&C::F::narrow(point))
    }

    fn point(self, affine: &C::Affine) -> Point<Self::F> {
        C::F::widen(&self.curve.point(affine))
    }
}
