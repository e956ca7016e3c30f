//! `lode-engine params import`: taking parameters that somebody else has.

use std::fmt::Write;

use anyhow::{ensure, Result};
use clap::Args;
use engine_proofs::groth16::{name::DEVELOPMENT, ProofKind};
use serde_json::{json, Value};

use super::{params::Which, Answer};
use crate::{
    params::{
        import::{Outcome, Source},
        Half, Place, Store,
    },
    progress::Bar,
    report,
};

/// Take the published parameters from a folder, a file or the web.
///
/// Each file's digest is held against the published one before it gets its name; it is never computed again until
/// the file changes. Development files are taken too, under names that begin with development-. An interrupted
/// import goes on where it stopped when the same command is given again. A verifying node needs the keys only
/// (--keys-only), some megabytes for all sizes together.
///
/// A URL is that of a mirror, which has the files by name, or of an IPFS gateway, which has them by CID; or that
/// of one file. From it the choice must be named: everything together has several hundred gigabytes.
///
/// Example: lode-engine params import /var/tmp/filecoin-proof-parameters --sector-size 32GiB
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Import {
    /// Where the files are.
    #[arg(value_name = "DIR|FILE|URL")]
    source: String,
    #[command(flatten)]
    which: Which,
    /// Only the keys, which are all that verifying needs.
    #[arg(long)]
    keys_only: bool,
}

impl Import {
    /// Does it.
    pub fn run(self, store: &Store) -> Result<Answer> {
        let source = Source::parse(&self.source)?;
        let wanted = self.wanted(&source)?;
        let bar = Bar::new("Import");
        let outcomes = store.import(&source, &wanted, &bar)?;
        drop(bar);
        Ok(answer(store, &wanted, &outcomes))
    }

    /// The files of the source that are asked for.
    fn wanted(&self, source: &Source) -> Result<Vec<Place>> {
        let mut wanted = Place::all();
        wanted.retain(|wanted| self.takes(wanted, source.only().is_some()) && source.may_have(wanted));
        ensure!(
            !wanted.is_empty(),
            "{} has no parameter file that is asked for; their names begin with v28-, or {DEVELOPMENT}v28-, as `lode-engine \
             params path --sector-size 32GiB` shows",
            self.source
        );
        let is_chosen = self.keys_only || self.which.sector_size.is_some() || self.which.proof.is_some();
        ensure!(
            is_chosen || source.only().is_some() || !source.is_site(),
            "these are {} files of more than {}: choose with --sector-size, --proof or --keys-only",
            wanted.len(),
            report::size(wanted.iter().filter_map(Place::size).sum::<u64>() as f64)
        );
        Ok(wanted)
    }

    /// Whether a file is asked for; `is_named`: it is the only one that the source has.
    fn takes(&self, wanted: &Place, is_named: bool) -> bool {
        let Some((kind, geometry, half)) = wanted.circuit else {
            return self.which.takes(None, None) && !self.keys_only;
        };
        // The chain does not register the Poseidon variant: who wants it names it.
        let is_usual = kind != ProofKind::UpdatePoseidon || self.which.proof.is_some() || is_named;
        self.which.takes(Some(kind), Some(geometry.sector_size))
            && is_usual
            && (half == Half::Key || !self.keys_only)
    }
}

fn answer(store: &Store, wanted: &[Place], outcomes: &[Outcome]) -> Answer {
    let mut text = format!("{}\n", store.dir().display());
    let mut rows = Vec::new();
    for (wanted, outcome) in wanted.iter().zip(outcomes) {
        let (state, told) = tell(outcome);
        let name = match outcome {
            Outcome::Imported(receipt) | Outcome::Present(receipt) => receipt.origin.file_name(&wanted.name),
            Outcome::Missing | Outcome::Failed(_) => wanted.file_name(),
        };
        writeln!(text, "{state:<9} {name}{told}").expect("a String takes everything");
        rows.push(row(&name, state, outcome));
    }
    let is_there = |outcome: &Outcome| matches!(outcome, Outcome::Imported(_) | Outcome::Present(_));
    let has_failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
    Answer {
        text,
        json: json!({ "dir": store.dir(), "files": rows }),
        is_good: outcomes.iter().any(is_there) && !outcomes.iter().any(has_failed),
    }
}

/// A word for what became of a file, and what else a person should know.
fn tell(outcome: &Outcome) -> (&'static str, String) {
    let about = |receipt: &crate::params::Receipt| {
        format!(" ({}, {})", receipt.origin, report::size(receipt.size as f64))
    };
    match outcome {
        Outcome::Imported(receipt) => ("imported", about(receipt)),
        Outcome::Present(receipt) => ("present", about(receipt)),
        Outcome::Missing => ("missing", String::new()),
        Outcome::Failed(error) => ("FAILED", format!(": {error:#}")),
    }
}

fn row(name: &str, state: &str, outcome: &Outcome) -> Value {
    let state = state.to_lowercase();
    match outcome {
        Outcome::Imported(receipt) | Outcome::Present(receipt) => json!({
            "file": name,
            "state": state,
            "size": receipt.size,
            "parameters": receipt.json(),
        }),
        Outcome::Missing => json!({ "file": name, "state": state }),
        Outcome::Failed(error) => json!({ "file": name, "state": state, "error": format!("{error:#}") }),
    }
}
