//! `lode-engine aggregate`: the proofs of many sectors become one, and whether such a one holds.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{ensure, Context, Result};
use clap::{Args, ValueEnum};
use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::{aggregate::Aggregate as Proven, Proof},
    porep::{
        aggregate::{n_proofs, Sector},
        vanilla::Statement,
    },
    registered::{AggregateProof, SealProof},
    replica_id::{PorepId, ProverId, Seed, Ticket},
};
use kernels::Node;
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use super::{given::Given, Answer};
use crate::{
    config::Config,
    params::{Keys, Origin, Store},
    sector::{words, Identity},
    stage::aggregate::Together,
};

/// Aggregate the proofs of many sectors into one proof (SnarkPack).
///
/// Takes what `seal --json` printed for each sector, or for several, all of one size and seal proof. Their order is part
/// of the statement. An aggregate of n proofs has 2260 + 2976·log2(n) bytes. It is verified before it is printed.
///
/// It takes the verifying key of the size and the reference string of aggregates. With development parameters the
/// latter is made where it is missing: in a second, and worth as little as they are.
///
/// Example: lode-engine seal --json README.md > sealed.json
///          lode-engine seal --json --sector 2 README.md > sealed2.json
///          lode-engine aggregate --json --json-file sealed.json --json-file sealed2.json > aggregate.json
///          lode-engine verify --json-file aggregate.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Aggregate {
    /// What `seal --json` printed for a sector or several; once for each file.
    #[arg(long = "json-file", value_name = "FILE", required = true)]
    json_files: Vec<PathBuf>,
    /// How challenges are drawn: v1 (before network version 16) or v2.
    #[arg(long, value_name = "VERSION", default_value = "v2")]
    snarkpack: Snarkpack,
}

/// The words of the flag.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Snarkpack {
    V1,
    V2,
}

impl From<Snarkpack> for AggregateProof {
    fn from(word: Snarkpack) -> AggregateProof {
        match word {
            Snarkpack::V1 => AggregateProof::SnarkPackV1,
            Snarkpack::V2 => AggregateProof::SnarkPackV2,
        }
    }
}

/// A sector, as `seal --json` tells it and an aggregate repeats it.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    #[serde(with = "words")]
    porep_id: PorepId,
    #[serde(with = "words")]
    prover_id: ProverId,
    sector: u64,
    #[serde(with = "words")]
    ticket: Ticket,
    #[serde(with = "words")]
    seed: Seed,
    #[serde(with = "words::node")]
    comm_d: Node,
    #[serde(with = "words::node")]
    comm_r: Node,
}

/// The answer to `seal --json`, as far as it concerns an aggregate.
#[derive(Deserialize)]
struct Sealed {
    #[serde(flatten)]
    class: Class,
    #[serde(flatten)]
    told: Told,
    proof: Option<String>,
    /// Where the proof is an aggregate itself: what it was made of.
    partition_proofs: Option<String>,
}

/// What sectors of one aggregate have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Class {
    sector_size: u64,
    #[serde(with = "words")]
    seal_proof: SealProof,
}

/// An aggregate with its statement: what this verb answers.
#[derive(Debug, Serialize, Deserialize)]
struct Aggregated {
    #[serde(with = "words")]
    aggregate_proof: AggregateProof,
    #[serde(flatten)]
    class: Class,
    sectors: Vec<Told>,
    proof: String,
}

impl Aggregate {
    /// Does it.
    pub fn run(self, config: &Config) -> Result<Answer> {
        let mut sealed = Vec::new();
        for path in &self.json_files {
            let given = Given::read(path)?;
            let sectors = given.sectors()?.unwrap_or_else(|| vec![given]);
            for given in sectors {
                let about = || format!("{} is not what `seal --json` prints", given.path().display());
                let one = Sealed::deserialize(given.value()).with_context(about)?;
                sealed.push((given.path().to_owned(), one));
            }
        }
        let (first, class) = (&sealed[0].0, sealed[0].1.class);
        let geometry = class.geometry()?;
        let (mut sectors, mut proofs) = (Vec::new(), Vec::new());
        for (
            path,
            Sealed {
                class: other,
                told,
                proof,
                partition_proofs,
            },
        ) in sealed.iter()
        {
            ensure!(
                *other == class,
                "{} has {other}, and {} has {class}: an aggregate takes sectors of one size and seal proof",
                path.display(),
                first.display(),
            );
            let sector = class.sector(told, geometry);
            let n = n_proofs(class.seal_proof, std::slice::from_ref(&sector));
            let about = || format!("{}: proof", path.display());
            let proof = partition_proofs.as_ref().or(proof.as_ref());
            let proof = proof.context("there is none").with_context(about)?;
            let bytes = hex::decode(proof).context(HEX).with_context(about)?;
            proofs.extend(Proof::many(&bytes, n).with_context(about)?);
            sectors.push(sector);
        }
        let together = Together {
            seal_proof: class.seal_proof,
            sectors,
            version: self.snarkpack.into(),
        };
        let keys = Keys::of(&Store::new(config), geometry, None)?;
        let proof = together.aggregate(&keys.key, &keys.srs()?, &proofs)?;
        let answer = Aggregated {
            aggregate_proof: together.version,
            class,
            sectors: sealed.into_iter().map(|(_, one)| one.told).collect(),
            proof: hex::encode(proof.to_bytes()),
        };
        Ok(Answer {
            text: text(&answer, &proof, proofs.len(), keys.receipts.0.origin),
            json: keys.json(serde_json::to_value(answer)?, true),
            is_good: true,
        })
    }
}

/// Whether a file is the answer to `aggregate --json`.
pub fn is_one(value: &Value) -> bool {
    value.get("aggregate_proof").is_some()
}

/// Verifies what `aggregate --json` answered, with the key that somebody names or the one in the store.
pub fn verify(value: &Value, key: Option<&Path>, config: &Config) -> Result<Answer> {
    let answer = Aggregated::deserialize(value)?;
    let geometry = answer.class.geometry()?;
    let bytes = hex::decode(&answer.proof).context(HEX).context("proof")?;
    let proof = Proven::from_bytes(&bytes).context("proof")?;
    let sectors = answer
        .sectors
        .iter()
        .map(|told| answer.class.sector(told, geometry));
    let together = Together {
        seal_proof: answer.class.seal_proof,
        sectors: sectors.collect(),
        version: answer.aggregate_proof,
    };
    let keys = Keys::of(&Store::new(config), geometry, key)?;
    let holds = together.verify(&keys.key, &keys.srs()?, &proof)?;
    Ok(Answer {
        text: format!("{holds}\n"),
        json: keys.json(json!({}), holds),
        is_good: holds,
    })
}

const HEX: &str = "a proof is written in pairs of hexadecimal digits";

impl Class {
    fn geometry(self) -> Result<&'static Geometry> {
        let size = SectorSize::from_bytes(self.sector_size);
        let size = size.with_context(|| format!("there is no sector size of {} bytes", self.sector_size))?;
        Ok(Geometry::of(size))
    }

    fn sector(self, told: &Told, geometry: &'static Geometry) -> Sector {
        let identity = Identity {
            sector_size: geometry.sector_size,
            seal_proof: self.seal_proof,
            porep_id: told.porep_id,
            prover_id: told.prover_id,
            sector: told.sector,
            ticket: told.ticket,
        };
        Sector {
            statement: Statement {
                geometry,
                replica_id: identity.replica_id(told.comm_d),
                comm_d: told.comm_d,
                comm_r: told.comm_r,
            },
            graph: identity.graph(),
            seed: told.seed,
        }
    }
}

/// `2048 bytes, v1.1`.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {}", self.sector_size, self.seal_proof)
    }
}

fn text(answer: &Aggregated, proof: &Proven, n_proofs: usize, origin: Origin) -> String {
    let (n_sectors, bytes) = (answer.sectors.len(), answer.proof.len() / 2);
    format!(
        "{} of {n_proofs} proofs of {n_sectors} sectors ({} with padding): {bytes} bytes, verified ({})\n{}\n",
        answer.aggregate_proof,
        proof.n_proofs(),
        origin.worth(),
        answer.proof
    )
}
