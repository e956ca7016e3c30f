//! Shapes that are kept for the next proof.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bellperson::SynthesisError;

use super::{Outline, Shape};
use crate::groth16::Provable;

/// Shapes that are kept. A process seldom proves more kinds by turns, and one of them may take 2 GiB.
const N_KEPT: usize = 3;

type Slot = Arc<OnceLock<Arc<Shape>>>;

/// The latest last.
static KEPT: Mutex<Vec<(String, Slot)>> = Mutex::new(Vec::new());

/// The shape of an outline: recorded now, unless it was before.
///
/// # Errors
/// Whatever the synthesis ends with.
pub fn shape_of<C: Provable>(outline: Outline<C>) -> Result<Arc<Shape>, SynthesisError> {
    let slot = slot(&outline.name);
    if let Some(shape) = slot.get() {
        return Ok(Arc::clone(shape));
    }
    // Two that come at once both record: what they get is equal, and neither waits.
    let shape = Arc::new(Shape::of(outline)?);
    Ok(Arc::clone(slot.get_or_init(|| shape)))
}

fn slot(name: &str) -> Slot {
    // A list of names and places is never half changed.
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let found = kept
        .iter()
        .position(|(kept, _)| kept == name)
        .map(|i| kept.remove(i));
    let entry = found.unwrap_or_else(|| (name.to_owned(), Slot::default()));
    let slot = Arc::clone(&entry.1);
    kept.push(entry);
    if N_KEPT < kept.len() {
        kept.remove(0);
    }
    slot
}
