//! NetBIOS name service — RFC 1002 §4.2: how Windows looked for names before DNS, in messages of DNS's shape.
//!
//! A name has 16 bytes: 15 for people, filled up with blanks, and one that says what the name is for. Each half of a byte
//! is written as a letter from A to P (RFC 1001 §14.1).

use super::prelude::*;

/// The NetBIOS name service.
pub static ABOUT: Identity = Identity {
    name: "nbns",
    title: "NetBIOS Name Service",
    osi: Osi::Application,
    spec: "RFC 1002",
    fields: FIELDS,
    summary: Some(summary),
};

const OPCODES: &[(u64, &str)] =
    &[(0, "Name query"), (5, "Registration"), (6, "Release"), (7, "Wait and acknowledge"), (8, "Refresh")];
const RCODES: &[(u64, &str)] = &[
    (0, "No error"),
    (1, "Badly formed"),
    (2, "Server failure"),
    (3, "No such name"),
    (4, "Not supported"),
    (5, "Refused"),
    (6, "Somebody else has the name"),
    (7, "Name in conflict"),
];
const TYPES: &[(u64, &str)] = &[(1, "A"), (2, "NS"), (10, "NULL"), (32, "NB"), (33, "NBSTAT")];
const CLASSES: &[(u64, &str)] = &[(1, "IN")];
const OWNERS: &[(u64, &str)] = &[(0, "B-node"), (1, "P-node"), (2, "M-node"), (3, "H-node")];

fields! {
    ID             = u16_at(0, "nbns.id", "Transaction ID", "A number that the answer repeats.").hex();
    FLAGS          = u16_at(2, "nbns.flags", "Flags", "What kind of message it is, and how it went.").hex();
    FLAGS_RESPONSE = bit_at(2, 2, 0x8000, "nbns.flags.response", "Response", "Set in an answer, clear in a question.");
    FLAGS_OPCODE   = u16_at(2, "nbns.flags.opcode", "Opcode", "What is asked for.").bits(0x7800).names(OPCODES);
    FLAGS_TRUNCATED = bit_at(2, 2, 0x0200, "nbns.flags.truncated", "Truncated", "The message did not fit.");
    FLAGS_RECDESIRED = bit_at(2, 2, 0x0100, "nbns.flags.recdesired", "Recursion desired", "The asker wants the server to ask others in its place.");
    FLAGS_BROADCAST = bit_at(2, 2, 0x0010, "nbns.flags.broadcast", "Broadcast", "The question goes to everybody on the link.");
    COUNT_QUERIES  = u16_at(4, "nbns.count.queries", "Questions", "How many questions follow.");
    COUNT_ANSWERS  = u16_at(6, "nbns.count.answers", "Answers", "How many records answer the question.");
    COUNT_AUTH_RR  = u16_at(8, "nbns.count.auth_rr", "Authority records", "How many records name an authority.");
    COUNT_ADD_RR   = u16_at(10, "nbns.count.add_rr", "Additional records", "How many records come along.");
    AUTHORITATIVE  = dynamic(Kind::Bool, "nbns.flags.authoritative", "Authoritative", "Who answers decides about this name.").bits(0x0400);
    RECAVAIL       = dynamic(Kind::Bool, "nbns.flags.recavail", "Recursion available", "The server would ask others, too.").bits(0x0080);
    RCODE          = dynamic(Kind::Uint(16), "nbns.flags.rcode", "Reply code", "How it went.").bits(0x000f).names(RCODES);
    NAME           = dynamic(Kind::Text, "nbns.name", "Name", "The name, and in <> the number that says what it is for.");
    TYPE           = dynamic(Kind::Uint(16), "nbns.type", "Type", "NB: the address of a name. NBSTAT: all names of a machine.").names(TYPES);
    CLASS          = dynamic(Kind::Uint(16), "nbns.class", "Class", "Always IN, the Internet.").names(CLASSES);
    TTL            = dynamic(Kind::Uint(32), "nbns.ttl", "Lifetime", "How many seconds this may be remembered.");
    DATA_LENGTH    = dynamic(Kind::Uint(16), "nbns.data_length", "Data length", "How many bytes of the record follow.");
    NB_FLAGS       = dynamic(Kind::Uint(16), "nbns.nb_flags", "Name flags", "Whose name it is.").hex();
    NB_GROUP       = dynamic(Kind::Bool, "nbns.nb_flags.group", "Group", "Several machines share it.").bits(0x8000);
    NB_OWNER       = dynamic(Kind::Uint(16), "nbns.nb_flags.ont", "Owner node type", "B asks everybody, P asks a server, M and H do both.").bits(0x6000).names(OWNERS);
    ADDRESS        = dynamic(Kind::Ipv4, "nbns.addr", "Address", "Where the name's owner is.");
    NUMBER         = dynamic(Kind::Uint(8), "nbns.number_of_names", "Number of names", "How many names the machine has.");
    NETBIOS_NAME   = dynamic(Kind::Text, "nbns.netbios_name", "NetBIOS name", "One of the machine's names.");
    NAME_FLAGS     = dynamic(Kind::Uint(16), "nbns.name_flags", "Name flags", "How the name stands.").hex();
    NAME_GROUP     = dynamic(Kind::Bool, "nbns.name_flags.group", "Group", "Several machines share it.").bits(0x8000);
    NAME_OWNER     = dynamic(Kind::Uint(16), "nbns.name_flags.ont", "Owner node type", "B asks everybody, P asks a server, M and H do both.").bits(0x6000).names(OWNERS);
    NAME_DROPPED   = dynamic(Kind::Bool, "nbns.name_flags.drg", "Being dropped", "The name is being given up.").bits(0x1000);
    NAME_CONFLICT  = dynamic(Kind::Bool, "nbns.name_flags.cnf", "In conflict", "Somebody else has it, too.").bits(0x0800);
    NAME_ACTIVE    = dynamic(Kind::Bool, "nbns.name_flags.act", "Active", "The name is in use.").bits(0x0400);
    NAME_PERMANENT = dynamic(Kind::Bool, "nbns.name_flags.prm", "Permanent", "The name never changes.").bits(0x0200);
    UNIT           = dynamic(Kind::Ether, "nbns.unit_id", "Unit ID", "The machine's hardware address.");
    DATA           = dynamic(Kind::Bytes, "nbns.data", "Data", "What the record says, by its type.");
}

/// The row.
pub static PROTOCOL: Protocol = Protocol { about: &ABOUT, follows: &[Key::UdpPort(137)], over: Over::Packet, dissect };

const HEADER: usize = 12;
const NB: u64 = 32;
const NBSTAT: u64 = 33;
/// A name's last byte says what it is for; those that Windows uses.
const PURPOSES: &[(u8, &str)] = &[
    (0x00, "Workstation/Redirector"),
    (0x01, "Browser"),
    (0x02, "Workstation/Redirector"),
    (0x03, "Messenger service/Main name"),
    (0x05, "Forwarded name"),
    (0x06, "RAS Server service"),
    (0x1b, "Domain Master Browser"),
    (0x1c, "Domain Controllers"),
    (0x1d, "Local Master Browser"),
    (0x1e, "Browser Election Service"),
    (0x1f, "Net DDE Service"),
    (0x20, "Server service"),
    (0x21, "RAS client service"),
    (0x22, "Exchange Interchange (MSMail Connector)"),
    (0x23, "Exchange Store"),
    (0x24, "Exchange Directory"),
    (0x2b, "Lotus Notes Server service"),
    (0x30, "Modem sharing server service"),
    (0x31, "Modem sharing client service"),
    (0x43, "SMS Clients Remote Control"),
    (0x44, "SMS Administrators Remote Control Tool"),
    (0x45, "SMS Clients Remote Chat"),
    (0x46, "SMS Clients Remote Transfer"),
    (0x4c, "DEC Pathworks TCP/IP Service on Windows NT"),
    (0x52, "DEC Pathworks TCP/IP Service on Windows NT"),
    (0x6a, "Microsoft Exchange IMC"),
    (0x87, "Microsoft Exchange MTA"),
    (0xbe, "Network Monitor Agent"),
    (0xbf, "Network Monitor Analyzer"),
];

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    c.fixed(FIELDS)?;
    if c.uint(&FLAGS_RESPONSE) != 0 {
        c.nested(|c| {
            for def in [&AUTHORITATIVE, &RECAVAIL, &RCODE] {
                c.read(def, 2, 2)?;
            }
            Ok(())
        })?;
    }
    let mut at = HEADER;
    for _ in 0..c.uint(&COUNT_QUERIES) {
        let (mut name, next) = name(c, at)?;
        c.push_text(&NAME, at, next - at, name.text(b""));
        c.read(&TYPE, next, 2)?;
        c.read(&CLASS, next + 2, 2)?;
        at = next + 4;
    }
    for _ in 0..c.uint(&COUNT_ANSWERS) + c.uint(&COUNT_AUTH_RR) + c.uint(&COUNT_ADD_RR) {
        at = record(c, at)?;
    }
    Ok(Next::end(c.len()))
}

/// One record; gives where the next one begins.
fn record(c: &mut Cursor<'_>, at: usize) -> Result<usize, Trouble> {
    let (mut name, next) = name(c, at)?;
    let kind = c.number(next, 2)?;
    let purpose = name.purpose.filter(|_| kind == NB);
    let purpose = purpose.map(|p| PURPOSES.iter().find(|(n, _)| *n == p).map_or("Unknown", |(_, text)| text));
    c.push_text(&NAME, at, next - at, name.text(purpose.unwrap_or("").as_bytes()));
    c.read(&TYPE, next, 2)?;
    c.read(&CLASS, next + 2, 2)?;
    c.read(&TTL, next + 4, 4)?;
    let len = c.read_len(&DATA_LENGTH, next + 8, 2)?;
    let (from, end) = (next + 10, next + 10 + len);
    c.slice(from, len)?;
    let response = c.uint(&FLAGS_RESPONSE) != 0;
    match kind {
        // WACK (RFC 1002 §4.2.16) has the flags of the request that it answers.
        NB if response && c.uint(&FLAGS_OPCODE) == 7 => {}
        NB => {
            for at in (from..end).step_by(6).take_while(|at| at + 6 <= end) {
                c.read(&NB_FLAGS, at, 2)?;
                c.nested(|c| c.read(&NB_GROUP, at, 2).and(c.read(&NB_OWNER, at, 2)))?;
                c.read(&ADDRESS, at + 2, 4)?;
            }
        }
        NBSTAT if len > 0 => status(c, from, end)?,
        _ if len > 0 => drop(c.read(&DATA, from, len)?),
        _ => {}
    }
    Ok(end)
}

/// All names of a machine (RFC 1002 §4.2.18), and its hardware address; the statistics behind it are not read.
fn status(c: &mut Cursor<'_>, from: usize, end: usize) -> Result<(), Trouble> {
    let count = c.read(&NUMBER, from, 1)?;
    let mut at = from + 1;
    for _ in 0..count {
        if at + 18 > end {
            return Ok(());
        }
        let bytes = c.slice(at, 16)?;
        let mut name = Name::default();
        for &b in bytes.get(..15).unwrap_or(&[]) {
            name.add(b);
        }
        c.push_text(&NETBIOS_NAME, at, 16, name.text(b""));
        c.read(&NAME_FLAGS, at + 16, 2)?;
        c.nested(|c| {
            for def in [&NAME_GROUP, &NAME_OWNER, &NAME_DROPPED, &NAME_CONFLICT, &NAME_ACTIVE, &NAME_PERMANENT] {
                c.read(def, at + 16, 2)?;
            }
            Ok(())
        })?;
        at += 18;
    }
    if at + 6 <= end { c.read(&UNIT, at, 6).map(drop) } else { Ok(()) }
}

/// A name as people read it.
struct Name {
    text: [u8; Name::LONGEST],
    len: usize,
    purpose: Option<u8>,
}

impl Default for Name {
    fn default() -> Self {
        Self { text: [0; Self::LONGEST], len: 0, purpose: None }
    }
}

impl Name {
    /// 15 bytes as four letters each, a purpose, a scope of 255 bytes, and a word on the purpose.
    const LONGEST: usize = 400;

    fn put(&mut self, text: &[u8]) {
        for (to, from) in self.text.iter_mut().skip(self.len).zip(text) {
            *to = *from;
            self.len += 1;
        }
    }

    fn hex(&mut self, b: u8) {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let digit = |n: u8| DIGITS.get(usize::from(n)).copied().unwrap_or(b'?');
        self.put(&[b'<', digit(b >> 4), digit(b & 15), b'>']);
    }

    /// A byte of the name: what cannot be printed becomes its number.
    fn add(&mut self, b: u8) {
        if matches!(b, b' '..=b'~') { self.put(&[b]) } else { self.hex(b) }
    }

    /// Undoes the code of the first label. Says what is wrong with it.
    fn decode(&mut self, label: &[u8]) -> Option<&'static str> {
        let mut count = 0;
        for pair in label.chunks(2) {
            let half = |i: usize| pair.get(i).and_then(|b| b.checked_sub(b'A')).filter(|n| *n < 26);
            let (Some(high), Some(low)) = (half(0), half(1)) else {
                return Some(BAD_LETTER[usize::from(half(0).is_some())]);
            };
            let byte = (high << 4).wrapping_add(low);
            count += 1;
            if count == 16 {
                self.trim();
                self.hex(byte);
                self.purpose = Some(byte);
            } else {
                self.add(byte);
            }
        }
        (count != 16).then_some(BAD_LENGTH)
    }

    fn trim(&mut self) {
        self.len = self.text.get(..self.len).unwrap_or(&[]).trim_ascii_end().len();
    }

    /// All of it, with a remark in brackets.
    fn text(&mut self, remark: &[u8]) -> &[u8] {
        if self.purpose.is_none() {
            self.trim();
        }
        if !remark.is_empty() {
            for part in [b" (", remark, b")"] {
                self.put(part);
            }
        }
        self.text.get(..self.len).unwrap_or(&[])
    }
}

/// The name at `at`, and where what follows it begins.
fn name(c: &Cursor<'_>, at: usize) -> Result<(Name, usize), Trouble> {
    let (mut pos, mut next, mut name) = (at, None, Name::default());
    let (mut first, mut wrong) = (true, Some(BAD_LETTER[0]));
    // A pointer may lead to a pointer, but no message has many labels.
    for _ in 0..64 {
        match c.u8(pos)? {
            0 => break,
            b @ 0xc0.. => {
                next.get_or_insert(pos + 2);
                pos = usize::from(b & 0x3f) << 8 | usize::from(c.u8(pos + 1)?);
            }
            len => {
                let label = c.slice(pos + 1, usize::from(len))?;
                if std::mem::take(&mut first) {
                    wrong = name.decode(label);
                } else {
                    name.put(b".");
                    for &b in label {
                        name.add(b);
                    }
                }
                pos += 1 + usize::from(len);
            }
        }
    }
    if let Some(why) = wrong {
        name = Name::default();
        name.put(b"Illegal NetBIOS name (");
        name.put(why.as_bytes());
        name.put(b")");
    }
    Ok((name, next.unwrap_or(pos + 1)))
}

/// Why a name is none, in Wireshark's words.
const BAD_LETTER: [&str; 2] = [
    "1st character not between A and Z in first-level encoding",
    "2nd character not between A and Z in first-level encoding",
];
const BAD_LENGTH: &str = "not 16 bytes long";

/// `Name query NB DESK<00>`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    show::name(packet, layer, &FLAGS_OPCODE, out);
    if packet.uint_in(layer, &FLAGS_RESPONSE) == Some(1) {
        out.push_str(" response");
    }
    show::parts(packet, layer, &[(" ", &NAME), (" ", &ADDRESS)], out);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{message, summary};
    use super::*;

    fn coded(name: &[u8; 16]) -> Vec<u8> {
        let letters = name.iter().flat_map(|b| [b'A' + (b >> 4), b'A' + (b & 15)]);
        [&b"\x20"[..], &letters.collect::<Vec<_>>()].concat()
    }

    fn asked(name: &[u8]) -> Packet {
        message(&PROTOCOL, (137, 137), &[b"\0\x01\x01\x10\0\x01\0\0\0\0\0\0", name, b"\0\0\x20\0\x01"].concat())
    }

    #[test]
    fn a_name_is_decoded_with_its_purpose_and_its_scope() {
        let p = asked(&coded(b"DESK           \x20"));
        assert_eq!((p.octets(&NAME), summary(&p)), (Some(&b"DESK<20>"[..]), "Name query DESK<20>".to_owned()));
        assert_eq!(asked(&coded(b"a b\x01 <>.z      \x1d")).octets(&NAME), Some(&b"a b<01> <>.z<1d>"[..]));
        let scope = [coded(b"DESK           \0"), b"\x05scope\x03org".to_vec()].concat();
        assert_eq!(asked(&scope).octets(&NAME), Some(&b"DESK<00>.scope.org"[..]));
    }

    #[test]
    fn a_record_gives_an_address_and_what_the_name_is_for() {
        let head = b"\0\x01\x85\0\0\0\0\x01\0\0\0\0";
        let record = b"\0\0\x20\0\x01\0\0\x03\x84\0\x06\xe0\0\xc0\0\x02\x07";
        let p = message(&PROTOCOL, (137, 137), &[&head[..], &coded(b"DESK           \0"), record].concat());
        assert_eq!(p.octets(&NAME), Some(&b"DESK<00> (Workstation/Redirector)"[..]));
        assert_eq!((p.uint(&NB_GROUP), p.uint(&NB_OWNER), p.uint(&TTL)), (Some(1), Some(3), Some(900)));
        assert_eq!(p.octets(&ADDRESS), Some(&[192, 0, 2, 7][..]));
    }

    #[test]
    fn what_is_no_name_and_a_pointer_to_itself_hurt_nobody() {
        let is = |name: &[u8], what: &str| {
            let p = asked(name);
            let said = p.octets(&NAME).map(String::from_utf8_lossy).unwrap_or_default().into_owned();
            assert!(said.starts_with("Illegal NetBIOS name") && said.contains(what), "{said}");
        };
        is(b"\x04ABCD", BAD_LENGTH);
        is(b"\x02aB", BAD_LETTER[0]);
        is(b"\x02Ab", BAD_LETTER[1]);
        is(b"\xc0\x0c", BAD_LETTER[0]);
    }
}
