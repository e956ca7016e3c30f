//! BLS signatures as the chain has them: public keys in G1, signatures in G2, both compressed.
//!
//! An aggregate is a sum. It is verified against messages that differ from each other, so that nobody can choose a
//! key that cancels another's.

use std::{collections::BTreeSet, fmt};

use blst::min_pk::SecretKey;
use blstrs::{Bls12, G1Affine, G2Affine, G2Prepared, G2Projective, Gt};
use group::{prime::PrimeCurveAffine, Curve, Group};
use pairing::{MillerLoopResult, MultiMillerLoop};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use rayon::prelude::*;

/// Tells these signatures' hashes from those of other protocols.
const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_";

/// A secret number; its memory is overwritten when it goes.
#[derive(Clone)]
pub struct PrivateKey(SecretKey);

/// The generator times the private key. It may be infinity, which verifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(G1Affine);

/// A message's digest times the private key, or a sum of such.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature(G2Affine);

/// A message as a point: what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(G2Affine);

impl PrivateKey {
    /// Bytes of a private key.
    pub const SIZE: usize = 32;

    /// A key that nobody can guess who cannot guess what `rng` answers.
    pub fn generate(rng: &mut dyn RngCore) -> PrivateKey {
        let mut material = [0; 32];
        rng.fill_bytes(&mut material);
        PrivateKey::of(&material)
    }

    /// The key of a seed: the same each time. ChaCha20 stretches the seed.
    pub fn with_seed(seed: [u8; 32]) -> PrivateKey {
        PrivateKey::generate(&mut ChaCha20Rng::from_seed(seed))
    }

    /// The key that is derived from 32 bytes (`KeyGen` of the IETF's draft on BLS signatures).
    pub fn of(material: &[u8; 32]) -> PrivateKey {
        PrivateKey(SecretKey::key_gen(material, &[]).expect("32 bytes are enough"))
    }

    /// Reads a key, little-endian; none where it is zero or not below the group's order.
    pub fn from_bytes(bytes: &[u8; PrivateKey::SIZE]) -> Option<PrivateKey> {
        let mut bytes = *bytes;
        bytes.reverse();
        SecretKey::from_bytes(&bytes).ok().map(PrivateKey)
    }

    /// Little-endian.
    pub fn to_bytes(&self) -> [u8; PrivateKey::SIZE] {
        let mut bytes = self.0.to_bytes();
        bytes.reverse();
        bytes
    }

    /// Who has it can verify.
    pub fn public_key(&self) -> PublicKey {
        let bytes = self.0.sk_to_pk().compress();
        PublicKey::from_bytes(&bytes).expect("a multiple of the generator")
    }

    /// Signs a message.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let bytes = self.0.sign(message, DOMAIN, &[]).compress();
        Signature::from_bytes(&bytes).expect("a multiple of a digest")
    }
}

/// Nothing of the secret.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl PublicKey {
    /// Bytes of a public key.
    pub const SIZE: usize = 48;

    /// Reads a point; none where it is not canonical, not on the curve, or not in the subgroup.
    pub fn from_bytes(bytes: &[u8; PublicKey::SIZE]) -> Option<PublicKey> {
        Option::from(G1Affine::from_compressed(bytes)).map(PublicKey)
    }

    /// Compressed.
    pub fn to_bytes(&self) -> [u8; PublicKey::SIZE] {
        self.0.to_compressed()
    }
}

impl Signature {
    /// Bytes of a signature.
    pub const SIZE: usize = 96;

    /// The sum of no signatures: infinity.
    pub fn zero() -> Signature {
        Signature(G2Affine::identity())
    }

    /// Reads a point; none where it is not canonical, not on the curve, or not in the subgroup.
    pub fn from_bytes(bytes: &[u8; Signature::SIZE]) -> Option<Signature> {
        Option::from(G2Affine::from_compressed(bytes)).map(Signature)
    }

    /// Compressed.
    pub fn to_bytes(&self) -> [u8; Signature::SIZE] {
        self.0.to_compressed()
    }
}

impl Digest {
    /// Bytes of a digest.
    pub const SIZE: usize = 96;

    /// Of a message.
    pub fn of(message: &[u8]) -> Digest {
        Digest(G2Projective::hash_to_curve(message, DOMAIN, &[]).to_affine())
    }

    /// Reads a point; none where it is not canonical, not on the curve, or not in the subgroup.
    pub fn from_bytes(bytes: &[u8; Digest::SIZE]) -> Option<Digest> {
        Option::from(G2Affine::from_compressed(bytes)).map(Digest)
    }

    /// Compressed.
    pub fn to_bytes(&self) -> [u8; Digest::SIZE] {
        self.0.to_compressed()
    }
}

/// The sum of signatures; none where there are none.
pub fn aggregate(signatures: &[Signature]) -> Option<Signature> {
    if signatures.is_empty() {
        return None;
    }
    let sum: G2Projective = signatures
        .iter()
        .map(|signature| G2Projective::from(signature.0))
        .sum();
    Some(Signature(sum.to_affine()))
}

/// Whether `e(g₁, signature) = Π e(keyᵢ, digestᵢ)`, each key having signed its own digest.
///
/// False where there are none, or more of one than of the other; where a key is infinity; and where two digests
/// are the same.
pub fn verify(signature: &Signature, digests: &[Digest], keys: &[PublicKey]) -> bool {
    let are_usable = keys.iter().all(|key| !bool::from(key.0.is_identity()));
    let distinct: BTreeSet<[u8; Digest::SIZE]> = digests.iter().map(Digest::to_bytes).collect();
    if digests.is_empty() || digests.len() != keys.len() || !are_usable || distinct.len() < digests.len() {
        return false;
    }
    let minus_one = -G1Affine::generator();
    let right: Vec<G2Prepared> = digests
        .par_iter()
        .map(|digest| digest.0.into())
        .chain([signature.0.into()])
        .collect();
    let left = keys.iter().map(|key| &key.0).chain([&minus_one]);
    let terms: Vec<(&G1Affine, &G2Prepared)> = left.zip(&right).collect();
    Bls12::multi_miller_loop(&terms).final_exponentiation() == Gt::identity()
}

/// As [`verify`], of the messages themselves.
pub fn verify_messages(signature: &Signature, messages: &[&[u8]], keys: &[PublicKey]) -> bool {
    let digests: Vec<Digest> = messages.par_iter().map(|message| Digest::of(message)).collect();
    verify(signature, &digests, keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(n: u8) -> Vec<PrivateKey> {
        (1..=n).map(|i| PrivateKey::with_seed([i; 32])).collect()
    }

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        std::array::from_fn(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).expect("hex"))
    }

    /// A wallet's key (Zondax/filecoin-signing-tools, test_vectors/bls_wallet.json).
    #[test]
    fn a_public_key_is_the_wallets() {
        let key = bytes("d31ed8d06197f7631e58117d99c5ae4791183f17b6772eb4afc5c840e0f7d412");
        let key = PrivateKey::from_bytes(&key);
        let public = "ade28c91045e89a0dcdb49d5ed0d62a4f02d78a96dbd406a4f9d37a1cd2fb5c29058def79b01b4d1556ade74ffc07904";
        let found = key.map(|key| key.public_key().to_bytes());
        assert_eq!(found, Some(bytes(public)));
    }

    #[test]
    fn one_signature_holds_for_its_message_and_key() {
        let (keys, message) = (keys(2), &b"a message"[..]);
        let signature = keys[0].sign(message);
        let [mine, others] = [keys[0].public_key(), keys[1].public_key()];
        assert!(verify_messages(&signature, &[message], &[mine]));
        assert!(verify(&signature, &[Digest::of(message)], &[mine]));
        assert!(!verify_messages(&signature, &[b"another"], &[mine]));
        assert!(!verify_messages(&signature, &[message], &[others]));
        assert!(!verify_messages(&signature, &[], &[]));
        assert!(!verify_messages(&signature, &[message], &[mine, others]));
        assert!(!verify_messages(&Signature::zero(), &[message], &[mine]));
    }

    #[test]
    fn sums_hold_for_messages_that_differ() {
        let keys = keys(5);
        let messages: Vec<Vec<u8>> = (0..5).map(|i| vec![i; 3 + usize::from(i)]).collect();
        let mut messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
        let sign = |(key, message): (&PrivateKey, &&[u8])| key.sign(message);
        let mut signatures: Vec<Signature> = keys.iter().zip(&messages).map(sign).collect();
        let publics: Vec<PublicKey> = keys.iter().map(PrivateKey::public_key).collect();
        let sum = aggregate(&signatures).expect("there are some");
        assert!(verify_messages(&sum, &messages, &publics));
        assert!(!verify_messages(&sum, &messages[1..], &publics[1..]));
        signatures.push(Signature::zero());
        assert_eq!(aggregate(&signatures), Some(sum));
        assert_eq!(aggregate(&[]), None);
        // The same message twice is refused, though the sum would be right.
        messages[4] = messages[0];
        let twice: Vec<Signature> = keys.iter().zip(&messages).map(sign).collect();
        let twice = aggregate(&twice).expect("there are some");
        assert!(!verify_messages(&twice, &messages, &publics));
    }

    /// A key that is infinity would make the zero signature hold for any message.
    #[test]
    fn infinity_is_nobodys_key() {
        let mut infinity = [0; PublicKey::SIZE];
        infinity[0] = 0xc0;
        let infinity = PublicKey::from_bytes(&infinity).expect("it is a point");
        assert!(!verify_messages(&Signature::zero(), &[b"any"], &[infinity]));
    }

    #[test]
    fn what_is_no_key_and_no_point_is_not_read() {
        let key = PrivateKey::with_seed([7; 32]);
        let read = PrivateKey::from_bytes(&key.to_bytes()).map(|key| key.to_bytes());
        assert_eq!(read, Some(key.to_bytes()));
        assert!(PrivateKey::from_bytes(&[0; 32]).is_none() && PrivateKey::from_bytes(&[0xff; 32]).is_none());
        let signature = key.sign(b"m");
        assert_eq!(Signature::from_bytes(&signature.to_bytes()), Some(signature));
        assert_eq!(
            Digest::from_bytes(&Digest::of(b"m").to_bytes()),
            Some(Digest::of(b"m"))
        );
        assert_eq!(Signature::from_bytes(&[0xff; 96]), None);
        assert_eq!(PublicKey::from_bytes(&[0; 48]), None);
        assert_eq!(format!("{key:?}"), "PrivateKey(..)");
    }
}
