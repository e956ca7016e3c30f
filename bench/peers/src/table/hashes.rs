//! Hashes, one thread on either side.

use anyhow::Result;
use filecoin_hashers::{
    poseidon::{PoseidonDomain, PoseidonFunction, PoseidonHasher},
    sha256::{Sha256Domain, Sha256Function},
    Domain, HashFunction,
};
use kernels::{Backend, Cpu, Hash, Node};
use storage_proofs_porep::stacked::Column;

use super::{contest, one_thread, peer, random_nodes, timed, Row, Timed, Words};

/// Digests in a round.
pub(super) const N_DIGESTS: usize = 1 << 12;

pub(super) fn poseidon_2(rounds: usize) -> Result<Row> {
    poseidon(Hash::Poseidon2, rounds)
}

pub(super) fn poseidon_8(rounds: usize) -> Result<Row> {
    poseidon(Hash::Poseidon8, rounds)
}

fn poseidon(hash: Hash, rounds: usize) -> Result<Row> {
    let preimages = random_nodes(N_DIGESTS * hash.arity());
    let theirs = || {
        let digest = |preimage: &[Node]| PoseidonFunction::hash(Node::bytes(preimage));
        let digests = timed(|| Ok(preimages.chunks(hash.arity()).map(digest).collect::<Vec<_>>()))?;
        Ok(nodes(digests))
    };
    contest(words(hash, &peer("neptune")), rounds, theirs, || {
        ours(hash, &preimages)
    })
}

pub(super) fn poseidon_11(rounds: usize) -> Result<Row> {
    let hash = Hash::Poseidon11;
    let preimages = random_nodes(N_DIGESTS * hash.arity());
    let rows = |column: &[Node]| column.iter().map(|node| PoseidonDomain::from(node.0)).collect();
    let columns = preimages
        .chunks(hash.arity())
        .map(|column| Column::<PoseidonHasher>::new(0, rows(column)));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let theirs = || {
        let digests = timed(|| Ok(columns.iter().map(|column| column.hash().into()).collect()))?;
        Ok(nodes::<PoseidonDomain>(digests))
    };
    contest(words(hash, &peer("neptune")), rounds, theirs, || {
        ours(hash, &preimages)
    })
}

pub(super) fn tree_d_node(rounds: usize) -> Result<Row> {
    let preimages = random_nodes(2 * N_DIGESTS);
    let domains: Vec<Sha256Domain> = preimages.iter().map(|node| Sha256Domain::from(node.0)).collect();
    let theirs = || {
        let digest = |pair: &[Sha256Domain]| Sha256Function::hash2(&pair[0], &pair[1]);
        Ok(nodes(timed(|| Ok(domains.chunks(2).map(digest).collect()))?))
    };
    let hash = Hash::Sha256;
    contest(words(hash, &peer("sha2")), rounds, theirs, || {
        ours(hash, &preimages)
    })
}

fn words(hash: Hash, peer: &str) -> Words {
    Words {
        stage: format!("{hash:?} × {N_DIGESTS}"),
        peer: peer.to_owned(),
        note: "1 thread".to_owned(),
    }
}

fn ours(hash: Hash, preimages: &[Node]) -> Result<Timed<Vec<Node>>> {
    let cpu = Cpu::new();
    let mut digests = vec![Node::ZERO; N_DIGESTS];
    let took = one_thread(|| timed(|| Ok(cpu.hash(hash, preimages, &mut digests)?)))??.took;
    Ok(Timed {
        output: digests,
        took,
    })
}

fn nodes<D: Domain>(digests: Timed<Vec<D>>) -> Timed<Vec<Node>> {
    let node = |digest: &D| {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Node(bytes)
    };
    Timed {
        output: digests.output.iter().map(node).collect(),
        took: digests.took,
    }
}
