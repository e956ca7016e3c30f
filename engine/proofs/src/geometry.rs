//! Sector sizes, and everything that follows from a size: ten rows in one table.

use std::{fmt, ops::Range, str::FromStr};

/// A sector's size in bytes; one of the ten that the protocol knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SectorSize(u64);

/// The arities of a compound tree: base trees under a sub node under a top node; 0 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeShape {
    /// Arity of the base trees: always 8.
    pub base: usize,
    /// Base trees under one sub node.
    pub sub: usize,
    /// Sub nodes under the top node.
    pub top: usize,
}

/// Everything that follows from a sector's size.
///
/// Source: `filecoin-proofs` 19.1, `constants.rs` and `parameters.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The size itself.
    pub sector_size: SectorSize,
    /// Shape of tree C and tree R-last.
    pub tree: TreeShape,
    /// Layers of labels.
    pub layers: usize,
    /// SNARKs in a PoRep proof.
    pub porep_partitions: usize,
    /// Challenges that one of them answers.
    pub porep_challenges: usize,
    /// SNARKs in a non-interactive PoRep, before they are aggregated.
    pub ni_porep_partitions: usize,
    /// Sectors that one SNARK of a WindowPoSt covers.
    pub window_sectors: usize,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The table.
pub static GEOMETRIES: [Geometry; 10] = [
    small(2 * KIB, 0, 0),
    small(4 * KIB, 2, 0),
    small(16 * KIB, 8, 0),
    small(32 * KIB, 8, 2),
    small(8 * MIB, 0, 0),
    small(16 * MIB, 2, 0),
    small(512 * MIB, 0, 0),
    small(GIB, 2, 0),
    large(32 * GIB, 8, 0, 2349),
    large(64 * GIB, 8, 2, 2300),
];

const fn small(size: u64, sub: usize, top: usize) -> Geometry {
    Geometry {
        sector_size: SectorSize(size),
        tree: TreeShape { base: 8, sub, top },
        layers: 2,
        porep_partitions: 1,
        porep_challenges: 2,
        ni_porep_partitions: 13,
        window_sectors: 2,
    }
}

const fn large(size: u64, sub: usize, top: usize, window_sectors: usize) -> Geometry {
    Geometry {
        layers: 11,
        porep_partitions: 10,
        porep_challenges: 18,
        ni_porep_partitions: 126,
        window_sectors,
        ..small(size, sub, top)
    }
}

impl Geometry {
    /// The row of a size.
    pub fn of(sector_size: SectorSize) -> &'static Geometry {
        let row = GEOMETRIES.iter().find(|row| row.sector_size == sector_size);
        row.expect("a SectorSize is made only from the table")
    }

    /// Nodes in a layer, and leaves in each tree; a power of two.
    pub fn n_nodes(&self) -> usize {
        (self.sector_size.0 / 32) as usize
    }

    /// Base trees under the root of tree C and of tree R-last.
    pub fn n_base_trees(&self) -> usize {
        self.tree.sub.max(1) * self.tree.top.max(1)
    }

    /// Leaves of one base tree; a power of 8.
    pub fn base_leaves(&self) -> usize {
        self.n_nodes() / self.n_base_trees()
    }

    /// The nodes of a layer, or of the replica, that a base tree stands over.
    pub fn base_range(&self, base_tree: usize) -> Range<usize> {
        base_tree * self.base_leaves()..(base_tree + 1) * self.base_leaves()
    }

    /// Rows of a base tree, leaves and root included.
    pub fn base_rows(&self) -> usize {
        self.base_leaves().ilog2() as usize / 3 + 1
    }

    /// Nodes of a base tree, leaves included.
    pub fn base_tree_len(&self) -> usize {
        (self.base_leaves() * 8 - 1) / 7
    }

    /// Rows above the replica that a file of tree R-last leaves out.
    pub fn rows_discarded(&self) -> usize {
        (self.base_rows() - 2).min(2)
    }

    /// Nodes in a file of tree R-last.
    pub fn tree_r_last_len(&self) -> usize {
        (self.base_leaves() / 8usize.pow(self.rows_discarded() as u32) - 1) / 7
    }

    /// Nodes of tree D, leaves included.
    pub fn tree_d_len(&self) -> usize {
        2 * self.n_nodes() - 1
    }
}

impl SectorSize {
    /// Bytes of a sealed sector.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// Bytes of client data that fill a sector: 127 of 128.
    pub fn unpadded_bytes(self) -> u64 {
        self.0 / 128 * 127
    }

    /// The size with so many bytes, where the protocol has one.
    pub fn from_bytes(bytes: u64) -> Option<SectorSize> {
        GEOMETRIES
            .iter()
            .map(|row| row.sector_size)
            .find(|size| size.0 == bytes)
    }
}

/// `2KiB`, `512MiB`, `32GiB`.
impl fmt::Display for SectorSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            GIB.. => write!(f, "{}GiB", self.0 / GIB),
            MIB.. => write!(f, "{}MiB", self.0 / MIB),
            _ => write!(f, "{}KiB", self.0 / KIB),
        }
    }
}

/// A word that names no sector size.
#[derive(Debug, thiserror::Error)]
#[error("there is no sector size {word:?}; the sizes are {}", sizes())]
pub struct UnknownSize {
    word: String,
}

fn sizes() -> String {
    GEOMETRIES.map(|row| row.sector_size.to_string()).join(", ")
}

impl FromStr for SectorSize {
    type Err = UnknownSize;

    fn from_str(word: &str) -> Result<SectorSize, UnknownSize> {
        let size = GEOMETRIES
            .iter()
            .map(|row| row.sector_size)
            .find(|size| size.to_string() == word);
        size.ok_or_else(|| UnknownSize {
            word: word.to_owned(),
        })
    }
}
