//! What must not be shown: the values of `Cookie`, `Set-Cookie`, `Authorization` and `Proxy-Authorization` (RFC 9110
//! §11, RFC 6265). A browser sends cookies of every server on this host, whatever its port.
//!
//! They are overwritten in the captured bytes before anybody reads them, so that no line, field or dump can hold them.
//! The TCP checksum is changed along: what was right stays right, what was not yet computed stays so.

use std::collections::{HashMap, VecDeque};

use crate::model::{Packet, RawFrame, Seq, Span, clamp};
use crate::proto::{ipv4, ipv6, tcp};

/// Fields whose values are hidden, in small letters.
const SECRET: [&[u8]; 4] = [b"cookie", b"set-cookie", b"authorization", b"proxy-authorization"];
/// The longest of these names.
const LONGEST: usize = 19;
/// Connections that are followed.
const CONNECTIONS: usize = 4096;
/// What is shown instead.
const VEIL: u8 = b'*';
/// Where a TCP header has its checksum.
const CHECKSUM: usize = 16;

/// The client's address and port.
type Client = ([u8; 16], u16);

/// Hides what a server's connections carry.
#[derive(Debug)]
pub(super) struct Veils {
    port: u16,
    connections: HashMap<Client, [Veil; 2]>,
    order: VecDeque<Client>,
}

/// One direction of a connection.
#[derive(Debug, Default)]
struct Veil {
    /// The number of the byte that comes next; none before the first.
    next: Option<Seq>,
    at: Place,
    /// It speaks WebSocket: there are no fields any more.
    open: bool,
}

/// Where in a message the next byte is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Place {
    /// Nobody knows: hidden up to the next line.
    #[default]
    Unknown,
    /// At the beginning of a line, after one that was hidden or not.
    Line(bool),
    /// In what may be a secret field's name.
    Name(Vec<u8>),
    /// In a secret value.
    Secret,
    /// In the rest of a line.
    Open,
}

impl Veils {
    /// For a server at this port.
    pub(super) fn new(port: u16) -> Self {
        Self { port, connections: HashMap::new(), order: VecDeque::new() }
    }

    /// Hides what a frame must not show; `packet` is the frame, taken apart.
    pub(super) fn hide(&mut self, packet: &Packet, raw: &mut RawFrame) {
        let _ = self.try_hide(packet, &mut raw.bytes);
    }

    fn try_hide(&mut self, packet: &Packet, frame: &mut [u8]) -> Option<()> {
        let segment = packet.layer(&tcp::ABOUT)?;
        let number = |def| packet.uint_in(segment, def);
        let (source, target) = (number(&tcp::SRCPORT)?, number(&tcp::DSTPORT)?);
        let down = source == u64::from(self.port);
        let address = |v4, v6| {
            let of = |proto, def| Some(packet.field_in(packet.layer(proto)?, def)?.span);
            of(&ipv4::ABOUT, v4).or_else(|| of(&ipv6::ABOUT, v6))
        };
        let span = if down { address(&ipv4::DST, &ipv6::DST) } else { address(&ipv4::SRC, &ipv6::SRC) }?;
        let mut client = ([0; 16], u16::try_from(if down { target } else { source }).ok()?);
        let bytes = frame.get(range(span))?;
        client.0.get_mut(..bytes.len())?.copy_from_slice(bytes);
        let [up_veil, down_veil] = self.veils(client);
        let syn = number(&tcp::FLAGS_SYN)? == 1;
        let seq = Seq(u32::try_from(number(&tcp::SEQ_RAW)?).ok()?);
        let length = usize::try_from(number(&tcp::LEN)?).ok()?;
        if syn {
            let veil = if down { &mut *down_veil } else { &mut *up_veil };
            *veil = Veil { next: Some(seq + 1), at: Place::Line(false), open: false };
            return Some(());
        }
        let header = usize::try_from(segment.span.start).ok()?;
        let begins = usize::try_from(segment.span.end()).ok()?;
        let ends = begins.saturating_add(length).min(frame.len());
        let (head, data) = frame.get_mut(header..ends)?.split_at_mut_checked(begins.checked_sub(header)?)?;
        if down && data.starts_with(b"HTTP/1.1 101") {
            up_veil.open = true;
        }
        let veil = if down { down_veil } else { up_veil };
        let change = veil.pass(seq, data);
        if let Some([high, low]) = head.get_mut(CHECKSUM..CHECKSUM + 2).filter(|_| change != 0) {
            // RFC 1624: the old sum, without what went, with what came.
            let mut sum = u64::from(!u16::from_be_bytes([*high, *low])) + change;
            while sum > 0xffff {
                sum = (sum & 0xffff) + (sum >> 16);
            }
            [*high, *low] = (!u16::try_from(sum).unwrap_or_default()).to_be_bytes();
        }
        Some(())
    }

    fn veils(&mut self, client: Client) -> &mut [Veil; 2] {
        if !self.connections.contains_key(&client) {
            if self.order.len() >= CONNECTIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.connections.remove(&oldest);
            }
            self.order.push_back(client);
        }
        self.connections.entry(client).or_default()
    }
}

fn range(span: Span) -> std::ops::Range<usize> {
    let place = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    place(span.start)..place(span.end())
}

impl Veil {
    /// Hides what a segment must not show. What that adds to the sum of the segment's words: a TCP header has an even
    /// number of bytes.
    fn pass(&mut self, seq: Seq, data: &mut [u8]) -> u64 {
        if self.open || data.is_empty() {
            return 0;
        }
        let ends = seq + clamp(data.len());
        // What comes out of order, or again, is in the middle of nobody knows what.
        let mut place = if self.next == Some(seq) { std::mem::take(&mut self.at) } else { Place::Unknown };
        let mut change = 0;
        for (at, byte) in data.iter_mut().enumerate() {
            if place.hides(*byte) {
                let shift = if at % 2 == 0 { 8 } else { 0 };
                change += u64::from(0xffff - (u16::from(*byte) << shift)) + (u64::from(VEIL) << shift);
                *byte = VEIL;
            }
        }
        if self.next.is_none_or(|next| ends.is_after(next)) {
            (self.next, self.at) = (Some(ends), place);
        }
        change
    }
}

impl Place {
    /// Goes on by one byte; whether that must be hidden.
    fn hides(&mut self, byte: u8) -> bool {
        let blank = matches!(byte, b' ' | b'\t');
        match self {
            Self::Unknown | Self::Secret if byte == b'\n' => *self = Self::Line(true),
            Self::Unknown | Self::Secret => return !blank && byte != b'\r',
            // A folded line goes on with the value before.
            Self::Line(true) if blank => *self = Self::Secret,
            Self::Line(_) if byte == b'\n' => *self = Self::Line(false),
            Self::Line(_) => *self = Self::Name(vec![byte.to_ascii_lowercase()]),
            Self::Name(name) if byte == b':' => {
                let secret = SECRET.contains(&name.trim_ascii());
                *self = if secret { Self::Secret } else { Self::Open };
            }
            Self::Name(_) | Self::Open if byte == b'\n' => *self = Self::Line(false),
            Self::Name(name) if blank || name.len() < LONGEST => name.push(byte.to_ascii_lowercase()),
            Self::Name(_) => *self = Self::Open,
            Self::Open => {}
        }
        if let Self::Name(name) = self
            && name.len() > 4 * LONGEST
        {
            *self = Self::Open;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{NoMemory, walk};
    use etherparse::PacketBuilder;

    /// What is shown of a text that comes in pieces of `size` bytes.
    fn shown(text: &str, size: usize) -> String {
        let mut veil = Veil { next: Some(Seq(7)), at: Place::Line(false), open: false };
        let (mut seq, mut out) = (Seq(7), Vec::new());
        for piece in text.as_bytes().chunks(size) {
            let mut piece = piece.to_vec();
            veil.pass(seq, &mut piece);
            seq = seq + clamp(piece.len());
            out.extend(piece);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_values_of_secret_fields_are_hidden_however_they_are_cut() {
        let text = "GET /?a:b HTTP/1.1\r\nHost: a\r\nCOOKIE: sid=SECRET; b\r\n more SECRET\r\nX-Cookie: shown\r\n\
                    Authorization : Basic SECRET\r\nCookies: shown\r\n\r\nset-cookie:SECRET\nproxy-authorization:\tSECRET\r\nA: b";
        for size in [1, 2, 3, 7, 1000] {
            let shown = shown(text, size);
            assert!(!shown.contains("SECRET") && !shown.contains("SEC"), "{shown}");
            assert_eq!(shown.matches("shown").count(), 2, "{shown}");
            assert!(shown.contains("\r\nCOOKIE: *********** *\r\n **** ******\r\n"), "{shown}");
            assert!(shown.ends_with("\r\nA: b") && shown.starts_with("GET /?a:b HTTP/1.1\r\nHost: a\r\n"), "{shown}");
        }
    }

    #[test]
    fn what_comes_out_of_order_is_hidden_up_to_the_next_line() {
        let mut veil = Veil { next: Some(Seq(100)), at: Place::Line(false), open: false };
        let mut pass = |seq, text: &str| {
            let mut data = text.as_bytes().to_vec();
            veil.pass(Seq(seq), &mut data);
            String::from_utf8(data).unwrap()
        };
        assert_eq!(pass(200, "ECRET\r\nA: b\r\nCoo"), "*****\r\nA: b\r\nCoo");
        assert_eq!(pass(216, "kie: SECRET"), "kie: ******", "it goes on from there");
        assert_eq!(pass(150, "okie: SECRET\r\nB: c\r\n"), "***** ******\r\nB: c\r\n", "and again");
        assert_eq!(pass(227, "SECRET\r\n"), "******\r\n");
    }

    #[test]
    fn the_checksum_stays_as_right_as_it_was() {
        let text = "GET / HTTP/1.1\r\nCookie: a=odd\r\nX: y\r\n\r\n";
        let build = |text: &str, syn: bool| {
            let tcp = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
            let tcp = tcp.tcp(50_000, 8080, if syn { 99 } else { 100 }, 1000);
            let mut raw = RawFrame::whole(1, Vec::new());
            let tcp = if syn { tcp.syn() } else { tcp.ack(1) };
            tcp.write(&mut raw.bytes, text.as_bytes()).unwrap();
            raw.len = u32::try_from(raw.bytes.len()).unwrap();
            raw
        };
        let (mut veils, mut packet) = (Veils::new(8080), Packet::new());
        let mut hide = |raw: &mut RawFrame| {
            walk(raw, &mut NoMemory::default(), &mut packet);
            veils.hide(&packet, raw);
        };
        hide(&mut build("", true));
        let mut raw = build(text, false);
        hide(&mut raw);
        assert_eq!(raw.bytes, build("GET / HTTP/1.1\r\nCookie: *****\r\nX: y\r\n\r\n", false).bytes);
    }
}
