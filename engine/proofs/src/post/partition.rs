//! What one SNARK covers: the answers of its sectors, or the names of those that have none.

use std::{collections::BTreeMap, error};

use kernels::Fr;
use rayon::prelude::*;

use super::{
    circuit::Post,
    vanilla::{self, SectorProof},
    PublicSector, Statement,
};
use crate::{
    geometry::Geometry,
    groth16::{self, Blinding, Proof, Prover},
    registered::PostProof,
    Error, Progress,
};

/// Why a sector has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It was left out as the caller wished.
    #[error("skipped, as asked")]
    Skipped,
    /// Its files do not answer: the reason names one.
    #[error(transparent)]
    Damaged(#[from] Error),
    /// Its files cannot be read, says who tried.
    #[error(transparent)]
    Files(Box<dyn error::Error + Send + Sync>),
    /// No vanilla proof of it was handed in.
    #[error("no vanilla proof of it is given")]
    Missing,
    /// The vanilla proof of it that was handed in answers other challenges, or none.
    #[error("its vanilla proof does not answer what is asked")]
    Rejected,
}

/// A sector that has no answer.
#[derive(Debug, thiserror::Error)]
#[error("sector {sector}: {fault}")]
pub struct Faulty {
    /// Its number.
    pub sector: u64,
    /// Why.
    #[source]
    pub fault: Fault,
}

/// The answers that one SNARK hides, all of them good.
#[derive(Clone, Debug)]
pub struct Partition {
    geometry: &'static Geometry,
    n_challenges: usize,
    /// As many as the circuit has.
    sectors: Vec<SectorProof>,
    inputs: Vec<Fr>,
}

impl Partition {
    /// Asks each sector of partition k through `open`, several at a time; its answers are believed.
    ///
    /// # Errors
    /// When a sector has no answer: all such sectors, with their reasons. The others can be proved without them,
    /// by another statement: [`Statement::without`].
    ///
    /// # Panics
    /// When there is no such partition.
    pub fn open(
        statement: &Statement,
        k: usize,
        open: impl Fn(&PublicSector, &[u64]) -> Result<SectorProof, Fault> + Sync,
    ) -> Result<Partition, Vec<Faulty>> {
        let asked = statement.partition(k).par_iter().enumerate();
        let answers: Vec<Result<SectorProof, Faulty>> = asked
            .map(|(i, sector)| {
                let challenges = statement.challenges(statement.first(k) + i);
                open(sector, &challenges).map_err(|fault| Faulty {
                    sector: sector.sector,
                    fault,
                })
            })
            .collect();
        let (mut sectors, mut faults) = (Vec::with_capacity(answers.len()), Vec::new());
        for answer in answers {
            match answer {
                Ok(sector) => sectors.push(sector),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() {
            Ok(Partition::new(statement, k, sectors))
        } else {
            Err(faults)
        }
    }

    /// Takes vanilla proofs that were made elsewhere, in any order, and verifies those of partition k.
    ///
    /// # Errors
    /// When a sector's is missing or does not hold: all such sectors.
    ///
    /// # Panics
    /// When there is no such partition.
    pub fn gather(statement: &Statement, k: usize, given: &[SectorProof]) -> Result<Partition, Vec<Faulty>> {
        let by_number: BTreeMap<u64, &SectorProof> =
            given.iter().map(|proof| (proof.sector, proof)).collect();
        Partition::open(statement, k, |sector, challenges| {
            let proof = *by_number.get(&sector.sector).ok_or(Fault::Missing)?;
            if vanilla::verify(proof, statement.geometry(), sector, challenges) {
                Ok(proof.clone())
            } else {
                Err(Fault::Rejected)
            }
        })
    }

    /// Lays the answers out as the circuit has them.
    fn new(statement: &Statement, k: usize, mut sectors: Vec<SectorProof>) -> Partition {
        let geometry = statement.geometry();
        let last = sectors.last().expect("a partition has a sector").clone();
        let n_challenges = match statement.post_proof() {
            PostProof::Winning => {
                let opening = |path| SectorProof {
                    openings: vec![path],
                    ..last.clone()
                };
                sectors = last.openings.iter().cloned().map(opening).collect();
                1
            }
            PostProof::WindowV1 | PostProof::WindowV1_2 => {
                let n_challenges = last.openings.len();
                sectors.resize(geometry.window_sectors, last);
                n_challenges
            }
        };
        Partition {
            geometry,
            n_challenges,
            sectors,
            inputs: statement.public_inputs(k),
        }
    }

    /// Its circuit, with its witness.
    pub fn circuit(&self) -> Post<'_> {
        Post::new(self.geometry, self.n_challenges, &self.sectors)
    }

    /// The public inputs of its SNARK, without the leading one.
    pub fn inputs(&self) -> &[Fr] {
        &self.inputs
    }

    /// Hides it in a SNARK, which was verified when it is returned.
    ///
    /// # Errors
    /// As [`Prover::prove`].
    pub fn prove(
        &self,
        prover: &mut Prover<'_>,
        blinding: Blinding,
        progress: Progress<'_>,
    ) -> groth16::Result<Proof> {
        prover.prove(self.circuit(), &self.inputs, blinding, progress)
    }
}
