//! On how many elements the laws are tried.

use crate::Hash;

/// Sizes for every operation.
pub(super) struct Sizes {
    /// Digests; up to 9 are of the largest elements, the 10th is of zeros, and 9 more are of hard ones.
    pub hashes: &'static [usize],
    /// The most rows above the leaves; every tree of fewer rows is tried too.
    pub trees: &'static [(Hash, u32)],
    /// Columns, of 2 and of 11 labels.
    pub columns: &'static [usize],
    /// The same under a tree.
    pub columns_trees: &'static [usize],
    /// Nodes, and rows that are not kept.
    pub encode_trees: &'static [(usize, usize)],
    /// Number of the layer, and lanes.
    pub labels: &'static [(u32, usize)],
    /// Nodes that are encoded and decoded.
    pub encodes: &'static [usize],
    /// Logarithms of the lengths of transforms.
    pub log_ntts: &'static [u32],
    /// Logarithms of the lengths of quotients.
    pub log_quotients: &'static [u32],
    /// Points that are added, and multiples of one.
    pub points: &'static [usize],
}

/// Around every width and chunk that a device may have.
pub(super) const ALL: Sizes = Sizes {
    hashes: &[0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 129, 135],
    trees: &[
        (Hash::Sha256, 7),
        (Hash::Poseidon2, 4),
        (Hash::Poseidon4, 2),
        (Hash::Poseidon8, 2),
        (Hash::Poseidon11, 1),
    ],
    columns: &[1, 7, 8, 65],
    columns_trees: &[1, 8, 64],
    encode_trees: &[(8, 0), (64, 0), (64, 1), (512, 0), (512, 1), (512, 2)],
    labels: &[(1, 1), (1, 3), (2, 1), (2, 2), (3, 5), (11, 16), (11, 17)],
    encodes: &[0, 1, 2, 31, 1500],
    log_ntts: &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    log_quotients: &[0, 1, 2, 3, 4, 5, 6, 7],
    points: &[0, 1, 2, 3, 5, 31, 33, 100],
};

/// One or two of each, beyond the width of eight that wide bodies have.
pub(super) const FEW: Sizes = Sizes {
    hashes: &[17],
    trees: &[(Hash::Sha256, 5), (Hash::Poseidon8, 1)],
    columns: &[9],
    columns_trees: &[8],
    encode_trees: &[(64, 1)],
    labels: &[(1, 1), (2, 2)],
    encodes: &[31],
    log_ntts: &[6],
    log_quotients: &[5],
    points: &[9],
};
