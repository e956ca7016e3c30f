//! What each operation of the CPU costs on one core, beside the crates that the reference is built from.
//!
//! `cargo bench -p bench --bench kernels`; with a peer, both run by turns in one process, and only their own
//! turns are counted, so that a neighbour's load meets both alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use generic_array::typenum::{U11, U2, U4, U64, U8};
use generic_array::GenericArray;
use kernels::{
    Backend, Bases, Cpu, Direction, Fr, G1Affine, G2Affine, Hash, Lane, Node, Parents, BASE_DEGREE, DEGREE,
};
use neptune::poseidon::{Arity, Poseidon, PoseidonConstants};
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{compress256, Digest, Sha256};

/// Digests per call: enough for whole batches, few enough for the second cache.
const N_DIGESTS: usize = 256;
/// Nodes of a layer: 32 MiB, more than the caches near a core hold.
const N_NODES: usize = 1 << 20;
/// Elements of a transform, points of a sum.
const N_ELEMENTS: usize = 1 << 14;

/// One thread: figures are per core. Ten short samples of everything take about a minute.
fn main() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread();
    pool.build_global().expect("nothing has used rayon before");
    let (warm_up, measurement) = (Duration::from_millis(100), Duration::from_millis(500));
    let criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(warm_up)
        .measurement_time(measurement);
    let mut criterion = criterion.configure_from_args();
    for benches in [hashes, trees, labels, encoding, groth16] {
        benches(&mut criterion);
    }
    criterion.final_summary();
}

fn random_nodes(n: usize) -> Vec<Node> {
    let mut rng = ChaCha8Rng::seed_from_u64(n as u64);
    let mut nodes = vec![Node::ZERO; n];
    rng.fill_bytes(Node::bytes_mut(&mut nodes));
    nodes.into_iter().map(|node| Node::truncated(node.0)).collect()
}

fn elements(n: usize) -> Vec<Fr> {
    random_nodes(n)
        .into_iter()
        .map(|node| node.to_fr().expect("cut to 254 bits"))
        .collect()
}

/// Measures one function.
fn alone(criterion: &mut Criterion, name: &str, n: usize, mut ours: impl FnMut()) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function("ours", |bencher| bencher.iter(&mut ours));
    group.finish();
}

/// Measures two functions that take turns.
fn beside(criterion: &mut Criterion, name: &str, n: usize, mut ours: impl FnMut(), mut peer: impl FnMut()) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(n as u64));
    group.bench_function("ours", |bencher| {
        bencher.iter_custom(|turns| by_turns(turns, &mut ours, &mut peer))
    });
    group.bench_function("peer", |bencher| {
        bencher.iter_custom(|turns| by_turns(turns, &mut peer, &mut ours))
    });
    group.finish();
}

fn by_turns(turns: u64, counted: &mut impl FnMut(), other: &mut impl FnMut()) -> Duration {
    let mut spent = Duration::ZERO;
    for _ in 0..turns {
        other();
        let start = Instant::now();
        counted();
        spent += start.elapsed();
    }
    spent
}

fn poseidon<A: Arity<Fr>>(criterion: &mut Criterion, hash: Hash) {
    let constants = PoseidonConstants::<Fr, A>::new();
    let preimages = random_nodes(N_DIGESTS * hash.arity());
    for device in Cpu::all() {
        let mut digests = vec![Node::ZERO; N_DIGESTS];
        let mut peers = digests.clone();
        let ours = || device.hash(hash, &preimages, &mut digests).expect("canonical");
        let peer = || {
            for (preimage, digest) in preimages.chunks(hash.arity()).zip(&mut peers) {
                let preimage: Vec<Fr> = preimage
                    .iter()
                    .map(|node| node.to_fr().expect("canonical"))
                    .collect();
                *digest = Poseidon::new_with_preimage(&preimage, &constants).hash().into();
            }
        };
        beside(
            criterion,
            &format!("hash {hash:?} ({})", device.info().name),
            N_DIGESTS,
            ours,
            peer,
        );
    }
}

fn hashes(criterion: &mut Criterion) {
    poseidon::<U2>(criterion, Hash::Poseidon2);
    poseidon::<U4>(criterion, Hash::Poseidon4);
    poseidon::<U8>(criterion, Hash::Poseidon8);
    poseidon::<U11>(criterion, Hash::Poseidon11);
    let cpu = Cpu::new();
    let preimages = random_nodes(2 * N_DIGESTS);
    let mut digests = vec![Node::ZERO; N_DIGESTS];
    let mut peers = digests.clone();
    let ours = || {
        cpu.hash(Hash::Sha256, &preimages, &mut digests)
            .expect("never fails")
    };
    let peer = || {
        for (pair, digest) in preimages.chunks(2).zip(&mut peers) {
            *digest = Node::truncated(Sha256::digest(Node::bytes(pair)).into());
        }
    };
    beside(criterion, "hash Sha256", N_DIGESTS, ours, peer);
}

fn trees(criterion: &mut Criterion) {
    let cpu = Cpu::new();
    let n = 8usize.pow(3);
    let leaves = random_nodes(n);
    let mut above = vec![Node::ZERO; (n - 1) / 7];
    alone(criterion, "tree Poseidon8, per leaf", n, || {
        cpu.tree(Hash::Poseidon8, &leaves, &mut above).expect("canonical");
    });
    let mut above = vec![Node::ZERO; n - 1];
    alone(criterion, "tree Sha256, per leaf", n, || {
        cpu.tree(Hash::Sha256, &leaves, &mut above).expect("never fails");
    });
    let layers = vec![&leaves[..]; 11];
    let mut digests = vec![Node::ZERO; n];
    alone(criterion, "columns of 11", n, || {
        cpu.columns(&layers, &mut digests).expect("canonical")
    });
    let mut tree = vec![Node::ZERO; n + (n - 1) / 7];
    alone(criterion, "columns_tree of 2, per column", n, || {
        cpu.columns_tree(&layers[..2], &mut tree).expect("canonical");
    });
    let mut data = leaves.clone();
    let mut kept = [Node::ZERO];
    alone(criterion, "encode_tree, per leaf", n, || {
        cpu.encode_tree(&leaves, &mut data, 2, &mut kept)
            .expect("canonical");
    });
}

fn labels(criterion: &mut Criterion) {
    let cpu = Cpu::new();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let first = N_NODES / 2;
    let parents: Vec<Parents> = (first..first + N_DIGESTS)
        .map(|node| {
            let mut parents = [0; DEGREE];
            parents.fill_with(|| rng.next_u32() % first as u32);
            parents[0] = node as u32 - 1;
            parents
        })
        .collect();
    let previous = random_nodes(N_NODES);
    let (mut labels, mut peers) = (previous.clone(), previous.clone());
    let replica_id = previous[0];
    for n_lanes in [1, 2] {
        let mut others = previous.clone();
        let lane = |labels| Lane {
            replica_id,
            previous: &previous,
            labels,
        };
        let mut lanes = vec![lane(&mut labels[..]), lane(&mut others[..])];
        lanes.truncate(n_lanes);
        let ours = || cpu.label(2, first, &parents, &mut lanes).expect("never fails");
        let peer = || {
            for (offset, parents) in parents.iter().enumerate() {
                peers[first + offset] = peer_label(&replica_id, first + offset, parents, &previous, &peers);
            }
        };
        beside(
            criterion,
            &format!("label in {n_lanes} lanes"),
            N_DIGESTS * n_lanes,
            ours,
            peer,
        );
    }
}

/// A label as the reference's `create_label` makes it: gather into blocks, then compress.
fn peer_label(
    replica_id: &Node,
    index: usize,
    parents: &Parents,
    previous: &[Node],
    labels: &[Node],
) -> Node {
    let mut blocks = [GenericArray::<u8, U64>::default(); 20];
    blocks[0][..32].copy_from_slice(&replica_id.0);
    blocks[0][32..36].copy_from_slice(&2u32.to_be_bytes());
    blocks[0][36..44].copy_from_slice(&(index as u64).to_be_bytes());
    for position in 0..37 {
        let slot = position % DEGREE;
        let row = if slot < BASE_DEGREE { labels } else { previous };
        let half = position % 2 * 32;
        blocks[1 + position / 2][half..half + 32].copy_from_slice(&row[parents[slot] as usize].0);
    }
    blocks[19][32] = 0x80;
    blocks[19][62..].copy_from_slice(&(8 * 1248u16).to_be_bytes());
    let mut state = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];
    compress256(&mut state, &blocks);
    let mut digest = [0; 32];
    for (bytes, word) in digest.chunks_mut(4).zip(state) {
        bytes.copy_from_slice(&u32::to_be_bytes(word));
    }
    Node::truncated(digest)
}

fn encoding(criterion: &mut Criterion) {
    let cpu = Cpu::new();
    let key = random_nodes(N_ELEMENTS);
    let (mut data, mut peers) = (key.clone(), key.clone());
    let ours = || cpu.encode(&key, &mut data).expect("canonical");
    let peer = || {
        for (key, data) in key.iter().zip(&mut peers) {
            *data = (key.to_fr().expect("canonical") + data.to_fr().expect("canonical")).into();
        }
    };
    beside(criterion, "encode", N_ELEMENTS, ours, peer);
    alone(criterion, "decode", N_ELEMENTS, || {
        cpu.decode(&key, &mut data).expect("canonical")
    });
}

fn groth16(criterion: &mut Criterion) {
    let cpu = Cpu::new();
    let scalars = elements(N_ELEMENTS);
    let mut values = scalars.clone();
    for direction in [Direction::Forward, Direction::Inverse] {
        alone(
            criterion,
            &format!("ntt {direction:?}, per element"),
            N_ELEMENTS,
            || {
                cpu.ntt(direction, &mut values).expect("never fails");
            },
        );
    }
    let mut b = scalars.clone();
    let c = |values: &mut [Fr]| values.copy_from_slice(&scalars);
    alone(criterion, "quotient, per row", N_ELEMENTS, || {
        cpu.quotient(&mut values, &mut b, &c).expect("never fails");
    });
    let generator = <G1Affine as group::prime::PrimeCurveAffine>::generator();
    let mut multiples = vec![generator; N_ELEMENTS];
    alone(criterion, "multiples_g1", N_ELEMENTS, || {
        cpu.multiples_g1(&generator, &scalars, &mut multiples)
            .expect("never fails");
    });
    let bytes: Vec<u8> = multiples.iter().flat_map(G1Affine::to_uncompressed).collect();
    alone(criterion, "msm_g1", N_ELEMENTS, || {
        black_box(
            cpu.msm_g1(Bases { id: 0, bytes: &bytes }, (&scalars).into())
                .expect("on the curve"),
        );
    });
    let generator = <G2Affine as group::prime::PrimeCurveAffine>::generator();
    let mut multiples = vec![generator; N_ELEMENTS];
    alone(criterion, "multiples_g2", N_ELEMENTS, || {
        cpu.multiples_g2(&generator, &scalars, &mut multiples)
            .expect("never fails");
    });
    let bytes: Vec<u8> = multiples.iter().flat_map(G2Affine::to_uncompressed).collect();
    alone(criterion, "msm_g2", N_ELEMENTS, || {
        black_box(
            cpu.msm_g2(Bases { id: 0, bytes: &bytes }, (&scalars).into())
                .expect("on the curve"),
        );
    });
}
