//! Hashes, trees, labels and encoding.

use ff::{Field, PrimeField};

use super::{naive, random_elements, random_node, random_nodes, sizes::Sizes, Broken, Case};
use crate::{Backend, Factors, Fr, Hash, Lane, Node, Parents, BASE_DEGREE, DEGREE};

const HASHES: [Hash; 6] = [
    Hash::Sha256,
    Hash::Poseidon2,
    Hash::Poseidon4,
    Hash::Poseidon8,
    Hash::Poseidon11,
    Hash::Poseidon2Custom,
];

/// Digests of zeros and of r − 1 everywhere, from the reference.
const KNOWN: [(Hash, &str, &str); 4] = [
    (
        Hash::Poseidon2,
        "d413460e7f14e58b413d1defe188d36fb761afe5c6a733db6c6f1931130bfe48",
        "db23584ec925eff92b24b7d749910d9cc8248dcccb70cbdb6c3206ac3c824c06",
    ),
    (
        Hash::Poseidon4,
        "bc11972b952e47641b62832393589af9eed366b878b8130f5f7e1ed875c4ce65",
        "33fea4226f992066d43b78f777d38adbb59e3ae2688509256c9496e443758546",
    ),
    (
        Hash::Poseidon8,
        "3a9bffca31b48234d189b30de60b7c33f529c08b0836a004f98938b614e6793f",
        "394bcd30e7d92489ce008bc5d8a0ccd99e8f2143abb5e40129ce8e32379d1a13",
    ),
    (
        Hash::Poseidon11,
        "94fe4fc1d1b7c885c9538810707ed5691b68a11db65e2118cf928634ea2d1f44",
        "9dfdd5fb8430a62917a92c2747e3fda9c69cf85e975a1d5673da4ebbc4b25e06",
    ),
];

pub(super) fn check(device: &dyn Backend, sizes: &Sizes) -> Result<(), Broken> {
    for hash in HASHES {
        hashes(device, hash, sizes.hashes)?;
    }
    known_answers(device)?;
    canonical(device)?;
    for &(hash, n_rows) in sizes.trees {
        (0..=n_rows).try_for_each(|n_rows| tree(device, hash, n_rows))?;
    }
    for n_layers in [2, 11] {
        let mut each = sizes.columns.iter();
        each.try_for_each(|&n| columns(device, n_layers, n))?;
        let mut each = sizes.columns_trees.iter();
        each.try_for_each(|&n| columns_tree(device, n_layers, n))?;
    }
    for &(n, n_discarded) in sizes.encode_trees {
        encode_tree(device, n, n_discarded)?;
        encode_scaled_tree(device, n, n_discarded)?;
    }
    for &(layer, n_lanes) in sizes.labels {
        label(device, layer, n_lanes)?;
    }
    for &n in sizes.encodes {
        encode(device, n)?;
        encode_scaled(device, n)?;
    }
    Ok(())
}

/// The largest element.
fn largest() -> Node {
    (-Fr::ONE).into()
}

/// The modulus itself: the smallest number that is no element.
fn modulus() -> Node {
    let mut bytes = largest().0;
    bytes[0] += 1;
    Node(bytes)
}

/// Nodes that carry, borrow and reduce most, and then any.
fn hard_nodes(n: usize) -> Vec<Node> {
    let hard = [
        Node::ZERO,
        largest(),
        Fr::ONE.into(),
        (-Fr::from(2)).into(),
        Fr::ROOT_OF_UNITY.into(),
    ];
    let any = |i: usize| {
        if i.is_multiple_of(3) {
            hard[i / 3 % hard.len()]
        } else {
            random_node(i as u64)
        }
    };
    (0..n).map(any).collect()
}

fn hashes(device: &dyn Backend, hash: Hash, sizes: &[usize]) -> Result<(), Broken> {
    let arity = hash.arity();
    let largest_size = sizes.iter().max().copied().unwrap_or(0);
    // Whole rows of one value, then mixed ones, then random ones.
    let mut preimages = [vec![largest(); 9 * arity], vec![Node::ZERO; arity]].concat();
    preimages.extend(hard_nodes(9 * arity));
    preimages.extend(random_nodes(1, 116 * arity));
    let expected: Vec<Node> = preimages
        .chunks(arity)
        .take(largest_size)
        .map(|preimage| naive::hash(hash, preimage))
        .collect();
    for &size in sizes {
        let case = Case {
            law: "a digest is its preimage's",
            operation: "hash",
            size,
        };
        let mut digests = vec![largest(); size];
        case.done(device.hash(hash, &preimages[..size * arity], &mut digests))?;
        case.same(&digests, &expected[..size])?;
    }
    Ok(())
}

fn known_answers(device: &dyn Backend) -> Result<(), Broken> {
    for (hash, of_zeros, of_largest) in KNOWN {
        let case = Case {
            law: "a digest is the reference's",
            operation: "hash",
            size: 2,
        };
        let preimages = [vec![Node::ZERO; hash.arity()], vec![largest(); hash.arity()]].concat();
        let mut digests = [Node::ZERO; 2];
        case.done(device.hash(hash, &preimages, &mut digests))?;
        case.same(
            &digests.map(|digest| digest.to_string()),
            &[of_zeros.to_owned(), of_largest.to_owned()],
        )?;
    }
    Ok(())
}

/// Numbers from r upwards are refused where elements are asked for, by the place where they stand.
fn canonical(device: &dyn Backend) -> Result<(), Broken> {
    const LAW: &str = "the first node that is no element is refused";
    for wrong in [modulus(), Node([0xff; 32])] {
        for hash in &HASHES[1..] {
            for index in [0, 5, 100, 767] {
                let mut preimages = random_nodes(2, 70 * hash.arity());
                let index = index % preimages.len();
                preimages[index..].fill(wrong);
                let case = Case {
                    law: LAW,
                    operation: "hash",
                    size: 70,
                };
                case.refused(device.hash(*hash, &preimages, &mut [Node::ZERO; 70]), index)?;
            }
        }
        for index in [0, 17, 69] {
            let good = random_nodes(3, 70);
            let mut bad = good.clone();
            bad[index..].fill(wrong);
            let case = |operation| Case {
                law: LAW,
                operation,
                size: 70,
            };
            let mut digests = [Node::ZERO; 70];
            case("columns").refused(device.columns(&[&good, &bad], &mut digests), index)?;
            case("columns").refused(device.columns(&[&bad, &good], &mut digests), index)?;
            case("encode").refused(device.encode(&bad, &mut good.clone()), index)?;
            case("encode").refused(device.encode(&good, &mut bad.clone()), index)?;
            case("decode").refused(device.decode(&bad, &mut good.clone()), index)?;
            case("decode").refused(device.decode(&good, &mut bad.clone()), index)?;
            let factors = Factors {
                factors: &random_elements(6, 3),
                run_len: 40,
                first: 20,
            };
            case("encode_scaled").refused(device.encode_scaled(&bad, factors, &mut good.clone()), index)?;
            case("encode_scaled").refused(device.encode_scaled(&good, factors, &mut bad.clone()), index)?;
            case("decode_scaled").refused(device.decode_scaled(&bad, factors, &mut good.clone()), index)?;
            case("decode_scaled").refused(device.decode_scaled(&good, factors, &mut bad.clone()), index)?;
            let (index, good, mut bad) = (index % 64, &good[..64], good[..64].to_vec());
            bad[index] = wrong;
            case("tree").refused(device.tree(Hash::Poseidon8, &bad, &mut digests[..9]), index)?;
            case("columns_tree").refused(
                device.columns_tree(&[good, &bad], &mut vec![Node::ZERO; 73]),
                index,
            )?;
            case("encode_tree").refused(
                device.encode_tree(&bad, &mut good.to_vec(), 0, &mut digests[..9]),
                index,
            )?;
            case("encode_tree").refused(
                device.encode_tree(good, &mut bad.clone(), 1, &mut digests[..1]),
                index,
            )?;
        }
    }
    // Tree D is over bytes, which need not be elements.
    let case = Case {
        law: "SHA-256 takes any bytes",
        operation: "hash",
        size: 1,
    };
    let mut digest = [Node::ZERO];
    case.done(device.hash(Hash::Sha256, &[Node([0xff; 32]); 2], &mut digest))?;
    case.same(&digest, &[naive::hash(Hash::Sha256, &[Node([0xff; 32]); 2])])
}

fn tree(device: &dyn Backend, hash: Hash, n_rows: u32) -> Result<(), Broken> {
    let size = hash.arity().pow(n_rows);
    let case = Case {
        law: "a tree is its rows",
        operation: "tree",
        size,
    };
    let leaves = hard_nodes(size);
    let expected = naive::tree(hash, &leaves);
    let mut above = vec![largest(); expected.len()];
    case.done(device.tree(hash, &leaves, &mut above))?;
    case.same(&above, &expected)
}

fn layers(n_layers: usize, n: usize) -> Vec<Vec<Node>> {
    let nodes = hard_nodes(n_layers * n);
    nodes.chunks(n).map(<[Node]>::to_vec).collect()
}

fn columns(device: &dyn Backend, n_layers: usize, size: usize) -> Result<(), Broken> {
    let case = Case {
        law: "a column's digest is that of its labels in order",
        operation: "columns",
        size,
    };
    let layers = layers(n_layers, size);
    let layers: Vec<&[Node]> = layers.iter().map(Vec::as_slice).collect();
    let mut digests = vec![largest(); size];
    case.done(device.columns(&layers, &mut digests))?;
    case.same(&digests, &naive::columns(&layers))
}

fn columns_tree(device: &dyn Backend, n_layers: usize, size: usize) -> Result<(), Broken> {
    let case = Case {
        law: "tree C stands on the columns",
        operation: "columns_tree",
        size,
    };
    let layers = layers(n_layers, size);
    let layers: Vec<&[Node]> = layers.iter().map(Vec::as_slice).collect();
    let mut expected = naive::columns(&layers);
    expected.extend(naive::tree(Hash::Poseidon8, &expected));
    let mut tree = vec![largest(); expected.len()];
    case.done(device.columns_tree(&layers, &mut tree))?;
    case.same(&tree, &expected)
}

fn encode_tree(device: &dyn Backend, size: usize, n_discarded: usize) -> Result<(), Broken> {
    let (key, mut data) = (hard_nodes(size), random_nodes(4, size));
    let replica: Vec<Node> = key
        .iter()
        .zip(&data)
        .map(|(key, data)| naive::encode(key, data))
        .collect();
    let (expected, mut kept) = kept_rows(&replica, n_discarded);
    let case = tree_r_last("encode_tree", size);
    case.done(device.encode_tree(&key, &mut data, n_discarded, &mut kept))?;
    case.same(&data, &replica)?;
    case.same(&kept, &expected)
}

fn encode_scaled_tree(device: &dyn Backend, size: usize, n_discarded: usize) -> Result<(), Broken> {
    let (key, mut data) = (hard_nodes(size), random_nodes(4, size));
    let elements = random_elements(7, 9);
    let factors = Factors {
        factors: &elements,
        run_len: size / 8,
        first: size / 16,
    };
    let replica = scaled(&key, factors, &data, naive::encode_scaled);
    let (expected, mut kept) = kept_rows(&replica, n_discarded);
    let case = tree_r_last("encode_scaled_tree", size);
    case.done(device.encode_scaled_tree(&key, factors, &mut data, n_discarded, &mut kept))?;
    case.same(&data, &replica)?;
    case.same(&kept, &expected)
}

fn tree_r_last(operation: &'static str, size: usize) -> Case {
    Case {
        law: "tree R-last stands on the replica, without its lowest rows",
        operation,
        size,
    }
}

/// The rows above a replica that are kept, and room for them.
fn kept_rows(replica: &[Node], n_discarded: usize) -> (Vec<Node>, Vec<Node>) {
    let n_left_out: usize = (1..=n_discarded as u32)
        .map(|row| replica.len() / 8usize.pow(row))
        .sum();
    let kept = naive::tree(Hash::Poseidon8, replica).split_off(n_left_out);
    let room = vec![largest(); kept.len()];
    (kept, room)
}

/// A layer in three calls, the first of one node, in several lanes.
fn label(device: &dyn Backend, layer: u32, n_lanes: usize) -> Result<(), Broken> {
    const N_NODES: usize = 70;
    let case = Case {
        law: "a label is its parents'",
        operation: "label",
        size: N_NODES * n_lanes,
    };
    let parents: Vec<Parents> = (0..N_NODES as u64).map(random_parents).collect();
    let previous: Vec<Vec<Node>> = (0..n_lanes as u64)
        .map(|lane| {
            if layer == 1 {
                Vec::new()
            } else {
                random_nodes(10 + lane, N_NODES)
            }
        })
        .collect();
    let mut rows = vec![vec![largest(); N_NODES]; n_lanes];
    let mut lanes: Vec<Lane<'_>> = rows
        .iter_mut()
        .zip(&previous)
        .enumerate()
        .map(|(lane, (labels, previous))| Lane {
            replica_id: random_node(lane as u64),
            previous,
            labels,
        })
        .collect();
    for range in [0..1, 1..24, 24..N_NODES] {
        case.done(device.label(layer, range.start, &parents[range.clone()], &mut lanes))?;
    }
    for (n_before, lane) in lanes.iter_mut().enumerate() {
        let found = lane.labels.to_vec();
        for (index, parents) in parents.iter().enumerate() {
            lane.labels[index] = naive::label(layer, index, parents, lane);
        }
        let wrong = found
            .iter()
            .zip(&*lane.labels)
            .position(|(found, expected)| found != expected);
        if let Some(index) = wrong {
            return Err(case.broken(n_before * N_NODES + index, None));
        }
    }
    Ok(())
}

/// Base parents before the node, its predecessor first; expander parents anywhere.
fn random_parents(index: u64) -> Parents {
    let random = random_node(1 << 40 | index).0;
    let mut parents = [0; DEGREE];
    for (slot, parent) in parents.iter_mut().enumerate() {
        *parent = match slot {
            0 => index.saturating_sub(1) as u32,
            1..BASE_DEGREE => u32::from(random[slot]) % (index as u32).max(1),
            _ => u32::from(random[slot]) % 70,
        };
    }
    parents
}

fn encode(device: &dyn Backend, size: usize) -> Result<(), Broken> {
    let (key, data) = (hard_nodes(size), random_nodes(5, size));
    let data = [&hard_nodes(size / 2)[..], &data[size / 2..]].concat();
    let case = |operation| Case {
        law: "the key is added, and taken, modulo r",
        operation,
        size,
    };
    let mut nodes = data.clone();
    case("encode").done(device.encode(&key, &mut nodes))?;
    let expected: Vec<Node> = key
        .iter()
        .zip(&data)
        .map(|(key, data)| naive::encode(key, data))
        .collect();
    case("encode").same(&nodes, &expected)?;
    let mut nodes = data.clone();
    case("decode").done(device.decode(&key, &mut nodes))?;
    let expected: Vec<Node> = key
        .iter()
        .zip(&data)
        .map(|(key, data)| naive::decode(key, data))
        .collect();
    case("decode").same(&nodes, &expected)
}

fn encode_scaled(device: &dyn Backend, size: usize) -> Result<(), Broken> {
    let (key, data) = (hard_nodes(size), random_nodes(5, size));
    let data = [&hard_nodes(size / 2)[..], &data[size / 2..]].concat();
    let hard = [Fr::ZERO, Fr::ONE, -Fr::ONE];
    let elements = [&hard[..], &random_elements(8, 18)].concat();
    // The first run is the second factor's, and cut.
    let factors = Factors {
        factors: &elements,
        run_len: 80,
        first: 83,
    };
    let case = |operation| Case {
        law: "the key is added to the data times its run's factor, and taken",
        operation,
        size,
    };
    let mut nodes = data.clone();
    case("encode_scaled").done(device.encode_scaled(&key, factors, &mut nodes))?;
    case("encode_scaled").same(&nodes, &scaled(&key, factors, &data, naive::encode_scaled))?;
    let mut nodes = data.clone();
    case("decode_scaled").done(device.decode_scaled(&key, factors, &mut nodes))?;
    case("decode_scaled").same(&nodes, &scaled(&key, factors, &data, naive::decode_scaled))
}

fn scaled(
    key: &[Node],
    factors: Factors<'_>,
    nodes: &[Node],
    operation: fn(&Node, Fr, &Node) -> Node,
) -> Vec<Node> {
    let pairs = key.iter().zip(nodes).enumerate();
    pairs
        .map(|(i, (key, node))| operation(key, factors.factors[factors.run(i)], node))
        .collect()
}
