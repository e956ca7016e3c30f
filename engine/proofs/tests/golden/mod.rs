//! Reads the reference's cases, and holds a sealed sector against one.

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    registered::ApiVersion,
    replica_id::{PorepId, Seed, Ticket},
};
use kernels::Node;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    fixture::{cases, number, word},
    sealed::{pattern, Case, Sealed},
};

/// The sector of a known answer, before it is sealed.
pub fn case(value: &Value) -> Case {
    let size = SectorSize::from_bytes(number(&value["sector_size"])).unwrap();
    let sector = number(&value["sector_id"]);
    let versions = [ApiVersion::V1_0_0, ApiVersion::V1_1_0, ApiVersion::V1_2_0];
    let api = word(&value["api"]);
    Case {
        geometry: Geometry::of(size),
        api_version: versions
            .into_iter()
            .find(|version| version.to_string() == api)
            .unwrap(),
        porep_id: word(&value["porep_id"]).parse::<PorepId>().unwrap(),
        prover_id: word(&value["prover_id"]).parse().unwrap(),
        sector,
        ticket: word(&value["ticket"]).parse::<Ticket>().unwrap(),
        seed: word(&value["seed"]).parse::<Seed>().unwrap(),
        data: pattern(word(&value["data_pattern"]), sector, size),
    }
}

/// Seals the sector of a known answer, and compares everything that the answer tells of it.
pub fn check(golden: &Value) {
    let sealed = case(&golden["case"]).seal();
    let name = word(&golden["case"]["name"]);
    for (what, node) in [
        ("comm_d", sealed.statement.comm_d),
        ("replica_id", sealed.statement.replica_id),
        ("comm_c", sealed.comm_c),
        ("comm_r_last", sealed.comm_r_last),
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
        let digest = hex::encode(Sha256::digest(Node::bytes(&nodes(&sealed, file))));
        assert_eq!(digest, word(&entry["sha256"]), "{name}: {file}");
    }
}

/// What a file of the reference holds.
fn nodes(sealed: &Sealed, file: &str) -> Vec<Node> {
    let aux = [sealed.comm_c, sealed.comm_r_last];
    let stem = file.trim_start_matches("sc-02-data-").trim_end_matches(".dat");
    let of = |trees: &[Vec<Node>], number: &str| match number.strip_prefix('-') {
        Some(number) => trees[number.parse::<usize>().unwrap()].clone(),
        None => trees[0].clone(),
    };
    match stem {
        "p_aux" => aux.to_vec(),
        "sealed" => sealed.replica.clone(),
        "staged" => sealed.data.clone(),
        "tree-d" => sealed.tree_d.clone(),
        _ if stem.starts_with("layer-") => sealed.layers[stem[6..].parse::<usize>().unwrap() - 1].clone(),
        _ if stem.starts_with("tree-c") => of(&sealed.tree_c, &stem[6..]),
        _ if stem.starts_with("tree-r-last") => of(&sealed.tree_r_last, &stem[11..]),
        _ => panic!("no file {file}"),
    }
}
