//! Questions that one packet answers: to which layer a field belongs, where its bytes are, and what headers say.

use super::{Draft, Line, Pool, choice, line_of, number, only};
use crate::ask::bank::belief;
use crate::ask::question::Kind;
use crate::ask::task::{Choice, Task};
use crate::ask::value::Value::Text;
use crate::model::{Field, FieldDef, Layer, Osi, Packet, Value, show};
use crate::proto::{dns, engineio, ethernet, http, ipv4, ipv6, socketio, tcp, udp, websocket};
use crate::rng::Rng;

/// Fields whose layer is beyond dispute, and what the session layer betrays where it is chosen.
static LAYERS: &[(&FieldDef, Option<&str>)] = &[
    (&ethernet::DST, None),
    (&ethernet::SRC, None),
    (&ethernet::TYPE, None),
    (&ipv4::SRC, None),
    (&ipv4::DST, None),
    (&ipv4::TTL, None),
    (&ipv4::PROTO, None),
    (&ipv6::SRC, None),
    (&ipv6::DST, None),
    (&ipv6::HLIM, None),
    (&tcp::SRCPORT, None),
    (&tcp::DSTPORT, None),
    (&tcp::SEQ, Some(belief::SESSION_TRACKS)),
    (&tcp::ACK, Some(belief::SESSION_TRACKS)),
    (&tcp::WINDOW_SIZE_VALUE, None),
    (&udp::SRCPORT, None),
    (&udp::DSTPORT, None),
    (&dns::ID, None),
    (&dns::QRY_NAME, None),
    (&http::METHOD, None),
    (&http::HOST, None),
    (&http::COOKIE, Some(belief::SESSION_AUTH)),
    (&http::AUTHORIZATION, Some(belief::SESSION_AUTH)),
];

/// Fields whose bytes are asked for.
static MARKED: &[&FieldDef] = &[
    &ethernet::SRC,
    &ethernet::DST,
    &ethernet::TYPE,
    &ipv4::TTL,
    &ipv4::PROTO,
    &ipv4::SRC,
    &ipv4::DST,
    &ipv6::SRC,
    &ipv6::DST,
    &ipv6::HLIM,
    &tcp::SRCPORT,
    &tcp::DSTPORT,
    &tcp::SEQ_RAW,
    &tcp::WINDOW_SIZE_VALUE,
    &udp::SRCPORT,
    &udp::DSTPORT,
    &udp::LENGTH,
];

/// Bytes of a frame that are shown at most.
const MOST_BYTES: usize = 96;
/// Where systems let a packet's life begin (RFC 1700 says 64; others are as common).
const STARTS: [u64; 3] = [64, 128, 255];

/// Offers what this packet can be asked about.
pub(super) fn take(packet: &Packet, line: Line, pool: &mut Pool) {
    let number = packet.number;
    pool.offer(Kind::Layer, number, |rng| layer(packet, line, rng));
    pool.offer(Kind::Bytes, number, |rng| bytes(packet, line, rng));
    if let Some(ip) = only(packet, &ipv4::ABOUT) {
        pool.offer(Kind::Hops, number, |_| hops(packet, ip, &ipv4::TTL, line));
        pool.offer(Kind::Length, number, |_| length(packet, ip, line));
    } else if let Some(ip) = only(packet, &ipv6::ABOUT) {
        pool.offer(Kind::Hops, number, |_| hops(packet, ip, &ipv6::HLIM, line));
    }
    if let Some(segment) = only(packet, &tcp::ABOUT) {
        pool.offer(Kind::Header, number, |_| header(packet, segment, line));
    }
    if let Some(frame) = only(packet, &websocket::ABOUT) {
        pool.offer(Kind::Websocket, number, |rng| websocket_frame(packet, frame, line, rng));
    }
    if only(packet, &dns::ABOUT).is_some() {
        pool.offer(Kind::Name, number, |_| name(packet, line));
    }
    if let Some(message) = only(packet, &socketio::ABOUT) {
        pool.offer(Kind::Socketio, number, |rng| digits(packet, message, line, rng));
    }
}

/// The field, where the packet has exactly one of it, in a layer of which it has exactly one.
fn single<'p>(packet: &'p Packet, def: &'static FieldDef) -> Option<(&'p Layer, &'p Field)> {
    let mut all = packet.all(def);
    let field = all.next()?;
    if all.next().is_some() {
        return None;
    }
    let layer = packet.layers.iter().find(|l| packet.field_in(l, def).is_some())?;
    Some((only(packet, layer.proto)?, field))
}

/// One of the rows that this packet has, drawn at random.
fn draw<'p, T: Copy>(
    packet: &'p Packet,
    rows: &[T],
    def: fn(T) -> &'static FieldDef,
    rng: &mut Rng,
) -> Option<(T, &'p Layer, &'p Field)> {
    let has = rows.iter().filter_map(|&row| single(packet, def(row)).map(|(layer, field)| (row, layer, field)));
    let mut found: Vec<_> = has.collect();
    let index = usize::try_from(rng.below(found.len() as u64)).ok()?;
    (index < found.len()).then(|| found.swap_remove(index))
}

fn value(packet: &Packet, field: &Field) -> String {
    let mut text = String::new();
    show::value(packet, field, &mut text);
    text
}

/// To which layer does a field belong?
fn layer(packet: &Packet, line: Line, rng: &mut Rng) -> Option<Draft> {
    let ((def, session), layer, field) = draw(packet, LAYERS, |row| row.0, rng)?;
    let name = |osi: Osi| format!("layer {}, {}", osi.number(), osi.name().to_lowercase());
    let osi = layer.proto.osi;
    let mut others: Vec<Osi> =
        [Osi::Link, Osi::Network, Osi::Transport, Osi::Application].into_iter().filter(|&o| o != osi).collect();
    rng.shuffle(&mut others);
    others.insert(0, Osi::Session);
    let wrong = others
        .into_iter()
        .map(|other| Choice { text: name(other), betrays: session.filter(|_| other == Osi::Session) })
        .collect();
    let (label, text) = (def.label, value(packet, field));
    Some(Draft {
        prompt: format!(
            "Frame {} holds a field \"{label}\" with the value {text}. To which layer does it belong?",
            packet.number
        ),
        shown: vec![line_of(packet, line)],
        task: choice(&name(osi), wrong, 4, rng)?,
        filter: format!("frame.number == {} && {}", packet.number, def.name),
        frame: packet.number,
        line: line_of(packet, line),
        why: format!(
            "{} is a field of {} ({}), which is counted to {}.",
            def.name,
            layer.proto.title,
            layer.proto.spec,
            name(osi)
        ),
    })
}

/// Which bytes of the frame hold a field?
fn bytes(packet: &Packet, line: Line, rng: &mut Rng) -> Option<Draft> {
    let (def, layer, field) = draw(packet, MARKED, |def| def, rng)?;
    let span = field.span;
    let raw = packet.frame().get(span.start as usize..span.end() as usize)?;
    // Bytes under a mask would not be the field alone.
    if span.buf != 0 || span.len == 0 || def.mask() != 0 || span.end() as usize > MOST_BYTES {
        return None;
    }
    let (first, last) = (span.start, span.end() - 1);
    let mut hex = String::new();
    show::hex_bytes(raw, ":", &mut hex);
    let (label, text) = (def.label, value(packet, field));
    Some(Draft {
        prompt: format!(
            "Which bytes of frame {} hold the field \"{label}\" of {}? Its value is {text}. The first byte of the frame is byte 0.",
            packet.number, layer.proto.title
        ),
        shown: Vec::new(),
        task: Task::Bytes { frame: shown(packet.frame(), last as usize), right: (first as usize, last as usize) },
        filter: format!("frame.number == {} && {} && frame[{first}:{}] == {hex}", packet.number, def.name, span.len),
        frame: packet.number,
        line: line_of(packet, line),
        why: format!(
            "{} begins at byte {}, and in it this field at {}: {hex}.",
            layer.proto.title,
            layer.span.start,
            first.saturating_sub(layer.span.start)
        ),
    })
}

/// The bytes of a frame, in rows of sixteen, up to the row after the one with byte `last`.
fn shown(frame: &[u8], last: usize) -> Vec<u8> {
    frame.iter().copied().take(((last / 16 + 2) * 16).min(MOST_BYTES)).collect()
}

/// Over how many routers has it come?
fn hops(packet: &Packet, ip: &Layer, def: &'static FieldDef, line: Line) -> Option<Draft> {
    let left = packet.uint_in(ip, def)?;
    let group = packet.fields_of(ip).iter().any(|f| match f.value {
        Value::Bytes(s) if f.def == &ipv4::DST => packet.bytes(s).first().is_some_and(|&b| b >= 224),
        Value::Bytes(s) if f.def == &ipv6::DST => packet.bytes(s).first() == Some(&0xff),
        _ => false,
    });
    // What is meant for this link, or to run out on the way, did not begin with a usual number.
    if group || left <= 32 {
        return None;
    }
    let start = STARTS.into_iter().find(|&start| start >= left)?;
    let right = start - left;
    Some(Draft {
        prompt: format!(
            "The sender of frame {} began with {start} in \"{}\". The frame arrives here with {left}. Over how many routers has it come?",
            packet.number, def.label
        ),
        shown: Vec::new(),
        task: number(right, &[]),
        filter: format!("frame.number == {} && {} == {left}", packet.number, def.name),
        frame: packet.number,
        line: line_of(packet, line),
        why: format!(
            "Each router takes one off ({}): {start} - {left} = {right}. Systems begin with 64, 128 or 255, so the smallest of these that fits is taken.",
            ip.proto.spec
        ),
    })
}

/// How many bytes of data does the segment or datagram carry?
fn length(packet: &Packet, ip: &Layer, line: Line) -> Option<Draft> {
    let of = |def| packet.uint_in(ip, def);
    let (total, header) = (of(&ipv4::LEN)?, of(&ipv4::HDR_LEN)?);
    if of(&ipv4::FLAGS_MF)? != 0 || of(&ipv4::FRAG_OFFSET)? != 0 {
        return None;
    }
    let (above, name, field) = if let Some(l) = only(packet, &tcp::ABOUT) {
        let right = packet.uint_in(l, &tcp::LEN)?;
        (packet.uint_in(l, &tcp::HDR_LEN)?, "TCP", format!("tcp.len == {right}"))
    } else {
        let l = only(packet, &udp::ABOUT)?;
        (8, "UDP", format!("udp.length == {}", packet.uint_in(l, &udp::LENGTH)?))
    };
    let right = total.checked_sub(header)?.checked_sub(above)?;
    // Offload, padding and lies: only where all headers agree is there an answer.
    let agreed = if name == "TCP" { format!("tcp.len == {right}") } else { format!("udp.length == {}", right + 8) };
    if field != agreed {
        return None;
    }
    let mut shown = vec![format!("ip.len {total}, ip.hdr_len {header}")];
    shown.push(if name == "TCP" { format!("tcp.hdr_len {above}") } else { "a UDP header".to_owned() });
    Some(Draft {
        prompt: format!("How many bytes of data does frame {} carry inside {name}?", packet.number),
        shown,
        task: number(right, &[]),
        filter: format!("frame.number == {} && ip.len == {total} && ip.hdr_len == {header} && {field}", packet.number),
        frame: packet.number,
        line: line_of(packet, line),
        why: format!(
            "The total length counts its own header and the one above: {total} - {header} - {above} = {right}.{}",
            if right == 0 { " Nothing is left: this packet stops at layer 4." } else { "" }
        ),
    })
}

/// How many bytes is a TCP header?
fn header(packet: &Packet, segment: &Layer, line: Line) -> Option<Draft> {
    let byte = *packet.bytes(segment.span).get(12).filter(|_| segment.span.buf == 0)?;
    let words = u64::from(byte >> 4);
    let right = packet.uint_in(segment, &tcp::HDR_LEN).filter(|&length| length == words * 4)?;
    let options = match right.checked_sub(20)? {
        0 => "no options".to_owned(),
        n => format!("{n} bytes of options"),
    };
    let n = packet.number;
    Some(Draft {
        prompt: format!(
            "In the TCP header of frame {n}, byte 12 is 0x{byte:02x}, counted from 0. Its upper four bits are the data offset. How many bytes long is this header?"
        ),
        shown: vec![line_of(packet, line)],
        task: number(right, &[]),
        filter: format!("frame.number == {n} && tcp.hdr_len == {right}"),
        frame: n,
        line: line_of(packet, line),
        why: format!(
            "The upper four bits of 0x{byte:02x} are {words:04b}, which is {words}. The data offset counts words of four bytes: {words} × 4 = {right}. That's 20 bytes that every TCP header has, and {options} (RFC 9293 §3.1)."
        ),
    })
}

/// Which name do the bytes of a DNS question spell?
fn name(packet: &Packet, line: Line) -> Option<Draft> {
    let (_, field) = single(packet, &dns::QRY_NAME)?;
    let span = field.span;
    let raw = packet.frame().get(span.start as usize..span.end() as usize).filter(|_| span.buf == 0)?;
    let labels = labels(raw)?;
    let name = labels.join(".");
    let mut hex = String::new();
    show::hex_bytes(raw, " ", &mut hex);
    let spelled: Vec<String> = labels.iter().map(|label| format!("{} {label}", label.len())).collect();
    let n = packet.number;
    Some(Draft {
        prompt: format!("The DNS question in frame {n} has a name, in these bytes. Which name is it?"),
        shown: vec![hex],
        // Whoever ends it at the root writes it out in full.
        task: Task::Text { right: vec![Text(name.clone()), Text(format!("{name}."))], slips: Vec::new() },
        filter: format!("frame.number == {n} && dns.qry.name == \"{name}\""),
        frame: n,
        line: line_of(packet, line),
        why: format!(
            "Each label has its length before it, and a length of 0 ends the name: {} (RFC 1035 §3.1). The dots are only for people.",
            spelled.join(", ")
        ),
    })
}

/// The labels of a name that is written out, in plain letters (RFC 1035 §3.1).
fn labels(mut bytes: &[u8]) -> Option<Vec<&str>> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let mut labels = Vec::new();
    while let Some((&length, rest)) = bytes.split_first().filter(|(length, _)| **length > 0) {
        let (label, rest) = rest.split_at_checked(usize::from(length))?;
        labels.push(std::str::from_utf8(label).ok().filter(|_| label.iter().all(plain))?);
        bytes = rest;
    }
    (bytes == [0] && !labels.is_empty()).then_some(labels)
}

/// What a WebSocket frame's first two bytes say (RFC 6455 §5.2).
fn said(fin: bool, opcode: u64, masked: bool, length: u8) -> String {
    let what = websocket::OPCODE.name_of(opcode).unwrap_or("Reserved").to_lowercase();
    let length = match length {
        126 => "the length follows in two bytes".to_owned(),
        127 => "the length follows in eight bytes".to_owned(),
        1 => "1 byte of payload".to_owned(),
        n => format!("{n} bytes of payload"),
    };
    let fin = if fin { "the last of its message" } else { "more of its message follows" };
    format!("{what}, {fin}, {}, {length}", if masked { "masked" } else { "not masked" })
}

/// What do the first two bytes of a WebSocket frame say?
fn websocket_frame(packet: &Packet, frame: &Layer, line: Line, rng: &mut Rng) -> Option<Draft> {
    let [first, second, ..] = *packet.bytes(frame.span) else { return None };
    let of = |def| packet.uint_in(frame, def);
    let (fin, opcode, masked, length) = (first & 0x80 != 0, u64::from(first & 0x0f), second & 0x80 != 0, second & 0x7f);
    let agrees = of(&websocket::FIN)? == u64::from(fin)
        && of(&websocket::OPCODE)? == opcode
        && of(&websocket::MASK)? == u64::from(masked)
        && of(&websocket::PAYLOAD_LENGTH)? == u64::from(length);
    if !agrees || websocket::OPCODE.name_of(opcode).is_none() {
        return None;
    }
    let other = if opcode == 1 { 2 } else { 1 };
    let mut wrong = vec![
        Choice { text: said(fin, opcode, !masked, length), betrays: None },
        Choice { text: said(fin, other, masked, length), betrays: None },
    ];
    if masked {
        let text =
            said(fin, opcode, true, length).replace("masked", "encrypted, so that nobody on the way can read it");
        wrong.insert(0, Choice { text, betrays: Some(belief::MASKING) });
    } else {
        wrong.push(Choice { text: said(!fin, opcode, masked, length), betrays: None });
    }
    let n = packet.number;
    Some(Draft {
        prompt: format!(
            "A WebSocket frame in frame {n} begins with the bytes {first:02x} {second:02x}. What do they say?"
        ),
        shown: Vec::new(),
        task: choice(&said(fin, opcode, masked, length), wrong, 4, rng)?,
        filter: format!(
            "frame.number == {n} && websocket.fin == {} && websocket.opcode == {opcode} && websocket.mask == {} && websocket.payload_length == {length}",
            u8::from(fin),
            u8::from(masked)
        ),
        frame: n,
        line: line_of(packet, line),
        why: format!(
            "{first:02x} is {first:08b}: FIN {}, opcode {opcode}. {second:02x} is {second:08b}: MASK {}, length {length} (RFC 6455 §5.2). A mask's key is in the frame itself.",
            u8::from(fin),
            u8::from(masked)
        ),
    })
}

/// What do the digits before a Socket.IO packet say?
fn digits(packet: &Packet, message: &Layer, line: Line, rng: &mut Rng) -> Option<Draft> {
    let around = only(packet, &engineio::ABOUT)?;
    let (outer, inner) = (packet.uint_in(around, &engineio::TYPE)?, packet.uint_in(message, &socketio::TYPE)?);
    let name = |def: &'static FieldDef, n| def.name_of(n).map(str::to_lowercase);
    let (outside, inside) = (name(&engineio::TYPE, outer)?, name(&socketio::TYPE, inner)?);
    let mut wrong = vec![
        Choice { text: format!("a status code, {outer}{inner}"), betrays: Some(belief::STATUS_42) },
        Choice { text: format!("{outer}{inner} bytes follow"), betrays: None },
    ];
    if let (Some(a), Some(b), true) = (name(&engineio::TYPE, inner), name(&socketio::TYPE, outer), outer != inner) {
        wrong.push(Choice { text: format!("Socket.IO: {b} ({outer}), in it Engine.IO: {a} ({inner})"), betrays: None });
    }
    let n = packet.number;
    Some(Draft {
        prompt: format!(
            "In frame {n}, what a Socket.IO program sends begins with the digits {outer}{inner}. What do they mean?"
        ),
        shown: Vec::new(),
        task: choice(&format!("Engine.IO: {outside} ({outer}), in it Socket.IO: {inside} ({inner})"), wrong, 4, rng)?,
        filter: format!("frame.number == {n} && engineio.type == {outer} && socketio.type == {inner}"),
        frame: n,
        line: line_of(packet, line),
        why: format!(
            "Two digits of two protocols: {outer} is Engine.IO's packet type, {inside} ({inner}) is Socket.IO's. Neither is a status."
        ),
    })
}
