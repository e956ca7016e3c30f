//! What aggregates are made and verified with: a verifying key and a reference string of one making.

use std::path::Path;

use anyhow::{Context, Result};
use engine_proofs::{
    geometry::Geometry,
    groth16::{aggregate::Srs, ProofKind, VerifyingKey},
};
use serde_json::Value;

use super::{Origin, Receipt, Store};
use crate::map::ReadMap;

/// The key of a size, and the reference string.
pub struct Keys {
    /// The key.
    pub key: VerifyingKey,
    /// What is known of key and reference string.
    pub receipts: (Receipt, Receipt),
    map: ReadMap,
}

impl Keys {
    /// With the key that somebody names, or the one in the store. A development key comes with a development
    /// reference string, which is made where there is none.
    ///
    /// # Errors
    /// When one of the two is missing or damaged.
    pub fn of(store: &Store, geometry: &'static Geometry, key: Option<&Path>) -> Result<Keys> {
        let (key, receipt) = match key {
            Some(path) => store.named_key(path, ProofKind::Porep, geometry)?,
            None => store.key(ProofKind::Porep, geometry)?,
        };
        Keys::with(store, key, receipt)
    }

    /// With a key that is there already.
    ///
    /// # Errors
    /// When the reference string is missing or damaged.
    pub fn with(store: &Store, key: VerifyingKey, receipt: Receipt) -> Result<Keys> {
        if receipt.origin == Origin::Development && !store.has_srs(Origin::Development)? {
            eprintln!(
                "making a reference string for development in {}",
                store.dir().display()
            );
            store.make_srs()?;
        }
        let (map, srs) = store.srs(receipt.origin)?;
        Ok(Keys {
            key,
            receipts: (receipt, srs),
            map,
        })
    }

    /// The reference string.
    ///
    /// # Errors
    /// When the file is none.
    pub fn srs(&self) -> Result<Srs<'_>> {
        Srs::parse(self.map.bytes()).with_context(|| self.map.path().display().to_string())
    }

    /// Adds to an answer what it rests on.
    pub fn json(&self, mut answer: Value, holds: bool) -> Value {
        answer["verified"] = holds.into();
        answer["parameters"] = self.receipts.0.json();
        answer["srs"] = self.receipts.1.json();
        answer
    }
}
