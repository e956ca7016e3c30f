//! Updates: data go into a replica that is there, the challenged nodes are opened, the openings become SNARKs; and
//! the data come out again.

use std::path::Path;

use anyhow::{anyhow, ensure, Context, Result};
use engine_proofs::{
    groth16::{Blinding, Claim, Parameters, PreparedKey, Proof, Prover, VerifyingKey},
    post::Replica,
    update::{
        circuit,
        sector::Sector as Files,
        vanilla::{self, PartitionProof, Statement},
        Encoding, Rules,
    },
    Error,
};
use kernels::{Backend, Fr};
use rand_core::OsRng;

use super::{
    commit_1,
    pre_commit_1::tree_d,
    pre_commit_2::{self, bytes},
};
use crate::{
    map::ReadMap,
    progress::Bar,
    sector::{names, Roots, Sector, Update},
};

/// Makes what is missing of the updated sector: tree D, replica, tree R-last, `p_aux`.
///
/// # Errors
/// When the disk is full, a file is damaged, or the device fails.
pub fn encode(device: &dyn Backend, old: &mut Sector, new: &mut Sector, bar: &Bar) -> Result<Roots> {
    let geometry = new.record().identity.geometry();
    let n_trees = geometry.n_base_trees();
    let old_roots = update(new)?.old_roots;
    let comm_d = tree_d(device, new, &bar.part(0, n_trees + 1))?;
    let comm_r_last = pre_commit_2::replica(new, |new, trees| {
        let data = new.read(names::TREE_D, bytes(geometry.tree_d_len()))?;
        let key = old.read(names::SEALED, geometry.sector_size.bytes())?;
        let encoding = Encoding::new(device, geometry, comm_d, old_roots.comm_r)?;
        pre_commit_2::encode(new, trees, data.nodes(), |tree, data, kept| {
            let key = &key.nodes()[geometry.base_range(tree)];
            let progress = bar.part(tree + 1, n_trees + 1);
            encoding.tree_r_last_base(device, tree, (key, data), kept, &progress)
        })
    })?;
    pre_commit_2::note(new, comm_d, old_roots.comm_c, comm_r_last)
}

/// Makes the sector as it was before its update: replica, tree R-last, `p_aux`.
///
/// # Errors
/// When what is left is not the old replica; else as [`encode`].
pub fn remove(device: &dyn Backend, new: &mut Sector, old: &mut Sector, bar: &Bar) -> Result<Roots> {
    let geometry = new.record().identity.geometry();
    let (update, roots) = (update(new)?.clone(), roots(new)?);
    let comm_r_last = pre_commit_2::replica(old, |old, trees| {
        let data = new.read(names::TREE_D, bytes(geometry.tree_d_len()))?;
        let replica = new.read(names::SEALED, geometry.sector_size.bytes())?;
        let encoding = Encoding::new(device, geometry, roots.comm_d, update.old_roots.comm_r)?;
        pre_commit_2::encode(old, trees, data.nodes(), |tree, data, kept| {
            let replica = &replica.nodes()[geometry.base_range(tree)];
            let progress = bar.part(tree, trees.len());
            encoding.old_tree_r_last_base(device, tree, (replica, data), kept, &progress)
        })
    })?;
    ensure!(
        comm_r_last == update.old_roots.comm_r_last,
        "{}: what is left has the root {comm_r_last}, and the old replica had {}: replica and sector.json do not \
         belong together",
        new.dir().display(),
        update.old_roots.comm_r_last
    );
    old.note(|record| record.pieces = update.old_pieces)?;
    let Roots { comm_d, comm_c, .. } = update.old_roots;
    pre_commit_2::note(old, comm_d, comm_c, comm_r_last)
}

/// Opens the challenged nodes of all partitions, and checks each of them on the way.
///
/// # Errors
/// When a file is missing, damaged or another sector's; it is named, and the node.
pub fn open(old: &mut Sector, new: &mut Sector, statement: &Statement) -> Result<Vec<PartitionProof>> {
    let geometry = statement.geometry;
    let tree_d = new.read(names::TREE_D, bytes(geometry.tree_d_len()))?;
    let (old_maps, new_maps) = (Maps::of(old)?, Maps::of(new)?);
    let files = Files {
        old: old_maps.replica(),
        tree_d: tree_d.nodes(),
        new: new_maps.replica(),
    };
    vanilla::prove(&files, statement).map_err(|error| {
        let (sector, about) = match &error {
            Error::Old(about) => (&*old, &**about),
            about => (&*new, about),
        };
        match commit_1::file(geometry, about) {
            Some(name) => {
                let path = sector.dir().join(name);
                anyhow!(error).context(path.display().to_string())
            }
            None => anyhow!(error),
        }
    })
}

/// Replica and tree R-last of a sector, mapped.
struct Maps {
    roots: Roots,
    replica: ReadMap,
    tree_r_last: Vec<ReadMap>,
}

impl Maps {
    fn of(sector: &mut Sector) -> Result<Maps> {
        let geometry = sector.record().identity.geometry();
        let trees = 0..geometry.n_base_trees();
        let size = bytes(geometry.tree_r_last_len());
        Ok(Maps {
            roots: roots(sector)?,
            replica: sector.read(names::SEALED, geometry.sector_size.bytes())?,
            tree_r_last: trees
                .map(|tree| sector.read(&names::tree_r_last(geometry, tree), size))
                .collect::<Result<_>>()?,
        })
    }

    fn replica(&self) -> Replica<'_> {
        Replica {
            comm_c: self.roots.comm_c,
            comm_r_last: self.roots.comm_r_last,
            tree_r_last: self.tree_r_last.iter().map(ReadMap::nodes).collect(),
            replica: self.replica.nodes(),
        }
    }
}

/// Proves every partition. Each proof is verified before it is taken; the blinding comes from the operating system.
///
/// # Errors
/// When the parameters are damaged or another circuit's, or the device fails.
pub fn prove(
    device: &dyn Backend,
    parameters: &ReadMap,
    statement: &Statement,
    openings: &[PartitionProof],
    bar: &Bar,
) -> Result<Vec<Proof>> {
    let about = || parameters.path().display().to_string();
    let parsed = Parameters::parse(parameters.bytes()).with_context(about)?;
    let mut prover = Prover::new(device, &parsed, openings.len());
    let mut proofs = Vec::with_capacity(openings.len());
    for (k, opening) in openings.iter().enumerate() {
        let inputs = vanilla::public_inputs(statement, k)?;
        let progress = bar.part(k, openings.len());
        let circuit = circuit::Update::new(statement, k, opening);
        let proof = prover.prove(circuit, &inputs, Blinding::draw()?, &progress);
        proofs.push(proof.with_context(|| format!("partition {k} with {}", about()))?);
    }
    Ok(proofs)
}

/// Whether all partitions' proofs hold, verified as one batch.
///
/// # Errors
/// When a commitment is no field element, or is zero, which the protocol forbids.
pub fn verify(key: &VerifyingKey, statement: &Statement, proofs: &[Proof]) -> Result<bool> {
    for (what, node) in [
        ("comm_r_old", statement.comm_r_old),
        ("comm_d_new", statement.comm_d_new),
        ("comm_r_new", statement.comm_r_new),
    ] {
        ensure!(node.0 != [0; 32], "{what} is zero: it is missing");
    }
    if proofs.len() != Rules::of(statement.geometry).n_partitions {
        return Ok(false);
    }
    let inputs = (0..proofs.len()).map(|k| vanilla::public_inputs(statement, k));
    let inputs = inputs.collect::<Result<Vec<Vec<Fr>>, _>>()?;
    let claims: Vec<Claim<'_>> = inputs
        .iter()
        .zip(proofs)
        .map(|(inputs, proof)| Claim { inputs, proof })
        .collect();
    Ok(PreparedKey::new(key).verify_batch(&claims, &mut OsRng))
}

/// The commitments of a sector that has its replica.
///
/// # Errors
/// When it has none yet.
pub fn roots(sector: &Sector) -> Result<Roots> {
    sector.record().roots.with_context(|| {
        format!(
            "{} is not finished: it has no replica yet",
            sector.dir().display()
        )
    })
}

/// What an updated sector was before.
///
/// # Errors
/// When it was never updated.
pub fn update(sector: &Sector) -> Result<&Update> {
    sector.record().update.as_ref().with_context(|| {
        format!(
            "{} holds a sector that was not updated: `lode-engine update` makes one that was",
            sector.dir().display()
        )
    })
}

/// Makes sure that the directories of the sector before and after an update are two.
///
/// # Errors
/// When they are one.
pub fn must_be_two(dir: &Path, other: &Path) -> Result<()> {
    let [found, other_found] = [dir, other].map(|path| path.canonicalize().ok());
    ensure!(
        other_found.is_none() || found != other_found,
        "{} is named twice: the sector before its update and the one after it have a directory each",
        dir.display()
    );
    Ok(())
}

/// Makes sure that one sector is what the other was before its update.
///
/// # Errors
/// When it is not.
pub fn must_be_before(old: &Sector, new: &Sector) -> Result<()> {
    let (found, expected) = (roots(old)?.comm_r, update(new)?.old_roots.comm_r);
    ensure!(
        found == expected,
        "{} holds the sector with comm_r {found}, and {} is an update of the one with {expected}: name that one",
        old.dir().display(),
        new.dir().display()
    );
    Ok(())
}
