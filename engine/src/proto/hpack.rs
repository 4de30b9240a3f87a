//! HPACK — RFC 7541: how HTTP/2 packs header lines. Both ends keep a table of the lines that went by; a line that is
//! in it is sent as its number, other texts may be packed by a fixed Huffman code.
//!
//! ```text
//! 1.......  number                       a line of the table (§6.1)
//! 01......  number, or name; value       a line, which goes into the table (§6.2.1)
//! 0000....  0001....  the same           a line that doesn't, or never may (§6.2.2, §6.2.3)
//! 001.....  size                         the table may be so large from here on (§6.3)
//! ```
//!
//! The table is bytes here, kept where all that is kept is ([`Shelf`](super::shelf::Shelf)), so that it can be measured and
//! given up when memory is full. The crates that were looked at keep it to themselves (`loona-hpack`), panic on some
//! input (`fluke-hpack`), or take a text that is padded wrongly (`httlib-huffman`).

use std::ops::Range;

/// The largest table that is kept (RFC 9113 §6.5.2 sets no bound).
const LARGEST: usize = 1 << 16;
/// What a table may hold before anybody says more (RFC 9113 §6.5.2).
pub(super) const USUAL: usize = 4096;
/// What each line of the table counts beyond its texts (§4.1).
const COST: usize = 32;
/// The most bytes, and the most lines, that one block may unpack to.
const MOST_BYTES: usize = 1 << 18;
const MOST_LINES: usize = 4096;

/// What one direction's table is. Its bytes are kept elsewhere: line after line, the oldest first, as
/// `length of name (32) | length of value (32) | name | value`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    /// As §4.1 counts.
    size: usize,
    /// The bound in force.
    most: usize,
    /// The largest that was ever asked for.
    asked: usize,
}

/// How a line was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Indexed,
    Kept,
    NotKept,
    NeverKept,
    Resize,
}

/// One instruction of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) how: How,
    /// The table's line that it names, or the new size; 0 is no line.
    pub(super) number: usize,
    /// Where its texts are in the block, and whether they're packed.
    name: Option<Text>,
    value: Option<Text>,
    /// Where the next one begins.
    pub(super) end: usize,
}

type Text = (Range<usize>, bool);

/// Why a block cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// It breaks RFC 7541: how.
    Wrong(&'static str),
    /// It asks for more than is kept: for what.
    TooMuch(&'static str),
}

const CUT: Bad = Bad::Wrong("the header block ends in the middle of a line (RFC 7541 §6)");

impl Default for Table {
    fn default() -> Self {
        Self { size: 0, most: USUAL, asked: 0 }
    }
}

impl Table {
    /// The largest size that the sender has asked for.
    pub(super) fn asked(&self) -> usize {
        self.asked
    }

    /// Unpacks a block. `lines` are the table's bytes; `starts` is scratch. `out` gets each line as
    /// `length of name (32) | name | length of value (32) | value`. After an error the table is unknown.
    pub(super) fn unpack(
        &mut self,
        block: &[u8],
        lines: &mut Vec<u8>,
        starts: &mut Vec<u32>,
        out: &mut Vec<u8>,
    ) -> Result<(), Bad> {
        let mut open = Open::new(self, lines, starts);
        let (mut at, mut count) = (0, 0);
        while at < block.len() {
            let step = Step::read(block, at)?;
            at = step.end;
            count += 1;
            open.line(block, &step, out)?;
            if count > MOST_LINES || out.len() > MOST_BYTES {
                return Err(Bad::TooMuch("the header block unpacks to more lines than are read here"));
            }
        }
        let first = open.first_byte();
        lines.drain(..first);
        Ok(())
    }
}

/// A table in use.
struct Open<'a> {
    table: &'a mut Table,
    lines: &'a mut Vec<u8>,
    /// Where each line begins.
    starts: &'a mut Vec<u32>,
    /// The first of them that is still in the table.
    first: usize,
}

impl<'a> Open<'a> {
    fn new(table: &'a mut Table, lines: &'a mut Vec<u8>, starts: &'a mut Vec<u32>) -> Self {
        starts.clear();
        let mut at = 0;
        while let Some((name, value)) = texts(lines, at) {
            starts.push(u32::try_from(at).unwrap_or(u32::MAX));
            at = value.end.max(name.end);
        }
        Self { table, lines, starts, first: 0 }
    }

    fn first_byte(&self) -> usize {
        self.starts.get(self.first).map_or(self.lines.len(), |&at| at as usize)
    }

    /// Where a line of the dynamic table is; 0 is the newest.
    fn entry(&self, back: usize) -> Option<(Range<usize>, Range<usize>)> {
        let index = self.starts.len().checked_sub(back + 1).filter(|&i| i >= self.first)?;
        texts(self.lines, *self.starts.get(index)? as usize)
    }

    fn line(&mut self, block: &[u8], step: &Step, out: &mut Vec<u8>) -> Result<(), Bad> {
        if step.how == How::Resize {
            self.table.asked = self.table.asked.max(step.number);
            self.table.most = step.number;
            self.evict(0);
            return if step.number > LARGEST {
                Err(Bad::TooMuch("the table of header lines is larger than is kept here"))
            } else {
                Ok(())
            };
        }
        let from = out.len();
        let known = |open: &Self, out: &mut Vec<u8>, value: bool| {
            let index = step.number - 1;
            if let Some((name, text)) = STATIC.get(index) {
                put(out, if value { text } else { name }.as_bytes());
                return Ok(());
            }
            let missing = Bad::Wrong("a header line isn't in the table (RFC 7541 §2.3.3)");
            let (name, text) = open.entry(index - STATIC.len()).ok_or(missing)?;
            put(out, open.lines.get(if value { text } else { name }).unwrap_or(&[]));
            Ok(())
        };
        match (&step.name, step.number) {
            (Some(text), _) => put_text(out, block, text)?,
            (None, 0) => return Err(Bad::Wrong("no header line has the number 0 (RFC 7541 §6.1)")),
            (None, _) => known(self, out, false)?,
        }
        let middle = out.len();
        match &step.value {
            Some(text) => put_text(out, block, text)?,
            None => known(self, out, true)?,
        }
        if step.how == How::Kept {
            let (name, value) = (from + 4..middle, middle + 4..out.len());
            let cost = name.len() + value.len() + COST;
            self.evict(cost);
            if cost <= self.table.most {
                self.starts.push(u32::try_from(self.lines.len()).unwrap_or(u32::MAX));
                self.table.size += cost;
                for part in [from..from + 4, middle..middle + 4, name, value] {
                    self.lines.extend_from_slice(out.get(part).unwrap_or(&[]));
                }
            }
        }
        Ok(())
    }

    /// Removes the oldest lines until the table fits its size (§4.4).
    fn evict(&mut self, cost: usize) {
        while self.table.size.saturating_add(cost) > self.table.most {
            let Some(&at) = self.starts.get(self.first) else { break };
            let size = texts(self.lines, at as usize).map_or(0, |(n, v)| n.len() + v.len() + COST);
            self.table.size = self.table.size.saturating_sub(size);
            self.first += 1;
        }
        // What is behind is dropped once it outweighs what is kept.
        let behind = self.first_byte();
        if behind > LARGEST {
            self.lines.drain(..behind);
            self.starts.drain(..self.first);
            for start in &mut *self.starts {
                *start = start.saturating_sub(u32::try_from(behind).unwrap_or(u32::MAX));
            }
            self.first = 0;
        }
    }
}

/// Where the texts of the table's line at `at` are.
fn texts(lines: &[u8], at: usize) -> Option<(Range<usize>, Range<usize>)> {
    let length = |at: usize| Some(u32::from_be_bytes(*lines.get(at..)?.first_chunk()?) as usize);
    let (name, value) = (length(at)?, length(at + 4)?);
    let middle = at + 8 + name;
    Some((at + 8..middle, middle..middle + value))
}

fn put(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(text);
}

fn put_text(out: &mut Vec<u8>, block: &[u8], (place, packed): &Text) -> Result<(), Bad> {
    let text = block.get(place.clone()).unwrap_or(&[]);
    if !packed {
        put(out, text);
        return Ok(());
    }
    let from = out.len();
    put(out, b"");
    if !huffman(text, out) {
        return Err(Bad::Wrong("a text isn't packed as it says (RFC 7541 §5.2)"));
    }
    let len = u32::try_from(out.len() - from - 4).unwrap_or(u32::MAX).to_be_bytes();
    if let Some(place) = out.get_mut(from..from + 4) {
        place.copy_from_slice(&len);
    }
    Ok(())
}

impl Step {
    /// Reads the instruction at `at` (§6).
    pub(super) fn read(block: &[u8], at: usize) -> Result<Self, Bad> {
        let first = *block.get(at).ok_or(CUT)?;
        let (how, bits) = match first {
            0x80.. => (How::Indexed, 7),
            0x40.. => (How::Kept, 6),
            0x20.. => (How::Resize, 5),
            0x10.. => (How::NeverKept, 4),
            _ => (How::NotKept, 4),
        };
        let (number, mut end) = integer(block, at, bits)?;
        let (mut name, mut value) = (None, None);
        if !matches!(how, How::Indexed | How::Resize) {
            if number == 0 {
                (name, end) = text(block, end)?;
            }
            (value, end) = text(block, end)?;
        }
        Ok(Self { how, number, name, value, end })
    }
}

/// A number that begins in the last `bits` of a byte (§5.1).
fn integer(block: &[u8], at: usize, bits: u8) -> Result<(usize, usize), Bad> {
    let most = (1_usize << bits) - 1;
    let mut number = usize::from(*block.get(at).ok_or(CUT)?) & most;
    let mut at = at + 1;
    if number < most {
        return Ok((number, at));
    }
    for shift in [0, 7, 14, 21] {
        let byte = *block.get(at).ok_or(CUT)?;
        at += 1;
        number += usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok((number, at));
        }
    }
    Err(Bad::Wrong("a number is longer than any that is needed (RFC 7541 §5.1)"))
}

/// A text (§5.2).
fn text(block: &[u8], at: usize) -> Result<(Option<Text>, usize), Bad> {
    let packed = block.get(at).ok_or(CUT)? & 0x80 != 0;
    let (len, from) = integer(block, at, 7)?;
    let end = from.checked_add(len).filter(|&end| end <= block.len()).ok_or(CUT)?;
    Ok((Some((from..end, packed)), end))
}

/// Unpacks a text; `false` where no text is packed so (§5.2).
fn huffman(packed: &[u8], out: &mut Vec<u8>) -> bool {
    let (mut bits, mut have) = (0_u64, 0_u32);
    let mut rest = packed.iter();
    loop {
        while have <= 32
            && let Some(&byte) = rest.next()
        {
            bits = bits << 8 | u64::from(byte);
            have += 8;
        }
        let found = (SHORTEST..=LONGEST.min(have)).find_map(|len| {
            let code = bits >> (have - len) & ((1 << len) - 1);
            let row = CODE.rows.get(len as usize)?;
            let nth = code.checked_sub(row.first).filter(|&n| n < row.count)?;
            Some((*CODE.symbols.get(usize::try_from(row.before + nth).ok()?)?, len))
        });
        match found {
            // The sign that ends all, which is never sent.
            Some((256.., _)) => return false,
            Some((symbol, len)) => {
                out.push(symbol.to_le_bytes()[0]);
                have -= len;
            }
            // What fills the last byte is the beginning of that sign: ones.
            None => return have < 8 && bits & ((1 << have) - 1) == (1 << have) - 1,
        }
    }
}

const SHORTEST: u32 = 5;
const LONGEST: u32 = 30;

/// The code, told by the lengths of its signs: those of one length are numbered upwards (Appendix B).
struct Code {
    rows: [Row; LONGEST as usize + 1],
    symbols: [u16; LENGTHS.len()],
}

#[derive(Clone, Copy)]
struct Row {
    first: u64,
    count: u64,
    before: u64,
}

static CODE: Code = code();

const fn code() -> Code {
    let mut all =
        Code { rows: [Row { first: 0, count: 0, before: 0 }; LONGEST as usize + 1], symbols: [0; LENGTHS.len()] };
    let (mut len, mut next, mut before) = (1, 0, 0);
    while len < all.rows.len() {
        next <<= 1;
        all.rows[len] = Row { first: next, count: 0, before: before as u64 };
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == len {
                #[expect(clippy::cast_possible_truncation, reason = "there are 257 of them")]
                let sign = symbol as u16;
                all.symbols[before] = sign;
                all.rows[len].count += 1;
                next += 1;
                before += 1;
            }
            symbol += 1;
        }
        len += 1;
    }
    all
}

/// How many bits the sign of each byte has; the last one ends all (Appendix B).
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// The lines that every table begins with (Appendix A).
static STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }

    #[derive(Default)]
    struct Decoder {
        table: Table,
        lines: Vec<u8>,
        starts: Vec<u32>,
    }

    impl Decoder {
        fn read(&mut self, block: &[u8]) -> Result<Vec<(String, String)>, Bad> {
            let mut out = Vec::new();
            self.table.unpack(block, &mut self.lines, &mut self.starts, &mut out)?;
            assert!(self.table.size <= self.table.most);
            let (mut all, mut at) = (Vec::new(), 0);
            let next = |at: &mut usize| {
                let len = u32::from_be_bytes(out[*at..*at + 4].try_into().unwrap()) as usize;
                *at += 4 + len;
                String::from_utf8_lossy(&out[*at - len..*at]).into_owned()
            };
            while at < out.len() {
                all.push((next(&mut at), next(&mut at)));
            }
            Ok(all)
        }

        fn told(&mut self, block: &str) -> String {
            let lines = self.read(&hex(block)).unwrap();
            lines.into_iter().flat_map(|(name, value)| [name, "=".into(), value, ";".into()]).collect()
        }
    }

    #[test]
    fn the_standards_own_requests_are_read() {
        // RFC 7541 C.4: each refers to lines of those before it.
        let mut d = Decoder::default();
        let first = ":method=GET;:scheme=http;:path=/;:authority=www.example.com;";
        assert_eq!(d.told("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"), first);
        assert_eq!(d.told("8286 84be 5886 a8eb 1064 9cbf"), format!("{first}cache-control=no-cache;"));
        assert_eq!(
            d.told("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"),
            ":method=GET;:scheme=https;:path=/index.html;:authority=www.example.com;custom-key=custom-value;"
        );
        assert_eq!(d.table.size, 164);
    }

    #[test]
    fn the_standards_own_answers_push_old_lines_out() {
        // RFC 7541 C.6, in a table of 256 bytes.
        let mut d = Decoder::default();
        d.read(&[0x3f, 0xe1, 0x01]).unwrap();
        assert_eq!(d.table.most, 256);
        let all = d.told("4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3");
        assert!(
            all.starts_with(":status=302;cache-control=private;date=Mon, 21 Oct 2013 20:13:21 GMT;location=https:"),
            "{all}"
        );
        assert_eq!(d.table.size, 222);
        assert!(d.told("4883 640e ffc1 c0bf").starts_with(":status=307;cache-control=private;date="));
        let all = d.told("88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07");
        assert!(
            all.contains("content-encoding=gzip;set-cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1;"),
            "{all}"
        );
        assert_eq!(d.table.size, 215);
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for (block, why) in [
            ("80", "number 0"),
            ("be", "isn't in the table"),
            ("00", "ends in the middle"),
            ("0005 61", "ends in the middle"),
            ("ff", "ends in the middle"),
            ("ff ff ff ff ff ff 01", "longer than any"),
            // Eight bits of filling; filling with a zero; the sign that is never sent.
            ("0081 ff 00", "isn't packed"),
            ("0081 18 00", "isn't packed"),
            ("0084 ffff fffc 00", "isn't packed"),
        ] {
            let why_not = Decoder::default().read(&hex(block)).unwrap_err();
            assert!(matches!(why_not, Bad::Wrong(said) if said.contains(why)), "{block}: {why_not:?}");
        }
        let too_large = Decoder::default().read(&hex("3f e2 ff 03"));
        assert!(matches!(too_large, Err(Bad::TooMuch(_))), "{too_large:?}");
    }

    #[test]
    fn a_line_larger_than_the_table_empties_it_and_a_bomb_is_cut() {
        let mut d = Decoder::default();
        d.read(b"\x40\x01a\x01b").unwrap();
        d.read(&[&b"\x40\x01a\x7f\xa1\x1f"[..], &[b'x'; 4128]].concat()).unwrap();
        assert_eq!((d.table.size, d.lines.len()), (0, 0));
        // One line of 4 kB, named again and again.
        d.read(&[&b"\x40\x01a\x7f\x81\x1e"[..], &[b'x'; 3968]].concat()).unwrap();
        assert!(matches!(d.read(&[0xbe; 100]), Err(Bad::TooMuch(_))));
        assert!(matches!(d.read(&[0x82; MOST_LINES + 1]), Err(Bad::TooMuch(_))));
    }

    #[test]
    fn random_and_damaged_blocks_keep_all_bounds() {
        let mut seed = 7_u32;
        let mut random = move || {
            seed ^= seed << 13;
            seed ^= seed >> 17;
            seed ^= seed << 5;
            seed
        };
        let good = hex("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf 3fe1 01 4003 616263 83 1c64 5f");
        let mut d = Decoder::default();
        for n in 0..20_000 {
            let mut block = good.clone();
            for _ in 0..=random() % 4 {
                let at = random() as usize % block.len();
                block[at] = random().to_le_bytes()[0];
            }
            if n % 3 == 0 {
                block = (0..random() % 40).map(|_| random().to_le_bytes()[0]).collect();
            }
            if d.read(&block).is_err() {
                d = Decoder::default();
            }
            assert!(d.lines.len() <= 2 * LARGEST && d.table.most <= LARGEST);
        }
    }
}
