//! The reference with the shape of its trees as a type.

use std::{
    fs::{self, File},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result};
use blstrs::Scalar as Fr;
use engine_proofs::{
    porep::vanilla::PartitionProof,
    registered::{ApiVersion, Feature},
};
use filecoin_hashers::Domain;
use filecoin_proofs as fil;
use filecoin_proofs::{
    DefaultPieceHasher, MerkleTreeTrait, PieceInfo, PoRepConfig, SealCommitPhase1Output, SealPreCommitOutput,
    SealPreCommitPhase1Output, UnpaddedByteIndex, UnpaddedBytesAmount, VanillaSealProof,
};
use kernels::{Node, Parents, DEGREE};
use storage_proofs_core::{api_version, drgraph::Graph, proof::ProofScheme, sector::SectorId};
use storage_proofs_porep::stacked::{generate_replica_id, PublicInputs, StackedDrg, Tau};

use super::{circuit, vanilla, Commitments, Constraints, Directory, Sealer, SYNTHETIC};
use crate::{case::Case, home};

type TreeDomain<Tree> = <<Tree as MerkleTreeTrait>::Hasher as filecoin_hashers::Hasher>::Domain;
type PieceDomain = <DefaultPieceHasher as filecoin_hashers::Hasher>::Domain;

/// What the public inputs of a statement are called there.
pub(super) type Statement<Tree> = PublicInputs<TreeDomain<Tree>, PieceDomain>;

/// One sector, from phase to phase.
pub(super) struct Shaped<Tree: 'static + MerkleTreeTrait> {
    case: Case,
    directory: Directory,
    config: PoRepConfig,
    pieces: Vec<PieceInfo>,
    labelled: Option<SealPreCommitPhase1Output<Tree>>,
    sealed: Option<SealPreCommitOutput>,
    opened: Option<SealCommitPhase1Output<Tree>>,
}

impl<Tree: 'static + MerkleTreeTrait> Shaped<Tree> {
    pub(super) fn new(case: &Case, dir: &Path) -> Result<Shaped<Tree>> {
        fs::create_dir_all(home::parameters())?;
        let directory = Directory::of(dir);
        fs::create_dir_all(&directory.cache)?;
        let version = match case.seal_proof.api_version() {
            ApiVersion::V1_0_0 => api_version::ApiVersion::V1_0_0,
            ApiVersion::V1_1_0 => api_version::ApiVersion::V1_1_0,
            ApiVersion::V1_2_0 => api_version::ApiVersion::V1_2_0,
        };
        let features = case.seal_proof.feature().map(|feature| match feature {
            Feature::SyntheticPorep => api_version::ApiFeature::SyntheticPoRep,
            Feature::NonInteractivePorep => api_version::ApiFeature::NonInteractivePoRep,
        });
        let (size, features) = (case.geometry.sector_size.bytes(), features.into_iter().collect());
        Ok(Shaped {
            case: case.clone(),
            directory,
            config: PoRepConfig::new_groth16_with_features(size, case.porep_id.0, version, features)?,
            pieces: Vec::new(),
            labelled: None,
            sealed: None,
            opened: None,
        })
    }

    fn sector(&self) -> SectorId {
        SectorId::from(self.case.sector)
    }

    fn opened_output(&self) -> Result<&SealCommitPhase1Output<Tree>> {
        self.opened.as_ref().context("Commit1 comes before")
    }

    /// What the openings of the sector are held against.
    fn statement(&self, comm_d: [u8; 32], comm_r: [u8; 32]) -> Result<Statement<Tree>> {
        Ok(PublicInputs {
            replica_id: TreeDomain::<Tree>::try_from_bytes(&self.replica_id(Node(comm_d))?.0)?,
            seed: Some(self.case.seed.0),
            tau: Some(Tau {
                comm_d: PieceDomain::try_from_bytes(&comm_d)?,
                comm_r: TreeDomain::<Tree>::try_from_bytes(&comm_r)?,
            }),
            k: None,
        })
    }
}

/// Every partition's openings as the reference's.
fn to_theirs<Tree: 'static + MerkleTreeTrait>(
    partitions: &[PartitionProof],
    comm_d: [u8; 32],
) -> Result<Vec<Vec<VanillaSealProof<Tree>>>> {
    partitions
        .iter()
        .map(|partition| vanilla::to_theirs(partition, Node(comm_d)))
        .collect()
}

impl<Tree: 'static + MerkleTreeTrait> Sealer for Shaped<Tree> {
    fn add_pieces(&mut self) -> Result<Vec<Node>> {
        let mut staged = File::create(&self.directory.staged)?;
        let mut sizes = Vec::new();
        for piece in &self.case.pieces {
            let size = UnpaddedBytesAmount(piece.len() as u64);
            let (info, _) = fil::add_piece(&piece[..], &mut staged, size, &sizes)?;
            sizes.push(size);
            self.pieces.push(info);
        }
        Ok(self.pieces.iter().map(|piece| Node(piece.commitment)).collect())
    }

    fn pre_commit_1(&mut self) -> Result<()> {
        File::create(&self.directory.sealed)?;
        self.labelled = Some(fil::seal_pre_commit_phase1(
            &self.config,
            &self.directory.cache,
            &self.directory.staged,
            &self.directory.sealed,
            self.case.prover_id.0,
            self.sector(),
            self.case.ticket.0,
            &self.pieces,
        )?);
        Ok(())
    }

    fn pre_commit_2(&mut self) -> Result<Commitments> {
        let labelled = self.labelled.take().context("PreCommit1 comes before")?;
        let sealed = fil::seal_pre_commit_phase2(
            &self.config,
            labelled,
            &self.directory.cache,
            &self.directory.sealed,
        )?;
        let p_aux = fs::read(self.directory.cache.join("p_aux"))?;
        let [comm_c, comm_r_last] = Node::slice(&p_aux) else {
            anyhow::bail!("p_aux holds {} bytes", p_aux.len());
        };
        let commitments = Commitments {
            comm_d: Node(sealed.comm_d),
            comm_c: *comm_c,
            comm_r_last: *comm_r_last,
            comm_r: Node(sealed.comm_r),
        };
        self.sealed = Some(sealed);
        Ok(commitments)
    }

    fn adopt(&mut self, commitments: &Commitments) -> Result<()> {
        self.sealed = Some(SealPreCommitOutput {
            comm_r: commitments.comm_r.0,
            comm_d: commitments.comm_d.0,
        });
        Ok(())
    }

    fn store_synthetic(&mut self) -> Result<Vec<u8>> {
        fil::generate_synth_proofs::<_, Tree>(
            &self.config,
            &self.directory.cache,
            &self.directory.sealed,
            self.case.prover_id.0,
            self.sector(),
            self.case.ticket.0,
            self.sealed.clone().context("PreCommit2 comes before")?,
            &self.pieces,
        )?;
        fil::clear_cache(&self.directory.cache)?;
        Ok(fs::read(self.directory.cache.join(SYNTHETIC))?)
    }

    fn commit_1(&mut self) -> Result<()> {
        let opened = fil::seal_commit_phase1::<_, Tree>(
            &self.config,
            &self.directory.cache,
            &self.directory.sealed,
            self.case.prover_id.0,
            self.sector(),
            self.case.ticket.0,
            self.case.seed.0,
            self.sealed.clone().context("PreCommit2 comes before")?,
            &self.pieces,
        )?;
        self.opened = Some(opened);
        Ok(())
    }

    fn opened(&self) -> Result<Vec<PartitionProof>> {
        self.opened_output()?
            .vanilla_proofs
            .iter()
            .map(|k| vanilla::to_ours(k))
            .collect()
    }

    fn opened_text(&self) -> Result<String> {
        Ok(serde_json::to_string(self.opened_output()?)?)
    }

    fn adopt_opened(&mut self, partitions: &[PartitionProof]) -> Result<()> {
        let sealed = self.sealed.clone().context("PreCommit2 comes before")?;
        self.opened = Some(SealCommitPhase1Output {
            vanilla_proofs: to_theirs(partitions, sealed.comm_d)?,
            comm_r: sealed.comm_r,
            comm_d: sealed.comm_d,
            replica_id: self.statement(sealed.comm_d, sealed.comm_r)?.replica_id,
            seed: self.case.seed.0,
            ticket: self.case.ticket.0,
        });
        Ok(())
    }

    fn accepts(&self, partitions: &[PartitionProof]) -> Result<bool> {
        let sealed = self.sealed.as_ref().context("PreCommit2 comes before")?;
        let partitions = to_theirs(partitions, sealed.comm_d)?;
        let parameters = fil::parameters::public_params::<Tree>(&self.config)?;
        let statement = self.statement(sealed.comm_d, sealed.comm_r)?;
        StackedDrg::<Tree, DefaultPieceHasher>::verify_all_partitions(&parameters, &statement, &partitions)
    }

    fn commit_2(&mut self) -> Result<Vec<u8>> {
        let opened = self.opened_output()?;
        // The output itself is not `Clone`, though all its parts are.
        let opened = SealCommitPhase1Output {
            vanilla_proofs: opened.vanilla_proofs.clone(),
            ..*opened
        };
        let output = fil::seal_commit_phase2(&self.config, opened, self.case.prover_id.0, self.sector())?;
        Ok(output.proof)
    }

    fn verify(&self, commitments: &Commitments, proof: &[u8]) -> Result<bool> {
        fil::verify_seal::<Tree>(
            &self.config,
            commitments.comm_r.0,
            commitments.comm_d.0,
            self.case.prover_id.0,
            self.sector(),
            self.case.ticket.0,
            self.case.seed.0,
            proof,
        )
    }

    fn verify_batch(&self, commitments: &Commitments, proofs: &[&[u8]]) -> Result<bool> {
        let n = proofs.len();
        let proofs: Vec<Vec<u8>> = proofs.iter().map(|proof| proof.to_vec()).collect();
        fil::verify_batch_seal::<Tree>(
            &self.config,
            &vec![commitments.comm_r.0; n],
            &vec![commitments.comm_d.0; n],
            &vec![self.case.prover_id.0; n],
            &vec![self.sector(); n],
            &vec![self.case.ticket.0; n],
            &vec![self.case.seed.0; n],
            &proofs.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        )
    }

    fn unseal(&self, commitments: &Commitments, offset: u64, len: u64) -> Result<Vec<u8>> {
        // The layers are written over tree D of the cache directory: not the sector's own.
        let (scratch, mut unsealed) = (tempfile::tempdir()?, Vec::new());
        fil::unseal_range::<_, _, _, Tree>(
            &self.config,
            scratch.path(),
            File::open(&self.directory.sealed)?,
            &mut unsealed,
            self.case.prover_id.0,
            self.sector(),
            commitments.comm_d.0,
            self.case.ticket.0,
            UnpaddedByteIndex(offset),
            UnpaddedBytesAmount(len),
        )?;
        Ok(unsealed)
    }

    fn replica_id(&self, comm_d: Node) -> Result<Node> {
        let id = generate_replica_id::<Tree::Hasher, _>(
            &self.case.prover_id.0,
            self.case.sector,
            &self.case.ticket.0,
            comm_d.0,
            &self.case.porep_id.0,
        );
        Ok(vanilla::node(&id))
    }

    fn parents(&self, node: usize) -> Result<Parents> {
        let mut parents = [0; DEGREE];
        fil::parameters::public_params::<Tree>(&self.config)?
            .graph
            .parents(node, &mut parents)?;
        Ok(parents)
    }

    fn public_inputs(&self, commitments: &Commitments) -> Result<Vec<Vec<Fr>>> {
        fil::get_seal_inputs::<Tree>(
            &self.config,
            commitments.comm_r.0,
            commitments.comm_d.0,
            self.case.prover_id.0,
            self.sector(),
            self.case.ticket.0,
            self.case.seed.0,
        )
    }

    fn constraints(&self) -> Result<Constraints> {
        let opened = self.opened_output()?;
        let parameters = fil::parameters::public_params::<Tree>(&self.config)?;
        let statement = self.statement(opened.comm_d, opened.comm_r)?;
        Constraints::of(circuit::porep::<Tree>(
            &parameters,
            &statement,
            &opened.vanilla_proofs[0],
        )?)
    }

    fn synthesize(&mut self) -> Result<(Duration, usize)> {
        let opened = self.opened_output()?;
        let parameters = fil::parameters::public_params::<Tree>(&self.config)?;
        let statement = self.statement(opened.comm_d, opened.comm_r)?;
        circuit::synthesize(circuit::porep::<Tree>(
            &parameters,
            &statement,
            &opened.vanilla_proofs[0],
        )?)
    }

    fn generate(&self, seed: [u8; 16]) -> Result<Vec<u8>> {
        let parameters = fil::parameters::public_params::<Tree>(&self.config)?;
        circuit::generate(circuit::blank_porep::<Tree>(&parameters), seed)
    }

    fn parameters_id(&self) -> Result<String> {
        self.config.get_cache_identifier::<Tree>()
    }
}
