//! Pseudonyms for addresses and names, for a screen that others look at. The same one always gets the same, so that
//! conversations can still be followed.
//!
//! It works on what is shown, not on the packets: whatever view made a text, an address in it is found by its form, and a
//! name by its dots. A name without dots is found once a field has said that it is one. Values that HTTP keeps secret are
//! another matter: `chat` overwrites those in the bytes, before anybody reads them.

use crate::filter::ALIASES;
use crate::model::{FieldDef, Kind, Packet, Value, show};
use crate::proto;
use crate::view::measure::{spaces, width};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// Fields whose values are names, with dots or without.
const NAMES: &[&str] = &[
    "dhcp.option.domain_name",
    "dhcp.option.hostname",
    "dns.qry.name",
    "dns.resp.name",
    "ftp.request.username",
    "http.host",
    "imap.request.username",
    "nbns.name",
    "ntlmssp.auth.domain",
    "ntlmssp.auth.hostname",
    "ntlmssp.auth.username",
    "pop.request.username",
    "smtp.auth.username",
    "stun.att.username",
    "tls.handshake.extensions_server_name",
];
/// Pseudonyms that are remembered; what comes after them shares one.
const MOST: usize = 1 << 16;
/// Protocols whose names look like those of hosts.
const PROTOCOLS: &[&str] = &["engine.io", "socket.io"];
/// A name without dots that is shorter could be any word.
const SHORTEST: usize = 3;

/// Nobody's MAC address.
const ZEROS: &str = "00:00:00:00:00:00";

/// Who got which pseudonym.
#[derive(Debug)]
pub struct Mask {
    /// Of each kind, by what it hides, in small letters.
    known: HashMap<String, String>,
    counts: [usize; 3],
    /// Names without dots.
    names: HashSet<String>,
    /// What looks like a name and is a field's.
    fields: HashSet<&'static str>,
}

/// What is hidden.
#[derive(Clone, Copy)]
enum Hidden {
    Ip,
    Mac,
    Name,
}

/// What names and MAC addresses a packet's fields say, for [`Mask::learn`].
pub fn names(packet: &Packet) -> Vec<String> {
    let mut all = Vec::new();
    for field in packet.fields.iter().filter(|field| says(field.def)) {
        let mut text = String::new();
        show::value(packet, field, &mut text);
        // NetBIOS says after it what the name is for.
        let name = text.split_once('<').map_or(&*text, |(name, _)| name).trim();
        if name.len() >= SHORTEST && !name.contains('.') {
            all.push(name.to_lowercase());
        }
    }
    all
}

fn says(def: &FieldDef) -> bool {
    def.kind == Kind::Ether || NAMES.contains(&def.name)
}

impl Default for Mask {
    fn default() -> Self {
        let fields = proto::identities().flat_map(|about| about.fields.iter().map(|field| field.name));
        let fields = fields.chain(ALIASES.iter().map(|alias| alias.name)).chain(PROTOCOLS.iter().copied()).collect();
        Self { known: HashMap::new(), counts: [0; 3], names: HashSet::new(), fields }
    }
}

impl Mask {
    /// From here on, these are names.
    pub fn learn(&mut self, names: &[String]) {
        for name in names {
            if self.names.len() < MOST && !self.names.contains(name) {
                self.names.insert(name.clone());
            }
        }
    }

    /// From here on, a packet's names and addresses are known, whatever of it is shown first.
    pub fn meet(&mut self, packet: &Packet) {
        self.learn(&names(packet));
        let address = |kind| matches!(kind, Kind::Ipv4 | Kind::Ipv6 | Kind::Ether);
        for field in packet.fields.iter().filter(|field| address(field.def.kind)) {
            let mut text = String::new();
            show::value(packet, field, &mut text);
            self.text(&text);
        }
    }

    /// The text with pseudonyms.
    pub fn text(&mut self, text: &str) -> String {
        self.replaced(text, false)
    }

    /// The same, where columns follow: a shorter pseudonym is filled up with blanks, a longer one takes those after it.
    pub fn columns(&mut self, text: &str) -> String {
        self.replaced(text, true)
    }

    fn replaced(&mut self, text: &str, columns: bool) -> String {
        let (mut out, mut done) = (String::with_capacity(text.len()), 0);
        for word in words(text) {
            for (range, kind) in self.hidden(text, word) {
                let Some(was) = text.get(range.clone()) else { continue };
                out.push_str(text.get(done..range.start).unwrap_or(""));
                let pseudonym = self.pseudonym(was, kind);
                out.push_str(&pseudonym);
                done = range.end;
                if columns {
                    let (old, new) = (width(was), width(&pseudonym));
                    let rest = text.get(done..).unwrap_or("");
                    let blanks = rest.len() - rest.trim_start_matches(' ').len();
                    // One blank stays, so that words don't grow together.
                    done += new.saturating_sub(old).min(blanks.saturating_sub(1));
                    spaces(if blanks > 0 { old.saturating_sub(new) } else { 0 }, &mut out);
                }
            }
        }
        out.push_str(text.get(done..).unwrap_or(""));
        out
    }

    /// Which bytes of a packet's buffer say what is hidden.
    pub fn bytes(&mut self, packet: &Packet, buffer: u8) -> Vec<Range<u32>> {
        let mut all = Vec::new();
        for field in packet.fields.iter().filter(|field| field.span.buf == buffer && field.span.len > 0) {
            let says = match (field.value, field.def.kind) {
                (Value::Bytes(_), Kind::Ipv4 | Kind::Ipv6 | Kind::Ether) | (Value::Text(_), _) => true,
                _ => NAMES.contains(&field.def.name),
            };
            let mut text = String::new();
            if says {
                show::value(packet, field, &mut text);
            }
            if says && self.hides(&text) {
                all.push(field.span.start..field.span.end());
            }
        }
        // What no field says, in plain text.
        let bytes = packet.buffers().get(usize::from(buffer)).map_or(&[][..], |b| &b.bytes);
        let text: String = bytes.iter().map(|&b| if b.is_ascii_graphic() { char::from(b) } else { ' ' }).collect();
        for word in words(&text) {
            let found = self.hidden(&text, word);
            let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            all.extend(found.into_iter().map(|(range, _)| short(range.start)..short(range.end)));
        }
        all
    }

    /// Which of these bytes are an address that has a pseudonym already, where no packet says what they are.
    pub fn raw(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let hex = |pair: &str| u8::from_str_radix(pair, 16).ok();
        let address = |text: &String| match text.parse() {
            Ok(IpAddr::V4(ip)) => Some(ip.octets().to_vec()),
            Ok(IpAddr::V6(ip)) => Some(ip.octets().to_vec()),
            Err(_) => mac(text).and_then(|_| text.split(':').map(hex).collect()),
        };
        let known: Vec<Vec<u8>> = self.known.keys().filter_map(address).collect();
        let at = |address: &Vec<u8>| {
            let len = address.len();
            let is = |(_, run): &(usize, &[u8])| *run == &address[..];
            bytes.windows(len).enumerate().filter(is).map(|(at, _)| at..at + len).collect::<Vec<_>>()
        };
        known.iter().flat_map(at).collect()
    }

    fn hides(&self, text: &str) -> bool {
        words(text).any(|word| !self.hidden(text, word).is_empty())
    }

    /// What of a word is hidden: the addresses and names in it.
    fn hidden(&self, text: &str, word: Range<usize>) -> Vec<(Range<usize>, Hidden)> {
        let mut found = Vec::new();
        let whole = text.get(word.clone()).unwrap_or("");
        // Marks at the end of a sentence belong to nobody, nor do those before a word; `::1` begins with its own.
        let end = whole.trim_end_matches(['.', ':', '-', '_', '@']);
        let begin =
            if end.starts_with("::") { 0 } else { end.len() - end.trim_start_matches(['.', ':', '-', '@']).len() };
        let body = end.get(begin..).unwrap_or("");
        let at = word.start + begin;
        if let Some(kind) = self.kind(body) {
            if !body.is_empty() {
                found.push((at..at + body.len(), kind));
            }
        } else {
            // An address and its port, a user's at an address, or what else joins words.
            let mut from = 0;
            for part in body.split([':', '@', '-', '_']) {
                if let Some(kind) = self.kind(part) {
                    found.push((at + from..at + from + part.len(), kind));
                }
                from += part.len() + 1;
            }
        }
        found
    }

    fn kind(&self, word: &str) -> Option<Hidden> {
        if let Ok(ip) = word.parse::<IpAddr>() {
            return (!is_public(ip)).then_some(Hidden::Ip);
        }
        if let Some(first) = mac(word) {
            // A group's address is nobody's, nor is the one of zeros.
            let zeros = word.bytes().all(|b| matches!(b, b'0' | b':' | b'-'));
            return (first & 1 == 0 && !zeros).then_some(Hidden::Mac);
        }
        let small = word.to_lowercase();
        if self.holds_mac(&small) {
            return Some(Hidden::Mac);
        }
        if (self.names.contains(&small) && mac(&small).is_none()) || (is_name(&small) && !self.fields.contains(&*small))
        {
            return Some(Hidden::Name);
        }
        None
    }

    /// Whether longer bytes, such as a DUID, have somebody's MAC address in them.
    fn holds_mac(&self, word: &str) -> bool {
        let (begin, len) = (|at: usize| at * 3, 17);
        let pairs = (word.len() + 1) / 3;
        word.len() % 3 == 2
            && pairs > 6
            && word.split(':').all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()))
            && (0..=pairs - 6).any(|at| {
                word.get(begin(at)..begin(at) + len).is_some_and(|six| {
                    self.names.contains(six) && mac(six).is_some_and(|first| first & 1 == 0) && six != ZEROS
                })
            })
    }

    fn pseudonym(&mut self, was: &str, kind: Hidden) -> String {
        let was = was.to_lowercase().replace('-', if matches!(kind, Hidden::Mac) { ":" } else { "-" });
        if let Some(known) = self.known.get(&was) {
            return known.clone();
        }
        let name = ["ip", "mac", "name"].get(kind as usize).copied().unwrap_or_default();
        let Some(count) = self.counts.get_mut(kind as usize).filter(|_| self.known.len() < MOST) else {
            return format!("{name}-x");
        };
        *count += 1;
        let new = format!("{name}-{count}");
        self.known.insert(was, new.clone());
        new
    }
}

/// Addresses that say nothing of anybody: this host, all hosts, a group.
fn is_public(ip: IpAddr) -> bool {
    let v4 = |ip: Ipv4Addr| ip.is_unspecified() || ip.is_loopback() || ip.is_multicast() || ip.is_broadcast();
    match ip {
        IpAddr::V4(ip) => v4(ip),
        IpAddr::V6(ip) => {
            ip == Ipv6Addr::LOCALHOST || ip.is_unspecified() || ip.is_multicast() || ip.to_ipv4_mapped().is_some_and(v4)
        }
    }
}

/// The first byte of a MAC address.
fn mac(word: &str) -> Option<u8> {
    let parts: Vec<&str> = word.split([':', '-']).collect();
    let hex = |part: &&str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
    let first = parts.first().filter(|_| parts.len() == 6 && parts.iter().all(hex))?;
    u8::from_str_radix(first, 16).ok()
}

/// Labels with dots between them, of which the last is a word; or a mail's address.
fn is_name(word: &str) -> bool {
    let host = word.rsplit_once('@').map_or(word, |(user, host)| if user.is_empty() { "" } else { host });
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let last = host.rsplit('.').next().unwrap_or("");
    host.contains('.')
        && host.split('.').all(label)
        && (last.starts_with("xn--") || last.chars().count() >= 2 && last.chars().all(char::is_alphabetic))
}

/// Where words are that may be an address or a name.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '@');
    let mut rest = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, _) = rest.by_ref().find(|&(_, c)| part(c))?;
        let mut end = None;
        while let Some(&(at, c)) = rest.peek() {
            if !part(c) {
                end = Some(at);
                break;
            }
            rest.next();
        }
        Some(start..end.unwrap_or(text.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_where_only_a_line_is_shown() {
        let fields = proto::identities().flat_map(|about| about.fields);
        let left_out: Vec<&str> = fields.filter(|def| says(def) && def.detail).map(|def| def.name).collect();
        assert_eq!(left_out, [""; 0]);
    }

    #[test]
    fn the_same_address_or_name_always_gets_the_same_pseudonym() {
        let mut mask = Mask::default();
        let text = "192.0.2.1:80 asks 2001:db8::1 (02:00:5e:00:53:01) for www.example.com. Then WWW.example.com, \
                    [2001:db8::1]:443 and ada@example.org; sip:7@192.0.2.1.";
        assert_eq!(
            mask.text(text),
            "ip-1:80 asks ip-2 (mac-1) for name-1. Then name-1, [ip-2]:443 and name-2; sip:7@ip-1."
        );
        assert_eq!(mask.text("02-00-5E-00-53-01"), "mac-1");
    }

    #[test]
    fn what_names_nobody_stays() {
        let same = "0.0.0.0 127.0.0.1 ::1 :: 224.0.0.251 255.255.255.255 ff02::fb ff:ff:ff:ff:ff:ff 01:00:5e:00:00:fb \
                    00:00:00:00:00:00 tcp.port == 80 http.request.method HTTP/1.1 12:34:56.789 1.5 e.g. 3.14s a.b \
                    The end. No. 7: RFC 9293 … Engine.IO message, GET /socket.io/?EIO=4&transport=polling";
        assert_eq!(Mask::default().text(same), same);
    }

    #[test]
    fn a_name_without_dots_is_hidden_once_a_field_has_said_it() {
        let mut mask = Mask::default();
        assert_eq!(mask.text("Host name: ADAS-LAPTOP"), "Host name: ADAS-LAPTOP");
        mask.learn(&["adas-laptop".into()]);
        assert_eq!(mask.text("Host name: ADAS-LAPTOP"), "Host name: name-1");
    }

    #[test]
    fn columns_stay_where_they_are() {
        let mut mask = Mask::default();
        assert_eq!(mask.columns("192.0.2.1  →  192.0.2.20   x"), "ip-1       →  ip-2         x");
        assert_eq!(mask.columns("::2    x"), "ip-3   x");
        assert_eq!(mask.columns("(192.0.2.1)"), "(ip-1)");
    }

    #[test]
    fn any_text_keeps_what_is_around_it() {
        for text in ["", ":", "::", ".", "@", "a@", "…::1…", "é.é", "::.::", "1.2.3.4.5", "a..b", "-.-"] {
            let mut mask = Mask::default();
            let shown = mask.text(text);
            assert_eq!(mask.text(&shown), shown, "{text}");
        }
    }
}
