//! Compare: what was unsealed must be what the client gave, byte for byte.

use std::{fs::File, path::Path};

use anyhow::{bail, ensure, Context, Result};

use super::add_piece::{read_full, Input};
use crate::{map::ReadMap, progress::Bar};

/// Bytes read at a time.
const CHUNK: usize = 1 << 20;

/// Holds the unsealed data against every file; where there are none, against zeros: committed capacity.
///
/// # Errors
/// When a file cannot be read, or differs: the first byte is named.
pub fn run(inputs: &[Input], unsealed: &Path, bar: &Bar) -> Result<()> {
    let unsealed = ReadMap::open(unsealed)?;
    if inputs.is_empty() {
        let other = unsealed.bytes().iter().position(|byte| *byte != 0);
        return match other {
            None => Ok(()),
            Some(at) => bail!("byte {at} is not the zero that was sealed"),
        };
    }
    let of = inputs.iter().map(|input| input.size).sum();
    let mut done = 0;
    for input in inputs {
        let start = input.place.offset as usize;
        let data = &unsealed.bytes()[start..start + input.size as usize];
        compare(&input.path, data, |bytes| {
            done += bytes as u64;
            bar.set(done, of);
        })?;
    }
    Ok(())
}

fn compare(path: &Path, unsealed: &[u8], mut progress: impl FnMut(usize)) -> Result<()> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut buffer = vec![0; CHUNK];
    let mut at = 0;
    for data in unsealed.chunks(CHUNK) {
        let n = read_full(&mut file, &mut buffer[..data.len()])
            .with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            n == data.len(),
            "{} has become shorter since it was sealed",
            path.display()
        );
        if let Some(i) = data.iter().zip(&buffer).position(|(a, b)| a != b) {
            bail!("{}: byte {} is not what was unsealed", path.display(), at + i);
        }
        at += n;
        progress(n);
    }
    Ok(())
}
