//! How a value is written for people: the one formatter that every view, note and lesson uses.
//!
//! [`escape`] is the only way by which text from a packet reaches a screen. Whoever sends packets can
//! put anything into them: a terminal's commands (ECMA-48), characters that turn the reading direction
//! around (Unicode UAX #9), or none that anyone sees. All of those are written as visible escapes.
//!
//! Everything here appends to a `String` and allocates nothing when it has room.

use super::field::{Field, FieldDef, Kind, Span, Value};
use super::packet::{Layer, Packet};
use super::short::Short;
use unicode_width::UnicodeWidthChar as _;

/// Bytes of a byte field that [`value`] writes.
const MOST_BYTES: usize = 32;
/// Characters of a text field that [`value`] writes.
const MOST_CHARS: usize = 400;
/// Marks of any script that may stack on one letter before the rest is written as escapes.
const MOST_MARKS: u8 = 4;

/// Characters that are invisible, or that change how the text around them is read. Ascending.
const HIDDEN: &[(u32, u32)] = &[
    (0x00, 0x1f),          // C0
    (0x7f, 0x9f),          // DEL and C1
    (0xad, 0xad),          // soft hyphen
    (0x034f, 0x034f),      // grapheme joiner
    (0x0600, 0x0605),      // Arabic number signs, which reach over what follows
    (0x061c, 0x061c),      // Arabic letter mark
    (0x06dd, 0x06dd),      // Arabic end of ayah
    (0x070f, 0x070f),      // Syriac abbreviation mark
    (0x0890, 0x0891),      // Arabic pound and piastre marks
    (0x08e2, 0x08e2),      // Arabic disputed end of ayah
    (0x115f, 0x1160),      // Hangul fillers
    (0x17b4, 0x17b5),      // Khmer inherent vowels
    (0x180b, 0x180f),      // Mongolian selectors
    (0x200b, 0x200f),      // zero width, direction marks
    (0x2028, 0x202e),      // line and paragraph separators, embeddings and overrides
    (0x2060, 0x206f),      // joiner, invisible operators, isolates
    (0x3164, 0x3164),      // Hangul filler
    (0xfe00, 0xfe0f),      // variation selectors
    (0xfeff, 0xfeff),      // byte order mark
    (0xffa0, 0xffa0),      // Hangul filler
    (0xfff0, 0xffff),      // interlinear annotation, specials
    (0x1_10bd, 0x1_10bd),  // Kaithi number sign
    (0x1_10cd, 0x1_10cd),  // Kaithi number sign above
    (0x1_3430, 0x1_345f),  // Egyptian hieroglyph controls
    (0x1_bca0, 0x1_bca3),  // shorthand controls
    (0x1_d173, 0x1_d17a),  // musical controls
    (0xe_0000, 0x10_ffff), // tags, selectors, private planes
];

// ---- text

/// Appends text of a packet so that it cannot do anything to a screen but be read.
///
/// Bytes that are no UTF-8 become `\xff`, hidden characters `\n`, `\x1b` or `\u{202e}`.
pub fn escape(bytes: &[u8], out: &mut String) {
    escape_within(bytes, usize::MAX, out);
}

/// The same in at most `most` characters; `…` stands for what is left out. Whether all was written.
pub fn escape_within(bytes: &[u8], most: usize, out: &mut String) -> bool {
    if bytes.len() <= most && plain_at_first(bytes, b'\\') == bytes.len() {
        out.push_str(std::str::from_utf8(bytes).unwrap_or_default());
        return true;
    }
    // A character takes four bytes at most: what lies behind cannot be reached.
    let head = bytes.get(..most.saturating_mul(4).saturating_add(4)).unwrap_or(bytes);
    let mut pen = Pen { out, left: most, marks: 0 };
    for chunk in head.utf8_chunks() {
        if !pen.text(chunk.valid()) || !chunk.invalid().iter().all(|&b| pen.byte(b)) {
            pen.out.push('…');
            return false;
        }
    }
    if head.len() < bytes.len() {
        pen.out.push('…');
    }
    head.len() == bytes.len()
}

/// How many of the first bytes need no escape: ASCII, nearly all that there is, without backslashes and without `nor`.
pub(crate) fn plain_at_first(bytes: &[u8], nor: u8) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (i, &word) in words.iter().enumerate() {
        let odd = odd_bytes(word, nor);
        if odd != 0 {
            return 8 * i + (odd.trailing_zeros() / 8) as usize;
        }
    }
    8 * words.len() + rest.iter().take_while(|&&b| is_plain_byte(b, nor)).count()
}

fn is_plain_byte(b: u8, nor: u8) -> bool {
    matches!(b, b' '..=b'~' if b != b'\\' && b != nor)
}

/// Eight bytes, looked at together: the lowest bit that is set is in the first one that needs an escape.
fn odd_bytes(word: [u8; 8], nor: u8) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let (word, other) = (u64::from_le_bytes(word), ONES * u64::from(nor));
    // In a byte below 128, the high bit then says: below a space; DEL; one of the two. Others have it anyway.
    let (low, delete) = (word.wrapping_sub(ONES * 0x20), word.wrapping_add(ONES));
    let (slash, other) = ((word ^ (ONES * 0x5c)).wrapping_sub(ONES), (word ^ other).wrapping_sub(ONES));
    (word | low | delete | slash | other) & HIGH
}

struct Pen<'a> {
    out: &'a mut String,
    left: usize,
    marks: u8,
}

impl Pen<'_> {
    /// Writes as many characters as there is room for. Whether that was all.
    fn text(&mut self, text: &str) -> bool {
        let mut rest = text;
        while !rest.is_empty() {
            let plain = rest.bytes().take(self.left).take_while(|&b| matches!(b, b' '..=b'~' if b != b'\\')).count();
            let (run, after) = rest.split_at(plain);
            if plain > 0 {
                self.out.push_str(run);
                self.left -= plain;
                self.marks = 0;
            }
            let mut chars = after.chars();
            let Some(c) = chars.next() else { return true };
            if !self.char(c) {
                return false;
            }
            rest = chars.as_str();
        }
        true
    }

    fn char(&mut self, c: char) -> bool {
        self.marks = if is_mark(c) { self.marks.saturating_add(1) } else { 0 };
        // The backslash is written as an escape, too, so that none is ambiguous.
        if self.marks <= MOST_MARKS && c != '\\' && !is_deceptive(c) {
            return self.room(1) && {
                self.out.push(c);
                true
            };
        }
        let short = match c {
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\\' => "\\\\",
            _ => "",
        };
        if !short.is_empty() {
            return self.room(2) && {
                self.out.push_str(short);
                true
            };
        }
        let code = u32::from(c);
        if let Ok(b) = u8::try_from(code)
            && b < 0x80
        {
            return self.byte(b);
        }
        let digits = digits_of(u64::from(code)).max(4);
        self.room(digits + 4) && {
            self.out.push_str("\\u{");
            hex_digits(u64::from(code), digits, self.out);
            self.out.push('}');
            true
        }
    }

    /// A byte that is no text, or a control character.
    fn byte(&mut self, b: u8) -> bool {
        self.marks = 0;
        self.room(4) && {
            self.out.push_str("\\x");
            hex_digits(u64::from(b), 2, self.out);
            true
        }
    }

    fn room(&mut self, chars: usize) -> bool {
        let fits = chars <= self.left;
        self.left = if fits { self.left - chars } else { 0 };
        fits
    }
}

/// Appends a sentence of a lesson, an error or a file's name: like [`escape`], but a backslash stays single, and a line
/// may end.
pub fn escape_prose(text: &str, out: &mut String) {
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for (i, part) in line.split('\\').enumerate() {
            if i > 0 {
                out.push('\\');
            }
            escape(part.as_bytes(), out);
        }
    }
}

/// Whether more marks stack on one letter than any language needs, so that they would cover the lines around it.
pub fn has_a_pile_of_marks(text: &str) -> bool {
    let mut marks = 0_u8;
    text.chars().any(|c| {
        marks = if is_mark(c) { marks.saturating_add(1) } else { 0 };
        marks > MOST_MARKS
    })
}

/// Whether a character takes no column of its own: it is drawn over the letter before it.
pub fn is_mark(c: char) -> bool {
    !c.is_ascii() && c.width() == Some(0)
}

/// Whether a character can make text look like something else: invisible ones, and those that turn
/// the direction of what follows.
pub fn is_deceptive(c: char) -> bool {
    let code = u32::from(c);
    let at = HIDDEN.partition_point(|&(first, _)| first <= code);
    at.checked_sub(1).and_then(|i| HIDDEN.get(i)).is_some_and(|&(_, last)| code <= last)
}

// ---- numbers

/// Appends a number in decimal.
pub fn number(n: u64, out: &mut String) {
    match u8::try_from(n) {
        Ok(digit @ 0..=9) => out.push(char::from(b'0' + digit)),
        _ => out.push_str(itoa::Buffer::new().format(n)),
    }
}

/// Appends a signed number in decimal.
pub fn signed(n: i64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(n));
}

/// Appends `0x` and at least `digits` hexadecimal digits.
pub fn hex(n: u64, digits: usize, out: &mut String) {
    out.push_str("0x");
    hex_digits(n, digits.max(digits_of(n)), out);
}

/// Appends two hexadecimal digits for each byte, with `between` between them.
pub fn hex_bytes(bytes: &[u8], between: &str, out: &mut String) {
    debug_assert!(between.len() < 2 && between.is_ascii(), "one sign or none");
    let Some(&gap) = between.as_bytes().first() else {
        for piece in bytes.chunks(32) {
            let mut short = Short::new();
            for &byte in piece {
                short.hex(byte);
            }
            short.append_to(out);
        }
        return;
    };
    let mut skip = 1;
    for piece in bytes.chunks(32) {
        let mut text = [gap; 96];
        for (&byte, place) in piece.iter().zip(text.as_chunks_mut::<3>().0) {
            let [high, low] = Short::digits_of(byte);
            *place = [gap, high, low];
        }
        let text = text.get(std::mem::take(&mut skip)..3 * piece.len());
        out.push_str(text.and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default());
    }
}

fn hex_digits(n: u64, digits: usize, out: &mut String) {
    for i in (0..digits).rev() {
        let [low, ..] = if i < 16 { (n >> (4 * i)).to_le_bytes() } else { [0; 8] };
        out.push(char::from(b"0123456789abcdef"[usize::from(low & 15)]));
    }
}

fn digits_of(n: u64) -> usize {
    (64 - (n | 1).leading_zeros()).div_ceil(4) as usize
}

/// Appends nanoseconds as seconds with exactly `decimals` (0 to 9) decimals, rounded as tshark does.
#[inline]
pub fn seconds(nanos: i64, decimals: u32, out: &mut String) {
    let mut short = Short::new();
    short.seconds(nanos, decimals);
    short.append_to(out);
}

/// Appends a span of time in seconds, to the millisecond, microsecond or nanosecond that it needs.
pub fn duration(nanos: i64, out: &mut String) {
    let mut short = Short::new();
    short_duration(nanos, &mut short);
    short.append_to(out);
}

fn short_duration(nanos: i64, out: &mut Short) {
    out.seconds(nanos, decimals(nanos));
    out.put(b" s");
}

/// The decimals that a number of nanoseconds needs, in threes.
fn decimals(nanos: i64) -> u32 {
    match nanos {
        0 => 0,
        n if n % 1_000_000 == 0 => 3,
        n if n % 1_000 == 0 => 6,
        _ => 9,
    }
}

/// Appends nanoseconds as milliseconds, with the decimals that they need.
pub fn millis(nanos: i64, out: &mut String) {
    let mut short = Short::new();
    short.millis(nanos);
    short.append_to(out);
}

/// Appends a moment as date and time of day, in UTC.
pub fn moment(time: super::Time, out: &mut String) {
    let mut short = Short::new();
    short_moment(time, &mut short);
    short.append_to(out);
}

/// Nanoseconds of 64 bits don't leave the years of four digits.
fn short_moment(time: super::Time, out: &mut Short) {
    let (days, second) = (time.secs().div_euclid(86_400), time.secs().rem_euclid(86_400));
    let (year, month, day) = civil(days);
    out.number(year.unsigned_abs());
    for (before, n) in [(b"-", month), (b"-", day), (b" ", second / 3600), (b":", second / 60 % 60)] {
        out.put(before);
        out.pair(n.unsigned_abs());
    }
    let (second, fraction) = (second % 60, i64::from(time.subsec_nanos()));
    out.put(b":");
    if second < 10 {
        out.put(b"0");
    }
    out.seconds(second * 1_000_000_000 + fraction, decimals(fraction));
    out.put(b" UTC");
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day comes last: 146,097 days make 400 years.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

// ---- addresses

/// Appends a hardware address: `02:00:00:00:00:01`.
pub fn mac(bytes: &[u8], out: &mut String) {
    hex_bytes(bytes, ":", out);
}

/// Appends an IPv4 address: `10.0.0.1`.
pub fn ipv4(bytes: [u8; 4], out: &mut String) {
    let mut short = Short::new();
    short.ipv4(bytes);
    short.append_to(out);
}

/// Appends an IPv6 address, its longest run of zeros as `::` (RFC 5952).
pub fn ipv6(bytes: [u8; 16], out: &mut String) {
    let mut short = Short::new();
    short.ipv6(bytes);
    short.append_to(out);
}

// ---- fields

/// Appends the value of a field as people read it: `6 (TCP)`, `0x002`, `10.0.0.1`, `set`.
///
/// Nothing for a field that only says that it is there. Long bytes and texts are cut, with `…`.
pub fn value(packet: &Packet, field: &Field, out: &mut String) {
    match (field.value, field.def.kind) {
        (Value::None, _) => {}
        (Value::Uint(n), Kind::Uint(_)) if field.def.names.is_empty() => number(n, out),
        (Value::Text(slice), _) => {
            escape_within(packet.bytes(slice), MOST_CHARS, out);
        }
        _ => {
            let mut text = Short::new();
            match (short(packet, field, &mut text), field.value) {
                (Some(name), _) => {
                    text.append_to(out);
                    if !name.is_empty() {
                        in_brackets(name, out);
                    }
                }
                (None, Value::Bytes(slice)) => octets(packet.bytes(slice), field.def.kind, out),
                (None, _) => {}
            }
        }
    }
}

/// Adds the value of a field as [`value`] writes it, and gives the name that follows in brackets, if it has one: no text, and
/// no bytes that are many or no plain ones.
pub(crate) fn short(packet: &Packet, field: &Field, out: &mut Short) -> Option<&'static str> {
    let def = field.def;
    let named = |n: u64| Some(def.name_of(n).unwrap_or_default());
    match (field.value, def.kind) {
        (Value::Bool(b), _) => match (def.name_of(u64::from(b)), b) {
            (Some(name), _) => {
                out.number(u64::from(b));
                return Some(name);
            }
            (None, true) => out.put(b"set"),
            (None, false) => out.put(b"not set"),
        },
        (Value::Uint(n), Kind::Moment) => short_moment(super::Time::new(i64::try_from(n).unwrap_or(i64::MAX), 0), out),
        (Value::Uint(n), Kind::Hex(bits)) => {
            let bits = if def.mask() == 0 { u32::from(bits) } else { def.mask().count_ones() };
            out.put(b"0x");
            short_digits(n, (bits.div_ceil(4) as usize).max(digits_of(n)), out);
            return named(n);
        }
        (Value::Uint(n), _) => {
            out.number(n);
            return named(n);
        }
        (Value::Int(n), _) => {
            out.signed(n);
            return named(n.cast_unsigned());
        }
        (Value::Nanos(n), Kind::Moment) => short_moment(super::Time(n), out),
        (Value::Nanos(n), Kind::Millis) => {
            out.millis(n);
            out.put(b" ms");
        }
        (Value::Nanos(n), _) => short_duration(n, out),
        (Value::Bytes(slice), Kind::Ipv4) => out.ipv4(packet.bytes(slice).try_into().ok()?),
        (Value::Bytes(slice), kind) => {
            let bytes = packet.bytes(slice);
            if bytes.is_empty() || bytes.len() > FEW_BYTES || matches!(kind, Kind::Text | Kind::Ipv6) {
                return None;
            }
            out.octets(bytes);
        }
        (Value::None | Value::Text(_), _) => return None,
    }
    Some("")
}

/// Bytes that [`short`] writes; of more, [`value`] leaves some out or wraps them.
const FEW_BYTES: usize = 20;

fn short_digits(n: u64, digits: usize, out: &mut Short) {
    if !digits.is_multiple_of(2) {
        let [low, ..] = (n.checked_shr(4 * (u32::try_from(digits).unwrap_or(0) - 1)).unwrap_or(0)).to_le_bytes();
        out.put(&[b"0123456789abcdef"[usize::from(low & 15)]]);
    }
    for i in (0..digits / 2).rev() {
        let [low, ..] = if i < 8 { (n >> (8 * i)).to_le_bytes() } else { [0; 8] };
        out.hex(low);
    }
}

/// Appends a number as a field of this row would be written.
pub fn number_of(def: &'static FieldDef, n: u64, out: &mut String) {
    let field = Field { def, value: Value::Uint(n), span: Span::default(), depth: 0 };
    value(&Packet::new(), &field, out);
}

fn in_brackets(name: &str, out: &mut String) {
    out.push_str(" (");
    out.push_str(name);
    out.push(')');
}

/// Appends those of `parts` that a layer has, each with the text before it.
pub fn parts(packet: &Packet, layer: &Layer, parts: &[(&str, &'static FieldDef)], out: &mut String) {
    for (before, def) in parts {
        if let Some(field) = packet.field_in(layer, def) {
            out.push_str(before);
            value(packet, field, out);
        }
    }
}

/// Appends the name of a number, or the number where it has none.
pub fn name(packet: &Packet, layer: &Layer, def: &'static FieldDef, out: &mut String) {
    let Some(n) = packet.uint_in(layer, def) else { return };
    match def.name_of(n) {
        Some(name) => out.push_str(name),
        None => number(n, out),
    }
}

/// Bytes by the kind of their field. An address of another length than its kind has is shown as bytes.
fn octets(bytes: &[u8], kind: Kind, out: &mut String) {
    match (kind, <[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
        (Kind::Ipv4, Ok(four), _) => ipv4(four, out),
        (Kind::Ipv6, _, Ok(sixteen)) => ipv6(sixteen, out),
        (Kind::Text, ..) => {
            escape_within(bytes, MOST_CHARS, out);
        }
        _ => {
            let head = bytes.get(..MOST_BYTES).unwrap_or(bytes);
            hex_bytes(head, ":", out);
            if head.len() < bytes.len() {
                out.push_str("… (");
                number(bytes.len() as u64, out);
                out.push_str(" bytes)");
            }
        }
    }
}

/// Appends a protocol's name as its column shows it: `TCP`, `ICMPv6`.
pub fn protocol(name: &str, out: &mut String) {
    let from = out.len();
    out.push_str(name);
    if let Some(new) = out.get_mut(from..) {
        new.make_ascii_uppercase();
        if let Some(at) = new.len().checked_sub(2)
            && let Some(version) = new.get_mut(at..)
            && version.starts_with('V')
        {
            version.make_ascii_lowercase();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::row;
    use crate::model::{BufferKind, Span, Time};
    use std::net::Ipv6Addr;

    fn escaped(bytes: &[u8]) -> String {
        let mut out = String::new();
        escape(bytes, &mut out);
        out
    }

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    /// Strings that try to do something to whoever prints them, and what is printed.
    const EVIL: &[(&str, &[u8], &str)] = &[
        ("window title", b"\x1b]0;pwned\x07", r"\x1b]0;pwned\x07"),
        ("window title, ST", b"\x1b]2;pwned\x1b\\", r"\x1b]2;pwned\x1b\\"),
        ("clear the screen", b"\x1b[2J\x1b[H", r"\x1b[2J\x1b[H"),
        ("colours", b"\x1b[31;5mRED", r"\x1b[31;5mRED"),
        ("make the terminal answer", b"\x1b[6n\x1b[c\x05", r"\x1b[6n\x1b[c\x05"),
        ("clipboard", b"\x1b]52;c;cm0gLXJmIH4K\x07", r"\x1b]52;c;cm0gLXJmIH4K\x07"),
        ("device control", b"\x1bP+q544e\x1b\\", r"\x1bP+q544e\x1b\\"),
        ("reset", b"\x1bc", r"\x1bc"),
        ("C1 as bytes", b"\x9b31mX\x9d0;t\x9c\x90q\x9c\x85", r"\x9b31mX\x9d0;t\x9c\x90q\x9c\x85"),
        ("C1 as text", "\u{9b}31mX\u{9d}0;t\u{9c}\u{85}".as_bytes(), r"\u{009b}31mX\u{009d}0;t\u{009c}\u{0085}"),
        (
            "direction",
            "abc\u{202e}gnp.exe\u{202c}\u{2066}x\u{2069}\u{200f}\u{61c}".as_bytes(),
            r"abc\u{202e}gnp.exe\u{202c}\u{2066}x\u{2069}\u{200f}\u{061c}",
        ),
        ("zero width", "a\u{200b}b\u{feff}c\u{2060}d".as_bytes(), r"a\u{200b}b\u{feff}c\u{2060}d"),
        ("line separators", "a\u{2028}b\u{2029}c".as_bytes(), r"a\u{2028}b\u{2029}c"),
        (
            "bytes that are no text",
            b"\xff\xfe\xc0\xaf\xed\xa0\x80\xf5\x80\x80\x80\xe2\x82",
            r"\xff\xfe\xc0\xaf\xed\xa0\x80\xf5\x80\x80\x80\xe2\x82",
        ),
        ("zero bytes", b"a\x00b\x00c", r"a\x00b\x00c"),
        ("overwriting", b"safe\rEVIL", r"safe\rEVIL"),
        ("rubbing out", b"safe\x08\x08EVIL\x7f", r"safe\x08\x08EVIL\x7f"),
        ("vertical tab, form feed", b"a\x0bb\x0cc\x0e\x0f", r"a\x0bb\x0cc\x0e\x0f"),
        ("lines", b"a\nb\tc", r"a\nb\tc"),
        ("markup is no business of a terminal", b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("format strings", b"%n%s{}{0}{:?}", "%n%s{}{0}{:?}"),
        ("tags", "x\u{e0067}\u{e007f}".as_bytes(), r"x\u{e0067}\u{e007f}"),
        ("joined emoji", "👨\u{200d}👩".as_bytes(), r"👨\u{200d}👩"),
        ("a backslash", br"C:\x1b", r"C:\\x1b"),
        ("plain text of any script", "Grüße, 世界, नमस्ते".as_bytes(), "Grüße, 世界, नमस्ते"),
    ];

    #[test]
    fn nothing_that_a_packet_holds_reaches_the_screen_but_readable_text() {
        for &(what, bytes, expected) in EVIL {
            assert_eq!(escaped(bytes), expected, "{what}");
        }
        for code in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| c.is_control()) {
            let out = escaped(code.to_string().as_bytes());
            assert!(out.is_ascii() && !out.contains(|c: char| c.is_control()), "{code:?}");
        }
    }

    #[test]
    fn what_is_plain_is_known_at_any_place() {
        for place in 0..17 {
            for b in 0..=u8::MAX {
                let mut text = *b"a text of letters";
                text[place] = b;
                for odd in place..17 {
                    // A second one behind the first hides nothing and is hidden by nothing.
                    let mut text = text;
                    text[odd] = if odd == place { b } else { b'"' };
                    let first = text.iter().position(|b| !matches!(b, b' '..=b'~') || matches!(b, b'\\' | b'"'));
                    assert_eq!(plain_at_first(&text, b'"'), first.unwrap_or(17), "{b:#x} at {place}, {odd}");
                }
            }
        }
    }

    #[test]
    fn a_pile_of_marks_on_one_letter_is_not_drawn() {
        // Latin, Hebrew, Arabic, Devanagari, Thai, Tibetan, musical: each script has its own.
        for mark in ['\u{301}', '\u{5b8}', '\u{64b}', '\u{941}', '\u{e49}', '\u{f72}', '\u{1d167}'] {
            let pile = format!("e{}", mark.to_string().repeat(300));
            let out = escaped(pile.as_bytes());
            assert_eq!(out.matches(mark).count(), usize::from(MOST_MARKS), "{mark:?}");
            assert_eq!(out.matches(r"\u{").count(), 300 - usize::from(MOST_MARKS), "{mark:?}");
            assert!(has_a_pile_of_marks(&pile));
        }
        assert!(!has_a_pile_of_marks("नमस्ते, שָׁלוֹם, ที่นี่"));
    }

    #[test]
    fn no_character_that_only_formats_others_is_drawn() {
        let format = regex::Regex::new(r"^\p{Cf}$").unwrap();
        for c in (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| format.is_match(&c.to_string())) {
            assert!(escaped(c.to_string().as_bytes()).is_ascii(), "{:04x}", u32::from(c));
        }
    }

    #[test]
    fn a_backslash_deceives_nobody_and_is_escaped_all_the_same() {
        assert_eq!(['\\', '/', '\u{202e}', '\u{ad}'].map(is_deceptive), [false, false, true, true]);
        assert_eq!(escaped(b"a\\b"), r"a\\b");
    }

    #[test]
    fn a_sentence_keeps_its_backslashes_and_lines_and_nothing_else() {
        let written = |text| written(|out| escape_prose(text, out));
        assert_eq!(written("ends in \\r\\n\nnext"), "ends in \\r\\n\nnext");
        assert_eq!(written("\x1b]52;c;\x07\u{9b}\u{202e}"), r"\x1b]52;c;\x07\u{009b}\u{202e}");
    }

    #[test]
    fn a_bounded_text_says_that_it_goes_on_and_never_cuts_an_escape() {
        let cut = |bytes: &[u8], most| written(|out| _ = escape_within(bytes, most, out));
        assert_eq!(cut(b"abcdef", 6), "abcdef");
        assert_eq!(cut(b"abcdef", 5), "abcde…");
        assert_eq!(cut(b"abc\x1b[31m", 6), "abc…");
        assert_eq!(cut("世界世界".as_bytes(), 3), "世界世…");
        assert_eq!(cut(&b"A".repeat(20_000), 10), "AAAAAAAAAA…");
        assert_eq!(cut(b"a", 0), "…");
        assert_eq!(cut(b"", 0), "");
        for most in 0..40 {
            for &(what, bytes, _) in EVIL {
                assert!(cut(bytes, most).chars().count() <= most + 1, "{what} in {most}");
            }
        }
    }

    #[test]
    fn numbers_are_written_as_wireshark_writes_them() {
        assert_eq!(written(|o| hex(2, 3, o)), "0x002");
        assert_eq!(written(|o| hex(0x1_0000, 4, o)), "0x10000");
        assert_eq!(written(|o| hex(u64::MAX, 0, o)), "0xffffffffffffffff");
        assert_eq!(written(|o| seconds(1_234_567_890, 6, o)), "1.234568");
        assert_eq!(written(|o| seconds(-1_000, 6, o)), "-0.000001");
        assert_eq!(written(|o| seconds(i64::MIN, 0, o)), "-9223372037");
    }

    #[test]
    fn a_duration_has_as_many_decimals_as_it_needs_in_threes() {
        for (nanos, expected) in [
            (0, "0 s"),
            (1, "0.000000001 s"),
            (123_000, "0.000123 s"),
            (1_500_000_000, "1.500 s"),
            (-25_000_000, "-0.025 s"),
        ] {
            assert_eq!(written(|o| duration(nanos, o)), expected);
        }
    }

    #[test]
    fn a_moment_is_a_date_in_utc() {
        let at = |secs, nanos| written(|o| moment(Time::new(secs, nanos), o));
        assert_eq!(at(0, 0), "1970-01-01 00:00:00 UTC");
        assert_eq!(at(951_782_399, 5), "2000-02-28 23:59:59.000000005 UTC");
        assert_eq!(at(951_782_400, 250_000_000), "2000-02-29 00:00:00.250 UTC");
        assert_eq!(at(-1, 0), "1969-12-31 23:59:59 UTC");
        assert_eq!(written(|o| moment(Time(i64::MAX), o)), "2262-04-11 23:47:16.854775807 UTC");
        assert_eq!(written(|o| moment(Time(i64::MIN), o)), "1677-09-21 00:12:43.145224192 UTC");
    }

    #[test]
    fn an_ipv6_address_is_written_as_the_standard_library_writes_it() {
        for text in ["::", "::1", "1::", "fe80::1:0:0:2", "2001:db8:0:1:1:1:1:1", "1:0:0:2::3", "::ffff:10.0.0.1"] {
            let address: Ipv6Addr = text.parse().unwrap();
            assert_eq!(written(|o| ipv6(address.octets(), o)), text);
        }
    }

    #[test]
    fn a_field_is_written_by_its_kind() {
        static PROTO: FieldDef = row::u8_at(0, "t.proto", "P", "").names(&[(6, "TCP")]);
        static FLAGS: FieldDef = row::u16_at(0, "t.flags", "F", "").bits(0x0fff).hex();
        static SYN: FieldDef = row::bit_at(0, 1, 2, "t.syn", "S", "");
        static ADDR: FieldDef = row::ipv4_at(0, "t.addr", "A", "");
        static NAME: FieldDef = row::dynamic(Kind::Text, "t.name", "N", "");
        static DATA: FieldDef = row::dynamic(Kind::Bytes, "t.data", "D", "");
        let mut packet = Packet::new();
        let id = packet.add_buffer(BufferKind::Frame).unwrap();
        packet.buffer_mut(id).unwrap().bytes.extend((0..64).map(|i| i + 9));
        packet.text.extend_from_slice(b"a\x07");
        let slice = |buf, len| Span { buf, start: 0, len };
        let show = |def, value| {
            let field = Field { def, value, span: Span::default(), depth: 0 };
            written(|o| super::value(&packet, &field, o))
        };
        assert_eq!(show(&PROTO, Value::Uint(6)), "6 (TCP)");
        assert_eq!(show(&PROTO, Value::Uint(7)), "7");
        assert_eq!(show(&FLAGS, Value::Uint(2)), "0x002");
        assert_eq!(show(&SYN, Value::Bool(true)), "set");
        assert_eq!(show(&ADDR, Value::Bytes(slice(0, 4))), "9.10.11.12");
        assert_eq!(show(&ADDR, Value::Bytes(slice(0, 3))), "09:0a:0b");
        assert_eq!(show(&NAME, Value::Text(slice(Span::TEXT, 2))), r"a\x07");
        assert!(show(&DATA, Value::Bytes(slice(0, 64))).ends_with(":28… (64 bytes)"));
        assert_eq!(show(&DATA, Value::Bytes(slice(9, 64))), "");
    }
}
