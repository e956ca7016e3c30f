//! Being written.
#![allow(unused, missing_docs)]
use crate::*;
pub(crate) fn ntt(direction: Direction, values: &mut [Fr]) {
    todo!()
}
pub(crate) fn quotient(
    device: &(impl Backend + ?Sized),
    a: &mut [Fr],
    b: &mut [Fr],
    c: &mut [Fr],
) -> Result<()> {
    todo!()
}
pub(crate) fn msm_g1(bases: Bases<'_>, scalars: &[Fr]) -> Result<G1Projective> {
    todo!()
}
pub(crate) fn msm_g2(bases: Bases<'_>, scalars: &[Fr]) -> Result<G2Projective> {
    todo!()
}
pub(crate) fn multiples_g1(base: &G1Affine, scalars: &[Fr], multiples: &mut [G1Affine]) {
    todo!()
}
pub(crate) fn multiples_g2(base: &G2Affine, scalars: &[Fr], multiples: &mut [G2Affine]) {
    todo!()
}
