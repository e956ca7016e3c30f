//! The names of parameter files are the reference's, and their keys have as many points as its circuits inputs.

mod fixture;

use std::collections::BTreeSet;

use engine_proofs::{
    blank,
    geometry::{Geometry, SectorSize},
    groth16::{name, ProofKind},
};
use fixture::{cases, number, read, word};
use serde_json::Value;

fn geometry(case: &Value) -> &'static Geometry {
    Geometry::of(SectorSize::from_bytes(number(&case["sector_size"])).expect("a size"))
}

fn check(kind: ProofKind, geometry: &Geometry, cache_id: &Value) {
    let cache_id = word(cache_id);
    assert_eq!(name::cache_id(kind, geometry), cache_id);
    assert_eq!(name::parameters(kind, geometry), format!("v28-{cache_id}.params"));
    assert_eq!(name::key(kind, geometry), format!("v28-{cache_id}.vk"));
}

#[test]
fn names_of_parameter_files_are_the_references() {
    let constants = read("constants.json");
    // The reference never registered 1 GiB, and names no files for it.
    let sizes = || {
        cases(&constants["sizes"])
            .iter()
            .filter(|case| case.get("porep_identifier").is_some())
    };
    assert_eq!(sizes().count(), 9);
    for case in sizes() {
        let geometry = geometry(case);
        let update = &case["empty_sector_update"];
        let poseidon = &update["poseidon_variant"];
        for (kind, sentence) in [
            (ProofKind::Porep, &case["porep_identifier"]),
            (ProofKind::Update, &update["identifier"]),
            (ProofKind::UpdatePoseidon, &poseidon["identifier"]),
        ] {
            assert_eq!(name::identifier(kind, geometry), word(sentence));
        }
        check(ProofKind::Porep, geometry, &case["porep_cache_id"]);
        check(
            ProofKind::WinningPost,
            geometry,
            &case["winning_post"]["cache_id"],
        );
        check(ProofKind::WindowPost, geometry, &case["window_post"]["cache_id"]);
        check(ProofKind::Update, geometry, &update["cache_id"]);
        check(ProofKind::UpdatePoseidon, geometry, &poseidon["cache_id"]);
    }
}

#[test]
fn every_published_file_has_a_name_of_ours() {
    let published = read("parameters.json");
    let published: BTreeSet<&str> = published
        .as_object()
        .expect("names and what is known of them")
        .keys()
        .map(String::as_str)
        .filter(|name| !name.ends_with(".srs"))
        .collect();
    assert_eq!(published.len(), 44);
    let mut ours = BTreeSet::new();
    for size in ["2KiB", "8MiB", "512MiB", "32GiB", "64GiB"] {
        let size: SectorSize = size.parse().expect("a size");
        for kind in ProofKind::ALL {
            let geometry = Geometry::of(size);
            // The Poseidon variant is published for the two large sizes only.
            if kind != ProofKind::UpdatePoseidon || 11 <= geometry.layers {
                ours.extend([name::parameters(kind, geometry), name::key(kind, geometry)]);
            }
        }
    }
    assert_eq!(
        ours.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        published
    );
}

#[test]
fn keys_have_a_point_for_each_input() {
    let rows = fixture::text("circuits.jsonl");
    let mut n_rows = 0;
    for row in rows.lines() {
        let row: Value = serde_json::from_str(row).expect("a row is JSON");
        // `porep1` and `window1` are parts of circuits.
        if let Ok(kind) = word(&row["kind"]).parse::<ProofKind>() {
            let n_inputs = number(&row["r1cs"]["num_inputs_incl_one"]) as usize - 1;
            assert_eq!(blank::n_inputs(kind, geometry(&row)), n_inputs, "{kind}");
            n_rows += 1;
        }
    }
    assert_eq!(n_rows, 39);
    let large = Geometry::of("32GiB".parse().expect("a size"));
    assert_eq!(blank::n_inputs(ProofKind::WindowPost, large), 25_839);
}

#[test]
fn words_come_back() {
    for kind in ProofKind::ALL {
        assert_eq!(kind.to_string().parse::<ProofKind>().expect("its own word"), kind);
    }
    let error = "post".parse::<ProofKind>().expect_err("no kind");
    assert_eq!(
        error.to_string(),
        r#"there is no proof "post"; the proofs are porep, winning, window, update, update-poseidon"#
    );
}
