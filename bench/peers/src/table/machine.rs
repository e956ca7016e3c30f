//! What the figures were taken on, and with.

use std::{collections::BTreeMap, fs, thread};

use kernels::Level;
use serde::Serialize;

use super::clock;

/// The lock file that the peers were built from.
const LOCK: &str = include_str!("../../../../Cargo.lock");

/// Crates whose speed stands in the table.
const PEERS: [&str; 10] = [
    "filecoin-proofs",
    "storage-proofs-porep",
    "bellperson",
    "ec-gpu-gen",
    "blst",
    "blstrs",
    "neptune",
    "fr32",
    "sha2raw",
    "sha2",
];

/// CPU features that one side or the other has code for.
const FEATURES: [&str; 5] = ["sha_ni", "adx", "avx2", "avx512f", "avx512ifma"];

/// The machine and the build.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The CPU as the system names it.
    pub cpu: String,
    /// Threads that run at once.
    pub n_threads: usize,
    /// Which of them our side took.
    pub level: String,
    /// What one of a chain of 64-bit products takes on a core, in nanoseconds: the clock, of which it takes three cycles on
    /// every x86 of these years.
    pub product_ns: f64,
    /// The clock by that, over the one that the system reports, which on a virtual machine is the time stamp counter's.
    pub clock_ratio: Option<f64>,
    /// What it has of the features that matter here.
    pub cpu_features: Vec<&'static str>,
    /// Which of them the compiler was told to count on; those that are not are looked for at run time by
    /// whoever does so.
    pub compiled_for: Vec<&'static str>,
    /// The peers' versions.
    pub versions: BTreeMap<&'static str, String>,
}

impl Machine {
    /// Looks at this machine and this build.
    pub fn look() -> Machine {
        let cpu_info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = cpu_info.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':'))
                .map_or("unknown", |(_, value)| value.trim())
        };
        let flags: Vec<&str> = field("flags").split(' ').collect();
        let compiled = [
            ("sha", cfg!(target_feature = "sha")),
            ("adx", cfg!(target_feature = "adx")),
            ("avx2", cfg!(target_feature = "avx2")),
            ("avx512f", cfg!(target_feature = "avx512f")),
        ];
        let product_ns = clock::nanoseconds();
        let reported_mhz: Option<f64> = field("cpu MHz").parse().ok();
        Machine {
            cpu: field("model name").to_owned(),
            n_threads: thread::available_parallelism().map_or(1, usize::from),
            level: Level::current().to_string(),
            product_ns,
            clock_ratio: reported_mhz.map(|reported| 3e3 / product_ns / reported),
            cpu_features: FEATURES
                .into_iter()
                .filter(|feature| flags.contains(feature))
                .collect(),
            compiled_for: compiled
                .into_iter()
                .filter(|row| row.1)
                .map(|row| row.0)
                .collect(),
            versions: PEERS.into_iter().map(|name| (name, version(name))).collect(),
        }
    }
}

/// The version of a crate in the lock file; of several, the first.
pub(super) fn version(name: &str) -> String {
    let package = format!("name = \"{name}\"\nversion = \"");
    let version = LOCK
        .split_once(&package)
        .and_then(|(_, rest)| rest.split_once('"'));
    version.map_or("unknown", |(version, _)| version).to_owned()
}
