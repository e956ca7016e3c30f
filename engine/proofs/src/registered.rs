//! What the chain has registered: ways to seal, to prove over time, to update and to aggregate, each with its
//! numbers, the version of its graph and what is special about it.
//!
//! The chain's numbers are those of `RegisteredSealProof`, `RegisteredPoStProof`, `RegisteredUpdateProof` and
//! `RegisteredAggregateProof` in `go-state-types` and `fvm_shared` 4.8; versions and features those of
//! `filecoin-proofs-api` 19.1, `registry.rs`.

use std::{fmt, str::FromStr};

use crate::{
    geometry::{Geometry, SectorSize, GEOMETRIES},
    replica_id::PorepId,
};

/// The version of the graph, and of the PoSt challenges.
///
/// Only these differences exist: V1_0_0 puts a node's predecessor last among its base parents and cuts the
/// expander permutation to 32 bits, so that the expander parents of large sectors lie in their first 2²⁹
/// nodes; V1_2_0 has the graph of V1_1_0 and another index in PoSt challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiVersion {
    /// The first version.
    V1_0_0,
    /// The version of every sector sealed since 2020.
    V1_1_0,
    /// V1_1_0 with repaired PoSt challenges.
    V1_2_0,
}

/// What sets a seal proof apart from the interactive one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feature {
    /// All answers that may be asked for are made in advance, so that the layers can go before the seed comes.
    SyntheticPorep,
    /// The challenges follow from the replica; there are more of them, and the proofs are aggregated.
    NonInteractivePorep,
}

/// A registered way to seal; together with a size it is one registered proof of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealProof {
    /// `StackedDrg…V1`.
    V1,
    /// `StackedDrg…V1_1`.
    V1_1,
    /// `StackedDrg…V1_1_Feat_SyntheticPoRep`.
    Synthetic,
    /// `StackedDrg…V1_2_Feat_NonInteractivePoRep`.
    NonInteractive,
}

/// A registered way to prove that replicas are still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PostProof {
    /// `StackedDrgWinning…V1`. It never got the repaired challenges: with them all 66 would be the same.
    Winning,
    /// `StackedDrgWindow…V1`, which the chain takes no more.
    WindowV1,
    /// `StackedDrgWindow…V1_2`; the chain calls it `…V1_1`.
    WindowV1_2,
}

/// A registered way to put data into a committed-capacity sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpdateProof {
    /// `StackedDrg…V1`.
    V1,
}

/// A registered way to aggregate proofs. It goes for every sector size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateProof {
    /// The first SnarkPack.
    SnarkPackV1,
    /// SnarkPack whose first challenge covers the first round too.
    SnarkPackV2,
}

/// What the chain knows of a way to prove.
struct Row {
    /// What people type.
    word: &'static str,
    /// The chain's number of the smallest registered size; the others follow.
    first_id: u64,
    api_version: ApiVersion,
    feature: Option<Feature>,
}

use ApiVersion::{V1_0_0, V1_1_0, V1_2_0};
use Feature::{NonInteractivePorep, SyntheticPorep};

static SEAL_PROOFS: [Row; 4] = [
    row("v1", 0, V1_0_0, None),
    row("v1.1", 5, V1_1_0, None),
    row("synthetic", 10, V1_2_0, Some(SyntheticPorep)),
    row("ni", 15, V1_2_0, Some(NonInteractivePorep)),
];
static POST_PROOFS: [Row; 3] = [
    row("winning", 0, V1_0_0, None),
    row("window-v1", 5, V1_0_0, None),
    row("window-v1.2", 10, V1_2_0, None),
];
static UPDATE_PROOFS: [Row; 1] = [row("update-v1", 0, V1_1_0, None)];

const fn row(word: &'static str, first_id: u64, api_version: ApiVersion, feature: Option<Feature>) -> Row {
    Row {
        word,
        first_id,
        api_version,
        feature,
    }
}

/// The place of a size among those that the chain registers.
///
/// Sizes that it does not register borrow the place of the next lower one that it does.
const PLACES: [u64; 10] = [0, 0, 0, 0, 1, 1, 2, 2, 3, 4];

/// Whether the chain has sectors of that size.
pub fn is_registered(sector_size: SectorSize) -> bool {
    registered_sizes().any(|size| size == sector_size)
}

/// The sizes that the chain registers, the smallest first: 2KiB, 8MiB, 512MiB, 32GiB, 64GiB.
pub fn registered_sizes() -> impl Iterator<Item = SectorSize> {
    let is_first = |row: &usize| *row == 0 || PLACES[row - 1] < PLACES[*row];
    (0..GEOMETRIES.len())
        .filter(is_first)
        .map(|row| GEOMETRIES[row].sector_size)
}

fn place(sector_size: SectorSize) -> u64 {
    let row = GEOMETRIES.iter().position(|row| row.sector_size == sector_size);
    PLACES[row.expect("a SectorSize is made only from the table")]
}

impl SealProof {
    /// Every seal proof.
    pub const ALL: [SealProof; 4] = [
        SealProof::V1,
        SealProof::V1_1,
        SealProof::Synthetic,
        SealProof::NonInteractive,
    ];

    /// The version of its graph.
    pub fn api_version(self) -> ApiVersion {
        self.row().api_version
    }

    /// What sets it apart.
    pub fn feature(self) -> Option<Feature> {
        self.row().feature
    }

    /// The chain's number of this seal proof for a size: `RegisteredSealProof` as an integer.
    pub fn registered_id(self, sector_size: SectorSize) -> u64 {
        self.row().first_id + place(sector_size)
    }

    /// The seal proof and the size that have a number of the chain.
    pub fn from_registered_id(id: u64) -> Option<(SealProof, SectorSize)> {
        let proofs = SealProof::ALL.into_iter();
        let mut all = proofs.flat_map(|proof| registered_sizes().map(move |size| (proof, size)));
        all.find(|(proof, size)| proof.registered_id(*size) == id)
    }

    /// The id that seeds the graph: `u64le(registered id) ‖ u64le(0) ‖ 0¹⁶`.
    pub fn porep_id(self, sector_size: SectorSize) -> PorepId {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&self.registered_id(sector_size).to_le_bytes());
        PorepId(id)
    }

    /// SNARKs in a proof.
    pub fn n_partitions(self, geometry: &Geometry) -> usize {
        match self.feature() {
            Some(NonInteractivePorep) => geometry.ni_porep_partitions,
            Some(SyntheticPorep) | None => geometry.porep_partitions,
        }
    }

    fn row(self) -> &'static Row {
        &SEAL_PROOFS[self as usize]
    }
}

impl PostProof {
    /// Every PoSt proof.
    pub const ALL: [PostProof; 3] = [PostProof::Winning, PostProof::WindowV1, PostProof::WindowV1_2];

    /// The version of its challenges.
    pub fn api_version(self) -> ApiVersion {
        self.row().api_version
    }

    /// The chain's number of this PoSt proof for a size: `RegisteredPoStProof` as an integer.
    pub fn registered_id(self, sector_size: SectorSize) -> u64 {
        self.row().first_id + place(sector_size)
    }

    fn row(self) -> &'static Row {
        &POST_PROOFS[self as usize]
    }
}

impl UpdateProof {
    /// Every update proof.
    pub const ALL: [UpdateProof; 1] = [UpdateProof::V1];

    /// The version that the update belongs to.
    pub fn api_version(self) -> ApiVersion {
        self.row().api_version
    }

    /// The chain's number of this update proof for a size: `RegisteredUpdateProof` as an integer.
    pub fn registered_id(self, sector_size: SectorSize) -> u64 {
        self.row().first_id + place(sector_size)
    }

    fn row(self) -> &'static Row {
        &UPDATE_PROOFS[self as usize]
    }
}

impl AggregateProof {
    /// Every aggregate proof.
    pub const ALL: [AggregateProof; 2] = [AggregateProof::SnarkPackV1, AggregateProof::SnarkPackV2];

    /// The chain's number: `RegisteredAggregateProof` as an integer.
    pub fn registered_id(self) -> u64 {
        self as u64
    }

    fn word(self) -> &'static str {
        ["snarkpack-v1", "snarkpack-v2"][self as usize]
    }
}

/// `1.0.0`, `1.1.0`, `1.2.0`.
impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            V1_0_0 => "1.0.0",
            V1_1_0 => "1.1.0",
            V1_2_0 => "1.2.0",
        })
    }
}

/// `synthetic-porep`, `non-interactive-porep`.
impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SyntheticPorep => "synthetic-porep",
            NonInteractivePorep => "non-interactive-porep",
        })
    }
}

/// A word that names no registered proof.
#[derive(Debug, thiserror::Error)]
#[error("there is no {what} {word:?}; the {what}s are {known}")]
pub struct UnknownProof {
    what: &'static str,
    word: String,
    known: String,
}

/// Writes the word of a registered proof, and reads it back.
macro_rules! words {
    ($name:ident, $what:literal, $word:expr) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($word(*self))
            }
        }

        impl FromStr for $name {
            type Err = UnknownProof;

            fn from_str(word: &str) -> Result<$name, UnknownProof> {
                let known = $name::ALL.into_iter().find(|proof| $word(*proof) == word);
                known.ok_or_else(|| UnknownProof {
                    what: $what,
                    word: word.to_owned(),
                    known: $name::ALL.map($word).join(", "),
                })
            }
        }
    };
}

words!(SealProof, "seal proof", |proof: SealProof| proof.row().word);
words!(PostProof, "PoSt proof", |proof: PostProof| proof.row().word);
words!(UpdateProof, "update proof", |proof: UpdateProof| proof.row().word);
words!(AggregateProof, "aggregate proof", AggregateProof::word);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ids: fn(SectorSize) -> u64, expected: [u64; 5]) {
        let found: Vec<u64> = registered_sizes().map(ids).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_chain_registers_five_sizes() {
        let sizes: Vec<String> = registered_sizes().map(|size| size.to_string()).collect();
        assert_eq!(sizes, ["2KiB", "8MiB", "512MiB", "32GiB", "64GiB"]);
        let registered = GEOMETRIES.iter().filter(|row| is_registered(row.sector_size));
        assert_eq!(registered.count(), 5);
    }

    #[test]
    fn registered_sizes_have_the_chains_ids() {
        check(|size| SealProof::V1.registered_id(size), [0, 1, 2, 3, 4]);
        check(|size| SealProof::V1_1.registered_id(size), [5, 6, 7, 8, 9]);
        check(
            |size| SealProof::Synthetic.registered_id(size),
            [10, 11, 12, 13, 14],
        );
        check(
            |size| SealProof::NonInteractive.registered_id(size),
            [15, 16, 17, 18, 19],
        );
        check(|size| PostProof::Winning.registered_id(size), [0, 1, 2, 3, 4]);
        check(|size| PostProof::WindowV1.registered_id(size), [5, 6, 7, 8, 9]);
        check(
            |size| PostProof::WindowV1_2.registered_id(size),
            [10, 11, 12, 13, 14],
        );
        check(|size| UpdateProof::V1.registered_id(size), [0, 1, 2, 3, 4]);
        assert_eq!(AggregateProof::ALL.map(AggregateProof::registered_id), [0, 1]);
    }

    #[test]
    fn other_sizes_borrow_the_id_below() {
        for (size, id) in [("4KiB", 5), ("16KiB", 5), ("32KiB", 5), ("16MiB", 6), ("1GiB", 7)] {
            assert_eq!(SealProof::V1_1.registered_id(size.parse().unwrap()), id, "{size}");
        }
    }

    #[test]
    fn a_porep_id_begins_with_the_chains_id() {
        for id in 0..20 {
            let (proof, size) = SealProof::from_registered_id(id).unwrap();
            let mut bytes = [0; 32];
            bytes[0] = id as u8;
            assert_eq!(proof.porep_id(size).0, bytes);
        }
        assert_eq!(SealProof::from_registered_id(20), None);
    }

    #[test]
    fn versions_and_features_are_the_registrys() {
        assert_eq!(
            SealProof::ALL.map(|proof| (proof.api_version(), proof.feature())),
            [
                (V1_0_0, None),
                (V1_1_0, None),
                (V1_2_0, Some(SyntheticPorep)),
                (V1_2_0, Some(NonInteractivePorep)),
            ]
        );
        assert_eq!(
            PostProof::ALL.map(PostProof::api_version),
            [V1_0_0, V1_0_0, V1_2_0]
        );
        assert_eq!(UpdateProof::V1.api_version(), V1_1_0);
    }

    #[test]
    fn only_non_interactive_proofs_have_other_partitions() {
        for row in &GEOMETRIES {
            let n = SealProof::ALL.map(|proof| proof.n_partitions(row));
            assert_eq!(n[..3], [row.porep_partitions; 3]);
            assert_eq!(n[3], row.ni_porep_partitions);
        }
    }

    #[test]
    fn words_come_back() {
        for proof in SealProof::ALL {
            assert_eq!(proof.to_string().parse::<SealProof>().unwrap(), proof);
        }
        for proof in PostProof::ALL {
            assert_eq!(proof.to_string().parse::<PostProof>().unwrap(), proof);
        }
        for proof in AggregateProof::ALL {
            assert_eq!(proof.to_string().parse::<AggregateProof>().unwrap(), proof);
        }
        assert_eq!("update-v1".parse::<UpdateProof>().unwrap(), UpdateProof::V1);
        let error = "v2".parse::<SealProof>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"there is no seal proof "v2"; the seal proofs are v1, v1.1, synthetic, ni"#
        );
    }
}
