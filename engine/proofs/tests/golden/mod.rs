//! Holds a sealed sector against what the reference made of the same data.

use engine_proofs::{
    porep::{
        challenge::Challenges,
        vanilla::{prove, verify},
    },
    replica_id::Seed,
};
use kernels::Node;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    fixture::{cases, number, word},
    sealed::{Case, Sealed},
};

/// Seals the sector of a known answer, and compares everything that the answer tells of it.
pub fn check(golden: &Value) {
    let sealed = Case::of(golden).seal();
    let name = word(&golden["case"]["name"]);
    for (what, node) in [
        ("comm_d", sealed.statement.comm_d),
        ("replica_id", sealed.statement.replica_id),
        ("comm_c", sealed.aux[0]),
        ("comm_r_last", sealed.aux[1]),
        ("comm_r", sealed.statement.comm_r),
    ] {
        assert_eq!(node.to_string(), word(&golden[what]), "{name}: {what}");
    }
    for entry in cases(&golden["parents"]) {
        let node = number(&entry["node"]) as usize;
        let parents = cases(&entry["parents"])
            .iter()
            .map(|parent| number(parent) as u32);
        assert!(
            parents.eq(sealed.graph.parents(node)),
            "{name}: parents of node {node}"
        );
    }
    for entry in cases(&golden["labels"]) {
        let (layer, node) = (number(&entry["layer"]) as usize, number(&entry["node"]) as usize);
        let label = sealed.layers[layer - 1][node].to_string();
        assert_eq!(label, word(&entry["label"]), "{name}: layer {layer}: node {node}");
    }
    for entry in cases(&golden["replica_nodes"]) {
        let node = number(&entry["node"]) as usize;
        assert_eq!(
            sealed.data[node].to_string(),
            word(&entry["data"]),
            "{name}: data {node}"
        );
        assert_eq!(
            sealed.replica[node].to_string(),
            word(&entry["replica"]),
            "{name}: replica {node}"
        );
    }
    let files = golden["files"].as_object().unwrap();
    assert_eq!(
        files.len(),
        5 + sealed.layers.len() + sealed.tree_c.len() + sealed.tree_r_last.len() - 1
    );
    for (file, entry) in files {
        let digest = hex::encode(Sha256::digest(Node::bytes(nodes(&sealed, file))));
        assert_eq!(digest, word(&entry["sha256"]), "{name}: {file}");
    }
    prove_and_verify(&sealed, &word(&golden["case"]["seed"]).parse().unwrap());
}

/// Whatever the shape of the trees: what is opened verifies.
fn prove_and_verify(sealed: &Sealed, seed: &Seed) {
    let Sealed { statement, graph, .. } = sealed;
    let challenges = Challenges::Interactive(*seed);
    let proofs = prove(&sealed.sector(), graph, statement, &challenges).unwrap();
    assert_eq!(proofs.len(), statement.geometry.porep_partitions);
    for (k, proof) in proofs.iter().enumerate() {
        assert!(verify(proof, statement, graph, &challenges, k), "partition {k}");
    }
}

/// What a file of the reference holds.
fn nodes<'a>(sealed: &'a Sealed, file: &str) -> &'a [Node] {
    let stem = file.trim_start_matches("sc-02-data-").trim_end_matches(".dat");
    let number = stem
        .rsplit('-')
        .next()
        .and_then(|number| number.parse::<usize>().ok());
    match stem.trim_end_matches(|c: char| c == '-' || c.is_ascii_digit()) {
        "p_aux" => &sealed.aux,
        "sealed" => &sealed.replica,
        "staged" => &sealed.data,
        "tree-d" => &sealed.tree_d,
        "layer" => &sealed.layers[number.unwrap() - 1],
        "tree-c" => &sealed.tree_c[number.unwrap_or(0)],
        "tree-r-last" => &sealed.tree_r_last[number.unwrap_or(0)],
        _ => panic!("no file {file}"),
    }
}
