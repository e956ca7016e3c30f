//! Updates of sectors, held against what the reference made of the same data.

mod fixture;
mod sealed;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    groth16::{
        witness::{Capacity, Witness},
        PreparedKey, Proof, VerifyingKey,
    },
    path::{Path, Step},
    porep::comm_r,
    post::Replica,
    silent,
    tree::{self, Crown},
    update::{
        circuit::Update,
        phi, rho,
        sector::Sector,
        vanilla::{self, Opening, PartitionProof, Statement},
        Encoding, Rules,
    },
    Part,
};
use ff::PrimeField;
use fixture::{cases, number, word};
use kernels::{Cpu, Fr, Node};
use sealed::{padded, pattern, Case, Sealed};
use serde_json::Value;
use sha2::{Digest, Sha256};

const SMALL: &str = "2KiB-1.1.0-plain-mod251-s42";
const LARGE: &str = "8MiB-1.1.0-plain-mod251-s42";

fn node(hex: &Value) -> Node {
    Node(hex::decode(word(hex)).expect("hex").try_into().expect("32 bytes"))
}

fn scalar(hex: &Value) -> Fr {
    node(hex).to_fr().expect("canonical")
}

/// The cases whose sector size is one of the table, which are all but some of the reference's own.
#[test]
fn challenges_and_factors() {
    let file = fixture::read("challenges.json");
    for case in cases(&file["empty_sector_update"]) {
        let size = number(&case["sector_size"]);
        let geometry = Geometry::of(SectorSize::from_bytes(size).expect("a size of the table"));
        let rules = Rules::of(geometry);
        let [comm_r_old, comm_d_new, comm_r_new] =
            ["comm_r_old_le", "comm_d_new_le", "comm_r_new_le"].map(|name| node(&case[name]));
        for part in cases(&case["parts"]) {
            let k = number(&part["k"]) as usize;
            let known = cases(&part["challenges"]).iter().map(number);
            let ours = rules.challenges(comm_r_new, k).expect("canonical");
            assert_eq!(ours, known.collect::<Vec<_>>(), "{size}: partition {k}");
        }
        let phi = phi(comm_d_new, comm_r_old).expect("canonical");
        assert_eq!(phi, node(&case["phi_le"]), "{size}");
        for known in cases(&case["rhos"]) {
            let ours = rho(phi, number(&known["high"])).expect("canonical");
            assert_eq!(ours, scalar(&known["rho_le"]), "{size}: {known}");
        }
    }
}

/// A sector before and after an update.
struct Updated {
    old: Sealed,
    data: Vec<Node>,
    tree_d: Vec<Node>,
    replica: Vec<Node>,
    tree_r_last: Vec<Vec<Node>>,
    comm_r_last: Node,
    encoding: Encoding,
    statement: Statement,
}

impl Updated {
    /// Seals the sector of a kit, and updates it with the kit's data.
    fn of(kit: &Value, name: &str) -> Updated {
        let old = Case::of(&fixture::read(&format!("porep-{name}.json"))).seal();
        let (device, geometry) = (Cpu::new(), old.statement.geometry);
        let data = padded(&pattern("chacha8", 5042, geometry.sector_size));
        let mut tree_d = vec![Node::ZERO; geometry.tree_d_len()];
        let comm_d_new = tree::tree_d(&device, &data, &mut tree_d, &silent).expect("canonical");
        let comm_r_old = old.statement.comm_r;
        let encoding = Encoding::new(&device, geometry, comm_d_new, comm_r_old).expect("canonical");
        let (mut replica, mut tree_r_last, mut roots) = (data.clone(), Vec::new(), Vec::new());
        for base in 0..geometry.n_base_trees() {
            let range = geometry.base_range(base);
            let nodes = (&old.replica[range.clone()], &mut replica[range]);
            let mut kept = vec![Node::ZERO; geometry.tree_r_last_len()];
            roots.push(
                encoding
                    .tree_r_last_base(&device, base, nodes, &mut kept, &silent)
                    .unwrap(),
            );
            tree_r_last.push(kept);
        }
        let comm_r_last = Crown::new(geometry, roots, Part::TreeRLast).unwrap().root();
        let statement = Statement {
            geometry,
            comm_r_old,
            comm_d_new,
            comm_r_new: comm_r(old.aux[0], comm_r_last).unwrap(),
        };
        assert_eq!(word(&kit["case"]), name);
        Updated {
            old,
            data,
            tree_d,
            replica,
            tree_r_last,
            comm_r_last,
            encoding,
            statement,
        }
    }

    fn sector(&self) -> Sector<'_> {
        let old = Replica::from(&self.old.sector());
        Sector {
            old: old.clone(),
            tree_d: &self.tree_d,
            new: Replica {
                comm_c: old.comm_c,
                comm_r_last: self.comm_r_last,
                tree_r_last: self.tree_r_last.iter().map(Vec::as_slice).collect(),
                replica: &self.replica,
            },
        }
    }

    fn check(&self, kit: &Value) {
        let Statement {
            comm_r_old,
            comm_d_new,
            comm_r_new,
            geometry,
        } = self.statement;
        for (what, node) in [
            ("comm_r_old", comm_r_old),
            ("comm_d_new", comm_d_new),
            ("comm_r_last_new", self.comm_r_last),
            ("comm_r_new", comm_r_new),
            ("phi_le", phi(comm_d_new, comm_r_old).expect("canonical")),
        ] {
            assert_eq!(node.to_string(), word(&kit[what]), "{what}");
        }
        let rules = Rules::of(geometry);
        assert_eq!(rules.high_len() as u64, number(&kit["h"]));
        assert_eq!(rules.n_nodes, self.old.graph.n_nodes());
        assert!(self.data != self.old.data, "an update brings other data");
        let aux = [self.old.aux[0], self.comm_r_last];
        for (file, nodes) in [
            ("staged", &self.data[..]),
            ("replica", &self.replica),
            ("p_aux", &aux),
            ("sc-02-data-tree-d.dat", &self.tree_d),
            ("sc-02-data-tree-r-last.dat", &self.tree_r_last[0]),
        ] {
            let digest = hex::encode(Sha256::digest(Node::bytes(nodes)));
            assert_eq!(digest, word(&kit["files"][file]["sha256"]), "{file}");
        }
    }

    /// The data comes out of the new replica again, whole and in parts, and leaves the old one behind.
    fn check_way_back(&self) {
        let (device, size) = (Cpu::new(), self.statement.geometry.sector_size);
        let client = pattern("chacha8", 5042, size);
        let end = size.unpadded_bytes();
        for range in [0..end, 0..1, 126..129, end / 2 - 5..end / 2 + 700, end - 3..end] {
            let mut data = vec![0; (range.end - range.start) as usize];
            let replicas = (&self.old.replica[..], &self.replica[..]);
            self.encoding
                .decode(&device, replicas, range.clone(), &mut data)
                .expect("canonical");
            assert!(
                data == client[range.start as usize..range.end as usize],
                "{range:?}"
            );
        }
        let (geometry, base) = (self.statement.geometry, self.statement.geometry.base_range(0));
        let mut old = self.data[base.clone()].to_vec();
        let mut kept = vec![Node::ZERO; geometry.tree_r_last_len()];
        let nodes = (&self.replica[base.clone()], &mut old[..]);
        self.encoding
            .old_tree_r_last_base(&device, 0, nodes, &mut kept, &silent)
            .expect("canonical");
        assert!(old == self.old.replica[base] && kept == self.old.tree_r_last[0]);
        for first in [0, self.data.len() / 2 + 7] {
            let mut old = self.data[first..].to_vec();
            self.encoding
                .remove(&device, first, &self.replica[first..], &mut old)
                .expect("canonical");
            assert!(old == self.old.replica[first..], "from node {first}");
        }
    }
}

#[test]
fn an_update_of_2kib() {
    let kit = fixture::read(&format!("kit-update-{SMALL}.json"));
    let updated = Updated::of(&kit, SMALL);
    updated.check(&kit);
    updated.check_way_back();
    assert_eq!(
        hex::encode(Node::bytes(&updated.replica)),
        word(&kit["replica_new_hex"])
    );

    let proofs = vanilla::prove(&updated.sector(), &updated.statement).expect("the sector is whole");
    let known = fixture::read(&format!("update-vanilla-{SMALL}.json"));
    assert_eq!(proofs, cases(&known).iter().map(partition).collect::<Vec<_>>());
    assert!(vanilla::verify(&proofs[0], &updated.statement, 0));
    check_snark(&kit, &updated.statement, &proofs);
    check_bytes(&updated.statement, &proofs[0]);
}

/// A partition comes back from its bytes, and from no others.
fn check_bytes(statement: &Statement, proof: &PartitionProof) {
    let (geometry, comm_d_new) = (statement.geometry, statement.comm_d_new);
    let bytes = proof.to_bytes(geometry, comm_d_new);
    let read = |bytes: &[u8]| PartitionProof::from_bytes(geometry, bytes);
    assert_eq!(read(&bytes).unwrap(), (proof.clone(), comm_d_new));
    for len in 0..bytes.len() {
        assert!(read(&bytes[..len]).is_err(), "{len} bytes");
    }
    assert!(read(&[&bytes[..], &[0]].concat()).is_err());
    for at in (0..bytes.len()).step_by(37) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        if let Ok((other, root)) = read(&changed) {
            assert_eq!(other.to_bytes(geometry, root), changed, "byte {at}");
            let holds = root == comm_d_new && vanilla::verify(&other, statement, 0);
            assert!(!holds, "byte {at}");
        }
    }
}

/// What the proof hides, and the reference's proof of it.
fn check_snark(kit: &Value, statement: &Statement, proofs: &[PartitionProof]) {
    let key = hex::decode(word(&kit["vk"]["vk_hex_uncompressed"])).expect("hex");
    let key = PreparedKey::new(&VerifyingKey::from_bytes(&key).expect("a key"));
    for (known, proof) in cases(&kit["partitions"]).iter().zip(proofs) {
        let k = number(&known["k"]) as usize;
        let inputs = vanilla::public_inputs(statement, k).expect("canonical");
        let known_inputs = cases(&known["public_inputs_le"]).iter().map(scalar);
        assert_eq!(inputs, known_inputs.collect::<Vec<_>>());
        let witness = Witness::of(Update::new(statement, k, proof), Capacity::default());
        let witness = witness.expect("it is complete");
        for (name, values) in [
            ("sha256_aux_le", &witness.aux.to_elements()),
            ("sha256_a_evals_le_with_input_constraints", &witness.a),
            ("sha256_b_evals_le_with_input_constraints", &witness.b),
            ("sha256_c_evals_le_with_input_constraints", &witness.c()),
        ] {
            assert_eq!(digest(values), word(&known["witness"][name]), "{name}");
        }
        let snark = hex::decode(word(&known["proof_192_compressed"])).expect("hex");
        let snark = Proof::from_bytes(&snark).expect("a proof");
        assert!(key.verify(&inputs, &snark));
        let mut others = inputs.clone();
        others[0] += Fr::from(1);
        assert!(!key.verify(&others, &snark));
    }
    let all = hex::decode(word(&kit["api_proof_hex"])).expect("hex");
    let all = Proof::many(&all, proofs.len()).expect("as many as partitions");
    let inputs = vanilla::public_inputs(statement, 0).expect("canonical");
    assert!(key.verify(&inputs, &all[0]));
}

fn digest(values: &[Fr]) -> String {
    let hasher = values.iter().fold(Sha256::new(), |hasher, value| {
        hasher.chain_update(value.to_repr())
    });
    hex::encode(hasher.finalize())
}

#[test]
fn an_update_of_8mib() {
    let kit = fixture::read(&format!("kit-update-{LARGE}.json"));
    let updated = Updated::of(&kit, LARGE);
    updated.check(&kit);
    updated.check_way_back();
    let proofs = vanilla::prove(&updated.sector(), &updated.statement).expect("the sector is whole");
    assert_eq!(proofs.len(), 4);
    for (k, proof) in proofs.iter().enumerate() {
        assert!(vanilla::verify(proof, &updated.statement, k), "partition {k}");
        assert!(
            !vanilla::verify(proof, &updated.statement, (k + 1) % 4),
            "partition {k}"
        );
    }
}

/// A partition as serde writes the reference's.
fn partition(value: &Value) -> PartitionProof {
    let openings = cases(&value["challenge_proofs"]);
    let root = |name: &str| bytes(&openings[0][name]["data"]["Single"]["root"]);
    PartitionProof {
        comm_c: bytes(&value["comm_c"]),
        comm_r_last_old: root("proof_r_old"),
        comm_r_last_new: root("proof_r_new"),
        apex_leaves: cases(&value["apex_leafs"]).iter().map(bytes).collect(),
        openings: openings
            .iter()
            .map(|opening| Opening {
                old: path(&opening["proof_r_old"]),
                data: path(&opening["proof_d_new"]),
                new: path(&opening["proof_r_new"]),
            })
            .collect(),
    }
}

fn path(value: &Value) -> Path {
    let single = &value["data"]["Single"];
    let step = |step: &Value| Step {
        index: number(&step["index"]) as usize,
        siblings: cases(&step["hashes"]).iter().map(bytes).collect(),
    };
    Path {
        leaf: bytes(&single["leaf"]),
        steps: cases(&single["path"]["path"]).iter().map(step).collect(),
    }
}

fn bytes(value: &Value) -> Node {
    let bytes: Vec<u8> = cases(value).iter().map(|byte| number(byte) as u8).collect();
    Node(bytes.try_into().expect("32 bytes"))
}
