//! Pretended sectors and single trees by the reference.

use std::{fs, path::Path};

use anyhow::{bail, Result};
use engine_proofs::geometry::Geometry;
use filecoin_hashers::Domain;
use filecoin_proofs as fil;
use filecoin_proofs::{
    MerkleTreeTrait, PoRepConfig, SectorShapeBase, SectorShapeSub2, SectorShapeSub8, SectorShapeTop2,
};
use kernels::Node;
use storage_proofs_core::api_version::ApiVersion;

use crate::home;

/// The reference for one shape of trees.
pub trait Loose {
    /// Pretends a sector in a folder, and answers comm_r.
    fn fauxrep(&self, dir: &Path) -> Result<Node>;
    /// Writes another `p_aux` into a folder, and answers comm_r.
    fn fauxrep2(&self, dir: &Path, p_aux: &Path) -> Result<Node>;
    /// Builds tree C over the layers in a folder, and answers comm_c.
    fn tree_c(&self, layers: &Path, out: &Path) -> Result<Node>;
    /// Builds tree R-last over a replica, and answers comm_r_last.
    fn tree_r_last(&self, replica: &Path, out: &Path) -> Result<Node>;
}

/// The reference for the shape of that geometry's trees.
///
/// # Errors
/// When there is no such shape.
pub fn loose(geometry: &'static Geometry) -> Result<Box<dyn Loose>> {
    home::parameters();
    Ok(match (geometry.tree.sub, geometry.tree.top) {
        (0, 0) => Box::new(Shaped::<SectorShapeBase>::new(geometry)),
        (2, 0) => Box::new(Shaped::<SectorShapeSub2>::new(geometry)),
        (8, 0) => Box::new(Shaped::<SectorShapeSub8>::new(geometry)),
        (8, 2) => Box::new(Shaped::<SectorShapeTop2>::new(geometry)),
        _ => bail!("the reference has no tree of shape {:?}", geometry.tree),
    })
}

struct Shaped<Tree> {
    geometry: &'static Geometry,
    _shape: std::marker::PhantomData<Tree>,
}

impl<Tree> Shaped<Tree> {
    fn new(geometry: &'static Geometry) -> Shaped<Tree> {
        Shaped {
            geometry,
            _shape: std::marker::PhantomData,
        }
    }

    fn size(&self) -> u64 {
        self.geometry.sector_size.bytes()
    }
}

impl<Tree: 'static + MerkleTreeTrait> Loose for Shaped<Tree> {
    fn fauxrep(&self, dir: &Path) -> Result<Node> {
        fs::create_dir_all(dir)?;
        let config = PoRepConfig::new_groth16(self.size(), [0; 32], ApiVersion::V1_1_0);
        Ok(Node(fil::fauxrep::<_, _, Tree>(
            &config,
            dir,
            dir.join("sealed"),
        )?))
    }

    fn fauxrep2(&self, dir: &Path, p_aux: &Path) -> Result<Node> {
        fs::create_dir_all(dir)?;
        Ok(Node(fil::fauxrep2::<_, _, Tree>(dir, p_aux)?))
    }

    fn tree_c(&self, layers: &Path, out: &Path) -> Result<Node> {
        fs::create_dir_all(out)?;
        let root = fil::generate_tree_c::<_, _, Tree>(self.size(), layers, out, self.geometry.layers)?;
        node(&root)
    }

    fn tree_r_last(&self, replica: &Path, out: &Path) -> Result<Node> {
        fs::create_dir_all(out)?;
        node(&fil::generate_tree_r_last::<_, _, Tree>(
            self.size(),
            replica,
            out,
        )?)
    }
}

fn node(domain: &impl Domain) -> Result<Node> {
    let mut bytes = [0; 32];
    domain.write_bytes(&mut bytes)?;
    Ok(Node(bytes))
}
