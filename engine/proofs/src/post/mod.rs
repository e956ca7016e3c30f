//! Proof of spacetime: that replicas are still there.
//!
//! WindowPoSt asks every sector ten times in a proving period, WinningPoSt asks one sector of an elected
//! provider sixty-six times; one circuit serves both.

pub mod challenge;
pub mod circuit;
mod statement;
pub mod vanilla;

pub use statement::{PublicSector, Statement, StatementError};
