//! Trees and columns, written in the smaller operations and streamed in bounded pieces.

use crate::{Backend, Hash, Node, Result};

/// Columns gathered at a time: 11 layers of them are 5.5 MiB.
const N_GATHERED: usize = 1 << 14;

pub(crate) fn columns(
    device: &(impl Backend + ?Sized),
    layers: &[&[Node]],
    digests: &mut [Node],
) -> Result<()> {
    let hash = Hash::poseidon(layers.len()).expect("the protocol has 2 or 11 layers");
    let mut gathered = vec![Node::ZERO; layers.len() * N_GATHERED.min(digests.len())];
    for (first, digests) in (0..).step_by(N_GATHERED).zip(digests.chunks_mut(N_GATHERED)) {
        let preimages = &mut gathered[..layers.len() * digests.len()];
        for (layer, labels) in layers.iter().enumerate() {
            let labels = &labels[first..first + digests.len()];
            for (column, label) in labels.iter().enumerate() {
                preimages[column * layers.len() + layer] = *label;
            }
        }
        device.hash(hash, preimages, digests)?;
    }
    Ok(())
}

/// Leaves encoded and reduced at a time: a power of 8, so that its tree ends in one node.
const N_LEAVES: usize = 8usize.pow(6);

pub(crate) fn encode_tree(
    device: &(impl Backend + ?Sized),
    key: &[Node],
    data: &mut [Node],
    n_discarded: usize,
    kept: &mut [Node],
) -> Result<()> {
    device.encode(key, data)?;
    // The lowest rows exist only here, one piece at a time.
    let width = 8usize.pow(n_discarded as u32 + 1);
    let first_kept = data.len() / width;
    let (row, above) = kept.split_at_mut(first_kept);
    let piece = N_LEAVES.max(width).min(data.len());
    let mut scratch = vec![Node::ZERO; piece / 7 + 1];
    for (leaves, roots) in data.chunks(piece).zip(row.chunks_mut(piece / width)) {
        let mut children = leaves;
        let mut free = &mut scratch[..];
        let mut width = children.len();
        while width / 8 > roots.len() {
            width /= 8;
            let (parents, rest) = free.split_at_mut(width);
            device.hash(Hash::Poseidon8, children, parents)?;
            (children, free) = (parents, rest);
        }
        device.hash(Hash::Poseidon8, children, roots)?;
    }
    device.tree(Hash::Poseidon8, row, above)
}
