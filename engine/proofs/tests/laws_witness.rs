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
    porep::{
        self,
        circuit::Porep,
        vanilla::{Column, Opening},
    },
    post::{circuit::Post, vanilla::SectorProof},
    update::{self, circuit::Update, Rules},
};
use kernels::{Backend, Cpu, Fr, Hash, Mixed, Node, DEGREE};
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

    /// Every other one begins its path with its own digest.
    fn column(&mut self, geometry: &Geometry) -> Column {
        let labels = self.nodes(geometry.layers);
        let mut path = self.path(TreeHash::Poseidon, geometry);
        if self.below(2) == 0 {
            let hash = Hash::poseidon(labels.len()).expect("there are two labels or eleven");
            let hashed = Cpu::new().hash(hash, &labels, std::slice::from_mut(&mut path.leaf));
            hashed.expect("labels are canonical");
        }
        Column { labels, path }
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

/// An answer that lacks something ends the same way; one that has something too much is looked at as the same.
#[track_caller]
fn check_end<C: Provable>(circuit: C) {
    match Witness::of(circuit.clone(), Capacity::default()) {
        Ok(_) => check(circuit),
        Err(expected) => {
            let found = Witness::by_shape(circuit, Capacity::default(), Memory::default());
            let found = found.expect_err("it lacks the same").to_string();
            assert_eq!(found, expected.to_string());
        }
    }
}

/// What may be wrong with a path whatever nodes it has.
const MALFORMED: [fn(&mut Path); 8] = [
    |path| path.steps.clear(),
    |path| path.steps.truncate(1),
    |path| path.steps.push(path.steps[0].clone()),
    |path| path.leaf = NOT_CANONICAL,
    |path| path.steps[1].siblings[2] = NOT_CANONICAL,
    |path| path.steps[0].siblings.truncate(6),
    |path| path.steps[1].siblings.push(Node::ZERO),
    |path| path.steps[1].index = usize::MAX,
];

const NOT_CANONICAL: Node = Node([0xff; 32]);

fn check_porep(size: &str, n_challenges: usize) {
    let (statement, proof) = porep(geometry(size), n_challenges);
    check(Porep::new(&statement, &proof));
}

fn porep(
    geometry: &'static Geometry,
    n_challenges: usize,
) -> (porep::vanilla::Statement, porep::vanilla::PartitionProof) {
    let mut random = Random::new(n_challenges as u8);
    let statement = porep::vanilla::Statement {
        geometry,
        replica_id: random.node(),
        comm_d: random.node(),
        comm_r: random.node(),
    };
    let opening = |random: &mut Random| Opening {
        challenge: random.0.next_u64(),
        data: random.path(TreeHash::Sha256, geometry),
        replica: random.path(TreeHash::Poseidon, geometry),
        column: random.column(geometry),
        parents: (0..DEGREE).map(|_| random.column(geometry)).collect(),
    };
    let proof = porep::vanilla::PartitionProof {
        comm_c: random.node(),
        comm_r_last: random.node(),
        openings: (0..n_challenges).map(|_| opening(&mut random)).collect(),
    };
    (statement, proof)
}

#[test]
fn a_malformed_porep() {
    let wrong: [fn(&mut Opening); 6] = [
        |opening| opening.parents.clear(),
        |opening| opening.parents.truncate(13),
        |opening| opening.parents.push(opening.column.clone()),
        |opening| opening.parents[13].labels.truncate(1),
        |opening| opening.parents[0].labels.push(Node::ZERO),
        |opening| opening.column.labels[0] = NOT_CANONICAL,
    ];
    let (statement, honest) = porep(geometry("2KiB"), 1);
    for wrong in wrong {
        let mut proof = honest.clone();
        wrong(&mut proof.openings[0]);
        check_end(Porep::new(&statement, &proof));
    }
    let places: [fn(&mut Opening) -> &mut Path; 3] = [
        |opening| &mut opening.parents[5].path,
        |opening| &mut opening.column.path,
        |opening| &mut opening.replica,
    ];
    for (wrong, place) in MALFORMED.into_iter().zip(places.into_iter().cycle()) {
        let mut proof = honest.clone();
        wrong(place(&mut proof.openings[0]));
        check_end(Porep::new(&statement, &proof));
    }
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
        check(Post::new(
            geometry,
            n_challenges,
            &sectors(geometry, n_sectors, n_challenges),
        ));
    }
}

fn sectors(geometry: &Geometry, n_sectors: usize, n_challenges: usize) -> Vec<SectorProof> {
    let mut random = Random::new(n_sectors as u8);
    let sector = |i: usize| SectorProof {
        sector: i as u64,
        comm_r: random.node(),
        comm_c: random.node(),
        comm_r_last: random.node(),
        openings: random.paths(n_challenges, geometry),
    };
    (0..n_sectors).map(sector).collect()
}

#[test]
fn a_malformed_post() {
    let geometry = geometry("2KiB");
    let honest = sectors(geometry, 5, 10);
    for wrong in MALFORMED {
        let mut sectors = honest.clone();
        wrong(&mut sectors[1].openings[9]);
        check_end(Post::new(geometry, 10, &sectors));
    }
    let wrong: [fn(&mut SectorProof); 4] = [
        |sector| sector.openings.truncate(9),
        |sector| sector.openings.push(sector.openings[0].clone()),
        |sector| sector.comm_c = NOT_CANONICAL,
        |sector| sector.comm_r_last = NOT_CANONICAL,
    ];
    for wrong in wrong {
        let mut sectors = honest.clone();
        wrong(&mut sectors[1]);
        check_end(Post::new(geometry, 10, &sectors));
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
    for k in 0..Rules::of(geometry).n_partitions.min(2) {
        let (statement, proof) = update(geometry, k);
        check(Update::new(&statement, k, &proof));
    }
}

/// Every other challenge is opened where it was drawn, and its new replica is what old replica and data make it.
fn update(
    geometry: &'static Geometry,
    k: usize,
) -> (update::vanilla::Statement, update::vanilla::PartitionProof) {
    let rules = Rules::of(geometry);
    let mut random = Random::new(k as u8);
    let statement = update::vanilla::Statement {
        geometry,
        comm_r_old: random.node(),
        comm_d_new: random.node(),
        comm_r_new: random.node(),
    };
    let phi = update::phi(statement.comm_d_new, statement.comm_r_old).expect("canonical");
    let opening = |challenge: u64| {
        let mut old = random.path(TreeHash::Poseidon, geometry);
        let data = random.path(TreeHash::Sha256, geometry);
        let mut new = random.path(TreeHash::Poseidon, geometry);
        if random.below(2) == 0 {
            lead(&mut old, challenge);
            lead(&mut new, challenge);
            let rho = update::rho(phi, challenge / rules.run_len() as u64).expect("canonical");
            let [old, data] = [&old, &data].map(|path| path.leaf.to_fr().expect("canonical"));
            new.leaf = Node::from(old + data * rho);
        }
        update::vanilla::Opening { old, data, new }
    };
    let challenges = rules.challenges(statement.comm_r_new, k).expect("canonical");
    let openings = challenges.into_iter().map(opening).collect();
    let proof = update::vanilla::PartitionProof {
        comm_c: random.node(),
        comm_r_last_old: random.node(),
        comm_r_last_new: random.node(),
        apex_leaves: random.nodes(rules.n_apex_leaves),
        openings,
    };
    (statement, proof)
}

/// Makes a path that of another leaf.
fn lead(path: &mut Path, mut leaf: u64) {
    for step in &mut path.steps {
        let arity = step.arity() as u64;
        (step.index, leaf) = ((leaf % arity) as usize, leaf / arity);
    }
}

#[test]
fn a_malformed_update() {
    let (statement, honest) = update(geometry("2KiB"), 0);
    for wrong in [MALFORMED[1], MALFORMED[4]] {
        let mut proof = honest.clone();
        wrong(&mut proof.openings[5].old);
        check_end(Update::new(&statement, 0, &proof));
    }
    let mut proof = honest;
    proof.openings.truncate(6);
    check_end(Update::new(&statement, 0, &proof));
}

#[test]
fn an_update_of_one_partition_and_of_two() {
    check_update("2KiB");
    check_update("16KiB");
}
