//! What each operation means, written as its definition reads and for no speed at all.

use std::sync::LazyLock;

use ff::{Field, PrimeField};
use generic_array::typenum::{U11, U2, U4, U8};
use group::Group;
use neptune::poseidon::{Arity, PoseidonConstants};
use sha2::{Digest, Sha256};

use crate::{Direction, Fr, Hash, Lane, Node, Parents, BASE_DEGREE, DEGREE};

/// The field element of a node that must be one.
fn element(node: &Node) -> Fr {
    node.to_fr()
        .expect("a law gives canonical nodes where it asks for a result")
}

pub(super) fn hash(hash: Hash, preimage: &[Node]) -> Node {
    match hash {
        Hash::Sha256 => Node::truncated(Sha256::digest(Node::bytes(preimage)).into()),
        Hash::Poseidon2 => poseidon(&TEXTBOOK[0], 3, preimage),
        Hash::Poseidon2Custom => poseidon(&TEXTBOOK[0], 1 << 40, preimage),
        Hash::Poseidon4 => poseidon(&TEXTBOOK[1], 15, preimage),
        Hash::Poseidon8 => poseidon(&TEXTBOOK[2], 255, preimage),
        Hash::Poseidon11 => poseidon(&TEXTBOOK[3], 2047, preimage),
    }
}

/// All rows above the leaves.
pub(super) fn tree(with: Hash, leaves: &[Node]) -> Vec<Node> {
    let mut above = Vec::new();
    let mut row = leaves.to_vec();
    while row.len() > 1 {
        row = row
            .chunks(with.arity())
            .map(|children| hash(with, children))
            .collect();
        above.extend_from_slice(&row);
    }
    above
}

pub(super) fn columns(layers: &[&[Node]]) -> Vec<Node> {
    let hash_of = Hash::poseidon(layers.len()).expect("a law has 2 or 11 layers");
    let column = |v: usize| layers.iter().map(|labels| labels[v]).collect::<Vec<_>>();
    (0..layers[0].len()).map(|v| hash(hash_of, &column(v))).collect()
}

/// What a permutation of one width is made of.
struct Textbook {
    width: usize,
    partial_rounds: usize,
    keys: Vec<Fr>,
    /// `1 / (i + width)`: the matrix holds `1 / (i + j + width)`.
    inverses: Vec<Fr>,
}

static TEXTBOOK: LazyLock<[Textbook; 4]> = LazyLock::new(|| {
    [
        textbook::<U2>(55),
        textbook::<U4>(56),
        textbook::<U8>(57),
        textbook::<U11>(57),
    ]
});

fn textbook<A: Arity<Fr>>(partial_rounds: usize) -> Textbook {
    let width = A::to_usize() + 1;
    let keys = PoseidonConstants::<Fr, A>::new()
        .round_constants
        .expect("neptune keeps what it computed");
    let inverse = |i: usize| Fr::from(i as u64).invert().expect("small numbers have inverses");
    Textbook {
        width,
        partial_rounds,
        keys,
        inverses: (width..3 * width).map(inverse).collect(),
    }
}

/// Poseidon as its paper has it: keys, S-boxes, the whole matrix, in every round.
fn poseidon(textbook: &Textbook, tag: u64, preimage: &[Node]) -> Node {
    let width = textbook.width;
    let inverses = &textbook.inverses;
    let mut state: Vec<Fr> = [Fr::from(tag)]
        .into_iter()
        .chain(preimage.iter().map(element))
        .collect();
    for (round, keys) in textbook.keys.chunks(width).enumerate() {
        state
            .iter_mut()
            .zip(keys)
            .for_each(|(element, key)| *element += key);
        let full = !(4..4 + textbook.partial_rounds).contains(&round);
        let boxed = if full { &mut state[..] } else { &mut state[..1] };
        boxed
            .iter_mut()
            .for_each(|element| *element = element.square().square() * *element);
        state = (0..width)
            .map(|j| (0..width).map(|i| state[i] * inverses[i + j]).sum())
            .collect();
    }
    state[1].into()
}

/// The label of one node, whose parents are labelled already.
pub(super) fn label(layer: u32, index: usize, parents: &Parents, lane: &Lane<'_>) -> Node {
    let mut hasher = Sha256::new();
    hasher.update(lane.replica_id.0);
    hasher.update(layer.to_be_bytes());
    hasher.update((index as u64).to_be_bytes());
    hasher.update([0; 20]);
    if index > 0 {
        let n_parents = if layer == 1 { BASE_DEGREE } else { DEGREE };
        for slot in (0..n_parents).cycle().take(37) {
            let row: &[Node] = if slot < BASE_DEGREE {
                lane.labels
            } else {
                lane.previous
            };
            hasher.update(row[parents[slot] as usize].0);
        }
    }
    Node::truncated(hasher.finalize().into())
}

pub(super) fn encode(key: &Node, data: &Node) -> Node {
    (element(data) + element(key)).into()
}

pub(super) fn decode(key: &Node, replica: &Node) -> Node {
    (element(replica) - element(key)).into()
}

pub(super) fn encode_scaled(key: &Node, factor: Fr, data: &Node) -> Node {
    (element(data) * factor + element(key)).into()
}

pub(super) fn decode_scaled(key: &Node, factor: Fr, replica: &Node) -> Node {
    ((element(replica) - element(key)) * factor).into()
}

/// Every output from every input.
pub(super) fn ntt(direction: Direction, values: &[Fr]) -> Vec<Fr> {
    let n = values.len();
    let root = Fr::ROOT_OF_UNITY.pow([(1 << Fr::S) / n as u64]);
    let (root, scale) = match direction {
        Direction::Forward => (root, Fr::ONE),
        Direction::Inverse => (
            root.invert().expect("a root"),
            Fr::from(n as u64).invert().expect("n < r"),
        ),
    };
    let powers: Vec<Fr> = std::iter::successors(Some(Fr::ONE), |power| Some(power * root))
        .take(n)
        .collect();
    (0..n)
        .map(|k| (0..n).map(|j| values[j] * powers[j * k % n]).sum::<Fr>() * scale)
        .collect()
}

/// `(A·B − C) / (Xⁿ − 1)` by the schoolbook, for constraints that hold.
pub(super) fn quotient(a: &[Fr], b: &[Fr], c: &[Fr]) -> Vec<Fr> {
    let n = a.len();
    let [a, b, c] = [a, b, c].map(|values| ntt(Direction::Inverse, values));
    let mut product = vec![Fr::ZERO; 2 * n];
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            product[i + j] += a * b;
        }
    }
    product
        .iter_mut()
        .zip(&c)
        .for_each(|(coefficient, c)| *coefficient -= c);
    // Xⁿ leaves the remainder 1: what stands n places higher comes down once.
    product[n..].to_vec()
}

/// `scalar · base`, bit by bit.
pub(super) fn multiple<G: Group>(base: &G, scalar: &Fr) -> G {
    let bits = scalar
        .to_repr()
        .into_iter()
        .rev()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    bits.fold(G::identity(), |sum, bit| {
        if bit == 1 {
            sum.double() + base
        } else {
            sum.double()
        }
    })
}
