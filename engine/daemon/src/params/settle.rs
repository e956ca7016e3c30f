//! Which of two names a file has: what is published keeps the reference's, what is for development says so.
//!
//! Both may lie in one store. Earlier versions kept development files under the reference's names; they are
//! renamed when they are met.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure, Context, Result};
use engine_proofs::groth16::name::DEVELOPMENT;
use rustix::fs::{flock, FlockOperation};

use super::{adopt, Origin, Receipt, Store};
use crate::{config::Network, draft};

impl Origin {
    /// The name in the store of a file that has this name among the published ones.
    pub fn file_name(self, name: &str) -> String {
        match self {
            Origin::Published | Origin::Given => name.to_owned(),
            Origin::Development => format!("{DEVELOPMENT}{name}"),
        }
    }
}

/// The name among the published files, and which of the two the file has.
pub fn split(file_name: &str) -> (&str, Origin) {
    match file_name.strip_prefix(DEVELOPMENT) {
        Some(name) => (name, Origin::Development),
        None => (file_name, Origin::Published),
    }
}

impl Store {
    /// Where the file of that origin is, or would be.
    pub(super) fn at(&self, name: &str, origin: Origin) -> PathBuf {
        self.dir.join(origin.file_name(name))
    }

    /// Where a file is, or would be: the published one when it is there or nothing else counts, else the one for
    /// development.
    pub(super) fn look_up(&self, name: &str) -> PathBuf {
        let published = self.at(name, Origin::Published);
        match self.network == Network::Mainnet || published.exists() {
            true => published,
            false => self.at(name, Origin::Development),
        }
    }

    /// Gives a development file that has a published file's name its own.
    ///
    /// Processes may do so at the same time: who holds the lock of the file itself renames it, if it is still
    /// the one under that name. Receipt first, file next: a receipt without a file says nothing.
    ///
    /// # Errors
    /// When the file is nobody's that is known, cannot be renamed, or another one has that name already.
    pub(super) fn settle(&self, name: &str) -> Result<()> {
        let (old, new) = (
            self.at(name, Origin::Published),
            self.at(name, Origin::Development),
        );
        if !is_for_development(&old)? {
            return Ok(());
        }
        let about = || {
            format!(
                "{} is for development, and cannot be renamed to {}: do so by hand, and rename its receipt, or name \
                 another folder with --parameters",
                old.display(),
                new.display()
            )
        };
        let Some(lock) = absent(File::open(&old)).with_context(about)? else {
            return Ok(());
        };
        flock(&lock, FlockOperation::LockExclusive).with_context(about)?;
        let Some(there) = absent(old.metadata()).with_context(about)? else {
            return Ok(());
        };
        let ino = lock.metadata().with_context(about)?.ino();
        if there.ino() != ino || !is_for_development(&old)? {
            return Ok(());
        }
        let Some(receipt) = Receipt::read(&old)? else {
            bail!("the receipt of {} vanished: try again", old.display());
        };
        if new.exists() {
            let other = match Receipt::read(&new)? {
                Some(receipt) => receipt,
                None => Receipt::of(&new, Origin::Development)?,
            };
            ensure!(
                other.blake2b == receipt.blake2b,
                "{} and {} are both for development and differ: remove one of them",
                old.display(),
                new.display()
            );
        }
        receipt.write(&new)?;
        draft::rename(&old, &new).with_context(about)?;
        absent(fs::remove_file(Receipt::path(&old))).with_context(about)?;
        eprintln!(
            "{} is for development: it is called {} now",
            old.display(),
            new.display()
        );
        Ok(())
    }
}

/// Whether a file is there, and its receipt or digest says that it is for development.
fn is_for_development(path: &Path) -> Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    let receipt = || match Receipt::read(path)? {
        Some(receipt) => Ok(receipt),
        None => adopt(path),
    };
    match receipt() {
        Ok(receipt) => Ok(receipt.origin == Origin::Development),
        // Another process has renamed it in between.
        Err(_) if !path.exists() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Nothing, where a file is not there.
fn absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(network: Network, there: &[&str], expected: &str) {
        let dir = tempfile::tempdir().expect("the temporary folder can be written");
        for name in there {
            fs::write(dir.path().join(name), b"").expect("the folder can be written");
        }
        let store = Store {
            dir: dir.path().to_owned(),
            network,
        };
        assert_eq!(store.look_up("v28.vk"), dir.path().join(expected));
    }

    #[test]
    fn what_is_published_comes_first() {
        let (published, development) = ("v28.vk", "development-v28.vk");
        check(Network::Development, &[], development);
        check(Network::Development, &[development], development);
        check(Network::Development, &[published], published);
        check(Network::Development, &[published, development], published);
        check(Network::Mainnet, &[], published);
        check(Network::Mainnet, &[development], published);
    }
}
