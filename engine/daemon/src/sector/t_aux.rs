//! `t_aux`: where the reference looks up the lengths of a sector's layers and trees before Commit1.
//!
//! A list of stores, in little-endian numbers of 8 bytes: how many layers there are, and each of them; then tree
//! D, tree R-last, tree C. A store is its directory and its id (each a length and so many bytes), a byte 1, its
//! length in nodes, and the number of rows that its file leaves out. Whoever reads the list puts the directory in
//! which it was found in the place of the one that it names, so that ours names none.

use engine_proofs::geometry::Geometry;

/// One entry, without its directory.
struct Store {
    id: String,
    /// Nodes of the whole store; of one base tree, where there are several.
    len: usize,
    rows_discarded: usize,
}

/// The list of a sector of that geometry.
pub fn bytes(geometry: &Geometry) -> Vec<u8> {
    let mut bytes = number(geometry.layers).to_vec();
    for store in stores(geometry) {
        bytes.extend(number(0));
        bytes.extend(store.bytes());
    }
    bytes
}

/// Whether these bytes are the list of a sector of that geometry, whatever directory they name.
pub fn fits<'a>(geometry: &Geometry, bytes: &'a [u8]) -> bool {
    let after = |rest: &'a [u8], store: &Store| {
        let (len, rest) = rest.split_first_chunk()?;
        let len = usize::try_from(u64::from_le_bytes(*len)).ok()?;
        rest.get(len..)?.strip_prefix(&store.bytes()[..])
    };
    let stores = stores(geometry);
    let layers = bytes.strip_prefix(&number(geometry.layers));
    let end = layers.and_then(|rest| stores.iter().try_fold(rest, after));
    end == Some(&[])
}

fn stores(geometry: &Geometry) -> Vec<Store> {
    let store = |id: &str, len, rows_discarded| Store {
        id: id.to_owned(),
        len,
        rows_discarded,
    };
    let layers = (1..=geometry.layers).map(|layer| store(&format!("layer-{layer}"), geometry.n_nodes(), 0));
    let trees = [
        store("tree-d", geometry.tree_d_len(), 0),
        // Its length counts the rows that its file leaves out.
        store("tree-r-last", geometry.base_tree_len(), geometry.rows_discarded()),
        store("tree-c", geometry.base_tree_len(), 0),
    ];
    layers.chain(trees).collect()
}

impl Store {
    fn bytes(&self) -> Vec<u8> {
        let id = [&number(self.id.len()), self.id.as_bytes()].concat();
        let rest = [number(self.len), number(self.rows_discarded)].concat();
        [&id[..], &[1], &rest].concat()
    }
}

fn number(n: usize) -> [u8; 8] {
    (n as u64).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list as someone writes it who names a directory.
    fn with_directory(geometry: &Geometry, directory: &str) -> Vec<u8> {
        let mut bytes = number(geometry.layers).to_vec();
        for store in stores(geometry) {
            bytes.extend(number(directory.len()));
            bytes.extend(directory.bytes());
            bytes.extend(store.bytes());
        }
        bytes
    }

    #[test]
    fn any_directory_fits() {
        let geometry = Geometry::of("32KiB".parse().unwrap());
        assert!(fits(geometry, &bytes(geometry)));
        assert_eq!(with_directory(geometry, ""), bytes(geometry));
        assert!(fits(geometry, &with_directory(geometry, "/cache/s-t01000-1")));
    }

    #[test]
    fn nothing_else_fits() {
        let geometry = Geometry::of("32KiB".parse().unwrap());
        let whole = with_directory(geometry, "/cache");
        assert!(!fits(Geometry::of("16KiB".parse().unwrap()), &whole));
        assert!(!fits(geometry, &[&whole[..], &[0]].concat()));
        for len in 0..whole.len() {
            assert!(!fits(geometry, &whole[..len]), "{len} bytes");
        }
        let mut endless = whole;
        endless[8..16].fill(0xff);
        assert!(!fits(geometry, &endless));
    }
}
