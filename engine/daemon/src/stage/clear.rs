//! Clear: what a sector needs no more once it is proved, or once its synthetic proofs are stored, is removed.

use anyhow::Result;

use crate::sector::{names, Sector};

/// Removes layers, tree C and tree D: everything that keeping a sector, proving that it is still there, and
/// unsealing it can do without. They are more than nine tenths of it.
///
/// # Errors
/// When the disk fails.
pub fn run(sector: &mut Sector) -> Result<Vec<String>> {
    let geometry = sector.record().identity.geometry();
    let layers = (1..=geometry.layers).map(names::layer);
    let tree_c = (0..geometry.n_base_trees()).map(|tree| names::tree_c(geometry, tree));
    let names = layers.chain(tree_c).chain([names::TREE_D.to_owned()]);
    remove(sector, names)
}

/// Removes the synthetic proofs, which nobody asks for once the sector is proved.
///
/// # Errors
/// When the disk fails.
pub fn synthetic(sector: &mut Sector) -> Result<Vec<String>> {
    remove(sector, [names::SYNTHETIC.to_owned()].into_iter())
}

/// Answers with those that were there.
fn remove(sector: &mut Sector, names: impl Iterator<Item = String>) -> Result<Vec<String>> {
    let there: Vec<String> = names.filter(|name| sector.has(name)).collect();
    there.iter().try_for_each(|name| sector.remove(name))?;
    Ok(there)
}
