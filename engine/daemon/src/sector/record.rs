//! `sector.json`: whose sector a directory holds, and what is finished in it.

use std::{collections::BTreeMap, path::Path};

use anyhow::{bail, Context, Result};
use kernels::Node;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{words, Identity, Receipt, RECORD};
use crate::{digest::Digests, draft};

/// What is known of a sector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Whose it is.
    pub identity: Identity,
    /// The client's files in it; empty until AddPiece is done.
    pub pieces: Vec<Piece>,
    /// The commitments, once PreCommit2 is done.
    pub roots: Option<Roots>,
    /// What the sector was before its replica was updated; `None` where it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// SHA-256 of the files, once it was asked for: it can be told when they are cleared away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digests>,
    /// The finished files.
    pub files: BTreeMap<String, Receipt>,
}

/// A sector as it was before an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// The files that were in it.
    pub old_pieces: Vec<Piece>,
    /// Its commitments.
    pub old_roots: Roots,
}

/// One of the client's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Where it begins in the sector, in bytes of data before padding.
    pub offset: u64,
    /// Bytes of the file.
    pub file_size: u64,
    /// Bytes of the piece in the sector: a power of two.
    pub padded_size: u64,
    /// Its commitment.
    #[serde(with = "words::node")]
    pub comm_p: Node,
}

/// The commitments of a sealed sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roots {
    /// Root of the data.
    #[serde(with = "words::node")]
    pub comm_d: Node,
    /// Root of the columns.
    #[serde(with = "words::node")]
    pub comm_c: Node,
    /// Root of the replica.
    #[serde(with = "words::node")]
    pub comm_r_last: Node,
    /// What the chain remembers.
    #[serde(with = "words::node")]
    pub comm_r: Node,
}

impl Record {
    /// Of a sector that has nothing yet.
    pub fn new(identity: Identity) -> Record {
        Record {
            identity,
            pieces: Vec::new(),
            roots: None,
            update: None,
            sha256: None,
            files: BTreeMap::new(),
        }
    }

    /// Reads what a directory holds, whoever works in it.
    ///
    /// # Errors
    /// When it holds no sector; else as [`read`](Record::read).
    pub fn in_dir(dir: &Path) -> Result<Record> {
        let path = dir.join(RECORD);
        if !path.exists() {
            bail!(
                "{} holds no sector of lode-engine: there is no {RECORD} in it",
                dir.display()
            );
        }
        Record::read(&path)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When the file cannot be read, or is not as it was written.
    pub fn read(path: &Path) -> Result<Record> {
        let name = path.display();
        let text = crate::small::read(path)?;
        let sealed: BTreeMap<String, Value> =
            serde_json::from_slice(&text).with_context(|| format!("{name} is damaged"))?;
        let (Some(record), Some(Value::String(digest))) = (sealed.get("record"), sealed.get("blake3")) else {
            bail!("{name} is damaged, or not of lode-engine: it has no record or no digest");
        };
        if digest_of(record) != *digest {
            bail!("{name} is damaged: its content does not have the digest that stands in it");
        }
        serde_json::from_value(record.clone())
            .with_context(|| format!("{name} is of another version of lode-engine"))
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the disk fails or is full.
    pub fn write(&self, path: &Path) -> Result<()> {
        let record = serde_json::to_value(self).expect("a record is plain data");
        let sealed = serde_json::json!({ "blake3": digest_of(&record), "record": record });
        let text = serde_json::to_vec_pretty(&sealed).expect("a record is plain data");
        draft::write_whole(path, &text)
    }
}

/// BLAKE3 of a value's compact text, whose keys are sorted.
fn digest_of(value: &Value) -> String {
    blake3::hash(value.to_string().as_bytes()).to_hex().to_string()
}
