//! A capture filter written where a display filter belongs, and what it is in a display filter.
//!
//! The language of libpcap (`man pcap-filter`) says `tcp port 80` for `tcp.port == 80`. Many people know it
//! first. It is read here only to tell them: nothing is filtered by it.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// A longer text is no slip of the hand.
const LONGEST: usize = 512;
/// How deep parentheses may be nested.
const DEEPEST: usize = 16;

/// A capture filter in the words of a display filter.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Translation {
    pub(super) filter: String,
    /// Where it stands: all but the spaces around it.
    pub(super) span: Range<usize>,
    /// A host that was written by its name: a display filter wants its address.
    pub(super) host: Option<String>,
}

/// The display filter that `source` is, if it is a capture filter from beginning to end.
pub(super) fn translate(source: &str) -> Option<Translation> {
    if source.len() > LONGEST {
        return None;
    }
    let mut reader = Reader { words: words(source)?, at: 0, depth: 0, last: None, host: None };
    let (filter, _) = reader.expr()?;
    let start = source.len() - source.trim_start().len();
    let span = start..source.trim_end().len();
    (reader.at == reader.words.len()).then_some(Translation { filter, span, host: reader.host })
}

/// Words and signs; `None` where a character is in no capture filter.
fn words(source: &str) -> Option<Vec<&str>> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '/' | '_' | '-' | '\\');
    let mut list = Vec::new();
    let (mut rest, mut inside) = (source.trim_start(), false);
    while let Some(first) = rest.chars().next() {
        let word = |c: char| belongs(c) && !(inside && c == ':');
        let len = if word(first) && first != '-' && first != '/' {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else if ["&&", "||", "==", "!=", "<=", ">="].iter().any(|sign| rest.starts_with(sign)) {
            2
        } else if "()[]&|!=<>:".contains(first) {
            1
        } else {
            return None;
        };
        inside = first == '[' || inside && first != ']';
        let (head, tail) = rest.split_at_checked(len)?;
        list.push(head);
        rest = tail.trim_start();
    }
    Some(list)
}

/// What a primitive says before its value: `tcp`, `src`, `port`.
#[derive(Clone, Copy, Debug, Default)]
struct Qualifiers<'a> {
    proto: Option<&'a str>,
    direction: Option<Direction>,
    kind: Option<&'a str>,
}

#[derive(Clone, Copy, Debug)]
enum Direction {
    Either,
    Source,
    Destination,
    Both,
}

/// Protocols that may stand alone: here and in a display filter.
const ALONE: &[(&str, &str)] = &[
    ("ether", "eth"),
    ("ip", "ip"),
    ("ip6", "ipv6"),
    ("arp", "arp"),
    ("rarp", "arp.opcode in {3, 4}"),
    ("tcp", "tcp"),
    ("udp", "udp"),
    ("sctp", "sctp"),
    ("icmp", "icmp"),
    ("icmp6", "icmpv6"),
    ("igmp", "igmp"),
    ("pim", "pim"),
    ("vrrp", "vrrp"),
    ("ah", "ah"),
    ("esp", "esp"),
    ("stp", "stp"),
    ("wlan", "wlan"),
    ("vlan", "vlan"),
    ("mpls", "mpls"),
    ("pppoed", "pppoed"),
    ("pppoes", "pppoes"),
];

/// Numbers that have a name: of ports, of protocols behind `\`, of the bits and types inside `[…]`.
const NUMBERS: &[(&str, u32)] = &[
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("domain", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("http", 80),
    ("pop3", 110),
    ("ntp", 123),
    ("imap", 143),
    ("snmp", 161),
    ("https", 443),
    ("syslog", 514),
    ("tcp-fin", 0x01),
    ("tcp-syn", 0x02),
    ("tcp-rst", 0x04),
    ("tcp-push", 0x08),
    ("tcp-ack", 0x10),
    ("tcp-urg", 0x20),
    ("tcp-ece", 0x40),
    ("tcp-cwr", 0x80),
    ("icmp-echoreply", 0),
    ("icmp-unreach", 3),
    ("icmp-redirect", 5),
    ("icmp-echo", 8),
    ("icmp-timxceed", 11),
];

/// Places that have a name inside `[…]`, and the field that is there.
const PLACES: &[(&str, &str, &str)] = &[
    ("tcp", "tcpflags", "tcp.flags"),
    ("tcp", "13", "tcp.flags"),
    ("icmp", "icmptype", "icmp.type"),
    ("icmp", "0", "icmp.type"),
    ("icmp", "icmpcode", "icmp.code"),
    ("icmp", "1", "icmp.code"),
    ("icmp6", "icmp6type", "icmpv6.type"),
    ("icmp6", "0", "icmpv6.type"),
    ("icmp6", "icmp6code", "icmpv6.code"),
    ("ip", "8", "ip.ttl"),
    ("ip", "9", "ip.proto"),
];

/// The flags of TCP, by their bits.
const FLAGS: [(u32, &str); 8] = [
    (0x01, "tcp.flags.fin"),
    (0x02, "tcp.flags.syn"),
    (0x04, "tcp.flags.reset"),
    (0x08, "tcp.flags.push"),
    (0x10, "tcp.flags.ack"),
    (0x20, "tcp.flags.urg"),
    (0x40, "tcp.flags.ece"),
    (0x80, "tcp.flags.cwr"),
];

/// How tightly a translated part binds: whether it needs parentheses beside `&&`, or behind `!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binds {
    One,
    Compared,
    And,
    Or,
}

type Part = (String, Binds);

struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
    depth: usize,
    /// `port 80 or 443`: what the second value means.
    last: Option<Qualifiers<'a>>,
    host: Option<String>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        let word = self.peek()?;
        self.at += 1;
        Some(word)
    }

    fn eat(&mut self, options: &[&str]) -> bool {
        let found = self.peek().is_some_and(|w| options.contains(&w));
        self.at += usize::from(found);
        found
    }

    /// `and` and `or` bind alike and from the left, unlike in a display filter.
    fn expr(&mut self) -> Option<Part> {
        let mut left = self.unary()?;
        loop {
            let (sign, binds) = match () {
                () if self.eat(&["and", "&&"]) => ("&&", Binds::And),
                () if self.eat(&["or", "||"]) => ("||", Binds::Or),
                () => return Some(left),
            };
            let right = self.unary()?;
            let side = |(text, inner): Part| {
                let mixed = matches!(inner, Binds::And | Binds::Or) && inner != binds;
                if mixed { format!("({text})") } else { text }
            };
            left = (format!("{} {sign} {}", side(left), side(right)), binds);
        }
    }

    fn unary(&mut self) -> Option<Part> {
        if self.depth >= DEEPEST {
            return None;
        }
        self.depth += 1;
        let part = if self.eat(&["not", "!"]) {
            let (text, binds) = self.unary()?;
            Some((if binds == Binds::One { format!("!{text}") } else { format!("!({text})") }, Binds::One))
        } else if self.eat(&["("]) {
            let inner = self.expr()?;
            self.eat(&[")"]).then_some(inner)
        } else {
            self.primitive()
        };
        self.depth -= 1;
        part
    }

    fn primitive(&mut self) -> Option<Part> {
        let start = self.at;
        let mut q = Qualifiers::default();
        if let Some(word) = self.peek() {
            let compared = |text: String| Some((text, Binds::Compared));
            match word {
                "less" | "greater" => {
                    self.at += 1;
                    let sign = if word == "less" { "<=" } else { ">=" };
                    return compared(format!("frame.len {sign} {}", number(self.next()?)?));
                }
                "len" => {
                    self.at += 1;
                    let sign = self.relation()?;
                    return compared(format!("frame.len {sign} {}", number(self.next()?)?));
                }
                "broadcast" | "multicast" => return self.everybody(None),
                _ => {}
            }
            if ALONE.iter().any(|(name, _)| *name == word) {
                self.at += 1;
                q.proto = Some(word);
                if self.peek() == Some("[") {
                    return self.bytes(word);
                }
            }
        }
        q.direction = self.direction()?;
        if let Some(kind) = self.peek().filter(|w| ["host", "net", "port", "portrange", "proto", "protochain"].contains(w))
        {
            self.at += 1;
            q.kind = Some(kind);
        }
        if q.kind.is_none() && q.direction.is_none() {
            return match q.proto {
                Some(proto) => self.alone(proto),
                // A bare value: that of the primitive before.
                None => {
                    let last = self.last.filter(|_| start > 0)?;
                    self.value(last)
                }
            };
        }
        self.value(q)
    }

    /// `src`, `dst`, `src or dst`, `src and dst`, or none of them.
    fn direction(&mut self) -> Option<Option<Direction>> {
        let first = match self.peek() {
            Some("src") => Direction::Source,
            Some("dst") => Direction::Destination,
            _ => return Some(None),
        };
        self.at += 1;
        let (and, or) = (["and", "&&"], ["or", "||"]);
        let other = self.words.get(self.at + 1).is_some_and(|w| matches!(*w, "src" | "dst"));
        // `src or dst host x` is one primitive; `src x or dst y` was not read up to here.
        if other && self.peek().is_some_and(|w| or.contains(&w)) {
            self.at += 2;
            return Some(Some(Direction::Either));
        }
        if other && self.peek().is_some_and(|w| and.contains(&w)) {
            self.at += 2;
            return Some(Some(Direction::Both));
        }
        Some(Some(first))
    }

    /// A protocol without more; `vlan 10`; `ip multicast`.
    fn alone(&mut self, proto: &'a str) -> Option<Part> {
        if self.peek().is_some_and(|w| matches!(w, "broadcast" | "multicast")) {
            return self.everybody(Some(proto));
        }
        let numbered = [("vlan", "vlan.id"), ("mpls", "mpls.label"), ("pppoes", "pppoe.session_id")];
        let n = self.peek().and_then(number);
        if let (Some((_, field)), Some(n)) = (numbered.iter().find(|(name, _)| *name == proto), n) {
            self.at += 1;
            return Some((format!("{field} == {n}"), Binds::Compared));
        }
        let (_, name) = ALONE.iter().find(|(name, _)| *name == proto)?;
        Some(((*name).to_owned(), if name.contains(' ') { Binds::Compared } else { Binds::One }))
    }

    fn everybody(&mut self, proto: Option<&str>) -> Option<Part> {
        let filter = match (proto, self.next()?) {
            (None | Some("ether"), "broadcast") => "eth.dst == ff:ff:ff:ff:ff:ff",
            (None | Some("ether"), _) => "eth.dst.ig == 1",
            (Some("ip"), "broadcast") => "ip.dst == 255.255.255.255",
            (Some("ip"), _) => "ip.dst == 224.0.0.0/4",
            (Some("ip6"), "multicast") => "ipv6.dst == ff00::/8",
            _ => return None,
        };
        Some((filter.to_owned(), Binds::Compared))
    }

    /// The value behind qualifiers.
    fn value(&mut self, q: Qualifiers<'a>) -> Option<Part> {
        self.last = Some(q);
        let word = self.next()?;
        match q.kind.unwrap_or("host") {
            "port" => {
                let n = number(word).or_else(|| named(word)).filter(|&n| n <= 0xffff)?;
                ends(q, PORTS, &format!("== {n}"))
            }
            "portrange" => {
                let (low, high) = word.split_once('-')?;
                let (low, high) = (number(low)?, number(high).filter(|&n| n <= 0xffff)?);
                ends(q, PORTS, &format!("in {{{low}..{high}}}"))
            }
            "net" => {
                let mask = if self.eat(&["mask"]) { Some(self.next()?) } else { None };
                let (net, family) = net(word, mask)?;
                ends(q, &[family], &format!("== {net}"))
            }
            "proto" | "protochain" => {
                let word = word.trim_start_matches('\\');
                match q.proto {
                    Some("ether") => {
                        let known = [("ip", 0x0800), ("arp", 0x0806), ("rarp", 0x8035), ("ip6", 0x86dd)];
                        let n = known.iter().find(|(n, _)| *n == word).map(|(_, n)| *n).or_else(|| number(word))?;
                        Some((format!("eth.type == {n:#06x}"), Binds::Compared))
                    }
                    proto => {
                        let known = [("icmp", 1), ("igmp", 2), ("tcp", 6), ("udp", 17), ("icmp6", 58), ("sctp", 132)];
                        let n = known.iter().find(|(n, _)| *n == word).map(|(_, n)| *n).or_else(|| number(word))?;
                        let (v4, v6) = (format!("ip.proto == {n}"), format!("ipv6.nxt == {n}"));
                        match proto {
                            Some("ip") => Some((v4, Binds::Compared)),
                            Some("ip6") => Some((v6, Binds::Compared)),
                            None => Some((format!("{v4} || {v6}"), Binds::Or)),
                            _ => None,
                        }
                    }
                }
            }
            _ => self.host(q, word),
        }
    }

    fn host(&mut self, q: Qualifiers<'a>, word: &str) -> Option<Part> {
        let family = match q.proto {
            _ if word.parse::<Ipv4Addr>().is_ok() => IPV4,
            _ if word.parse::<Ipv6Addr>().is_ok() => IPV6,
            _ if word.split([':', '-']).filter(|p| u8::from_str_radix(p, 16).is_ok()).count() == 6 => ETHER,
            _ if word.contains('/') => {
                let (net, family) = net(word, None)?;
                return ends(q, &[family], &format!("== {net}"));
            }
            Some("ip6") => IPV6,
            _ => IPV4,
        };
        let known = word.contains(':') || word.parse::<Ipv4Addr>().is_ok() || family == ETHER;
        if !known {
            let name = word.bytes().any(|b| b.is_ascii_alphabetic()) && !word.contains('\\');
            self.host = Some(name.then(|| word.to_owned())?);
        }
        if q.proto == Some("arp") && family == IPV4 {
            return ends(Qualifiers { proto: None, ..q }, &[ARP], &format!("== {word}"));
        }
        ends(q, &[family], &format!("== {word}"))
    }

    fn relation(&mut self) -> Option<&'a str> {
        let sign = self.next().filter(|s| ["=", "==", "!=", "<", ">", "<=", ">="].contains(s))?;
        Some(if sign == "=" { "==" } else { sign })
    }

    /// `tcp[tcpflags] & tcp-syn != 0`, `ip[2:2] > 576`.
    fn bytes(&mut self, proto: &'a str) -> Option<Part> {
        self.at += 1;
        let place = self.next()?;
        let size = if self.eat(&[":"]) { number(self.next()?).filter(|n| [1, 2, 4].contains(n))? } else { 1 };
        self.eat(&["]"]).then_some(())?;
        let mask = if self.eat(&["&"]) { Some(self.number()?) } else { None };
        let sign = self.relation()?;
        let wanted = self.number()?;
        let field = PLACES.iter().find(|(p, at, _)| *p == proto && *at == place).filter(|_| size == 1);
        let (left, show): (String, &dyn Fn(u32) -> String) = match field {
            Some((_, _, field)) => ((*field).to_owned(), &|n| if *field == "tcp.flags" { format!("{n:#04x}") } else { n.to_string() }),
            None => {
                let (_, name) = ALONE.iter().find(|(name, to)| *name == proto && !to.contains(' '))?;
                let at = number(place)?;
                let size = usize::try_from(size).ok()?;
                (format!("{name}[{at}:{size}]"), &move |n| octets(n, size))
            }
        };
        let Some(mask) = mask else { return Some((format!("{left} {sign} {}", show(wanted)), Binds::Compared)) };
        let flag = FLAGS.iter().find(|(bit, _)| left == "tcp.flags" && *bit == mask);
        Some(match (flag, sign, wanted) {
            (Some((_, flag)), "!=", 0) => (format!("{flag} == 1"), Binds::Compared),
            (Some((bit, flag)), "==", n) if n == *bit || n == 0 => {
                (format!("{flag} == {}", u8::from(n != 0)), Binds::Compared)
            }
            (_, "!=", 0) => (format!("{left} & {}", show(mask)), Binds::Compared),
            (_, "==", 0) => (format!("!({left} & {})", show(mask)), Binds::One),
            _ => (format!("{left} & {} {sign} {}", show(mask), show(wanted)), Binds::Compared),
        })
    }

    /// A number, a name for one, or several in parentheses with `|` between them.
    fn number(&mut self) -> Option<u32> {
        let parenthesis = self.eat(&["("]);
        let mut sum = 0;
        loop {
            let word = self.next()?;
            sum |= number(word).or_else(|| named(word))?;
            if !self.eat(&["|"]) {
                break;
            }
        }
        (!parenthesis || self.eat(&[")"])).then_some(sum)
    }
}

/// The names of a field for either end, the sender, the receiver.
type Family = [&'static str; 3];

const ETHER: Family = ["eth.addr", "eth.src", "eth.dst"];
const IPV4: Family = ["ip.addr", "ip.src", "ip.dst"];
const IPV6: Family = ["ipv6.addr", "ipv6.src", "ipv6.dst"];
const ARP: Family = ["arp", "arp.src.proto_ipv4", "arp.dst.proto_ipv4"];
const PORTS: &[Family] =
    &[["tcp.port", "tcp.srcport", "tcp.dstport"], ["udp.port", "udp.srcport", "udp.dstport"]];

/// The comparison for the ends that were meant, in one field of each family.
fn ends(q: Qualifiers<'_>, families: &[Family], comparison: &str) -> Option<Part> {
    let transport = |f: &&Family| match q.proto {
        Some(proto @ ("tcp" | "udp")) if families.len() > 1 => f[0].starts_with(proto),
        _ => true,
    };
    let mut out = String::new();
    let mut binds = Binds::Compared;
    for [either, from, to] in families.iter().filter(transport) {
        if !out.is_empty() {
            out.push_str(" || ");
            binds = Binds::Or;
        }
        // Writing to a string cannot fail.
        let _ = match q.direction {
            Some(Direction::Source) => write!(out, "{from} {comparison}"),
            Some(Direction::Destination) => write!(out, "{to} {comparison}"),
            Some(Direction::Both) => {
                binds = if families.len() > 1 { Binds::Or } else { Binds::And };
                write!(out, "{from} {comparison} && {to} {comparison}")
            }
            _ if *either == "arp" => {
                binds = Binds::Or;
                write!(out, "{from} {comparison} || {to} {comparison}")
            }
            None | Some(Direction::Either) => write!(out, "{either} {comparison}"),
        };
    }
    // `ip host …` and `ip6 port …` say one thing more.
    let also = match q.proto {
        Some("ip") if families.len() > 1 => Some("ip"),
        Some("ip6") if families.len() > 1 => Some("ipv6"),
        Some("tcp" | "udp") if families.len() == 1 => q.proto,
        Some("icmp" | "igmp" | "sctp") => return None,
        _ => None,
    };
    Some(match also {
        Some(proto) if binds == Binds::Or => (format!("{proto} && ({out})"), Binds::And),
        Some(proto) => (format!("{proto} && {out}"), Binds::And),
        None => (out, binds),
    })
}

/// `10`, `192.168.1`, `10.0.0.0/8`, `10.0.0.0 mask 255.0.0.0`, `2001:db8::/32`.
fn net(word: &str, mask: Option<&str>) -> Option<(String, Family)> {
    let (base, bits) = word.split_once('/').map_or((word, None), |(b, n)| (b, Some(n)));
    if base.contains(':') {
        base.parse::<Ipv6Addr>().ok()?;
        let bits = bits.map_or(Some(128), number).filter(|&n| n <= 128)?;
        return Some((format!("{base}/{bits}"), IPV6));
    }
    let mut octets = [0; 4];
    let mut given = 0;
    for part in base.split('.') {
        *octets.get_mut(given as usize)? = part.parse::<u8>().ok()?;
        given += 1;
    }
    let mask = match mask {
        Some(mask) => Some(u32::from(mask.parse::<Ipv4Addr>().ok()?)),
        None => None,
    };
    // A mask with holes is no network that a display filter can name.
    let bits = match (bits, mask) {
        (Some(bits), None) => number(bits).filter(|&n| n <= 32)?,
        (None, Some(mask)) if mask.leading_ones() == mask.count_ones() => mask.leading_ones(),
        (None, None) => given * 8,
        _ => return None,
    };
    Some((format!("{}/{bits}", Ipv4Addr::from(octets)), IPV4))
}

/// A number as libpcap reads it.
fn number(word: &str) -> Option<u32> {
    match word.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => word.parse().ok().filter(|_| word.bytes().all(|b| b.is_ascii_digit())),
    }
}

fn named(word: &str) -> Option<u32> {
    NUMBERS.iter().find(|(name, _)| *name == word).map(|(_, n)| *n)
}

/// A number as so many bytes: `02:40`.
fn octets(n: u32, size: usize) -> String {
    let bytes = n.to_be_bytes();
    let last = bytes.get(bytes.len().saturating_sub(size)..).unwrap_or(&[]);
    last.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Filter;

    #[test]
    fn what_people_type_for_tcpdump_is_translated() {
        for (capture, display) in [
            ("port 80", "tcp.port == 80 || udp.port == 80"),
            ("tcp port 80", "tcp.port == 80"),
            ("tcp port http", "tcp.port == 80"),
            ("udp dst port 53", "udp.dstport == 53"),
            ("port 80 or 443", "tcp.port == 80 || udp.port == 80 || tcp.port == 443 || udp.port == 443"),
            ("host 10.0.0.1", "ip.addr == 10.0.0.1"),
            ("host 2001:db8::1", "ipv6.addr == 2001:db8::1"),
            ("src host 10.0.0.1", "ip.src == 10.0.0.1"),
            ("dst 10.0.0.1 and not port 22", "ip.dst == 10.0.0.1 && !(tcp.port == 22 || udp.port == 22)"),
            ("src or dst host 10.0.0.1", "ip.addr == 10.0.0.1"),
            ("src and dst net 10", "ip.src == 10.0.0.0/8 && ip.dst == 10.0.0.0/8"),
            ("src 10.0.0.1 and dst 10.0.0.2", "ip.src == 10.0.0.1 && ip.dst == 10.0.0.2"),
            ("src net 10/8", "ip.src == 10.0.0.0/8"),
            ("net 192.168.1", "ip.addr == 192.168.1.0/24"),
            ("net 10.0.0.0 mask 255.255.0.0", "ip.addr == 10.0.0.0/16"),
            ("ip6 net 2001:db8::/32", "ipv6.addr == 2001:db8::/32"),
            ("udp portrange 1-2", "udp.port in {1..2}"),
            ("icmp6", "icmpv6"),
            ("ip6", "ipv6"),
            ("not ip6 and not ether broadcast", "!ipv6 && !(eth.dst == ff:ff:ff:ff:ff:ff)"),
            ("ether host 00:11:22:33:44:55", "eth.addr == 00:11:22:33:44:55"),
            ("ether proto 0x88cc", "eth.type == 0x88cc"),
            ("ether proto \\arp", "eth.type == 0x0806"),
            ("ip proto \\tcp", "ip.proto == 6"),
            ("ip proto 47", "ip.proto == 47"),
            ("vlan 10 and tcp", "vlan.id == 10 && tcp"),
            ("less 64 or greater 1500", "frame.len <= 64 || frame.len >= 1500"),
            ("len > 100", "frame.len > 100"),
            ("ip multicast", "ip.dst == 224.0.0.0/4"),
            ("multicast", "eth.dst.ig == 1"),
            ("tcp[tcpflags] & tcp-syn != 0", "tcp.flags.syn == 1"),
            ("tcp[13] & 4 = 4", "tcp.flags.reset == 1"),
            ("tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "tcp.flags & 0x03"),
            ("tcp[tcpflags] & (tcp-syn|tcp-ack) == (tcp-syn|tcp-ack)", "tcp.flags & 0x12 == 0x12"),
            ("tcp[tcpflags] == tcp-syn", "tcp.flags == 0x02"),
            ("icmp[icmptype] = icmp-echo", "icmp.type == 8"),
            ("ip[2:2] > 576", "ip[2:2] > 02:40"),
            ("ip[6:2] & 0x1fff != 0", "ip[6:2] & 1f:ff"),
            ("port 53 and (udp or tcp)", "(tcp.port == 53 || udp.port == 53) && (udp || tcp)"),
            ("tcp or udp and port 53", "(tcp || udp) && (tcp.port == 53 || udp.port == 53)"),
            ("arp host 10.0.0.1", "arp.src.proto_ipv4 == 10.0.0.1 || arp.dst.proto_ipv4 == 10.0.0.1"),
            ("ip host 10.0.0.1", "ip.addr == 10.0.0.1"),
        ] {
            let t = translate(capture).unwrap_or_else(|| panic!("{capture}"));
            assert_eq!((t.filter.as_str(), t.host), (display, None), "{capture}");
            Filter::parse(display).unwrap_or_else(|e| panic!("{display}: {e}"));
        }
        let named = translate("tcp port 443 and host www.example.com").unwrap();
        assert_eq!(named.filter, "tcp.port == 443 && ip.addr == www.example.com");
        assert_eq!(named.host.as_deref(), Some("www.example.com"));
    }

    #[test]
    fn what_is_no_capture_filter_is_left_alone() {
        for other in ["", "80", "weather", "tcp.port == 80", "port", "port 70000", "host", "tcp and", "port 80)", "net 1.2.3.4.5",
            "net 10 mask 255.0.255.0", "http", "syn", "tcp && syn", "port \u{202e}", "host \\x"]
        {
            assert_eq!(translate(other), None, "{other}");
        }
        for deep in ["(".repeat(400), "not ".repeat(120) + "tcp", "!".repeat(500)] {
            assert_eq!(translate(&deep), None);
        }
    }
}
