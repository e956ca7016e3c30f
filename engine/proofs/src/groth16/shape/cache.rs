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

    /// Takes away what lies there, because it is no shape, or another circuit's.
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

/// As [`shape_of`], for a circuit that what was kept does not fit: that is taken away first.
///
/// # Errors
/// As there.
pub fn shape_anew<C: Provable>(outline: Outline<C>) -> Result<Arc<Shape>, SynthesisError> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|(kept, _)| *kept != outline.name);
    drop(kept);
    if let Some(shelf) = SHELF.get() {
        shelf.discard(&outline.name, Damage::Foreign);
    }
    shape_of(outline)
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

#[cfg(test)]
mod tests {
    use bellperson::{Circuit, ConstraintSystem};
    use ff::Field;
    use kernels::Fr;

    use super::*;
    use crate::groth16::{
        error::Error,
        memory::Memory,
        witness::{Capacity, Witness},
    };

    /// So many variables, each of which is its own square.
    #[derive(Clone)]
    struct Squares(usize);

    /// What each of them is kept under, however many they are.
    const NAME: &str = "squares";

    impl Circuit<Fr> for Squares {
        fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
            for i in 0..self.0 {
                let x = cs.alloc(|| format!("x_{i}"), || Ok(Fr::ONE))?;
                cs.enforce(|| format!("square_{i}"), |lc| lc + x, |lc| lc + x, |lc| lc + x);
            }
            Ok(())
        }
    }

    impl Provable for Squares {
        fn outline(&self) -> Option<Outline<Squares>> {
            Some(Outline {
                name: NAME.to_owned(),
                head: self.clone(),
                body: None,
            })
        }
    }

    /// As many, of which its outline tells one less.
    #[derive(Clone)]
    struct Liar(Squares);

    impl Circuit<Fr> for Liar {
        fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
            self.0.synthesize(cs)
        }
    }

    impl Provable for Liar {
        fn outline(&self) -> Option<Outline<Liar>> {
            Some(Outline {
                name: "squares, but for one".to_owned(),
                head: Liar(Squares(self.0 .0 - 1)),
                body: None,
            })
        }
    }

    /// What lies on the shelf, and what was said when something was taken away.
    static LYING: Mutex<(Vec<u8>, Vec<Damage>)> = Mutex::new((Vec::new(), Vec::new()));

    struct Place;

    impl Shelf for Place {
        fn look_up(&self, name: &str, read: &mut dyn FnMut(&[u8])) {
            let bytes = LYING.lock().unwrap().0.clone();
            if name == NAME && !bytes.is_empty() {
                read(&bytes);
            }
        }

        fn put(&self, name: &str, bytes: &[u8]) {
            if name == NAME {
                LYING.lock().unwrap().0 = bytes.to_vec();
            }
        }

        fn discard(&self, name: &str, why: Damage) {
            if name == NAME {
                let mut lying = LYING.lock().unwrap();
                lying.0.clear();
                lying.1.push(why);
            }
        }
    }

    #[test]
    fn what_fits_another_circuit_is_taken_away() {
        keep_on(Box::new(Place));
        let bytes = |n: usize| {
            let outline = Squares(n).outline().unwrap();
            Shape::of(outline).unwrap().to_bytes(NAME)
        };
        Place.put(NAME, &bytes(3));
        let capacity = Capacity::default();
        let found = Witness::by_shape(Squares(5), capacity, Memory::default()).unwrap();
        let expected = Witness::of(Squares(5), capacity).unwrap();
        assert_eq!(
            (&found.a, &found.b, found.c()),
            (&expected.a, &expected.b, expected.c())
        );
        let lie = Witness::by_shape(Liar(Squares(5)), capacity, Memory::default());
        assert!(matches!(lie, Err(Error::ForeignShape)));
        assert_eq!(*LYING.lock().unwrap(), (bytes(5), vec![Damage::Foreign]));
    }
}
