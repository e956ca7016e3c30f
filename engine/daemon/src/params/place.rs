//! Every file that the store may hold.

use std::path::PathBuf;

use anyhow::{ensure, Result};
use engine_proofs::{
    geometry::{Geometry, SectorSize, GEOMETRIES},
    groth16::{name, ProofKind},
};

use super::{known, Care, Half, Origin, Receipt, Store};

/// A file that the store may hold.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its name among the published files.
    pub name: String,
    /// Whether it has that name, or the one for development.
    pub origin: Origin,
    /// The circuit that it belongs to, and which of its two files it is; none for the reference string.
    pub circuit: Option<(ProofKind, &'static Geometry, Half)>,
}

impl Place {
    /// All of them, by size; the reference string last.
    pub fn all() -> Vec<Place> {
        let kinds = |geometry| ProofKind::ALL.map(|kind| (kind, geometry));
        let halves = |(kind, geometry)| {
            [Half::Parameters, Half::Key]
                .map(|half| (half.name(kind, geometry), Some((kind, geometry, half))))
        };
        let circuits = GEOMETRIES.iter().flat_map(kinds).flat_map(halves);
        let files = circuits.chain([(name::srs(), None)]);
        let both = |(name, circuit): (String, _)| {
            [Origin::Published, Origin::Development].map(|origin| Place {
                name: name.clone(),
                origin,
                circuit,
            })
        };
        files.flat_map(both).collect()
    }

    /// What it is called.
    pub fn file_name(&self) -> String {
        self.origin.file_name(&self.name)
    }

    /// Bytes of the published file, where they are known.
    pub fn size(&self) -> Option<u64> {
        known::published(&self.file_name())?.size
    }

    /// The size of sectors that it is for; the reference string is for all.
    pub fn sector_size(&self) -> Option<SectorSize> {
        self.circuit.map(|(_, geometry, _)| geometry.sector_size)
    }

    /// The kind of proof that it is for.
    pub fn kind(&self) -> Option<ProofKind> {
        self.circuit.map(|(kind, ..)| kind)
    }
}

impl Store {
    /// The files that are there, by size.
    pub fn files(&self) -> impl Iterator<Item = (Place, PathBuf)> + '_ {
        Place::all().into_iter().filter_map(|place| {
            // What fails here fails again when the file is looked at.
            let _ = self.settle(&place.name);
            let path = self.at(&place.name, place.origin);
            path.exists().then_some((place, path))
        })
    }

    /// Holds one of them against its receipt or the digests that are known.
    ///
    /// # Errors
    /// As [`check`](Store::check).
    pub fn check_place(&self, place: &Place, care: Care) -> Result<Receipt> {
        self.settle(&place.name)?;
        let path = self.at(&place.name, place.origin);
        ensure!(path.exists(), "{} is gone", path.display());
        match place.circuit {
            Some(circuit) => self.check_at(&path, circuit, care),
            None => self.check_srs(&path, care),
        }
    }
}
