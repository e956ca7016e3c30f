//! A client's data: its commitment, and its place in a sector.

use kernels::{Backend, Hash, Node};
use sha2::{Digest, Sha256};

use crate::{fr32, geometry::SectorSize};

/// Nodes that [`CommP`] gathers before it hashes them: 4 MiB, so that each row keeps many cores busy.
const BATCH_LEN: usize = 1 << 17;
/// Bytes of data that fill a batch.
const BATCH_DATA: usize = BATCH_LEN / 4 * fr32::BLOCK;

/// The size of a piece: `127·2^k` bytes of data, padded to `128·2^k` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceSize {
    log2: u32,
}

/// A piece: data that were padded with zeros to a piece size, and committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Bytes of data before the zeros.
    pub payload_size: u64,
    /// The size they are padded to.
    pub size: PieceSize,
    /// Root of the binary SHA-256 tree over the padded data.
    pub comm_p: Node,
}

/// What a piece can fail at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No data.
    #[error("the piece is empty; a piece has at least one byte")]
    Empty,
    /// More data than the largest sector holds.
    #[error("the piece has more than the {} bytes that the largest sector holds", PieceSize::MAX.unpadded())]
    TooLarge,
    /// A number of bytes that is no piece size.
    #[error(
        "{padded_size} bytes are no piece: a padded piece has a power of two of bytes, from 128 to 64 GiB"
    )]
    NoPieceSize {
        /// The number.
        padded_size: u64,
    },
    /// The pieces and the zeros between them need more than the sector.
    #[error(
        "piece {index} of {size} bytes does not fit: it would end {end} bytes into the data, and a {sector_size} sector \
         holds {}",
        sector_size.unpadded_bytes()
    )]
    DoesNotFit {
        /// The first piece that does not fit, counted from 0.
        index: usize,
        /// Its bytes of data, zeros included.
        size: u64,
        /// Where it would end, in bytes of data from the sector's start.
        end: u64,
        /// The sector's size.
        sector_size: SectorSize,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] kernels::Error),
}

impl PieceSize {
    /// The smallest: 127 bytes.
    pub const MIN: PieceSize = PieceSize { log2: 7 };
    /// The largest: it fills a sector of 64 GiB.
    pub const MAX: PieceSize = PieceSize { log2: 36 };

    /// The smallest piece that holds so many bytes of data.
    ///
    /// # Errors
    /// When there are none, or more than the largest piece holds.
    pub fn holding(payload_size: u64) -> Result<PieceSize, Error> {
        match payload_size {
            0 => Err(Error::Empty),
            _ if PieceSize::MAX.unpadded() < payload_size => Err(Error::TooLarge),
            _ => {
                let n_blocks = payload_size.div_ceil(fr32::BLOCK as u64);
                Ok(PieceSize {
                    log2: PieceSize::MIN.log2 + n_blocks.next_power_of_two().ilog2(),
                })
            }
        }
    }

    /// The piece with so many bytes once it is padded.
    ///
    /// # Errors
    /// When that is no power of two from 128 to 64 GiB.
    pub fn from_padded(padded_size: u64) -> Result<PieceSize, Error> {
        let log2 = padded_size.checked_ilog2().unwrap_or(0);
        let exponents = PieceSize::MIN.log2..=PieceSize::MAX.log2;
        let known = padded_size.is_power_of_two() && exponents.contains(&log2);
        known
            .then_some(PieceSize { log2 })
            .ok_or(Error::NoPieceSize { padded_size })
    }

    /// Bytes once it is padded: a power of two.
    pub const fn padded(self) -> u64 {
        1 << self.log2
    }

    /// Bytes of data, zeros included.
    pub const fn unpadded(self) -> u64 {
        self.padded() / 128 * 127
    }

    /// Rows of its tree above the leaves.
    pub const fn height(self) -> u32 {
        self.log2 - Node::SIZE.ilog2()
    }

    fn doubled(self) -> PieceSize {
        PieceSize { log2: self.log2 + 1 }
    }
}

impl From<SectorSize> for PieceSize {
    fn from(sector_size: SectorSize) -> PieceSize {
        PieceSize {
            log2: sector_size.bytes().ilog2(),
        }
    }
}

/// The commitment to zeros only: `h₀ = 0`, `hᵢ₊₁ = H(hᵢ ‖ hᵢ)`.
pub fn zero_commitment(size: PieceSize) -> Node {
    zero_node(size.height())
}

/// A node of tree D so many rows above zeros.
pub(crate) fn zero_node(height: u32) -> Node {
    (0..height).fold(Node::ZERO, |node, _| join(node, node))
}

/// `SHA256(left ‖ right)`, cut to 254 bits.
fn join(left: Node, right: Node) -> Node {
    Node::truncated(
        Sha256::new()
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// The root of the binary SHA-256 tree over padded data, with memory for a small part of the tree.
///
/// # Errors
/// When the device fails.
///
/// # Panics
/// When there are no nodes, or not a power of two of them.
pub fn root(device: &dyn Backend, nodes: &[Node]) -> kernels::Result<Node> {
    assert!(
        nodes.len().is_power_of_two(),
        "no binary tree has {} leaves",
        nodes.len()
    );
    let mut stack = Stack::default();
    let mut above = vec![Node::ZERO; nodes.len().min(BATCH_LEN) - 1];
    for batch in nodes.chunks(BATCH_LEN) {
        stack.push(batch.len().ilog2(), batch_root(device, batch, &mut above)?);
    }
    Ok(stack.nodes[0].1)
}

fn batch_root(device: &dyn Backend, leaves: &[Node], above: &mut [Node]) -> kernels::Result<Node> {
    let above = &mut above[..leaves.len() - 1];
    device.tree(Hash::Sha256, leaves, above)?;
    Ok(*above.last().unwrap_or(&leaves[0]))
}

/// Roots of a row of trees that have not met a sibling yet, with their heights.
#[derive(Debug, Default)]
struct Stack {
    nodes: Vec<(u32, Node)>,
}

impl Stack {
    /// Adds the next tree, and joins it with its siblings on the left.
    fn push(&mut self, height: u32, node: Node) {
        let (mut height, mut node) = (height, node);
        while let Some((_, left)) = self.nodes.pop_if(|top| top.0 == height) {
            (height, node) = (height + 1, join(left, node));
        }
        self.nodes.push((height, node));
    }

    /// Adds zeros until the last tree is no lower than that.
    fn raise(&mut self, height: u32) {
        while let Some(&(top, _)) = self.nodes.last().filter(|top| top.0 < height) {
            self.push(top, zero_node(top));
        }
    }

    /// Adds zeros until one tree is left.
    fn close(&mut self) -> Option<(u32, Node)> {
        while 1 < self.nodes.len() {
            let top = self.nodes[self.nodes.len() - 1].0;
            self.push(top, zero_node(top));
        }
        self.nodes.pop()
    }
}

/// Commits to a stream of data, in memory that does not grow with it: 12 MiB and a node for each row above.
pub struct CommP<'a> {
    device: &'a dyn Backend,
    payload_size: u64,
    /// Data that do not fill a batch yet.
    waiting: Vec<u8>,
    batch: Vec<Node>,
    above: Vec<Node>,
    stack: Stack,
}

impl<'a> CommP<'a> {
    /// Before the first byte.
    pub fn new(device: &'a dyn Backend) -> CommP<'a> {
        let (waiting, batch, above) = Default::default();
        CommP {
            device,
            payload_size: 0,
            waiting,
            batch,
            above,
            stack: Stack::default(),
        }
    }

    /// The next bytes.
    ///
    /// # Errors
    /// When there are more than the largest sector holds, or the device fails.
    pub fn update(&mut self, data: &[u8]) -> Result<(), Error> {
        let payload_size = self.payload_size.checked_add(data.len() as u64);
        let payload_size = payload_size
            .filter(|&size| size <= PieceSize::MAX.unpadded())
            .ok_or(Error::TooLarge)?;
        let mut data = data;
        while BATCH_DATA < self.waiting.len() + data.len() {
            let (now, later) = data.split_at(BATCH_DATA - self.waiting.len());
            self.waiting.extend_from_slice(now);
            self.flush(BATCH_LEN)?;
            data = later;
        }
        self.waiting.extend_from_slice(data);
        self.payload_size = payload_size;
        Ok(())
    }

    /// After the last byte: the piece.
    ///
    /// # Errors
    /// When there was no byte, or the device fails.
    pub fn finish(mut self) -> Result<Piece, Error> {
        let size = PieceSize::holding(self.payload_size)?;
        let n_leaves = (size.padded() / Node::SIZE as u64).min(BATCH_LEN as u64);
        self.flush(n_leaves as usize)?;
        self.stack.raise(size.height());
        let (_, comm_p) = self.stack.close().expect("a batch was pushed above");
        Ok(Piece {
            payload_size: self.payload_size,
            size,
            comm_p,
        })
    }

    /// Hashes what waits, filled up with zeros to so many nodes.
    fn flush(&mut self, n_leaves: usize) -> Result<(), Error> {
        self.batch.resize(n_leaves, Node::ZERO);
        self.above.resize(n_leaves - 1, Node::ZERO);
        let (padded, zeros) =
            Node::bytes_mut(&mut self.batch).split_at_mut(fr32::padded_len(self.waiting.len()));
        fr32::pad(&self.waiting, padded);
        zeros.fill(0);
        let root = batch_root(self.device, &self.batch, &mut self.above)?;
        self.stack.push(n_leaves.ilog2(), root);
        self.waiting.clear();
        Ok(())
    }
}

impl std::fmt::Debug for CommP<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "CommP({} bytes, {})",
            self.payload_size,
            self.device.info().name
        )
    }
}

/// The commitment to pieces in a row, with zeros only where alignment needs them: the reference's
/// `compute_comm_d`, but for the empty list.
///
/// The result covers the smallest power of two that holds the pieces, which may be less than a sector. No
/// pieces have no commitment.
pub fn aggregate(pieces: &[(PieceSize, Node)]) -> Option<(PieceSize, Node)> {
    let mut stack = Stack::default();
    for (size, comm_p) in pieces {
        stack.raise(size.height());
        stack.push(size.height(), *comm_p);
    }
    stack.close().map(|(height, root)| {
        (
            PieceSize {
                log2: height + Node::SIZE.ilog2(),
            },
            root,
        )
    })
}

/// The commitment to a sector that holds these pieces, aligned as [`lay`] lays them, and zeros after them.
///
/// # Errors
/// When they do not fit.
pub fn comm_d(pieces: &[(PieceSize, Node)], sector_size: SectorSize) -> Result<Node, Error> {
    let sizes: Vec<PieceSize> = pieces.iter().map(|piece| piece.0).collect();
    lay(&sizes, sector_size)?;
    let whole = PieceSize::from(sector_size);
    let Some((mut size, mut root)) = aggregate(pieces) else {
        return Ok(zero_commitment(whole));
    };
    while size < whole {
        (size, root) = (size.doubled(), join(root, zero_commitment(size)));
    }
    Ok(root)
}

/// The zeros around a piece that is added to a sector, in bytes of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// Zeros before it, so that it starts at a multiple of its size.
    pub left: u64,
    /// Zeros after it, up to its size.
    pub right: u64,
}

/// The zeros around a piece of so many bytes, where so many bytes of data stand already.
///
/// # Errors
/// When the piece is empty or too large.
pub fn alignment(written: u64, payload_size: u64) -> Result<Alignment, Error> {
    let size = PieceSize::holding(payload_size)?.unpadded();
    Ok(Alignment {
        left: (size - written % size) % size,
        right: size - payload_size,
    })
}

/// A piece's place in a sector, in bytes of data (before padding).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Zeros between the piece before and this one.
    pub zeros: u64,
    /// Where the piece starts, counted from the sector's start: a multiple of its size.
    pub offset: u64,
    /// Its size, the zeros after its payload included.
    pub size: PieceSize,
}

impl Place {
    /// Where the piece starts in the padded sector, in bytes.
    pub fn padded_offset(&self) -> u64 {
        self.offset / 127 * 128
    }
}

/// Lays pieces into a sector, one after the other, each aligned to its size.
///
/// # Errors
/// When they do not fit; the first piece that does not is named.
pub fn lay(sizes: &[PieceSize], sector_size: SectorSize) -> Result<Vec<Place>, Error> {
    let mut end = 0;
    let place = |(index, &size): (usize, &PieceSize)| {
        let offset = u64::next_multiple_of(end, size.unpadded());
        let zeros = offset - end;
        end = offset + size.unpadded();
        if sector_size.unpadded_bytes() < end {
            return Err(Error::DoesNotFit {
                index,
                size: size.unpadded(),
                end,
                sector_size,
            });
        }
        Ok(Place { zeros, offset, size })
    };
    sizes.iter().enumerate().map(place).collect()
}
