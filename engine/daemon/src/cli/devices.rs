//! `lode-engine devices`: what this build can compute with.

use std::thread;

use anyhow::Result;
use clap::Args;
use kernels::Backend;
use serde_json::json;

use super::Answer;
use crate::{device, large_pages::LargePages};

/// Show the devices that this build can use. They pass a short set of laws first.
///
/// There is only the CPU now; `level` says which of its instructions are used. Large pages are what the system may
/// grant to memory that is filled by the gigabyte.
///
/// Example: lode-engine devices
#[derive(Debug, Args)]
pub struct Devices {}

impl Devices {
    /// Does it.
    pub fn run(self) -> Result<Answer> {
        let device = device::open()?;
        let (info, level) = (device.info(), device.level().to_string());
        let large_pages = LargePages::now();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Ok(Answer {
            text: format!(
                "{}  {}, {threads} threads, level {level}\n{large_pages}\n",
                info.name, info.model
            ),
            json: json!({
                "devices": [{
                    "name": info.name,
                    "model": info.model,
                    "threads": threads,
                    "level": level,
                    "native": info.native,
                }],
                "gpus": [],
                "large_pages": large_pages.word(),
            }),
            is_good: true,
        })
    }
}
