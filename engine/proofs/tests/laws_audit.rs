//! A sealed sector passes its audit; with any node of any file changed it does not, and the file is named.

mod fixture;
mod sealed;

use engine_proofs::{
    graph::Graph,
    porep::{audit, comm_r},
    registered::ApiVersion,
    silent, Error, Part,
};
use kernels::{Cpu, Node};
use sealed::{Case, Sealed};

fn case(size: &str) -> Case {
    Case::of(&fixture::read(&format!(
        "porep-{size}-1.1.0-plain-mod251-s42.json"
    )))
}

/// What an audit finds: the first file that disagrees, and where.
fn blamed(sealed: &Sealed) -> Option<(Part, usize)> {
    let parts = (&sealed.graph, &sealed.statement);
    match audit(&Cpu::new(), &sealed.sector(), parts, &silent) {
        Ok(()) => None,
        Err(Error::NotCommitted { part, node } | Error::NotCanonical { part, node }) => Some((part, node)),
        Err(other) => panic!("{other}"),
    }
}

/// The files of a sector, and which each is.
fn files(sealed: &mut Sealed) -> Vec<(Part, &mut Vec<Node>)> {
    let layers = sealed.layers.iter_mut().enumerate();
    let layers = layers.map(|(i, labels)| (Part::Layer(i + 1), labels));
    let tree_c = sealed.tree_c.iter_mut().enumerate();
    let tree_r = sealed.tree_r_last.iter_mut().enumerate();
    let mut files: Vec<_> = layers.collect();
    files.extend(tree_c.map(|(i, tree)| (Part::TreeC(i), tree)));
    files.extend(tree_r.map(|(i, tree)| (Part::TreeRLast(i), tree)));
    files.push((Part::TreeD, &mut sealed.tree_d));
    files.push((Part::Replica, &mut sealed.replica));
    files
}

/// Changes about so many nodes of every file, and the last one, each alone and in each of these bits.
fn check(size: &str, n_changes: usize, bits: &[usize]) {
    let mut sealed = case(size).seal();
    assert_eq!(blamed(&sealed), None);
    for file in 0..files(&mut sealed).len() {
        let len = files(&mut sealed)[file].1.len();
        let nodes = (0..len).step_by(len.div_ceil(n_changes)).chain([len - 1]);
        for (node, bit) in nodes.flat_map(|node| bits.iter().map(move |&bit| (node, bit))) {
            let change = |sealed: &mut Sealed| {
                let (part, nodes) = files(sealed).swap_remove(file);
                nodes[node].0[bit / 8] ^= 1 << (bit % 8);
                part
            };
            let part = change(&mut sealed);
            let found = blamed(&sealed).map(|(part, _)| part);
            assert_eq!(found, Some(part), "{size}: bit {bit} of node {node} of {part}");
            change(&mut sealed);
        }
    }
    assert_eq!(blamed(&sealed), None, "all was put back");
}

/// The lowest bit, and one with which no node is an element.
const BITS: [usize; 2] = [0, 255];

#[test]
fn every_node_of_a_small_sector_counts() {
    check("2KiB", usize::MAX, &BITS);
    check("4KiB", 9, &BITS);
}

#[test]
fn base_trees_have_sub_and_top_nodes_above() {
    check("32KiB", 3, &BITS);
}

#[test]
fn a_sector_of_many_pieces_is_audited_whole() {
    check("8MiB", 1, &BITS[..1]);
}

#[test]
fn another_sectors_file_is_named() {
    let foreign = Case {
        sector: 43,
        ..case("32KiB")
    };
    let (whole, mut foreign) = (case("32KiB").seal(), foreign.seal());
    for (part, theirs) in files(&mut foreign) {
        // Both have the same data, hence the same tree D.
        let expected = (part != Part::TreeD).then_some(part);
        let mut sealed = case("32KiB").seal();
        let mut ours = files(&mut sealed);
        let ours = ours
            .iter_mut()
            .find(|(ours, _)| *ours == part)
            .expect("the same files");
        std::mem::swap(ours.1, theirs);
        assert_eq!(blamed(&sealed).map(|(part, _)| part), expected);
    }
    let mut sealed = case("2KiB").seal();
    sealed.replica.clone_from(&sealed.data);
    assert_eq!(blamed(&sealed), Some((Part::Replica, 0)));
    // Roots that are not the trees', though comm_r is theirs.
    for (node, aux) in [[foreign.aux[0], whole.aux[1]], [whole.aux[0], foreign.aux[1]]]
        .into_iter()
        .enumerate()
    {
        let mut sealed = case("32KiB").seal();
        (sealed.aux, sealed.statement.comm_r) = (aux, comm_r(aux[0], aux[1]).unwrap());
        assert_eq!(blamed(&sealed), Some((Part::Aux, node)));
    }
}

#[test]
fn another_identity_or_graph_is_not_the_layers() {
    let mut sealed = case("2KiB").seal();
    let whole = sealed.statement;
    sealed.statement.replica_id.0[0] ^= 1;
    assert_eq!(blamed(&sealed), Some((Part::Layer(1), 0)));
    sealed.statement = whole;
    sealed.graph = Graph::new(64, &case("2KiB").porep_id, ApiVersion::V1_0_0);
    assert_eq!(blamed(&sealed).map(|(part, _)| part), Some(Part::Layer(1)));
    sealed.graph = Graph::new(64, &case("2KiB").porep_id, ApiVersion::V1_1_0);
    sealed.statement.comm_d.0[0] ^= 1;
    assert_eq!(blamed(&sealed), Some((Part::TreeD, 126)));
}
