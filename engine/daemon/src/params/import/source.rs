//! Where parameters come from.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use anyhow::{ensure, Context, Result};

use super::{
    super::{file_name, known, Place, Receipt},
    http::Site,
    room, Origin, Partial, Progress,
};

/// Where parameters come from.
#[derive(Debug)]
pub enum Source {
    /// This machine.
    Local(Local),
    /// A mirror or an IPFS gateway.
    Site(Site),
}

/// A folder that has files under their names in the store, or one file.
#[derive(Debug)]
pub struct Local {
    path: PathBuf,
    /// The file's name in the store.
    only: Option<String>,
}

impl Source {
    /// What a word names: a URL begins with its scheme.
    ///
    /// # Errors
    /// When there is no such file, or nobody knows it.
    pub fn parse(word: &str) -> Result<Source> {
        if word.starts_with("http://") || word.starts_with("https://") {
            return Ok(Source::Site(Site::new(word)));
        }
        let path = PathBuf::from(word);
        let metadata = path.metadata().with_context(|| format!("cannot open {word}"))?;
        let only = match metadata.is_dir() {
            true => None,
            false => Some(store_name(&path)?),
        };
        Ok(Source::Local(Local { path, only }))
    }

    /// The one file that it has, if it is only one.
    pub fn only(&self) -> Option<&str> {
        match self {
            Source::Local(local) => local.only.as_deref(),
            Source::Site(site) => site.only(),
        }
    }

    /// Whether it is somewhere else.
    pub fn is_site(&self) -> bool {
        matches!(self, Source::Site(_))
    }

    /// Whether it may have a file: a site everything that is published.
    pub fn may_have(&self, wanted: &Place) -> bool {
        let name = wanted.file_name();
        match (self, self.only()) {
            (_, Some(only)) => only == name,
            (Source::Local(local), None) => local.file(&name).exists(),
            (Source::Site(_), None) => known::published(&name).is_some(),
        }
    }

    /// Brings the rest of a file; false where the source does not have it.
    pub fn fill(&self, wanted: &Place, partial: &mut Partial, progress: &Progress<'_>) -> Result<bool> {
        match self {
            Source::Site(site) => site.fill(wanted, partial, progress),
            Source::Local(local) => {
                let path = local.file(&wanted.file_name());
                let copied = copy(&path, partial, progress);
                copied.with_context(|| format!("cannot copy {}", path.display()))?;
                Ok(true)
            }
        }
    }

    /// Whether a receipt beside the file says that it is for development: then any kind and size may be, for it
    /// is worth nothing anyway.
    pub fn vouches(&self, wanted: &Place, digest: &str) -> bool {
        let receipt = match self {
            Source::Site(_) => None,
            // A receipt that cannot be read vouches for nothing.
            Source::Local(local) => Receipt::read(&local.file(&wanted.file_name())).ok().flatten(),
        };
        receipt.is_some_and(|receipt| receipt.origin == Origin::Development && receipt.blake2b == digest)
    }

    /// Where a file is, for people.
    pub fn place(&self, wanted: &Place) -> String {
        match self {
            Source::Site(site) => format!("{} at {site}", wanted.file_name()),
            Source::Local(local) => local.file(&wanted.file_name()).display().to_string(),
        }
    }
}

impl Local {
    fn file(&self, name: &str) -> PathBuf {
        match self.only {
            Some(_) => self.path.clone(),
            None => self.path.join(name),
        }
    }
}

/// The name in the store of a file that may have another one: by its own, else by its digest.
fn store_name(path: &Path) -> Result<String> {
    let name = file_name(path);
    if Place::all().iter().any(|wanted| wanted.file_name() == name) {
        return Ok(name);
    }
    let digest = Receipt::of(path, Origin::Given)?.blake2b;
    let known = known::name_of(&digest);
    let known = known.with_context(|| format!("{} {}", path.display(), known::describe(&name, &digest)))?;
    let origin = known::origin_of(&digest).unwrap_or(Origin::Given);
    Ok(origin.file_name(known))
}

/// Copies what is not there yet.
fn copy(path: &Path, partial: &mut Partial, progress: &Progress<'_>) -> Result<()> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    ensure!(metadata.is_file(), "it is not a file");
    if metadata.len() < partial.size() {
        partial.restart()?;
    }
    let n_bytes = metadata.len() - partial.size();
    room::check(partial.path(), n_bytes)?;
    progress.expect(n_bytes);
    file.seek(SeekFrom::Start(partial.size()))?;
    let (mut file, mut buffer) = (file.take(n_bytes), vec![0; 1 << 20]);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(());
        }
        partial.append(&buffer[..n])?;
        progress.add(n as u64);
    }
}
