//! Short texts that are put together on the stack and appended as a whole. A line of packets is made of
//! many small pieces; one append for all of them costs far less than one for each.

use std::net::Ipv6Addr;

/// How much fits. What does not is left out, so it is for texts whose length is known.
const ROOM: usize = 128;
/// As much as is checked at once.
const BLOCK: usize = 16;
/// Bytes of a room that is lent: as many as a text may have, and what [`Short::again`] may write behind.
pub(crate) const LENT: usize = 256 + ROOM;
/// Bytes of a text that are copied without a look at its length: most have no more.
const USUAL: usize = 48;
/// The others.
const REST: usize = ROOM - USUAL;

/// A text of at most 128 bytes, ASCII or nearly so; 255 bytes where it is written into a room that is lent.
///
/// Aligned, and appended by whole blocks first: so the standard library sees at a glance what is ASCII.
#[derive(Clone, Debug)]
#[repr(align(16))]
pub(crate) struct Short<B = [u8; ROOM]> {
    bytes: B,
    /// A byte, so that the compiler knows what has room in any case.
    len: u8,
}

/// Each byte in decimal with a point behind it, and how many characters that is.
static OCTETS: [([u8; 4], u8); 256] = {
    let (mut all, mut n) = ([(*b"    ", 0); 256], 0u8);
    loop {
        let (hundreds, tens, ones) = (b'0' + n / 100, b'0' + n / 10 % 10, b'0' + n % 10);
        all[n as usize] = match n {
            0..=9 => ([ones, b'.', b' ', b' '], 2),
            10..=99 => ([tens, ones, b'.', b' '], 3),
            100..=255 => ([hundreds, tens, ones, b'.'], 4),
        };
        if n == u8::MAX {
            break all;
        }
        n += 1;
    }
};

/// The numbers below 100 in two digits.
static PAIRS: [[u8; 2]; 100] = {
    let (mut all, mut n) = ([[0; 2]; 100], 0u8);
    while n < 100 {
        all[n as usize] = [b'0' + n / 10, b'0' + n % 10];
        n += 1;
    }
    all
};

/// The numbers below 1000 in three digits, and a byte that makes it a word.
static THREES: [[u8; 4]; 1000] = {
    let (mut all, mut n) = ([[b' '; 4]; 1000], 0);
    while n < 1000 {
        let [pair, one] = [PAIRS[n / 10 % 100], PAIRS[n % 10]];
        all[n] = [pair[0], pair[1], one[1], b' '];
        n += 1;
    }
    all
};

/// The same in the digits that they need, the first lowest; how many those are is in the highest byte.
static FIRSTS: [u32; 1000] = {
    let (mut all, mut n) = ([0; 1000], 0);
    while n < 1000 {
        let [hundreds, tens, ones, _] = THREES[n];
        all[n] = u32::from_le_bytes(match n {
            0..10 => [ones, b' ', b' ', 1],
            10..100 => [tens, ones, b' ', 2],
            _ => [hundreds, tens, ones, 3],
        });
        n += 1;
    }
    all
};

/// Each byte in two hexadecimal digits with a colon behind them, the first lowest.
static COLONS: [u32; 256] = {
    let (mut all, mut n) = ([0; 256], 0);
    while n < 256 {
        all[n] = u32::from_le_bytes([HEX[n][0], HEX[n][1], b':', 0]);
        n += 1;
    }
    all
};

/// Each byte in two hexadecimal digits.
static HEX: [[u8; 2]; 256] = {
    let (digits, mut all, mut n) = (b"0123456789abcdef", [[0; 2]; 256], 0);
    while n < 256 {
        all[n] = [digits[n >> 4], digits[n & 15]];
        n += 1;
    }
    all
};

impl Short {
    pub(crate) fn new() -> Self {
        Self { bytes: [b' '; ROOM], len: 0 }
    }

    /// What it says.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// What it says, padded with spaces to `len` bytes; of a text that was not cleared.
    #[inline]
    pub(crate) fn padded(&mut self, len: usize) -> Option<&[u8]> {
        // What was written last may have left something behind the text.
        let from = usize::from(self.len);
        if from + BLOCK <= ROOM {
            self.some(&[b' '; BLOCK], 0);
        } else if let Some(rest) = self.bytes.get_mut(from..) {
            rest.fill(b' ');
        }
        self.bytes.get(..len)
    }

    /// Begins anew.
    #[inline]
    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends all of it, and begins anew.
    pub(crate) fn move_to(&mut self, out: &mut String) {
        self.append_to(out);
        *self = Self::new();
    }

    /// Appends all of it.
    pub(crate) fn append_to(&self, out: &mut String) {
        let len = usize::from(self.len);
        let blocks = self.bytes.get(..len.next_multiple_of(BLOCK)).unwrap_or_default();
        let text = std::str::from_utf8(blocks).unwrap_or_default();
        out.push_str(text.get(..len).unwrap_or_default());
    }

    /// The two hexadecimal digits of a byte.
    #[inline]
    pub(crate) const fn digits_of(byte: u8) -> [u8; 2] {
        HEX[byte as usize]
    }
}

impl<'a> Short<&'a mut [u8; LENT]> {
    /// A text that is written where it has to be.
    #[inline]
    pub(crate) fn on(room: &'a mut [u8; LENT]) -> Self {
        Self { bytes: room, len: 0 }
    }

    /// Adds a text that was put together before. All its room is copied, however much of it is text.
    #[inline]
    pub(crate) fn again(&mut self, text: &Short) {
        let Some(room) = self.bytes.get_mut(usize::from(self.len)..) else { return };
        if let (Some(room), Some(text)) = (room.first_chunk_mut::<USUAL>(), text.bytes.first_chunk()) {
            *room = *text;
        }
        if usize::from(text.len) > USUAL
            && let (Some(room), Some(text)) = (room.get_mut(USUAL..), text.bytes.get(USUAL..))
            && let (Some(room), Some(text)) = (room.first_chunk_mut::<REST>(), text.first_chunk())
        {
            *room = *text;
        }
        self.len = self.len.wrapping_add(text.len);
    }
}

impl<B: AsMut<[u8]>> Short<B> {
    /// How many bytes it has.
    #[inline]
    pub(crate) fn len(&self) -> u8 {
        self.len
    }

    /// Adds whole characters of a length that the compiler knows.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, text: &[u8; N]) {
        debug_assert!(usize::from(self.len) + N <= self.bytes.as_mut().len().min(256), "short");
        if let Some(room) = self.bytes.as_mut().get_mut(usize::from(self.len)..).and_then(<[u8]>::first_chunk_mut) {
            *room = *text;
            self.len = self.len.wrapping_add(N.to_le_bytes()[0]);
        }
    }

    /// Adds a text; nothing if it has no room.
    pub(crate) fn add(&mut self, text: &[u8]) {
        let from = usize::from(self.len);
        if let Some(room) = self.bytes.as_mut().get_mut(from..from + text.len())
            && let Ok(len) = u8::try_from(from + text.len())
        {
            room.copy_from_slice(text);
            self.len = len;
        }
    }

    /// Adds the first bytes of some.
    #[inline]
    pub(crate) fn some<const N: usize>(&mut self, text: &[u8; N], count: u8) {
        let len = self.len;
        self.put(text);
        self.len = len.wrapping_add(count);
    }

    /// Adds a number right-aligned in `width` columns; gives how many columns it took.
    #[inline]
    pub(crate) fn right(&mut self, n: u64, width: usize) -> usize {
        let count = digits(n);
        self.spaces(width.saturating_sub(count));
        self.number(n);
        count.max(width)
    }

    /// A dash, at the right of so many columns; how many were written.
    pub(crate) fn dash(&mut self, width: usize) -> usize {
        self.spaces(width.saturating_sub(1));
        self.put(b"-");
        width.max(1)
    }

    /// Adds nanoseconds as seconds with 6 decimals, rounded as tshark does, right-aligned in `width` columns; gives how
    /// many columns they took.
    #[inline]
    pub(crate) fn micros(&mut self, nanos: i64, width: usize) -> usize {
        let whole = digits((nanos.unsigned_abs() + 500) / 1_000_000_000);
        let columns = whole + 7 + usize::from(nanos < 0);
        self.spaces(width.saturating_sub(columns));
        self.seconds(nanos, 6);
        columns.max(width)
    }

    /// Adds spaces.
    #[inline]
    pub(crate) fn spaces(&mut self, count: usize) {
        let mut left = count.min(ROOM);
        while left > 0 {
            let some = left.min(16);
            self.some(&[b' '; 16], some.to_le_bytes()[0]);
            left -= some;
        }
    }

    /// Adds a number in decimal.
    #[inline]
    pub(crate) fn number(&mut self, n: u64) {
        match n {
            0..1000 => self.first(n),
            1000..1_000_000 => {
                self.first(n / 1000);
                self.three(n % 1000);
            }
            _ => {
                let long = long(n);
                self.some(&long.bytes, long.len);
            }
        }
    }

    #[inline]
    fn first(&mut self, n: u64) {
        let text = FIRSTS[(n % 1000) as usize].to_le_bytes();
        self.some(&text, text[3]);
    }

    #[inline]
    fn three(&mut self, n: u64) {
        self.some(&THREES[(n % 1000) as usize], 3);
    }

    /// Adds a signed number in decimal.
    #[inline]
    pub(crate) fn signed(&mut self, n: i64) {
        if n < 0 {
            self.put(b"-");
        }
        self.number(n.unsigned_abs());
    }

    /// Adds a number below 100 in two digits.
    #[inline]
    pub(crate) fn pair(&mut self, n: u64) {
        self.put(&PAIRS[(n % 100) as usize]);
    }

    /// Adds a byte in two hexadecimal digits.
    #[inline]
    pub(crate) fn hex(&mut self, byte: u8) {
        self.put(&HEX[usize::from(byte)]);
    }

    /// Adds bytes in hexadecimal, with colons between.
    #[inline]
    pub(crate) fn octets(&mut self, bytes: &[u8]) {
        let (twos, rest) = bytes.as_chunks::<2>();
        for &[a, b] in twos {
            let six = u64::from(COLONS[usize::from(a)]) | u64::from(COLONS[usize::from(b)]) << 24;
            self.some(&six.to_le_bytes(), 6);
        }
        for &byte in rest {
            self.some(&COLONS[usize::from(byte)].to_le_bytes(), 3);
        }
        if !bytes.is_empty() {
            self.len = self.len.wrapping_sub(1);
        }
    }

    /// Adds nanoseconds as seconds with `decimals` (0 to 9) decimals, rounded as tshark does.
    #[inline]
    pub(crate) fn seconds(&mut self, nanos: i64, decimals: u32) {
        if nanos < 0 {
            self.put(b"-");
        }
        let n = nanos.unsigned_abs();
        match decimals {
            9 => {
                self.number(n / 1_000_000_000);
                self.put(b".");
                self.three(n / 1_000_000 % 1000);
                self.three(n / 1000 % 1000);
                self.three(n % 1000);
            }
            6 => {
                let n = (n + 500) / 1000;
                self.number(n / 1_000_000);
                self.put(b".");
                self.three(n / 1000 % 1000);
                self.three(n % 1000);
            }
            _ => self.any_seconds(n, decimals.min(9)),
        }
    }

    fn any_seconds(&mut self, nanos: u64, decimals: u32) {
        let unit = 10u64.pow(9 - decimals);
        let second = 1_000_000_000 / unit;
        let n = nanos.saturating_add(unit / 2) / unit;
        self.number(n / second);
        if decimals > 0 {
            self.put(b".");
        }
        for place in (0..decimals).rev() {
            self.put(&[b'0' + (n / 10u64.pow(place) % 10).to_le_bytes()[0]]);
        }
    }

    /// Adds nanoseconds as milliseconds, with the decimals that they need.
    pub(crate) fn millis(&mut self, nanos: i64) {
        let decimals = (0..6).find(|&d| nanos.unsigned_abs().is_multiple_of(10u64.pow(6 - d))).unwrap_or(6);
        // A thousand times as many seconds; what is too much for that took a hundred days.
        self.seconds(nanos.saturating_mul(1000), decimals);
    }

    /// Adds an IPv4 address.
    #[inline]
    pub(crate) fn ipv4(&mut self, address: [u8; 4]) {
        for octet in address {
            let (text, len) = OCTETS[usize::from(octet)];
            self.some(&text, len);
        }
        // No point behind the last.
        self.len = self.len.wrapping_sub(1);
    }

    /// Adds an IPv6 address, its longest run of zeros as `::` (RFC 5952).
    pub(crate) fn ipv6(&mut self, bytes: [u8; 16]) {
        let address = Ipv6Addr::from(bytes);
        let groups = address.segments();
        if address.to_ipv4_mapped().is_some() {
            self.put(b"::ffff:");
            let [.., a, b, c, d] = bytes;
            return self.ipv4([a, b, c, d]);
        }
        let (mut best, mut run) = (0..0, 0..0);
        for (i, &g) in groups.iter().enumerate() {
            run = if g != 0 { i + 1..i + 1 } else { run.start..i + 1 };
            // RFC 5952 §4.2: the first of the longest, and never a single group.
            if run.len() > best.len().max(1) {
                best = run.clone();
            }
        }
        for (i, &g) in groups.iter().enumerate() {
            if best.contains(&i) {
                if i == best.start {
                    self.put(b"::");
                }
                continue;
            }
            if i > 0 && i != best.end {
                self.put(b":");
            }
            self.group(g);
        }
    }

    /// Adds a group of an IPv6 address, without zeros before it.
    #[inline]
    fn group(&mut self, group: u16) {
        let [high, low] = group.to_be_bytes().map(|byte| HEX[usize::from(byte)]);
        let count = (16 - (group | 1).leading_zeros()).div_ceil(4);
        let text = u32::from_be_bytes([high[0], high[1], low[0], low[1]]) << (8 * (4 - count));
        self.some(&text.to_be_bytes(), count.to_le_bytes()[0]);
    }
}

/// A number of 7 digits or more.
#[inline(never)]
fn long(n: u64) -> Short<[u8; 24]> {
    let mut short = Short { bytes: [b' '; 24], len: 0 };
    short.number(n / 1_000_000);
    short.three(n / 1000 % 1000);
    short.three(n % 1000);
    short
}

/// Decimal digits of a number. Most are short: a few comparisons are quicker than a logarithm.
#[inline]
fn digits(n: u64) -> usize {
    let (mut rest, mut before) = (n, 0);
    loop {
        match rest {
            0..=9 => return before + 1,
            10..=99 => return before + 2,
            100..=999 => return before + 3,
            1000..=9999 => return before + 4,
            _ => (rest, before) = (rest / 10_000, before + 4),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Short)) -> String {
        let (mut short, mut out) = (Short::new(), String::new());
        write(&mut short);
        short.append_to(&mut out);
        out
    }

    #[test]
    fn numbers_and_addresses_are_written_as_the_standard_library_writes_them() {
        for n in (0..20).flat_map(|power| [10u64.pow(power) - 1, 10u64.pow(power)]).chain([0, 65_535, u64::MAX]) {
            assert_eq!(written(|s| s.number(n)), n.to_string());
        }
        for octet in 0..=255 {
            let address = [octet, 0, 255 - octet, 10];
            assert_eq!(written(|s| s.ipv4(address)), std::net::Ipv4Addr::from(address).to_string());
        }
    }

    #[test]
    fn spaces_fill_what_was_left_behind_to_the_end() {
        for length in [0, 1, ROOM - BLOCK, ROOM - BLOCK + 1, ROOM - 1, ROOM] {
            let mut short = Short { bytes: [b'x'; ROOM], len: 0 };
            short.add(&[b'a'; ROOM][..length]);
            let end = (length + BLOCK).min(ROOM);
            let (text, spaces) = short.padded(end).unwrap().split_at(length);
            assert!(text.iter().all(|&b| b == b'a') && spaces.iter().all(|&b| b == b' '), "{length}");
            assert_eq!(short.padded(ROOM + 1), None);
        }
    }

    #[test]
    fn a_room_that_is_lent_takes_twice_as_much_and_the_same_text_again() {
        for words in [1, 7, 8, 20] {
            let (mut text, mut room) = (Short::new(), [0; LENT]);
            (0..words).for_each(|_| text.put(b"longer"));
            let mut pen = Short::on(&mut room);
            pen.again(&text);
            pen.number(1_234_567_890);
            pen.again(&text);
            let len = usize::from(pen.len());
            let both = format!("{0}1234567890{0}", "longer".repeat(words));
            assert_eq!(std::str::from_utf8(&room[..len]).unwrap(), both);
        }
    }

    #[test]
    fn bytes_have_colons_between_them() {
        for (bytes, text) in [(&[][..], ""), (&[0], "00"), (&[2, 0, 0xfe], "02:00:fe")] {
            assert_eq!(written(|s| s.octets(bytes)), text);
        }
    }

    #[test]
    fn milliseconds_have_the_decimals_that_they_need() {
        let cases = [(0, "0"), (57_000, "0.057"), (25_188, "0.025188"), (12_000_000, "12"), (-1_500_000, "-1.5")];
        for (nanos, text) in cases {
            assert_eq!(written(|s| s.millis(nanos)), text);
        }
    }

    #[test]
    fn columns_are_counted_and_filled_from_the_left() {
        let mut columns = 0;
        assert_eq!(written(|s| (s.ipv4([10, 0, 0, 1]), s.spaces(2), s.put(b"x")).0), "10.0.0.1  x");
        assert_eq!(written(|s| columns = s.right(42, 5)), "   42");
        assert_eq!(columns, 5);
        assert_eq!(written(|s| columns = s.right(123_456, 5)), "123456");
        assert_eq!(columns, 6);
        assert_eq!(written(|s| columns = s.micros(-1_500_500, 11)), "  -0.001501");
        assert_eq!(columns, 11);
        assert_eq!(written(|s| s.seconds(i64::MAX, 9)), "9223372036.854775807");
        assert_eq!(written(|s| s.seconds(-1_500_000, 3)), "-0.002");
    }
}
