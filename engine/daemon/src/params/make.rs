//! Making development parameters.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    blank::Blank,
    geometry::Geometry,
    groth16::{setup, Parameters, ProofKind, Secret},
};
use kernels::Backend;
use rustix::fs::{flock, FlockOperation};

use super::{key_beside, Care, Half, Origin, Receipt, Store};
use crate::{
    config::Network,
    draft::{self, Draft},
    map::ReadMap,
    progress::Bar,
};

/// The two files of a circuit.
#[derive(Debug)]
pub struct Made {
    /// What a prover needs.
    pub parameters: PathBuf,
    /// What a verifier needs.
    pub key: PathBuf,
    /// What is known of the key.
    pub receipt: Receipt,
}

impl Store {
    /// Makes the development parameters of a circuit, unless there are some; published ones will do.
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
    ) -> Result<Made> {
        ensure!(
            self.network != Network::Mainnet,
            "development parameters are worth nothing on mainnet: import the published ones with `{}`, or take \
             --network development",
            super::importing(kind, geometry)
        );
        fs::create_dir_all(&self.dir).with_context(|| format!("cannot create {}", self.dir.display()))?;
        let _lock = lock(&self.dir)?;
        let parameters = self.parameters_path(kind, geometry)?;
        let key = key_beside(&parameters);
        if !parameters.exists() {
            let circuit = Blank::of(kind, geometry);
            let draft = Draft::new(&parameters)?;
            let receipt = generate(device, circuit, draft.path(), bar)
                .with_context(|| format!("cannot make {}", parameters.display()))?;
            // The receipt first: a receipt without a file says nothing.
            receipt.write(&parameters)?;
            draft.finish()?;
        }
        let origin = self
            .check_at(&parameters, (kind, geometry, Half::Parameters), Care::Usual)?
            .origin;
        if !key.exists() {
            let map = ReadMap::open(&parameters)?;
            let bytes = Parameters::parse(map.bytes())
                .with_context(|| parameters.display().to_string())?
                .key
                .to_bytes();
            draft::write_whole(&key, &bytes)?;
            Receipt::of(&key, origin)?.write(&key)?;
        }
        let receipt = self.check_at(&key, (kind, geometry, Half::Key), Care::Full)?;
        Ok(Made {
            parameters,
            key,
            receipt,
        })
    }
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
pub(super) fn lock(dir: &Path) -> Result<File> {
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
