//! The seam: what a device does.

use crate::{
    cpu, DeviceInfo, Fr, G1Affine, G1Projective, G2Affine, G2Projective, Level, Node, Result, Scalars,
};

/// Base (depth-robust) parents of a node.
pub const BASE_DEGREE: usize = 6;
/// Expander parents of a node.
pub const EXPANSION_DEGREE: usize = 8;
/// All parents of a node.
pub const DEGREE: usize = BASE_DEGREE + EXPANSION_DEGREE;

/// The parents of one node: six base parents, then eight expander parents.
pub type Parents = [u32; DEGREE];

/// Writes the evaluations of a polynomial on the domain, every one.
pub type Evaluate<'a> = &'a dyn Fn(&mut [Fr]);

/// A hash from a fixed number of nodes to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// `SHA256(left ‖ right)`, cut to 254 bits: the nodes of tree D.
    Sha256,
    /// Poseidon over 2 nodes with the Merkle-tree tag `2² − 1`.
    Poseidon2,
    /// Poseidon over 2 nodes with the tag `2⁴⁰`: numbers drawn from them, which are no nodes of a tree.
    Poseidon2Custom,
    /// Poseidon over 4 nodes with the Merkle-tree tag `2⁴ − 1`.
    Poseidon4,
    /// Poseidon over 8 nodes with the Merkle-tree tag `2⁸ − 1`.
    Poseidon8,
    /// Poseidon over 11 nodes with the Merkle-tree tag `2¹¹ − 1`.
    Poseidon11,
}

impl Hash {
    /// Nodes that go into one digest.
    pub fn arity(self) -> usize {
        match self {
            Hash::Sha256 | Hash::Poseidon2 | Hash::Poseidon2Custom => 2,
            Hash::Poseidon4 => 4,
            Hash::Poseidon8 => 8,
            Hash::Poseidon11 => 11,
        }
    }

    /// The Poseidon of a tree of that arity, where the protocol has one.
    pub fn poseidon(arity: usize) -> Option<Hash> {
        match arity {
            2 => Some(Hash::Poseidon2),
            4 => Some(Hash::Poseidon4),
            8 => Some(Hash::Poseidon8),
            11 => Some(Hash::Poseidon11),
            _ => None,
        }
    }
}

/// One sector's share in labelling: its identity, the layer before, and the layer that is written.
///
/// Lanes are fastest where their layers begin with a line of the cache, and not all at a power of two from each other.
#[derive(Debug)]
pub struct Lane<'a> {
    /// The replica id that starts every preimage.
    pub replica_id: Node,
    /// The whole layer before this one; empty at layer 1.
    pub previous: &'a [Node],
    /// The whole layer; all nodes before the first one to label are already there.
    pub labels: &'a mut [Node],
}

/// What nodes are multiplied by: equally long runs of them by one factor each.
#[derive(Clone, Copy, Debug)]
pub struct Factors<'a> {
    /// The factor of each run.
    pub factors: &'a [Fr],
    /// Nodes of a run.
    pub run_len: usize,
    /// Where in the first run the nodes begin, or behind it: the first node is number `first` of all runs.
    pub first: usize,
}

impl Factors<'_> {
    /// The factors of the nodes from `n` nodes later on.
    pub fn skip(self, n: usize) -> Self {
        Factors {
            first: self.first + n,
            ..self
        }
    }

    /// The number of the run that a node is in, counted as the slices are.
    pub fn run(&self, node: usize) -> usize {
        (self.first + node) / self.run_len
    }
}

/// Curve points in the encoding of a parameter file: uncompressed, big-endian, 96 bytes each in G1,
/// 192 bytes each in G2.
#[derive(Clone, Copy, Debug)]
pub struct Bases<'a> {
    /// Names these points for as long as the process lives, so that a device may keep them in its memory
    /// between calls; 0 says that they have no name.
    pub id: u64,
    /// The points.
    pub bytes: &'a [u8],
}

/// Which way a number-theoretic transform runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From coefficients to evaluations.
    Forward,
    /// From evaluations to coefficients.
    Inverse,
}

/// A device that does the heavy arithmetic.
///
/// Only [`info`](Backend::info) is required: every operation has a body, and the bodies are the CPU.
/// Operations are coarse, take plain slices, and hand over whole rows.
pub trait Backend: Send + Sync {
    /// Who this device is, and what it does itself.
    fn info(&self) -> &DeviceInfo;

    /// Which instructions the CPU takes for what this device leaves to it.
    fn level(&self) -> Level {
        Level::current()
    }

    /// `digests[i] = H(preimages[i·arity .. (i+1)·arity])`.
    ///
    /// # Errors
    /// When a Poseidon preimage is not canonical.
    fn hash(&self, hash: Hash, preimages: &[Node], digests: &mut [Node]) -> Result<()> {
        cpu::hash(self.level(), hash, preimages, digests)
    }

    /// All rows of a tree above its leaves: row 1, row 2, … root, one after the other.
    ///
    /// `leaves.len()` is a power of the arity; `above.len()` is `(leaves.len() − 1) / (arity − 1)`.
    ///
    /// # Errors
    /// As [`hash`](Backend::hash).
    fn tree(&self, hash: Hash, leaves: &[Node], above: &mut [Node]) -> Result<()> {
        let (mut children, mut above) = (leaves, above);
        while !above.is_empty() {
            let (row, rest) = above.split_at_mut(children.len() / hash.arity());
            self.hash(hash, children, row)?;
            (children, above) = (row, rest);
        }
        Ok(())
    }

    /// Hashes each column: `digests[v] = Poseidon(layers[0][v], layers[1][v], …)`, with 2 or 11 layers.
    ///
    /// # Errors
    /// When a label is not canonical.
    fn columns(&self, layers: &[&[Node]], digests: &mut [Node]) -> Result<()> {
        cpu::columns(self, layers, digests)
    }

    /// Columns straight into a base tree of tree C: `tree` receives the column digests and, after them,
    /// every row above.
    ///
    /// # Errors
    /// As [`columns`](Backend::columns).
    fn columns_tree(&self, layers: &[&[Node]], tree: &mut [Node]) -> Result<()> {
        let (leaves, above) = tree.split_at_mut(layers[0].len());
        self.columns(layers, leaves)?;
        self.tree(Hash::Poseidon8, leaves, above)
    }

    /// Encodes a part of the data straight into a base tree of tree R-last: `data` becomes the replica, and
    /// `kept` receives the rows above the replica but for the lowest `n_discarded`.
    ///
    /// `data.len()` is a power of 8 and at least `8^(n_discarded + 1)`.
    ///
    /// # Errors
    /// As [`encode`](Backend::encode).
    fn encode_tree(
        &self,
        key: &[Node],
        data: &mut [Node],
        n_discarded: usize,
        kept: &mut [Node],
    ) -> Result<()> {
        cpu::encode_tree(self, key, data, n_discarded, kept)
    }

    /// Labels nodes `first .. first + parents.len()` of a layer, in every lane.
    ///
    /// `layer` counts from 1. All lanes share the graph, hence the parents.
    ///
    /// # Errors
    /// None on the CPU; a device may fail.
    fn label(&self, layer: u32, first: usize, parents: &[Parents], lanes: &mut [Lane<'_>]) -> Result<()> {
        cpu::label(self.level(), layer, first, parents, lanes);
        Ok(())
    }

    /// Adds the key to the data, node by node, modulo r: the data becomes the replica.
    ///
    /// # Errors
    /// When a node of either is not canonical; the data is then neither data nor replica.
    fn encode(&self, key: &[Node], data: &mut [Node]) -> Result<()> {
        cpu::encode(self.level(), key, data)
    }

    /// Takes the key from the replica, node by node, modulo r: the replica becomes the data.
    ///
    /// # Errors
    /// When a node of either is not canonical; the replica is then neither replica nor data.
    fn decode(&self, key: &[Node], replica: &mut [Node]) -> Result<()> {
        cpu::decode(self.level(), key, replica)
    }

    /// Multiplies the data and adds the key, node by node, modulo r: `data[i]·f + key[i]`, f the factor of the
    /// node's run.
    ///
    /// With the factors negated it takes away what it added.
    ///
    /// # Errors
    /// As [`encode`](Backend::encode).
    fn encode_scaled(&self, key: &[Node], factors: Factors<'_>, data: &mut [Node]) -> Result<()> {
        cpu::encode_scaled(self.level(), key, factors, data)
    }

    /// Takes the key from the replica and multiplies, node by node, modulo r: `(replica[i] − key[i])·f`, f the
    /// factor of the node's run.
    ///
    /// # Errors
    /// As [`decode`](Backend::decode).
    fn decode_scaled(&self, key: &[Node], factors: Factors<'_>, replica: &mut [Node]) -> Result<()> {
        cpu::decode_scaled(self.level(), key, factors, replica)
    }

    /// As [`encode_tree`](Backend::encode_tree), but encodes as [`encode_scaled`](Backend::encode_scaled) does.
    ///
    /// # Errors
    /// As [`encode`](Backend::encode).
    fn encode_scaled_tree(
        &self,
        key: &[Node],
        factors: Factors<'_>,
        data: &mut [Node],
        n_discarded: usize,
        kept: &mut [Node],
    ) -> Result<()> {
        cpu::encode_scaled_tree(self, (key, factors), data, n_discarded, kept)
    }

    /// The number-theoretic transform in natural order, over the subgroup of `values.len()` roots of unity.
    ///
    /// Forward: `X[k] = Σ x[j]·ω^{jk}`; inverse: `x[j] = n⁻¹·Σ X[k]·ω^{−jk}`. The length is a power of two up
    /// to 2³².
    ///
    /// # Errors
    /// None on the CPU; a device may fail.
    fn ntt(&self, direction: Direction, values: &mut [Fr]) -> Result<()> {
        cpu::ntt(self.level(), direction, values);
        Ok(())
    }

    /// The quotient of Groth16: from the evaluations of A, B and C on the domain to the coefficients of
    /// `h = (A·B − C) / Z`, which replace `a`. `b` holds nothing of use afterwards.
    ///
    /// All have the same length m, a power of two. C is asked for when A·B is formed: `c` writes every evaluation of C
    /// into a slice, which may be where those of B were. `h` has degree m − 2 when
    /// the constraints hold: the last coefficient is then zero. Where they do not hold it is so only where their errors
    /// cancel, which the verification of the proof sees.
    ///
    /// On a coset of the domain Z is a constant z. So h is the polynomial that A·B is there, over z, less C over z:
    /// six transforms, none of them C's to the coset.
    ///
    /// # Errors
    /// None on the CPU; a device may fail.
    fn quotient(&self, a: &mut [Fr], b: &mut [Fr], c: Evaluate<'_>) -> Result<()> {
        cpu::quotient(self, a, b, c)
    }

    /// `Σ scalars[i] · bases[i]` in G1.
    ///
    /// # Errors
    /// When a base is not an encoding of a point on the curve. The subgroup is not checked.
    fn msm_g1(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G1Projective> {
        cpu::sums(self.level()).msm_g1(bases, scalars)
    }

    /// `Σ scalars[i] · bases[i]` in G2.
    ///
    /// # Errors
    /// When a base is not an encoding of a point on the curve. The subgroup is not checked.
    fn msm_g2(&self, bases: Bases<'_>, scalars: Scalars<'_>) -> Result<G2Projective> {
        cpu::sums(self.level()).msm_g2(bases, scalars)
    }

    /// `multiples[i] = scalars[i] · base` in G1: one base, many scalars.
    ///
    /// # Errors
    /// None on the CPU; a device may fail.
    fn multiples_g1(&self, base: &G1Affine, scalars: &[Fr], multiples: &mut [G1Affine]) -> Result<()> {
        cpu::sums(self.level()).multiples_g1(base, scalars, multiples);
        Ok(())
    }

    /// `multiples[i] = scalars[i] · base` in G2: one base, many scalars.
    ///
    /// # Errors
    /// None on the CPU; a device may fail.
    fn multiples_g2(&self, base: &G2Affine, scalars: &[Fr], multiples: &mut [G2Affine]) -> Result<()> {
        cpu::sums(self.level()).multiples_g2(base, scalars, multiples);
        Ok(())
    }

    /// `products[i] = scalars[i] · points[i]` in G1: each point its own scalar. Small scalars are quicker.
    ///
    /// # Errors
    /// None on the CPU; a device may fail.
    fn products_g1(&self, points: &[G1Affine], scalars: &[Fr], products: &mut [G1Affine]) -> Result<()> {
        cpu::sums(self.level()).products_g1(points, scalars, products);
        Ok(())
    }
}
