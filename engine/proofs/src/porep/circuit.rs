//! The answer in R1CS.
//!
//! Public inputs, in their order: replica_id, comm_d, comm_r; then for each challenge its index in
//! tree D, the indices of its 6 base and 8 expander parents in tree C, the challenge itself, its index
//! in tree R-last, and in tree C: `3 + 18 · challenges`.

use bellperson::{
    gadgets::{boolean::Boolean, num::AllocatedNum},
    Circuit, ConstraintSystem, SynthesisError,
};
use kernels::{Fr, Hash, BASE_DEGREE, DEGREE};

use crate::{
    gadget::{
        alloc_node, alloc_nodes, alloc_public_node,
        bits::{alloc_bits, node_to_bits, publish},
        enforce_equal,
        hash::{hash, hash_traced},
        label::label,
        path::{enforce_inclusion, rows},
        sum,
        traces::{PathTrace, PathTraces, Trace, Traces},
    },
    geometry::Geometry,
    groth16::{Outline, Provable},
    path::{Path, TreeHash},
    porep::vanilla::{Column, Opening, PartitionProof, Statement},
};

/// The circuit of one partition of a PoRep.
///
/// Its shape is that of its geometry and number of challenges alone. A witness that does not fit the
/// geometry (a path too short, a label missing, a node that is not canonical) ends the synthesis with
/// [`SynthesisError::AssignmentMissing`].
#[derive(Clone, Copy, Debug)]
pub struct Porep<'a> {
    geometry: &'static Geometry,
    n_challenges: usize,
    witness: Option<(&'a Statement, &'a PartitionProof)>,
}

impl<'a> Porep<'a> {
    /// The shape alone, as parameters are made for it.
    pub fn blank(geometry: &'static Geometry, n_challenges: usize) -> Porep<'static> {
        Porep {
            geometry,
            n_challenges,
            witness: None,
        }
    }

    /// The circuit of a statement and the openings that answer it.
    pub fn new(statement: &'a Statement, proof: &'a PartitionProof) -> Porep<'a> {
        Porep {
            geometry: statement.geometry,
            n_challenges: proof.openings.len(),
            witness: Some((statement, proof)),
        }
    }

    /// Allocates what all challenges are answered under, and enforces `comm_r = H(comm_c ‖ comm_r_last)`.
    fn alloc_sector<CS: ConstraintSystem<Fr>>(&self, cs: &mut CS) -> Result<Sector, SynthesisError> {
        let statement = self.witness.map(|(statement, _)| statement);
        let proof = self.witness.map(|(_, proof)| proof);
        let replica_id = statement.map(|statement| statement.replica_id);
        let replica_id = alloc_public_node(cs.namespace(|| "replica_id"), replica_id)?;
        let replica_id = node_to_bits(cs.namespace(|| "replica_id_bits"), &replica_id)?;
        let comm_d = statement.map(|statement| statement.comm_d);
        let comm_d = alloc_public_node(cs.namespace(|| "comm_d"), comm_d)?;
        let comm_r = statement.map(|statement| statement.comm_r);
        let comm_r = alloc_public_node(cs.namespace(|| "comm_r"), comm_r)?;
        let comm_r_last = proof.map(|proof| proof.comm_r_last);
        let comm_r_last = alloc_node(cs.namespace(|| "comm_r_last"), comm_r_last)?;
        let comm_c = alloc_node(cs.namespace(|| "comm_c"), proof.map(|proof| proof.comm_c))?;
        let roots = vec![comm_c.clone(), comm_r_last.clone()];
        let digest = hash(cs.namespace(|| "H(comm_c ‖ comm_r_last)"), Hash::Poseidon2, roots)?;
        enforce_equal(cs, "comm_r = H(comm_c ‖ comm_r_last)", &comm_r, &digest);
        Ok(Sector {
            n_layers: self.geometry.layers,
            tree_d_rows: rows(TreeHash::Sha256, self.geometry),
            tree_rows: rows(TreeHash::Poseidon, self.geometry),
            replica_id,
            comm_d,
            comm_c,
            comm_r_last,
        })
    }
}

impl Circuit<Fr> for Porep<'_> {
    fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
        let sector = self.alloc_sector(cs)?;
        for i in 0..self.n_challenges {
            let opening = self.witness.and_then(|(_, proof)| proof.openings.get(i));
            sector.open(cs.namespace(|| format!("challenge_{i}")), opening)?;
        }
        Ok(())
    }
}

impl Provable for Porep<'_> {
    /// Its body is a challenge.
    fn outline(&self) -> Option<Outline<Self>> {
        let geometry = self.geometry;
        Some(Outline {
            name: format!("porep {}", geometry.sector_size),
            head: Porep::blank(geometry, 0),
            body: Some((Porep::blank(geometry, 1), self.n_challenges)),
        })
    }
}

/// What all challenges of a partition have in common.
struct Sector {
    n_layers: usize,
    tree_d_rows: Vec<Hash>,
    tree_rows: Vec<Hash>,
    replica_id: Vec<Boolean>,
    comm_d: AllocatedNum<Fr>,
    comm_c: AllocatedNum<Fr>,
    comm_r_last: AllocatedNum<Fr>,
}

impl Sector {
    /// One challenge: its data is in tree D, its parents' columns are in tree C, its labels follow from
    /// theirs, its replica is data plus key and is in tree R-last, its own column is in tree C.
    fn open<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        opening: Option<&Opening>,
    ) -> Result<(), SynthesisError> {
        let traces = opening.filter(|_| cs.is_witness_generator());
        let traces = traces.map(|opening| OpeningTraces::of(self, opening));
        let traces = traces.as_ref();

        let path = opening.map(|opening| &opening.data);
        let data = alloc_node(cs.namespace(|| "data"), path.map(|path| path.leaf))?;
        enforce_inclusion(
            cs.namespace(|| "data_path"),
            &self.tree_d_rows,
            &data,
            &self.comm_d,
            path,
            None,
        )?;

        let parents = (0..DEGREE)
            .map(|i| {
                let parent = opening.and_then(|opening| opening.parents.get(i));
                let traces = traces.map(|traces| traces.parent(i));
                self.open_parent(cs.namespace(|| format!("parent_{i}")), parent, traces)
            })
            .collect::<Result<Vec<_>, _>>()?;

        let labels = self.label(&mut cs, opening.map(|opening| opening.challenge), &parents)?;

        let key = labels.last().expect("a sector has layers");
        let replica = sum(cs.namespace(|| "replica"), key, &data)?;
        let path = opening.map(|opening| &opening.replica);
        enforce_inclusion(
            cs.namespace(|| "replica_path"),
            &self.tree_rows,
            &replica,
            &self.comm_r_last,
            path,
            traces.map(OpeningTraces::replica),
        )?;

        let path = opening.map(|opening| &opening.column.path);
        let traces = traces.map(OpeningTraces::own);
        self.enforce_column(cs.namespace(|| "column"), labels, path, traces)
    }

    /// The labels of a parent, opened in tree C.
    fn open_parent<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        column: Option<&Column>,
        traces: Option<ColumnTraces<'_>>,
    ) -> Result<Vec<AllocatedNum<Fr>>, SynthesisError> {
        let labels = column.map(|column| column.labels.as_slice());
        let labels = alloc_nodes(cs.namespace(|| "label"), self.n_layers, labels)?;
        let path = column.map(|column| &column.path);
        self.enforce_column(cs.namespace(|| "column"), labels.clone(), path, traces)?;
        Ok(labels)
    }

    /// Enforces that the digest of these labels is in tree C.
    fn enforce_column<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        labels: Vec<AllocatedNum<Fr>>,
        path: Option<&Path>,
        traces: Option<ColumnTraces<'_>>,
    ) -> Result<(), SynthesisError> {
        let trace = traces.and_then(|traces| traces.column);
        let digest = hash_traced(cs.namespace(|| "hash"), self.column_hash(), labels, trace)?;
        enforce_inclusion(
            cs.namespace(|| "path"),
            &self.tree_rows,
            &digest,
            &self.comm_c,
            path,
            traces.map(|traces| traces.path),
        )
    }

    fn column_hash(&self) -> Hash {
        Hash::poseidon(self.n_layers).expect("a sector has 2 layers or 11")
    }

    /// The challenge's labels, layer by layer, hashed from its parents' labels.
    fn label<CS: ConstraintSystem<Fr>>(
        &self,
        cs: &mut CS,
        challenge: Option<u64>,
        parents: &[Vec<AllocatedNum<Fr>>],
    ) -> Result<Vec<AllocatedNum<Fr>>, SynthesisError> {
        let node = alloc_bits(cs.namespace(|| "challenge"), 64, challenge)?;
        publish(cs.namespace(|| "challenge_input"), &node)?;
        let (base, expander) = parents.split_at(BASE_DEGREE);
        (0..self.n_layers)
            .map(|layer| {
                let mut cs = cs.namespace(|| format!("layer_{}", layer + 1));
                // Expander parents lie in the layer before; the first layer has none.
                let expander = if layer == 0 { &[] } else { expander };
                let labels = base.iter().map(|column| &column[layer]);
                let labels = labels.chain(expander.iter().map(|column| &column[layer - 1]));
                let bits = labels
                    .enumerate()
                    .map(|(i, label)| node_to_bits(cs.namespace(|| format!("parent_{i}")), label))
                    .collect::<Result<Vec<_>, _>>()?;
                label(
                    cs.namespace(|| "label"),
                    &self.replica_id,
                    layer as u32 + 1,
                    &node,
                    &bits,
                )
            })
            .collect()
    }
}

/// What Poseidon allocates for an opening: its own column is the first, then come its parents'.
struct OpeningTraces {
    columns: Traces,
    /// Of the columns, and of the replica last.
    paths: PathTraces,
    n_columns: usize,
}

/// What Poseidon allocates for a column.
#[derive(Clone, Copy)]
struct ColumnTraces<'a> {
    column: Option<Trace<'a>>,
    path: PathTrace<'a>,
}

impl OpeningTraces {
    fn of(sector: &Sector, opening: &Opening) -> OpeningTraces {
        let parents = opening.parents.iter().take(DEGREE);
        let columns: Vec<&Column> = [&opening.column].into_iter().chain(parents).collect();
        let labels = columns.iter().map(|column| column.labels.as_slice());
        let paths = columns.iter().map(|column| &column.path);
        OpeningTraces {
            columns: Traces::of(sector.column_hash(), labels),
            paths: PathTraces::of(&sector.tree_rows, paths.chain([&opening.replica])),
            n_columns: columns.len(),
        }
    }

    fn own(&self) -> ColumnTraces<'_> {
        self.column(0)
    }

    fn parent(&self, i: usize) -> ColumnTraces<'_> {
        self.column(1 + i)
    }

    fn column(&self, i: usize) -> ColumnTraces<'_> {
        ColumnTraces {
            column: self.columns.get(i),
            path: self.paths.path(i),
        }
    }

    fn replica(&self) -> PathTrace<'_> {
        self.paths.path(self.n_columns)
    }
}
