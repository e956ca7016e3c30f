//! What is known of parameter files by their digests: who made which.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::Origin;

/// What the network has published of a file.
#[derive(Clone, Debug, Deserialize)]
pub struct Published {
    /// The first 16 bytes of BLAKE2b-512, in hex.
    pub digest: String,
    /// Where IPFS has it.
    pub cid: String,
    /// Bytes of the file, where they are known.
    pub size: Option<u64>,
}

/// By name.
static PUBLISHED: LazyLock<BTreeMap<String, Published>> =
    LazyLock::new(|| table(include_str!("../../../../fixtures/parameters.json")));

/// Digests by name: what this program makes from its fixed seed. The same files are the reference's.
static DEVELOPMENT: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| table(include_str!("../../../../fixtures/parameters-development.json")));

/// Names by digest: what was published once, and is no longer good.
static OLD: LazyLock<BTreeMap<String, Vec<String>>> =
    LazyLock::new(|| table(include_str!("../../../../fixtures/parameters-old.json")));

fn table<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the tables are compiled in, and a test reads them")
}

/// What is published under a name.
pub fn published(name: &str) -> Option<&'static Published> {
    PUBLISHED.get(name)
}

/// The name of what is published under a name or CID.
pub fn published_name(word: &str) -> Option<&'static str> {
    let of = |(name, file): &(&'static String, &Published)| *name == word || file.cid == word;
    PUBLISHED.iter().find(of).map(|(name, _)| name.as_str())
}

/// The name of the published or development file of that digest.
pub fn name_of(digest: &str) -> Option<&'static str> {
    let published = PUBLISHED.iter().find(|(_, file)| file.digest == digest);
    let development = DEVELOPMENT.iter().find(|(_, known)| *known == digest);
    let name = published
        .map(|(name, _)| name)
        .or(development.map(|(name, _)| name));
    name.map(String::as_str)
}

/// Who made the file of that name and digest.
pub fn origin(name: &str, digest: &str) -> Option<Origin> {
    if PUBLISHED.get(name).is_some_and(|file| file.digest == digest) {
        return Some(Origin::Published);
    }
    let is_development = DEVELOPMENT.get(name).is_some_and(|known| known == digest);
    is_development.then_some(Origin::Development)
}

/// Who made the file of that digest, whatever its name.
pub fn origin_of(digest: &str) -> Option<Origin> {
    if PUBLISHED.values().any(|file| file.digest == digest) {
        return Some(Origin::Published);
    }
    let is_development = DEVELOPMENT.values().any(|known| known == digest);
    is_development.then_some(Origin::Development)
}

/// What a file is that is not what its name says: the rest of a sentence that begins with the file.
pub fn describe(name: &str, digest: &str) -> String {
    let published = PUBLISHED.iter().find(|(_, file)| file.digest == digest);
    let development = DEVELOPMENT.iter().find(|(_, known)| *known == digest);
    let old = OLD.get(digest).and_then(|names| names.last());
    match (published, development, old) {
        (Some((other, _)), ..) => format!("is the published {other} under another name"),
        (_, Some((other, _)), _) => format!("is the development file {other} under another name"),
        (.., Some(old)) if old == name => {
            format!("is the {old} that was published first, and replaced since")
        }
        (.., Some(old)) => {
            let version = old.split('-').next().unwrap_or_default();
            format!("is of version {version}, which the network does not use any more: it is {old}")
        }
        _ if !DEVELOPMENT.contains_key(name) => format!(
            "is a foreign file: nobody has published its digest {digest}; a development file of this kind and size is \
             known only by the receipt that was made with it, NAME.receipt.json beside it"
        ),
        _ => format!(
            "is a foreign file: nobody has published its digest {digest}, and it is no development file's"
        ),
    }
}

#[cfg(test)]
mod tests {
    use engine_proofs::{
        geometry::Geometry,
        groth16::{name, ProofKind},
    };

    use super::*;

    fn key(size: &str) -> String {
        let geometry = Geometry::of(size.parse().expect("a size"));
        name::key(ProofKind::Porep, geometry)
    }

    fn check(size: &str, digest: &str, expected: Option<Origin>) {
        assert_eq!(origin(&key(size), digest), expected);
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
        check(
            "2KiB",
            "8742038036e9ddb53894dc1787aaa6d6",
            Some(Origin::Development),
        );
        check("2KiB", "0c7b4aac1c40fdb7eb82bc355b41addf", None);
    }

    #[test]
    fn every_table_is_read() {
        assert_eq!(PUBLISHED.len(), 44 + 1);
        assert!(DEVELOPMENT.keys().all(|name| PUBLISHED.contains_key(name)));
        // Every published digest of versions 9 to 28 is known, and each is either good or old.
        let n_good = PUBLISHED
            .values()
            .filter(|file| !OLD.contains_key(&file.digest))
            .count();
        assert_eq!(OLD.len() + n_good, 353);
    }

    fn check_words(digest: &str, words: &str) {
        let description = describe(&key("32GiB"), digest);
        assert!(description.contains(words), "{description}");
    }

    #[test]
    fn files_under_wrong_names_are_named() {
        check_words("7a139d82b8a02e35279d657e197f5c1f", "is of version v27");
        check_words("dc1ade9929ade1708238f155343044ac", "is the published v28-stacked");
        check_words(
            "8742038036e9ddb53894dc1787aaa6d6",
            "is the development file v28-stacked",
        );
        check_words("00000000000000000000000000000000", "known only by the receipt");
        let description = describe(&key("2KiB"), "00000000000000000000000000000000");
        assert!(description.ends_with("no development file's"), "{description}");
        let update = "v28-empty-sector-update-merkletree-poseidon_hasher-8-8-0-\
                      3b7f44a9362e3985369454947bc94022e118211e49fd672d52bec1cbfd599d18.vk";
        let description = describe(update, "46990eb1bf5159c394a10309f269c1b6");
        assert!(description.contains("replaced since"), "{description}");
    }
}
