//! The seven layers of a packet as a picture.

use super::{Anchor, COLUMN, Picture, SMALL_COLUMN, Text, lines};
use crate::view::scene::resolved::Layers;
use std::fmt::Write;

const WIDTH: usize = 700;
/// Where begins what is on a layer; where its evidence ends.
const WHAT: usize = 160;
const EVIDENCE: usize = WIDTH - 8;

/// Draws them, from the highest down. Each says why where its scene does.
pub fn draw(layers: &Layers) -> Picture {
    let (mut body, mut y) = (String::new(), 0);
    for row in layers.rows.iter().rev() {
        let what = lines(&row.what, EVIDENCE - WHAT - 110, COLUMN, 3);
        let why = row.why.as_deref().map_or_else(Vec::new, |why| lines(why, EVIDENCE - WHAT, SMALL_COLUMN, 8));
        let high = 14 + 18 * what.len() + 16 * why.len();
        if row.lit {
            let _ = writeln!(
                body,
                "<rect class=\"p-lit\" x=\"1\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"/>",
                y + 1,
                WIDTH - 2,
                high - 2
            );
        }
        let mut text = |class, x, y, text: &str, anchor| {
            let _ = write!(body, "{}", Text { class, x, y, line: text, anchor });
        };
        text("p-bold", 10, y + 20, &format!("{} {}", row.layer, row.name), Anchor::Start);
        text("p-small p-faint", EVIDENCE, y + 20, row.evidence, Anchor::End);
        for (n, line) in what.iter().enumerate() {
            text("", WHAT, y + 20 + 18 * n, line, Anchor::Start);
        }
        for (n, line) in why.iter().enumerate() {
            text("p-small", WHAT, y + 20 + 18 * what.len() + 16 * n, line, Anchor::Start);
        }
        y += high;
        let _ = writeln!(body, "<path class=\"p-rule\" d=\"M0 {y}H{WIDTH}\"/>");
    }
    let about =
        layers.rows.iter().rev().map(|row| format!("{} {}: {} ({}).", row.layer, row.name, row.what, row.evidence));
    Picture {
        title: format!("Packet {}, layer by layer", layers.packet),
        about: about.collect::<Vec<_>>().join(" "),
        width: WIDTH,
        height: y + 2,
        body,
    }
}
