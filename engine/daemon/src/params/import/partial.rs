//! A file that has begun to come, and may be taken up again.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::Progress;
use crate::draft;

/// `NAME.partial`: what has come of a file so far, and the state of its digest. It stays when this value goes.
#[derive(Debug)]
pub struct Partial {
    path: PathBuf,
    file: File,
    state: blake2b_simd::State,
    size: u64,
}

impl Partial {
    /// Takes up what is there, or begins.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn open(name: &Path, progress: &Progress<'_>) -> Result<Partial> {
        let mut path = OsString::from(name);
        path.push(".partial");
        let path = PathBuf::from(path);
        let open = || {
            let mut file = OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .open(&path)?;
            let (mut state, mut size, mut buffer) = (blake2b_simd::State::new(), 0, vec![0; 1 << 20]);
            loop {
                let n = file.read(&mut buffer)?;
                if n == 0 {
                    break;
                }
                state.update(&buffer[..n]);
                size += n as u64;
            }
            Ok::<_, std::io::Error>((file, state, size))
        };
        let (file, state, size) = open().with_context(|| format!("cannot open {}", path.display()))?;
        progress.expect(size);
        progress.add(size);
        Ok(Partial {
            path,
            file,
            state,
            size,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that have come.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The published convention: the first 16 bytes of BLAKE2b-512, in hex.
    pub fn digest(&self) -> String {
        hex::encode(&self.state.finalize().as_bytes()[..16])
    }

    /// Adds what comes next.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.file.write_all(bytes);
        written.with_context(|| format!("cannot write {}", self.path.display()))?;
        self.state.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Forgets what has come.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn restart(&mut self) -> Result<()> {
        let emptied = self.file.set_len(0);
        emptied.with_context(|| format!("cannot empty {}", self.path.display()))?;
        self.state = blake2b_simd::State::new();
        self.size = 0;
        Ok(())
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> Result<()> {
        let synced = self.file.sync_all();
        synced.with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Gives the file, which must be synced, a name in its folder.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(self, name: &Path) -> Result<()> {
        draft::rename(&self.path, name)
    }

    /// Removes it.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn discard(self) -> Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("cannot remove {}", self.path.display()))
    }
}
