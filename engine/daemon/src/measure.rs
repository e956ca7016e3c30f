//! What a stage costs: time on the wall, time of all cores, memory.

use std::{
    fs,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::time::{clock_gettime, ClockId};

/// How often the memory is looked at: often enough to see what a stage holds, and 0.1 % of a core.
const INTERVAL: Duration = Duration::from_millis(20);

/// What was spent between two moments.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Time that passed.
    pub wall: Duration,
    /// Time that all threads of the process spent on all cores.
    pub cpu: Duration,
    /// The most memory that was resident, in bytes, mapped files included.
    pub peak_rss: u64,
    /// The most memory that was resident and belongs to no file, in bytes.
    pub peak_anonymous: u64,
}

/// Watches the process from its start to [`stop`](Watch::stop).
#[derive(Debug)]
pub struct Watch {
    began: Instant,
    cpu: Duration,
    stop: Sender<()>,
    sampler: JoinHandle<Memory>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    rss: u64,
    anonymous: u64,
}

impl Watch {
    /// Begins to watch.
    pub fn start() -> Watch {
        let (stop, stopped) = mpsc::channel();
        let sampler = thread::spawn(move || {
            let mut peak = Memory::default();
            loop {
                peak = peak.max(Memory::now());
                if stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout) {
                    return peak.max(Memory::now());
                }
            }
        });
        Watch {
            began: Instant::now(),
            cpu: cpu_time(),
            stop,
            sampler,
        }
    }

    /// Ends, and tells what was spent.
    pub fn stop(self) -> Cost {
        let (wall, cpu) = (self.began.elapsed(), cpu_time().saturating_sub(self.cpu));
        // The sampler waits for this message or for the sender's end; both stop it.
        let _ = self.stop.send(());
        let peak = self.sampler.join().unwrap_or_default();
        Cost {
            wall,
            cpu,
            peak_rss: peak.rss,
            peak_anonymous: peak.anonymous,
        }
    }
}

impl Memory {
    /// What the kernel says; zeros where there is no `/proc`.
    fn now() -> Memory {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Memory {
            rss: field(&status, "VmRSS:"),
            anonymous: field(&status, "RssAnon:"),
        }
    }

    fn max(self, other: Memory) -> Memory {
        Memory {
            rss: self.rss.max(other.rss),
            anonymous: self.anonymous.max(other.anonymous),
        }
    }
}

/// A line of `/proc/self/status`, in bytes: `VmRSS:      1234 kB`.
fn field(status: &str, name: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|kib| kib.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_bytes() {
        let status = "Name:\tx\nVmRSS:\t    1234 kB\nRssAnon:\t      12 kB\n";
        assert_eq!(field(status, "VmRSS:"), 1234 * 1024);
        assert_eq!(field(status, "RssAnon:"), 12 * 1024);
        assert_eq!(field(status, "VmHWM:"), 0);
    }

    #[test]
    fn memory_that_was_held_is_seen() {
        let watch = Watch::start();
        let held = vec![1u8; 64 << 20];
        let cost = watch.stop();
        drop(std::hint::black_box(held));
        assert!(
            64 << 20 <= cost.peak_anonymous && cost.peak_anonymous <= cost.peak_rss,
            "{cost:?}"
        );
    }
}
