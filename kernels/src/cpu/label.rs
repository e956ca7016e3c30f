//! SDR labels: one chain of SHA-256 per sector.

use generic_array::{typenum::U64, GenericArray};
use rayon::prelude::*;
use sha2::compress256;

use super::sha256::{node, INITIAL};
use crate::{Lane, Node, Parents, BASE_DEGREE, DEGREE};

/// Labels that go into a preimage, parents repeating.
const N_REPEATED: usize = 37;

pub(crate) fn label(layer: u32, first: usize, parents: &[Parents], lanes: &mut [Lane<'_>]) {
    lanes.par_iter_mut().for_each(|lane| {
        assert_eq!(
            layer == 1,
            lane.previous.is_empty(),
            "layer 1, and only layer 1, has none before it"
        );
        for (offset, parents) in parents.iter().enumerate() {
            let index = first + offset;
            lane.labels[index] = label_node(layer, index, parents, lane);
        }
    });
}

/// `SHA256(replica_id ‖ layer ‖ index ‖ 0… ‖ 37 parent labels)`, cut to 254 bits; node 0 has no parents.
fn label_node(layer: u32, index: usize, parents: &Parents, lane: &Lane<'_>) -> Node {
    let mut state = INITIAL;
    // 64 bytes of header, 37 labels, the end mark, and the length in bits: 20 blocks.
    let mut blocks = [GenericArray::<u8, U64>::default(); 20];
    blocks[0][..32].copy_from_slice(&lane.replica_id.0);
    blocks[0][32..36].copy_from_slice(&layer.to_be_bytes());
    blocks[0][36..44].copy_from_slice(&(index as u64).to_be_bytes());
    if index == 0 {
        blocks[1][0] = 0x80;
        blocks[1][56..].copy_from_slice(&512u64.to_be_bytes());
        compress256(&mut state, &blocks[..2]);
        return node(&state);
    }
    let n_parents = if layer == 1 { BASE_DEGREE } else { DEGREE };
    let mut labels = [Node::ZERO; DEGREE];
    for (slot, &parent) in parents[..n_parents].iter().enumerate() {
        let row: &[Node] = if slot < BASE_DEGREE {
            lane.labels
        } else {
            lane.previous
        };
        labels[slot] = row[parent as usize];
    }
    for position in 0..N_REPEATED {
        let half = 32 * (position % 2);
        blocks[1 + position / 2][half..half + 32].copy_from_slice(&labels[position % n_parents].0);
    }
    blocks[19][32] = 0x80;
    blocks[19][56..].copy_from_slice(&(8 * 32 * (2 + N_REPEATED as u64)).to_be_bytes());
    compress256(&mut state, &blocks);
    node(&state)
}
