//! `lode-engine params`: the store of Groth16 parameters.

use std::{fmt::Write, fs};

use anyhow::{bail, Result};
use clap::{Args, Subcommand};
use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::ProofKind,
};
use serde_json::{json, Value};

use super::{params_import::Import, Answer};
use crate::{
    config::Config,
    device,
    params::{Care, Place, Store},
    report,
    stage::{Stage, Stages},
};

/// List, make and check Groth16 parameters.
///
/// A proof needs the parameter file of its kind and sector size (gigabytes), verifying one only the key
/// (kilobytes). The published files are made in a ceremony by many; development parameters are made here, from a
/// fixed seed: the same everywhere, and worthless as evidence. Their names begin with development-. Both may be there;
/// then the published ones are used.
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
    Import(Import),
    /// Make the development parameters of a kind of proof and sector size, unless they are there; or the reference
    /// string of aggregates.
    ///
    /// Example: lode-engine params make --sector-size 2KiB
    Make {
        /// The sector size: 2KiB, 4KiB, ….
        #[arg(long, value_name = "SIZE", required_unless_present = "srs")]
        sector_size: Option<SectorSize>,
        /// The reference string of aggregates, which is the same for all sizes and proofs.
        #[arg(long, conflicts_with_all = ["sector_size", "proof"])]
        srs: bool,
        /// The kind of proof: porep, winning, window or update.
        #[arg(long, value_name = "PROOF", default_value_t = ProofKind::Porep)]
        proof: ProofKind,
    },
    /// Read every file, or those of one size or kind, and hold them against their digests.
    ///
    /// Example: lode-engine params verify
    Verify {
        #[command(flatten)]
        which: Which,
    },
    /// Show the folder, or where the files of one size are or would be.
    ///
    /// Example: lode-engine params path --sector-size 2KiB
    Path {
        /// The sector size.
        #[arg(long, value_name = "SIZE")]
        sector_size: Option<SectorSize>,
        /// The kind of proof: porep, winning, window or update.
        #[arg(long, value_name = "PROOF", default_value_t = ProofKind::Porep)]
        proof: ProofKind,
    },
}

/// A choice of files.
#[derive(Clone, Copy, Debug, Args)]
pub struct Which {
    /// Only those of this sector size.
    #[arg(long, value_name = "SIZE")]
    pub sector_size: Option<SectorSize>,
    /// Only those of this kind of proof: porep, winning, window or update.
    #[arg(long, value_name = "PROOF")]
    pub proof: Option<ProofKind>,
}

impl Params {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let store = Store::new(config);
        match self.verb {
            Verb::List => Ok(list(&store)),
            Verb::Import(verb) => verb.run(&store),
            Verb::Make {
                sector_size: Some(size),
                proof,
                ..
            } => make(&store, proof, Geometry::of(size)),
            Verb::Make { .. } => make_srs(&store),
            Verb::Verify { which } => verify(&store, which),
            Verb::Path { sector_size, proof } => path(&store, proof, sector_size),
        }
    }
}

impl Which {
    /// Whether a file of that kind and size is among them; the reference string has neither.
    pub fn takes(self, kind: Option<ProofKind>, size: Option<SectorSize>) -> bool {
        self.sector_size.is_none_or(|wanted| size == Some(wanted))
            && self.proof.is_none_or(|wanted| kind == Some(wanted))
    }
}

fn list(store: &Store) -> Answer {
    let mut text = format!("{}\n", store.dir().display());
    let mut rows = Vec::new();
    for (place, path) in store.files() {
        let size = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let state = match store.check_place(&place, Care::Usual) {
            Ok(receipt) => receipt.origin.to_string(),
            Err(error) => format!("{error:#}"),
        };
        let name = place.file_name();
        let size_word = place
            .sector_size()
            .map_or("all".to_owned(), |size| size.to_string());
        let proof = place
            .kind()
            .map_or("aggregate".to_owned(), |kind| kind.to_string());
        writeln!(
            text,
            "{size_word:>7} {proof:<15} {:>10}  {state}  {name}",
            report::size(size as f64)
        )
        .expect("a String takes everything");
        rows.push(json!({
            "sector_size": place.sector_size().map(|size| size.bytes()),
            "proof": proof,
            "file": name,
            "size": size,
            "state": state,
        }));
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

fn make(store: &Store, kind: ProofKind, geometry: &'static Geometry) -> Result<Answer> {
    let device = device::open()?;
    let mut stages = Stages::default();
    let made = stages.run(Stage::Parameters, &device, |bar| {
        store.make(&device, kind, geometry, bar)
    })?;
    let origin = made.receipt.origin;
    Ok(Answer {
        text: format!(
            "{} parameters\n{}\n{}\n",
            origin,
            made.parameters.display(),
            made.key.display()
        ),
        json: json!({
            "parameters": made.parameters,
            "key": made.key,
            "origin": origin,
            "stages": stages.done.iter().map(report::stage_json).collect::<Vec<Value>>(),
        }),
        is_good: true,
    })
}

fn make_srs(store: &Store) -> Result<Answer> {
    let device = device::open()?;
    let mut stages = Stages::default();
    let (path, receipt) = stages.run(Stage::Parameters, &device, |_| store.make_srs())?;
    let origin = receipt.origin;
    Ok(Answer {
        text: format!("{} reference string\n{}\n", origin, path.display()),
        json: json!({ "srs": path, "origin": origin }),
        is_good: true,
    })
}

/// Checks all, and tells all that is wrong, not only the first.
fn verify(store: &Store, which: Which) -> Result<Answer> {
    let (mut text, mut rows, mut all_good) = (String::new(), Vec::new(), true);
    let asked = |place: &Place| which.takes(place.kind(), place.sector_size());
    for (place, path) in store.files().filter(|(place, _)| asked(place)) {
        let (is_good, state) = match store.check_place(&place, Care::Full) {
            Ok(receipt) => (true, receipt.origin.to_string()),
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

fn path(store: &Store, kind: ProofKind, sector_size: Option<SectorSize>) -> Result<Answer> {
    let Some(size) = sector_size else {
        let text = format!("{}\n", store.dir().display());
        return Ok(Answer {
            text,
            json: json!({ "dir": store.dir() }),
            is_good: true,
        });
    };
    let [parameters, key] = store.paths(kind, Geometry::of(size))?;
    Ok(Answer {
        text: format!("{}\n{}\n", parameters.display(), key.display()),
        json: json!({ "dir": store.dir(), "parameters": parameters, "key": key }),
        is_good: true,
    })
}
