//! The command line: what people type, and how they are answered.

mod adopt;
mod aggregate;
mod clear;
mod commp;
mod devices;
mod fauxrep;
mod given;
mod identity;
mod params;
mod params_import;
mod post;
mod prove;
mod seal;
mod sizes;
mod tree;
mod unseal;
mod update;
mod verify;
mod verify_raw;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use kernels::Level;
use serde_json::Value;

use crate::{
    config::{Config, Network, Settings},
    draft, shapes,
};

/// Seals, proves and verifies Filecoin sectors.
///
/// A sector is a file of fixed size that holds data (pieces). Sealing it makes a replica that only this
/// provider has, and a proof of that, which everyone can verify in milliseconds.
#[derive(Debug, Parser)]
#[command(name = "lode-engine", version, term_width = 120)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

/// What every verb takes.
#[derive(Debug, Args)]
struct Common {
    /// Answer with exactly one JSON object on stdout; progress goes to stderr.
    #[arg(long, global = true)]
    json: bool,
    /// Configuration file (TOML; keys: parameters, scratch, network, cpu). [env: LODE_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of Groth16 parameters. [env: LODE_PARAMETERS] [default: ~/.cache/lode/parameters]
    #[arg(long, global = true, value_name = "DIR")]
    parameters: Option<PathBuf>,
    /// Folder for temporary sectors. [env: LODE_SCRATCH] [default: the system's temporary folder]
    #[arg(long, global = true, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Whose parameters count: on mainnet only the published ones, for development also those that
    /// `params make` makes. [env: LODE_NETWORK] [default: development]
    #[arg(long, global = true, value_name = "NETWORK", hide_possible_values = true)]
    network: Option<Network>,
    /// Instructions of the CPU: portable, adx or ifma. [env: LODE_CPU] [default: the best there are]
    #[arg(long, global = true, value_name = "LEVEL")]
    cpu: Option<Level>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Seal(seal::Seal),
    Verify(verify::Verify),
    Unseal(unseal::Unseal),
    Adopt(adopt::Adopt),
    Aggregate(aggregate::Aggregate),
    Clear(clear::Clear),
    Commp(commp::Commp),
    Devices(devices::Devices),
    Fauxrep(fauxrep::Fauxrep),
    Params(params::Params),
    Post(post::Post),
    Prove(prove::Prove),
    Sizes(sizes::Sizes),
    Tree(tree::Tree),
    Update(update::Update),
    UpdateProve(update::Prove),
    UpdateRemove(update::Remove),
}

/// What a verb answers.
#[derive(Debug)]
pub struct Answer {
    /// For people.
    pub text: String,
    /// The same for programs: an object.
    pub json: Value,
    /// Whether the answer is the one that was hoped for: the exit code.
    pub is_good: bool,
}

impl Cli {
    /// Does what was asked, and prints the answer.
    pub fn run(self) -> ExitCode {
        let is_json = self.common.json;
        match self.answer() {
            Ok(answer) => {
                if is_json {
                    println!("{}", answer.json);
                } else {
                    print!("{}", answer.text);
                }
                if answer.is_good {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                }
            }
            Err(error) => {
                if is_json {
                    println!("{}", serde_json::json!({ "error": format!("{error:#}") }));
                }
                eprintln!("lode-engine: {error:#}{}", advice(&error));
                ExitCode::FAILURE
            }
        }
    }

    fn answer(self) -> Result<Answer> {
        let Common {
            config,
            parameters,
            scratch,
            network,
            cpu,
            json,
        } = self.common;
        let flags = Settings {
            parameters,
            scratch,
            network,
            cpu,
        };
        let config = Config::read(config.as_deref(), flags)?;
        config.cpu.hold()?;
        shapes::keep_beside(&config.parameters);
        draft::clean_up_on_signals()?;
        match self.verb {
            Verb::Seal(verb) => verb.run(&config, json),
            Verb::Verify(verb) => verb.run(&config),
            Verb::Unseal(verb) => verb.run(&config),
            Verb::Adopt(verb) => verb.run(),
            Verb::Aggregate(verb) => verb.run(&config),
            Verb::Clear(verb) => verb.run(),
            Verb::Commp(verb) => verb.run(),
            Verb::Devices(verb) => verb.run(),
            Verb::Fauxrep(verb) => verb.run(),
            Verb::Params(verb) => verb.run(&config),
            Verb::Post(verb) => verb.run(&config),
            Verb::Prove(verb) => verb.run(&config),
            Verb::Sizes(verb) => Ok(verb.run()),
            Verb::Tree(verb) => verb.run(),
            Verb::Update(verb) => verb.run(),
            Verb::UpdateProve(verb) => verb.run(&config),
            Verb::UpdateRemove(verb) => verb.run(),
        }
    }
}

/// What to do about a failure of the system, where the error itself does not say.
fn advice(error: &anyhow::Error) -> &'static str {
    use std::io::ErrorKind::*;
    let kind = error
        .chain()
        .find_map(|cause| Some(cause.downcast_ref::<std::io::Error>()?.kind()));
    match kind {
        Some(StorageFull | QuotaExceeded | FileTooLarge) => {
            "\n  free some space, or choose another disk with --dir, --scratch or --parameters"
        }
        Some(PermissionDenied | ReadOnlyFilesystem) => {
            "\n  check the owner and the mode of the file and its folder, or choose another folder"
        }
        Some(NotFound) => "\n  check the spelling of the path",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::*;

    /// The lines of every verb's example.
    fn examples(command: &Command, found: &mut Vec<String>) {
        let about = command
            .get_long_about()
            .map(ToString::to_string)
            .unwrap_or_default();
        let example = about.split_once("Example: ").map_or("", |(_, example)| example);
        let lines = example.replace("\\\n", " ");
        found.extend(lines.lines().map(|line| line.trim().to_owned()));
        for verb in command.get_subcommands() {
            examples(verb, found);
        }
    }

    /// Those that no test can run are read as commands at least.
    #[test]
    fn examples_are_commands() {
        let mut found = Vec::new();
        examples(&Cli::command(), &mut found);
        assert!(found.len() > 20, "{found:?}");
        for line in found {
            let line = line.replace("$TICKET", &"01".repeat(32));
            let words = line.split(" > ").next().unwrap_or_default().split_whitespace();
            if let Err(error) = Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
        }
    }
}
