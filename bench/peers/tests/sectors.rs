//! Sectors of random data, sealed and opened on both sides: every byte equal, and each side at home in the
//! other's directory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use bench_peers::{
    case::Case,
    engine,
    ours::{self, Sealed},
    reference::{self, Commitments, Directory, Sealer},
};
use engine_proofs::{
    porep::{
        commit1::Commit1,
        vanilla::{self, PartitionProof},
    },
    registered::SealProof,
};
use kernels::{Cpu, Node};

fn check(n: u64, sector_size: &str, seal_proof: SealProof) {
    let case = Case::random(n, sector_size.parse().unwrap(), seal_proof);
    println!(
        "sector {n}: {sector_size} {seal_proof}, {} pieces",
        case.pieces.len()
    );
    let (their_dir, our_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut sealer = reference::sealer(&case, their_dir.path()).unwrap();
    let (commitments, theirs) = seal_theirs(&mut *sealer, &case);
    let sealed = ours::seal(&Cpu::new(), &case).unwrap();
    assert_eq!(sealed.commitments, commitments);
    assert_eq!(
        sealed.labelled.replica_id,
        sealer.replica_id(commitments.comm_d).unwrap()
    );
    let their_files = Directory::of(their_dir.path());
    compare_files(&sealed, &their_files);
    check_openings(&case, &*sealer, &sealed, &theirs);

    // Each in the directory that the other has sealed.
    let found = Sealed::read(&case, &their_files).unwrap();
    assert!(found == sealed, "what is read back differs");
    let answer = engine::seal(&case, our_dir.path(), &["--skip-proof"]).unwrap();
    assert_eq!(answer["comm_r"], commitments.comm_r.to_string());
    compare_directories(our_dir.path(), their_dir.path());
    let opened = commit_in(&case, our_dir.path(), &commitments);
    assert_eq!(opened, theirs);
    take_over(&case, their_dir.path(), &commitments);
}

/// `lode-engine` takes over the directory that the reference has sealed, and unseals it.
fn take_over(case: &Case, dir: &Path, commitments: &Commitments) {
    let before = files(dir);
    let answer = engine::adopt(case, dir).unwrap();
    assert_eq!(answer["comm_d"], commitments.comm_d.to_string());
    assert_eq!(answer["comm_r"], commitments.comm_r.to_string());
    let out = dir.join("unsealed");
    let piece = &case.pieces[0];
    engine::unseal(dir, 0..piece.len(), &out).unwrap();
    assert!(
        fs::read(&out).unwrap() == *piece,
        "what lode-engine unseals differs"
    );
    let mut after = files(dir);
    after.retain(|name, _| before.contains_key(name));
    assert!(after == before, "a file of the reference's is changed");
}

/// What `lode-engine` and the reference leave behind: the same, but for the directory that `t_aux` names.
fn compare_directories(ours: &Path, theirs: &Path) {
    let (mut our_files, mut their_files) = (files(ours), files(theirs));
    assert!(our_files.remove("sector.json").is_some());
    // The reference leaves the data where it was told to put them.
    assert!(their_files.remove("staged").is_some());
    let t_aux = their_files.get_mut("t_aux").expect("the reference writes it");
    *t_aux = without_directory(t_aux, theirs);
    for (name, bytes) in &our_files {
        assert!(their_files.get(name) == Some(bytes), "{name} differs");
    }
    assert!(our_files.keys().eq(their_files.keys()));
}

/// Every file of a directory.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap();
    let entries = entries.map(|entry| entry.unwrap());
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

/// Replaces a directory, which is written behind its length, by none.
fn without_directory(mut bytes: &[u8], dir: &Path) -> Vec<u8> {
    let dir = dir.as_os_str().as_encoded_bytes();
    let written = [&(dir.len() as u64).to_le_bytes(), dir].concat();
    let mut without = Vec::new();
    while let Some(at) = bytes.windows(written.len()).position(|window| window == written) {
        without.extend_from_slice(&bytes[..at]);
        without.extend([0; 8]);
        bytes = &bytes[at + written.len()..];
    }
    [&without, bytes].concat()
}

fn seal_theirs(sealer: &mut dyn Sealer, case: &Case) -> (Commitments, Vec<PartitionProof>) {
    let (_, pieces) = ours::add_pieces(&Cpu::new(), case).unwrap();
    let our_comm_p: Vec<Node> = pieces.iter().map(|piece| piece.comm_p).collect();
    assert_eq!(sealer.add_pieces().unwrap(), our_comm_p);
    sealer.pre_commit_1().unwrap();
    let commitments = sealer.pre_commit_2().unwrap();
    sealer.commit_1().unwrap();
    (commitments, sealer.opened().unwrap())
}

fn compare_files(sealed: &Sealed, theirs: &Directory) {
    let files = sealed.files();
    for (name, nodes) in &files {
        // Compared as bytes: a difference of kilobytes is not worth printing.
        let file = fs::read(theirs.cache.join(name)).unwrap();
        assert!(file == Node::bytes(nodes), "{name} differs");
    }
    let replica = fs::read(&theirs.sealed).unwrap();
    assert!(replica == Node::bytes(&sealed.replica), "the replica differs");
    let p_aux = fs::read(theirs.cache.join("p_aux")).unwrap();
    assert_eq!(p_aux, Node::bytes(&sealed.p_aux()));
    let others = ["staged", "sealed", "p_aux", "t_aux"].map(String::from);
    let ours = files.into_iter().map(|(name, _)| name).chain(others);
    let theirs = fs::read_dir(&theirs.cache).unwrap();
    let theirs = theirs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(ours.collect::<BTreeSet<_>>(), theirs.collect::<BTreeSet<_>>());
}

fn check_openings(case: &Case, sealer: &dyn Sealer, sealed: &Sealed, theirs: &[PartitionProof]) {
    let graph = ours::graph(case);
    for node in (0..case.geometry.n_nodes()).step_by(13) {
        assert_eq!(
            graph.parents(node),
            sealer.parents(node).unwrap(),
            "parents of node {node}"
        );
    }
    let ours = sealed.open(case, &graph).unwrap();
    assert_eq!(ours, theirs);
    assert!(sealer.accepts(&ours).unwrap());
    let statement = sealed.statement(case);
    for (k, partition) in theirs.iter().enumerate() {
        assert!(vanilla::verify(
            partition,
            &statement,
            &graph,
            &ours::challenges(case),
            k
        ));
    }
    check_text(
        case,
        sealer,
        Commit1 {
            statement,
            ticket: case.ticket,
            seed: case.seed,
            partitions: ours,
        },
    );
    let inputs = |k| vanilla::public_inputs(&statement, &graph, &ours::challenges(case), k).unwrap();
    let inputs: Vec<_> = (0..theirs.len()).map(inputs).collect();
    assert_eq!(inputs, sealer.public_inputs(&sealed.commitments).unwrap());
}

/// What one side has opened, the other reads.
fn check_text(case: &Case, sealer: &dyn Sealer, ours: Commit1) {
    let text = sealer.opened_text().unwrap();
    assert!(
        serde_json::to_string(&ours).unwrap() == text,
        "what Commit1 hands on differs"
    );
    let read: Commit1 = serde_json::from_str(&text).unwrap();
    assert!(
        read == ours,
        "{}: what is read of Commit1 differs",
        case.geometry.sector_size
    );
}

/// The reference proves and unseals what lies in a directory of ours.
fn commit_in(case: &Case, dir: &Path, commitments: &Commitments) -> Vec<PartitionProof> {
    let mut sealer = reference::sealer(case, dir).unwrap();
    sealer.add_pieces().unwrap();
    sealer.adopt(commitments).unwrap();
    sealer.commit_1().unwrap();
    let piece = &case.pieces[0];
    let unsealed = sealer.unseal(commitments, 0, piece.len() as u64).unwrap();
    assert!(unsealed == *piece, "the unsealed piece differs");
    sealer.opened().unwrap()
}

#[test]
fn twenty_sectors_of_2_kib_are_equal() {
    for n in 0..20 {
        check(n, "2KiB", [SealProof::V1, SealProof::V1_1][n as usize % 2]);
    }
}

#[test]
fn sectors_of_every_tree_shape_are_equal() {
    for (n, sector_size) in (20..).zip(["4KiB", "16KiB", "32KiB"]) {
        check(n, sector_size, SealProof::V1_1);
        check(n + 10, sector_size, SealProof::V1);
    }
}
