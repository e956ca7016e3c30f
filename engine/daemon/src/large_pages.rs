//! Whether the system grants memory in large pages: `kernels` asks for them where gigabytes are filled at once, and with
//! small ones a proof takes a few per cent longer.

use std::{fmt, path::Path};

use crate::small;

/// Where Linux says it.
const SETTING: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

/// What the setting says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LargePages {
    /// To all, or to who asks.
    Granted,
    /// To nobody.
    Refused,
    /// There is no such setting.
    Unknown,
}

impl LargePages {
    /// As the system is set now.
    pub fn now() -> LargePages {
        let setting = small::read(Path::new(SETTING));
        setting.map_or(LargePages::Unknown, |setting| {
            LargePages::read(&String::from_utf8_lossy(&setting))
        })
    }

    /// From a line such as `always [madvise] never`: the word in brackets holds.
    fn read(setting: &str) -> LargePages {
        match setting.split_whitespace().find(|word| word.starts_with('[')) {
            Some("[always]" | "[madvise]") => LargePages::Granted,
            Some("[never]") => LargePages::Refused,
            _ => LargePages::Unknown,
        }
    }

    /// One word for a program.
    pub fn word(self) -> &'static str {
        match self {
            LargePages::Granted => "granted",
            LargePages::Refused => "refused",
            LargePages::Unknown => "unknown",
        }
    }
}

impl fmt::Display for LargePages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LargePages::Granted => write!(f, "the system grants large pages"),
            LargePages::Refused => write!(
                f,
                "the system grants no large pages, and proofs take a few per cent longer: `echo madvise > {SETTING}` as \
                 root has it grant them"
            ),
            LargePages::Unknown => write!(f, "the system does not say whether it grants large pages"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_in_brackets_holds() {
        assert_eq!(LargePages::read("[always] madvise never\n"), LargePages::Granted);
        assert_eq!(LargePages::read("always [madvise] never\n"), LargePages::Granted);
        assert_eq!(LargePages::read("always madvise [never]\n"), LargePages::Refused);
        assert_eq!(LargePages::read(""), LargePages::Unknown);
    }
}
