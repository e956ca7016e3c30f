//! The answer in the open as the reference writes it, so that what one has begun the other can finish.
//!
//! The form is serde's of `SealCommitPhase1Output` in `filecoin-proofs` 19.1: written as JSON, it is the
//! reference's text, byte for byte.

use kernels::{Node, BASE_DEGREE};
use serde::{Deserialize, Serialize};

use super::vanilla::{Column, Opening, PartitionProof, Statement};
use crate::{
    geometry::Geometry,
    path::{Path, Step},
    replica_id::{Seed, Ticket},
    sdr::repeated,
};

/// What Commit1 hands to Commit2.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Output", try_from = "Output")]
pub struct Commit1 {
    /// Size and all that follows from it.
    pub statement: Statement,
    /// The randomness before PreCommit.
    pub ticket: Ticket,
    /// The randomness before Commit.
    pub seed: Seed,
    /// One per partition. What was read is yet to be verified.
    pub partitions: Vec<PartitionProof>,
}

/// Text that is no output of Commit1.
#[derive(Debug, thiserror::Error)]
#[error("no output of Commit1: {0}")]
pub struct Malformed(&'static str);

type Bytes = [u8; 32];

#[derive(Clone, Serialize, Deserialize)]
struct Output {
    vanilla_proofs: Vec<Vec<Challenge>>,
    comm_r: Bytes,
    comm_d: Bytes,
    replica_id: Bytes,
    seed: Bytes,
    ticket: Bytes,
}

#[derive(Clone, Serialize, Deserialize)]
struct Challenge {
    comm_d_proofs: MerkleProof,
    comm_r_last_proof: MerkleProof,
    replica_column_proofs: Columns,
    labeling_proofs: Vec<Labeling>,
    encoding_proof: Labeling,
}

#[derive(Clone, Serialize, Deserialize)]
struct Columns {
    c_x: ColumnProof,
    drg_parents: Vec<ColumnProof>,
    exp_parents: Vec<ColumnProof>,
}

#[derive(Clone, Serialize, Deserialize)]
struct ColumnProof {
    column: Rows,
    inclusion_proof: MerkleProof,
}

#[derive(Clone, Serialize, Deserialize)]
struct Rows {
    index: u32,
    rows: Vec<Bytes>,
    _h: (),
}

/// What goes into a label; all of it stands in the columns too, so that reading passes over it.
#[derive(Clone, Serialize, Deserialize)]
struct Labeling {
    parents: Vec<Bytes>,
    layer_index: u32,
    node: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct MerkleProof {
    data: ProofData,
}

#[derive(Clone, Serialize, Deserialize)]
enum ProofData {
    Single {
        root: Bytes,
        leaf: Bytes,
        path: Steps,
    },
    Sub {
        base_proof: Steps,
        sub_proof: Steps,
        root: Bytes,
        leaf: Bytes,
    },
    Top {
        base_proof: Steps,
        sub_proof: Steps,
        top_proof: Steps,
        root: Bytes,
        leaf: Bytes,
    },
}

#[derive(Clone, Serialize, Deserialize)]
struct Steps {
    path: Vec<Element>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Element {
    hashes: Vec<Bytes>,
    index: usize,
}

impl From<Commit1> for Output {
    fn from(commit: Commit1) -> Output {
        let Statement {
            geometry,
            replica_id,
            comm_d,
            comm_r,
        } = commit.statement;
        let partition = |proof: &PartitionProof| {
            let openings = proof.openings.iter();
            openings
                .map(|opening| Challenge::new(geometry, comm_d, proof, opening))
                .collect()
        };
        Output {
            vanilla_proofs: commit.partitions.iter().map(partition).collect(),
            comm_r: comm_r.0,
            comm_d: comm_d.0,
            replica_id: replica_id.0,
            seed: commit.seed.0,
            ticket: commit.ticket.0,
        }
    }
}

impl Challenge {
    fn new(geometry: &Geometry, comm_d: Node, proof: &PartitionProof, opening: &Opening) -> Challenge {
        let column = |column: &Column| ColumnProof {
            column: Rows {
                index: column.path.index() as u32,
                rows: bytes(&column.labels),
                _h: (),
            },
            inclusion_proof: MerkleProof::compound(geometry, &column.path, proof.comm_c),
        };
        let (base, expander) = opening.parents.split_at(BASE_DEGREE);
        let labeling_proofs: Vec<Labeling> = (1..=geometry.layers as u32)
            .map(|layer| Labeling::new(layer, opening))
            .collect();
        Challenge {
            comm_d_proofs: MerkleProof::single(&opening.data, comm_d),
            comm_r_last_proof: MerkleProof::compound(geometry, &opening.replica, proof.comm_r_last),
            replica_column_proofs: Columns {
                c_x: column(&opening.column),
                drg_parents: base.iter().map(column).collect(),
                exp_parents: expander.iter().map(column).collect(),
            },
            encoding_proof: labeling_proofs.last().expect("every geometry has layers").clone(),
            labeling_proofs,
        }
    }
}

impl Labeling {
    fn new(layer: u32, opening: &Opening) -> Labeling {
        let labels = opening.parent_labels(layer as usize);
        let parents: Vec<Node> = repeated(opening.challenge, &labels).collect();
        Labeling {
            parents: bytes(&parents),
            layer_index: layer,
            node: opening.challenge,
        }
    }
}

impl MerkleProof {
    fn single(path: &Path, root: Node) -> MerkleProof {
        let data = ProofData::Single {
            root: root.0,
            leaf: path.leaf.0,
            path: Steps::from(&path.steps[..]),
        };
        MerkleProof { data }
    }

    fn compound(geometry: &Geometry, path: &Path, root: Node) -> MerkleProof {
        let (base, crown) = path.steps.split_at(geometry.base_rows() - 1);
        let (root, leaf) = (root.0, path.leaf.0);
        let base_proof = Steps::from(base);
        let data = match crown {
            [] => ProofData::Single {
                root,
                leaf,
                path: base_proof,
            },
            [sub] => ProofData::Sub {
                base_proof,
                sub_proof: Steps::from(&[sub.clone()][..]),
                root,
                leaf,
            },
            [sub, top @ ..] => ProofData::Top {
                base_proof,
                sub_proof: Steps::from(&[sub.clone()][..]),
                top_proof: Steps::from(top),
                root,
                leaf,
            },
        };
        MerkleProof { data }
    }

    fn root(&self) -> Node {
        match &self.data {
            ProofData::Single { root, .. } | ProofData::Sub { root, .. } | ProofData::Top { root, .. } => {
                Node(*root)
            }
        }
    }
}

impl From<MerkleProof> for Path {
    fn from(proof: MerkleProof) -> Path {
        let (leaf, parts) = match proof.data {
            ProofData::Single { leaf, path, .. } => (leaf, vec![path]),
            ProofData::Sub {
                leaf,
                base_proof,
                sub_proof,
                ..
            } => (leaf, vec![base_proof, sub_proof]),
            ProofData::Top {
                leaf,
                base_proof,
                sub_proof,
                top_proof,
                ..
            } => (leaf, vec![base_proof, sub_proof, top_proof]),
        };
        let elements = parts.into_iter().flat_map(|part| part.path);
        let step = |element: Element| Step {
            index: element.index,
            siblings: nodes(element.hashes),
        };
        Path {
            leaf: Node(leaf),
            steps: elements.map(step).collect(),
        }
    }
}

impl From<&[Step]> for Steps {
    fn from(steps: &[Step]) -> Steps {
        let element = |step: &Step| Element {
            hashes: bytes(&step.siblings),
            index: step.index,
        };
        Steps {
            path: steps.iter().map(element).collect(),
        }
    }
}

impl TryFrom<Output> for Commit1 {
    type Error = Malformed;

    fn try_from(output: Output) -> Result<Commit1, Malformed> {
        let first = output
            .vanilla_proofs
            .first()
            .and_then(|partition| partition.first());
        let first = first.ok_or(Malformed("it opens nothing"))?;
        let geometry = geometry(first).ok_or(Malformed("its tree D is that of no sector size"))?;
        let partitions = output
            .vanilla_proofs
            .into_iter()
            .map(partition)
            .collect::<Result<Vec<_>, _>>()?;
        if !partitions
            .iter()
            .flat_map(|proof| &proof.openings)
            .all(|opening| opening.fits(geometry))
        {
            return Err(Malformed(
                "one of its openings has not the form of its sector size",
            ));
        }
        let [comm_d, comm_r, replica_id] = [output.comm_d, output.comm_r, output.replica_id].map(Node);
        let statement = Statement {
            geometry,
            replica_id,
            comm_d,
            comm_r,
        };
        Ok(Commit1 {
            statement,
            ticket: Ticket(output.ticket),
            seed: Seed(output.seed),
            partitions,
        })
    }
}

/// The geometry whose tree D is as deep as an opening's path in it: no two are equally deep.
fn geometry(challenge: &Challenge) -> Option<&'static Geometry> {
    let data = Path::from(challenge.comm_d_proofs.clone());
    crate::geometry::GEOMETRIES
        .iter()
        .find(|row| row.n_nodes().ilog2() as usize == data.steps.len())
}

fn partition(challenges: Vec<Challenge>) -> Result<PartitionProof, Malformed> {
    let first = challenges
        .first()
        .ok_or(Malformed("one of its partitions opens nothing"))?;
    Ok(PartitionProof {
        comm_c: first.replica_column_proofs.c_x.inclusion_proof.root(),
        comm_r_last: first.comm_r_last_proof.root(),
        openings: challenges.into_iter().map(Opening::from).collect(),
    })
}

impl From<Challenge> for Opening {
    fn from(challenge: Challenge) -> Opening {
        let Columns {
            c_x,
            drg_parents,
            exp_parents,
        } = challenge.replica_column_proofs;
        Opening {
            challenge: u64::from(c_x.column.index),
            data: challenge.comm_d_proofs.into(),
            replica: challenge.comm_r_last_proof.into(),
            column: c_x.into(),
            parents: drg_parents
                .into_iter()
                .chain(exp_parents)
                .map(Column::from)
                .collect(),
        }
    }
}

impl From<ColumnProof> for Column {
    fn from(proof: ColumnProof) -> Column {
        Column {
            labels: nodes(proof.column.rows),
            path: proof.inclusion_proof.into(),
        }
    }
}

fn bytes(nodes: &[Node]) -> Vec<Bytes> {
    nodes.iter().map(|node| node.0).collect()
}

fn nodes(bytes: Vec<Bytes>) -> Vec<Node> {
    bytes.into_iter().map(Node).collect()
}
