//! What can be wrong with proofs, keys and parameters, and with making them.

use std::{fmt, io};

use bellperson::SynthesisError;

/// Why bytes are not a point that Groth16 may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadPoint {
    /// The flags in the first three bits are those of another encoding.
    Flags,
    /// A coordinate is not below the modulus.
    NotCanonical,
    /// No point on the curve has these coordinates.
    NotOnCurve,
    /// A point on the curve, but outside the subgroup of order r.
    NotInSubgroup,
    /// The point at infinity, which has no place here.
    Infinity,
}

impl fmt::Display for BadPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadPoint::Flags => "has the flags of another encoding",
            BadPoint::NotCanonical => "has a coordinate that is not below the modulus",
            BadPoint::NotOnCurve => "is not on the curve",
            BadPoint::NotInSubgroup => "is on the curve, but not in the subgroup",
            BadPoint::Infinity => "is the point at infinity",
        })
    }
}

/// The places in a key and in a parameter file, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Section {
    /// `alpha` in G1.
    AlphaG1,
    /// `beta` in G1.
    BetaG1,
    /// `beta` in G2.
    BetaG2,
    /// `gamma` in G2.
    GammaG2,
    /// `delta` in G1.
    DeltaG1,
    /// `delta` in G2.
    DeltaG2,
    /// One point for each public input.
    Ic,
    /// `τⁱ·Z(τ)/δ`.
    H,
    /// One point for each private variable.
    L,
    /// One point for each variable that stands in A.
    A,
    /// One point for each variable that stands in B.
    BG1,
    /// The same in G2.
    BG2,
    /// `g^αⁱ` of a reference string.
    GAlpha,
    /// `g^βⁱ` of a reference string.
    GBeta,
    /// `h^αⁱ` of a reference string.
    HAlpha,
    /// `h^βⁱ` of a reference string.
    HBeta,
}

/// `ic`, `h`, `b_g1`.
impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Section::AlphaG1 => "alpha_g1",
            Section::BetaG1 => "beta_g1",
            Section::BetaG2 => "beta_g2",
            Section::GammaG2 => "gamma_g2",
            Section::DeltaG1 => "delta_g1",
            Section::DeltaG2 => "delta_g2",
            Section::Ic => "ic",
            Section::H => "h",
            Section::L => "l",
            Section::A => "a",
            Section::BG1 => "b_g1",
            Section::BG2 => "b_g2",
            Section::GAlpha => "g_alpha",
            Section::GBeta => "g_beta",
            Section::HAlpha => "h_alpha",
            Section::HBeta => "h_beta",
        })
    }
}

/// Reading or making proofs, keys or parameters failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A proof has another length.
    #[error("a proof has {expected} bytes, not {found}")]
    ProofLength {
        /// The right length: 192, or a multiple of it.
        expected: usize,
        /// Bytes that are there.
        found: usize,
    },
    /// A point of a proof cannot be used.
    #[error("proof: {element} {reason}")]
    Proof {
        /// `a`, `b` or `c`.
        element: &'static str,
        /// Why.
        reason: BadPoint,
    },
    /// A key or parameter file ends too early.
    #[error("{section} needs {needed} bytes at offset {offset}, but {left} are left: the file is cut short or no parameter file")]
    Truncated {
        /// The place.
        section: Section,
        /// Where it starts, in bytes.
        offset: usize,
        /// Bytes that it would take.
        needed: u64,
        /// Bytes that there are from there.
        left: usize,
    },
    /// A key or parameter file goes on after its end.
    #[error("{n_bytes} bytes follow the end at offset {offset}")]
    Trailing {
        /// Where the file should end.
        offset: usize,
        /// Bytes that follow.
        n_bytes: usize,
    },
    /// A point of a key or parameter file cannot be used.
    #[error("{section}: point {index} at offset {offset} {reason}")]
    Point {
        /// The place.
        section: Section,
        /// The point's position in the section, from 0.
        index: usize,
        /// Where it starts in the file, in bytes.
        offset: usize,
        /// Why.
        reason: BadPoint,
    },
    /// The lengths of a parameter file contradict each other.
    #[error("{section} holds {found} points, which fits no circuit: {expected}")]
    Lengths {
        /// The place.
        section: Section,
        /// Points in it.
        found: usize,
        /// What would fit.
        expected: &'static str,
    },
    /// The parameters were made for another circuit.
    #[error(
        "the parameters are another circuit's: {section} holds {found} points, the circuit needs {needed}"
    )]
    ForeignParameters {
        /// The place.
        section: Section,
        /// Points in it.
        found: usize,
        /// Points that the circuit needs.
        needed: usize,
    },
    /// The circuit's shape, recorded anew, is not that of the circuit.
    #[error(
        "the circuit assigns other variables than its shape has, which was recorded anew: a mistake of Lode's that no input \
         mends, so please report it"
    )]
    ForeignShape,
    /// No aggregate is so long.
    #[error("an aggregate of 2, 4, 8, … 8192 proofs has 5236, 8212, 11188, … 40948 bytes, not {found}")]
    AggregateLength {
        /// Bytes that are there.
        found: usize,
    },
    /// The number of proofs in an aggregate is not that of its length.
    #[error("the aggregate has the length of {expected} proofs, and says that it holds {found}")]
    AggregateProofs {
        /// As the length says.
        expected: usize,
        /// As the aggregate says.
        found: u32,
    },
    /// An element of an aggregate cannot be used.
    #[error("an element of the aggregate is not canonical, or not in its group")]
    AggregateElement(#[source] io::Error),
    /// There is nothing to aggregate, or too much.
    #[error("{found} proofs cannot be aggregated, 1 to {most} can")]
    AggregateCount {
        /// Proofs that are there.
        found: usize,
        /// The largest number.
        most: usize,
    },
    /// A reference string is too short for so many proofs.
    #[error("the reference string serves fewer than {n_proofs} proofs: {section} holds {found} points, {needed} are needed")]
    SrsLength {
        /// The place.
        section: Section,
        /// Points in it.
        found: usize,
        /// Points that are needed.
        needed: usize,
        /// Proofs to aggregate.
        n_proofs: usize,
    },
    /// Points of a reference string are not the powers of one number.
    #[error(
        "{section}: points {first} to {last} are no powers of one number, so this is no reference string"
    )]
    NoPowers {
        /// The place.
        section: Section,
        /// The first point that was looked at.
        first: usize,
        /// The last one.
        last: usize,
    },
    /// The circuit could not be synthesized.
    #[error("the circuit cannot be synthesized")]
    Synthesis(#[from] SynthesisError),
    /// A private variable stands in no constraint.
    #[error("private variable {index} of the circuit stands in no constraint")]
    Unconstrained {
        /// Its position among the private variables.
        index: usize,
    },
    /// The witness does not satisfy the circuit.
    #[error("the witness does not satisfy the circuit")]
    Unsatisfied,
    /// The finished proof was rejected.
    #[error("the finished proof does not verify: the statement, the parameters or the device is at fault")]
    Rejected,
    /// The operating system gave no randomness.
    #[error("the operating system's random generator failed: {0}")]
    Randomness(rand_core::Error),
    /// A device could not do its part.
    #[error(transparent)]
    Device(#[from] kernels::Error),
    /// What was made could not be written.
    #[error("cannot write the parameters")]
    Write(#[from] io::Error),
    /// The caller's progress function asked to stop.
    #[error("stopped as asked")]
    Stopped,
}

/// What this module answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
