//! What a PoSt claims, and what follows from it: challenges, partitions, public inputs.

use std::collections::{BTreeMap, BTreeSet};

use kernels::{Fr, Node};

use super::challenge::{self, Randomness, WINDOW_CHALLENGES, WINNING_CHALLENGES};
use crate::{geometry::Geometry, registered::PostProof, replica_id::ProverId};

/// A sector as the chain knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicSector {
    /// The provider's number of it.
    pub sector: u64,
    /// Root of columns and replica.
    pub comm_r: Node,
}

/// That a provider still has these sectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    geometry: &'static Geometry,
    post_proof: PostProof,
    prover_id: ProverId,
    randomness: Randomness,
    /// In the order of their numbers, each once.
    sectors: Vec<PublicSector>,
}

/// Why a PoSt cannot claim that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// The prover id is no field element.
    #[error("prover_id {prover_id} is not a canonical field element")]
    ProverId {
        /// The prover id.
        prover_id: ProverId,
    },
    /// The comm_r of a sector is no field element, or zero.
    #[error("sector {sector}: comm_r {comm_r} is zero or not a canonical field element")]
    CommR {
        /// The sector.
        sector: u64,
        /// Its comm_r.
        comm_r: Node,
    },
    /// Two sectors have one number.
    #[error("sector {sector} is given twice, with two different comm_r")]
    Twice {
        /// The number.
        sector: u64,
    },
    /// There is nothing to claim.
    #[error("a PoSt is about one sector at least, and none is left")]
    Empty,
    /// WinningPoSt is about the one sector that the randomness chooses.
    #[error("a WinningPoSt is about one sector, and {n_sectors} are given")]
    Several {
        /// How many are given.
        n_sectors: usize,
    },
}

impl Statement {
    /// Claims it; a sector that is given twice counts once.
    ///
    /// # Errors
    /// When the prover id or a comm_r is no field element, two sectors have one number, there is none, or
    /// WinningPoSt has more than one.
    pub fn new(
        geometry: &'static Geometry,
        post_proof: PostProof,
        prover_id: ProverId,
        randomness: Randomness,
        sectors: impl IntoIterator<Item = PublicSector>,
    ) -> Result<Statement, StatementError> {
        challenge::check_prover_id(&prover_id).map_err(|_| StatementError::ProverId { prover_id })?;
        let mut by_number = BTreeMap::new();
        for PublicSector { sector, comm_r } in sectors {
            if comm_r == Node::ZERO || comm_r.to_fr().is_none() {
                return Err(StatementError::CommR { sector, comm_r });
            }
            if by_number
                .insert(sector, comm_r)
                .is_some_and(|other| other != comm_r)
            {
                return Err(StatementError::Twice { sector });
            }
        }
        let n_sectors = by_number.len();
        if n_sectors == 0 {
            return Err(StatementError::Empty);
        }
        if post_proof == PostProof::Winning && n_sectors != 1 {
            return Err(StatementError::Several { n_sectors });
        }
        let sectors = by_number.into_iter();
        Ok(Statement {
            geometry,
            post_proof,
            prover_id,
            randomness,
            sectors: sectors
                .map(|(sector, comm_r)| PublicSector { sector, comm_r })
                .collect(),
        })
    }

    /// The same claim without some of its sectors.
    ///
    /// # Errors
    /// When none is left.
    pub fn without(&self, skipped: &BTreeSet<u64>) -> Result<Statement, StatementError> {
        let left = self.sectors.iter().copied();
        let sectors: Vec<_> = left.filter(|sector| !skipped.contains(&sector.sector)).collect();
        if sectors.is_empty() {
            return Err(StatementError::Empty);
        }
        Ok(Statement {
            sectors,
            ..self.clone()
        })
    }

    /// Size of the sectors and all that follows from it.
    pub fn geometry(&self) -> &'static Geometry {
        self.geometry
    }

    /// The registered proof.
    pub fn post_proof(&self) -> PostProof {
        self.post_proof
    }

    /// Who claims it.
    pub fn prover_id(&self) -> ProverId {
        self.prover_id
    }

    /// The randomness that asks.
    pub fn randomness(&self) -> Randomness {
        self.randomness
    }

    /// The sectors, in the order of their numbers.
    pub fn sectors(&self) -> &[PublicSector] {
        &self.sectors
    }

    /// SNARKs in the proof.
    pub fn n_partitions(&self) -> usize {
        self.sectors.len().div_ceil(self.partition_len())
    }

    /// The sectors of partition k, without those that fill it up.
    ///
    /// # Panics
    /// When there is no such partition.
    pub fn partition(&self, k: usize) -> &[PublicSector] {
        let mut partitions = self.sectors.chunks(self.partition_len());
        partitions
            .nth(k)
            .unwrap_or_else(|| panic!("there is no partition {k}"))
    }

    /// Where partition k begins among the sectors.
    pub(super) fn first(&self, k: usize) -> usize {
        k * self.partition_len()
    }

    /// Different sectors that one SNARK takes.
    fn partition_len(&self) -> usize {
        match self.post_proof {
            PostProof::Winning => 1,
            PostProof::WindowV1 | PostProof::WindowV1_2 => self.geometry.window_sectors,
        }
    }

    /// What the sector at a position is asked for.
    ///
    /// # Panics
    /// When there is no such position.
    pub fn challenges(&self, position: usize) -> Vec<u64> {
        let n_challenges = match self.post_proof {
            PostProof::Winning => WINNING_CHALLENGES,
            PostProof::WindowV1 | PostProof::WindowV1_2 => WINDOW_CHALLENGES,
        };
        let sector = self.sectors[position].sector;
        challenge::nodes(
            self.post_proof.api_version(),
            self.randomness,
            (sector, position),
            n_challenges,
            self.geometry.n_nodes(),
        )
    }

    /// The public inputs of partition k's SNARK, without the leading one: each sector's comm_r and challenges.
    ///
    /// WinningPoSt has its sector once for each challenge; WindowPoSt's last partition is filled up with its
    /// last sector.
    ///
    /// # Panics
    /// When there is no such partition.
    pub fn public_inputs(&self, k: usize) -> Vec<Fr> {
        let mut inputs = Vec::new();
        for (i, sector) in self.partition(k).iter().enumerate() {
            let comm_r = sector.comm_r.to_fr().expect("a statement's comm_r is canonical");
            let challenges = self.challenges(self.first(k) + i).into_iter().map(Fr::from);
            match self.post_proof {
                PostProof::Winning => inputs.extend(challenges.flat_map(|challenge| [comm_r, challenge])),
                PostProof::WindowV1 | PostProof::WindowV1_2 => {
                    inputs.push(comm_r);
                    inputs.extend(challenges);
                }
            }
        }
        let n_missing = self.partition_len() - self.partition(k).len();
        let last = inputs[inputs.len() - inputs.len() / self.partition(k).len()..].to_vec();
        inputs.extend(last.iter().cycle().take(n_missing * last.len()));
        inputs
    }
}
