//! BLS beside the crate that nodes sign and verify with.

use bls_signatures as theirs;
use bls_signatures::Serialize;
use engine_proofs::bls::{aggregate, verify, verify_messages, Digest, PrivateKey, PublicKey, Signature};
use rand_chacha::{ChaCha20Rng, ChaCha8Rng};
use rand_core::{RngCore, SeedableRng};

fn message(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut message = vec![0; rng.next_u32() as usize % 200];
    rng.fill_bytes(&mut message);
    message
}

#[test]
fn keys_digests_and_signatures_are_equal() {
    let mut rng = ChaCha8Rng::seed_from_u64(600);
    for _ in 0..50 {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let (ours, message) = (PrivateKey::with_seed(seed), message(&mut rng));
        let their = theirs::PrivateKey::generate(&mut ChaCha20Rng::from_seed(seed));
        assert_eq!(ours.to_bytes().to_vec(), their.as_bytes());
        assert_eq!(
            ours.public_key().to_bytes().to_vec(),
            their.public_key().as_bytes()
        );
        assert_eq!(
            ours.sign(&message).to_bytes().to_vec(),
            their.sign(&message).as_bytes()
        );
        let digest = theirs::Signature::from(theirs::hash(&message));
        assert_eq!(Digest::of(&message).to_bytes().to_vec(), digest.as_bytes());
    }
}

/// Both say the same of a sum, and of what is changed.
fn check(messages: &[Vec<u8>], keys: &[[u8; 48]], sum: &[u8; 96], expected: bool) {
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let ours: Vec<PublicKey> = keys
        .iter()
        .map(|key| PublicKey::from_bytes(key).unwrap())
        .collect();
    let their = keys.iter().map(|key| theirs::PublicKey::from_bytes(key).unwrap());
    let their: Vec<theirs::PublicKey> = their.collect();
    let signature = Signature::from_bytes(sum).unwrap();
    let their_signature = theirs::Signature::from_bytes(sum).unwrap();
    let digests: Vec<Digest> = messages.iter().map(|message| Digest::of(message)).collect();
    let hashes: Vec<_> = messages.iter().map(|message| theirs::hash(message)).collect();
    assert_eq!(verify_messages(&signature, &messages, &ours), expected);
    assert_eq!(verify(&signature, &digests, &ours), expected);
    assert_eq!(
        theirs::verify_messages(&their_signature, &messages, &their),
        expected
    );
    assert_eq!(theirs::verify(&their_signature, &hashes, &their), expected);
}

#[test]
fn sums_hold_on_both_sides_or_on_neither() {
    let mut rng = ChaCha8Rng::seed_from_u64(601);
    for n in [1, 2, 3, 10] {
        let keys: Vec<PrivateKey> = (0..n).map(|_| PrivateKey::generate(&mut rng)).collect();
        // As long as their place: none is another.
        let messages: Vec<Vec<u8>> = (1..=n).map(|i| vec![7; i]).collect();
        let sign = |(key, message): (&PrivateKey, &Vec<u8>)| key.sign(message);
        let signatures: Vec<Signature> = keys.iter().zip(&messages).map(sign).collect();
        let sum = aggregate(&signatures).unwrap();
        let their: Vec<theirs::Signature> = signatures
            .iter()
            .map(|signature| theirs::Signature::from_bytes(&signature.to_bytes()).unwrap())
            .collect();
        let their_sum = theirs::aggregate(&their).unwrap();
        assert_eq!(their_sum.as_bytes(), sum.to_bytes().to_vec());
        let publics: Vec<[u8; 48]> = keys.iter().map(|key| key.public_key().to_bytes()).collect();
        check(&messages, &publics, &sum.to_bytes(), true);
        check(&messages, &publics, &Signature::zero().to_bytes(), false);
        check(&messages[1..], &publics, &sum.to_bytes(), false);
        let mut other = messages.clone();
        other[n - 1].push(8);
        check(&other, &publics, &sum.to_bytes(), false);
        let mut infinity = [0; 48];
        infinity[0] = 0xc0;
        let mut with_infinity = publics.clone();
        with_infinity[0] = infinity;
        check(&messages, &with_infinity, &sum.to_bytes(), false);
        if 1 < n {
            let twice = vec![messages[0].clone(); n];
            let sign = |key: &PrivateKey| key.sign(&twice[0]);
            let sum = aggregate(&keys.iter().map(sign).collect::<Vec<_>>()).unwrap();
            check(&twice, &publics, &sum.to_bytes(), false);
        }
    }
}
