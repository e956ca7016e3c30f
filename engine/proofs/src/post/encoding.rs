//! A sector's vanilla proof as the reference writes it, so that one can open what the other proves.
//!
//! The form is bincode's of `FallbackPoStSectorProof` in `filecoin-proofs` 19.1, byte for byte. Counts and indexes
//! are 64 bits, little-endian:
//!
//! ```text
//! sector ‖ comm_r ‖ 1 ‖ count of openings ‖ openings ‖ comm_c ‖ comm_r_last
//! opening  one row of trees: 0u32 ‖ comm_r_last ‖ leaf ‖ steps
//!          two or three:     1u32 or 2u32 ‖ steps of the base ‖ of the sub ‖ (of the top) ‖ comm_r_last ‖ leaf
//! steps    count ‖ each: count of siblings ‖ siblings ‖ index
//! ```

use kernels::Node;

use super::vanilla::SectorProof;
use crate::{
    geometry::{Geometry, SectorSize},
    path::{Path, Step, TreeHash},
};

/// Bytes that are no vanilla proof of a sector of that size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no vanilla proof of a {sector_size} sector: at byte {offset} {expected} must stand")]
pub struct Malformed {
    sector_size: SectorSize,
    offset: usize,
    expected: &'static str,
}

impl SectorProof {
    /// The bytes of it.
    ///
    /// # Panics
    /// When an opening is none in a sector of that geometry.
    pub fn to_bytes(&self, geometry: &Geometry) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.sector.to_le_bytes());
        out.extend(self.comm_r.0);
        put_count(&mut out, 1);
        put_count(&mut out, self.openings.len());
        for path in &self.openings {
            assert!(path.fits(TreeHash::Poseidon, geometry), "an opening of its form");
            put_opening(&mut out, geometry.base_rows() - 1, path, self.comm_r_last);
        }
        out.extend(self.comm_c.0);
        out.extend(self.comm_r_last.0);
        out
    }

    /// Reads it back, strictly: what is read is written as the same bytes. It is yet to be verified.
    ///
    /// # Errors
    /// When the bytes are not exactly of this form.
    pub fn from_bytes(geometry: &Geometry, bytes: &[u8]) -> Result<SectorProof, Malformed> {
        let mut reader = Reader::new(geometry, bytes);
        let sector = reader.number()?;
        let comm_r = reader.node()?;
        reader.expect(1, "the number 1, as there is one sector")?;
        let n_openings = reader.number()?;
        // Whatever number stands there, no more is read than there is: the first opening that is missing ends it.
        let mut openings = Vec::new();
        let mut roots = Vec::new();
        for _ in 0..n_openings {
            let (path, root) = reader.opening(TreeHash::Poseidon)?;
            openings.push(path);
            roots.push(root);
        }
        let comm_c = reader.node()?;
        let at = reader.offset;
        let comm_r_last = reader.node()?;
        if roots.iter().any(|root| *root != comm_r_last) {
            return Err(reader.malformed(at, "the root of every opening"));
        }
        reader.end()?;
        Ok(SectorProof {
            sector,
            comm_r,
            comm_c,
            comm_r_last,
            openings,
        })
    }
}

pub(crate) fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend((count as u64).to_le_bytes());
}

/// Writes an opening whose first `n_base` steps are those of a base tree.
pub(crate) fn put_opening(out: &mut Vec<u8>, n_base: usize, path: &Path, root: Node) {
    let (base, crown) = path.steps.split_at(n_base);
    out.extend((crown.len() as u32).to_le_bytes());
    if crown.is_empty() {
        out.extend(root.0);
        out.extend(path.leaf.0);
        put_steps(out, base);
    } else {
        put_steps(out, base);
        crown.chunks(1).for_each(|step| put_steps(out, step));
        out.extend(root.0);
        out.extend(path.leaf.0);
    }
}

fn put_steps(out: &mut Vec<u8>, steps: &[Step]) {
    put_count(out, steps.len());
    for step in steps {
        put_count(out, step.siblings.len());
        out.extend_from_slice(Node::bytes(&step.siblings));
        put_count(out, step.index);
    }
}

/// Walks through the bytes; a length is that of the geometry or an error.
pub(crate) struct Reader<'a> {
    geometry: &'a Geometry,
    bytes: &'a [u8],
    pub offset: usize,
}

impl<'a> Reader<'a> {
    pub fn new(geometry: &'a Geometry, bytes: &'a [u8]) -> Reader<'a> {
        Reader {
            geometry,
            bytes,
            offset: 0,
        }
    }

    pub fn malformed(&self, offset: usize, expected: &'static str) -> Malformed {
        Malformed {
            sector_size: self.geometry.sector_size,
            offset,
            expected,
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let chunk = self.bytes[self.offset..].first_chunk();
        let chunk = *chunk.ok_or_else(|| self.malformed(self.bytes.len(), "more"))?;
        self.offset += N;
        Ok(chunk)
    }

    pub fn number(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    pub fn node(&mut self) -> Result<Node, Malformed> {
        Ok(Node(self.take()?))
    }

    pub fn expect(&mut self, count: usize, expected: &'static str) -> Result<(), Malformed> {
        let at = self.offset;
        if self.number()? == count as u64 {
            Ok(())
        } else {
            Err(self.malformed(at, expected))
        }
    }

    /// There is nothing more.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.offset == self.bytes.len() {
            Ok(())
        } else {
            Err(self.malformed(self.offset, "the end"))
        }
    }

    /// An opening in such a tree, and the root that it names.
    pub fn opening(&mut self, tree: TreeHash) -> Result<(Path, Node), Malformed> {
        let arities = tree.arities(self.geometry);
        let n_base = match tree {
            TreeHash::Sha256 => arities.len(),
            TreeHash::Poseidon => self.geometry.base_rows() - 1,
        };
        let (base, crown) = arities.split_at(n_base);
        let at = self.offset;
        if u32::from_le_bytes(self.take()?) as usize != crown.len() {
            return Err(self.malformed(at, "the number of rows above the base trees"));
        }
        if crown.is_empty() {
            let (root, leaf) = (self.node()?, self.node()?);
            let steps = self.steps(base)?;
            return Ok((Path { leaf, steps }, root));
        }
        let mut steps = self.steps(base)?;
        for arity in crown.chunks(1) {
            steps.extend(self.steps(arity)?);
        }
        let (root, leaf) = (self.node()?, self.node()?);
        Ok((Path { leaf, steps }, root))
    }

    fn steps(&mut self, arities: &[usize]) -> Result<Vec<Step>, Malformed> {
        self.expect(arities.len(), "the number of rows of such a tree")?;
        arities.iter().map(|&arity| self.step(arity)).collect()
    }

    fn step(&mut self, arity: usize) -> Result<Step, Malformed> {
        self.expect(arity - 1, "the number of siblings in such a row")?;
        let siblings = (1..arity).map(|_| self.node()).collect::<Result<_, _>>()?;
        let at = self.offset;
        let index = self.number()? as usize;
        if arity <= index {
            return Err(self.malformed(at, "an index among the siblings"));
        }
        Ok(Step { index, siblings })
    }
}
