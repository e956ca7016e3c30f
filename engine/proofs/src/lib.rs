//! The mathematics of storage.
//!
//! Files, sockets and clocks are someone else's: everything in here takes slices and gives values, so
//! that 2 KiB in memory and 32 GiB on disk run the same code.
#![forbid(unsafe_code)]

pub mod blank;
pub mod bls;
mod chacha;
pub mod cid;
mod error;
mod feistel;
pub mod fr32;
pub mod gadget;
pub mod geometry;
pub mod graph;
pub mod groth16;
pub mod hex32;
pub mod path;
pub mod piece;
pub mod porep;
pub mod post;
mod progress;
pub mod registered;
pub mod replica_id;
pub mod sdr;
pub mod tree;
pub mod update;

pub use error::{Error, Part, Result};
pub use progress::{silent, Progress};
