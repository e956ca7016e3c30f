//! Laws of labels, trees, paths and decoding, on random input with a fixed seed.

mod fixture;
mod sealed;

use std::ops::ControlFlow;

use engine_proofs::{
    fr32,
    geometry::Geometry,
    graph::Graph,
    path::{Path, Step, TreeHash},
    porep::{challenge::Challenges, unseal, vanilla::prove},
    registered::ApiVersion,
    replica_id::Seed,
    sdr::{first_wrong, label, label_layer, ParentSource},
    silent, tree, Error, Part,
};
use fixture::{cases, number, word};
use kernels::{Backend, Cpu, Hash, Lane, Node, Parents};
use proptest::{
    prelude::{any, Strategy},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use sealed::{Case, Sealed};

fn check<S: Strategy>(n_cases: u32, input: S, law: impl Fn(S::Value)) {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let config = Config {
        cases: n_cases,
        failure_persistence: None,
        ..Config::default()
    };
    let law = |input| {
        law(input);
        Ok(())
    };
    TestRunner::new_with_rng(config, seed).run(&input, law).unwrap();
}

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

#[test]
fn a_label_is_what_its_parents_labels_make_it() {
    let golden = fixture::read("porep-16KiB-1.0.0-plain-chacha8-s42.json");
    let sealed = Case::of(&golden).seal();
    for entry in cases(&golden["labels"]) {
        let (layer, node) = (number(&entry["layer"]) as usize, number(&entry["node"]));
        let parents = sealed.graph.parents(node as usize);
        let base = parents[..6]
            .iter()
            .map(|&parent| sealed.layers[layer - 1][parent as usize]);
        let expander = parents[6..]
            .iter()
            .map(|&parent| sealed.layers[layer.max(2) - 2][parent as usize]);
        let labels: Vec<Node> = if layer == 1 {
            base.collect()
        } else {
            base.chain(expander).collect()
        };
        let label = label(sealed.statement.replica_id, layer as u32, node, &labels);
        assert_eq!(
            label.to_string(),
            word(&entry["label"]),
            "layer {layer}, node {node}"
        );
    }
}

/// Some pieces, so that parents are prepared while others are used.
const N_NODES: usize = 1 << 16;

fn graph() -> Graph {
    Graph::new(N_NODES, &"17".repeat(32).parse().unwrap(), ApiVersion::V1_1_0)
}

fn layer_of(
    source: ParentSource<'_>,
    layer: u32,
    previous: &[Node],
    ids: &[Node],
) -> Result<Vec<Vec<Node>>, Error> {
    let mut labels = vec![vec![Node::ZERO; N_NODES]; ids.len()];
    let lanes = ids.iter().zip(&mut labels);
    let mut lanes: Vec<Lane<'_>> = lanes
        .map(|(&replica_id, labels)| Lane {
            replica_id,
            previous,
            labels,
        })
        .collect();
    label_layer(&Cpu::default(), source, layer, &mut lanes, &silent)?;
    drop(lanes);
    Ok(labels)
}

#[test]
fn listed_parents_label_as_computed_ones_and_lanes_as_each_alone() {
    let graph = graph();
    let mut list = vec![Parents::default(); N_NODES];
    graph.fill(0, &mut list);
    let ids = [Node([1; 32]), Node([2; 32])];
    let first = layer_of(ParentSource::Computed(&graph), 1, &[], &ids).unwrap();
    assert_eq!(
        first[1..],
        layer_of(ParentSource::Listed(&list), 1, &[], &ids[1..]).unwrap()
    );
    let second = layer_of(ParentSource::Listed(&list), 2, &first[0], &ids[..1]).unwrap();
    assert_eq!(
        second,
        layer_of(ParentSource::Computed(&graph), 2, &first[0], &ids[..1]).unwrap()
    );

    let rows = (&first[0][..], &second[0][..]);
    assert_eq!(first_wrong(&graph, ids[0], 2, rows, 0..N_NODES), None);
    assert_eq!(first_wrong(&graph, ids[1], 2, rows, 5..N_NODES), Some(5));
    let mut damaged = second[0].clone();
    flip(&mut damaged[4711], 9);
    assert_eq!(
        first_wrong(&graph, ids[0], 2, (rows.0, &damaged), 4000..4712),
        Some(4711)
    );
}

#[test]
fn labelling_tells_how_far_it_is_and_stops_when_asked() {
    let graph = graph();
    let told = std::sync::Mutex::new(vec![]);
    let progress = |done: usize, of: usize| {
        told.lock().unwrap().push((done, of));
        if done < N_NODES / 2 {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    };
    let mut labels = vec![Node::ZERO; N_NODES];
    let mut lane = Lane {
        replica_id: Node::ZERO,
        previous: &[],
        labels: &mut labels,
    };
    let lanes = std::slice::from_mut(&mut lane);
    let stopped = label_layer(
        &Cpu::default(),
        ParentSource::Computed(&graph),
        1,
        lanes,
        &progress,
    );
    assert!(matches!(stopped, Err(Error::Stopped)));
    assert_eq!(
        *told.lock().unwrap(),
        [(N_NODES / 4, N_NODES), (N_NODES / 2, N_NODES)]
    );
}

/// The rows that are discarded come back from the replica, also where two of them are.
#[test]
fn rebuilt_rows_are_the_full_trees() {
    let geometry = Geometry::of("8MiB".parse().unwrap());
    let key = vec![Node::ZERO; geometry.n_nodes()];
    let number = |i: usize| Node::from(kernels::Fr::from((i * i) as u64));
    let mut replica: Vec<Node> = (0..geometry.n_nodes()).map(number).collect();
    let device = Cpu::default();
    let mut full = vec![Node::ZERO; geometry.base_tree_len() - geometry.n_nodes()];
    device.tree(Hash::Poseidon8, &replica, &mut full).unwrap();
    let full = [&replica[..], &full].concat();

    let mut kept = vec![Node::ZERO; geometry.tree_r_last_len()];
    tree::tree_r_last_base(&device, geometry, &key, &mut replica, &mut kept, &silent).unwrap();
    assert_eq!(kept, full[full.len() - kept.len()..]);

    let crown = tree::Crown::new(geometry, vec![kept[kept.len() - 1]], Part::TreeRLast).unwrap();
    check(20, 0..geometry.n_nodes(), |leaf| {
        let rebuilt = Path::in_tree_r_last(geometry, &replica, &[&kept], &crown, leaf).unwrap();
        assert_eq!(rebuilt, Path::in_tree_c(geometry, &[&full], &crown, leaf));
        assert!(rebuilt.verify(TreeHash::Poseidon, geometry, leaf as u64, crown.root()));
    });
}

/// One way to touch a path; whatever the numbers, something is changed.
fn touch(path: &mut Path, (what, step, sibling, bit): (u8, usize, usize, u8)) {
    let n_steps = path.steps.len();
    let Step { index, siblings } = &mut path.steps[step % n_steps];
    let n_siblings = siblings.len();
    match what % 6 {
        0 => flip(&mut path.leaf, bit),
        1 => flip(&mut siblings[sibling % n_siblings], bit),
        2 => *index = (*index + 1 + sibling % n_siblings) % (n_siblings + 1),
        3 => siblings.truncate(sibling % n_siblings),
        4 => path.steps.truncate(step % n_steps),
        _ => path.steps.push(Step {
            index: 0,
            siblings: vec![Node::ZERO; n_siblings],
        }),
    }
}

#[test]
fn a_path_verifies_iff_untouched() {
    for size in ["2KiB", "4KiB", "16KiB", "32KiB"] {
        let sealed = sealed(size, 1);
        let Sealed {
            statement, ref graph, ..
        } = sealed;
        let geometry = statement.geometry;
        let proof = &prove(&sealed.sector(), graph, &statement, &CHALLENGES).unwrap()[0];
        let opening = &proof.openings[0];
        let paths = [
            (TreeHash::Sha256, &opening.data, statement.comm_d),
            (TreeHash::Poseidon, &opening.replica, proof.comm_r_last),
            (TreeHash::Poseidon, &opening.column.path, proof.comm_c),
        ];
        check(60, any::<(u8, usize, usize, u8)>(), |way| {
            for (hash, path, root) in paths {
                let verify = |path: &Path| path.verify(hash, geometry, opening.challenge, root);
                assert!(verify(path));
                let mut touched = path.clone();
                touch(&mut touched, way);
                assert!(!verify(&touched), "{size}: {way:?}");
            }
        });
    }
}

#[test]
fn decoding_takes_back_what_encoding_added() {
    let sealed = sealed("32KiB", 2);
    let device = Cpu::default();
    let key = sealed.layers.last().unwrap();
    let mut decoded = sealed.replica.clone();
    device.decode(key, &mut decoded).unwrap();
    assert_eq!(decoded, sealed.data);

    let size = sealed.statement.geometry.sector_size.unpadded_bytes();
    let mut whole = vec![0; size as usize];
    fr32::unpad(Node::bytes(&sealed.data), &mut whole);
    check(200, (0..=size, 0..=size), |(a, b)| {
        let range = a.min(b)..a.max(b);
        let mut data = vec![0; (range.end - range.start) as usize];
        unseal(&device, key, &sealed.replica, range.clone(), &mut data).unwrap();
        assert_eq!(data, whole[range.start as usize..range.end as usize], "{range:?}");
    });
}

#[test]
fn unsealing_names_the_node_that_is_none() {
    let mut sealed = sealed("2KiB", 2);
    sealed.replica[9] = Node([0xff; 32]);
    let unseal = |sealed: &Sealed, range| {
        let mut data = vec![0; 127];
        let result = unseal(
            &Cpu::default(),
            &sealed.layers[1],
            &sealed.replica,
            range,
            &mut data,
        );
        result.map_err(|error| error.to_string())
    };
    assert_eq!(unseal(&sealed, 127..254), Ok(()));
    assert_eq!(
        unseal(&sealed, 150..277),
        Err("replica: node 9 is not a canonical field element".into())
    );
    sealed.layers[1][8] = Node([0xff; 32]);
    assert_eq!(
        unseal(&sealed, 254..381),
        Err("key: node 8 is not a canonical field element".into())
    );
}
