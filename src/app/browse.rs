//! The full screen over a source: where a terminal is there, and nobody asked for lines.

mod pages;

use super::{Failure, ladder, plot, stats};
use crate::cli::Show;
use crate::proto::ConversationKind::{Tcp, Udp};
use crate::source::Source;
use crate::tui::browser::{self, Options, Views};
use crate::tutor::Texts;
use crate::view::Theme;
use crate::view::ladder::Ladder;
use crate::view::theme::Color;
use pages::{drawn, followed, meaning, said, write};
use std::sync::Arc;

/// Bytes of frames that the full screen keeps.
const ROOM: usize = 1 << 30;

/// Why a capture writes no file from here: what it may open was settled before the first packet.
const NO_FILE: &str = "A capture gave up the right to open files. Start it with -w FILE to keep its packets";

/// Whether the packets are browsed rather than printed.
pub(super) fn wanted(show: &Show) -> bool {
    let lines = show.linear || show.print || show.brief || show.json || show.hex || show.quiet || show.plot.is_some();
    super::has_screen() && !lines && !super::outputs::takes_stdout(show)
}

/// Tells what would have happened with a fault, for a width in columns.
type Breaking = Box<dyn Fn(&str, usize) -> Result<String, Failure>>;

/// Tells the way of a frame's packet, by its number; asks at each frame that it reads whether it should go on.
type Hopping = Box<dyn Fn(u64, &dyn Fn() -> bool) -> Result<String, Failure> + Send + Sync>;

/// What only a simulation can tell.
pub(super) struct Made {
    /// What a fault would have changed.
    pub(super) broken: Breaking,
    /// The way of a frame's packet.
    pub(super) hops: Hopping,
}

/// Browses what a source gives. A live one is followed, and a simulated one can be broken.
pub(super) fn run(
    source: Box<dyn Source + Send>,
    live: bool,
    made: Option<Made>,
    show: &Show,
    origin: &str,
    choice: Color,
) -> Result<(), Failure> {
    let filter = show.filter.clone().unwrap_or_default();
    show.filter.as_deref().map(super::show::filter).transpose()?;
    browser::check_columns(show.columns.as_deref().unwrap_or("")).map_err(Failure::Usage)?;
    let texts = Texts::english();
    let (broken, hops) = made.map(|made| (made.broken, made.hops)).unzip();
    let options = Options {
        origin: origin.to_owned(),
        filter,
        columns: show.columns.clone().unwrap_or_default(),
        audience: show.audience,
        texts,
        limits: super::show::limits(show.memory),
        room: ROOM,
        color: super::color(choice),
        views: Views {
            ladder: Arc::new(|source, stream, columns| {
                let mut drawing = Ladder::new(Theme::default(), Some(columns), 2);
                drawn(|out| ladder::draw(source, stream, &mut drawing, out).map(|_| ()))
            }),
            follow: Arc::new(|source, stream, columns| drawn(|out| followed(source, Tcp, stream, columns, out))),
            datagrams: Arc::new(|source, stream, columns| drawn(|out| followed(source, Udp, stream, columns, out))),
            stats: Arc::new(|source, _, columns| drawn(|out| stats::tables(source, columns, out))),
            plot: Arc::new(|source, stream, columns| drawn(|out| plot::page(source, stream, columns, out))),
            hops: hops
                .map(|hops| -> browser::Hops { Arc::new(move |number, goes_on| hops(number, goes_on).map_err(said)) }),
            field: Box::new(meaning),
            broken: broken.map(|broken| -> browser::Broken {
                Box::new(move |fault, columns| broken(fault, columns).map_err(said))
            }),
            write: if live { Arc::new(|_, _| Err(NO_FILE.to_owned())) } else { Arc::new(write) },
        },
    };
    browser::run(source, live, options)?.map_or(Ok(()), |broken| Err(Failure::Data(broken)))
}
