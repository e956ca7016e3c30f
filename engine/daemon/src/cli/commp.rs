//! `lode-engine commp`: a file's piece commitment.

use std::{fmt::Write, fs::File, io::Read, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use engine_proofs::{
    cid,
    piece::{CommP, Piece},
};
use serde_json::json;

use super::Answer;
use crate::{device, progress::Bar, stage::add_piece::read_full};

/// Bytes read at a time.
const CHUNK: usize = 4 << 20;

/// Compute a file's piece commitment (CommP) and its CIDs, the way deals name it.
///
/// The file is padded with zeros to 127·2^k bytes, spread over 32-byte nodes, and hashed into a binary tree whose
/// root is comm_p. Reads the file once, in memory that does not grow with it. `-` reads standard input.
///
/// Example: lode-engine commp README.md
#[derive(Debug, Args)]
pub struct Commp {
    /// The file, or - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Commp {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        let name = self.file.display().to_string();
        let piece = if name == "-" {
            commit(&mut std::io::stdin().lock(), 0)
        } else {
            let file = File::open(&self.file).context("cannot open it");
            file.and_then(|mut file| {
                let size = file.metadata().context("cannot stat it")?.len();
                commit(&mut file, size)
            })
        };
        let piece = piece.with_context(|| name.clone())?;
        let (v1, v2) = (cid::piece_cid_v1(piece.comm_p), cid::piece_cid_v2(&piece));
        let mut text = String::new();
        for (what, value) in [
            ("comm_p", piece.comm_p.to_string()),
            ("piece CID v1", v1.clone()),
            ("piece CID v2", v2.clone()),
            ("payload", format!("{} bytes", piece.payload_size)),
            ("unpadded", format!("{} bytes", piece.size.unpadded())),
            ("padded", format!("{} bytes", piece.size.padded())),
        ] {
            writeln!(text, "{what:<13} {value}").expect("a String takes everything");
        }
        let json = json!({
            "payload_size": piece.payload_size,
            "unpadded_size": piece.size.unpadded(),
            "padded_size": piece.size.padded(),
            "comm_p": piece.comm_p.to_string(),
            "piece_cid": v1,
            "piece_cid_v2": v2,
        });
        Ok(Answer {
            text,
            json,
            is_good: true,
        })
    }
}

/// Reads to the end; `size` is what is expected, 0 where nobody knows.
fn commit(file: &mut dyn Read, size: u64) -> Result<Piece> {
    let device = device::open()?;
    let mut commitment = CommP::new(&device);
    let (bar, mut buffer, mut done) = (Bar::new("CommP"), vec![0; CHUNK], 0);
    loop {
        let n = read_full(&mut &mut *file, &mut buffer).context("cannot read it")?;
        if n == 0 {
            break;
        }
        commitment.update(&buffer[..n])?;
        done += n as u64;
        bar.set(done.min(size), size);
    }
    Ok(commitment.finish()?)
}
