//! The rows of a circuit, recorded once and evaluated for every witness.
//!
//! What a circuit lays depends on its shape alone, and most circuits lay the same again and again: a PoRep for each
//! challenge, a PoSt for each sector. A shape is therefore a *head*, which stands once, and a *body*, which is
//! repeated: its rows speak of variables of the head and of their own repetition. A partition of a 32 GiB sector, 130
//! million rows, takes as much memory as one challenge, 160 MiB. What of the head differs from one repetition to the next
//! is its *argument*.
//!
//! Rows with the same coefficients are of one *kind*: what is kept of a row are its variables, and of neighbours of
//! one kind how many they are.

mod cache;
mod encoding;
mod evaluate;
mod kind;
mod record;

pub use cache::{keep_on, Shelf};
pub(super) use cache::{shape_anew, shape_of};
pub use encoding::Damage;
use kind::Kind;

use kernels::{Fr, Mixed};

use super::{r1cs::Counts, witness::Bits};

/// Circuits that lay the same rows: which they are, and how their shape is found out.
#[derive(Clone, Debug)]
pub struct Outline<C> {
    /// A name of its own for each head and body.
    pub name: String,
    /// What stands once, without a witness: the circuit that repeats its body zero times.
    pub head: C,
    /// What is repeated, and how often: the circuit that repeats its body once.
    pub body: Option<(C, usize)>,
}

/// Private variables of the head, next to each other, that every repetition of the body has from another place: the bits
/// of its challenge, for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Where they start, for each repetition.
    pub places: Vec<usize>,
    /// How many they are.
    pub len: usize,
}

/// Everything about a circuit but its witness.
#[derive(Debug, PartialEq)]
pub struct Shape {
    kinds: Vec<Kind>,
    head: Part,
    body: Part,
    /// None has a body whose repetitions all see the same of the head.
    arguments: Option<Arguments>,
    /// The private variables in A, and the inputs and private variables in B: of the head and one repetition.
    a_aux: Bits,
    b_inputs: Bits,
    b_aux: Bits,
}

/// Rows that stand together.
#[derive(Debug, Default, PartialEq)]
struct Part {
    counts: Counts,
    runs: Vec<Run>,
    /// The variables of every row, A's, B's, then C's: the first of each series. The constant one is no variable.
    variables: Vec<Variable>,
    chunks: Vec<Chunk>,
}

/// Rows of one kind, one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    kind: u32,
    n_rows: u32,
}

/// Rows that one thread evaluates at a time; a run ends where they do.
#[derive(Debug, PartialEq)]
struct Chunk {
    run: usize,
    variable: usize,
    n_rows: usize,
}

/// Rows of a chunk: few enough to share out the work of a small circuit, and to stay in the nearer caches.
const CHUNK_LEN: usize = 1 << 13;

/// A variable as a row of a body sees it: the three high bits say whose it is, the others which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Variable(u32);

/// Whose a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// Private, and of the part that the row stands in.
    Own = 0,
    /// Private, and of the head.
    Head = 1,
    /// Public, and of the part that the row stands in.
    OwnInput = 2,
    /// Public, and of the head.
    HeadInput = 3,
    /// Private, of the head, and of this repetition alone.
    Argument = 4,
}

impl Variable {
    const INDEX_BITS: u32 = 29;

    fn new(owner: Owner, index: usize) -> Variable {
        assert!(index < 1 << Variable::INDEX_BITS, "no part has 2²⁹ variables");
        Variable((owner as u32) << Variable::INDEX_BITS | index as u32)
    }

    /// The owner's number, and which.
    #[inline]
    fn split(self) -> (usize, usize) {
        let index = self.0 & ((1 << Variable::INDEX_BITS) - 1);
        ((self.0 >> Variable::INDEX_BITS) as usize, index as usize)
    }
}

impl Part {
    /// The kinds of a chunk's rows.
    fn rows(&self, chunk: &Chunk) -> impl Iterator<Item = usize> + '_ {
        let rows = |run: &Run| std::iter::repeat_n(run.kind as usize, run.n_rows as usize);
        self.runs[chunk.run..].iter().flat_map(rows).take(chunk.n_rows)
    }
}

impl Shape {
    /// The size of the circuit that repeats the body n times.
    pub fn counts(&self, n: usize) -> Counts {
        let (head, body) = (self.head.counts, self.body.counts);
        Counts {
            n_inputs: head.n_inputs + n * body.n_inputs,
            n_aux: head.n_aux + n * body.n_aux,
            n_constraints: head.n_constraints + n * body.n_constraints,
        }
    }

    /// Whether a circuit that repeats the body n times has so many variables.
    pub fn fits(&self, n: usize, inputs: &[Fr], aux: &Mixed) -> bool {
        let counts = self.counts(n);
        let arguments = self.arguments.as_ref();
        [counts.n_inputs, counts.n_aux] == [inputs.len(), aux.len()]
            && arguments.is_none_or(|arguments| n <= arguments.places.len())
    }

    /// The private variables that stand in A, the public inputs that stand in B, and the private variables that do.
    pub fn density(&self, n: usize) -> [Bits; 3] {
        let (head, body) = (self.head.counts, self.body.counts);
        let repeated = |bits: &Bits, head_len, body_len| {
            let mut all = Bits::default();
            all.extend(bits, 0..head_len);
            for _ in 0..n {
                all.extend(bits, head_len..head_len + body_len);
            }
            all
        };
        [
            repeated(&self.a_aux, head.n_aux, body.n_aux),
            repeated(&self.b_inputs, head.n_inputs, body.n_inputs),
            repeated(&self.b_aux, head.n_aux, body.n_aux),
        ]
    }
}
