//! Aggregate: the proofs of many sectors become one, which is verified before it is given away.

use anyhow::{bail, ensure, Result};
use engine_proofs::{
    groth16::{
        aggregate::{self, AggregateKey, Claim, Srs, MAX_PROOFS},
        Claim as One, PreparedKey, Proof, VerifyingKey,
    },
    porep::aggregate::{included, inputs, n_proofs, Sector},
    registered::{AggregateProof, Feature, SealProof},
};
use kernels::Fr;
use rand_core::OsRng;

/// Who says what, and how it is aggregated.
#[derive(Debug)]
pub struct Together {
    /// The registered proof of all sectors.
    pub seal_proof: SealProof,
    /// The sectors, in the order of aggregation.
    pub sectors: Vec<Sector>,
    /// The aggregation's version.
    pub version: AggregateProof,
}

impl Together {
    /// Aggregates the proofs of all partitions, each sector's after the one before.
    ///
    /// # Errors
    /// When a proof does not hold (its sector is named), there are too many, or the reference string is too
    /// short or damaged.
    pub fn aggregate(
        &self,
        key: &VerifyingKey,
        srs: &Srs<'_>,
        proofs: &[Proof],
    ) -> Result<aggregate::Aggregate> {
        let inputs = self.inputs()?;
        assert_eq!(inputs.len(), proofs.len(), "proofs that were counted");
        self.check_each(key, &inputs, proofs)?;
        let included = included(self.seal_proof, &self.sectors);
        let proof = aggregate::aggregate(srs, proofs, &included, self.version)?;
        let holds = self.holds(key, srs, &inputs, &proof)?;
        ensure!(
            holds,
            "the finished aggregate does not verify: the reference string is at fault"
        );
        Ok(proof)
    }

    /// Whether an aggregate proves what all sectors claim.
    ///
    /// # Errors
    /// When a commitment is no field element or zero, there are too many sectors, or the reference string is
    /// damaged.
    pub fn verify(&self, key: &VerifyingKey, srs: &Srs<'_>, proof: &aggregate::Aggregate) -> Result<bool> {
        self.holds(key, srs, &self.inputs()?, proof)
    }

    fn inputs(&self) -> Result<Vec<Vec<Fr>>> {
        let n_proofs = n_proofs(self.seal_proof, &self.sectors);
        ensure!(
            n_proofs <= MAX_PROOFS,
            "{} sectors have {n_proofs} proofs: an aggregate takes {MAX_PROOFS} at most",
            self.sectors.len()
        );
        for (position, Sector { statement, seed, .. }) in (1..).zip(&self.sectors) {
            let needs_seed = self.seal_proof.feature() != Some(Feature::NonInteractivePorep);
            let zero = [
                ("the seed", needs_seed && seed.0 == [0; 32]),
                ("comm_d", statement.comm_d.0 == [0; 32]),
                ("comm_r", statement.comm_r.0 == [0; 32]),
            ];
            if let Some((what, _)) = zero.into_iter().find(|(_, is_zero)| *is_zero) {
                bail!("sector {position} of the aggregate: {what} is zero: it is missing");
            }
        }
        Ok(inputs(self.seal_proof, &self.sectors)?)
    }

    fn holds(
        &self,
        key: &VerifyingKey,
        srs: &Srs<'_>,
        inputs: &[Vec<Fr>],
        proof: &aggregate::Aggregate,
    ) -> Result<bool> {
        let claim = Claim {
            inputs,
            included: included(self.seal_proof, &self.sectors),
            version: self.version,
        };
        Ok(AggregateKey::new(key).verify(&srs.key()?, &claim, proof, &mut OsRng))
    }

    /// One false proof spoils the aggregate: whose it is shows only here.
    fn check_each(&self, key: &VerifyingKey, inputs: &[Vec<Fr>], proofs: &[Proof]) -> Result<()> {
        let key = PreparedKey::new(key);
        let claims: Vec<One<'_>> = inputs
            .iter()
            .zip(proofs)
            .map(|(inputs, proof)| One { inputs, proof })
            .collect();
        if key.verify_batch(&claims, &mut OsRng) {
            return Ok(());
        }
        let each = claims.chunks(claims.len() / self.sectors.len());
        let wrong = each
            .zip(1..)
            .find(|(claims, _)| !key.verify_batch(claims, &mut OsRng));
        match wrong {
            Some((_, position)) => bail!("the proof of sector {position} of the aggregate does not hold"),
            None => bail!("the proofs hold one by one and not together: the device is at fault"),
        }
    }
}
