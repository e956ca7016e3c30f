//! Statements of 448 proofs that were made elsewhere, over years: read strictly, and their inputs derived.
//!
//! The keys that would verify them are not here; all that can be said without them is said.

use std::collections::BTreeMap;

use engine_proofs::{
    blank,
    geometry::{Geometry, SectorSize},
    graph::Graph,
    groth16::{Proof, ProofKind},
    hex32,
    porep::{
        challenge::{self, Challenges},
        vanilla::{public_inputs, Statement},
    },
    registered::{ApiVersion, SealProof},
    replica_id::{replica_id, PorepId, ProverId, Seed, Ticket},
};
use kernels::{Fr, Node};

/// A seal record: who sealed what, and the proof.
struct Record {
    kind: String,
    geometry: &'static Geometry,
    seal_proof: SealProof,
    porep_id: PorepId,
    seed: Seed,
    statement: Statement,
    proof: Vec<u8>,
}

/// The first line says what all have in common: prover, sector, ticket and seed.
fn records() -> Vec<Record> {
    let text = include_str!("../../../fixtures/seal-records-v16.txt");
    let mut lines = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let first = lines.next().expect("a first line");
    let [prover_id, sector, ticket, seed] = first[..] else {
        panic!("{first:?}")
    };
    let prover_id: ProverId = prover_id.parse().unwrap();
    let (sector, ticket): (u64, Ticket) = (sector.parse().unwrap(), ticket.parse().unwrap());
    let seed: Seed = seed.parse().unwrap();
    let record = |line: Vec<&str>| {
        let [size, partitions, version, porep_id, comm_d, comm_r, proof] = line[..] else {
            panic!("{line:?}")
        };
        let geometry = Geometry::of(SectorSize::from_bytes(size.parse().unwrap()).unwrap());
        assert_eq!(geometry.porep_partitions, partitions.parse::<usize>().unwrap());
        let [comm_d, comm_r] = [comm_d, comm_r].map(|word| hex32::parse_node(word).unwrap());
        let porep_id: PorepId = porep_id.parse().unwrap();
        Record {
            kind: format!("{} {version}", geometry.sector_size),
            geometry,
            // The reference's tests seal with version 1.2.0 under the ids of 1.1.0; the graph is the same.
            seal_proof: match version {
                "1.0.0" => SealProof::V1,
                "1.1.0" | "1.2.0" => SealProof::V1_1,
                "1.2.0-synthetic" => SealProof::Synthetic,
                other => panic!("{other}"),
            },
            porep_id,
            seed,
            statement: Statement {
                geometry,
                replica_id: replica_id(&prover_id, sector, &ticket, comm_d, &porep_id),
                comm_d,
                comm_r,
            },
            proof: hex::decode(proof).unwrap(),
        }
    };
    lines.map(record).collect()
}

impl Record {
    fn inputs(&self) -> Vec<Vec<Fr>> {
        let graph = Graph::new(
            self.geometry.n_nodes(),
            &self.porep_id,
            self.seal_proof.api_version(),
        );
        let challenges = Challenges::of(self.seal_proof, self.seed);
        let inputs = |k| public_inputs(&self.statement, &graph, &challenges, k).expect("canonical");
        (0..challenges.n_partitions(self.geometry)).map(inputs).collect()
    }
}

#[test]
fn all_records_are_read() {
    let mut kinds = BTreeMap::new();
    for record in records() {
        *kinds.entry(record.kind).or_insert(0) += 1;
    }
    let expected = [
        ("2KiB 1.0.0", 31),
        ("2KiB 1.1.0", 31),
        ("2KiB 1.2.0", 31),
        ("2KiB 1.2.0-synthetic", 31),
        ("32GiB 1.1.0", 4),
        ("512MiB 1.0.0", 114),
        ("512MiB 1.1.0", 116),
        ("64GiB 1.1.0", 2),
        ("8MiB 1.0.0", 22),
        ("8MiB 1.1.0", 22),
        ("8MiB 1.2.0", 22),
        ("8MiB 1.2.0-synthetic", 22),
    ];
    assert_eq!(kinds, expected.map(|(kind, n)| (kind.to_owned(), n)).into());
}

/// Every point of every proof is on its curve and in its subgroup.
#[test]
fn their_proofs_are_read_strictly_and_come_back() {
    let mut n_proofs = 0;
    for Record {
        kind,
        geometry,
        proof,
        ..
    } in records()
    {
        let proofs = Proof::many(&proof, geometry.porep_partitions).unwrap_or_else(|e| panic!("{kind}: {e}"));
        assert_eq!(
            proofs.iter().flat_map(Proof::to_bytes).collect::<Vec<u8>>(),
            proof,
            "{kind}"
        );
        n_proofs += proofs.len();
    }
    assert_eq!(n_proofs, 442 + 6 * 10);
}

/// As many inputs as the circuit of the size has, beginning with the statement, and asking for nodes that exist.
#[test]
fn their_public_inputs_are_derived() {
    for record in records() {
        let Record {
            kind,
            geometry,
            statement,
            ..
        } = &record;
        let partitions = record.inputs();
        assert_eq!(partitions.len(), geometry.porep_partitions, "{kind}");
        for inputs in partitions {
            assert_eq!(
                inputs.len(),
                blank::n_inputs(ProofKind::Porep, geometry),
                "{kind}"
            );
            let head: Vec<Node> = inputs[..3].iter().map(|&input| input.into()).collect();
            assert_eq!(
                head,
                [statement.replica_id, statement.comm_d, statement.comm_r],
                "{kind}"
            );
            for challenge in inputs[3..].chunks_exact(18) {
                // It asks for the same node in tree D, as a number, in tree R-last and in tree C.
                assert!(
                    [15, 16, 17].iter().all(|&i| challenge[i] == challenge[0]),
                    "{kind}"
                );
                assert!(challenge[0] != Fr::from(0), "{kind}");
                let exists = |input: &Fr| {
                    (Node::from(*input).0[8..] == [0; 24]).then(|| low(input) < geometry.n_nodes() as u64)
                };
                assert!(
                    challenge.iter().all(|input| exists(input) == Some(true)),
                    "{kind}"
                );
            }
        }
    }
}

fn low(input: &Fr) -> u64 {
    u64::from_le_bytes(*Node::from(*input).0.first_chunk().expect("32 bytes"))
}

#[test]
fn registered_statements_have_the_version_of_their_seal_proof() {
    let registered = |record: &Record| {
        let size = record.geometry.sector_size;
        SealProof::ALL
            .into_iter()
            .find(|proof| proof.porep_id(size) == record.porep_id)
    };
    let mut n_registered = 0;
    for record in records() {
        let Some(proof) = registered(&record) else {
            continue;
        };
        // The tests of the reference seal with the later versions under the ids of 1.1.0: on the same graph.
        let is_first = |proof: SealProof| proof.api_version() == ApiVersion::V1_0_0;
        assert_eq!(is_first(proof), is_first(record.seal_proof), "{}", record.kind);
        n_registered += 1;
    }
    assert_eq!(n_registered, 4 * 31 + 114 + 116 + 4 + 2);
}

/// A partition's challenges are its share of them all.
#[test]
fn partitions_share_the_challenges() {
    for Record {
        geometry,
        statement,
        seed,
        ..
    } in records()
    {
        let n_challenges = (geometry.porep_partitions * geometry.porep_challenges) as u32;
        let asked =
            |numbers| challenge::interactive(statement.replica_id, &seed, geometry.n_nodes(), numbers);
        assert_eq!(asked(1..n_challenges), asked(0..n_challenges)[1..]);
    }
}
