//! `osi-tutor capture`: packets as they pass an interface.

use super::outputs::check;
use super::record::{LOOK, record};
use super::rights::Rights;
use super::{Failure, error, show};
use crate::cli::Capture;
#[cfg(feature = "lab")]
use crate::lab::demo::{self, Demo};
use crate::rights::{Files, Needs};
use crate::source::file::Writer;
#[cfg(feature = "lab")]
use crate::source::live::Live;
use crate::source::live::{self, Options};
use crate::view::theme::Color;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant;

/// Runs it.
pub(super) fn run(args: &Capture, color: Color) -> Result<(), Failure> {
    // A mistake in the filter is told before anything is opened.
    args.show.filter.as_deref().map(show::filter).transpose()?;
    check(&args.show)?;
    let end = args.duration.and_then(|d| Instant::now().checked_add(d));
    let options = Options { promiscuous: !args.no_promiscuous, snaplen: args.snaplen, ..Options::default() };
    let mut rights = Rights::of(args.user.as_deref())?;
    let source = live::open(&args.interface, &options)?;
    live::catch_interrupts();
    #[cfg_attr(not(feature = "lab"), expect(unused_mut, reason = "only the demonstration sets a filter"))]
    let mut view = args.show.clone();
    #[cfg(feature = "lab")]
    let demo = args.demo.then(demo::Open::new).transpose().map_err(no_demo)?;
    let opened = rights.leave(view.write.as_deref(), |path| open(path, &mut || over(end)))?;
    let writer = match (opened, &view.write) {
        (Some(None), Some(path)) => {
            return Err(Failure::Data(format!("nobody reads {}, so nothing was captured", path.display())));
        }
        (opened, _) => opened.flatten(),
    };
    #[cfg(feature = "lab")]
    let connect = demo.iter().map(demo::Open::port).collect();
    #[cfg(not(feature = "lab"))]
    let connect = Vec::new();
    // The plot is written when the capture ends.
    let write: Vec<_> = view.output.clone().into_iter().collect();
    write.iter().try_for_each(|path| rights.make(path))?;
    rights.seal(&Needs { connect, files: Files::Only { read: Vec::new(), write } });
    // The demonstration begins after the capture, so that its first SYN is seen, too.
    #[cfg(feature = "lab")]
    let _demo = demo.map(|demo| start(demo, &source, &mut view.filter)).transpose()?;
    error::tell(&format!("Capturing on {}. Ctrl-C ends it.", args.interface));

    record(source, writer, view, &args.interface, end, color)
}

/// Whether Ctrl-C was pressed, or the time is up.
fn over(end: Option<Instant>) -> bool {
    live::interrupted() || end.is_some_and(|end| Instant::now() >= end)
}

/// Opens what is to be written. A pipe has no reader at first: whoever waits for one can still be interrupted, and
/// then gets `None`.
fn open(path: &Path, over: &mut dyn FnMut() -> bool) -> Result<Option<Writer>, Failure> {
    let waits = path.metadata().is_ok_and(|about| !about.is_file());
    if !waits {
        return Ok(Some(Writer::create(path)?));
    }
    let (tell, hear) = mpsc::channel();
    let owned = path.to_owned();
    std::thread::spawn(move || {
        // Who waited may have given up.
        let _ = tell.send(Writer::create(&owned));
    });
    loop {
        match hear.recv_timeout(LOOK) {
            Ok(opened) => return Ok(Some(opened?)),
            Err(RecvTimeoutError::Timeout) if !over() => {}
            Err(_) => return Ok(None),
        }
    }
}

/// Starts the demonstration; without another filter, only its packets are shown.
#[cfg(feature = "lab")]
fn start(demo: demo::Open, source: &Live, filter: &mut Option<String>) -> Result<Demo, Failure> {
    let demo = demo.start().map_err(no_demo)?;
    let port = demo.port();
    error::tell(&format!("A web server on 127.0.0.1 port {port} has a visitor every few seconds."));
    if !source.interface().loopback {
        error::tell("They talk on loopback. To see them, capture there instead.");
    } else if filter.is_none() {
        *filter = Some(format!("tcp.port == {port}"));
        error::tell(&format!("Only their packets are shown (-Y 'tcp.port == {port}'); -Y FILTER shows others."));
    }
    Ok(demo)
}

#[cfg(feature = "lab")]
#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn no_demo(why: std::io::Error) -> Failure {
    Failure::Data(format!("the demonstration could not be started: {why}"))
}
