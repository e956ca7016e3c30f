//! The mathematics of storage.
//!
//! Files, sockets and clocks are someone else's: everything in here takes slices and gives values, so
//! that 2 KiB in memory and 32 GiB on disk run the same code.
#![forbid(unsafe_code)]

pub mod geometry;
pub mod path;
pub mod porep;
