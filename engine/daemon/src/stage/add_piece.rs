//! AddPiece: the client's files become nodes, each file a piece at a multiple of its size.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure, Context, Result};
use engine_proofs::{
    fr32,
    geometry::{SectorSize, GEOMETRIES},
    piece::{self, CommP, PieceSize, Place},
};
use kernels::Backend;

use crate::{
    progress::Bar,
    sector::{names, Piece, Sector},
};

/// Data read at a time: whole blocks, 4 MiB once they are padded.
const READ_SIZE: usize = fr32::BLOCK << 15;

/// A client's file, and its place in the sector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// Its bytes.
    pub size: u64,
    /// Where its piece goes.
    pub place: Place,
}

/// Lays files into a sector of that size, or into the smallest that holds them.
///
/// # Errors
/// When a file cannot be read, is empty, or does not fit.
pub fn lay(files: &[PathBuf], size: Option<SectorSize>) -> Result<(SectorSize, Vec<Input>)> {
    let sizes = files
        .iter()
        .map(|path| file_size(path))
        .collect::<Result<Vec<u64>>>()?;
    let pieces = files
        .iter()
        .zip(&sizes)
        .map(|(path, &size)| PieceSize::holding(size).with_context(|| path.display().to_string()));
    let pieces = pieces.collect::<Result<Vec<PieceSize>>>()?;
    let candidates = match size {
        Some(size) => vec![size],
        None => GEOMETRIES.iter().map(|row| row.sector_size).collect(),
    };
    let fitting = candidates
        .iter()
        .find_map(|&size| Some((size, piece::lay(&pieces, size).ok()?)));
    let largest = candidates[candidates.len() - 1];
    let (size, places) = match fitting {
        Some(fitting) => fitting,
        None => (
            largest,
            piece::lay(&pieces, largest).map_err(|error| does_not_fit(files, error))?,
        ),
    };
    let inputs = files.iter().zip(sizes).zip(places);
    let inputs = inputs.map(|((path, size), place)| Input {
        path: path.clone(),
        size,
        place,
    });
    Ok((size, inputs.collect()))
}

/// Names the file that does not fit.
fn does_not_fit(files: &[PathBuf], error: piece::Error) -> anyhow::Error {
    let file = match &error {
        piece::Error::DoesNotFit { index, .. } => files[*index].display().to_string(),
        _ => "the pieces".to_owned(),
    };
    anyhow::Error::new(error).context(format!("{file} is too large: choose a larger --sector-size"))
}

/// Writes the staged sector, or, where it or tree D is there already, makes sure that the files are the same.
///
/// # Errors
/// When a file cannot be read or has changed, the disk is full, or the sector holds other data.
pub fn run(device: &dyn Backend, sector: &mut Sector, inputs: &[Input], bar: &Bar) -> Result<()> {
    let is_there = [names::STAGED, names::TREE_D, names::SYNTHETIC]
        .iter()
        .any(|name| sector.has(name));
    if is_there && sector.record().pieces.is_empty() {
        bail!(
            "{} holds another sector: it is committed capacity and has no data; choose another directory",
            sector.dir().display()
        );
    }
    let whole = sector.record().identity.sector_size.bytes();
    let mut staged = if is_there {
        None
    } else {
        Some(sector.create(names::STAGED, whole)?)
    };
    let of = inputs.iter().map(|input| input.size).sum();
    let (mut pieces, mut before) = (Vec::new(), 0);
    for input in inputs {
        let room = staged.as_mut().map(|staged| {
            let start = input.place.padded_offset() as usize;
            &mut staged.map.bytes_mut()[start..start + input.place.size.padded() as usize]
        });
        let piece = read(device, input, room, |done| bar.set(before + done, of));
        pieces.push(piece.with_context(|| input.path.display().to_string())?);
        before += input.size;
    }
    if !sector.record().pieces.is_empty() {
        must_be_same(sector, inputs, &pieces)?;
    }
    match staged {
        None => Ok(()),
        Some(staged) => {
            sector.note(|record| record.pieces = pieces)?;
            sector.finish(staged)
        }
    }
}

/// Commits to a file, and pads it into its room in the sector where one is given.
fn read(
    device: &dyn Backend,
    input: &Input,
    mut room: Option<&mut [u8]>,
    progress: impl Fn(u64),
) -> Result<Piece> {
    let mut file = File::open(&input.path).context("cannot open it")?;
    let (mut commitment, mut buffer, mut done) = (CommP::new(device), vec![0; READ_SIZE], 0);
    loop {
        let n = read_full(&mut file, &mut buffer).context("cannot read it")?;
        if n == 0 {
            break;
        }
        ensure!(
            done + n as u64 <= input.size,
            "it grew while it was read; seal it when it is at rest"
        );
        let data = &buffer[..n];
        let (now, later) = match room.take() {
            Some(room) => {
                let (now, later) = room.split_at_mut(fr32::padded_len(n));
                (Some(now), Some(later))
            }
            None => (None, None),
        };
        room = later;
        let (committed, ()) = rayon::join(
            || commitment.update(data),
            || now.into_iter().for_each(|now| fr32::pad(data, now)),
        );
        committed?;
        done += n as u64;
        progress(done);
    }
    ensure!(
        done == input.size,
        "it shrank while it was read; seal it when it is at rest"
    );
    let piece = commitment.finish()?;
    Ok(Piece {
        offset: input.place.offset,
        file_size: done,
        padded_size: piece.size.padded(),
        comm_p: piece.comm_p,
    })
}

/// Reads until the buffer is full or the file ends.
pub fn read_full(file: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut n = 0;
    while n < buffer.len() {
        match file.read(&mut buffer[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
    }
    Ok(n)
}

fn file_size(path: &Path) -> Result<u64> {
    let metadata = path
        .metadata()
        .with_context(|| format!("cannot open {}", path.display()))?;
    ensure!(metadata.is_file(), "{} is not a file", path.display());
    Ok(metadata.len())
}

/// The directory's sector must hold just these files.
fn must_be_same(sector: &Sector, inputs: &[Input], pieces: &[Piece]) -> Result<()> {
    let (there, dir) = (&sector.record().pieces, sector.dir().display());
    if there.len() != pieces.len() {
        bail!(
            "{dir} holds another sector: it has {} pieces and not {}",
            there.len(),
            pieces.len()
        );
    }
    for ((there, here), input) in there.iter().zip(pieces).zip(inputs) {
        if there != here {
            bail!(
                "{dir} holds another sector: where {} would go, it has {} bytes with comm_p {} and not {} bytes with \
                 comm_p {}; choose another directory",
                input.path.display(),
                there.file_size,
                there.comm_p,
                here.file_size,
                here.comm_p
            );
        }
    }
    Ok(())
}
