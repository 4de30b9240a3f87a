//! Two other looks at the same packets: what each end is and knows, and what each program calls.

use super::super::measure::{pad, spaces, width, wrap};
use super::{STATES_ARE_INFERRED, Stage, cover};
use crate::flow::Endpoint;
use crate::lesson::Hit;
use crate::lesson::format::Placed;
use crate::lesson::hosts::Hosts;
use crate::lesson::scene::{Past, Scene, Shown};
use crate::proto::tcp;
use crate::tutor::Template;
use std::sync::Arc;

/// Packets that are drawn.
const MOST: usize = 4;

impl Stage {
    /// Both ends' states, before and after each packet, and what each knows.
    pub(super) fn states(&self, scene: &Scene<'_>, out: &mut String) {
        let (hosts, past, from) = (scene.hosts, scene.so_far.as_slice(), out.len());
        self.title(["the client's state", "the server's state"], out);
        let recent = past.get(past.len().saturating_sub(MOST)..).unwrap_or(past);
        if let Some([client, server]) = recent.first().and_then(|p| p.hit.before) {
            self.pair([client.name(), server.name()], true, out);
        }
        for past in recent {
            self.arrow(hosts, past.hit, out);
            if let Some([client, server]) = past.hit.states {
                self.pair([client.name(), server.name()], true, out);
            }
            self.kernel(past.hit, out);
            self.texts(past, &past.show.states, out);
        }
        cover(out, from, &scene.veil);
        let known = recent.iter().any(|p| p.hit.states.is_some());
        if known {
            self.board.theme.faint.paint(&format!("  {STATES_ARE_INFERRED}\n"), out);
        }
    }

    /// What the programs call.
    pub(super) fn calls(&self, hosts: &Hosts, past: &[Past<'_>], out: &mut String) {
        self.title(["the client's program", "the server's program"], out);
        let calling: Vec<&Past<'_>> = past.iter().filter(|p| p.show.calls.iter().any(Option::is_some)).collect();
        for past in calling.get(calling.len().saturating_sub(MOST)..).unwrap_or(&calling) {
            self.texts(past, &past.show.calls, out);
            self.arrow(hosts, past.hit, out);
        }
    }

    /// In print: what the programs call at this packet, in a line.
    pub(super) fn program(&self, shown: &Shown<'_>, scene: &Scene<'_>, out: &mut String) {
        let Some(past) = scene.so_far.iter().rev().find(|p| p.is_new) else { return };
        for (end, text) in ["Client's program: ", "Server's program: "].into_iter().zip(&shown.show.calls) {
            if let Some(text) = text {
                self.board.paragraph(&text.fill(&past.hit.moment()), end, out);
            }
        }
    }

    /// What the kernels themselves said, where they were asked.
    fn kernel(&self, hit: &Hit, out: &mut String) {
        for line in hit.kernel().flat_map(|told| wrap(told, self.board.columns.saturating_sub(2))) {
            out.push_str("  ");
            self.board.theme.observed.paint(line, out);
            out.push('\n');
        }
    }

    fn half(&self) -> usize {
        self.board.columns / 2 - 2
    }

    fn title(&self, [left, right]: [&str; 2], out: &mut String) {
        out.push_str("  ");
        self.board.theme.strong.paint(left, out);
        let drawn = width(left) + 2;
        spaces((self.half() + 4).saturating_sub(drawn), out);
        self.board.theme.strong.paint(right, out);
        out.push('\n');
    }

    /// One text for each end, side by side.
    fn pair(&self, [left, right]: [&str; 2], states: bool, out: &mut String) {
        let (mut left, mut right) = (wrap(left, self.half()), wrap(right, self.half()));
        loop {
            let (l, r) = (left.next(), right.next());
            if l.is_none() && r.is_none() {
                return;
            }
            let mut cell = String::new();
            pad_to(l.unwrap_or(""), self.half() + 2, &mut cell);
            out.push_str("  ");
            let both = cell + r.unwrap_or("");
            if states {
                self.board.theme.inferred.paint(both.trim_end(), out);
            } else {
                out.push_str(both.trim_end());
            }
            out.push('\n');
        }
    }

    fn texts(&self, past: &Past<'_>, texts: &[Option<Placed<Arc<Template>>>; 2], out: &mut String) {
        let of =
            |text: &Option<Placed<Arc<Template>>>| text.as_ref().map_or(String::new(), |t| t.fill(&past.hit.moment()));
        let [client, server] = texts;
        let (client, server) = (of(client), of(server));
        if !client.is_empty() || !server.is_empty() {
            self.pair([&client, &server], false, out);
        }
    }

    /// The packet between: which way it went, and what it is.
    fn arrow(&self, hosts: &Hosts, hit: &Hit, out: &mut String) {
        let mut label = String::new();
        let picture = hosts.lifelines(&[hit], 2);
        for way in &picture.ways {
            let name = |line: usize| picture.lines.get(line).map_or("", |line| line.name.as_str());
            let (from, to) = (name(way.from), way.to.map_or("everyone", name));
            let usual = |name: &str| matches!(name, "client" | "server" | "");
            if !(usual(from) && usual(to)) {
                label.extend([from, " → ", to, "  "]);
            }
        }
        match hit.packet.layer(&tcp::ABOUT) {
            Some(layer) => tcp::gist(&hit.packet, layer, &mut label),
            None => label.push_str(hit.packet.layers.last().map_or("", |l| l.proto.title)),
        }
        let mut line = String::new();
        if hit.sender == Some(Endpoint::Server) {
            line.extend(["  ◀── ", &label, " ──"]);
        } else {
            line.extend(["  ── ", &label, " ──▶"]);
        }
        crate::view::measure::cut(&mut line, 0, self.board.columns);
        self.board.theme.faint.paint(&line, out);
        out.push('\n');
    }
}

fn pad_to(text: &str, columns: usize, out: &mut String) {
    let from = out.len();
    out.push_str(text);
    pad(out, from, columns);
}
