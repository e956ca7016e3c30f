//! `lode-engine unseal`: a sealed sector's data again.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{bail, Context, Result};
use clap::Args;
use serde_json::json;

use super::Answer;
use crate::{
    config::Config,
    device,
    draft::Draft,
    report,
    sector::Sector,
    stage::{unseal, update, Stage, Stages},
};

/// Get the data back out of a sealed sector.
///
/// Without --range: everything from the first byte of the first file to the last byte of the last one; for a
/// sector of one file that is the file. If the layers were not kept, they are labelled again, which takes as
/// long as PreCommit1. A sector that was updated needs --old, and no layers.
///
/// Example: lode-engine seal --skip-proof --dir my-sector README.md
///          lode-engine unseal --dir my-sector README.again.md
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Unseal {
    /// The sector's directory, as `seal --dir` made it.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The directory of the sector as it was before, where it was updated since.
    #[arg(long, value_name = "DIR")]
    old: Option<PathBuf>,
    /// Only so many bytes of the data, from this offset on.
    #[arg(long, value_name = "OFFSET:LEN")]
    range: Option<Wanted>,
    /// The file to write; it must not exist.
    #[arg(value_name = "OUT")]
    out: PathBuf,
}

/// `OFFSET:LEN`, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted(Range<u64>);

impl FromStr for Wanted {
    type Err = String;

    fn from_str(word: &str) -> Result<Wanted, String> {
        let numbers = word.split_once(':').and_then(|(offset, len)| {
            let (offset, len) = (offset.parse::<u64>().ok()?, len.parse::<u64>().ok()?);
            Some(offset..offset.checked_add(len)?)
        });
        match numbers {
            Some(range) if !range.is_empty() => Ok(Wanted(range)),
            _ => Err("a range is OFFSET:LEN, two numbers of bytes, the second not 0".to_owned()),
        }
    }
}

impl Unseal {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let mut sector = Sector::open(&self.dir)?;
        let old = match &self.old {
            Some(old) => {
                update::update(&sector)?;
                update::must_be_two(&self.dir, old)?;
                Some(Sector::open(old)?)
            }
            None => None,
        };
        let range = self
            .range
            .map_or(0..unseal::content_end(&sector), |range| range.0);
        let len = range.end - range.start;
        let device = device::open()?;
        let mut stages = Stages::default();
        stages
            .run(Stage::Unseal, &device, |bar| {
                write(&self.out, |out| {
                    let sectors = (&mut sector, old.as_ref());
                    unseal::run(&device, sectors, range.clone(), out, &config.scratch, bar)
                })
            })
            .with_context(|| self.dir.display().to_string())?;
        let out = self.out.display();
        let seconds = stages.done[0].cost.wall.as_secs_f64();
        Ok(Answer {
            text: format!(
                "{out}: {len} bytes from byte {} of the data, in {seconds:.2} s\n",
                range.start
            ),
            json: json!({
                "out": out.to_string(),
                "offset": range.start,
                "len": len,
                "stages": stages.done.iter().map(report::stage_json).collect::<Vec<_>>(),
            }),
            is_good: true,
        })
    }
}

/// Writes a new file, whole or not at all. What is no regular file (a pipe, a device) is written as it is.
fn write(path: &Path, content: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => bail!("{} exists already: choose another name", path.display()),
        Ok(_) => {
            let out = OpenOptions::new().write(true).open(path);
            let mut out = out.with_context(|| format!("cannot open {}", path.display()))?;
            content(&mut out).with_context(|| path.display().to_string())
        }
        Err(_) => {
            let draft = Draft::new(path)?;
            let out = File::create_new(draft.path());
            let mut out = out.with_context(|| format!("cannot create {}", path.display()))?;
            content(&mut out).with_context(|| path.display().to_string())?;
            out.sync_all()
                .with_context(|| format!("cannot write {}", path.display()))?;
            draft.finish()
        }
    }
}
