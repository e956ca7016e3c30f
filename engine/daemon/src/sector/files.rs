//! The files of a sealed sector, mapped.

use anyhow::Result;
use engine_proofs::{geometry::Geometry, porep};
use kernels::Node;

use super::names;
use crate::map::ReadMap;

/// Layers, trees and replica; `p_aux` and `t_aux` only speak of them.
#[derive(Debug)]
pub struct Files {
    /// Layers of labels, the first one first.
    pub layers: Vec<ReadMap>,
    /// Tree D.
    pub tree_d: ReadMap,
    /// Base trees of tree C.
    pub tree_c: Vec<ReadMap>,
    /// Base trees of tree R-last.
    pub tree_r_last: Vec<ReadMap>,
    /// The replica.
    pub replica: ReadMap,
}

impl Files {
    /// Opens each with `read`, which is told name and bytes.
    ///
    /// # Errors
    /// The first of `read`.
    pub fn open(geometry: &Geometry, mut read: impl FnMut(&str, u64) -> Result<ReadMap>) -> Result<Files> {
        let mut nodes = |name: &str, n_nodes: usize| read(name, (n_nodes * Node::SIZE) as u64);
        let trees = 0..geometry.n_base_trees();
        Ok(Files {
            layers: (1..=geometry.layers)
                .map(|layer| nodes(&names::layer(layer), geometry.n_nodes()))
                .collect::<Result<_>>()?,
            tree_d: nodes(names::TREE_D, geometry.tree_d_len())?,
            tree_c: trees
                .clone()
                .map(|tree| nodes(&names::tree_c(geometry, tree), geometry.base_tree_len()))
                .collect::<Result<_>>()?,
            tree_r_last: trees
                .map(|tree| nodes(&names::tree_r_last(geometry, tree), geometry.tree_r_last_len()))
                .collect::<Result<_>>()?,
            replica: nodes(names::SEALED, geometry.n_nodes())?,
        })
    }

    /// As the mathematics sees them; the roots are those that `p_aux` holds.
    pub fn sector(&self, comm_c: Node, comm_r_last: Node) -> porep::sector::Sector<'_> {
        porep::sector::Sector {
            comm_c,
            comm_r_last,
            layers: nodes(&self.layers),
            tree_d: self.tree_d.nodes(),
            tree_c: nodes(&self.tree_c),
            tree_r_last: nodes(&self.tree_r_last),
            replica: self.replica.nodes(),
        }
    }

    /// Each under its name.
    pub fn named(&self, geometry: &Geometry) -> Vec<(String, &ReadMap)> {
        let layers = (1..).map(names::layer).zip(&self.layers);
        let tree_c = (0..).map(|tree| names::tree_c(geometry, tree)).zip(&self.tree_c);
        let tree_r_last = (0..)
            .map(|tree| names::tree_r_last(geometry, tree))
            .zip(&self.tree_r_last);
        let single = [
            (names::TREE_D.to_owned(), &self.tree_d),
            (names::SEALED.to_owned(), &self.replica),
        ];
        layers.chain(tree_c).chain(tree_r_last).chain(single).collect()
    }
}

fn nodes(maps: &[ReadMap]) -> Vec<&[Node]> {
    maps.iter().map(ReadMap::nodes).collect()
}
