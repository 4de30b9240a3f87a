//! `--plot`: one TCP connection of what is shown, drawn over time.

use super::{Failure, columns};
use crate::cli::Show;
use crate::flow::Tracker;
#[cfg(feature = "tui")]
use crate::flow::{Limits, reader::each};
use crate::model::Packet;
use crate::model::show::escape;
#[cfg(feature = "tui")]
use crate::source::Source;
use crate::stats::series::{Sent, Series};
use crate::view::Theme;
use crate::view::picture::chart;
use crate::view::plot::{Chart, Kind, terminal};
use std::collections::BTreeMap;
#[cfg(feature = "tui")]
use std::io::Write;
use std::path::PathBuf;

/// Without `--stream`, the largest of so many connections is drawn, the first ones.
const MOST_STREAMS: usize = 64;
/// Rows for the curves where nobody says how high the screen is.
const ROWS: usize = 16;
/// Rows beside those for the curves: title, axis, legend, caption, prompt.
const AROUND: usize = 8;

/// One connection over time, for a screen of this width.
#[cfg(feature = "tui")]
pub(super) fn page(source: &mut dyn Source, stream: u32, columns: usize, to: &mut dyn Write) -> Result<(), Failure> {
    let mut plot = Plot::of(Kind::Seq, Some(stream), "");
    each(source, Limits::default(), |packet, tracker| {
        plot.packet(packet, tracker);
        Ok::<_, Failure>(true)
    })?;
    let mut text = String::new();
    terminal::draw(&plot.chart()?, columns, ROWS, &plot.theme, &mut text);
    Ok(to.write_all(text.as_bytes())?)
}

/// Collects what is to be drawn.
pub(super) struct Plot {
    kind: Kind,
    stream: Option<u32>,
    to: Option<PathBuf>,
    origin: String,
    theme: Theme,
    known: BTreeMap<u32, (String, Series)>,
}

impl Plot {
    /// What was asked for.
    pub(super) fn new(kind: Kind, show: &Show, origin: &str, theme: Theme) -> Self {
        Self { to: show.output.clone(), theme, ..Self::of(kind, show.stream, origin) }
    }

    /// The same without a place where it goes.
    pub(super) fn of(kind: Kind, stream: Option<u32>, origin: &str) -> Self {
        let mut shown = String::new();
        escape(origin.as_bytes(), &mut shown);
        Self { kind, stream, to: None, origin: shown, theme: Theme::default(), known: BTreeMap::new() }
    }

    /// Takes the next packet.
    pub(super) fn packet(&mut self, packet: &Packet, tracker: &Tracker) {
        let Some(Sent { stream: number, client, server, from_client }) = Sent::now(tracker) else { return };
        if self.stream.is_some_and(|wanted| wanted != number)
            || (self.known.len() == MOST_STREAMS && !self.known.contains_key(&number))
        {
            return;
        }
        let title = || format!("TCP stream {number} ({client} – {server})");
        let (_, series) = self.known.entry(number).or_insert_with(|| (title(), Series::default()));
        series.add(packet, from_client);
    }

    /// Draws: into `out`, or as a picture into the file that was asked for.
    ///
    /// # Errors
    /// There is no such connection, or the file cannot be written.
    pub(super) fn draw(&self, out: &mut String) -> Result<(), Failure> {
        let chart = self.chart()?;
        let Some(to) = &self.to else {
            let rows = columns().and_then(|_| crossterm::terminal::size().ok());
            let rows = rows.map_or(ROWS, |(_, rows)| usize::from(rows).saturating_sub(AROUND));
            terminal::draw(&chart, columns().unwrap_or(80), rows, &self.theme, out);
            return Ok(());
        };
        std::fs::write(to, chart::draw(&chart).file(chart.origin))
            .map_err(|error| Failure::Data(format!("{}: {error}", to.display())))
    }

    /// What there is to draw.
    pub(super) fn chart(&self) -> Result<Chart<'_>, Failure> {
        // Of two that carried as much, the first.
        let largest = self.known.values().rev().max_by_key(|(_, series)| series.bytes());
        let Some((title, series)) = largest else {
            let which = self.stream.map_or("TCP connection".to_owned(), |n| format!("TCP stream {n}"));
            return Err(Failure::Data(format!("there is no {which} to draw; without --plot, the packets are listed")));
        };
        Ok(Chart::of(series, self.kind, title, &self.origin))
    }
}
