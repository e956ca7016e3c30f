//! Openings, from one side's types to the other's.

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    path::{Path, Step},
    porep::vanilla::{Column, Opening, PartitionProof},
};
use filecoin_hashers::{Domain, Hasher, PoseidonArity};
use filecoin_proofs::{DefaultPieceHasher, MerkleTreeTrait, VanillaSealProof};
use kernels::{Node, BASE_DEGREE, DEGREE};
use serde::{de::DeserializeOwned, Deserialize};
use storage_proofs_core::merkle::{MerkleProof, MerkleProofTrait};
use storage_proofs_porep::stacked::{
    Column as TheirColumn, ColumnProof, EncodingProof, LabelingProof, Proof, ReplicaColumnProof,
    TOTAL_PARENTS,
};

type ShapedProof<Tree> = MerkleProof<
    <Tree as MerkleTreeTrait>::Hasher,
    <Tree as MerkleTreeTrait>::Arity,
    <Tree as MerkleTreeTrait>::SubTreeArity,
    <Tree as MerkleTreeTrait>::TopTreeArity,
>;

pub(super) fn node(domain: &impl Domain) -> Node {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(domain.as_ref());
    Node(bytes)
}

pub(super) fn domain<D: Domain>(node: Node) -> Result<D> {
    D::try_from_bytes(&node.0).with_context(|| format!("{node} is not canonical"))
}

/// The openings of one partition, as ours.
pub(super) fn to_ours<Tree: 'static + MerkleTreeTrait>(
    openings: &[VanillaSealProof<Tree>],
) -> Result<PartitionProof> {
    let first = openings.first().context("a partition has an opening")?;
    Ok(PartitionProof {
        comm_c: node(&first.comm_c()),
        comm_r_last: node(&first.comm_r_last()),
        openings: openings.iter().map(opening).collect::<Result<_>>()?,
    })
}

fn opening<Tree: 'static + MerkleTreeTrait>(theirs: &VanillaSealProof<Tree>) -> Result<Opening> {
    let columns = &theirs.replica_column_proofs;
    let parents = columns.drg_parents.iter().chain(&columns.exp_parents);
    let (_, own) = column::<ShapedProof<Tree>>(&columns.c_x)?;
    Ok(Opening {
        challenge: column::<ShapedProof<Tree>>(&columns.c_x)?.0,
        data: path(&theirs.comm_d_proofs),
        replica: path(&theirs.comm_r_last_proof),
        column: own,
        parents: parents
            .map(|parent| Ok(column::<ShapedProof<Tree>>(parent)?.1))
            .collect::<Result<_>>()?,
    })
}

/// What a column proof holds; its fields are private, its written form is not.
#[derive(Deserialize)]
#[serde(bound = "P: DeserializeOwned")]
struct Written<P: MerkleProofTrait> {
    column: TheirColumn<P::Hasher>,
    inclusion_proof: P,
}

fn column<P: MerkleProofTrait + 'static>(theirs: &ColumnProof<P>) -> Result<(u64, Column)> {
    let written: Written<P> = serde_json::from_value(serde_json::to_value(theirs)?)?;
    let labels = written.column.rows().iter().map(node).collect();
    let path = path(&written.inclusion_proof);
    Ok((written.column.index().into(), Column { labels, path }))
}

pub(super) fn path(theirs: &impl MerkleProofTrait) -> Path {
    let step = |(siblings, index): (Vec<_>, usize)| Step {
        index,
        siblings: siblings.iter().map(node).collect(),
    };
    Path {
        leaf: node(&theirs.leaf()),
        steps: theirs.path().into_iter().map(step).collect(),
    }
}

/// The openings of one partition, as the reference's.
pub(super) fn to_theirs<Tree: 'static + MerkleTreeTrait>(
    ours: &PartitionProof,
    comm_d: Node,
) -> Result<Vec<VanillaSealProof<Tree>>> {
    ours.openings
        .iter()
        .map(|opening| their_opening(ours, opening, comm_d))
        .collect()
}

fn their_opening<Tree: 'static + MerkleTreeTrait>(
    partition: &PartitionProof,
    ours: &Opening,
    comm_d: Node,
) -> Result<VanillaSealProof<Tree>> {
    ensure!(ours.parents.len() == DEGREE, "{} parents", ours.parents.len());
    let their_column = |column: &Column| {
        let labels = column
            .labels
            .iter()
            .map(|label| domain(*label))
            .collect::<Result<_>>()?;
        let proof: ShapedProof<Tree> = their_path(&column.path, partition.comm_c)?;
        // A column's place is also where its path leads.
        Ok(ColumnProof::new(proof.path_index() as u32, labels, proof))
    };
    let labelings = (1..=ours.column.labels.len())
        .map(|layer| {
            Ok(LabelingProof::new(
                layer as u32,
                ours.challenge,
                preimage(ours, layer)?,
            ))
        })
        .collect::<Result<Vec<LabelingProof<Tree::Hasher>>>>()?;
    let last = ours.column.labels.len();
    Ok(Proof::<Tree, DefaultPieceHasher> {
        comm_d_proofs: their_path(&ours.data, comm_d)?,
        comm_r_last_proof: their_path(&ours.replica, partition.comm_r_last)?,
        replica_column_proofs: ReplicaColumnProof {
            c_x: their_column(&ours.column)?,
            drg_parents: ours.parents[..BASE_DEGREE]
                .iter()
                .map(their_column)
                .collect::<Result<_>>()?,
            exp_parents: ours.parents[BASE_DEGREE..]
                .iter()
                .map(their_column)
                .collect::<Result<_>>()?,
        },
        labeling_proofs: labelings,
        encoding_proof: EncodingProof::new(last as u32, ours.challenge, preimage(ours, last)?),
    })
}

/// The 37 parent labels under a node's label: base parents in its own layer, expander parents in the one
/// before.
fn preimage<D: Domain>(ours: &Opening, layer: usize) -> Result<Vec<D>> {
    let base = ours.parents[..BASE_DEGREE]
        .iter()
        .map(|parent| parent.labels[layer - 1]);
    let expander = ours.parents[BASE_DEGREE..].iter();
    let labels: Vec<Node> = if layer == 1 {
        base.collect()
    } else {
        base.chain(expander.map(|parent| parent.labels[layer - 2]))
            .collect()
    };
    labels
        .iter()
        .cycle()
        .take(TOTAL_PARENTS)
        .map(|label| domain(*label))
        .collect()
}

pub(super) fn their_path<H, A, B, C>(ours: &Path, root: Node) -> Result<MerkleProof<H, A, B, C>>
where
    H: Hasher,
    A: 'static + PoseidonArity,
    B: 'static + PoseidonArity,
    C: 'static + PoseidonArity,
{
    let step = |step: &Step| {
        let siblings = step
            .siblings
            .iter()
            .map(|sibling| domain(*sibling))
            .collect::<Result<Vec<_>>>()?;
        Ok((siblings, step.index))
    };
    let steps = ours.steps.iter().map(step).collect::<Result<Vec<_>>>()?;
    Ok(MerkleProof::from_parts(domain(ours.leaf)?, domain(root)?, steps))
}
