//! What every device must keep.
//!
//! [`check`] runs every operation on small, odd and edge sizes, on worst-case and on random numbers, and
//! compares with the naive definition and with known answers. It takes some seconds on the CPU and reaches
//! every operation of [`Backend`], those that a device leaves to the CPU too. [`quick`] does the same on a few
//! sizes, in a fraction of a second: for every start of a program that will drive the device.

mod groth16;
mod naive;
mod nodes;
mod sizes;

use sha2::{Digest, Sha256};

use crate::{Backend, Error, Fr, Node, Result};
use sizes::Sizes;

/// A law that a device does not keep.
#[derive(Debug, thiserror::Error)]
#[error("{operation} of {size}: it must hold that {law}; it does not at {position}")]
pub struct Broken {
    /// What must hold.
    pub law: &'static str,
    /// The operation, by its name in [`Backend`].
    pub operation: &'static str,
    /// How many elements the operation was given.
    pub size: usize,
    /// The first output that is wrong.
    pub position: usize,
    /// What the device said, where it failed or answered with the wrong error.
    pub source: Option<Error>,
}

/// Holds a device to every law.
///
/// # Errors
/// The first law that is broken.
pub fn check(device: &dyn Backend) -> Result<(), Broken> {
    check_on(device, &sizes::ALL)
}

/// Holds a device to every law on a few sizes.
///
/// # Errors
/// The first law that is broken.
pub fn quick(device: &dyn Backend) -> Result<(), Broken> {
    check_on(device, &sizes::FEW)
}

fn check_on(device: &dyn Backend, sizes: &Sizes) -> Result<(), Broken> {
    nodes::check(device, sizes)?;
    groth16::check(device, sizes)
}

/// A law, applied to an operation on a certain size.
#[derive(Clone, Copy)]
struct Case {
    law: &'static str,
    operation: &'static str,
    size: usize,
}

impl Case {
    fn broken(self, position: usize, source: Option<Error>) -> Broken {
        Broken {
            law: self.law,
            operation: self.operation,
            size: self.size,
            position,
            source,
        }
    }

    /// The operation was done.
    fn done<T>(self, outcome: Result<T>) -> Result<T, Broken> {
        outcome.map_err(|error| self.broken(0, Some(error)))
    }

    /// The outputs are the expected ones.
    fn same<T: PartialEq>(self, found: &[T], expected: &[T]) -> Result<(), Broken> {
        assert_eq!(
            found.len(),
            expected.len(),
            "{}: a law compares like with like",
            self.law
        );
        let wrong = found
            .iter()
            .zip(expected)
            .position(|(found, expected)| found != expected);
        wrong.map_or(Ok(()), |position| Err(self.broken(position, None)))
    }

    /// The operation refused the node at this place.
    fn refused<T>(self, outcome: Result<T>, position: usize) -> Result<(), Broken> {
        match outcome {
            Err(Error::NotCanonical { index, .. } | Error::NotOnCurve { index, .. }) if index == position => {
                Ok(())
            }
            other => Err(self.broken(position, other.err())),
        }
    }
}

/// A node of its own for each number: SHA-256 of it, cut to the field.
fn random_node(seed: u64) -> Node {
    Node::truncated(Sha256::digest(seed.to_le_bytes()).into())
}

fn random_nodes(seed: u64, n: usize) -> Vec<Node> {
    (0..n as u64).map(|i| random_node(seed << 32 | i)).collect()
}

fn random_elements(seed: u64, n: usize) -> Vec<Fr> {
    let elements = random_nodes(seed, n).into_iter().map(Node::to_fr);
    elements
        .map(|element| element.expect("a random node is cut to the field"))
        .collect()
}
