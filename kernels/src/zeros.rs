//! Long rows of elements, in memory that is taken from the system in large pages where it grants them.
//!
//! A proof fills gigabytes once: with pages of 4 KiB the system spends as long on handing them out as the proof does on
//! filling them, and a transform misses the translation buffer at every step.

use std::alloc::{alloc_zeroed, handle_alloc_error, Layout};

use crate::Fr;

/// So many zeros. No page is there before somebody writes to it, and many threads may do that at once.
///
/// # Panics
/// When the address space has no room for them.
pub fn zeros(len: usize) -> Vec<Fr> {
    let layout = Layout::array::<Fr>(len).expect("the address space has room");
    if layout.size() == 0 {
        return Vec::new();
    }
    // SAFETY: the size is not zero.
    let start = unsafe { alloc_zeroed(layout) }.cast::<Fr>();
    if start.is_null() {
        handle_alloc_error(layout);
    }
    ask_for_large_pages(start as usize, layout.size());
    // SAFETY: the global allocator gave this memory with the layout of so many elements, and it is a vector's from
    // here on; an element is four words, of which every pattern is valid, and zeros are the element zero.
    unsafe { Vec::from_raw_parts(start, len, len) }
}

/// Room for so many elements of any kind.
pub fn room<T>(len: usize) -> Vec<T> {
    let room = Vec::with_capacity(len);
    ask_for_large_pages(room.as_ptr() as usize, len * size_of::<T>());
    room
}

/// It is no more than advice: a system that takes none goes on with small pages.
#[cfg(target_os = "linux")]
fn ask_for_large_pages(start: usize, size: usize) {
    use rustix::{
        mm::{madvise, Advice},
        param::page_size,
    };
    let end = (start + size) / page_size() * page_size();
    let start = start.next_multiple_of(page_size());
    if start < end {
        // SAFETY: these pages lie within memory that the caller has, and this advice changes nothing in them.
        let _ = unsafe { madvise(start as *mut _, end - start, Advice::LinuxHugepage) };
    }
}

#[cfg(not(target_os = "linux"))]
fn ask_for_large_pages(_: usize, _: usize) {}

#[cfg(test)]
mod tests {
    use ff::Field;

    use super::*;

    #[test]
    fn zeros_are_zero() {
        for len in [0, 1, 1000, 1 << 18] {
            assert_eq!(zeros(len), vec![Fr::ZERO; len]);
        }
    }
}
