//! `lode-engine params`: the store of Groth16 parameters.

use std::{fmt::Write, fs};

use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use engine_proofs::geometry::{Geometry, SectorSize, GEOMETRIES};
use kernels::Cpu;
use serde_json::{json, Value};

use super::Answer;
use crate::{
    config::Config,
    params::{Care, Kind, Origin, Store},
    report,
    stage::{Stage, Stages},
};

/// List, make and check Groth16 parameters.
///
/// A proof needs the parameter file of its sector size (gigabytes), verifying one only the key (kilobytes). The
/// published files are made in a ceremony by many; development parameters are made here, from a fixed seed: the
/// same everywhere, and worthless as evidence.
///
/// Example: lode-engine params make --sector-size 2KiB
#[derive(Debug, Args)]
pub struct Params {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what there is, in which folder, and who made it.
    ///
    /// Example: lode-engine params list
    List,
    /// Make the development parameters of a sector size, unless they are there.
    ///
    /// Example: lode-engine params make --sector-size 2KiB
    Make {
        /// The sector size: 2KiB, 4KiB, ….
        #[arg(long, value_name = "SIZE")]
        sector_size: SectorSize,
    },
    /// Read every file, or those of one size, and hold them against their digests.
    ///
    /// Example: lode-engine params verify
    Verify {
        /// Only those of this sector size.
        #[arg(long, value_name = "SIZE")]
        sector_size: Option<SectorSize>,
    },
    /// Show the folder, or where the files of one size are or would be.
    ///
    /// Example: lode-engine params path --sector-size 2KiB
    Path {
        /// The sector size.
        #[arg(long, value_name = "SIZE")]
        sector_size: Option<SectorSize>,
    },
}

impl Params {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let store = Store::new(&config.parameters);
        match self.verb {
            Verb::List => Ok(list(&store)),
            Verb::Make { sector_size } => make(&store, Geometry::of(sector_size)),
            Verb::Verify { sector_size } => verify(&store, sector_size),
            Verb::Path { sector_size } => Ok(path(&store, sector_size)),
        }
    }
}

/// Every file that the store may hold, with those that are there.
fn files(store: &Store) -> impl Iterator<Item = (&'static Geometry, Kind)> + '_ {
    let all = GEOMETRIES
        .iter()
        .flat_map(|row| [(row, Kind::Parameters), (row, Kind::Key)]);
    all.filter(|(row, kind)| store.path(row, *kind).exists())
}

fn list(store: &Store) -> Answer {
    let mut text = format!("{}\n", store.dir().display());
    let mut rows = Vec::new();
    for (row, kind) in files(store) {
        let path = store.path(row, kind);
        let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let state = match store.check(row, kind, Care::Usual) {
            Ok(receipt) => origin_name(receipt.origin).to_owned(),
            Err(error) => format!("{error:#}"),
        };
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let sector_size = row.sector_size.to_string();
        writeln!(
            text,
            "{sector_size:>7} {:>10}  {state}  {name}",
            report::size(size as f64)
        )
        .expect("a String takes everything");
        rows.push(
            json!({ "sector_size": row.sector_size.bytes(), "file": name, "size": size, "state": state }),
        );
    }
    if rows.is_empty() {
        text.push_str("  (nothing yet: `lode-engine params make --sector-size 2KiB` makes the smallest)\n");
    }
    Answer {
        text,
        json: json!({ "dir": store.dir(), "files": rows }),
        is_good: true,
    }
}

fn make(store: &Store, geometry: &'static Geometry) -> Result<Answer> {
    let device = Cpu::new();
    let mut stages = Stages::default();
    stages.run(Stage::Parameters, &device, |bar| {
        store.make(&device, geometry, bar)
    })?;
    let (parameters, key) = (
        store.path(geometry, Kind::Parameters),
        store.path(geometry, Kind::Key),
    );
    let origin = store.check(geometry, Kind::Key, Care::Full)?.origin;
    Ok(Answer {
        text: format!(
            "{} parameters\n{}\n{}\n",
            origin_name(origin),
            parameters.display(),
            key.display()
        ),
        json: json!({
            "parameters": parameters,
            "key": key,
            "origin": origin,
            "stages": stages.done.iter().map(report::stage_json).collect::<Vec<Value>>(),
        }),
        is_good: true,
    })
}

/// Checks all, and tells all that is wrong, not only the first.
fn verify(store: &Store, sector_size: Option<SectorSize>) -> Result<Answer> {
    let (mut text, mut rows, mut all_good) = (String::new(), Vec::new(), true);
    for (row, kind) in files(store).filter(|(row, _)| sector_size.is_none_or(|size| size == row.sector_size))
    {
        let path = store.path(row, kind);
        let (is_good, state) = match store.check(row, kind, Care::Full) {
            Ok(receipt) => (true, origin_name(receipt.origin).to_owned()),
            Err(error) => (false, format!("{error:#}")),
        };
        all_good &= is_good;
        let verdict = if is_good { "good" } else { "BAD " };
        writeln!(text, "{verdict}  {}: {state}", path.display()).expect("a String takes everything");
        rows.push(json!({ "file": path, "good": is_good, "state": state }));
    }
    if rows.is_empty() {
        bail!("there are no parameters to verify in {}", store.dir().display());
    }
    Ok(Answer {
        text,
        json: json!({ "files": rows, "good": all_good }),
        is_good: all_good,
    })
}

fn path(store: &Store, sector_size: Option<SectorSize>) -> Answer {
    let Some(size) = sector_size else {
        let text = format!("{}\n", store.dir().display());
        return Answer {
            text,
            json: json!({ "dir": store.dir() }),
            is_good: true,
        };
    };
    let geometry = Geometry::of(size);
    let (parameters, key) = (
        store.path(geometry, Kind::Parameters),
        store.path(geometry, Kind::Key),
    );
    Answer {
        text: format!("{}\n{}\n", parameters.display(), key.display()),
        json: json!({ "dir": store.dir(), "parameters": parameters, "key": key }),
        is_good: true,
    }
}

fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Published => "published",
        Origin::Development => "development",
    }
}
