//! What a key does.

use super::predict::Done;
use super::{Browser, Field, Page, Pane, Replay, Typing, Wish, bytes, help};
use crate::browse::{Kind, LayerLine, closest};
use crate::model::Osi;
use crate::proto;
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
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Wish::Quit,
                KeyCode::Char('z') => Wish::Suspend,
                KeyCode::Char('u') if self.typing.is_some() => {
                    self.empty();
                    Wish::None
                }
                _ => Wish::None,
            };
        }
        self.notice.clear();
        if self.typing.is_some() {
            self.typed(key.code);
            return Wish::None;
        }
        if self.page.is_some() {
            self.paged(key.code);
            return Wish::None;
        }
        if self.prediction.is_some() {
            self.predicted(key.code);
            return Wish::None;
        }
        match key.code {
            KeyCode::Char('q') => return Wish::Quit,
            KeyCode::Char('y') => return self.copy(),
            KeyCode::Esc => self.back(),
            KeyCode::Tab => self.turn(1),
            KeyCode::BackTab => self.turn(-1),
            KeyCode::Char('/') => {
                let text = self.next.as_ref().or(self.sift.as_ref()).map_or(String::new(), |s| s.text.clone());
                self.begin(Field::Filter, text);
            }
            KeyCode::Char(':') => self.begin(Field::Jump, String::new()),
            KeyCode::Char('w') => self.begin(Field::Write, String::new()),
            KeyCode::Char('?') | KeyCode::F(1) => self.open_page("Keys", &help::page(self.columns)),
            KeyCode::Char('z') => self.zoomed = !self.zoomed,
            KeyCode::Char('m') => self.mask_or_show(),
            KeyCode::Char('P') => self.projector = !self.projector,
            KeyCode::Char('J') => return self.copy_packet(true),
            KeyCode::Char('H') => return self.copy_packet(false),
            KeyCode::Char(' ') => self.pause(),
            KeyCode::Char('a') => self.audience(),
            KeyCode::Char('b') => self.mark(),
            KeyCode::Char('n') => self.odd(true),
            KeyCode::Char('N') => self.odd(false),
            KeyCode::Char('l') => self.draw_page("Ladder"),
            KeyCode::Char('f') => self.draw_page("Follow"),
            KeyCode::Char('s') => self.draw_page("Statistics"),
            KeyCode::Char('t') => self.draw_page("Over time"),
            KeyCode::Char('h') => self.tell_hops(),
            KeyCode::Char('e') => self.explain(),
            KeyCode::Char('p') => self.predict(),
            KeyCode::Char('x') => self.begin_to_break(),
            KeyCode::Char(c @ '1'..='7') => {
                let number = u8::try_from(u32::from(c) - u32::from('0')).unwrap_or(0);
                if let Some(osi) = Osi::ALL.into_iter().find(|osi| osi.number() == number) {
                    self.unfold(osi);
                }
            }
            code => self.moved(code),
        }
        Wish::None
    }

    /// A key while the next packet is asked for: once it's answered, that packet is chosen.
    fn predicted(&mut self, code: KeyCode) {
        let Some(prediction) = &mut self.prediction else { return };
        match prediction.key(code, 0) {
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

    fn moved(&mut self, code: KeyCode) {
        let page = i64::try_from(self.rows.max(2) - 1).unwrap_or(1);
        let by = match code {
            KeyCode::Up | KeyCode::Char('k') => -1,
            KeyCode::Down | KeyCode::Char('j') => 1,
            KeyCode::PageUp => -page,
            KeyCode::PageDown => page,
            KeyCode::Home | KeyCode::Char('g') => i64::MIN,
            KeyCode::End | KeyCode::Char('G') => i64::MAX,
            KeyCode::Enter | KeyCode::Right if self.pane == Pane::Layers => return self.enter(),
            KeyCode::Enter if self.pane == Pane::List => return self.pane = Pane::Layers,
            KeyCode::Left if self.pane == Pane::Layers => return self.fold(),
            KeyCode::Left if self.pane == Pane::Bytes => -1,
            KeyCode::Right if self.pane == Pane::Bytes => 1,
            _ => return,
        };
        let row = matches!(code, KeyCode::Up | KeyCode::Down | KeyCode::Char('j' | 'k'));
        self.go(if row && self.pane == Pane::Bytes { by * i64::from(bytes::per_row(80)) } else { by });
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
        let (stream, views) = (self.seen().and_then(|look| look.stream), &self.options.views);
        let (view, stream, columns) = match (title, stream) {
            ("Statistics", _) => (&views.stats, 0, 80),
            (_, None) => return self.notice = "This packet is in no TCP connection".into(),
            ("Ladder", Some(n)) => (&views.ladder, n, 80),
            ("Over time", Some(n)) => (&views.plot, n, self.columns),
            (_, Some(n)) => (&views.follow, n, 80),
        };
        let (view, store) = (Arc::clone(view), self.store.clone());
        self.start(title, Some(store.len()), move |progress| {
            let mut all = Replay { progress: Some(progress), ..Replay::all(&store) };
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
            let mut line = Vec::new();
            crate::view::json::line(&look.packet, None, &mut line);
            String::from_utf8_lossy(&line).into_owned()
        } else {
            let bytes = span.map_or(look.packet.frame(), |span| look.packet.bytes(span));
            bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
        };
        let what = if json { "the packet as JSON" } else { "bytes in hexadecimal" };
        self.notice = format!("Sent to the clipboard, if the terminal allows it: {what}, {} characters", text.len());
        Wish::Copy(text)
    }

    /// Who it was is hidden, or shown again.
    fn mask_or_show(&mut self) {
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

    fn typed(&mut self, code: KeyCode) {
        let Some(typing) = &mut self.typing else { return };
        let byte =
            |typing: &Typing, at: usize| typing.text.char_indices().nth(at).map_or(typing.text.len(), |(i, _)| i);
        match code {
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
            KeyCode::Tab if typing.field == Field::Filter => return self.complete(),
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

    /// Empties the line that is typed, as a shell does.
    fn empty(&mut self) {
        if let Some(typing) = &mut self.typing {
            (typing.text, typing.caret, typing.wrong) = (String::new(), 0, None);
        }
    }

    fn accept(&mut self) {
        let Some(typing) = self.typing.take() else { return };
        match typing.field {
            Field::Filter => match self.filter(&typing.text) {
                Ok(()) => {}
                Err(why) => self.typing = Some(Typing { wrong: Some(why), ..typing }),
            },
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

    fn paged(&mut self, code: KeyCode) {
        let rows = self.rows.max(1);
        let Some(Page { lines, top, .. }) = &mut self.page else { return };
        let last = lines.len().saturating_sub(1);
        *top = match code {
            KeyCode::Up | KeyCode::Char('k') => top.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Enter => (*top + 1).min(last),
            KeyCode::PageUp => top.saturating_sub(rows),
            KeyCode::PageDown | KeyCode::Char(' ') => (*top + rows).min(last),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            KeyCode::Esc | KeyCode::Char('q' | '?') => return self.page = None,
            _ => *top,
        };
    }
}
