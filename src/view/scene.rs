//! One scene of a lesson: prose, the ladder so far, what is said of the packet, and what is lit.

use super::ladder::{Ladder, Side};
use super::measure::{cut, pad, repeat, spaces, width, wrap};
use super::text::{Options, Text};
use super::{Theme, prose};
use crate::flow::Endpoint;
use crate::lesson::player::Shown;
use crate::lesson::{Hit, Scene};
use crate::model::{Field, FieldDef, show};
use crate::tutor::Texts;
use std::sync::Arc;

/// Packets of the ladder that are drawn; older ones scroll away.
const MOST_RUNGS: usize = 4;
/// Where values begin.
const VALUES: usize = 30;
/// The most of a value that is shown.
const MOST_COLUMNS: usize = 150;

/// Draws scenes.
#[derive(Debug)]
pub struct Stage {
    theme: Theme,
    columns: usize,
    texts: Arc<Texts>,
}

impl Stage {
    /// For a screen of so many columns; `None` is a pipe, which gets 80.
    pub fn new(theme: Theme, columns: Option<usize>, texts: Arc<Texts>) -> Self {
        Self { theme, columns: columns.unwrap_or(80).clamp(40, 110), texts }
    }

    /// Appends a scene.
    pub fn draw(&self, scene: &Scene<'_>, out: &mut String) {
        self.heading(scene, out);
        if !scene.prose.is_empty() {
            prose::markdown(scene.prose, self.columns, &self.theme, out);
            out.push('\n');
        }
        let Some(shown) = &scene.shown else { return };
        self.ladder(&scene.so_far, out);
        out.push('\n');
        if shown.hits.is_empty() {
            let text = format!("This conversation has no packet for this step. Looked for: {}", shown.show.filter.it);
            self.paragraph(&text, "! ", out);
            return;
        }
        self.paragraph(&shown.text, "", out);
        self.lit(shown, out);
        if scene.deeper {
            let options = Options { hex: true, audience: scene.audience };
            let mut text = Text::new(self.theme.clone(), Some(self.columns), options, Arc::clone(&self.texts));
            for hit in shown.hits {
                out.push('\n');
                text.packet(&hit.moment(), out);
            }
        }
    }

    fn heading(&self, scene: &Scene<'_>, out: &mut String) {
        let left = format!("── {} ", scene.title);
        let right = format!(" {} ── {} of {} ──", scene.audience, scene.page, scene.pages);
        let rule = self.columns.saturating_sub(width(&left) + width(&right));
        self.theme.strong.around(out, |out| {
            out.push_str(&left);
            repeat('─', rule, out);
            out.push_str(&right);
        });
        out.push('\n');
        self.theme.faint.paint(scene.origin, out);
        out.push_str("\n\n");
    }

    /// The packets so far, with both endpoints' states.
    fn ladder(&self, hits: &[&Hit], out: &mut String) {
        let recent = hits.get(hits.len().saturating_sub(MOST_RUNGS)..).unwrap_or(hits);
        let mut ladder = Ladder::new(self.theme.clone(), Some(self.columns));
        let states = |s: Option<[crate::flow::State; 2]>| s.map(|[c, s]| (c.name(), s.name()));
        if let Some(first) = hits.first() {
            ladder.since(&first.packet);
        }
        if let Some((client, server)) = recent.first().and_then(|h| states(h.before)) {
            ladder.ends(out);
            ladder.states(client, server, out);
        }
        for hit in recent {
            let side = if hit.sender == Some(Endpoint::Server) { Side::Server } else { Side::Client };
            ladder.packet(&hit.packet, side, out);
            if let Some((client, server)) = states(hit.states) {
                ladder.states(client, server, out);
            }
        }
    }

    /// The fields that the page speaks of: name, value, and where their bytes are.
    fn lit(&self, shown: &Shown<'_>, out: &mut String) {
        let Some(hit) = shown.hits.last() else { return };
        let found: Vec<&Field> = shown.show.highlight.iter().filter_map(|def| innermost(hit, def.it)).collect();
        if found.is_empty() {
            return;
        }
        out.push('\n');
        for field in found {
            let from = out.len();
            out.push_str("▸ ");
            out.push_str(field.def.label);
            pad(out, from, VALUES);
            let mut value = String::new();
            show::value(&hit.packet, field, &mut value);
            cut(&mut value, 0, MOST_COLUMNS);
            if value.is_empty() {
                value.push_str("yes");
            }
            let room = self.columns.saturating_sub(VALUES);
            for (i, line) in wrap(&value, room).enumerate() {
                if i > 0 {
                    out.push('\n');
                    spaces(VALUES, out);
                }
                self.theme.strong.paint(line, out);
            }
            if width(&value) + field.def.name.len() + 2 <= room {
                spaces(room - width(&value) - field.def.name.len(), out);
                self.theme.faint.paint(field.def.name, out);
            }
            out.push('\n');
        }
    }

    fn paragraph(&self, text: &str, mark: &str, out: &mut String) {
        for (i, line) in wrap(text, self.columns.saturating_sub(width(mark))).enumerate() {
            let mark_here = if i == 0 { mark } else { "" };
            out.push_str(mark_here);
            spaces(if i == 0 { 0 } else { width(mark) }, out);
            out.push_str(line);
            out.push('\n');
        }
    }
}

fn innermost<'h>(hit: &'h Hit, def: &'static FieldDef) -> Option<&'h Field> {
    hit.packet.all(def).last()
}
