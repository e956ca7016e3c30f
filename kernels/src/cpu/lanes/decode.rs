//! Points from their encodings, eight at a time.

use std::arch::x86_64::__mmask8;

use super::field::{Field, N_LANES};
use super::Ifma;
use crate::cpu::affine::Point;

/// The flags of a compressed point, of infinity, and of the larger y.
const FLAGS: u8 = 0xe0;

/// Uncompressed points without flags, and the lanes that hold a point of the curve.
pub(super) fn decode<F: Field>(ifma: Ifma, rows: [&[u8]; N_LANES]) -> ([Point<F>; N_LANES], __mmask8) {
    let Ifma(()) = ifma;
    // SAFETY: there is an `Ifma`, so the instructions are there.
    unsafe { points(rows) }
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn points<F: Field>(rows: [&[u8]; N_LANES]) -> ([Point<F>; N_LANES], __mmask8) {
    let x = numbers::<F>(rows.map(|row| &row[..F::SIZE]));
    let y = numbers::<F>(rows.map(|row| &row[F::SIZE..]));
    let mut good = F::reduced(&x) & F::reduced(&y);
    for (lane, row) in rows.iter().enumerate() {
        good &= !(u8::from(row[0] & FLAGS != 0) << lane);
    }
    // Numbers with flags are too large to calculate with.
    let zero = F::load([&F::INFINITY.x; N_LANES]);
    let x = F::canonical(F::elements(&F::choose(good, x, zero)));
    let y = F::canonical(F::elements(&F::choose(good, y, zero)));
    let cube = F::product(&F::square(&x), &x);
    let right = F::sum(cube, F::load([&F::curve_constant(); N_LANES]));
    good &= F::equals(&F::canonical(F::square(&y)), &F::canonical(right));
    let (x, y) = (F::store(x), F::store(y));
    let mut points = [*F::INFINITY; N_LANES];
    for (lane, point) in points.iter_mut().enumerate() {
        *point = Point {
            x: x[lane],
            y: y[lane],
        };
    }
    (points, good)
}

#[inline(always)]
fn numbers<F: Field>(rows: [&[u8]; N_LANES]) -> F::Lanes {
    let mut numbers = [F::default(); N_LANES];
    for (number, row) in numbers.iter_mut().zip(rows) {
        *number = F::number(row);
    }
    F::load(numbers.each_ref())
}
