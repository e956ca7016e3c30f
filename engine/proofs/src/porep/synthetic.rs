//! Synthetic PoRep: every answer that a seed may ask for, made and stored before there is a seed.
//!
//! Once they are stored, the layers, tree C and tree D are needed no more, and most of the disk is free again
//! while the chain is waited for. The file is the reference's, byte for byte (`SynthProofs` in
//! `storage-proofs-porep` 19.1): comm_d, comm_c and comm_r_last; then, for each synthetic challenge in its
//! order, a record of fixed size: the challenge and its 14 parents as `u64le`, the path in tree D, column and
//! path in tree C of the challenge and of each parent, and the path in tree R-last. A path is its leaf, then all
//! siblings, row by row; where the leaf stands among them, its number says.

use kernels::{Node, DEGREE};
use rayon::prelude::*;

use super::{
    challenge::{n_synthetic, numbers, selected, Synthetic},
    sector::{Opener, Sector},
    vanilla::{Checker, Column, Opening, PartitionProof, Statement},
};
use crate::{
    geometry::Geometry,
    graph::Graph,
    path::{Path, Step, TreeHash},
    progress::{report, Progress},
    replica_id::Seed,
    Error, Result,
};

/// The roots before the records.
const HEADER_SIZE: usize = 3 * Node::SIZE;

/// Records between two reports of progress.
const BATCH: usize = 1 << 10;

/// Bytes of the file of a sector of that geometry: about half a megabyte for 2 KiB, 11 GiB for 32 GiB.
pub fn file_size(geometry: &Geometry) -> u64 {
    let records = n_synthetic(geometry.n_nodes()) * record_size(geometry);
    (HEADER_SIZE + records) as u64
}

fn record_size(geometry: &Geometry) -> usize {
    let path = |hash: TreeHash| {
        1 + hash
            .arities(geometry)
            .iter()
            .map(|arity| arity - 1)
            .sum::<usize>()
    };
    let (data, replica) = (path(TreeHash::Sha256), path(TreeHash::Poseidon));
    let columns = (1 + DEGREE) * (geometry.layers + replica);
    (1 + DEGREE) * size_of::<u64>() + (data + columns + replica) * Node::SIZE
}

/// Opens every synthetic challenge into a file.
///
/// What is opened is checked on the way, as in [`vanilla::prove`](super::vanilla::prove), so that what it was
/// made from may go afterwards.
///
/// # Errors
/// When a file of the sector is missing, has the wrong length, is damaged or another sector's.
///
/// # Panics
/// When `file` has not [`file_size`] bytes, or the graph has more or fewer nodes than the statement's geometry.
pub fn prove(
    sector: &Sector<'_>,
    graph: &Graph,
    statement: &Statement,
    file: &mut [u8],
    progress: Progress<'_>,
) -> Result<()> {
    let geometry = statement.geometry;
    assert_eq!(file.len() as u64, file_size(geometry), "bytes of the file");
    let opener = Opener::new(sector, graph, statement)?;
    let challenges = Synthetic::new(statement.replica_id, statement.comm_r, geometry.n_nodes()).all();
    let (header, records) = file.split_at_mut(HEADER_SIZE);
    header.copy_from_slice(Node::bytes(&[
        statement.comm_d,
        sector.comm_c,
        sector.comm_r_last,
    ]));
    let size = record_size(geometry);
    let batches = challenges.chunks(BATCH).zip(records.chunks_mut(BATCH * size));
    for (i, (batch, records)) in batches.enumerate() {
        report(progress, i * BATCH, challenges.len())?;
        let records = records.par_chunks_exact_mut(size);
        batch
            .par_iter()
            .zip(records)
            .try_for_each(|(&challenge, record)| {
                let opening = opener.open(challenge)?;
                Writer(record).opening(&opening);
                Ok::<(), Error>(())
            })?;
    }
    report(progress, challenges.len(), challenges.len())
}

/// The openings that the seed selects from the file, one proof per partition.
///
/// Only their records are read, and each is checked against the statement, so that a proof that is returned
/// verifies.
///
/// # Errors
/// When the file has the wrong length, begins with another sector's roots, or a record is not the answer to its
/// challenge.
///
/// # Panics
/// When the graph has more or fewer nodes than the statement's geometry.
pub fn select(file: &[u8], graph: &Graph, statement: &Statement, seed: &Seed) -> Result<Vec<PartitionProof>> {
    let geometry = statement.geometry;
    assert_eq!(graph.n_nodes(), geometry.n_nodes(), "nodes of the graph");
    let (expected, found) = (file_size(geometry), file.len() as u64);
    if expected != found {
        return Err(Error::SyntheticLength { expected, found });
    }
    let (header, records) = file.split_at(HEADER_SIZE);
    let mut header = Reader(header);
    let [comm_d, comm_c, comm_r_last] = [(); 3].map(|()| header.node());
    let comm_r = super::comm_r(comm_c, comm_r_last).ok();
    if comm_d != statement.comm_d || comm_r != Some(statement.comm_r) {
        return Err(Error::SyntheticForeign);
    }
    let checker = Checker {
        statement,
        graph,
        comm_c,
        comm_r_last,
    };
    let partition = |k| {
        let numbers = numbers(geometry, k);
        let selected = selected(statement.replica_id, seed, geometry.n_nodes(), numbers);
        let openings = selected.into_par_iter().map(|number| {
            let record = &records[number as usize * record_size(geometry)..][..record_size(geometry)];
            let opening = read_record(record, number, &checker);
            opening.ok_or(Error::SyntheticRecord { number })
        });
        Ok(PartitionProof {
            comm_c,
            comm_r_last,
            openings: openings.collect::<Result<_>>()?,
        })
    };
    (0..geometry.porep_partitions).map(partition).collect()
}

/// The opening of the synthetic challenge with that number; `None` when its record is another's, or damaged.
fn read_record(record: &[u8], number: u32, checker: &Checker<'_>) -> Option<Opening> {
    let Statement {
        geometry,
        replica_id,
        comm_r,
        ..
    } = *checker.statement;
    let challenge = Synthetic::new(replica_id, comm_r, geometry.n_nodes()).challenge(number);
    let parents = checker.graph.parents(challenge as usize).map(u64::from);
    let mut reader = Reader(record);
    let mut numbers = [challenge].into_iter().chain(parents);
    if !numbers.all(|number| reader.number() == number) {
        return None;
    }
    let opening = Opening {
        challenge,
        data: reader.path(TreeHash::Sha256, geometry, challenge),
        column: reader.column(geometry, challenge),
        parents: parents.map(|parent| reader.column(geometry, parent)).into(),
        replica: reader.path(TreeHash::Poseidon, geometry, challenge),
    };
    checker.flaw(challenge, &opening).is_none().then_some(opening)
}

/// Writes a record, and knows what is left of it.
struct Writer<'a>(&'a mut [u8]);

impl Writer<'_> {
    fn opening(mut self, opening: &Opening) {
        self.bytes(&opening.challenge.to_le_bytes());
        for parent in &opening.parents {
            self.bytes(&parent.path.index().to_le_bytes());
        }
        self.path(&opening.data);
        for column in [&opening.column].into_iter().chain(&opening.parents) {
            self.bytes(Node::bytes(&column.labels));
            self.path(&column.path);
        }
        self.path(&opening.replica);
        assert!(self.0.is_empty(), "an opening fills its record");
    }

    fn path(&mut self, path: &Path) {
        self.bytes(&path.leaf.0);
        for step in &path.steps {
            self.bytes(Node::bytes(&step.siblings));
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let (now, later) = std::mem::take(&mut self.0).split_at_mut(bytes.len());
        now.copy_from_slice(bytes);
        self.0 = later;
    }
}

/// Reads a record, or the header, and knows what is left of it.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    fn node(&mut self) -> Node {
        Node(self.bytes())
    }

    fn column(&mut self, geometry: &Geometry, node: u64) -> Column {
        Column {
            labels: (0..geometry.layers).map(|_| self.node()).collect(),
            path: self.path(TreeHash::Poseidon, geometry, node),
        }
    }

    fn path(&mut self, hash: TreeHash, geometry: &Geometry, node: u64) -> Path {
        let leaf = self.node();
        let mut rest = node as usize;
        let mut step = |arity: usize| {
            let index = rest % arity;
            rest /= arity;
            let siblings = (1..arity).map(|_| self.node()).collect();
            Step { index, siblings }
        };
        let steps = hash.arities(geometry).into_iter().map(&mut step).collect();
        Path { leaf, steps }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (now, later) = self.0.split_first_chunk().expect("the length was checked");
        self.0 = later;
        *now
    }
}
