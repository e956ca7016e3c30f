//! A witness by the recorded shape is the witness that the constraints give as they are laid, whatever the circuit
//! and however dishonest the answers: they are random.

use std::ops::Range;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::{
        memory::Memory,
        witness::{Capacity, Witness},
        Provable,
    },
    path::{Path, Step, TreeHash},
    porep::{self, circuit::Porep},
    post::{circuit::Post, vanilla::SectorProof},
    update::{self, circuit::Update, Rules},
};
use kernels::{Fr, Mixed, Node, DEGREE};
use rand_core::{RngCore, SeedableRng};
use rand_xorshift::XorShiftRng;

fn geometry(size: &str) -> &'static Geometry {
    let size: SectorSize = size.parse().expect("the size is in the table");
    Geometry::of(size)
}

/// Answers that open nothing.
struct Random(XorShiftRng);

impl Random {
    fn new(seed: u8) -> Random {
        Random(XorShiftRng::from_seed([seed + 1; 16]))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.next_u64() as usize % end
    }

    /// Now and then one of the least, the largest, or one whose bits are all ones.
    fn node(&mut self) -> Node {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        match self.below(8) {
            0 => Node::from(Fr::from(u64::from(bytes[0] & 3))),
            1 => Node::from(-Fr::from(1 + u64::from(bytes[0] & 3))),
            2 => Node::truncated([0xff; 32]),
            _ => Node::truncated(bytes),
        }
    }

    fn nodes(&mut self, n: usize) -> Vec<Node> {
        (0..n).map(|_| self.node()).collect()
    }

    fn path(&mut self, tree: TreeHash, geometry: &Geometry) -> Path {
        let steps = tree.arities(geometry).into_iter().map(|arity| Step {
            index: self.below(arity),
            siblings: self.nodes(arity - 1),
        });
        Path {
            steps: steps.collect(),
            leaf: self.node(),
        }
    }

    fn paths(&mut self, n: usize, geometry: &Geometry) -> Vec<Path> {
        (0..n).map(|_| self.path(TreeHash::Poseidon, geometry)).collect()
    }
}

#[track_caller]
fn check<C: Provable>(circuit: C) {
    let expected =
        Witness::of(circuit.clone(), Capacity::default()).expect("there is an answer to everything");
    let len = expected.n_constraints.next_power_of_two();
    let foreign = vec![-Fr::from(1); len];
    let mut aux = Mixed::default();
    aux.extend(&foreign);
    let dirty = Memory {
        aux,
        a: foreign.clone(),
        b: foreign,
    };
    // Once when it is recorded, once when it was, and once in memory that holds something else.
    let cases = [(0, Memory::default()), (len, Memory::default()), (len, dirty)];
    for (domain_len, memory) in cases {
        let capacity = Capacity { n_aux: 0, domain_len };
        let found = Witness::by_shape(circuit.clone(), capacity, memory).expect("as above");
        assert_eq!(found.n_constraints, expected.n_constraints);
        let rows = |values: &[Fr]| values[..expected.n_constraints].to_vec();
        for (name, found, expected) in [
            ("inputs", &found.inputs, &expected.inputs),
            ("aux", &found.aux.to_elements(), &expected.aux.to_elements()),
            ("a", &rows(&found.a), &expected.a),
            ("b", &rows(&found.b), &expected.b),
            ("c", &found.c(), &expected.c()),
        ] {
            let differs = found
                .iter()
                .zip(expected)
                .position(|(found, expected)| found != expected);
            assert_eq!((found.len(), differs), (expected.len(), None), "{name}");
        }
        assert_eq!(found.a_aux_density, expected.a_aux_density);
        assert_eq!(found.b_input_density, expected.b_input_density);
        assert_eq!(found.b_aux_density, expected.b_aux_density);
        let mut c = vec![Fr::from(1); len];
        found
            .c
            .write((&found.inputs, &found.aux), found.n_constraints, &mut c);
        let padding = [&found.a, &found.b, &c].map(|values| &values[expected.n_constraints..]);
        assert!(
            padding.into_iter().flatten().all(|value| *value == Fr::from(0)),
            "padding"
        );
    }
}

fn check_porep(size: &str, n_challenges: usize) {
    let geometry = geometry(size);
    let mut random = Random::new(n_challenges as u8);
    let statement = porep::vanilla::Statement {
        geometry,
        replica_id: random.node(),
        comm_d: random.node(),
        comm_r: random.node(),
    };
    let column = |random: &mut Random| porep::vanilla::Column {
        labels: random.nodes(geometry.layers),
        path: random.path(TreeHash::Poseidon, geometry),
    };
    let opening = |random: &mut Random| porep::vanilla::Opening {
        challenge: random.0.next_u64(),
        data: random.path(TreeHash::Sha256, geometry),
        replica: random.path(TreeHash::Poseidon, geometry),
        column: column(random),
        parents: (0..DEGREE).map(|_| column(random)).collect(),
    };
    let proof = porep::vanilla::PartitionProof {
        comm_c: random.node(),
        comm_r_last: random.node(),
        openings: (0..n_challenges).map(|_| opening(&mut random)).collect(),
    };
    check(Porep::new(&statement, &proof));
}

/// Interactive, synthetic and non-interactive PoReps differ in their challenges alone.
#[test]
fn a_porep_of_each_shape() {
    for size in ["2KiB", "4KiB", "16KiB", "32KiB"] {
        check_porep(size, 2);
    }
}

#[test]
fn a_challenge_of_eleven_layers() {
    check_porep("32GiB", 1);
}

#[test]
fn a_porep_of_other_numbers_of_challenges() {
    check_porep("2KiB", 1);
    check_porep("2KiB", 3);
}

fn check_post(size: &str, n_sectors: Range<usize>, n_challenges: usize) {
    let geometry = geometry(size);
    for n_sectors in n_sectors {
        let mut random = Random::new(n_sectors as u8);
        let sector = |i: usize| SectorProof {
            sector: i as u64,
            comm_r: random.node(),
            comm_c: random.node(),
            comm_r_last: random.node(),
            openings: random.paths(n_challenges, geometry),
        };
        let sectors: Vec<_> = (0..n_sectors).map(sector).collect();
        check(Post::new(geometry, n_challenges, &sectors));
    }
}

#[test]
fn a_winning_post_of_each_shape() {
    for size in ["2KiB", "4KiB", "16KiB", "32KiB", "512MiB", "32GiB", "64GiB"] {
        check_post(size, 66..67, 1);
    }
}

#[test]
fn a_window_post() {
    check_post("2KiB", 0..4, 10);
    check_post("32KiB", 2..3, 10);
    check_post("32GiB", 5..6, 10);
}

fn check_update(size: &str) {
    let geometry = geometry(size);
    let rules = Rules::of(geometry);
    let mut random = Random::new(1);
    let statement = update::vanilla::Statement {
        geometry,
        comm_r_old: random.node(),
        comm_d_new: random.node(),
        comm_r_new: random.node(),
    };
    for k in 0..rules.n_partitions.min(2) {
        let opening = |random: &mut Random| update::vanilla::Opening {
            old: random.path(TreeHash::Poseidon, geometry),
            data: random.path(TreeHash::Sha256, geometry),
            new: random.path(TreeHash::Poseidon, geometry),
        };
        let proof = update::vanilla::PartitionProof {
            comm_c: random.node(),
            comm_r_last_old: random.node(),
            comm_r_last_new: random.node(),
            apex_leaves: random.nodes(rules.n_apex_leaves),
            openings: (0..rules.n_challenges).map(|_| opening(&mut random)).collect(),
        };
        check(Update::new(&statement, k, &proof));
    }
}

#[test]
fn an_update_of_one_partition_and_of_two() {
    check_update("2KiB");
    check_update("16KiB");
}
