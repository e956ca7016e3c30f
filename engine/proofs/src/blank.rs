//! Circuits without a witness, as parameters are made for them: one for each kind of proof and geometry.

use bellperson::{Circuit, ConstraintSystem, SynthesisError};
use kernels::{Fr, DEGREE};

use crate::{
    geometry::Geometry,
    groth16::ProofKind,
    porep::circuit::Porep,
    post::{
        challenge::{WINDOW_CHALLENGES, WINNING_CHALLENGES},
        circuit::Post,
    },
    update::circuit::Update,
};

/// The shape of a circuit.
#[derive(Clone, Copy, Debug)]
pub enum Blank {
    /// One partition of a PoRep.
    Porep(Porep<'static>),
    /// A WinningPoSt, or one partition of a WindowPoSt.
    Post(Post<'static>),
    /// One partition of an update.
    Update(Update<'static>),
}

impl Blank {
    /// The circuit of a kind and geometry.
    pub fn of(kind: ProofKind, geometry: &'static Geometry) -> Blank {
        let post = |n_sectors, n_challenges| Blank::Post(Post::blank(geometry, n_sectors, n_challenges));
        match kind {
            ProofKind::Porep => Blank::Porep(Porep::blank(geometry, geometry.porep_challenges)),
            ProofKind::WinningPost => post(WINNING_CHALLENGES, 1),
            ProofKind::WindowPost => post(geometry.window_sectors, WINDOW_CHALLENGES),
            ProofKind::Update => Blank::Update(Update::blank(geometry)),
            ProofKind::UpdatePoseidon => Blank::Update(Update::blank_poseidon(geometry)),
        }
    }
}

impl Circuit<Fr> for Blank {
    fn synthesize<CS: ConstraintSystem<Fr>>(self, cs: &mut CS) -> Result<(), SynthesisError> {
        match self {
            Blank::Porep(circuit) => circuit.synthesize(cs),
            Blank::Post(circuit) => circuit.synthesize(cs),
            Blank::Update(circuit) => circuit.synthesize(cs),
        }
    }
}

/// Public inputs of a circuit, the constant one left out: a key has one point more.
///
/// A PoRep has replica_id and two roots, and for each challenge itself, its indices in the three trees, and
/// those of its parents. A PoSt has for each sector its root and the challenged nodes. An update has its
/// partition with `h`, and three roots.
pub fn n_inputs(kind: ProofKind, geometry: &Geometry) -> usize {
    match kind {
        ProofKind::Porep => 3 + (4 + DEGREE) * geometry.porep_challenges,
        ProofKind::WinningPost => WINNING_CHALLENGES * (1 + 1),
        ProofKind::WindowPost => geometry.window_sectors * (1 + WINDOW_CHALLENGES),
        ProofKind::Update | ProofKind::UpdatePoseidon => 4,
    }
}
