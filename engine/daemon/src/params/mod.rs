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
    blank::Blank,
    geometry::Geometry,
    groth16::{name, setup, ProofKind, Secret, VerifyingKey},
};
use kernels::Backend;
use rustix::fs::{flock, FlockOperation};

pub use receipt::{Origin, Receipt};

use crate::{
    config::Config,
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
pub enum Half {
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
    /// The store in the folder of parameters, which need not exist yet.
    pub fn new(config: &Config) -> Store {
        Store {
            dir: config.parameters.clone(),
        }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a file of a circuit is, or would be.
    pub fn path(&self, kind: ProofKind, geometry: &Geometry, half: Half) -> PathBuf {
        self.dir.join(match half {
            Half::Parameters => name::parameters(kind, geometry),
            Half::Key => name::key(kind, geometry),
        })
    }

    /// Whether both files of a circuit are there.
    pub fn has(&self, kind: ProofKind, geometry: &Geometry) -> bool {
        [Half::Parameters, Half::Key]
            .iter()
            .all(|&half| self.path(kind, geometry, half).exists())
    }

    /// Holds a file against its receipt, or where it has none against the digests that are known.
    ///
    /// # Errors
    /// When it is missing, has changed, or is nobody's that is known.
    pub fn check(&self, kind: ProofKind, geometry: &Geometry, half: Half, care: Care) -> Result<Receipt> {
        let path = self.path(kind, geometry, half);
        if !path.exists() {
            bail!(
                "there is no {}: make development parameters with `{}`, or put the published file there",
                path.display(),
                making(kind, geometry)
            );
        }
        let Some(receipt) = Receipt::read(&path)? else {
            return self.adopt(&path);
        };
        let is_small = half == Half::Key;
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
                remedy(kind, geometry)
            );
            if !receipt.looks_like(&path)? {
                // Copied or touched, but the same.
                found.write(&path)?;
            }
        }
        Ok(receipt)
    }

    /// Development parameters do not go with a published key.
    fn must_not_be_published(&self, kind: ProofKind, geometry: &Geometry) -> Result<()> {
        let key = self.path(kind, geometry, Half::Key);
        let is_published =
            key.exists() && self.check(kind, geometry, Half::Key, Care::Full)?.origin == Origin::Published;
        ensure!(
            !is_published,
            "{} is the published key, but {} is missing: fetch it, or name another folder with --parameters for \
             development parameters",
            key.display(),
            self.path(kind, geometry, Half::Parameters).display()
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

    /// The verifying key of a circuit, and what is known of it.
    ///
    /// # Errors
    /// As [`check`](Store::check); also when the file is no key.
    pub fn key(&self, kind: ProofKind, geometry: &Geometry) -> Result<(VerifyingKey, Receipt)> {
        let receipt = self.check(kind, geometry, Half::Key, Care::Full)?;
        let path = self.path(kind, geometry, Half::Key);
        Ok((read_key(&path)?, receipt))
    }

    /// The parameter file of a circuit, mapped.
    ///
    /// # Errors
    /// As [`check`](Store::check).
    pub fn parameters(&self, kind: ProofKind, geometry: &Geometry) -> Result<ReadMap> {
        let receipt = self.check(kind, geometry, Half::Parameters, Care::Usual)?;
        ReadMap::open_sized(&self.path(kind, geometry, Half::Parameters), receipt.size)
    }

    /// Makes the development parameters of a circuit, unless they are there.
    ///
    /// They come from a fixed seed, so that they are the same everywhere, and worth nothing as a proof of
    /// anything: who knows the seed can forge. Two processes make them one after the other.
    ///
    /// # Errors
    /// When a file that is there is not what it should be, the disk is full, or the device fails.
    pub fn make(
        &self,
        device: &dyn Backend,
        kind: ProofKind,
        geometry: &'static Geometry,
        bar: &Bar,
    ) -> Result<()> {
        fs::create_dir_all(&self.dir).with_context(|| format!("cannot create {}", self.dir.display()))?;
        let _lock = lock(&self.dir)?;
        let (parameters, key) = (
            self.path(kind, geometry, Half::Parameters),
            self.path(kind, geometry, Half::Key),
        );
        if !parameters.exists() {
            self.must_not_be_published(kind, geometry)?;
            let circuit = Blank::of(kind, geometry);
            let draft = Draft::new(&parameters)?;
            let receipt = generate(device, circuit, draft.path(), bar)
                .with_context(|| format!("cannot make {}", parameters.display()))?;
            // The receipt first: a receipt without a file says nothing.
            receipt.write(&parameters)?;
            draft.finish()?;
        }
        let origin = self.check(kind, geometry, Half::Parameters, Care::Usual)?.origin;
        if !key.exists() {
            let map = ReadMap::open(&parameters)?;
            let bytes = engine_proofs::groth16::Parameters::parse(map.bytes())
                .with_context(|| parameters.display().to_string())?
                .key
                .to_bytes();
            draft::write_whole(&key, &bytes)?;
            Receipt::of(&key, origin)?.write(&key)?;
        }
        self.check(kind, geometry, Half::Key, Care::Full).map(drop)
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
fn generate(device: &dyn Backend, circuit: Blank, path: &Path, bar: &Bar) -> Result<Receipt> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create_new(path)?);
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
fn remedy(kind: ProofKind, geometry: &Geometry) -> String {
    format!(
        "remove it and run `{}`, or fetch the published file again",
        making(kind, geometry)
    )
}

/// The command that makes development parameters.
fn making(kind: ProofKind, geometry: &Geometry) -> String {
    let size = geometry.sector_size;
    match kind {
        ProofKind::Porep => format!("lode-engine params make --sector-size {size}"),
        _ => format!("lode-engine params make --sector-size {size} --proof {kind}"),
    }
}
