//! Points from their encodings, eight at a time.

use std::arch::x86_64::__mmask8;

use super::field::{Field, N_LANES};
use super::Ifma;
use crate::cpu::affine::Point;
use crate::device::prefetch;

/// The flags of a compressed point, of infinity, and of the larger y.
const FLAGS: u8 = 0xe0;

/// Groups of eight that come near before their turn: memory answers while so many are decoded.
const LOOK_AHEAD: usize = 4;

/// Appends the points that stand at these places, without flags; `decode` is for all others, and may find none.
pub(super) fn decode_all<F: Field>(
    ifma: Ifma,
    bytes: &[u8],
    places: &[usize],
    points: &mut Vec<Point<F>>,
    decode: impl Fn(&[u8]) -> Option<Point<F>>,
) -> Result<(), usize> {
    let Ifma(()) = ifma;
    // SAFETY: there is an `Ifma`, so the instructions are there.
    unsafe { append(bytes, places, points, decode) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn append<F: Field>(
    bytes: &[u8],
    places: &[usize],
    points: &mut Vec<Point<F>>,
    decode: impl Fn(&[u8]) -> Option<Point<F>>,
) -> Result<(), usize> {
    let constant = F::load([&F::curve_constant(); N_LANES]);
    points.reserve(places.len());
    for (i, group) in places.chunks(N_LANES).enumerate() {
        for place in places.iter().skip((i + LOOK_AHEAD) * N_LANES).take(N_LANES) {
            let row = row::<F>(bytes, *place);
            prefetch(row, 0);
            prefetch(row, row.len() / 2);
        }
        // Where there are fewer, the first stands in for the others.
        let mut rows = [row::<F>(bytes, group[0]); N_LANES];
        for (row_of_lane, place) in rows.iter_mut().zip(group) {
            *row_of_lane = row::<F>(bytes, *place);
        }
        let (x, y, good) = coordinates::<F>(rows, &constant);
        let (x, y) = (F::store(x), F::store(y));
        for (lane, place) in group.iter().enumerate() {
            points.push(if good >> lane & 1 == 1 {
                Point {
                    x: x[lane],
                    y: y[lane],
                }
            } else {
                decode(rows[lane]).ok_or(*place)?
            });
        }
    }
    Ok(())
}

fn row<F: Field>(bytes: &[u8], place: usize) -> &[u8] {
    &bytes[2 * F::SIZE * place..][..2 * F::SIZE]
}

/// What follows on a coordinate.
#[inline(always)]
pub(super) fn rests<F: Field>(mut rows: [&[u8]; N_LANES]) -> [&[u8]; N_LANES] {
    for row in &mut rows {
        *row = &row[F::SIZE..];
    }
    rows
}

/// Eight points, and the lanes that hold one of the curve.
#[inline(always)]
fn coordinates<F: Field>(rows: [&[u8]; N_LANES], constant: &F::Lanes) -> (F::Lanes, F::Lanes, __mmask8) {
    let x = F::numbers(rows);
    let y = F::numbers(rests::<F>(rows));
    let mut good = F::reduced(&x) & F::reduced(&y);
    for (lane, row) in rows.iter().enumerate() {
        good &= !(u8::from(row[0] & FLAGS != 0) << lane);
    }
    // Numbers with flags are too large to calculate with.
    let zero = F::load([&F::INFINITY.x; N_LANES]);
    let x = F::choose(good, x, zero);
    let y = F::ys(&F::choose(good, y, zero));
    // x³ − y² + b.
    let mut difference = F::square(&y);
    F::set_product_less(&mut difference, &F::square(&x), &x);
    good &= F::zeros(&F::canonical(F::sum(difference, *constant)));
    (x, F::canonical_from_close(y), good)
}
