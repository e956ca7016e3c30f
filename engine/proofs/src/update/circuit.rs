//! The answer in R1CS.
//!
//! Public inputs, in their order: partition and factors in one number ([`Rules::selector`]), comm_r_old,
//! comm_d_new, comm_r_new. The challenges are no inputs: the circuit draws them from comm_r_new itself.

use bellperson::{
    gadgets::{boolean::AllocatedBit, num::AllocatedNum},
    Circuit, ConstraintSystem, Index, LinearCombination, SynthesisError,
};
use ff::Field;
use kernels::{Fr, Hash, Node};

use super::{
    vanilla::{Opening, PartitionProof, Statement},
    Rules,
};
use crate::{
    gadget::{
        alloc_node, alloc_nodes, alloc_public_node,
        bits::{alloc_bits, bits_of_number, enforce_packed, pack},
        enforce_equal,
        hash::hash,
        insertion::select,
        path::{alloc_siblings, enforce_inclusion_at, rows},
        sum,
        traces::{PathTraces, ABREAST},
    },
    geometry::Geometry,
    groth16::{r1cs::Counts, Arguments, Outline, Provable},
    path::{Step, TreeHash},
};

type Num = AllocatedNum<Fr>;

/// The circuit of one partition of an update.
///
/// Its shape is that of its geometry and of the tree over the data alone. A witness that does not fit it ends the
/// synthesis with [`SynthesisError::AssignmentMissing`].
#[derive(Clone, Copy, Debug)]
pub struct Update<'a> {
    geometry: &'static Geometry,
    data_tree: TreeHash,
    /// Challenges that are opened, of those that are drawn: all, but where the shape is found out.
    n_opened: usize,
    witness: Option<(&'a Statement, usize, &'a PartitionProof)>,
}

impl<'a> Update<'a> {
    /// The shape alone, as parameters are made for it.
    pub fn blank(geometry: &'static Geometry) -> Update<'static> {
        Update::of(geometry, TreeHash::Sha256, None)
    }

    /// The shape of the variant whose data stand under a Poseidon tree: one partition with all challenges. No
    /// network registers it.
    pub fn blank_poseidon(geometry: &'static Geometry) -> Update<'static> {
        Update::of(geometry, TreeHash::Poseidon, None)
    }

    /// The circuit of a statement and the openings of partition k that answer it.
    pub fn new(statement: &'a Statement, k: usize, proof: &'a PartitionProof) -> Update<'a> {
        Update::of(statement.geometry, TreeHash::Sha256, Some((statement, k, proof)))
    }

    fn of(
        geometry: &'static Geometry,
        data_tree: TreeHash,
        witness: Option<(&'a Statement, usize, &'a PartitionProof)>,
    ) -> Update<'a> {
        Update {
            geometry,
            data_tree,
            n_opened: rules(geometry, data_tree).n_challenges,
            witness,
        }
    }

    /// The shape with so many challenges opened.
    fn opening(&self, n_opened: usize) -> Update<'static> {
        Update {
            geometry: self.geometry,
            data_tree: self.data_tree,
            n_opened,
            witness: None,
        }
    }

    /// Allocates the first public input and its bits: the partition's, and one for each number of leading bits.
    fn alloc_selector<CS: ConstraintSystem<Fr>>(
        &self,
        cs: &mut CS,
        rules: &Rules,
    ) -> Result<[Vec<AllocatedBit>; 2], SynthesisError> {
        let selector = self.witness.map(|(_, k, _)| rules.selector(k));
        let node = selector.map(|selector| Node::from(Fr::from(selector)));
        let number = alloc_public_node(cs.namespace(|| "selector"), node)?;
        let n_bits = rules.partition_len() + rules.high_lens.len();
        let mut bits = alloc_bits(cs.namespace(|| "selector_bits"), n_bits, selector)?;
        enforce_packed(cs, "Σ 2ⁱ·bitᵢ = selector", &bits, &number);
        let high = bits.split_off(rules.partition_len());
        Ok([bits, high])
    }

    fn proof(&self) -> Option<&'a PartitionProof> {
        self.witness.map(|(_, _, proof)| proof)
    }
}

fn rules(geometry: &'static Geometry, data_tree: TreeHash) -> Rules {
    match data_tree {
        TreeHash::Sha256 => Rules::of(geometry),
        TreeHash::Poseidon => Rules::of_poseidon(geometry),
    }
}

impl Update<'_> {
    /// All that comes before the first challenge is opened; answers what they have in common, and the bits of each
    /// that are drawn and those of the partition, which end all of them.
    fn begin<CS: ConstraintSystem<Fr>>(&self, cs: &mut CS) -> Result<Begun, SynthesisError> {
        let rules = rules(self.geometry, self.data_tree);
        let has_apex = self.data_tree == TreeHash::Sha256;
        let [partition_bits, high] = self.alloc_selector(cs, &rules)?;
        let packed = has_apex.then(|| pack(cs.namespace(|| "partition"), &partition_bits));
        let packed = packed.transpose()?;

        let statement = self.witness.map(|(statement, ..)| statement);
        let public = |node: fn(&Statement) -> Node| statement.map(node);
        let comm_r_old = alloc_public_node(cs.namespace(|| "comm_r_old"), public(|s| s.comm_r_old))?;
        let comm_d_new = alloc_public_node(cs.namespace(|| "comm_d_new"), public(|s| s.comm_d_new))?;
        let comm_r_new = alloc_public_node(cs.namespace(|| "comm_r_new"), public(|s| s.comm_r_new))?;
        let preimage = vec![comm_d_new.clone(), comm_r_old.clone()];
        let phi = hash(cs.namespace(|| "phi"), Hash::Poseidon2Custom, preimage)?;

        let root = |node: fn(&PartitionProof) -> Node| self.proof().map(node);
        let comm_c = alloc_node(cs.namespace(|| "comm_c"), root(|p| p.comm_c))?;
        let old = alloc_node(cs.namespace(|| "comm_r_last_old"), root(|p| p.comm_r_last_old))?;
        let new = alloc_node(cs.namespace(|| "comm_r_last_new"), root(|p| p.comm_r_last_new))?;
        let apex = has_apex.then(|| Apex::alloc(self, cs.namespace(|| "apex"), &rules));
        let apex = apex.transpose()?;
        for (name, comm_r_last, comm_r) in [("old", &old, &comm_r_old), ("new", &new, &comm_r_new)] {
            let mut cs = cs.namespace(|| format!("comm_r_{name}_is_of_its_roots"));
            let roots = vec![comm_c.clone(), comm_r_last.clone()];
            let digest = hash(cs.namespace(|| "H(comm_c ‖ comm_r_last)"), Hash::Poseidon2, roots)?;
            enforce_equal(&mut cs, "H(comm_c ‖ comm_r_last) = comm_r", &digest, comm_r);
        }
        // The variant has one partition, number zero, and does not say so.
        let partition = match packed {
            Some(partition) => partition,
            None => AllocatedNum::alloc(cs.namespace(|| "partition"), || Ok(Fr::ZERO))?,
        };
        if let Some(apex) = &apex {
            apex.enforce(cs.namespace(|| "apex_tree"), &partition_bits, &comm_d_new)?;
        }

        let drawn = draw(cs.namespace(|| "challenges"), &rules, &comm_r_new, &partition)?;
        let challenges = Challenges {
            rules,
            tree_rows: rows(TreeHash::Poseidon, self.geometry),
            high,
            phi,
            old,
            new,
            comm_d_new,
            apex,
        };
        Ok(Begun {
            challenges,
            drawn,
            partition_bits,
        })
    }
}

/// A circuit before its first challenge is opened.
struct Begun {
    challenges: Challenges,
    /// Of every challenge the bits that are drawn.
    drawn: Vec<Vec<AllocatedBit>>,
    /// The bits that end all of them.
    partition_bits: Vec<AllocatedBit>,
}

impl Circuit<Fr> for Update<'_> {
    fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
        let Begun {
            challenges,
            drawn,
            partition_bits,
        } = self.begin(cs)?;
        let mut traces = None;
        for (i, mut bits) in drawn.into_iter().take(self.n_opened).enumerate() {
            bits.extend(partition_bits.iter().cloned());
            let left = self.proof().and_then(|proof| proof.openings.get(i..));
            if i % N_TRACED == 0 && cs.is_witness_generator() {
                traces = left.map(|openings| challenges.trace(openings));
            }
            let traces = traces.as_ref().map(|traces| (traces, i % N_TRACED));
            let opening = left.and_then(<[Opening]>::first);
            challenges.open(cs.namespace(|| format!("challenge_{i}")), &bits, opening, traces)?;
        }
        Ok(())
    }
}

/// The places of the bits that are drawn: the first of each challenge.
struct Places<'a>(Update<'a>, &'a mut Vec<usize>);

impl Circuit<Fr> for Places<'_> {
    fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
        let Places(update, places) = self;
        let place = |bits: Vec<AllocatedBit>| match bits[0].get_variable().get_unchecked() {
            Index::Aux(place) => place,
            Index::Input(_) => unreachable!("bits are private"),
        };
        *places = update.begin(cs)?.drawn.into_iter().map(place).collect();
        Ok(())
    }
}

impl Provable for Update<'_> {
    /// Its body is a challenge, whose argument are the bits that were drawn for it.
    fn outline(&self) -> Option<Outline<Self>> {
        Some(Outline {
            name: format!("update {} {:?}", self.geometry.sector_size, self.data_tree),
            head: self.opening(0),
            body: Some((self.opening(1), self.n_opened)),
        })
    }

    fn arguments(&self) -> Result<Option<Arguments>, SynthesisError> {
        let mut places = Vec::new();
        Counts::of(Places(self.opening(0), &mut places))?;
        Ok(Some(Arguments {
            places,
            len: rules(self.geometry, self.data_tree).drawn_len(),
        }))
    }
}

/// The bits of every challenge that are drawn: from digests of comm_r_new and a number that no other partition has.
fn draw<CS: ConstraintSystem<Fr>>(
    mut cs: CS,
    rules: &Rules,
    comm_r_new: &Num,
    partition: &Num,
) -> Result<Vec<Vec<AllocatedBit>>, SynthesisError> {
    let n_digests = rules.digests_per_partition();
    let mut challenges = Vec::with_capacity(rules.n_challenges);
    for j in 0..n_digests {
        let mut cs = cs.namespace(|| format!("digest_{j}"));
        let [n, j] = [n_digests, j].map(|number| Fr::from(number as u64));
        let number = AllocatedNum::alloc(cs.namespace(|| "number"), || {
            let k = partition.get_value().ok_or(SynthesisError::AssignmentMissing)?;
            Ok(n * k + j)
        })?;
        cs.enforce(
            || "n · partition + j = number",
            |lc| lc + (n, partition.get_variable()) + (j, CS::one()),
            |lc| lc + CS::one(),
            |lc| lc + number.get_variable(),
        );
        let preimage = vec![comm_r_new.clone(), number];
        let digest = hash(cs.namespace(|| "hash"), Hash::Poseidon2Custom, preimage)?;
        let bits = bits_of_number(cs.namespace(|| "bits"), &digest)?;
        let left = rules.n_challenges - challenges.len();
        let drawn = bits
            .chunks_exact(rules.drawn_len())
            .take(rules.challenges_per_digest().min(left));
        challenges.extend(drawn.map(<[AllocatedBit]>::to_vec));
    }
    Ok(challenges)
}

/// The top of tree D: a partition's apex leaves, and the way from the node over all of them to the root.
struct Apex {
    leaves: Vec<Num>,
    above: Vec<Vec<Num>>,
}

impl Apex {
    fn alloc<CS: ConstraintSystem<Fr>>(
        update: &Update<'_>,
        mut cs: CS,
        rules: &Rules,
    ) -> Result<Apex, SynthesisError> {
        let leaves = update.proof().map(|proof| proof.apex_leaves.as_slice());
        let leaves = alloc_nodes(cs.namespace(|| "leaf"), rules.n_apex_leaves, leaves)?;
        let top = rules.drawn_len()..rules.drawn_len() + rules.partition_len();
        let rows = vec![Hash::Sha256; rules.partition_len()];
        // Every opening of the partition has these steps at its end.
        let first = update.proof().and_then(|proof| proof.openings.first());
        let steps = first.and_then(|opening| opening.data.steps.get(top));
        Ok(Apex {
            leaves,
            above: alloc_siblings(cs.namespace(|| "sibling"), &rows, steps)?,
        })
    }

    /// Enforces that the leaves stand under `root`, where the partition's number says.
    fn enforce<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        partition: &[AllocatedBit],
        root: &Num,
    ) -> Result<(), SynthesisError> {
        let mut row = self.leaves.clone();
        for height in 0..self.leaves.len().ilog2() {
            let parents = row.chunks(2).enumerate().map(|(i, children)| {
                let cs = cs.namespace(|| format!("row_{height}_{i}"));
                hash(cs, Hash::Sha256, children.to_vec())
            });
            row = parents.collect::<Result<_, _>>()?;
        }
        let rows = vec![Hash::Sha256; self.above.len()];
        let path = (&rows[..], &self.above[..]);
        enforce_inclusion_at(cs.namespace(|| "path"), path, partition, &row[0], root, None)
    }
}

/// What all challenges of a partition have in common.
struct Challenges {
    rules: Rules,
    tree_rows: Vec<Hash>,
    /// One bit for each number of leading bits: which is taken.
    high: Vec<AllocatedBit>,
    phi: Num,
    old: Num,
    new: Num,
    comm_d_new: Num,
    apex: Option<Apex>,
}

/// Paths of a challenge whose traces are computed beforehand: in the old replica, and in the new.
const N_SIDES: usize = 2;

/// Challenges that go together: whole eights of paths, and no more to hold than a second cache does.
const N_TRACED: usize = ABREAST / N_SIDES;

impl Challenges {
    /// Computes what Poseidon allocates for the paths of the next challenges in both replicas.
    fn trace(&self, openings: &[Opening]) -> PathTraces {
        let openings = openings.iter().take(N_TRACED);
        let paths = openings.flat_map(|opening| [&opening.old, &opening.new]);
        PathTraces::of(&self.tree_rows, paths)
    }

    /// One challenge: its new replica is old replica plus data times factor, the replicas stand under their roots
    /// and the data under comm_d_new.
    fn open<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        bits: &[AllocatedBit],
        opening: Option<&Opening>,
        traces: Option<(&PathTraces, usize)>,
    ) -> Result<(), SynthesisError> {
        let rho = self.rho(cs.namespace(|| "rho"), bits)?;
        let old = alloc_node(cs.namespace(|| "old"), opening.map(|opening| opening.old.leaf))?;
        let data = alloc_node(cs.namespace(|| "data"), opening.map(|opening| opening.data.leaf))?;
        let scaled = data.mul(cs.namespace(|| "data · rho"), &rho)?;
        let new = sum(cs.namespace(|| "new"), &old, &scaled)?;
        let sides = [
            ("old", &old, &self.old, opening.map(|opening| &opening.old)),
            ("new", &new, &self.new, opening.map(|opening| &opening.new)),
        ];
        for (side, (name, leaf, root, path)) in sides.into_iter().enumerate() {
            let mut cs = cs.namespace(|| format!("{name}_path"));
            let steps = path.map(|path| path.steps.as_slice());
            let siblings = alloc_siblings(cs.namespace(|| "sibling"), &self.tree_rows, steps)?;
            let path = (&self.tree_rows[..], &siblings[..]);
            let traces = traces.map(|(traces, place)| traces.path(N_SIDES * place + side));
            enforce_inclusion_at(cs.namespace(|| "path"), path, bits, leaf, root, traces)?;
        }
        let steps = opening.map(|opening| opening.data.steps.as_slice());
        self.open_data(cs.namespace(|| "data_path"), bits, &data, steps)
    }

    /// `ρ = H(φ, high)`, high being as many leading bits as the selector says.
    fn rho<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        bits: &[AllocatedBit],
    ) -> Result<Num, SynthesisError> {
        let mut products = Vec::with_capacity(self.high.len());
        for (i, (len, chosen)) in self.rules.high_lens.iter().zip(&self.high).enumerate() {
            let mut cs = cs.namespace(|| format!("high_{i}"));
            let high = pack(cs.namespace(|| "bits"), &bits[bits.len() - len..])?;
            let value = high.get_value().zip(chosen.get_value());
            let value = value.map(|(high, chosen)| if chosen { high } else { Fr::ZERO });
            let product = AllocatedNum::alloc(cs.namespace(|| "product"), || {
                value.ok_or(SynthesisError::AssignmentMissing)
            })?;
            cs.enforce(
                || "bits · chosen = product",
                |lc| lc + high.get_variable(),
                |lc| lc + chosen.get_variable(),
                |lc| lc + product.get_variable(),
            );
            products.push(product);
        }
        let values: Option<Vec<Fr>> = products.iter().map(AllocatedNum::get_value).collect();
        let high = AllocatedNum::alloc(cs.namespace(|| "high"), || {
            Ok(values.ok_or(SynthesisError::AssignmentMissing)?.iter().sum())
        })?;
        let sum = products.iter().fold(LinearCombination::zero(), |sum, product| {
            sum + product.get_variable()
        });
        cs.enforce(
            || "Σ products = high",
            |_| sum,
            |lc| lc + CS::one(),
            |lc| lc + high.get_variable(),
        );
        let preimage = vec![self.phi.clone(), high];
        hash(cs.namespace(|| "hash"), Hash::Poseidon2Custom, preimage)
    }

    /// The data's way up: to its apex leaf where there is an apex, to the root where there is none.
    fn open_data<CS: ConstraintSystem<Fr>>(
        &self,
        mut cs: CS,
        bits: &[AllocatedBit],
        data: &Num,
        steps: Option<&[Step]>,
    ) -> Result<(), SynthesisError> {
        let Some(apex) = &self.apex else {
            let siblings = alloc_siblings(cs.namespace(|| "sibling"), &self.tree_rows, steps)?;
            let path = (&self.tree_rows[..], &siblings[..]);
            return enforce_inclusion_at(cs.namespace(|| "path"), path, bits, data, &self.comm_d_new, None);
        };
        let (below, above) = bits.split_at(self.rules.apex_height());
        let among = &above[..apex.leaves.len().ilog2() as usize];
        let leaf = select(cs.namespace(|| "apex_leaf"), &apex.leaves, among)?;
        let rows = vec![Hash::Sha256; below.len()];
        let siblings = alloc_siblings(cs.namespace(|| "sibling"), &rows, steps)?;
        let path = (&rows[..], &siblings[..]);
        enforce_inclusion_at(cs.namespace(|| "path"), path, below, data, &leaf, None)
    }
}
