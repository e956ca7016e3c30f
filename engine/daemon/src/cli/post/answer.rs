//! What a PoSt tells in the end.

use std::fmt::Write;

use engine_proofs::{
    groth16::Proof,
    post::{Faulty, Statement},
    registered::PostProof,
};
use serde_json::{json, Value};

use crate::{
    cli::Answer,
    params::Receipt,
    post::{kind, Plan, Proved, Source},
    report,
};

/// The answer: a proof, or what is in its way.
pub fn of(plan: &Plan, source: &Source, proved: &Proved) -> Answer {
    let faults = faults(source, &proved.faults);
    let stages: Vec<Value> = proved.stages.done.iter().map(report::stage_json).collect();
    let mut json = json!({
        "kind": kind(plan.post_proof).to_string(),
        "post_proof": plan.post_proof.to_string(),
        "sector_size": plan.geometry.sector_size.bytes(),
        "prover_id": plan.prover_id.to_string(),
        "randomness": plan.randomness.to_string(),
        "partition": plan.partition,
        "sectors": [],
        "proof": null,
        "verified": null,
        "skipped": plan.skipped,
        "faults": faults,
        "stages": stages,
    });
    let text = match (&proved.statement, &proved.proof) {
        (Some(statement), Some((proofs, receipt))) => {
            put_proof(&mut json, statement, proofs, receipt);
            told(statement, plan.partition, proofs, receipt)
        }
        _ => "no proof: not every sector answers\n".to_owned(),
    };
    let advice = match (&proved.proof, plan.post_proof) {
        (Some(_), _) => "",
        (None, PostProof::Winning) => "mend the sector, or leave it out of the eligible ones\n",
        (None, _) => {
            "mend them, or prove the others: --skip leaves sectors out, --skip-faulty all of these\n"
        }
    };
    Answer {
        text: text + &listed(&faults) + advice,
        json,
        is_good: proved.proof.is_some(),
    }
}

/// What a verifier needs.
pub fn put_proof(json: &mut Value, statement: &Statement, proofs: &[Proof], receipt: &Receipt) {
    let sectors = statement.sectors().iter().map(|sector| {
        let comm_r = sector.comm_r.to_string();
        json!({ "sector": sector.sector, "comm_r": comm_r })
    });
    let proof: Vec<u8> = proofs.iter().flat_map(Proof::to_bytes).collect();
    json["sectors"] = sectors.collect();
    json["partitions"] = statement.n_partitions().into();
    json["proof"] = hex::encode(proof).into();
    json["parameters"] = receipt.json();
    json["verified"] = true.into();
}

/// The same for people.
pub fn told(statement: &Statement, partition: Option<usize>, proofs: &[Proof], receipt: &Receipt) -> String {
    let proof: Vec<u8> = proofs.iter().flat_map(Proof::to_bytes).collect();
    let who = match statement.sectors() {
        [only] => format!("sector {}", only.sector),
        several => format!("{} sectors", several.len()),
    };
    let part = match (partition, statement.n_partitions()) {
        (Some(k), n) => format!(", partition {k} of {n}"),
        (None, 1) => String::new(),
        (None, n) => format!(", {n} partitions"),
    };
    format!(
        "{who}{part}, verified ({})\nproof  {}\n",
        receipt.origin.worth(),
        hex::encode(proof)
    )
}

/// Every sector that does not answer, and every directory that holds none.
pub fn faults(source: &Source, faults: &[Faulty]) -> Vec<Value> {
    let told = |fault: &Faulty| {
        let dir = match source {
            Source::Directories(lying, _) => lying
                .get(&fault.sector)
                .map(|sector| sector.dir.display().to_string()),
            Source::Vanilla(_) => None,
        };
        json!({ "sector": fault.sector, "dir": dir, "reason": chain(&fault.fault) })
    };
    let mut all: Vec<Value> = faults.iter().map(told).collect();
    if let Source::Directories(_, lost) = source {
        all.extend(lost.iter().map(|(dir, error)| {
            json!({ "sector": null, "dir": dir.display().to_string(), "reason": format!("{error:#}") })
        }));
    }
    all
}

/// An error and its causes, one after the other.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, ": {error}").expect("a String takes everything");
        cause = error.source();
    }
    text
}

/// The same for people, a line for each.
pub fn listed(faults: &[Value]) -> String {
    let line = |fault: &Value| {
        let who = match (&fault["sector"], &fault["dir"]) {
            (Value::Null, Value::String(dir)) => dir.clone(),
            (sector, _) => format!("sector {sector}"),
        };
        format!(
            "faulty  {who}: {}\n",
            fault["reason"].as_str().unwrap_or_default()
        )
    };
    faults.iter().map(line).collect()
}
