//! What a 32 GiB sector would cost, from rates that were measured on smaller work.
//!
//! A phase is a sum of counts, each times the seconds that one takes on one core, by a row of the table; it lasts
//! `max(longest chain, core-seconds / cores, bytes / disk rate)`. The counts are the protocol's. Nothing else is
//! in it: no cores that wait for one memory, no start-up. It says what the arithmetic allows, no more.

use std::{collections::BTreeMap, fs::File, io::Write, path::Path, time::Instant};

use anyhow::{Context, Result};
use engine_proofs::geometry::Geometry;
use serde::{Deserialize, Serialize};

/// Constraints of one partition of the 32 GiB PoRep.
const N_CONSTRAINTS: f64 = 130_278_869.0;
/// Its private variables, and of these the ones that stand in A and in B: nearly all are bits.
const N_AUX: f64 = 130_169_893.0;
const N_IN_A: f64 = 129_753_292.0;
const N_IN_B: f64 = 33_112_281.0;
/// The logarithm of its domain, and the transforms of a quotient.
const LOG_DOMAIN: f64 = 27.0;
const N_TRANSFORMS: f64 = 6.0;

/// Bytes of the file that shows the rate of a disk.
const DISK_SIZE: usize = 1 << 30;

/// A row of a table that was printed as JSON; only rows of one core have a count.
#[derive(Clone, Debug, Deserialize)]
struct Measured {
    name: Option<String>,
    count: Option<u64>,
    ours_best_s: f64,
}

/// A printed table.
#[derive(Clone, Debug, Deserialize)]
struct Printed {
    rows: Vec<Measured>,
}

/// Seconds of one core for one of each thing.
#[derive(Clone, Debug)]
pub struct Rates(BTreeMap<String, f64>);

impl Rates {
    /// Takes the rates from tables that were printed as JSON; of two rows of one name, the later counts.
    ///
    /// # Errors
    /// When a file cannot be read or is no such table.
    pub fn read<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<Rates> {
        let mut rates = BTreeMap::new();
        for path in files {
            let open = || -> Result<Printed> { Ok(serde_json::from_reader(File::open(path)?)?) };
            let table = open().with_context(|| format!("{} is no table in JSON", path.display()))?;
            for row in table.rows {
                if let (Some(name), Some(count)) = (row.name, row.count) {
                    rates.insert(name, row.ours_best_s / count as f64);
                }
            }
        }
        Ok(Rates(rates))
    }

    fn of(&self, row: &str) -> Result<f64> {
        let rate = self.0.get(row).copied();
        rate.with_context(|| {
            format!("the row {row} is in none of the tables: measure it with --stage {row} --json")
        })
    }
}

/// The machine that the model is asked about.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Host {
    /// Cores like the one that was measured.
    pub n_cores: usize,
    /// Bytes that its disk writes or reads in a second.
    pub disk_rate: f64,
}

/// A phase of one 32 GiB sector.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// Its name.
    pub phase: &'static str,
    /// What is counted.
    pub formula: String,
    /// Seconds of one core.
    pub core_s: f64,
    /// Seconds that no number of cores shortens.
    pub chain_s: f64,
    /// Bytes that go to the disk or come from it.
    pub disk_bytes: f64,
    /// What it lasts on the host.
    pub wall_s: f64,
    /// What others publish for it, with the source.
    pub published: &'static str,
}

/// The phases of one sector of 32 GiB.
///
/// # Errors
/// When a rate is missing.
pub fn phases(rates: &Rates, host: Host) -> Result<Vec<Phase>> {
    let geometry = Geometry::of("32GiB".parse()?);
    let (n_nodes, layers) = (geometry.n_nodes() as f64, geometry.layers as f64);
    let node_bytes = 32.0 * n_nodes;
    let chain_s = layers * n_nodes * rates.of("label-sha2")?;
    let parents_s = layers * n_nodes * rates.of("parents")?;
    let tree_d_s = n_nodes * rates.of("tree-d-node")?;
    // A tree of arity 8 has a seventh as many nodes above its leaves as leaves.
    let inner = n_nodes / 7.0;
    let phase = |phase, formula: String, core_s: f64, chain_s: f64, disk_bytes: f64, published| Phase {
        phase,
        formula,
        core_s,
        chain_s,
        disk_bytes,
        wall_s: chain_s
            .max(core_s / host.n_cores as f64)
            .max(disk_bytes / host.disk_rate),
        published,
    };
    let domain = LOG_DOMAIN.exp2();
    let butterflies = N_TRANSFORMS * LOG_DOMAIN * domain / 2.0;
    // How much more a point of G2 costs.
    let g2 = rates.of("msm-g2-14-blst")? / rates.of("msm-g1-16-blst")?;
    let bits = N_AUX + N_IN_A + N_IN_B * (1.0 + g2);
    let partitions = geometry.porep_partitions as f64;
    let partition_s = N_CONSTRAINTS * rates.of("witness")?
        + butterflies * rates.of("ntt-20")?
        + domain * rates.of("msm-g1-20-blst")?
        + bits * rates.of("msm-g1-bits")?;
    Ok(vec![
        phase(
            "PreCommit1",
            format!("{layers} layers × n labels in one chain; their parents; n tree-D nodes"),
            chain_s + parents_s + tree_d_s,
            chain_s,
            // The layers and tree D are written, the data read.
            node_bytes * (layers + 3.0),
            "3 h 03 m to 3 h 11 m (Lotus: multicore SDR; lotus-docs benchmarks, bellman#22)",
        ),
        phase(
            "PreCommit2",
            "n columns of 11, 2·n/7 hashes of 8, n encodings".to_owned(),
            n_nodes * (rates.of("poseidon-11")? + rates.of("encode")?)
                + 2.0 * inner * rates.of("poseidon-8")?,
            0.0,
            // The layers, the data and tree D's leaves come; tree C, tree R-last and the replica go.
            node_bytes * (layers + 1.0 + 8.0 / 7.0 + 1.0) + 32.0 * inner / 64.0,
            "150 s (supraseal, A5000), 234 s (A4000), 23 m 43 s (RTX 3090)",
        ),
        phase(
            "Commit2",
            format!(
                "{partitions} partitions × (1.303e8 constraints, 6 transforms of 2^27, 2^27 dense points, {:.2e} points of bits)",
                bits
            ),
            partitions * partition_s,
            0.0,
            // The parameters, once for each partition.
            partitions * 47_373_928_632.0,
            "111 to 143 s (supraseal, RTX 4090), 37.7 s a proof in a pipeline (cuzk, RTX 5070 Ti), 383 to 525 s (bellperson, RTX 4090)",
        ),
    ])
}

/// Writes a gibibyte into a folder, waits until the disk has it, and takes the bytes in a second.
///
/// # Errors
/// When the folder takes no such file.
pub fn disk_rate(folder: &Path) -> Result<f64> {
    let mut file =
        tempfile::tempfile_in(folder).with_context(|| format!("a file in {}", folder.display()))?;
    let block = vec![0x5a; 1 << 20];
    let start = Instant::now();
    for _ in 0..DISK_SIZE / block.len() {
        file.write_all(&block)?;
    }
    file.sync_all()?;
    let took = start.elapsed().as_secs_f64();
    Ok(DISK_SIZE as f64 / took)
}
