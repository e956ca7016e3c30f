//! PoSt by the reference: over sectors that lie in directories, whoever sealed them.

use std::{collections::BTreeMap, fs};

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    geometry::Geometry,
    post::{
        challenge::{WINDOW_CHALLENGES, WINNING_CHALLENGES},
        Statement,
    },
    registered::{ApiVersion, PostProof},
};
use filecoin_proofs as fil;
use filecoin_proofs::{
    FallbackPoStSectorProof, MerkleTreeTrait, PartitionSnarkProof, PoStConfig, PoStType, PrivateReplicaInfo,
    PublicReplicaInfo, SectorShapeBase, SectorShapeSub2, SectorShapeSub8, SectorShapeTop2,
};
use storage_proofs_core::{api_version, sector::SectorId};

use super::Directory;
use crate::home;

/// The reference at work on the sectors of a statement.
pub trait Poster {
    /// Which of so many eligible sectors it asks for.
    fn chosen(&self, n_eligible: u64) -> Result<u64>;
    /// What it asks each sector for, by number.
    fn challenges(&self) -> Result<BTreeMap<u64, Vec<u64>>>;
    /// A sector's vanilla proof, in the bytes that its users hand around.
    fn vanilla(&self, sector: u64) -> Result<Vec<u8>>;
    /// The proof, straight from the files.
    fn prove(&self) -> Result<Vec<u8>>;
    /// The proof of these vanilla proofs.
    fn prove_vanilla(&self, vanilla: &[Vec<u8>]) -> Result<Vec<u8>>;
    /// One partition's proof of its vanilla proofs.
    fn prove_partition(&self, vanilla: &[Vec<u8>], k: usize) -> Result<Vec<u8>>;
    /// The proofs of the partitions joined.
    fn merge(&self, partitions: &[Vec<u8>]) -> Result<Vec<u8>>;
    /// Whether the proof convinces it.
    fn verify(&self, proof: &[u8]) -> Result<bool>;
}

/// The reference for a statement about sectors that lie in these directories, by number.
///
/// # Errors
/// When the directory of parameters cannot be made.
pub fn poster(statement: &Statement, directories: BTreeMap<u64, Directory>) -> Result<Box<dyn Poster>> {
    fs::create_dir_all(home::parameters())?;
    let shape = statement.geometry().tree;
    Ok(match (shape.sub, shape.top) {
        (0, _) => Box::new(Shaped::<SectorShapeBase>::new(statement, directories)),
        (2, _) => Box::new(Shaped::<SectorShapeSub2>::new(statement, directories)),
        (_, 0) => Box::new(Shaped::<SectorShapeSub8>::new(statement, directories)),
        _ => Box::new(Shaped::<SectorShapeTop2>::new(statement, directories)),
    })
}

struct Shaped<Tree> {
    statement: Statement,
    directories: BTreeMap<u64, Directory>,
    config: PoStConfig,
    _shape: std::marker::PhantomData<Tree>,
}

fn config(geometry: &Geometry, post_proof: PostProof) -> PoStConfig {
    let (typ, challenge_count, sector_count) = match post_proof {
        PostProof::Winning => (PoStType::Winning, WINNING_CHALLENGES, 1),
        PostProof::WindowV1 | PostProof::WindowV1_2 => {
            (PoStType::Window, WINDOW_CHALLENGES, geometry.window_sectors)
        }
    };
    PoStConfig {
        sector_size: fil::SectorSize(geometry.sector_size.bytes()),
        challenge_count,
        sector_count,
        typ,
        priority: false,
        api_version: match post_proof.api_version() {
            ApiVersion::V1_0_0 => api_version::ApiVersion::V1_0_0,
            ApiVersion::V1_1_0 => api_version::ApiVersion::V1_1_0,
            ApiVersion::V1_2_0 => api_version::ApiVersion::V1_2_0,
        },
    }
}

impl<Tree: 'static + MerkleTreeTrait> Shaped<Tree> {
    fn new(statement: &Statement, directories: BTreeMap<u64, Directory>) -> Shaped<Tree> {
        Shaped {
            config: config(statement.geometry(), statement.post_proof()),
            statement: statement.clone(),
            directories,
            _shape: std::marker::PhantomData,
        }
    }

    fn is_winning(&self) -> bool {
        self.statement.post_proof() == PostProof::Winning
    }

    fn randomness(&self) -> [u8; 32] {
        self.statement.randomness().bytes()
    }

    fn prover(&self) -> [u8; 32] {
        self.statement.prover_id().0
    }

    fn private(&self) -> Result<BTreeMap<SectorId, PrivateReplicaInfo<Tree>>> {
        let replica = |sector: &engine_proofs::post::PublicSector| {
            let directory = self
                .directories
                .get(&sector.sector)
                .context("it lies somewhere")?;
            let (sealed, cache) = (directory.sealed.clone(), directory.cache.clone());
            let info = PrivateReplicaInfo::new(sealed, sector.comm_r.0, cache)?;
            Ok((SectorId::from(sector.sector), info))
        };
        self.statement.sectors().iter().map(replica).collect()
    }

    fn public(&self) -> Result<BTreeMap<SectorId, PublicReplicaInfo>> {
        let replica = |sector: &engine_proofs::post::PublicSector| {
            let info = PublicReplicaInfo::new(sector.comm_r.0)?;
            Ok((SectorId::from(sector.sector), info))
        };
        self.statement.sectors().iter().map(replica).collect()
    }
}

fn parse<Tree: MerkleTreeTrait>(vanilla: &[Vec<u8>]) -> Result<Vec<FallbackPoStSectorProof<Tree>>> {
    vanilla
        .iter()
        .map(|bytes| Ok(bincode::deserialize(bytes)?))
        .collect()
}

impl<Tree: 'static + MerkleTreeTrait> Poster for Shaped<Tree> {
    fn chosen(&self, n_eligible: u64) -> Result<u64> {
        let randomness = self.randomness();
        let chosen = fil::generate_winning_post_sector_challenge::<Tree>(
            &self.config,
            &randomness,
            n_eligible,
            self.prover(),
        )?;
        ensure!(chosen.len() == 1, "{} sectors are asked for", chosen.len());
        Ok(chosen[0])
    }

    fn challenges(&self) -> Result<BTreeMap<u64, Vec<u64>>> {
        let numbers = self.statement.sectors().iter();
        let numbers: Vec<SectorId> = numbers.map(|sector| SectorId::from(sector.sector)).collect();
        let randomness = self.randomness();
        let asked = fil::generate_fallback_sector_challenges::<Tree>(
            &self.config,
            &randomness,
            &numbers,
            self.prover(),
        )?;
        Ok(asked
            .into_iter()
            .map(|(sector, nodes)| (sector.into(), nodes))
            .collect())
    }

    fn vanilla(&self, sector: u64) -> Result<Vec<u8>> {
        let challenges = self.challenges()?;
        let private = self.private()?;
        let id = SectorId::from(sector);
        let proof = fil::generate_single_vanilla_proof::<Tree>(
            &self.config,
            id,
            &private[&id],
            &challenges[&sector],
        )?;
        Ok(bincode::serialize(&proof)?)
    }

    fn prove(&self) -> Result<Vec<u8>> {
        let (randomness, private) = (self.randomness(), self.private()?);
        if self.is_winning() {
            let private: Vec<_> = private.into_iter().collect();
            fil::generate_winning_post::<Tree>(&self.config, &randomness, &private, self.prover())
        } else {
            fil::generate_window_post::<Tree>(&self.config, &randomness, &private, self.prover())
        }
    }

    fn prove_vanilla(&self, vanilla: &[Vec<u8>]) -> Result<Vec<u8>> {
        let (randomness, vanilla) = (self.randomness(), parse::<Tree>(vanilla)?);
        if self.is_winning() {
            fil::generate_winning_post_with_vanilla(&self.config, &randomness, self.prover(), vanilla)
        } else {
            fil::generate_window_post_with_vanilla(&self.config, &randomness, self.prover(), vanilla)
        }
    }

    fn prove_partition(&self, vanilla: &[Vec<u8>], k: usize) -> Result<Vec<u8>> {
        let randomness = self.randomness();
        let proof = fil::generate_single_window_post_with_vanilla::<Tree>(
            &self.config,
            &randomness,
            self.prover(),
            parse(vanilla)?,
            k,
        )?;
        Ok(proof.0)
    }

    fn merge(&self, partitions: &[Vec<u8>]) -> Result<Vec<u8>> {
        let partitions = partitions.iter().cloned().map(PartitionSnarkProof).collect();
        fil::merge_window_post_partition_proofs(partitions)
    }

    fn verify(&self, proof: &[u8]) -> Result<bool> {
        let (randomness, public) = (self.randomness(), self.public()?);
        if self.is_winning() {
            let public: Vec<_> = public.into_iter().collect();
            fil::verify_winning_post::<Tree>(&self.config, &randomness, &public, self.prover(), proof)
        } else {
            fil::verify_window_post::<Tree>(&self.config, &randomness, &public, self.prover(), proof)
        }
    }
}
