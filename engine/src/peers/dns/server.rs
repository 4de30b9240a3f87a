//! A name server that speaks for one zone.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Code, Data, Head, Kind, MAX_UDP, Name, Question, Writer};
use crate::peers::{Datagram, DatagramPeer, Heard, Want};

/// Names that lead to other names, one after the other.
const MAX_CHAIN: usize = 8;

/// A zone, as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// Its name: the server speaks for this name and those below it.
    pub zone: Name,
    /// Its names: addresses, `CNAME another.example.com`, `NS server.of.a.zone.below`, or `TXT any text`; one or several.
    pub names: BTreeMap<Name, Records>,
    /// How long an answer is good for, in seconds.
    #[serde(default = "default_ttl")]
    pub ttl_s: u32,
}

fn default_ttl() -> u32 {
    300
}

/// The records of one name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "Written")]
pub struct Records(Vec<Data>);

#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "a name has a text or a list of texts")]
enum Written {
    One(String),
    Several(Vec<String>),
}

impl TryFrom<Written> for Records {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let texts = match written {
            Written::One(text) => vec![text],
            Written::Several(texts) => texts,
        };
        let data: Vec<_> = texts.iter().map(|text| record(text)).collect::<Result<_, _>>()?;
        if data.iter().any(|data| data.kind() == Kind::CNAME) && data.len() > 1 {
            return Err("a name that is another name has nothing else (RFC 1034 section 3.6.2)");
        }
        Ok(Self(data))
    }
}

fn record(text: &str) -> Result<Data, &'static str> {
    if let Ok(address) = text.parse() {
        return Ok(Data::A(address));
    }
    if let Ok(address) = text.parse() {
        return Ok(Data::Aaaa(address));
    }
    match text.split_once(' ') {
        Some(("NS", name)) => Ok(Data::Ns(Name::try_from(name.to_string())?)),
        Some(("CNAME", name)) => Ok(Data::Cname(Name::try_from(name.to_string())?)),
        Some(("TXT", text)) if text.len() <= 4_096 => Ok(Data::Txt(text.into())),
        _ => Err("a record is an address, \"CNAME name\", \"NS name\" or \"TXT text\""),
    }
}

/// A server of a zone.
#[derive(Debug)]
pub struct Server {
    zone: Zone,
    soa: Data,
}

impl Server {
    /// A server of this zone.
    pub fn new(zone: Zone) -> Self {
        let below = |label: &str| Name::try_from(format!("{label}.{}", zone.zone.0)).unwrap_or_default();
        let soa = Data::Soa(below("ns"), below("hostmaster"), zone.ttl_s);
        Self { zone, soa }
    }

    /// The answer to a message, if it deserves one.
    fn answer(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let head = Head::read(bytes).filter(|head| !head.is_response())?;
        // The answer keeps what was asked for: the kind of question, and whether to ask others for it.
        let kept = 0x8000 | head.flags & 0x7900;
        let refuse = |code: Code| Some(Writer::new(head.id, kept | code as u16, head.question.as_ref()).bytes);
        if head.flags & 0x7800 != 0 {
            return refuse(Code::NotImp);
        }
        let Some(question) = &head.question else { return refuse(Code::FormErr) };
        if !question.name.is_within(&self.zone.zone) {
            return refuse(Code::Refused);
        }
        if let Some((zone, Records(servers))) = self.delegated(&question.name) {
            let mut writer = Writer::new(head.id, kept, Some(question));
            for server in servers {
                writer.record(2, zone, self.zone.ttl_s, server);
            }
            for (name, Records(addresses)) in &self.zone.names {
                if servers.contains(&Data::Ns(name.clone())) {
                    for address in addresses {
                        writer.record(3, name, self.zone.ttl_s, address);
                    }
                }
            }
            return Some(writer.bytes);
        }
        let flags = kept | 0x0400; // we speak for the zone
        let (records, code) = self.look_up(question);
        let mut writer = Writer::new(head.id, flags | code as u16, Some(question));
        for (name, data) in &records {
            writer.record(1, name, self.zone.ttl_s, data);
        }
        let found = records.iter().any(|(_, data)| data.kind() == question.kind);
        if !found && records.last().is_none_or(|(_, data)| self.leads_within(data)) {
            writer.record(2, &self.zone.zone, self.zone.ttl_s, &self.soa);
        }
        if writer.bytes.len() > MAX_UDP {
            return Some(Writer::new(head.id, flags | 0x0200, Some(question)).bytes);
        }
        Some(writer.bytes)
    }

    /// The zone below ours that a name lies in, and who speaks for it (RFC 1034 §4.2.1).
    fn delegated(&self, name: &Name) -> Option<(&Name, &Records)> {
        let below = self.zone.names.iter().filter(|(zone, Records(data))| {
            **zone != self.zone.zone && name.is_within(zone) && data.iter().any(|data| data.kind() == Kind::NS)
        });
        below.max_by_key(|(zone, _)| zone.labels().count())
    }

    /// A "no" is only ours to say for a name of our zone.
    fn leads_within(&self, data: &Data) -> bool {
        matches!(data, Data::Cname(next) if next.is_within(&self.zone.zone))
    }

    /// The records that answer a question, other names followed (RFC 1034 §4.3.2).
    fn look_up(&self, question: &Question) -> (Vec<(Name, Data)>, Code) {
        let (mut name, mut found) = (question.name.clone(), Vec::new());
        for _ in 0..MAX_CHAIN {
            let Some(Records(records)) = self.zone.names.get(&name) else { break };
            match records.as_slice() {
                [Data::Cname(next)] if question.kind != Kind::CNAME => {
                    found.push((name, Data::Cname(next.clone())));
                    name = next.clone();
                }
                records => {
                    let asked = records.iter().filter(|data| data.kind() == question.kind);
                    found.extend(asked.map(|data| (name.clone(), data.clone())));
                    return (found, Code::NoError);
                }
            }
        }
        if name == self.zone.zone {
            let soa = (question.kind == Kind::SOA).then(|| (name, self.soa.clone()));
            found.extend(soa);
            return (found, Code::NoError);
        }
        // A name with others below it is there, though it has nothing itself (RFC 8020 §2).
        let exists = !name.is_within(&self.zone.zone) || self.zone.names.keys().any(|known| known.is_within(&name));
        (found, if exists { Code::NoError } else { Code::NxDomain })
    }
}

impl DatagramPeer for Server {
    fn step(&mut self, _: Duration, heard: Heard<'_>, out: &mut Vec<Datagram>) -> Want {
        if let Heard::Datagram { from, bytes } = heard {
            out.extend(self.answer(bytes).map(|bytes| Datagram { to: from, bytes }));
        }
        Want::Input
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::name;
    use super::super::word;
    use super::*;

    pub(in super::super) fn zone() -> Zone {
        let text = r#"
            zone = "example.com"
            [names]
            "www.example.com" = ["192.0.2.80", "2001:db8::80"]
            "shop.example.com" = "CNAME www.example.com"
            "away.example.com" = "CNAME www.example.net"
            "loop.example.com" = "CNAME loop.example.com"
            "a.deep.example.com" = "192.0.2.1"
            "long.example.com" = "TXT LONG"
        "#;
        toml::from_str(&text.replace("LONG", &"long ".repeat(120))).unwrap()
    }

    /// Flags, then the counts of answers and authorities.
    fn ask(text: &str, kind: Kind) -> (u16, u16, u16, Vec<u8>) {
        let question = Question { name: name(text), kind };
        let bytes = Server::new(zone()).answer(&Writer::new(9, 0x0100, Some(&question)).bytes).unwrap();
        let head = Head::read(&bytes).unwrap();
        assert_eq!((head.id, head.question), (9, Some(question)));
        (head.flags, word(&bytes, 6).unwrap(), word(&bytes, 8).unwrap(), bytes)
    }

    #[test]
    fn names_of_the_zone_are_answered_with_authority() {
        let (flags, answers, authorities, bytes) = ask("WWW.example.com", Kind::A);
        assert_eq!((flags, answers, authorities), (0x8500, 1, 0));
        assert!(bytes.ends_with(&[192, 0, 2, 80]));
        assert_eq!(ask("www.example.com", Kind::AAAA).1, 1);
        let (_, answers, _, bytes) = ask("shop.example.com", Kind::A);
        assert!(answers == 2 && bytes.ends_with(&[192, 0, 2, 80]));
        assert_eq!(ask("shop.example.com", Kind::CNAME).1, 1);
        assert_eq!(ask("example.com", Kind::SOA).1, 1);
    }

    #[test]
    fn no_such_name_and_no_such_record_are_two_things() {
        let (flags, answers, authorities, bytes) = ask("nobody.example.com", Kind::A);
        assert_eq!((flags, answers, authorities), (0x8503, 0, 1));
        assert!(bytes.ends_with(&300_u32.to_be_bytes()), "how long the no is good for");
        let (flags, answers, authorities, _) = ask("www.example.com", Kind::TXT);
        assert_eq!((flags, answers, authorities), (0x8500, 0, 1));
        assert_eq!(ask("deep.example.com", Kind::A).0, 0x8500, "there is something below it");
        assert_eq!(ask("away.example.com", Kind::A).1, 1, "the rest is for another server to say");
    }

    #[test]
    fn what_is_not_for_us_is_refused() {
        assert_eq!(ask("www.example.net", Kind::A).0 & 15, Code::Refused as u16);
        assert!(ask("loop.example.com", Kind::A).1 <= 8);
        let server = Server::new(zone());
        let bare = Writer::new(9, 0, None).bytes;
        assert_eq!(Head::read(&server.answer(&bare).unwrap()).unwrap().flags & 15, Code::FormErr as u16);
        assert_eq!(server.answer(&Writer::new(9, 0x8000, None).bytes), None, "an answer is not answered");
        assert_eq!(server.answer(b"short"), None);
    }

    #[test]
    fn what_is_too_long_for_udp_is_cut_and_says_so() {
        let (flags, answers, _, bytes) = ask("long.example.com", Kind::TXT);
        assert_eq!((flags, answers), (0x8700, 0));
        assert!(bytes.len() <= MAX_UDP);
    }

    #[test]
    fn a_zone_that_makes_no_sense_is_refused() {
        for records in ["\"192.0.2.300\"", "[\"CNAME a.b\", \"192.0.2.1\"]", "\"MX mail\"", "7", "\"CNAME a..b\""] {
            let text = format!("zone = \"a.b\"\n[names]\n\"x.a.b\" = {records}");
            assert!(toml::from_str::<Zone>(&text).is_err(), "{records}");
        }
    }
}
