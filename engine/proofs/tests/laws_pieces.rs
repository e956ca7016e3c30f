//! Laws of pieces, on random input with a fixed seed.

use engine_proofs::{
    cid::{comm_r_cid, piece_cid_v1, piece_cid_v2, CidError, Commitment},
    fr32,
    geometry::SectorSize,
    piece::{self, comm_d, lay, root, CommP, Error, Piece, PieceSize},
};
use kernels::{Cpu, Node};
use proptest::{
    collection::vec,
    prelude::{any, Just, Strategy},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

fn runner(cases: u32) -> TestRunner {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    TestRunner::new_with_rng(
        Config {
            cases,
            failure_persistence: None,
            ..Config::default()
        },
        seed,
    )
}

fn check<S: Strategy>(cases: u32, input: S, law: impl Fn(S::Value)) {
    let law = |input| {
        law(input);
        Ok(())
    };
    runner(cases).run(&input, law).unwrap();
}

fn commit(chunks: &[&[u8]]) -> Piece {
    let cpu = Cpu::default();
    let mut comm_p = CommP::new(&cpu);
    chunks.iter().for_each(|chunk| comm_p.update(chunk).unwrap());
    comm_p.finish().unwrap()
}

fn pad(data: &[u8]) -> Vec<u8> {
    let mut padded = vec![0xff; fr32::padded_len(data.len())];
    fr32::pad(data, &mut padded);
    padded
}

/// Bit by bit, as the specification says it.
fn pad_slowly(data: &[u8]) -> Vec<u8> {
    let mut padded = vec![0; fr32::padded_len(data.len())];
    for bit in 0..8 * data.len() {
        let at = bit + bit / 254 * 2;
        padded[at / 8] |= (data[bit / 8] >> (bit % 8) & 1) << (at % 8);
    }
    padded
}

#[test]
fn padding_puts_two_zeros_after_254_bits() {
    check(64, vec(any::<u8>(), 0..700), |data| {
        assert_eq!(pad(&data), pad_slowly(&data))
    });
}

#[test]
fn unpadding_takes_padding_back() {
    check(64, vec(any::<u8>(), 0..700), |data| {
        let mut back = vec![0; data.len()];
        fr32::unpad(&pad(&data), &mut back);
        assert_eq!(back, data);
    });
}

#[test]
fn unpadding_drops_the_two_bits_above_a_node() {
    check(64, vec(any::<[u8; 32]>(), 0..24), |nodes| {
        let mut padded = nodes[..nodes.len() / 4 * 4].concat();
        let mut data = vec![0; padded.len() / fr32::PADDED_BLOCK * fr32::BLOCK];
        fr32::unpad(&padded, &mut data);
        padded
            .iter_mut()
            .skip(31)
            .step_by(32)
            .for_each(|top| *top &= 0x3f);
        assert_eq!(pad(&data), padded);
    });
}

#[test]
fn padding_makes_field_elements() {
    check(64, vec(any::<u8>(), 0..700), |data| {
        assert!(Node::slice(&pad(&data)).iter().all(|node| node.to_fr().is_some()));
    });
}

#[test]
fn a_range_lies_in_its_blocks() {
    let data: Vec<u8> = (0..1500u32).map(|i| (i * i) as u8).collect();
    let padded = pad(&data);
    check(256, (0..1500usize, 0..1500usize), |(a, b)| {
        let range = a.min(b)..a.max(b);
        let (blocks, skip) = fr32::padded_range(range.start as u64..range.end as u64);
        let blocks = &padded[blocks.start as usize..blocks.end as usize];
        let mut back = vec![0; if range.is_empty() { 0 } else { skip + range.len() }];
        fr32::unpad(blocks, &mut back);
        assert_eq!(back.get(skip..).unwrap_or(&[]), &data[range]);
    });
}

#[test]
fn a_stream_may_come_in_any_pieces() {
    // Long enough to fill more than one of the batches that are hashed at a time.
    let data: Vec<u8> = (0..9_500_000u32).map(|i| (i ^ i >> 9) as u8).collect();
    check(4, (0..data.len(), 0..data.len(), 1..data.len()), |(a, b, len)| {
        let data = &data[..len];
        let (a, b) = (a.min(b).min(len), a.max(b).min(len));
        let piece = commit(&[data]);
        assert_eq!(piece.payload_size, len as u64);
        assert_eq!(commit(&[&data[..a], &[], &data[a..b], &data[b..]]), piece);
        let mut padded = pad(data);
        padded.resize(piece.size.padded() as usize, 0);
        assert_eq!(root(&Cpu::default(), Node::slice(&padded)).unwrap(), piece.comm_p);
    });
}

#[test]
fn comm_d_is_the_root_of_the_laid_sector() {
    let sector_size: SectorSize = "32KiB".parse().unwrap();
    let payloads = vec((1..4000usize, any::<u8>()), 0..8);
    check(64, payloads, |payloads| {
        let payloads: Vec<Vec<u8>> = payloads.iter().map(|&(len, byte)| vec![byte; len]).collect();
        let pieces: Vec<Piece> = payloads.iter().map(|payload| commit(&[payload])).collect();
        let sizes: Vec<PieceSize> = pieces.iter().map(|piece| piece.size).collect();
        let commitments: Vec<_> = pieces.iter().map(|piece| (piece.size, piece.comm_p)).collect();
        let Ok(places) = lay(&sizes, sector_size) else {
            assert!(matches!(
                comm_d(&commitments, sector_size),
                Err(Error::DoesNotFit { .. })
            ));
            return;
        };
        let mut sector = vec![0; sector_size.unpadded_bytes() as usize];
        for (place, payload) in places.iter().zip(&payloads) {
            sector[place.offset as usize..][..payload.len()].copy_from_slice(payload);
        }
        let expected = root(&Cpu::default(), Node::slice(&pad(&sector))).unwrap();
        assert_eq!(comm_d(&commitments, sector_size).unwrap(), expected);
    });
}

#[test]
fn pieces_lie_apart_and_aligned() {
    let sector_size: SectorSize = "8MiB".parse().unwrap();
    check(256, vec(7..22u32, 0..20), |logs| {
        let sizes: Vec<_> = logs
            .iter()
            .map(|&log| PieceSize::from_padded(1 << log).unwrap())
            .collect();
        match lay(&sizes, sector_size) {
            Ok(places) => {
                let mut end = 0;
                for (place, size) in places.iter().zip(&sizes) {
                    assert_eq!((place.offset, place.size), (end + place.zeros, *size));
                    assert_eq!(place.padded_offset() % size.padded(), 0);
                    assert!(place.zeros < size.unpadded());
                    end = place.offset + size.unpadded();
                }
                assert!(end <= sector_size.unpadded_bytes());
            }
            Err(Error::DoesNotFit { index, .. }) => {
                assert!(lay(&sizes[..index], sector_size).is_ok());
                assert!(lay(&sizes[..=index], sector_size).is_err());
            }
            Err(error) => panic!("{error}"),
        }
    });
}

fn a_piece() -> impl Strategy<Value = Piece> {
    let size = (7..37u32).prop_map(|log| PieceSize::from_padded(1 << log).unwrap());
    let size = size.prop_flat_map(|size| (Just(size), 0..=size.unpadded()));
    (size, any::<[u8; 32]>()).prop_map(|((size, payload_size), digest)| Piece {
        payload_size,
        size,
        comm_p: Node::truncated(digest),
    })
}

#[test]
fn cids_are_read_back() {
    check(256, a_piece(), |piece| {
        assert_eq!(piece_cid_v2(&piece).parse(), Ok(Commitment::Piece(piece)));
        assert_eq!(
            piece_cid_v1(piece.comm_p).parse(),
            Ok(Commitment::Unsealed(piece.comm_p))
        );
        assert_eq!(
            comm_r_cid(piece.comm_p).parse(),
            Ok(Commitment::Sealed(piece.comm_p))
        );
    });
}

#[test]
fn no_two_words_are_the_same_cid() {
    let letter =
        (any::<usize>(), 0..36usize).prop_map(|(at, i)| (at, b"abcdefghijklmnopqrstuvwxyz234567B=1 "[i]));
    check(1000, (a_piece(), letter), |(piece, (at, letter))| {
        for cid in [
            piece_cid_v2(&piece),
            piece_cid_v1(piece.comm_p),
            comm_r_cid(piece.comm_p),
        ] {
            let mut word = cid.clone().into_bytes();
            let at = at % word.len();
            word[at] = letter;
            let word = String::from_utf8(word).unwrap();
            if let Ok(read) = word.parse::<Commitment>() {
                assert_eq!(read.to_string(), word);
            }
            for cut in [&cid[..at], &format!("{cid}a"), &format!("{cid}aa")] {
                assert!(cut.parse::<Commitment>().is_err(), "{cut}");
            }
        }
    });
}

#[test]
fn bad_cids_are_named() {
    let check = |word: &str, error: CidError| assert_eq!(word.parse::<Commitment>(), Err(error));
    let zeros = "baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqmy";
    check("", CidError::Base);
    check("QmYM6Hg7mjmvA3ZHTsqkss1fkdyDju5dDmLiBZGJ5pz9y9", CidError::Base);
    check(&zeros.to_uppercase(), CidError::Base);
    check(
        &zeros.replacen('g', "0", 1),
        CidError::Character {
            position: 3,
            character: '0',
        },
    );
    check(&zeros[..60], CidError::Length);
    let raw = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
    check(
        raw,
        CidError::Other {
            version: 1,
            codec: 0x55,
            hash: 0x12,
        },
    );
}

#[test]
fn bad_sizes_are_named() {
    let check = |result: Result<PieceSize, Error>, message: &str| {
        assert_eq!(result.unwrap_err().to_string(), message);
    };
    check(
        PieceSize::holding(0),
        "the piece is empty; a piece has at least one byte",
    );
    let too_large = "the piece has more than the 68182605824 bytes that the largest sector holds";
    check(PieceSize::holding(PieceSize::MAX.unpadded() + 1), too_large);
    check(PieceSize::holding(u64::MAX), too_large);
    for size in [0, 1, 64, 127, 129, 1 << 37, u64::MAX] {
        let message = format!(
            "{size} bytes are no piece: a padded piece has a power of two of bytes, from 128 to 64 GiB"
        );
        check(PieceSize::from_padded(size), &message);
    }
    for (payload_size, padded_size) in [(1, 128), (127, 128), (128, 256), (254, 256), (255, 512)] {
        assert_eq!(PieceSize::holding(payload_size).unwrap().padded(), padded_size);
    }
    assert_eq!(
        PieceSize::holding(PieceSize::MAX.unpadded()).unwrap(),
        PieceSize::MAX
    );
    assert!(matches!(CommP::new(&Cpu::default()).finish(), Err(Error::Empty)));
}

#[test]
fn a_piece_that_does_not_fit_is_named() {
    let sizes = [127, 1016, 127].map(|size| PieceSize::holding(size).unwrap());
    let error = lay(&sizes, "2KiB".parse().unwrap()).unwrap_err();
    let message = "piece 2 of 127 bytes does not fit: it would end 2159 bytes into the data, and a 2KiB sector holds 2032";
    assert_eq!(error.to_string(), message);
    assert!(piece::aggregate(&[]).is_none());
}
