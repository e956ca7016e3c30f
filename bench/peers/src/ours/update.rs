//! Lode at work on one update, in memory.

use anyhow::Result;
use engine_proofs::{
    fr32,
    porep::comm_r,
    post::Replica,
    silent,
    tree::{self, Crown},
    update::{
        sector::Sector,
        vanilla::{self, PartitionProof, Statement},
        Encoding,
    },
    Part,
};
use kernels::{Backend, Node};

use super::Sealed;
use crate::case::Case;

/// An updated sector: all that is new.
#[derive(Clone, Debug)]
pub struct Updated {
    /// What is claimed of it.
    pub statement: Statement,
    /// The data, padded.
    pub data: Vec<Node>,
    /// Tree D of the data.
    pub tree_d: Vec<Node>,
    /// The new replica.
    pub replica: Vec<Node>,
    /// Its base trees of tree R-last, without their discarded rows.
    pub tree_r_last: Vec<Vec<Node>>,
    /// Their common root.
    pub comm_r_last: Node,
    /// How the data went in.
    pub encoding: Encoding,
}

/// Puts one piece that fills the sector into it.
pub fn update(device: &dyn Backend, case: &Case, old: &Sealed, piece: &[u8]) -> Result<Updated> {
    let geometry = case.geometry;
    let mut data = vec![Node::ZERO; geometry.n_nodes()];
    fr32::pad(
        piece,
        &mut Node::bytes_mut(&mut data)[..fr32::padded_len(piece.len())],
    );
    let mut tree_d = vec![Node::ZERO; geometry.tree_d_len()];
    let comm_d_new = tree::tree_d(device, &data, &mut tree_d, &silent)?;
    let comm_r_old = old.commitments.comm_r;
    let encoding = Encoding::new(device, geometry, comm_d_new, comm_r_old)?;
    let (mut replica, mut tree_r_last, mut roots) = (data.clone(), Vec::new(), Vec::new());
    for base in 0..geometry.n_base_trees() {
        let share = geometry.base_range(base);
        let nodes = (&old.replica[share.clone()], &mut replica[share]);
        let mut kept = vec![Node::ZERO; geometry.tree_r_last_len()];
        roots.push(encoding.tree_r_last_base(device, base, nodes, &mut kept, &silent)?);
        tree_r_last.push(kept);
    }
    let comm_r_last = Crown::new(geometry, roots, Part::TreeRLast)?.root();
    let statement = Statement {
        geometry,
        comm_r_old,
        comm_d_new,
        comm_r_new: comm_r(old.commitments.comm_c, comm_r_last)?,
    };
    Ok(Updated {
        statement,
        data,
        tree_d,
        replica,
        tree_r_last,
        comm_r_last,
        encoding,
    })
}

impl Updated {
    /// Opens the challenged nodes of every partition.
    pub fn open(&self, old: &Sealed) -> Result<Vec<PartitionProof>> {
        let comm_c = old.commitments.comm_c;
        let sector = Sector {
            old: Replica {
                comm_c,
                comm_r_last: old.commitments.comm_r_last,
                tree_r_last: old.tree_r_last.iter().map(Vec::as_slice).collect(),
                replica: &old.replica,
            },
            tree_d: &self.tree_d,
            new: Replica {
                comm_c,
                comm_r_last: self.comm_r_last,
                tree_r_last: self.tree_r_last.iter().map(Vec::as_slice).collect(),
                replica: &self.replica,
            },
        };
        Ok(vanilla::prove(&sector, &self.statement)?)
    }

    /// The files of the new directory and what lies in them, but for `t_aux`.
    pub fn files(&self, comm_c: Node) -> Vec<(String, Vec<Node>)> {
        let names = super::base_trees("tree-r-last", self.tree_r_last.len());
        let mut files: Vec<_> = names.into_iter().zip(self.tree_r_last.clone()).collect();
        files.push((super::store("tree-d"), self.tree_d.clone()));
        files.push(("p_aux".to_owned(), vec![comm_c, self.comm_r_last]));
        files.push(("sealed".to_owned(), self.replica.clone()));
        files
    }
}
