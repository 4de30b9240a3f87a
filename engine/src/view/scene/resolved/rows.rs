//! Packets in plain data: who takes part, each packet's line, and the fields that are lit.

use super::super::broken::{self, Cut};
use super::super::{STATES_ARE_INFERRED, WITHHELD, innermost};
use super::hex;
use crate::ask::Task;
use crate::flow::State;
use crate::lesson::hosts::Hosts;
use crate::lesson::lifelines::{Lifeline, Way};
use crate::lesson::scene::{Body, Broken, Past, Scene, Shown, Veil, View};
use crate::lesson::simulate::Outcome;
use crate::lesson::{Hit, Trace};
use crate::model::{Field, FieldDef, Time, show};
use crate::view::ladder;
use crate::view::measure::cut;
use serde::Serialize;

/// The most columns of a packet's line.
const LONGEST: usize = 200;
/// The most columns of a field's value, and the most of its bytes.
const MOST_VALUE: usize = 150;
const MOST_LIT: usize = 256;
/// The most lines that hosts have.
const MOST_HOSTS: usize = 16;
/// Packets of a timeline that are given, once both have parted.
const AFTER: usize = 40;
/// Of any outcome: the packets before, and after.
const COMMON: usize = 2;
const FOLLOW: usize = 12;

/// Some packets, and who sends them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ladder {
    /// Who takes part, a line each, from left to right; rows name them by their place, from 0.
    pub hosts: Vec<Host>,
    /// The packets, oldest first.
    pub rows: Vec<Row>,
    /// What is to be said of all of them.
    pub remark: Option<&'static str>,
    /// The same as a picture, for pages that draw it: not a part of the contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

/// Who takes part: a host, or one port of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Host {
    /// What it is called; empty where nothing tells.
    pub name: String,
    /// Its addresses; where there is none, that of its card.
    pub addresses: Vec<String>,
    /// Its ports.
    pub ports: Vec<u16>,
}

/// One packet.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// The packet's number.
    pub packet: u64,
    /// Seconds since the first packet; `-` where nobody knows.
    pub time: String,
    /// Which host sent it.
    pub from: usize,
    /// Which host it is for; null: everybody on the link.
    pub to: Option<usize>,
    /// Who sends and who receives it, where that is not the host alone.
    pub who: [Option<String>; 2],
    /// What it is, in a line.
    pub line: String,
    /// What changes on the way, and what stays: where packets are followed from card to card.
    pub hop: Option<Hop>,
    /// The messages that it completes.
    pub messages: Vec<String>,
    /// What befell it.
    pub remark: Option<String>,
    /// It never arrived.
    pub lost: bool,
    /// What the kernels of both ends said.
    pub kernel: Vec<String>,
    /// The ends' states before it, where it's the first of its connection here.
    pub before: Option<Ends>,
    /// The ends' states after it.
    pub states: Option<Ends>,
    /// What each end knows, in the view of states.
    pub knows: Option<Ends>,
    /// What each end's program calls.
    pub calls: Option<Ends>,
    /// That frames of the conversation are left out before it.
    pub gap: Option<String>,
    /// It belongs to this page.
    pub new: bool,
    /// The hosts of its connection's client and server: not a part of the contract.
    #[serde(skip)]
    pub talk: Option<[usize; 2]>,
}

/// One hop of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// The time to live (IPv4), or hop limit (IPv6), that is left: a number.
    pub ttl: String,
    /// The IP addresses of both ends.
    pub addresses: [String; 2],
    /// The MAC addresses of this hop's ends.
    pub cards: [String; 2],
}

/// Something of both ends of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ends {
    /// Of the client.
    pub client: Option<String>,
    /// Of the server.
    pub server: Option<String>,
}

/// A field that is lit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lit {
    /// The packet's number.
    pub packet: u64,
    /// What filters call it.
    pub field: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// What it holds.
    pub value: String,
    /// Which buffer its bytes are in; 0 is the frame.
    pub buffer: u8,
    /// Its first byte there, from 0.
    pub offset: u32,
    /// How many bytes it has; 0 for what was worked out.
    pub length: u32,
    /// Which bits of them, where it is a part of a byte: text, as it may have 64 bits.
    pub mask: Option<String>,
    /// Its bytes in hexadecimal; of many, the first 256.
    pub hex: String,
}

/// Two timelines from where they part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timelines {
    /// As it was.
    pub before: Ladder,
    /// With the fault: the last packet that both have, and what follows.
    pub after: Ladder,
    /// The packet of the second one that the text speaks of.
    pub proof: Option<u64>,
    /// Why there are none.
    pub error: Option<String>,
}

impl Ladder {
    /// What the page shows of the packets.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let hits: Vec<&Hit> = match &scene.body {
            _ if scene.veil.rows => return Self { remark: Some(WITHHELD), ..Self::default() },
            // The bytes are asked for: no line above them tells their fields.
            Body::Asked(asked) if matches!(asked.task, Some(Task::Bytes { .. })) && asked.verdict.is_none() => {
                return Self::default();
            }
            Body::Worked(task) => task.hit.into_iter().collect(),
            _ => scene.so_far.iter().map(|past| past.hit).collect(),
        };
        let mut ladder = Self::draw(scene.hosts, since(scene), &hits, &scene.veil);
        if matches!(scene.body, Body::Worked(_)) {
            ladder.rows.iter_mut().for_each(|row| row.new = true);
            return ladder;
        }
        for (row, past) in ladder.rows.iter_mut().zip(&scene.so_far) {
            row.new = past.is_new;
            programs(row, past, scene);
        }
        let is_known = scene.view == View::States && matches!(scene.body, Body::Shown(_));
        ladder.remark =
            Some(STATES_ARE_INFERRED).filter(|_| is_known && scene.so_far.iter().any(|past| past.hit.states.is_some()));
        ladder
    }

    /// Every packet that a lesson shows, in the order of the source.
    pub fn of_lesson(trace: &Trace) -> Self {
        let mut hits: Vec<&Hit> = trace.pages.iter().flatten().collect();
        hits.sort_by_key(|hit| hit.packet.number);
        hits.dedup_by_key(|hit| hit.packet.number);
        Self::draw(&trace.hosts, None, &hits, &Veil::default())
    }

    /// One packet of the page.
    pub(super) fn one(scene: &Scene<'_>, hit: &Hit) -> Self {
        Self::draw(scene.hosts, since(scene), &[hit], &Veil::default())
    }

    /// Some packets, but for what an open question holds back. Time counts from `first`.
    fn draw(hosts: &Hosts, first: Option<Time>, hits: &[&Hit], veil: &Veil) -> Self {
        let picture = hosts.lifelines(hits, MOST_HOSTS);
        let many = picture.lines.len() > 2;
        let (mut rows, mut talks, mut last): (Vec<Row>, Vec<u32>, Option<&Hit>) = (Vec::new(), Vec::new(), None);
        for (hit, way) in hits.iter().zip(&picture.ways) {
            let mut row = row(hit, way, first.or(hits.first().map(|hit| hit.packet.time)), many);
            row.gap = last.and_then(|last| hit.place.checked_sub(last.place + 1)).and_then(ladder::left_out);
            let talk = way.talk.filter(|_| !veil.states);
            row.talk = talk.map(|talk| [talk.client, talk.server]);
            row.states = talk.and_then(|_| states(hit.states));
            if let Some(talk) = talk.filter(|talk| hit.before.is_some() && !talks.contains(&talk.stream)) {
                talks.push(talk.stream);
                row.before = states(hit.before);
            }
            let texts = row.messages.iter_mut().chain(&mut row.remark).chain(&mut row.gap).chain(&mut row.kernel);
            let texts = texts.chain(row.who.iter_mut().flatten()).chain([&mut row.line]);
            let ends = row.states.iter_mut().chain(&mut row.before).flat_map(Ends::texts);
            texts.chain(ends).chain(row.hop.iter_mut().flat_map(Hop::texts)).for_each(|text| veil.cover(text));
            rows.push(row);
            last = Some(hit);
        }
        let host = |line: &Lifeline| {
            let ports = line.ports.iter().copied().filter(|port| !veil.words.contains(&port.to_string()));
            let mut host = Host { name: line.name.clone(), addresses: line.addresses.clone(), ports: ports.collect() };
            host.addresses.iter_mut().chain([&mut host.name]).for_each(|text| veil.cover(text));
            host
        };
        Self { hosts: picture.lines.iter().map(host).collect(), rows, ..Self::default() }
    }
}

impl Ends {
    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        self.client.iter_mut().chain(&mut self.server)
    }
}

impl Hop {
    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        self.addresses.iter_mut().chain(&mut self.cards).chain([&mut self.ttl])
    }
}

impl Timelines {
    /// What breaks, once it was run.
    pub(super) fn of(broken: &Broken<'_>) -> Option<Self> {
        let none = Self { before: Ladder::default(), after: Ladder::default(), proof: None, error: None };
        let outcome = match broken.outcome? {
            Err(why) => return Some(Self { error: Some(why.to_owned()), ..none }),
            Ok(outcome) => outcome,
        };
        let cut = Cut { after: AFTER, ..broken::WIDE };
        let first = outcome.after.first().map(|hit| hit.packet.time);
        let draw = |hits: Vec<&Hit>| Ladder::draw(&outcome.hosts, first, &hits, &Veil::default());
        let [before, after] = broken::window(outcome, broken.proof, &cut).map(draw);
        Some(Self { before, after, proof: broken.proof.map(|hit| hit.packet.number), ..none })
    }

    /// Both of any outcome: the last packets that they have in common, and what follows in each.
    pub fn parted(outcome: &Outcome) -> Self {
        let first = outcome.after.first().map(|hit| hit.packet.time);
        let from = outcome.parted.saturating_sub(COMMON);
        let draw = |hits: &[Hit]| {
            let hits: Vec<&Hit> = hits.iter().skip(from).take(COMMON + FOLLOW).collect();
            Ladder::draw(&outcome.hosts, first, &hits, &Veil::default())
        };
        Self { before: draw(&outcome.before), after: draw(&outcome.after), proof: None, error: None }
    }
}

/// The time of the lesson's first packet.
fn since(scene: &Scene<'_>) -> Option<Time> {
    scene.so_far.first().map(|past| past.hit.packet.time)
}

/// One packet; `many`: more than two hosts take part.
fn row(hit: &Hit, way: &Way, first: Option<Time>, many: bool) -> Row {
    let mut time = String::new();
    match first.and_then(|first| hit.packet.time.since(first)) {
        Some(nanos) => show::seconds(nanos, 6, &mut time),
        None => time.push('-'),
    }
    let mut line = String::new();
    ladder::says(&hit.packet, &mut line);
    cut(&mut line, 0, LONGEST);
    let (messages, more) = ladder::messages(&hit.packet, many);
    let hop = way.hop.as_ref();
    Row {
        packet: hit.packet.number,
        time,
        from: way.from,
        to: way.to,
        who: way.who.clone(),
        line,
        hop: hop.map(|hop| Hop {
            ttl: hop.ttl.to_string(),
            addresses: hop.addresses.clone(),
            cards: hop.cards.clone(),
        }),
        messages: messages.into_iter().map(|(_, text)| text).chain(more).collect(),
        remark: hit.said().map(escaped),
        lost: hit.is_lost(),
        kernel: hit.kernel().map(escaped).collect(),
        ..Row::default()
    }
}

/// What the ends know and call at a packet, as far as the view shows it.
fn programs(row: &mut Row, past: &Past<'_>, scene: &Scene<'_>) {
    if !matches!(scene.body, Body::Shown(_)) {
        return;
    }
    let texts = |texts: &[Option<crate::lesson::format::Placed<std::sync::Arc<crate::tutor::Template>>>; 2]| {
        let [client, server] = texts.each_ref().map(|text| text.as_ref().map(|text| text.fill(&past.hit.moment())));
        (client.is_some() || server.is_some()).then_some(Ends { client, server })
    };
    if scene.view == View::States {
        row.knows = texts(&past.show.states);
    }
    if scene.view == View::Calls || past.is_new {
        row.calls = texts(&past.show.calls);
    }
}

pub(super) fn states(states: Option<[State; 2]>) -> Option<Ends> {
    let [client, server] = states?.map(|state| Some(state.name().to_owned()));
    Some(Ends { client, server })
}

/// The fields that the page speaks of, of its last packet.
pub(super) fn lit(shown: &Shown<'_>) -> Vec<Lit> {
    let Some(hit) = shown.hits.last() else { return Vec::new() };
    shown.show.highlight.iter().filter_map(|def| of(hit, def.it)).collect()
}

/// A field of a packet, if it has it.
pub(super) fn of(hit: &Hit, def: &'static FieldDef) -> Option<Lit> {
    let field: &Field = innermost(hit, def)?;
    let (span, mask) = (field.span, field.def.mask());
    let bytes = hit.packet.bytes(span);
    Some(Lit {
        packet: hit.packet.number,
        field: field.def.name,
        label: field.def.label,
        value: value(hit, field),
        buffer: span.buf,
        offset: span.start,
        length: span.len,
        mask: (mask != 0 && span.len > 0).then(|| mask.to_string()),
        hex: hex(bytes.get(..MOST_LIT).unwrap_or(bytes)),
    })
}

/// What a field holds, in words.
pub(in crate::view::scene) fn value(hit: &Hit, field: &Field) -> String {
    let mut value = String::new();
    show::value(&hit.packet, field, &mut value);
    cut(&mut value, 0, MOST_VALUE);
    if value.is_empty() {
        value.push_str("yes");
    }
    value
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    show::escape(text.as_bytes(), &mut out);
    cut(&mut out, 0, LONGEST);
    out
}
