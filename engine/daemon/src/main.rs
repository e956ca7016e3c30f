//! `lode-engine`: seals, proves and verifies sectors on real disks and devices.
//!
//! Here files become slices, the mathematics of `engine-proofs` runs over them, and what came of it becomes
//! files again. The daemon knows no chain and draws no challenge randomness: ticket and seed are arguments.

mod cli;
mod config;
mod device;
mod digest;
mod draft;
mod large_pages;
mod map;
mod measure;
mod params;
mod post;
mod progress;
mod prove;
mod report;
mod seal;
mod sector;
mod shapes;
mod small;
mod stage;

use std::{panic, process::ExitCode};

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // A panic is a bug of ours; it is told as such, in words, where the job ends.
    panic::set_hook(Box::new(|bug| {
        eprintln!("lode-engine: this is a bug, please report it: {bug}")
    }));
    panic::catch_unwind(|| cli.run()).unwrap_or(ExitCode::FAILURE)
}
