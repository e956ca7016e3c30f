//! PoSt of 2 KiB sectors: parameters, witnesses and proofs are the reference's, byte for byte.

mod fixture;
mod sealed;

use engine_proofs::{
    geometry::Geometry,
    groth16::{generate, mock::MockProver, Blinding, Parameters, PreparedKey, Proof, Prover, Secret},
    post::{
        challenge::Randomness,
        circuit::Post,
        vanilla::{self, SectorProof},
        verify, verify_batch, Partition, PublicSector, Replica, Statement,
    },
    registered::PostProof,
    silent,
};
use ff::{Field, PrimeField};
use fixture::{cases, number, word};
use kernels::{Cpu, Fr, Node};
use rand_core::OsRng;
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

/// A node of the replica: key plus data.
fn encoded(sealed: &Sealed, node: u64) -> Node {
    assert!(node < sealed.graph.n_nodes() as u64);
    let key = sealed.layers.last().expect("there are layers")[node as usize];
    let [key, data] = [key, sealed.data[node as usize]].map(|node| node.to_fr().expect("canonical"));
    Node::from(key + data)
}

/// What the reference was asked to prove, and the sectors that it did with.
struct Kit {
    golden: Value,
    statement: Statement,
    sectors: Vec<Sealed>,
}

impl Kit {
    fn read(name: &str, post_proof: PostProof) -> Kit {
        let golden = fixture::read(name);
        assert_eq!(post_proof.api_version().to_string(), word(&golden["api_version"]));
        let sectors: Vec<Sealed> = cases(&golden["sector_cases"])
            .iter()
            .map(word)
            .map(seal)
            .collect();
        let known = cases(&golden["sectors"]).iter().zip(&sectors);
        let public = known.map(|(known, sealed)| {
            let comm_r = sealed.statement.comm_r;
            assert_eq!(comm_r.to_string(), word(&known["comm_r"]));
            let sector = number(&known["id"]);
            PublicSector { sector, comm_r }
        });
        let statement = Statement::new(
            geometry(),
            post_proof,
            word(&golden["prover_id"]).parse().expect("a prover id"),
            word(&golden["randomness"]).parse().expect("canonical"),
            public,
        );
        Kit {
            statement: statement.expect("the reference proved it"),
            golden,
            sectors,
        }
    }

    /// The answers of a partition, straight from the sectors' files.
    fn open(&self, k: usize) -> Partition {
        let open = |sector: &PublicSector, challenges: &[u64]| {
            let all = self.statement.sectors();
            let i = all
                .iter()
                .position(|other| other == sector)
                .expect("it is one of them");
            assert_eq!(challenges, self.challenges(i));
            let files = Replica::from(&self.sectors[i].sector());
            let proof = vanilla::prove(geometry(), sector, &files, challenges)?;
            assert!(vanilla::verify(&proof, geometry(), sector, challenges));
            for (&node, opening) in challenges.iter().zip(&proof.openings) {
                assert_eq!(opening.leaf, encoded(&self.sectors[i], node));
            }
            let bytes = proof.to_bytes(geometry());
            assert_eq!(SectorProof::from_bytes(geometry(), &bytes).as_ref(), Ok(&proof));
            Ok(proof)
        };
        Partition::open(&self.statement, k, open).expect("the sectors are whole")
    }

    /// What the reference asked of a sector.
    fn challenges(&self, i: usize) -> Vec<u64> {
        let known = &cases(&self.golden["challenges"])[i];
        assert_eq!(number(&known[0]), self.statement.sectors()[i].sector);
        cases(&known[1]).iter().map(number).collect()
    }
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
fn check(kind: &str, blank: Post<'_>, kit: &Kit) {
    let mut file = Vec::new();
    let key = generate(&Cpu::new(), blank, &Secret::development(), &mut file, &silent).expect("made");
    assert_eq!(hex::encode(Sha256::digest(&file)), parameters_digest(kind));
    assert_eq!(
        hex::encode(key.to_bytes()),
        word(&kit.golden["vk"]["vk_hex_uncompressed"])
    );

    let parameters = Parameters::parse(&file).expect("what was made can be read");
    let known = cases(&kit.golden["partitions"]);
    assert_eq!(kit.statement.n_partitions(), known.len());
    let cpu = Cpu::new();
    let mut prover = Prover::new(&cpu, &parameters, known.len());
    let mut proofs = Vec::new();
    for (k, known) in known.iter().enumerate() {
        let partition = kit.open(k);
        let witness = MockProver::run(partition.circuit()).expect("the openings are honest");
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
        assert_eq!(partition.inputs(), scalars(&known["public_inputs_le"]));
        let blinding = Blinding {
            r: scalar(&known["r_le"]),
            s: scalar(&known["s_le"]),
        };
        let proof = partition.prove(&mut prover, blinding, &silent);
        let proof = proof.expect("it holds");
        assert_eq!(
            hex::encode(proof.to_bytes()),
            word(&known["proof_192_compressed"])
        );
        proofs.push(proof);
    }
    check_verification(kit, &PreparedKey::new(&key), &proofs);
}

/// Our proofs and those of the reference's own interface hold, alone and in one batch, and for nothing else.
fn check_verification(kit: &Kit, key: &PreparedKey, ours: &[Proof]) {
    let theirs = hex::decode(word(&kit.golden["api_proof_hex"])).expect("hex");
    let theirs = Proof::many(&theirs, ours.len()).expect("proofs");
    let statement = &kit.statement;
    for proofs in [ours, &theirs] {
        assert!(verify(key, statement, proofs, &mut OsRng));
        assert!(!verify(key, statement, &proofs[1..], &mut OsRng));
        assert!(!verify(
            key,
            statement,
            &[proofs, &proofs[..1]].concat(),
            &mut OsRng
        ));
    }
    let both = [(statement, ours), (statement, &theirs[..])];
    assert!(verify_batch(key, &both, &mut OsRng));
    assert!(!verify_batch(key, &[], &mut OsRng));
    for foreign in foreign(statement) {
        assert!(!verify(key, &foreign, ours, &mut OsRng));
        assert!(!verify_batch(key, &[both[0], (&foreign, &theirs)], &mut OsRng));
    }
}

/// The same claim with another randomness, another sector, another commitment.
fn foreign(statement: &Statement) -> Vec<Statement> {
    let with = |randomness, sectors: Vec<PublicSector>| {
        let prover_id = statement.prover_id();
        let post_proof = statement.post_proof();
        Statement::new(geometry(), post_proof, prover_id, randomness, sectors).expect("another claim")
    };
    let sectors = statement.sectors().to_vec();
    let changed = |change: fn(&mut PublicSector)| {
        let mut sectors = sectors.clone();
        change(sectors.last_mut().expect("there is one"));
        sectors
    };
    let same = statement.randomness();
    vec![
        with(Randomness::truncated([9; 32]), sectors.clone()),
        with(same, changed(|sector| sector.sector += 1)),
        with(same, changed(|sector| sector.comm_r.0[0] ^= 1)),
    ]
}

/// One sector, which the circuit sees 66 times with one challenge each.
#[test]
fn winning_post() {
    let kit = Kit::read("kit-winning-post-2048.json", PostProof::Winning);
    check("winning", Post::blank(geometry(), 66, 1), &kit);
}

/// Three sectors, two in a partition: the last partition is filled up with its last sector.
#[test]
fn window_post() {
    let kit = Kit::read("kit-window-post-2048.json", PostProof::WindowV1_2);
    check("window", Post::blank(geometry(), 2, 10), &kit);
}
