//! Labels on any processor: one sector after the other.

use generic_array::{typenum::U64, GenericArray};
use sha2::compress256;

use super::{parent, Work, N_BITS, N_BLOCKS, N_REPEATED};
use crate::cpu::sha256::{node, INITIAL};
use crate::{Lane, Node, Parents, DEGREE};

/// Labels nodes, of which 0 is none.
pub(super) fn label(work: Work<'_>, lane: &mut Lane<'_>) {
    let mut preimage = Preimage::new(work, lane.replica_id);
    for (offset, parents) in work.parents.iter().enumerate() {
        work.fetch(offset, 0..DEGREE, std::slice::from_ref(lane));
        let index = work.first + offset;
        lane.labels[index] = preimage.label(index, parents, lane);
    }
}

/// The label of node 0, which has no parents.
pub(super) fn first(layer: u32, replica_id: Node) -> Node {
    let mut end = Block::default();
    end[0] = 0x80;
    end[56..].copy_from_slice(&512u64.to_be_bytes());
    let mut state = INITIAL;
    compress256(&mut state, &[header(layer, replica_id), end]);
    node(&state)
}

type Block = GenericArray<u8, U64>;

/// `replica_id ‖ layer ‖ index ‖ 0… ‖ 37 parent labels` and SHA-256's padding, each label standing once: the
/// parents fill whole blocks, so that repeating them is compressing their blocks again.
struct Preimage {
    header: Block,
    parents: [Block; DEGREE / 2],
    n_parents: usize,
    /// The last of the labels, the end mark, and the length in bits.
    tail: Block,
}

/// `replica_id ‖ layer ‖ 0…`, where the index of a node follows.
fn header(layer: u32, replica_id: Node) -> Block {
    let mut header = Block::default();
    header[..32].copy_from_slice(&replica_id.0);
    header[32..36].copy_from_slice(&layer.to_be_bytes());
    header
}

impl Preimage {
    fn new(work: Work<'_>, replica_id: Node) -> Preimage {
        let mut tail = Block::default();
        tail[32] = 0x80;
        tail[56..].copy_from_slice(&N_BITS.to_be_bytes());
        Preimage {
            header: header(work.layer, replica_id),
            parents: Default::default(),
            n_parents: work.n_parents(),
            tail,
        }
    }

    /// `SHA256(preimage)`, cut to 254 bits.
    fn label(&mut self, index: usize, parents: &Parents, lane: &Lane<'_>) -> Node {
        let mut state = INITIAL;
        self.header[36..44].copy_from_slice(&(index as u64).to_be_bytes());
        compress256(&mut state, &[self.header]);
        for slot in 0..self.n_parents {
            let half = 32 * (slot % 2);
            self.parents[slot / 2][half..half + 32].copy_from_slice(&parent(parents, slot, lane).0);
        }
        let mut n_left = N_BLOCKS;
        while n_left > 0 {
            let n_blocks = n_left.min(self.n_parents / 2);
            compress256(&mut state, &self.parents[..n_blocks]);
            n_left -= n_blocks;
        }
        // 37 is odd, and the last label an even parent's: it is the first half of its block.
        let last = (N_REPEATED - 1) % self.n_parents;
        self.tail[..32].copy_from_slice(&self.parents[last / 2][..32]);
        compress256(&mut state, &[self.tail]);
        node(&state)
    }
}
