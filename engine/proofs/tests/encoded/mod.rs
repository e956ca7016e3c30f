//! Known answers that are files of bytes, or hex in JSON.

use ff::PrimeField;
use kernels::Fr;
use serde_json::Value;

use crate::fixture::word;

/// A file of known answers, as it is.
pub fn file(name: &str) -> Vec<u8> {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures");
    std::fs::read(format!("{fixtures}/{name}")).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Bytes in hex.
pub fn bytes(hex: &Value) -> Vec<u8> {
    hex::decode(word(hex)).expect("hex")
}

/// A field element in hex, little-endian.
pub fn scalar(hex: &Value) -> Fr {
    let bytes = bytes(hex).try_into().expect("32 bytes of hex");
    Option::from(Fr::from_repr(bytes)).expect("canonical")
}
