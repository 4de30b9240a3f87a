//! The pipeline that shows packets: source → walk → filter → view.

use super::error::tell;
use super::plot::Plot;
use super::{Failure, color, columns};
use crate::cli::Show;
use crate::filter::Filter;
use crate::flow::reader::Reader;
use crate::flow::{Event, Limits, Tracker};
use crate::model::{LinkType, Packet};
use crate::proto::{Key, lookup};
use crate::source::file::Writer;
use crate::source::{Source, Step};
use crate::tutor::{self, Moment, Texts};
use crate::view::brief::Brief;
use crate::view::stats::grouped;
use crate::view::text::{Options, Text};
use crate::view::theme::Color;
use crate::view::{Theme, json};
use std::io::{IsTerminal, Write};
use std::path::Path;

/// Output is handed on when so many bytes wait, or when the source has nothing at the moment.
const CHUNK: usize = 1 << 16;
const MIB: usize = 1 << 20;

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Frames that came.
    pub frames: u64,
    /// Packets that were shown.
    pub shown: u64,
    /// Packets that were left out because they came faster than they could be shown.
    pub left_out: u64,
    /// As many were shown as were asked for.
    pub enough: bool,
    /// How often something was given up because memory was full, and how many bytes that was.
    given_up: (u64, usize),
    links: Links,
}

/// Tells once which link type isn't read here.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Links {
    last: Option<LinkType>,
    told: bool,
}

impl Links {
    /// A frame of this link type came.
    pub(super) fn note(&mut self, link: LinkType) {
        if self.last.replace(link) == Some(link) || lookup(Key::Link(link.0)).is_some() {
            return;
        }
        if !std::mem::replace(&mut self.told, true) {
            let name = link.name().map(|name| format!(" ({name})")).unwrap_or_default();
            let LinkType(number) = link;
            tell(&format!(
                "osi-tutor: link type {number}{name} isn't read here: its packets are counted, not explained"
            ));
        }
    }
}

impl Tally {
    fn note(&mut self, events: &[Event]) {
        for event in events {
            if let Event::GaveUp { bytes, full: true, .. } = event {
                self.given_up = (self.given_up.0 + 1, self.given_up.1 + bytes);
            }
        }
    }

    /// Says on standard error what was given up.
    fn report(&self, memory: u32) {
        if self.given_up.0 > 0 {
            let (times, bytes) = self.given_up;
            // Where nobody reads it, nothing is lost.
            let _ = writeln!(
                std::io::stderr(),
                "osi-tutor: memory for unfinished messages was full: the oldest were given up {times} times, {bytes} bytes \
                 in all. --memory {} lets more wait.",
                memory.saturating_mul(2)
            );
        }
    }
}

/// Shows what `source` gives, until it ends, `stop` says so, or enough was shown. `origin` says in words where the
/// packets come from.
///
/// # Errors
/// The source is damaged (what came before is shown), or output cannot be written.
pub(super) fn run(
    source: &mut dyn Source,
    show: &Show,
    origin: &str,
    choice: Color,
    stop: &mut dyn FnMut() -> bool,
) -> Result<Tally, Failure> {
    show.filter.as_deref().map(filter).transpose()?;
    check(show)?;
    let writer = show.write.as_deref().map(Writer::create).transpose()?;
    run_into(source, show, writer, origin, choice, stop)
}

/// The same, where what is to be written is open already.
pub(super) fn run_into(
    source: &mut dyn Source,
    show: &Show,
    mut writer: Option<Writer>,
    origin: &str,
    choice: Color,
    stop: &mut dyn FnMut() -> bool,
) -> Result<Tally, Failure> {
    let filter = show.filter.as_deref().map(filter).transpose()?;
    if let Some((old, new)) = filter.as_ref().and_then(Filter::old_name) {
        tell(&format!("osi-tutor: `{old}` is called `{new}` since Wireshark 3.0; the old name still works here"));
    }
    let mut view = View::new(show, origin, choice)?;
    let mut reader = Reader::new(limits(show.memory));
    if writer.is_some() {
        reader = reader.keeping();
    }
    reader.packet.summary_only = show.brief && filter.is_none();
    let mut tally = Tally::default();
    let ended = loop {
        if stop() {
            break Ok(());
        }
        match source.next(&mut reader.frame) {
            Ok(Step::Frame) => {}
            Ok(Step::Idle) => {
                view.flush()?;
                if let Some(w) = &mut writer {
                    w.flush()?;
                }
                continue;
            }
            Ok(Step::End) => break Ok(()),
            Err(e) => break Err(e.into()),
        }
        tally.frames += 1;
        tally.links.note(reader.frame.link);
        let left_out = source.left_out();
        if left_out > 0 {
            tally.left_out += left_out;
            view.gap(left_out, show.write.is_some());
        }
        if !view.silent() || filter.is_some() {
            reader.read();
        }
        let Reader { frame, packet, tracker, .. } = &mut reader;
        tally.note(tracker.events());
        let wanted = source.chosen().unwrap_or(true);
        if !wanted || filter.as_ref().is_some_and(|f| !f.matches(packet)) {
            continue;
        }
        tally.shown += 1;
        packet.last_shown = Some(packet.time);
        if let Some(w) = &mut writer {
            w.write(frame)?;
        }
        view.packet(packet, tracker)?;
        if show.count.is_some_and(|n| tally.shown >= n) {
            tally.enough = true;
            break Ok(());
        }
    };
    view.finish()?;
    if let Some(w) = &mut writer {
        w.flush()?;
    }
    tally.report(show.memory);
    ended.map(|()| tally)
}

/// What `--memory` allows a tracker.
pub(super) fn limits(memory: u32) -> Limits {
    Limits::default().waiting(memory as usize * MIB)
}

/// Whether `-w` takes standard output for itself.
pub(super) fn takes_stdout(show: &Show) -> bool {
    show.write.as_deref().is_some_and(|path| path.as_os_str() == "-")
}

/// Says early what cannot work: two things on one standard output, or a capture that commands a terminal.
pub(super) fn check(show: &Show) -> Result<(), Failure> {
    if !takes_stdout(show) {
        return Ok(());
    }
    let drawn = show.plot.is_some() && show.output.is_none();
    let views = [
        (show.json, "--json"),
        (show.brief, "--brief"),
        (show.hex, "--hex"),
        (show.notes, "--notes"),
        (drawn, "--plot without -o FILE"),
    ];
    if let Some((_, view)) = views.iter().find(|(given, _)| *given) {
        return Err(Failure::Usage(format!(
            "-w - writes the capture to standard output, and {view} would, too; leave one out"
        )));
    }
    if std::io::stdout().is_terminal() {
        let why = "-w - writes a capture, which is no text for a terminal; name a file, or send it into a pipe";
        return Err(Failure::Usage(why.into()));
    }
    Ok(())
}

/// Refuses to write over the file that is read. `-` is standard input where it is read, and standard output where it
/// is written.
pub(super) fn spare(option: &str, to: Option<&Path>, from: &Path) -> Result<(), Failure> {
    if to.is_some_and(|to| same_file(to, from)) {
        return Err(Failure::Usage(format!("{option} names the file that is read; choose another name")));
    }
    Ok(())
}

/// Whether both are one file, whatever they are called: the same inode of the same device.
#[cfg(unix)]
fn same_file(to: &Path, from: &Path) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let about = |path: &Path, standard: std::os::fd::BorrowedFd<'_>| {
        if path.as_os_str() != "-" {
            return path.metadata();
        }
        std::fs::File::from(standard.try_clone_to_owned()?).metadata()
    };
    let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
    let (Ok(to), Ok(from)) = (about(to, stdout.as_fd()), about(from, stdin.as_fd())) else { return false };
    to.is_file() && from.is_file() && (to.dev(), to.ino()) == (from.dev(), from.ino())
}

/// Whether both are one file, as far as its name tells.
#[cfg(not(unix))]
fn same_file(to: &Path, from: &Path) -> bool {
    matches!((to.canonicalize(), from.canonicalize()), (Ok(a), Ok(b)) if a == b && a.is_file())
}

/// Reads `-Y`; what is wrong with it is shown with a caret under the word.
pub(super) fn filter(source: &str) -> Result<Filter, Failure> {
    Filter::parse(source).map_err(|e| Failure::Usage(format!("{e}\n{}", e.caret())))
}

/// How many packets came too fast to be shown, and where they are.
pub(super) fn left_out(packets: u64, filed: bool) -> String {
    let mut text = String::from("skipped ");
    grouped(packets, &mut text);
    text.push_str(" on the screen");
    if filed {
        text.push_str(if packets == 1 { "; it is in the file" } else { "; all are in the file" });
    }
    text
}

/// One of the views, and where it writes.
struct View {
    out: std::io::StdoutLock<'static>,
    kind: Kind,
    text: String,
    bytes: Vec<u8>,
}

enum Kind {
    Text(Box<Text>),
    Brief(Box<Brief>),
    Json,
    /// With notes, for an audience.
    Explained(Texts, tutor::Audience),
    /// Drawn when all have come.
    Plot(Box<Plot>),
    /// Nothing is shown.
    Silent,
}

impl View {
    fn new(show: &Show, origin: &str, choice: Color) -> Result<Self, Failure> {
        let theme = Theme::new(color(choice));
        let english = || Texts::english().map_err(|e| Failure::Data(e.to_string()));
        let kind = if let Some(plot) = show.plot {
            Kind::Plot(Box::new(Plot::new(plot, show, origin, theme)))
        } else if show.quiet || takes_stdout(show) {
            Kind::Silent
        } else if show.json && show.notes {
            Kind::Explained(english()?, show.audience)
        } else if show.json {
            Kind::Json
        } else if show.brief {
            Kind::Brief(Box::new(Brief::new(theme, columns())))
        } else {
            let texts = english()?.into();
            let options = Options { hex: show.hex, audience: show.audience };
            Kind::Text(Box::new(Text::new(theme, columns(), options, texts)))
        };
        let bytes = Vec::with_capacity(2 * CHUNK);
        Ok(Self { out: std::io::stdout().lock(), kind, text: String::new(), bytes })
    }

    fn silent(&self) -> bool {
        matches!(self.kind, Kind::Silent)
    }

    /// Says among the packets that some are left out, so that nobody takes them for lost on the network.
    fn gap(&mut self, packets: u64, filed: bool) {
        if matches!(self.kind, Kind::Text(_) | Kind::Brief(_)) {
            self.text.push_str("[... ");
            self.text.push_str(&left_out(packets, filed));
            self.text.push_str("]\n");
        }
    }

    fn packet(&mut self, packet: &Packet, tracker: &Tracker) -> Result<(), Failure> {
        match &mut self.kind {
            Kind::Json => json::line(packet, None, &mut self.bytes),
            Kind::Explained(texts, audience) => {
                let notes = tutor::explain(&Moment::new(packet, tracker), *audience, texts);
                json::line(packet, Some((&notes, *audience)), &mut self.bytes);
            }
            Kind::Text(view) => view.packet(&Moment::new(packet, tracker), &mut self.text),
            Kind::Brief(view) => view.line(packet, &mut self.text),
            Kind::Plot(plot) => plot.packet(packet, tracker),
            Kind::Silent => {}
        }
        if self.bytes.len().max(self.text.len()) >= CHUNK {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Failure> {
        // Each view writes into one of the two.
        let done = self.out.write_all(self.text.as_bytes()).and_then(|()| self.out.write_all(&self.bytes));
        self.text.clear();
        self.bytes.clear();
        // One giant packet must not be paid for ever after.
        self.text.shrink_to(16 * CHUNK);
        self.bytes.shrink_to(16 * CHUNK);
        done.map_err(Failure::from)
    }

    /// There will be no more packets.
    fn finish(&mut self) -> Result<(), Failure> {
        if let Kind::Plot(plot) = &self.kind {
            plot.draw(&mut self.text)?;
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.write()?;
        self.out.flush().map_err(Failure::from)
    }
}
