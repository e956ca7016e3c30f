//! How much of the processor the bodies use.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::{Error, Result};

/// A set of instructions; each has all of the one before.
///
/// The libraries beneath (blst and sha2) choose their own instructions at any level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor has.
    Portable,
    /// AVX2, ADX and BMI2; and SHA-NI, where the processor has it.
    Adx,
    /// AVX-512 with IFMA: eight products of 52 bits at a time.
    Ifma,
}

/// The level of this process.
static CURRENT: OnceLock<Level> = OnceLock::new();

impl Level {
    /// All, the least first.
    pub const ALL: [Level; 3] = [Level::Portable, Level::Adx, Level::Ifma];

    /// The highest that this processor has.
    #[cfg(target_arch = "x86_64")]
    pub fn best() -> Level {
        let has_adx = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("adx")
            && is_x86_feature_detected!("bmi2");
        let has_ifma = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512ifma");
        match (has_adx, has_ifma) {
            (true, true) => Level::Ifma,
            (true, false) => Level::Adx,
            (false, _) => Level::Portable,
        }
    }

    /// The highest that this processor has.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn best() -> Level {
        Level::Portable
    }

    /// The level of this process: the best, unless [`hold`](Level::hold) chose another before it was used.
    pub fn current() -> Level {
        *CURRENT.get_or_init(Level::best)
    }

    /// Holds this process to a level, from before its first use to the end.
    ///
    /// # Errors
    /// When the processor lacks it, or the process has used another already.
    pub fn hold(self) -> Result<()> {
        if !self.is_there() {
            return Err(Error::LevelNotThere {
                level: self,
                best: Level::best(),
            });
        }
        let current = *CURRENT.get_or_init(|| self);
        if current == self {
            Ok(())
        } else {
            Err(Error::LevelInUse { level: self, current })
        }
    }

    /// Whether this processor has it.
    pub fn is_there(self) -> bool {
        self <= Level::best()
    }

    /// Whether a body that needs `needed` may run at this level, on this processor.
    pub(super) fn allows(self, needed: Level) -> bool {
        needed <= self && needed.is_there()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Portable => "portable",
            Level::Adx => "adx",
            Level::Ifma => "ifma",
        })
    }
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(word: &str) -> Result<Level> {
        let level = Level::ALL.into_iter().find(|level| level.to_string() == word);
        level.ok_or_else(|| Error::NoLevel {
            word: word.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_reads_as_it_is_written() {
        for level in Level::ALL {
            assert_eq!(level.to_string().parse::<Level>().ok(), Some(level));
        }
        let error = "avx9".parse::<Level>().expect_err("no level").to_string();
        assert_eq!(
            error,
            "\"avx9\" is no level of instructions: it may be portable, adx or ifma"
        );
    }

    #[test]
    fn a_process_keeps_its_level() {
        let current = Level::current();
        assert!(current.hold().is_ok());
        assert!(current.is_there() && current.allows(Level::Portable));
        for other in Level::ALL.into_iter().filter(|other| *other != current) {
            assert!(other.hold().is_err(), "{other}");
            assert_eq!(current, Level::current());
        }
    }
}
