//! Adopt: a sector that someone else sealed becomes one of ours, once every file of it is checked.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, ensure, Context, Result};
use engine_proofs::porep::{self, vanilla::Statement};
use kernels::Backend;

use super::{commit_1::file, pre_commit_2::bytes};
use crate::{
    map::ReadMap,
    progress::Bar,
    sector::{names, t_aux, Files, Identity, Roots, Sector},
    small,
};

/// Checks every file of a sector, and lists them. The replica may lie elsewhere: it gets a link in the directory.
///
/// # Errors
/// When a file is missing, damaged or another sector's: it is named, and nothing is changed.
pub fn run(device: &dyn Backend, sector: &mut Sector, replica: Option<&Path>, bar: &Bar) -> Result<Roots> {
    let identity = sector.record().identity.clone();
    let geometry = identity.geometry();
    let link = sector.dir().join(names::SEALED);
    let places = Places {
        dir: sector.dir().to_owned(),
        replica: replica.map_or_else(|| link.clone(), Path::to_owned),
    };
    ensure!(
        replica.is_none() || link.symlink_metadata().is_err(),
        "{} exists: leave --replica out if it is the replica, or else move it away",
        link.display()
    );
    let files = Files::open(geometry, |name, size| ReadMap::open_sized(&places.of(name), size));
    let files = files.context("a sector is taken over with all its layers and trees")?;
    let p_aux = ReadMap::open_sized(&places.of(names::P_AUX), bytes(2))?;
    let roots = check(device, &identity, &places, (&files, &p_aux), bar)?;
    let t_aux = t_aux(&identity, &places)?;
    if let Some(replica) = replica {
        let replica = replica.canonicalize();
        let linked = replica.and_then(|replica| symlink(replica, &link));
        linked.with_context(|| format!("cannot make the link {}", link.display()))?;
    }
    let named = files.named(geometry).into_iter();
    let named = named.map(|(name, map)| (name, map.bytes()));
    let aux = [(names::P_AUX.to_owned(), p_aux.bytes())];
    let t_aux = t_aux.iter().map(|bytes| (names::T_AUX.to_owned(), &bytes[..]));
    sector.list(named.chain(aux).chain(t_aux), roots)?;
    Ok(roots)
}

/// Where the files lie.
struct Places {
    dir: PathBuf,
    replica: PathBuf,
}

impl Places {
    fn of(&self, name: &str) -> PathBuf {
        match name {
            names::SEALED => self.replica.clone(),
            _ => self.dir.join(name),
        }
    }
}

/// Holds every file against the others and against the identity; answers with what they commit to.
fn check(
    device: &dyn Backend,
    identity: &Identity,
    places: &Places,
    (files, p_aux): (&Files, &ReadMap),
    bar: &Bar,
) -> Result<Roots> {
    let geometry = identity.geometry();
    let (comm_c, comm_r_last) = (p_aux.nodes()[0], p_aux.nodes()[1]);
    let comm_d = files.tree_d.nodes()[geometry.tree_d_len() - 1];
    let comm_r = porep::comm_r(comm_c, comm_r_last).with_context(|| p_aux.path().display().to_string())?;
    let statement = Statement {
        geometry,
        replica_id: identity.replica_id(comm_d),
        comm_d,
        comm_r,
    };
    let graph = identity.graph();
    let sector = files.sector(comm_c, comm_r_last);
    porep::audit(device, &sector, (&graph, &statement), &bar.part(0, 1)).map_err(|error| {
        match file(geometry, &error) {
            Some(name) => {
                let path = places.of(&name);
                anyhow!(error).context(format!(
                    "{} does not go with the other files, or with what is said of the sector: {identity}",
                    path.display()
                ))
            }
            None => anyhow!(error),
        }
    })?;
    Ok(Roots {
        comm_d,
        comm_c,
        comm_r_last,
        comm_r,
    })
}

/// The list of layers and trees, where there is one: it must be of a sector of that size.
fn t_aux(identity: &Identity, places: &Places) -> Result<Option<Vec<u8>>> {
    let (path, size) = (places.of(names::T_AUX), identity.sector_size);
    if !path.exists() {
        return Ok(None);
    }
    let list = small::read(&path)?;
    ensure!(
        t_aux::fits(identity.geometry(), &list),
        "{} does not list the files of a {size} sector: move it away, and proving makes it anew",
        path.display()
    );
    Ok(Some(list))
}
