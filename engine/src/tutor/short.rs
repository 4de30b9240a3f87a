//! One of the seven layers in few words: `TCP SYN` where there is room for a line only, and
//! `TCP 51454 → 80 [SYN] Seq=0` where a row has a line of its own.

use super::Here;
use crate::model::{Kind, Layer, Packet, show};
use crate::proto::{data, http, tcp};

/// What no layer says: the word for a verdict of [`seven`](super::seven()), by its text's key.
const WORDS: &[(&str, &str)] = &[
    ("row-1-ethernet", "bits"),
    ("row-1-loopback", "memory"),
    ("row-4-fragment", "fragment"),
    ("row-5-tls", "TLS session"),
    ("row-5-websocket", "dialogue"),
    ("row-6-deflated", "compressed"),
    ("row-7-piece", "part"),
    ("row-7-again", "again"),
    ("row-7-unknown", "unknown"),
    ("row-7-hidden", "encrypted"),
    ("row-7-unread", "unknown"),
    ("row-locked", "encrypted"),
    ("row-cut", "cut off"),
    ("row-damaged", "damaged"),
];
/// Nothing of this layer is here.
const NOTHING: &str = "–";
/// Names that everybody uses, where the protocol's own short one is another.
const NAMES: &[(&str, &str)] = &[("eth", "Ethernet"), ("ip", "IPv4"), ("frame", "bits")];

/// A row in few words, and in a line.
pub(super) fn both(key: &str, here: &Here<'_>, layers: &[usize]) -> [String; 2] {
    let packet = here.packet();
    let told = WORDS.iter().find(|(k, _)| *k == key).map(|(_, word)| (*word).to_owned());
    let said = match key {
        "row-6-encoded" => here.field(&http::CONTENT_ENCODING),
        "row-6-typed" => here.field(&http::CONTENT_TYPE),
        _ => None,
    };
    let said = said.map(|field| {
        let mut text = String::new();
        show::value(packet, field, &mut text);
        text
    });
    if let Some(word) = told.or(said) {
        return [word.clone(), word];
    }
    let mut standing: Vec<&Layer> = Vec::new();
    for layer in layers.iter().filter_map(|&i| packet.layers.get(i)) {
        let is_known = standing.iter().any(|l| std::ptr::eq(l.proto, layer.proto));
        // Bytes without a meaning are no protocol, and pieces put together are the same protocol's.
        if !is_known && !std::ptr::eq(layer.proto, &raw const data::ABOUT) && !layer.proto.title.starts_with("Reassem")
        {
            standing.push(layer);
        }
    }
    if standing.is_empty() {
        return [NOTHING.to_owned(), NOTHING.to_owned()];
    }
    let [mut short, mut line] = [String::new(), String::new()];
    for layer in standing {
        let between = if short.is_empty() { "" } else { ", " };
        for text in [&mut short, &mut line] {
            text.push_str(between);
            name(layer, text);
        }
        match packet.uint_in(layer, &tcp::FLAGS) {
            Some(flags) => segment(packet, layer, flags, [&mut short, &mut line]),
            None => detail(packet, layer, &mut line),
        }
    }
    [short, line]
}

/// `Ethernet`, `IPv4`, `WebSocket`, `TCP`.
fn name(layer: &Layer, out: &mut String) {
    let proto = layer.proto;
    match NAMES.iter().find(|(name, _)| *name == proto.name) {
        Some((_, known)) => out.push_str(known),
        // A protocol whose name in words is one word is called so.
        None if !proto.title.contains(' ') => out.push_str(proto.title),
        None => show::protocol(proto.name, out),
    }
}

fn last_word(text: &str) -> &str {
    text.rsplit(' ').next().unwrap_or(text)
}

/// A segment's ports and flags: its numbers are not what makes it layer 4.
fn segment(packet: &Packet, layer: &Layer, flags: u64, [short, line]: [&mut String; 2]) {
    short.push(' ');
    tcp::flag_names(flags, short);
    let port = |def| packet.uint_in(layer, def).unwrap_or(0);
    line.push(' ');
    show::number(port(&tcp::SRCPORT), line);
    line.push_str(" → ");
    show::number(port(&tcp::DSTPORT), line);
    line.push_str(" [");
    tcp::flag_names(flags, line);
    line.push(']');
}

/// Who to whom, where the layer has addresses; else what it says.
fn detail(packet: &Packet, layer: &Layer, out: &mut String) {
    let end = |suffix: &str| {
        let mut fields = packet.fields_of(layer).iter();
        fields.find(|f| {
            matches!(f.def.kind, Kind::Ether | Kind::Ipv4 | Kind::Ipv6)
                && f.def.name.strip_prefix(layer.proto.name) == Some(suffix)
        })
    };
    if let (Some(from), Some(to)) = (end(".src"), end(".dst")) {
        out.push(' ');
        show::value(packet, from, out);
        out.push_str(" → ");
        show::value(packet, to, out);
    } else if let Some(summary) = layer.proto.summary {
        let from = out.len();
        out.push(' ');
        summary(packet, layer, out);
        let said = out.get(from + 1..).unwrap_or_default();
        let named = !said.is_empty() && out.get(..from).is_some_and(|before| said.starts_with(last_word(before)));
        if said.is_empty() {
            out.truncate(from);
        } else if named {
            // `HTTP/1.1 101` says whose it is.
            let begin = from - out.get(..from).map_or(0, |before| last_word(before).len());
            out.replace_range(begin..=from, "");
        }
    }
}
