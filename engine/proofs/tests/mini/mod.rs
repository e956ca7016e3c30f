//! The small circuit that the reference made a key, parameters and proofs for.

use bellperson::{Circuit, ConstraintSystem, SynthesisError};
use engine_proofs::groth16::Provable;
use ff::Field;
use kernels::Fr;

/// `x ← x³ + x + 5`, n times over (with the first x as the factor of every cube); each third value is public,
/// and multiplied once more.
#[derive(Clone, Copy, Debug)]
pub struct Mini {
    pub n: usize,
    pub x: Option<Fr>,
    /// Whether the first square is one too large.
    pub is_false: bool,
}

impl Circuit<Fr> for Mini {
    fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
        let value = |value: Option<Fr>| move || value.ok_or(SynthesisError::AssignmentMissing);
        let five = Fr::from(5);
        let x = cs.alloc(|| "x", value(self.x))?;
        let (mut current, mut current_value) = (x, self.x);
        for i in 0..self.n {
            let excess = if self.is_false && i == 0 {
                Fr::ONE
            } else {
                Fr::ZERO
            };
            let square_value = current_value.map(|value| value.square() + excess);
            let square = cs.alloc(|| "square", value(square_value))?;
            cs.enforce(
                || "square",
                |lc| lc + current,
                |lc| lc + current,
                |lc| lc + square,
            );
            let next_value = square_value
                .zip(self.x)
                .zip(current_value)
                .map(|((s, x), value)| s * x + value + five);
            let next = cs.alloc(|| "next", value(next_value))?;
            let one = CS::one();
            cs.enforce(
                || "next",
                |lc| lc + square,
                |lc| lc + x,
                |lc| lc + next - current - (five, one),
            );
            (current, current_value) = (next, next_value);
            if i % 3 == 2 {
                let input = cs.alloc_input(|| "input", value(current_value))?;
                cs.enforce(|| "input", |lc| lc + current, |lc| lc + one, |lc| lc + input);
                let three = Fr::from(3);
                let product = cs.alloc(
                    || "product",
                    value(current_value.map(|value| value * (value + three))),
                )?;
                cs.enforce(
                    || "product",
                    |lc| lc + current,
                    |lc| lc + input + (three, one),
                    |lc| lc + product,
                );
            }
        }
        Ok(())
    }
}

/// Too small to be recorded.
impl Provable for Mini {}
