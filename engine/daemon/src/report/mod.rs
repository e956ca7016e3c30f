//! What sealing tells in the end: a table for people, an object for programs.

pub mod batch;

use std::fmt::Write;

use engine_proofs::{cid, groth16::ProofKind, registered};
use serde_json::{json, Value};

use crate::{
    seal::{Plan, Sealed},
    sector::{Identity, Piece},
    stage::{add_piece::Input, Done, Stage},
};

/// The object.
pub fn json(plan: &Plan, sealed: &Sealed) -> Value {
    let (identity, roots) = (&sealed.identity, &sealed.roots);
    let pieces: Vec<Value> = sealed.pieces.iter().map(piece_json).collect();
    let stages: Vec<Value> = sealed.stages.done.iter().map(stage_json).collect();
    let digests = sealed.digests.as_ref();
    json!({
        "kind": ProofKind::Porep.to_string(),
        "sector_size": identity.sector_size.bytes(),
        "seal_proof": identity.seal_proof.to_string(),
        "porep_id": identity.porep_id.to_string(),
        "prover_id": identity.prover_id.to_string(),
        "sector": identity.sector,
        "ticket": identity.ticket.to_string(),
        "seed": plan.seed.to_string(),
        "pieces": pieces,
        "comm_d": roots.comm_d.to_string(),
        "comm_c": roots.comm_c.to_string(),
        "comm_r_last": roots.comm_r_last.to_string(),
        "comm_r": roots.comm_r.to_string(),
        "comm_d_cid": cid::comm_d_cid(roots.comm_d),
        "comm_r_cid": cid::comm_r_cid(roots.comm_r),
        "replica_id": sealed.replica_id.to_string(),
        "layers_sha256": digests.map(|digests| &digests.layers),
        "tree_d_sha256": digests.map(|digests| &digests.tree_d),
        "tree_c_sha256": digests.map(|digests| &digests.tree_c),
        "tree_r_last_sha256": digests.map(|digests| &digests.tree_r_last),
        "replica_sha256": digests.map(|digests| &digests.replica),
        "registered_proof": registered_id(identity),
        "partitions": identity.seal_proof.n_partitions(identity.geometry()),
        "partition_proofs": sealed
            .proof
            .as_ref()
            .and_then(|proof| proof.partitions.as_ref().map(hex::encode)),
        "proof": sealed.proof.as_ref().map(|proof| hex::encode(&proof.bytes)),
        "parameters": sealed.proof.as_ref().map(|proof| proof.key.json()),
        "verified": sealed.proof.as_ref().map(|_| true),
        "unsealed": plan.unseals,
        "stages": stages,
    })
}

/// The chain's number of the seal proof; none for a size that the chain has not.
fn registered_id(identity: &Identity) -> Option<u64> {
    let size = identity.sector_size;
    registered::is_registered(size).then(|| identity.seal_proof.registered_id(size))
}

/// A piece and its commitments.
pub fn piece_json(piece: &Piece) -> Value {
    json!({
        "payload_size": piece.file_size,
        "offset": piece.offset,
        "unpadded_size": piece.padded_size / 128 * 127,
        "padded_size": piece.padded_size,
        "comm_p": piece.comm_p.to_string(),
        "piece_cid": cid::piece_cid_v1(piece.comm_p),
    })
}

/// A stage and what it cost.
pub fn stage_json(done: &Done) -> Value {
    json!({
        "stage": done.stage.name(),
        "wall_s": done.cost.wall.as_secs_f64(),
        "cpu_s": done.cost.cpu.as_secs_f64(),
        "peak_rss": done.cost.peak_rss,
        "peak_rss_anonymous": done.cost.peak_anonymous,
        "device": done.device,
    })
}

/// The table, and below it what the sector is committed to.
pub fn text(plan: &Plan, sealed: &Sealed) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("{:<12} {COLUMNS}", "stage"));
    let size = sealed.identity.sector_size.bytes();
    for done in &sealed.stages.done {
        let stage = done.stage.to_string();
        line(
            &mut text,
            format_args!("{stage:<12} {}", columns(plan, done, size)),
        );
    }
    text.push('\n');
    outcome(&mut text, plan, sealed);
    text
}

/// What the sector is committed to, and what was proved and compared.
fn outcome(text: &mut String, plan: &Plan, sealed: &Sealed) {
    pieces(text, &sealed.pieces, &plan.inputs);
    let roots = &sealed.roots;
    line(text, format_args!("comm_d       {}", roots.comm_d));
    line(
        text,
        format_args!("             {}", cid::comm_d_cid(roots.comm_d)),
    );
    line(text, format_args!("comm_r       {}", roots.comm_r));
    line(
        text,
        format_args!("             {}", cid::comm_r_cid(roots.comm_r)),
    );
    line(text, format_args!("replica id   {}", sealed.replica_id));
    if let Some(proof) = &sealed.proof {
        let worth = proof.key.origin.worth();
        line(
            text,
            format_args!("proof        {} bytes, verified ({worth})", proof.bytes.len()),
        );
    }
    if plan.unseals {
        let what = match plan.inputs[..] {
            [] => "zeros, as they were sealed",
            [..] => "the same bytes as the files",
        };
        line(text, format_args!("unsealed     {what}"));
    }
}

/// The client's files and what they are committed to.
pub fn pieces(text: &mut String, pieces: &[Piece], inputs: &[Input]) {
    for (piece, input) in pieces.iter().zip(inputs) {
        let path = input.path.display();
        line(
            text,
            format_args!("piece        {path}: {} bytes", piece.file_size),
        );
        line(text, format_args!("  comm_p     {}", piece.comm_p));
        line(
            text,
            format_args!("  piece CID  {}", cid::piece_cid_v1(piece.comm_p)),
        );
    }
}

/// What stands above the [columns].
const COLUMNS: &str = " seconds   cpu s         rate  device  memory (and mapped files)";

/// What a stage cost; `of_sectors` are the bytes of those that went through it.
fn columns(plan: &Plan, done: &Done, of_sectors: u64) -> String {
    let cost = &done.cost;
    format!(
        "{:>8.2} {:>7.2} {:>12}  {:<6}  {} ({})",
        cost.wall.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        rate(plan, done, of_sectors),
        done.device,
        size(cost.peak_anonymous as f64),
        size((cost.peak_rss.saturating_sub(cost.peak_anonymous)) as f64),
    )
}

/// Bytes a second: of the files where files are read, else of the sectors.
fn rate(plan: &Plan, done: &Done, of_sectors: u64) -> String {
    let of_files = plan.inputs.iter().map(|input| input.size).sum::<u64>();
    let bytes = match done.stage {
        Stage::AddPiece | Stage::Unseal | Stage::Compare => of_files,
        Stage::PreCommit1 | Stage::PreCommit2 | Stage::Adopt | Stage::Synthetic => of_sectors,
        _ => return "-".to_owned(),
    };
    size(bytes as f64 / done.cost.wall.as_secs_f64().max(1e-9)) + "/s"
}

/// `1.5 MiB`.
pub fn size(bytes: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes, 0);
    while 1024.0 <= value && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    match unit {
        0 => format!("{value:.0} B"),
        _ => format!("{value:.1} {}", units[unit]),
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a String takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: f64, text: &str) {
        assert_eq!(size(bytes), text);
    }

    #[test]
    fn sizes_are_short() {
        check(0.0, "0 B");
        check(1023.0, "1023 B");
        check(1536.0, "1.5 KiB");
        check((3u64 << 30) as f64, "3.0 GiB");
        check((5u64 << 50) as f64, "5120.0 TiB");
    }
}
