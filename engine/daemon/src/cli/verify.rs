//! `lode-engine verify`: whether a proof holds.

use std::path::PathBuf;

use anyhow::{bail, Context, Result};
use clap::{Args, Subcommand};
use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::{aggregate::Aggregate, Proof, ProofKind},
    hex32::parse_node,
    porep::{aggregate::Sector as Member, challenge::Challenges, vanilla::Statement},
    registered::SealProof,
    replica_id::{PorepId, ProverId, Seed, Ticket},
};
use kernels::Node;
use serde_json::json;

use super::{aggregate, given::Given, post::claim::Claim, update, verify_raw::Raw, Answer};
use crate::{
    config::Config,
    params::{Keys, Receipt, Store},
    prove::alone,
    sector::Identity,
    stage::verify,
};

/// Verify a proof: true or false. A proof of replication or spacetime; `verify update`: a replica update;
/// `verify raw`: a Groth16 proof of any circuit.
///
/// Needs the statement, the proof and the verifying key of the size; no sector and no parameter file. The
/// statement comes from what `seal --json` printed, or from the flags; a flag wins over the file, and where
/// that has several sectors, for each of them. What `post --json` printed says all of it; then only --key
/// counts.
///
/// Exit code: 0 for true; 1 for false, and for everything that is no proof or cannot be read.
///
/// Example: lode-engine seal --json README.md > sealed.json
///          lode-engine verify --json-file sealed.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, args_conflicts_with_subcommands = true)]
pub struct Verify {
    #[command(subcommand)]
    other: Option<Other>,
    /// What `seal --json`, `post --json`, `aggregate --json` or `update-prove --json` printed.
    #[arg(long, value_name = "FILE")]
    json_file: Option<PathBuf>,
    /// Size of the sector.
    #[arg(long, value_name = "SIZE")]
    sector_size: Option<SectorSize>,
    /// Registered seal proof: v1, v1.1, synthetic or ni.
    #[arg(long, value_name = "PROOF")]
    seal_proof: Option<SealProof>,
    /// What seeds the graph: 32 bytes in hex. [default: the registered proof's]
    #[arg(long, value_name = "HEX")]
    porep_id: Option<PorepId>,
    /// Who sealed: an ID address or 32 bytes in hex.
    #[arg(long, value_name = "ID")]
    prover_id: Option<ProverId>,
    /// The provider's number of the sector.
    #[arg(long, value_name = "N")]
    sector: Option<u64>,
    /// The randomness before PreCommit: 32 bytes in hex.
    #[arg(long, value_name = "HEX")]
    ticket: Option<Ticket>,
    /// The randomness before Commit: 32 bytes in hex.
    #[arg(long, value_name = "HEX")]
    seed: Option<Seed>,
    /// Root of the data: 32 bytes in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_node)]
    comm_d: Option<Node>,
    /// Root of the replica and its columns: 32 bytes in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_node)]
    comm_r: Option<Node>,
    /// The proof in hex: 192 bytes for each partition, or, of a non-interactive PoRep, their aggregate.
    #[arg(long, value_name = "HEX")]
    proof: Option<String>,
    /// The verifying key. [default: the one in the folder of parameters]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Proofs of other kinds.
#[derive(Debug, Subcommand)]
enum Other {
    Raw(Raw),
    Update(Box<update::Verify>),
}

impl Verify {
    /// Does it.
    pub fn run(mut self, config: &Config) -> Result<Answer> {
        match self.other.take() {
            Some(Other::Raw(verb)) => return verb.run(),
            Some(Other::Update(verb)) => return verb.run(config),
            None => {}
        }
        let given = self.json_file.as_deref().map(Given::read).transpose()?;
        let given = given.unwrap_or_default();
        if aggregate::is_one(given.value()) {
            let answer = aggregate::verify(given.value(), self.key.as_deref(), config);
            return answer.with_context(|| given.path().display().to_string());
        }
        if let Some(ProofKind::WinningPost | ProofKind::WindowPost) = given.kind()? {
            return Claim::read(&given)?.verify(self.key.as_deref(), &Store::new(config));
        }
        if update::is_update(&given) {
            return update::Verify::of(self.json_file, self.key).run(config);
        }
        match given.sectors()? {
            Some(sectors) => self.porep_of_each(&sectors, config),
            None => self.porep(&given, config),
        }
    }

    fn porep_of_each(&self, sectors: &[Given], config: &Config) -> Result<Answer> {
        let (mut text, mut objects, mut is_good) = (String::new(), Vec::new(), true);
        for given in sectors {
            let sector = self.sector(given)?;
            let mut answer = self.porep(given, config)?;
            text += &format!("sector {sector}: {}", answer.text);
            answer.json["sector"] = sector.into();
            objects.push(answer.json);
            is_good &= answer.is_good;
        }
        Ok(Answer {
            text,
            json: json!({ "verified": is_good, "sectors": objects }),
            is_good,
        })
    }

    fn porep(&self, given: &Given, config: &Config) -> Result<Answer> {
        let (identity, seed) = self.identity(given)?;
        let geometry = Geometry::of(identity.sector_size);
        let node = |word: &str| parse_node(word).map_err(anyhow::Error::new);
        let comm_d = self
            .comm_d
            .map_or_else(|| given.field("comm_d", "--comm-d", node), Ok)?;
        let comm_r = self
            .comm_r
            .map_or_else(|| given.field("comm_r", "--comm-r", node), Ok)?;
        let parse = |word: &str| Parsed::new(identity.seal_proof, geometry, word);
        let proof = self.proof.as_deref().map_or_else(
            || given.field("proof", "--proof", parse),
            |word| parse(word).context("--proof"),
        )?;
        let statement = Statement {
            geometry,
            replica_id: identity.replica_id(comm_d),
            comm_d,
            comm_r,
        };
        let (store, key, graph) = (Store::new(config), self.key.as_deref(), identity.graph());
        let (holds, receipt) = match proof {
            Parsed::Partitions(proofs) => {
                let (key, receipt) = match key {
                    Some(path) => store.named_key(path, ProofKind::Porep, geometry)?,
                    None => store.key(ProofKind::Porep, geometry)?,
                };
                let challenges = Challenges::of(identity.seal_proof, seed);
                (
                    verify::run(&key, &statement, &graph, &challenges, &proofs)?,
                    receipt,
                )
            }
            Parsed::Aggregate(proof) => {
                let member = Member {
                    statement,
                    graph,
                    seed,
                };
                let keys = Keys::of(&store, geometry, key)?;
                let holds = alone(member).verify(&keys.key, &keys.srs()?, &proof)?;
                (holds, keys.receipts.0)
            }
        };
        let json = json!({
            "verified": holds,
            "replica_id": statement.replica_id.to_string(),
            "parameters": receipt.json(),
        });
        Ok(Answer {
            text: verdict(holds, &receipt),
            json,
            is_good: holds,
        })
    }

    fn sector(&self, given: &Given) -> Result<u64> {
        self.sector.map_or_else(|| given.parse("sector", "--sector"), Ok)
    }

    fn identity(&self, given: &Given) -> Result<(Identity, Seed)> {
        let sector_size = self
            .sector_size
            .map_or_else(|| given.field("sector_size", "--sector-size", size), Ok)?;
        let seal_proof = self
            .seal_proof
            .map_or_else(|| given.parse("seal_proof", "--seal-proof"), Ok)?;
        let porep_id = match (self.porep_id, given.has("porep_id")) {
            (Some(id), _) => id,
            (None, true) => given.parse("porep_id", "--porep-id")?,
            (None, false) => seal_proof.porep_id(sector_size),
        };
        let identity = Identity {
            sector_size,
            seal_proof,
            porep_id,
            prover_id: self
                .prover_id
                .map_or_else(|| given.parse("prover_id", "--prover-id"), Ok)?,
            sector: self.sector(given)?,
            ticket: self
                .ticket
                .map_or_else(|| given.parse("ticket", "--ticket"), Ok)?,
        };
        let seed = match self.seed {
            Some(seed) => seed,
            // Nothing asks for it.
            None if seal_proof == SealProof::NonInteractive => Seed([0; 32]),
            None => given.parse("seed", "--seed")?,
        };
        Ok((identity, seed))
    }
}

/// The sector size of so many bytes.
pub fn size(word: &str) -> Result<SectorSize> {
    match word.parse::<u64>().map(SectorSize::from_bytes) {
        Ok(Some(size)) => Ok(size),
        _ => bail!("there is no sector size of {word} bytes"),
    }
}

/// What a verifier says to people: a true proof is worth what its key is.
pub fn verdict(holds: bool, receipt: &Receipt) -> String {
    match holds {
        true => format!("true ({})\n", receipt.origin.worth()),
        false => "false\n".to_owned(),
    }
}

/// A sector's proof.
enum Parsed {
    /// A proof for each partition.
    Partitions(Vec<Proof>),
    /// Their aggregate.
    Aggregate(Box<Aggregate>),
}

impl Parsed {
    /// From its hex.
    fn new(seal_proof: SealProof, geometry: &Geometry, word: &str) -> Result<Parsed> {
        let bytes = hex::decode(word).context("a proof is written in pairs of hexadecimal digits")?;
        Ok(match seal_proof {
            SealProof::NonInteractive => Parsed::Aggregate(Box::new(Aggregate::from_bytes(&bytes)?)),
            _ => Parsed::Partitions(Proof::many(&bytes, seal_proof.n_partitions(geometry))?),
        })
    }
}
