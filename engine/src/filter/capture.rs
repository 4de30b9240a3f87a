//! Capture-filter language typed by mistake: `port 80` is libpcap's, `tcp.port == 80` is Wireshark's.
//! Recognised only where a display filter cannot be read, to say in the error what was meant.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Longer texts, and deeper ones, are not translated.
const LONGEST: usize = 1024;
const DEEPEST: usize = 16;

/// A protocol's name in either language.
const PROTOCOLS: &[(&str, &str)] = &[
    ("tcp", "tcp"),
    ("udp", "udp"),
    ("ip", "ip"),
    ("ip6", "ipv6"),
    ("arp", "arp"),
    ("icmp", "icmp"),
    ("icmp6", "icmpv6"),
    ("ether", "eth"),
    ("vlan", "vlan"),
    ("sctp", "sctp"),
    ("igmp", "igmp"),
    ("broadcast", "eth.dst == ff:ff:ff:ff:ff:ff"),
    ("multicast", "eth.dst[0] & 1"),
];

/// Services that people name in place of a port.
const SERVICES: &[(&str, &str)] = &[
    ("http", "80"),
    ("https", "443"),
    ("domain", "53"),
    ("ssh", "22"),
    ("ftp", "21"),
    ("smtp", "25"),
    ("telnet", "23"),
    ("ntp", "123"),
];

/// A flag of TCP: libpcap's name, Wireshark's, and its bit.
const FLAGS: &[(&str, &str, u8)] = &[
    ("tcp-fin", "tcp.flags.fin", 1),
    ("tcp-syn", "tcp.flags.syn", 2),
    ("tcp-rst", "tcp.flags.reset", 4),
    ("tcp-push", "tcp.flags.push", 8),
    ("tcp-ack", "tcp.flags.ack", 16),
    ("tcp-urg", "tcp.flags.urg", 32),
];

/// What a display filter says in place of this capture filter, if it is one, and what to put in it.
pub(super) fn translate(source: &str) -> Option<(String, String)> {
    if source.len() > LONGEST || !source.is_ascii() {
        return None;
    }
    let words = words(source);
    let mut reader = Reader { words: &words, last: None, depth: 0, named: Vec::new() };
    let said = reader.any_of()?;
    let mut put = String::new();
    for (name, address) in &reader.named {
        put.push_str(if put.is_empty() { ", with " } else { " and " });
        // Writing to a string cannot fail.
        let _ = write!(put, "{name}'s address in place of {address}");
    }
    reader.words.is_empty().then_some((said.text, put))
}

/// Words and signs, one by one.
fn words(source: &str) -> Vec<&str> {
    let mut list = Vec::new();
    let mut rest = source.trim_start();
    while !rest.is_empty() {
        let word = rest.find(|c: char| !(c.is_alphanumeric() || ".:/-_".contains(c))).unwrap_or(rest.len());
        let sign = if ["&&", "||", "!=", "<=", ">=", "=="].iter().any(|s| rest.starts_with(s)) { 2 } else { 1 };
        let (one, after) = rest.split_at_checked(if word > 0 { word } else { sign }).unwrap_or((rest, ""));
        list.push(one);
        rest = after.trim_start();
    }
    list
}

/// A condition of the display language, and whether it must be put in parentheses beside `&&`.
struct Said {
    text: String,
    loose: bool,
}

impl Said {
    const fn tight(text: String) -> Self {
        Self { text, loose: false }
    }

    fn any(list: &[String]) -> Self {
        Self { text: list.join(" || "), loose: list.len() > 1 }
    }

    fn inside(self) -> String {
        if self.loose { format!("({})", self.text) } else { self.text }
    }
}

/// What comes before a value. A value alone takes those of the one before it: `port 80 or 443`.
#[derive(Clone, Copy)]
struct Qualifiers<'a> {
    protocol: Option<&'a str>,
    direction: Option<&'a str>,
    kind: &'a str,
}

struct Reader<'a> {
    words: &'a [&'a str],
    last: Option<Qualifiers<'a>>,
    depth: usize,
    /// Hosts that are named, and the address that is written for each: no name is looked up here.
    named: Vec<(&'a str, Ipv4Addr)>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.first().copied()
    }

    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some(first)
    }

    fn one_of(&mut self, list: &[&str]) -> Option<&'a str> {
        let word = self.peek().filter(|w| list.contains(w))?;
        self.next();
        Some(word)
    }

    /// Conditions joined from left to right: here `and` binds no tighter than `or`.
    fn any_of(&mut self) -> Option<Said> {
        let mut left = self.one()?;
        while let Some(joint) = self.one_of(&["and", "&&", "or", "||"]) {
            let right = self.one()?;
            left = if matches!(joint, "and" | "&&") {
                Said::tight(format!("{} && {}", left.inside(), right.inside()))
            } else {
                Said { text: format!("{} || {}", left.text, right.text), loose: true }
            };
        }
        Some(left)
    }

    fn one(&mut self) -> Option<Said> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let said = if self.one_of(&["not", "!"]).is_some() {
            let inner = self.one()?;
            Said::tight(format!("!({})", inner.text))
        } else if self.one_of(&["("]).is_some() {
            let inner = self.any_of()?;
            self.one_of(&[")"])?;
            inner
        } else {
            self.primitive()?
        };
        self.depth -= 1;
        Some(said)
    }

    fn primitive(&mut self) -> Option<Said> {
        if let [protocol, "[", which, "]", rest @ ..] = self.words {
            self.words = rest;
            return self.indexed(protocol, which);
        }
        if let Some(word) = self.one_of(&["less", "greater"]) {
            let n: u32 = self.next()?.parse().ok()?;
            return Some(Said::tight(format!("frame.len {} {n}", if word == "less" { "<=" } else { ">=" })));
        }
        let known = |word: &str| PROTOCOLS.iter().find(|(name, _)| *name == word).map(|(_, display)| *display);
        let protocol = self.peek().filter(|word| known(word).is_some());
        if protocol.is_some() {
            self.next();
        }
        let direction = self.direction();
        let kind = self.one_of(&["host", "net", "port", "portrange", "proto"]);
        match (protocol, direction, kind) {
            (Some("vlan"), None, None) if self.peek().is_some_and(|w| w.parse::<u16>().is_ok()) => {
                Some(Said::tight(format!("vlan.id == {}", self.next()?)))
            }
            (Some(protocol), None, None) => Some(Said::tight(known(protocol)?.to_owned())),
            (None, None, None) => self.last.and_then(|last| self.value(last)),
            _ => {
                let qualifiers = Qualifiers { protocol, direction, kind: kind.unwrap_or("host") };
                self.last = Some(qualifiers);
                self.value(qualifiers)
            }
        }
    }

    /// `src`, `dst`, both, or `src or dst`, which says as much as nothing.
    fn direction(&mut self) -> Option<&'a str> {
        if let ["src", "and", "dst", rest @ ..] | ["dst", "and", "src", rest @ ..] = self.words {
            self.words = rest;
            return Some("both");
        }
        if let ["src", "or", "dst", rest @ ..] | ["dst", "or", "src", rest @ ..] = self.words {
            self.words = rest;
            return Some("either");
        }
        self.one_of(&["src", "dst"])
    }

    fn value(&mut self, q: Qualifiers<'a>) -> Option<Said> {
        let value = self.next()?;
        if q.direction == Some("both") {
            let rest = self.words;
            let mut end = |direction| {
                self.words = rest;
                self.compare(Qualifiers { direction: Some(direction), ..q }, value).map(Said::inside)
            };
            let (from, to) = (end("src")?, end("dst")?);
            return Some(Said::tight(format!("{from} && {to}")));
        }
        self.compare(q, value)
    }

    fn compare(&mut self, q: Qualifiers<'a>, value: &'a str) -> Option<Said> {
        let end = q.direction.filter(|d| *d != "either");
        let end_port = |p: &str| end.map_or(format!("{p}.port"), |end| format!("{p}.{end}port"));
        let ports = |say: &str| {
            let both =
                ["tcp", "udp"].into_iter().filter(|p| q.protocol.is_none_or(|of| of == *p || of.starts_with("ip")));
            Said::any(&both.map(|p| format!("{} {say}", end_port(p))).collect::<Vec<_>>())
        };
        match q.kind {
            "port" => {
                let number = SERVICES.iter().find(|(name, _)| *name == value).map_or(value, |(_, n)| n);
                number.parse::<u16>().ok().map(|n| ports(&format!("== {n}")))
            }
            "portrange" => {
                let (low, high) = value.split_once('-')?;
                let (low, high): (u16, u16) = (low.parse().ok()?, high.parse().ok()?);
                Some(ports(&format!("in {{{low}..{high}}}")))
            }
            "proto" => {
                let field = match q.protocol? {
                    "ip" => "ip.proto",
                    "ip6" => "ipv6.nxt",
                    "ether" => "eth.type",
                    _ => return None,
                };
                Some(Said::tight(format!("{field} == {value}")))
            }
            kind => {
                let masked =
                    if kind == "net" && self.one_of(&["mask"]).is_some() { Some(self.mask(value)?) } else { None };
                let written = if kind == "host" && q.protocol != Some("ip6") { self.named(value) } else { masked };
                let (layer, value) = address(q.protocol, kind == "net", written.as_deref().unwrap_or(value))?;
                Some(Said::tight(format!("{layer}.{} == {value}", end.unwrap_or("addr"))))
            }
        }
    }

    /// `10.0.0.0 mask 255.0.0.0` with the mask as the number of its bits.
    fn mask(&mut self, net: &str) -> Option<String> {
        let mask = u32::from(self.next()?.parse::<Ipv4Addr>().ok()?);
        let bits = mask.leading_ones();
        (mask.count_ones() == bits).then(|| format!("{net}/{bits}"))
    }

    /// The address that is written in place of a host's name.
    fn named(&mut self, value: &'a str) -> Option<String> {
        let is_name = value.contains(|c: char| c.is_ascii_alphabetic())
            && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        if !is_name {
            return None;
        }
        if let Some((_, address)) = self.named.iter().find(|(name, _)| *name == value) {
            return Some(address.to_string());
        }
        let last = u8::try_from(self.named.len() + 1).ok()?;
        let address = Ipv4Addr::new(192, 0, 2, last);
        self.named.push((value, address));
        Some(address.to_string())
    }

    /// `tcp[tcpflags] & tcp-syn != 0`, `icmp[icmptype] = 8`
    fn indexed(&mut self, protocol: &str, which: &str) -> Option<Said> {
        let field = match (protocol, which) {
            ("tcp", "tcpflags" | "13") => "tcp.flags",
            ("icmp", "icmptype" | "0") => "icmp.type",
            ("icmp", "icmpcode" | "1") => "icmp.code",
            _ => return None,
        };
        let mask = if self.one_of(&["&"]).is_some() { Some(self.bits()?) } else { None };
        let relation = match self.one_of(&["=", "==", "!=", "<", "<=", ">", ">="])? {
            "=" => "==",
            other => other,
        };
        let value = self.bits()?;
        let one = mask.and_then(|mask| FLAGS.iter().find(|(_, _, bit)| *bit == mask));
        let set = match (relation, value) {
            ("!=", 0) => Some(1),
            ("==", 0) => Some(0),
            ("==", n) if Some(n) == mask => Some(1),
            _ => None,
        };
        Some(Said::tight(match (field, one, set) {
            ("tcp.flags", Some((_, name, _)), Some(set)) => format!("{name} == {set}"),
            ("tcp.flags", ..) => format!("tcp.flags & {:#04x} {relation} {value:#04x}", mask.unwrap_or(0xff)),
            _ if mask.is_some() => return None,
            _ => format!("{field} {relation} {value}"),
        }))
    }

    /// A number, a named one, or several joined: `(tcp-syn|tcp-fin)`.
    fn bits(&mut self) -> Option<u8> {
        let open = self.one_of(&["("]).is_some();
        let mut all = 0;
        loop {
            let word = self.next()?;
            let flag = FLAGS.iter().find(|(name, ..)| *name == word).map(|(_, _, bit)| *bit);
            let hex = || word.strip_prefix("0x").and_then(|digits| u8::from_str_radix(digits, 16).ok());
            all |= match word {
                "icmp-echo" => 8,
                "icmp-echoreply" => 0,
                "icmp-unreach" => 3,
                "icmp-timxceed" => 11,
                _ => flag.or_else(hex).or_else(|| word.parse().ok())?,
            };
            if self.one_of(&["|"]).is_none() {
                break;
            }
        }
        if open {
            self.one_of(&[")"])?;
        }
        Some(all)
    }
}

/// The protocol that an address belongs to, and the address as a display filter writes it.
fn address(protocol: Option<&str>, net: bool, value: &str) -> Option<(&'static str, String)> {
    let (host, bits) = value.split_once('/').map_or((value, None), |(host, bits)| (host, Some(bits)));
    if protocol == Some("ether") {
        return Some(("eth", value.to_owned()));
    }
    if host.parse::<Ipv6Addr>().is_ok() {
        return Some(("ipv6", value.to_owned()));
    }
    if net || bits.is_some() {
        let parts: Vec<u8> = host.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let mut whole = [0; 4];
        whole.get_mut(..parts.len())?.copy_from_slice(&parts);
        let bits = bits.map_or_else(|| (parts.len() * 8).to_string(), str::to_owned);
        return Some(("ip", format!("{}/{bits}", Ipv4Addr::from(whole))));
    }
    host.parse::<Ipv4Addr>().ok().map(|host| ("ip", host.to_string()))
}
