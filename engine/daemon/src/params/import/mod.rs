//! Taking parameters that somebody else has: from a folder, a file, or the web.
//!
//! A file is copied under another name while its digest is computed; it gets its own name when the digest is
//! one that is known, the key in it is the circuit's, and everything is on the disk. What an interrupted import
//! leaves is kept, and the next one goes on from there.

mod http;
mod partial;
mod room;
mod source;

use std::{
    fs,
    path::Path,
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        Mutex, PoisonError,
    },
};

use anyhow::{ensure, Context, Result};
use engine_proofs::{blank, groth16::Parameters};
use rayon::prelude::*;

use super::{known, make, srs, Care, Half, Origin, Place, Receipt, Store};
use crate::{map::ReadMap, progress::Bar};
use partial::Partial;
pub use source::Source;

/// What to do about a file that is there and is not what it should be.
const REMEDY: &str = "remove it, and import it again";

/// What became of a file.
#[derive(Debug)]
pub enum Outcome {
    /// It is in the store now.
    Imported(Receipt),
    /// It was there before.
    Present(Receipt),
    /// The source does not have it.
    Missing,
    /// It could not be taken.
    Failed(anyhow::Error),
}

/// How far all files together have come.
#[derive(Debug)]
pub struct Progress<'a> {
    bar: &'a Bar,
    done: AtomicU64,
    of: AtomicU64,
    /// Held by who gives a file its name.
    naming: Mutex<()>,
}

impl Progress<'_> {
    /// So many bytes will come.
    fn expect(&self, n_bytes: u64) {
        self.of.fetch_add(n_bytes, Relaxed);
    }

    /// So many bytes have come.
    fn add(&self, n_bytes: u64) {
        let done = self.done.fetch_add(n_bytes, Relaxed) + n_bytes;
        self.bar.set(done, self.of.load(Relaxed).max(done));
    }
}

impl Store {
    /// Takes the files from the source, several at once; one that fails keeps no other back.
    ///
    /// # Errors
    /// When the folder cannot be made or locked.
    pub fn import(&self, source: &Source, wanted: &[Place], bar: &Bar) -> Result<Vec<Outcome>> {
        fs::create_dir_all(&self.dir).with_context(|| format!("cannot create {}", self.dir.display()))?;
        let _lock = make::lock(&self.dir)?;
        let progress = Progress {
            bar,
            done: AtomicU64::new(0),
            of: AtomicU64::new(0),
            naming: Mutex::new(()),
        };
        let take = |wanted: &Place| {
            let outcome = self.take(source, wanted, &progress);
            outcome.unwrap_or_else(Outcome::Failed)
        };
        Ok(wanted.par_iter().map(take).collect())
    }

    fn take(&self, source: &Source, wanted: &Place, progress: &Progress<'_>) -> Result<Outcome> {
        self.settle(&wanted.name)?;
        let path = self.at(&wanted.name, wanted.origin);
        if path.exists() {
            return self.present(&path, wanted);
        }
        let mut partial = Partial::open(&path, progress)?;
        loop {
            let was_begun = partial.size() != 0;
            match source.fill(wanted, &mut partial, progress) {
                Ok(true) => {}
                // What has come may be gone on with; nothing may not.
                missing_or_failed => {
                    if partial.size() == 0 {
                        partial.discard()?;
                    }
                    return missing_or_failed.map(|_| Outcome::Missing);
                }
            }
            let digest = partial.digest();
            match self.judge(source, wanted, &partial, &digest) {
                Ok(origin) => {
                    let receipt = Receipt::new(partial.path(), origin, digest)?;
                    return self.keep(wanted, partial, receipt, progress);
                }
                // What an earlier import left may be of another file, or damaged.
                Err(_) if was_begun => partial.restart()?,
                Err(error) => {
                    partial.discard()?;
                    return Err(error);
                }
            }
        }
    }

    fn present(&self, path: &Path, wanted: &Place) -> Result<Outcome> {
        let is_key = matches!(wanted.circuit, Some((.., Half::Key)));
        let receipt = Store::hold(path, is_key, Care::Usual, REMEDY)?;
        self.must_count(path, receipt.origin)?;
        Ok(Outcome::Present(receipt))
    }

    /// Gives a file the name that says who made it, whatever it was called where it came from.
    fn keep(
        &self,
        wanted: &Place,
        partial: Partial,
        receipt: Receipt,
        progress: &Progress<'_>,
    ) -> Result<Outcome> {
        let path = self.at(&wanted.name, receipt.origin);
        // What is held is no data: a thread that died with it leaves nothing broken.
        let _naming = progress.naming.lock().unwrap_or_else(PoisonError::into_inner);
        if path.exists() {
            partial.discard()?;
            let outcome = self.present(&path, wanted)?;
            let is_same = matches!(&outcome, Outcome::Present(there) if there.blake2b == receipt.blake2b);
            ensure!(
                is_same,
                "{} is there already, and is another; {REMEDY}",
                path.display()
            );
            return Ok(outcome);
        }
        // The receipt first: a receipt without a file says nothing.
        receipt.write(&path)?;
        partial.finish(&path)?;
        Ok(Outcome::Imported(receipt))
    }

    /// Whether a whole file is what its name says, and counts; and puts it on the disk.
    fn judge(&self, source: &Source, wanted: &Place, partial: &Partial, digest: &str) -> Result<Origin> {
        let vouched = || source.vouches(wanted, digest).then_some(Origin::Development);
        let origin = known::origin(&wanted.name, digest).or_else(vouched);
        let origin = origin.with_context(|| {
            format!(
                "{} {}; it was not taken",
                source.place(wanted),
                known::describe(&wanted.name, digest)
            )
        })?;
        self.must_count(Path::new(&source.place(wanted)), origin)?;
        check_inside(partial.path(), wanted)?;
        partial.sync()?;
        Ok(origin)
    }
}

/// Whether a file holds what its name says: the key of that circuit, or a reference string.
fn check_inside(path: &Path, wanted: &Place) -> Result<()> {
    let about = || format!("{} is not what its digest promises", wanted.name);
    let Some((kind, geometry, half)) = wanted.circuit else {
        return srs::check_points(path, Care::Usual).with_context(about);
    };
    let n_inputs = match half {
        Half::Key => super::parse_key(path).with_context(about)?.n_inputs(),
        Half::Parameters => {
            let map = ReadMap::open(path)?;
            Parameters::parse(map.bytes()).with_context(about)?.key.n_inputs()
        }
    };
    ensure!(
        n_inputs == blank::n_inputs(kind, geometry),
        "{} is of another circuit: it takes {n_inputs} inputs",
        wanted.name
    );
    Ok(())
}
