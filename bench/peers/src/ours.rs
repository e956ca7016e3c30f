//! Lode at work on one sector, phase by phase, in memory; its files have the reference's names.

pub mod update;

use std::{fs, path::Path};

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    fr32,
    graph::Graph,
    groth16::{Blinding, Claim, Parameters, PreparedKey, Proof, Prover},
    piece::{self, CommP, Piece, PieceSize},
    porep::{
        challenge::Challenges,
        circuit::Porep,
        comm_r,
        sector::Sector,
        synthetic,
        vanilla::{self, PartitionProof, Statement},
    },
    replica_id::replica_id,
    sdr::{self, ParentSource},
    silent, tree, Part,
};
use kernels::{Backend, Lane, Node};
use rand_core::OsRng;
use rayon::prelude::*;

use crate::{
    case::Case,
    reference::{Commitments, Directory},
};

/// The graph of a case.
pub fn graph(case: &Case) -> Graph {
    Graph::new(
        case.geometry.n_nodes(),
        &case.porep_id,
        case.seal_proof.api_version(),
    )
}

/// What a case's proof must open.
pub fn challenges(case: &Case) -> Challenges {
    Challenges::of(case.seal_proof, case.seed)
}

/// AddPiece: the sector's data as nodes, and each piece's commitment.
pub fn add_pieces(device: &dyn Backend, case: &Case) -> Result<(Vec<Node>, Vec<Piece>)> {
    let sizes = case
        .pieces
        .iter()
        .map(|data| PieceSize::holding(data.len() as u64));
    let places = piece::lay(&sizes.collect::<Result<Vec<_>, _>>()?, case.geometry.sector_size)?;
    let mut staged = vec![Node::ZERO; case.geometry.n_nodes()];
    let mut pieces = Vec::new();
    for (data, place) in case.pieces.iter().zip(places) {
        let mut comm_p = CommP::new(device);
        comm_p.update(data)?;
        pieces.push(comm_p.finish()?);
        let first = place.padded_offset() as usize;
        fr32::pad(
            data,
            &mut Node::bytes_mut(&mut staged)[first..first + fr32::padded_len(data.len())],
        );
    }
    Ok((staged, pieces))
}

/// What PreCommit1 leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Root of the data.
    pub comm_d: Node,
    /// The identity of the replica.
    pub replica_id: Node,
    /// Tree D.
    pub tree_d: Vec<Node>,
    /// Layers of labels, the first one first.
    pub layers: Vec<Vec<Node>>,
}

/// PreCommit1: tree D and the layers.
pub fn pre_commit_1(
    device: &dyn Backend,
    case: &Case,
    parents: ParentSource<'_>,
    staged: &[Node],
) -> Result<Labelled> {
    let mut tree_d = vec![Node::ZERO; case.geometry.tree_d_len()];
    let comm_d = tree::tree_d(device, staged, &mut tree_d, &silent)?;
    let replica_id = replica_id(&case.prover_id, case.sector, &case.ticket, comm_d, &case.porep_id);
    let layers = label(device, case, parents, replica_id)?;
    Ok(Labelled {
        comm_d,
        replica_id,
        tree_d,
        layers,
    })
}

/// Every layer, the first one first.
fn label(
    device: &dyn Backend,
    case: &Case,
    parents: ParentSource<'_>,
    replica_id: Node,
) -> Result<Vec<Vec<Node>>> {
    let mut layers: Vec<Vec<Node>> = Vec::new();
    for layer in 1..=case.geometry.layers as u32 {
        let mut labels = vec![Node::ZERO; case.geometry.n_nodes()];
        let lane = Lane {
            replica_id,
            previous: layers.last().map_or(&[][..], Vec::as_slice),
            labels: &mut labels,
        };
        sdr::label_layer(device, parents, layer, &mut [lane], &silent)?;
        layers.push(labels);
    }
    Ok(layers)
}

/// A sealed sector: all its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What it is known by.
    pub commitments: Commitments,
    /// What PreCommit1 left.
    pub labelled: Labelled,
    /// The base trees of tree C.
    pub tree_c: Vec<Vec<Node>>,
    /// The base trees of tree R-last, without their discarded rows.
    pub tree_r_last: Vec<Vec<Node>>,
    /// The replica.
    pub replica: Vec<Node>,
}

/// PreCommit2: tree C, the replica, tree R-last.
pub fn pre_commit_2(
    device: &dyn Backend,
    case: &Case,
    labelled: Labelled,
    staged: Vec<Node>,
) -> Result<Sealed> {
    let geometry = case.geometry;
    let key = labelled.layers.last().context("a geometry has layers")?;
    let (mut replica, mut roots_c, mut roots_r) = (staged, Vec::new(), Vec::new());
    let (mut tree_c, mut tree_r_last) = (Vec::new(), Vec::new());
    for (base, data) in replica.chunks_mut(geometry.base_leaves()).enumerate() {
        let share = base * geometry.base_leaves()..(base + 1) * geometry.base_leaves();
        let layers: Vec<&[Node]> = labelled
            .layers
            .iter()
            .map(|layer| &layer[share.clone()])
            .collect();
        let mut tree = vec![Node::ZERO; geometry.base_tree_len()];
        roots_c.push(tree::tree_c_base(device, &layers, &mut tree, &silent)?);
        tree_c.push(tree);
        let mut kept = vec![Node::ZERO; geometry.tree_r_last_len()];
        let key = &key[share.clone()];
        roots_r.push(tree::tree_r_last_base(
            device, geometry, key, data, &mut kept, &silent,
        )?);
        tree_r_last.push(kept);
    }
    let comm_c = tree::Crown::new(geometry, roots_c, Part::TreeC)?.root();
    let comm_r_last = tree::Crown::new(geometry, roots_r, Part::TreeRLast)?.root();
    Ok(Sealed {
        commitments: Commitments {
            comm_d: labelled.comm_d,
            comm_c,
            comm_r_last,
            comm_r: comm_r(comm_c, comm_r_last)?,
        },
        labelled,
        tree_c,
        tree_r_last,
        replica,
    })
}

/// The whole way from data to replica.
pub fn seal(device: &dyn Backend, case: &Case) -> Result<Sealed> {
    let (staged, _) = add_pieces(device, case)?;
    let labelled = pre_commit_1(device, case, ParentSource::Computed(&graph(case)), &staged)?;
    pre_commit_2(device, case, labelled, staged)
}

impl Sealed {
    /// What its proof claims.
    pub fn statement(&self, case: &Case) -> Statement {
        Statement {
            geometry: case.geometry,
            replica_id: self.labelled.replica_id,
            comm_d: self.commitments.comm_d,
            comm_r: self.commitments.comm_r,
        }
    }

    /// Its files, as a proof reads them.
    fn sector(&self) -> Sector<'_> {
        Sector {
            comm_c: self.commitments.comm_c,
            comm_r_last: self.commitments.comm_r_last,
            layers: self.labelled.layers.iter().map(Vec::as_slice).collect(),
            tree_d: &self.labelled.tree_d,
            tree_c: self.tree_c.iter().map(Vec::as_slice).collect(),
            tree_r_last: self.tree_r_last.iter().map(Vec::as_slice).collect(),
            replica: &self.replica,
        }
    }

    /// Commit1: opens the challenged nodes.
    pub fn open(&self, case: &Case, graph: &Graph) -> Result<Vec<PartitionProof>> {
        let (statement, challenges) = (self.statement(case), challenges(case));
        Ok(vanilla::prove(&self.sector(), graph, &statement, &challenges)?)
    }

    /// The file of everything that a seed may ask for.
    pub fn store_synthetic(&self, case: &Case) -> Result<Vec<u8>> {
        let mut file = vec![0; synthetic::file_size(case.geometry) as usize];
        let (graph, statement) = (graph(case), self.statement(case));
        synthetic::prove(&self.sector(), &graph, &statement, &mut file, &silent)?;
        Ok(file)
    }

    /// Commit1 from such a file, whoever made it.
    pub fn open_stored(&self, case: &Case, file: &[u8]) -> Result<Vec<PartitionProof>> {
        Ok(synthetic::select(
            file,
            &graph(case),
            &self.statement(case),
            &case.seed,
        )?)
    }

    /// Commit2: the SNARK of every partition, one after the other.
    pub fn prove(
        &self,
        device: &dyn Backend,
        case: &Case,
        parameters: &Parameters<'_>,
        partitions: &[PartitionProof],
    ) -> Result<Vec<u8>> {
        let (graph, statement) = (graph(case), self.statement(case));
        let mut prover = Prover::new(device, parameters, partitions.len());
        let mut proof = Vec::new();
        for (k, partition) in partitions.iter().enumerate() {
            let inputs = vanilla::public_inputs(&statement, &graph, &challenges(case), k)?;
            let circuit = Porep::new(&statement, partition);
            let snark = prover.prove(circuit, &inputs, Blinding::draw()?, &silent)?;
            proof.extend(snark.to_bytes());
        }
        Ok(proof)
    }

    /// Whether every partition's SNARK convinces us.
    ///
    /// # Errors
    /// When the bytes are no proofs.
    pub fn verify(&self, case: &Case, key: &PreparedKey, proof: &[u8]) -> Result<bool> {
        self.verify_batch(case, key, &[proof])
    }

    /// Whether several proofs of this sector convince us as one batch.
    ///
    /// # Errors
    /// When the bytes are no proofs.
    pub fn verify_batch(&self, case: &Case, key: &PreparedKey, proofs: &[&[u8]]) -> Result<bool> {
        let (graph, statement) = (graph(case), self.statement(case));
        let n_partitions = case.geometry.porep_partitions;
        let inputs = |k| vanilla::public_inputs(&statement, &graph, &challenges(case), k);
        let inputs = (0..n_partitions).map(inputs).collect::<Result<Vec<_>, _>>()?;
        let snarks = proofs.par_iter().map(|proof| Proof::many(proof, n_partitions));
        let snarks = snarks.collect::<Result<Vec<_>, _>>()?.concat();
        let claim = |(proof, inputs)| Claim { inputs, proof };
        let inputs = inputs.iter().map(Vec::as_slice).cycle();
        let claims: Vec<Claim<'_>> = snarks.iter().zip(inputs).map(claim).collect();
        Ok(key.verify_batch(&claims, &mut OsRng))
    }

    /// The files of the cache directory and what lies in them, but for `t_aux`.
    pub fn files(&self) -> Vec<(String, &[Node])> {
        let Sealed {
            labelled,
            tree_c,
            tree_r_last,
            ..
        } = self;
        let layers = (1..).zip(&labelled.layers);
        let layers = layers.map(|(layer, labels)| (store(&format!("layer-{layer}")), &labels[..]));
        let mut files: Vec<_> = layers.collect();
        files.push((store("tree-d"), &labelled.tree_d));
        for (name, trees) in [("tree-c", tree_c), ("tree-r-last", tree_r_last)] {
            let names = base_trees(name, trees.len());
            files.extend(names.into_iter().zip(trees).map(|(name, tree)| (name, &tree[..])));
        }
        files
    }

    /// `p_aux`: comm_c, then comm_r_last.
    pub fn p_aux(&self) -> [Node; 2] {
        [self.commitments.comm_c, self.commitments.comm_r_last]
    }

    /// Writes every file but `t_aux`.
    pub fn write(&self, directory: &Directory) -> Result<()> {
        fs::create_dir_all(&directory.cache)?;
        for (name, nodes) in self.files() {
            fs::write(directory.cache.join(name), Node::bytes(nodes))?;
        }
        fs::write(directory.cache.join("p_aux"), Node::bytes(&self.p_aux()))?;
        fs::write(&directory.sealed, Node::bytes(&self.replica))?;
        Ok(())
    }

    /// Reads a sector back, whoever sealed it. comm_d and comm_r are taken from tree D and `p_aux`.
    pub fn read(case: &Case, directory: &Directory) -> Result<Sealed> {
        let geometry = case.geometry;
        let file = |name: &str| nodes(&directory.cache.join(name));
        let all = |names: Vec<String>| names.iter().map(|name| file(name)).collect::<Result<Vec<_>>>();
        let tree_d = file(&store("tree-d"))?;
        let comm_d = *tree_d.last().context("tree D is empty")?;
        let [comm_c, comm_r_last] = file("p_aux")?[..] else {
            anyhow::bail!("p_aux does not hold two nodes");
        };
        let replica_id = replica_id(&case.prover_id, case.sector, &case.ticket, comm_d, &case.porep_id);
        Ok(Sealed {
            commitments: Commitments {
                comm_d,
                comm_c,
                comm_r_last,
                comm_r: comm_r(comm_c, comm_r_last)?,
            },
            labelled: Labelled {
                comm_d,
                replica_id,
                tree_d,
                layers: all((1..=geometry.layers)
                    .map(|layer| store(&format!("layer-{layer}")))
                    .collect())?,
            },
            tree_c: all(base_trees("tree-c", geometry.n_base_trees()))?,
            tree_r_last: all(base_trees("tree-r-last", geometry.n_base_trees()))?,
            replica: nodes(&directory.sealed)?,
        })
    }
}

/// Unseals the first `len` bytes of the data: the labels once more, and the key taken from the replica.
pub fn unseal(device: &dyn Backend, case: &Case, directory: &Directory, len: usize) -> Result<Vec<u8>> {
    let tree_d = nodes(&directory.cache.join(store("tree-d")))?;
    let comm_d = *tree_d.last().context("tree D is empty")?;
    let replica_id = replica_id(&case.prover_id, case.sector, &case.ticket, comm_d, &case.porep_id);
    let mut layers = label(device, case, ParentSource::Computed(&graph(case)), replica_id)?;
    let mut data = nodes(&directory.sealed)?;
    device.decode(&layers.pop().context("a geometry has layers")?, &mut data)?;
    let mut unsealed = vec![0; len];
    fr32::unpad(&Node::bytes(&data)[..fr32::padded_len(len)], &mut unsealed);
    Ok(unsealed)
}

fn nodes(path: &Path) -> Result<Vec<Node>> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    ensure!(
        bytes.len().is_multiple_of(Node::SIZE),
        "{} is cut short",
        path.display()
    );
    Ok(Node::slice(&bytes).to_vec())
}

/// The file of a store: `sc-02-data-<id>.dat`.
fn store(id: &str) -> String {
    format!("sc-02-data-{id}.dat")
}

/// The files of base trees: numbered when there are several.
fn base_trees(id: &str, n: usize) -> Vec<String> {
    if n == 1 {
        return vec![store(id)];
    }
    (0..n).map(|base| store(&format!("{id}-{base}"))).collect()
}
