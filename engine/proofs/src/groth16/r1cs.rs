//! The structure of a circuit: counted and hashed constraint by constraint, never stored.
//!
//! Two circuits with the same structure fit the same parameters. A partition of a 32 GiB sector has 130
//! million constraints with 720 million terms; what is kept of them is two bits for each variable.

use std::{
    sync::mpsc::{sync_channel, Receiver, SyncSender},
    thread,
};

use bellperson::{Circuit, ConstraintSystem, Index, LinearCombination, SynthesisError, Variable};
use ff::{Field, PrimeField};
use kernels::Fr;
use sha2::{Digest, Sha256};

/// How large a circuit is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Public inputs, the constant one included.
    pub n_inputs: usize,
    /// Private variables.
    pub n_aux: usize,
    /// Constraints, without those that Groth16 adds, one for each public input.
    pub n_constraints: usize,
}

/// How dense a circuit's three matrices are: what decides on the length of a parameter file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Density {
    /// Private variables that stand in A.
    pub a_aux: usize,
    /// Public inputs that stand in B.
    pub b_inputs: usize,
    /// Private variables that stand in B.
    pub b_aux: usize,
    /// Terms of A, B and C.
    pub n_terms: [usize; 3],
    /// Terms whose coefficient is 0; they count nowhere else.
    pub n_zero_terms: usize,
}

/// Where a circuit stood after so many constraints; two circuits that differ are compared by them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The size so far.
    pub counts: Counts,
    /// The digest of the terms so far.
    pub sha256_terms: [u8; 32],
}

/// Everything that two circuits share when they fit the same parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// The size.
    pub counts: Counts,
    /// The density.
    pub density: Density,
    /// SHA-256 over the terms: for each constraint, for each of A, B, C: `u64be(terms)`, then for each
    /// term whose coefficient is not 0, inputs first, ascending: `'I'` or `'A'`, `u64be(index)`, the
    /// coefficient as 32 bytes, big-endian.
    pub sha256_terms: [u8; 32],
    /// What bellpepper's `TestConstraintSystem::hash` gives: BLAKE2s over
    /// `u64be(inputs) ‖ u64be(aux) ‖ u64be(constraints)`, then the terms as above.
    pub test_cs_hash: [u8; 32],
    /// After 1, 3, 10, 30, … constraints, as far as the circuit goes.
    pub checkpoints: Vec<Checkpoint>,
}

impl Counts {
    /// Counts a circuit.
    ///
    /// # Errors
    /// Whatever the synthesis ends with.
    pub fn of(circuit: impl Circuit<Fr>) -> Result<Counts, SynthesisError> {
        let mut counter = Counter(Counts {
            n_inputs: 1,
            ..Counts::default()
        });
        circuit.synthesize(&mut counter)?;
        Ok(counter.0)
    }

    /// The size of the domain that Groth16 proves over: a power of two, not less than the constraints and
    /// one more for each public input.
    pub fn domain_size(&self) -> usize {
        (self.n_constraints + self.n_inputs).next_power_of_two()
    }
}

impl Structure {
    /// Synthesises the circuit twice: to count it, for BLAKE2s hashes the counts first, and to hash it, in
    /// a thread beside the synthesis.
    ///
    /// # Errors
    /// Whatever the synthesis ends with.
    pub fn of(circuit: impl Circuit<Fr> + Clone) -> Result<Structure, SynthesisError> {
        let counts = Counts::of(circuit.clone())?;
        Structure::of_size(circuit, counts)
    }

    /// As [`of`](Structure::of), for a circuit whose size is known: it is synthesised once.
    ///
    /// # Errors
    /// Whatever the synthesis ends with.
    ///
    /// # Panics
    /// When the circuit has another size.
    pub fn of_size(circuit: impl Circuit<Fr>, counts: Counts) -> Result<Structure, SynthesisError> {
        thread::scope(|scope| {
            let (sender, receiver) = sync_channel(BUFFERS_AHEAD);
            let digests = scope.spawn(move || Digests::of(counts, &receiver));
            let mut recorder = Recorder::new(sender);
            circuit.synthesize(&mut recorder)?;
            recorder.send();
            assert_eq!(recorder.counter.0, counts, "the circuit has another size");
            let density = recorder.density();
            drop(recorder);
            let digests = digests.join().expect("hashing does not panic");
            Ok(Structure {
                counts,
                density,
                sha256_terms: digests.sha256,
                test_cs_hash: digests.blake2s,
                checkpoints: digests.checkpoints,
            })
        })
    }
}

/// A constraint system that counts.
struct Counter(Counts);

/// A constraint system that writes its terms down, and sends them off to be hashed.
struct Recorder {
    counter: Counter,
    a_aux: Seen,
    b_inputs: Seen,
    b_aux: Seen,
    n_terms: [usize; 3],
    n_zero_terms: usize,
    terms: Vec<u8>,
    hasher: SyncSender<Message>,
}

/// What the synthesis tells the hasher.
enum Message {
    Terms(Vec<u8>),
    Checkpoint(Counts),
}

/// Bytes of terms that are handed over at once: little enough to stay in a core's cache.
const BUFFER_SIZE: usize = 1 << 18;
/// Buffers that the synthesis may be ahead of the hasher.
const BUFFERS_AHEAD: usize = 16;

impl Recorder {
    fn new(hasher: SyncSender<Message>) -> Recorder {
        Recorder {
            counter: Counter(Counts {
                n_inputs: 1,
                ..Counts::default()
            }),
            a_aux: Seen::default(),
            b_inputs: Seen::default(),
            b_aux: Seen::default(),
            n_terms: [0; 3],
            n_zero_terms: 0,
            terms: Vec::new(),
            hasher,
        }
    }

    fn density(&self) -> Density {
        Density {
            a_aux: self.a_aux.n,
            b_inputs: self.b_inputs.n,
            b_aux: self.b_aux.n,
            n_terms: self.n_terms,
            n_zero_terms: self.n_zero_terms,
        }
    }

    /// Writes down one of a constraint's three combinations.
    fn write(&mut self, lc: &LinearCombination<Fr>) -> usize {
        let start = self.terms.len();
        self.terms.extend([0; 8]);
        let mut n = 0;
        for (variable, coefficient) in lc
            .iter()
            .filter(|(_, coefficient)| !coefficient.is_zero_vartime())
        {
            self.terms.extend_from_slice(&term(variable, coefficient));
            n += 1;
        }
        self.n_zero_terms += lc.len() - n;
        self.terms[start..start + 8].copy_from_slice(&(n as u64).to_be_bytes());
        n
    }

    /// Hands over what was written since the last time.
    fn send(&mut self) {
        let terms = std::mem::replace(&mut self.terms, Vec::with_capacity(BUFFER_SIZE + BUFFER_SIZE / 4));
        self.tell(Message::Terms(terms));
    }

    fn tell(&self, message: Message) {
        self.hasher
            .send(message)
            .expect("the hasher listens until its sender is gone");
    }
}

/// Tag, index and coefficient of a term.
fn term(variable: Variable, coefficient: &Fr) -> [u8; 41] {
    let mut term = [0; 41];
    let (tag, index) = match variable.get_unchecked() {
        Index::Input(index) => (b'I', index),
        Index::Aux(index) => (b'A', index),
    };
    term[0] = tag;
    term[1..9].copy_from_slice(&(index as u64).to_be_bytes());
    // Most coefficients are 1, and leaving Montgomery's form is the dearest step of all.
    if *coefficient == Fr::ONE {
        term[40] = 1;
    } else {
        let mut bytes = coefficient.to_repr();
        bytes.reverse();
        term[9..].copy_from_slice(&bytes);
    }
    term
}

/// A set of variables; a bit each.
#[derive(Default)]
struct Seen {
    bits: Vec<u64>,
    n: usize,
}

impl Seen {
    fn insert(&mut self, index: usize) {
        let word = index / 64;
        if self.bits.len() <= word {
            self.bits.resize((word + 1).next_power_of_two(), 0);
        }
        let bit = 1 << (index % 64);
        self.n += usize::from(self.bits[word] & bit == 0);
        self.bits[word] |= bit;
    }
}

/// What the hasher makes of the terms.
struct Digests {
    sha256: [u8; 32],
    blake2s: [u8; 32],
    checkpoints: Vec<Checkpoint>,
}

impl Digests {
    fn of(counts: Counts, messages: &Receiver<Message>) -> Digests {
        let mut sha256 = Sha256::new();
        let mut blake2s = blake2s_simd::State::new();
        for count in [counts.n_inputs, counts.n_aux, counts.n_constraints] {
            blake2s.update(&(count as u64).to_be_bytes());
        }
        let mut checkpoints = Vec::new();
        for message in messages {
            match message {
                Message::Terms(terms) => {
                    sha256.update(&terms);
                    blake2s.update(&terms);
                }
                Message::Checkpoint(counts) => {
                    let sha256_terms = sha256.clone().finalize().into();
                    checkpoints.push(Checkpoint { counts, sha256_terms });
                }
            }
        }
        Digests {
            sha256: sha256.finalize().into(),
            blake2s: *blake2s.finalize().as_array(),
            checkpoints,
        }
    }
}

/// 1, 10, 100, 300, 1000, 3000, … 10⁶, 2·10⁶, 3·10⁶, and then every 10⁷: where the known answers have theirs.
fn is_checkpoint(n_constraints: usize) -> bool {
    const EARLY: [usize; 13] = [
        1, 10, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 2_000_000, 3_000_000,
    ];
    EARLY.contains(&n_constraints) || n_constraints.is_multiple_of(10_000_000)
}

impl ConstraintSystem<Fr> for Counter {
    type Root = Counter;

    fn alloc<F, A, AR>(&mut self, _: A, _: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.0.n_aux += 1;
        Ok(Variable::new_unchecked(Index::Aux(self.0.n_aux - 1)))
    }

    fn alloc_input<F, A, AR>(&mut self, _: A, _: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.0.n_inputs += 1;
        Ok(Variable::new_unchecked(Index::Input(self.0.n_inputs - 1)))
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, _: LA, _: LB, _: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LB: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LC: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
    {
        self.0.n_constraints += 1;
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self) {}

    fn get_root(&mut self) -> &mut Counter {
        self
    }
}

impl ConstraintSystem<Fr> for Recorder {
    type Root = Recorder;

    fn alloc<F, A, AR>(&mut self, annotation: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.counter.alloc(annotation, value)
    }

    fn alloc_input<F, A, AR>(&mut self, annotation: A, value: F) -> Result<Variable, SynthesisError>
    where
        F: FnOnce() -> Result<Fr, SynthesisError>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.counter.alloc_input(annotation, value)
    }

    fn enforce<A, AR, LA, LB, LC>(&mut self, _: A, a: LA, b: LB, c: LC)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
        LA: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LB: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
        LC: FnOnce(LinearCombination<Fr>) -> LinearCombination<Fr>,
    {
        let a = a(LinearCombination::zero());
        let b = b(LinearCombination::zero());
        let c = c(LinearCombination::zero());
        self.n_terms[0] += self.write(&a);
        self.n_terms[1] += self.write(&b);
        self.n_terms[2] += self.write(&c);
        let is_there = |(_, coefficient): &(_, &Fr)| !coefficient.is_zero_vartime();
        a.iter_aux()
            .filter(is_there)
            .for_each(|(&index, _)| self.a_aux.insert(index));
        b.iter_aux()
            .filter(is_there)
            .for_each(|(&index, _)| self.b_aux.insert(index));
        b.iter_inputs()
            .filter(is_there)
            .for_each(|(&index, _)| self.b_inputs.insert(index));
        self.counter.0.n_constraints += 1;
        let is_checkpoint = is_checkpoint(self.counter.0.n_constraints);
        if is_checkpoint || BUFFER_SIZE <= self.terms.len() {
            self.send();
        }
        if is_checkpoint {
            self.tell(Message::Checkpoint(self.counter.0));
        }
    }

    fn push_namespace<NR, N>(&mut self, _: N)
    where
        NR: Into<String>,
        N: FnOnce() -> NR,
    {
    }

    fn pop_namespace(&mut self) {}

    fn get_root(&mut self) -> &mut Recorder {
        self
    }
}
