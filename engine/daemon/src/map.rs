//! Files as slices: the one place that maps them, and the daemon's only `unsafe`.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{bail, Context, Result};
use kernels::Node;
use memmap2::{Advice, Mmap, MmapMut};
use rustix::{
    fs::{fallocate, FallocateFlags},
    io::Errno,
};

/// A file that is read as a slice.
#[derive(Debug)]
pub struct ReadMap {
    path: PathBuf,
    map: Mmap,
}

/// A new file that is written as a slice.
#[derive(Debug)]
pub struct WriteMap {
    path: PathBuf,
    file: File,
    map: MmapMut,
}

impl ReadMap {
    /// Maps a whole file.
    ///
    /// # Errors
    /// When it cannot be opened or mapped, or is empty.
    pub fn open(path: &Path) -> Result<ReadMap> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let size = file
            .metadata()
            .with_context(|| format!("cannot stat {}", path.display()))?
            .len();
        if size == 0 {
            bail!("{} is empty", path.display());
        }
        // SAFETY: lode-engine writes files under other names and renames them when they are whole; the files
        // of a sector are further guarded by its lock. So nobody who keeps the house's rules truncates or
        // writes this file while the map lives.
        let map = unsafe { Mmap::map(&file) }.with_context(|| format!("cannot map {}", path.display()))?;
        Ok(ReadMap {
            path: path.to_owned(),
            map,
        })
    }

    /// Maps a file that must have exactly so many bytes.
    ///
    /// # Errors
    /// As [`open`](ReadMap::open), and when the file is shorter or longer.
    pub fn open_sized(path: &Path, size: u64) -> Result<ReadMap> {
        let found = path
            .metadata()
            .with_context(|| format!("cannot open {}", path.display()))?
            .len();
        if found != size {
            bail!(
                "{} has {found} bytes where {size} belong: it was cut, or is another file",
                path.display()
            );
        }
        ReadMap::open(path)
    }

    /// Asks the system to have it in large pages: for files of which all is read, and at random.
    pub fn ask_for_large_pages(&self) {
        // It is no more than advice; whoever wants to know what came of it asks `large_pages::share`.
        let _ = self.map.advise(Advice::HugePage);
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Its nodes.
    ///
    /// # Panics
    /// When its size is no multiple of 32; whoever expects nodes opens with their size.
    pub fn nodes(&self) -> &[Node] {
        Node::slice(&self.map)
    }
}

impl WriteMap {
    /// Makes a file of so many zero bytes, with real space behind each of them, and maps it.
    ///
    /// The space is reserved, so that a full disk is an error here and now, and no SIGBUS later.
    ///
    /// # Errors
    /// When the file exists, the disk has no room for it, or it cannot be mapped. No file is left then.
    pub fn create(path: &Path, size: u64) -> Result<WriteMap> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path);
        let file = file.with_context(|| format!("cannot create {}", path.display()))?;
        let made = reserve(&file, size)
            .with_context(|| format!("cannot reserve {size} bytes for {}", path.display()))
            .and_then(|()| {
                // SAFETY: the file was created by this call and carries a draft's name that nobody else opens;
                // in a sector's directory the lock keeps other processes out as well.
                let map = unsafe { MmapMut::map_mut(&file) };
                map.with_context(|| format!("cannot map {}", path.display()))
            });
        match made {
            Ok(map) => Ok(WriteMap {
                path: path.to_owned(),
                file,
                map,
            }),
            Err(error) => {
                // The first error is the one to tell; a file that cannot be removed changes nothing about it.
                let _ = std::fs::remove_file(path);
                Err(error)
            }
        }
    }

    /// As [`ReadMap::ask_for_large_pages`].
    pub fn ask_for_large_pages(&self) {
        let _ = self.map.advise(Advice::HugePage);
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Its bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.map
    }

    /// Its nodes.
    ///
    /// # Panics
    /// When its size is no multiple of 32.
    pub fn nodes(&self) -> &[Node] {
        Node::slice(&self.map)
    }

    /// Its nodes, to be written.
    ///
    /// # Panics
    /// When its size is no multiple of 32.
    pub fn nodes_mut(&mut self) -> &mut [Node] {
        Node::slice_mut(&mut self.map)
    }

    /// Waits until everything is on the disk.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn sync(&self) -> Result<()> {
        let synced = self.map.flush().and_then(|()| self.file.sync_all());
        synced.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Makes the file so long, with space for every byte.
fn reserve(file: &File, size: u64) -> io::Result<()> {
    loop {
        match fallocate(file, FallocateFlags::empty(), 0, size) {
            Err(Errno::INTR) => continue,
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return fill(file, size),
            done => return Ok(done?),
        }
    }
}

/// For file systems that cannot reserve: writes the zeros.
fn fill(mut file: &File, size: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut left = size;
    while left != 0 {
        let n = left.min(zeros.len() as u64);
        file.write_all(&zeros[..n as usize])?;
        left -= n;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nodes");
        let mut map = WriteMap::create(&path, 64).unwrap();
        map.nodes_mut()[1] = Node([7; 32]);
        map.sync().unwrap();
        assert_eq!(
            ReadMap::open_sized(&path, 64).unwrap().nodes(),
            [Node::ZERO, Node([7; 32])]
        );
    }

    #[test]
    fn lengths_must_be_exact() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("short");
        std::fs::write(&path, [0; 63]).unwrap();
        let error = ReadMap::open_sized(&path, 64).unwrap_err().to_string();
        assert!(error.contains("63 bytes where 64 belong"), "{error}");
        std::fs::write(&path, []).unwrap();
        assert!(ReadMap::open(&path).unwrap_err().to_string().contains("is empty"));
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, b"mine").unwrap();
        assert!(WriteMap::create(&path, 32).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        let path = dir.path().join("huge");
        assert!(WriteMap::create(&path, 1 << 62).is_err());
        assert!(!path.exists());
    }

    #[test]
    fn filling_makes_the_length() {
        let file = tempfile::tempfile().unwrap();
        fill(&file, (1 << 20) + 5).unwrap();
        assert_eq!(file.metadata().unwrap().len(), (1 << 20) + 5);
    }
}
