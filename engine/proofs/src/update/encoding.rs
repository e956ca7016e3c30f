//! From the old replica and new data to the new replica, and back.

use std::{ops::Range, sync::OnceLock};

use ff::Field;
use kernels::{Backend, Factors, Fr, Hash, Node};

use super::{phi, Rules};
use crate::{
    error::Part,
    geometry::Geometry,
    porep::{blame, decode_range},
    tree::tree_r_last_with,
    Progress, Result,
};

/// How the nodes of one update are encoded: a factor for each value of their leading bits.
#[derive(Clone, Debug)]
pub struct Encoding {
    geometry: &'static Geometry,
    rules: Rules,
    factors: Vec<Fr>,
    /// Their inverses, once something is decoded.
    inverses: OnceLock<Vec<Fr>>,
}

impl Encoding {
    /// The encoding of new data over a replica: all its factors, at most a thousand hashes.
    ///
    /// # Errors
    /// When a commitment is not canonical, or the device fails.
    pub fn new(
        device: &dyn Backend,
        geometry: &'static Geometry,
        comm_d_new: Node,
        comm_r_old: Node,
    ) -> Result<Encoding> {
        let (phi, rules) = (phi(comm_d_new, comm_r_old)?, Rules::of(geometry));
        let preimages = (0..rules.n_factors() as u64).flat_map(|high| [phi, Fr::from(high).into()]);
        let mut rhos = vec![Node::ZERO; rules.n_factors()];
        device.hash(
            Hash::Poseidon2Custom,
            &preimages.collect::<Vec<Node>>(),
            &mut rhos,
        )?;
        let factor = |rho: Node| rho.to_fr().expect("a digest is canonical");
        Ok(Encoding {
            geometry,
            rules,
            factors: rhos.into_iter().map(factor).collect(),
            inverses: OnceLock::new(),
        })
    }

    /// Encodes one base tree's share of the data and builds its tree R-last, and answers its root.
    ///
    /// `old` and `data` are this base tree's share of the old replica and of the data; `data` becomes the new
    /// replica. `kept` receives the rows that the file of tree R-last keeps.
    ///
    /// # Errors
    /// When the old replica or the data is not canonical, the device fails, or `progress` says to stop.
    ///
    /// # Panics
    /// When the lengths do not fit the geometry.
    pub fn tree_r_last_base(
        &self,
        device: &dyn Backend,
        base: usize,
        (old, data): (&[Node], &mut [Node]),
        kept: &mut [Node],
        progress: Progress<'_>,
    ) -> Result<Node> {
        let first = self.geometry.base_range(base).start;
        let factors = self.of(&self.factors, first);
        self.tree_r_last(device, (factors, Part::Key), (old, data), kept, progress)
    }

    /// The way back of [`tree_r_last_base`](Encoding::tree_r_last_base): takes one base tree's share of the data
    /// out of the new replica, and builds the tree R-last over what is left.
    ///
    /// `data` becomes the old replica, and `kept` receives the rows of its tree.
    ///
    /// # Errors
    /// As [`tree_r_last_base`](Encoding::tree_r_last_base).
    ///
    /// # Panics
    /// When the lengths do not fit the geometry.
    pub fn old_tree_r_last_base(
        &self,
        device: &dyn Backend,
        base: usize,
        (new, data): (&[Node], &mut [Node]),
        kept: &mut [Node],
        progress: Progress<'_>,
    ) -> Result<Node> {
        let (negated, first) = (self.negated(), self.geometry.base_range(base).start);
        let factors = self.of(&negated, first);
        self.tree_r_last(device, (factors, Part::Replica), (new, data), kept, progress)
    }

    /// `part` is what the key is called where it is to blame.
    fn tree_r_last(
        &self,
        device: &dyn Backend,
        (factors, part): (Factors<'_>, Part),
        (key, data): (&[Node], &mut [Node]),
        kept: &mut [Node],
        progress: Progress<'_>,
    ) -> Result<Node> {
        let (geometry, n_discarded) = (self.geometry, self.geometry.rows_discarded());
        tree_r_last_with(device, geometry, data, kept, progress, |range, data, rows| {
            let factors = factors.skip(range.start);
            let encoding = device.encode_scaled_tree(&key[range], factors, data, n_discarded, rows);
            encoding.map_err(|error| blame(error, factors.first, part, Part::Data))
        })
    }

    /// Writes a range of the data, as the client gave it, into `data`.
    ///
    /// `old` and `new` are the replicas; both are read only where the range lies. Nothing is checked: a damaged
    /// node gives wrong data, which its commitment will tell.
    ///
    /// # Errors
    /// When a node of a replica is not canonical, or the device fails.
    ///
    /// # Panics
    /// When the range has another length than `data`, or reaches beyond the replicas.
    pub fn decode(
        &self,
        device: &dyn Backend,
        (old, new): (&[Node], &[Node]),
        range: Range<u64>,
        data: &mut [u8],
    ) -> Result<()> {
        let inverse = |factor: &Fr| factor.invert().expect("no preimage of zero is known");
        let inverses = self
            .inverses
            .get_or_init(|| self.factors.iter().map(inverse).collect());
        decode_range(new, range, data, |first, nodes| {
            let factors = self.of(inverses, first);
            device.decode_scaled(&old[first..first + nodes.len()], factors, nodes)
        })
    }

    /// Takes the data out of the new replica again, from node `first` on: `data` becomes the old replica.
    ///
    /// # Errors
    /// When a node of either is not canonical, or the device fails.
    ///
    /// # Panics
    /// When the two have different lengths, or reach beyond the sector.
    pub fn remove(&self, device: &dyn Backend, first: usize, new: &[Node], data: &mut [Node]) -> Result<()> {
        let negated = self.negated();
        let removing = device.encode_scaled(new, self.of(&negated, first), data);
        removing.map_err(|error| blame(error, first, Part::Replica, Part::Data))
    }

    /// What takes away again what the factors add.
    fn negated(&self) -> Vec<Fr> {
        self.factors.iter().map(|factor| -factor).collect()
    }

    fn of<'a>(&self, factors: &'a [Fr], first: usize) -> Factors<'a> {
        Factors {
            factors,
            run_len: self.rules.run_len(),
            first,
        }
    }
}
