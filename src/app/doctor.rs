//! `osi-tutor doctor`: what this machine allows, and how to get the rest.

use super::{Failure, color, columns, json_line, machine};
use crate::cli::Color;
use crate::model::show;
use crate::view::Theme;
use crate::view::measure::{pad, spaces, wrap};
use std::io::Write;

/// Where what was found begins.
const FOUND: usize = 15;
/// A pipe has no width; text is wrapped here then.
const COLUMNS: usize = 80;

/// Runs it.
pub(super) fn run(json: bool, choice: Color) -> Result<(), Failure> {
    let facts = machine::facts(choice);
    let mut out = String::new();
    let theme = Theme::new(color(choice));
    for fact in &facts {
        if json {
            out.push_str(&json_line(&object(fact)));
        } else {
            entry(fact, &theme, &mut out);
        }
    }
    if !json {
        let missing = facts.iter().filter(|fact| !fact.ok).count();
        let rest = match missing {
            0 => "All is well.\n".to_owned(),
            1 => "One thing is missing; everything else works without it.\n".to_owned(),
            n => format!("{n} things are missing; everything else works without them.\n"),
        };
        out.push('\n');
        out.push_str(&rest);
    }
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(out.as_bytes())?;
    Ok(stdout.flush()?)
}

/// ok or no, its name, what was found, what it is for, and below it the remedy.
fn entry(fact: &machine::Fact, theme: &Theme, out: &mut String) {
    if fact.ok {
        out.push_str("ok  ");
    } else {
        theme.alarm.paint("no  ", out);
    }
    let before = out.len();
    out.push_str(fact.id);
    pad(out, before, FOUND - 4);
    let mut found = String::new();
    show::escape(fact.found.as_bytes(), &mut found);
    let room = columns().unwrap_or(COLUMNS).saturating_sub(FOUND);
    for (i, line) in wrap(&found, room).enumerate() {
        if i > 0 {
            out.push('\n');
            spaces(FOUND, out);
        }
        out.push_str(line);
    }
    out.push('\n');
    spaces(FOUND, out);
    theme.faint.paint(fact.about, out);
    out.push('\n');
    if let Some(remedy) = &fact.remedy {
        spaces(FOUND, out);
        out.push_str("$ ");
        let mut command = String::new();
        show::escape(remedy.as_bytes(), &mut command);
        theme.strong.paint(&command, out);
        out.push('\n');
    }
}

fn object(fact: &machine::Fact) -> serde_json::Value {
    serde_json::json!({
        "id": fact.id,
        "ok": fact.ok,
        "about": fact.about,
        "found": fact.found,
        "remedy": fact.remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_its_remedy_and_nothing_hostile() {
        let fact = machine::Fact {
            id: "capture",
            about: "capture, explain --live=IFACE",
            ok: false,
            found: "not allowed on \u{1b}[31mlo".into(),
            remedy: Some("sudo setcap cap_net_raw+ep osi-tutor".into()),
        };
        let mut text = String::new();
        entry(&fact, &Theme::new(false), &mut text);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("no  capture    not allowed on ") && !text.contains('\u{1b}'), "{text}");
        assert_eq!(lines[1].trim(), "capture, explain --live=IFACE");
        assert_eq!(lines[2].trim(), "$ sudo setcap cap_net_raw+ep osi-tutor");
        assert_eq!(object(&fact)["ok"], false);
    }
}
