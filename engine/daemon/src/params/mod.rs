//! The store of Groth16 parameters: made once, believed by digest. Published files have the reference's names,
//! development files the same after `development-`.
//!
//! Beside each file lies a receipt with its digest, size, time and inode. A key is small and is held against
//! its digest at every use; a parameter file when its size, time or inode is not the receipt's, and when asked
//! to. A file that has no receipt is taken only if its digest is one of the published or the development
//! files'; a receipt that calls a file published is believed only if the published digest says so too.

pub mod import;
mod keys;
mod known;
mod make;
mod place;
mod receipt;
mod settle;
mod srs;

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};
use engine_proofs::{
    blank,
    geometry::Geometry,
    groth16::{name, ProofKind, VerifyingKey},
};

pub use keys::Keys;
pub use place::Place;
pub use receipt::{Origin, Receipt};

use crate::{
    config::{Config, Network},
    map::ReadMap,
    small,
};

/// The folder of parameters.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    network: Network,
}

/// The two files of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// What a prover needs: gigabytes.
    Parameters,
    /// What a verifier needs: kilobytes.
    Key,
}

impl Half {
    /// What the file is called among the published ones.
    pub fn name(self, kind: ProofKind, geometry: &Geometry) -> String {
        match self {
            Half::Parameters => name::parameters(kind, geometry),
            Half::Key => name::key(kind, geometry),
        }
    }
}

/// What a prover needs for a circuit.
#[derive(Debug)]
pub struct Proving {
    /// The parameter file.
    pub map: ReadMap,
    /// Its key.
    pub key: VerifyingKey,
    /// What is known of the key.
    pub receipt: Receipt,
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
            network: config.network,
        }
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a file of a circuit is, or would be: the published one first.
    fn path(&self, kind: ProofKind, geometry: &Geometry, half: Half) -> PathBuf {
        self.look_up(&half.name(kind, geometry))
    }

    /// Where the parameter file of a circuit is, or would be, and the key that verifies.
    ///
    /// # Errors
    /// When a file that is there is nobody's that is known.
    pub fn paths(&self, kind: ProofKind, geometry: &Geometry) -> Result<[PathBuf; 2]> {
        let parameters = self.parameters_path(kind, geometry)?;
        Ok([parameters, self.path(kind, geometry, Half::Key)])
    }

    /// Whether the published file of a circuit is there.
    pub fn has_published(&self, kind: ProofKind, geometry: &Geometry, half: Half) -> bool {
        self.at(&half.name(kind, geometry), Origin::Published).exists()
    }

    /// Whether both files of a circuit are there, of one making.
    ///
    /// # Errors
    /// When a file that is there is nobody's that is known.
    pub fn has(&self, kind: ProofKind, geometry: &Geometry) -> Result<bool> {
        let parameters = self.parameters_path(kind, geometry)?;
        Ok(parameters.exists() && key_beside(&parameters).exists())
    }

    /// Where the parameter file is, or would be. Its key is [beside](key_beside) it.
    fn parameters_path(&self, kind: ProofKind, geometry: &Geometry) -> Result<PathBuf> {
        for half in [Half::Parameters, Half::Key] {
            self.settle(&half.name(kind, geometry))?;
        }
        Ok(self.path(kind, geometry, Half::Parameters))
    }

    /// Holds a file against its receipt, or where it has none against the digests that are known.
    ///
    /// # Errors
    /// When it is missing, has changed, or is nobody's that is known.
    pub fn check(&self, kind: ProofKind, geometry: &Geometry, half: Half, care: Care) -> Result<Receipt> {
        self.settle(&half.name(kind, geometry))?;
        self.check_at(&self.path(kind, geometry, half), (kind, geometry, half), care)
    }

    fn check_at(
        &self,
        path: &Path,
        (kind, geometry, half): (ProofKind, &Geometry, Half),
        care: Care,
    ) -> Result<Receipt> {
        if !path.exists() {
            let making = format!("make development parameters with `{}`", making(kind, geometry));
            bail!(self.absent(path, &importing(kind, geometry), &making));
        }
        Store::hold(path, half == Half::Key, care, &remedy(kind, geometry))
    }

    /// What to say and do where a file is not there.
    fn absent(&self, path: &Path, importing: &str, making: &str) -> String {
        let (there, path) = (self.at(&file_name(path), Origin::Development), path.display());
        let import = format!("there is no {path}: import the published file with `{importing}`");
        match self.network {
            Network::Development => format!("{import}, or {making}"),
            Network::Mainnet if there.exists() => format!(
                "{import}, or take --network development: {} is worth nothing on mainnet",
                there.display()
            ),
            Network::Mainnet => import,
        }
    }

    /// Holds a file that is there against its receipt; a small one always as closely as can be.
    fn hold(path: &Path, is_small: bool, care: Care, remedy: &str) -> Result<Receipt> {
        let Some(receipt) = Receipt::read(path)? else {
            return adopt(path);
        };
        let file_name = file_name(path);
        let (name, by_name) = settle::split(&file_name);
        ensure!(
            receipt.origin == Origin::Development
                || receipt.origin == Origin::Published
                    && known::origin(name, &receipt.blake2b) == Some(Origin::Published),
            "the receipt of {} calls it published, but its digest {} is another: remove the receipt",
            path.display(),
            receipt.blake2b
        );
        ensure!(
            receipt.origin == by_name,
            "{} is of {}, which its name does not say: rename it and its receipt to {}",
            path.display(),
            receipt.origin.worth(),
            receipt.origin.file_name(name)
        );
        if care == Care::Full || is_small || !receipt.looks_like(path)? {
            let found = Receipt::of(path, receipt.origin)?;
            ensure!(
                found.blake2b == receipt.blake2b && found.size == receipt.size,
                "{} is damaged or another file: it has {} bytes with the digest {}, and its receipt says {} bytes \
                 with {}; {remedy}",
                path.display(),
                found.size,
                found.blake2b,
                receipt.size,
                receipt.blake2b,
            );
            if !receipt.looks_like(path)? {
                // Copied or touched, but the same.
                found.write(path)?;
            }
        }
        Ok(receipt)
    }

    /// The verifying key of a circuit, and what is known of it.
    ///
    /// # Errors
    /// As [`check`](Store::check); also when the file is no key of that circuit, or is for development and the
    /// network is the main one.
    pub fn key(&self, kind: ProofKind, geometry: &Geometry) -> Result<(VerifyingKey, Receipt)> {
        let receipt = self.check(kind, geometry, Half::Key, Care::Full)?;
        let path = self.path(kind, geometry, Half::Key);
        self.must_count(&path, receipt.origin)?;
        Ok((read_key(&path, kind, geometry)?, receipt))
    }

    /// A key that somebody names, and what is known of it.
    ///
    /// # Errors
    /// When it cannot be read or is no key of that circuit, or is not the published one and the network is the
    /// main one.
    pub fn named_key(
        &self,
        path: &Path,
        kind: ProofKind,
        geometry: &Geometry,
    ) -> Result<(VerifyingKey, Receipt)> {
        let mut receipt = Receipt::of(path, Origin::Given)?;
        if let Some(origin) = known::origin(&name::key(kind, geometry), &receipt.blake2b) {
            receipt.origin = origin;
        }
        self.must_count(path, receipt.origin)?;
        Ok((read_key(path, kind, geometry)?, receipt))
    }

    /// What a prover needs for a circuit: the parameter file, mapped, and the key of the same making.
    ///
    /// # Errors
    /// As [`key`](Store::key); also when the key in the file is not the one beside it.
    pub fn parameters(&self, kind: ProofKind, geometry: &Geometry) -> Result<Proving> {
        let path = self.parameters_path(kind, geometry)?;
        let receipt = self.check_at(&path, (kind, geometry, Half::Parameters), Care::Usual)?;
        self.must_count(&path, receipt.origin)?;
        let map = ReadMap::open_sized(&path, receipt.size)?;
        let key_path = key_beside(&path);
        let receipt = self.check_at(&key_path, (kind, geometry, Half::Key), Care::Full)?;
        let key = read_key(&key_path, kind, geometry)?;
        ensure!(
            map.bytes().starts_with(&key.to_bytes()),
            "{} begins with another key than {}: they are not of one making; {}",
            path.display(),
            key_path.display(),
            remedy(kind, geometry)
        );
        Ok(Proving { map, key, receipt })
    }

    /// A proof that was just made holds with the key of its parameters.
    ///
    /// # Errors
    /// When it does not.
    pub fn must_hold(&self, holds: bool, key: &Receipt) -> Result<()> {
        ensure!(
            holds,
            "the proof does not verify with the {} key with the digest {} in {}; `lode-engine params verify` holds \
             every file there against its digest",
            key.origin,
            key.blake2b,
            self.dir.display()
        );
        Ok(())
    }

    /// On the main network only what is published counts.
    fn must_count(&self, path: &Path, origin: Origin) -> Result<()> {
        ensure!(
            self.network != Network::Mainnet || origin == Origin::Published,
            "{} is no published file ({}), and worth nothing on mainnet: import the published one, or take \
             --network development",
            path.display(),
            origin.worth()
        );
        Ok(())
    }
}

/// Takes a file that came without a receipt, if its digest is known.
fn adopt(path: &Path) -> Result<Receipt> {
    let mut receipt = Receipt::of(path, Origin::Development)?;
    let file_name = file_name(path);
    let (name, by_name) = settle::split(&file_name);
    match known::origin(name, &receipt.blake2b) {
        // What has a published file's name may be renamed yet.
        Some(origin) if origin == by_name || by_name == Origin::Published => receipt.origin = origin,
        _ => bail!(
            "{} {}; move it away, and import or make the right one",
            path.display(),
            known::describe(name, &receipt.blake2b)
        ),
    }
    receipt.write(path)?;
    Ok(receipt)
}

/// The key file that belongs to a parameter file.
fn key_beside(parameters: &Path) -> PathBuf {
    parameters.with_extension("vk")
}

/// A key of any circuit, and what is known of it.
///
/// # Errors
/// When it cannot be read, or is no key.
pub fn any_key(path: &Path) -> Result<(VerifyingKey, Receipt)> {
    let mut receipt = Receipt::of(path, Origin::Given)?;
    if let Some(origin) = known::origin_of(&receipt.blake2b) {
        receipt.origin = origin;
    }
    Ok((parse_key(path)?, receipt))
}

/// Reads the key of a circuit, strictly.
fn read_key(path: &Path, kind: ProofKind, geometry: &Geometry) -> Result<VerifyingKey> {
    let key = parse_key(path)?;
    let (found, expected) = (key.n_inputs(), blank::n_inputs(kind, geometry));
    ensure!(
        found == expected,
        "{} is the key of another circuit: it takes {found} inputs, and a {kind} proof of {} sectors has {expected}",
        path.display(),
        geometry.sector_size
    );
    Ok(key)
}

fn parse_key(path: &Path) -> Result<VerifyingKey> {
    let bytes = small::read(path)?;
    VerifyingKey::from_bytes(&bytes).with_context(|| format!("{} is no verifying key", path.display()))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// What to do about a file that has changed.
fn remedy(kind: ProofKind, geometry: &Geometry) -> String {
    format!(
        "remove it, and import the published file again or run `{}`",
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

/// The command that imports what is published.
fn importing(kind: ProofKind, geometry: &Geometry) -> String {
    let size = geometry.sector_size;
    format!("lode-engine params import DIR --sector-size {size} --proof {kind}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The development key of 2 KiB PoReps.
    fn key() -> Vec<u8> {
        let kit = include_str!("../../../../fixtures/kit-porep-2KiB-1.1.0-plain-mod251-s42.json");
        let kit: serde_json::Value = serde_json::from_str(kit).expect("fixtures are JSON");
        hex::decode(kit["vk"]["vk_hex_uncompressed"].as_str().expect("hex")).expect("hex")
    }

    /// A store whose two files of a circuit hold these bytes, with receipts that call them development files.
    fn check(kind: ProofKind, parameters: &[u8], key: &[u8], expected: Result<(), &str>) {
        let dir = tempfile::tempdir().expect("the temporary folder can be written");
        let store = Store {
            dir: dir.path().to_owned(),
            network: Network::Development,
        };
        let geometry = Geometry::of("2KiB".parse().expect("a size"));
        for (half, bytes) in [(Half::Parameters, parameters), (Half::Key, key)] {
            let path = store.path(kind, geometry, half);
            fs::write(&path, bytes).expect("the folder can be written");
            let receipt = Receipt::of(&path, Origin::Development).expect("the file is there");
            receipt.write(&path).expect("the folder can be written");
        }
        match (store.parameters(kind, geometry), expected) {
            (Ok(found), Ok(())) => assert_eq!(found.map.bytes(), parameters),
            (Err(error), Err(words)) => assert!(format!("{error:#}").contains(words), "{error:#}"),
            (found, _) => panic!("{}", found.is_ok()),
        }
    }

    #[test]
    fn parameters_and_key_are_of_one_making() {
        let key = key();
        let whole = [&key[..], b"and so on"].concat();
        check(ProofKind::Porep, &whole, &key, Ok(()));
        for at in [0, 200, 865, key.len() - 1] {
            let mut other = whole.clone();
            other[at] ^= 1;
            check(ProofKind::Porep, &other, &key, Err("begins with another key"));
        }
        check(
            ProofKind::Porep,
            &key[..100],
            &key,
            Err("begins with another key"),
        );
        check(ProofKind::Porep, &whole, &whole, Err("bytes follow the end"));
        check(ProofKind::Porep, &whole, &key[..100], Err("cut short"));
    }

    #[test]
    fn a_key_has_the_inputs_of_its_circuit() {
        let key = key();
        let words =
            "is the key of another circuit: it takes 39 inputs, and a winning proof of 2KiB sectors has 132";
        check(ProofKind::WinningPost, &key, &key, Err(words));
    }
}
