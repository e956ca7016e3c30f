//! Whole sectors, file by file, held against the reference.

mod fixture;
mod golden;
mod sealed;

fn check(name: &str) {
    golden::check(&fixture::read(&format!("porep-{name}.json")));
}

#[test]
fn one_base_tree() {
    check("2KiB-1.0.0-plain-mod251-s42");
    check("2KiB-1.1.0-plain-mod251-s42");
    check("2KiB-1.1.0-plain-zero-s42");
}

#[test]
fn later_versions_have_the_graph_of_1_1_0() {
    check("2KiB-1.2.0-plain-mod251-s44");
    check("2KiB-1.2.0-synth-chacha8-s45");
    check("2KiB-1.2.0-ni-chacha8-s46");
}

#[test]
fn two_base_trees() {
    check("4KiB-1.1.0-plain-mod251-s42");
    check("4KiB-1.1.0-plain-chacha8-s42");
}

#[test]
fn eight_base_trees() {
    check("16KiB-1.0.0-plain-chacha8-s42");
    check("16KiB-1.1.0-plain-mod251-s42");
}

#[test]
fn two_times_eight_base_trees() {
    check("32KiB-1.1.0-plain-mod251-s42");
    check("32KiB-1.1.0-plain-chacha8-s42");
}

#[test]
fn eight_mebibytes() {
    check("8MiB-1.0.0-plain-chacha8-s42");
    check("8MiB-1.1.0-plain-mod251-s42");
}
