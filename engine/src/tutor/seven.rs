//! The seven layers, honestly: for each of them whether this packet shows it, and if not, why.
//!
//! A header says which layer it belongs to ([`Identity::osi`](crate::model::Identity)). Everything else here is
//! about the rows that no header fills: they are inferred, or not visible, and say so.

use super::application::{echoed, piece};
use super::here::octets;
use super::index::Index;
use super::short::both;
use super::transport::unseen;
use super::{Audience, Here, Moment, Texts, Truth};
use crate::model::{LinkType, Osi, Packet, Trouble};
use crate::proto::{
    Key, data, engineio, ethernet, http, ipsec, ipv4, ipv6_extension, lookup, raw, tcp, tls, websocket,
};

pub(super) const TEXT: &str = include_str!("text/seven.toml");

/// The key of the text that says, once and here, that the mapping is a judgement.
pub const JUDGEMENT: &str = "judgement";

/// The keys of this file's texts.
pub(super) const KEYS: &[&str] = &[
    JUDGEMENT,
    "row-1-loopback",
    "row-1-ethernet",
    "row-1-unknown",
    "row-1-unread",
    "row-2-unread",
    "row-unread",
    "row-2-seen",
    "row-2-stand-in",
    "row-2-none",
    "row-3-seen",
    "row-3-none",
    "row-4-seen",
    "row-4-fragment",
    "row-4-none",
    "row-5-seen",
    "row-5-tls",
    "row-5-websocket",
    "row-5-counted",
    "row-5-none",
    "row-6-seen",
    "row-6-encoded",
    "row-6-typed",
    "row-6-deflated",
    "row-6-none",
    "row-7-seen",
    "row-7-bare",
    "row-7-piece",
    "row-7-again",
    "row-7-echo",
    "row-7-unknown",
    "row-7-hidden",
    "row-7-unread",
    "row-7-none",
    "row-locked",
    "row-cut",
    "row-damaged",
    "osi-1",
    "osi-2",
    "osi-3",
    "osi-4",
    "osi-5",
    "osi-6",
    "osi-7",
];

/// One of the seven.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which.
    pub osi: Osi,
    /// Whether it was seen, inferred or hidden.
    pub truth: Truth,
    /// In few words: `TCP SYN`, or `–`.
    pub short: String,
    /// In a line: who to whom, and what it says.
    pub line: String,
    /// What it is here, or why it can't be seen.
    pub text: String,
    /// The packet's layers that stand there, by their place in [`Packet::layers`].
    pub layers: Vec<usize>,
}

/// All seven layers of a packet, from the wire up.
pub fn seven(moment: &Moment<'_>, audience: Audience, texts: &Texts) -> [Row; 7] {
    let mut index = Index::default();
    index.fill(moment.packet);
    Osi::ALL.map(|osi| {
        let empty = String::new;
        let layers = standing(moment.packet, osi).collect();
        let mut row = Row { osi, truth: Truth::NotVisible, short: empty(), line: empty(), text: empty(), layers };
        if let Some(here) = about(moment, &row.layers, &index) {
            let (key, truth) = verdict(osi, is_read(moment.packet.link), &here, &row.layers);
            if let Some(at) = texts.place(key) {
                texts.fill(at, audience, &here, &mut row.text);
            }
            row.truth = truth;
            [row.short, row.line] = both(key, &here, &row.layers);
        }
        row
    })
}

/// Where one of the seven is seen from: the first of the layers that stand there, else the packet's last one.
pub(super) fn about<'a>(moment: &'a Moment<'a>, layers: &[usize], index: &'a Index) -> Option<Here<'a>> {
    let at = layers.first().copied().unwrap_or(moment.packet.layers.len().saturating_sub(1));
    Here::noted(moment, at, index)
}

/// Which text says what one of the seven is in this packet, and how we know.
pub(super) fn verdict(osi: Osi, is_read: bool, here: &Here<'_>, layers: &[usize]) -> Verdict {
    match osi {
        osi if !is_read => unread_link(osi),
        Osi::Physical => physical(here),
        Osi::Link => link(here, layers),
        Osi::Network => network(here, layers),
        Osi::Transport => transport(here, layers),
        Osi::Session => session(here, layers),
        Osi::Presentation => presentation(here, layers),
        Osi::Application => application(here, layers),
    }
}

/// The layers of a packet that stand on one of the seven; quotations do not count.
fn standing(packet: &Packet, osi: Osi) -> impl Iterator<Item = usize> + '_ {
    packet.layers.iter().enumerate().filter(move |(_, l)| l.proto.osi == osi && !l.quoted).map(|(i, _)| i)
}

pub(super) type Verdict = (&'static str, Truth);

/// Whether frames of this link type are dissected at all.
pub(super) fn is_read(link: LinkType) -> bool {
    lookup(Key::Link(link.0)).is_some()
}

/// What there is to say of a frame that nobody here can read.
fn unread_link(osi: Osi) -> Verdict {
    match osi {
        Osi::Physical => ("row-1-unread", Truth::NotVisible),
        Osi::Link => ("row-2-unread", Truth::NotVisible),
        _ => ("row-unread", Truth::NotVisible),
    }
}

fn physical(here: &Here<'_>) -> Verdict {
    if here.on_loopback() {
        ("row-1-loopback", Truth::Inferred)
    } else if here.packet().link == LinkType::ETHERNET {
        ("row-1-ethernet", Truth::Inferred)
    } else {
        ("row-1-unknown", Truth::NotVisible)
    }
}

fn link(here: &Here<'_>, layers: &[usize]) -> Verdict {
    let zero = |def| here.anywhere(def).and_then(|field| octets(here.packet(), field)) == Some(&[0; 6]);
    match layers {
        // "Raw" is no header: the capture begins with IP.
        [only] if here.packet().layers.get(*only).is_some_and(|l| std::ptr::eq(l.proto, &raw const raw::ABOUT)) => {
            ("row-2-none", Truth::NotVisible)
        }
        [] => missing(here).unwrap_or(("row-2-none", Truth::NotVisible)),
        _ if zero(&ethernet::SRC) && zero(&ethernet::DST) => ("row-2-stand-in", Truth::Observed),
        _ => ("row-2-seen", Truth::Observed),
    }
}

fn network(here: &Here<'_>, layers: &[usize]) -> Verdict {
    match layers {
        [] => missing(here).unwrap_or(("row-3-none", Truth::NotVisible)),
        _ => ("row-3-seen", Truth::Observed),
    }
}

fn transport(here: &Here<'_>, layers: &[usize]) -> Verdict {
    match layers {
        [] if is_fragment(here.packet()) => ("row-4-fragment", Truth::NotVisible),
        [] => missing(here).unwrap_or(("row-4-none", Truth::NotVisible)),
        _ => ("row-4-seen", Truth::Observed),
    }
}

/// A dialogue is inferred where something identifies it; the mapping is a judgement ([`JUDGEMENT`]).
fn session(here: &Here<'_>, layers: &[usize]) -> Verdict {
    let packet = here.packet();
    match layers {
        [] if packet.layer(&tls::ABOUT).is_some() => ("row-5-tls", Truth::Inferred),
        [] if packet.layer(&websocket::ABOUT).is_some() => ("row-5-websocket", Truth::Inferred),
        [] => locked(here).unwrap_or(("row-5-none", Truth::NotVisible)),
        _ if packet.layer(&engineio::ABOUT).is_some() => ("row-5-seen", Truth::Inferred),
        _ => ("row-5-counted", Truth::Inferred),
    }
}

/// Beside TLS, only what a message declares of its own form can be seen.
fn presentation(here: &Here<'_>, layers: &[usize]) -> Verdict {
    match layers {
        [] if here.field(&http::CONTENT_ENCODING).is_some() => ("row-6-encoded", Truth::Observed),
        [] if here.field(&http::CONTENT_TYPE).is_some() => ("row-6-typed", Truth::Observed),
        [] if here.anywhere(&websocket::PMC).and_then(|f| f.value.uint()) > Some(0) => {
            ("row-6-deflated", Truth::Observed)
        }
        [] => locked(here).unwrap_or(("row-6-none", Truth::NotVisible)),
        _ => ("row-6-seen", Truth::Observed),
    }
}

/// TLS's port, and not one whole record.
fn unread(packet: &Packet) -> bool {
    let read = [&tls::RECORD, &tls::HANDSHAKE_PROTOCOL];
    packet.layer(&tls::ABOUT).is_some() && read.iter().all(|&def| packet.field(def).is_none())
}

/// TLS without a record that could carry what programs say: the handshake, an alert.
fn in_the_clear(packet: &Packet) -> bool {
    packet.layer(&tls::ABOUT).is_some() && packet.field(&tls::APP_DATA).is_none()
}

fn application(here: &Here<'_>, layers: &[usize]) -> Verdict {
    let packet = here.packet();
    let known =
        layers.iter().filter_map(|&i| packet.layers.get(i)).any(|l| !std::ptr::eq(l.proto, &raw const data::ABOUT));
    let segment = packet.layer(&tcp::ABOUT).is_some();
    match here.anywhere(&tcp::LEN).and_then(|f| f.value.uint()) {
        _ if known => ("row-7-seen", Truth::Observed),
        _ if unread(packet) => ("row-7-unread", Truth::NotVisible),
        _ if in_the_clear(packet) => ("row-7-none", Truth::NotVisible),
        _ if standing(packet, Osi::Presentation).next().is_some() => ("row-7-hidden", Truth::NotVisible),
        _ if !layers.is_empty() && echoed(here) => ("row-7-echo", Truth::NotVisible),
        _ if !layers.is_empty() && piece(here) => ("row-7-piece", Truth::NotVisible),
        _ if !layers.is_empty() => ("row-7-unknown", Truth::NotVisible),
        Some(0) if segment => ("row-7-bare", Truth::NotVisible),
        _ => match missing(here) {
            Some(verdict) => verdict,
            None if unseen(here) => ("row-7-piece", Truth::NotVisible),
            None if [&tcp::RETRANSMISSION, &tcp::KEEP_ALIVE].iter().any(|&d| here.field(d).is_some()) => {
                ("row-7-again", Truth::NotVisible)
            }
            None if segment => ("row-7-piece", Truth::NotVisible),
            None => ("row-7-none", Truth::NotVisible),
        },
    }
}

/// Why a layer is missing, where the packet itself is to blame.
fn missing(here: &Here<'_>) -> Option<Verdict> {
    match here.packet().layers.iter().find_map(|l| l.trouble) {
        Some(Trouble::CutByCapture { .. }) => Some(("row-cut", Truth::NotVisible)),
        Some(Trouble::LengthLies { .. } | Trouble::Malformed(_)) => Some(("row-damaged", Truth::NotVisible)),
        Some(Trouble::Breaks(_) | Trouble::Unshown(_)) | None => locked(here),
    }
}

/// Whether IPsec hides what the IP packet carries (RFC 4303).
fn locked(here: &Here<'_>) -> Option<Verdict> {
    here.packet().layer(&ipsec::ESP).map(|_| ("row-locked", Truth::NotVisible))
}

/// Whether it is a piece of an IP datagram whose whole is not here.
fn is_fragment(packet: &Packet) -> bool {
    let joined = [ipv4::JOINED.about, ipv6_extension::JOINED.about].iter().any(|about| packet.layer(about).is_some());
    let cut = packet.uint(&ipv4::FRAG_OFFSET).is_some_and(|n| n > 0)
        || packet.flag(&ipv4::FLAGS_MF)
        // With neither an offset nor more to come it is whole (RFC 6946).
        || packet.layer(&ipv6_extension::FRAGHDR).is_some_and(|l| {
            let uint = |def| packet.uint_in(l, def).unwrap_or(0);
            uint(&ipv6_extension::FRAGHDR_OFFSET) + uint(&ipv6_extension::FRAGHDR_MORE) > 0
        });
    cut && !joined
}
