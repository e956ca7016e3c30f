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
mod products;
#[cfg(test)]
mod tests;

use blst::{blst_fp, blst_fp2};

use self::additions::Batch;
use self::field::Field;
pub(super) use self::field::N_LANES;
pub(super) use self::products::products;
use super::affine::{Coordinate, Point};
use super::curve::{row, Curve};
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

/// A coordinate that has a form for the lanes.
pub(super) trait Widen: Coordinate + From<Self::Wide> {
    type Wide: Field + From<Self>;
}

impl Widen for blst_fp {
    type Wide = fp::Fp;
}

impl Widen for blst_fp2 {
    type Wide = fp2::Fp2;
}

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
        let Point { x, y } = self.curve.decode(bytes)?;
        Some(Point {
            x: x.into(),
            y: y.into(),
        })
    }

    fn decode_all(
        self,
        bytes: &[u8],
        places: &[usize],
        points: &mut Vec<Point<Self::F>>,
    ) -> Result<(), usize> {
        for places in places.chunks(N_LANES) {
            // Where there are fewer, the first stands in for the others.
            let mut rows = [row::<C>(bytes, places[0]); N_LANES];
            for (row_of_lane, place) in rows.iter_mut().zip(places) {
                *row_of_lane = row::<C>(bytes, *place);
            }
            let (decoded, good) = decode::decode(self.ifma, rows);
            for (lane, place) in places.iter().enumerate() {
                points.push(if good >> lane & 1 == 1 {
                    decoded[lane]
                } else {
                    self.decode(rows[lane]).ok_or(*place)?
                });
            }
        }
        Ok(())
    }

    fn affine(self, point: &Point<Self::F>) -> C::Affine {
        self.curve.affine(&Point {
            x: point.x.into(),
            y: point.y.into(),
        })
    }

    fn point(self, affine: &C::Affine) -> Point<Self::F> {
        let Point { x, y } = self.curve.point(affine);
        Point {
            x: x.into(),
            y: y.into(),
        }
    }
}
