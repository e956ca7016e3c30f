//! SDR labels: one chain of SHA-256 per sector, several sectors side by side.

#[cfg(target_arch = "x86_64")]
mod chains;
#[cfg(target_arch = "x86_64")]
mod lanes;
mod portable;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::quickest::quickest;
#[cfg(target_arch = "x86_64")]
use super::sha256::{chains::ShaNi, lanes::Avx512};
use crate::device::prefetch_once;
use crate::{Lane, Level, Node, Parents, BASE_DEGREE, DEGREE};

/// Labels that go into a preimage, parents repeating.
const N_REPEATED: usize = 37;

/// Blocks of parents in a preimage. One more label begins the last block, since 37 is odd.
const N_BLOCKS: usize = N_REPEATED / 2;

/// Bits of a preimage: two nodes of header, and the labels.
const N_BITS: u64 = 8 * Node::SIZE as u64 * (2 + N_REPEATED as u64);

/// Nodes from the one that is labelled to the one whose parents are fetched: a microsecond or more, in which memory
/// answers, and even for four lanes few enough lines that the first cache keeps them.
const N_AHEAD: usize = 2;

/// Labels nodes in every lane. Lanes share a core only where there are more of them than cores.
pub(crate) fn label(level: Level, layer: u32, first: usize, parents: &[Parents], lanes: &mut [Lane<'_>]) {
    assert!(
        lanes.iter().all(|lane| (layer == 1) == lane.previous.is_empty()),
        "layer 1, and only layer 1, has none before it"
    );
    let n_lanes = lanes.len().div_ceil(rayon::current_num_threads()).max(1);
    let work = Work {
        layer,
        first,
        parents,
    };
    let body = Body::fastest(level, n_lanes);
    lanes
        .par_chunks_mut(n_lanes)
        .for_each(|lanes| body.label(work, lanes));
}

/// The nodes that are labelled, and where.
#[derive(Clone, Copy, Debug)]
struct Work<'a> {
    layer: u32,
    first: usize,
    parents: &'a [Parents],
}

impl Work<'_> {
    /// Parents that a label of this layer has.
    fn n_parents(&self) -> usize {
        if self.layer == 1 {
            BASE_DEGREE
        } else {
            DEGREE
        }
    }

    /// Has brought near what a later node needs in every lane: the parents in these slots, as far as it has them.
    #[inline]
    fn fetch(&self, offset: usize, slots: Range<usize>, lanes: &[Lane<'_>]) {
        let Some(parents) = self.parents.get(offset + N_AHEAD) else {
            return;
        };
        let parents = parents.iter().enumerate().take(slots.end.min(self.n_parents()));
        for (slot, &parent) in parents.skip(slots.start) {
            for lane in lanes {
                prefetch_once(row(slot, lane), parent as usize);
            }
        }
    }
}

/// Where a lane has the parent in this slot.
#[inline]
fn row<'a>(slot: usize, lane: &'a Lane<'_>) -> &'a [Node] {
    if slot < BASE_DEGREE {
        lane.labels
    } else {
        lane.previous
    }
}

/// The label of a node's parent.
#[inline]
fn parent<'a>(parents: &Parents, slot: usize, lane: &'a Lane<'_>) -> &'a Node {
    &row(slot, lane)[parents[slot] as usize]
}

/// Who labels, on one core.
#[derive(Clone, Copy, Debug)]
enum Body {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Chains(ShaNi),
    #[cfg(target_arch = "x86_64")]
    Lanes(Avx512),
}

impl Body {
    /// All that a level has.
    fn all(level: Level) -> Vec<Body> {
        #[cfg(not(target_arch = "x86_64"))]
        let wide = {
            let _ = level;
            []
        };
        #[cfg(target_arch = "x86_64")]
        let wide = [
            ShaNi::of(level).map(Body::Chains),
            Avx512::of(level).map(Body::Lanes),
        ];
        [Some(Body::Portable)].into_iter().chain(wide).flatten().collect()
    }

    /// The fastest that a level has for so many lanes on a core, which the names of instructions do not tell.
    fn fastest(level: Level, n_lanes: usize) -> Body {
        const N_COUNTS: usize = MOST_LANES + 1;
        static FASTEST: [[OnceLock<Body>; N_COUNTS]; Level::ALL.len()] =
            [const { [const { OnceLock::new() }; N_COUNTS] }; Level::ALL.len()];
        let n_lanes = n_lanes.min(MOST_LANES);
        *FASTEST[level as usize][n_lanes].get_or_init(|| {
            // Some ten microseconds each.
            let parents: [Parents; 4] = std::array::from_fn(|node| [node.saturating_sub(1) as u32; DEGREE]);
            let previous = [Node::ZERO; 4];
            let mut rows = [[Node::ZERO; 4]; MOST_LANES];
            let mut lanes: Vec<Lane<'_>> = rows[..n_lanes]
                .iter_mut()
                .map(|labels| Lane {
                    replica_id: Node::ZERO,
                    previous: &previous,
                    labels,
                })
                .collect();
            let work = Work {
                layer: 2,
                first: 0,
                parents: &parents,
            };
            quickest(&Body::all(level), |body| body.label(work, &mut lanes))
        })
    }

    fn label(self, mut work: Work<'_>, lanes: &mut [Lane<'_>]) {
        if work.first == 0 && !work.parents.is_empty() {
            lanes
                .iter_mut()
                .for_each(|lane| lane.labels[0] = portable::first(work.layer, lane.replica_id));
            (work.first, work.parents) = (1, &work.parents[1..]);
        }
        match self {
            Body::Portable => lanes.iter_mut().for_each(|lane| portable::label(work, lane)),
            #[cfg(target_arch = "x86_64")]
            Body::Chains(sha_ni) => chains::label(sha_ni, work, lanes),
            #[cfg(target_arch = "x86_64")]
            Body::Lanes(avx512) => lanes
                .chunks_mut(MOST_LANES)
                .for_each(|lanes| lanes::label(avx512, work, lanes)),
        }
    }
}

/// Lanes that a body takes side by side at most.
const MOST_LANES: usize = 16;
