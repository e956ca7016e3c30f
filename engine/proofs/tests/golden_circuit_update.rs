//! The circuits of updates are the reference's, constraint by constraint.

mod known;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::r1cs::Structure,
    update::circuit::Update,
};

fn geometry(size: &str) -> &'static Geometry {
    Geometry::of(size.parse::<SectorSize>().expect("the size is in the table"))
}

fn check(kind: &str, size: &str, circuit: fn(&'static Geometry) -> Update<'static>) {
    let geometry = geometry(size);
    let known = known::structure(kind, geometry.sector_size.bytes());
    let ours = Structure::of(circuit(geometry)).expect("a blank circuit needs no witness");
    for (ours, known) in ours.checkpoints.iter().zip(&known.checkpoints) {
        assert_eq!(
            ours, known,
            "{kind} {size}: the circuits part before this checkpoint"
        );
    }
    assert_eq!(ours, known, "{kind} {size}");
}

/// Each shape of the trees, and one and two partitions.
#[test]
fn updates() {
    for size in ["2KiB", "4KiB", "16KiB", "32KiB"] {
        check("update", size, Update::blank);
    }
}

#[test]
fn updates_whose_data_stand_under_poseidon() {
    for size in ["2KiB", "4KiB", "16KiB", "32KiB", "8MiB"] {
        check("update-poseidon", size, Update::blank_poseidon);
    }
}
