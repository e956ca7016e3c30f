//! Circuits and what proves them.

pub mod mock;
pub mod r1cs;
