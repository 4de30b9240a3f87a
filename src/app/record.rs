//! A capture under way: recorded in a thread, shown as fast as the screen can follow.

use super::outputs::takes_stdout;
use super::{Failure, error, show};
use crate::cli::Show;
use crate::filter::Filter;
use crate::flow::Tracker;
use crate::model::Packet;
use crate::proto::walk;
use crate::source::SourceError;
use crate::source::file::Writer;
use crate::source::live::{self, Choice, Live, Sum, Wish};
use crate::view::tally::{captured, link_change};
use crate::view::theme::Color;
use std::time::{Duration, Instant};

/// How often to look whether anybody still reads what we write.
pub(super) const LOOK: Duration = Duration::from_millis(250);
/// How long what has come may still be shown after Ctrl-C, and after the time is up.
const AFTER_INTERRUPT: Duration = Duration::from_secs(1);
const AFTER_END: Duration = Duration::from_secs(10);

/// Records in a thread, and shows here what the screen can follow.
pub(super) fn record(
    source: Live,
    writer: Option<Writer>,
    mut view: Show,
    name: &str,
    mut end: Option<Instant>,
    color: Color,
) -> Result<(), Failure> {
    let screen = !view.quiet && !takes_stdout(&view);
    let (written, limited) = (writer.is_some(), view.filter.is_some());
    #[cfg(feature = "tui")]
    let (browse, shown) = (super::browse::wanted(&view), view.filter.clone());
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

    let origin = format!("Captured live on {name}");
    #[cfg(feature = "tui")]
    if browse {
        view.filter = shown;
        let shown = super::browse::run(Box::new(frames), true, None, &view, &origin, color);
        let (sum, error) = reins.end(None);
        error::tell(&captured(name, &sum, None, written));
        return shown.and(judge(name, &sum, error));
    }
    let mut told = Told::default();
    let mut looked = Instant::now();
    let mut closing = None;
    let done = show::run_into(&mut frames, &view, None, &origin, color, &mut || {
        let now = Instant::now();
        let look = now.duration_since(looked) >= LOOK;
        if look {
            looked = now;
        }
        told.changes(name, reins.changes());
        let interrupted = live::interrupted();
        if interrupted || end.is_some_and(|end| now >= end) {
            reins.stop();
            let rest = if interrupted { AFTER_INTERRUPT } else { AFTER_END };
            closing = Some(closing.unwrap_or(now + rest).min(now + rest));
            end = None;
        }
        closing.is_some_and(|until| now >= until) || (look && live::reader_gone())
    });
    let (sum, error) = reins.end(Some(&frames));
    told.changes(name, sum.changes);
    error::tell(&captured(name, &sum, done.as_ref().ok().filter(|_| screen), written));
    done?;
    judge(name, &sum, error)
}

/// Whether the recording went well to its end.
fn judge(name: &str, sum: &Sum, error: Option<SourceError>) -> Result<(), Failure> {
    if let Some(error) = error {
        return Err(error.into());
    }
    if sum.stuck {
        return Err(Failure::Data("what was captured last is not written: nobody reads it".into()));
    }
    if sum.gone {
        return Err(Failure::Data(format!("the interface {name} disappeared")));
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

/// How often the link went down or came back, as far as it was told.
#[derive(Default)]
struct Told(u32);

impl Told {
    fn changes(&mut self, name: &str, changes: u32) {
        while self.0 < changes {
            self.0 += 1;
            error::tell(&link_change(name, self.0.is_multiple_of(2)));
        }
    }
}
