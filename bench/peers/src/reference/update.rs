//! Updates by the reference.

use std::{
    fs::{self, File},
    path::Path,
};

use anyhow::{Context, Result};
use blstrs::Scalar as Fr;
use engine_proofs::update::vanilla::{Opening, PartitionProof, Statement};
use filecoin_proofs as fil;
use filecoin_proofs::{
    MerkleTreeTrait, PieceInfo, PoRepConfig, SectorUpdateConfig, TreeRHasher, UnpaddedBytesAmount,
};
use kernels::Node;
use storage_proofs_core::{api_version::ApiVersion, merkle::MerkleProofTrait};
use storage_proofs_update::vanilla::{ChallengeProof, PartitionProof as TheirProof};

use super::{
    vanilla::{domain, node, path, their_path},
    Directory,
};
use crate::{case::Case, home};

/// The reference at work on one update: of the sector in `old` to the one in `new`.
#[derive(Debug)]
pub struct Updater {
    porep: PoRepConfig,
    /// The sector before.
    pub old: Directory,
    /// The sector after.
    pub new: Directory,
}

impl Updater {
    /// Works with a sector that lies in `old`; `new` is made.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub fn new(case: &Case, old: &Path, new: &Path) -> Result<Updater> {
        fs::create_dir_all(home::parameters())?;
        fs::create_dir_all(new)?;
        let size = case.geometry.sector_size.bytes();
        Ok(Updater {
            porep: PoRepConfig::new_groth16(size, case.porep_id.0, ApiVersion::V1_1_0),
            old: Directory::of(old),
            new: Directory::of(new),
        })
    }

    fn config(&self) -> SectorUpdateConfig {
        SectorUpdateConfig::from_porep_config(&self.porep)
    }

    /// Encodes one piece that fills the sector; answers with comm_d_new, comm_r_last_new and comm_r_new.
    ///
    /// # Errors
    /// Those of the reference.
    pub fn encode<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
        &self,
        piece: &[u8],
    ) -> Result<[Node; 3]> {
        let mut staged = File::create(&self.new.staged)?;
        let size = UnpaddedBytesAmount(piece.len() as u64);
        let (info, _): (PieceInfo, _) = fil::add_piece(piece, &mut staged, size, &[])?;
        File::create(&self.new.sealed)?.set_len(fs::metadata(&self.old.sealed)?.len())?;
        let encoded = fil::encode_into::<Tree>(
            &self.config(),
            &self.new.sealed,
            &self.new.cache,
            &self.old.sealed,
            &self.old.cache,
            &self.new.staged,
            &[info],
        )?;
        Ok([encoded.comm_d_new, encoded.comm_r_last_new, encoded.comm_r_new].map(Node))
    }

    /// The data of the new replica, padded.
    ///
    /// # Errors
    /// Those of the reference.
    pub fn decode<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
        &self,
        comm_d_new: Node,
    ) -> Result<Vec<u8>> {
        let out = self.new.cache.join("decoded");
        File::create(&out)?.set_len(fs::metadata(&self.new.sealed)?.len())?;
        fil::decode_from::<Tree>(
            self.config(),
            &out,
            &self.new.sealed,
            &self.old.sealed,
            &self.old.cache,
            comm_d_new.0,
        )?;
        Ok(fs::read(out)?)
    }

    /// The openings of every partition.
    ///
    /// # Errors
    /// Those of the reference.
    pub fn open<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
        &self,
        statement: &Statement,
    ) -> Result<Vec<PartitionProof>> {
        let theirs = fil::generate_partition_proofs::<Tree>(
            self.config(),
            statement.comm_r_old.0,
            statement.comm_r_new.0,
            statement.comm_d_new.0,
            &self.old.sealed,
            &self.old.cache,
            &self.new.sealed,
            &self.new.cache,
        )?;
        theirs.iter().map(to_ours).collect()
    }

    /// Openings in the bytes by which the reference hands them on.
    ///
    /// # Errors
    /// When they are no openings.
    pub fn bytes<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
        statement: &Statement,
        partition: &PartitionProof,
    ) -> Result<Vec<u8>> {
        Ok(bincode::serialize(&to_theirs::<Tree>(
            partition,
            statement.comm_d_new,
        )?)?)
    }

    /// Whether openings convince the reference.
    ///
    /// # Errors
    /// Those of the reference.
    pub fn accepts<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
        &self,
        statement: &Statement,
        partitions: &[PartitionProof],
    ) -> Result<bool> {
        let theirs = partitions
            .iter()
            .map(|partition| to_theirs::<Tree>(partition, statement.comm_d_new));
        fil::verify_partition_proofs(
            self.config(),
            &theirs.collect::<Result<Vec<_>>>()?,
            statement.comm_r_old.0,
            statement.comm_r_new.0,
            statement.comm_d_new.0,
        )
    }

    /// Public inputs of every partition, without ONE.
    ///
    /// # Errors
    /// Those of the reference.
    pub fn public_inputs<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
        &self,
        statement: &Statement,
    ) -> Result<Vec<Vec<Fr>>> {
        fil::get_sector_update_inputs::<Tree>(
            &self.porep,
            statement.comm_r_old.0,
            statement.comm_r_new.0,
            statement.comm_d_new.0,
        )
    }

    /// The SNARK of every partition, one after the other, over these openings.
    ///
    /// # Errors
    /// Those of the reference.
    pub fn prove<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
        &self,
        statement: &Statement,
        partitions: &[PartitionProof],
    ) -> Result<Vec<u8>> {
        let theirs = partitions
            .iter()
            .map(|partition| to_theirs::<Tree>(partition, statement.comm_d_new));
        let proof = fil::generate_empty_sector_update_proof_with_vanilla::<Tree>(
            &self.porep,
            theirs.collect::<Result<Vec<_>>>()?,
            statement.comm_r_old.0,
            statement.comm_r_new.0,
            statement.comm_d_new.0,
        )?;
        Ok(proof.0)
    }

    /// Whether a SNARK convinces the reference.
    ///
    /// # Errors
    /// Those of the reference.
    pub fn verify<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
        &self,
        statement: &Statement,
        proof: &[u8],
    ) -> Result<bool> {
        fil::verify_empty_sector_update_proof::<Tree>(
            &self.porep,
            proof,
            statement.comm_r_old.0,
            statement.comm_r_new.0,
            statement.comm_d_new.0,
        )
    }
}

fn to_ours<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
    theirs: &TheirProof<Tree>,
) -> Result<PartitionProof> {
    let first = theirs
        .challenge_proofs
        .first()
        .context("a partition has an opening")?;
    let opening = |proof: &ChallengeProof<Tree>| Opening {
        old: path(&proof.proof_r_old),
        data: path(&proof.proof_d_new),
        new: path(&proof.proof_r_new),
    };
    Ok(PartitionProof {
        comm_c: node(&theirs.comm_c),
        comm_r_last_old: node(&first.proof_r_old.root()),
        comm_r_last_new: node(&first.proof_r_new.root()),
        apex_leaves: theirs.apex_leafs.iter().map(node).collect(),
        openings: theirs.challenge_proofs.iter().map(opening).collect(),
    })
}

fn to_theirs<Tree: 'static + MerkleTreeTrait<Hasher = TreeRHasher>>(
    ours: &PartitionProof,
    comm_d_new: Node,
) -> Result<TheirProof<Tree>> {
    let opening = |opening: &Opening| {
        Ok(ChallengeProof {
            proof_r_old: their_path(&opening.old, ours.comm_r_last_old)?,
            proof_d_new: their_path(&opening.data, comm_d_new)?,
            proof_r_new: their_path(&opening.new, ours.comm_r_last_new)?,
        })
    };
    Ok(TheirProof {
        comm_c: domain(ours.comm_c)?,
        apex_leafs: ours
            .apex_leaves
            .iter()
            .map(|leaf| domain(*leaf))
            .collect::<Result<_>>()?,
        challenge_proofs: ours.openings.iter().map(opening).collect::<Result<_>>()?,
    })
}
