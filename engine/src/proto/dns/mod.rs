//! DNS — RFC 1034, RFC 1035. A name goes out, its records come back.
//!
//! ```text
//! | transaction id (2) | flags (2) | questions (2) | answers (2) | authorities (2) | additional (2) |
//! | questions: name, type (2), class (2)                                                           |
//! | records:   name, type (2), class (2), time to live (4), length (2), so many bytes              |
//! ```
//!
//! Over TCP two bytes of length stand before it (RFC 1035 §4.2.2). Multicast DNS (RFC 6762) and LLMNR
//! (RFC 4795) are the same message with other flags, and Wireshark calls their fields `dns.*` too.
//! Read `name.rs` next (how names are shortened), then `rdata.rs` (what each record type holds).

mod codes;
mod fields;
mod name;
mod rdata;
mod summary;

pub use fields::*;

use super::prelude::*;
use super::stream::StreamCtx;
use super::{Framing, Gap, Guess};
use crate::model::Time;
use std::collections::VecDeque;

/// DNS.
pub static ABOUT: Identity = Identity {
    name: "dns",
    title: "Domain Name System",
    osi: Osi::Application,
    spec: "RFC 1035",
    fields: FIELDS,
    summary: Some(summary::write),
};

/// Multicast DNS. Its fields are DNS's, and are listed there.
pub static MDNS: Identity = Identity {
    name: "mdns",
    title: "Multicast Domain Name System",
    osi: Osi::Application,
    spec: "RFC 6762",
    fields: &[],
    summary: Some(summary::write),
};

/// Link-local multicast name resolution. Its fields are DNS's, and are listed there.
pub static LLMNR: Identity = Identity {
    name: "llmnr",
    title: "Link-Local Multicast Name Resolution",
    osi: Osi::Application,
    spec: "RFC 4795",
    fields: &[],
    summary: Some(summary::write),
};

/// The row of DNS over UDP.
pub static PROTOCOL: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::UdpPort(53), Key::Media("application/dns-message")],
    over: Over::Packet,
    dissect: |c| message(c, Dialect::Dns, 0),
};

/// The row of DNS on any port, if it looks like it.
pub static GUESSED: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::Guess],
    over: Over::Datagram(guess),
    dissect: |c| message(c, Dialect::Dns, 0),
};

/// A standard question asks one thing and answers none; an answer has room for what it counts (RFC 1035 §4.1).
fn guess(bytes: &[u8]) -> Guess {
    const MOST_ADDITIONAL: u16 = 10;
    let Some((&[_, _, high, _, q0, q1, a0, a1, n0, n1, r0, r1], rest)) = bytes.split_first_chunk() else {
        return Guess::No;
    };
    let [questions, answers, authorities, more] = [[q0, q1], [a0, a1], [n0, n1], [r0, r1]].map(u16::from_be_bytes);
    let counts_fit = if high & 0x80 == 0 {
        questions == 1 && answers == 0 && authorities == 0
    } else {
        questions <= 1
            && answers.max(authorities) <= 255
            && u32::from(questions + answers + authorities) + u32::from(more) > 0
    };
    let mine = !rest.is_empty() && high & 0x78 == 0 && counts_fit && more <= MOST_ADDITIONAL;
    if mine { Guess::This } else { Guess::No }
}

/// The row of DNS over TCP.
pub static OVER_TCP: Protocol = Protocol {
    about: &ABOUT,
    follows: &[Key::TcpPort(53), Key::TcpPort(5353)],
    over: Over::Stream(frame),
    dissect: |c| {
        c.put(&LENGTH)?;
        message(c, Dialect::Dns, 2)
    },
};

/// The row of multicast DNS.
pub static OVER_MULTICAST: Protocol = Protocol {
    about: &MDNS,
    follows: &[Key::UdpPort(5353)],
    over: Over::Packet,
    dissect: |c| message(c, Dialect::Mdns, 0),
};

/// The row of LLMNR.
pub static LINK_LOCAL: Protocol = Protocol {
    about: &LLMNR,
    follows: &[Key::UdpPort(5355)],
    over: Over::Packet,
    dissect: |c| message(c, Dialect::Llmnr, 0),
};

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &OVER_TCP, &OVER_MULTICAST, &LINK_LOCAL];

/// Who speaks: the three differ in a few bits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Dns,
    Mdns,
    Llmnr,
}

/// The queries that a conversation has seen, the latest last.
#[derive(Clone, Debug, Default)]
struct Queries(VecDeque<Query>);

#[derive(Clone, Copy, Debug)]
struct Query {
    id: u16,
    frame: u64,
    time: Time,
    /// The frame that answered it; 0 while none has.
    answer: u64,
}

/// How many queries of one conversation are remembered.
const MOST_QUERIES: usize = 128;

/// An unanswered query that comes again within this time is the same one, sent again.
const SENT_AGAIN_WITHIN: i64 = 5_000_000_000;

const RESPONSE: u16 = 0x8000;

/// RFC 1035 §4.2.2: a message has its length before it.
fn frame(ctx: &mut StreamCtx<'_>, bytes: &[u8]) -> Framing {
    if ctx.gap == Gap::Unknown && !opens(bytes) {
        return Framing::Foreign;
    }
    let Some(&[high, low]) = bytes.first_chunk() else { return Framing::NeedMore };
    let whole = 2 + usize::from(u16::from_be_bytes([high, low]));
    if bytes.len() < whole { Framing::Need(whole) } else { Framing::Message(whole) }
}

/// Whether a length and a header that goes with it begin here: an operation of RFC 6895 §2.2, its reserved bit 0, and
/// no more records than there is room for.
fn opens(bytes: &[u8]) -> bool {
    let Some(&[high, low, _, _, flags, more, ref counts @ ..]) = bytes.first_chunk::<14>() else { return false };
    let room = usize::from(u16::from_be_bytes([high, low])).saturating_sub(12);
    let records: usize = counts.chunks_exact(2).map(|n| n.iter().fold(0, |n, &b| n << 8 | usize::from(b))).sum();
    flags >> 3 & 0xf <= 6 && more & 0x40 == 0 && records > 0 && records * 5 <= room
}

/// Reads a message whose first byte lies at `base`.
fn message(c: &mut Cursor<'_>, dialect: Dialect, base: usize) -> Result<Next, Trouble> {
    // Without its flags there is no telling what it is.
    let (id, _) = (c.u16(base)?, c.u16(base + 2)?);
    c.read(&ID, base, 2)?;
    let bits = header_flags(c, dialect, base + 2)?;
    let update = bits >> 11 & 0xf == 5;
    let counts: [&'static FieldDef; 4] = if update {
        [&COUNT_ZONES, &COUNT_PREREQUISITES, &COUNT_UPDATES, &COUNT_ADD_RR]
    } else {
        [&COUNT_QUERIES, &COUNT_ANSWERS, &COUNT_AUTH_RR, &COUNT_ADD_RR]
    };
    let mut count = [0; 4];
    for ((def, n), at) in counts.into_iter().zip(&mut count).zip((base + 4..).step_by(2)) {
        *n = c.read(def, at, 2)?;
    }
    let [questions, records @ ..] = count;
    let mut at = base + 12;
    let done = (|| {
        for _ in 0..questions {
            at = question(c, dialect, base, at)?;
        }
        for _ in 0..records.iter().sum() {
            at = record(c, dialect, base, at)?;
        }
        Ok(())
    })();
    pair(c, id, bits & RESPONSE != 0);
    done.map(|()| Next::end(c.len()))
}

fn header_flags(c: &mut Cursor<'_>, dialect: Dialect, at: usize) -> Result<u16, Trouble> {
    let bits = c.u16(at)?;
    c.read(&FLAGS, at, 2)?;
    let response = bits & RESPONSE != 0;
    c.nested(|c| {
        for def in [&FLAGS_RESPONSE, &FLAGS_OPCODE] {
            c.read(def, at, 2)?;
        }
        let middle: &[(&'static FieldDef, bool)] = if dialect == Dialect::Llmnr {
            &[(&FLAGS_CONFLICT, true), (&FLAGS_TRUNCATED, true), (&FLAGS_TENTATIVE, true)]
        } else {
            &[
                (&FLAGS_AUTHORITATIVE, response),
                (&FLAGS_TRUNCATED, true),
                (&FLAGS_RECDESIRED, true),
                (&FLAGS_RECAVAIL, response),
                (&FLAGS_Z, true),
                (&FLAGS_AUTHENTICATED, response || bits & 0x20 != 0),
                (&FLAGS_CHECKDISABLE, true),
            ]
        };
        for &(def, shown) in middle.iter().chain(&[(&FLAGS_RCODE, response)]) {
            if shown {
                c.read(def, at, 2)?;
            }
        }
        Ok(bits)
    })
}

/// RFC 1035 §4.1.2. Gives where it ends.
fn question(c: &mut Cursor<'_>, dialect: Dialect, base: usize, at: usize) -> Result<usize, Trouble> {
    let name = name::read(c, base, at)?;
    // What is not all there is not shown at all, as in Wireshark; the trouble says how much is missing.
    c.slice(at, name.used + 4)?;
    c.push(&QRY_NAME, at, name.used, Value::Text(name.text));
    c.nested(|c| {
        // Wireshark counts the root as it writes it: one label of six characters.
        let (len, labels) = if name.text.len <= 1 { (0, 0) } else { (name.text.len, name.labels.max(1)) };
        c.push(&QRY_NAME_LEN, at, name.used, Value::Uint(u64::from(len)));
        c.push(&COUNT_LABELS, at, name.used, Value::Uint(labels as u64));
        let at = at + name.used;
        c.read(&QRY_TYPE, at, 2)?;
        class(c, &QRY_CLASS, &QRY_QU, dialect, at + 2)?;
        Ok(at + 4)
    })
}

/// RFC 1035 §4.1.3. Gives where it ends.
fn record(c: &mut Cursor<'_>, dialect: Dialect, base: usize, at: usize) -> Result<usize, Trouble> {
    let name = name::read(c, base, at)?;
    let kind = c.u16(at + name.used)?;
    let data = usize::from(c.u16(at + name.used + 8)?);
    c.slice(at, name.used + 10 + data)?;
    if kind == rdata::SRV {
        rdata::service_name(c, at, name);
    } else {
        c.push(&RESP_NAME, at, name.used, Value::Text(name.text));
    }
    c.nested(|c| {
        let at = at + name.used;
        c.read(&RESP_TYPE, at, 2)?;
        if kind == rdata::OPT {
            // RFC 6891 §6.1.3: EDNS gives another meaning to class and time to live.
            // Multicast DNS keeps its bit there, too.
            class(c, &UDP_PAYLOAD_SIZE, &CACHE_FLUSH, dialect, at + 2)?;
            c.read(&EXT_RCODE, at + 4, 1)?;
            c.read(&EDNS0_VERSION, at + 5, 1)?;
            for def in [&RESP_Z, &RESP_Z_DO, &RESP_Z_RESERVED] {
                c.read(def, at + 6, 2)?;
            }
        } else {
            class(c, &RESP_CLASS, &CACHE_FLUSH, dialect, at + 2)?;
            c.read(&RESP_TTL, at + 4, 4)?;
        }
        let len = c.read_len(&RESP_LEN, at + 8, 2)?;
        rdata::read(c, kind, base, at + 10, len)?;
        Ok(at + 10 + len)
    })
}

/// The class; multicast DNS took its highest bit for itself (RFC 6762 §5.4, §10.2).
fn class(
    c: &mut Cursor<'_>,
    def: &'static FieldDef,
    bit: &'static FieldDef,
    dialect: Dialect,
    at: usize,
) -> Result<(), Trouble> {
    if dialect == Dialect::Mdns {
        let n = c.u16(at)? & 0x7fff;
        c.push(def, at, 2, Value::Uint(u64::from(n)));
        c.read(bit, at, 2)?;
    } else {
        c.read(def, at, 2)?;
    }
    Ok(())
}

/// Pairs a response with its query, by the transaction id, within the conversation.
fn pair(c: &mut Cursor<'_>, id: u16, response: bool) {
    if c.context.conversation.is_none() {
        return;
    }
    let (frame, time) = (c.frame(), c.time());
    let memory = c.stream();
    let queries = &mut memory.dialogue.state::<Queries>().0;
    let known = queries.iter_mut().rev().find(|q| q.id == id);
    if response {
        match known {
            None => c.derive(&UNSOLICITED, Value::Bool(true)),
            Some(q) if q.answer != 0 => {
                let first = q.answer;
                c.derive(&RETRANSMIT_RESPONSE_IN, Value::Uint(first));
                c.derive(&RETRANSMISSION, Value::Bool(true));
            }
            Some(q) => {
                q.answer = frame;
                let query = *q;
                c.derive(&RESPONSE_TO, Value::Uint(query.frame));
                c.derive_duration(&TIME, time.since(query.time));
            }
        }
        return;
    }
    match known {
        Some(q) if q.answer == 0 && time.since(q.time).is_none_or(|passed| passed < SENT_AGAIN_WITHIN) => {
            let first = q.frame;
            c.derive(&RETRANSMIT_REQUEST_IN, Value::Uint(first));
            c.derive(&RETRANSMISSION, Value::Bool(true));
        }
        _ => {
            if queries.len() == MOST_QUERIES {
                queries.pop_front();
            }
            queries.push_back(Query { id, frame, time, answer: 0 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RawFrame;
    use crate::proto::{NoMemory, walk};
    use etherparse::PacketBuilder;

    fn read(message: &[u8]) -> Packet {
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ethernet2([2; 6], [4; 6]).ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64).udp(53, 4000);
        builder.write(&mut bytes, message).expect("a vector takes everything");
        let mut packet = Packet::new();
        walk(&RawFrame::whole(1, bytes), &mut NoMemory::default(), &mut packet);
        packet
    }

    fn answer(record: &[u8]) -> Packet {
        let mut message = vec![0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
        message.extend_from_slice(b"\x07example\x03org\0\0\x01\0\x01");
        message.extend_from_slice(record);
        read(&message)
    }

    #[test]
    fn the_payload_size_of_edns_has_all_its_bits() {
        let p = answer(b"\0\0\x29\xff\xff\0\0\x80\0\0\0");
        assert_eq!(p.uint(&UDP_PAYLOAD_SIZE), Some(0xffff));
    }

    #[test]
    fn an_answer_names_its_record_by_a_pointer_to_the_question() {
        let p = answer(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x05\x06\x07\x08");
        assert_eq!(p.octets(&RESP_NAME), Some(&b"example.org"[..]));
        assert_eq!(p.octets(&A), Some(&[5, 6, 7, 8][..]));
        assert_eq!(p.uint(&RESP_TTL), Some(60));
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_none()));
    }

    #[test]
    fn a_pointer_to_itself_is_a_trouble_and_no_name() {
        let p = read(b"\0\x07\x81\x80\0\x01\0\0\0\0\0\0\xc0\x0c\0\x01\0\x01");
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
        assert_eq!(p.octets(&QRY_NAME), Some(&b"<Name contains a pointer that loops>"[..]));
    }

    #[test]
    fn a_record_that_promises_more_than_there_is_is_a_trouble_and_is_not_shown() {
        let p = answer(b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x05\x06");
        assert!(p.field(&RESP_NAME).is_none() && p.field(&QRY_NAME).is_some());
        assert!(p.layer(&ABOUT).is_some_and(|l| l.trouble.is_some()));
    }

    #[test]
    fn a_message_over_tcp_ends_where_its_length_says() {
        let mut streams = crate::proto::Streams::default();
        let mut ask = |bytes: &[u8]| frame(&mut streams.view(true), bytes);
        assert_eq!(ask(b"\0"), Framing::NeedMore);
        assert_eq!(ask(b"\0\x03ab"), Framing::Need(5));
        assert_eq!(ask(b"\0\x03abcd"), Framing::Message(5));
    }
}
