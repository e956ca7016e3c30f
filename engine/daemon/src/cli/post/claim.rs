//! A PoSt that was proved, read back: what `post winning` and `post window` print.

use std::path::Path;

use anyhow::{anyhow, Context, Result};
use engine_proofs::{
    geometry::Geometry,
    groth16::Proof,
    hex32::parse_node,
    post::{PublicSector, Statement},
};
use serde_json::{json, Value};

use crate::{
    cli::{
        given::Given,
        verify::{size, verdict},
        Answer,
    },
    params::Store,
    post::kind,
    stage::post,
};

/// A statement and its proofs.
pub struct Claim {
    pub statement: Statement,
    /// The only partition that is proved.
    pub partition: Option<usize>,
    pub proofs: Vec<Proof>,
}

impl Claim {
    /// Reads one.
    ///
    /// # Errors
    /// When a field is missing or malformed: it is named, and the file.
    pub fn read(given: &Given) -> Result<Claim> {
        let field = "--json-file with it";
        let statement = Statement::new(
            Geometry::of(given.field("sector_size", field, size)?),
            given.parse("post_proof", field)?,
            given.parse("prover_id", field)?,
            given.parse("randomness", field)?,
            sectors(given)?,
        );
        let statement = statement.with_context(|| given.path().display().to_string())?;
        let partition = match given.value().get("partition") {
            None | Some(Value::Null) => None,
            Some(_) => Some(given.parse("partition", field)?),
        };
        let n_proofs = if partition.is_some() {
            1
        } else {
            statement.n_partitions()
        };
        let proofs = given.field("proof", field, |word| {
            let bytes = hex::decode(word).context("a proof is written in pairs of hexadecimal digits")?;
            Ok(Proof::many(&bytes, n_proofs)?)
        })?;
        Ok(Claim {
            statement,
            partition,
            proofs,
        })
    }

    /// Whether it holds, under this key or the one in the folder of parameters.
    ///
    /// # Errors
    /// When there is no such key, or it is another circuit's.
    pub fn verify(&self, key: Option<&Path>, store: &Store) -> Result<Answer> {
        let (kind, geometry) = (kind(self.statement.post_proof()), self.statement.geometry());
        let (key, receipt) = match key {
            Some(path) => store.named_key(path, kind, geometry)?,
            None => store.key(kind, geometry)?,
        };
        let holds = post::verify(&key, &self.statement, self.partition, &self.proofs);
        let json = json!({ "verified": holds, "kind": kind.to_string(), "parameters": receipt.json() });
        Ok(Answer {
            text: verdict(holds, &receipt),
            json,
            is_good: holds,
        })
    }
}

fn sectors(given: &Given) -> Result<Vec<PublicSector>> {
    let about = |what: &str| anyhow!("{}: sectors: {what}", given.path().display());
    let list = given.value().get("sectors").and_then(Value::as_array);
    let list = list.ok_or_else(|| about("a list must stand there"))?;
    let sector = |value: &Value| {
        let number = value.get("sector").and_then(Value::as_u64);
        let comm_r = value.get("comm_r").and_then(Value::as_str);
        let (Some(sector), Some(comm_r)) = (number, comm_r) else {
            return Err(about("each has a number, `sector`, and a text, `comm_r`"));
        };
        let comm_r = parse_node(comm_r).with_context(|| about(&format!("sector {sector}: comm_r")))?;
        Ok(PublicSector { sector, comm_r })
    };
    list.iter().map(sector).collect()
}
