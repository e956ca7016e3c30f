//! A proof proves what it was made for, and nothing else: not for another sector, another challenge, another
//! number of partitions, or another registered proof.

mod encoded;
mod fixture;

use std::ops::Not;

use encoded::{bytes, file, scalar};
use engine_proofs::{
    geometry::Geometry,
    graph::Graph,
    groth16::{Claim, PreparedKey, Proof, VerifyingKey},
    hex32,
    porep::{
        challenge::Challenges,
        vanilla::{public_inputs, public_inputs_at, Statement},
    },
    post::{self, challenge::Randomness, PublicSector},
    registered::{PostProof, SealProof},
    replica_id::{replica_id, PorepId, ProverId, Seed, Ticket},
    update,
};
use fixture::{cases, number, word};
use kernels::{Fr, Node};
use rand_core::OsRng;
use rayon::prelude::*;
use serde_json::Value;

/// What a PoRep claims, before anything is derived from it.
#[derive(Clone, Copy)]
struct Porep {
    size: &'static str,
    seal_proof: SealProof,
    porep_id: PorepId,
    prover_id: ProverId,
    sector: u64,
    ticket: Ticket,
    seed: Seed,
    comm_d: Node,
    comm_r: Node,
}

impl Porep {
    /// The 2 KiB sector of that number in the kits.
    fn kit(seal_proof: SealProof, sector: u64, inputs: &[Fr]) -> Porep {
        Porep {
            size: "2KiB",
            seal_proof,
            porep_id: seal_proof.porep_id("2KiB".parse().unwrap()),
            prover_id: ProverId(std::array::from_fn(|i| i as u8 + 1)),
            sector,
            ticket: Ticket(std::array::from_fn(|i| i as u8 + 0xa0)),
            seed: Seed(std::array::from_fn(|i| (7 * i + 3) as u8)),
            comm_d: inputs[1].into(),
            comm_r: inputs[2].into(),
        }
    }

    /// `None` where a commitment is no field element.
    fn inputs(&self, n_partitions: usize) -> Option<Vec<Vec<Fr>>> {
        let geometry = Geometry::of(self.size.parse().unwrap());
        self.comm_d.to_fr()?;
        let statement = Statement {
            geometry,
            replica_id: replica_id(
                &self.prover_id,
                self.sector,
                &self.ticket,
                self.comm_d,
                &self.porep_id,
            ),
            comm_d: self.comm_d,
            comm_r: self.comm_r,
        };
        let graph = Graph::new(geometry.n_nodes(), &self.porep_id, self.seal_proof.api_version());
        let challenges = Challenges::of(self.seal_proof, self.seed);
        let inputs = |k| public_inputs(&statement, &graph, &challenges, k).ok();
        (0..n_partitions).map(inputs).collect()
    }

    /// The claims that differ in one thing.
    fn others(&self) -> Vec<(String, Porep)> {
        let mut others: Vec<(String, Porep)> = SealProof::ALL
            .into_iter()
            .filter(|proof| *proof != self.seal_proof)
            .flat_map(|seal_proof| {
                let porep_id = seal_proof.porep_id("2KiB".parse().unwrap());
                [
                    (format!("as {seal_proof}"), Porep { seal_proof, ..*self }),
                    (
                        format!("all as {seal_proof}"),
                        Porep {
                            seal_proof,
                            porep_id,
                            ..*self
                        },
                    ),
                ]
            })
            .collect();
        others.push((
            "4 KiB".into(),
            Porep {
                size: "4KiB",
                ..*self
            },
        ));
        others.extend((0..64).map(|bit| {
            let sector = self.sector ^ 1 << bit;
            (format!("sector {sector}"), Porep { sector, ..*self })
        }));
        for bit in 0..256 {
            let flip = |mut bytes: [u8; 32]| {
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            };
            others.extend([
                (
                    format!("porep id, bit {bit}"),
                    Porep {
                        porep_id: PorepId(flip(self.porep_id.0)),
                        ..*self
                    },
                ),
                (
                    format!("prover id, bit {bit}"),
                    Porep {
                        prover_id: ProverId(flip(self.prover_id.0)),
                        ..*self
                    },
                ),
                (
                    format!("ticket, bit {bit}"),
                    Porep {
                        ticket: Ticket(flip(self.ticket.0)),
                        ..*self
                    },
                ),
                (
                    format!("seed, bit {bit}"),
                    Porep {
                        seed: Seed(flip(self.seed.0)),
                        ..*self
                    },
                ),
                (
                    format!("comm_d, bit {bit}"),
                    Porep {
                        comm_d: Node(flip(self.comm_d.0)),
                        ..*self
                    },
                ),
                (
                    format!("comm_r, bit {bit}"),
                    Porep {
                        comm_r: Node(flip(self.comm_r.0)),
                        ..*self
                    },
                ),
            ]);
        }
        others
    }
}

/// Proofs with the inputs that they were made for.
struct Kit {
    key: PreparedKey,
    inputs: Vec<Vec<Fr>>,
    proofs: Vec<Proof>,
}

impl Kit {
    fn read(kit: &Value, inputs: Vec<&Value>, proofs: &[&Value]) -> Kit {
        let key = VerifyingKey::from_bytes(&bytes(&kit["vk"]["vk_hex_uncompressed"])).expect("a key");
        let proofs = proofs.iter().flat_map(|proof| {
            let bytes = bytes(proof);
            Proof::many(&bytes, bytes.len() / Proof::SIZE).expect("proofs")
        });
        Kit {
            key: PreparedKey::new(&key),
            inputs: inputs
                .into_iter()
                .map(|inputs| cases(inputs).iter().map(scalar).collect())
                .collect(),
            proofs: proofs.collect(),
        }
    }

    /// A kit of partitions.
    fn partitions(name: &str) -> (Value, Kit) {
        let golden = fixture::read(name);
        let partitions = cases(&golden["partitions"]);
        let inputs = partitions
            .iter()
            .map(|partition| &partition["public_inputs_le"])
            .collect();
        let proofs: Vec<&Value> = partitions
            .iter()
            .map(|partition| &partition["proof_192_compressed"])
            .collect();
        let kit = Kit::read(&golden, inputs, &proofs);
        (golden, kit)
    }

    fn accepts(&self, inputs: &[Vec<Fr>]) -> bool {
        let claims: Vec<Claim<'_>> = inputs
            .iter()
            .zip(&self.proofs)
            .map(|(inputs, proof)| Claim { inputs, proof })
            .collect();
        inputs.len() == self.proofs.len() && self.key.verify_batch(&claims, &mut OsRng)
    }
}

/// The claim holds; whatever differs from it does not, unless the same nodes are asked for.
fn check_porep(kit: &Kit, claim: &Porep) {
    let n = kit.proofs.len();
    assert_eq!(claim.inputs(n).as_ref(), Some(&kit.inputs));
    assert!(kit.accepts(&kit.inputs));
    let others = claim.others();
    let n_tried = others.par_iter().filter(|(what, other)| {
        let Some(inputs) = other.inputs(n) else {
            return true;
        };
        let differs = inputs != kit.inputs;
        assert!(!differs || !kit.accepts(&inputs), "{what}");
        differs
    });
    let n_tried = n_tried.count();
    // The seed is all that may be without effect: where it has none, or draws the same two of 63 nodes.
    let expected = match claim.seal_proof {
        SealProof::NonInteractive => others.len() - 256,
        _ => others.len() - 1,
    };
    assert!(expected <= n_tried, "{n_tried} of {}", others.len());
}

#[test]
fn a_porep_proves_one_sector() {
    let (_, kit) = Kit::partitions("kit-porep-2KiB-1.1.0-plain-mod251-s42.json");
    check_porep(&kit, &Porep::kit(SealProof::V1_1, 42, &kit.inputs[0]));
}

#[test]
fn a_non_interactive_porep_proves_one_sector() {
    let golden = fixture::read("kit-aggregate-2KiB-1.2.0-ni-chacha8-s46-n16.json");
    let kit = Kit::read(
        &golden,
        cases(&golden["public_inputs_le"]).iter().collect(),
        &[&golden["proofs"][0]],
    );
    let claim = Porep::kit(SealProof::NonInteractive, 46, &kit.inputs[0]);
    // One partition is enough to notice, and there are 1,600 claims.
    let first = Kit {
        key: kit.key.clone(),
        inputs: kit.inputs[..1].to_vec(),
        proofs: kit.proofs[..1].to_vec(),
    };
    check_porep(&first, &claim);
    assert_eq!(claim.inputs(13).as_ref(), Some(&kit.inputs));
    assert!(kit.accepts(&kit.inputs));
    for n in [0, 1, 12] {
        assert!(!kit.accepts(&kit.inputs[..n]), "{n} partitions");
    }
}

/// The real sector's challenges are known, its seed is not.
#[test]
fn a_porep_of_the_network_proves_one_sector() {
    let golden = fixture::read("porep32_graph_parents.json");
    let file = file("seal32_x10.prf");
    let (key, rest) = file[16..].split_at(32_356);
    let proofs = rest.chunks_exact(Proof::SIZE + 327 * 32);
    let proofs = proofs.map(|partition| Proof::from_bytes(&partition[..Proof::SIZE]).expect("a proof"));
    let node = |name: &str| hex32::parse_node(word(&golden[name])).expect("canonical");
    let size = "32GiB".parse().unwrap();
    let geometry = Geometry::of(size);
    let statement = Statement {
        geometry,
        replica_id: node("replica_id_le"),
        comm_d: node("comm_d_le"),
        comm_r: node("comm_r_le"),
    };
    let challenge = |opening: &Value| number(&opening["challenge"]);
    let challenges: Vec<Vec<u64>> = cases(&golden["partitions"])
        .iter()
        .map(|partition| cases(partition).iter().map(challenge).collect())
        .collect();
    let graph = |proof: SealProof, id: PorepId| Graph::new(geometry.n_nodes(), &id, proof.api_version());
    let own = graph(SealProof::V1, SealProof::V1.porep_id(size));
    let inputs = |statement: &Statement, graph: &Graph, challenges: &[Vec<u64>]| {
        let inputs = |nodes: &Vec<u64>| public_inputs_at(statement, graph, nodes).expect("canonical");
        challenges.iter().map(inputs).collect::<Vec<_>>()
    };
    let kit = Kit {
        key: PreparedKey::new(&VerifyingKey::from_bytes(key).expect("a key")),
        inputs: inputs(&statement, &own, &challenges),
        proofs: proofs.collect(),
    };
    assert!(kit.accepts(&kit.inputs));

    let later = graph(SealProof::V1_1, SealProof::V1.porep_id(size));
    assert!(
        !kit.accepts(&inputs(&statement, &later, &challenges)),
        "the later graph"
    );
    let other = graph(SealProof::V1, SealProof::V1_1.porep_id(size));
    assert!(
        !kit.accepts(&inputs(&statement, &other, &challenges)),
        "another porep id"
    );
    for statement in [
        Statement {
            replica_id: statement.comm_d,
            ..statement
        },
        Statement {
            comm_d: statement.comm_r,
            ..statement
        },
        Statement {
            comm_r: statement.replica_id,
            ..statement
        },
    ] {
        assert!(
            !kit.accepts(&inputs(&statement, &own, &challenges)),
            "{statement:?}"
        );
    }
    for k in 0..10 {
        for i in 0..18 {
            let mut changed = challenges.clone();
            changed[k][i] ^= 1;
            assert!(
                !kit.accepts(&inputs(&statement, &own, &changed)),
                "challenge {i} of partition {k}"
            );
        }
        let mut swapped = challenges.clone();
        swapped[k].swap(0, 17);
        assert!(
            !kit.accepts(&inputs(&statement, &own, &swapped)),
            "two challenges of partition {k}"
        );
        assert!(!kit.accepts(&kit.inputs[..k]), "{k} partitions");
    }
}

/// The sectors of a PoSt kit.
fn sectors(golden: &Value) -> Vec<PublicSector> {
    let sector = |sector: &Value| PublicSector {
        sector: number(&sector["id"]),
        comm_r: hex32::parse_node(word(&sector["comm_r"])).expect("canonical"),
    };
    cases(&golden["sectors"]).iter().map(sector).collect()
}

/// What a PoSt claims that differs in randomness or in one sector.
fn other_posts(proof: PostProof, randomness: Randomness, sectors: &[PublicSector]) -> Vec<post::Statement> {
    let geometry = Geometry::of("2KiB".parse().unwrap());
    let claim = |randomness, sectors: Vec<PublicSector>| {
        post::Statement::new(geometry, proof, ProverId::from_actor_id(1), randomness, sectors).ok()
    };
    let mut others = Vec::new();
    for bit in 0..256 {
        let flip = |mut bytes: [u8; 32]| {
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        let other = Randomness::try_from(flip(randomness.bytes()));
        others.extend(other.ok().and_then(|other| claim(other, sectors.to_vec())));
        for i in 0..sectors.len() {
            let mut changed = sectors.to_vec();
            changed[i].comm_r = Node(flip(changed[i].comm_r.0));
            others.extend(claim(randomness, changed));
            let mut changed = sectors.to_vec();
            changed[i].sector ^= 1 << (bit % 64);
            others.extend((bit < 64).then(|| claim(randomness, changed)).flatten());
        }
    }
    others
}

fn check_post(name: &str, proof: PostProof, wrong: &[PostProof]) {
    let (golden, kit) = Kit::partitions(name);
    let geometry = Geometry::of("2KiB".parse().unwrap());
    let randomness: Randomness = word(&golden["randomness"]).parse().expect("canonical");
    let sectors = sectors(&golden);
    let claim = |proof, geometry, sectors: &[PublicSector]| {
        let prover = word(&golden["prover_id"]).parse().expect("a prover id");
        post::Statement::new(geometry, proof, prover, randomness, sectors.to_vec())
    };
    let own = claim(proof, geometry, &sectors).expect("it can be claimed");
    let holds = |statement: &post::Statement| post::verify(&kit.key, statement, &kit.proofs, &mut OsRng);
    assert!(holds(&own));
    for &other in wrong {
        let other = claim(other, geometry, &sectors).expect("it can be claimed");
        assert!(!holds(&other), "{:?}", other.post_proof());
    }
    let larger = claim(proof, Geometry::of("4KiB".parse().unwrap()), &sectors);
    assert!(!holds(&larger.expect("it can be claimed")), "4 KiB");
    // One sector fewer or more, and so perhaps another number of partitions.
    for n in 1..sectors.len() {
        assert!(
            !holds(&claim(proof, geometry, &sectors[n..]).expect("it can be claimed")),
            "{n} fewer"
        );
        assert!(
            !holds(&claim(proof, geometry, &sectors[..n]).expect("it can be claimed")),
            "only {n}"
        );
    }
    let more = PublicSector {
        sector: 45,
        ..sectors[0]
    };
    let more = claim(proof, geometry, &[&sectors[..], &[more]].concat());
    assert!(more.is_ok_and(|more| holds(&more)).not(), "one more");
    for n in 0..kit.proofs.len() {
        assert!(
            !post::verify(&kit.key, &own, &kit.proofs[..n], &mut OsRng),
            "{n} partitions"
        );
    }
    let others = other_posts(proof, randomness, &sectors);
    assert!(others.len() > 500);
    others.par_iter().for_each(|other| {
        let is_own = (0..other.n_partitions()).all(|k| other.public_inputs(k) == own.public_inputs(k));
        assert!(!is_own && !holds(other), "{other:?}");
    });
}

#[test]
fn a_winning_post_proves_one_sector_at_one_time() {
    check_post("kit-winning-post-2048.json", PostProof::Winning, &[]);
}

#[test]
fn a_window_post_proves_its_sectors_at_one_time() {
    check_post(
        "kit-window-post-2048.json",
        PostProof::WindowV1_2,
        &[PostProof::WindowV1],
    );
}

#[test]
fn an_update_proves_one_update() {
    let (golden, kit) = Kit::partitions("kit-update-2KiB-1.1.0-plain-mod251-s42.json");
    let node = |name: &str| hex32::parse_node(word(&golden[name])).expect("canonical");
    let own = update::vanilla::Statement {
        geometry: Geometry::of("2KiB".parse().unwrap()),
        comm_r_old: node("comm_r_old"),
        comm_d_new: node("comm_d_new"),
        comm_r_new: node("comm_r_new"),
    };
    let holds = |statement: &update::vanilla::Statement, k| {
        update::vanilla::public_inputs(statement, k).is_ok_and(|inputs| kit.accepts(&[inputs]))
    };
    assert!(holds(&own, 0));
    let large = update::vanilla::Statement {
        geometry: Geometry::of("32GiB".parse().unwrap()),
        ..own
    };
    assert!(!holds(&large, 0), "32 GiB");
    assert!(!holds(&large, 1), "partition 1");
    for bit in 0..256 {
        let flip = |mut node: Node| {
            node.0[bit / 8] ^= 1 << (bit % 8);
            node
        };
        for other in [
            update::vanilla::Statement {
                comm_r_old: flip(own.comm_r_old),
                ..own
            },
            update::vanilla::Statement {
                comm_d_new: flip(own.comm_d_new),
                ..own
            },
            update::vanilla::Statement {
                comm_r_new: flip(own.comm_r_new),
                ..own
            },
        ] {
            assert!(!holds(&other, 0), "{other:?}");
        }
    }
}
