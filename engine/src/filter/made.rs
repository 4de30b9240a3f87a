//! Values that no field holds: made from the whole packet when a filter asks for them.

use super::expert;
use super::item::{Item, Scratch};
use super::text::{self, Body};
use crate::model::field::row::derived;
use crate::model::{FieldDef, Identity, Kind, Layer, Packet};
use crate::proto::{dns, ethernet, igmp, ipv4, ipv6_extension, mqtt, multipart, radiotap, sll, tcp, vlan, websocket};

/// Which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the name below")]
pub enum Made {
    Protocols,
    InterfaceId,
    Encapsulation,
    Marked,
    DeltaDisplayed,
    Expert,
    Severity,
    Group,
    Message,
    Malformed,
    Short,
    Lines,
    Form,
    FormKey,
    FormValue,
    PduSize,
}

macro_rules! rows {
    ($($name:ident = $row:expr;)*) => { $(pub(super) static $name: FieldDef = $row;)* };
}

rows! {
    PROTOCOLS = derived(Kind::Text, "frame.protocols", "Protocols", "Every protocol of the frame, outermost first, with colons between.");
    INTERFACE_ID = derived(Kind::Uint(32), "frame.interface_id", "Interface number", "Which interface of a pcapng file saw it, counted from 0.");
    ENCAPSULATION = derived(Kind::Int(16), "frame.encap_type", "Encapsulation", "What the first byte belongs to, by Wireshark's numbers: 1 for Ethernet.");
    MARKED = derived(Kind::Bool, "frame.marked", "Marked", "Whether somebody marked it in Wireshark's window; here, nobody did.");
    DELTA_DISPLAYED = derived(Kind::Duration, "frame.time_delta_displayed", "Since previous shown", "Seconds since the packet that was shown before it.");
    EXPERT = derived(Kind::Flag, "_ws.expert", "Finding", "Something in it deserves attention, from small talk to an error.");
    SEVERITY = derived(Kind::Uint(32), "_ws.expert.severity", "Severity", "How grave: Comment, Chat, Note, Warning or Error.").names(expert::SEVERITIES);
    GROUP = derived(Kind::Uint(32), "_ws.expert.group", "Group", "Of which kind: Sequence, Checksum, Malformed, Protocol or another.").names(expert::GROUPS);
    MESSAGE = derived(Kind::Text, "_ws.expert.message", "Message", "The finding in words, in Wireshark's where it has some.");
    MALFORMED = derived(Kind::Flag, "_ws.malformed", "Malformed", "Something in it cannot be read: a length or a value that can't be true.");
    SHORT = derived(Kind::Flag, "_ws.short", "Cut short", "The capture kept less of it than its headers promise.");
    LINES = derived(Kind::Bytes, "data-text-lines", "Lines of text", "A body that is plain text: HTML, CSS, JavaScript and the like.");
    FORM = derived(Kind::Bytes, "urlencoded-form", "Form", "What somebody typed into a form, as it was sent.");
    FORM_KEY = derived(Kind::Text, "urlencoded-form.key", "Form field", "The name of one field of a form.");
    PDU_SIZE = derived(Kind::Uint(32), "tcp.pdu.size", "Message size", "Bytes of one message of DNS, MQTT or WebSocket in a stream.");
    FORM_VALUE = derived(Kind::Text, "urlencoded-form.value", "Form value", "What was typed into one field of a form.");
}

/// Wireshark's numbers of the link types that are read here.
const ENCAPSULATIONS: &[(u16, i128)] = &[
    (0, 15),
    (1, 1),
    (9, 4),
    (12, 7),
    (14, 7),
    (101, 7),
    (105, 20),
    (108, 174),
    (113, 25),
    (127, 23),
    (228, 129),
    (229, 130),
    (276, 210),
];

/// Protocols that one call reads as often as a frame brings them.
const ONCE: [&Identity; 4] = [&dns::ABOUT, &mqtt::ABOUT, &websocket::ABOUT, &multipart::ABOUT];
/// Protocols whose messages say their length at their start.
const COUNTED: [&Identity; 3] = [&dns::ABOUT, &mqtt::ABOUT, &websocket::ABOUT];

impl Made {
    /// Gives its values to `take` until it has seen enough.
    pub(super) fn each(self, packet: &Packet, take: &mut dyn FnMut(Item<'_>) -> bool) -> bool {
        match self {
            Self::Protocols => {
                let mut names = Scratch::default();
                protocols(packet, &mut names);
                take(Item::Text(names.bytes()))
            }
            Self::InterfaceId => packet.interface_id.is_some_and(|id| take(Item::Int(id.into()))),
            Self::Encapsulation => {
                let row = ENCAPSULATIONS.iter().find(|(link, _)| *link == packet.link.0);
                row.is_some_and(|&(_, number)| take(Item::Int(number)))
            }
            Self::Marked => take(Item::Int(0)),
            Self::DeltaDisplayed => {
                let before = packet.last_shown.unwrap_or(packet.time);
                packet.time.since(before).is_some_and(|nanos| take(Item::Int(nanos.into())))
            }
            Self::Expert => expert::each(packet, &mut |_| take(Item::Nothing)),
            Self::Severity => expert::each(packet, &mut |finding| take(Item::Int(finding.severity.into()))),
            Self::Group => expert::each(packet, &mut |finding| take(Item::Int(finding.group.into()))),
            Self::Message => expert::each(packet, &mut |finding| take(Item::Text(finding.message))),
            Self::Malformed => expert::is_malformed(packet) && take(Item::Nothing),
            Self::Short => expert::is_short(packet) && take(Item::Nothing),
            Self::Lines => text::lines(packet, |bytes| take(Item::Bytes(bytes))),
            Self::Form => text::forms(packet, |bytes| take(Item::Bytes(bytes))),
            Self::FormKey => text::forms(packet, |form| text::pairs(form, false, &mut |text| take(Item::Text(text)))),
            Self::PduSize => sizes(packet, |size| take(Item::Int(size.into()))),
            Self::FormValue => text::forms(packet, |form| text::pairs(form, true, &mut |text| take(Item::Text(text)))),
        }
    }
}

/// How long each message is that a stream brings, of the protocols that say so at its start.
fn sizes(packet: &Packet, take: impl FnMut(u32) -> bool) -> bool {
    let tcp = packet.layers.iter().position(|layer| std::ptr::eq(layer.proto, &raw const tcp::ABOUT));
    let above = packet.layers.iter().skip(tcp.unwrap_or(usize::MAX));
    let counted = above.filter(|layer| COUNTED.iter().any(|&about| std::ptr::eq(layer.proto, about)));
    counted.map(|layer| layer.end.saturating_sub(layer.span.start)).any(take)
}

/// The names of the layers, as Wireshark counts them: it has some that are no layer here.
fn protocols(packet: &Packet, out: &mut Scratch) {
    let joined = [tcp::JOINED.about, ipv4::JOINED.about, ipv6_extension::JOINED.about];
    let is = |layer: &Layer, about: &'static Identity| std::ptr::eq(layer.proto, about);
    let mut layers = packet.layers.iter().skip(1).filter(|l| !joined.iter().any(|&about| is(l, about))).peekable();
    let mut say = |name: &str| {
        if !out.bytes().is_empty() {
            out.extend(b":");
        }
        out.extend(name.as_bytes());
    };
    let (mut before, mut begun) = ("", [false; ONCE.len()]);
    while let Some(layer) = layers.next() {
        if text::is_ours(layer) {
            continue;
        }
        let begun = ONCE.iter().position(|&about| is(layer, about)).and_then(|i| begun.get_mut(i));
        if !begun.is_some_and(|begun| std::mem::replace(begun, true)) {
            if is(layer, &websocket::ABOUT) && before != "http2" {
                // Who asked for the upgrade still hands the frames on.
                say("http");
            }
            say(layer.proto.name);
        }
        before = layer.proto.name;
        let next = layers.peek().map(|next| next.proto.name);
        let typed = [&ethernet::ABOUT, &sll::ABOUT, &vlan::ABOUT, &vlan::SERVICE].iter().any(|&about| is(layer, about));
        if typed && next.is_some_and(|name| name != "llc") {
            say("ethertype");
        } else if is(layer, &igmp::ABOUT) {
            // The second one reads what the first one has told the version of.
            say("igmp");
        } else if is(layer, &radiotap::ABOUT) {
            say("wlan_radio");
        }
        if text::message(packet, layer).is_some() && next != Some("json") {
            say("data-text-lines");
        }
        let shown = next.is_none() || layers.peek().is_some_and(|next| text::is_ours(next));
        match text::body(packet, layer).filter(|_| shown).map(|(body, _)| body) {
            Some(Body::Lines) => say("data-text-lines"),
            Some(Body::Form) => say("urlencoded-form"),
            Some(Body::Xml) => say("xml"),
            Some(Body::Named(name)) => say(name),
            Some(Body::Media) => say("media"),
            None => {}
        }
    }
}
