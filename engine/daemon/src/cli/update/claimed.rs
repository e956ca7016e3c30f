//! What an update claims, in flags or in what another verb printed.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use engine_proofs::{
    geometry::{Geometry, SectorSize},
    hex32::parse_node,
    update::vanilla::Statement,
};
use kernels::Node;

use crate::cli::{given::Given, verify::size};

/// A flag wins over the file.
#[derive(Debug, Default, Args)]
pub struct Claimed {
    /// What `update --json` or `update-prove --json` printed.
    #[arg(long, value_name = "FILE")]
    json_file: Option<PathBuf>,
    /// Size of the sector.
    #[arg(long, value_name = "SIZE")]
    sector_size: Option<SectorSize>,
    /// What the chain remembered the sector by: 32 bytes in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_node)]
    comm_r_old: Option<Node>,
    /// Root of the new data: 32 bytes in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_node)]
    comm_d_new: Option<Node>,
    /// What the chain is to remember it by: 32 bytes in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_node)]
    comm_r_new: Option<Node>,
}

impl Claimed {
    /// What a file says alone.
    pub fn of(json_file: Option<PathBuf>) -> Claimed {
        Claimed {
            json_file,
            ..Claimed::default()
        }
    }

    /// The file; an empty one where none is named.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn given(&self) -> Result<Given> {
        let given = self.json_file.as_deref().map(Given::read).transpose()?;
        Ok(given.unwrap_or_default())
    }

    /// What both say together.
    ///
    /// # Errors
    /// When something is missing or malformed.
    pub fn statement(&self, given: &Given) -> Result<Statement> {
        let sector_size = self
            .sector_size
            .map_or_else(|| given.field("sector_size", "--sector-size", size), Ok)?;
        let node = |flag: Option<Node>, name: &str, option: &str| {
            let parse = |word: &str| parse_node(word).map_err(anyhow::Error::new);
            flag.map_or_else(|| given.field(name, option, parse), Ok)
        };
        Ok(Statement {
            geometry: Geometry::of(sector_size),
            comm_r_old: node(self.comm_r_old, "comm_r_old", "--comm-r-old")?,
            comm_d_new: node(self.comm_d_new, "comm_d_new", "--comm-d-new")?,
            comm_r_new: node(self.comm_r_new, "comm_r_new", "--comm-r-new")?,
        })
    }

    /// Whether anything is said.
    pub fn is_said(&self) -> bool {
        let nodes = [self.comm_r_old, self.comm_d_new, self.comm_r_new];
        self.json_file.is_some() || self.sector_size.is_some() || nodes.iter().any(Option::is_some)
    }
}
