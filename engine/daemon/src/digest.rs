//! SHA-256 of a sector's files, by which sectors of two implementations are compared.

use anyhow::Result;
use rayon::{join, prelude::*};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    map::ReadMap,
    sector::{Files, Sector},
};

/// One digest for each file, in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digests {
    /// Layers, from 1.
    pub layers: Vec<String>,
    /// Tree D.
    pub tree_d: String,
    /// Base trees of tree C.
    pub tree_c: Vec<String>,
    /// Base trees of tree R-last.
    pub tree_r_last: Vec<String>,
    /// The replica.
    pub replica: String,
}

impl Digests {
    /// Reads every file of a sealed sector, a core for each.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn of(sector: &mut Sector) -> Result<Digests> {
        let geometry = sector.record().identity.geometry();
        let files = Files::open(geometry, |name, size| sector.read(name, size))?;
        let of = |maps: &[ReadMap]| maps.par_iter().map(sha256).collect::<Vec<String>>();
        let ((layers, tree_c), (tree_r_last, (tree_d, replica))) = join(
            || join(|| of(&files.layers), || of(&files.tree_c)),
            || {
                let single = || join(|| sha256(&files.tree_d), || sha256(&files.replica));
                join(|| of(&files.tree_r_last), single)
            },
        );
        Ok(Digests {
            layers,
            tree_d,
            tree_c,
            tree_r_last,
            replica,
        })
    }
}

fn sha256(map: &ReadMap) -> String {
    hex::encode(Sha256::digest(map.bytes()))
}
