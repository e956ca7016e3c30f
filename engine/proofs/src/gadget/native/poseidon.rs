//! The numbers that neptune's legacy Poseidon allocates.

use bellperson::ConstraintSystem;
use ff::Field;
use kernels::Fr;
use neptune::poseidon::{Arity, PoseidonConstants};

/// Allocates what the gadget allocates before its digest, and gives the digest.
///
/// An S-box allocates its input `x`, unless that is an element of the preimage, then `x²`, `x⁴`, and `x⁵` with
/// the next round's key. The very first S-box is constant.
pub fn poseidon<CS: ConstraintSystem<Fr>, A: Arity<Fr>>(
    cs: &mut CS,
    preimage: &[Fr],
    constants: &PoseidonConstants<Fr, A>,
) -> Fr {
    let width = preimage.len() + 1;
    let n_full = constants.half_full_rounds;
    let n_boxes = 2 * n_full * width + constants.partial_rounds;
    let mut run = Run {
        keys: constants.compressed_round_constants.iter(),
        values: Vec::with_capacity(4 * n_boxes),
    };
    let mut state = Vec::with_capacity(width);
    state.push(constants.domain_tag);
    state.extend_from_slice(preimage);
    for element in &mut state {
        *element += run.key();
    }
    for (i, element) in state.iter_mut().enumerate() {
        let [x2, x4, x5] = run.quintic(*element);
        if i > 0 {
            run.values.extend([x2, x4, x5]);
        }
        *element = x5;
    }
    let matrix = &constants.mds_matrices.m;
    for _ in 1..n_full {
        state = multiply(matrix, &state);
        state.iter_mut().for_each(|element| run.allocate(element));
    }
    state = multiply(&constants.pre_sparse_matrix, &state);
    for sparse in &constants.sparse_matrixes {
        run.allocate(&mut state[0]);
        let first = state[0];
        state[0] = dot(&sparse.w_hat, &state);
        for (element, factor) in state[1..].iter_mut().zip(&sparse.v_rest) {
            *element += first * factor;
        }
    }
    for round in 0..n_full {
        if round > 0 {
            state = multiply(matrix, &state);
        }
        state.iter_mut().for_each(|element| run.allocate(element));
    }
    cs.extend_aux(&run.values);
    (0..width).map(|i| matrix[i][1] * state[i]).sum()
}

struct Run<'a> {
    keys: std::slice::Iter<'a, Fr>,
    values: Vec<Fr>,
}

impl Run<'_> {
    /// The last round has no keys.
    fn key(&mut self) -> Fr {
        self.keys.next().copied().unwrap_or(Fr::ZERO)
    }

    fn quintic(&mut self, x: Fr) -> [Fr; 3] {
        let x2 = x.square();
        let x4 = x2.square();
        [x2, x4, x4 * x + self.key()]
    }

    fn allocate(&mut self, element: &mut Fr) {
        let [x2, x4, x5] = self.quintic(*element);
        self.values.extend([*element, x2, x4, x5]);
        *element = x5;
    }
}

/// `new[j] = Σ state[i]·matrix[i][j]`.
fn multiply(matrix: &[Vec<Fr>], state: &[Fr]) -> Vec<Fr> {
    let column = |j: usize| (0..state.len()).map(|i| matrix[i][j] * state[i]).sum();
    (0..state.len()).map(column).collect()
}

fn dot(factors: &[Fr], state: &[Fr]) -> Fr {
    factors
        .iter()
        .zip(state)
        .map(|(factor, element)| *factor * element)
        .sum()
}
