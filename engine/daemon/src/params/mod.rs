//! The store of Groth16 parameters: made once, kept under the reference's names, believed by digest.
//!
//! Beside each file lies a receipt with its digest, size and time. A key is small and is held against its
//! digest at every use; a parameter file when its size or time is not the receipt's, and when asked to. A file
//! that has no receipt is taken only if its digest is one of the published or the development files'.

mod known;
mod receipt;

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure, Context, Result};
use engine_proofs::{
    geometry::Geometry,
    groth16::{name, setup, Secret, VerifyingKey},
    porep::circuit::Porep,
};
use kernels::Backend;
use rustix::fs::{flock, FlockOperation};

pub use receipt::{Origin, Receipt};

use crate::{
    draft::{self, Draft},
    map::ReadMap,
    progress::Bar,
    small,
};

/// The folder of parameters.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

/// The two files of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What a prover needs: gigabytes.
    Parameters,
    /// What a verifier needs: kilobytes.
    Key,
}

/// How closely a file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// The digest is computed only where size or time say that the file has changed.
    Usual,
    /// The digest is computed.
    Full,
}

impl Store {
    /// The store in that folder, which need not exist yet.
    pub fn new(dir: &Path) -> Store {
        Store { dir: dir.to_owned() }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a file of a geometry's PoRep circuit is, or would be.
    pub fn path(&self, geometry: &Geometry, kind: Kind) -> PathBuf {
        self.dir.join(match kind {
            Kind::Parameters => name::porep_parameters(geometry),
            Kind::Key => name::porep_key(geometry),
        })
    }

    /// Whether both files of a geometry are there.
    pub fn has(&self, geometry: &Geometry) -> bool {
        [Kind::Parameters, Kind::Key]
            .iter()
            .all(|&kind| self.path(geometry, kind).exists())
    }

    /// Holds a file against its receipt, or where it has none against the digests that are known.
    ///
    /// # Errors
    /// When it is missing, has changed, or is nobody's that is known.
    pub fn check(&self, geometry: &Geometry, kind: Kind, care: Care) -> Result<Receipt> {
        let path = self.path(geometry, kind);
        let size = geometry.sector_size;
        if !path.exists() {
            bail!(
                "there is no {}: make development parameters with `lode-engine params make --sector-size {size}`, or \
                 put the published file there",
                path.display()
            );
        }
        let Some(receipt) = Receipt::read(&path)? else {
            return self.adopt(&path);
        };
        let is_small = kind == Kind::Key;
        if care == Care::Full || is_small || !receipt.looks_like(&path)? {
            let found = Receipt::of(&path, receipt.origin)?;
            ensure!(
                found.blake2b == receipt.blake2b && found.size == receipt.size,
                "{} is damaged or another file: it has {} bytes with the digest {}, and its receipt says {} bytes \
                 with {}; {}",
                path.display(),
                found.size,
                found.blake2b,
                receipt.size,
                receipt.blake2b,
                remedy(geometry)
            );
            if !receipt.looks_like(&path)? {
                // Copied or touched, but the same.
                found.write(&path)?;
            }
        }
        Ok(receipt)
    }

    /// Development parameters do not go with a published key.
    fn must_not_be_published(&self, geometry: &Geometry) -> Result<()> {
        let key = self.path(geometry, Kind::Key);
        let is_published =
            key.exists() && self.check(geometry, Kind::Key, Care::Full)?.origin == Origin::Published;
        ensure!(
            !is_published,
            "{} is the published key, but {} is missing: fetch it, or name another folder with --parameters for \
             development parameters",
            key.display(),
            self.path(geometry, Kind::Parameters).display()
        );
        Ok(())
    }

    /// Takes a file that came without a receipt, if its digest is known.
    fn adopt(&self, path: &Path) -> Result<Receipt> {
        let mut receipt = Receipt::of(path, Origin::Development)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(origin) = known::origin(&name, &receipt.blake2b) else {
            bail!(
                "{} is a foreign file: it has no receipt, and its digest {} is neither the published one nor that of \
                 the development parameters; move it away, and make or fetch the right one",
                path.display(),
                receipt.blake2b
            );
        };
        receipt.origin = origin;
        receipt.write(path)?;
        Ok(receipt)
    }

    /// The verifying key of a geometry.
    ///
    /// # Errors
    /// As [`check`](Store::check); also when the file is no key.
    pub fn key(&self, geometry: &Geometry) -> Result<(VerifyingKey, Origin)> {
        let receipt = self.check(geometry, Kind::Key, Care::Full)?;
        let path = self.path(geometry, Kind::Key);
        Ok((read_key(&path)?, receipt.origin))
    }

    /// The parameter file of a geometry, mapped.
    ///
    /// # Errors
    /// As [`check`](Store::check).
    pub fn parameters(&self, geometry: &Geometry) -> Result<ReadMap> {
        let receipt = self.check(geometry, Kind::Parameters, Care::Usual)?;
        ReadMap::open_sized(&self.path(geometry, Kind::Parameters), receipt.size)
    }

    /// Makes the development parameters of a geometry, unless they are there.
    ///
    /// They come from a fixed seed, so that they are the same everywhere, and worth nothing as a proof of
    /// anything: who knows the seed can forge. Two processes make them one after the other.
    ///
    /// # Errors
    /// When a file that is there is not what it should be, the disk is full, or the device fails.
    pub fn make(&self, device: &dyn Backend, geometry: &'static Geometry, bar: &Bar) -> Result<()> {
        fs::create_dir_all(&self.dir).with_context(|| format!("cannot create {}", self.dir.display()))?;
        let _lock = lock(&self.dir)?;
        let (parameters, key) = (
            self.path(geometry, Kind::Parameters),
            self.path(geometry, Kind::Key),
        );
        if !parameters.exists() {
            self.must_not_be_published(geometry)?;
            let draft = Draft::new(&parameters)?;
            let receipt = generate(device, geometry, draft.path(), bar)
                .with_context(|| format!("cannot make {}", parameters.display()))?;
            // The receipt first: a receipt without a file says nothing.
            receipt.write(&parameters)?;
            draft.finish()?;
        }
        let origin = self.check(geometry, Kind::Parameters, Care::Usual)?.origin;
        if !key.exists() {
            let map = ReadMap::open(&parameters)?;
            let bytes = engine_proofs::groth16::Parameters::parse(map.bytes())
                .with_context(|| parameters.display().to_string())?
                .key
                .to_bytes();
            draft::write_whole(&key, &bytes)?;
            Receipt::of(&key, origin)?.write(&key)?;
        }
        self.check(geometry, Kind::Key, Care::Full).map(drop)
    }
}

/// Reads a key file, strictly.
///
/// # Errors
/// When it cannot be read, or is no key.
pub fn read_key(path: &Path) -> Result<VerifyingKey> {
    let bytes = small::read(path)?;
    VerifyingKey::from_bytes(&bytes).with_context(|| format!("{} is no verifying key", path.display()))
}

/// Writes a parameter file and answers with its receipt.
fn generate(device: &dyn Backend, geometry: &'static Geometry, path: &Path, bar: &Bar) -> Result<Receipt> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create_new(path)?);
    let circuit = Porep::blank(geometry, geometry.porep_challenges);
    setup::generate(device, circuit, &Secret::development(), &mut out, &bar.part(0, 1))?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Receipt::of(path, Origin::Development)
}

/// Waits until nobody else makes parameters in the folder.
fn lock(dir: &Path) -> Result<File> {
    let file = File::open(dir).with_context(|| format!("cannot open {}", dir.display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        eprintln!(
            "another process prepares parameters in {}; waiting for it",
            dir.display()
        );
        flock(&file, FlockOperation::LockExclusive)
            .with_context(|| format!("cannot lock {}", dir.display()))?;
    }
    Ok(file)
}

/// What to do about a file that has changed.
fn remedy(geometry: &Geometry) -> String {
    let size = geometry.sector_size;
    format!(
        "remove it and run `lode-engine params make --sector-size {size}`, or fetch the published file again"
    )
}
