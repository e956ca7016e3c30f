//! PoSt of 2 KiB sectors: parameters, witnesses and proofs are the reference's, byte for byte.

mod fixture;
mod sealed;

use engine_proofs::{
    geometry::Geometry,
    groth16::{generate, mock::MockProver, prove, Blinding, Parameters, Secret},
    path::Path,
    post::{circuit::Post, vanilla::SectorProof},
    silent,
    tree::Crown,
    Part,
};
use ff::{Field, PrimeField};
use fixture::{cases, number, word};
use kernels::{Cpu, Fr, Node};
use sealed::{Case, Sealed};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

fn scalar(hex: &Value) -> Fr {
    let bytes = hex::decode(word(hex)).expect("hex");
    let bytes = bytes.try_into().expect("32 bytes of hex");
    Option::from(Fr::from_repr(bytes)).expect("canonical")
}

fn scalars(list: &Value) -> Vec<Fr> {
    cases(list).iter().map(scalar).collect()
}

fn geometry() -> &'static Geometry {
    Geometry::of("2KiB".parse().expect("the size is in the table"))
}

/// Seals a sector by its name, such as `2KiB-1.1.0-plain-chacha8-s42`.
fn seal(name: &str) -> Sealed {
    let words: Vec<&str> = name.split('-').collect();
    let [_, api, _, pattern, sector] = words[..] else {
        panic!("{name} is no name of a sector");
    };
    let mut golden = fixture::read("porep-2KiB-1.1.0-plain-mod251-s42.json");
    golden["case"]["api"] = json!(api);
    golden["case"]["data_pattern"] = json!(pattern);
    golden["case"]["sector_id"] = json!(sector[1..].parse::<u64>().expect("a number"));
    Case::of(&golden).seal()
}

/// Opens the nodes of the replica that the reference was asked for.
fn open(sealed: &Sealed, challenges: &[Value]) -> SectorProof {
    let sector = sealed.sector();
    let roots = sealed.tree_r_last.iter().map(|tree| tree[tree.len() - 1]);
    let crown = Crown::new(geometry(), roots.collect(), Part::TreeRLast).expect("roots are canonical");
    let keys = &sealed.layers[sealed.layers.len() - 1];
    let open = |challenge: &Value| {
        let node = number(challenge) as usize;
        assert!(node < sealed.graph.n_nodes());
        let path = Path::in_tree_r_last(geometry(), sector.replica, &sector.tree_r_last, &crown, node);
        let path = path.expect("the replica is canonical");
        let [key, data] = [keys[node], sealed.data[node]].map(|node| node.to_fr().expect("canonical"));
        assert_eq!(path.leaf, Node::from(key + data));
        path
    };
    SectorProof {
        comm_r: sealed.statement.comm_r,
        comm_c: sealed.aux[0],
        comm_r_last: sealed.aux[1],
        openings: challenges.iter().map(open).collect(),
    }
}

/// The sectors of a kit, opened.
fn answers(kit: &Value) -> Vec<SectorProof> {
    let names = cases(&kit["sector_cases"]).iter().map(word);
    let known = cases(&kit["sectors"]).iter().zip(cases(&kit["challenges"]));
    let answer = |(name, (sector, challenges)): (&str, (&Value, &Value))| {
        let sealed = seal(name);
        assert_eq!(
            sealed.statement.comm_r.to_string(),
            word(&sector["comm_r"]),
            "{name}"
        );
        assert_eq!(challenges[0], sector["id"]);
        open(&sealed, cases(&challenges[1]))
    };
    names.zip(known).map(answer).collect()
}

/// The SHA-256 of the parameter file that the reference makes for a circuit.
fn parameters_digest(kind: &str) -> String {
    let rows = fixture::text("params.jsonl");
    let rows = rows
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).expect("a row is JSON"));
    let is_it = |row: &Value| {
        row["kind"] == kind && row["sector_size"] == 2048 && word(&row["file"]).ends_with(".params")
    };
    let row = rows.into_iter().find(is_it).expect("the reference made it");
    word(&row["sha256"]).to_owned()
}

/// Makes the parameters, then proves each partition with the reference's blinding.
fn check(kind: &str, n_challenges: usize, partitions: &[Vec<SectorProof>], kit: &Value) {
    let blank = Post::blank(geometry(), partitions[0].len(), n_challenges);
    let mut file = Vec::new();
    let key = generate(&Cpu::new(), blank, &Secret::development(), &mut file, &silent).expect("made");
    assert_eq!(hex::encode(Sha256::digest(&file)), parameters_digest(kind));
    assert_eq!(
        hex::encode(key.to_bytes()),
        word(&kit["vk"]["vk_hex_uncompressed"])
    );

    let parameters = Parameters::parse(&file).expect("what was made can be read");
    let known = cases(&kit["partitions"]);
    assert_eq!(partitions.len(), known.len());
    for (sectors, known) in partitions.iter().zip(known) {
        let circuit = Post::new(geometry(), n_challenges, sectors);
        let witness = MockProver::run(circuit).expect("the openings are honest");
        assert_eq!(witness.inputs(), scalars(&known["witness"]["inputs"]));
        assert_eq!(witness.inputs()[0], Fr::ONE);
        let mut sha256 = Sha256::new();
        witness
            .aux()
            .iter()
            .for_each(|value| sha256.update(value.to_repr()));
        assert_eq!(
            hex::encode(sha256.finalize()),
            word(&known["witness"]["sha256_aux_le"])
        );

        let inputs = scalars(&known["public_inputs_le"]);
        let blinding = Blinding {
            r: scalar(&known["r_le"]),
            s: scalar(&known["s_le"]),
        };
        let proof = prove(&Cpu::new(), &parameters, circuit, &inputs, blinding).expect("it holds");
        assert_eq!(
            hex::encode(proof.to_bytes()),
            word(&known["proof_192_compressed"])
        );
    }
}

/// One sector, which the circuit sees 66 times with one challenge each.
#[test]
fn winning_post() {
    let kit = fixture::read("kit-winning-post-2048.json");
    let sector = answers(&kit).remove(0);
    let one = |path: &Path| SectorProof {
        openings: vec![path.clone()],
        ..sector.clone()
    };
    let sectors = sector.openings.iter().map(one).collect();
    check("winning", 1, &[sectors], &kit);
}

/// Three sectors, two in a partition: the last partition is filled up with its last sector.
#[test]
fn window_post() {
    let kit = fixture::read("kit-window-post-2048.json");
    let sectors = answers(&kit);
    let partition = |sectors: &[SectorProof]| {
        let last = &sectors[sectors.len() - 1];
        [sectors, &vec![last.clone(); 2 - sectors.len()]].concat()
    };
    let partitions: Vec<_> = sectors.chunks(2).map(partition).collect();
    check("window", 10, &partitions, &kit);
}
