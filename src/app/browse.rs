//! The full screen over a source: where a terminal is there, and nobody asked for lines.

use super::{Failure, ladder, plot, stats};
use crate::cli::Show;
use crate::flow::Limits;
use crate::flow::follow::Follower;
use crate::flow::reader::each;
use crate::model::RawFrame;
use crate::proto::ConversationKind;
use crate::source::file::Writer;
use crate::source::{Source, Step};
use crate::tui::browser::{self, Options, Views};
use crate::tutor::Texts;
use crate::view::Theme;
use crate::view::follow::{Follow, How, Shape, Transcript};
use crate::view::ladder::Ladder;
use crate::view::reference::{Reference, Topic};
use crate::view::theme::Color;
use std::fs::File;
use std::path::Path;

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

/// What only a simulation can tell.
pub(super) struct Made {
    /// What a fault would have changed.
    pub(super) broken: Breaking,
    /// The way of a frame's packet.
    pub(super) hops: Box<dyn Fn(u64) -> Result<String, Failure>>,
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
    let texts = Texts::english().map_err(|e| Failure::Data(e.to_string()))?;
    let (broken, hops) = made.map(|made| (made.broken, made.hops)).unzip();
    let options = Options {
        origin: origin.to_owned(),
        filter,
        audience: show.audience,
        texts,
        limits: super::show::limits(show.memory),
        room: ROOM,
        color: super::color(choice),
        views: Views {
            ladder: Box::new(|source, stream, columns| {
                let mut drawing = Ladder::new(Theme::default(), Some(columns), 2);
                drawn(|out| ladder::draw(source, stream, &mut drawing, out).map(|_| ()))
            }),
            follow: Box::new(|source, stream, columns| drawn(|out| followed(source, stream, columns, out))),
            stats: Box::new(|source, _, columns| drawn(|out| stats::tables(source, columns, out))),
            plot: Box::new(|source, stream, columns| drawn(|out| plot::page(source, stream, columns, out))),
            hops: hops.map(|hops| -> browser::Hops { Box::new(move |number| hops(number).map_err(said)) }),
            field: Box::new(meaning),
            broken: broken.map(|broken| -> browser::Broken {
                Box::new(move |fault, columns| broken(fault, columns).map_err(said))
            }),
            write: if live { Box::new(|_, _| Err(NO_FILE.to_owned())) } else { Box::new(write) },
        },
    };
    browser::run(source, live, options)?.map_or(Ok(()), |broken| Err(Failure::Data(broken)))
}

/// Why something could not be done.
fn said(failure: Failure) -> String {
    match failure {
        Failure::Usage(why) | Failure::Data(why) => why,
        Failure::ClosedPipe => String::new(),
    }
}

/// What a view writes, or why it could not.
fn drawn(draw: impl FnOnce(&mut Vec<u8>) -> Result<(), Failure>) -> Result<String, String> {
    let mut out = Vec::new();
    draw(&mut out).map_err(said)?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// What both ends of a TCP connection said.
fn followed(source: &mut dyn Source, stream: u32, columns: usize, out: &mut Vec<u8>) -> Result<(), Failure> {
    let view = Follow::new(Theme::default(), Some(columns), How::Text);
    let mut follower = Follower::new(ConversationKind::Tcp, stream);
    let mut transcript = Transcript::new(ConversationKind::Tcp, stream, None, Shape::Turns(view));
    each(source, Limits::default(), |packet, _| {
        transcript.packet(packet, &mut follower, out);
        Ok::<_, Failure>(true)
    })?;
    transcript.finish(&mut follower, out);
    Ok(())
}

/// What a field means, as `explain FIELD` says it.
fn meaning(name: &str) -> Option<String> {
    let topic = Topic::find(name)?;
    let (texts, theme) = (Texts::english().ok()?, Theme::default());
    let mut out = String::new();
    Reference { course: &[], audience: crate::tutor::Audience::Student, texts: &texts, theme: &theme }
        .draw(topic, &mut out);
    Some(out)
}

/// Writes frames into a new file; never over another one.
fn write(source: &mut dyn Source, path: &Path) -> Result<u64, String> {
    let no = |e: &dyn std::fmt::Display| format!("{} could not be written: {e}", path.display());
    File::options().write(true).create_new(true).open(path).map_err(|e| no(&e))?;
    let mut writer = Writer::create(path).map_err(|e| no(&e))?;
    let (mut frame, mut written) = (RawFrame::default(), 0);
    while source.next(&mut frame).map_err(|e| no(&e))? == Step::Frame {
        writer.write(&frame).map_err(|e| no(&e))?;
        written += 1;
    }
    writer.flush().map_err(|e| no(&e))?;
    Ok(written)
}
