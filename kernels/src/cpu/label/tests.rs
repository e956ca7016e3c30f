//! Every body against the definition.

use sha2::{Digest, Sha256};

use super::*;

const N_NODES: usize = 40;

/// Numbers that differ in every byte.
fn random(seed: (usize, usize)) -> Node {
    Node(Sha256::digest(format!("{seed:?}")).into())
}

/// Base parents before the node, its predecessor first; expander parents anywhere.
fn parents(node: usize) -> Parents {
    let random = random((0, node)).0;
    std::array::from_fn(|slot| match slot {
        0 => node.saturating_sub(1) as u32,
        1..BASE_DEGREE => u32::from(random[slot]) % node.max(1) as u32,
        _ => u32::from(random[slot]) % N_NODES as u32,
    })
}

/// `SHA256(replica_id ‖ u32be(layer) ‖ u64be(node) ‖ 0²⁰ ‖ 37 parent labels, repeating)`, cut to 254 bits.
fn definition(layer: u32, node: usize, parents: &Parents, lane: &Lane<'_>) -> Node {
    let header = Sha256::new()
        .chain_update(lane.replica_id.0)
        .chain_update(layer.to_be_bytes())
        .chain_update((node as u64).to_be_bytes())
        .chain_update([0; 20]);
    let n_parents = if layer == 1 { BASE_DEGREE } else { DEGREE };
    let n_repeated = if node == 0 { 0 } else { N_REPEATED };
    let labels = (0..n_parents).cycle().take(n_repeated);
    let hash = labels.fold(header, |hash, slot| {
        hash.chain_update(parent(parents, slot, lane).0)
    });
    Node::truncated(hash.finalize().into())
}

type Label<'a> = &'a dyn Fn(usize, &[Parents], &mut [Lane<'_>]);

fn check(layer: u32, n_lanes: usize, name: &str, label: Label<'_>) {
    let all_parents: Vec<Parents> = (0..N_NODES).map(parents).collect();
    let n_previous = if layer == 1 { 0 } else { N_NODES };
    let previous: Vec<Vec<Node>> = (0..n_lanes)
        .map(|lane| (0..n_previous).map(|node| random((lane + 1, node))).collect())
        .collect();
    let mut rows = vec![vec![Node([0xff; 32]); N_NODES]; n_lanes];
    let lanes = rows.iter_mut().zip(&previous).enumerate();
    let mut lanes: Vec<Lane<'_>> = lanes
        .map(|(lane, (labels, previous))| Lane {
            replica_id: random((lane, usize::MAX)),
            previous,
            labels,
        })
        .collect();
    for range in [0..1, 1..7, 7..7, 7..N_NODES] {
        label(range.start, &all_parents[range.clone()], &mut lanes);
    }
    for (number, lane) in lanes.iter().enumerate() {
        for (node, parents) in all_parents.iter().enumerate() {
            let expected = definition(layer, node, parents, lane);
            assert_eq!(
                lane.labels[node], expected,
                "{name}: layer {layer}, lane {number} of {n_lanes}, node {node}"
            );
        }
    }
}

#[test]
fn every_body_labels_every_number_of_lanes_alike() {
    for n_lanes in [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33] {
        for layer in [1, 2, 11] {
            for level in Level::ALL {
                for body in Body::all(level) {
                    check(layer, n_lanes, &format!("{body:?}"), &|first, parents, lanes| {
                        body.label(
                            Work {
                                layer,
                                first,
                                parents,
                            },
                            lanes,
                        );
                    });
                }
                check(layer, n_lanes, &level.to_string(), &|first, parents, lanes| {
                    label(level, layer, first, parents, lanes);
                });
            }
        }
    }
}

/// In a graph of the first version the predecessor is the last base parent; and a node may have one parent only.
#[test]
fn parents_stand_anywhere() {
    let parents: Vec<Parents> = (0..N_NODES as u32)
        .map(|node| {
            let mut parents = [node.saturating_sub(1); DEGREE];
            parents[..BASE_DEGREE - 1].fill(node / 2);
            parents
        })
        .collect();
    let mut expected = vec![Node::ZERO; N_NODES];
    for body in Body::all(Level::Ifma) {
        let mut labels = vec![Node::ZERO; N_NODES];
        let previous: Vec<Node> = (0..N_NODES).map(|node| random((9, node))).collect();
        let lane = Lane {
            replica_id: random((0, 0)),
            previous: &previous,
            labels: &mut labels,
        };
        let work = Work {
            layer: 2,
            first: 0,
            parents: &parents,
        };
        body.label(work, &mut [lane]);
        if expected[0] == Node::ZERO {
            expected.clone_from(&labels);
        }
        assert_eq!(labels, expected, "{body:?}");
    }
}
