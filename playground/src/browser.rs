//! The packets of a capture or a simulation: taken in bit by bit, listed, filtered, one of them looked at.

use crate::engine::plain;
use crate::pass::{Index, Sift, Walk};
use crate::store::{Replay, Store};
use osi_tutor::browse::{Kind, LayerLine, Look};
use osi_tutor::filter::Filter;
use osi_tutor::flow::Limits;
use osi_tutor::model::{Osi, RawFrame, Span, show};
use osi_tutor::source::{Source, Step};
use osi_tutor::tutor::{Audience, Texts};
use osi_tutor::view::outline::buffer_kind;
use serde_json::{Value, json};

/// Bytes of frames and lines that are kept. WebAssembly has 4 GB in all.
const ROOM: usize = 768 << 20;
/// Lines of the list in one answer.
const MOST_ROWS: usize = 500;
/// Bytes of a buffer that are shown.
const MOST_BYTES: usize = 1 << 16;
/// Lines of a packet.
const MOST_LINES: usize = 4000;

/// Bytes of frames that are gone through before the page is answered, however few packets they are.
const PORTION: usize = 32 << 20;

/// How far one step goes: so many packets, or so many bytes.
pub(crate) struct Portion {
    packets: usize,
    bytes: usize,
}

impl Portion {
    /// Of at most that many packets, and one at least.
    pub(crate) fn of(most: usize) -> Self {
        Self { packets: most.max(1), bytes: PORTION }
    }

    /// Takes a frame out of it. Whether there is room for another one.
    pub(crate) fn goes_on(&mut self, frame: usize) -> bool {
        self.packets = self.packets.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(frame);
        self.packets > 0 && self.bytes > 0
    }
}

/// Packets, and what is known of them.
pub(crate) struct Browser {
    origin: String,
    source: Option<Box<dyn Source>>,
    frame: RawFrame,
    store: Store,
    index: Index,
    walk: Walk,
    sift: Option<Sift>,
    next: Option<Sift>,
    trouble: Option<String>,
    full: bool,
}

impl Browser {
    /// Over a source of which nothing was read.
    pub(crate) fn new(origin: String, source: Box<dyn Source>) -> Self {
        Self {
            origin,
            source: Some(source),
            frame: RawFrame::default(),
            store: Store::new(ROOM),
            index: Index::new(Limits::default()),
            walk: Walk::new(Limits::default()),
            sift: None,
            next: None,
            trouble: None,
            full: false,
        }
    }

    /// Where the packets come from.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.store.len()
    }

    /// All packets again, as a source.
    pub(crate) fn replay(&self) -> Replay<'_> {
        Replay::of(&self.store, None, 0..self.store.len())
    }

    /// The packets.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// What there is so far.
    pub(crate) fn about(&self) -> Value {
        json!({
            "origin": self.origin, "packets": self.store.len(), "ended": self.source.is_none(), "trouble": self.trouble,
            "full": self.full,
        })
    }

    /// Takes in some more.
    pub(crate) fn read(&mut self, most: usize) -> Value {
        let mut portion = Portion::of(most);
        while let Some(source) = &mut self.source {
            match source.next(&mut self.frame) {
                Ok(Step::Frame) if self.index.take(&self.frame, &mut self.store) => {
                    if portion.goes_on(self.frame.bytes.len()) {
                        continue;
                    }
                    break;
                }
                Ok(Step::Frame) => self.full = true,
                Ok(Step::Idle) => continue,
                Ok(Step::End) => {}
                Err(why) => self.trouble = Some(plain(&why.to_string())),
            }
            self.source = None;
        }
        self.about()
    }

    /// Begins a filter.
    pub(crate) fn filter(&mut self, text: &str) -> Value {
        self.next = None;
        if text.trim().is_empty() {
            self.sift = None;
            return json!({ "packets": self.shown(), "done": true });
        }
        match Filter::parse(text) {
            Ok(filter) => {
                let old = filter.old_name().map(|(old, new)| format!("{old} is called {new} today"));
                self.next = Some(Sift::new(filter, Limits::default()));
                json!({ "packets": self.shown(), "done": false, "old": old })
            }
            Err(wrong) => {
                // The page counts in UTF-16.
                let units = |end: usize| text.get(..end).unwrap_or(text).encode_utf16().count();
                let span = wrong.span();
                json!({ "wrong": wrong.to_string(), "from": units(span.start), "to": units(span.end), "suggestion": wrong.suggestion() })
            }
        }
    }

    /// Goes on with the filter.
    pub(crate) fn sift(&mut self, most: usize) -> Value {
        let mut portion = Portion::of(most);
        // Without a new filter, packets may have come that the old one has not seen.
        if let Some(sift) = self.next.as_mut().or(self.sift.as_mut()) {
            while sift.step(&self.store) {
                let frame = self.store.get(sift.seen().saturating_sub(1)).map_or(0, |line| line.len as usize);
                if !portion.goes_on(frame) {
                    break;
                }
            }
        }
        if self.next.as_ref().is_some_and(|next| next.seen() >= self.store.len()) {
            self.sift = self.next.take();
        }
        let seen = self.next.as_ref().or(self.sift.as_ref()).map_or(self.store.len(), Sift::seen);
        json!({ "packets": self.shown(), "seen": seen, "of": self.store.len(), "done": seen >= self.store.len() && self.next.is_none() })
    }

    fn shown(&self) -> usize {
        self.sift.as_ref().map_or(self.store.len(), |sift| sift.found().len())
    }

    fn place(&self, shown: usize) -> Option<usize> {
        match &self.sift {
            Some(sift) => sift.found().get(shown).copied(),
            None => (shown < self.store.len()).then_some(shown),
        }
    }

    /// Lines of the list.
    pub(crate) fn rows(&self, from: usize, count: usize) -> Value {
        let first = self.store.get(0).map(|line| line.time);
        let rows = (from..from.saturating_add(count.min(MOST_ROWS))).map_while(|shown| {
            let line = self.store.get(self.place(shown)?)?;
            let mut time = String::new();
            match first.filter(|first| first.is_known()).and_then(|first| line.time.since(first)) {
                Some(nanos) if line.time.is_known() => show::seconds(nanos, 6, &mut time),
                _ => time.push('-'),
            }
            Some(json!({
                "number": line.number, "time": time, "from": line.source, "to": line.destination, "protocol": line.protocol,
                "length": line.len, "text": line.message, "layer": line.osi.number(), "odd": line.odd,
            }))
        });
        json!({ "first": from, "rows": rows.collect::<Vec<_>>(), "packets": self.shown() })
    }

    /// Where a packet is listed, or the first one after it.
    pub(crate) fn find(&self, number: u64) -> Value {
        let place = self.store.find(number);
        let shown = self.sift.as_ref().map_or(place, |sift| sift.found().partition_point(|&at| at < place));
        json!({ "place": shown.min(self.shown().saturating_sub(1)) })
    }

    /// A packet, whole; or how far the way to it has come.
    pub(crate) fn packet(
        &mut self,
        shown: usize,
        audience: Audience,
        texts: &Texts,
        most: usize,
    ) -> Result<Value, String> {
        let at = self.place(shown).ok_or("there is no such packet")?;
        if self.walk.next() > at {
            self.walk.rewind();
        }
        let mut portion = Portion::of(most);
        while self.walk.next() <= at && self.walk.step(&self.store) {
            if !portion.goes_on(self.walk.packet().frame().len()) {
                break;
            }
        }
        if self.walk.next() <= at {
            return Ok(json!({ "seen": self.walk.next(), "of": at + 1 }));
        }
        let look = Look::at(at, self.walk.here(), audience, texts);
        // The walk has passed it: the same packet again begins from the start, which the page avoids by keeping it.
        Ok(whole(&look))
    }
}

/// A packet with its seven layers, each with its lines, and its bytes.
fn whole(look: &Look) -> Value {
    let lines = look.lines(&Osi::ALL);
    let mut left = MOST_LINES;
    let layers: Vec<Value> = look
        .rows
        .iter()
        .map(|row| {
            let of_layer = lines.iter().filter(|line| line.osi == row.osi);
            let span = of_layer.clone().find(|line| matches!(line.kind, Kind::Layer(_))).and_then(|line| line.span);
            let inner: Vec<Value> = of_layer
                .filter(|line| !matches!(line.kind, Kind::Layer(_)))
                .take(left)
                .map(|line| entry(look, line))
                .collect();
            left -= inner.len();
            json!({
                "layer": row.osi.number(), "name": row.osi.name(), "what": row.line, "evidence": row.truth.name(), "why": row.text,
                "span": span.map(place), "lines": inner,
            })
        })
        .collect();
    let buffers: Vec<Value> = look
        .packet
        .buffers()
        .iter()
        .map(|buffer| {
            let mut hex = String::new();
            show::hex_bytes(buffer.bytes.get(..MOST_BYTES).unwrap_or(&buffer.bytes), "", &mut hex);
            json!({ "kind": buffer_kind(buffer.kind), "length": buffer.bytes.len(), "hex": hex })
        })
        .collect();
    json!({ "number": look.packet.number, "stream": look.stream, "layers": layers, "buffers": buffers })
}

fn entry(look: &Look, line: &LayerLine) -> Value {
    let kind = match line.kind {
        Kind::Layer(_) => "layer",
        Kind::Protocol => "protocol",
        Kind::Field(_) => "field",
        Kind::Note(_) => "note",
        Kind::Trouble => "trouble",
        Kind::Rest => "rest",
    };
    let about = look.field_at(line).map(|field| field.def.about);
    let evidence = if let Kind::Note(truth) = line.kind { Some(truth.name()) } else { None };
    json!({
        "kind": kind, "indent": line.indent, "text": line.text, "name": line.right, "span": line.span.map(place), "about": about,
        "evidence": evidence,
    })
}

/// Buffer, first byte, and one past the last.
fn place(span: Span) -> [u32; 3] {
    [u32::from(span.buf), span.start, span.end()]
}
