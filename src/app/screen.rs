//! Where packets are shown: one of the views, on standard output.

use super::outputs::takes_stdout;
use super::plot::Plot;
use super::{Failure, color, columns};
use crate::cli::Show;
use crate::flow::Tracker;
use crate::linear;
use crate::model::Packet;
use crate::tutor::{self, Moment, Texts};
use crate::view::brief::Brief;
use crate::view::ink::Ink;
use crate::view::tally::left_out;
use crate::view::text::{Options, Text};
use crate::view::theme::Color;
use crate::view::{Theme, json};
use std::io::Write;

/// Output is handed on when so many bytes wait, or when the source has nothing at the moment.
const CHUNK: usize = 1 << 16;
/// The most memory that is kept for what is written next.
const KEPT: usize = 64 * CHUNK;

/// One of the views, and where it writes.
pub(super) struct Screen {
    out: std::io::StdoutLock<'static>,
    kind: Kind,
    /// What waits: some views write here,
    text: String,
    /// and some here.
    ink: Ink,
}

enum Kind {
    Text(Box<Text>),
    Brief(Box<Brief>),
    Json(json::Writer),
    /// With notes, for an audience.
    Explained(json::Writer, Texts, tutor::Audience),
    /// Sentences; without texts, one a packet.
    Linear(Option<Texts>, tutor::Audience),
    /// Drawn when all have come.
    Plot(Box<Plot>),
    /// Nothing is shown.
    Silent,
}

impl Screen {
    pub(super) fn new(show: &Show, origin: &str, choice: Color) -> Result<Self, Failure> {
        if show.columns.is_some() {
            let why = "--columns is for the full screen, and here lines are printed; osi-tutor export csv has columns";
            return Err(Failure::Usage(why.to_owned()));
        }
        let theme = Theme::new(color(choice));
        let kind = if let Some(plot) = show.plot {
            Kind::Plot(Box::new(Plot::new(plot, show, origin, theme)))
        } else if show.quiet || takes_stdout(show) {
            Kind::Silent
        } else if show.json && show.notes {
            Kind::Explained(json::Writer::new(), Texts::english(), show.audience)
        } else if show.json {
            Kind::Json(json::Writer::new())
        } else if !show.hex && super::linear(show.linear) {
            let texts = if show.brief { None } else { Some(Texts::english()) };
            Kind::Linear(texts, show.audience)
        } else if show.brief {
            Kind::Brief(Box::new(Brief::new(theme, columns())))
        } else {
            let texts = Texts::english().into();
            let options = Options { hex: show.hex, audience: show.audience };
            Kind::Text(Box::new(Text::new(theme, columns(), options, texts).keeping()))
        };
        let text = String::with_capacity(2 * CHUNK);
        Ok(Self { out: std::io::stdout().lock(), kind, text, ink: Ink::default() })
    }

    pub(super) fn silent(&self) -> bool {
        matches!(self.kind, Kind::Silent)
    }

    /// Says among the packets that some are left out, so that nobody takes them for lost on the network.
    pub(super) fn gap(&mut self, packets: u64, filed: bool) {
        let gap = || format!("[... {}]\n", left_out(packets, filed));
        match self.kind {
            Kind::Linear(..) => self.text.push_str(&gap()),
            Kind::Text(_) | Kind::Brief(_) => self.ink.add(gap()),
            _ => {}
        }
    }

    pub(super) fn packet(&mut self, packet: &Packet, tracker: &Tracker) -> Result<(), Failure> {
        match &mut self.kind {
            Kind::Json(json) => json.line(packet, None, &mut self.ink),
            Kind::Explained(json, texts, audience) => {
                let notes = tutor::explain(&Moment::new(packet, tracker), *audience, texts);
                json.line(packet, Some((&notes, *audience)), &mut self.ink);
            }
            Kind::Text(view) => view.write(&Moment::new(packet, tracker), &mut self.ink),
            Kind::Brief(view) => view.write(packet, &mut self.ink),
            Kind::Linear(texts, audience) => {
                linear::packet(&Moment::new(packet, tracker), *audience, texts.as_ref(), &mut self.text);
            }
            Kind::Plot(plot) => plot.packet(packet, tracker),
            Kind::Silent => {}
        }
        if self.text.len().max(self.ink.bytes().len()) >= CHUNK {
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Failure> {
        let done = self.out.write_all(self.ink.bytes()).and_then(|()| self.out.write_all(self.text.as_bytes()));
        // One giant packet must not be paid for ever after.
        self.ink.clear(KEPT);
        self.text.clear();
        self.text.shrink_to(KEPT);
        done.map_err(Failure::from)
    }

    /// There will be no more packets.
    pub(super) fn finish(&mut self) -> Result<(), Failure> {
        if let Kind::Plot(plot) = &self.kind {
            plot.draw(&mut self.text)?;
        }
        self.flush()
    }

    pub(super) fn flush(&mut self) -> Result<(), Failure> {
        self.write()?;
        self.out.flush().map_err(Failure::from)
    }
}
