//! Points on the curve and outside the subgroup.

use blstrs::{G1Affine, G2Affine};

/// One in G1.
pub fn outside_g1() -> G1Affine {
    let point = |x: u8| {
        let mut bytes = [0; 48];
        (bytes[0], bytes[47]) = (0x80, x);
        Option::<G1Affine>::from(G1Affine::from_compressed_unchecked(&bytes))
    };
    let mut points = (1..).filter_map(point);
    points
        .find(|point| !bool::from(point.is_torsion_free()))
        .expect("nearly every point is")
}

/// One in G2.
pub fn outside_g2() -> G2Affine {
    let point = |x: u8| {
        let mut bytes = [0; 96];
        (bytes[0], bytes[95]) = (0x80, x);
        Option::<G2Affine>::from(G2Affine::from_compressed_unchecked(&bytes))
    };
    let mut points = (1..).filter_map(point);
    points
        .find(|point| !bool::from(point.is_torsion_free()))
        .expect("nearly every point is")
}
