//! Proving: from a witness and parameters to three points.
//!
//! With the sums over all variables x of the key's points `a`, `b`, `l`, and the quotient h:
//!
//! * `A = α + Σ xᵢ·aᵢ + r·δ`
//! * `B = β + Σ xᵢ·bᵢ + s·δ`, in G2
//! * `C = Σ xᵢ·lᵢ + Σ hᵢ·(τⁱ·Z(τ)/δ) + s·A + r·B − r·s·δ`, with B in G1

use std::ops::ControlFlow;

use blstrs::{G1Projective, G2Projective};
use ff::{Field, PrimeField};
use group::Curve;
use kernels::{Backend, Fr, Mixed};
use rand_core::{OsRng, RngCore};

use super::{
    error::{Error, Result, Section},
    memory::Memory,
    params::Parameters,
    proof::Proof,
    verifier::PreparedKey,
    witness::{Capacity, LateC, Provable, Witness},
};
use crate::{silent, Progress};

/// What hides the witness: two scalars that nobody may know or see twice.
#[derive(Clone, Copy)]
pub struct Blinding {
    /// In A and C.
    pub r: Fr,
    /// In B and C.
    pub s: Fr,
}

/// Shows nothing of the scalars.
impl std::fmt::Debug for Blinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blinding(..)")
    }
}

impl Blinding {
    /// Draws from the operating system's generator.
    ///
    /// # Errors
    /// When it fails.
    pub fn draw() -> Result<Blinding> {
        Ok(Blinding {
            r: draw()?,
            s: draw()?,
        })
    }
}

/// A scalar, each as likely as any other.
fn draw() -> Result<Fr> {
    loop {
        let mut repr = [0; 32];
        OsRng.try_fill_bytes(&mut repr).map_err(Error::Randomness)?;
        // 255 bits; nine in ten are below the modulus.
        repr[31] &= 0x7f;
        if let Some(scalar) = Option::from(Fr::from_repr(repr)) {
            return Ok(scalar);
        }
    }
}

/// Proves one circuit, as a [`Prover`] does, and says nothing until it is done.
///
/// # Errors
/// As [`Prover::prove`].
pub fn prove<C: Provable>(
    device: &dyn Backend,
    parameters: &Parameters<'_>,
    circuit: C,
    inputs: &[Fr],
    blinding: Blinding,
) -> Result<Proof> {
    Prover::new(device, parameters, 1).prove(circuit, inputs, blinding, &silent)
}

/// Proves one circuit after another with the same parameters, in the same memory.
///
/// Between proofs it holds the private variables and two lists as long as the domain, which is less than a proof takes;
/// after the last one, or a failure, it holds nothing. Who proves on several threads at once has a prover for each.
pub struct Prover<'a> {
    device: &'a dyn Backend,
    parameters: &'a Parameters<'a>,
    /// Proofs that are to come.
    n_left: usize,
    memory: Memory,
}

impl<'a> Prover<'a> {
    /// A prover of so many proofs; of more, each has memory of its own.
    pub fn new(device: &'a dyn Backend, parameters: &'a Parameters<'a>, n_proofs: usize) -> Prover<'a> {
        Prover {
            device,
            parameters,
            n_left: n_proofs,
            memory: Memory::default(),
        }
    }

    /// Proves that the circuit holds for the public inputs (without the constant one), telling `progress` how far it
    /// is, in percent.
    ///
    /// The proof is verified before it is returned: whatever the witness, the device or the parameters did
    /// wrong, no false proof leaves. Memory: 80 bytes for each element of the domain (0.34 GB for a 2 KiB
    /// sector), less than one for each private variable that is a bit and 33 for the others, and 32 more for each
    /// element of the domain while a sum is formed, if another proof follows; the parameters are read where they lie.
    ///
    /// # Errors
    /// When the circuit does not fit the parameters, its witness does not satisfy it, a point of the parameters
    /// is not on the curve, the device fails, the proof does not verify, or `progress` says stop.
    pub fn prove<C: Provable>(
        &mut self,
        circuit: C,
        inputs: &[Fr],
        blinding: Blinding,
        progress: Progress<'_>,
    ) -> Result<Proof> {
        let Prover {
            device, parameters, ..
        } = *self;
        self.n_left = self.n_left.saturating_sub(1);
        let capacity = Capacity {
            n_aux: parameters.l.len(),
            domain_len: parameters.domain_len(),
        };
        let memory = std::mem::take(&mut self.memory);
        let l = &parameters.l;
        // The one sum that needs nothing but the private variables.
        let sum = |aux: &Mixed| (aux.len() == l.len()).then(|| device.msm_g1(l.bases, aux.into()));
        let (mut witness, l_sum) = Witness::by_shape_beside(circuit, capacity, memory, sum)?;
        check_fit(parameters, &witness)?;
        let l_sum = l_sum.expect("there are as many points as variables");
        let l_sum = l_sum.map_err(|error| l.error(error))?;
        let mut work = Work { progress, percent: 0 };
        work.did(share::SYNTHESIS + share::L)?;
        let h = &parameters.h;
        quotient(device, h.len(), &mut witness)?;
        work.did(share::QUOTIENT)?;
        // What the sum takes for itself may lie where B was, unless the next proof's shall; and where C was, if it was laid.
        witness.c = LateC::default();
        if self.n_left == 0 {
            witness.b = Vec::new();
        }
        let h_sum = device
            .msm_g1(h.bases, (&witness.a).into())
            .map_err(|error| h.error(error))?;
        if self.n_left == 0 {
            witness.a = Vec::new();
        }
        work.did(share::H)?;
        let proof = assemble(device, parameters, &witness, (l_sum + h_sum, blinding), &mut work)?;
        self.memory = match self.n_left {
            0 => Memory::default(),
            _ => witness.into(),
        };
        // The equation sees nothing outside the subgroups: as others do, read the bytes first.
        let is_readable = Proof::from_bytes(&proof.to_bytes()).is_ok();
        if is_readable && PreparedKey::new(&parameters.key).verify(inputs, &proof) {
            Ok(proof)
        } else {
            Err(Error::Rejected)
        }
    }
}

/// Shows nothing of a witness.
impl std::fmt::Debug for Prover<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Prover(..)")
    }
}

/// Steps of a proof, with their shares of its time in percent: measured on the PoRep of 2 KiB, whose witness is
/// mostly bits, as every PoRep's is, so that only the sum over h is a sum of large scalars.
mod share {
    pub const SYNTHESIS: usize = 2;
    pub const L: usize = 3;
    pub const QUOTIENT: usize = 15;
    pub const H: usize = 72;
    pub const A: usize = 4;
    pub const B_G1: usize = 1;
    pub const B_G2: usize = 3;
}

/// How far a proof is.
struct Work<'a> {
    progress: Progress<'a>,
    percent: usize,
}

impl Work<'_> {
    fn did(&mut self, share: usize) -> Result<()> {
        self.percent += share;
        match (self.progress)(self.percent, 100) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Stopped),
        }
    }
}

/// Holds the circuit's counts against those of the parameters.
fn check_fit(parameters: &Parameters<'_>, witness: &Witness) -> Result<()> {
    let n_inputs = witness.inputs.len();
    let n_b = witness.b_input_density.count() + witness.b_aux_density.count();
    let counts = [
        (Section::Ic, parameters.key.ic.len(), n_inputs),
        (
            Section::H,
            parameters.h.len(),
            witness.n_constraints.next_power_of_two() - 1,
        ),
        (Section::L, parameters.l.len(), witness.aux.len()),
        (
            Section::A,
            parameters.a.len(),
            n_inputs + witness.a_aux_density.count(),
        ),
        (Section::BG1, parameters.b_g1.len(), n_b),
    ];
    match counts.into_iter().find(|(_, found, needed)| found != needed) {
        None => Ok(()),
        Some((section, found, needed)) => Err(Error::ForeignParameters {
            section,
            found,
            needed,
        }),
    }
}

/// The coefficients of h, so many of them, where A was; B is spent.
fn quotient(device: &dyn Backend, len: usize, witness: &mut Witness) -> Result<()> {
    let Witness {
        inputs,
        aux,
        n_constraints,
        a,
        b,
        c,
        ..
    } = witness;
    for values in [&mut *a, &mut *b] {
        values.resize(len + 1, Fr::ZERO);
    }
    device.quotient(a, b, &|values| c.write((inputs, aux), *n_constraints, values))?;
    // A·B − C is a multiple of Z exactly when every constraint holds: then h has one degree less.
    if a.pop() == Some(Fr::ZERO) {
        Ok(())
    } else {
        Err(Error::Unsatisfied)
    }
}

fn assemble(
    device: &dyn Backend,
    parameters: &Parameters<'_>,
    witness: &Witness,
    (l_and_h, Blinding { r, s }): (G1Projective, Blinding),
    work: &mut Work<'_>,
) -> Result<Proof> {
    let Parameters {
        key, a, b_g1, b_g2, ..
    } = parameters;
    let mut scalars = Mixed::with_capacity(a.len());
    scalars.extend(&witness.inputs);
    scalars.extend_chosen(&witness.aux, |i| witness.a_aux_density.is_set(i));
    let a_sum = device
        .msm_g1(a.bases, (&scalars).into())
        .map_err(|error| a.error(error))?;
    work.did(share::A)?;
    scalars.clear();
    let inputs = witness.inputs.iter().enumerate();
    let in_b = inputs.filter(|(i, _)| witness.b_input_density.is_set(*i));
    in_b.for_each(|(_, input)| scalars.push(input));
    scalars.extend_chosen(&witness.aux, |i| witness.b_aux_density.is_set(i));
    let b_g1_sum = device
        .msm_g1(b_g1.bases, (&scalars).into())
        .map_err(|error| b_g1.error(error))?;
    work.did(share::B_G1)?;
    let b_g2_sum = device
        .msm_g2(b_g2.bases, (&scalars).into())
        .map_err(|error| b_g2.error(error))?;
    work.did(share::B_G2)?;

    let a: G1Projective = a_sum + key.alpha_g1 + key.delta_g1 * r;
    let b: G2Projective = b_g2_sum + key.beta_g2 + key.delta_g2 * s;
    let b_g1: G1Projective = b_g1_sum + key.beta_g1 + key.delta_g1 * s;
    let c = l_and_h + a * s + b_g1 * r - key.delta_g1 * (r * s);
    Ok(Proof {
        a: a.to_affine(),
        b: b.to_affine(),
        c: c.to_affine(),
    })
}
