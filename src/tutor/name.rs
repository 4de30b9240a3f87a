//! What a sentence may mention beside fields: values that are computed when they are asked for.

use super::Here;
use super::here::ADDRESSES;
use super::value::value;
use crate::flow::{Endpoint, Event};
use crate::model::{Field, FieldDef, Kind, Seq, Trouble, Value, show};
use crate::proto::tcp::verdict;
use crate::proto::websocket::wire::{GUID, accept_for};
use crate::proto::{ethernet, http, tcp, udp, websocket};
use sha1::{Digest, Sha1};

/// A computed placeholder.
#[derive(Debug)]
pub struct Name {
    /// What a sentence calls it.
    pub name: &'static str,
    /// What it becomes, for translators.
    pub about: &'static str,
    /// Appends it; `None` where this packet has no such thing.
    pub(super) write: fn(&Here<'_>, &mut String) -> Option<()>,
}

const fn name(name: &'static str, about: &'static str, write: fn(&Here<'_>, &mut String) -> Option<()>) -> Name {
    Name { name, about, write }
}

/// All computed placeholders.
pub static NAMES: &[Name] = &[
    // The layer.
    name("layer.title", "the protocol's name in words", |h, out| text(h.layer.proto.title, out)),
    name("layer.spec", "where the protocol is specified", |h, out| text(h.layer.proto.spec, out)),
    name("layer.osi", "the OSI layer: 4 Transport", |h, out| text(&h.layer.proto.osi.to_string(), out)),
    name("layer.length", "bytes of this layer", |h, out| number(u64::from(h.layer.span.len), out)),
    name("layer.fields", "up to three fields with their values", layer_fields),
    name("layer.about", "what those fields mean", layer_about),
    name("layer.list", "the protocols on this OSI layer", list),
    // The packet.
    name("sender", "the innermost sender: IP address, else MAC address", |h, out| end(h, true, out)),
    name("receiver", "the innermost receiver: IP address, else MAC address", |h, out| end(h, false, out)),
    name("interface", "the interface of the capture", |h, out| {
        let name = h.packet().interface.as_ref().map(|i| i.name.as_str()).filter(|n| !n.is_empty())?;
        show::escape_within(name.as_bytes(), 32, out);
        Some(())
    }),
    name("frame.missing", "bytes that the capture left out", |h, out| {
        number(u64::from(h.packet().len.checked_sub(h.packet().cap_len)?), out)
    }),
    name("link.type", "the capture's link type: 220 (USB_LINUX_MMAPPED)", |h, out| {
        let link = h.packet().link;
        number(u64::from(link.0), out)?;
        if let Some(name) = link.name() {
            out.push_str(" (");
            out.push_str(name);
            out.push(')');
        }
        Some(())
    }),
    // The connection.
    name("source", "the sender's address and port", |h, out| whose(h, true, out)),
    name("destination", "the receiver's address and port", |h, out| whose(h, false, out)),
    name("client", "the client's address and port", |h, out| socket(h, Endpoint::Client, out)),
    name("server", "the server's address and port", |h, out| socket(h, Endpoint::Server, out)),
    name("state.client", "the client's state after this packet", |h, out| state(h, Endpoint::Client, out)),
    name("state.server", "the server's state after this packet", |h, out| state(h, Endpoint::Server, out)),
    name("next.raw", "the sequence number that follows this segment, as the wire carries it", |h, out| {
        number(u64::from(next_raw(h)?.0), out)
    }),
    name("last.byte", "the relative number of this segment's last data byte", |h, out| {
        number(carried(h, &tcp::SEQ)?.checked_add(carried(h, &tcp::LEN)?)?.checked_sub(1)?, out)
    }),
    name("before.ack", "the relative number of the last byte that is acknowledged", |h, out| {
        number(carried(h, &tcp::ACK)?.checked_sub(1)?, out)
    }),
    name("ports", "the two ports: 51000 to 80", ports),
    // The earlier frame that a verdict on this one follows from.
    name("after.first", "the frame that carried the bytes first", |h, out| {
        let of = |event: &Event| if let Event::Retransmitted { of, .. } = *event { of } else { None };
        number(h.moment.events.iter().find_map(of)?, out)
    }),
    name("after.twin", "the frame that is the same packet", |h, out| {
        let of = |event: &Event| if let Event::CapturedTwice { of, .. } = *event { Some(of) } else { None };
        number(h.moment.events.iter().find_map(of)?, out)
    }),
    name("after.fast", "the ACK that was repeated", |h, out| after(h, verdict::FAST_RETRANSMISSION, out)),
    name("after.spurious", "the ACK that had confirmed the bytes", |h, out| {
        after(h, verdict::SPURIOUS_RETRANSMISSION, out)
    }),
    name("after.order", "the frame that overtook this one", |h, out| after(h, verdict::OUT_OF_ORDER, out)),
    name("after.gap", "the last frame before the gap", |h, out| after(h, verdict::LOST_SEGMENT, out)),
    name("after.seen", "the last data that was seen of the other end", |h, out| {
        after(h, verdict::ACK_LOST_SEGMENT, out)
    }),
    name("after.filled", "the data that filled the window", |h, out| after(h, verdict::ZERO_WINDOW, out)),
    name("after.closed", "the frame that closed the window", |h, out| after(h, verdict::ZERO_WINDOW_PROBE, out)),
    name("after.probe", "the probe that this answers", |h, out| after(h, verdict::ZERO_WINDOW_PROBE_ACK, out)),
    name("after.window", "the frame whose window this one replaces", |h, out| after(h, verdict::WINDOW_UPDATE, out)),
    name("after.offer", "the frame that offered the window", |h, out| after(h, verdict::WINDOW_FULL, out)),
    name("after.silence", "the last frame before the silence", |h, out| after(h, verdict::KEEP_ALIVE, out)),
    name("after.question", "the keep-alive that this answers", |h, out| after(h, verdict::KEEP_ALIVE_ACK, out)),
    name("after.other", "the last frame of the earlier connection", |h, out| after(h, verdict::REUSED_PORTS, out)),
    // The upgrade (RFC 6455 §4.2.2).
    name("accept.key", "the key that the client sent", |h, out| escaped(key(h)?, out)),
    name("accept.joined", "the key and the standard's fixed text", |h, out| {
        escaped(key(h)?, out)?;
        text(GUID, out)
    }),
    name("accept.sha1", "SHA-1 over those", |h, out| {
        show::hex_bytes(&Sha1::new().chain_update(key(h)?).chain_update(GUID).finalize(), "", out);
        Some(())
    }),
    name("accept.derived", "that in base64: what Sec-WebSocket-Accept must be", |h, out| {
        text(&accept_for(key(h)?), out)
    }),
    name("accept.verdict", "whether the answer matches", |h, out| {
        let right = h.octets(&http::WEBSOCKET_ACCEPT)? == accept_for(key(h)?).as_bytes();
        text(if right { "matches" } else { "does not match" }, out)
    }),
    name("unmask.steps", "the first bytes of a WebSocket payload, unmasked one by one", unmask),
    // Trouble.
    name("trouble.need", "bytes that are needed", |h, out| number(u64::from(trouble(h)?.0), out)),
    name("trouble.have", "bytes that are there", |h, out| number(u64::from(trouble(h)?.1), out)),
    name("trouble.lack", "bytes that are missing", |h, out| {
        let (need, have) = trouble(h)?;
        number(u64::from(need.saturating_sub(have)), out)
    }),
    name("trouble.field", "the field that promised more", |h, out| match h.layer.trouble {
        Some(Trouble::LengthLies { claimed_by: Some(def), .. }) => text(def.name, out),
        _ => None,
    }),
    name("trouble.why", "what is wrong with the bytes", |h, out| match h.layer.trouble {
        Some(Trouble::Malformed(why) | Trouble::Breaks(why) | Trouble::Unshown(why)) => text(why.0, out),
        _ => None,
    }),
];

#[expect(clippy::unnecessary_wraps, reason = "every name is written by a function of this shape")]
fn text(s: &str, out: &mut String) -> Option<()> {
    out.push_str(s);
    Some(())
}

#[expect(clippy::unnecessary_wraps, reason = "every name is written by a function of this shape")]
fn number(n: u64, out: &mut String) -> Option<()> {
    show::number(n, out);
    Some(())
}

// ---- the layer

/// The fields that tell most of a layer: its first three that carry a value of their own.
pub(super) fn telling<'a>(here: &Here<'a>) -> impl Iterator<Item = &'a Field> + use<'a> {
    let fields = here.packet().fields_of(here.layer).iter();
    fields.filter(|f| f.depth == 0 && f.value != Value::None && !matches!(f.def.kind, Kind::Bytes)).take(3)
}

fn layer_fields(here: &Here<'_>, out: &mut String) -> Option<()> {
    let before = out.len();
    for field in telling(here) {
        if out.len() > before {
            out.push_str(", ");
        }
        out.push_str(field.def.name);
        out.push(' ');
        value(field, here, out)?;
    }
    (out.len() > before).then_some(())
}

fn layer_about(here: &Here<'_>, out: &mut String) -> Option<()> {
    let before = out.len();
    for field in telling(here) {
        if out.len() > before {
            out.push(' ');
        }
        out.push_str(field.def.label);
        out.push_str(": ");
        out.push_str(field.def.about);
    }
    (out.len() > before).then_some(())
}

/// The protocols that stand on this layer's OSI layer, the same one once.
fn list(here: &Here<'_>, out: &mut String) -> Option<()> {
    let osi = here.layer.proto.osi;
    let standing = || here.packet().layers.iter().filter(move |l| l.proto.osi == osi && !l.quoted).map(|l| l.proto);
    let mut count = 0;
    for (i, proto) in standing().enumerate() {
        if standing().take(i).any(|p| std::ptr::eq(p, proto)) {
            continue;
        }
        out.push_str(if count > 0 { ", " } else { "" });
        out.push_str(proto.title);
        count += 1;
    }
    (count > 0).then_some(())
}

// ---- ends

static MACS: &[(&FieldDef, &FieldDef)] = &[(&ethernet::SRC, &ethernet::DST)];

fn end(here: &Here<'_>, sender: bool, out: &mut String) -> Option<()> {
    let mut around = std::iter::once(here.layer).chain(here.outer());
    let field = around.find_map(|layer| {
        let mut pairs = ADDRESSES.iter().chain(MACS);
        pairs.find_map(|&(src, dst)| here.first_in(layer, if sender { src } else { dst }))
    })?;
    show::value(here.packet(), field, out);
    Some(())
}

fn socket(here: &Here<'_>, of: Endpoint, out: &mut String) -> Option<()> {
    let ends = here.connection()?.ends;
    let (address, port) = match of {
        Endpoint::Client => (ends.src, ends.src_port),
        Endpoint::Server => (ends.dst, ends.dst_port),
    };
    text(&std::net::SocketAddr::new(address.ip(), port).to_string(), out)
}

fn whose(here: &Here<'_>, sender: bool, out: &mut String) -> Option<()> {
    let port = carried(here, if sender { &tcp::SRCPORT } else { &tcp::DSTPORT })?;
    let mut address = String::new();
    end(here, sender, &mut address)?;
    let (open, close) = if address.contains(':') { ("[", "]") } else { ("", "") };
    for part in [open, &address, close, ":"] {
        out.push_str(part);
    }
    number(port, out)
}

fn state(here: &Here<'_>, of: Endpoint, out: &mut String) -> Option<()> {
    text(here.connection()?.states.get(of as usize)?.name(), out)
}

fn ports(here: &Here<'_>, out: &mut String) -> Option<()> {
    let pair: [(&'static FieldDef, &'static FieldDef); 2] =
        [(&tcp::SRCPORT, &tcp::DSTPORT), (&udp::SRCPORT, &udp::DSTPORT)];
    let (src, dst) = pair.into_iter().find_map(|(s, d)| Some((carried(here, s)?, carried(here, d)?)))?;
    number(src, out);
    out.push_str(" to ");
    number(dst, out)
}

/// The earlier frame that this verdict follows from.
fn after(here: &Here<'_>, wanted: u32, out: &mut String) -> Option<()> {
    let frame = here.moment.events.iter().find_map(|event| match *event {
        Event::Judged { verdict, after, .. } if verdict == wanted => Some(after),
        _ => None,
    })?;
    number(frame, out)
}

/// RFC 9293 §3.4: SYN and FIN each use up one number, like a byte of data.
fn next_raw(here: &Here<'_>) -> Option<Seq> {
    let value = |def| u32::try_from(carried(here, def)?).ok();
    let (syn, fin) = (value(&tcp::FLAGS_SYN)?, value(&tcp::FLAGS_FIN)?);
    Some(Seq(value(&tcp::SEQ_RAW)?) + value(&tcp::LEN)? + syn + fin)
}

/// A number of this layer, or of the nearest layer around it: a segment stays one when it carries HTTP.
fn carried(here: &Here<'_>, def: &'static FieldDef) -> Option<u64> {
    here.field(def)?.value.uint()
}

/// The key of this request, or of the request that this answers.
fn key<'a>(here: &Here<'a>) -> Option<&'a str> {
    let own = here.octets(&http::WEBSOCKET_KEY).and_then(|b| std::str::from_utf8(b).ok());
    let key = own.or_else(|| here.moment.upgrade.map(|u| u.key.as_str()))?;
    // A key is 16 bytes in base64: 24 characters. Whatever is much longer is none.
    (!key.is_empty() && key.len() <= 64).then_some(key)
}

#[expect(clippy::unnecessary_wraps, reason = "every name is written by a function of this shape")]
fn escaped(s: &str, out: &mut String) -> Option<()> {
    show::escape(s.as_bytes(), out);
    Some(())
}

/// RFC 6455 §5.3, on this frame's first four bytes: `0x7f ^ 0x37 = 0x48 'H'`.
fn unmask(here: &Here<'_>, out: &mut String) -> Option<()> {
    let key = here.octets(&websocket::MASKING_KEY)?;
    let masked = here.packet().bytes(here.own(&websocket::MASKED_PAYLOAD).next()?.span);
    for (i, (&m, &k)) in masked.iter().zip(key).enumerate() {
        let clear = m ^ k;
        out.push_str(if i > 0 { ", " } else { "" });
        for (before, byte) in [("", m), (" ^ ", k), (" = ", clear)] {
            out.push_str(before);
            show::hex(u64::from(byte), 2, out);
        }
        if clear.is_ascii_graphic() {
            out.push_str(" '");
            show::escape(&[clear], out);
            out.push('\'');
        }
    }
    (!masked.is_empty()).then_some(())
}

fn trouble(here: &Here<'_>) -> Option<(u32, u32)> {
    match here.layer.trouble? {
        Trouble::CutByCapture { need, have } | Trouble::LengthLies { need, have, .. } => Some((need, have)),
        Trouble::Malformed(_) | Trouble::Breaks(_) | Trouble::Unshown(_) => None,
    }
}
