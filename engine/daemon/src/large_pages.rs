//! Whether the system grants memory in large pages: `kernels` asks for them where gigabytes are filled at once, PreCommit1
//! for the layers, and with small ones either takes longer.

use std::{fmt, path::Path};

use crate::small;

/// Where Linux says it.
const SETTING: &str = "/sys/kernel/mm/transparent_hugepage/enabled";

/// Where Linux says what the memory of a process is.
const MAPPINGS: &str = "/proc/self/smaps";

/// How much of the memory of a mapped file lies in large pages, from 0 to 1; none where the system does not say it.
pub fn share(map: &[u8]) -> Option<f64> {
    let mappings = small::read(Path::new(MAPPINGS)).ok()?;
    share_in(&String::from_utf8_lossy(&mappings), map.as_ptr() as usize)
}

/// Below it a processor's caches hold most of what labels read.
const SMALLEST: usize = 1 << 26;

/// Says on stderr when the memory of a mapped layer lies in small pages.
pub fn tell_of_small_ones(layer: &[u8]) {
    if SMALLEST <= layer.len() && share(layer).is_some_and(|share| share < 0.5) {
        eprintln!(
            "the system maps the layers in small pages, and PreCommit1 takes longer: a file system with large folios \
             (ext4 from Linux 6.16 on, XFS) has them mapped in large ones"
        );
    }
}

/// Of the mapping that starts there: a line with its addresses, then lines such as `Rss:   8192 kB`.
fn share_in(mappings: &str, start: usize) -> Option<f64> {
    let first = format!("{start:08x}-");
    let mut lines = mappings.lines().skip_while(|line| !line.starts_with(&first));
    lines.next()?;
    let is_field = |line: &&str| line.split(' ').next().is_some_and(|word| word.ends_with(':'));
    let (mut all, mut large) = (0.0, 0.0);
    for line in lines.take_while(is_field) {
        let (name, rest) = line.split_once(':')?;
        let size = || rest.trim().strip_suffix(" kB")?.parse::<f64>().ok();
        match name {
            "Rss" => all = size()?,
            "FilePmdMapped" | "ShmemPmdMapped" => large += size()?,
            _ => {}
        }
    }
    (all > 0.0).then_some(large / all)
}

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
    use crate::map::WriteMap;

    const SMAPS: &str = "\
7f0000000000-7f0000400000 rw-s 00000000 fe:00 12  /tmp/layer-1
Size:               4096 kB
Rss:                4096 kB
ShmemPmdMapped:        0 kB
FilePmdMapped:      2048 kB
VmFlags: rd wr sh
7f0000400000-7f0000401000 rw-p 00000000 00:00 0
Rss:                   0 kB
FilePmdMapped:         0 kB
";

    #[test]
    fn a_mapping_is_found_by_its_start() {
        assert_eq!(share_in(SMAPS, 0x7f00_0000_0000), Some(0.5));
        assert_eq!(share_in(SMAPS, 0x7f00_0040_0000), None);
        assert_eq!(share_in(SMAPS, 0x7f00_0000_1000), None);
    }

    #[test]
    fn a_mapping_of_our_own_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let mut map = WriteMap::create(&dir.path().join("layer"), 1 << 22).unwrap();
        map.ask_for_large_pages();
        map.bytes_mut().fill(1);
        let share = share(map.bytes());
        assert!(
            share.is_some_and(|share| (0.0..=1.0).contains(&share)),
            "{share:?}"
        );
    }

    #[test]
    fn the_word_in_brackets_holds() {
        assert_eq!(LargePages::read("[always] madvise never\n"), LargePages::Granted);
        assert_eq!(LargePages::read("always [madvise] never\n"), LargePages::Granted);
        assert_eq!(LargePages::read("always madvise [never]\n"), LargePages::Refused);
        assert_eq!(LargePages::read(""), LargePages::Unknown);
    }
}
