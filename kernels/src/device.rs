//! What a device says of itself.

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
