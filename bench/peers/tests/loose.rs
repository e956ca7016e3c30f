//! Pretended sectors, and trees over files that lie anywhere: the same from either side.

use std::{collections::BTreeMap, fs, path::Path};

use bench_peers::{case::Case, engine, reference::loose::loose};
use engine_proofs::{geometry::Geometry, hex32::parse_node, porep::comm_r, registered::SealProof};
use kernels::Node;
use serde_json::Value;

const SIZES: [&str; 4] = ["2KiB", "4KiB", "16KiB", "32KiB"];

fn geometry(size: &str) -> &'static Geometry {
    Geometry::of(size.parse().unwrap())
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read(path).unwrap())
    };
    fs::read_dir(dir).unwrap().map(file).collect()
}

fn root(answer: &Value, name: &str) -> Node {
    parse_node(answer[name].as_str().unwrap()).unwrap()
}

/// comm_c is drawn on either side; everything else is equal, and comm_r follows from both.
fn check_p_aux(dir: &Path, told: Node) -> [Node; 2] {
    let bytes = fs::read(dir.join("p_aux")).unwrap();
    let roots: [Node; 2] = Node::slice(&bytes).try_into().unwrap();
    assert_eq!(comm_r(roots[0], roots[1]).unwrap(), told);
    roots
}

#[test]
fn pretended_sectors_are_equal() {
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let [ours, theirs, again, their_again] =
            ["ours", "theirs", "again", "their-again"].map(|name| folder.path().join(name));
        let reference = loose(geometry(size)).unwrap();
        let answer = engine::answer(&["fauxrep", "--sector-size", size, "--dir", ours.to_str().unwrap()]);
        let our_roots = check_p_aux(&ours, root(&answer.unwrap(), "comm_r"));
        let their_roots = check_p_aux(&theirs, reference.fauxrep(&theirs).unwrap());
        assert_eq!(our_roots[1], their_roots[1], "{size}");
        let (mut our_files, mut their_files) = (files(&ours), files(&theirs));
        our_files.remove("p_aux").unwrap();
        their_files.remove("p_aux").unwrap();
        assert!(our_files == their_files, "{size}: the files differ");
        // Each goes on from the other's.
        let (p_aux, dir) = (theirs.join("p_aux"), again.to_str().unwrap());
        let answer = engine::answer(&["fauxrep", "--p-aux", p_aux.to_str().unwrap(), "--dir", dir]);
        let ours_again = check_p_aux(&again, root(&answer.unwrap(), "comm_r"));
        let told = reference.fauxrep2(&their_again, &ours.join("p_aux")).unwrap();
        let theirs_again = check_p_aux(&their_again, told);
        assert_eq!((ours_again[1], theirs_again[1]), (their_roots[1], our_roots[1]));
    }
}

#[test]
fn trees_over_any_files_are_equal() {
    for (n, size) in (500..).zip(SIZES) {
        let folder = tempfile::tempdir().unwrap();
        let [sector, ours, theirs] = ["sector", "ours", "theirs"].map(|name| folder.path().join(name));
        let case = Case::random(n, size.parse().unwrap(), SealProof::V1_1);
        engine::seal(&case, &sector, &["--skip-proof", "--skip-unseal"]).unwrap();
        let [dir, out, replica] =
            [&sector, &ours, &sector.join("sealed")].map(|path| path.to_str().unwrap().to_owned());
        let to = ["--sector-size", size, "--out", &out];
        let reference = loose(geometry(size)).unwrap();
        let c = engine::answer(&[&["tree", "c", "--layers", &dir], &to[..]].concat()).unwrap();
        assert_eq!(root(&c, "comm_c"), reference.tree_c(&sector, &theirs).unwrap());
        let r = engine::answer(&[&["tree", "r-last", "--replica", &replica], &to[..]].concat()).unwrap();
        let told = reference.tree_r_last(&sector.join("sealed"), &theirs).unwrap();
        assert_eq!(root(&r, "comm_r_last"), told);
        assert!(files(&ours) == files(&theirs), "{size}: the trees differ");
    }
}
