//! Digests and constants against what the reference computes: `fixtures/poseidon.json`, `fixtures/hash-misc.json`.

use generic_array::typenum::{U11, U2, U4, U8};
use kernels::{Backend, Cpu, Fr, Hash, Node};
use neptune::poseidon::{Arity, PoseidonConstants};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Arities that seal and prove; the file knows some more.
const ARITIES: [u64; 4] = [2, 4, 8, 11];

fn fixture(name: &str) -> Value {
    let path = format!("{}/../fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).expect("fixtures lie in the repository");
    serde_json::from_str(&text).expect("fixtures are JSON")
}

fn node(value: &Value) -> Node {
    let bytes = hex::decode(value.as_str().expect("a string")).expect("hex");
    Node(bytes.try_into().expect("32 bytes"))
}

fn nodes(values: &Value) -> Vec<Node> {
    rows(values).iter().map(node).collect()
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().expect("an array")
}

/// `prf(i) = SHA256("fr" ‖ i)`, cut to 254 bits: the fixtures' own source of nodes.
fn prf(i: u64) -> Node {
    Node::truncated(
        Sha256::new()
            .chain_update("fr")
            .chain_update(i.to_le_bytes())
            .finalize()
            .into(),
    )
}

/// Many equal preimages in one call, so that every way through a device's batches is taken.
fn check_hash(hash: Hash, preimage: &[Node], digest: Node) {
    for device in Cpu::all() {
        for n_digests in [1, 3, 19] {
            let mut digests = vec![Node::ZERO; n_digests];
            device
                .hash(hash, &preimage.repeat(n_digests), &mut digests)
                .expect("canonical");
            assert_eq!(
                digests,
                vec![digest; n_digests],
                "{}: {hash:?} of {preimage:?}",
                device.info().name
            );
        }
    }
}

fn poseidons() -> Vec<(Hash, Value)> {
    let file = fixture("poseidon.json");
    let used = rows(&file["arities"])
        .iter()
        .filter(|row| ARITIES.contains(&row["arity"].as_u64().unwrap()));
    used.map(|row| {
        (
            Hash::poseidon(row["arity"].as_u64().unwrap() as usize).unwrap(),
            row.clone(),
        )
    })
    .collect()
}

#[test]
fn poseidon_digests() {
    for (hash, row) in poseidons() {
        for vector in rows(&row["vectors"]) {
            check_hash(hash, &nodes(&vector["preimage_le"]), node(&vector["digest_le"]));
        }
    }
}

#[test]
fn poseidon_constants() {
    let files: Vec<Value> = poseidons().into_iter().map(|(_, row)| row).collect();
    check_constants::<U2>(&files[0]);
    check_constants::<U4>(&files[1]);
    check_constants::<U8>(&files[2]);
    check_constants::<U11>(&files[3]);
}

fn check_constants<A: Arity<Fr>>(row: &Value) {
    let constants = PoseidonConstants::<Fr, A>::new();
    let all = constants.round_constants.expect("neptune keeps what it computed");
    assert_eq!(sha256(&all), row["sha256_round_constants_le"]);
    assert_eq!(Node::from(all[0]), node(&row["first_round_constants_le"][0]));
    assert_eq!(
        sha256(&constants.compressed_round_constants),
        row["sha256_compressed_round_constants_le"]
    );
    assert_eq!(
        sha256(constants.mds_matrices.m.iter().flatten()),
        row["mds_m_rows_sha256_le"]
    );
    assert_eq!(
        sha256(constants.pre_sparse_matrix.iter().flatten()),
        row["pre_sparse_sha256_le"]
    );
    let sparse = constants
        .sparse_matrixes
        .iter()
        .flat_map(|m| m.w_hat.iter().chain(&m.v_rest));
    assert_eq!(sha256(sparse), row["sparse_sha256_le(w_hat||v_rest each)"]);
    assert_eq!(Node::from(constants.domain_tag), node(&row["domain_tag_le"]));
    assert_eq!(constants.full_rounds, row["full_rounds"]);
    assert_eq!(constants.partial_rounds, row["partial_rounds"]);
}

fn sha256<'a>(elements: impl IntoIterator<Item = &'a Fr>) -> String {
    let mut hasher = Sha256::new();
    elements
        .into_iter()
        .for_each(|element| hasher.update(Node::from(*element).0));
    hex::encode(hasher.finalize())
}

/// The hash of a tag of its own, over small numbers.
#[test]
fn custom_poseidon_digests() {
    for row in rows(&fixture("hash-misc.json")["poseidon_gen_randomness_U2_custom_tag_1"]["vectors"]) {
        let preimage = ["a", "b"].map(|name| Fr::from(row[name].as_u64().expect("a number")).into());
        check_hash(Hash::Poseidon2Custom, &preimage, node(&row["digest_le"]));
    }
}

#[test]
fn sha256_nodes() {
    for row in rows(&fixture("hash-misc.json")["sha256_truncated_node"]) {
        check_hash(
            Hash::Sha256,
            &[node(&row["left"]), node(&row["right"])],
            node(&row["digest"]),
        );
    }
}

#[test]
fn columns() {
    for row in rows(&fixture("hash-misc.json")["column_hash"]) {
        let column: Vec<Node> = (500..)
            .map(prf)
            .take(row["layers"].as_u64().unwrap() as usize)
            .collect();
        let layers: Vec<&[Node]> = column.chunks(1).collect();
        let mut digest = [Node::ZERO];
        Cpu::new().columns(&layers, &mut digest).expect("canonical");
        assert_eq!(digest[0], node(&row["digest_le"]));
    }
}

#[test]
fn encoding() {
    for row in rows(&fixture("hash-misc.json")["encode_field_add"]) {
        let (key, data) = ([node(&row["key_le"])], node(&row["data_le"]));
        let mut nodes = [data];
        Cpu::new().encode(&key, &mut nodes).expect("canonical");
        assert_eq!(nodes[0], node(&row["replica_le"]));
        Cpu::new().decode(&key, &mut nodes).expect("canonical");
        assert_eq!(nodes[0], data);
    }
}
