//! Poseidon over rows of nodes.

use crate::{Error, Fr, Node, Result};
use neptune::poseidon::{Poseidon, PoseidonConstants};
use rayon::prelude::*;
use std::sync::LazyLock;
use typenum::{U11, U2, U4, U8};

static C2: LazyLock<PoseidonConstants<Fr, U2>> = LazyLock::new(PoseidonConstants::new);
static C4: LazyLock<PoseidonConstants<Fr, U4>> = LazyLock::new(PoseidonConstants::new);
static C8: LazyLock<PoseidonConstants<Fr, U8>> = LazyLock::new(PoseidonConstants::new);
static C11: LazyLock<PoseidonConstants<Fr, U11>> = LazyLock::new(PoseidonConstants::new);

pub(super) fn hash(arity: usize, preimages: &[Node], digests: &mut [Node]) -> Result<()> {
    preimages
        .par_chunks(arity)
        .zip(digests)
        .enumerate()
        .try_for_each(|(i, (pre, out))| {
            let mut fr = Vec::with_capacity(arity);
            for (j, n) in pre.iter().enumerate() {
                fr.push(n.to_fr().ok_or(Error::NotCanonical {
                    what: "preimages",
                    index: i * arity + j,
                })?);
            }
            *out = match arity {
                2 => Poseidon::new_with_preimage(&fr, &C2).hash(),
                4 => Poseidon::new_with_preimage(&fr, &C4).hash(),
                8 => Poseidon::new_with_preimage(&fr, &C8).hash(),
                _ => Poseidon::new_with_preimage(&fr, &C11).hash(),
            }
            .into();
            Ok(())
        })
}
