//! Where the reference keeps what outlives a sector: parameters and lists of parents.
//!
//! It reads its settings from the environment, once, at first use. Whoever calls it through this package
//! has passed [`parameters`] first, which points those settings at directories of ours.

use std::{
    env,
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// The variable that names a directory of parameters to use and to fill.
pub const VARIABLE: &str = "LODE_PARAMETERS";

static PARAMETERS: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let parameters = env::var_os(VARIABLE).map_or_else(|| target.join("parameters"), PathBuf::from);
    env::set_var("FIL_PROOFS_PARAMETER_CACHE", &parameters);
    env::set_var("FIL_PROOFS_PARENT_CACHE", target.join("parents"));
    parameters
});

/// The directory of parameters that both sides read: `LODE_PARAMETERS`, or one below `target`.
pub fn parameters() -> &'static Path {
    &PARAMETERS
}
