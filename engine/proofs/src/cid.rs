//! Commitments as content identifiers, the way the chain and its markets write them.
//!
//! All are CIDv1 in lower-case base32 without padding: `b`, then the version, a codec and a multihash. Source:
//! FRC-0069 for pieces of the second version, the table of multicodecs for the rest.

use kernels::Node;

use crate::piece::{Piece, PieceSize};

const CID_V1: u64 = 1;
/// Codec `raw`.
const RAW: u64 = 0x55;
/// Codec `fil-commitment-unsealed`.
const UNSEALED: u64 = 0xf101;
/// Codec `fil-commitment-sealed`.
const SEALED: u64 = 0xf102;
/// Multihash `fr32-sha2-256-trunc254-padded-binary-tree`.
const SHA256_TREE: u64 = 0x1011;
/// Multihash `sha2-256-trunc254-padded`.
const SHA256_TRUNCATED: u64 = 0x1012;
/// Multihash `poseidon-bls12_381-a2-fc1`.
const POSEIDON: u64 = 0xb401;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What a CID says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commitment {
    /// comm_p or comm_d; the size is not told.
    Unsealed(Node),
    /// comm_r; the size is not told.
    Sealed(Node),
    /// comm_p with its size: the second version of a piece's CID.
    Piece(Piece),
}

/// comm_p: `baga6ea4seaq…`. It does not tell the piece's size.
pub fn piece_cid_v1(comm_p: Node) -> String {
    Commitment::Unsealed(comm_p).to_string()
}

/// comm_p with the sizes of piece and payload: `bafkzcib…`.
pub fn piece_cid_v2(piece: &Piece) -> String {
    Commitment::Piece(*piece).to_string()
}

/// comm_d: `baga6ea4seaq…`.
pub fn comm_d_cid(comm_d: Node) -> String {
    Commitment::Unsealed(comm_d).to_string()
}

/// comm_r: `bagboea4b5abc…`.
pub fn comm_r_cid(comm_r: Node) -> String {
    Commitment::Sealed(comm_r).to_string()
}

impl std::fmt::Display for Commitment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (codec, hash, digest) = match self {
            Commitment::Unsealed(node) => (UNSEALED, SHA256_TRUNCATED, node.0.to_vec()),
            Commitment::Sealed(node) => (SEALED, POSEIDON, node.0.to_vec()),
            Commitment::Piece(piece) => {
                let mut digest = Vec::new();
                put_varint(
                    &mut digest,
                    piece.size.unpadded().saturating_sub(piece.payload_size),
                );
                digest.push(piece.size.height() as u8);
                digest.extend(piece.comm_p.0);
                (RAW, SHA256_TREE, digest)
            }
        };
        let mut bytes = Vec::new();
        for number in [CID_V1, codec, hash, digest.len() as u64] {
            put_varint(&mut bytes, number);
        }
        bytes.extend(digest);
        write!(f, "b{}", base32(&bytes))
    }
}

/// What is wrong with a word that should be the CID of a commitment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CidError {
    /// Another base than lower-case base32, or no CID at all.
    #[error("a commitment's CID starts with b, for lower-case base32")]
    Base,
    /// A character outside the alphabet.
    #[error("character {position} is {character:?}, which is none of base32's a-z and 2-7")]
    Character {
        /// Where it stands, counted from 1.
        position: usize,
        /// What stands there.
        character: char,
    },
    /// The bytes end too early, go on too long, or have bits left over.
    #[error("the CID is cut off, or has more bytes than it says")]
    Length,
    /// A number that is not written in the shortest way.
    #[error("the CID has a number that is not written in the shortest way")]
    Varint,
    /// The CID of something else.
    #[error("this is no commitment's CID: version {version}, codec {codec:#x}, hash {hash:#x}")]
    Other {
        /// Its version.
        version: u64,
        /// Its codec.
        codec: u64,
        /// Its multihash.
        hash: u64,
    },
    /// A tree that no piece has.
    #[error("no piece has a tree of height {height} with {padding} bytes of padding")]
    Size {
        /// Rows above the leaves.
        height: u8,
        /// Zeros after the payload.
        padding: u64,
    },
    /// 32 bytes that are no commitment of its kind.
    #[error("{node} is too large a number for a commitment")]
    NotCanonical {
        /// The 32 bytes.
        node: Node,
    },
}

/// Reads the CID of a commitment: strictly, so that each commitment has one CID of each kind.
impl std::str::FromStr for Commitment {
    type Err = CidError;

    fn from_str(word: &str) -> Result<Commitment, CidError> {
        let bytes = from_base32(word.strip_prefix('b').ok_or(CidError::Base)?)?;
        let mut rest = &bytes[..];
        let version = take_varint(&mut rest)?;
        let codec = take_varint(&mut rest)?;
        let hash = take_varint(&mut rest)?;
        if take_varint(&mut rest)? != rest.len() as u64 {
            return Err(CidError::Length);
        }
        match (version, codec, hash) {
            (CID_V1, UNSEALED, SHA256_TRUNCATED) => take_truncated(rest).map(Commitment::Unsealed),
            (CID_V1, SEALED, POSEIDON) => {
                let node = take_node(rest)?;
                node.to_fr()
                    .map(|_| Commitment::Sealed(node))
                    .ok_or(CidError::NotCanonical { node })
            }
            (CID_V1, RAW, SHA256_TREE) => take_piece(rest).map(Commitment::Piece),
            _ => Err(CidError::Other { version, codec, hash }),
        }
    }
}

fn take_piece(digest: &[u8]) -> Result<Piece, CidError> {
    let mut rest = digest;
    let padding = take_varint(&mut rest)?;
    let (&height, node) = rest.split_first().ok_or(CidError::Length)?;
    let no_size = CidError::Size { height, padding };
    let padded_size = 32u64.checked_shl(u32::from(height)).ok_or(no_size.clone())?;
    let size = PieceSize::from_padded(padded_size).map_err(|_| no_size.clone())?;
    let payload_size = size.unpadded().checked_sub(padding).ok_or(no_size)?;
    Ok(Piece {
        payload_size,
        size,
        comm_p: take_truncated(node)?,
    })
}

fn take_node(bytes: &[u8]) -> Result<Node, CidError> {
    bytes.try_into().map(Node).map_err(|_| CidError::Length)
}

/// A digest of SHA-256 without its two highest bits.
fn take_truncated(bytes: &[u8]) -> Result<Node, CidError> {
    let node = take_node(bytes)?;
    if Node::truncated(node.0) == node {
        Ok(node)
    } else {
        Err(CidError::NotCanonical { node })
    }
}

fn put_varint(bytes: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while 0x80 <= rest {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Takes a number of up to nine bytes, which is where multiformats end.
fn take_varint(bytes: &mut &[u8]) -> Result<u64, CidError> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or(CidError::Length)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let shortest = byte != 0 || shift == 0;
            return if shortest {
                Ok(number)
            } else {
                Err(CidError::Varint)
            };
        }
    }
    Err(CidError::Varint)
}

fn base32(bytes: &[u8]) -> String {
    let group = |group: &[u8]| {
        let mut five = [0; 8];
        five[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(five);
        let n_letters = (group.len() * 8).div_ceil(5);
        (0..n_letters).map(move |i| ALPHABET[(bits >> (35 - 5 * i) & 31) as usize] as char)
    };
    bytes.chunks(5).flat_map(group).collect()
}

fn from_base32(word: &str) -> Result<Vec<u8>, CidError> {
    let mut bytes = Vec::new();
    let (mut bits, mut n_bits) = (0u32, 0);
    for (i, character) in word.chars().enumerate() {
        let letter = ALPHABET
            .iter()
            .position(|&letter| char::from(letter) == character);
        // The base's own letter stands before the first.
        let letter = letter.ok_or(CidError::Character {
            position: i + 2,
            character,
        })?;
        bits = bits << 5 | letter as u32;
        n_bits += 5;
        if 8 <= n_bits {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
            bits &= (1 << n_bits) - 1;
        }
    }
    if 5 <= n_bits || bits != 0 {
        return Err(CidError::Length);
    }
    Ok(bytes)
}
