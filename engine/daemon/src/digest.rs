//! SHA-256 of a sector's files, by which sectors of two implementations are compared.

use anyhow::Result;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{
    map::ReadMap,
    sector::{names, Sector},
    stage::pre_commit_2::{bytes, layers},
};

/// One digest for each file, in lower-case hex.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let trees = 0..geometry.n_base_trees();
        let layers = layers(sector)?;
        let mut read = |name: String, n_nodes: usize| sector.read(&name, bytes(n_nodes));
        let tree_d = read(names::TREE_D.to_owned(), geometry.tree_d_len())?;
        let replica = read(names::SEALED.to_owned(), geometry.n_nodes())?;
        let tree_c = trees
            .clone()
            .map(|i| read(names::tree_c(geometry, i), geometry.base_tree_len()));
        let tree_c = tree_c.collect::<Result<Vec<_>>>()?;
        let tree_r = trees.map(|i| read(names::tree_r_last(geometry, i), geometry.tree_r_last_len()));
        let tree_r = tree_r.collect::<Result<Vec<_>>>()?;
        let of = |maps: &[ReadMap]| maps.par_iter().map(sha256).collect::<Vec<String>>();
        let all = [layers, tree_c, tree_r, vec![tree_d, replica]];
        let mut all: Vec<Vec<String>> = all.par_iter().map(|maps| of(maps)).collect();
        let [replica, tree_d] = [(); 2].map(|()| all[3].pop().expect("two files were read above"));
        let tree_r_last = all.swap_remove(2);
        let tree_c = all.swap_remove(1);
        Ok(Digests {
            layers: all.swap_remove(0),
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
