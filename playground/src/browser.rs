//! The packets of a capture or a simulation: taken in bit by bit, listed, filtered, one of them looked at.

use crate::engine::plain;
use osi_tutor_engine::browse::pass::{ASK, Index, Line, Lines, Walk};
use osi_tutor_engine::browse::sift::{Found, Part, Wanted};
use osi_tutor_engine::browse::store::{Batch, Replay, Store};
use osi_tutor_engine::browse::{Kind, LayerLine, Look};
use osi_tutor_engine::filter::Filter;
use osi_tutor_engine::flow::Limits;
use osi_tutor_engine::model::{Osi, RawFrame, Span, show};
use osi_tutor_engine::source::{Source, Step};
use osi_tutor_engine::tutor::{Audience, Texts};
use osi_tutor_engine::view::outline::buffer_kind;
use serde_json::{Value, json};

/// Bytes of frames that are kept. WebAssembly has 4 GB in all.
const ROOM: usize = 768 << 20;
/// Frames of a block: the most that are read again for a packet's line.
const BLOCK: usize = 2048;
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
    lines: Lines,
    sift: Option<Sift>,
    next: Option<Sift>,
    trouble: Option<String>,
    full: bool,
}

/// A filter, and what it has selected so far.
struct Sift {
    wanted: Wanted,
    walk: Walk,
    found: Found,
}

impl Browser {
    /// Over a source of which nothing was read.
    pub(crate) fn new(origin: String, source: Box<dyn Source>) -> Self {
        let store = Store::new(Limits::default(), None, BLOCK);
        Self {
            origin,
            source: Some(source),
            frame: RawFrame::default(),
            index: Index::new(Limits::default(), ROOM, false, BLOCK),
            walk: Walk::of(&store),
            store,
            lines: Lines::default(),
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
        Replay::all(&self.store)
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
        let (mut portion, mut batch) = (Portion::of(most), Batch::default());
        while let Some(source) = &mut self.source {
            match source.next(&mut self.frame) {
                Ok(Step::Frame) => {
                    self.index.take(&self.frame, 0, &mut batch);
                    self.full = batch.refused > 0;
                    if !self.full {
                        if portion.goes_on(self.frame.bytes.len()) {
                            continue;
                        }
                        break;
                    }
                }
                Ok(Step::Idle) => continue,
                Ok(Step::End) => {}
                Err(why) => self.trouble = Some(plain(&why.to_string())),
            }
            self.source = None;
        }
        self.store.add(batch);
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
                let (walk, found) = (Walk::of(&self.store), Found::new(&self.store));
                self.next = Some(Sift { wanted: Wanted::by(filter), walk, found });
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
            let mut goes = true;
            while goes && sift.found.done() < self.store.len() {
                let part = Part::after(&sift.found, &sift.wanted, &mut sift.walk, &self.store, &mut |walk| {
                    goes = portion.goes_on(walk.packet().frame().len());
                    goes
                });
                sift.found.add(part);
            }
        }
        if self.next.as_ref().is_some_and(|next| next.found.done() >= self.store.len()) {
            self.sift = self.next.take();
        }
        let seen = self.next.as_ref().or(self.sift.as_ref()).map_or(self.store.len(), |sift| sift.found.done());
        json!({ "packets": self.shown(), "seen": seen, "of": self.store.len(), "done": seen >= self.store.len() && self.next.is_none() })
    }

    fn shown(&self) -> usize {
        self.sift.as_ref().map_or(self.store.len(), |sift| sift.found.places().len())
    }

    fn place(&self, shown: usize) -> Option<usize> {
        match &self.sift {
            Some(sift) => sift.found.places().get(shown).map(|&at| at as usize),
            None => (shown < self.store.len()).then_some(shown),
        }
    }

    /// Lines of the list; or how far the way to them has come, after at most `most` packets.
    pub(crate) fn rows(&mut self, from: usize, count: usize, most: usize) -> Value {
        let mut left = most.max(1);
        let mut late = || {
            left = left.saturating_sub(ASK);
            left == 0
        };
        let first = self.store.get(0).map(|kept| kept.time);
        let mut rows = Vec::new();
        for shown in from..from.saturating_add(count.min(MOST_ROWS)) {
            let Some((place, kept)) = self.place(shown).and_then(|place| Some((place, self.store.get(place)?))) else {
                break;
            };
            let known = self.sift.as_ref().and_then(|sift| sift.found.line(place));
            if known.is_none() && !self.lines.make(&mut self.walk, &self.store, place, &mut late) {
                return json!({ "seen": rows.len(), "of": count });
            }
            let line = known.or_else(|| self.lines.get(place));
            let mut time = String::new();
            match first.filter(|first| first.is_known()).and_then(|first| kept.time.since(first)) {
                Some(nanos) if kept.time.is_known() => show::seconds(nanos, 6, &mut time),
                _ => time.push('-'),
            }
            let [source, destination, protocol, message] = line.map_or([""; 4], Line::columns);
            let layer = line.map_or(Osi::Physical, |line| line.osi).number();
            rows.push(json!({
                "number": kept.number, "time": time, "from": source, "to": destination, "protocol": protocol,
                "length": kept.len, "text": message, "layer": layer, "odd": kept.odd,
            }));
        }
        json!({ "first": from, "rows": rows, "packets": self.shown() })
    }

    /// Where a packet is listed, or the first one after it.
    pub(crate) fn find(&self, number: u64) -> Value {
        let place = self.store.find(number);
        let shown =
            self.sift.as_ref().map_or(place, |sift| sift.found.places().partition_point(|&at| (at as usize) < place));
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
        self.walk.approach(&self.store, at);
        let mut portion = Portion::of(most);
        while self.walk.next() < at && self.walk.pass(&self.store) {
            if !portion.goes_on(self.walk.packet().frame().len()) {
                return Ok(json!({ "seen": self.walk.next(), "of": at + 1 }));
            }
        }
        self.walk.step(&self.store);
        let look = Look::at(at, self.walk.here(), audience, texts);
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
