//! The pipeline that shows packets: source → walk → filter → view.

use super::Failure;
use super::error::tell;
use super::outputs::check;
use super::screen::Screen;
use crate::cli::Show;
use crate::filter::Filter;
use crate::flow::Limits;
use crate::flow::reader::Reader;
use crate::model::Wanted;
use crate::source::file::Writer;
use crate::source::{Source, Step};
use crate::view::tally::Tally;
use crate::view::theme::Color;

const MIB: usize = 1 << 20;

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
    let mut view = Screen::new(show, origin, choice)?;
    let mut reader = Reader::new(limits(show.memory));
    if writer.is_some() {
        reader = reader.keeping();
    }
    let decides = filter.as_ref().map_or_else(|| Some(Vec::new()), Filter::fields);
    if let Some(fields) = decides.filter(|_| show.brief) {
        reader = reader.wanting(Wanted::line(fields));
    }
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
        if let Some(unread) = tally.links.note(reader.frame.link) {
            tell(&unread);
        }
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
    if let Some(lost) = tally.gave_up(show.memory) {
        tell(&lost);
    }
    // The program ends with what is remembered, which may be a million pieces: nobody gives them back one by one.
    std::mem::forget(reader);
    ended.map(|()| tally)
}

/// What `--memory` allows a tracker.
pub(super) fn limits(memory: u32) -> Limits {
    Limits::default().waiting(memory as usize * MIB)
}

/// Reads `-Y`; what is wrong with it is shown with a caret under the word.
pub(super) fn filter(source: &str) -> Result<Filter, Failure> {
    Filter::parse(source).map_err(|e| Failure::Usage(format!("{e}\n{}", e.caret())))
}
