//! Proof of spacetime: that replicas are still there.
//!
//! WindowPoSt asks every sector ten times in a proving period, WinningPoSt asks the sector of an elected
//! provider sixty-six times; one circuit serves both.

pub mod circuit;
pub mod vanilla;
