//! The answer in the open: what a SNARK will hide, and the check that it repeats.

use kernels::{Fr, Hash, Node, BASE_DEGREE, DEGREE};
use rayon::prelude::*;

use super::{
    challenge::Challenges,
    sector::{Opener, Sector},
};
use crate::{
    geometry::Geometry,
    graph::Graph,
    path::{digest, Path, TreeHash},
    sdr::label,
    Error, Result,
};

/// What a PoRep claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Size and all that follows from it.
    pub geometry: &'static Geometry,
    /// Identity of the replica.
    pub replica_id: Node,
    /// Root of the data.
    pub comm_d: Node,
    /// Root of columns and replica.
    pub comm_r: Node,
}

/// The labels of one node in every layer, and their digest's way up tree C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Labels of layers 1 to the last.
    pub labels: Vec<Node>,
    /// From the column's digest up to comm_c.
    pub path: Path,
}

/// One challenged node, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The node.
    pub challenge: u64,
    /// Its data, up tree D.
    pub data: Path,
    /// Its replica, up tree R-last.
    pub replica: Path,
    /// Its own labels.
    pub column: Column,
    /// Its parents' labels: 6 base, then 8 expander parents.
    pub parents: Vec<Column>,
}

/// The openings that one SNARK covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionProof {
    /// Root of the columns.
    pub comm_c: Node,
    /// Root of the replica.
    pub comm_r_last: Node,
    /// One per challenge.
    pub openings: Vec<Opening>,
}

impl Opening {
    /// Whether it has all the parts that an opening in a sector of that geometry has.
    pub fn fits(&self, geometry: &Geometry) -> bool {
        let columns = [&self.column].into_iter().chain(&self.parents);
        let columns_fit = columns.map(|column| {
            column.labels.len() == geometry.layers && column.path.fits(TreeHash::Poseidon, geometry)
        });
        self.parents.len() == DEGREE
            && self.data.fits(TreeHash::Sha256, geometry)
            && self.replica.fits(TreeHash::Poseidon, geometry)
            && columns_fit.into_iter().all(|fits| fits)
    }

    /// The labels that go into the label of a layer: of the base parents there, and (above layer 1) of the
    /// expander parents in the layer below.
    ///
    /// # Panics
    /// When there is no such layer, or a parent is missing.
    pub fn parent_labels(&self, layer: usize) -> Vec<Node> {
        let (base, expander) = self.parents.split_at(BASE_DEGREE);
        let mut labels: Vec<Node> = base.iter().map(|column| column.labels[layer - 1]).collect();
        if 1 < layer {
            labels.extend(expander.iter().map(|column| column.labels[layer - 2]));
        }
        labels
    }
}

/// Opens what is asked for: one proof per partition.
///
/// What is opened is checked on the way, so that a proof that is returned verifies.
///
/// # Errors
/// When a file of the sector is missing, has the wrong length, is damaged or another sector's: the error names
/// the file and the node.
///
/// # Panics
/// When the graph has more or fewer nodes than the statement's geometry.
pub fn prove(
    sector: &Sector<'_>,
    graph: &Graph,
    statement: &Statement,
    challenges: &Challenges,
) -> Result<Vec<PartitionProof>> {
    let opener = Opener::new(sector, graph, statement)?;
    let partition = |k| {
        let challenges = challenges.of_partition(statement, k);
        let openings: Result<Vec<Opening>> = challenges.into_par_iter().map(|c| opener.open(c)).collect();
        Ok(PartitionProof {
            comm_c: sector.comm_c,
            comm_r_last: sector.comm_r_last,
            openings: openings?,
        })
    };
    (0..challenges.n_partitions(statement.geometry))
        .into_par_iter()
        .map(partition)
        .collect()
}

/// Whether a proof in the open answers what is asked of partition k.
///
/// Everything is computed again: the challenges, the parents, every path, every column's digest, the challenged
/// nodes' labels in every layer, their encoding, and comm_r.
pub fn verify(
    proof: &PartitionProof,
    statement: &Statement,
    graph: &Graph,
    challenges: &Challenges,
    k: usize,
) -> bool {
    let checker = Checker {
        statement,
        graph,
        comm_c: proof.comm_c,
        comm_r_last: proof.comm_r_last,
    };
    let asked = challenges.of_partition(statement, k);
    let comm_r = super::comm_r(proof.comm_c, proof.comm_r_last);
    graph.n_nodes() == statement.geometry.n_nodes()
        && k < challenges.n_partitions(statement.geometry)
        && comm_r.is_ok_and(|comm_r| comm_r == statement.comm_r)
        && asked.len() == proof.openings.len()
        && asked
            .par_iter()
            .zip(&proof.openings)
            .all(|(&c, opening)| checker.flaw(c, opening).is_none())
}

/// The public inputs of partition k's SNARK, without the leading one.
///
/// # Errors
/// When a commitment of the statement is not canonical.
pub fn public_inputs(
    statement: &Statement,
    graph: &Graph,
    challenges: &Challenges,
    k: usize,
) -> Result<Vec<Fr>> {
    public_inputs_at(statement, graph, &challenges.of_partition(statement, k))
}

/// The public inputs of a SNARK over given challenges: replica id, comm_d, comm_r; then for each challenge its
/// way up tree D, its 6 base and 8 expander parents, itself, and its ways up tree R-last and tree C. A way is
/// told by the node's number. Spec: `generate_public_inputs` of the reference.
///
/// # Errors
/// When a commitment of the statement is not canonical.
pub fn public_inputs_at(statement: &Statement, graph: &Graph, challenges: &[u64]) -> Result<Vec<Fr>> {
    let Statement {
        replica_id,
        comm_d,
        comm_r,
        ..
    } = *statement;
    let nodes = [("replica_id", replica_id), ("comm_d", comm_d), ("comm_r", comm_r)];
    let nodes = nodes.map(|(what, node)| node.to_fr().ok_or(Error::Commitment { what }));
    let mut inputs = nodes.into_iter().collect::<Result<Vec<Fr>>>()?;
    for &challenge in challenges {
        let parents = graph.parents(challenge as usize);
        inputs.push(Fr::from(challenge));
        inputs.extend(parents.map(|parent| Fr::from(u64::from(parent))));
        inputs.extend([Fr::from(challenge); 3]);
    }
    Ok(inputs)
}

/// What is wrong with an opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It has not the form of an opening of that challenge.
    Form,
    /// The data does not lead to comm_d.
    Data,
    /// The labels of this node do not lead to comm_c.
    Column(u64),
    /// The label in this layer is not what the parents' labels make it.
    Label(usize),
    /// The replica is not the sum of key and data.
    Encoding,
    /// The replica does not lead to comm_r_last.
    Replica,
}

/// What openings are checked against.
pub(super) struct Checker<'a> {
    pub statement: &'a Statement,
    pub graph: &'a Graph,
    pub comm_c: Node,
    pub comm_r_last: Node,
}

impl Checker<'_> {
    /// The first flaw of an opening, if any.
    pub fn flaw(&self, challenge: u64, opening: &Opening) -> Option<Flaw> {
        let Statement { geometry, comm_d, .. } = *self.statement;
        if opening.challenge != challenge || !opening.fits(geometry) {
            return Some(Flaw::Form);
        }
        if !opening.data.verify(TreeHash::Sha256, geometry, challenge, comm_d) {
            return Some(Flaw::Data);
        }
        let nodes = self.graph.parents(challenge as usize).map(u64::from);
        let columns = nodes
            .iter()
            .zip(&opening.parents)
            .chain([(&challenge, &opening.column)]);
        for (&node, column) in columns {
            if !self.holds_column(node, column) {
                return Some(Flaw::Column(node));
            }
        }
        if let Some(layer) = (1..=geometry.layers).find(|&layer| !self.holds_label(layer, opening)) {
            return Some(Flaw::Label(layer));
        }
        if !holds_encoding(opening) {
            return Some(Flaw::Encoding);
        }
        let replica = &opening.replica;
        let holds = replica.verify(TreeHash::Poseidon, geometry, challenge, self.comm_r_last);
        (!holds).then_some(Flaw::Replica)
    }

    fn holds_column(&self, node: u64, column: &Column) -> bool {
        let geometry = self.statement.geometry;
        column_digest(&column.labels) == Some(column.path.leaf)
            && column
                .path
                .verify(TreeHash::Poseidon, geometry, node, self.comm_c)
    }

    fn holds_label(&self, layer: usize, opening: &Opening) -> bool {
        let (base, expander) = opening.parents.split_at(BASE_DEGREE);
        let mut parents: Vec<Node> = base.iter().map(|column| column.labels[layer - 1]).collect();
        if 1 < layer {
            parents.extend(expander.iter().map(|column| column.labels[layer - 2]));
        }
        let label = label(
            self.statement.replica_id,
            layer as u32,
            opening.challenge,
            &parents,
        );
        label == opening.column.labels[layer - 1]
    }
}

/// `Poseidon(labels of layer 1, 2, …)`; `None` when one is not canonical.
pub(super) fn column_digest(labels: &[Node]) -> Option<Node> {
    digest(Hash::poseidon(labels.len())?, labels)
}

fn holds_encoding(opening: &Opening) -> bool {
    let key = *opening
        .column
        .labels
        .last()
        .expect("a column's labels were counted");
    encoded(key, opening.data.leaf) == Some(opening.replica.leaf)
}

/// `key + data`; `None` when one is not canonical.
pub(super) fn encoded(key: Node, data: Node) -> Option<Node> {
    Some(Node::from(key.to_fr()? + data.to_fr()?))
}
