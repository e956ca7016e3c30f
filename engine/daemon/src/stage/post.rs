//! PoSt: sectors in their directories answer the chain, and SNARKs hide the answers.

use std::{
    fs::File,
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, Context, Result};
use engine_proofs::{
    geometry::Geometry,
    groth16::{Blinding, Parameters, PreparedKey, Proof, Prover, VerifyingKey},
    post::{self, vanilla, vanilla::SectorProof, Fault, Partition, PublicSector, Replica, Statement},
};
use kernels::{Backend, Node};
use rand_core::OsRng;

use super::{commit_1, pre_commit_2::bytes};
use crate::{
    map::ReadMap,
    progress::Bar,
    sector::{names, Identity, Record, Roots},
};

/// A sealed sector as it lies, looked at without its lock: a PoSt waits for nobody, and its finished files are
/// changed by no one.
#[derive(Clone, Debug)]
pub struct Lying {
    /// Where.
    pub dir: PathBuf,
    /// Whose it is.
    pub identity: Identity,
    roots: Roots,
}

impl Lying {
    /// Looks at a directory.
    ///
    /// # Errors
    /// When it holds no sector, or one that is not sealed yet.
    pub fn look(dir: &Path) -> Result<Lying> {
        let record = Record::in_dir(dir)?;
        let roots = record.roots.with_context(|| {
            format!(
                "{} is not sealed yet: there is no replica to prove",
                dir.display()
            )
        })?;
        Ok(Lying {
            dir: dir.to_owned(),
            identity: record.identity,
            roots,
        })
    }

    /// As the chain knows it.
    pub fn public(&self) -> PublicSector {
        PublicSector {
            sector: self.identity.sector,
            comm_r: self.roots.comm_r,
        }
    }

    /// Opens what is asked of it. Only that is read of the replica: neither layers nor other trees need be there.
    ///
    /// # Errors
    /// When a file is missing, damaged or another sector's; it is named.
    pub fn open(&self, challenges: &[u64]) -> Result<SectorProof, Fault> {
        let geometry = self.identity.geometry();
        self.try_open(geometry, challenges)
            .map_err(|error| Fault::Files(error.into()))
    }

    /// Reads once what will be looked at: a place that the disk cannot read any more is this sector's fault here,
    /// and would end the whole process where it is looked at in memory.
    fn probe(&self, geometry: &Geometry, challenges: &[u64]) -> Result<()> {
        let open = |name: &str| {
            let path = self.dir.join(name);
            let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
            Ok((file, path))
        };
        let replica = open(names::SEALED)?;
        let trees = (0..geometry.n_base_trees()).map(|tree| open(&names::tree_r_last(geometry, tree)));
        let trees = trees.collect::<Result<Vec<(File, PathBuf)>>>()?;
        for &node in challenges {
            let reads = post::reads(geometry, node);
            read(&replica, reads.replica)?;
            for (tree, rows) in reads.tree_r_last {
                read(&trees[tree], rows)?;
            }
        }
        Ok(())
    }

    fn try_open(&self, geometry: &'static Geometry, challenges: &[u64]) -> Result<SectorProof> {
        let map = |name: &str, size| ReadMap::open_sized(&self.dir.join(name), size);
        let replica = map(names::SEALED, geometry.sector_size.bytes())?;
        let trees = (0..geometry.n_base_trees()).map(|tree| {
            let name = names::tree_r_last(geometry, tree);
            map(&name, bytes(geometry.tree_r_last_len()))
        });
        let trees = trees.collect::<Result<Vec<ReadMap>>>()?;
        self.probe(geometry, challenges)?;
        let files = Replica {
            comm_c: self.roots.comm_c,
            comm_r_last: self.roots.comm_r_last,
            tree_r_last: trees.iter().map(ReadMap::nodes).collect(),
            replica: replica.nodes(),
        };
        vanilla::prove(geometry, &self.public(), &files, challenges).map_err(|error| {
            match commit_1::file(geometry, &error) {
                Some(name) => anyhow!(error).context(self.dir.join(name).display().to_string()),
                None => anyhow!(error),
            }
        })
    }
}

/// Reads nodes in a way that can fail.
fn read((file, path): &(File, PathBuf), range: Range<usize>) -> Result<()> {
    let mut nodes = vec![0; range.len() * Node::SIZE];
    file.read_exact_at(&mut nodes, bytes(range.start))
        .with_context(|| format!("cannot read {} from node {} on", path.display(), range.start))
}

/// Proves partitions. Each proof is verified before it is taken; the blinding comes from the operating system.
///
/// # Errors
/// When the parameters are damaged or another circuit's, or the device fails.
pub fn prove(
    device: &dyn Backend,
    parameters: &ReadMap,
    partitions: &[Partition],
    bar: &Bar,
) -> Result<Vec<Proof>> {
    let about = || parameters.path().display().to_string();
    let parsed = Parameters::parse(parameters.bytes()).with_context(about)?;
    let mut prover = Prover::new(device, &parsed, partitions.len());
    let mut proofs = Vec::with_capacity(partitions.len());
    for (k, partition) in partitions.iter().enumerate() {
        let progress = bar.part(k, partitions.len());
        let proof = partition.prove(&mut prover, Blinding::draw()?, &progress);
        proofs.push(proof.with_context(|| format!("partition {k} with {}", about()))?);
    }
    Ok(proofs)
}

/// Whether the proofs of all partitions hold, or the only proof that of the one partition.
pub fn verify(key: &VerifyingKey, statement: &Statement, partition: Option<usize>, proofs: &[Proof]) -> bool {
    let key = PreparedKey::new(key);
    match (partition, proofs) {
        (None, proofs) => post::verify(&key, statement, proofs, &mut OsRng),
        (Some(k), [proof]) if k < statement.n_partitions() => key.verify(&statement.public_inputs(k), proof),
        (Some(_), _) => false,
    }
}
