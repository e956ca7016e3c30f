//! An updated sector: its files, opened where a proof asks, and found out where they are damaged.

use kernels::{Hash, Node};

use super::{
    vanilla::{Checker, Flaw, Opening, Statement},
    Rules,
};
use crate::{
    error::Part,
    path::Path,
    porep::sector::{broken, length},
    post::{self, Replica},
    Error, Result,
};

/// An updated sector, file by file, as it lies on a disk.
#[derive(Clone, Debug)]
pub struct Sector<'a> {
    /// The replica before the update; its columns are the new one's too.
    pub old: Replica<'a>,
    /// Tree D of the new data.
    pub tree_d: &'a [Node],
    /// The replica after the update.
    pub new: Replica<'a>,
}

/// Opens nodes of an updated sector, and checks what it opens.
pub(super) struct Opener<'a> {
    pub rules: Rules,
    tree_d: &'a [Node],
    checker: Checker<'a>,
    old: post::Opener<'a>,
    new: post::Opener<'a>,
}

impl<'a> Opener<'a> {
    pub fn new(sector: &'a Sector<'a>, statement: &'a Statement) -> Result<Opener<'a>> {
        let (geometry, Sector { old, tree_d, new }) = (statement.geometry, sector);
        length(Part::TreeD, geometry.tree_d_len(), tree_d)?;
        let opener = Opener {
            rules: Rules::of(geometry),
            tree_d,
            checker: Checker::new(statement, [old.comm_r_last, new.comm_r_last])?,
            old: post::Opener::new(geometry, old, statement.comm_r_old).map_err(of_old)?,
            new: post::Opener::new(geometry, new, statement.comm_r_new)?,
        };
        if old.comm_c != new.comm_c {
            return Err(Error::NotCommitted {
                part: Part::Aux,
                node: 0,
            });
        }
        Ok(opener)
    }

    /// The row of tree D over partition k's share.
    pub fn apex_leaves(&self, k: usize) -> &[Node] {
        let Rules {
            n_nodes,
            n_apex_leaves,
            ..
        } = self.rules;
        // Rows are half as long as the one below: so many nodes lie before the row of this height.
        let before = 2 * n_nodes - ((2 * n_nodes) >> self.rules.apex_height());
        &self.tree_d[before + k * n_apex_leaves..][..n_apex_leaves]
    }

    /// Opens a node, or says which file is to blame that it cannot.
    pub fn open(&self, challenge: u64) -> Result<Opening> {
        let (geometry, node) = (self.checker.statement.geometry, challenge as usize);
        let opening = Opening {
            old: self.old.open(challenge).map_err(of_old)?,
            data: Path::in_tree_d(geometry, self.tree_d, node),
            new: self.new.open(challenge)?,
        };
        let (part, node) = match self.checker.flaw(challenge, &opening) {
            None => return Ok(opening),
            Some(Flaw::Old | Flaw::New) => unreachable!("what a replica's opener answers leads to its root"),
            Some(Flaw::Data) => {
                let broken = broken(self.tree_d, geometry.n_nodes(), Hash::Sha256, node);
                (Part::TreeD, broken.unwrap_or(self.tree_d.len() - 1))
            }
            Some(Flaw::Encoding) => (Part::Replica, node),
        };
        Err(Error::NotCommitted { part, node })
    }
}

fn of_old(error: Error) -> Error {
    Error::Old(Box::new(error))
}
