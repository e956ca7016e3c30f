//! The circuit that the network's sectors are proved with: 130 million constraints, all of them hashed.
//!
//! In a file of its own, for it takes two and a half minutes of a core; the quick cases are in `golden_circuit.rs`.

mod known;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::r1cs::Structure,
    porep::circuit::Porep,
};

#[test]
fn a_32gib_partition() {
    let size: SectorSize = "32GiB".parse().expect("the size is in the table");
    let geometry = Geometry::of(size);
    let circuit = Porep::blank(geometry, geometry.porep_challenges);
    let known = known::structure("porep", size.bytes());
    let ours = Structure::of_size(circuit, known.counts).expect("a blank circuit needs no witness");
    assert_eq!(ours, known);
}
