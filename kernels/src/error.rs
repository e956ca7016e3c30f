//! What a device can fail at.

/// A device could not do what it was asked, through no fault of the numbers it was given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// 32 bytes that should be a field element are not below the modulus.
    #[error("{what}: node {index} is not a canonical field element")]
    NotCanonical {
        /// Which of the operation's slices holds it.
        what: &'static str,
        /// Its position in that slice.
        index: usize,
    },
    /// Bytes that should be a curve point are not one.
    #[error("{group}: point {index} is not an encoding of a point on the curve")]
    NotOnCurve {
        /// `G1` or `G2`.
        group: &'static str,
        /// Its position among the bases.
        index: usize,
    },
    /// The processor lacks what a level of instructions needs.
    #[error("this processor has no instructions of the level {level}: its best is {best}")]
    LevelNotThere {
        /// The level that was asked for.
        level: crate::Level,
        /// The best that the processor has.
        best: crate::Level,
    },
    /// A process has one level, and this one has used another already.
    #[error("this process computes at the level {current} already, and cannot change to {level}")]
    LevelInUse {
        /// The level that was asked for.
        level: crate::Level,
        /// The level of the process.
        current: crate::Level,
    },
    /// A word that should be a level of instructions is none.
    #[error("{word:?} is no level of instructions: it may be portable, adx or ifma")]
    NoLevel {
        /// The word.
        word: String,
    },
    /// Two devices that did the same work did not get the same; only a [`Twin`](crate::Twin) sees it.
    #[error("{operation}: two devices differ at {position}")]
    Differs {
        /// The operation, by its name in [`Backend`](crate::Backend).
        operation: &'static str,
        /// The first output that differs.
        position: usize,
    },
    /// One of two devices failed where the other succeeded, or failed otherwise; only a
    /// [`Twin`](crate::Twin) sees it.
    #[error("{operation}: {device} fails alone")]
    FailsAlone {
        /// The operation, by its name in [`Backend`](crate::Backend).
        operation: &'static str,
        /// The device that failed, by its name.
        device: String,
        /// What it failed at.
        source: Box<Error>,
    },
}

/// What an operation of a device answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;
