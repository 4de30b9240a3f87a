//! The lab as its guests see it: a source of frames that were really captured.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::kernel::TcpView;
use super::refusal::{Refusal, Wanted};
use super::report::Report;
use super::sys;
use crate::model::KERNEL;
use crate::model::RawFrame;
use crate::source::{Source, SourceError, Step};

/// This very program, even where its file was moved or replaced since it was started.
pub const OURSELVES: &str = "/proc/self/exe";
/// How long the helper may take until the lab stands.
const STANDING: Duration = Duration::from_secs(10);
/// How long it may take in all; longer than the helper allows itself.
const LONGEST: Duration = Duration::from_mins(3);
/// How long to wait for a frame before answering [`Step::Idle`].
const WAIT: Duration = Duration::from_millis(100);
/// More views than these are not kept.
const MOST_VIEWS: usize = 100_000;

/// A running lab. It ends, and its helper with it, when dropped.
#[derive(Debug)]
pub struct Lab {
    child: Child,
    pipe: ChildStdout,
    /// Read from the pipe; what stands before `start` is done with.
    bytes: Vec<u8>,
    start: usize,
    /// When it is given up.
    until: Instant,
    ready: Duration,
    number: u64,
    views: Vec<TcpView>,
    /// Those that a frame may still need, by whose they are, oldest first.
    recent: BTreeMap<(SocketAddr, SocketAddr), VecDeque<TcpView>>,
    over: bool,
}

impl Lab {
    /// Starts `program` as the helper, with these arguments, and waits until the lab stands. The program is mostly
    /// [`OURSELVES`].
    ///
    /// # Errors
    /// The system forbids it, or the helper does not come up.
    pub fn start(program: &str, arguments: &[OsString]) -> Result<Self, Refusal> {
        let no = |error: io::Error| Refusal::new(Wanted::Start, &error);
        let mut helper = Command::new(program);
        helper.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = helper.spawn().map_err(no)?;
        let Some(pipe) = child.stdout.take() else {
            return Err(Refusal::because(Wanted::Start, "it has no pipe"));
        };
        let mut lab = Self {
            child,
            pipe,
            bytes: Vec::new(),
            start: 0,
            until: Instant::now() + STANDING,
            ready: Duration::ZERO,
            number: 0,
            views: Vec::new(),
            recent: BTreeMap::new(),
            over: false,
        };
        loop {
            match lab.report()? {
                None => {}
                Some(Report::Ready(micros)) => break lab.ready = Duration::from_micros(micros),
                Some(Report::Refused(why)) => return Err(why),
                Some(_) => return Err(Refusal::because(Wanted::Answer, "its helper does not make sense")),
            }
        }
        lab.until = Instant::now() + LONGEST;
        Ok(lab)
    }

    /// How long the helper took until the lab stood.
    pub fn ready(&self) -> Duration {
        self.ready
    }

    /// What the kernel knew of the lab's connections, each time that it changed, oldest first.
    pub fn views(&self) -> &[TcpView] {
        &self.views
    }

    /// The next message; `None` while there is none.
    fn report(&mut self) -> Result<Option<Report>, Refusal> {
        let odd = |()| Refusal::because(Wanted::Answer, "its helper does not make sense");
        let gone = |error: io::Error| Refusal::new(Wanted::Start, &error);
        let unread = self.bytes.get(self.start..).unwrap_or_default();
        if let Some((report, used)) = Report::read(unread).map_err(odd)? {
            self.start += used;
            return Ok(Some(report));
        }
        if Instant::now() > self.until {
            return Err(Refusal::because(Wanted::Answer, "its helper does not answer"));
        }
        if !sys::wait(&[self.pipe.as_fd()], WAIT).map_err(gone)? {
            return Ok(None);
        }
        self.bytes.drain(..self.start);
        self.start = 0;
        let mut room = [0; 16 * 1024];
        match self.pipe.read(&mut room) {
            Ok(0) => Err(Refusal::because(Wanted::Answer, self.obituary())),
            Ok(count) => {
                self.bytes.extend_from_slice(room.get(..count).unwrap_or_default());
                Ok(None)
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(gone(error)),
        }
    }

    /// Why the helper is gone. It has closed its pipe, so it ends now.
    fn obituary(&mut self) -> String {
        match self.child.wait() {
            Ok(status) => match (status.signal(), status.code()) {
                (Some(signal), _) => format!("its helper was killed by signal {signal}"),
                (None, Some(code)) => format!("its helper gave up with exit code {code}"),
                (None, None) => "its helper gave up".to_owned(),
            },
            Err(error) => format!("its helper is gone ({error})"),
        }
    }

    /// Remarks on a frame what the kernels of both its ends knew when it passed.
    fn annotate(&mut self, frame: &mut RawFrame) {
        let Some((from, to)) = ends(&frame.bytes) else { return };
        for key in [(from, to), (to, from)] {
            let Some(views) = self.recent.get_mut(&key) else { continue };
            // Frames come in the order of time: what is older than the view before this one is of no use any more.
            while views.get(1).is_some_and(|next| next.time <= frame.time) {
                views.pop_front();
            }
            if let Some(view) = views.front().filter(|view| view.time <= frame.time) {
                let gap = if frame.comment.is_empty() { "" } else { "\n" };
                // Writing into a text cannot fail.
                let _ = write!(frame.comment, "{gap}{KERNEL}{}: {view}", key.0);
            }
        }
    }
}

impl Source for Lab {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        if self.over {
            return Ok(Step::End);
        }
        let failed = |why: Refusal| SourceError::Io {
            what: "the lab ended too early".to_owned(),
            error: io::Error::other(why.to_string()),
        };
        // The helper holds frames back for a moment, so that the views from before a frame come before it.
        while let Some(report) = self.report().map_err(failed)? {
            match report {
                Report::Frame(mut told) => {
                    self.number += 1;
                    told.number = self.number;
                    self.annotate(&mut told);
                    *frame = told;
                    return Ok(Step::Frame);
                }
                Report::Kernel(view) => {
                    if self.views.len() < MOST_VIEWS {
                        self.views.push(view.clone());
                        self.recent.entry((view.local, view.remote)).or_default().push_back(view);
                    }
                }
                Report::Ready(_) => {}
                Report::Over => {
                    self.over = true;
                    return Ok(Step::End);
                }
                Report::Refused(why) => return Err(failed(why)),
            }
        }
        Ok(Step::Idle)
    }
}

impl Drop for Lab {
    /// The helper's namespaces go with it; waiting leaves no zombie.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sender and receiver of a TCP segment in an Ethernet frame without options before it.
fn ends(frame: &[u8]) -> Option<(SocketAddr, SocketAddr)> {
    const TCP: u8 = 6;
    let half = |at: usize| frame.get(at..at + 2)?.first_chunk().map(|b| u16::from_be_bytes(*b));
    let v4 = |at: usize| frame.get(at..at + 4)?.first_chunk().map(|b: &[u8; 4]| IpAddr::from(*b));
    let v6 = |at: usize| frame.get(at..at + 16)?.first_chunk().map(|b: &[u8; 16]| IpAddr::from(*b));
    let (from, to, tcp) = match half(12)? {
        0x0800 if *frame.get(23)? == TCP => (v4(26)?, v4(30)?, 14 + usize::from(frame.get(14)? & 15) * 4),
        0x86dd if *frame.get(20)? == TCP => (v6(22)?, v6(38)?, 54),
        _ => return None,
    };
    Some((SocketAddr::new(from, half(tcp)?), SocketAddr::new(to, half(tcp + 2)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_that_says_nothing_or_nonsense_is_told_in_a_clause() {
        // Any program that knows no such argument serves: this test's own.
        let why = Lab::start(OURSELVES, &["--no-such-option".into()]).unwrap_err();
        let text = why.to_string();
        assert!(
            text.starts_with("its helper gave up with exit code") || text.contains("does not make sense"),
            "{text}"
        );
        assert!(!why.is_forbidden());
    }

    #[test]
    fn only_a_whole_tcp_segment_has_ends() {
        let mut frame = vec![0; 54];
        frame[12..15].copy_from_slice(&[8, 0, 0x45]);
        frame[23] = 6;
        frame[26..30].copy_from_slice(&[192, 0, 2, 10]);
        frame[30..38].copy_from_slice(&[192, 0, 2, 80, 0x9c, 0x40, 0, 80]);
        let ends_of = ("192.0.2.10:40000".parse().unwrap(), "192.0.2.80:80".parse().unwrap());
        assert_eq!(ends(&frame), Some(ends_of));
        for cut in 0..38 {
            assert_eq!(ends(&frame[..cut]), None);
        }
    }
}
