//! An answer in JSON that is read back: fields by name, and errors that say which.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure, Context, Result};
use engine_proofs::groth16::ProofKind;
use serde_json::Value;

/// What the file says.
#[derive(Debug, Default)]
pub struct Given {
    path: PathBuf,
    value: Value,
}

impl Given {
    /// Reads a file, which must be JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(path: &Path) -> Result<Given> {
        let text = crate::small::read(path)?;
        let value =
            serde_json::from_slice(&text).with_context(|| format!("{} is no JSON", path.display()))?;
        Ok(Given {
            path: path.to_owned(),
            value,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All of it.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// What it says of each sector, where `seal --sectors` printed it.
    ///
    /// # Errors
    /// When the list is empty, or one of them is no object.
    pub fn sectors(&self) -> Result<Option<Vec<Given>>> {
        let Some(Value::Array(sectors)) = self.value.get("sectors") else {
            return Ok(None);
        };
        ensure!(!sectors.is_empty(), "{} has no sectors", self.path.display());
        let is_told = sectors.iter().all(Value::is_object);
        ensure!(
            is_told,
            "{}: each of sectors must be an object",
            self.path.display()
        );
        let given = |(i, value): (usize, &Value)| Given {
            path: PathBuf::from(format!("{}: sectors[{i}]", self.path.display())),
            value: value.clone(),
        };
        Ok(Some(sectors.iter().enumerate().map(given).collect()))
    }

    /// What kind of proof it holds, where it says so.
    ///
    /// # Errors
    /// When it says something else.
    pub fn kind(&self) -> Result<Option<ProofKind>> {
        match self.has("kind") {
            true => Ok(Some(self.parse("kind", "a file of a known kind")?)),
            false => Ok(None),
        }
    }

    /// Whether there is such a field.
    pub fn has(&self, name: &str) -> bool {
        self.value.get(name).is_some()
    }

    /// A field that is written as its type is.
    ///
    /// # Errors
    /// As [`field`](Given::field).
    pub fn parse<T>(&self, name: &str, flag: &str) -> Result<T>
    where
        T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
    {
        self.field(name, flag, |word| Ok(word.parse::<T>()?))
    }

    /// A field, which is text or a number.
    ///
    /// # Errors
    /// When it is missing or malformed; file and field are named.
    pub fn field<T>(&self, name: &str, flag: &str, parse: impl Fn(&str) -> Result<T>) -> Result<T> {
        let word = match self.value.get(name) {
            Some(Value::String(word)) => word.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Null) | None if self.value.is_null() => bail!("give {flag}, or --json-file"),
            Some(Value::Null) | None => bail!("{} has no {name}: give {flag}", self.path.display()),
            Some(_) => bail!("{}: {name} is neither text nor a number", self.path.display()),
        };
        parse(&word).with_context(|| format!("{}: {name}", self.path.display()))
    }
}
