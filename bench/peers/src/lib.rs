//! The reference implementations beside Lode.
//!
//! Everything here drives two implementations with the same input: Lode, and the crates that the network
//! runs (`filecoin-proofs` 19.1 and what lies below it). The tests hold that each accepts what the other
//! made, byte for byte and both ways; the table (`cargo run --release -p bench-peers -- table`) says what
//! each stage costs on either side, and the model (`-- model TABLE.json`) what follows for 32 GiB.

pub mod case;
pub mod engine;
pub mod home;
pub mod model;
pub mod one_core;
pub mod ours;
pub mod parameters;
pub mod reference;
pub mod table;
