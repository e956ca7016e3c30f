//! Trees and columns, written in the smaller operations and streamed in bounded pieces.

use rayon::prelude::*;

use super::CHUNK_LEN;
use crate::{Backend, Error, Factors, Hash, Node, Result};

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
        let columns = preimages
            .par_chunks_exact_mut(layers.len())
            .with_min_len(CHUNK_LEN);
        columns.enumerate().for_each(|(column, labels)| {
            for (label, layer) in labels.iter_mut().zip(layers) {
                *label = layer[first + column];
            }
        });
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
    let encode = |_, key: &[Node], data: &mut [Node]| device.encode(key, data);
    encode_pieces(device, N_LEAVES, encode, (key, data), (n_discarded, kept))
}

pub(crate) fn encode_scaled_tree(
    device: &(impl Backend + ?Sized),
    (key, factors): (&[Node], Factors<'_>),
    data: &mut [Node],
    n_discarded: usize,
    kept: &mut [Node],
) -> Result<()> {
    let encode =
        |first, key: &[Node], data: &mut [Node]| device.encode_scaled(key, factors.skip(first), data);
    encode_pieces(device, N_LEAVES, encode, (key, data), (n_discarded, kept))
}

/// `encode` is given the number of a piece's first node, the key and the data.
fn encode_pieces(
    device: &(impl Backend + ?Sized),
    piece_len: usize,
    encode: impl Fn(usize, &[Node], &mut [Node]) -> Result<()>,
    (key, data): (&[Node], &mut [Node]),
    (n_discarded, kept): (usize, &mut [Node]),
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
    let piece_len = piece_len.max(width).min(data.len());
    let pieces = key.chunks(piece_len).zip(data.chunks_mut(piece_len));
    // The rows that are left out exist only here, one piece at a time.
    let mut scratch = vec![Node::ZERO; piece_len / 7];
    for (piece, ((key, data), roots)) in pieces.zip(lowest.chunks_mut(piece_len / width)).enumerate() {
        let first = piece * piece_len;
        encode(first, key, data).map_err(|error| match error {
            Error::NotCanonical { what, index } => Error::NotCanonical {
                what,
                index: first + index,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cpu;

    fn nodes(n: usize) -> Vec<Node> {
        (0..n as u64).map(|i| crate::Fr::from(i * i).into()).collect()
    }

    /// In many pieces as in one.
    fn check_pieces(n_leaves: usize, n_discarded: usize, piece_len: usize) {
        let n_kept = (8 * (n_leaves / 8usize.pow(n_discarded as u32 + 1)) - 1) / 7;
        let [whole, pieces] = [n_leaves, piece_len].map(|piece_len| {
            let (key, mut data, mut kept) = (nodes(n_leaves), nodes(n_leaves), vec![Node::ZERO; n_kept]);
            let (device, run_len) = (Cpu::new(), n_leaves / 8);
            let factors = Factors {
                factors: &[3, 5, 7, 11, 13, 17, 19, 23].map(crate::Fr::from),
                run_len,
                first: 0,
            };
            let encode =
                |first, key: &[Node], data: &mut [Node]| device.encode_scaled(key, factors.skip(first), data);
            encode_pieces(
                &device,
                piece_len,
                encode,
                (&key, &mut data),
                (n_discarded, &mut kept),
            )
            .expect("canonical");
            (data, kept)
        });
        assert_eq!(
            whole, pieces,
            "{n_leaves} leaves in pieces of {piece_len}, without {n_discarded} rows"
        );
    }

    #[test]
    fn pieces_make_the_same_tree() {
        check_pieces(512, 0, 8);
        check_pieces(512, 0, 64);
        check_pieces(512, 1, 8);
        check_pieces(512, 1, 64);
        check_pieces(4096, 2, 512);
    }

    #[test]
    fn an_error_counts_from_the_first_piece() {
        let (good, mut bad) = (nodes(512), nodes(512));
        bad[300] = Node([0xff; 32]);
        let device = Cpu::new();
        let encode = |_, key: &[Node], data: &mut [Node]| device.encode(key, data);
        let error = encode_pieces(&device, 64, encode, (&good, &mut bad), (0, &mut [Node::ZERO; 73]));
        assert_eq!(
            error.expect_err("300 is no element").to_string(),
            "data: node 300 is not a canonical field element"
        );

        let (good, mut bad) = (nodes(N_GATHERED + 5), nodes(N_GATHERED + 5));
        bad[N_GATHERED + 2] = Node([0xff; 32]);
        let error = columns(&device, &[&good, &bad], &mut vec![Node::ZERO; good.len()]);
        let message = "layer 2: node 16386 is not a canonical field element";
        assert_eq!(error.expect_err("16386 is no element").to_string(), message);
    }
}
