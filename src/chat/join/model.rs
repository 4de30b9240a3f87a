//! What the terminal knows: the conversation, who is here, the packets, and what is being typed. Words and keys go
//! in; nothing here draws or waits.
//!
//! All text of others is escaped when it comes in.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value as Json, json};

use super::client::{Heard, Outbox};
use super::escaped;
use super::keys::Typed;
use super::peel::Peel;
use crate::chat::entry::{Captured, Entry};
use crate::chat::words::{self, event};
use crate::proto::socketio::Type;
use crate::tty::table::{on, rows};
use crate::view::Theme;

/// Lines of the conversation, and packets, that are kept.
const KEPT: usize = 500;

/// What follows from something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Now {
    /// Go on.
    Go,
    /// The user leaves.
    Leave,
    /// The connection is gone; why.
    Lost(String),
}

/// A line of the conversation.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    /// The message's number; none for a remark.
    pub id: Option<u64>,
    /// Who said it; empty for a remark.
    pub name: String,
    /// What was said.
    pub text: String,
    /// We said it.
    pub mine: bool,
    /// The number that we gave to it.
    pub tag: Option<u64>,
    /// In how many frames it went out, or to how many members.
    pub spread: String,
}

/// A packet of our own, captured by the server, or seen by this program.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    /// From the server.
    pub down: bool,
    /// Seconds since the first one.
    pub since: f64,
    /// What it says.
    pub line: String,
    /// What that means.
    pub why: String,
    /// It carries no data and opens or ends nothing.
    pub bare: bool,
    /// As it was captured; none where this program saw it itself.
    pub packet: Option<Box<Captured>>,
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) room: String,
    pub(super) name: String,
    me: Option<u64>,
    pub(super) here: BTreeMap<u64, String>,
    pub(super) said: VecDeque<Said>,
    pub(super) rows: VecDeque<Row>,
    pub(super) typed: String,
    /// Packets are captured by the server; else why not.
    pub(super) capture: Option<Result<(), String>>,
    /// Which message is chosen, counted from the last.
    pub(super) chosen: usize,
    pub(super) peel: Option<Peel>,
    pub(super) show_bare: bool,
    outbox: Outbox,
    /// What each answer is waited for.
    waiting: BTreeMap<u64, String>,
    tags: u64,
    first: Option<f64>,
    /// Packets that this program saw before it knew whether the server captures them.
    early: Vec<(bool, String)>,
    /// What is known of messages that have not arrived yet.
    spreads: BTreeMap<u64, String>,
    /// Lines for a reader without a screen.
    fresh: Vec<(bool, String)>,
}

impl Model {
    /// Nothing has happened yet.
    pub(super) fn new(room: &str) -> Self {
        Self { room: room.to_owned(), ..Self::default() }
    }

    /// A new connection. Its first word is who we are.
    pub(super) fn begin(&mut self, outbox: Outbox, name: &str, room: &str) {
        self.outbox = outbox;
        self.waiting.clear();
        self.here.clear();
        self.early.clear();
        self.say(event::JOIN, json!({ "name": name, "room": room }));
    }

    /// Whether we were let in before.
    pub(super) fn was_here(&self) -> bool {
        self.me.is_some()
    }

    /// Whether an answer is still to come.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty() || self.me.is_none()
    }

    /// Sends an event.
    pub(super) fn say(&mut self, event: &str, data: Json) {
        let number = self.outbox.say(event, data);
        self.waiting.insert(number, event.to_owned());
    }

    /// Says goodbye.
    pub(super) fn leave(&self) {
        self.outbox.leave();
    }

    /// A remark in the conversation.
    pub(super) fn note(&mut self, text: &str) {
        self.add(Said { text: escaped(text), ..Said::default() });
    }

    /// Takes what came. The id of our session, if a feed of packets can be read with it.
    pub(super) fn hear(&mut self, heard: Heard) -> Option<String> {
        match heard {
            Heard::Event(name, data) => return self.event(&name, &data),
            Heard::Answer(number, data) => self.answer(number, &data),
            Heard::Ended(why) => self.note(&why),
            Heard::Seen(up, text) => self.seen(up, &text),
            Heard::Entry(entry) => self.entry(entry),
        }
        None
    }

    fn event(&mut self, event: &str, data: &Json) -> Option<String> {
        let text = |key| escaped(data.get(key).and_then(Json::as_str).unwrap_or_default());
        let id = data.get("id").and_then(Json::as_u64).unwrap_or_default();
        match event {
            event::WELCOME => {
                let capture = data.get("capture").cloned().unwrap_or_default();
                let early = std::mem::take(&mut self.early);
                if capture.get("on").and_then(Json::as_bool) == Some(true) {
                    // They will come again, captured.
                    self.capture = Some(Ok(()));
                    return data.get("key").and_then(Json::as_str).map(str::to_owned);
                }
                let why = capture.get("why").and_then(Json::as_str).unwrap_or("the server does not say why");
                self.capture = Some(Err(escaped(why)));
                for (up, text) in early {
                    self.seen(up, &text);
                }
            }
            event::SAID => self.message(data),
            event::JOINED => {
                self.here.insert(id, text("name"));
                self.note_about(&text("name"), "joined");
            }
            event::LEFT => {
                self.here.remove(&id);
                self.note_about(&text("name"), &format!("left: {}", text("why")));
            }
            event::REFUSED => self.note(data.get("error").and_then(Json::as_str).unwrap_or("the server refuses")),
            _ => {}
        }
        None
    }

    fn answer(&mut self, number: u64, data: &Json) {
        let asked = self.waiting.remove(&number).unwrap_or_default();
        if let Some(error) = data.get("error").and_then(Json::as_str) {
            return self.note(error);
        }
        let number = |key| data.get(key).and_then(Json::as_u64);
        match asked.as_str() {
            event::JOIN => {
                self.me = number("you");
                self.name = escaped(data.get("name").and_then(Json::as_str).unwrap_or_default());
                self.room = escaped(data.get("room").and_then(Json::as_str).unwrap_or_default());
                for member in data.get("members").and_then(Json::as_array).into_iter().flatten().take(KEPT) {
                    let id = member.get("id").and_then(Json::as_u64).unwrap_or_default();
                    let name = member.get("name").and_then(Json::as_str).unwrap_or_default();
                    self.here.insert(id, escaped(name));
                }
                let note = format!("you are {} in the room {}", self.name, self.room);
                self.add(Said { text: note, ..Said::default() });
                for message in data.get("history").and_then(Json::as_array).into_iter().flatten() {
                    self.message(message);
                }
            }
            event::SAY => {
                if let (Some(id), Some(sent)) = (number("id"), number("sent")) {
                    self.spread(id, &format!("1 message in, {sent} sent out, says the server"));
                }
            }
            _ => {}
        }
    }

    fn message(&mut self, data: &Json) {
        let text = |key| escaped(data.get(key).and_then(Json::as_str).unwrap_or_default());
        let number = |key| data.get(key).and_then(Json::as_u64);
        let id = number("id");
        // After a new connection the history brings what is here already.
        if id.is_some() && self.said.iter().any(|s| s.id == id) {
            return;
        }
        let mine = number("from").is_some() && number("from") == self.me;
        self.add(Said { id, name: text("name"), text: text("text"), mine, tag: number("tag"), spread: String::new() });
        if let Some((id, spread)) = id.and_then(|id| self.spreads.remove_entry(&id)) {
            self.spread(id, &spread);
        }
    }

    /// In how many frames a message went out. The packets may be known before the message itself arrives.
    fn spread(&mut self, id: u64, text: &str) {
        let Some(said) = self.said.iter_mut().rev().find(|s| s.id == Some(id)) else {
            if self.spreads.len() >= KEPT {
                self.spreads.pop_first();
            }
            self.spreads.insert(id, text.to_owned());
            return;
        };
        text.clone_into(&mut said.spread);
        self.fresh.push((false, format!("  {text}")));
    }

    fn note_about(&mut self, name: &str, what: &str) {
        self.add(Said { text: format!("{name} {what}"), ..Said::default() });
    }

    fn add(&mut self, said: Said) {
        let line =
            if said.name.is_empty() { format!("* {}", said.text) } else { format!("{}: {}", said.name, said.text) };
        self.fresh.push((false, line));
        if self.said.len() >= KEPT {
            self.said.pop_front();
        }
        self.said.push_back(said);
    }

    /// What this program itself sends and hears; shown only where nothing is captured.
    fn seen(&mut self, up: bool, text: &str) {
        match &self.capture {
            None if self.early.len() < KEPT => return self.early.push((up, text.to_owned())),
            Some(Ok(())) | None => return,
            Some(Err(_)) => {}
        }
        let why = match text.chars().next().and_then(Type::of) {
            Some(kind) => format!("Socket.IO {}, seen by this program", kind.name().to_lowercase()),
            None => "seen by this program".to_owned(),
        };
        self.row(Row { down: !up, line: escaped(text), why, ..Row::default() });
    }

    fn entry(&mut self, entry: Entry) {
        match entry {
            Entry::Packet(packet) => {
                let time: f64 = packet.time.parse().unwrap_or_default();
                let first = *self.first.get_or_insert(time);
                self.row(Row {
                    down: packet.down,
                    since: time - first,
                    line: escaped(&packet.line),
                    why: escaped(&packet.why),
                    bare: packet.bare,
                    packet: Some(packet),
                });
            }
            Entry::Spread { message, frames } => {
                let s = if frames == 1 { "" } else { "s" };
                self.spread(message, &format!("1 message in, {frames} frame{s} out (captured)"));
            }
            Entry::Broken { why } => self.note(&format!("no more packets from one interface: {why}")),
            Entry::Lost { packets } => self.note(&format!("{packets} packets could not be shown: too many at once")),
        }
    }

    fn row(&mut self, row: Row) {
        if !row.bare {
            let way = if row.down { '↓' } else { '↑' };
            self.fresh.push((true, format!("  {way} {:.3}  {}\n      {}", row.since, row.line, row.why)));
        }
        if self.rows.len() >= KEPT {
            self.rows.pop_front();
        }
        self.rows.push_back(row);
    }

    /// The lines that are new since this was asked last.
    pub(super) fn fresh(&mut self, theme: &Theme) -> Vec<String> {
        let paint = |(packet, line): (bool, String)| {
            let mut out = String::new();
            if packet {
                theme.faint.paint(&line, &mut out);
            } else {
                out.push_str(&line);
            }
            out
        };
        self.fresh.drain(..).map(paint).collect()
    }

    // ---- keys

    /// Takes what was typed.
    pub(super) fn typed(&mut self, key: &Typed) -> Now {
        if let Some(peel) = &mut self.peel {
            if *key == Typed::Leave {
                return Now::Leave;
            }
            if !peel.key(key) {
                self.peel = None;
            }
            return Now::Go;
        }
        match key {
            Typed::Leave => return Now::Leave,
            Typed::Char(c) if self.typed.chars().count() < words::TEXT => self.typed.push(*c),
            Typed::Backspace => drop(self.typed.pop()),
            Typed::Clear | Typed::Escape => self.typed.clear(),
            Typed::Enter => {
                let text = std::mem::take(&mut self.typed);
                self.send(&text);
            }
            Typed::Line(text) => self.send(text),
            Typed::Up => self.chosen = (self.chosen + 1).min(self.messages().count().saturating_sub(1)),
            Typed::Down => self.chosen = self.chosen.saturating_sub(1),
            Typed::Peel => self.open(),
            Typed::Bare => self.show_bare = !self.show_bare,
            Typed::Help => {
                for row in rows(on::CHAT) {
                    self.note(&format!("{}: {}", row.names(), row.says));
                }
            }
            Typed::Char(_) | Typed::Left | Typed::Right | Typed::Resize => {}
        }
        Now::Go
    }

    fn send(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.tags += 1;
        self.chosen = 0;
        self.say(event::SAY, json!({ "text": text, "tag": self.tags }));
    }

    /// The packets of the rows, the first first.
    fn packets(&self) -> impl DoubleEndedIterator<Item = &Captured> {
        self.rows.iter().filter_map(|row| row.packet.as_deref())
    }

    /// The messages, the last first.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Said> {
        self.said.iter().rev().filter(|s| s.id.is_some())
    }

    /// Opens the packets of the chosen message; without a message, the last packet.
    fn open(&mut self) {
        let chosen = self.messages().nth(self.chosen).cloned();
        let peel = match &chosen {
            Some(said) => Peel::of_message(self.packets(), said.id, said.tag.filter(|_| said.mine)),
            None => Peel::of_last(self.packets()),
        };
        match peel {
            Some(peel) => self.peel = Some(peel),
            None if self.capture == Some(Ok(())) => self.note("no packet of this message was seen"),
            None => self.note("only a server that captures can show what is below Socket.IO"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined() -> Model {
        let mut model = Model::new("lab");
        model.say("join", json!({}));
        let answer = json!({ "you": 1, "name": "Ada", "room": "lab", "members": [{ "id": 1, "name": "Ada" }] });
        model.hear(Heard::Answer(0, answer));
        model
    }

    fn lines(model: &mut Model) -> Vec<String> {
        model.fresh(&Theme::new(false))
    }

    #[test]
    fn what_others_write_cannot_command_the_terminal() {
        let mut model = joined();
        let said = json!({ "id": 1, "from": 2, "name": "\u{1b}[31m", "text": "\u{202e}x\u{7}" });
        model.hear(Heard::Event("said".into(), said));
        assert!(lines(&mut model).contains(&"\\x1b[31m: \\u{202e}x\\x07".to_owned()));
    }

    #[test]
    fn a_line_that_is_typed_is_said_and_its_answer_counts_the_copies() {
        let mut model = joined();
        for c in "Hi".chars() {
            model.typed(&Typed::Char(c));
        }
        model.typed(&Typed::Enter);
        assert!(model.waits());
        model.hear(Heard::Event("said".into(), json!({ "id": 7, "from": 1, "name": "Ada", "text": "Hi", "tag": 1 })));
        model.hear(Heard::Answer(1, json!({ "id": 7, "sent": 3 })));
        assert!(!model.waits());
        let out = lines(&mut model);
        assert!(out.contains(&"Ada: Hi".to_owned()), "{out:?}");
        assert!(out.contains(&"  1 message in, 3 sent out, says the server".to_owned()), "{out:?}");
    }

    #[test]
    fn after_a_new_connection_nothing_is_shown_twice() {
        let mut model = joined();
        let said = json!({ "id": 7, "from": 2, "name": "Bob", "text": "Hi" });
        model.hear(Heard::Event("said".into(), said.clone()));
        model.hear(Heard::Event("said".into(), said));
        assert_eq!(model.messages().count(), 1);
    }

    #[test]
    fn packets_may_be_counted_before_the_message_arrives() {
        let mut model = joined();
        model.hear(Heard::Entry(Entry::Spread { message: 7, frames: 2 }));
        model.hear(Heard::Event("said".into(), json!({ "id": 7, "from": 1, "name": "Ada", "text": "Hi" })));
        assert_eq!(model.messages().next().unwrap().spread, "1 message in, 2 frames out (captured)");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut model = joined();
        for id in 0..2_000 {
            model.hear(Heard::Event("said".into(), json!({ "id": id, "name": "Bob", "text": "x" })));
            model.hear(Heard::Entry(Entry::Packet(Box::new(Captured { time: "1.5".into(), ..Captured::default() }))));
            lines(&mut model);
        }
        assert_eq!((model.said.len(), model.rows.len()), (KEPT, KEPT));
    }
}
