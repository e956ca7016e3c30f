//! Our circuits are the reference's, constraint by constraint.

mod known;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::r1cs::{Counts, Structure},
    porep::circuit::Porep,
};

fn geometry(size: &str) -> &'static Geometry {
    let size: SectorSize = size.parse().expect("the size is in the table");
    Geometry::of(size)
}

fn check(size: &str, n_challenges: usize) {
    let geometry = geometry(size);
    // The fixture names the circuit with one challenge apart from that of a whole partition.
    let kind = if n_challenges == 1 { "porep1" } else { "porep" };
    let known = known::structure(kind, geometry.sector_size.bytes());
    let ours = Structure::of(Porep::blank(geometry, n_challenges)).expect("a blank circuit needs no witness");
    for (ours, known) in ours.checkpoints.iter().zip(&known.checkpoints) {
        assert_eq!(ours, known, "{size}: the circuits part before this checkpoint");
    }
    assert_eq!(ours, known, "{size}");
}

#[test]
fn a_2kib_partition() {
    check("2KiB", 2);
}

#[test]
fn a_4kib_partition() {
    check("4KiB", 2);
}

#[test]
fn a_16kib_partition() {
    check("16KiB", 2);
}

#[test]
fn a_32kib_partition() {
    check("32KiB", 2);
}

#[test]
fn an_8mib_partition() {
    check("8MiB", 2);
}

#[test]
fn a_16mib_partition() {
    check("16MiB", 2);
}

#[test]
fn a_512mib_partition() {
    check("512MiB", 2);
}

#[test]
fn one_challenge_of_each_size() {
    for size in [
        "2KiB", "4KiB", "16KiB", "32KiB", "8MiB", "16MiB", "512MiB", "32GiB", "64GiB",
    ] {
        check(size, 1);
    }
}

/// The table of geometries says how many challenges a partition answers; the reference asserts how many
/// constraints that comes to.
#[test]
fn a_partition_has_the_challenges_of_its_geometry() {
    let geometry = geometry("2KiB");
    let counts = Counts::of(Porep::blank(geometry, geometry.porep_challenges)).expect("a blank circuit");
    assert_eq!(
        counts,
        known::structure("porep", geometry.sector_size.bytes()).counts
    );
}
