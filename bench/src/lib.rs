//! Measures Lode, and holds the shape of the house.
//!
//! The criterion benches of our own kernels stand in `benches/` (`cargo bench -p bench`), the reference
//! implementations beside ours in the package `bench-peers`, and the test of the house's own shape in
//! `tests/house.rs`.
