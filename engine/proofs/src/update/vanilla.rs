//! The answer in the open: the challenged nodes of the old replica, the data and the new replica.

use kernels::{Fr, Hash, Node};
use rayon::prelude::*;

use super::{
    phi, rho,
    sector::{Opener, Sector},
    Rules,
};
use crate::{
    geometry::Geometry,
    path::{digest, Path, TreeHash},
    porep::comm_r,
    Error, Result,
};

/// What an update claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Size and all that follows from it.
    pub geometry: &'static Geometry,
    /// What the chain remembered the sector by.
    pub comm_r_old: Node,
    /// Root of the new data.
    pub comm_d_new: Node,
    /// What the chain is to remember it by.
    pub comm_r_new: Node,
}

/// One challenged node, opened three times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Its old replica, up tree R-last.
    pub old: Path,
    /// Its data, up tree D.
    pub data: Path,
    /// Its new replica, up tree R-last.
    pub new: Path,
}

/// The openings that one SNARK covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionProof {
    /// Root of the columns.
    pub comm_c: Node,
    /// Root of the old replica.
    pub comm_r_last_old: Node,
    /// Root of the new replica.
    pub comm_r_last_new: Node,
    /// The row of tree D over this partition's share of the data.
    pub apex_leaves: Vec<Node>,
    /// One per challenge.
    pub openings: Vec<Opening>,
}

/// Opens what comm_r_new asks for: one proof per partition.
///
/// What is opened is checked on the way, so that a proof that is returned verifies.
///
/// # Errors
/// When a file is missing, has the wrong length, is damaged or another sector's: the error names the part and the
/// node. What is about the old replica stands in [`Error::Old`].
pub fn prove(sector: &Sector<'_>, statement: &Statement) -> Result<Vec<PartitionProof>> {
    let opener = Opener::new(sector, statement)?;
    let partition = |k| {
        let challenges = opener.rules.challenges(statement.comm_r_new, k)?;
        let openings = challenges.into_par_iter().map(|challenge| opener.open(challenge));
        Ok(PartitionProof {
            comm_c: sector.new.comm_c,
            comm_r_last_old: sector.old.comm_r_last,
            comm_r_last_new: sector.new.comm_r_last,
            apex_leaves: opener.apex_leaves(k).to_vec(),
            openings: openings.collect::<Result<_>>()?,
        })
    };
    (0..opener.rules.n_partitions)
        .into_par_iter()
        .map(partition)
        .collect()
}

/// Whether a proof in the open answers what is asked of partition k.
///
/// Everything is computed again: the challenges, every path, the encoding of every challenged node, the apex of
/// tree D, comm_r before and after.
pub fn verify(proof: &PartitionProof, statement: &Statement, k: usize) -> bool {
    let rules = Rules::of(statement.geometry);
    let root = |comm_r_last| comm_r(proof.comm_c, comm_r_last).ok();
    let (Ok(challenges), Ok(checker)) = (
        rules.challenges(statement.comm_r_new, k),
        Checker::new(statement, [proof.comm_r_last_old, proof.comm_r_last_new]),
    ) else {
        return false;
    };
    k < rules.n_partitions
        && root(proof.comm_r_last_old) == Some(statement.comm_r_old)
        && root(proof.comm_r_last_new) == Some(statement.comm_r_new)
        && proof.openings.len() == challenges.len()
        && proof.apex_leaves.len() == rules.n_apex_leaves
        && challenges
            .par_iter()
            .zip(&proof.openings)
            .all(|(&challenge, opening)| {
                checker.flaw(challenge, opening).is_none() && stands_under_apex(proof, opening, &rules)
            })
        && apex_leads_to_root(proof, statement, &rules, k)
}

/// The public inputs of partition k's SNARK, without the leading one: which partition and which factors,
/// comm_r_old, comm_d_new, comm_r_new.
///
/// # Errors
/// When a commitment of the statement is not canonical.
pub fn public_inputs(statement: &Statement, k: usize) -> Result<Vec<Fr>> {
    let nodes = [
        ("comm_r_old", statement.comm_r_old),
        ("comm_d_new", statement.comm_d_new),
        ("comm_r_new", statement.comm_r_new),
    ];
    let nodes = nodes.map(|(what, node)| node.to_fr().ok_or(Error::Commitment { what }));
    let selector = Fr::from(Rules::of(statement.geometry).selector(k));
    [Ok(selector)].into_iter().chain(nodes).collect()
}

/// Whether an opening of the data passes through the apex leaf that it should.
fn stands_under_apex(proof: &PartitionProof, opening: &Opening, rules: &Rules) -> bool {
    let below = Path {
        leaf: opening.data.leaf,
        steps: opening.data.steps[..rules.apex_height()].to_vec(),
    };
    let leaf = opening.data.index() >> rules.apex_height();
    let leaf = proof.apex_leaves[leaf as usize % rules.n_apex_leaves];
    below.root(TreeHash::Sha256) == Some(leaf)
}

/// Whether the apex leaves lead to comm_d_new by the steps that every opening of the partition has.
fn apex_leads_to_root(proof: &PartitionProof, statement: &Statement, rules: &Rules, k: usize) -> bool {
    let mut row = proof.apex_leaves.clone();
    while 1 < row.len() {
        let parents = row.chunks(2).map(|children| digest(Hash::Sha256, children));
        row = parents
            .map(|node| node.expect("SHA-256 takes any node"))
            .collect();
    }
    let Some(opening) = proof.openings.first() else {
        return false;
    };
    let above = Path {
        leaf: row[0],
        steps: opening.data.steps[rules.drawn_len()..].to_vec(),
    };
    above.index() == k as u64 && above.root(TreeHash::Sha256) == Some(statement.comm_d_new)
}

/// What is wrong with an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The old replica does not lead to its root.
    Old,
    /// The data does not lead to comm_d_new.
    Data,
    /// The new replica does not lead to its root.
    New,
    /// The new replica is not what old replica and data make it.
    Encoding,
}

/// What openings are checked against.
pub(super) struct Checker<'a> {
    pub statement: &'a Statement,
    rules: Rules,
    phi: Node,
    /// Roots of the old and of the new replica.
    roots: [Node; 2],
}

impl<'a> Checker<'a> {
    pub fn new(statement: &'a Statement, roots: [Node; 2]) -> Result<Checker<'a>> {
        Ok(Checker {
            statement,
            rules: Rules::of(statement.geometry),
            phi: phi(statement.comm_d_new, statement.comm_r_old)?,
            roots,
        })
    }

    /// The first flaw of an opening, if any.
    pub fn flaw(&self, challenge: u64, opening: &Opening) -> Option<Flaw> {
        let Statement {
            geometry, comm_d_new, ..
        } = *self.statement;
        let [old, new] = self.roots;
        let in_replica = |path: &Path, root| path.verify(TreeHash::Poseidon, geometry, challenge, root);
        if !in_replica(&opening.old, old) {
            return Some(Flaw::Old);
        }
        if !opening
            .data
            .verify(TreeHash::Sha256, geometry, challenge, comm_d_new)
        {
            return Some(Flaw::Data);
        }
        if !in_replica(&opening.new, new) {
            return Some(Flaw::New);
        }
        let leaves = [&opening.old, &opening.data, &opening.new].map(|path| path.leaf);
        (!self.holds_encoding(challenge, leaves)).then_some(Flaw::Encoding)
    }

    /// `new = old + data · ρ`.
    fn holds_encoding(&self, node: u64, leaves: [Node; 3]) -> bool {
        let [Some(old), Some(data), Some(new)] = leaves.map(Node::to_fr) else {
            return false;
        };
        let high = node / self.rules.run_len() as u64;
        rho(self.phi, high).is_ok_and(|rho| old + data * rho == new)
    }
}
