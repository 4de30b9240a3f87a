//! What a key does.

use super::predict::Done;
use super::{Browser, Field, Pane, Typing, Wish, help};
use crate::browse::store::Replay;
use crate::browse::{Kind, LayerLine, closest};
use crate::model::Osi;
use crate::proto;
use crate::tty::table::{Does, meaning, on};
use crate::tui::text::scrolled_by;
use crate::tutor::Audience;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::sync::Arc;

/// What can be done to a packet on its way, without the packet; Tab goes from one to the next.
const FAULTS: [&str; 5] = ["drop", "delay 300ms", "duplicate", "corrupt", "reorder"];

/// The names of fields that Tab offers at most.
const OFFERED: usize = 6;

impl Browser {
    /// A key was pressed.
    pub(in crate::tui) fn key(&mut self, key: KeyEvent) -> Wish {
        let does = meaning(key, if self.page.is_some() { on::TEXT } else { on::PACKETS });
        match does {
            Some(Does::End) => return Wish::Quit,
            Some(Does::Suspend) => return Wish::Suspend,
            _ => {}
        }
        self.notice.clear();
        if self.typing.is_some() {
            self.typed(key);
        } else if self.page.is_some() {
            self.paged(does);
        } else if self.talks.is_some() && does != Some(Does::Help) {
            self.talked(does);
        } else if self.prediction.is_some() {
            self.predicted(key);
        } else if let Some(does) = does {
            return self.does(does);
        }
        Wish::None
    }

    /// What a key does to the packets.
    fn does(&mut self, does: Does) -> Wish {
        match does {
            Does::Quit => return Wish::Quit,
            Does::CopyFilter => return self.copy(),
            Does::CopyPacket => return self.copy_packet(true),
            Does::CopyBytes => return self.copy_packet(false),
            Does::Leave => self.back(),
            Does::Next => self.turn(1),
            Does::Before => self.turn(-1),
            Does::Filter => {
                let text = self.next.as_ref().or(self.sift.as_ref()).map_or(String::new(), |s| s.text.clone());
                self.begin(Field::Filter, text);
            }
            Does::Columns => {
                let text = self.columns_to_type();
                self.begin(Field::Columns, text);
            }
            Does::Find => self.begin(Field::Find, String::new()),
            Does::NextMatch => self.next_match(true),
            Does::MatchBefore => self.next_match(false),
            Does::GoTo => self.begin(Field::Jump, String::new()),
            Does::Write => self.begin(Field::Write, String::new()),
            Does::Help => self.open_page("Keys", &help::page(self.columns)),
            Does::Zoom => self.zoomed = !self.zoomed,
            Does::Mask => self.mask_or_show(),
            Does::Projector => self.projector = !self.projector,
            Does::Conversations => self.open_talks(),
            Does::Pause => self.pause(),
            Does::Audience => self.audience(),
            Does::Mark => self.mark(),
            Does::Unusual => self.odd(true),
            Does::UnusualBefore => self.odd(false),
            Does::Ladder => self.draw_page("Ladder"),
            Does::Follow => self.draw_page("Follow"),
            Does::Stats => self.draw_page("Statistics"),
            Does::Plot => self.draw_page("Over time"),
            Does::Route => self.tell_hops(),
            Does::Explain => self.explain(),
            Does::Predict => self.predict(),
            Does::Break => self.begin_to_break(),
            Does::Layers => self.unfold_all(),
            Does::Pick(number) => {
                if let Some(osi) = Osi::ALL.into_iter().find(|osi| osi.number() == number) {
                    self.unfold(osi);
                }
            }
            does => self.moved(does),
        }
        Wish::None
    }

    /// A key while the next packet is asked for: once it's answered, that packet is chosen.
    fn predicted(&mut self, key: KeyEvent) {
        let Some(prediction) = &mut self.prediction else { return };
        match prediction.key(key, 0) {
            Done::Not => return,
            Done::Left => {}
            Done::Seen => {
                let shown = prediction.shown;
                self.choose(shown);
            }
        }
        self.prediction = None;
    }

    /// Esc: stops what is made behind the screen; out of the zoom, then back to the list, then out of the filter.
    fn back(&mut self) {
        if let Some(job) = self.job.as_ref().filter(|job| !job.stopped()) {
            job.stop();
        } else if self.seek.take().is_some() {
            self.notice = "The search was stopped".into();
        } else if self.zoomed {
            self.zoomed = false;
        } else if self.pane != Pane::List {
            self.pane = Pane::List;
        } else if self.next.take().is_some() {
            self.notice = match &self.sift {
                Some(sift) => format!("Stopped; still shown by {}", sift.text),
                None => "Stopped; all packets are shown".into(),
            };
        } else if self.sift.is_some() {
            let _ = self.filter("");
        }
    }

    fn turn(&mut self, by: i8) {
        self.pane = match (self.pane, by > 0) {
            (Pane::List, true) | (Pane::Bytes, false) => Pane::Layers,
            (Pane::Layers, true) | (Pane::List, false) => Pane::Bytes,
            _ => Pane::List,
        };
    }

    fn moved(&mut self, does: Does) {
        let page = i64::try_from(self.rows.max(2) - 1).unwrap_or(1);
        let row = if self.pane == Pane::Bytes { i64::from(self.per_row()) } else { 1 };
        let by = match does {
            Does::Up => -row,
            Does::Down => row,
            Does::PageUp | Does::ReadBack => -page,
            Does::PageDown | Does::Read => page,
            Does::First => i64::MIN,
            Does::Last => i64::MAX,
            Does::Take | Does::On if self.pane == Pane::Layers => return self.enter(),
            Does::Take if self.pane == Pane::List => return self.pane = Pane::Layers,
            Does::Back if self.pane == Pane::Layers => return self.fold(),
            Does::Back if self.pane == Pane::Bytes => -1,
            Does::On if self.pane == Pane::Bytes => 1,
            _ => return,
        };
        self.go(by);
    }

    /// Forward or back in the part that hears the keys: packets, lines or bytes.
    pub(super) fn go(&mut self, by: i64) {
        let step = |at: usize, all: usize| {
            let at = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(by);
            usize::try_from(at.max(0)).unwrap_or(0).min(all.saturating_sub(1))
        };
        match self.pane {
            Pane::List => {
                self.choose(step(self.chosen, self.shown()));
                self.follows = by == i64::MAX;
            }
            Pane::Layers => {
                self.line = step(self.line, self.lines().len());
                self.show_bytes();
            }
            Pane::Bytes => self.walk_bytes(by),
        }
    }

    /// Another packet is chosen; one that comes doesn't change that.
    pub(super) fn choose(&mut self, shown: usize) {
        self.chosen = shown;
        self.follows = false;
        (self.line, self.line_top) = (0, 0);
    }

    /// The byte that is in sight: the cursor, or where the chosen line begins.
    pub(super) fn byte_cursor(&self) -> u32 {
        if self.pane == Pane::Bytes {
            return self.byte;
        }
        self.lines().get(self.line).and_then(|line| line.span).map_or(0, |span| span.start)
    }

    /// The bytes' cursor goes to the line's first byte.
    pub(super) fn show_bytes(&mut self) {
        if let Some(span) = self.lines().get(self.line).and_then(|line| line.span) {
            self.byte = span.start;
        }
    }

    /// The cursor moves in the bytes; the line that is closest around it is chosen.
    pub(super) fn walk_bytes(&mut self, by: i64) {
        let buffer = self.lines().get(self.line).and_then(|line| line.span).map_or(0, |span| span.buf);
        let Some(look) = self.seen() else { return };
        let all = look.packet.buffers().get(usize::from(buffer)).map_or(0, |b| b.bytes.len());
        let last = i64::try_from(all).unwrap_or(i64::MAX).saturating_sub(1).max(0);
        let byte = u32::try_from(i64::from(self.byte).saturating_add(by).clamp(0, last)).unwrap_or(0);
        let owner = look.owner(buffer, byte);
        self.byte = byte;
        if let Some(owner) = owner.filter(|owner| !self.open.contains(owner)) {
            self.open.push(owner);
        }
        if let Some(line) = closest(&self.lines(), buffer, byte) {
            self.line = line;
        }
    }

    pub(super) fn enter(&mut self) {
        let lines = self.lines();
        let Some(line) = lines.get(self.line) else { return };
        match line.kind {
            Kind::Layer(_) => self.unfold(line.osi),
            Kind::Field(_) => self.explain(),
            _ => {}
        }
    }

    /// Unfolds a layer, or folds it; its line stays chosen.
    fn unfold(&mut self, osi: Osi) {
        match self.open.iter().position(|open| *open == osi) {
            Some(at) => drop(self.open.remove(at)),
            None => self.open.push(osi),
        }
        let at = |line: &LayerLine| line.osi == osi && matches!(line.kind, Kind::Layer(_));
        self.line = self.lines().iter().position(at).unwrap_or(0);
    }

    /// Unfolds all layers, or folds them, once all are unfolded.
    fn unfold_all(&mut self) {
        let osi = self.lines().get(self.line).map(|line| line.osi);
        self.open = if Osi::ALL.iter().all(|osi| self.open.contains(osi)) { Vec::new() } else { Osi::ALL.to_vec() };
        let at = |line: &LayerLine| Some(line.osi) == osi && matches!(line.kind, Kind::Layer(_));
        self.line = self.lines().iter().position(at).unwrap_or(0);
    }

    fn fold(&mut self) {
        let osi = self.lines().get(self.line).map(|line| line.osi);
        if let Some(osi) = osi.filter(|osi| self.open.contains(osi)) {
            self.unfold(osi);
        }
    }

    fn pause(&mut self) {
        self.held = if self.held.is_some() { None } else { Some(self.shown()) };
    }

    fn audience(&mut self) {
        let at = Audience::ALL.iter().position(|a| *a == self.options.audience).unwrap_or(0);
        self.options.audience = Audience::ALL[(at + 1) % Audience::ALL.len()];
        self.recent.clear();
        self.notice = format!("Explained for the {}", self.options.audience);
    }

    fn mark(&mut self) {
        if let Some(place) = self.place(self.chosen)
            && !self.marks.remove(&place)
        {
            self.marks.insert(place);
        }
    }

    /// The next packet, or the one before, that is unusual or marked.
    fn odd(&mut self, down: bool) {
        let wanted = |at: &usize| {
            self.place(*at).is_some_and(|p| self.marks.contains(&p) || self.store.get(p).is_some_and(|kept| kept.odd))
        };
        let (chosen, shown) = (self.chosen, self.shown());
        let found = if down { (chosen + 1..shown).find(wanted) } else { (0..chosen.min(shown)).rev().find(wanted) };
        match found {
            Some(at) => (self.chosen, self.follows) = (at, false),
            None => self.notice = "No other packet there is unusual or marked".into(),
        }
    }

    fn draw_page(&mut self, title: &str) {
        let (stream, datagrams) = self.seen().map_or((None, None), |look| (look.stream, look.datagrams));
        let views = &self.options.views;
        let (view, stream, columns) = match (title, stream, datagrams) {
            ("Statistics", ..) => (&views.stats, 0, 80),
            ("Follow", None, Some(n)) => (&views.datagrams, n, 80),
            (_, None, _) => return self.notice = "This packet is in no TCP connection".into(),
            ("Ladder", Some(n), _) => (&views.ladder, n, 80),
            ("Over time", Some(n), _) => (&views.plot, n, self.columns),
            (_, Some(n), _) => (&views.follow, n, 80),
        };
        let (view, store) = (Arc::clone(view), self.store.clone());
        self.start(title, Some(store.len()), move |progress| {
            let (mut all, goes) = (Replay::all(&store), || progress.step());
            all.goes = Some(&goes);
            view(&mut all, stream, columns).into()
        });
    }

    /// What the field of the chosen line means.
    fn explain(&mut self) {
        let line = self.lines().get(self.line).cloned();
        let name = line.and_then(|line| self.seen().and_then(|look| look.field_at(&line)).map(|f| f.def.name));
        match name.and_then(|name| Some((name, (self.options.views.field)(name)?))) {
            Some((name, text)) => self.open_page(name, &text),
            None => self.notice = "Choose a field first: Tab to the layers, Enter unfolds one".into(),
        }
    }

    /// The chosen line as a filter: `tcp.port == 80`.
    fn copy(&mut self) -> Wish {
        let line = self.lines().get(self.line).cloned();
        let Some(text) = line.and_then(|line| {
            let look = self.seen()?;
            let field = look.field_at(&line)?;
            crate::filter::for_field(&look.packet, field)
        }) else {
            self.notice = "Choose a field first: Tab to the layers, Enter unfolds one".into();
            return Wish::None;
        };
        self.notice = format!("Sent to the clipboard, if the terminal allows it: {text}");
        Wish::Copy(text)
    }

    /// The packet as JSON, or the chosen line's bytes, or else all of them, in hexadecimal.
    fn copy_packet(&mut self, json: bool) -> Wish {
        let span = self.lines().get(self.line).and_then(|line| line.span).filter(|_| self.pane != Pane::List);
        let Some(look) = self.seen() else { return Wish::None };
        let text = if json {
            let mut line = String::new();
            crate::view::json::line(&look.packet, None, &mut line);
            line
        } else {
            let bytes = span.map_or(look.packet.frame(), |span| look.packet.bytes(span));
            bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
        };
        let what = if json { "the packet as JSON" } else { "bytes in hexadecimal" };
        self.notice = format!("Sent to the clipboard, if the terminal allows it: {what}, {} characters", text.len());
        Wish::Copy(text)
    }

    /// Who it was is hidden, or shown again.
    pub(super) fn mask_or_show(&mut self) {
        self.masks = !self.masks;
        self.notice = if self.masks {
            "Addresses and names have pseudonyms; what you copy or write hasn't".into()
        } else {
            "Addresses and names are shown as they are".into()
        };
    }

    /// Where the chosen packet was seen on its way.
    fn tell_hops(&mut self) {
        let number = self.place(self.chosen).and_then(|place| self.store.get(place)).map(|kept| kept.number);
        let Some(hops) = self.options.views.hops.clone() else {
            return self.notice = "Only a simulation sees all links: a capture has one place".into();
        };
        if let Some(number) = number {
            self.start("Hops", None, move |progress| hops(number.into(), &|| progress.step()).into());
        }
    }

    // ---- what is typed

    fn begin(&mut self, field: Field, text: String) {
        let caret = text.chars().count();
        self.typing = Some(Typing { field, text, caret, wrong: None });
    }

    fn typed(&mut self, key: KeyEvent) {
        let Some(typing) = &mut self.typing else { return };
        let byte =
            |typing: &Typing, at: usize| typing.text.char_indices().nth(at).map_or(typing.text.len(), |(i, _)| i);
        match key.code {
            _ if meaning(key, on::PACKETS) == Some(Does::Empty) => {
                (typing.text, typing.caret, typing.wrong) = (String::new(), 0, None);
                return;
            }
            _ if key.modifiers.contains(KeyModifiers::CONTROL) => return,
            KeyCode::Esc => return self.typing = None,
            KeyCode::Enter => return self.accept(),
            KeyCode::Char(c) if typing.text.len() < 1000 => {
                let at = byte(typing, typing.caret);
                typing.text.insert(at, c);
                typing.caret += 1;
            }
            KeyCode::Backspace if typing.caret > 0 => {
                typing.caret -= 1;
                let at = byte(typing, typing.caret);
                typing.text.remove(at);
            }
            KeyCode::Delete if typing.caret < typing.text.chars().count() => {
                let at = byte(typing, typing.caret);
                typing.text.remove(at);
            }
            KeyCode::Left => typing.caret = typing.caret.saturating_sub(1),
            KeyCode::Right => typing.caret = (typing.caret + 1).min(typing.text.chars().count()),
            KeyCode::Home => typing.caret = 0,
            KeyCode::End => typing.caret = typing.text.chars().count(),
            KeyCode::Tab if matches!(typing.field, Field::Filter | Field::Columns) => return self.complete(),
            KeyCode::Tab if typing.field == Field::Break => return self.next_fault(),
            _ => return,
        }
        // As it is typed: what is complete is tried at once, what is not shows what is wrong.
        if typing.field == Field::Filter {
            let text = typing.text.clone();
            let wrong = self.filter(&text).err();
            if let Some(typing) = &mut self.typing {
                typing.wrong = wrong;
            }
        }
    }

    fn accept(&mut self) {
        let Some(typing) = self.typing.take() else { return };
        match typing.field {
            Field::Filter => match self.filter(&typing.text) {
                Ok(()) => {}
                Err(why) => self.typing = Some(Typing { wrong: Some(why), ..typing }),
            },
            Field::Columns => {
                if let Err(why) = self.show_columns(&typing.text) {
                    self.typing = Some(Typing { wrong: Some(why), ..typing });
                }
            }
            Field::Find => {
                if let Err(why) = self.find(&typing.text) {
                    self.typing = Some(Typing { wrong: Some(why), ..typing });
                }
            }
            Field::Jump => match typing.text.trim().parse::<u64>() {
                Ok(number) => self.jump(number),
                Err(_) => self.notice = "A packet's number is needed".into(),
            },
            Field::Write if typing.text.trim().is_empty() => {}
            Field::Write => self.write(&typing.text),
            Field::Break => self.tell_broken(typing),
        }
    }

    /// A fault for the chosen packet, to be changed or accepted.
    fn begin_to_break(&mut self) {
        let chosen = self.place(self.chosen).and_then(|place| self.store.get(place));
        match chosen.map(|kept| kept.number) {
            _ if self.options.views.broken.is_none() => {
                self.notice = "Only a simulation can be broken: what was captured has happened".into();
            }
            Some(number) => self.begin(Field::Break, format!("{} {number}", FAULTS[0])),
            None => {}
        }
    }

    /// The same packet with the next fault.
    fn next_fault(&mut self) {
        let Some(typing) = &mut self.typing else { return };
        let which = typing.text.split(' ').next_back().unwrap_or("").to_owned();
        let at = FAULTS.iter().position(|fault| typing.text.strip_suffix(&which).map(str::trim_end) == Some(fault));
        let next = FAULTS[at.map_or(0, |at| at + 1) % FAULTS.len()];
        typing.text = format!("{next} {which}");
        typing.caret = typing.text.chars().count();
        typing.wrong = None;
    }

    /// Both timelines: as it was, and with the fault.
    fn tell_broken(&mut self, typing: Typing) {
        let Some(broken) = &self.options.views.broken else { return };
        match broken(&typing.text, self.columns) {
            Ok(text) => self.open_page(&format!("What if: {}", typing.text), &text),
            Err(why) => self.typing = Some(Typing { wrong: Some(why), ..typing }),
        }
    }

    fn jump(&mut self, number: u64) {
        let place = self.store.find(number);
        self.follows = false;
        self.chosen = match &self.sift {
            Some(sift) => sift.found().partition_point(|&at| (at as usize) < place),
            None => place,
        }
        .min(self.shown().saturating_sub(1));
        if self.place(self.chosen).and_then(|p| self.store.get(p)).is_none_or(|kept| u64::from(kept.number) != number) {
            self.notice = format!("Packet {number} isn't shown; this is the nearest one");
        }
    }

    /// Completes the name before the caret as far as all that begin so agree.
    fn complete(&mut self) {
        let Some(typing) = &mut self.typing else { return };
        let before: String = typing.text.chars().take(typing.caret).collect();
        let begin = before
            .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || c == '-'))
            .map_or(0, |i| i + 1);
        let word = before.get(begin..).unwrap_or("");
        let fields = proto::identities().flat_map(|about| about.fields.iter().map(|def| def.name));
        let aliases = crate::filter::ALIASES.iter().map(|alias| alias.name);
        let mut names: Vec<&str> = fields.chain(aliases).filter(|name| name.starts_with(word)).collect();
        names.sort_unstable();
        names.dedup();
        let Some(first) = names.first().filter(|_| !word.is_empty()) else {
            typing.wrong = Some("No field's name begins so".into());
            return;
        };
        let common = names.iter().fold(first.len(), |len, name| {
            first.bytes().zip(name.bytes()).take(len).take_while(|(a, b)| a == b).count()
        });
        let rest = first.get(word.len()..common).unwrap_or("");
        let at = typing.text.char_indices().nth(typing.caret).map_or(typing.text.len(), |(i, _)| i);
        typing.text.insert_str(at, rest);
        typing.caret += rest.len();
        let more = if names.len() > OFFERED { format!(" … {} in all", names.len()) } else { String::new() };
        let offer = names.iter().take(OFFERED).copied().collect::<Vec<_>>().join("  ");
        typing.wrong = (names.len() > 1).then(|| offer + &more);
    }

    // ---- a page of text

    fn paged(&mut self, does: Option<Does>) {
        let Some(page) = &mut self.page else { return };
        match scrolled_by(does, page.top, self.rows, page.lines.len().saturating_sub(1)) {
            Some(top) => page.top = top,
            None => self.page = None,
        }
    }
}
