//! The smallest sector of the test networks that is not a toy: in a process of its own, for it takes 4 GiB.

mod fixture;
mod golden;
mod sealed;

#[test]
fn half_a_gibibyte() {
    golden::check(&fixture::read("porep-512MiB-1.1.0-plain-chacha8-s42.json"));
}
