//! Trees and columns, written in the smaller operations and streamed in bounded pieces.

use crate::{Backend, Error, Hash, Node, Result};

/// Columns gathered at a time: 11 layers of them are 5.5 MiB.
const N_GATHERED: usize = 1 << 14;

/// How an error names a layer.
const LAYERS: [&str; 11] = [
    "layer 1", "layer 2", "layer 3", "layer 4", "layer 5", "layer 6", "layer 7", "layer 8", "layer 9",
    "layer 10", "layer 11",
];

pub(crate) fn columns(
    device: &(impl Backend + ?Sized),
    layers: &[&[Node]],
    digests: &mut [Node],
) -> Result<()> {
    let hash = Hash::poseidon(layers.len()).expect("the protocol has 2 or 11 layers");
    for layer in layers {
        assert_eq!(
            layer.len(),
            digests.len(),
            "a label of each layer for each digest"
        );
    }
    let mut gathered = vec![Node::ZERO; layers.len() * N_GATHERED.min(digests.len())];
    for (first, digests) in (0..).step_by(N_GATHERED).zip(digests.chunks_mut(N_GATHERED)) {
        let preimages = &mut gathered[..layers.len() * digests.len()];
        for (layer, labels) in layers.iter().enumerate() {
            let labels = &labels[first..first + digests.len()];
            for (column, label) in labels.iter().enumerate() {
                preimages[column * layers.len() + layer] = *label;
            }
        }
        device
            .hash(hash, preimages, digests)
            .map_err(|error| match error {
                Error::NotCanonical { index, .. } => Error::NotCanonical {
                    what: LAYERS[index % layers.len()],
                    index: first + index / layers.len(),
                },
                other => other,
            })?;
    }
    Ok(())
}

/// Leaves encoded and reduced at a time: 8 MiB, still near when they are read again. A power of 8, so that
/// the tree over them ends in one node.
const N_LEAVES: usize = 8usize.pow(6);

pub(crate) fn encode_tree(
    device: &(impl Backend + ?Sized),
    key: &[Node],
    data: &mut [Node],
    n_discarded: usize,
    kept: &mut [Node],
) -> Result<()> {
    // Leaves under one node of the lowest row that is kept.
    let width = 8usize.pow(n_discarded as u32 + 1);
    let n_lowest = data.len() / width;
    assert_eq!(key.len(), data.len(), "key and data");
    assert_eq!(
        kept.len(),
        (8 * n_lowest).saturating_sub(1) / 7,
        "rows above {} leaves",
        data.len()
    );
    let (lowest, above) = kept.split_at_mut(n_lowest);
    let piece_len = N_LEAVES.max(width).min(data.len());
    let pieces = key.chunks(piece_len).zip(data.chunks_mut(piece_len));
    // The rows that are left out exist only here, one piece at a time.
    let mut scratch = vec![Node::ZERO; piece_len / 7];
    for (piece, ((key, data), roots)) in pieces.zip(lowest.chunks_mut(piece_len / width)).enumerate() {
        device.encode(key, data).map_err(|error| match error {
            Error::NotCanonical { what, index } => Error::NotCanonical {
                what,
                index: piece * piece_len + index,
            },
            other => other,
        })?;
        reduce(device, data, roots, &mut scratch)?;
    }
    device.tree(Hash::Poseidon8, lowest, above)
}

/// Hashes leaves, row by row, down to the given number of roots.
fn reduce(
    device: &(impl Backend + ?Sized),
    leaves: &[Node],
    roots: &mut [Node],
    scratch: &mut [Node],
) -> Result<()> {
    let (mut children, mut free) = (leaves, scratch);
    while children.len() > 8 * roots.len() {
        let (parents, rest) = free.split_at_mut(children.len() / 8);
        device.hash(Hash::Poseidon8, children, parents)?;
        (children, free) = (parents, rest);
    }
    device.hash(Hash::Poseidon8, children, roots)
}
