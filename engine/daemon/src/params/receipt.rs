//! What a parameter file must be.

use std::{
    ffi::OsString,
    fmt,
    fs::{self, File},
    io::Read,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::draft;

/// Who made a parameter file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The network: the digest is the published one.
    Published,
    /// This program, from a fixed seed: good for trying out, worthless as evidence.
    Development,
    /// Somebody who is not known; the user named the file.
    Given,
}

/// `published`, `development`, `given`.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Origin::Published => "published",
            Origin::Development => "development",
            Origin::Given => "given",
        })
    }
}

impl Origin {
    /// What a proof is worth that was made with such parameters, in words.
    pub fn worth(self) -> &'static str {
        match self {
            Origin::Published => "published parameters",
            Origin::Development => "development parameters: no evidence for others",
            Origin::Given => "a key of unknown origin",
        }
    }
}

/// Digest, size, time and place of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Who made it.
    pub origin: Origin,
    /// Its bytes.
    pub size: u64,
    /// When it was written last, in nanoseconds since 1970.
    pub mtime_ns: i128,
    /// Its inode; 0 where that was not noted.
    #[serde(default)]
    pub ino: u64,
    /// The published convention: the first 16 bytes of BLAKE2b-512, in hex.
    pub blake2b: String,
}

impl Receipt {
    /// What is known of a file whose digest has been computed already.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn new(path: &Path, origin: Origin, blake2b: String) -> Result<Receipt> {
        let metadata = path
            .metadata()
            .with_context(|| format!("cannot stat {}", path.display()))?;
        Ok(Receipt {
            origin,
            size: metadata.len(),
            mtime_ns: mtime_ns(&metadata),
            ino: metadata.ino(),
            blake2b,
        })
    }

    /// Reads a whole file and says what it is.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(path: &Path, origin: Origin) -> Result<Receipt> {
        let read = || {
            let mut file = File::open(path)?;
            let metadata = file.metadata()?;
            let (mut state, mut buffer) = (blake2b_simd::State::new(), vec![0; 1 << 20]);
            let mut size = 0;
            loop {
                let n = file.read(&mut buffer)?;
                if n == 0 {
                    break;
                }
                state.update(&buffer[..n]);
                size += n as u64;
            }
            let blake2b = hex::encode(&state.finalize().as_bytes()[..16]);
            Ok::<_, std::io::Error>(Receipt {
                origin,
                size,
                mtime_ns: mtime_ns(&metadata),
                ino: metadata.ino(),
                blake2b,
            })
        };
        read().with_context(|| format!("cannot read {}", path.display()))
    }

    /// The receipt that lies beside a file, if there is one.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn read(file: &Path) -> Result<Option<Receipt>> {
        let path = Receipt::path(file);
        if !path.exists() {
            return Ok(None);
        }
        let text = crate::small::read(&path)?;
        let receipt = serde_json::from_slice(&text);
        receipt
            .map(Some)
            .with_context(|| format!("the receipt {} is damaged; remove it", path.display()))
    }

    /// Where the receipt of a file lies.
    pub fn path(file: &Path) -> PathBuf {
        let mut name = OsString::from(file);
        name.push(".receipt.json");
        PathBuf::from(name)
    }

    /// What an answer says of the parameters that it rests on.
    pub fn json(&self) -> Value {
        json!({ "origin": self.origin, "digest": self.blake2b })
    }

    /// Puts it beside the file.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).expect("a receipt is plain data");
        draft::write_whole(&Receipt::path(file), &text)
    }

    /// Whether size, time and inode are still the file's.
    ///
    /// # Errors
    /// When the file cannot be looked at.
    pub fn looks_like(&self, file: &Path) -> Result<bool> {
        let metadata = file
            .metadata()
            .with_context(|| format!("cannot stat {}", file.display()))?;
        Ok((metadata.len(), mtime_ns(&metadata), metadata.ino()) == (self.size, self.mtime_ns, self.ino))
    }
}

fn mtime_ns(metadata: &fs::Metadata) -> i128 {
    i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec())
}
