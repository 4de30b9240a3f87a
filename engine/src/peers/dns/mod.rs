//! DNS — RFC 1035: the messages. [`server`] answers for a zone, [`resolver`] asks on behalf of others and remembers,
//! [`client`] asks.
//!
//! ```text
//! id | flags | counts of the four parts          12 bytes
//! question:     www.example.com A
//! answer:       www.example.com A 192.0.2.80, good for 300 s
//! authority:    who speaks for the zone
//! ```
//!
//! A name is a row of labels, each behind its length; a name that was written before is a pointer to it (§4.1.4).

pub mod client;
pub mod resolver;
pub mod server;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest message over UDP without extensions (RFC 1035 §4.2.1).
pub const MAX_UDP: usize = 512;
/// The fixed part.
const HEADER: usize = 12;
/// Labels and pointers of one name that we follow.
const MAX_LABELS: usize = 160;
/// Records of one message that we look at.
const MAX_RECORDS: usize = 256;

/// A domain name: its labels in lower case, joined by dots, without one at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Name(String);

/// What a question asks for; other types keep their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind(pub u16);

/// What a question asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// What of it.
    pub kind: Kind,
}

/// The data of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The server of a zone.
    Ns(Name),
    /// The name is only another name for this one.
    Cname(Name),
    /// A text.
    Txt(String),
    /// Who speaks for a zone: its first server, the mailbox of who is responsible, and how long a "no" is good for.
    Soa(Name, Name, u32),
}

/// How it went: the last four bits of the flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// It went well.
    NoError = 0,
    /// The question cannot be read.
    FormErr = 1,
    /// The server failed.
    ServFail = 2,
    /// There is no such name.
    NxDomain = 3,
    /// Such questions are not answered here.
    NotImp = 4,
    /// This one is not.
    Refused = 5,
}

impl Kind {
    /// An IPv4 address.
    pub const A: Self = Self(1);
    /// A zone's server.
    pub const NS: Self = Self(2);
    /// Another name.
    pub const CNAME: Self = Self(5);
    /// The start of a zone's authority.
    pub const SOA: Self = Self(6);
    /// A text.
    pub const TXT: Self = Self(16);
    /// An IPv6 address.
    pub const AAAA: Self = Self(28);
}

impl Name {
    /// The labels.
    fn labels(&self) -> impl Iterator<Item = &str> {
        self.0.split('.').filter(|label| !label.is_empty())
    }

    /// Whether it is `zone` or lies below it.
    fn is_within(&self, zone: &Self) -> bool {
        let head = self.0.strip_suffix(zone.0.as_str());
        head.is_some_and(|head| head.is_empty() || head.ends_with('.') || zone.0.is_empty())
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == "." {
            return Ok(Self::default());
        }
        let text = text.strip_suffix('.').unwrap_or(&text).to_ascii_lowercase();
        let right = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_graphic());
        if text.len() > 253 || !text.split('.').all(right) {
            return Err("a name has labels of 1 to 63 letters, 253 in all, like \"www.example.com\"");
        }
        Ok(Self(text))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl Data {
    /// Its type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::A(_) => Kind::A,
            Self::Aaaa(_) => Kind::AAAA,
            Self::Ns(_) => Kind::NS,
            Self::Cname(_) => Kind::CNAME,
            Self::Txt(_) => Kind::TXT,
            Self::Soa(..) => Kind::SOA,
        }
    }
}

/// A message that is being written.
#[derive(Debug)]
struct Writer {
    bytes: Vec<u8>,
    /// Names that stand in it, and where.
    names: Vec<(String, u16)>,
}

impl Writer {
    /// A header and a question. `flags` are the second pair of bytes.
    fn new(id: u16, flags: u16, question: Option<&Question>) -> Self {
        let mut writer = Self { bytes: Vec::new(), names: Vec::new() };
        let questions = u16::from(question.is_some());
        for word in [id, flags, questions, 0, 0, 0] {
            writer.word(word);
        }
        if let Some(question) = question {
            writer.name(&question.name);
            writer.word(question.kind.0);
            writer.word(1); // IN
        }
        writer
    }

    fn word(&mut self, word: u16) {
        self.bytes.extend_from_slice(&word.to_be_bytes());
    }

    /// Writes a name, or points to where its end stands already.
    fn name(&mut self, name: &Name) {
        let labels: Vec<_> = name.labels().collect();
        for (at, label) in labels.iter().enumerate() {
            let rest = labels.get(at..).unwrap_or_default().join(".");
            if let Some((_, place)) = self.names.iter().find(|(known, _)| *known == rest) {
                return self.word(0xC000 | *place);
            }
            if let Some(place) = u16::try_from(self.bytes.len()).ok().filter(|place| *place < 0x4000) {
                self.names.push((rest, place));
            }
            // A name's labels are at most 63 bytes long.
            self.bytes.push(u8::try_from(label.len()).unwrap_or(63));
            self.bytes.extend_from_slice(label.as_bytes());
        }
        self.bytes.push(0);
    }

    /// Appends a record. `part` is 1 for an answer, 2 for an authority, 3 for what helps besides.
    fn record(&mut self, part: usize, name: &Name, ttl: u32, data: &Data) {
        self.name(name);
        self.word(data.kind().0);
        self.word(1); // IN
        self.bytes.extend_from_slice(&ttl.to_be_bytes());
        let length = self.bytes.len();
        self.word(0);
        match data {
            Data::A(address) => self.bytes.extend_from_slice(&address.octets()),
            Data::Aaaa(address) => self.bytes.extend_from_slice(&address.octets()),
            Data::Cname(name) | Data::Ns(name) => self.name(name),
            Data::Txt(text) => {
                for piece in text.as_bytes().chunks(255) {
                    self.bytes.push(u8::try_from(piece.len()).unwrap_or(255));
                    self.bytes.extend_from_slice(piece);
                }
            }
            Data::Soa(server, mailbox, negative) => {
                self.name(server);
                self.name(mailbox);
                for number in [1, 7_200, 900, 1_209_600, *negative] {
                    self.bytes.extend_from_slice(&number.to_be_bytes());
                }
            }
        }
        let size = u16::try_from(self.bytes.len() - length - 2).unwrap_or(u16::MAX);
        put(&mut self.bytes, length, size);
        let count = word(&self.bytes, 4 + 2 * part).unwrap_or(0);
        put(&mut self.bytes, 4 + 2 * part, count + 1);
    }
}

/// The header and question of a message.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    id: u16,
    flags: u16,
    /// The one question, if it can be read.
    question: Option<Question>,
    /// Where the first record stands.
    end: usize,
}

impl Head {
    /// Reads it; nothing where there is not even a header.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (id, flags, questions) = (word(bytes, 0)?, word(bytes, 2)?, word(bytes, 4)?);
        word(bytes, HEADER - 2)?;
        let mut head = Self { id, flags, question: None, end: HEADER };
        if questions == 1
            && let Some((name, at)) = plain_name(bytes, HEADER)
            && let (Some(kind), Some(1)) = (word(bytes, at), word(bytes, at + 2))
        {
            head.question = Some(Question { name, kind: Kind(kind) });
            head.end = at + 4;
        }
        Some(head)
    }

    fn is_response(&self) -> bool {
        self.flags & 0x8000 != 0
    }
}

/// The places of all TTLs of a message, behind its question, and the least of them; `None` if the records make no sense.
fn ttls(bytes: &[u8], mut at: usize) -> Option<(Vec<usize>, u32)> {
    let counts = [6, 8, 10].map(|place| usize::from(word(bytes, place).unwrap_or(0)));
    let (mut places, mut least) = (Vec::new(), u32::MAX);
    for _ in 0..counts.iter().sum::<usize>().min(MAX_RECORDS) {
        at = skip_name(bytes, at)?;
        let kind = word(bytes, at)?;
        let ttl = u32::from_be_bytes(*bytes.get(at + 4..)?.first_chunk()?);
        // The extension's record has flags there (RFC 6891 §6.1.3).
        if kind != 41 {
            places.push(at + 4);
            least = least.min(ttl);
        }
        at += 10 + usize::from(word(bytes, at + 8)?);
        if at > bytes.len() {
            return None;
        }
    }
    Some((places, least))
}

/// A name without pointers, and where it ends: before a question no name stands that could be pointed to.
fn plain_name(bytes: &[u8], mut at: usize) -> Option<(Name, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*bytes.get(at)?);
        at += 1;
        match length {
            0 if labels.is_empty() => return Some((Name::default(), at)),
            0 => return Some((Name::try_from(labels.join(".")).ok()?, at)),
            1..=63 => labels.push(std::str::from_utf8(bytes.get(at..at + length)?).ok()?),
            _ => return None,
        }
        at += length;
    }
}

/// A name that may end in pointers (RFC 1035 §4.1.4); too many of them are none.
fn name_at(bytes: &[u8], mut at: usize) -> Option<Name> {
    let mut labels = Vec::new();
    for _ in 0..MAX_LABELS {
        let length = usize::from(*bytes.get(at)?);
        match length {
            0 if labels.is_empty() => return Some(Name::default()),
            0 => return Name::try_from(labels.join(".")).ok(),
            1..=63 => labels.push(std::str::from_utf8(bytes.get(at + 1..at + 1 + length)?).ok()?),
            0xC0.. => at = usize::from(word(bytes, at)? & 0x3FFF),
            _ => return None,
        }
        if length < 0xC0 {
            at += 1 + length;
        }
    }
    None
}

/// Who knows more: a zone, the address of its server, and how long that holds.
#[derive(Debug, PartialEq, Eq)]
struct Referral {
    zone: Name,
    server: Ipv4Addr,
    ttl: u32,
}

/// What an answer refers to that has no answer itself (RFC 1034 §4.3.2, step 3b): a zone below, and its server's address.
fn referral(bytes: &[u8], mut at: usize) -> Option<Referral> {
    let [flags, answers, authorities, others] = [2, 6, 8, 10].map(|place| word(bytes, place).unwrap_or(0));
    if flags & 0x840F != 0x8000 || answers != 0 {
        return None;
    }
    let mut found: Option<(Name, Name, u32)> = None;
    for record in 0..usize::from(authorities).saturating_add(others.into()).min(MAX_RECORDS) {
        let owner = name_at(bytes, at)?;
        at = skip_name(bytes, at)?;
        let (kind, length) = (Kind(word(bytes, at)?), usize::from(word(bytes, at + 8)?));
        let ttl = u32::from_be_bytes(*bytes.get(at + 4..)?.first_chunk()?);
        let data = at + 10;
        at = data + length;
        match &found {
            None if kind == Kind::NS && record < usize::from(authorities) => {
                found = Some((owner, name_at(bytes, data)?, ttl));
            }
            Some((zone, name, least)) if kind == Kind::A && owner == *name => {
                let server = Ipv4Addr::from(*bytes.get(data..at)?.first_chunk::<4>()?);
                return Some(Referral { zone: zone.clone(), server, ttl: ttl.min(*least) });
            }
            _ => {}
        }
    }
    None
}

fn skip_name(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(*length),
            0xC0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

fn put(bytes: &mut [u8], at: usize, word: u16) {
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&word.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn name(text: &str) -> Name {
        Name::try_from(text.to_string()).unwrap()
    }

    #[test]
    fn a_name_that_stands_already_is_pointed_to() {
        let question = Question { name: name("www.Example.com."), kind: Kind::A };
        let mut writer = Writer::new(7, 0x0100, Some(&question));
        writer.record(1, &question.name, 60, &Data::Cname(name("web.example.com")));
        let answer = b"\xC0\x0C\0\x05\0\x01\0\0\0\x3C\0\x06\x03web\xC0\x10";
        assert!(writer.bytes.ends_with(answer), "{:x?}", writer.bytes);
        let head = Head::read(&writer.bytes).unwrap();
        assert_eq!((head.id, head.question.as_ref(), word(&writer.bytes, 6)), (7, Some(&question), Some(1)));
        assert_eq!(ttls(&writer.bytes, head.end), Some((vec![head.end + 6], 60)));
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for bad in ["", "a..b", &"x".repeat(64), &"abc.".repeat(70), "with space.com"] {
            assert!(Name::try_from(bad.to_string()).is_err(), "{bad}");
        }
        assert!(name("www.example.com").is_within(&name("example.com")));
        assert!(!name("badexample.com").is_within(&name("example.com")));
    }

    #[test]
    fn noise_and_cuts_never_panic() {
        let mut writer = Writer::new(7, 0x8180, Some(&Question { name: name("a.b"), kind: Kind::TXT }));
        writer.record(1, &name("a.b"), 60, &Data::Txt("x".repeat(300)));
        for length in 0..writer.bytes.len() {
            let bytes = &writer.bytes[..length];
            assert_eq!(Head::read(bytes).is_some(), length >= HEADER);
            assert!(length < 21 || ttls(bytes, 21).is_none());
        }
        let mut rng = crate::rng::Rng::seeded(8);
        for _ in 0..5_000 {
            let noise: [u8; 40] = rng.bytes();
            let _ = (Head::read(&noise), ttls(&noise, 12), plain_name(&noise, 0), name_at(&noise, 0));
            let mut answer = Writer::new(7, 0x8000, None).bytes;
            super::put(&mut answer, 8, 3);
            answer.extend_from_slice(&noise);
            let _ = referral(&answer, 12);
        }
    }
}
