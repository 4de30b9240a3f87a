//! A packet of a capture as sentences: what it is, then each of the seven layers, the lowest last.

use crate::tutor::{Audience, Moment, Texts, explain, seven};
use crate::view::brief;
use crate::view::plain::{self, spelled};
use std::fmt::Write as _;

/// Appends a packet; with `texts`, what is said of its layers, too.
pub fn packet(moment: &Moment<'_>, audience: Audience, texts: Option<&Texts>, out: &mut String) {
    let mut text = String::new();
    let mut said = String::new();
    brief::sentence(moment.packet, &mut said);
    let said = spelled(&said);
    let _ = writeln!(text, "Packet {}, {} bytes: {said}", moment.packet.number, moment.packet.len);
    if let Some(texts) = texts {
        let notes = explain(moment, audience, texts);
        for row in seven(moment, audience, texts).iter().rev() {
            let what = if row.line == "–" { String::new() } else { format!(": {}", spelled(&row.line)) };
            let _ = writeln!(text, "Layer {}, {}, {}{what}.", row.osi.number(), row.osi.name(), row.truth.name());
            let _ = writeln!(text, "{}", row.text);
            for note in row.layers.iter().flat_map(|&at| notes.iter().filter(move |note| note.layer == at)) {
                let _ = writeln!(text, "{}", note.text);
            }
        }
        text.push('\n');
    }
    for text in text.lines() {
        out.push_str(&plain::line(text));
        out.push('\n');
    }
}
