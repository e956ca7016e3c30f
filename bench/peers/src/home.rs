//! Where the reference keeps what outlives a sector: parameters and lists of parents.
//!
//! It reads its settings from the environment, once, at first use. Whoever calls it through this package
//! has passed [`parameters`] first, which points those settings at directories of ours.

use std::{
    env, fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use anyhow::{Context, Result};
use engine_proofs::groth16::name::DEVELOPMENT;

/// The variable that names a directory of parameters to use and to fill.
pub const VARIABLE: &str = "LODE_PARAMETERS";

static PARAMETERS: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let parameters = env::var_os(VARIABLE).map_or_else(|| target.join("parameters"), PathBuf::from);
    let links = parameters.join(LINKS);
    fs::create_dir_all(&links).unwrap_or_else(|error| panic!("cannot make {}: {error}", links.display()));
    env::set_var("FIL_PROOFS_PARAMETER_CACHE", &links);
    env::set_var("FIL_PROOFS_PARENT_CACHE", target.join("parents"));
    parameters
});

/// Where the reference finds our files under its own names, in the directory of parameters.
const LINKS: &str = "reference";

/// Removes the reference's lists of parents, so that it makes them anew.
///
/// # Errors
/// When they cannot be removed.
pub fn forget_parents() -> Result<()> {
    parameters();
    let parents = env::var_os("FIL_PROOFS_PARENT_CACHE").context("the folder of parents")?;
    match fs::remove_dir_all(&parents) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", Path::new(&parents).display()))
        }
        _ => Ok(()),
    }
}

/// Where a development file is, which the reference calls `name`.
pub fn development(name: &str) -> PathBuf {
    parameters().join(DEVELOPMENT.to_owned() + name)
}

/// Links a development file, which must be there, to the name under which the reference looks for it.
///
/// # Errors
/// When the folder of links cannot be written.
pub fn show(name: &str) -> Result<()> {
    let links = parameters().join(LINKS);
    // The link is relative: it holds wherever the directory is moved to.
    match symlink(format!("../{DEVELOPMENT}{name}"), links.join(name)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot link {name} in {}", links.display()))
        }
        _ => Ok(()),
    }
}

/// The directory of parameters that both sides read: `LODE_PARAMETERS`, or one below `target`.
pub fn parameters() -> &'static Path {
    &PARAMETERS
}
