//! The screen: the conversation above, the packets below, one line to type in, and the keys. Made for 80 by 24.

use super::model::{Model, Row, Said};
use crate::tty::table::{Does, short};
use crate::view::Theme;
use crate::view::measure::{repeat, width, wrap};

/// What the keys do; the first that fits is shown.
fn keys(peeling: bool) -> Vec<String> {
    if peeling {
        return ["↓ deeper · ↑ back up · ←→ other packet · Esc close", "↓ ↑ · ← → · Esc"].map(str::to_owned).to_vec();
    }
    let [peel, bare, leave] = [Does::Peel, Does::Bare, Does::End].map(short);
    vec![
        format!("Enter send · ↑↓ choose · {peel} · {bare} · F1 help · {leave}"),
        format!("Enter send · {peel} · {bare} · F1 help · {leave}"),
        format!("Enter send · F1 help · {leave}"),
    ]
}

/// The whole page: exactly `rows` lines, none wider than `columns`.
pub(super) fn page(model: &Model, theme: &Theme, columns: usize, rows: usize) -> Vec<String> {
    // A line that is as wide as the terminal would wrap in some of them.
    let columns = columns.saturating_sub(1);
    let keys = keys(model.peel.is_some());
    let keys = keys.iter().find(|k| width(k) <= columns).map_or(String::new(), |k| faint(k, theme));
    let mut lines = Vec::with_capacity(rows);
    if let Some(peel) = &model.peel {
        lines = peel.lines(columns, rows.saturating_sub(1), theme);
    } else {
        let room = rows.saturating_sub(4);
        let below = room / 2;
        lines.push(title(model, theme));
        tail(&mut lines, conversation(model, theme, columns), room - below);
        lines.push(rule(model, theme, columns));
        tail(&mut lines, packets(model, theme, columns), below);
        lines.push(input(&model.typed, columns));
    }
    lines.resize(rows.saturating_sub(1), String::new());
    lines.push(keys);
    lines.into_iter().take(rows).map(|line| fit(&line, columns)).collect()
}

/// Cuts a line to so many columns. Colours take none: whatever others wrote has been escaped, so each ESC is ours.
fn fit(line: &str, columns: usize) -> String {
    let (mut out, mut used, mut style) = (String::with_capacity(line.len()), 0, false);
    for c in line.chars() {
        style |= c == '\x1b';
        if style {
            out.push(c);
            style = c != 'm';
            continue;
        }
        used += width(c.encode_utf8(&mut [0; 4]));
        if used <= columns {
            out.push(c);
        }
    }
    out
}

fn faint(text: &str, theme: &Theme) -> String {
    let mut out = String::new();
    theme.faint.paint(text, &mut out);
    out
}

/// Adds the last of some lines, filled up to a height.
fn tail(lines: &mut Vec<String>, mut all: Vec<String>, height: usize) {
    let skipped = all.len().saturating_sub(height);
    all.drain(..skipped);
    let end = lines.len() + height;
    lines.append(&mut all);
    lines.resize(end, String::new());
}

fn title(model: &Model, theme: &Theme) -> String {
    let mut out = String::new();
    theme.strong.paint("osi-tutor chat", &mut out);
    let names: Vec<&str> = model.here.values().map(String::as_str).collect();
    let you = if model.name.is_empty() { "connecting" } else { &model.name };
    out + &format!("  room {}  you are {you}  here: {}", model.room, names.join(", "))
}

fn conversation(model: &Model, theme: &Theme, columns: usize) -> Vec<String> {
    let chosen = model.messages().nth(model.chosen).and_then(|s| s.id);
    let mut lines = Vec::new();
    // More than a screen holds need not be wrapped.
    let skipped = model.said.len().saturating_sub(200);
    for said in model.said.iter().skip(skipped) {
        let Said { id, name, text, spread, .. } = said;
        if id.is_none() {
            lines.extend(wrap(&format!("* {text}"), columns).map(|l| faint(l, theme)));
            continue;
        }
        let mark = if *id == chosen { "> " } else { "  " };
        lines.extend(wrap(&format!("{mark}{name}: {text}"), columns).map(str::to_owned));
        if !spread.is_empty() {
            lines.push(faint(&format!("    {spread}"), theme));
        }
    }
    lines
}

/// The line between conversation and packets says what the packets are.
fn rule(model: &Model, theme: &Theme, columns: usize) -> String {
    let mut out = match &model.capture {
        Some(Ok(())) => "── packets of your connection, captured ".to_owned(),
        Some(Err(why)) => format!("── seen by this program, not captured: {why} "),
        None => "── ".to_owned(),
    };
    let used = width(&out);
    repeat('─', columns.saturating_sub(used), &mut out);
    faint(&out, theme)
}

fn packets(model: &Model, theme: &Theme, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let skipped = model.rows.len().saturating_sub(100);
    for row in model.rows.iter().skip(skipped).filter(|r| model.show_bare || !r.bare) {
        let Row { down, since, line, why, .. } = row;
        let way = if *down { '↓' } else { '↑' };
        lines.push(format!("{way} {since:8.3}  {line}"));
        if let Some(first) = wrap(why, columns.saturating_sub(12)).next().filter(|w| !w.is_empty()) {
            lines.push(format!("            {}", faint(first, theme)));
        }
    }
    lines
}

/// What is typed; of a long text its end.
fn input(typed: &str, columns: usize) -> String {
    let mut shown = typed;
    while width(shown) + 4 > columns {
        let mut chars = shown.chars();
        if chars.next().is_none() {
            break;
        }
        shown = chars.as_str();
    }
    format!("> {shown}_")
}

#[cfg(test)]
mod tests {
    use super::super::client::Heard;
    use super::super::keys::Typed;
    use super::*;
    use crate::chat::entry::{Captured, Entry};
    use serde_json::json;

    fn captured(packet: Captured) -> Heard {
        Heard::Entry(Entry::Packet(Box::new(packet)))
    }

    #[test]
    fn every_page_has_its_size() {
        let mut model = Model::new("lab");
        model.hear(Heard::Event("welcome".into(), json!({ "capture": { "on": true }, "key": "a" })));
        for n in 0..40 {
            let text = "a long word of many letters ".repeat(n);
            model.hear(Heard::Event("said".into(), json!({ "id": n, "name": "Bob", "text": text })));
            let why = "This explains it. ".repeat(n);
            model.hear(captured(Captured { line: text, why, ..Captured::default() }));
            model.typed(&Typed::Char('x'));
        }
        for (columns, rows) in [(80, 24), (20, 6), (1, 1), (0, 0), (200, 60)] {
            let page = page(&model, &Theme::new(false), columns, rows);
            assert_eq!(page.len(), rows, "{columns}x{rows}");
            assert!(page.iter().all(|line| width(line) <= columns), "{columns}x{rows}\n{}", page.join("\n"));
        }
    }

    #[test]
    fn colours_take_no_room() {
        let (coloured, plain) = (faint("abcdef", &Theme::new(true)), faint("abcdef", &Theme::new(false)));
        assert_eq!(fit(&plain, 3), "abc");
        let cut = fit(&coloured, 3);
        assert!(cut.contains("abc") && !cut.contains('d') && cut.ends_with('m'), "{cut:?}");
        assert_eq!(fit("日本語", 5), "日本");
    }

    #[test]
    fn conversation_packets_and_keys_share_80_by_24() {
        let mut model = Model::new("lab");
        model.hear(Heard::Event("welcome".into(), json!({ "capture": { "on": true }, "key": "a" })));
        model.hear(Heard::Event("said".into(), json!({ "id": 1, "name": "Bob", "text": "Hello" })));
        model.hear(captured(Captured { down: true, line: "SOCKETIO".into(), ..Captured::default() }));
        let page = page(&model, &Theme::new(false), 80, 24).join("\n");
        for wanted in [
            "room lab",
            "> Bob: Hello",
            "── packets of your connection, captured ─",
            "↓    0.000  SOCKETIO",
            "Ctrl-C leave",
        ] {
            assert!(page.contains(wanted), "{wanted}\n{page}");
        }
    }
}
