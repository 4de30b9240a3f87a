//! Who follows whom: the keys of [`REGISTRY`], made into tables by the compiler.

use super::{Carrier, Framing, JOINED, Key, Look, Over, Protocol, REGISTRY, StreamCtx};
use crate::model::{FieldDef, Identity};
use std::collections::HashSet;
use std::sync::LazyLock;

/// A protocol's own rows, and those that it shares with another.
pub(super) const fn joined<const N: usize>(
    own: &[&'static FieldDef],
    shared: &[&'static FieldDef],
) -> [&'static FieldDef; N] {
    let (mut all, mut i) = ([own[0]; N], 0);
    assert!(N == own.len() + shared.len(), "each row has one place");
    while i < N {
        all[i] = if i < own.len() { own[i] } else { shared[i - own.len()] };
        i += 1;
    }
    all
}

/// The protocol that follows `key`.
pub fn lookup(key: Key) -> Option<&'static Protocol> {
    numbered(key).1
}

/// The same, and the number of the key, where it is one.
#[expect(clippy::inline_always, reason = "measured: each layer asks, and mostly the kind of key is known here")]
#[inline(always)]
pub(super) fn numbered(key: Key) -> (u32, Option<&'static Protocol>) {
    let (number, place) = match key {
        Key::Link(n) => (n, LINKS.place(n)),
        Key::EtherType(n) => (n, ETHER_TYPES.place(n)),
        Key::IpProto(n) => (n.into(), IP_PROTOS.place(n.into())),
        Key::TcpPort(n) => (n, TCP_PORTS.place(n)),
        Key::UdpPort(n) => (n, UDP_PORTS.place(n)),
        _ => return (key.number(), rare(key)),
    };
    (number.into(), REGISTRY.get(usize::from(place).wrapping_sub(1)).copied())
}

#[inline(never)]
fn rare(key: Key) -> Option<&'static Protocol> {
    OTHERS.iter().map_while(|&row| row).find(|p| p.follows.contains(&key))
}

impl Key {
    fn number(self) -> u32 {
        match self {
            Self::EtherType(n)
            | Self::Link(n)
            | Self::Ppp(n)
            | Self::TcpPort(n)
            | Self::UdpPort(n)
            | Self::Cisco(n) => u32::from(n),
            Self::IpProto(n) | Self::Sap(n) | Self::Igmp(n) => u32::from(n),
            Self::Upgrade(_)
            | Self::Media(_)
            | Self::Query(..)
            | Self::Within(_)
            | Self::Handshake
            | Self::Announced(_)
            | Self::TcpPorts(..)
            | Self::UdpPorts(..)
            | Self::Guess => 0,
        }
    }
}

/// The protocol that reads bodies of this media type (RFC 9110 §8.3; suffixes: RFC 6839).
pub fn media(content_type: &[u8]) -> Option<&'static Protocol> {
    let essence = content_type.split(|&b| b == b';').next().unwrap_or(&[]).trim_ascii();
    let matches = |name: &str| match essence.len().checked_sub(name.len()) {
        Some(0) => essence.eq_ignore_ascii_case(name.as_bytes()),
        Some(cut) if name.starts_with('+') => {
            essence.get(cut..).is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
        }
        _ => false,
    };
    MEDIA
        .iter()
        .map_while(|&row| row)
        .find(|p| p.follows.iter().any(|k| matches!(k, Key::Media(name) if matches(name))))
}

/// The key of an upgrade token (RFC 9110 §7.8); one that nobody follows where it is unknown.
pub fn upgrade(token: &[u8]) -> Key {
    let keys = REGISTRY.iter().flat_map(|p| p.follows);
    let known = keys.copied().find(|k| matches!(k, Key::Upgrade(name) if token.eq_ignore_ascii_case(name.as_bytes())));
    known.unwrap_or(Key::Upgrade(""))
}

/// The protocol that the query of this target asks for, in what this carrier brings.
pub fn by_query(carrier: Carrier, target: &[u8]) -> Option<&'static Protocol> {
    asked_by(target, |c| c == carrier)
}

/// Whether a protocol asks for the target of this request: then it is worth to be remembered.
pub fn is_asked_for(target: &[u8]) -> bool {
    asked_by(target, |_| true).is_some()
}

fn asked_by(target: &[u8], fits: impl Fn(Carrier) -> bool) -> Option<&'static Protocol> {
    let query = target.get(target.iter().position(|&b| b == b'?')? + 1..)?;
    let stands = |pair: &&str| query.split(|&b| b == b'&').any(|p| p == pair.as_bytes());
    let asks = |key: &Key| matches!(key, Key::Query(carrier, pairs) if fits(*carrier) && pairs.iter().all(&stands));
    QUERIES.iter().map_while(|&row| row).find(|row| row.follows.iter().any(asks))
}

/// The protocol that recognises these bytes as its own message inside one of `outer`.
pub fn within(outer: &str, bytes: &[u8], ctx: &mut StreamCtx<'_>) -> Option<&'static Protocol> {
    let mut rows = INNER
        .iter()
        .map_while(|&row| row)
        .filter(|row| row.follows.iter().any(|k| matches!(k, Key::Within(name) if *name == outer)));
    rows.find(|row| matches!(row.over, Over::Stream(frame) if matches!(frame(ctx, bytes), Framing::Message(_))))
}

/// The protocols that are asked about a stream whose port says nothing.
pub fn guesses() -> impl Iterator<Item = &'static Protocol> {
    GUESSES.iter().map_while(|&row| row)
}

/// Rows that are looked for often, found by the compiler: every segment of an unknown stream asks for the
/// first, every request with a query for the second.
static GUESSES: Rows = rows_like(&Key::Guess);
static QUERIES: Rows = rows_like(&Key::Query(Carrier::Body, &[]));
static INNER: Rows = rows_like(&Key::Within(""));
static MEDIA: Rows = rows_like(&Key::Media(""));
/// Rows with a key that no table is indexed by.
static OTHERS: Rows = rows_like(&Key::Handshake);

type Rows = [Option<&'static Protocol>; 64];

/// The rows with a key of this kind, whatever it says.
const fn rows_like(kind: &Key) -> Rows {
    let (mut rows, mut found, mut row) = ([None; 64], 0, 0);
    while row < REGISTRY.len() {
        let mut k = 0;
        while k < REGISTRY[row].follows.len() {
            let like = matches!(
                (kind, &REGISTRY[row].follows[k]),
                (Key::Guess, Key::Guess) if matches!(REGISTRY[row].over, Over::Stream(_))
            ) || matches!(
                (kind, &REGISTRY[row].follows[k]),
                (Key::Query(..), Key::Query(..)) | (Key::Within(_), Key::Within(_)) | (Key::Media(_), Key::Media(_))
            ) || matches!(kind, Key::Handshake)
                && !matches!(
                    REGISTRY[row].follows[k],
                    Key::Link(_)
                        | Key::EtherType(_)
                        | Key::IpProto(_)
                        | Key::TcpPort(_)
                        | Key::TcpPorts(..)
                        | Key::UdpPort(_)
                        | Key::UdpPorts(..)
                        | Key::Guess
                );
            if like {
                rows[found] = Some(REGISTRY[row]);
                found += 1;
                break;
            }
            k += 1;
        }
        row += 1;
    }
    rows
}

/// The protocols that are asked about a datagram whose ports say nothing.
pub(crate) fn datagram_guesses() -> impl Iterator<Item = (&'static Protocol, Look)> {
    DATAGRAMS.iter().map_while(|&row| row)
}

/// Those rows, found by the compiler as well.
static DATAGRAMS: [Option<(&Protocol, Look)>; 64] = {
    let (mut rows, mut found, mut row) = ([None; 64], 0, 0);
    while row < REGISTRY.len() {
        let mut k = 0;
        while k < REGISTRY[row].follows.len() {
            if let (Key::Guess, Over::Datagram(guess)) = (REGISTRY[row].follows[k], REGISTRY[row].over) {
                rows[found] = Some((REGISTRY[row], guess));
                found += 1;
            }
            k += 1;
        }
        row += 1;
    }
    rows
};

/// Every identity once, in registry order.
pub fn identities() -> impl Iterator<Item = &'static Identity> {
    static ALL: LazyLock<Vec<&'static Identity>> = LazyLock::new(|| {
        let mut seen = HashSet::new();
        let rows = REGISTRY.iter().map(|row| row.about).filter(|about| seen.insert(about.name));
        rows.chain(JOINED.iter().map(|joined| joined.about)).collect()
    });
    ALL.iter().copied()
}

/// Which kind of key a table below is indexed by.
#[derive(Clone, Copy)]
enum Index {
    Link,
    EtherType,
    IpProto,
    TcpPort,
    UdpPort,
}

static LINKS: Numbers<{ pages(Index::Link) }> = rows_by(Index::Link);
static ETHER_TYPES: Numbers<{ pages(Index::EtherType) }> = rows_by(Index::EtherType);
static IP_PROTOS: Numbers<{ pages(Index::IpProto) }> = rows_by(Index::IpProto);
static TCP_PORTS: Numbers<{ pages(Index::TcpPort) }> = rows_by(Index::TcpPort);
static UDP_PORTS: Numbers<{ pages(Index::UdpPort) }> = rows_by(Index::UdpPort);

/// For each number, 1 + the place in [`REGISTRY`] of the row that follows it; 0 for none. Few of the 256 pages have a
/// row; all others share the first, which has none.
struct Numbers<const PAGES: usize> {
    page_of: [u8; 256],
    pages: [[u16; 256]; PAGES],
}

impl<const PAGES: usize> Numbers<PAGES> {
    #[inline]
    fn place(&self, n: u16) -> u16 {
        let [high, low] = n.to_be_bytes();
        let page = self.page_of.get(usize::from(high)).and_then(|&page| self.pages.get(usize::from(page)));
        page.and_then(|page| page.get(usize::from(low))).copied().unwrap_or(0)
    }
}

/// The numbers that a key stands for in a table: from the first up to the end.
const fn numbers(index: Index, key: Key) -> (usize, usize) {
    match (index, key) {
        (Index::IpProto, Key::IpProto(n)) => (n as usize, n as usize + 1),
        (Index::Link, Key::Link(n))
        | (Index::EtherType, Key::EtherType(n))
        | (Index::TcpPort, Key::TcpPort(n))
        | (Index::UdpPort, Key::UdpPort(n)) => (n as usize, n as usize + 1),
        (Index::TcpPort, Key::TcpPorts(first, last)) | (Index::UdpPort, Key::UdpPorts(first, last)) => {
            (first as usize, last as usize + 1)
        }
        _ => (0, 0),
    }
}

/// How many pages a table needs.
const fn pages(index: Index) -> usize {
    let (mut used, mut count, mut row) = ([false; 256], 1, 0);
    while row < REGISTRY.len() {
        let mut k = 0;
        while k < REGISTRY[row].follows.len() {
            let (mut n, end) = numbers(index, REGISTRY[row].follows[k]);
            while n < end {
                if !used[n >> 8] {
                    used[n >> 8] = true;
                    count += 1;
                }
                n += 1;
            }
            k += 1;
        }
        row += 1;
    }
    count
}

/// The table is made by the compiler; where two rows claim one key, it refuses.
const fn rows_by<const PAGES: usize>(index: Index) -> Numbers<PAGES> {
    let mut table = Numbers { page_of: [0; 256], pages: [[0; 256]; PAGES] };
    let (mut row, mut place, mut next) = (0, 1u16, 1u8);
    assert!(REGISTRY.len() < 65_535, "a table's cell is two bytes");
    while row < REGISTRY.len() {
        let mut k = 0;
        while k < REGISTRY[row].follows.len() {
            let (mut n, end) = numbers(index, REGISTRY[row].follows[k]);
            while n < end {
                if table.page_of[n >> 8] == 0 {
                    table.page_of[n >> 8] = next;
                    next += 1;
                }
                let cell = &mut table.pages[table.page_of[n >> 8] as usize][n & 255];
                assert!(*cell == 0, "two rows follow one key");
                *cell = place;
                n += 1;
            }
            k += 1;
        }
        row += 1;
        place += 1;
    }
    table
}
