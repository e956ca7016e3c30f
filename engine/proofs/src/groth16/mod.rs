//! Circuits and what proves them.

pub mod aggregate;
mod assignment;
pub mod error;
pub mod memory;
pub mod mock;
pub mod name;
pub mod params;
mod points;
pub mod proof;
pub mod prover;
pub mod r1cs;
pub mod setup;
pub mod shape;
pub mod verifier;
pub mod witness;

pub use error::{BadPoint, Error, Result, Section};
pub use name::ProofKind;
pub use params::{Parameters, VerifyingKey};
pub use proof::Proof;
pub use prover::{prove, Blinding, Prover};
pub use setup::{generate, Secret};
pub use shape::{Arguments, Outline};
pub use verifier::{Claim, PreparedKey};
pub use witness::Provable;
