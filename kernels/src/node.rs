//! The 32 bytes that layers and trees are made of.

use std::fmt;

use ff::PrimeField;

use crate::Fr;

/// 32 bytes in a layer or tree: an element of the BLS12-381 scalar field, canonical, little-endian.
///
/// What is read from a disk may hold any 32 bytes; [`Node::to_fr`] tells whether they are canonical.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Node(pub [u8; 32]);

impl Node {
    /// Bytes in a node.
    pub const SIZE: usize = 32;

    /// The zero element.
    pub const ZERO: Node = Node([0; 32]);

    /// A digest cut to the field: the two most significant bits (of the last byte) are cleared.
    pub fn truncated(mut digest: [u8; 32]) -> Node {
        digest[31] &= 0x3f;
        Node(digest)
    }

    /// The field element, or `None` when the bytes are not below the modulus.
    pub fn to_fr(self) -> Option<Fr> {
        Option::from(Fr::from_repr(self.0))
    }

    /// Sees bytes as nodes.
    ///
    /// # Panics
    /// When the length is no multiple of 32.
    pub fn slice(bytes: &[u8]) -> &[Node] {
        let (nodes, rest) = bytes.as_chunks::<32>();
        assert!(
            rest.is_empty(),
            "{} bytes are no whole number of nodes",
            bytes.len()
        );
        // SAFETY: `Node` is a transparent wrapper of `[u8; 32]`; length and lifetime stay the same.
        unsafe { std::slice::from_raw_parts(nodes.as_ptr().cast(), nodes.len()) }
    }

    /// Sees bytes as nodes that may be written.
    ///
    /// # Panics
    /// When the length is no multiple of 32.
    pub fn slice_mut(bytes: &mut [u8]) -> &mut [Node] {
        assert!(
            bytes.len().is_multiple_of(32),
            "{} bytes are no whole number of nodes",
            bytes.len()
        );
        let (nodes, _) = bytes.as_chunks_mut::<32>();
        // SAFETY: as in `slice`; the exclusive borrow is handed on.
        unsafe { std::slice::from_raw_parts_mut(nodes.as_mut_ptr().cast(), nodes.len()) }
    }

    /// Sees nodes as the bytes that lie on disk.
    pub fn bytes(nodes: &[Node]) -> &[u8] {
        // SAFETY: `Node` is a transparent wrapper of `[u8; 32]`, which has neither padding nor alignment.
        unsafe { std::slice::from_raw_parts(nodes.as_ptr().cast(), std::mem::size_of_val(nodes)) }
    }

    /// Sees nodes as bytes that may be written.
    pub fn bytes_mut(nodes: &mut [Node]) -> &mut [u8] {
        // SAFETY: as in `bytes`; every bit pattern is a `Node`.
        unsafe { std::slice::from_raw_parts_mut(nodes.as_mut_ptr().cast(), std::mem::size_of_val(nodes)) }
    }
}

impl From<Fr> for Node {
    fn from(element: Fr) -> Node {
        Node(element.to_repr())
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({self})")
    }
}

/// Lower-case hex of the 32 bytes, in their order on disk.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
