//! Arithmetic on whatever device is at hand.
//!
//! A [`Backend`] is a device that does the heavy work of sealing and proving: it hashes rows of nodes,
//! builds trees, labels layers, transforms polynomials and sums curve points. Every operation has a
//! body, and the bodies together are the CPU; a device overrides what it does better. Nothing in here
//! knows what a sector is, and nothing opens a file: operations take plain slices.
//!
//! A new device is held against [`laws`] before it may touch anything of value.

mod backend;
pub mod cpu;
mod device;
mod error;
pub mod laws;
mod node;
mod scalars;
mod twin;
mod zeros;

pub use backend::{
    Backend, Bases, Direction, Evaluate, Factors, Hash, Lane, Parents, BASE_DEGREE, DEGREE, EXPANSION_DEGREE,
};
pub use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective, Scalar as Fr};
pub use cpu::{Cpu, Level};
pub use device::DeviceInfo;
pub use error::{Error, Result};
pub use node::Node;
pub use scalars::{Mixed, Planes, Scalars};
pub use twin::Twin;
pub use zeros::{room, zeros};
