//! Peers held to one core, where their safe interface takes all of them.
//!
//! The one place beside `kernels` and the daemon's maps that has unsafe code: it calls blst by its C interface.

use blst::{blst_p1, blst_p1_affine, blst_p2, blst_p2_affine};

macro_rules! sum {
    ($(#[$doc:meta])* $name:ident, $affine:ty, $point:ty, $scratch:ident, $mult:ident) => {
        $(#[$doc])*
        ///
        /// # Panics
        /// When there are not 32 bytes of scalar for each point.
        pub fn $name(points: &[$affine], scalars: &[u8], n_bits: usize) -> $point {
            assert_eq!(scalars.len(), 32 * points.len(), "bytes of scalars");
            assert!(n_bits <= 256, "a scalar has 256 bits at most");
            let mut sum = <$point>::default();
            // blst goes on from a pointer when it meets a null pointer.
            let points_from = [points.as_ptr(), std::ptr::null()];
            let scalars_from = [scalars.as_ptr(), std::ptr::null()];
            // SAFETY: there are as many points as scalars of 32 bytes, and as much room to work in as blst asks for.
            unsafe {
                let mut scratch = vec![0u64; blst::$scratch(points.len()).div_ceil(8)];
                blst::$mult(
                    &mut sum,
                    points_from.as_ptr(),
                    points.len(),
                    scalars_from.as_ptr(),
                    n_bits,
                    scratch.as_mut_ptr(),
                );
            }
            sum
        }
    };
}

sum!(
    /// `Σ scalars[i] · points[i]` in G1, by blst's Pippenger.
    sum_g1,
    blst_p1_affine,
    blst_p1,
    blst_p1s_mult_pippenger_scratch_sizeof,
    blst_p1s_mult_pippenger
);
sum!(
    /// `Σ scalars[i] · points[i]` in G2, by blst's Pippenger.
    sum_g2,
    blst_p2_affine,
    blst_p2,
    blst_p2s_mult_pippenger_scratch_sizeof,
    blst_p2s_mult_pippenger
);
