//! Unseal: the replica, less its key, is the data again.

use std::{io::Write, ops::Range, path::Path};

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    fr32,
    piece::CommP,
    porep,
    sdr::{label_layer, ParentSource},
    update::Encoding,
};
use kernels::{Backend, Lane};

use super::update;
use crate::{
    draft::TempDir,
    map::{ReadMap, WriteMap},
    progress::Bar,
    sector::{names, Piece, Sector, Update},
};

/// Data that are decoded at a time: whole blocks, 4 MiB once they are padded.
const CHUNK: u64 = (fr32::BLOCK << 15) as u64;

/// Where a sector's data end: with the last byte of the last file. Committed capacity is zeros to the end.
pub fn content_end(sector: &Sector) -> u64 {
    let pieces = sector.record().pieces.iter();
    pieces
        .map(|piece| piece.offset + piece.file_size)
        .max()
        .unwrap_or(sector.record().identity.sector_size.unpadded_bytes())
}

/// Writes a range of a sector's data, labelling again what is missing of the key.
///
/// Where the sector was updated, its key is the replica as it was before: that of `old`.
///
/// Nothing is believed: replica and key are held against their digests, and every piece that lies wholly in the
/// range against its commitment.
///
/// # Errors
/// When the range reaches beyond the sector, a file is missing or damaged, or the disk is full.
pub fn run(
    device: &dyn Backend,
    (sector, old): (&mut Sector, Option<&Sector>),
    range: Range<u64>,
    out: &mut dyn Write,
    scratch: &Path,
    bar: &Bar,
) -> Result<()> {
    let sector_size = sector.record().identity.sector_size;
    ensure!(
        range.start < range.end && range.end <= sector_size.unpadded_bytes(),
        "the range {} to {} does not lie in the {} bytes of data of a {sector_size} sector",
        range.start,
        range.end,
        sector_size.unpadded_bytes()
    );
    let (padded, _) = fr32::padded_range(range.clone());
    let replica = sector.read_part(names::SEALED, sector_size.bytes(), padded.clone())?;
    let key = match &sector.record().update {
        Some(update) => Key::old(device, sector, update, old, padded)?,
        None => Key::of(device, sector, padded, scratch, bar)?,
    };
    let mut checks = Checks::new(device, sector, &range);
    let mut start = range.start;
    while start < range.end {
        let end = (start / CHUNK * CHUNK + CHUNK).min(range.end);
        let data = decode(device, &replica, &key, start..end)?;
        checks.update(start, &data)?;
        out.write_all(&data).context("cannot write the data")?;
        bar.set(end - range.start, range.end - range.start);
        start = end;
    }
    checks.finish(sector)
}

/// One chunk of data.
fn decode(device: &dyn Backend, replica: &ReadMap, key: &Key, range: Range<u64>) -> Result<Vec<u8>> {
    let mut data = vec![0; (range.end - range.start) as usize];
    let unsealed = match key {
        Key::Kept(key) => porep::unseal(device, key.nodes(), replica.nodes(), range, &mut data),
        Key::Made(key) => porep::unseal(device, key.nodes(), replica.nodes(), range, &mut data),
        Key::Old(old, encoding) => encoding.decode(device, (old.nodes(), replica.nodes()), range, &mut data),
    };
    unsealed.with_context(|| format!("{}: cannot decode it", replica.path().display()))?;
    Ok(data)
}

/// The last layer, kept or made again; or the replica before the update, and how the data went into it.
enum Key {
    Kept(ReadMap),
    Made(WriteMap),
    Old(ReadMap, Encoding),
}

impl Key {
    fn of(
        device: &dyn Backend,
        sector: &mut Sector,
        padded: Range<u64>,
        scratch: &Path,
        bar: &Bar,
    ) -> Result<Key> {
        let geometry = sector.record().identity.geometry();
        let (name, size) = (names::layer(geometry.layers), geometry.sector_size.bytes());
        if sector.has(&name) {
            return Ok(Key::Kept(sector.read_part(&name, size, padded)?));
        }
        let roots = sector.record().roots.with_context(|| {
            format!(
                "{} is not sealed yet: there is no replica to unseal",
                sector.dir().display()
            )
        })?;
        let graph = sector.record().identity.graph();
        let replica_id = sector.record().identity.replica_id(roots.comm_d);
        let dir = TempDir::new_in(scratch)?;
        let mut previous: Option<WriteMap> = None;
        for layer in 1..=geometry.layers {
            // Removed from the folder at once, the files live as long as their maps.
            let path = dir.path().join(names::layer(layer));
            let mut file = WriteMap::create(&path, size)?;
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            let previous_labels = previous.as_ref().map_or(&[][..], WriteMap::nodes);
            let mut lanes = [Lane {
                replica_id,
                previous: previous_labels,
                labels: file.nodes_mut(),
            }];
            let progress = bar.part(layer - 1, geometry.layers);
            label_layer(
                device,
                ParentSource::Computed(&graph),
                layer as u32,
                &mut lanes,
                &progress,
            )?;
            previous = Some(file);
        }
        Ok(Key::Made(previous.expect("every geometry has layers")))
    }

    fn old(
        device: &dyn Backend,
        sector: &Sector,
        update: &Update,
        old: Option<&Sector>,
        padded: Range<u64>,
    ) -> Result<Key> {
        let old = old.with_context(|| {
            format!(
                "{} was updated, and its key is the replica as it was before (comm_r {}): name that sector's directory \
                 with --old",
                sector.dir().display(),
                update.old_roots.comm_r
            )
        })?;
        update::must_be_before(old, sector)?;
        let (geometry, roots) = (sector.record().identity.geometry(), update::roots(sector)?);
        let encoding = Encoding::new(device, geometry, roots.comm_d, update.old_roots.comm_r)?;
        let replica = old.read_part(names::SEALED, geometry.sector_size.bytes(), padded)?;
        Ok(Key::Old(replica, encoding))
    }
}

/// The pieces that lie wholly in a range, and their commitments in the making.
struct Checks<'a> {
    pieces: Vec<(Piece, CommP<'a>)>,
}

impl<'a> Checks<'a> {
    fn new(device: &'a dyn Backend, sector: &Sector, range: &Range<u64>) -> Checks<'a> {
        let pieces = sector.record().pieces.iter();
        let whole =
            pieces.filter(|piece| range.start <= piece.offset && piece.offset + piece.file_size <= range.end);
        Checks {
            pieces: whole.map(|piece| (piece.clone(), CommP::new(device))).collect(),
        }
    }

    fn update(&mut self, start: u64, data: &[u8]) -> Result<()> {
        let end = start + data.len() as u64;
        for (piece, commitment) in &mut self.pieces {
            let (from, to) = (piece.offset.max(start), (piece.offset + piece.file_size).min(end));
            if from < to {
                commitment.update(&data[(from - start) as usize..(to - start) as usize])?;
            }
        }
        Ok(())
    }

    fn finish(self, sector: &Sector) -> Result<()> {
        for (piece, commitment) in self.pieces {
            let comm_p = commitment.finish()?.comm_p;
            ensure!(
                comm_p == piece.comm_p,
                "{}: what was unsealed from byte {} on has comm_p {comm_p}, and {} was sealed: the replica or a \
                 layer is damaged",
                sector.dir().display(),
                piece.offset,
                piece.comm_p
            );
        }
        Ok(())
    }
}
