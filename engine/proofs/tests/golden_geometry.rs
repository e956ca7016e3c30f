//! The table of geometries, held against the reference's constants.

mod fixture;

use engine_proofs::geometry::{Geometry, SectorSize, GEOMETRIES};
use fixture::{cases, number, word};

#[test]
fn every_row_is_the_references() {
    let golden = fixture::read("constants.json");
    assert_eq!(cases(&golden["sizes"]).len(), GEOMETRIES.len());
    // Of the size that is not registered the constants only say so, and name its shape.
    let registered = cases(&golden["sizes"])
        .iter()
        .filter(|case| case["note"].is_null());
    for case in registered {
        let size = SectorSize::from_bytes(number(&case["sector_size"])).unwrap();
        let row = Geometry::of(size);
        let ours = [
            row.n_nodes(),
            row.layers,
            row.tree.base,
            row.n_base_trees(),
            row.base_leaves(),
            row.base_rows(),
            row.base_tree_len(),
            row.rows_discarded(),
            row.tree_r_last_len(),
            row.tree_d_len(),
            row.porep_partitions,
            row.porep_challenges,
            row.ni_porep_partitions,
            row.porep_challenges,
        ];
        let names = [
            "nodes",
            "layers",
            "base_arity",
            "base_tree_count",
            "base_tree_leafs",
            "base_tree_rows_incl_leaves",
            "base_tree_len_nodes",
            "rows_to_discard_default",
            "tree_r_last_cached_len_nodes",
            "tree_d_len_nodes",
            "porep_partitions",
            "porep_challenges_per_partition",
            "ni_partitions",
            "ni_challenges_per_partition",
        ];
        assert_eq!(
            ours.map(|number| number as u64),
            names.map(|name| number(&case[name])),
            "{size}"
        );
        let window_sectors = number(&case["window_post"]["sectors_per_partition"]);
        assert_eq!(row.window_sectors as u64, window_sectors, "{size}");
        let shape = format!("{}-{}-{}", row.tree.base, row.tree.sub, row.tree.top);
        assert_eq!(format!("merkletree-poseidon_hasher-{shape}"), word(&case["tree"]));
    }
}

#[test]
fn sizes_are_read_back() {
    for row in &GEOMETRIES {
        let size = row.sector_size;
        assert_eq!(size.to_string().parse::<SectorSize>().unwrap(), size);
        assert_eq!(SectorSize::from_bytes(size.bytes()), Some(size));
        assert_eq!(size.unpadded_bytes() / 127 * 128, size.bytes());
    }
}

#[test]
fn an_unknown_size_is_named_with_the_known_ones() {
    for word in ["", "1KiB", "2kib", "2 KiB", "2048", "32GB"] {
        let error = word.parse::<SectorSize>().unwrap_err().to_string();
        assert!(
            error.starts_with(&format!(
                "there is no sector size {word:?}; the sizes are 2KiB, 4KiB,"
            )),
            "{error}"
        );
    }
    assert_eq!(SectorSize::from_bytes(1 << 12), "4KiB".parse().ok());
    assert_eq!(SectorSize::from_bytes((1 << 12) + 1), None);
}
