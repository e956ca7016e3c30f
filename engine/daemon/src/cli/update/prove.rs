//! `lode-engine update-prove`: that data went into a sector.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{ensure, Context, Result};
use clap::Args;
use engine_proofs::{
    groth16::{Proof, ProofKind},
    update::{
        vanilla::{self, PartitionProof, Statement},
        Rules,
    },
};
use serde_json::json;

use super::{claimed::Claimed, statement, statement_json, statement_text};
use crate::{
    cli::Answer,
    config::Config,
    device, draft,
    params::{Proving, Store},
    report, seal,
    sector::Sector,
    small,
    stage::{update, Stage, Stages},
};

/// Prove a replica update: that the new data are in the sector, and nothing else has changed.
///
/// The chain needs the proof and what it claims: comm_r_old, comm_d_new, comm_r_new. It is verified before it is
/// printed. What is challenged follows from comm_r_new: there is no seed to wait for.
///
/// Proving needs Groth16 parameters. Where there are none for the size, development parameters are made and kept:
/// 0.7 gigabytes and half a minute for 2KiB. Proofs under them are evidence of nothing to others.
///
/// One machine may open and another prove: --vanilla-out writes what is opened, a file for each partition in the
/// reference's form, and --vanilla takes such files, whoever made them, with what the update claims.
///
/// Example: lode-engine seal --skip-proof --dir old LICENSE-MIT
///          lode-engine update --json --dir old --out new deny.toml > update.json
///          lode-engine update-prove --json --old old --dir new > updated.json
///          lode-engine verify --json-file updated.json
///          lode-engine update-prove --old old --dir new --vanilla-out opened
///          lode-engine update-prove --vanilla opened/0.vproof --json-file update.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Prove {
    /// The updated sector's directory, as `update --out` made it.
    #[arg(long, value_name = "DIR", required_unless_present = "vanilla")]
    dir: Option<PathBuf>,
    /// The directory of the sector as it was before.
    #[arg(long, value_name = "DIR", required_unless_present = "vanilla")]
    old: Option<PathBuf>,
    /// Do not prove: write what is opened into this folder, whose files must not exist.
    #[arg(long, value_name = "DIR", conflicts_with = "vanilla")]
    vanilla_out: Option<PathBuf>,
    /// What was opened of a partition; once for each, in their order.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dir", "old"])]
    vanilla: Vec<PathBuf>,
    #[command(flatten)]
    claimed: Claimed,
}

/// An update, opened.
struct Opened {
    /// The sector's number, where it is known.
    sector: Option<u64>,
    statement: Statement,
    openings: Vec<PartitionProof>,
}

impl Prove {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let (device, store, mut stages) = (device::open()?, Store::new(config), Stages::default());
        let opened = match (&self.dir, &self.old) {
            (Some(dir), Some(old)) => {
                ensure!(
                    !self.claimed.is_said(),
                    "the directories say what the update claims: leave --json-file and the like out, or give --vanilla"
                );
                let sectors = sectors(dir, old)?;
                if self.vanilla_out.is_none() {
                    seal::prepare(
                        &store,
                        &device,
                        ProofKind::Update,
                        sectors.1.geometry,
                        &mut stages,
                    )?;
                }
                stages.run(Stage::UpdateVanilla, &device, |_| open(sectors))?
            }
            _ => {
                let opened = self.given()?;
                let geometry = opened.statement.geometry;
                seal::prepare(&store, &device, ProofKind::Update, geometry, &mut stages)?;
                opened
            }
        };
        if let Some(out) = &self.vanilla_out {
            return write(out, &opened);
        }
        let Opened {
            sector,
            statement,
            openings,
        } = opened;
        let (proofs, key, receipt) = stages.run(Stage::UpdateSnark, &device, |bar| {
            let Proving { map, key, receipt } = store.parameters(ProofKind::Update, statement.geometry)?;
            let proofs = update::prove(&device, &map, &statement, &openings, bar)?;
            Ok((proofs, key, receipt))
        })?;
        stages.run(Stage::Verify, &device, |_| {
            store.must_hold(update::verify(&key, &statement, &proofs)?, &receipt)
        })?;
        let proof: Vec<u8> = proofs.iter().flat_map(Proof::to_bytes).collect();
        let mut text = statement_text(&statement);
        text += &format!(
            "proof        {} bytes, verified ({})\n",
            proof.len(),
            receipt.origin.worth()
        );
        text += &format!("             {}\n", hex::encode(&proof));
        let mut json = statement_json(sector, &statement);
        json["partitions"] = proofs.len().into();
        json["proof"] = hex::encode(&proof).into();
        json["parameters"] = receipt.json();
        json["verified"] = true.into();
        json["stages"] = stages.done.iter().map(report::stage_json).collect();
        Ok(Answer {
            text,
            json,
            is_good: true,
        })
    }

    /// What somebody else has opened; each partition must answer what is asked of it.
    fn given(&self) -> Result<Opened> {
        let statement = self.claimed.statement(&self.claimed.given()?)?;
        let n_partitions = Rules::of(statement.geometry).n_partitions;
        ensure!(
            self.vanilla.len() == n_partitions,
            "an update of a {} sector has {n_partitions} partitions, and {} files are given: --vanilla once for each, \
             in their order",
            statement.geometry.sector_size,
            self.vanilla.len()
        );
        let openings = self.vanilla.iter().enumerate().map(|(k, path)| {
            let about = || path.display().to_string();
            let parsed = PartitionProof::from_bytes(statement.geometry, &small::read(path)?);
            let (opening, comm_d_new) = parsed.with_context(about)?;
            ensure!(
                comm_d_new == statement.comm_d_new && vanilla::verify(&opening, &statement, k),
                "{} does not show what partition {k} of this update must show",
                path.display()
            );
            Ok(opening)
        });
        Ok(Opened {
            sector: None,
            openings: openings.collect::<Result<_>>()?,
            statement,
        })
    }
}

/// The updated sector and the old one, and what is claimed.
fn sectors(dir: &Path, old: &Path) -> Result<((Sector, Sector), Statement)> {
    update::must_be_two(dir, old)?;
    let (new, old) = (Sector::open(dir)?, Sector::open(old)?);
    update::must_be_before(&old, &new)?;
    let identity = new.record().identity.clone();
    let statement = statement(&identity, &update::roots(&old)?, &update::roots(&new)?);
    Ok(((new, old), statement))
}

fn open(((mut new, mut old), statement): ((Sector, Sector), Statement)) -> Result<Opened> {
    Ok(Opened {
        sector: Some(new.record().identity.sector),
        openings: update::open(&mut old, &mut new, &statement)?,
        statement,
    })
}

/// Writes what was opened, for a prover elsewhere.
fn write(out: &Path, opened: &Opened) -> Result<Answer> {
    let Opened {
        sector,
        statement,
        openings,
    } = opened;
    fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let (mut text, mut files) = (String::new(), Vec::new());
    for (k, opening) in openings.iter().enumerate() {
        let path = out.join(format!("{k}.vproof"));
        ensure!(
            !path.exists(),
            "{} exists already: choose another folder",
            path.display()
        );
        draft::write_whole(&path, &opening.to_bytes(statement.geometry, statement.comm_d_new))?;
        text += &format!("{}\n", path.display());
        files.push(path.display().to_string());
    }
    let mut json = statement_json(*sector, statement);
    json["files"] = json!(files);
    Ok(Answer {
        text,
        json,
        is_good: true,
    })
}
