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

#[derive(Debug, Default)]
struct Count {
    done: AtomicU64,
    of: AtomicU64,
}

impl Bar {
    /// Begins to show a stage.
    pub fn new(stage: &str) -> Bar {
        let count = Arc::new(Count::default());
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
}

fn draw(stage: &str, count: &Count, stopped: &Receiver<()>) {
    if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    bar.set_prefix(stage.to_owned());
    let spinner = ProgressStyle::with_template("{prefix:<13} {spinner} {elapsed}");
    let measured = ProgressStyle::with_template("{prefix:<13} [{bar:40}] {percent:>3} %  {eta} left");
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
        }
        bar.tick();
    }
    bar.finish_and_clear();
}

fn print(stage: &str, count: &Count, stopped: &Receiver<()>) {
    let began = Instant::now();
    while stopped.recv_timeout(LINE) == Err(RecvTimeoutError::Timeout) {
        let (done, of) = count.get();
        eprintln!("{}", line(stage, done, of, began.elapsed()));
    }
}

fn line(stage: &str, done: u64, of: u64, elapsed: Duration) -> String {
    if done == 0 || of == 0 {
        return format!("{stage}: {} s so far", elapsed.as_secs());
    }
    let share = done as f64 / of as f64;
    let left = elapsed.as_secs_f64() * (1.0 - share) / share;
    format!("{stage}: {:.0} %, {left:.0} s left", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_far_and_how_long() {
        let elapsed = Duration::from_secs(30);
        assert_eq!(line("Commit2", 0, 0, elapsed), "Commit2: 30 s so far");
        assert_eq!(line("PreCommit1", 3, 4, elapsed), "PreCommit1: 75 %, 10 s left");
    }

    #[test]
    fn parts_add_up() {
        let bar = Bar::new("test");
        let _ = bar.part(1, 2)(5, 10);
        assert_eq!(bar.count.get(), (15, 20));
    }
}
