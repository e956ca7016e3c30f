//! The way back: from the replica to the data.

use std::ops::Range;

use kernels::{Backend, Node};

use crate::{error::Part, fr32, Error, Result};

/// Blocks of data that are decoded at a time: 2 MiB of them.
const PIECE_LEN: usize = 1 << 14;

/// Writes a range of a sector's data, as the client gave it, into `data`.
///
/// `key` is the last layer, `replica` the replica; both are read only where the range lies. Nothing is checked:
/// a damaged node gives wrong data, which its commitment will tell.
///
/// # Errors
/// When a node of the key or the replica is not canonical, or the device fails.
///
/// # Panics
/// When the range has another length than `data`, or reaches beyond the replica.
pub fn unseal(
    device: &dyn Backend,
    key: &[Node],
    replica: &[Node],
    range: Range<u64>,
    data: &mut [u8],
) -> Result<()> {
    decode_range(replica, range, data, |first, nodes| {
        device.decode(&key[first..first + nodes.len()], nodes)
    })
}

/// Decodes a range of a replica piece by piece, and takes the padding out.
///
/// `decode` is given the number of a piece's first node and the nodes, which it turns into data.
pub(crate) fn decode_range(
    replica: &[Node],
    range: Range<u64>,
    data: &mut [u8],
    decode: impl Fn(usize, &mut [Node]) -> kernels::Result<()>,
) -> Result<()> {
    assert_eq!(
        range.end - range.start,
        data.len() as u64,
        "data of the range {range:?}"
    );
    let (padded, mut skip) = fr32::padded_range(range);
    let nodes = |bytes: u64| (bytes / Node::SIZE as u64) as usize;
    let (mut first, end) = (nodes(padded.start), nodes(padded.end));
    let mut decoded = vec![Node::ZERO; (end - first).min(4 * PIECE_LEN)];
    let mut unpadded = vec![0; decoded.len() / 4 * fr32::BLOCK];
    let mut data = data;
    while first < end {
        let n_nodes = decoded.len().min(end - first);
        let decoded = &mut decoded[..n_nodes];
        decoded.copy_from_slice(&replica[first..first + n_nodes]);
        decode(first, decoded).map_err(|error| blame(error, first, Part::Key, Part::Replica))?;
        let unpadded = &mut unpadded[..n_nodes / 4 * fr32::BLOCK];
        fr32::unpad(Node::bytes(decoded), unpadded);
        let (now, later) = data.split_at_mut(data.len().min(unpadded.len() - skip));
        now.copy_from_slice(&unpadded[skip..skip + now.len()]);
        (data, first, skip) = (later, first + n_nodes, 0);
    }
    Ok(())
}

/// Says where in the sector the node lies that a device refused in a piece, in the key or in the other part.
pub(crate) fn blame(error: kernels::Error, first: usize, key: Part, other: Part) -> Error {
    let (what, index) = match error {
        kernels::Error::NotCanonical { what, index } => (what, index),
        error => return Error::Device(error),
    };
    let part = if what == "key" { key } else { other };
    Error::NotCanonical {
        part,
        node: first + index,
    }
}
