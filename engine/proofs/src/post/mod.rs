//! Proof of spacetime: that replicas are still there.
//!
//! WindowPoSt asks every sector ten times in a proving period, WinningPoSt asks one sector of an elected
//! provider sixty-six times; one circuit serves both. The way of an answer: a [`Statement`] says what is claimed
//! and derives what is asked; [`vanilla`] answers for each sector, straight from its files; a [`Partition`]
//! takes the answers of its sectors, and only good ones; a SNARK hides them, and [`verify()`] needs only it and
//! the statement.

pub mod challenge;
pub mod circuit;
pub(crate) mod encoding;
mod partition;
mod replica;
mod statement;
pub mod vanilla;
mod verify;

pub use encoding::Malformed;
pub use partition::{Fault, Faulty, Partition};
pub(crate) use replica::Opener;
pub use replica::{reads, Reads, Replica};
pub use statement::{PublicSector, Statement, StatementError};
pub use verify::{verify, verify_batch};
