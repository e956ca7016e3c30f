//! The reference string of aggregates in the store: one file for every circuit.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure, Context, Result};
use engine_proofs::{
    groth16::{
        aggregate::{self, Srs},
        name,
    },
    silent,
};
use rand_core::OsRng;

use super::{make::lock, Care, Origin, Receipt, Store};
use crate::{config::Network, device, draft, map::ReadMap};

/// Proofs that the development reference string serves: 128, so that one of a non-interactive 32 GiB sector's
/// 126 fits. The reference makes the same.
const DEVELOPMENT_PROOFS: usize = 128;

const REMEDY: &str = "remove it, and import the published file again or run `lode-engine params make --srs`";

impl Store {
    /// Where the reference string is, or would be.
    pub fn srs_path(&self) -> PathBuf {
        self.look_up(&name::srs())
    }

    /// Whether the one of that origin is there.
    ///
    /// # Errors
    /// When a file that is there is nobody's that is known.
    pub fn has_srs(&self, origin: Origin) -> Result<bool> {
        self.settle(&name::srs())?;
        Ok(self.at(&name::srs(), origin).exists())
    }

    /// Holds the reference string against its receipt, or where it has none against the digests that are
    /// known; with full care also that each of its lists holds the powers of a number. That takes ten minutes of
    /// a processor for the published file, which has four million points.
    ///
    /// # Errors
    /// When it is missing, has changed, is nobody's that is known, or no reference string.
    pub(super) fn check_srs(&self, path: &Path, care: Care) -> Result<Receipt> {
        if !path.exists() {
            let making = "make one for development with `lode-engine params make --srs`";
            bail!(self.absent(path, "lode-engine params import DIR", making));
        }
        let receipt = Store::hold(path, false, care, REMEDY)?;
        if care == Care::Full {
            check_points(path, care)?;
        }
        Ok(receipt)
    }

    /// The reference string of that origin, mapped, and what is known of it; whichever there is, where the origin
    /// is not known.
    ///
    /// # Errors
    /// As [`check_srs`](Store::check_srs); also when it is for development and the network is the main one.
    pub fn srs(&self, origin: Origin) -> Result<(ReadMap, Receipt)> {
        self.settle(&name::srs())?;
        let path = match origin {
            Origin::Given => self.srs_path(),
            Origin::Published | Origin::Development => self.at(&name::srs(), origin),
        };
        let receipt = self.check_srs(&path, Care::Usual)?;
        self.must_count(&path, receipt.origin)?;
        Ok((ReadMap::open_sized(&path, receipt.size)?, receipt))
    }

    /// Makes the development reference string, unless it is there.
    ///
    /// It comes from a fixed seed: who knows the seed can forge aggregates.
    ///
    /// # Errors
    /// When a file that is there is not what it should be, or the disk is full.
    pub fn make_srs(&self) -> Result<(PathBuf, Receipt)> {
        ensure!(
            self.network != Network::Mainnet,
            "a reference string for development is worth nothing on mainnet: import the published one with \
             `lode-engine params import DIR`, or take --network development"
        );
        fs::create_dir_all(&self.dir).with_context(|| format!("cannot create {}", self.dir.display()))?;
        let _lock = lock(&self.dir)?;
        self.settle(&name::srs())?;
        let path = self.at(&name::srs(), Origin::Development);
        if !path.exists() {
            draft::write_whole(&path, &aggregate::development(DEVELOPMENT_PROOFS))?;
            Receipt::of(&path, Origin::Development)?.write(&path)?;
        }
        let receipt = self.check_srs(&path, Care::Full)?;
        Ok((path, receipt))
    }
}

/// Whether the lists hold the powers of a number: those that the largest aggregate takes, with full care all.
pub(super) fn check_points(path: &Path, care: Care) -> Result<()> {
    let map = ReadMap::open(path)?;
    let n_powers = match care {
        Care::Usual => 2 * aggregate::MAX_PROOFS,
        Care::Full => usize::MAX,
    };
    let device = device::open()?;
    let check = |srs: Srs<'_>| srs.check(n_powers, &device, &mut OsRng, &silent);
    let checked = Srs::parse(map.bytes()).and_then(check);
    checked.with_context(|| format!("{} is no reference string; {REMEDY}", path.display()))
}
