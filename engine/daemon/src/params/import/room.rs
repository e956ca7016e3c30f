//! Whether a file will find room on its disk.

use std::path::Path;

use anyhow::{ensure, Context, Result};
use rustix::fs::statvfs;

/// Holds the bytes that a file is going to get against those that its disk has left.
///
/// # Errors
/// When there is no room for them.
pub fn check(path: &Path, n_bytes: u64) -> Result<()> {
    let disk = statvfs(path).with_context(|| format!("cannot look at the disk of {}", path.display()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    ensure!(
        n_bytes <= free,
        "{} needs {n_bytes} bytes more, and its disk has {free} left: free some, or choose another folder with \
         --parameters",
        path.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_disk_has_room_for_everything() {
        let dir = tempfile::tempdir().expect("the temporary folder can be written");
        assert!(check(dir.path(), 0).is_ok());
        let error = check(dir.path(), u64::MAX).expect_err("too much").to_string();
        assert!(error.contains("--parameters"), "{error}");
    }
}
