//! Pieces, their commitments and their CIDs, held against the reference and against other implementations.

mod fixture;

use engine_proofs::{
    cid::{piece_cid_v1, piece_cid_v2, Commitment},
    fr32,
    geometry::SectorSize,
    hex32,
    piece::{self, alignment, comm_d, lay, zero_commitment, CommP, Piece, PieceSize},
};
use fixture::{cases, number, word};
use kernels::{Cpu, Node};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The patterns that fixtures/README.md describes.
fn data(pattern: &str, sector: u64, size: u64) -> Vec<u8> {
    let mut bytes = vec![0; size as usize];
    match pattern {
        "zero" => {}
        "mod251" => bytes
            .iter_mut()
            .enumerate()
            .for_each(|(i, byte)| *byte = ((31 * i + 7) % 251) as u8),
        "chacha8" => {
            let mut key = [0x2a; 32];
            key.iter_mut()
                .zip(sector.to_le_bytes())
                .for_each(|(byte, id)| *byte ^= id);
            ChaCha8Rng::from_seed(key).fill_bytes(&mut bytes);
        }
        _ => panic!("no pattern {pattern}"),
    }
    bytes
}

fn commit(data: &[u8]) -> Piece {
    let cpu = Cpu::default();
    let mut comm_p = CommP::new(&cpu);
    comm_p.update(data).unwrap();
    comm_p.finish().unwrap()
}

fn node(value: &Value) -> Node {
    hex32::parse_node(word(value)).unwrap()
}

fn sector_size(value: &Value) -> SectorSize {
    SectorSize::from_bytes(number(value)).unwrap()
}

#[test]
fn padding_is_the_references() {
    let golden = fixture::read("pieces.json");
    for case in cases(&golden["fr32"]) {
        let unpadded = data(word(&case["pattern"]), 0, number(&case["unpadded_len"]));
        assert_eq!(hex::encode(&unpadded), word(&case["unpadded"]));
        let mut padded = vec![0xff; number(&case["padded_len"]) as usize];
        fr32::pad(&unpadded, &mut padded);
        assert_eq!(hex::encode(&padded), word(&case["padded"]));
        let mut back = vec![0xff; unpadded.len()];
        fr32::unpad(&padded, &mut back);
        assert_eq!(back, unpadded);
    }
    let mut padded = [0; 128];
    fr32::pad(&[0xff; 127], &mut padded);
    assert_eq!(hex::encode(padded), word(&golden["fr32_127_ff"]));
}

#[test]
fn comm_p_is_the_references() {
    let golden = fixture::read("pieces.json");
    assert_eq!(cases(&golden["comm_p"]).len(), 42);
    for case in cases(&golden["comm_p"]) {
        let piece = commit(&data(word(&case["pattern"]), 0, number(&case["unpadded"])));
        assert_eq!(piece.comm_p, node(&case["comm_p"]), "{case}");
        assert_eq!(piece.size.padded(), number(&case["padded"]));
        assert_eq!(piece.size.unpadded(), number(&case["unpadded"]));
    }
}

#[test]
fn commitments_to_zeros_are_the_references() {
    let golden = fixture::read("pieces.json");
    assert_eq!(cases(&golden["zero_comm"]).len(), 30);
    for case in cases(&golden["zero_comm"]) {
        let size = PieceSize::from_padded(1 << number(&case["padded_log2"])).unwrap();
        assert_eq!(zero_commitment(size), node(&case["zero_comm"]), "{case}");
    }
}

fn pieces(list: &Value) -> Vec<(PieceSize, Node)> {
    let piece = |piece: &Value| {
        let size = PieceSize::from_padded(1 << number(&piece["padded_log2"])).unwrap();
        (size, node(&piece["comm_p"]))
    };
    cases(list).iter().map(piece).collect()
}

#[test]
fn pieces_in_a_row_have_the_references_comm_d() {
    let golden = fixture::read("pieces.json");
    assert_eq!(cases(&golden["comm_d_aggregation"]).len(), 9);
    for case in cases(&golden["comm_d_aggregation"]) {
        let pieces = pieces(&case["pieces"]);
        match piece::aggregate(&pieces) {
            Some((_, comm_d)) => assert_eq!(comm_d, node(&case["comm_d"]), "{case}"),
            // The reference says for no pieces what the empty sector has.
            None => assert_eq!(
                comm_d(&[], sector_size(&case["sector_size"])).unwrap(),
                node(&case["comm_d"])
            ),
        }
    }
}

#[test]
fn pieces_are_added_where_the_reference_adds_them() {
    let golden = fixture::read("pieces.json");
    let steps = cases(&golden["add_piece_sequence"]["steps"]);
    let sector_size: SectorSize = "4KiB".parse().unwrap();
    let sizes: Vec<u64> = steps.iter().map(|step| number(&step["piece_unpadded"])).collect();
    let piece_sizes: Vec<PieceSize> = sizes
        .iter()
        .map(|&size| PieceSize::holding(size).unwrap())
        .collect();
    let places = lay(&piece_sizes, sector_size).unwrap();
    let (mut written, mut staged) = (0, Vec::new());
    for (i, step) in steps.iter().enumerate() {
        let zeros = alignment(written, sizes[i]).unwrap();
        let added = zeros.left + sizes[i] + zeros.right;
        assert_eq!(
            added,
            number(&step["returned_unpadded_bytes_written_incl_alignment"]),
            "{step}"
        );
        assert_eq!(
            (places[i].zeros, places[i].offset),
            (zeros.left, written + zeros.left)
        );
        written += added;
        let bytes = data("chacha8", 900 + i as u64, sizes[i]);
        assert_eq!(commit(&bytes).comm_p, node(&step["comm_p"]));
        staged.resize(places[i].offset as usize, 0);
        staged.extend(bytes);
        assert_eq!(
            fr32::padded_len(written as usize) as u64,
            number(&step["staged_len_after"])
        );
    }
    let mut padded = vec![0; fr32::padded_len(staged.len())];
    fr32::pad(&staged, &mut padded);
    assert_eq!(
        hex::encode(padded),
        word(&golden["add_piece_sequence"]["staged_hex"])
    );
}

#[test]
fn both_versions_of_a_cid_are_those_of_other_implementations() {
    let golden = fixture::read("piece-cids.json");
    for case in cases(&golden["vectors"]) {
        let size = number(&case["size"]);
        if size == 0 {
            continue; // Lode has no empty pieces.
        }
        let blocks = (0..size.div_ceil(32)).flat_map(|i| <[u8; 32]>::from(Sha256::digest(i.to_le_bytes())));
        let piece = commit(&blocks.take(size as usize).collect::<Vec<u8>>());
        assert_eq!(piece_cid_v1(piece.comm_p), word(&case["v1"]));
        assert_eq!(piece_cid_v2(&piece), word(&case["v2"]));
        assert_eq!(piece.size.padded(), number(&case["paddedSize"]));
        assert_eq!(u64::from(piece.size.height()), number(&case["height"]));
        assert_eq!(word(&case["v1"]).parse(), Ok(Commitment::Unsealed(piece.comm_p)));
        assert_eq!(word(&case["v2"]).parse(), Ok(Commitment::Piece(piece)));
    }
}

#[test]
fn cids_of_repeated_bytes_are_those_of_another_implementation() {
    for (table, byte) in [("commp-zero.txt", 0), ("commp-0xCC.txt", 0xcc)] {
        let table = fixture::text(table);
        for row in table.lines().filter(|row| !row.is_empty()) {
            let [payload_size, size, cid] = row.split(',').collect::<Vec<_>>().try_into().unwrap();
            let piece = commit(&vec![byte; payload_size.parse().unwrap()]);
            assert_eq!(
                (
                    piece.size.padded().to_string().as_str(),
                    piece_cid_v1(piece.comm_p).as_str()
                ),
                (size, cid)
            );
        }
    }
}

/// The test vectors of FRC-0069.
#[test]
fn cids_are_those_of_the_specification() {
    let check = |data: &[u8], v1: &str, v2: &str| {
        let piece = commit(data);
        assert_eq!(
            (piece_cid_v1(piece.comm_p).as_str(), piece_cid_v2(&piece).as_str()),
            (v1, v2)
        );
    };
    check(
        &[[0; 127], [1; 127], [2; 127], [3; 127]].concat(),
        "baga6ea4seaqes3nobte6ezpp4wqan2age2s5yxcatzotcvobhgcmv5wi2xh5mbi",
        "bafkzcibcaaces3nobte6ezpp4wqan2age2s5yxcatzotcvobhgcmv5wi2xh5mbi",
    );
    check(
        &[0; 127],
        "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
        "bafkzcibcaabdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
    );
    check(
        &[0; 128],
        "baga6ea4seaqgiktap34inmaex4wbs6cghlq5i2j2yd2bb2zndn5ep7ralzphkdy",
        "bafkzcibcpybwiktap34inmaex4wbs6cghlq5i2j2yd2bb2zndn5ep7ralzphkdy",
    );
    let size = PieceSize::from_padded(32 << 30).unwrap();
    let zeros = Piece {
        payload_size: size.unpadded(),
        size,
        comm_p: zero_commitment(size),
    };
    let v1 = "baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq";
    let v2 = "bafkzcibcaapao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq";
    assert_eq!(
        (piece_cid_v1(zeros.comm_p).as_str(), piece_cid_v2(&zeros).as_str()),
        (v1, v2)
    );
    let no_data = zero_commitment("2KiB".parse::<SectorSize>().unwrap().into());
    assert_eq!(
        piece_cid_v1(no_data),
        "baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqmy"
    );
}
