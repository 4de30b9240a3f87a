//! Bodies that are text, whatever carries them: lines, and forms.

use super::item::Scratch;
use crate::model::{Layer, Packet};
use crate::proto::{form, http, imf, websocket};

/// What a body is, by its media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Lines,
    Form,
    Xml,
    /// A picture, by Wireshark's name for it.
    Named(&'static str),
    /// Anything else that has a type.
    Media,
}

/// Media types that Wireshark shows as lines of text.
const LINES: &[&str] = &[
    "text/plain",
    "text/html",
    "text/css",
    "text/javascript",
    "text/richtext",
    "text/enriched",
    "text/parameters",
    "text/x-ref-list",
    "text/x-ref-simple",
    "text/vnd.wap.wmlscript",
    "text/vnd.sun.j2me.app-descriptor",
    "application/x-javascript",
    "application/x-ns-proxy-autoconfig",
    "application/x-rtsp-udp-packetpair",
    "application/vnd.poc.refer-to",
    "application/x-wms-logconnectstats",
    "application/x-wms-logplaystats",
    "application/x-wms-sendevent",
];

/// Others that have a name of their own there.
const NAMED: &[(&str, Body)] = &[
    ("application/x-www-form-urlencoded", Body::Form),
    ("text/xml", Body::Xml),
    ("application/xml", Body::Xml),
    ("application/xhtml+xml", Body::Xml),
    ("image/png", Body::Named("png")),
    ("image/gif", Body::Named("image-gif")),
    ("image/jpeg", Body::Named("image-jfif")),
    ("image/jpg", Body::Named("image-jfif")),
    ("application/ocsp-request", Body::Named("ocsp")),
    ("application/ocsp-response", Body::Named("ocsp")),
];

/// The body that a layer of HTTP or a mail carries, and what it is.
pub(super) fn body<'a>(packet: &'a Packet, layer: &Layer) -> Option<(Body, &'a [u8])> {
    let of = |body, media| {
        let data = packet.octets_in(layer, body).filter(|data| !data.is_empty())?;
        Some((data, packet.octets_in(layer, media)?))
    };
    let (data, named) = of(&http::FILE_DATA, &http::CONTENT_TYPE).or_else(|| of(&imf::TEXT, &imf::TYPE))?;
    let named = named.split(|&b| b == b';').next().unwrap_or(&[]).trim_ascii();
    let is = |name: &str| named.eq_ignore_ascii_case(name.as_bytes());
    if LINES.iter().any(|name| is(name)) {
        return Some((Body::Lines, data));
    }
    let ends = |end: &[u8]| named.last_chunk::<4>().is_some_and(|last| last.eq_ignore_ascii_case(end));
    let what = NAMED.iter().find(|(name, _)| is(name)).map(|(_, body)| *body);
    Some((what.unwrap_or(if ends(b"+xml") { Body::Xml } else { Body::Media }), data))
}

/// The text that a WebSocket frame carries.
pub(super) fn message<'a>(packet: &'a Packet, layer: &Layer) -> Option<&'a [u8]> {
    let text = packet.uint_in(layer, &websocket::OPCODE) == Some(1);
    let span = packet.field_in(layer, &websocket::PAYLOAD).filter(|_| text)?.span;
    Some(packet.bytes(span)).filter(|bytes| !bytes.is_empty())
}

/// Gives every body that is lines of text to `take`.
pub(super) fn lines<'a>(packet: &'a Packet, mut take: impl FnMut(&'a [u8]) -> bool) -> bool {
    packet.layers.iter().any(|layer| {
        let lines = body(packet, layer).filter(|(body, _)| *body == Body::Lines).map(|(_, data)| data);
        lines.or_else(|| message(packet, layer)).is_some_and(&mut take)
    })
}

/// Gives every form to `take`.
pub(super) fn forms<'a>(packet: &'a Packet, mut take: impl FnMut(&'a [u8]) -> bool) -> bool {
    let form = |layer| body(packet, layer).filter(|(body, _)| *body == Body::Form).map(|(_, data)| data);
    packet.layers.iter().filter_map(form).any(&mut take)
}

/// Gives every name, or every value, of a form's pairs to `take`, decoded.
pub(super) fn pairs(form: &[u8], value: bool, take: &mut dyn FnMut(&[u8]) -> bool) -> bool {
    form.split(|&b| b == b'&').any(|pair| {
        let mut halves = pair.splitn(2, |&b| b == b'=');
        let (name, rest) = (halves.next().unwrap_or(&[]), halves.next().unwrap_or(&[]));
        let mut text = Scratch::default();
        form::decoded(if value { rest } else { name }).for_each(|byte| text.extend(&[byte]));
        take(text.bytes())
    })
}

/// The first line of a message with its end made visible, as Wireshark writes it.
pub(super) fn line(bytes: &[u8], text: &mut Scratch) {
    let len = bytes.iter().position(|&b| b == b'\n').map_or(bytes.len(), |i| i + 1);
    for &b in bytes.get(..len).unwrap_or(&[]) {
        match b {
            b'\r' => text.extend(b"\\r"),
            b'\n' => text.extend(b"\\n"),
            b'\t' => text.extend(b"\\t"),
            b => text.extend(&[b]),
        }
    }
}

/// Whether the layer is one that Wireshark has no dissector of.
pub(super) fn is_ours(layer: &Layer) -> bool {
    layer.proto.name.starts_with("engineio") || layer.proto.name.starts_with("socketio")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(form: &[u8], value: bool) -> Vec<String> {
        let mut list = Vec::new();
        pairs(form, value, &mut |text| {
            list.push(String::from_utf8_lossy(text).into_owned());
            false
        });
        list
    }

    #[test]
    fn a_form_is_pairs_of_names_and_values() {
        let form = b"user=ann+lee&pass=%70w%zz&empty=&alone";
        assert_eq!(decoded(form, false), ["user", "pass", "empty", "alone"]);
        assert_eq!(decoded(form, true), ["ann lee", "pw%zz", "", ""]);
    }

    #[test]
    fn a_line_shows_its_end() {
        let mut text = Scratch::default();
        line(b"GET / HTTP/1.1\r\nHost: x\r\n", &mut text);
        assert_eq!(text.bytes(), b"GET / HTTP/1.1\\r\\n");
    }
}
