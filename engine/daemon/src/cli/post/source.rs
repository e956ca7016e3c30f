//! The sectors of a PoSt, found and of one kind.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure, Context, Result};
use engine_proofs::{geometry::Geometry, post::vanilla::SectorProof, replica_id::ProverId};

use super::{Asked, Sectors};
use crate::{
    post::{directories, Source},
    small,
    stage::post::Lying,
};

/// Sectors, and what they have in common.
pub struct Found {
    pub source: Source,
    pub geometry: &'static Geometry,
    pub prover_id: ProverId,
}

impl Sectors {
    /// Looks for them. A directory that holds no sector does not keep the others from being looked at.
    pub fn find(&self, asked: &Asked) -> Result<Found> {
        match (self.sector_size, asked.prover_id) {
            (Some(size), Some(prover_id)) if !self.vanilla.is_empty() => {
                let geometry = Geometry::of(size);
                let proofs = self.vanilla.iter().map(|path| read(geometry, path));
                let proofs = proofs.collect::<Result<Vec<SectorProof>>>()?;
                check_numbers(proofs.iter().map(|proof| proof.sector).zip(&self.vanilla))?;
                Ok(Found {
                    source: Source::Vanilla(proofs),
                    geometry,
                    prover_id,
                })
            }
            _ => self.look(asked.prover_id),
        }
    }

    fn look(&self, prover_id: Option<ProverId>) -> Result<Found> {
        let (mut lying, mut lost) = (Vec::new(), Vec::new());
        for dir in directories(&self.dir)? {
            match Lying::look(&dir) {
                Ok(sector) => lying.push(sector),
                Err(error) => lost.push((dir, error)),
            }
        }
        let Some(first) = lying.first() else {
            let (_, error) = lost.pop().expect("there is a directory, and no sector in it");
            return Err(error);
        };
        let (geometry, sealer) = (first.identity.geometry(), first.identity.prover_id);
        let prover_id = prover_id.unwrap_or(sealer);
        for Lying { dir, identity, .. } in &lying {
            ensure!(
                identity.sector_size == geometry.sector_size
                    && self.sector_size.is_none_or(|size| size == identity.sector_size),
                "{} holds a {} sector, and {} was expected: a PoSt is of one size",
                dir.display(),
                identity.sector_size,
                self.sector_size.unwrap_or(geometry.sector_size)
            );
            ensure!(
                identity.prover_id == prover_id,
                "{} holds a sector of {}, and {prover_id} is to prove: a PoSt is of one provider",
                dir.display(),
                identity.prover_id
            );
        }
        check_numbers(lying.iter().map(|sector| (sector.identity.sector, &sector.dir)))?;
        let by_number = lying.into_iter().map(|sector| (sector.identity.sector, sector));
        Ok(Found {
            source: Source::Directories(by_number.collect(), lost),
            geometry,
            prover_id,
        })
    }
}

fn read(geometry: &Geometry, path: &Path) -> Result<SectorProof> {
    let bytes = small::read(path)?;
    SectorProof::from_bytes(geometry, &bytes).with_context(|| path.display().to_string())
}

/// Each number stands once.
fn check_numbers<'a>(places: impl Iterator<Item = (u64, &'a PathBuf)>) -> Result<()> {
    let mut found = BTreeMap::new();
    for (sector, path) in places {
        if let Some(other) = found.insert(sector, path) {
            bail!(
                "sector {sector} is in {} and in {}: leave one of them out",
                other.display(),
                path.display()
            );
        }
    }
    Ok(())
}
