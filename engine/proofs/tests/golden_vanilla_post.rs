//! A vanilla WindowPoSt of a real 32 GiB sector: read, verified, and written as the same bytes.

mod fixture;

use engine_proofs::{
    cid,
    geometry::Geometry,
    post::{
        vanilla::{verify, SectorProof},
        PublicSector, Statement,
    },
    registered::PostProof,
    replica_id::ProverId,
};
use fixture::{cases, number, word};

fn geometry() -> &'static Geometry {
    Geometry::of("32GiB".parse().expect("the size is in the table"))
}

/// The proof's bytes, and what it is said to prove.
fn golden() -> (Vec<u8>, Statement) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/post.vproof");
    let bytes = std::fs::read(path).expect("the fixture is there");
    let proof = SectorProof::from_bytes(geometry(), &bytes).expect("the reference wrote it");
    let public = fixture::read("postpub.json");
    assert_eq!(word(&public["Randomness"]), "A".repeat(43) + "=");
    let sector = &cases(&public["ChallengedSectors"])[0];
    assert_eq!(word(&sector["SealedCID"]["/"]), cid::comm_r_cid(proof.comm_r));
    let post_proof = PostProof::WindowV1;
    assert_eq!(
        post_proof.registered_id(geometry().sector_size),
        number(&cases(&public["Proofs"])[0]["PoStProof"])
    );
    let sector = PublicSector {
        sector: number(&sector["SectorNumber"]),
        comm_r: proof.comm_r,
    };
    let statement = Statement::new(
        geometry(),
        post_proof,
        ProverId::from_actor_id(number(&public["Prover"])),
        [0; 32].try_into().expect("zero is canonical"),
        [sector],
    );
    (bytes, statement.expect("it claims something"))
}

#[test]
fn it_is_read_verified_and_written_again() {
    let (bytes, statement) = golden();
    let proof = SectorProof::from_bytes(geometry(), &bytes).unwrap();
    assert_eq!((proof.sector, proof.openings.len()), (1, 10));
    let (sector, challenges) = (statement.sectors()[0], statement.challenges(0));
    assert!(verify(&proof, geometry(), &sector, &challenges));
    assert_eq!(proof.to_bytes(geometry()), bytes);

    let mut other = challenges.clone();
    other.rotate_left(1);
    assert!(!verify(&proof, geometry(), &sector, &other));
    assert!(!verify(&proof, geometry(), &sector, &challenges[1..]));
}

/// A bit anywhere: the bytes are none of the form any more, or what they say does not hold.
#[test]
fn no_bit_of_it_can_be_changed() {
    let (bytes, statement) = golden();
    let (sector, challenges) = (statement.sectors()[0], statement.challenges(0));
    let mut n_malformed = 0;
    for bit in (0..bytes.len() * 8).step_by(97) {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        match SectorProof::from_bytes(geometry(), &changed) {
            Err(_) => n_malformed += 1,
            Ok(proof) => {
                assert!(!verify(&proof, geometry(), &sector, &challenges), "bit {bit}");
                assert_eq!(proof.to_bytes(geometry()), changed);
            }
        }
    }
    assert!(0 < n_malformed);
}

#[test]
fn cut_or_prolonged_it_is_none() {
    let (bytes, _) = golden();
    let check = |bytes: &[u8], error: &str| {
        let found = SectorProof::from_bytes(geometry(), bytes)
            .unwrap_err()
            .to_string();
        assert_eq!(found, format!("no vanilla proof of a 32GiB sector: {error}"));
    };
    for len in (0..bytes.len()).step_by(61) {
        check(&bytes[..len], &format!("at byte {len} more must stand"));
    }
    check(&[&bytes[..], &[0]].concat(), "at byte 24960 the end must stand");
    // Counts that promise more than there is.
    let mut many = bytes.clone();
    many[48..56].fill(0xff);
    check(
        &many,
        "at byte 24896 the number of rows above the base trees must stand",
    );
    let mut many = bytes.clone();
    many[60..68].fill(0xff);
    check(&many, "at byte 60 the number of rows of such a tree must stand");
    // Of another size.
    let small = Geometry::of("2KiB".parse().unwrap());
    assert!(SectorProof::from_bytes(small, &bytes).is_err());
}
