//! Laws of PoSt: what whole files answer holds, what damaged ones do not is told by name.

mod fixture;
mod sealed;

use std::collections::{BTreeMap, BTreeSet};

use engine_proofs::{
    geometry::Geometry,
    porep::comm_r,
    post::{
        challenge::Randomness,
        reads,
        vanilla::{prove, verify, SectorProof},
        Fault, Faulty, Partition, PublicSector, Reads, Replica, Statement, StatementError,
    },
    registered::PostProof,
    replica_id::ProverId,
    silent,
    tree::tree_r_last_base,
    Error, Part,
};
use kernels::{Cpu, Fr, Node};
use sealed::{Case, Sealed};

fn sealed(size: &str, sector: u64) -> Sealed {
    let golden = fixture::read(&format!("porep-{size}-1.1.0-plain-mod251-s42.json"));
    Case {
        sector,
        ..Case::of(&golden)
    }
    .seal()
}

fn files(sealed: &Sealed) -> Replica<'_> {
    Replica::from(&sealed.sector())
}

/// A node of the replica: key plus data.
fn encoded(sealed: &Sealed, node: u64) -> Node {
    let key = sealed.layers.last().unwrap()[node as usize];
    let [key, data] = [key, sealed.data[node as usize]].map(|node| node.to_fr().unwrap());
    Node::from(key + data)
}

fn public(sector: u64, sealed: &Sealed) -> PublicSector {
    let comm_r = sealed.statement.comm_r;
    PublicSector { sector, comm_r }
}

fn state(
    geometry: &'static Geometry,
    post_proof: PostProof,
    sectors: &[PublicSector],
) -> Result<Statement, StatementError> {
    let prover_id = ProverId::from_actor_id(1000);
    let randomness = Randomness::truncated([0xab; 32]);
    Statement::new(
        geometry,
        post_proof,
        prover_id,
        randomness,
        sectors.iter().copied(),
    )
}

#[test]
fn sectors_of_every_tree_shape_answer() {
    for size in ["2KiB", "4KiB", "16KiB", "32KiB"] {
        let sealed = sealed(size, 7);
        let geometry = sealed.statement.geometry;
        let statement = state(geometry, PostProof::Winning, &[public(7, &sealed)]).unwrap();
        let (sector, challenges) = (statement.sectors()[0], statement.challenges(0));
        let proof = prove(geometry, &sector, &files(&sealed), &challenges).unwrap();
        assert!(verify(&proof, geometry, &sector, &challenges), "{size}");
        for (&node, opening) in challenges.iter().zip(&proof.openings) {
            assert_eq!(opening.leaf, encoded(&sealed, node), "{size}: node {node}");
        }
        check_reads(&sealed, &sector, &proof, challenges[0]);
        let bytes = proof.to_bytes(geometry);
        assert_eq!(
            SectorProof::from_bytes(geometry, &bytes),
            Ok(proof.clone()),
            "{size}"
        );
        let partition = Partition::gather(&statement, 0, std::slice::from_ref(&proof)).unwrap();
        assert_eq!(partition.inputs(), statement.public_inputs(0));
        for (i, change) in changes().iter().enumerate() {
            let mut changed = proof.clone();
            change(&mut changed);
            assert!(
                !verify(&changed, geometry, &sector, &challenges),
                "{size}: change {i}"
            );
        }
    }
}

/// What is said to be read of the files suffices to open a node.
fn check_reads(sealed: &Sealed, sector: &PublicSector, proof: &SectorProof, node: u64) {
    let geometry = sealed.statement.geometry;
    let reads = reads(geometry, node);
    let mut replica = vec![Node::ZERO; sealed.replica.len()];
    replica[reads.replica.clone()].copy_from_slice(&sealed.replica[reads.replica]);
    let blank = |tree: &Vec<Node>| vec![Node::ZERO; tree.len()];
    let mut trees: Vec<Vec<Node>> = sealed.tree_r_last.iter().map(blank).collect();
    for (base, row) in reads.tree_r_last {
        trees[base][row.clone()].copy_from_slice(&sealed.tree_r_last[base][row]);
    }
    let files = Replica {
        replica: &replica,
        tree_r_last: trees.iter().map(Vec::as_slice).collect(),
        ..files(sealed)
    };
    let opened = prove(geometry, sector, &files, &[node]).unwrap();
    assert_eq!(opened.openings, proof.openings[..1]);
}

type Change = fn(&mut SectorProof);

/// Everything that a vanilla proof says, changed.
fn changes() -> [Change; 9] {
    [
        |proof| proof.sector += 1,
        |proof| proof.comm_r.0[0] ^= 1,
        |proof| proof.comm_c.0[0] ^= 1,
        |proof| proof.comm_r_last.0[0] ^= 1,
        |proof| proof.openings[65].leaf.0[0] ^= 1,
        |proof| proof.openings[0].leaf = Node([0xff; 32]),
        |proof| proof.openings[33].steps[0].siblings[0].0[0] ^= 1,
        |proof| proof.openings.swap(0, 1),
        |proof| drop(proof.openings.pop()),
    ]
}

/// Asks a damaged sector for all its nodes; the part to blame, and where in it.
fn blamed(damaged: &Sealed) -> (Part, usize) {
    let geometry = damaged.statement.geometry;
    let all: Vec<u64> = (0..damaged.graph.n_nodes() as u64).collect();
    match prove(geometry, &public(7, damaged), &files(damaged), &all) {
        Err(Error::NotCommitted { part, node } | Error::NotCanonical { part, node }) => (part, node),
        other => panic!("{:?}", other.map(drop)),
    }
}

fn check_blame(size: &str, damage: impl Fn(&mut Sealed), expected: (Part, usize)) {
    let mut damaged = sealed(size, 7);
    damage(&mut damaged);
    assert_eq!(blamed(&damaged), expected, "{size}");
}

#[test]
fn the_damaged_file_is_named() {
    for size in ["2KiB", "4KiB", "32KiB"] {
        check_blame(size, |sector| sector.replica[1].0[0] ^= 1, (Part::Replica, 0));
        let large = Node([0xff; 32]);
        check_blame(size, |sector| sector.replica[63] = large, (Part::Replica, 63));
        check_blame(
            size,
            |sector| sector.tree_r_last[0][0] = large,
            (Part::TreeRLast(0), 0),
        );
        check_blame(size, |sector| sector.aux[0].0[0] ^= 1, (Part::Aux, 0));
        check_blame(size, |sector| sector.aux.swap(0, 1), (Part::Aux, 0));
    }
    check_blame(
        "32KiB",
        |sector| sector.replica[64 * 5].0[0] ^= 1,
        (Part::Replica, 320),
    );
    // The root of a base tree is needed for the others only.
    for (size, base) in [("4KiB", 1), ("32KiB", 15), ("32KiB", 0)] {
        let root = (Part::TreeRLast(base), 0);
        check_blame(size, |sector| sector.tree_r_last[base][0].0[0] ^= 1, root);
    }
}

/// With rows kept above those that are discarded, and the fault in any of them.
#[test]
fn a_kept_row_is_told_from_the_replica() {
    let geometry = Geometry::of("8MiB".parse().unwrap());
    let number = |i: usize| Node::from(Fr::from((i * i) as u64));
    let mut replica: Vec<Node> = (0..geometry.n_nodes()).map(number).collect();
    let key = vec![Node::ZERO; replica.len()];
    // 512 kept nodes over 512 nodes of the replica each, then rows of 64, 8 and 1.
    let mut tree = vec![Node::ZERO; 512 + 64 + 8 + 1];
    let comm_r_last =
        tree_r_last_base(&Cpu::new(), geometry, &key, &mut replica, &mut tree, &silent).unwrap();
    let comm_c = Node::from(Fr::from(7));
    let sector = PublicSector {
        sector: 7,
        comm_r: comm_r(comm_c, comm_r_last).unwrap(),
    };
    let prove = |replica: &[Node], tree: &[Node]| {
        let files = Replica {
            comm_c,
            comm_r_last,
            tree_r_last: vec![tree],
            replica,
        };
        prove(geometry, &sector, &files, &[700])
    };
    let opened = prove(&replica, &tree).unwrap();
    assert!(verify(&opened, geometry, &sector, &[700]));

    // What is said to be read suffices.
    let Reads {
        replica: window,
        tree_r_last: rows,
    } = reads(geometry, 700);
    let mut sparse = [vec![Node::ZERO; replica.len()], vec![Node::ZERO; tree.len()]];
    sparse[0][window.clone()].copy_from_slice(&replica[window]);
    for (_, row) in rows {
        sparse[1][row.clone()].copy_from_slice(&tree[row]);
    }
    assert_eq!(prove(&sparse[0], &sparse[1]).unwrap(), opened);

    let check = |outcome: Result<SectorProof, Error>, expected: (Part, usize)| match outcome {
        Err(Error::NotCommitted { part, node }) => assert_eq!((part, node), expected),
        other => panic!("{:?}", other.map(drop)),
    };
    replica[600].0[0] ^= 1;
    check(prove(&replica, &tree), (Part::Replica, 512));
    replica[600].0[0] ^= 1;
    // A node beside the way is found out by the one above it.
    for (damaged, broken) in [(3, 512), (513, 576), (577, 584)] {
        tree[damaged].0[0] ^= 1;
        check(prove(&replica, &tree), (Part::TreeRLast(0), broken));
        tree[damaged].0[0] ^= 1;
    }
    // What lies on the way is made again from the replica, and what lies elsewhere is not needed.
    for damaged in [1, 512, 584, 100] {
        tree[damaged].0[0] ^= 1;
    }
    assert_eq!(prove(&replica, &tree).unwrap(), opened);
}

#[test]
fn files_of_another_length_are_named() {
    let whole = sealed("4KiB", 7);
    let geometry = whole.statement.geometry;
    let sector = public(7, &whole);
    let mut files = self::files(&whole);
    files.replica = &files.replica[1..];
    let error = prove(geometry, &sector, &files, &[0]).unwrap_err().to_string();
    assert_eq!(error, "replica: 127 nodes where 128 belong");
    let mut files = self::files(&whole);
    files.tree_r_last.pop();
    let error = prove(geometry, &sector, &files, &[0]).unwrap_err().to_string();
    assert_eq!(error, "1 files of tree_r_last where 2 belong");
    let mut files = self::files(&whole);
    files.tree_r_last[1] = &[];
    let error = prove(geometry, &sector, &files, &[0]).unwrap_err().to_string();
    assert_eq!(error, "tree_r_last 1: 0 nodes where 1 belong");
}

/// Five sectors, so three partitions; the last one has one sector, twice.
fn five() -> (Vec<Sealed>, Statement) {
    let sectors: Vec<Sealed> = (1..=5).map(|sector| sealed("2KiB", sector)).collect();
    let known: Vec<_> = (1..).zip(&sectors).map(|(n, sealed)| public(n, sealed)).collect();
    let statement = state(known_geometry(), PostProof::WindowV1, &known).unwrap();
    (sectors, statement)
}

fn known_geometry() -> &'static Geometry {
    Geometry::of("2KiB".parse().unwrap())
}

fn open(sectors: &[Sealed], sector: &PublicSector, challenges: &[u64]) -> Result<SectorProof, Fault> {
    let sealed = &sectors[sector.sector as usize - 1];
    Ok(prove(known_geometry(), sector, &files(sealed), challenges)?)
}

fn words(faults: Result<Partition, Vec<Faulty>>) -> Vec<String> {
    let faults = faults.map(drop).unwrap_err();
    faults.iter().map(Faulty::to_string).collect()
}

#[test]
fn faulty_sectors_are_told_by_number_and_reason_and_the_others_proved_without_them() {
    let (mut sectors, statement) = five();
    assert_eq!(statement.n_partitions(), 3);
    sectors[2].replica[0].0[0] ^= 1;
    sectors[3].tree_r_last[0].clear();
    let open_one = |sector: &PublicSector, challenges: &[u64]| open(&sectors, sector, challenges);
    let opened = |k| Partition::open(&statement, k, open_one);
    let damaged = "replica: node 0 is not what was committed: it is damaged, or another sector's";
    assert!(opened(0).is_ok() && opened(2).is_ok());
    assert_eq!(
        words(opened(1)),
        [
            format!("sector 3: {damaged}"),
            "sector 4: tree_r_last 0: 0 nodes where 1 belong".to_owned()
        ]
    );
    let rest = statement.without(&BTreeSet::from([3, 4])).unwrap();
    assert_eq!(rest.n_partitions(), 2);
    for k in 0..2 {
        let partition = Partition::open(&rest, k, open_one).unwrap();
        assert_eq!(partition.inputs(), rest.public_inputs(k));
    }
    // In the first version a sector's challenges depend on its place among all.
    assert_ne!(rest.challenges(2), statement.challenges(4));
    assert_eq!(
        rest.without(&BTreeSet::from([1, 2, 5])),
        Err(StatementError::Empty)
    );
}

#[test]
fn vanilla_proofs_of_others_are_verified_before_they_are_taken() {
    let (sectors, statement) = five();
    let mut given = BTreeMap::new();
    for (position, sector) in statement.sectors().iter().enumerate() {
        let proof = open(&sectors, sector, &statement.challenges(position)).unwrap();
        given.insert(sector.sector, proof);
    }
    let gather = |given: &BTreeMap<u64, SectorProof>, k| {
        // In whatever order.
        let given: Vec<SectorProof> = given.values().rev().cloned().collect();
        Partition::gather(&statement, k, &given)
    };
    for k in 0..3 {
        let partition = gather(&given, k).unwrap();
        assert_eq!(partition.inputs(), statement.public_inputs(k));
    }
    let last = statement.public_inputs(2);
    assert_eq!(last[..11], last[11..], "the last sector fills the partition up");

    given.remove(&2);
    let missing = "sector 2: no vanilla proof of it is given";
    assert_eq!(words(gather(&given, 0)), [missing]);
    given.get_mut(&1).unwrap().openings.swap(0, 9);
    let rejected = "sector 1: its vanilla proof does not answer what is asked";
    assert_eq!(words(gather(&given, 0)), [rejected, missing]);
    assert!(gather(&given, 1).is_ok());
}

#[test]
fn what_no_post_can_claim_is_refused() {
    let sector = |sector, byte| PublicSector {
        sector,
        comm_r: Node([byte; 32]),
    };
    let check = |post_proof, sectors: &[PublicSector], error: &str| {
        let refused = state(known_geometry(), post_proof, sectors).unwrap_err();
        assert_eq!(refused.to_string(), error);
    };
    let window = PostProof::WindowV1_2;
    check(
        window,
        &[],
        "a PoSt is about one sector at least, and none is left",
    );
    check(
        PostProof::Winning,
        &[sector(1, 1), sector(2, 2)],
        "a WinningPoSt is about one sector, and 2 are given",
    );
    check(
        window,
        &[sector(1, 1), sector(2, 2), sector(1, 3)],
        "sector 1 is given twice, with two different comm_r",
    );
    for byte in [0, 0xff] {
        let comm_r = Node([byte; 32]);
        let error = format!("sector 3: comm_r {comm_r} is zero or not a canonical field element");
        check(window, &[sector(3, byte)], &error);
    }
    // As the chain does where it puts a healthy sector in a faulty one's place.
    let once = state(
        known_geometry(),
        window,
        &[sector(2, 2), sector(1, 1), sector(2, 2)],
    )
    .unwrap();
    assert_eq!(once.sectors(), [sector(1, 1), sector(2, 2)]);
    let prover_id = ProverId([0xff; 32]);
    let randomness = Randomness::truncated([1; 32]);
    let refused = Statement::new(known_geometry(), window, prover_id, randomness, [sector(1, 1)]);
    assert_eq!(refused, Err(StatementError::ProverId { prover_id }));
}
