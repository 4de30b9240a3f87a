//! One line a packet: number, time, who to whom, protocol, length, and what it says.
//!
//! ```text
//!  4   0.000312  10.0.0.1 → 10.0.0.2  HTTP  112  GET / HTTP/1.1
//! ```
//!
//! The line belongs to the innermost protocol that can summarise itself (`Identity::summary`). Columns
//! grow with the longest text so far and never shrink, so that a glance runs straight down.

use super::ink::Ink;
use super::measure::{cut, spaces};
use super::theme::Theme;
use crate::model::{End, Field, Identity, Kind, Layer, LinkType, Osi, Packet, Trouble, Value, show};
use crate::proto::{Key, data, frame, lookup};

/// Messages of one packet that its line tells apart; of the others it gives the number.
const MOST_MESSAGES: usize = 3;
/// Columns of what one message says, however long it is.
const LONGEST: usize = 300;
/// No address column grows beyond these: on a narrow screen an IPv6 address overflows rather.
const WIDEST: [usize; 2] = [15, 39];

/// The one-line view. It remembers the widths of its columns.
#[derive(Debug)]
pub struct Brief {
    theme: Theme,
    /// The terminal's width; a pipe has none and gets whole lines.
    width: Option<usize>,
    /// There is little room: the length column is left out.
    narrow: bool,
    /// Columns of an address.
    ends: usize,
    /// The receiver's address, while the sender's is written.
    other: String,
    /// By the pair, so that it is found at once.
    known: Vec<Known>,
    protocol: usize,
    /// By the protocol's place in memory.
    named: Vec<Named>,
    /// What the packet says, until it's cut.
    said: String,
}

/// How many pairs of addresses are remembered.
const KNOWN: u8 = 61;

/// What was written of a pair of IPv4 addresses: packets of one conversation follow each other.
#[derive(Clone, Debug, Default)]
struct Known {
    pair: Option<u64>,
    /// The columns of an address at that time; 0 for none.
    ends: usize,
    text: String,
    columns: usize,
}

/// How many columns of protocols are remembered.
const NAMED: usize = 64;

/// The column of a protocol, as it was written.
#[derive(Clone, Debug, Default)]
struct Named {
    of: Option<&'static Identity>,
    /// How wide the column was.
    columns: usize,
    text: String,
    /// Of those, the ones that the name took.
    used: usize,
}

/// What a packet is about: its innermost layer that can say something, and how many such it has.
struct Subject<'a> {
    layer: &'a Layer,
    first: usize,
    messages: usize,
}

impl Brief {
    /// Lines cut to `width` columns, or whole.
    pub fn new(theme: Theme, width: Option<usize>) -> Self {
        let narrow = width.is_some_and(|w| w < 100);
        let known = vec![Known::default(); usize::from(KNOWN) + 1];
        let named = vec![Named::default(); NAMED];
        Self { theme, width, narrow, ends: 9, other: String::new(), known, protocol: 4, named, said: String::new() }
    }

    /// Appends the line of a packet, with its newline.
    pub fn line(&mut self, packet: &Packet, out: &mut String) {
        let mut ink = Ink::default();
        self.write(packet, &mut ink);
        out.push_str(&String::from_utf8_lossy(ink.bytes()));
    }

    /// The same as [`Brief::line`].
    pub fn write(&mut self, packet: &Packet, out: &mut Ink) {
        // Every piece is measured by itself, so that the colours between them need not be.
        let gap = if self.narrow { 1 } else { 2 };
        let (number, place) = if self.narrow { (4, 8) } else { (5, 11) };
        let mut columns = 4 + 3 * gap;
        out.short(|pen| {
            columns += pen.right(packet.number, number);
            pen.spaces(1);
            columns += match since_first(packet) {
                Some(nanos) => pen.micros(nanos, place),
                None => pen.dash(place),
            };
            pen.spaces(gap);
        });
        columns += self.who_to_whom(packet, out);
        out.short(|pen| pen.spaces(gap));
        let subject = subject(packet);
        let used = self.protocol(subject.as_ref().map(|s| s.layer.proto), out);
        columns += used.max(self.protocol);
        out.short(|pen| {
            if !self.narrow {
                columns += pen.right(u64::from(packet.len), 6);
            }
        });
        self.said.clear();
        spaces(gap, &mut self.said);
        says(packet, subject.as_ref(), &mut self.said);
        if let Some(width) = self.width {
            cut(&mut self.said, gap, width.saturating_sub(columns));
        }
        debug_assert!(!self.said.contains('\n'), "a line is one line");
        self.said.push('\n');
        out.add(&self.said);
    }

    /// Appends the column of a protocol; gives the columns that its name took.
    fn protocol(&mut self, proto: Option<&'static Identity>, out: &mut Ink) -> usize {
        let place = proto.map_or(0, |proto| std::ptr::from_ref(proto).addr() / size_of::<Identity>() % NAMED);
        let Some(known) = self.named.get_mut(place) else { return 0 };
        let same = known.of.zip(proto).is_some_and(|(known, proto)| std::ptr::eq(known, proto));
        if !same || known.columns != self.protocol {
            let (text, mut used) = (&mut known.text, 0);
            text.clear();
            self.theme.layer(proto.map_or(Osi::Physical, |proto| proto.osi)).around(text, |text| {
                let from = text.len();
                show::protocol(proto.map_or("?", |proto| proto.name), text);
                used = text.len() - from;
            });
            self.protocol = self.protocol.max(used.min(if self.narrow { 6 } else { 10 }));
            spaces(self.protocol.saturating_sub(used), text);
            (known.of, known.columns, known.used) = (proto, self.protocol, used);
        }
        out.add(&known.text);
        known.used
    }

    /// Appends who to whom; gives the columns of both addresses together.
    fn who_to_whom(&mut self, packet: &Packet, out: &mut Ink) -> usize {
        let [source, destination] = ends(packet);
        let pair = ipv4(packet, source).zip(ipv4(packet, destination)).map(|(a, b)| u64::from(a) << 32 | u64::from(b));
        // Behind those of the pairs, one has a place for all others.
        let place = usize::try_from(pair.map_or(u64::from(KNOWN), |pair| pair % u64::from(KNOWN))).unwrap_or(0);
        let Some(known) = self.known.get_mut(place) else { return 0 };
        if pair.is_none() || (known.pair, known.ends) != (pair, self.ends) {
            let most = WIDEST[usize::from(self.width.is_none_or(|w| w > 130))];
            // Addresses are ASCII: a byte is a column.
            self.other.clear();
            write_end(packet, destination, &mut self.other);
            let text = &mut known.text;
            text.clear();
            write_end(packet, source, text);
            let used = text.len();
            self.ends = self.ends.max(self.other.len()).max(used).min(most);
            spaces(self.ends.saturating_sub(used), text);
            text.push_str(" → ");
            text.push_str(&self.other);
            spaces(self.ends.saturating_sub(self.other.len()), text);
            let columns = self.ends.max(used) + self.ends.max(self.other.len());
            (known.pair, known.ends, known.columns) = (pair, self.ends, columns);
        }
        out.add(&known.text);
        known.columns
    }
}

/// An IPv4 address as a number.
fn ipv4(packet: &Packet, end: Option<&Field>) -> Option<u32> {
    match (end?.def.kind, end?.value) {
        (Kind::Ipv4, Value::Bytes(slice)) => packet.bytes(slice).try_into().ok().map(u32::from_be_bytes),
        _ => None,
    }
}

/// Appends what a packet's line says, without columns: who to whom, protocol, and its message.
pub fn sentence(packet: &Packet, out: &mut String) {
    let [source, destination] = ends(packet);
    write_end(packet, source, out);
    out.push_str(" → ");
    write_end(packet, destination, out);
    out.push_str("  ");
    if let Some(subject) = subject(packet) {
        show::protocol(subject.layer.proto.name, out);
        out.push_str("  ");
        subject.write(packet, out);
    }
}

/// Appends where a packet comes from and where it goes to, each to its own text.
pub fn ends_of(packet: &Packet, source: &mut String, destination: &mut String) {
    let [from, to] = ends(packet);
    write_end(packet, from, source);
    write_end(packet, to, destination);
}

/// Appends protocol and message, each to its own text, as the line shows them; gives the OSI layer of the protocol.
pub fn subject_of(packet: &Packet, protocol: &mut String, message: &mut String) -> Osi {
    let subject = subject(packet);
    let layer = subject.as_ref().map(|s| s.layer);
    show::protocol(layer.map_or("?", |l| l.proto.name), protocol);
    says(packet, subject.as_ref(), message);
    layer.map_or(Osi::Physical, |l| l.proto.osi)
}

/// Appends what a packet is about, and what is wrong with it.
fn says(packet: &Packet, subject: Option<&Subject<'_>>, out: &mut String) {
    match subject {
        Some(subject) => subject.write(packet, out),
        None => out.push_str("nothing that is understood here"),
    }
    let data = |l: &Layer| std::ptr::eq(l.proto, &raw const data::ABOUT);
    // Of what isn't read, all is data.
    if packet.layers.get(1).is_none_or(data) && lookup(Key::Link(packet.link.0)).is_none() {
        unread_link(packet.link, out);
    }
    trouble(packet, out);
}

/// Appends protocol and message alone; gives the layer that they belong to.
pub fn message(packet: &Packet, out: &mut String) -> Osi {
    let Some(subject) = subject(packet) else { return Osi::Physical };
    show::protocol(subject.layer.proto.name, out);
    out.push(' ');
    subject.write(packet, out);
    subject.layer.proto.osi
}

/// Nanoseconds since the first packet; `None` where the capture has no time.
pub(super) fn since_first(packet: &Packet) -> Option<i64> {
    match packet.field(&frame::TIME_RELATIVE)?.value {
        Value::Nanos(n) => Some(n),
        _ => None,
    }
}

/// Appends that frames of this link type are not read.
fn unread_link(link: LinkType, out: &mut String) {
    out.push_str("; link type ");
    show::number(u64::from(link.0), out);
    if let Some(name) = link.name() {
        out.push_str(" (");
        out.push_str(name);
        out.push(')');
    }
    out.push_str(" isn't read here");
}

/// The innermost addresses that say where the packet comes from and where it goes to.
fn ends(packet: &Packet) -> [Option<&Field>; 2] {
    let (mut source, mut destination) = (None, None);
    for layer in packet.layers.iter().rev().filter(|l| !l.quoted && l.proto.osi <= Osi::Network) {
        for field in packet.fields_of(layer) {
            match field.def.end {
                Some(End::Source) => source = source.or(Some(field)),
                Some(End::Destination) => destination = destination.or(Some(field)),
                None => continue,
            }
            if source.is_some() && destination.is_some() {
                return [source, destination];
            }
        }
    }
    [source, destination]
}

fn write_end(packet: &Packet, end: Option<&Field>, out: &mut String) {
    match end {
        Some(field) => show::value(packet, field, out),
        None => out.push('?'),
    }
}

fn subject(packet: &Packet) -> Option<Subject<'_>> {
    // Best a message that can summarise itself, then one that cannot, then whatever carries it.
    let (mut told, mut named, mut carrier, mut last, mut first) = (None, None, None, None, None);
    for (i, layer) in packet.layers.iter().enumerate() {
        if layer.quoted {
            break;
        }
        let summarises = layer.proto.summary.is_some();
        last = Some((i, layer));
        if layer.proto.osi <= Osi::Transport {
            if summarises {
                carrier = last;
            }
            continue;
        }
        first = first.or(Some(i));
        if summarises {
            told = last;
        } else if !std::ptr::eq(layer.proto, &raw const data::ABOUT) {
            named = last;
        }
    }
    let (at, layer) = told.or(named).or(carrier).or(last)?;
    if layer.proto.osi <= Osi::Transport {
        return Some(Subject { layer, first: at, messages: 1 });
    }
    let first = first.unwrap_or(at);
    Some(Subject { layer, first, messages: tellers(packet, first).count().max(1) })
}

/// Several messages in one packet stand behind each other: each begins with a layer whose protocol the one before it
/// has, too. Of each, the innermost layer that can say something.
fn tellers(packet: &Packet, first: usize) -> impl Iterator<Item = &Layer> {
    let all = packet.layers.get(first..).unwrap_or(&[]);
    let all = all.split(|l| l.quoted).next().unwrap_or(&[]);
    let (mut next, mut begin) = (0, 0);
    std::iter::from_fn(move || {
        let mut teller = None;
        while let Some(layer) = all.get(next) {
            let before = all.get(begin..next).unwrap_or(&[]);
            if before.iter().any(|l| std::ptr::eq(l.proto, layer.proto)) && teller.is_some() {
                begin = next;
                return teller;
            }
            next += 1;
            if layer.proto.summary.is_some() && layer.proto.osi > Osi::Transport {
                teller = Some(layer);
            }
        }
        teller
    })
}

impl Subject<'_> {
    fn write(&self, packet: &Packet, out: &mut String) {
        let from = out.len();
        if self.messages == 1 {
            return summary(packet, self.layer, out);
        }
        for layer in tellers(packet, self.first).take(MOST_MESSAGES) {
            if out.len() > from {
                out.push_str(" · ");
            }
            if !std::ptr::eq(layer.proto, self.layer.proto) {
                show::protocol(layer.proto.name, out);
                out.push(' ');
            }
            summary(packet, layer, out);
        }
        if self.messages > MOST_MESSAGES {
            out.push_str(" · and ");
            show::number((self.messages - MOST_MESSAGES) as u64, out);
            out.push_str(" more");
        }
    }
}

/// Appends one line about a layer: its protocol's own, or its first fields.
pub fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let from = out.len();
    if let Some(summary) = layer.proto.summary {
        summary(packet, layer, out);
        return cut(out, from, LONGEST);
    }
    for field in packet.fields_of(layer).iter().filter(|f| f.depth == 0 && f.def.kind != Kind::Flag).take(3) {
        out.push_str(if out.len() == from { "" } else { ", " });
        out.push_str(field.def.label);
        out.push(' ');
        show::value(packet, field, out);
    }
    if out.len() == from {
        out.push_str(layer.proto.title);
    }
    cut(out, from, LONGEST);
}

fn trouble(packet: &Packet, out: &mut String) {
    let Some(trouble) = packet.layers.iter().find_map(|l| l.trouble.as_ref()) else { return };
    out.push_str(if out.ends_with(' ') { "" } else { " " });
    out.push_str(match trouble {
        Trouble::CutByCapture { .. } => "[cut by the capture]",
        Trouble::LengthLies { claimed_by: Some(_), .. } => "[a length is wrong]",
        Trouble::LengthLies { .. } => "[too short]",
        Trouble::Malformed(_) => "[malformed]",
        Trouble::Breaks(_) => "[breaks a rule]",
        Trouble::Unshown(_) => "[not all is shown]",
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, ipv4, ipv6, walk};
    use etherparse::PacketBuilder;

    fn lines(frames: &[Vec<u8>], width: Option<usize>) -> String {
        let (mut brief, mut packet, mut out) = (Brief::new(Theme::new(false), width), Packet::new(), String::new());
        for (number, bytes) in (1..).zip(frames) {
            let raw = RawFrame::whole(number, bytes.clone());
            walk(&raw, &mut NoMemory::default(), &mut packet);
            brief.line(&packet, &mut out);
        }
        out
    }

    fn syn() -> Vec<u8> {
        let mut bytes = Vec::new();
        PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
            .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
            .tcp(40_000, 80, 7, 64_240)
            .syn()
            .options(&[etherparse::TcpOptionElement::MaximumSegmentSize(1460)])
            .unwrap()
            .write(&mut bytes, &[])
            .unwrap();
        bytes
    }

    #[test]
    fn a_line_says_who_to_whom_and_what() {
        let out = lines(&[syn(), vec![0; 60]], None);
        let mut lines = out.lines();
        let syn =
            "    1    0.000000  10.0.0.1  → 10.0.0.2   TCP     58  40000 → 80 [SYN] Seq=7 Win=64240 Len=0 MSS=1460";
        assert_eq!(lines.next(), Some(syn));
        assert!(lines.next().is_some_and(|l| l.contains("00:00:00:00:00:00 → 00:00:00:00:00:00  ETH")), "{out}");
    }

    #[test]
    fn a_line_is_as_wide_as_the_terminal_and_no_wider() {
        for width in 0..160 {
            for line in lines(&[syn(), vec![0; 60], syn()], Some(width)).lines() {
                let columns = super::super::measure::width(line);
                assert!(columns <= width.max(66), "{width}: {columns} {line}");
            }
        }
    }

    #[test]
    fn an_address_is_an_end_in_its_own_layer_only() {
        let mut count = 0;
        for about in crate::proto::REGISTRY.iter().map(|row| row.about) {
            for row in about.fields.iter().filter(|row| row.end.is_some()) {
                let rest = row.name.strip_prefix(about.name);
                assert!(rest.is_some_and(|rest| rest.starts_with('.')), "{} in {}", row.name, about.name);
                count += 1;
            }
        }
        assert!(count >= 6, "Ethernet, IPv4, IPv6");
        let ends = [&ipv4::SRC, &ipv4::DST, &ipv4::TTL, &ipv6::SRC].map(|row| row.end);
        assert_eq!(ends, [Some(End::Source), Some(End::Destination), None, Some(End::Source)]);
    }

    #[test]
    fn a_protocols_name_keeps_its_version_small() {
        for (name, expected) in [("tcp", "TCP"), ("icmpv6", "ICMPv6"), ("ipv6", "IPv6"), ("vlan", "VLAN"), ("v", "V")] {
            let mut out = String::new();
            show::protocol(name, &mut out);
            assert_eq!(out, expected);
        }
    }
}
