//! A partition's vanilla proof as the reference writes it, so that one can open what the other proves.
//!
//! The form is bincode's of `PartitionProof` in `storage-proofs-update` 19.1, byte for byte; openings are written as
//! those of a PoSt. Counts are 64 bits, little-endian:
//!
//! ```text
//! comm_c ‖ count of apex leaves ‖ apex leaves ‖ count of openings ‖ openings: old, data, new
//! ```

use kernels::Node;

use super::{
    vanilla::{Opening, PartitionProof},
    Rules,
};
use crate::{
    geometry::Geometry,
    path::{Path, TreeHash},
    post::{
        encoding::{put_count, put_opening, Reader},
        Malformed,
    },
};

impl PartitionProof {
    /// The bytes of it. comm_d_new is the root that the data's openings name.
    ///
    /// # Panics
    /// When an opening is none in a sector of that geometry.
    pub fn to_bytes(&self, geometry: &Geometry, comm_d_new: Node) -> Vec<u8> {
        let mut out = self.comm_c.0.to_vec();
        put_count(&mut out, self.apex_leaves.len());
        out.extend_from_slice(Node::bytes(&self.apex_leaves));
        put_count(&mut out, self.openings.len());
        for opening in &self.openings {
            assert!(opening.fits(geometry), "an opening of its form");
            let n_base = geometry.base_rows() - 1;
            put_opening(&mut out, n_base, &opening.old, self.comm_r_last_old);
            put_opening(&mut out, opening.data.steps.len(), &opening.data, comm_d_new);
            put_opening(&mut out, n_base, &opening.new, self.comm_r_last_new);
        }
        out
    }

    /// Reads it back, strictly, with the comm_d_new that it names: what is read is written as the same bytes. It
    /// is yet to be verified.
    ///
    /// # Errors
    /// When the bytes are not exactly of this form.
    pub fn from_bytes(geometry: &Geometry, bytes: &[u8]) -> Result<(PartitionProof, Node), Malformed> {
        let (rules, mut reader) = (Rules::of(geometry), Reader::new(geometry, bytes));
        let comm_c = reader.node()?;
        reader.expect(rules.n_apex_leaves, "the number of apex leaves")?;
        let apex_leaves = (0..rules.n_apex_leaves).map(|_| reader.node());
        let apex_leaves = apex_leaves.collect::<Result<_, _>>()?;
        reader.expect(rules.n_challenges, "the number of challenges")?;
        let (mut openings, mut roots) = (Vec::with_capacity(rules.n_challenges), None);
        for _ in 0..rules.n_challenges {
            let at = reader.offset;
            let (old, comm_r_last_old) = reader.opening(TreeHash::Poseidon)?;
            let (data, comm_d_new) = reader.opening(TreeHash::Sha256)?;
            let (new, comm_r_last_new) = reader.opening(TreeHash::Poseidon)?;
            openings.push(Opening { old, data, new });
            let named = [comm_r_last_old, comm_d_new, comm_r_last_new];
            if *roots.get_or_insert(named) != named {
                return Err(reader.malformed(at, "an opening with the roots of the first"));
            }
        }
        reader.end()?;
        let [comm_r_last_old, comm_d_new, comm_r_last_new] = roots.expect("every geometry has challenges");
        let proof = PartitionProof {
            comm_c,
            comm_r_last_old,
            comm_r_last_new,
            apex_leaves,
            openings,
        };
        Ok((proof, comm_d_new))
    }
}

impl Opening {
    /// Whether it has all the steps that an opening in a sector of that geometry has.
    pub fn fits(&self, geometry: &Geometry) -> bool {
        let fits = |path: &Path, tree| path.fits(tree, geometry);
        fits(&self.old, TreeHash::Poseidon)
            && fits(&self.data, TreeHash::Sha256)
            && fits(&self.new, TreeHash::Poseidon)
    }
}
