//! Files that are not finished: they carry another name until they are, and vanish when they never are.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context, Result};

/// What ends the name of a file that is not finished.
pub const SUFFIX: &str = ".part";

/// Everything that must not outlive this process, files and folders.
static DRAFTS: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file that is being made: `NAME.part` until it is finished, then `NAME`; removed if it is dropped before.
#[derive(Debug)]
pub struct Draft {
    name: PathBuf,
    path: PathBuf,
}

/// A folder that lives as long as this value.
#[derive(Debug)]
pub struct TempDir {
    path: PathBuf,
}

impl Draft {
    /// Announces a file. What an earlier process left unfinished under that name is removed.
    ///
    /// # Errors
    /// When a leftover cannot be removed.
    pub fn new(name: &Path) -> Result<Draft> {
        Draft::with_suffix(name, SUFFIX)
    }

    /// Announces a file that other processes may be making at the same time: `NAME.<process>.part`, and the last one's stays.
    ///
    /// # Errors
    /// As [`new`](Draft::new).
    pub fn of_process(name: &Path) -> Result<Draft> {
        Draft::with_suffix(name, &format!(".{}{SUFFIX}", std::process::id()))
    }

    fn with_suffix(name: &Path, suffix: &str) -> Result<Draft> {
        let mut path = OsString::from(name);
        path.push(suffix);
        let path = PathBuf::from(path);
        let mut drafts = drafts();
        if path.symlink_metadata().is_ok() {
            std::fs::remove_file(&path)
                .with_context(|| format!("cannot remove {}, which is a leftover", path.display()))?;
        }
        drafts.insert(path.clone());
        Ok(Draft {
            name: name.to_owned(),
            path,
        })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file, which must be whole and synced, its name for good.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn finish(self) -> Result<()> {
        let mut drafts = drafts();
        rename(&self.path, &self.name)?;
        drafts.remove(&self.path);
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if drafts().remove(&self.path) {
            // It may never have been created.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl TempDir {
    /// Makes a new folder in `parent`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new_in(parent: &Path) -> Result<TempDir> {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        let mut drafts = drafts();
        let dir = tempfile::Builder::new().prefix("lode-").tempdir_in(parent);
        let dir = dir.with_context(|| format!("cannot create a folder in {}", parent.display()))?;
        let path = dir.keep();
        drafts.insert(path.clone());
        Ok(TempDir { path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if drafts().remove(&self.path) {
            remove(&self.path);
        }
    }
}

/// Writes a small file whole or not at all, over an older one where there is one.
///
/// # Errors
/// When the disk fails or is full; the older file is untouched then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let draft = Draft::new(path)?;
    let write = || {
        let mut file = File::create_new(draft.path())?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))?;
    draft.finish()
}

/// Removes whatever is unfinished when the user or the system ends the process (SIGINT, SIGTERM, SIGHUP).
///
/// # Errors
/// When the system does not let the signals be caught.
pub fn clean_up_on_signals() -> Result<()> {
    let clean_up = || {
        // The lock is held to the end, so that no other thread begins or finishes a file any more.
        let drafts = drafts();
        drafts.iter().for_each(|path| remove(path));
        let n = drafts.len();
        eprintln!("\nlode-engine: interrupted; {n} unfinished files and folders were removed");
        std::process::exit(130);
    };
    ctrlc::set_handler(clean_up).context("cannot catch signals")
}

/// Gives a file, which must be whole and synced, another name in its folder, for good.
///
/// # Errors
/// When the disk fails.
pub fn rename(path: &Path, name: &Path) -> Result<()> {
    std::fs::rename(path, name)
        .with_context(|| format!("cannot rename {} to {}", path.display(), name.display()))?;
    sync_parent(name)
}

/// Makes what happened to names in a file's folder last.
fn sync_parent(path: &Path) -> Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let synced = File::open(parent).and_then(|folder| folder.sync_all());
    synced.with_context(|| format!("cannot sync the folder {}", parent.display()))
}

/// Removes a file or folder as far as possible: this runs where there is nobody left to tell.
fn remove(path: &Path) {
    let _ = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
}

fn drafts() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // A set of paths is whole whatever happened to the thread that held it.
    DRAFTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_vanishes_unless_finished() {
        let dir = TempDir::new_in(&std::env::temp_dir()).unwrap();
        let name = dir.path().join("a");
        let draft = Draft::new(&name).unwrap();
        std::fs::write(draft.path(), b"half").unwrap();
        let path = draft.path().to_owned();
        drop(draft);
        assert!(!path.exists() && !name.exists());
        write_whole(&name, b"whole").unwrap();
        write_whole(&name, b"newer").unwrap();
        assert_eq!(std::fs::read(&name).unwrap(), b"newer");
        let folder = dir.path().to_owned();
        drop(dir);
        assert!(!folder.exists());
    }

    #[test]
    fn leftovers_are_replaced() {
        let dir = TempDir::new_in(&std::env::temp_dir()).unwrap();
        let name = dir.path().join("a");
        std::fs::write(dir.path().join("a.part"), b"left over").unwrap();
        write_whole(&name, b"whole").unwrap();
        assert_eq!(std::fs::read(&name).unwrap(), b"whole");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
