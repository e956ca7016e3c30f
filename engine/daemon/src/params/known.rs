//! The digests of files that are taken without a receipt.

use super::Origin;

/// Start of each name, then the circuit's part of it with the ending.
const PREFIX: &str = "v28-stacked-proof-of-replication-merkletree-poseidon_hasher-";

/// Name after [`PREFIX`], digest, and who made it.
///
/// The published ones: `parameters.json` of rust-fil-proofs, version 28. The development ones: made by this
/// program from its fixed seed; the SHA-256 of the same files equal those of the reference's.
const KNOWN: [(&str, &str, Origin); 16] = [
    (
        "8-0-0-sha256_hasher-032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.params",
        "434fb1338ecfaf0f59256f30dde4968f",
        Origin::Published,
    ),
    (
        "8-0-0-sha256_hasher-032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.vk",
        "dc1ade9929ade1708238f155343044ac",
        Origin::Published,
    ),
    (
        "8-0-0-sha256_hasher-ecd683648512ab1765faa2a5f14bab48f676e633467f0aa8aad4b55dcb0652bb.params",
        "09e612e4eeb7a0eb95679a88404f960c",
        Origin::Published,
    ),
    (
        "8-0-0-sha256_hasher-ecd683648512ab1765faa2a5f14bab48f676e633467f0aa8aad4b55dcb0652bb.vk",
        "b687beb9adbd9dabe265a7e3620813e4",
        Origin::Published,
    ),
    (
        "8-0-0-sha256_hasher-6babf46ce344ae495d558e7770a585b2382d54f225af8ed0397b8be7c3fcd472.params",
        "6c77597eb91ab936c1cef4cf19eba1b3",
        Origin::Published,
    ),
    (
        "8-0-0-sha256_hasher-6babf46ce344ae495d558e7770a585b2382d54f225af8ed0397b8be7c3fcd472.vk",
        "065179da19fbe515507267677f02823e",
        Origin::Published,
    ),
    (
        "8-8-0-sha256_hasher-82a357d2f2ca81dc61bb45f4a762807aedee1b0a53fd6c4e77b46a01bfef7820.params",
        "6a388072a518cf46ebd661f5cc46900a",
        Origin::Published,
    ),
    (
        "8-8-0-sha256_hasher-82a357d2f2ca81dc61bb45f4a762807aedee1b0a53fd6c4e77b46a01bfef7820.vk",
        "0c7b4aac1c40fdb7eb82bc355b41addf",
        Origin::Published,
    ),
    (
        "8-8-2-sha256_hasher-96f1b4a04c5c51e4759bbf224bbc2ef5a42c7100f16ec0637123f16a845ddfb2.params",
        "1801f8a6e1b00bceb00cc27314bb5ce3",
        Origin::Published,
    ),
    (
        "8-8-2-sha256_hasher-96f1b4a04c5c51e4759bbf224bbc2ef5a42c7100f16ec0637123f16a845ddfb2.vk",
        "a89884252c04c298d0b3c81bfd884164",
        Origin::Published,
    ),
    (
        "8-0-0-sha256_hasher-032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.params",
        "65cfbec8d46256cde46412d820d9eea0",
        Origin::Development,
    ),
    (
        "8-0-0-sha256_hasher-032d3138d22506ec0082ed72b2dcba18df18477904e35bafee82b3793b06832f.vk",
        "8742038036e9ddb53894dc1787aaa6d6",
        Origin::Development,
    ),
    (
        "8-0-0-sha256_hasher-ecd683648512ab1765faa2a5f14bab48f676e633467f0aa8aad4b55dcb0652bb.params",
        "8b7f497dfe2d4c04ae8b5abb60e93622",
        Origin::Development,
    ),
    (
        "8-0-0-sha256_hasher-ecd683648512ab1765faa2a5f14bab48f676e633467f0aa8aad4b55dcb0652bb.vk",
        "f9f6bd9392d9e2daea3db2770947659d",
        Origin::Development,
    ),
    (
        "8-0-0-sha256_hasher-6babf46ce344ae495d558e7770a585b2382d54f225af8ed0397b8be7c3fcd472.params",
        "f9cc023033245c452638a32da83d7ec5",
        Origin::Development,
    ),
    (
        "8-0-0-sha256_hasher-6babf46ce344ae495d558e7770a585b2382d54f225af8ed0397b8be7c3fcd472.vk",
        "712a90369fe94f0680dd976b6d392318",
        Origin::Development,
    ),
];

/// Who made the file of that name and digest.
pub fn origin(name: &str, blake2b: &str) -> Option<Origin> {
    let name = name.strip_prefix(PREFIX)?;
    let row = KNOWN.iter().find(|row| row.0 == name && row.1 == blake2b);
    row.map(|row| row.2)
}

#[cfg(test)]
mod tests {
    use engine_proofs::{
        geometry::Geometry,
        groth16::{name, ProofKind},
    };

    use super::*;

    fn check(size: &str, digest: &str, expected: Option<Origin>) {
        let geometry = Geometry::of(size.parse().unwrap());
        assert_eq!(origin(&name::key(ProofKind::Porep, geometry), digest), expected);
    }

    #[test]
    fn published_keys_are_known() {
        check(
            "32GiB",
            "0c7b4aac1c40fdb7eb82bc355b41addf",
            Some(Origin::Published),
        );
        check(
            "2KiB",
            "dc1ade9929ade1708238f155343044ac",
            Some(Origin::Published),
        );
        check("2KiB", "0c7b4aac1c40fdb7eb82bc355b41addf", None);
    }
}
