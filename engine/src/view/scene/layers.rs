//! The seven layers of the packets of a scene: a line a packet, or a row a layer.

use super::Stage;
use crate::lesson::scene::{Body, Scene, Stack};
use crate::model::{Osi, show};
use crate::tutor::{Row, Truth};
use crate::view::measure::{cut, pad, spaces, width, width_of_painted, wrap};
use crate::view::theme::{Style, sign};

/// Where what stands on a layer begins: after its mark, its number and the longest of their names.
const STANDING: usize = 18;
/// What is written between two layers of a line.
const BETWEEN: &str = " · ";

impl Stage {
    /// Appends the layers of the packets that the page shows.
    pub(super) fn stacks(&self, scene: &Scene<'_>, out: &mut String) {
        let rows = scene.unfolded || (!self.is_line && matches!(scene.body, Body::Shown(_)));
        let Some((last, before)) = scene.stacks.split_last() else { return };
        for (name, stack) in grouped(if rows { before } else { &scene.stacks }) {
            self.line(if scene.stacks.len() > 1 { &name } else { "" }, stack, out);
        }
        if rows {
            self.rows(scene, last, out);
        }
    }

    /// A packet's layers in a line, or two where one is too short.
    fn line(&self, name: &str, stack: &Stack, out: &mut String) {
        let faint = &self.board.theme.faint;
        faint.paint(name, out);
        let mut used = width(name);
        for (i, (lit, text)) in parts(stack).into_iter().enumerate() {
            let style = if lit { &self.board.theme.strong } else { faint };
            if i > 0 && used + width(BETWEEN) + width(&text) > self.board.columns {
                out.push_str("\n  ");
                used = 2;
            } else if i > 0 {
                faint.paint(BETWEEN, out);
                used += width(BETWEEN);
            }
            style.paint(&text, out);
            used += width(&text);
        }
        out.push('\n');
    }

    /// A packet's layers, a row each, from the highest down; unfolded, each with what is said of it.
    fn rows(&self, scene: &Scene<'_>, stack: &Stack, out: &mut String) {
        if scene.stacks.len() > 1 {
            self.board.theme.faint.paint(&format!("Packet {}:\n", stack.packet), out);
        }
        for row in stack.rows.iter().rev() {
            let truth = format!("{} {}", sign(row.truth), row.truth.name());
            let from = out.len();
            self.painted(stack, row).around(out, |out| {
                head(stack, row, out);
                let said = out.len();
                out.push_str(&row.line);
                cut(out, said, self.board.columns.saturating_sub(STANDING + width(&truth) + 2));
            });
            let used = out.get(from..).map_or(0, width_of_painted);
            spaces(self.board.columns.saturating_sub(used + width(&truth)), out);
            self.board.theme.truth(row.truth).paint(&truth, out);
            out.push('\n');
            if scene.unfolded {
                self.why(row, STANDING, self.board.columns, out);
            }
        }
    }

    /// What is said of a row.
    fn why(&self, row: &Row, indent: usize, columns: usize, out: &mut String) {
        for line in wrap(&row.text, columns.saturating_sub(indent)) {
            spaces(indent, out);
            self.board.theme.faint.paint(line, out);
            out.push('\n');
        }
    }

    fn painted(&self, stack: &Stack, row: &Row) -> &Style {
        if row.osi == stack.lit { &self.board.theme.strong } else { &self.board.theme.faint }
    }
}

/// `▶ 4 Transport     `
fn head(stack: &Stack, row: &Row, out: &mut String) {
    let from = out.len();
    out.push_str(if row.osi == stack.lit { "▶ " } else { "  " });
    show::number(u64::from(row.osi.number()), out);
    out.push(' ');
    out.push_str(row.osi.name());
    pad(out, from, STANDING);
}

/// `L1 ◐`, `L2 Ethernet`, `▶L4 TCP SYN`, `L5–7 –`: each with whether it is lit. Layers that show nothing, one
/// above the other, are one.
fn parts(stack: &Stack) -> Vec<(bool, String)> {
    let mut parts: Vec<(bool, String)> = Vec::new();
    let mut silent: Option<Osi> = None;
    for row in &stack.rows {
        let lit = row.osi == stack.lit;
        let is_silent = row.truth == Truth::NotVisible && row.short == "–" && !lit;
        let first = silent.filter(|_| is_silent).unwrap_or(row.osi);
        let mut text = String::from(if lit { "▶L" } else { "L" });
        show::number(u64::from(first.number()), &mut text);
        if first != row.osi {
            parts.pop();
            text.push('–');
            show::number(u64::from(row.osi.number()), &mut text);
        }
        if row.truth == Truth::Inferred {
            text.push(' ');
            text.push_str(sign(row.truth));
        }
        // Of a layer that the page is not about, its name is enough; and of the wire nothing is known.
        let said = match row.osi {
            Osi::Physical if row.truth == Truth::Inferred => "",
            Osi::Transport if !lit => row.short.split(' ').next().unwrap_or(""),
            _ => &row.short,
        };
        if !said.is_empty() {
            text.push(' ');
            text.push_str(said);
        }
        parts.push((lit, text));
        silent = is_silent.then_some(first);
    }
    parts
}

/// Stacks that say the same, one after the other, with the packets that they are of: `Packets 4–6: `.
fn grouped(stacks: &[Stack]) -> Vec<(String, &Stack)> {
    let mut groups: Vec<(&Stack, u64)> = Vec::new();
    for stack in stacks {
        match groups.last_mut() {
            Some((first, last)) if parts(first) == parts(stack) => *last = stack.packet,
            _ => groups.push((stack, stack.packet)),
        }
    }
    let name = |first, last| if first == last { format!("{last}: ") } else { format!("{first}–{last}: ") };
    groups.into_iter().map(|(stack, last)| (name(stack.packet, last), stack)).collect()
}

#[cfg(test)]
mod tests {
    use crate::lesson::veil::places;
    use crate::lesson::{Input, Player, built_in, simulate};
    use crate::tutor::{Audience, Texts};
    use crate::view::Theme;
    use crate::view::measure::width_of_painted;
    use crate::view::scene::Stage;
    use std::sync::Arc;

    /// A lesson's pages as they are printed, every question skipped.
    fn pages(id: &str, color: bool, unfolded: bool) -> Vec<String> {
        let lesson = built_in(id).unwrap().unwrap();
        let trace = simulate::trace(&lesson, None).unwrap();
        let mut player = Player::new(&lesson, trace, "here".into(), Audience::Student);
        if unfolded {
            player.step(Input::Layers, 0);
        }
        let stage = Stage::new(Theme::new(color), Arc::new(Texts::english()));
        let mut pages = Vec::new();
        while pages.len() < lesson.pages.len() {
            player.step(Input::Skip, 0);
            let mut text = String::new();
            stage.draw(&player.look(), &mut text);
            pages.push(text);
            player.step(Input::Answer(Err("not here".into())), 0);
            player.step(Input::Next, 0);
        }
        pages
    }

    /// The layers of a lesson's pages as a screen has them below each other.
    fn layers(id: &str, unfolded: bool) -> Vec<String> {
        let lesson = built_in(id).unwrap().unwrap();
        let trace = simulate::trace(&lesson, None).unwrap();
        let mut player = Player::new(&lesson, trace, "here".into(), Audience::Student);
        if unfolded {
            player.step(Input::Layers, 0);
        }
        let stage = Stage::part(Theme::new(false), 80, 2, Arc::new(Texts::english()));
        let mut all = Vec::new();
        while all.len() < lesson.pages.len() {
            player.step(Input::Skip, 0);
            all.push(stage.layers(&player.look()));
            player.step(Input::Answer(Err("not here".into())), 0);
            player.step(Input::Next, 0);
        }
        all
    }

    #[test]
    fn on_a_screen_it_is_one_line_that_a_key_unfolds() {
        let folded = layers("handshake", false);
        assert_eq!(folded[2], "L1 ◐ · L2 Ethernet · L3 IPv4 · ▶L4 TCP SYN · L5–7 –\n");
        let unfolded = layers("handshake", true);
        for name in ["Physical", "Data link", "Network", "Transport", "Session", "Presentation", "Application"] {
            assert!(unfolded[2].contains(name), "{}", unfolded[2]);
        }
        assert!(unfolded[2].contains("The segment carries no data, so the packet ends at layer 4."), "{}", unfolded[2]);
    }

    #[test]
    fn in_print_all_seven_have_a_row_with_how_we_know() {
        for id in ["handshake", "upgrade"] {
            let first = pages(id, false, false).into_iter().find(|page| page.contains("Physical")).unwrap();
            for part in
                ["7 Application ", "6 Presentation ", "5 Session ", "▶ 4 Transport ", "3 Network ", "2 Data link "]
            {
                assert!(first.contains(part), "{id}: {first}");
            }
            for how in ["● observed", "◐ inferred", "○ not visible"] {
                assert!(first.contains(how), "{first}");
            }
        }
    }

    #[test]
    fn while_a_question_is_open_no_packet_above_it_answers_it() {
        let stage = Stage::part(Theme::new(false), 80, 4, Arc::new(Texts::english()));
        let (mut asked, mut covered) = (0, 0);
        for lesson in crate::lesson::course().unwrap() {
            let trace = simulate::trace(&lesson, None).unwrap();
            let mut player = Player::new(&lesson, trace, "here".into(), Audience::Student);
            for _ in 0..lesson.pages.len() * 2 {
                let scene = player.look();
                let text = stage.picture(&scene);
                if scene.veil.states {
                    asked += 1;
                    covered += usize::from(text.contains("=?"));
                    for line in text.lines().filter_map(|line| line.split_once(['├', '│'])) {
                        for word in
                            scene.veil.words.iter().map(String::as_str).chain(["ESTABLISHED", "SYN-SENT", "TIME-WAIT"])
                        {
                            assert_eq!(places(line.1, word).next(), None, "{}: {word}: {text}", lesson.id);
                        }
                    }
                }
                player.step(Input::Skip, 0);
                player.step(Input::Answer(Err("not here".into())), 0);
                player.step(Input::Next, 0);
            }
        }
        assert!(asked > 50 && covered > 1, "{asked} {covered}");
    }

    #[test]
    fn the_proof_shows_the_number_that_was_asked_for() {
        let all = pages("handshake", false, false).concat();
        let shown = |name: &str| all.lines().any(|line| line.starts_with("▸ ") && line.ends_with(name));
        assert!(shown("tcp.ack_raw"), "{all}");
    }

    #[test]
    fn two_connections_have_their_ports_and_a_gap_is_marked() {
        let all = pages("ports-and-sockets", false, false).concat();
        assert!(all.contains("left out") && all.contains("192.0.2.80:80"), "{all}");
    }

    #[test]
    fn an_upgrade_changes_layer_7_and_leaves_the_layers_below() {
        let all = layers("upgrade", false).concat();
        let below = "L1 ◐ · L2 Ethernet · L3 IPv4 · L4 TCP · ";
        assert!(all.contains(&format!("{below}L5–6 – · ▶L7 HTTP")), "{all}");
        assert!(all.contains(&format!("{below}L5 ◐ dialogue · L6 – · ▶L7 WebSocket")), "{all}");
    }

    #[test]
    fn no_line_is_wider_than_the_page() {
        for id in ["handshake", "upgrade", "socketio", "web-request", "dns"] {
            for page in pages(id, true, true) {
                for line in page.lines() {
                    assert!(width_of_painted(line) <= 80, "{id}: {line}");
                }
            }
        }
    }
}
