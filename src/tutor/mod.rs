//! Rank 3: explanations. A dissected packet in, sentences out; computed only when a view asks.
//!
//! Read [`Rule`] (one row: when it holds, and which fields show it), then `transport.rs` (rows),
//! `text/transport.toml` (their sentences, for three audiences) and `name` (what a sentence may
//! mention beside fields). [`seven`](seven()) says of each OSI layer whether this packet shows it.
//!
//! Every note says how it is known ([`Truth`]): the bytes show it, or other facts suggest it.

mod application;
mod capture;
mod here;
mod index;
mod link;
mod name;
mod network;
mod seven;
mod short;
mod socketio;
mod text;
mod tls;
mod transport;
mod trouble;
mod value;
mod web;

pub use here::Here;
pub use name::{NAMES, Name};
pub use seven::{JUDGEMENT, Row, seven};
pub use text::{Template, TextError, Texts};

use crate::flow::{Connection, Event, Tracker};
use crate::model::{FieldDef, Identity, Osi, Packet};
use crate::proto::stream::Upgrade;
use index::Index;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Whom a sentence is for. No two audiences share one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Has never heard of a packet: plain words.
    Newcomer,
    /// Learns the field's terms and the packet's numbers.
    #[default]
    Student,
    /// Wants the clause, the edge case and what breaks.
    Engineer,
}

/// How we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Truth {
    /// The bytes of this packet show it.
    Observed,
    /// Something else suggests it: other packets, the interface, custom.
    Inferred,
    /// It cannot be seen here, and the text says why.
    #[serde(rename = "not visible")]
    NotVisible,
}

/// One explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The layer that it's about, by its place in [`Packet::layers`].
    pub layer: usize,
    /// How we know.
    pub truth: Truth,
    /// The sentences; what came from the packet is escaped.
    pub text: String,
    /// The fields of this packet that show it, so that a view can light their bytes.
    pub because: Vec<&'static FieldDef>,
    /// Which rule said so.
    pub rule: &'static str,
}

/// What there is to explain: a packet, and what it did to its conversation.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The packet.
    pub packet: &'a Packet,
    /// What it changed.
    pub events: &'a [Event],
    /// The TCP connection that it belongs to, as it is after this packet.
    pub connection: Option<Connection>,
    /// What an upgrade on that connection has agreed on, this packet included.
    pub upgrade: Option<&'a Upgrade>,
}

impl<'a> Moment<'a> {
    /// A packet, right after `tracker` served the walk that made it.
    pub fn new(packet: &'a Packet, tracker: &'a Tracker) -> Self {
        let current = tracker.current();
        Self {
            packet,
            events: tracker.events(),
            connection: current.and_then(|c| tracker.connection(c)),
            upgrade: current.and_then(|c| tracker.upgrade(c)),
        }
    }
}

/// One row: something that can be said of a layer, and when. Its sentences are in `text/`.
#[derive(Debug)]
pub struct Rule {
    /// Its name, and its sentences' key.
    pub id: &'static str,
    /// Which protocols' layers it speaks of; none means any.
    pub of: &'static [&'static Identity],
    /// Whether it holds here.
    pub on: fn(&Here<'_>) -> bool,
    /// How we know.
    pub truth: Truth,
    /// The fields that show it.
    pub because: &'static [&'static FieldDef],
    /// Whether it speaks of headers that an ICMP error quotes; all others are silent there.
    quoted: bool,
}

impl Rule {
    /// A rule about what the bytes show.
    const fn observed(
        id: &'static str,
        of: &'static [&'static Identity],
        because: &'static [&'static FieldDef],
        on: fn(&Here<'_>) -> bool,
    ) -> Self {
        Self { id, of, on, truth: Truth::Observed, because, quoted: false }
    }

    /// A rule about what the bytes only suggest.
    const fn inferred(
        id: &'static str,
        of: &'static [&'static Identity],
        because: &'static [&'static FieldDef],
        on: fn(&Here<'_>) -> bool,
    ) -> Self {
        Self { id, of, on, truth: Truth::Inferred, because, quoted: false }
    }

    /// Speaks of quoted headers instead.
    const fn of_quotations(mut self) -> Self {
        self.quoted = true;
        self
    }

    /// Whether it holds of a layer that it [speaks of](Texts::rules_of).
    fn holds(&self, here: &Here<'_>) -> bool {
        self.quoted == here.layer.quoted && (self.on)(here)
    }
}

/// All rules, from the wire up; what is wrong with a layer comes last.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [capture::RULES, link::RULES, network::RULES, transport::RULES, application::RULES, web::RULES, tls::RULES]
        .into_iter()
        .chain([socketio::RULES, trouble::RULES])
        .flatten()
}

/// Layers of one packet that are explained. A segment may complete thousands of messages.
const MOST_LAYERS: usize = 64;

/// What there is to say about a packet, layer by layer.
///
/// A layer that no rule speaks of gets what its protocol's rows say about themselves.
pub fn explain(moment: &Moment<'_>, audience: Audience, texts: &Texts) -> Vec<Note> {
    let (mut notes, mut index) = (Notes { because: true, ..Notes::default() }, Index::default());
    index.fill(moment.packet);
    notes.explain(moment, &index, audience, texts);
    notes.all.truncate(notes.used);
    notes.all
}

/// What is said of one packet after the other; the memory of the last serves the next.
#[derive(Debug, Default)]
pub struct Told {
    rows: Vec<Row>,
    notes: Notes,
    index: Index,
}

/// Notes, and how many of them are this packet's: the others are memory.
#[derive(Debug, Default)]
struct Notes {
    all: Vec<Note>,
    used: usize,
    /// Whether they name the fields that show it.
    because: bool,
}

impl Told {
    /// Says of all seven layers what they are in this packet, and what there is to note; see [`seven()`] and [`explain`].
    /// The rows have no [`short`](Row::short) and no [`line`](Row::line), the notes no [`because`](Note::because).
    pub fn tell(&mut self, moment: &Moment<'_>, audience: Audience, texts: &Texts) {
        if self.rows.is_empty() {
            self.rows.extend(Osi::ALL.map(Row::of));
        }
        self.index.fill(moment.packet);
        for row in &mut self.rows {
            row.fill(moment, &self.index, audience, texts);
        }
        self.notes.explain(moment, &self.index, audience, texts);
    }

    /// All seven layers, from the wire up.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What there is to note.
    pub fn notes(&self) -> &[Note] {
        self.notes.all.get(..self.notes.used).unwrap_or_default()
    }
}

impl Notes {
    fn explain(&mut self, moment: &Moment<'_>, index: &Index, audience: Audience, texts: &Texts) {
        self.used = 0;
        for layer in 0..moment.packet.layers.len().min(MOST_LAYERS) {
            let Some(here) = Here::noted(moment, layer, index) else { continue };
            let before = self.used;
            for &(rule, at) in texts.rules_of(here.layer.proto).iter().filter(|(rule, _)| rule.holds(&here)) {
                let because = rule.because.iter().copied().filter(|def| here.field(def).is_some());
                self.note((rule.id, rule.truth, at), because, audience, texts, &here);
            }
            // The frame is not a protocol: where nothing is odd about it, there is nothing to say. Of any other layer that
            // no rule speaks of, the fields that tell something are named.
            if self.used == before
                && layer > 0
                && let Some(at) = texts.place(text::BASIC)
            {
                let because = name::telling(&here).map(|f| f.def);
                self.note((text::BASIC, Truth::Observed, at), because, audience, texts, &here);
            }
        }
    }

    /// Adds a note, if this packet has what its sentences mention.
    fn note(
        &mut self,
        (rule, truth, at): (&'static str, Truth, text::Place),
        because: impl Iterator<Item = &'static FieldDef>,
        audience: Audience,
        texts: &Texts,
        here: &Here<'_>,
    ) {
        let layer = here.index;
        if self.used == self.all.len() {
            self.all.push(Note { layer, truth, text: String::new(), because: Vec::new(), rule });
        }
        let Some(note) = self.all.get_mut(self.used) else { return };
        note.text.clear();
        texts.fill(at, audience, here, &mut note.text);
        if note.text.is_empty() {
            return;
        }
        note.because.clear();
        if self.because {
            note.because.extend(because);
        }
        (note.layer, note.truth, note.rule) = (layer, truth, rule);
        self.used += 1;
    }
}

impl Audience {
    /// All three, the gentlest first.
    pub const ALL: [Self; 3] = [Self::Newcomer, Self::Student, Self::Engineer];

    /// Its name, as it is written in files and arguments.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Newcomer => "newcomer",
            Self::Student => "student",
            Self::Engineer => "engineer",
        }
    }

    /// The next one, and from the last one back to the first.
    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Newcomer => Self::Student,
            Self::Student => Self::Engineer,
            Self::Engineer => Self::Newcomer,
        }
    }
}

impl Truth {
    /// Its name, as it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Inferred => "inferred",
            Self::NotVisible => "not visible",
        }
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Audience {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|a| a.name() == s)
            .ok_or_else(|| format!("there is no audience {s:?}: choose newcomer, student or engineer"))
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
