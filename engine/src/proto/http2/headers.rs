//! Header blocks: put together from their frames, unpacked by HPACK, and shown line by line.

use super::fields::{
    COUNT, FULL_URI, HEADER, INDEX, LINES, LIST_LENGTH, NAME, NAME_LENGTH, REPR, TABLE_UPDATE, TABLE_UPDATE_SIZE,
    VALUE, VALUE_LENGTH,
};
use super::streams::{self, Told};
use super::{Part, Sending, flag};
use crate::model::{BufferKind, Span, clamp};
use crate::proto::hpack::{Bad, How, Step, USUAL};
use crate::proto::inflate::MOST;
use crate::proto::prelude::*;

/// Lines of one block that are shown, as many as Wireshark shows.
const MOST_SHOWN: usize = 200;

const NO_BEGINNING: &str =
    "header lines not decoded: the table isn't known, as the connection's beginning isn't in this capture";
const GIVEN_UP: &str = "header lines not decoded: the table isn't known, as it was given up when memory was full";
const TOO_LONG: &str = "header lines not decoded: they are longer than is kept here";
const HOLE: &str = "header lines not decoded: the table isn't known, as bytes before them are missing";
const BROKEN: &str = "header lines not decoded: the table isn't known, as a header block before could not be read";

/// A frame with header lines, or with more of them.
pub(super) fn block(c: &mut Cursor<'_>, at: usize, len: usize, part: Part) {
    let here = c.span(at, len);
    let whole = part.flags & flag::END_HEADERS != 0;
    let gaps = c.stream().side.gaps;
    let mut s = std::mem::take(c.stream().side.state::<Sending>());
    s.notice(gaps);
    if part.first {
        s.open = Some(part);
        if let Some(old) = s.pieces.take() {
            c.shelf().drop(old);
        }
    }
    if let Some(begun) = s.open.filter(|begun| begun.stream == part.stream) {
        let place = if part.first && whole { Some(here) } else { gather(c, &mut s, here, whole) };
        if whole {
            s.open = None;
        }
        if let Some(place) = place {
            match s.lost {
                Some(why) => c.doubt(c.unshown(why)),
                None => unpack(c, &mut s, place, begun),
            }
        }
    } else {
        // Lines went by that nobody saw.
        s.lost = s.lost.or(Some(HOLE));
        c.doubt(c.unshown(HOLE));
    }
    *c.stream().side.state() = s;
}

/// Puts a piece of a block to those before it; where all of it is, once it is whole.
fn gather(c: &mut Cursor<'_>, s: &mut Sending, here: Span, whole: bool) -> Option<Span> {
    if s.lost.is_some() {
        return whole.then_some(here);
    }
    let pieces = s.pieces.unwrap_or_else(|| c.shelf().open());
    s.pieces = Some(pieces);
    let refused = c.with_shelf(here, |bytes, shelf| match shelf.get(pieces).map(<[u8]>::len) {
        Some(before) if before + bytes.len() > MOST => Some(TOO_LONG),
        Some(_) if shelf.add(pieces, bytes, MOST) => None,
        _ => Some(GIVEN_UP),
    });
    if let Some(why) = refused {
        c.shelf().drop(pieces);
        (s.pieces, s.lost) = (None, s.lost.or(Some(why)));
        c.doubt(c.unshown(why));
        return None;
    }
    if !whole {
        return None;
    }
    let nothing = c.span(0, 0);
    let made = c.uncover_with_shelf(BufferKind::Reassembled, nothing, |_, shelf, out| {
        out.extend_from_slice(shelf.get(pieces).unwrap_or(&[]));
        shelf.drop(pieces);
    });
    s.pieces = None;
    if made.is_none() {
        s.lost = s.lost.or(Some(BROKEN));
    }
    made.map(|(buf, len)| Span { buf, start: 0, len: clamp(len) })
}

fn unpack(c: &mut Cursor<'_>, s: &mut Sending, place: Span, begun: Part) {
    let lines = s.lines.unwrap_or_else(|| c.shelf().open());
    s.lines = Some(lines);
    let mut table = s.table;
    let mut how = None;
    let made = c.uncover_with_shelf(BufferKind::Inflated, place, |block, shelf, out| {
        how = shelf.edit(lines, |bytes, starts| table.unpack(block, bytes, starts, out));
    });
    s.table = table;
    match how {
        Some(Ok(())) => {
            // What an upgrade agreed on is not among the settings.
            let ctx = c.stream();
            let allowed = ctx.other.state::<Sending>().allows.filter(|_| ctx.dialogue.upgrade.is_none());
            if allowed.is_some_and(|allowed| table.asked() > allowed.max(USUAL)) {
                c.doubt(c.breaks("the table is larger than the other side allows (RFC 7541 §4.2)"));
            }
        }
        Some(Err(bad)) => {
            s.lost = Some(BROKEN);
            c.doubt(match bad {
                Bad::Wrong(why) => c.breaks(why),
                Bad::TooMuch(why) => c.unshown(why),
            });
        }
        None => {
            s.lost = Some(if made.is_some() { GIVEN_UP } else { BROKEN });
            c.doubt(c.unshown(GIVEN_UP));
        }
    }
    if s.lost.is_some() {
        c.shelf().drop(lines);
    }
    if let Some((id, len)) = made {
        let told = list(c, place, id, len, how == Some(Ok(())));
        if s.lost.is_none() && !begun.promise {
            streams::note(c, s.client, begun, &told);
        }
    }
}

/// Shows the lines: `length | name | length | value` each in buffer `id`, as their steps in the block tell.
fn list(c: &mut Cursor<'_>, block: Span, id: u8, len: usize, good: bool) -> Told {
    let (mut told, mut step_at, mut at, mut shown) = (Told::default(), 0, 0, 0);
    let count = count(c.bytes_of(block));
    if good {
        c.derive(&LIST_LENGTH, Value::Uint(len as u64));
        c.derive(&COUNT, Value::Uint(count as u64));
    }
    let part = |at: usize, len: usize| Span { buf: id, start: clamp(at), len: clamp(len) };
    while let Ok(step) = Step::read(c.bytes_of(block), step_at) {
        let instruction = Span { start: block.start + clamp(step_at), len: clamp(step.end - step_at), ..block };
        step_at = step.end;
        shown += 1;
        if shown == MOST_SHOWN + 1 {
            c.doubt(c.unshown("there are more header lines than are shown here"));
        }
        if step.how == How::Resize && shown > MOST_SHOWN {
            continue;
        }
        if step.how == How::Resize {
            c.push_in(&TABLE_UPDATE, instruction, Value::None);
            c.indent(1);
            c.push_in(&TABLE_UPDATE_SIZE, instruction, Value::Uint(step.number as u64));
            c.indent(0);
            continue;
        }
        let length = |c: &Cursor<'_>, at: usize| {
            let bytes = c.bytes_of(part(at, 4)).first_chunk().copied();
            bytes.map_or(0, |b| u32::from_be_bytes(b) as usize)
        };
        let name = part(at + 4, length(c, at));
        let second = name.end() as usize;
        let value = part(second + 4, length(c, second));
        let end = value.end() as usize;
        if second + 4 > len || end > len {
            break;
        }
        told.line(c, name, value);
        if shown <= MOST_SHOWN {
            line(c, &step, [part(at, end - at), part(at, 4), name, part(second, 4), value]);
        }
        at = end;
    }
    uri(c, &told);
    told
}

fn count(block: &[u8]) -> usize {
    let (mut at, mut n) = (0, 0);
    while let Ok(step) = Step::read(block, at) {
        n += usize::from(step.how != How::Resize);
        at = step.end;
    }
    n
}

fn line(c: &mut Cursor<'_>, step: &Step, [all, name_len, name, value_len, value]: [Span; 5]) {
    c.push_in(&HEADER, all, Value::None);
    c.indent(1);
    c.push_in(&NAME_LENGTH, name_len, Value::Uint(name.len.into()));
    c.push_in(&NAME, name, Value::Text(name));
    c.push_in(&VALUE_LENGTH, value_len, Value::Uint(value.len.into()));
    c.push_in(&VALUE, value, Value::Text(value));
    let wanted = c.bytes_of(name);
    if let Some((_, def)) = LINES.iter().find(|(name, _)| name.as_bytes() == wanted) {
        if def.kind == Kind::Text {
            c.push_in(def, value, Value::Text(value));
        } else {
            let digits = std::str::from_utf8(c.bytes_of(value)).ok();
            if let Some(n) = digits.and_then(|d| d.parse().ok()) {
                c.push_in(def, value, Value::Uint(n));
            }
        }
    }
    let how: &[u8] = match (step.how, step.number) {
        (How::Indexed | How::Resize, _) => b"Indexed Header Field",
        (How::Kept, 0) => b"Literal Header Field with Incremental Indexing - New Name",
        (How::Kept, _) => b"Literal Header Field with Incremental Indexing - Indexed Name",
        (How::NotKept, 0) => b"Literal Header Field without Indexing - New Name",
        (How::NotKept, _) => b"Literal Header Field without Indexing - Indexed Name",
        (How::NeverKept, 0) => b"Literal Header Field never Indexed - New Name",
        (How::NeverKept, _) => b"Literal Header Field never Indexed - Indexed Name",
    };
    let how = c.keep(how);
    c.derive(&REPR, Value::Text(how));
    if step.number > 0 {
        c.derive(&INDEX, Value::Uint(step.number as u64));
    }
    c.indent(0);
}

/// Scheme, site and path together; of CONNECT the site alone.
fn uri(c: &mut Cursor<'_>, told: &Told) {
    if let (true, Some(authority)) = (told.connects(c), told.authority) {
        return c.push_in(&FULL_URI, Span { len: 0, ..authority }, Value::Text(authority));
    }
    let [Some(scheme), Some(authority), Some(path)] = [told.scheme, told.authority, told.path] else { return };
    let start = c.start_text();
    c.inside(scheme.buf, |c| {
        for (before, part) in [("", scheme), ("://", authority), ("", path)] {
            let text = c.slice(part.start as usize, part.len as usize).unwrap_or(&[]);
            c.add_text(before.as_bytes());
            c.add_text(text);
        }
    });
    let all = c.end_text(start);
    c.derive(&FULL_URI, Value::Text(all));
}

impl Sending {
    /// Whether bytes before are missing, or its beginning was not seen.
    pub(super) fn notice(&mut self, gaps: u32) {
        if self.gaps != gaps {
            self.gaps = gaps;
            self.lost = Some(HOLE);
            self.open = None;
        }
        if !self.begun {
            self.begun = true;
            self.lost = self.lost.or(Some(NO_BEGINNING));
        }
    }
}
