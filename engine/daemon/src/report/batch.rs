//! What sealing several sectors tells: the stages of all of them together, and what came of each.

use serde_json::{json, Value};

use super::{columns, line, outcome, stage_json, COLUMNS};
use crate::{
    seal::{Batch, Plan},
    stage::Done,
};

/// The object: each sector as it is told alone, with the stages that were its own.
pub fn json(plan: &Plan, batch: &Batch) -> Value {
    let stages: Vec<Value> = batch.stages.done.iter().map(stage_json).collect();
    let sectors = batch.sectors.iter().map(|sealed| super::json(plan, sealed));
    json!({ "stages": stages, "sectors": sectors.collect::<Vec<_>>() })
}

/// The table, which says whose stage it was, and below it what each sector is committed to.
pub fn text(plan: &Plan, batch: &Batch) -> String {
    let mut text = String::new();
    let widths = batch
        .sectors
        .iter()
        .map(|sealed| sealed.identity.sector.to_string().len());
    let width = widths.max().unwrap_or_default().max("sector".len());
    let mut row = |stage: &str, sector: &str, rest: &str| {
        line(&mut text, format_args!("{stage:<12} {sector:>width$} {rest}"));
    };
    row("stage", "sector", COLUMNS);
    let mut rows = |sector: &str, stages: &[Done], of_sectors: u64| {
        for done in stages {
            row(&done.stage.to_string(), sector, &columns(plan, done, of_sectors));
        }
    };
    let sizes = batch
        .sectors
        .iter()
        .map(|sealed| sealed.identity.sector_size.bytes());
    rows("all", &batch.stages.done, sizes.sum());
    for sealed in &batch.sectors {
        let identity = &sealed.identity;
        rows(
            &identity.sector.to_string(),
            &sealed.stages.done,
            identity.sector_size.bytes(),
        );
    }
    for sealed in &batch.sectors {
        line(
            &mut text,
            format_args!("\nsector       {}", sealed.identity.sector),
        );
        outcome(&mut text, plan, sealed);
    }
    text
}
