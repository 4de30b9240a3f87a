//! `osi-tutor capture`: packets as they pass an interface.

use super::rights::Rights;
use super::show::{self, Tally};
use super::{Failure, error};
use crate::cli::{Capture, Show};
use crate::filter::Filter;
use crate::flow::Tracker;
#[cfg(feature = "lab")]
use crate::lab::demo::{self, Demo};
use crate::model::Packet;
use crate::proto::walk;
use crate::rights::{Files, Needs};
use crate::source::file::Writer;
use crate::source::live::{self, Choice, Live, Options, Sum, Wish};
use crate::view::theme::Color;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often to look whether anybody still reads what we write.
const LOOK: Duration = Duration::from_millis(250);
/// How long what has come may still be shown after Ctrl-C, and after the time is up.
const AFTER_INTERRUPT: Duration = Duration::from_secs(1);
const AFTER_END: Duration = Duration::from_secs(10);

/// Runs it.
pub(super) fn run(args: &Capture, color: Color) -> Result<(), Failure> {
    // A mistake in the filter is told before anything is opened.
    args.show.filter.as_deref().map(show::filter).transpose()?;
    show::check(&args.show)?;
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

    let told = Told { name: args.interface.clone(), changes: 0 };
    record(source, writer, view, told, end, color)
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

/// Where it captures, and what was told of it.
struct Told {
    name: String,
    changes: u32,
}

/// Records in a thread, and shows here what the screen can follow.
fn record(
    source: Live,
    writer: Option<Writer>,
    mut view: Show,
    mut told: Told,
    mut end: Option<Instant>,
    color: Color,
) -> Result<(), Failure> {
    let screen = !view.quiet && !show::takes_stdout(&view);
    let (written, limited) = (writer.is_some(), view.filter.is_some());
    // What is written must be chosen where nothing is left out.
    let filter = if written || !screen { view.filter.take() } else { None };
    let chooses = filter.is_some();
    if chooses && screen {
        // There are two memories then.
        view.memory = (view.memory / 2).max(1);
    }
    let memory = view.memory;
    let choose = filter.map(|filter| Box::new(move || chooser(&filter, memory)) as Box<dyn FnOnce() -> Choice + Send>);
    let count = view.count.filter(|_| written || !screen || !limited);
    let wish = Wish { write: writer, choose, count, screen };
    let no_thread = |e| Failure::Data(format!("the capture could not begin: {e}"));
    let (mut frames, reins) = live::record(source, wish).map_err(no_thread)?;

    let origin = format!("Captured live on {}", told.name);
    let mut looked = Instant::now();
    let mut closing = None;
    let done = show::run_into(&mut frames, &view, None, &origin, color, &mut || {
        let now = Instant::now();
        let look = now.duration_since(looked) >= LOOK;
        if look {
            looked = now;
        }
        told.changes(reins.changes());
        let interrupted = live::interrupted();
        if interrupted || end.is_some_and(|end| now >= end) {
            reins.stop();
            let rest = if interrupted { AFTER_INTERRUPT } else { AFTER_END };
            closing = Some(closing.unwrap_or(now + rest).min(now + rest));
            end = None;
        }
        closing.is_some_and(|until| now >= until) || (look && live::reader_gone())
    });
    let (sum, error) = reins.end(&frames);
    told.changes(sum.changes);
    told.sum_up(&sum, done.as_ref().ok(), screen, written);
    done?;
    if let Some(error) = error {
        return Err(error.into());
    }
    if sum.stuck {
        return Err(Failure::Data("what was captured last is not written: nobody reads it".into()));
    }
    if sum.gone {
        return Err(Failure::Data(format!("the interface {} disappeared", told.name)));
    }
    Ok(())
}

/// Makes the choice that `-Y` asks for; its own memory has seen every frame.
fn chooser(filter: &str, memory: u32) -> Choice {
    // It was read before, to tell what is wrong with it.
    let Ok(filter) = Filter::parse(filter) else { return Box::new(|_| false) };
    let (mut tracker, mut packet) = (Tracker::new(show::limits(memory)), Packet::new());
    Box::new(move |frame| {
        walk(frame, &mut tracker, &mut packet);
        filter.matches(&packet)
    })
}

impl Told {
    /// Says that the link went down or came back.
    fn changes(&mut self, changes: u32) {
        while self.changes < changes {
            self.changes += 1;
            error::tell(&if self.changes.is_multiple_of(2) {
                format!("The link of {} is up again.", self.name)
            } else {
                format!("The link of {} went down; the capture waits for it to come back.", self.name)
            });
        }
    }

    /// What was captured, what of it was shown, and what was lost.
    fn sum_up(&self, sum: &Sum, tally: Option<&Tally>, screen: bool, written: bool) {
        let packets = if sum.captured == 1 { "packet" } else { "packets" };
        let mut text = format!("{} {packets} captured on {}", sum.captured, self.name);
        if let Some(tally) = tally.filter(|_| screen) {
            let _ = write!(text, ", {} shown", tally.shown);
            let left_out = tally.left_out + if tally.enough { 0 } else { sum.unseen };
            if left_out > 0 {
                let _ = write!(text, ", {}", show::left_out(left_out, written));
            }
        } else if written {
            let _ = write!(text, ", {} written", sum.wanted);
        }
        if let Some(dropped) = sum.dropped {
            let _ = write!(text, ", {dropped} dropped by the kernel");
        }
        error::tell(&format!("{text}."));
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
