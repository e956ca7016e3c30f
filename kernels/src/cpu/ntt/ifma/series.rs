//! Elements in memory, on their way into the lanes and back.

use ff::Field;

use super::super::reverse_bits;
use crate::cpu::field::Words;
use crate::cpu::lanes::fr::{Lanes, Limbs};
use crate::cpu::lanes::N_LANES;
use crate::Fr;

/// Elements in series, all of one length: the rows of a grid, or its columns. Eight neighbours go through the
/// lanes together.
#[derive(Clone, Copy)]
pub(super) struct Series {
    first: *mut Words,
    /// From an element to the one in the next series.
    between: usize,
    /// From an element to the next one of its series.
    within: usize,
}

// SAFETY: those who call `load` and `store` answer for what no one else does with the elements.
unsafe impl Send for Series {}
// SAFETY: as above.
unsafe impl Sync for Series {}

impl Series {
    /// The columns of a grid with rows of so many elements.
    pub(super) fn columns(values: &mut [Fr], n_columns: usize) -> Series {
        Series {
            // An Fr is four words.
            first: values.as_mut_ptr().cast(),
            between: 1,
            within: n_columns,
        }
    }

    /// Its rows.
    pub(super) fn rows(values: &mut [Fr], n_columns: usize) -> Series {
        Series {
            first: values.as_mut_ptr().cast(),
            between: n_columns,
            within: 1,
        }
    }

    /// The elements at one place of eight series.
    ///
    /// # Safety
    /// They are there, and no one else writes them.
    #[inline(always)]
    pub(super) unsafe fn load(self, series: usize, index: usize) -> Lanes {
        // SAFETY: as the caller says.
        unsafe {
            let first = self.first.add(series * self.between + index * self.within);
            Lanes::load(first, self.between)
        }
    }

    /// Eight series, each from its beginning.
    ///
    /// # Safety
    /// As for [`load`](Series::load).
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) unsafe fn load_all(self, series: usize, values: &mut [Lanes]) {
        for (index, value) in values.iter_mut().enumerate() {
            // SAFETY: as the caller says.
            *value = unsafe { self.load(series, index) };
        }
    }

    /// Stores carried elements below 2²⁵⁶ at one place of eight series.
    ///
    /// # Safety
    /// The places are there, and no one else reads or writes them.
    #[inline(always)]
    pub(super) unsafe fn store(self, series: usize, index: usize, lanes: Lanes) {
        // SAFETY: as the caller says.
        unsafe {
            let first = self.first.add(series * self.between + index * self.within);
            lanes.store(first, self.between);
        }
    }
}

/// In which order a transform has left its elements.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    Natural,
    Reversed,
}

/// The factors between two transforms: `start · (base · root^series)^index`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twist {
    pub(super) start: Fr,
    pub(super) base: Fr,
    pub(super) root: Fr,
}

/// The factors of eight series, and of all that come after them.
pub(super) struct Twisting {
    start: Lanes,
    ratio: Lanes,
    step: Lanes,
}

impl Twist {
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) fn from(&self, series: usize) -> Twisting {
        let mut ratio = self.base * self.root.pow_vartime([series as u64]);
        let ratios: [Limbs; N_LANES] = std::array::from_fn(|_| {
            let limbs = Limbs::montgomery(ratio);
            ratio *= self.root;
            limbs
        });
        Twisting {
            start: Lanes::all(&Limbs::montgomery(self.start)),
            ratio: Lanes::each(&ratios),
            step: Lanes::all(&Limbs::montgomery(self.root.pow_vartime([N_LANES as u64]))),
        }
    }
}

impl Twisting {
    /// Stores eight series of elements that are below 35·r, and goes on to the next eight.
    ///
    /// # Safety
    /// As for [`Series::store`].
    #[target_feature(enable = "avx512f,avx512ifma")]
    pub(super) unsafe fn store_all(&mut self, values: &[Lanes], order: Order, to: Series, series: usize) {
        let n_bits = values.len().ilog2();
        let mut factor = self.start;
        for index in 0..values.len() {
            let value = match order {
                Order::Natural => &values[index],
                Order::Reversed => &values[reverse_bits(index, n_bits)],
            };
            // Below 2·r, because a factor is below 1.03·r.
            let twisted = value.carried().product(&factor).carried();
            // SAFETY: as the caller says.
            unsafe { to.store(series, index, twisted) };
            factor = factor.product(&self.ratio).carried();
        }
        self.ratio = self.ratio.product(&self.step).carried();
    }
}
