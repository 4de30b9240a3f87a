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
mod kept;
mod link;
mod made_of;
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
pub use kept::{Saying, Telling, Told};
pub use name::{NAMES, Name};
pub use seven::{JUDGEMENT, Row, seven};
pub use text::{Template, TextError, Texts};

use crate::flow::{Connection, Event, Tracker};
use crate::model::{FieldDef, Identity, Packet};
use crate::proto::stream::Upgrade;
use crate::proto::{ipv4, ipv6};
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
    /// Whether it holds here, if the layer has what it needs.
    pub on: fn(&Here<'_>) -> bool,
    needs: Needs,
    /// How we know.
    pub truth: Truth,
    /// The fields that show it.
    pub because: &'static [&'static FieldDef],
    /// Whether it speaks of headers that an ICMP error quotes; all others are silent there.
    quoted: bool,
}

/// What a rule needs before it can hold. That is asked first, and once of rules that stand together: most speak of what
/// is seldom there.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Needs {
    Nothing,
    /// Such a field.
    Field(&'static FieldDef),
    /// Such a field that is true.
    True(&'static FieldDef),
    /// Such a field with this value.
    Value(&'static FieldDef, u64),
    /// A transport checksum that is not known to be right.
    Unchecked,
    /// An address that is for such receivers.
    Meant(Meant),
    /// Something that happened to the conversation.
    Event,
    Trouble,
}

impl Rule {
    /// A rule about what the bytes show.
    const fn observed(
        id: &'static str,
        of: &'static [&'static Identity],
        because: &'static [&'static FieldDef],
        on: fn(&Here<'_>) -> bool,
    ) -> Self {
        Self { id, of, on, needs: Needs::Nothing, truth: Truth::Observed, because, quoted: false }
    }

    /// A rule about what the bytes only suggest.
    const fn inferred(
        id: &'static str,
        of: &'static [&'static Identity],
        because: &'static [&'static FieldDef],
        on: fn(&Here<'_>) -> bool,
    ) -> Self {
        Self { id, of, on, needs: Needs::Nothing, truth: Truth::Inferred, because, quoted: false }
    }

    /// Speaks of quoted headers instead.
    const fn of_quotations(mut self) -> Self {
        self.quoted = true;
        self
    }

    /// Holds only of a layer that has this field.
    const fn where_has(mut self, def: &'static FieldDef) -> Self {
        self.needs = Needs::Field(def);
        self
    }

    /// Holds only of a layer where this field is true.
    const fn where_is(mut self, def: &'static FieldDef) -> Self {
        self.needs = Needs::True(def);
        self
    }

    /// Holds only of a layer where this field has this value.
    const fn where_equals(mut self, def: &'static FieldDef, n: u64) -> Self {
        self.needs = Needs::Value(def, n);
        self
    }

    /// Holds only of a layer whose checksum is not known to be right.
    const fn where_unchecked(mut self) -> Self {
        self.needs = Needs::Unchecked;
        self
    }

    /// Holds only of a layer that is for such receivers.
    const fn where_meant_for(mut self, whom: Meant) -> Self {
        self.needs = Needs::Meant(whom);
        self
    }

    /// Holds only of a packet that made something happen.
    const fn where_something_happened(mut self) -> Self {
        self.needs = Needs::Event;
        self
    }

    /// Holds only of a layer with a trouble.
    const fn where_in_trouble(mut self) -> Self {
        self.needs = Needs::Trouble;
        self
    }
}

impl Needs {
    /// Whether it's here; `meant` keeps what was found out of this layer.
    #[inline]
    fn has(self, here: &Here<'_>, meant: &mut Option<Meant>) -> bool {
        match self {
            Self::Nothing => true,
            Self::Field(def) => here.has(def),
            Self::True(def) => here.is(def),
            Self::Value(def, n) => here.uint(def) == Some(n),
            Self::Unchecked => capture::unchecked(here),
            Self::Meant(whom) => *meant.get_or_insert_with(|| Meant::of(here)) == whom,
            Self::Event => !here.moment.events.is_empty(),
            Self::Trouble => here.layer.trouble.is_some(),
        }
    }
}

/// Whom a frame or an IP packet is meant for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meant {
    /// Zeros name nobody, on either end.
    Nobody,
    One,
    Group,
    All,
    /// The whole link: a frame for every card around an address of none of the other kinds.
    Link,
    /// The host that sends it.
    Itself,
}

impl Meant {
    fn of(here: &Here<'_>) -> Self {
        match here.layer.proto {
            about if std::ptr::eq(about, &raw const ipv4::ABOUT) => network::meant(here),
            about if std::ptr::eq(about, &raw const ipv6::ABOUT) => network::meant_v6(here),
            _ => link::meant(here),
        }
    }
}

/// Of a rule that holds wherever there is what it needs.
fn always(_: &Here<'_>) -> bool {
    true
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
    let (mut notes, mut index) = (Vec::new(), Index::default());
    index.fill(moment.packet);
    for layer in 0..moment.packet.layers.len().min(MOST_LAYERS) {
        let Some(here) = Here::noted(moment, layer, &index) else { continue };
        let before = notes.len();
        texts.holding(&here, |rule, at| {
            let because = rule.because.iter().copied().filter(|def| here.field(def).is_some());
            notes.extend(Note::new((rule.id, rule.truth, at), because, audience, texts, &here));
        });
        if notes.len() == before
            && let Some(at) = texts.basic(&here)
        {
            let because = name::telling(&here).map(|f| f.def);
            notes.extend(Note::new((text::BASIC, Truth::Observed, at), because, audience, texts, &here));
        }
    }
    notes
}

impl Note {
    /// A note, if this packet has what its sentences mention.
    fn new(
        (rule, truth, at): (&'static str, Truth, text::Place),
        because: impl Iterator<Item = &'static FieldDef>,
        audience: Audience,
        texts: &Texts,
        here: &Here<'_>,
    ) -> Option<Self> {
        let mut text = String::new();
        texts.fill(at, audience, here, &mut text);
        let because = because.collect();
        (!text.is_empty()).then_some(Self { layer: here.index, truth, text, because, rule })
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
