//! Shapes that are kept for the next proof.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bellperson::SynthesisError;

use super::{Damage, Outline, Shape};
use crate::groth16::Provable;

/// Where shapes lie from one process to the next, each as bytes under its name. To record one takes a second or some, to read
/// it a tenth of that; nothing but time is lost with it.
pub trait Shelf: Send + Sync {
    /// Hands over the bytes of that name, if there are any.
    fn look_up(&self, name: &str, read: &mut dyn FnMut(&[u8]));

    /// Puts bytes there.
    fn put(&self, name: &str, bytes: &[u8]);

    /// Takes away what lies there, because it is no shape.
    fn discard(&self, name: &str, why: Damage);
}

static SHELF: OnceLock<Box<dyn Shelf>> = OnceLock::new();

/// From now on shapes are kept there. The first shelf stays.
pub fn keep_on(shelf: Box<dyn Shelf>) {
    // A process has one configuration: a second shelf is the same.
    let _ = SHELF.set(shelf);
}

/// Shapes that are kept. A process seldom proves more kinds by turns, and one of them may take 2 GiB.
const N_KEPT: usize = 3;

type Slot = Arc<OnceLock<Arc<Shape>>>;

/// The latest last.
static KEPT: Mutex<Vec<(String, Slot)>> = Mutex::new(Vec::new());

/// The shape of an outline: recorded now, unless it was before, in this process or another.
///
/// # Errors
/// Whatever the synthesis ends with.
pub fn shape_of<C: Provable>(outline: Outline<C>) -> Result<Arc<Shape>, SynthesisError> {
    let slot = slot(&outline.name);
    if let Some(shape) = slot.get() {
        return Ok(Arc::clone(shape));
    }
    // Two that come at once both record: what they get is equal, and neither waits.
    let shape = match look_up(&outline.name) {
        Some(shape) => shape,
        None => record(outline)?,
    };
    let shape = Arc::new(shape);
    Ok(Arc::clone(slot.get_or_init(|| shape)))
}

fn look_up(name: &str) -> Option<Shape> {
    let shelf = SHELF.get()?;
    let mut found = None;
    shelf.look_up(name, &mut |bytes| found = Some(Shape::from_bytes(name, bytes)));
    match found? {
        Ok(shape) => Some(shape),
        Err(why) => {
            shelf.discard(name, why);
            None
        }
    }
}

fn record<C: Provable>(outline: Outline<C>) -> Result<Shape, SynthesisError> {
    let name = outline.name.clone();
    let shape = Shape::of(outline)?;
    if let Some(shelf) = SHELF.get() {
        shelf.put(&name, &shape.to_bytes(&name));
    }
    Ok(shape)
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
