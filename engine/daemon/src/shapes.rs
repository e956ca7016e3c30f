//! The folder of recorded shapes: beside the parameters, a file for each circuit, held against its digest at every use.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use engine_proofs::groth16::shape::{keep_on, Damage, Shelf};

use crate::{draft::Draft, map::ReadMap};

/// The folder's name beside the parameters.
const NAME: &str = "shapes";

struct Folder(PathBuf);

/// From now on proofs find the shapes of their circuits there, and leave those that they had to record.
pub fn keep_beside(parameters: &Path) {
    keep_on(Box::new(Folder(parameters.join(NAME))));
}

impl Folder {
    /// `porep-2KiB.shape`.
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name.replace(' ', "-") + ".shape")
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        fs::create_dir_all(&self.0).with_context(|| format!("cannot create {}", self.0.display()))?;
        // What a crash leaves half written has a wrong digest: nothing waits for the disk here.
        let draft = Draft::of_process(path)?;
        File::create_new(draft.path())
            .and_then(|mut file| file.write_all(bytes))
            .with_context(|| format!("cannot write {}", path.display()))?;
        draft.finish()
    }
}

/// A proof needs no shape from the folder: what fails here is told, and no more.
impl Shelf for Folder {
    fn look_up(&self, name: &str, read: &mut dyn FnMut(&[u8])) {
        let path = self.path(name);
        if !path.exists() {
            return;
        }
        match ReadMap::open(&path) {
            Ok(map) => read(map.bytes()),
            Err(error) => eprintln!("the circuit is recorded anew: {error:#}"),
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        if let Err(error) = self.write(&self.path(name), bytes) {
            eprintln!("the next proof will take a little longer, because the circuit is not kept: {error:#}");
        }
    }

    fn discard(&self, name: &str, why: Damage) {
        let path = self.path(name);
        if !path.exists() {
            return;
        }
        eprintln!(
            "{} is removed, and the circuit recorded anew: {why}",
            path.display()
        );
        if let Err(error) = fs::remove_file(&path) {
            eprintln!("cannot remove {}: {error}", path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_up(folder: &Folder) -> Option<Vec<u8>> {
        let mut found = None;
        folder.look_up("post 2KiB 1", &mut |bytes| found = Some(bytes.to_vec()));
        found
    }

    #[test]
    fn what_was_put_there_is_found_until_it_is_discarded() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder(dir.path().join("parameters").join(NAME));
        assert_eq!(look_up(&folder), None);
        for bytes in [b"old", b"new"] {
            folder.put("post 2KiB 1", bytes);
            assert_eq!(look_up(&folder).unwrap(), bytes);
        }
        let files = fs::read_dir(&folder.0).unwrap();
        let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["post-2KiB-1.shape"]);
        folder.discard("post 2KiB 1", Damage::Digest);
        assert_eq!(look_up(&folder), None);
    }

    #[test]
    fn a_folder_that_cannot_be_made_stops_nothing() {
        let folder = Folder(PathBuf::from("/dev/null/shapes"));
        folder.put("post 2KiB 1", b"new");
        assert_eq!(look_up(&folder), None);
    }
}
