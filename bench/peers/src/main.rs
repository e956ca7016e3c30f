//! `bench-peers table`: what each stage costs beside the reference; `model`: what follows for 32 GiB.

use std::path::{Path, PathBuf};

use anyhow::{ensure, Result};
use bench_peers::{
    model::{self, Host, Rates},
    table::{self, Machine, Row, Stage, STAGES},
};
use clap::{Parser, Subcommand};
use kernels::Level;
use serde_json::json;

/// Measures Lode beside the implementation that the network runs.
#[derive(Debug, Parser)]
#[command(name = "bench-peers", version)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print what each stage costs on either side; above 1, a ratio says that Lode is faster.
    Table {
        /// One JSON object on stdout instead of a table.
        #[arg(long)]
        json: bool,
        /// Measure only this stage; may be given several times. Stages of larger sectors, which last many minutes,
        /// are measured only so: pre-commit-1-512mib, pre-commit-2-512mib, commit-2-8mib, commit-2-memory-8mib,
        /// commit-2-512mib, winning-post-512mib, window-post-512mib, and parameters.
        #[arg(long, value_name = "NAME")]
        stage: Vec<String>,
        /// Rounds of each side, instead of the stage's own number.
        #[arg(long, value_name = "N")]
        rounds: Option<usize>,
        /// Hold our side to the instructions of this level: portable, adx or ifma.
        #[arg(long, value_name = "LEVEL")]
        cpu: Option<Level>,
    },
    /// Say what a sector of 32 GiB would cost by the rates of printed tables, next to what others publish.
    Model {
        /// Tables that `table --json` printed; of two rows of one name, the later counts.
        #[arg(required = true, value_name = "TABLE.json")]
        tables: Vec<PathBuf>,
        /// Cores like the one that was measured.
        #[arg(long, value_name = "N", default_value_t = 64)]
        cores: usize,
        /// A folder whose disk is measured.
        #[arg(long, value_name = "DIR", default_value = ".")]
        disk: PathBuf,
        /// One JSON object on stdout instead of a table.
        #[arg(long)]
        json: bool,
    },
    /// Seal the table's sector with the reference, in this process alone.
    #[command(hide = true)]
    ReferenceSeal {
        /// Where its files go.
        dir: PathBuf,
    },
    /// Prove a sector of the table's that the reference has sealed, in this process alone.
    #[command(hide = true)]
    ReferenceProve {
        /// Its size.
        sector_size: String,
        /// Where its files are.
        dir: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().verb {
        Verb::Table {
            json,
            stage,
            rounds,
            cpu,
        } => {
            cpu.map_or(Ok(()), Level::hold)?;
            measure(json, &stage, rounds)
        }
        Verb::Model {
            tables,
            cores,
            disk,
            json,
        } => print_model(&tables, cores, &disk, json),
        Verb::ReferenceSeal { dir } => {
            println!("{}", table::reference_seals(&dir)?);
            Ok(())
        }
        Verb::ReferenceProve { sector_size, dir } => {
            println!("{}", hex::encode(table::reference_proves(&sector_size, &dir)?));
            Ok(())
        }
    }
}

fn measure(as_json: bool, names: &[String], rounds: Option<usize>) -> Result<()> {
    let known = |name: &String| STAGES.iter().any(|stage| stage.name == name);
    let words: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
    let words = words.join(", ");
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        anyhow::bail!("there is no stage {unknown:?}; the stages are {words}");
    }
    ensure!(rounds != Some(0), "a stage needs a round");
    let machine = Machine::look();
    if !as_json {
        print_machine(&machine);
    }
    let chosen = |stage: &&Stage| match names {
        [] => !stage.is_long,
        _ => names.iter().any(|name| name == stage.name),
    };
    let (mut rows, mut failed) = (Vec::new(), Vec::new());
    for stage in STAGES.iter().filter(chosen) {
        eprintln!("{} …", stage.name);
        match stage.measure(rounds.unwrap_or(stage.rounds)) {
            Ok(row) => {
                if !as_json {
                    print_row(&row);
                }
                rows.push(row);
            }
            // What the other stages cost is still worth knowing.
            Err(error) => {
                eprintln!("{}: {error:#}", stage.name);
                failed.push(stage.name);
            }
        }
    }
    if as_json {
        println!(
            "{}",
            json!({ "rows": rows, "failed": failed, "machine": machine })
        );
    }
    ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    Ok(())
}

fn print_model(tables: &[PathBuf], n_cores: usize, disk: &Path, as_json: bool) -> Result<()> {
    let rates = Rates::read(tables.iter().map(PathBuf::as_path))?;
    let host = Host {
        n_cores,
        disk_rate: model::disk_rate(disk)?,
    };
    let phases = model::phases(&rates, host)?;
    if as_json {
        println!("{}", json!({ "host": host, "phases": phases }));
        return Ok(());
    }
    println!(
        "32 GiB on {n_cores} cores like the one measured, the disk writing {:.0} MB/s",
        host.disk_rate / 1e6
    );
    println!();
    println!("| phase | of what | core s | one chain, s | disk, GB | lasts, s | others publish |");
    println!("|---|---|--:|--:|--:|--:|---|");
    for phase in phases {
        println!(
            "| {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {} |",
            phase.phase,
            phase.formula,
            phase.core_s,
            phase.chain_s,
            phase.disk_bytes / 1e9,
            phase.wall_s,
            phase.published
        );
    }
    Ok(())
}

fn print_machine(machine: &Machine) {
    let versions = machine
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    let (features, compiled) = (machine.cpu_features.join(" "), machine.compiled_for.join(" "));
    println!(
        "{}, {} threads; has {features}; ours at the level {}",
        machine.cpu, machine.n_threads, machine.level
    );
    println!(
        "compiled for x86-64 {compiled}; {}",
        versions.collect::<Vec<_>>().join(", ")
    );
    println!();
    println!(
        "| stage | peer | peer best s | ours best s | ratio best | ratio median | at least | aim | note |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|---|");
}

fn print_row(row: &Row) {
    println!(
        "| {} | {} | {} | {} | {:.2} | {:.2} | {} | {} | {} |",
        row.stage,
        row.peer,
        seconds(row.peer_best_s),
        seconds(row.ours_best_s),
        row.ratio_best,
        row.ratio_median,
        asked(row.at_least),
        asked(row.aim),
        row.note
    );
}

/// A ratio that is asked for, if one is.
fn asked(ratio: Option<f64>) -> String {
    ratio.map_or_else(String::new, |ratio| ratio.to_string())
}

/// Three significant digits.
fn seconds(seconds: f64) -> String {
    let whole_digits = seconds.max(1e-6).log10().floor() as i32 + 1;
    format!("{seconds:.*}", (3 - whole_digits).clamp(0, 9) as usize)
}
