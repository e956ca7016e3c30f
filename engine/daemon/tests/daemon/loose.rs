//! Files of a sector without a sector: pretended ones, and trees built anew.

use std::fs;

use crate::engine::{file, folder, json, refused, run, snapshot, text, word};

/// A sealed sector in a folder, and what `seal` answered.
fn seal(folder: &std::path::Path, size: &str) -> (std::path::PathBuf, serde_json::Value) {
    let (data, dir) = (file(folder, "chacha8", 1500, 3), folder.join("sector"));
    let seal = [
        "seal",
        "--json",
        "--skip-proof",
        "--skip-unseal",
        "--sector-size",
        size,
    ];
    let sealed = json(&[&seal[..], &["--dir", text(&dir), text(&data)]].concat());
    (dir, sealed)
}

fn check_trees(size: &str) {
    let folder = folder();
    let (dir, sealed) = seal(folder.path(), size);
    let (out, replica) = (folder.path().join("out"), dir.join("sealed"));
    let to = ["--json", "--sector-size", size, "--out", text(&out)];
    let c = json(&[&["tree", "c", "--layers", text(&dir)], &to[..]].concat());
    assert_eq!(c["comm_c"], sealed["comm_c"]);
    let r_last = [&["tree", "r-last", "--replica", text(&replica)], &to[..]].concat();
    assert_eq!(json(&r_last)["comm_r_last"], sealed["comm_r_last"]);
    let there = snapshot(&dir);
    let made = snapshot(&out);
    assert!(
        made.len()
            == there
                .keys()
                .filter(|name| name.contains("tree-c") || name.contains("tree-r"))
                .count()
    );
    for (name, bytes) in made {
        assert!(there[&name] == bytes, "{size}: {name}");
    }
    refused(&run(&r_last), &["tree-r-last", "exists already"]);
}

#[test]
fn trees_are_built_anew_in_every_shape() {
    for size in ["2KiB", "4KiB", "16KiB", "32KiB"] {
        check_trees(size);
    }
}

#[test]
fn a_tree_needs_its_files() {
    let folder = folder();
    let (dir, _) = seal(folder.path(), "2KiB");
    let (out, replica) = (folder.path().join("out"), dir.join("sealed"));
    fs::remove_file(dir.join("sc-02-data-layer-2.dat")).unwrap();
    let tree = [
        "tree",
        "c",
        "--sector-size",
        "2KiB",
        "--layers",
        text(&dir),
        "--out",
        text(&out),
    ];
    refused(&run(&tree), &["sc-02-data-layer-2.dat"]);
    let tree = [
        "tree",
        "r-last",
        "--sector-size",
        "4KiB",
        "--replica",
        text(&replica),
        "--out",
        text(&out),
    ];
    refused(&run(&tree), &["sealed", "2048", "4096"]);
    fs::write(&replica, [0xff; 2048]).unwrap();
    let tree = [
        "tree",
        "r-last",
        "--sector-size",
        "2KiB",
        "--replica",
        text(&replica),
        "--out",
        text(&out),
    ];
    refused(&run(&tree), &["sealed"]);
    assert!(snapshot(&out).is_empty());
}

#[test]
fn a_pretended_sector_says_so() {
    let folder = folder();
    let (dir, other) = (folder.path().join("pretended"), folder.path().join("other"));
    let pretend = ["fauxrep", "--json", "--sector-size", "16KiB", "--dir", text(&dir)];
    let made = json(&pretend);
    assert_eq!(made["pretended"], true);
    assert!(fs::read(dir.join("sealed")).unwrap() == vec![0; 16 << 10]);
    let p_aux = dir.join("p_aux");
    let roots = hex::encode(fs::read(&p_aux).unwrap());
    assert_eq!(
        roots,
        [word(&made, "comm_c"), word(&made, "comm_r_last")].concat()
    );
    // Its tree is the replica's.
    let out = folder.path().join("out");
    let replica = dir.join("sealed");
    let tree = [
        "tree",
        "r-last",
        "--json",
        "--sector-size",
        "16KiB",
        "--replica",
        text(&replica),
    ];
    let tree = json(&[&tree[..], &["--out", text(&out)]].concat());
    assert_eq!(tree["comm_r_last"], made["comm_r_last"]);
    for (name, bytes) in snapshot(&out) {
        assert!(fs::read(dir.join(&name)).unwrap() == bytes, "{name}");
    }
    refused(&run(&pretend), &["exists already"]);

    let again = json(&[
        "fauxrep",
        "--json",
        "--p-aux",
        text(&p_aux),
        "--dir",
        text(&other),
    ]);
    assert_eq!(again["comm_r_last"], made["comm_r_last"]);
    assert!(again["comm_c"] != made["comm_c"] && again["comm_r"] != made["comm_r"]);
    fs::write(&p_aux, [0; 63]).unwrap();
    refused(
        &run(&["fauxrep", "--p-aux", text(&p_aux), "--dir", text(&out)]),
        &["p_aux", "63"],
    );
}

#[test]
fn the_devices_are_told() {
    let told = json(&["devices", "--json"]);
    assert_eq!(told["devices"][0]["name"], "cpu");
    assert!(told["gpus"].as_array().unwrap().is_empty());
    let setting = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    let granted = match setting {
        Ok(setting) if setting.contains("[never]") => "refused",
        Ok(_) => "granted",
        Err(_) => "unknown",
    };
    assert_eq!(told["large_pages"], granted);
}
