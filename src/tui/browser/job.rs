//! What takes long: a thread does it behind the screen, with the frames that are there, and says how far it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::Instant;

/// How far a job has come, and whether it should go on.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    seen: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Progress {
    /// Another frame was read. `false`: it should stop.
    pub(super) fn step(&self) -> bool {
        self.seen.fetch_add(1, Ordering::Relaxed);
        !self.stopped()
    }

    /// It should stop.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What a job came to.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The text of a page.
    Page(String),
    /// A sentence.
    Told(String),
}

impl From<Result<String, String>> for Outcome {
    fn from(page: Result<String, String>) -> Self {
        page.map_or_else(Self::Told, Self::Page)
    }
}

/// A thread at work. Without its job it stops, and it is waited for: what it writes is whole.
#[derive(Debug)]
pub(super) struct Job {
    /// The title of its page.
    pub(super) title: String,
    /// Frames that it reads, if that is known.
    all: Option<usize>,
    progress: Progress,
    outcome: Receiver<Outcome>,
    thread: Option<JoinHandle<()>>,
}

impl Job {
    /// Begins one. `None`: no thread could be had.
    pub(super) fn begin(
        title: &str,
        all: Option<usize>,
        work: impl FnOnce(&Progress) -> Outcome + Send + 'static,
    ) -> Option<Self> {
        let (send, outcome) = channel();
        let progress = Progress::default();
        let ours = progress.clone();
        let work = move || {
            // Nobody may want to know any more.
            let _ = send.send(work(&ours));
        };
        let thread = std::thread::Builder::new().name("page".into()).spawn(work).ok()?;
        Some(Self { title: title.to_owned(), all, progress, outcome, thread: Some(thread) })
    }

    /// It should come to its end early.
    pub(super) fn stop(&self) {
        self.progress.stop.store(true, Ordering::Relaxed);
    }

    /// It should, and has not yet.
    pub(super) fn stopped(&self) -> bool {
        self.progress.stopped()
    }

    /// What it came to, once it has; waits for that until `until`.
    pub(super) fn wait(&self, until: Instant) -> Option<Outcome> {
        match self.outcome.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(outcome) => Some(outcome),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Outcome::Told(format!("{}: it failed", self.title))),
        }
    }

    /// How far it is, in words.
    pub(super) fn told(&self) -> String {
        let seen = self.progress.seen.load(Ordering::Relaxed);
        let of = self.all.map(|all| format!(" of {all}")).unwrap_or_default();
        let esc = if self.stopped() { "stopping" } else { "Esc stops it" };
        format!("{}: {seen}{of} packets read, {esc}", self.title)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
