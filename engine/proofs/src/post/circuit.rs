//! The answer in R1CS.
//!
//! Public inputs, in their order: for each sector its comm_r, then the index of each challenged node:
//! `sectors · (1 + challenges)`. Neither prover nor randomness is in the circuit: the verifier derives the
//! indices from them.

use bellperson::{Circuit, ConstraintSystem, SynthesisError};
use kernels::{Fr, Hash};

use super::vanilla::SectorProof;
use crate::{
    gadget::{
        alloc_node, alloc_public_node, enforce_equal,
        hash::hash,
        path::{enforce_inclusion, rows},
    },
    geometry::Geometry,
    groth16::{Outline, Provable},
    path::TreeHash,
};

/// The circuit of one partition of a PoSt.
///
/// WindowPoSt has many sectors with 10 challenges each; WinningPoSt has one sector, 66 times, with one
/// challenge each. The shape is that of the three numbers alone. A witness that does not fit it ends the
/// synthesis with [`SynthesisError::AssignmentMissing`].
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    geometry: &'static Geometry,
    n_sectors: usize,
    n_challenges: usize,
    witness: Option<&'a [SectorProof]>,
}

impl<'a> Post<'a> {
    /// The shape alone, as parameters are made for it: so many sectors, with so many challenges each.
    pub fn blank(geometry: &'static Geometry, n_sectors: usize, n_challenges: usize) -> Post<'static> {
        Post {
            geometry,
            n_sectors,
            n_challenges,
            witness: None,
        }
    }

    /// The circuit of sectors that answer, with so many challenges each.
    pub fn new(geometry: &'static Geometry, n_challenges: usize, sectors: &'a [SectorProof]) -> Post<'a> {
        Post {
            geometry,
            n_sectors: sectors.len(),
            n_challenges,
            witness: Some(sectors),
        }
    }

    /// One sector: its roots hash to comm_r, and each challenged node is in tree R-last.
    fn open<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        tree_rows: &[Hash],
        sector: Option<&SectorProof>,
    ) -> Result<(), SynthesisError> {
        let comm_r_last = sector.map(|sector| sector.comm_r_last);
        let comm_r_last = alloc_node(cs.namespace(|| "comm_r_last"), comm_r_last)?;
        let comm_c = alloc_node(cs.namespace(|| "comm_c"), sector.map(|sector| sector.comm_c))?;
        let comm_r = alloc_public_node(cs.namespace(|| "comm_r"), sector.map(|sector| sector.comm_r))?;
        let roots = vec![comm_c, comm_r_last.clone()];
        let digest = hash(cs.namespace(|| "H(comm_c ‖ comm_r_last)"), Hash::Poseidon2, roots)?;
        enforce_equal(&mut cs, "comm_r = H(comm_c ‖ comm_r_last)", &comm_r, &digest);
        for i in 0..self.n_challenges {
            let mut cs = cs.namespace(|| format!("challenge_{i}"));
            let path = sector.and_then(|sector| sector.openings.get(i));
            let replica = alloc_node(cs.namespace(|| "replica"), path.map(|path| path.leaf))?;
            enforce_inclusion(cs.namespace(|| "path"), tree_rows, &replica, &comm_r_last, path)?;
        }
        Ok(())
    }
}

impl Circuit<Fr> for Post<'_> {
    fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
        let tree_rows = rows(TreeHash::Poseidon, self.geometry);
        for i in 0..self.n_sectors {
            let sector = self.witness.and_then(|sectors| sectors.get(i));
            self.open(cs.namespace(|| format!("sector_{i}")), &tree_rows, sector)?;
        }
        Ok(())
    }
}

impl Provable for Post<'_> {
    /// Its body is a sector.
    fn outline(&self) -> Option<Outline<Self>> {
        let (geometry, n_challenges) = (self.geometry, self.n_challenges);
        Some(Outline {
            name: format!("post {} {n_challenges}", geometry.sector_size),
            head: Post::blank(geometry, 0, n_challenges),
            body: Some((Post::blank(geometry, 1, n_challenges), self.n_sectors)),
        })
    }
}
