//! Whose sector it is: what must agree before a directory is used again.

use std::fmt;

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    graph::Graph,
    registered::SealProof,
    replica_id::{replica_id, PorepId, ProverId, Ticket},
};
use kernels::Node;
use serde::{Deserialize, Serialize};

use super::words;

/// What a sector's replica is bound to, besides its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// Size of the sector.
    #[serde(with = "words")]
    pub sector_size: SectorSize,
    /// The registered proof, which says the graph's version.
    #[serde(with = "words")]
    pub seal_proof: SealProof,
    /// What seeds the graph.
    #[serde(with = "words")]
    pub porep_id: PorepId,
    /// Who seals.
    #[serde(with = "words")]
    pub prover_id: ProverId,
    /// The provider's number of this sector.
    pub sector: u64,
    /// The randomness before PreCommit.
    #[serde(with = "words")]
    pub ticket: Ticket,
}

impl Identity {
    /// Everything that follows from the size.
    pub fn geometry(&self) -> &'static Geometry {
        Geometry::of(self.sector_size)
    }

    /// The graph that its labels follow.
    pub fn graph(&self) -> Graph {
        Graph::new(
            self.geometry().n_nodes(),
            &self.porep_id,
            self.seal_proof.api_version(),
        )
    }

    /// What the sector's directory is called among others: `s-t01000-7`. A provider without an ID address is named
    /// in hex.
    pub fn name(&self) -> String {
        let (prover, sector) = (self.prover_id, self.sector);
        match prover.actor_id() {
            Some(id) => format!("s-t0{id}-{sector}"),
            None => format!("s-{prover}-{sector}"),
        }
    }

    /// Whether its labels follow the same graph.
    pub fn shares_graph(&self, other: &Identity) -> bool {
        let graph = |of: &Identity| (of.sector_size, of.seal_proof, of.porep_id);
        graph(self) == graph(other)
    }

    /// The replica's identity, once its data is known.
    pub fn replica_id(&self, comm_d: Node) -> Node {
        replica_id(&self.prover_id, self.sector, &self.ticket, comm_d, &self.porep_id)
    }

    /// The first thing in which another identity differs, in words: name, this one's, the other's.
    pub fn difference(&self, other: &Identity) -> Option<(&'static str, String, String)> {
        let pairs = [
            (
                "sector size",
                self.sector_size.to_string(),
                other.sector_size.to_string(),
            ),
            ("sector", self.sector.to_string(), other.sector.to_string()),
            (
                "prover id",
                self.prover_id.to_string(),
                other.prover_id.to_string(),
            ),
            (
                "seal proof",
                self.seal_proof.to_string(),
                other.seal_proof.to_string(),
            ),
            ("porep id", self.porep_id.to_string(), other.porep_id.to_string()),
            ("ticket", self.ticket.to_string(), other.ticket.to_string()),
        ];
        pairs.into_iter().find(|(_, this, that)| this != that)
    }
}

/// `2KiB, v1.1, sector 1, …`: everything, for errors.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {}, sector {}, prover id {}, ticket {}, porep id {}",
            self.sector_size, self.seal_proof, self.sector, self.prover_id, self.ticket, self.porep_id
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        let sector_size = "2KiB".parse().unwrap();
        Identity {
            sector_size,
            seal_proof: SealProof::V1_1,
            porep_id: SealProof::V1_1.porep_id(sector_size),
            prover_id: ProverId::from_actor_id(1000),
            sector: 1,
            ticket: Ticket([1; 32]),
        }
    }

    #[test]
    fn it_comes_back_from_json() {
        let json = serde_json::to_string(&identity()).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&json).unwrap(), identity());
        assert!(json.contains(r#""sector_size":"2KiB""#), "{json}");
    }

    #[test]
    fn a_directory_is_named_as_others_name_it() {
        assert_eq!(identity().name(), "s-t01000-1");
        let other = Identity {
            prover_id: ProverId([0xff; 32]),
            ..identity()
        };
        assert_eq!(other.name(), format!("s-{}-1", "f".repeat(64)));
    }

    #[test]
    fn the_difference_is_named() {
        let other = Identity {
            sector: 2,
            ..identity()
        };
        assert_eq!(identity().difference(&identity()), None);
        assert_eq!(
            identity().difference(&other),
            Some(("sector", "1".into(), "2".into()))
        );
    }
}
