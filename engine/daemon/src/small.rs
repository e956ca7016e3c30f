//! Small files, read whole: never more of them than they may have.

use std::{fs::File, io::Read, path::Path};

use anyhow::{ensure, Context, Result};

/// The most bytes that a record, a receipt, a key, a configuration or an answer of ours has; the largest key has some 2.5 MB.
const LIMIT: u64 = 1 << 24;

/// The bytes of a file that should be small.
///
/// # Errors
/// When it cannot be read, or has more than 16 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(cannot)?;
    file.take(LIMIT + 1)
        .read_to_end(&mut bytes)
        .with_context(cannot)?;
    ensure!(
        bytes.len() as u64 <= LIMIT,
        "{} has more than {LIMIT} bytes: it is another file than it should be",
        path.display()
    );
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_refused() {
        let error = read(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("/dev/zero has more than"), "{error}");
    }
}
