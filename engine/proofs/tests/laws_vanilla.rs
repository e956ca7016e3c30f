//! A proof in the open is worth nothing once anything in it is touched, and names the file that is to blame where
//! it cannot be made.

mod fixture;
mod sealed;

use std::sync::LazyLock;

use engine_proofs::{
    geometry::Geometry,
    graph::Graph,
    path::Path,
    porep::{
        challenge::Challenges,
        vanilla::{prove, public_inputs, verify, Column, Opening, PartitionProof},
    },
    registered::ApiVersion,
    replica_id::Seed,
};
use kernels::Node;
use sealed::{Case, Sealed};

const CHALLENGES: Challenges = Challenges::Interactive(Seed([3; 32]));

/// The reference's sector of that size, but of another number.
fn sealed(size: &str, sector: u64) -> Sealed {
    let golden = fixture::read(&format!("porep-{size}-1.1.0-plain-mod251-s42.json"));
    Case {
        sector,
        ..Case::of(&golden)
    }
    .seal()
}

fn flip(node: &mut Node, bit: u8) {
    node.0[usize::from(bit / 8)] ^= 1 << (bit % 8);
}

fn paths(opening: &mut Opening) -> impl Iterator<Item = &mut Path> {
    let Opening {
        data,
        replica,
        column,
        parents,
        ..
    } = opening;
    let columns = [column].into_iter().chain(parents).map(|column| &mut column.path);
    [data, replica].into_iter().chain(columns)
}

fn columns(opening: &mut Opening) -> impl Iterator<Item = &mut Column> {
    [&mut opening.column].into_iter().chain(&mut opening.parents)
}

/// Every node of a proof.
fn nodes(proof: &mut PartitionProof) -> Vec<&mut Node> {
    let mut nodes = vec![&mut proof.comm_c, &mut proof.comm_r_last];
    for Opening {
        data,
        replica,
        column,
        parents,
        ..
    } in &mut proof.openings
    {
        let columns = [column].into_iter().chain(parents);
        let mut paths = vec![data, replica];
        for Column { labels, path } in columns {
            nodes.extend(labels);
            paths.push(path);
        }
        for Path { leaf, steps } in paths {
            nodes.push(leaf);
            nodes.extend(steps.iter_mut().flat_map(|step| &mut step.siblings));
        }
    }
    nodes
}

#[test]
fn a_proof_with_any_field_changed_is_rejected() {
    let sealed = sealed("4KiB", 3);
    let Sealed {
        statement, ref graph, ..
    } = sealed;
    let proof = prove(&sealed.sector(), graph, &statement, &CHALLENGES)
        .unwrap()
        .remove(0);
    assert!(verify(&proof, &statement, graph, &CHALLENGES, 0));
    let rejected = |what: String, change: &dyn Fn(&mut PartitionProof)| {
        let mut changed = proof.clone();
        change(&mut changed);
        assert!(changed != proof, "{what} is unchanged");
        assert!(
            !verify(&changed, &statement, graph, &CHALLENGES, 0),
            "{what} is changed, and accepted"
        );
    };
    for i in 0..nodes(&mut proof.clone()).len() {
        rejected(format!("node {i}"), &|proof| flip(nodes(proof)[i], (7 * i) as u8));
        rejected(format!("node {i} + r"), &|proof| {
            *nodes(proof)[i] = Node([0xff; 32])
        });
    }
    for c in 0..proof.openings.len() {
        let n_paths = paths(&mut proof.clone().openings[c]).count();
        for i in 0..n_paths {
            let path = |proof: &mut PartitionProof, touch: &dyn Fn(&mut Path)| {
                touch(paths(&mut proof.openings[c]).nth(i).unwrap());
            };
            let what = |what| format!("opening {c}, path {i}: {what}");
            rejected(what("first index"), &|proof| {
                path(proof, &|path| path.steps[0].index ^= 1)
            });
            rejected(what("far index"), &|proof| {
                path(proof, &|path| path.steps[0].index = 9)
            });
            rejected(what("last step"), &|proof| {
                path(proof, &|path| drop(path.steps.pop()))
            });
            rejected(what("no step"), &|proof| path(proof, &|path| path.steps.clear()));
        }
        for i in 0..15 {
            let column = |proof: &mut PartitionProof, touch: &dyn Fn(&mut Column)| {
                touch(columns(&mut proof.openings[c]).nth(i).unwrap());
            };
            let what = |what| format!("opening {c}, column {i}: {what}");
            rejected(what("last label"), &|proof| {
                column(proof, &|column| column.labels.truncate(1))
            });
            rejected(what("more labels"), &|proof| {
                column(proof, &|column| column.labels.push(Node::ZERO))
            });
        }
        rejected(format!("challenge {c}"), &|proof| {
            proof.openings[c].challenge ^= 1
        });
        rejected(format!("parents {c}"), &|proof| {
            proof.openings[c].parents.rotate_left(7)
        });
        rejected(format!("parent {c}"), &|proof| {
            drop(proof.openings[c].parents.pop())
        });
    }
    rejected("last opening".into(), &|proof| drop(proof.openings.pop()));
    rejected("order".into(), &|proof| proof.openings.reverse());
    rejected("roots".into(), &|proof| {
        std::mem::swap(&mut proof.comm_c, &mut proof.comm_r_last)
    });
}

#[test]
fn a_proof_of_another_statement_is_rejected() {
    let (sealed, other) = (sealed("2KiB", 4), sealed("2KiB", 5));
    let Sealed {
        statement, ref graph, ..
    } = sealed;
    let proof = prove(&sealed.sector(), graph, &statement, &CHALLENGES)
        .unwrap()
        .remove(0);
    assert!(!verify(&proof, &other.statement, graph, &CHALLENGES, 0));
    assert!(!verify(
        &proof,
        &statement,
        graph,
        &Challenges::Interactive(Seed([4; 32])),
        0
    ));
    assert!(!verify(&proof, &statement, graph, &CHALLENGES, 1));
    let porep_id = "18".repeat(32).parse().unwrap();
    let foreign = Graph::new(64, &porep_id, ApiVersion::V1_1_0);
    assert!(!verify(&proof, &statement, &foreign, &CHALLENGES, 0));
    let mut statement = statement;
    std::mem::swap(&mut statement.comm_d, &mut statement.comm_r);
    assert!(!verify(&proof, &statement, graph, &CHALLENGES, 0));
}

/// As many layers, partitions and challenges as 32 GiB have, over trees of the shape of 64 GiB.
static TALL: LazyLock<Geometry> = LazyLock::new(|| Geometry {
    layers: 11,
    porep_partitions: 10,
    porep_challenges: 18,
    ..*Geometry::of("32KiB".parse().unwrap())
});

#[test]
fn every_partition_of_eleven_layers_is_proved() {
    let golden = fixture::read("porep-32KiB-1.1.0-plain-mod251-s42.json");
    let sealed = Case {
        geometry: &TALL,
        ..Case::of(&golden)
    }
    .seal();
    let Sealed {
        statement, ref graph, ..
    } = sealed;
    let proofs = prove(&sealed.sector(), graph, &statement, &CHALLENGES).unwrap();
    assert_eq!(proofs.len(), 10);
    for (k, proof) in proofs.iter().enumerate() {
        assert_eq!(proof.openings.len(), 18);
        assert!(verify(proof, &statement, graph, &CHALLENGES, k), "partition {k}");
        assert!(
            !verify(proof, &statement, graph, &CHALLENGES, (k + 1) % 10),
            "partition {k} in another's place"
        );
        assert_eq!(
            public_inputs(&statement, graph, &CHALLENGES, k).unwrap().len(),
            327
        );
    }
}

/// Damages a sealed sector, and expects the proof to fail with an error that starts so.
fn check_blamed(size: &str, damage: impl Fn(&mut Sealed, usize), error: &str) {
    let mut sealed = sealed(size, 6);
    let challenge = CHALLENGES.of_partition(&sealed.statement, 0)[0] as usize;
    damage(&mut sealed, challenge);
    let Sealed {
        statement, ref graph, ..
    } = sealed;
    let found = prove(&sealed.sector(), graph, &statement, &CHALLENGES)
        .map(drop)
        .unwrap_err()
        .to_string();
    let error = error.replace("{c}", &challenge.to_string());
    assert!(
        found.starts_with(&error),
        "{found:?} does not start with {error:?}"
    );
}

#[test]
fn a_flipped_bit_is_found_where_it_is() {
    for size in ["2KiB", "32KiB"] {
        check_blamed(
            size,
            |sealed, c| flip(&mut sealed.layers[0][c], 100),
            "layer 1: node {c} is not",
        );
        check_blamed(
            size,
            |sealed, c| flip(&mut sealed.layers[1][c], 100),
            "layer 2: node {c} is not",
        );
        check_blamed(
            size,
            |sealed, c| flip(&mut sealed.layers[1][c], 255),
            "layer 2: node {c} is not",
        );
        check_blamed(
            size,
            |sealed, c| flip(&mut sealed.replica[c], 100),
            "replica: node {c} is not what",
        );
        check_blamed(
            size,
            |sealed, c| flip(&mut sealed.replica[c], 255),
            "replica: node {c} is not a",
        );
        check_blamed(
            size,
            |sealed, c| flip(&mut sealed.tree_d[c], 100),
            "tree_d: node ",
        );
        // Tree D's own root is not read: it is computed from the two nodes below.
        let below = |sealed: &mut Sealed, _| {
            let n = sealed.tree_d.len();
            sealed.tree_d[n - 3..n - 1]
                .iter_mut()
                .for_each(|node| flip(node, 100));
        };
        check_blamed(size, below, "tree_d: node ");
        check_blamed(size, |sealed, _| flip(&mut sealed.aux[1], 100), "p_aux: node ");
        check_blamed(
            size,
            |sealed, _| flip(&mut sealed.aux[0], 255),
            "p_aux: node 0 is not a canonical",
        );
    }
    // A sibling in the same subtree of the replica, never opened itself.
    check_blamed(
        "2KiB",
        |sealed, c| flip(&mut sealed.replica[c ^ 1], 3),
        "replica: node ",
    );
    check_blamed(
        "2KiB",
        |sealed, c| flip(&mut sealed.tree_c[0][c], 100),
        "tree_c 0: node ",
    );
    // Base trees beside the way: only their roots are read.
    for base in [0, 7, 15] {
        let tree_c = format!("tree_c {base}: node 72 is");
        check_blamed(
            "32KiB",
            |sealed, _| flip(&mut sealed.tree_c[base][72], 100),
            &tree_c,
        );
        check_blamed(
            "32KiB",
            |sealed, _| flip(&mut sealed.tree_c[base][72], 255),
            &tree_c,
        );
        let tree_r_last = format!("tree_r_last {base}: node 0 is");
        check_blamed(
            "32KiB",
            |sealed, _| flip(&mut sealed.tree_r_last[base][0], 100),
            &tree_r_last,
        );
        check_blamed(
            "32KiB",
            |sealed, _| flip(&mut sealed.tree_r_last[base][0], 255),
            &tree_r_last,
        );
    }
}

#[test]
fn another_sectors_file_is_found() {
    let foreign = sealed("32KiB", 7);
    let damaged = |damage: &dyn Fn(&mut Sealed), error: &str| {
        check_blamed("32KiB", |sealed, _| damage(sealed), error);
    };
    damaged(
        &|sealed| sealed.layers[0].clone_from(&foreign.layers[0]),
        "layer 1: node ",
    );
    damaged(
        &|sealed| sealed.layers[1].clone_from(&foreign.layers[1]),
        "layer 2: node ",
    );
    damaged(&|sealed| sealed.layers.swap(0, 1), "layer 1: node ");
    damaged(
        &|sealed| sealed.replica.clone_from(&foreign.replica),
        "replica: node ",
    );
    damaged(
        &|sealed| sealed.replica.clone_from(&foreign.data),
        "replica: node ",
    );
    damaged(&|sealed| sealed.aux = foreign.aux, "p_aux: node ");
    for base in [0, 7, 15] {
        let tree_c = format!("tree_c {base}: node ");
        damaged(
            &|sealed| sealed.tree_c[base].clone_from(&foreign.tree_c[base]),
            &tree_c,
        );
        let tree_r_last = format!("tree_r_last {base}: node ");
        damaged(
            &|sealed| sealed.tree_r_last[base].clone_from(&foreign.tree_r_last[base]),
            &tree_r_last,
        );
    }
    damaged(&|sealed| sealed.tree_c.swap(3, 4), "tree_c 3: node ");
    damaged(&|sealed| sealed.tree_d.rotate_left(1), "tree_d: node ");
}

#[test]
fn a_truncated_or_missing_file_is_named() {
    let damaged = |damage: &dyn Fn(&mut Sealed), error: &str| {
        check_blamed("32KiB", |sealed, _| damage(sealed), error);
    };
    damaged(
        &|sealed| sealed.layers[1].truncate(1000),
        "layer 2: 1000 nodes where 1024 belong",
    );
    damaged(
        &|sealed| sealed.tree_d.truncate(0),
        "tree_d: 0 nodes where 2047 belong",
    );
    damaged(
        &|sealed| sealed.tree_c[4].truncate(64),
        "tree_c 4: 64 nodes where 73 belong",
    );
    damaged(
        &|sealed| sealed.tree_r_last[15].push(Node::ZERO),
        "tree_r_last 15: 2 nodes where 1 belong",
    );
    damaged(
        &|sealed| sealed.replica.truncate(1023),
        "replica: 1023 nodes where 1024 belong",
    );
    damaged(
        &|sealed| drop(sealed.layers.pop()),
        "1 files of layers where 2 belong",
    );
    damaged(
        &|sealed| drop(sealed.tree_c.pop()),
        "15 files of tree_c where 16 belong",
    );
    damaged(
        &|sealed| drop(sealed.tree_r_last.pop()),
        "15 files of tree_r_last where 16 belong",
    );
}
