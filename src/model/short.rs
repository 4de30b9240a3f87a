//! Short texts that are put together on the stack and appended as a whole. A line of packets is made of
//! many small pieces; one append for all of them costs far less than one for each.

/// How much fits. What does not is left out, so it is for texts whose length is known.
const ROOM: usize = 128;
/// As much as is checked at once.
const BLOCK: usize = 16;

/// A text of at most 128 bytes, ASCII or nearly so.
///
/// Aligned, and appended by whole blocks first: so the standard library sees at a glance what is ASCII.
#[repr(align(16))]
pub(crate) struct Short {
    /// Behind the text stand spaces.
    bytes: [u8; ROOM],
    len: usize,
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

    /// Adds whole characters of a length that the compiler knows.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, text: &[u8; N]) {
        debug_assert!(self.len + N <= ROOM, "short");
        if let Some(room) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut) {
            *room = *text;
            self.len += N;
        }
    }

    /// Adds a number in decimal.
    #[inline]
    pub(crate) fn number(&mut self, n: u64) {
        match n {
            0..=9 => self.digit(n),
            10..=99 => self.pair(n),
            100..=999 => {
                self.digit(n / 100);
                self.pair(n % 100);
            }
            1000..=9999 => self.four(n),
            _ => self.long(n),
        }
    }

    #[inline]
    fn digit(&mut self, n: u64) {
        self.put(&[b'0' + n.to_le_bytes()[0]]);
    }

    #[inline]
    fn four(&mut self, n: u64) {
        self.pair(n / 100);
        self.pair(n % 100);
    }

    #[inline(never)]
    fn long(&mut self, n: u64) {
        self.number(n / 10_000);
        self.four(n % 10_000);
    }

    /// Adds the last `count` decimal digits of a number, with zeros before it.
    #[inline]
    fn digits(&mut self, n: u64, count: usize) {
        let Some(room) = self.bytes.get_mut(self.len..self.len + count) else { return };
        let mut rest = n;
        let mut pairs = room.rchunks_exact_mut(2);
        for pair in &mut pairs {
            pair.copy_from_slice(&PAIRS[(rest % 100) as usize]);
            rest /= 100;
        }
        if let [digit] = pairs.into_remainder() {
            [_, *digit] = PAIRS[(rest % 10) as usize];
        }
        self.len += count;
    }

    /// Adds a number below 100 in two digits.
    #[inline]
    pub(crate) fn pair(&mut self, n: u64) {
        self.put(&PAIRS[(n % 100) as usize]);
    }

    /// Adds a byte in two hexadecimal digits.
    #[inline]
    pub(crate) fn hex(&mut self, byte: u8) {
        self.put(&Self::digits_of(byte));
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

    /// Adds nanoseconds as seconds with `decimals` (0 to 9) decimals, rounded as tshark does, right-aligned in `width`
    /// columns; gives how many columns they took.
    #[inline]
    pub(crate) fn seconds(&mut self, nanos: i64, decimals: u32, width: usize) -> usize {
        match decimals {
            6 if nanos >= 0 => self.micros(nanos.unsigned_abs(), width),
            9 if nanos >= 0 => self.nanos(nanos.unsigned_abs(), width),
            _ => self.any_seconds(nanos, decimals, width),
        }
    }

    /// The same of what nearly all times are, written with 6 decimals.
    fn micros(&mut self, nanos: u64, width: usize) -> usize {
        let n = (nanos + 500) / 1000;
        let (whole, fraction) = (n / 1_000_000, n % 1_000_000);
        let columns = digits(whole) + 7;
        self.spaces(width.saturating_sub(columns));
        self.number(whole);
        self.put(b".");
        self.pair(fraction / 10_000);
        self.four(fraction % 10_000);
        columns.max(width)
    }

    /// The same with 9 decimals.
    fn nanos(&mut self, n: u64, width: usize) -> usize {
        let (whole, fraction) = (n / 1_000_000_000, n % 1_000_000_000);
        let columns = digits(whole) + 10;
        self.spaces(width.saturating_sub(columns));
        self.number(whole);
        self.put(b".");
        self.digit(fraction / 100_000_000);
        self.four(fraction / 10_000 % 10_000);
        self.four(fraction % 10_000);
        columns.max(width)
    }

    fn any_seconds(&mut self, nanos: i64, decimals: u32, width: usize) -> usize {
        let decimals = decimals.min(9);
        let unit = 10u64.pow(9 - decimals);
        let second = 1_000_000_000 / unit;
        let n = nanos.unsigned_abs().saturating_add(unit / 2) / unit;
        let (whole, fraction) = (n / second, n % second);
        let (whole_digits, places) = (digits(whole), decimals as usize);
        let columns = whole_digits + usize::from(decimals > 0) + places + usize::from(nanos < 0);
        self.spaces(width.saturating_sub(columns));
        if nanos < 0 {
            self.put(b"-");
        }
        self.digits(whole, whole_digits);
        if decimals > 0 {
            self.put(b".");
            self.digits(fraction, places);
        }
        columns.max(width)
    }

    /// Adds nanoseconds as milliseconds, with the decimals that they need.
    pub(crate) fn millis(&mut self, nanos: i64) {
        let decimals = (0..6).find(|&d| nanos.unsigned_abs().is_multiple_of(10u64.pow(6 - d))).unwrap_or(6);
        // A thousand times as many seconds; what is too much for that took a hundred days.
        self.seconds(nanos.saturating_mul(1000), decimals, 0);
    }

    /// Adds an IPv4 address.
    #[inline]
    pub(crate) fn ipv4(&mut self, address: [u8; 4]) {
        for octet in address {
            let (text, len) = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
            self.put(&text);
            self.len -= text.len() - usize::from(len);
        }
        // No point behind the last.
        self.len -= 1;
        if let Some(point) = self.bytes.get_mut(self.len) {
            *point = b' ';
        }
    }

    /// The two hexadecimal digits of a byte.
    #[inline]
    pub(crate) fn digits_of(byte: u8) -> [u8; 2] {
        HEX[usize::from(byte)]
    }

    /// Adds spaces.
    #[inline]
    pub(crate) fn spaces(&mut self, count: usize) {
        self.len = (self.len + count).min(ROOM);
    }

    /// Appends all of it, and begins anew.
    pub(crate) fn move_to(&mut self, out: &mut String) {
        self.append_to(out);
        *self = Self::new();
    }

    /// Appends all of it.
    pub(crate) fn append_to(&self, out: &mut String) {
        let blocks = self.bytes.get(..self.len.next_multiple_of(BLOCK)).unwrap_or_default();
        let text = std::str::from_utf8(blocks).unwrap_or_default();
        out.push_str(text.get(..self.len).unwrap_or_default());
    }
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
        assert_eq!(written(|s| columns = s.seconds(-1_500_000, 3, 8)), "  -0.002");
        assert_eq!(columns, 8);
        assert_eq!(written(|s| columns = s.seconds(i64::MAX, 9, 0)), "9223372036.854775807");
        assert_eq!(columns, 20);
    }
}
