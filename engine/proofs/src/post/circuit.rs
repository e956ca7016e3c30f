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
        hash::hash_traced,
        path::{enforce_inclusion, rows},
        traces::{PathTrace, PathTraces, Trace, Traces, ABREAST},
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

    /// Sectors whose traces are computed together: as few as have whole eights of paths.
    fn group_len(&self) -> usize {
        let fills = |n: &usize| (n * self.n_challenges).is_multiple_of(ABREAST);
        (1..ABREAST).find(fills).unwrap_or(ABREAST)
    }

    /// One sector: its roots hash to comm_r, and each challenged node is in tree R-last.
    fn open<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        tree_rows: &[Hash],
        sector: Option<&SectorProof>,
        traces: Option<SectorTraces<'_>>,
    ) -> Result<(), SynthesisError> {
        let comm_r_last = sector.map(|sector| sector.comm_r_last);
        let comm_r_last = alloc_node(cs.namespace(|| "comm_r_last"), comm_r_last)?;
        let comm_c = alloc_node(cs.namespace(|| "comm_c"), sector.map(|sector| sector.comm_c))?;
        let comm_r = alloc_public_node(cs.namespace(|| "comm_r"), sector.map(|sector| sector.comm_r))?;
        let roots = vec![comm_c, comm_r_last.clone()];
        let trace = traces.and_then(|traces| traces.roots());
        let name = "H(comm_c ‖ comm_r_last)";
        let digest = hash_traced(cs.namespace(|| name), Hash::Poseidon2, roots, trace)?;
        enforce_equal(&mut cs, "comm_r = H(comm_c ‖ comm_r_last)", &comm_r, &digest);
        for i in 0..self.n_challenges {
            let mut cs = cs.namespace(|| format!("challenge_{i}"));
            let path = sector.and_then(|sector| sector.openings.get(i));
            let replica = alloc_node(cs.namespace(|| "replica"), path.map(|path| path.leaf))?;
            let traces = traces.map(|traces| traces.path(i));
            let cs = cs.namespace(|| "path");
            enforce_inclusion(cs, tree_rows, &replica, &comm_r_last, path, traces)?;
        }
        Ok(())
    }
}

impl Circuit<Fr> for Post<'_> {
    fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
        let tree_rows = rows(TreeHash::Poseidon, self.geometry);
        let group_len = self.group_len();
        let mut traces = None;
        for i in 0..self.n_sectors {
            let place = i % group_len;
            if place == 0 && cs.is_witness_generator() {
                let left = self.witness.and_then(|sectors| sectors.get(i..));
                let group = left.map(|left| &left[..left.len().min(group_len)]);
                traces = group.map(|group| GroupTraces::of(group, self.n_challenges, &tree_rows));
            }
            let traces = traces.as_ref().map(|group| SectorTraces { group, place });
            let sector = self.witness.and_then(|sectors| sectors.get(i));
            self.open(cs.namespace(|| format!("sector_{i}")), &tree_rows, sector, traces)?;
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

/// What Poseidon allocates for some sectors.
struct GroupTraces {
    roots: Traces,
    paths: PathTraces,
    n_challenges: usize,
}

/// What it allocates for one of them.
#[derive(Clone, Copy)]
struct SectorTraces<'a> {
    group: &'a GroupTraces,
    place: usize,
}

impl GroupTraces {
    fn of(sectors: &[SectorProof], n_challenges: usize, tree_rows: &[Hash]) -> GroupTraces {
        let roots: Vec<_> = sectors
            .iter()
            .map(|sector| [sector.comm_c, sector.comm_r_last])
            .collect();
        let paths = sectors
            .iter()
            .flat_map(|sector| sector.openings.iter().take(n_challenges));
        GroupTraces {
            roots: Traces::of(Hash::Poseidon2, roots.iter().map(|roots| roots.as_slice())),
            paths: PathTraces::of(tree_rows, paths),
            n_challenges,
        }
    }
}

impl<'a> SectorTraces<'a> {
    fn roots(self) -> Option<Trace<'a>> {
        self.group.roots.get(self.place)
    }

    fn path(self, challenge: usize) -> PathTrace<'a> {
        self.group
            .paths
            .path(self.place * self.group.n_challenges + challenge)
    }
}
