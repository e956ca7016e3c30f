//! SDR labels: one chain of SHA-256 per sector.

use generic_array::{typenum::U64, GenericArray};
use rayon::prelude::*;
use sha2::compress256;

use super::sha256::{node, INITIAL};
use crate::device::prefetch;
use crate::{Lane, Level, Node, Parents, BASE_DEGREE, DEGREE};

/// Labels that go into a preimage, parents repeating.
const N_REPEATED: usize = 37;

/// Nodes from the one that is labelled to the one whose parents are fetched: ten microseconds, more
/// than memory takes; the lines of 16 nodes fill half of the first cache.
const N_AHEAD: usize = 16;

pub(crate) fn label(_: Level, layer: u32, first: usize, parents: &[Parents], lanes: &mut [Lane<'_>]) {
    lanes.par_iter_mut().for_each(|lane| {
        assert_eq!(
            layer == 1,
            lane.previous.is_empty(),
            "layer 1, and only layer 1, has none before it"
        );
        let mut preimage = Preimage::new(layer, lane.replica_id);
        for (offset, node_parents) in parents.iter().enumerate() {
            if let Some(later) = parents.get(offset + N_AHEAD) {
                fetch(later, lane);
            }
            lane.labels[first + offset] = preimage.label(first + offset, node_parents, lane);
        }
    });
}

fn fetch(parents: &Parents, lane: &Lane<'_>) {
    let (base, expander) = parents.split_at(BASE_DEGREE);
    base.iter()
        .for_each(|&parent| prefetch(lane.labels, parent as usize));
    expander
        .iter()
        .for_each(|&parent| prefetch(lane.previous, parent as usize));
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

impl Preimage {
    fn new(layer: u32, replica_id: Node) -> Preimage {
        let mut header = Block::default();
        header[..32].copy_from_slice(&replica_id.0);
        header[32..36].copy_from_slice(&layer.to_be_bytes());
        let mut tail = Block::default();
        tail[32] = 0x80;
        tail[56..].copy_from_slice(&(8 * 32 * (2 + N_REPEATED as u64)).to_be_bytes());
        let n_parents = if layer == 1 { BASE_DEGREE } else { DEGREE };
        Preimage {
            header,
            parents: Default::default(),
            n_parents,
            tail,
        }
    }

    /// `SHA256(preimage)`, cut to 254 bits; node 0 has no parents.
    fn label(&mut self, index: usize, parents: &Parents, lane: &Lane<'_>) -> Node {
        let mut state = INITIAL;
        self.header[36..44].copy_from_slice(&(index as u64).to_be_bytes());
        if index == 0 {
            let mut end = Block::default();
            end[0] = 0x80;
            end[56..].copy_from_slice(&512u64.to_be_bytes());
            compress256(&mut state, &[self.header, end]);
            return node(&state);
        }
        compress256(&mut state, &[self.header]);
        for (slot, &parent) in parents[..self.n_parents].iter().enumerate() {
            let row: &[Node] = if slot < BASE_DEGREE {
                lane.labels
            } else {
                lane.previous
            };
            let half = 32 * (slot % 2);
            self.parents[slot / 2][half..half + 32].copy_from_slice(&row[parent as usize].0);
        }
        let mut n_left = N_REPEATED / 2;
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
