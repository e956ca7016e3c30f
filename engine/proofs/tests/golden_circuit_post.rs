//! The PoSt circuits are the reference's, constraint by constraint.

mod known;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::r1cs::Structure,
    post::circuit::Post,
};

fn check(kind: &str, size: &str, n_sectors: usize, n_challenges: usize) {
    let geometry = Geometry::of(size.parse::<SectorSize>().expect("the size is in the table"));
    let known = known::structure(kind, geometry.sector_size.bytes());
    let circuit = Post::blank(geometry, n_sectors, n_challenges);
    let ours = Structure::of(circuit).expect("a blank circuit needs no witness");
    assert_eq!(ours, known, "{kind}: {size}");
}

const SMALL: [&str; 7] = ["2KiB", "4KiB", "16KiB", "32KiB", "8MiB", "16MiB", "512MiB"];
const LARGE: [&str; 2] = ["32GiB", "64GiB"];

#[test]
fn winning_post_asks_one_sector_66_times() {
    for size in SMALL.into_iter().chain(LARGE) {
        check("winning", size, 66, 1);
    }
}

#[test]
fn window_post_asks_a_sector_ten_times() {
    for size in SMALL.into_iter().chain(LARGE) {
        check("window1", size, 1, 10);
    }
}

#[test]
fn a_small_window_holds_two_sectors() {
    for size in SMALL {
        check("window", size, 2, 10);
    }
}
