//! QUIC — RFC 9000, with the parts that no version may change: RFC 8999. Streams, encrypted, over UDP.
//!
//! ```text
//! | 1 F T T x x x x | version (32) | DCID length (8), DCID | SCID length (8), SCID |        long header
//! |   Initial: token length, token | length | packet number (1 to 4 bytes) | encrypted frames |
//! | 0 F S x x x x x | DCID | packet number (1 to 4 bytes) | encrypted frames |            short header
//! ```
//!
//! F is the fixed bit, T the type, x is protected. A datagram may hold several packets. Initial packets can be read
//! by anybody (`keys.rs`): inside is TLS's ClientHello, with the server's name. Read `connection.rs` next.

mod connection;
mod fields;
mod frames;
mod keys;

pub use fields::*;

use super::prelude::*;
use super::{Guess, StreamCtx};
use crate::model::{BufferKind, Span};
use connection::{Connection, Header, Id, LONGEST_ID, LongType};
use frames::{number, varint};

/// QUIC.
pub static ABOUT: Identity = Identity {
    name: "quic",
    title: "QUIC IETF",
    osi: Osi::Transport,
    spec: "RFC 9000",
    fields: FIELDS,
    summary: Some(summary),
};

/// The row.
pub static PROTOCOL: Protocol =
    Protocol { about: &ABOUT, follows: &[Key::Guess], over: Over::Datagram(guess), dissect };

/// The row of a conversation that has begun: short headers show nothing to be recognised by.
pub static FOLLOWED: Protocol = Protocol { about: &ABOUT, follows: &[], over: Over::Packet, dissect };

/// All of them, for the registry.
pub const ROWS: &[&Protocol] = &[&PROTOCOL, &FOLLOWED];

/// RFC 9000 §17.2: a long header of a version that is known, with ids of a possible length. Short headers show
/// nothing that could be recognised; they are found by their conversation.
fn guess(bytes: &[u8]) -> Guess {
    let Some(&[first, a, b, c, d, dcil]) = bytes.first_chunk() else { return Guess::No };
    if first & 0x80 == 0 || bytes.len() < 13 || keys::draft(u32::from_be_bytes([a, b, c, d])) < 11 {
        return Guess::No;
    }
    let scil = bytes.get(6 + usize::from(dcil)).copied().unwrap_or(u8::MAX);
    if usize::from(dcil.max(scil)) > LONGEST_ID { Guess::No } else { Guess::Follow(&FOLLOWED) }
}

/// Where the handshake's bytes of a datagram stand.
#[derive(Clone, Copy)]
struct Hello {
    buffer: u8,
    start: usize,
    end: usize,
    /// The buffer was made for them: more can be added.
    own: bool,
}

/// One packet of a datagram: where it begins and ends.
#[derive(Clone, Copy)]
struct Reach {
    start: usize,
    end: usize,
}

fn dissect(c: &mut Cursor<'_>) -> Result<Next, Trouble> {
    let len = c.len();
    c.u8(0)?;
    let (mut at, mut hello) = (0, None);
    let first_id = id_of(c, 0);
    while at < len {
        // Packets of one datagram carry one id (RFC 9000 §12.2); what does not is a filling.
        if at > 0 && id_of(c, at) != first_id {
            break;
        }
        let reach = Reach { start: at, end: at + packet_len(c.rest(at)) };
        if let Err(trouble) = packet(c, reach, &mut hello) {
            c.doubt(trouble);
            break;
        }
        at = reach.end;
    }
    Ok(match hello {
        Some(hello) => Next::to(Key::Handshake, len).within_part(hello.buffer, hello.start, hello.end),
        None => Next::end(len),
    })
}

/// How many of these bytes belong to the first packet: all, but for a long header that says less.
fn packet_len(bytes: &[u8]) -> usize {
    let said = || {
        let &[first, a, b, c, d, dcil] = bytes.first_chunk()?;
        let version = u32::from_be_bytes([a, b, c, d]);
        let kind = LongType::of(first, version);
        if first & 0x80 == 0 || version == 0 || kind == LongType::Retry {
            return None;
        }
        let scil = 6 + usize::from(dcil);
        let mut at = scil + 1 + usize::from(*bytes.get(scil)?);
        for takes_part in [kind == LongType::Initial, true] {
            if takes_part {
                let (n, len) = varint(bytes.get(at..)?)?;
                at = at.checked_add(len)?.checked_add(usize::try_from(n).ok()?)?;
            }
        }
        Some(at)
    };
    said().unwrap_or(usize::MAX).min(bytes.len())
}

/// The receiver's id in the packet at `at`.
fn id_of(c: &mut Cursor<'_>, at: usize) -> Option<Id> {
    let &[first, _, _, _, _, dcil] = c.rest(at).first_chunk()?;
    let (from, len) = if first & 0x80 == 0 { (1, Connection::id_len(&mut c.stream())) } else { (6, usize::from(dcil)) };
    c.rest(at + from).get(..len).map(Id::new)
}

fn packet(c: &mut Cursor<'_>, reach: Reach, hello: &mut Option<Hello>) -> Result<(), Trouble> {
    let at = reach.start;
    c.derive(&PACKET_LENGTH, Value::Uint((reach.end - at) as u64));
    if c.u8(at)? & 0x80 == 0 {
        return short(c, reach);
    }
    c.read(&HEADER_FORM, at, 1)?;
    let version = c.u32(at + 1)?;
    // Version 0 lists what a server has (RFC 9000 §17.2.1).
    if version == 0 {
        c.read(&VN_UNUSED, at, 1)?;
        let (_, mut next) = ids(c, at + 1)?;
        while next < reach.end {
            c.read(&SUPPORTED_VERSION, next, 4)?;
            next += 4;
        }
        return Ok(());
    }
    long(c, reach, version, hello)
}

/// Version and both ids, which every long header has (RFC 8999 §5.1). Gives the ids and where they end.
fn ids(c: &mut Cursor<'_>, at: usize) -> Result<([Id; 2], usize), Trouble> {
    c.read(&VERSION, at, 4)?;
    let mut at = at + 4;
    let mut found = [Id::default(); 2];
    for (id, length, def) in [(0, &DCIL, &DCID), (1, &SCIL, &SCID)] {
        let len = c.read_len(length, at, 1)?;
        if len > 0 {
            c.read(def, at + 1, len)?;
        }
        if let Some(id) = found.get_mut(id) {
            *id = Id::new(c.slice(at + 1, len)?);
        }
        at += 1 + len;
    }
    Ok((found, at))
}

/// RFC 9000 §17.2.
fn long(c: &mut Cursor<'_>, reach: Reach, version: u32, hello: &mut Option<Hello>) -> Result<(), Trouble> {
    let start = reach.start;
    let first = c.u8(start)?;
    let kind = LongType::of(first, version);
    if kind != LongType::Retry {
        c.read(&FIXED_BIT, start, 1)?;
    }
    c.read(if version == keys::V2 { &PACKET_TYPE_V2 } else { &PACKET_TYPE }, start, 1)?;
    // The number of its rows, unprotected, is known only once the packet was opened: they stand behind it.
    let ([dcid, scid], mut at) = ids(c, start + 1)?;
    let header = Header { version, kind, dcid, scid };
    if kind == LongType::Retry {
        let forward = c.stream().forward;
        c.stream().dialogue.carrier::<Connection>().note(forward, &header);
        let token = (reach.end - at).saturating_sub(keys::TAG);
        if token > 0 {
            c.read(&RETRY_TOKEN, at, token)?;
        }
        return c.read(&RETRY_TAG, at + token, keys::TAG).map(drop);
    }
    if kind == LongType::Initial {
        let len;
        (len, at) = number(c, &TOKEN_LENGTH, at)?;
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        if len > 0 {
            c.read(&TOKEN, at, len)?;
            at += len;
        }
    }
    (_, at) = number(c, &LENGTH, at)?;
    let whole = c.span(start, reach.end - start);
    let opened = c.with_bytes(whole, |bytes, ctx: StreamCtx<'_>| {
        let forward = ctx.forward;
        let connection = ctx.dialogue.carrier::<Connection>();
        connection.note(forward, &header);
        let opened = connection.open(forward, bytes, at - start).filter(|_| kind == LongType::Initial)?;
        Some((opened, std::mem::take(&mut connection.plain), std::mem::take(&mut connection.ready)))
    });
    let Some((opened, plain, ready)) = opened else {
        if at < reach.end {
            c.read(&REMAINING, at, reach.end - at)?;
        }
        return Ok(());
    };
    c.push(&RESERVED, start, 1, Value::Uint(u64::from(opened.first >> 2 & 3)));
    c.push(&NUMBER_LENGTH, start, 1, Value::Uint(u64::from(opened.first & 3)));
    c.push(&PACKET_NUMBER, at, opened.number_len, Value::Uint(opened.number));
    at += opened.number_len;
    if at < reach.end {
        c.read(&PAYLOAD, at, reach.end - at)?;
    }
    let sealed = c.span(at, reach.end.saturating_sub(at));
    let done = if opened.intact { show(c, (sealed, &plain), (&ready, opened.piece), hello) } else { Ok(()) };
    let connection = c.stream().dialogue.carrier::<Connection>();
    (connection.plain, connection.ready) = (plain, ready);
    done
}

/// Writes the frames of a packet that was opened, and hands the handshake's bytes on.
fn show(
    c: &mut Cursor<'_>,
    (sealed, plain): (Span, &[u8]),
    (ready, piece): (&[u8], Option<(usize, usize)>),
    hello: &mut Option<Hello>,
) -> Result<(), Trouble> {
    let Some(id) = c.uncover(BufferKind::Decoded, plain) else { return Ok(()) };
    c.made_of(id, sealed);
    let done = c.nested(|c| c.inside(id, frames::all));
    match (hello.as_mut(), piece) {
        _ if ready.is_empty() => {}
        (Some(hello), _) if hello.own => hello.end += c.append(hello.buffer, ready),
        // A second Initial packet in one datagram: the handshake gets a buffer of its own.
        (Some(first), _) => {
            let (start, end) = (first.start, first.end);
            let made = c.uncover_from(BufferKind::Decoded, first.buffer, |source, out| {
                out.extend_from_slice(source.get(start..end).unwrap_or(&[]));
                out.extend_from_slice(ready);
            });
            if let Some((buffer, end)) = made {
                *first = Hello { buffer, start: 0, end, own: true };
            }
        }
        (None, Some((start, end))) => *hello = Some(Hello { buffer: id, start, end, own: false }),
        (None, None) => {
            let made = c.uncover(BufferKind::Decoded, ready);
            *hello = made.map(|buffer| Hello { buffer, start: 0, end: ready.len(), own: true });
        }
    }
    done
}

/// RFC 9000 §17.3: what can be seen once a connection is established.
fn short(c: &mut Cursor<'_>, reach: Reach) -> Result<(), Trouble> {
    let at = reach.start;
    c.push(&SHORT, at, reach.end - at, Value::None);
    let id = Connection::id_len(&mut c.stream());
    c.nested(|c| {
        for def in [&HEADER_FORM, &FIXED_BIT, &SPIN_BIT] {
            c.read(def, at, 1)?;
        }
        if id > 0 { c.read(&DCID, at + 1, id).map(drop) } else { Ok(()) }
    })?;
    let rest = at + 1 + id;
    if rest < reach.end {
        c.read(&REMAINING, rest, reach.end - rest)?;
    }
    Ok(())
}

impl LongType {
    /// Version 2 numbers them anew (RFC 9369 §3.2).
    fn of(first: u8, version: u32) -> Self {
        let shift = u8::from(version == keys::V2);
        match (first >> 4 & 3).wrapping_sub(shift) & 3 {
            0 => Self::Initial,
            1 => Self::ZeroRtt,
            2 => Self::Handshake,
            _ => Self::Retry,
        }
    }
}

/// `Initial, CRYPTO, PADDING; Handshake`
fn summary(packet: &Packet, layer: &Layer, out: &mut String) {
    let start = out.len();
    for f in packet.fields_of(layer) {
        let name = match f.def.name_of(f.value.uint().unwrap_or(u64::MAX)) {
            Some(name) if [&PACKET_TYPE, &PACKET_TYPE_V2, &FRAME_TYPE].contains(&f.def) => name,
            _ if f.def == &SHORT => "Protected",
            _ if f.def == &VN_UNUSED => "Version Negotiation",
            _ => continue,
        };
        if out.len() > start {
            out.push_str(if f.def == &FRAME_TYPE { ", " } else { "; " });
        }
        if out.len() - start > 60 {
            out.push('…');
            return;
        }
        out.push_str(name);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut, read};
    use super::super::tls;
    use super::*;
    use etherparse::PacketBuilder;

    const ID: &[u8] = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08";

    fn datagram(body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        PacketBuilder::ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64).udp(50000, 4433).write(&mut out, body).unwrap();
        out
    }

    /// A client's first packet, protected as RFC 9001 §5 says.
    fn initial(version: u32, frames: &[u8]) -> Vec<u8> {
        let mut payload = frames.to_vec();
        payload.resize(payload.len().max(64), 0);
        let kind = if version == keys::V2 { 0xd1 } else { 0xc1 };
        let mut header = [&[kind][..], &version.to_be_bytes(), &[8], ID, &[2, 7, 7, 0]].concat();
        let at = header.len() + 2;
        let len = u16::try_from(2 + payload.len() + keys::TAG).unwrap() | 0x4000;
        header.extend_from_slice(&len.to_be_bytes());
        header.extend_from_slice(&[0, 9]);
        let [client, _] = keys::Keys::initial(version, ID).unwrap();
        let sealed = client.seal(9, &header, &payload);
        let mut packet = [header, sealed].concat();
        let mask = client.mask(*packet[at + 4..].first_chunk().unwrap());
        packet[0] ^= mask[0] & 0x0f;
        packet[at] ^= mask[1];
        packet[at + 1] ^= mask[2];
        packet
    }

    /// A ClientHello without extensions.
    fn hello() -> Vec<u8> {
        [&[1, 0, 0, 41, 3, 3][..], &[5; 32], &[0, 0, 2, 0x13, 0x01, 1, 0]].concat()
    }

    fn piece(offset: u8, data: &[u8]) -> Vec<u8> {
        [&[6, offset, u8::try_from(data.len()).unwrap()][..], data].concat()
    }

    fn suite(p: &Packet) -> Option<u64> {
        p.uint(&tls::CIPHERSUITE)
    }

    #[test]
    fn anybody_can_read_a_clients_first_packet() {
        for version in [1, 0xff00_001d, 0xff00_001b, keys::V2] {
            let p = read(228, &datagram(&initial(version, &piece(0, &hello()))));
            assert_eq!((p.uint(&PACKET_NUMBER), suite(&p)), (Some(9), Some(0x1301)), "version {version:x}");
        }
    }

    #[test]
    fn pieces_in_any_order_make_one_handshake() {
        let (all, mut frames) = (hello(), vec![1]);
        for (offset, data) in [(20, &all[20..]), (0, &all[..7]), (7, &all[7..20])] {
            frames.extend(piece(offset, data));
            frames.extend([0, 0, 1]);
        }
        let p = read(228, &datagram(&initial(1, &frames)));
        assert_eq!((suite(&p), p.all(&CRYPTO_DATA).count()), (Some(0x1301), 3));
    }

    #[test]
    fn a_handshake_may_go_on_in_the_next_packet() {
        let all = hello();
        let mut connection = Connection::default();
        let header = Header { version: 1, kind: LongType::Initial, dcid: Id::new(ID), scid: Id::new(&[7, 7]) };
        connection.note(true, &header);
        for (frames, ready) in [(piece(0, &all[..9]), &all[..9]), (piece(9, &all[9..]), &all[..])] {
            let opened = connection.open(true, &initial(1, &frames), 20).unwrap();
            assert!(opened.intact);
            assert_eq!(connection.ready, ready);
        }
    }

    #[test]
    fn a_changed_packet_stays_closed() {
        let mut packet = initial(1, &piece(0, &hello()));
        *packet.last_mut().unwrap() ^= 1;
        let p = read(228, &datagram(&packet));
        assert_eq!((p.uint(&PACKET_TYPE), p.layer(&tls::ABOUT).is_some()), (Some(0), false));
    }

    #[test]
    fn a_datagram_holds_several_packets() {
        let handshake = [&[0xe0, 0, 0, 0, 1, 8][..], ID, &[2, 7, 7, 4], b"abcd"].concat();
        let p = read(228, &datagram(&[initial(1, &piece(0, &hello())), handshake].concat()));
        let types: Vec<_> = p.all(&PACKET_TYPE).filter_map(|f| f.value.uint()).collect();
        assert_eq!((types, suite(&p)), (vec![0, 2], Some(0x1301)));
    }

    #[test]
    fn what_is_no_version_or_no_connection_is_data() {
        for body in [&[0x40; 40][..], b"\xc0\0\0\0\x09\x08abcdefgh\0\0\0", b"\xc0\0\0\0\x01\xffabcdefgh\0\0"] {
            assert_eq!(read(228, &datagram(body)).layers.last().map(|l| l.proto.name), Some("data"));
        }
    }

    #[test]
    fn a_packet_cut_anywhere_is_no_panic() {
        let whole = datagram(&initial(1, &piece(0, &hello())));
        for keep in 28..whole.len() {
            let p = cut(228, &whole, keep);
            assert!(p.layer(&ABOUT).is_none() || suite(&p).is_none(), "{keep}");
        }
    }
}
