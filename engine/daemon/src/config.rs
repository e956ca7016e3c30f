//! The settings: one value, read once. File, then environment, then flags.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::ValueEnum;
use kernels::Level;
use serde::{Deserialize, Deserializer};

use crate::small;

/// Where things lie on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The folder of Groth16 parameters.
    pub parameters: PathBuf,
    /// The folder in which temporary sectors are made.
    pub scratch: PathBuf,
    /// Whose parameters count.
    pub network: Network,
    /// Which instructions the CPU takes.
    pub cpu: Level,
}

/// Whose parameters count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// Only the published ones.
    Mainnet,
    /// The published ones, and those that this program makes for trying out.
    #[default]
    Development,
}

/// The settings that one source gives.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// See [`Config::parameters`].
    pub parameters: Option<PathBuf>,
    /// See [`Config::scratch`].
    pub scratch: Option<PathBuf>,
    /// See [`Config::network`].
    pub network: Option<Network>,
    /// See [`Config::cpu`].
    #[serde(default, deserialize_with = "level")]
    pub cpu: Option<Level>,
}

impl Config {
    /// Reads file and environment, and lets the flags have the last word.
    ///
    /// # Errors
    /// When the file cannot be read, or has a key that is none of these, or there is neither a home nor a
    /// cache directory to put the defaults in, or the environment names no network or no level.
    pub fn read(file: Option<&Path>, flags: Settings) -> Result<Config> {
        let file = file.map(Path::to_owned).or_else(|| variable("LODE_CONFIG"));
        let file = file.map_or(Ok(Settings::default()), |path| Settings::from_file(&path))?;
        let environment = Settings {
            parameters: variable("LODE_PARAMETERS"),
            scratch: variable("LODE_SCRATCH"),
            network: network()?,
            cpu: cpu()?,
        };
        let settings = flags.over(environment).over(file);
        let parameters = settings.parameters.map_or_else(default_parameters, Ok)?;
        Ok(Config {
            parameters,
            scratch: settings.scratch.unwrap_or_else(env::temp_dir),
            network: settings.network.unwrap_or_default(),
            cpu: settings.cpu.unwrap_or_else(Level::best),
        })
    }
}

impl Settings {
    fn from_file(path: &Path) -> Result<Settings> {
        let about = || {
            format!(
                "{} is no configuration (its keys are parameters, scratch, network and cpu)",
                path.display()
            )
        };
        let text = String::from_utf8(small::read(path)?).with_context(about)?;
        toml::from_str(&text).with_context(about)
    }

    fn over(self, below: Settings) -> Settings {
        Settings {
            parameters: self.parameters.or(below.parameters),
            scratch: self.scratch.or(below.scratch),
            network: self.network.or(below.network),
            cpu: self.cpu.or(below.cpu),
        }
    }
}

/// A path from the environment; a variable that is set to nothing is not set.
fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The network that the environment names.
fn network() -> Result<Option<Network>> {
    let word = variable("LODE_NETWORK").map(|word| word.to_string_lossy().into_owned());
    let parse = |word: String| {
        let network = Network::from_str(&word, false).ok();
        network.with_context(|| format!("LODE_NETWORK is {word:?}; it may be mainnet or development"))
    };
    word.map(parse).transpose()
}

/// The level of instructions that the environment names.
fn cpu() -> Result<Option<Level>> {
    let word = variable("LODE_CPU").map(|word| word.to_string_lossy().into_owned());
    word.map(|word| word.parse().context("LODE_CPU")).transpose()
}

fn level<'de, D: Deserializer<'de>>(word: D) -> Result<Option<Level>, D::Error> {
    let level = String::deserialize(word)?.parse();
    level.map(Some).map_err(serde::de::Error::custom)
}

fn default_parameters() -> Result<PathBuf> {
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let cache = cache.context("neither HOME nor XDG_CACHE_HOME is set: name a folder with --parameters")?;
    Ok(cache.join("lode").join("parameters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Result<Settings, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(settings("parameters = '/a'\nscratch = '/b'\nnetwork = 'mainnet'\ncpu = 'adx'").is_ok());
        assert!(settings("network = 'calibration'").is_err());
        assert!(settings("cpu = 'mmx'").is_err());
        let error = settings("paramters = '/a'").unwrap_err().to_string();
        assert!(error.contains("unknown field `paramters`"), "{error}");
    }

    #[test]
    fn the_later_source_wins() {
        let file = settings("parameters = '/file'\nscratch = '/file'").unwrap();
        let flags = Settings {
            parameters: Some("/flag".into()),
            ..Settings::default()
        };
        let both = flags.over(file);
        assert_eq!(both.parameters, Some("/flag".into()));
        assert_eq!(both.scratch, Some("/file".into()));
    }
}
