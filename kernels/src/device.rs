//! What a device says of itself, and what depends on the processor.

/// A device by name, and what it really does itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// The name that logs, tables and answers show: `cpu`, `cuda:0`.
    pub name: String,
    /// The hardware behind it, as the system names it.
    pub model: String,
    /// The operations that the device does natively; the rest is CPU work and shown as such.
    pub native: &'static [&'static str],
}

/// The processor as it calls itself: `AMD EPYC 9654`.
#[cfg(target_arch = "x86_64")]
pub(crate) fn cpu_model() -> String {
    use std::arch::x86_64::__cpuid;

    /// Leaves that hold 16 letters of the name each.
    const NAME: std::ops::RangeInclusive<u32> = 0x8000_0002..=0x8000_0004;
    if __cpuid(0x8000_0000).eax < *NAME.end() {
        return std::env::consts::ARCH.to_owned();
    }
    let registers = NAME
        .map(__cpuid)
        .flat_map(|leaf| [leaf.eax, leaf.ebx, leaf.ecx, leaf.edx]);
    let letters: Vec<u8> = registers
        .flat_map(u32::to_le_bytes)
        .take_while(|letter| *letter != 0)
        .collect();
    String::from_utf8_lossy(&letters).trim().to_owned()
}

/// The architecture, where processors do not say their name.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn cpu_model() -> String {
    std::env::consts::ARCH.to_owned()
}

/// Has an element brought near, for whoever reads it some microseconds later.
#[cfg(target_arch = "x86_64")]
pub(crate) fn prefetch<T>(row: &[T], index: usize) {
    prefetch_lines::<T, { std::arch::x86_64::_MM_HINT_T0 }>(row.as_ptr().wrapping_add(index));
}

/// Has an element brought near, for whoever reads it soon, and then not again: the outer caches keep what they have.
#[cfg(target_arch = "x86_64")]
pub(crate) fn prefetch_once<T>(row: &[T], index: usize) {
    prefetch_lines::<T, { std::arch::x86_64::_MM_HINT_NTA }>(row.as_ptr().wrapping_add(index));
}

/// Every line that an element lies in: one that begins in the midst of a line may end in the next.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch_lines<T, const HINT: i32>(element: *const T) {
    /// Bytes that come together.
    const LINE_SIZE: usize = 64;
    let into_line = element.addr() % LINE_SIZE;
    let start = element.cast::<i8>().wrapping_sub(into_line);
    for offset in (0..into_line + size_of::<T>()).step_by(LINE_SIZE) {
        // SAFETY: a prefetch reads nothing and never faults, wherever the address lies.
        unsafe { std::arch::x86_64::_mm_prefetch::<HINT>(start.wrapping_add(offset)) };
    }
}

/// Has an element brought near: left to the processor.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn prefetch<T>(_row: &[T], _index: usize) {}

/// Has an element brought near: left to the processor.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn prefetch_once<T>(_row: &[T], _index: usize) {}
