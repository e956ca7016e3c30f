//! `lode-engine sizes`: the table of geometries.

use std::{collections::BTreeMap, fmt::Write};

use clap::Args;
use engine_proofs::{
    geometry::{Geometry, GEOMETRIES},
    groth16::aggregate::Aggregate,
    registered::{is_registered, PostProof, SealProof, UpdateProof},
};
use serde_json::{json, Value};

use super::Answer;

/// Show the ten sector sizes, and what follows from a size.
///
/// `data` is what a client may put in: 127 of 128 bytes, because a node holds 254 bits. `seal proofs` are the
/// chain's numbers of v1, v1.1, synthetic and ni for that size; a size without has none on the chain.
///
/// Example: lode-engine sizes
#[derive(Debug, Args)]
pub struct Sizes {}

impl Sizes {
    /// Writes the table.
    pub fn run(self) -> Answer {
        let mut text = String::from(
            "  sector           data  layers       nodes  tree    base trees  proofs x challenges  proof bytes  seal proofs\n",
        );
        for row in &GEOMETRIES {
            writeln!(
                text,
                "{:>8} {:>14} {:>7} {:>11}  {:<7} {:>10} {:>20} {:>12}  {}",
                row.sector_size.to_string(),
                row.sector_size.unpadded_bytes(),
                row.layers,
                row.n_nodes(),
                shape(row),
                row.n_base_trees(),
                format!("{} x {}", row.porep_partitions, row.porep_challenges),
                192 * row.porep_partitions,
                seal_proofs(row).map_or_else(|| "-".to_owned(), |ids| ids.map(|id| id.to_string()).join(" ")),
            )
            .expect("a String takes everything");
        }
        let rows: Vec<Value> = GEOMETRIES.iter().map(row_json).collect();
        Answer {
            text,
            json: json!({ "sizes": rows }),
            is_good: true,
        }
    }
}

fn row_json(row: &Geometry) -> Value {
    json!({
        "name": row.sector_size.to_string(),
        "sector_size": row.sector_size.bytes(),
        "unpadded_size": row.sector_size.unpadded_bytes(),
        "layers": row.layers,
        "n_nodes": row.n_nodes(),
        "tree": shape(row),
        "n_base_trees": row.n_base_trees(),
        "rows_discarded": row.rows_discarded(),
        "porep_partitions": row.porep_partitions,
        "porep_challenges": row.porep_challenges,
        "proof_size": 192 * row.porep_partitions,
        "ni_porep_partitions": row.ni_porep_partitions,
        "ni_proof_size": Aggregate::size(row.ni_porep_partitions.next_power_of_two()),
        "window_sectors": row.window_sectors,
        "registered": registered_json(row),
    })
}

/// The chain's numbers of all seal proofs.
fn seal_proofs(row: &Geometry) -> Option<[u64; 4]> {
    let size = row.sector_size;
    is_registered(size).then(|| SealProof::ALL.map(|proof| proof.registered_id(size)))
}

/// The chain's numbers of everything that can be proved of a sector of that size, by word.
fn registered_json(row: &Geometry) -> Value {
    let size = row.sector_size;
    if !is_registered(size) {
        return Value::Null;
    }
    let seal = SealProof::ALL.map(|proof| (proof.to_string(), proof.registered_id(size)));
    let post = PostProof::ALL.map(|proof| (proof.to_string(), proof.registered_id(size)));
    let update = UpdateProof::ALL.map(|proof| (proof.to_string(), proof.registered_id(size)));
    json!({
        "seal": BTreeMap::from(seal),
        "post": BTreeMap::from(post),
        "update": BTreeMap::from(update),
    })
}

/// The arities, base to top: `8-8-2`.
fn shape(row: &Geometry) -> String {
    format!("{}-{}-{}", row.tree.base, row.tree.sub, row.tree.top)
}
