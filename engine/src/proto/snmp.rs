//! SNMP — RFC 3416 (version 2), RFC 1157 (version 1), RFC 3412 (version 3). A manager reads and sets numbers and texts
//! of a device; each has a place in one worldwide tree.
//!
//! ```text
//! a sequence of: version, community (the password, in the clear), a message:
//!     a tagged sequence of: request id, error status, error index, a list of: name, value
//! ```
//!
//! All of it is written in BER (X.690): a tag, a length, so many bytes; values may hold values.

use super::Guess;
use super::prelude::*;

/// SNMP.
pub static ABOUT: Identity = Identity {
    name: "snmp",
    title: "Simple Network Management Protocol",
    osi: Osi::Application,
    spec: "RFC 3416",
    fields: FIELDS,
    summary: Some(summary),
};

const VERSIONS: &[(u64, &str)] = &[(0, "version-1"), (1, "v2c"), (2, "v2u"), (3, "snmpv3")];
const MESSAGES: &[(u64, &str)] = &[
    (0, "get-request"),
    (1, "get-next-request"),
    (2, "get-response"),
    (3, "set-request"),
    (4, "trap"),
    (5, "getBulkRequest"),
    (6, "informRequest"),
    (7, "snmpV2-trap"),
    (8, "report"),
];
const ERRORS: &[(u64, &str)] = &[
    (0, "noError"),
    (1, "tooBig"),
    (2, "noSuchName"),
    (3, "badValue"),
    (4, "readOnly"),
    (5, "genErr"),
    (6, "noAccess"),
];

fields! {
    VERSION   = dynamic(Kind::Int(32), "snmp.version", "Version", "0 is SNMPv1, 1 is v2c; 3 can encrypt.").names(VERSIONS);
    VERSION_3 = dynamic(Kind::Int(32), "snmp.msgVersion", "Version", "3: the message may be signed and encrypted.").names(VERSIONS);
    COMMUNITY = dynamic(Kind::Text, "snmp.community", "Community", "The password, which everybody on the way can read.");
    DATA      = dynamic(Kind::Uint(32), "snmp.data", "Message", "What is asked or answered.").names(MESSAGES);
    REQUEST_ID = dynamic(Kind::Int(32), "snmp.request_id", "Request ID", "The answer repeats it.");
    ERROR_STATUS = dynamic(Kind::Int(32), "snmp.error_status", "Error status", "Whether the question could be answered.").names(ERRORS);
    ERROR_INDEX = dynamic(Kind::Int(32), "snmp.error_index", "Error index", "Which of the names was at fault.");
    NON_REPEATERS = dynamic(Kind::Uint(32), "snmp.non_repeaters", "Non-repeaters", "How many of the names are asked for only once.");
    MAX_REPETITIONS = dynamic(Kind::Uint(32), "snmp.max_repetitions", "Max repetitions", "How many of their successors the others may bring.");
    BINDINGS  = dynamic(Kind::Uint(32), "snmp.variable_bindings", "Variables", "How many names with values there are.");
    NAME      = dynamic(Kind::Text, "snmp.name", "Name", "The place in the tree; 1.3.6.1.2.1.1.5.0 is the device's own name.");
    OCTETS    = dynamic(Kind::Bytes, "snmp.value.octets", "Value", "The value, as bytes.");
}

/// Where questions go.
const AGENT: u16 = 161;

/// The row.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(AGENT), Key::UdpPort(162), Key::UdpPort(8161)],
    over: Over::Datagram(guess),
    dissect,
};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// The numbers of a name; longer ones are cut.
const LONGEST_NAME: usize = 128;

/// A sequence that begins with a version.
fn guess(bytes: &[u8]) -> Guess {
    let begins = || {
        let (tag, _, rest) = element(bytes)?;
        let (inner, len, _) = element(bytes.get(rest..)?)?;
        (tag == SEQUENCE && inner == INTEGER && len <= 4).then_some(())
    };
    if begins().is_some() { Guess::This } else { Guess::No }
}

/// Tag, length, and where the contents begin (X.690 §8.1); only lengths that are written out.
fn element(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let &[tag, first] = bytes.first_chunk()?;
    if first < 0x80 {
        return Some((tag, usize::from(first), 2));
    }
    let more = usize::from(first & 0x7f);
    let digits = bytes.get(2..2 + more).filter(|_| (1..=4).contains(&more))?;
    let len = digits.iter().fold(0, |n: usize, &b| n << 8 | usize::from(b));
    Some((tag, len, 2 + more))
}

/// Where an element's contents lie.
#[derive(Clone, Copy)]
struct Element {
    tag: u8,
    at: usize,
    len: usize,
    /// Bytes of its type and length, which stand before.
    head: usize,
}

impl Element {
    fn read(c: &Cursor<'_>, at: usize) -> Result<Self, Trouble> {
        let Some((tag, len, head)) = element(c.rest(at)) else { return Err(c.missing(c.len() + 1)) };
        Ok(Self { tag, at: at + head, len, head })
    }

    fn end(self) -> usize {
        self.at.saturating_add(self.len)
    }

    /// Writes an integer; at most eight bytes count.
    fn number(self, c: &mut Cursor<'_>, def: &'static FieldDef) -> Result<u64, Trouble> {
        let bytes = c.slice(self.at, self.len)?;
        let start = if bytes.first().is_some_and(|b| b & 0x80 != 0) { -1 } else { 0 };
        let n = bytes.iter().fold(start, |n: i64, &b| n << 8 | i64::from(b));
        let value = if matches!(def.kind, Kind::Int(_)) { Value::Int(n) } else { Value::Uint(n.cast_unsigned()) };
        c.push(def, self.at, self.len, value);
        Ok(n.cast_unsigned())
    }
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    const V3: u8 = 3;
    c.renumber();
    let whole = Element::read(c, 0)?;
    let version = Element::read(c, whole.at)?;
    if c.rest(version.at).first() == Some(&V3) {
        version.number(c, &VERSION_3)?;
        return Ok(Next::end(c.len()));
    }
    version.number(c, &VERSION)?;
    let community = Element::read(c, version.end())?;
    if community.tag == OCTET_STRING {
        c.read(&COMMUNITY, community.at, community.len)?;
    }
    message(c, Element::read(c, community.end())?)?;
    Ok(Next::end(c.len()))
}

fn message(c: &mut Cursor<'_>, pdu: Element) -> Result<(), Trouble> {
    const TRAP: u8 = 4;
    const BULK: u8 = 5;
    let kind = pdu.tag & 0x1f;
    c.slice(pdu.at, pdu.len)?;
    c.push(&DATA, pdu.at - pdu.head, pdu.len + pdu.head, Value::Uint(u64::from(kind)));
    // A trap of version 1 has another shape (RFC 1157 §4.1.6).
    if kind == TRAP {
        return Ok(());
    }
    let second = if kind == BULK { [&NON_REPEATERS, &MAX_REPETITIONS] } else { [&ERROR_STATUS, &ERROR_INDEX] };
    let mut at = pdu.at;
    for def in [&REQUEST_ID, second[0], second[1]] {
        let element = Element::read(c, at)?;
        element.number(c, def)?;
        at = element.end();
    }
    let list = Element::read(c, at)?;
    c.slice(list.at, list.len)?;
    let end = list.end();
    let count = c.open(&BINDINGS, list.at);
    let mut found = 0;
    let mut at = list.at;
    c.nested(|c| {
        while at < end {
            let pair = Element::read(c, at)?;
            binding(c, pair)?;
            found += 1;
            at = pair.end();
        }
        Ok(())
    })?;
    c.close_with(count, end, Value::Uint(found));
    Ok(())
}

/// A name, and its value if that is a text.
fn binding(c: &mut Cursor<'_>, pair: Element) -> Result<(), Trouble> {
    c.slice(pair.at, pair.len)?;
    let name = Element::read(c, pair.at)?;
    if name.tag == OBJECT_ID {
        let start = c.start_text();
        let bytes = c.slice(name.at, name.len)?;
        let mut numbers = bytes.split_inclusive(|b| b & 0x80 == 0).take(LONGEST_NAME);
        if let Some(first) = numbers.next() {
            // The first two numbers share one (X.690 §8.19.4).
            let both = number(first);
            let one = (both / 40).min(2);
            c.add_number(one);
            c.add_text(b".");
            c.add_number(both - 40 * one);
        }
        for n in numbers {
            c.add_text(b".");
            c.add_number(number(n));
        }
        let value = Value::Text(c.end_text(start));
        c.push(&NAME, name.at, name.len, value);
    }
    let value = Element::read(c, name.end())?;
    if value.tag == OCTET_STRING && value.len > 0 {
        c.read(&OCTETS, value.at, value.len)?;
    }
    Ok(())
}

/// Seven bits a byte.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |n: u64, &b| n << 7 | u64::from(b & 0x7f))
}

/// `get-request 1.3.6.1.2.1.1.5.0`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &DATA, out);
    show::parts(packet, layer, &[(" ", &NAME)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::read;
    use super::*;
    use etherparse::PacketBuilder;

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 161).write(&mut out, body).unwrap();
        out
    }

    const QUESTION: &[u8] = b"\x30\x26\x02\x01\x01\x04\x06public\xa0\x19\x02\x01\x07\x02\x01\x00\x02\x01\x00\
        \x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00\x05\x00";

    #[test]
    fn a_question_names_a_place_in_the_tree() {
        let p = read(228, &datagram(QUESTION));
        assert_eq!(p.octets(&COMMUNITY), Some(&b"public"[..]));
        assert_eq!(p.octets(&NAME), Some(&b"1.3.6.1.2.1.1.5.0"[..]));
        assert_eq!(p.uint(&BINDINGS), Some(1));
    }

    #[test]
    fn lengths_that_lie_are_trouble() {
        for at in [6, 14, 16, 19, 25, 27, 29] {
            let mut body = QUESTION.to_vec();
            body[at] = 0x7f;
            let p = read(228, &datagram(&body));
            assert!(p.layer(&ABOUT).is_none_or(|l| l.trouble.is_some()), "byte {at}");
        }
    }
}
