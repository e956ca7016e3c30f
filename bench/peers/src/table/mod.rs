//! What each stage costs on either side.
//!
//! Both run by turns in one process on the same input, and their first outputs must be equal before anything
//! counts. A ratio is the peer's time divided by ours: above 1, Lode is faster.

mod circuits;
mod clock;
mod hashes;
mod labels;
mod machine;
mod padding;
mod process;
mod raw;
mod sector;
mod snark;
mod transforms;

use std::time::{Duration, Instant};

use anyhow::{ensure, Context, Result};
use blstrs::Scalar as Fr;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Serialize;

use kernels::{Level, Node};

pub use machine::Machine;
pub use process::{reference_proves, reference_seals};

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The word that `--stage` takes.
    pub name: &'static str,
    /// How many of what it measures one core does in a round; nothing where several cores share the work.
    pub count: Option<u64>,
    /// What was done, and how much of it.
    pub stage: String,
    /// Who did it beside us.
    pub peer: String,
    /// The peer's shortest round, in seconds.
    pub peer_best_s: f64,
    /// Our shortest round, in seconds.
    pub ours_best_s: f64,
    /// The quotient of the two.
    pub ratio_best: f64,
    /// The quotient of the two medians.
    pub ratio_median: f64,
    /// The ratio that the house asks for, at this level of instructions.
    pub at_least: Option<f64>,
    /// The ratio that it aims at, with all instructions.
    pub aim: Option<f64>,
    /// Rounds in which the clock of the core moved: they were thrown away and done again.
    pub thrown_away: usize,
    /// Threads, and what else the figures depend on.
    pub note: String,
}

/// A stage that can be measured.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// The word that `--stage` takes.
    pub name: &'static str,
    /// Rounds of each side after the first turn, when no other number is asked for; none where a turn lasts so long that it is
    /// the only one, and no warming up.
    pub rounds: usize,
    /// Lasts many minutes, and is measured only when asked for by name.
    pub is_long: bool,
    count: Option<u64>,
    at_least: Option<f64>,
    aim: Option<f64>,
    /// What is asked for without AVX-512 IFMA.
    at_least_at_adx: Option<f64>,
    run: fn(usize) -> Result<Row>,
}

impl Stage {
    /// Measures so many rounds of each side.
    ///
    /// # Errors
    /// When a side fails, or their outputs differ, or the clock does not stand still.
    pub fn measure(&self, rounds: usize) -> Result<Row> {
        let row = (self.run)(rounds)?;
        let (at_least, aim) = match Level::current() {
            Level::Ifma => (self.at_least, self.aim),
            Level::Adx => (self.at_least_at_adx, None),
            Level::Portable => (None, None),
        };
        Ok(Row {
            name: self.name,
            count: self.count,
            at_least,
            aim,
            ..row
        })
    }
}

/// Every stage, in the order of the table.
pub static STAGES: &[Stage] = &[
    stage("poseidon-2", 9, hashes::poseidon_2)
        .counted(hashes::N_DIGESTS)
        .asked(8.0, 11.0)
        .at_adx(1.6),
    stage("poseidon-8", 9, hashes::poseidon_8)
        .counted(hashes::N_DIGESTS)
        .asked(10.0, 14.0)
        .at_adx(1.6),
    stage("poseidon-11", 9, hashes::poseidon_11)
        .counted(hashes::N_DIGESTS)
        .asked(11.0, 15.0)
        .at_adx(1.6),
    stage("tree-d-node", 9, hashes::tree_d_node)
        .counted(hashes::N_DIGESTS)
        .asked(3.0, 3.4)
        .at_adx(1.6),
    stage("label", 5, labels::label),
    stage("label-sha2", 5, labels::label_beside_sha2)
        .counted(labels::N_LABELS)
        .asked(1.15, 1.3)
        .at_adx(1.15),
    stage("label-2", 5, labels::label_2_beside_sha2)
        .counted(labels::N_LABELS)
        .asked(1.6, 1.7)
        .at_adx(1.6),
    stage("label-16", 5, labels::label_16_beside_sha2)
        .counted(labels::N_LABELS)
        .asked(3.0, 3.8)
        .at_adx(1.65),
    stage("parents", 9, labels::parents)
        .counted(labels::N_PARENTS)
        .asked(4.0, 8.0)
        .at_adx(4.0),
    stage("encode", 9, padding::encode).counted(padding::N_NODES),
    stage("encode-cache", 9, padding::encode_in_cache)
        .asked(20.0, 20.0)
        .at_adx(20.0),
    stage("fr32", 9, padding::fr32).asked(2.5, 2.5).at_adx(2.5),
    stage("fr32-cache", 25, padding::fr32_in_cache)
        .asked(2.5, 2.5)
        .at_adx(2.5),
    stage("comm-p", 5, padding::comm_p),
    stage("msm-g1-16-blst", 5, snark::msm_g1_16_beside_blst)
        .counted(1 << 16)
        .asked(4.5, 6.0)
        .at_adx(1.5),
    stage("msm-g1-18-blst", 3, snark::msm_g1_18_beside_blst)
        .asked(4.0, 6.0)
        .at_adx(1.5),
    stage("msm-g1-20-blst", 3, snark::msm_g1_20_beside_blst)
        .counted(1 << 20)
        .asked(4.0, 6.0)
        .at_adx(1.5),
    stage("msm-g1-16", 5, snark::msm_g1_16)
        .asked(7.0, 9.0)
        .at_adx(1.5),
    stage("msm-g1-20", 3, snark::msm_g1_20)
        .asked(7.0, 9.0)
        .at_adx(1.5),
    stage("msm-g1-bits", 3, snark::msm_g1_bits)
        .counted(1 << 20)
        .asked(10.0, 18.0)
        .at_adx(1.5),
    stage("msm-g2-14-blst", 5, snark::msm_g2_14_beside_blst)
        .counted(1 << 14)
        .asked(4.5, 6.0)
        .at_adx(1.5),
    stage("msm-g1", 3, snark::msm_g1),
    stage("msm-g1-blst", 3, snark::msm_g1_beside_blst),
    stage("msm-g2", 3, snark::msm_g2),
    stage("msm-g2-blst", 3, snark::msm_g2_beside_blst),
    stage("ntt", 3, transforms::ntt),
    stage("ntt-16", 9, transforms::ntt_16)
        .asked(8.0, 12.0)
        .at_adx(1.5),
    stage("ntt-18", 5, transforms::ntt_18)
        .asked(8.0, 12.0)
        .at_adx(1.5),
    stage("ntt-20", 3, transforms::ntt_20)
        .counted(20 << 19)
        .asked(8.0, 12.0)
        .at_adx(1.5),
    stage("ntt-22", 3, transforms::ntt_22)
        .asked(8.0, 12.0)
        .at_adx(1.5),
    stage("quotient", 3, transforms::quotient),
    stage("pre-commit-1", 3, sector::pre_commit_1),
    stage("pre-commit-2", 3, sector::pre_commit_2).asked(7.0, 10.0),
    stage("commit-1", 9, sector::commit_1),
    stage("witness", 5, circuits::witness)
        .counted(circuits::N_CONSTRAINTS)
        .asked(8.0, 20.0),
    stage("commit-2", 0, sector::commit_2).asked(5.0, 10.0),
    stage("winning-post", 3, circuits::winning_post).asked(5.0, 10.0),
    stage("winning-post-512mib", 3, circuits::winning_post_512_mib)
        .asked(5.0, 10.0)
        .long(),
    stage("window-post", 3, circuits::window_post).asked(5.0, 10.0),
    stage("window-post-512mib", 3, circuits::window_post_512_mib)
        .asked(5.0, 10.0)
        .long(),
    stage("parameters", 0, circuits::porep_parameters)
        .asked(20.0, 20.0)
        .long(),
    stage("verify", 9, sector::verify),
    stage("verify-batch", 5, sector::verify_batch).asked(1.5, 2.0),
    stage("verify-raw", 9, raw::one),
    stage("verify-raw-batch", 5, raw::batch),
    stage("verify-raw-file", 5, raw::from_file),
    stage("unseal", 3, sector::unseal),
    stage("process", 0, process::seal),
    stage("commit-2-memory", 0, process::prove),
    stage("commit-2-memory-8mib", 0, process::prove_8).long(),
    stage("pre-commit-1-512mib", 0, process::pre_commit_1_512)
        .asked(3.0, 5.0)
        .long(),
    stage("pre-commit-2-512mib", 0, sector::pre_commit_2_512)
        .asked(7.0, 10.0)
        .long(),
    stage("commit-2-8mib", 0, sector::commit_2_8)
        .asked(5.0, 10.0)
        .long(),
    stage("commit-2-512mib", 0, sector::commit_2_512)
        .asked(5.0, 10.0)
        .long(),
];

const fn stage(name: &'static str, rounds: usize, run: fn(usize) -> Result<Row>) -> Stage {
    Stage {
        name,
        rounds,
        is_long: false,
        count: None,
        at_least: None,
        aim: None,
        at_least_at_adx: None,
        run,
    }
}

impl Stage {
    /// One core does so many in a round.
    const fn counted(self, count: usize) -> Stage {
        Stage {
            count: Some(count as u64),
            ..self
        }
    }

    const fn long(self) -> Stage {
        Stage {
            is_long: true,
            ..self
        }
    }

    const fn asked(self, at_least: f64, aim: f64) -> Stage {
        Stage {
            at_least: Some(at_least),
            aim: Some(aim),
            ..self
        }
    }

    const fn at_adx(self, at_least: f64) -> Stage {
        Stage {
            at_least_at_adx: Some(at_least),
            ..self
        }
    }
}

/// An output, and how long it took to make.
struct Timed<T> {
    output: T,
    took: Duration,
}

fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<Timed<T>> {
    let start = Instant::now();
    let output = work()?;
    let took = start.elapsed();
    Ok(Timed { output, took })
}

/// What a row says beside its figures.
struct Words {
    stage: String,
    peer: String,
    note: String,
}

/// Runs both sides by turns. The first turn of each is warming up: its output is compared, its time is lost,
/// unless it is the only one.
fn contest<T: PartialEq>(
    words: Words,
    rounds: usize,
    mut theirs: impl FnMut() -> Result<Timed<T>>,
    mut ours: impl FnMut() -> Result<Timed<T>>,
) -> Result<Row> {
    let (first_theirs, first_ours) = (theirs()?, ours()?);
    ensure!(
        first_theirs.output == first_ours.output,
        "{}: the outputs differ",
        words.stage
    );
    let (mut their_times, mut our_times) = (Vec::new(), Vec::new());
    let mut thrown_away = 0;
    if rounds == 0 {
        their_times.push(first_theirs.took.as_secs_f64());
        our_times.push(first_ours.took.as_secs_f64());
    }
    let mut before = clock::nanoseconds();
    while our_times.len() < rounds {
        let their_time = theirs()?.took.as_secs_f64();
        let between = clock::nanoseconds();
        let our_time = ours()?.took.as_secs_f64();
        let after = clock::nanoseconds();
        if clock::moved(&[before, between, after]) {
            thrown_away += 1;
            eprintln!("{}: the clock moved, and this round is thrown away", words.stage);
            ensure!(
                thrown_away <= 3 + rounds,
                "the clock of the core does not stand still: measure on a machine that does nothing else"
            );
        } else {
            their_times.push(their_time);
            our_times.push(our_time);
        }
        before = after;
    }
    their_times.sort_by(f64::total_cmp);
    our_times.sort_by(f64::total_cmp);
    let median = |times: &[f64]| times[times.len() / 2];
    Ok(Row {
        stage: words.stage,
        peer: words.peer,
        peer_best_s: their_times[0],
        ours_best_s: our_times[0],
        ratio_best: their_times[0] / our_times[0],
        ratio_median: median(&their_times) / median(&our_times),
        name: "",
        count: None,
        at_least: None,
        aim: None,
        thrown_away,
        note: words.note,
    })
}

/// Runs something on one thread, whatever it would spread over more.
fn one_thread<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T> {
    let pool: ThreadPool = ThreadPoolBuilder::new().num_threads(1).build()?;
    Ok(pool.install(work))
}

/// Random nodes, always the same.
fn random_nodes(n: usize) -> Vec<Node> {
    let mut nodes = vec![Node::ZERO; n];
    ChaCha8Rng::seed_from_u64(n as u64).fill_bytes(Node::bytes_mut(&mut nodes));
    nodes.into_iter().map(|node| Node::truncated(node.0)).collect()
}

/// Random scalars below 2²⁵⁴, always the same.
fn random_elements(n: usize) -> Result<Vec<Fr>> {
    let elements = random_nodes(n).into_iter().map(|node| node.to_fr());
    elements
        .collect::<Option<_>>()
        .context("cut to 254 bits, a node is canonical")
}

/// Random bytes, always the same.
fn random_bytes(n: usize) -> Vec<u8> {
    let mut bytes = vec![0; n];
    ChaCha8Rng::seed_from_u64(n as u64).fill_bytes(&mut bytes);
    bytes
}

/// A peer's name with the version that is linked.
fn peer(name: &str) -> String {
    format!("{name} {}", machine::version(name))
}
