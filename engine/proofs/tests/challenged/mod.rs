//! Known challenges of PoReps: whom they ask.

use engine_proofs::{
    geometry::{Geometry, SectorSize},
    hex32,
    porep::vanilla::Statement,
};
use kernels::Node;
use serde_json::Value;

use crate::fixture;

/// The cases of challenges with a feature.
pub fn asked<'a>(golden: &'a Value, feature: &'a str) -> impl Iterator<Item = &'a Value> {
    let cases = fixture::cases(&golden["porep"]).iter();
    cases.filter(move |case| fixture::word(&case["feature"]) == feature)
}

/// Whom a case of challenges asks. comm_d plays no part.
pub fn statement(case: &Value) -> Statement {
    let sector_size = SectorSize::from_bytes(fixture::number(&case["sector_size"]));
    let node = |name: &str| hex32::parse_node(fixture::word(&case[name])).expect("a node");
    Statement {
        geometry: Geometry::of(sector_size.expect("a size")),
        replica_id: node("replica_id_le"),
        comm_d: Node::ZERO,
        comm_r: node("comm_r_le"),
    }
}
