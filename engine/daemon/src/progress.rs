//! How far a long stage has come, on stderr: a bar for a person, a line now and then for a log.

use std::{
    io::{self, IsTerminal},
    ops::ControlFlow,
    sync::{
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
        Arc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is shorter shows nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a bar is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// How often a log gets a line.
const LINE: Duration = Duration::from_secs(10);

/// The progress of one stage; it is gone from the screen when this value is.
#[derive(Debug)]
pub struct Bar {
    count: Arc<Count>,
    painter: Option<(Sender<()>, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Count {
    began: Instant,
    done: AtomicU64,
    of: AtomicU64,
    /// When this was told last, in milliseconds from the beginning.
    told_ms: AtomicU64,
}

impl Bar {
    /// Begins to show a stage.
    pub fn new(stage: &str) -> Bar {
        let zero = AtomicU64::default;
        let count = Arc::new(Count {
            began: Instant::now(),
            done: zero(),
            of: zero(),
            told_ms: zero(),
        });
        let (stop, stopped) = mpsc::channel();
        let (stage, shared) = (stage.to_owned(), count.clone());
        let painter = thread::spawn(move || match io::stderr().is_terminal() {
            true => draw(&stage, &shared, &stopped),
            false => print(&stage, &shared, &stopped),
        });
        Bar {
            count,
            painter: Some((stop, painter)),
        }
    }

    /// Tells how much is done, of how much.
    pub fn set(&self, done: u64, of: u64) {
        self.count.done.store(done, Relaxed);
        self.count.of.store(of, Relaxed);
        self.count
            .told_ms
            .store(self.count.began.elapsed().as_millis() as u64, Relaxed);
    }

    /// As [`set`](Bar::set), in the form in which the mathematics reports, for one of several equal parts.
    pub fn part(&self, part: usize, n_parts: usize) -> impl Fn(usize, usize) -> ControlFlow<()> + Sync + '_ {
        move |done, of| {
            self.set((part * of + done) as u64, (n_parts * of) as u64);
            ControlFlow::Continue(())
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((stop, painter)) = self.painter.take() {
            drop(stop);
            // A painter that panicked has nothing more to show.
            let _ = painter.join();
        }
    }
}

impl Count {
    fn get(&self) -> (u64, u64) {
        (self.done.load(Relaxed), self.of.load(Relaxed))
    }

    fn left(&self) -> Option<u64> {
        let (done, of) = self.get();
        left(
            done,
            of,
            Duration::from_millis(self.told_ms.load(Relaxed)),
            self.began.elapsed(),
        )
    }
}

fn draw(stage: &str, count: &Count, stopped: &Receiver<()>) {
    if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    bar.set_prefix(stage.to_owned());
    let spinner = ProgressStyle::with_template("{prefix:<13} {spinner} {elapsed}");
    let measured = ProgressStyle::with_template("{prefix:<13} [{bar:40}] {percent:>3} %  {msg}");
    let (spinner, measured) = (
        spinner.expect("the template is valid"),
        measured.expect("the template is valid"),
    );
    bar.set_style(spinner);
    let mut is_measured = false;
    while stopped.recv_timeout(FRAME) == Err(RecvTimeoutError::Timeout) {
        let (done, of) = count.get();
        if of != 0 {
            if !is_measured {
                is_measured = true;
                bar.set_style(measured.clone());
            }
            bar.set_length(of);
            bar.set_position(done);
            bar.set_message(
                count
                    .left()
                    .map_or(String::new(), |left| format!("{left} s left")),
            );
        }
        bar.tick();
    }
    bar.finish_and_clear();
}

fn print(stage: &str, count: &Count, stopped: &Receiver<()>) {
    while stopped.recv_timeout(LINE) == Err(RecvTimeoutError::Timeout) {
        eprintln!("{}", line(stage, count));
    }
}

fn line(stage: &str, count: &Count) -> String {
    let (done, of) = count.get();
    match count.left() {
        Some(left) => format!(
            "{stage}: {} %, {left} s left",
            100 * u128::from(done) / u128::from(of)
        ),
        None => format!("{stage}: {} s so far", count.began.elapsed().as_secs()),
    }
}

/// Seconds left, if what is left goes as fast as what was done when that was told; since then time has passed.
fn left(done: u64, of: u64, told: Duration, now: Duration) -> Option<u64> {
    if done == 0 || of == 0 {
        return None;
    }
    let whole = told.as_secs_f64() * of as f64 / done as f64;
    Some((whole - now.as_secs_f64()).max(0.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(done: u64, of: u64, told: u64, now: u64, expected: Option<u64>) {
        assert_eq!(
            left(done, of, Duration::from_secs(told), Duration::from_secs(now)),
            expected
        );
    }

    #[test]
    fn time_left_runs_down_between_two_reports() {
        check(0, 0, 0, 30, None);
        check(0, 4, 0, 30, None);
        check(3, 4, 30, 30, Some(10));
        check(3, 4, 30, 36, Some(4));
        check(3, 4, 30, 50, Some(0));
    }

    #[test]
    fn lines_say_how_far_it_is() {
        let bar = Bar::new("test");
        assert_eq!(line("Commit2", &bar.count), "Commit2: 0 s so far");
        bar.set(3, 4);
        assert_eq!(line("PreCommit1", &bar.count), "PreCommit1: 75 %, 0 s left");
    }

    #[test]
    fn parts_add_up() {
        let bar = Bar::new("test");
        let _ = bar.part(1, 2)(5, 10);
        assert_eq!(bar.count.get(), (15, 20));
    }
}
