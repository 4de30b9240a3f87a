//! What a sentence may mention beside fields: values that are computed when they are asked for.

use super::Here;
use super::here::ADDRESSES;
use super::made_of::MadeOf;
use super::value::value;
use crate::flow::{Endpoint, Event};
use crate::model::{Field, FieldDef, Identity, Kind, Osi, Seq, Trouble, Value, show};
use crate::proto::tcp::verdict;
use crate::proto::websocket::wire::{GUID, accept_for};
use crate::proto::{ethernet, http, tcp, udp, websocket};
use sha1::{Digest, Sha1};
use std::fmt;

/// A computed placeholder.
pub struct Name {
    /// What a sentence calls it.
    pub name: &'static str,
    /// What it becomes, for translators.
    pub about: &'static str,
    value: Given,
    /// Adds all that it depends on, where that is less work than to write it.
    made_of: Option<fn(&Here<'_>, &mut MadeOf)>,
}

/// How it's told; `None` where this packet has no such thing.
enum Given {
    /// Appends a text.
    Text(fn(&Here<'_>, &mut String) -> Option<()>),
    Number(fn(&Here<'_>) -> Option<u64>),
    Field(for<'a> fn(&Here<'a>) -> Option<&'a Field>),
}

const fn name(name: &'static str, about: &'static str, write: fn(&Here<'_>, &mut String) -> Option<()>) -> Name {
    Name { name, about, value: Given::Text(write), made_of: None }
}

const fn number(name: &'static str, about: &'static str, number: fn(&Here<'_>) -> Option<u64>) -> Name {
    Name { name, about, value: Given::Number(number), made_of: None }
}

const fn field(name: &'static str, about: &'static str, field: for<'a> fn(&Here<'a>) -> Option<&'a Field>) -> Name {
    Name { name, about, value: Given::Field(field), made_of: None }
}

impl Name {
    const fn of(mut self, made_of: fn(&Here<'_>, &mut MadeOf)) -> Self {
        self.made_of = Some(made_of);
        self
    }

    /// Appends it.
    pub(super) fn write(&self, here: &Here<'_>, out: &mut String) -> Option<()> {
        match self.value {
            Given::Text(write) => write(here, out)?,
            Given::Number(number) => show::number(number(here)?, out),
            Given::Field(field) => show::value(here.packet(), field(here)?, out),
        }
        Some(())
    }

    /// Adds all that it depends on.
    pub(super) fn made_of(&self, here: &Here<'_>, into: &mut MadeOf) {
        match (self.made_of, &self.value) {
            (Some(made_of), _) => made_of(here, into),
            (None, Given::Text(write)) => into.text(|out| write(here, out)),
            (None, Given::Number(number)) => into.number(number(here)),
            (None, Given::Field(field)) => into.field(here.packet(), field(here)),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All computed placeholders.
pub static NAMES: &[Name] = &[
    // The layer.
    name("layer.title", "the protocol's name in words", |h, out| text(h.layer.proto.title, out)),
    name("layer.spec", "where the protocol is specified", |h, out| text(h.layer.proto.spec, out)),
    name("layer.osi", "the OSI layer: 4 Transport", |h, out| text(&h.layer.proto.osi.to_string(), out)),
    number("layer.length", "bytes of this layer", |h| Some(u64::from(h.layer.span.len))),
    name("layer.fields", "up to three fields with their values", layer_fields),
    name("layer.about", "what those fields mean", layer_about),
    name("layer.list", "the protocols on this OSI layer", list).of(|h, into| {
        standing(h).for_each(|proto| into.identity(proto));
    }),
    // The packet.
    field("sender", "the innermost sender: IP address, else MAC address", |h| end(h, true)),
    field("receiver", "the innermost receiver: IP address, else MAC address", |h| end(h, false)),
    name("interface", "the interface of the capture", |h, out| {
        let name = h.packet().interface.as_ref().map(|i| i.name.as_str()).filter(|n| !n.is_empty())?;
        show::escape_within(name.as_bytes(), 32, out);
        Some(())
    }),
    number("frame.missing", "bytes that the capture left out", |h| {
        h.packet().len.checked_sub(h.packet().cap_len).map(u64::from)
    }),
    name("link.type", "the capture's link type: 220 (USB_LINUX_MMAPPED)", |h, out| {
        let link = h.packet().link;
        show::number(u64::from(link.0), out);
        if let Some(name) = link.name() {
            out.push_str(" (");
            out.push_str(name);
            out.push(')');
        }
        Some(())
    }),
    // The connection.
    name("source", "the sender's address and port", |h, out| whose(h, true, out)).of(|h, into| {
        into.number(carried(h, &tcp::SRCPORT));
        into.field(h.packet(), end(h, true));
    }),
    name("destination", "the receiver's address and port", |h, out| whose(h, false, out)).of(|h, into| {
        into.number(carried(h, &tcp::DSTPORT));
        into.field(h.packet(), end(h, false));
    }),
    name("client", "the client's address and port", |h, out| socket(h, Endpoint::Client, out)),
    name("server", "the server's address and port", |h, out| socket(h, Endpoint::Server, out)),
    name("state.client", "the client's state after this packet", |h, out| state(h, Endpoint::Client, out)),
    name("state.server", "the server's state after this packet", |h, out| state(h, Endpoint::Server, out)),
    number("next.raw", "the sequence number that follows this segment, as the wire carries it", |h| {
        Some(u64::from(next_raw(h)?.0))
    }),
    number("last.byte", "the relative number of this segment's last data byte", |h| {
        carried(h, &tcp::SEQ)?.checked_add(carried(h, &tcp::LEN)?)?.checked_sub(1)
    }),
    number("before.ack", "the relative number of the last byte that is acknowledged", |h| {
        carried(h, &tcp::ACK)?.checked_sub(1)
    }),
    name("ports", "the two ports: 51000 to 80", ports).of(|h, into| {
        let both = both_ports(h);
        into.number(both.map(|(src, _)| src));
        into.number(both.map(|(_, dst)| dst));
    }),
    // The earlier frame that a verdict on this one follows from.
    number("after.first", "the frame that carried the bytes first", |h| {
        let of = |event: &Event| if let Event::Retransmitted { of, .. } = *event { of } else { None };
        h.moment.events.iter().find_map(of)
    }),
    number("after.twin", "the frame that is the same packet", |h| {
        let of = |event: &Event| if let Event::CapturedTwice { of, .. } = *event { Some(of) } else { None };
        h.moment.events.iter().find_map(of)
    }),
    number("after.fast", "the ACK that was repeated", |h| after(h, verdict::FAST_RETRANSMISSION)),
    number("after.spurious", "the ACK that had confirmed the bytes", |h| after(h, verdict::SPURIOUS_RETRANSMISSION)),
    number("after.order", "the frame that overtook this one", |h| after(h, verdict::OUT_OF_ORDER)),
    number("after.gap", "the last frame before the gap", |h| after(h, verdict::LOST_SEGMENT)),
    number("after.seen", "the last data that was seen of the other end", |h| after(h, verdict::ACK_LOST_SEGMENT)),
    number("after.filled", "the data that filled the window", |h| after(h, verdict::ZERO_WINDOW)),
    number("after.closed", "the frame that closed the window", |h| after(h, verdict::ZERO_WINDOW_PROBE)),
    number("after.probe", "the probe that this answers", |h| after(h, verdict::ZERO_WINDOW_PROBE_ACK)),
    number("after.window", "the frame whose window this one replaces", |h| after(h, verdict::WINDOW_UPDATE)),
    number("after.offer", "the frame that offered the window", |h| after(h, verdict::WINDOW_FULL)),
    number("after.silence", "the last frame before the silence", |h| after(h, verdict::KEEP_ALIVE)),
    number("after.question", "the keep-alive that this answers", |h| after(h, verdict::KEEP_ALIVE_ACK)),
    number("after.other", "the last frame of the earlier connection", |h| after(h, verdict::REUSED_PORTS)),
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
    number("trouble.need", "bytes that are needed", |h| Some(u64::from(trouble(h)?.0))),
    number("trouble.have", "bytes that are there", |h| Some(u64::from(trouble(h)?.1))),
    number("trouble.lack", "bytes that are missing", |h| {
        let (need, have) = trouble(h)?;
        Some(u64::from(need.saturating_sub(have)))
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

/// The protocol of each layer that stands on this layer's OSI layer.
fn standing<'a>(here: &Here<'a>) -> impl Iterator<Item = &'static Identity> + use<'a> {
    let osi = here.layer.proto.osi;
    here.packet().layers.iter().filter(move |l| l.proto.osi == osi && !l.quoted).map(|l| l.proto)
}

/// The protocols that stand there, the same one once.
fn list(here: &Here<'_>, out: &mut String) -> Option<()> {
    let mut count = 0;
    for (i, proto) in standing(here).enumerate() {
        if standing(here).take(i).any(|p| std::ptr::eq(p, proto)) {
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

fn end<'a>(here: &Here<'a>, sender: bool) -> Option<&'a Field> {
    let around = std::iter::once(here.layer).chain(here.outer());
    // Above the network nobody has an address.
    let mut around = around.filter(|layer| layer.proto.osi <= Osi::Network);
    around.find_map(|layer| {
        let mut pairs = ADDRESSES.iter().chain(MACS);
        pairs.find_map(|&(src, dst)| here.first_in(layer, if sender { src } else { dst }))
    })
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
    show::value(here.packet(), end(here, sender)?, &mut address);
    let (open, close) = if address.contains(':') { ("[", "]") } else { ("", "") };
    for part in [open, &address, close, ":"] {
        out.push_str(part);
    }
    show::number(port, out);
    Some(())
}

fn state(here: &Here<'_>, of: Endpoint, out: &mut String) -> Option<()> {
    text(here.connection()?.states.get(of as usize)?.name(), out)
}

static PORTS: [(&FieldDef, &FieldDef); 2] = [(&tcp::SRCPORT, &tcp::DSTPORT), (&udp::SRCPORT, &udp::DSTPORT)];

fn both_ports(here: &Here<'_>) -> Option<(u64, u64)> {
    PORTS.into_iter().find_map(|(src, dst)| Some((carried(here, src)?, carried(here, dst)?)))
}

fn ports(here: &Here<'_>, out: &mut String) -> Option<()> {
    let (src, dst) = both_ports(here)?;
    show::number(src, out);
    out.push_str(" to ");
    show::number(dst, out);
    Some(())
}

/// The earlier frame that this verdict follows from.
fn after(here: &Here<'_>, wanted: u32) -> Option<u64> {
    here.moment.events.iter().find_map(|event| match *event {
        Event::Judged { verdict, after, .. } if verdict == wanted => Some(after),
        _ => None,
    })
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
