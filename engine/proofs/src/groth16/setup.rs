//! Making parameters for a circuit.
//!
//! Who knows the secret of parameters can forge proofs with them. Those of [`Secret::development`] are known
//! to everybody: they serve development and tests, where a network's own parameters are too large.
//!
//! The circuit is synthesized twice and never stored: first to count, then to add each term to its
//! variable's value at τ. What follows is millions of multiples of two points, written as they come.

use std::{io::Write, ops::ControlFlow};

use bellperson::{Circuit, ConstraintSystem, Index, LinearCombination, SynthesisError, Variable};
use blstrs::{G1Affine, G1Projective, G2Affine, G2Projective};
use ff::Field;
use group::{prime::PrimeCurveAffine, Curve, Group};
use kernels::{Backend, Direction, Fr};
use rand_core::{RngCore, SeedableRng};
use rand_xorshift::XorShiftRng;
use rayon::prelude::*;

use super::{
    error::{Error, Result},
    params::{self, VerifyingKey, G1_SIZE, G2_SIZE},
};
use crate::Progress;

/// Points computed and written at a time: 48 MiB in G1; with fewer, their table of multiples costs too much.
const CHUNK_LEN: usize = 1 << 19;

/// Scalars or points that one thread takes at a time.
const POWERS_LEN: usize = 1 << 10;

/// The seed that the reference's tests draw from.
pub const DEVELOPMENT_SEED: [u8; 16] = [
    0x59, 0x62, 0xbe, 0x5d, 0x76, 0x3d, 0x31, 0x8d, 0x17, 0xdb, 0x37, 0x32, 0x54, 0x06, 0xbc, 0xe5,
];

/// What parameters are made from, and what must be forgotten afterwards.
#[derive(Clone, Copy)]
pub struct Secret {
    g1: G1Projective,
    g2: G2Projective,
    alpha: Fr,
    beta: Fr,
    gamma: Fr,
    delta: Fr,
    tau: Fr,
}

/// Shows nothing of the numbers.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// Draws the generators, then α, β, γ, δ, τ: bellperson's order.
    pub fn draw(rng: &mut dyn RngCore) -> Secret {
        Secret {
            g1: G1Projective::random(&mut *rng),
            g2: G2Projective::random(&mut *rng),
            alpha: Fr::random(&mut *rng),
            beta: Fr::random(&mut *rng),
            gamma: Fr::random(&mut *rng),
            delta: Fr::random(&mut *rng),
            tau: Fr::random(&mut *rng),
        }
    }

    /// The secret that is none: from the seed that the reference's tests draw from.
    pub fn development() -> Secret {
        Secret::draw(&mut XorShiftRng::from_seed(DEVELOPMENT_SEED))
    }
}

/// Writes the parameters of a circuit, key first, and answers with the key.
///
/// The circuit may be blank: no assignment is asked for. `progress` hears of points. Memory: 96 bytes for
/// each variable, and 32 for each element of the domain until the circuit is read.
///
/// # Errors
/// When the circuit cannot be synthesized, has a private variable that stands in no constraint, the device
/// fails, `out` cannot be written, or `progress` says stop.
pub fn generate<C: Circuit<Fr> + Clone>(
    device: &dyn Backend,
    circuit: C,
    secret: &Secret,
    out: &mut dyn Write,
    progress: Progress<'_>,
) -> Result<VerifyingKey> {
    let counts = Assembly::of(circuit.clone(), None)?;
    let domain_len = counts.n_constraints.next_power_of_two();
    // The Lagrange polynomials at τ are the inverse transform of its powers.
    let mut lagrange = powers(secret.tau, Fr::ONE, domain_len);
    device.ntt(Direction::Inverse, &mut lagrange)?;
    let (inputs, aux) = (Values::zero(counts.n_inputs), Values::zero(counts.n_aux));
    let assembly = Assembly::of(
        circuit,
        Some(AtTau {
            lagrange,
            inputs,
            aux,
        }),
    )?;
    let AtTau { inputs, aux, .. } = assembly.at_tau.expect("what went in comes out");

    let ([ic, a_inputs, b_inputs], [l, a_aux, b_aux]) = (
        inputs.queries(secret, secret.gamma)?,
        aux.queries(secret, secret.delta)?,
    );
    if let Some(index) = l.iter().position(|value| *value == Fr::ZERO) {
        return Err(Error::Unconstrained { index });
    }
    let (a, b) = (dense(a_inputs, &a_aux), dense(b_inputs, &b_aux));
    drop((a_aux, b_aux));

    let of = ic.len() + domain_len - 1 + l.len() + a.len() + 2 * b.len();
    let mut writer = Writer {
        device,
        secret,
        out,
        progress,
        done: 0,
        of,
    };
    let key = writer.key(&ic)?;
    writer.h(domain_len)?;
    writer.g1(&l)?;
    drop(l);
    writer.g1(&a)?;
    drop(a);
    writer.g1(&b)?;
    writer.g2(&b)?;
    writer.out.flush()?;
    Ok(key)
}

fn inverse(scalar: Fr) -> Result<Fr> {
    Option::from(scalar.invert()).ok_or(Error::Synthesis(SynthesisError::UnexpectedIdentity))
}

/// The values that have a point: a variable that stands nowhere has none.
fn dense(inputs: Vec<Fr>, aux: &[Fr]) -> Vec<Fr> {
    inputs
        .into_iter()
        .chain(aux.iter().copied())
        .filter(|value| *value != Fr::ZERO)
        .collect()
}

/// `factor · baseⁱ` for `i` from 0.
fn powers(base: Fr, factor: Fr, len: usize) -> Vec<Fr> {
    let mut powers = vec![Fr::ZERO; len];
    powers
        .par_chunks_mut(POWERS_LEN)
        .enumerate()
        .for_each(|(chunk, powers)| {
            let mut power = factor * base.pow_vartime([(chunk * POWERS_LEN) as u64]);
            for slot in powers {
                *slot = power;
                power *= base;
            }
        });
    powers
}

/// Counts a circuit, and with the Lagrange polynomials at hand evaluates it at τ.
#[derive(Default)]
struct Assembly {
    n_inputs: usize,
    n_aux: usize,
    n_constraints: usize,
    at_tau: Option<AtTau>,
}

struct AtTau {
    /// The Lagrange polynomial of each constraint, at τ.
    lagrange: Vec<Fr>,
    inputs: Values,
    aux: Values,
}

/// For each variable its polynomial in A, B and C, at τ.
struct Values {
    a: Vec<Fr>,
    b: Vec<Fr>,
    c: Vec<Fr>,
}

impl Values {
    fn zero(len: usize) -> Values {
        Values {
            a: vec![Fr::ZERO; len],
            b: vec![Fr::ZERO; len],
            c: vec![Fr::ZERO; len],
        }
    }

    /// `(β·a + α·b + c) / divisor`, in place of c; then a and b.
    fn queries(self, secret: &Secret, divisor: Fr) -> Result<[Vec<Fr>; 3]> {
        let inverse = inverse(divisor)?;
        let Values { a, b, mut c } = self;
        c.par_iter_mut().zip(&a).zip(&b).for_each(|((c, a), b)| {
            *c = (*a * secret.beta + *b * secret.alpha + *c) * inverse;
        });
        Ok([c, a, b])
    }
}

impl Assembly {
    /// Synthesizes with the constant one before the circuit, and `x · 0 = 0` for each input after it.
    fn of<C: Circuit<Fr>>(circuit: C, at_tau: Option<AtTau>) -> Result<Assembly> {
        let mut assembly = Assembly {
            at_tau,
            ..Assembly::default()
        };
        assembly.alloc_input(|| "one", || Ok(Fr::ONE))?;
        circuit.synthesize(&mut assembly)?;
        for input in 0..assembly.n_inputs {
            let input = Variable(Index::Input(input));
            assembly.enforce(|| "input", |terms| terms + input, |terms| terms, |terms| terms);
        }
        Ok(assembly)
    }
}

impl ConstraintSystem<Fr> for Assembly {
    type Root = Self;

    fn alloc<F, A, AR>(&mut self, _: A, _: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.n_aux += 1;
        Ok(Variable(Index::Aux(self.n_aux - 1)))
    }

    fn alloc_input<F, A, AR>(&mut self, _: A, _: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.n_inputs += 1;
        Ok(Variable(Index::Input(self.n_inputs - 1)))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, a: LA, b: LB, c: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LB: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LC: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
    {
        if let Some(AtTau {
            lagrange,
            inputs,
            aux,
        }) = &mut self.at_tau
        {
            let factor = lagrange[self.n_constraints];
            add(a(LinearCombination::zero()), factor, &mut inputs.a, &mut aux.a);
            add(b(LinearCombination::zero()), factor, &mut inputs.b, &mut aux.b);
            add(c(LinearCombination::zero()), factor, &mut inputs.c, &mut aux.c);
        }
        self.n_constraints += 1;
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self) {}

    fn get_root(&mut self) -> &mut Self {
        self
    }
}

/// Adds a constraint's terms to the values of their variables.
fn add(terms: LinearCombination<Fr>, factor: Fr, inputs: &mut [Fr], aux: &mut [Fr]) {
    let term = |coefficient: &Fr| {
        if *coefficient == Fr::ONE {
            factor
        } else {
            factor * coefficient
        }
    };
    for (index, coefficient) in terms.iter_inputs() {
        inputs[*index] += term(coefficient);
    }
    for (index, coefficient) in terms.iter_aux() {
        aux[*index] += term(coefficient);
    }
}

/// Turns scalars into points, and writes these.
struct Writer<'a> {
    device: &'a dyn Backend,
    secret: &'a Secret,
    out: &'a mut dyn Write,
    progress: Progress<'a>,
    done: usize,
    of: usize,
}

impl Writer<'_> {
    fn key(&mut self, ic: &[Fr]) -> Result<VerifyingKey> {
        let Secret {
            g1,
            g2,
            alpha,
            beta,
            gamma,
            delta,
            ..
        } = *self.secret;
        let mut points = vec![G1Affine::identity(); ic.len()];
        self.device.multiples_g1(&g1.to_affine(), ic, &mut points)?;
        let key = VerifyingKey {
            alpha_g1: (g1 * alpha).to_affine(),
            beta_g1: (g1 * beta).to_affine(),
            beta_g2: (g2 * beta).to_affine(),
            gamma_g2: (g2 * gamma).to_affine(),
            delta_g1: (g1 * delta).to_affine(),
            delta_g2: (g2 * delta).to_affine(),
            ic: points,
        };
        self.out.write_all(&key.to_bytes())?;
        self.advance(ic.len())?;
        Ok(key)
    }

    /// `τⁱ·Z(τ)/δ` for all but the last `i` of the domain.
    fn h(&mut self, domain_len: usize) -> Result<()> {
        let Secret { tau, delta, .. } = *self.secret;
        let z = tau.pow_vartime([domain_len as u64]) - Fr::ONE;
        let mut factor = z * inverse(delta)?;
        self.out.write_all(&params::count(domain_len - 1))?;
        for start in (0..domain_len - 1).step_by(CHUNK_LEN) {
            let scalars = powers(tau, factor, CHUNK_LEN.min(domain_len - 1 - start));
            self.g1_chunk(&scalars)?;
            factor *= tau.pow_vartime([CHUNK_LEN as u64]);
        }
        Ok(())
    }

    fn g1(&mut self, scalars: &[Fr]) -> Result<()> {
        self.out.write_all(&params::count(scalars.len()))?;
        scalars
            .chunks(CHUNK_LEN)
            .try_for_each(|scalars| self.g1_chunk(scalars))
    }

    fn g1_chunk(&mut self, scalars: &[Fr]) -> Result<()> {
        let mut points = vec![G1Affine::identity(); scalars.len()];
        self.device
            .multiples_g1(&self.secret.g1.to_affine(), scalars, &mut points)?;
        let mut bytes = vec![0; points.len() * G1_SIZE];
        bytes
            .par_chunks_exact_mut(G1_SIZE)
            .zip(&points)
            .with_min_len(POWERS_LEN)
            .for_each(|(bytes, point)| {
                bytes.copy_from_slice(&point.to_uncompressed());
            });
        self.out.write_all(&bytes)?;
        self.advance(points.len())
    }

    fn g2(&mut self, scalars: &[Fr]) -> Result<()> {
        self.out.write_all(&params::count(scalars.len()))?;
        for scalars in scalars.chunks(CHUNK_LEN) {
            let mut points = vec![G2Affine::identity(); scalars.len()];
            self.device
                .multiples_g2(&self.secret.g2.to_affine(), scalars, &mut points)?;
            let mut bytes = vec![0; points.len() * G2_SIZE];
            bytes
                .par_chunks_exact_mut(G2_SIZE)
                .zip(&points)
                .with_min_len(POWERS_LEN)
                .for_each(|(bytes, point)| {
                    bytes.copy_from_slice(&point.to_uncompressed());
                });
            self.out.write_all(&bytes)?;
            self.advance(points.len())?;
        }
        Ok(())
    }

    fn advance(&mut self, n_points: usize) -> Result<()> {
        self.done += n_points;
        match (self.progress)(self.done, self.of) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::Stopped),
        }
    }
}
