//! Circuits beside the reference's: their witnesses, their parameters, and the PoSts that they prove.

use std::{collections::BTreeMap, mem};

use anyhow::{ensure, Context, Result};
use engine_proofs::{
    blank::Blank,
    geometry::Geometry,
    groth16::{
        generate,
        memory::Memory,
        setup::DEVELOPMENT_SEED,
        witness::{Capacity, Witness},
        Blinding, Parameters, PreparedKey, Proof, ProofKind, Prover, Secret,
    },
    porep::circuit::Porep,
    post::{challenge::Randomness, vanilla, verify, Partition, PublicSector, Replica, Statement},
    registered::{PostProof, SealProof},
    replica_id::ProverId,
    silent,
};
use kernels::Cpu;
use rand_core::OsRng;
use tempfile::TempDir;

use super::{contest, one_thread, peer, sector::Sector, timed, Row, Timed, Words};
use crate::{
    case::Case,
    ours::{self, Sealed},
    parameters,
    reference::{
        post::{poster, Poster},
        Directory,
    },
};

/// Constraints of the PoRep of 2 KiB, those of its inputs among them.
pub(super) const N_CONSTRAINTS: usize = 2_687_961;

/// What comes out on both sides and can be compared is how many public inputs there are: bellperson keeps its
/// assignment private. That both assign and evaluate the same, value by value, is a known answer of our tests.
pub(super) fn witness(rounds: usize) -> Result<Row> {
    let mut sector = Sector::new("2KiB")?;
    sector.sealer.commit_1()?;
    let opened = sector.sealer.opened()?;
    let statement = sector.read()?.statement(&sector.case);
    let capacity = Capacity {
        n_aux: 2_685_673,
        domain_len: 1 << 22,
    };
    let sealer = &mut sector.sealer;
    let mut memory = Memory::default();
    let theirs = || {
        let (took, n_inputs) = one_thread(|| sealer.synthesize())??;
        Ok(Timed {
            output: n_inputs,
            took,
        })
    };
    let ours = || {
        let circuit = Porep::new(&statement, &opened[0]);
        let left = mem::take(&mut memory);
        let all = || {
            let mut witness = Witness::by_shape(circuit, capacity, left)?;
            let Witness {
                inputs,
                aux,
                n_constraints,
                b,
                c,
                ..
            } = &mut witness;
            c.write((inputs, aux), *n_constraints, b);
            Ok(witness)
        };
        let witness = one_thread(|| timed(all))??;
        let output = witness.output.inputs.len();
        memory = witness.output.into();
        Ok(Timed {
            output,
            took: witness.took,
        })
    };
    let words = Words {
        stage: "witness and a, b, c of PoRep 2KiB".to_owned(),
        peer: peer("bellperson"),
        note: "1 thread each; the peer's own ProvingAssignment, until it asks for parameters; ours in large pages, by a \
               shape that the first round recorded, in the memory of the round before, as from partition to partition, and C \
               where B was, as the quotient has it"
            .to_owned(),
    };
    contest(words, rounds.max(1), theirs, ours)
}

/// Development parameters: both sides draw from the same seed, and write the same bytes.
pub(super) fn porep_parameters(rounds: usize) -> Result<Row> {
    let sector = Sector::new("2KiB")?;
    let geometry = sector.case.geometry;
    let theirs = || timed(|| sector.sealer.generate(DEVELOPMENT_SEED));
    let ours = || {
        timed(|| {
            let mut bytes = Vec::new();
            let circuit = Blank::of(ProofKind::Porep, geometry);
            generate(&Cpu::new(), circuit, &Secret::development(), &mut bytes, &silent)?;
            Ok(bytes)
        })
    };
    let words = Words {
        stage: "development parameters, PoRep 2KiB".to_owned(),
        peer: peer("bellperson"),
        note: "all threads; the generator that filecoin-proofs calls; the bytes are equal".to_owned(),
    };
    contest(words, rounds, theirs, ours)
}

pub(super) fn winning_post(rounds: usize) -> Result<Row> {
    post(rounds, "2KiB", PostProof::Winning)
}

pub(super) fn winning_post_512_mib(rounds: usize) -> Result<Row> {
    post(rounds, "512MiB", PostProof::Winning)
}

pub(super) fn window_post(rounds: usize) -> Result<Row> {
    post(rounds, "2KiB", PostProof::WindowV1_2)
}

pub(super) fn window_post_512_mib(rounds: usize) -> Result<Row> {
    post(rounds, "512MiB", PostProof::WindowV1_2)
}

/// A sector that both sides can read, and what is claimed of it.
struct Fixture {
    statement: Statement,
    sealed: Sealed,
    theirs: Box<dyn Poster>,
    _dir: TempDir,
}

fn fixture(geometry: &'static Geometry, post_proof: PostProof) -> Result<Fixture> {
    let dir = tempfile::tempdir()?;
    let case = Case::random(7, geometry.sector_size, SealProof::V1_1);
    let sealed = ours::seal(&Cpu::new(), &case)?;
    let directory = Directory::of(dir.path());
    sealed.write(&directory)?;
    let sector = PublicSector {
        sector: case.sector,
        comm_r: sealed.commitments.comm_r,
    };
    let [prover_id, randomness] = [0x35, 0x53].map(|byte| Randomness::truncated([byte; 32]));
    let statement = Statement::new(
        geometry,
        post_proof,
        ProverId(prover_id.bytes()),
        randomness,
        [sector],
    )?;
    Ok(Fixture {
        theirs: poster(&statement, BTreeMap::from([(case.sector, directory)]))?,
        statement,
        sealed,
        _dir: dir,
    })
}

impl Fixture {
    /// Opens and proves each partition.
    fn prove(&self, parameters: &Parameters<'_>) -> Result<Vec<u8>> {
        let files = Replica {
            comm_c: self.sealed.commitments.comm_c,
            comm_r_last: self.sealed.commitments.comm_r_last,
            tree_r_last: self.sealed.tree_r_last.iter().map(Vec::as_slice).collect(),
            replica: &self.sealed.replica,
        };
        let geometry = self.statement.geometry();
        let cpu = Cpu::new();
        let mut prover = Prover::new(&cpu, parameters, self.statement.n_partitions());
        let mut proofs = Vec::new();
        for k in 0..self.statement.n_partitions() {
            let open = |sector: &PublicSector, challenges: &[u64]| {
                Ok(vanilla::prove(geometry, sector, &files, challenges)?)
            };
            let partition = Partition::open(&self.statement, k, open);
            let partition = partition.ok().context("the sector is whole")?;
            let proof = partition.prove(&mut prover, Blinding::draw()?, &silent)?;
            proofs.extend(proof.to_bytes());
        }
        Ok(proofs)
    }
}

/// A proof differs with its blinding: what is compared is that the other side verifies it.
fn post(rounds: usize, sector_size: &str, post_proof: PostProof) -> Result<Row> {
    let geometry = Geometry::of(sector_size.parse()?);
    let (kind, name) = match post_proof {
        PostProof::Winning => (ProofKind::WinningPost, "WinningPoSt"),
        PostProof::WindowV1 | PostProof::WindowV1_2 => (ProofKind::WindowPost, "WindowPoSt, 1 sector,"),
    };
    let fixture = fixture(geometry, post_proof)?;
    let statement = &fixture.statement;
    let bytes = parameters::of(kind, geometry)?;
    let parameters = Parameters::parse(&bytes)?;
    let key = PreparedKey::new(&parameters.key);
    let theirs = || {
        let proof = timed(|| fixture.theirs.prove())?;
        let parsed = Proof::many(&proof.output, statement.n_partitions())?;
        Ok(Timed {
            output: verify(&key, statement, &parsed, &mut OsRng),
            took: proof.took,
        })
    };
    let ours = || {
        let proof = timed(|| fixture.prove(&parameters))?;
        ensure!(
            fixture.theirs.verify(&proof.output)?,
            "the reference refuses our proof"
        );
        Ok(Timed {
            output: true,
            took: proof.took,
        })
    };
    let words = Words {
        stage: format!("{name} {sector_size}"),
        peer: peer("filecoin-proofs"),
        note: "all threads; the peer reads the sector's files, ours has them in memory; the proof verified on either side"
            .to_owned(),
    };
    contest(words, rounds, theirs, ours)
}
