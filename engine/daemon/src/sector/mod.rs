//! A sector's directory: its files under the reference's names, and the record of what is finished.
//!
//! A file has its name only when it is whole and listed in `sector.json` with size and digests. So after a crash
//! what is listed and there is true, and anything else is made again. What was
//! listed by an earlier process is held against its digests before anything is built on it.

mod files;
mod identity;
pub mod names;
mod receipt;
mod record;
pub mod t_aux;
pub mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{bail, Context, Result};
use rustix::{
    fs::{flock, FlockOperation},
    io::Errno,
};

pub use files::Files;
pub use identity::Identity;
pub use receipt::Receipt;
pub use record::{Piece, Record, Roots, Update};

use crate::{
    draft::{self, Draft, TempDir},
    map::{ReadMap, WriteMap},
};

/// The file that says whose sector a directory holds, and which of its files are finished.
const RECORD: &str = "sector.json";

/// A sector's directory, locked for this process.
#[derive(Debug)]
pub struct Sector {
    dir: PathBuf,
    record: Record,
    /// Files that this process wrote or has checked.
    trusted: BTreeSet<String>,
    /// The folder that goes with it, where it does not last.
    scratch: Option<TempDir>,
    /// Holds the lock on the directory.
    _lock: File,
}

/// A file of the sector that is being written.
#[derive(Debug)]
pub struct NewFile {
    name: String,
    draft: Draft,
    /// Its content.
    pub map: WriteMap,
}

impl Sector {
    /// Begins a sector in a new or empty directory, or goes on with the same one.
    ///
    /// # Errors
    /// When the directory holds another sector or other files, or another process works in it. Nothing in it
    /// is touched then.
    pub fn begin(dir: &Path, identity: Identity) -> Result<Sector> {
        Sector::begin_as(dir, Record::new(identity))
    }

    /// Begins the sector that an update makes of another, in a new or empty directory, or goes on with the same
    /// one.
    ///
    /// # Errors
    /// As [`begin`](Sector::begin).
    pub fn begin_update(dir: &Path, identity: Identity, update: Update) -> Result<Sector> {
        let record = Record {
            update: Some(update),
            ..Record::new(identity)
        };
        Sector::begin_as(dir, record)
    }

    fn begin_as(dir: &Path, new: Record) -> Result<Sector> {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let lock = lock(dir)?;
        let record = match dir.join(RECORD).exists() {
            true => Record::read(&dir.join(RECORD))?,
            false => {
                must_be_empty(dir)?;
                new.clone()
            }
        };
        let origin = |record: &Record| match &record.update {
            None => "a seal".to_owned(),
            Some(update) => format!("an update of comm_r {}", update.old_roots.comm_r),
        };
        let difference = record.identity.difference(&new.identity);
        let difference = difference
            .or_else(|| (record.update != new.update).then(|| ("origin", origin(&record), origin(&new))));
        if let Some((what, there, here)) = difference {
            bail!(
                "{} holds another sector: its {what} is {there} and not {here}; choose another directory, or \
                 remove this one",
                dir.display()
            );
        }
        Sector::new(dir, record, lock)
    }

    /// Begins a sector in a new folder in `parent` that goes with this value: nothing is synced and listed.
    ///
    /// # Errors
    /// When the folder cannot be made and locked.
    pub fn temporary(parent: &Path, identity: Identity) -> Result<Sector> {
        let scratch = TempDir::new_in(parent)?;
        let mut sector = Sector::new(scratch.path(), Record::new(identity), lock(scratch.path())?)?;
        sector.scratch = Some(scratch);
        Ok(sector)
    }

    /// Opens the sector that a directory holds.
    ///
    /// # Errors
    /// When it holds none, or another process works in it.
    pub fn open(dir: &Path) -> Result<Sector> {
        // Before the lock, which would take any directory, and under it, where it no longer changes.
        Record::in_dir(dir)?;
        let lock = lock(dir)?;
        Sector::new(dir, Record::in_dir(dir)?, lock)
    }

    /// Takes up a directory that someone else has sealed in; nothing of it is listed yet.
    ///
    /// # Errors
    /// When it is ours already, or another process works in it.
    pub fn adopt(dir: &Path, identity: Identity) -> Result<Sector> {
        let lock = lock(dir)?;
        if dir.join(RECORD).exists() {
            bail!(
                "{} is taken over already: there is a {RECORD} in it",
                dir.display()
            );
        }
        Sector::new(dir, Record::new(identity), lock)
    }

    fn new(dir: &Path, mut record: Record, lock: File) -> Result<Sector> {
        // What someone removed is made again.
        record.files.retain(|name, _| dir.join(name).exists());
        Ok(Sector {
            dir: dir.to_owned(),
            record,
            trusted: BTreeSet::new(),
            scratch: None,
            _lock: lock,
        })
    }

    /// Where it lies.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Whose it is, and what is known of it.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Notes what has become known.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn note(&mut self, change: impl FnOnce(&mut Record)) -> Result<()> {
        change(&mut self.record);
        if self.scratch.is_none() {
            self.record.write(&self.dir.join(RECORD))?;
        }
        Ok(())
    }

    /// Whether a file is finished.
    pub fn has(&self, name: &str) -> bool {
        self.record.files.contains_key(name) || self.trusted.contains(name)
    }

    /// Begins a file of so many bytes.
    ///
    /// # Errors
    /// When there is no room for it, or a file of that name exists that the sector does not know.
    pub fn create(&self, name: &str, size: u64) -> Result<NewFile> {
        let path = self.dir.join(name);
        if path.symlink_metadata().is_ok() {
            bail!(
                "{} exists, but {RECORD} does not list it: it is not this sector's; move it away",
                path.display()
            );
        }
        let draft = Draft::new(&path)?;
        let map = WriteMap::create(draft.path(), size)?;
        Ok(NewFile {
            name: name.to_owned(),
            draft,
            map,
        })
    }

    /// Finishes a file: synced, renamed, listed.
    ///
    /// # Errors
    /// When the disk fails; the file is not there then.
    pub fn finish(&mut self, file: NewFile) -> Result<()> {
        let NewFile { name, draft, map } = file;
        if self.scratch.is_none() {
            map.sync()?;
            let receipt = Receipt::of(map.bytes());
            // Listed first: a file that is listed and not there is made again, one that is there and not
            // listed would be someone else's.
            self.note(|record| drop(record.files.insert(name.clone(), receipt)))?;
        }
        draft.finish()?;
        self.trusted.insert(name);
        Ok(())
    }

    /// Maps a finished file, and holds it against its receipt unless this process has done so.
    ///
    /// # Errors
    /// When it is missing, has another size than it must, or is not what was written.
    pub fn read(&mut self, name: &str, size: u64) -> Result<ReadMap> {
        let map = self.read_part(name, size, 0..size)?;
        self.trusted.insert(name.to_owned());
        Ok(map)
    }

    /// As [`read`](Sector::read), but holds only the chunks that reach into `range` against their digests.
    ///
    /// # Errors
    /// As [`read`](Sector::read).
    pub fn read_part(&self, name: &str, size: u64, range: Range<u64>) -> Result<ReadMap> {
        let path = self.dir.join(name);
        let map = ReadMap::open_sized(&path, size).context(REMAKE)?;
        if self.trusted.contains(name) {
            return Ok(map);
        }
        let Some(receipt) = self.record.files.get(name) else {
            bail!("{} is not listed in {RECORD}; {REMAKE}", path.display());
        };
        if receipt.size != size {
            bail!(
                "{} is listed with {} bytes where {size} belong; {REMAKE}",
                path.display(),
                receipt.size
            );
        }
        match receipt.first_damage(map.bytes(), range) {
            None => Ok(map),
            Some(at) => bail!(
                "{}: bytes {} to {} are not what was written: the file is damaged, or another sector's; {REMAKE}",
                path.display(),
                at.start,
                at.end
            ),
        }
    }

    /// Lists the files of a sealed sector that are there and checked, whoever made them.
    ///
    /// Which files its data came from is not known: they are one piece that fills the sector, so that its
    /// commitment is comm_d.
    ///
    /// # Errors
    /// When the disk fails; the directory holds no sector of ours then.
    pub fn list<'a>(&mut self, files: impl Iterator<Item = (String, &'a [u8])>, roots: Roots) -> Result<()> {
        let files: BTreeMap<_, _> = files.map(|(name, bytes)| (name, Receipt::of(bytes))).collect();
        let size = self.record.identity.sector_size;
        self.trusted.extend(files.keys().cloned());
        self.note(|record| {
            record.files = files;
            record.roots = Some(roots);
            record.pieces = vec![Piece {
                offset: 0,
                file_size: size.unpadded_bytes(),
                padded_size: size.bytes(),
                comm_p: roots.comm_d,
            }];
        })
    }

    /// Removes a file of the sector that is no longer needed; what is not listed stays.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove(&mut self, name: &str) -> Result<()> {
        if !self.has(name) {
            return Ok(());
        }
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
        self.trusted.remove(name);
        if self.record.files.contains_key(name) {
            self.note(|record| drop(record.files.remove(name)))?;
        }
        Ok(())
    }
}

/// Whether a directory says of itself that it holds a sector.
pub fn is_one(dir: &Path) -> bool {
    dir.join(RECORD).exists()
}

/// What to do about a file that cannot be used.
const REMAKE: &str = "remove it, and the same command makes it anew";

/// Locks a directory: for as long as the file lives nobody else gets the lock.
fn lock(dir: &Path) -> Result<File> {
    let file = File::open(dir).with_context(|| format!("cannot open {}", dir.display()))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => bail!(
            "another process works in {}; wait until it is done",
            dir.display()
        ),
        Err(error) => Err(error).with_context(|| format!("cannot lock {}", dir.display())),
    }
}

/// Refuses a directory with anything in it but what an interrupted beginning left.
fn must_be_empty(dir: &Path) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))?;
    for entry in entries {
        let name = entry
            .with_context(|| format!("cannot list {}", dir.display()))?
            .file_name();
        let name = name.to_string_lossy();
        let is_leftover = name
            .strip_suffix(draft::SUFFIX)
            .is_some_and(|name| [RECORD, names::STAGED, names::TREE_D].contains(&name));
        if !is_leftover {
            bail!(
                "{} holds {name}, but no sector of lode-engine; choose an empty or a new directory",
                dir.display()
            );
        }
    }
    Ok(())
}
