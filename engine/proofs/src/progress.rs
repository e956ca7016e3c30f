//! Telling how far a long computation has come, and being told to stop.

use std::ops::ControlFlow;

use crate::{Error, Result};

/// Called now and then with the nodes done and the nodes there are; a `Break` stops the computation, which
/// then fails with [`Error::Stopped`].
pub type Progress<'a> = &'a (dyn Fn(usize, usize) -> ControlFlow<()> + Sync);

/// For callers with no one to tell.
pub fn silent(_done: usize, _of: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

pub(crate) fn report(progress: Progress<'_>, done: usize, of: usize) -> Result<()> {
    match progress(done, of) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::Stopped),
    }
}
