//! The shape of the house: which package may lean on which, and what stands at the top level.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Every package by its path, and the packages of ours that it may lean on.
const ARROWS: &[(&str, &[&str])] = &[
    ("kernels", &[]),
    ("engine/proofs", &["kernels"]),
    ("engine/daemon", &["engine-proofs", "kernels"]),
    ("bench", &["engine-proofs", "kernels"]),
    ("bench/peers", &["engine-proofs", "kernels"]),
];

/// What may stand at the top level, dotfiles and build output apart.
const TOP_LEVEL: &[&str] = &[
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "bench",
    "clippy.toml",
    "deny.toml",
    "engine",
    "fixtures",
    "kernels",
    "node",
    "rustfmt.toml",
    "scripts",
    "target",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("bench stands in the root")
        .to_owned()
}

fn manifest(package: &str) -> toml::Table {
    let path = root().join(package).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse()
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The packages of ours in one of a manifest's tables of dependencies.
fn leans_on(manifest: &toml::Table, table: &str, ours: &BTreeSet<String>) -> BTreeSet<String> {
    let dependencies = manifest.get(table).and_then(toml::Value::as_table);
    dependencies
        .into_iter()
        .flat_map(toml::Table::keys)
        .filter(|name| ours.contains(*name))
        .cloned()
        .collect()
}

#[test]
fn a_package_is_named_after_its_path() {
    for (path, _) in ARROWS {
        let name = manifest(path)["package"]["name"]
            .as_str()
            .expect("a package has a name")
            .to_owned();
        assert_eq!(name, path.replace('/', "-"));
    }
}

#[test]
fn the_workspace_holds_exactly_these_packages() {
    let members = manifest("")["workspace"]["members"].clone();
    let members: BTreeSet<String> = members.try_into().expect("members are a list of paths");
    let expected = ARROWS.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(members, expected);
}

#[test]
fn arrows_point_down() {
    let ours: BTreeSet<String> = ARROWS.iter().map(|(path, _)| path.replace('/', "-")).collect();
    for (path, allowed) in ARROWS {
        let manifest = manifest(path);
        let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        for table in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let used = leans_on(&manifest, table, &ours);
            let wrong: Vec<_> = used.difference(&allowed).collect();
            assert!(wrong.is_empty(), "{path}: {table}: must not lean on {wrong:?}");
        }
    }
}

#[test]
fn the_peers_are_compiled_only_on_request() {
    let workspace = manifest("");
    let default = workspace["workspace"]["default-members"].clone();
    let default: BTreeSet<String> = default.try_into().expect("default members are a list of paths");
    assert!(!default.contains("bench/peers"));
}

#[test]
fn the_top_level_holds_only_what_the_map_names() {
    for entry in fs::read_dir(root()).expect("the root can be read") {
        let name = entry
            .expect("an entry can be read")
            .file_name()
            .into_string()
            .expect("names are UTF-8");
        assert!(
            name.starts_with('.') || TOP_LEVEL.contains(&name.as_str()),
            "{name} has no place in the root"
        );
    }
}

/// Files outside `kernels` that may have unsafe code: maps, and a peer called by its C interface.
const UNSAFE: [&str; 2] = ["engine/daemon/src/map.rs", "bench/peers/src/one_core.rs"];

/// Unsafe code stands only where the map allows it.
#[test]
fn unsafe_stands_in_kernels_and_two_files_only() {
    let mut found = BTreeMap::new();
    for (package, _) in ARROWS.iter().filter(|(path, _)| *path != "kernels") {
        visit(&root().join(package).join("src"), &mut |path, text| {
            let n = text.lines().filter(|line| uses_unsafe(line)).count();
            if n > 0 && !UNSAFE.iter().any(|allowed| path.ends_with(allowed)) {
                found.insert(path.to_owned(), n);
            }
        });
    }
    assert!(
        found.is_empty(),
        "unsafe code outside kernels and {UNSAFE:?}: {found:?}"
    );
}

fn uses_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"]
        .iter()
        .any(|word| code.contains(word))
}

fn visit(folder: &Path, see: &mut dyn FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            visit(&path, see);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            see(&path, &fs::read_to_string(&path).expect("sources are UTF-8"));
        }
    }
}
