//! The parameters that both sides prove with: made by our setup, from the seed that hides nothing.

use std::{
    fs::{self, File},
    io::BufWriter,
    path::Path,
    process,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};
use engine_proofs::{
    blank::Blank,
    geometry::Geometry,
    groth16::{aggregate, generate, name, Parameters, ProofKind, Secret, VerifyingKey},
    silent,
};
use kernels::Cpu;

use crate::home;

/// Whoever makes files holds it: tests of one process share their names until they are whole.
static ALONE: Mutex<()> = Mutex::new(());

/// The bytes of a circuit's parameters; they are made where they are missing, which takes minutes.
///
/// What is found under the name is taken as it is: whoever changes the setup empties the directory.
///
/// # Errors
/// When the file can neither be read nor made.
pub fn of(kind: ProofKind, geometry: &'static Geometry) -> Result<Vec<u8>> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = home::parameters();
    let (name, key_name) = (name::parameters(kind, geometry), name::key(kind, geometry));
    let path = home::development(&name);
    if !path.exists() {
        fs::create_dir_all(dir)?;
        make(Blank::of(kind, geometry), &path)?;
    }
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    let key = home::development(&key_name);
    if !key.exists() {
        fs::write(key, Parameters::parse(&bytes)?.key.to_bytes())?;
    }
    home::show(&name)?;
    home::show(&key_name)?;
    Ok(bytes)
}

/// Puts a key, and the reference string of aggregates from the development seed, where the reference looks for
/// them; answers with the latter.
///
/// # Errors
/// When the folder cannot be written.
pub fn for_aggregates(kind: ProofKind, geometry: &Geometry, key: &VerifyingKey) -> Result<Vec<u8>> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = home::parameters();
    fs::create_dir_all(dir)?;
    let srs = aggregate::development(128);
    let files = [
        (name::key(kind, geometry), key.to_bytes()),
        (name::srs(), srs.clone()),
    ];
    for (name, bytes) in files {
        let path = home::development(&name);
        if !path.exists() {
            let unfinished = path.with_extension(process::id().to_string());
            fs::write(&unfinished, bytes)?;
            fs::rename(&unfinished, path)?;
        }
        home::show(&name)?;
    }
    Ok(srs)
}

/// Under another name until it is whole.
fn make(circuit: Blank, path: &Path) -> Result<()> {
    let unfinished = path.with_extension(process::id().to_string());
    let mut out = BufWriter::new(File::create(&unfinished)?);
    generate(&Cpu::new(), circuit, &Secret::development(), &mut out, &silent)?;
    fs::rename(&unfinished, path)?;
    Ok(())
}
