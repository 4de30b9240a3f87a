//! What this machine allows, as a list with remedies, and as objects.

use super::Fact;
use crate::model::show;
use crate::view::Theme;
use crate::view::measure::{pad, spaces, wrap};

/// Where what was found begins.
const FOUND: usize = 15;
/// A pipe has no width; text is wrapped here then.
const COLUMNS: usize = 80;

/// How many things are missing. What nobody needs is not counted among them.
pub fn summary(facts: &[Fact]) -> String {
    let missing = facts.iter().filter(|fact| !fact.ok && !fact.optional).count();
    let optional = facts.iter().filter(|fact| !fact.ok && fact.optional).count();
    let need = match missing {
        0 => "Everything you need is there.".to_owned(),
        1 => "One thing is missing; everything else works without it.".to_owned(),
        n => format!("{n} things are missing; everything else works without them."),
    };
    let rest = match optional {
        0 => String::new(),
        1 => " One more would be nice to have.".to_owned(),
        n => format!(" {n} more would be nice to have."),
    };
    format!("{need}{rest}\n")
}

/// Appends ok, no, or a dash for what nobody needs; its name, what was found, what it is for, and below it the remedy.
pub fn entry(fact: &Fact, columns: Option<usize>, theme: &Theme, out: &mut String) {
    if fact.ok {
        out.push_str("ok  ");
    } else if fact.optional {
        out.push_str("-   ");
    } else {
        theme.alarm.paint("no  ", out);
    }
    let before = out.len();
    out.push_str(fact.id);
    pad(out, before, FOUND - 4);
    let mut found = String::new();
    show::escape(fact.found.as_bytes(), &mut found);
    let room = columns.unwrap_or(COLUMNS).saturating_sub(FOUND);
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
    if fact.optional {
        theme.faint.paint(" (optional)", out);
    }
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

/// A fact as an object.
pub fn object(fact: &Fact) -> serde_json::Value {
    serde_json::json!({
        "id": fact.id,
        "ok": fact.ok,
        "optional": fact.optional,
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
        let fact = Fact {
            id: "capture",
            about: "capture, explain --live=IFACE",
            ok: false,
            optional: false,
            found: "not allowed on \u{1b}[31mlo".into(),
            remedy: Some("sudo setcap cap_net_raw+ep osi-tutor".into()),
        };
        let mut text = String::new();
        entry(&fact, None, &Theme::new(false), &mut text);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[0].starts_with("no  capture    not allowed on ") && !text.contains('\u{1b}'), "{text}");
        assert_eq!(lines[1].trim(), "capture, explain --live=IFACE");
        assert_eq!(lines[2].trim(), "$ sudo setcap cap_net_raw+ep osi-tutor");
        assert_eq!(object(&fact)["ok"], false);
    }

    #[test]
    fn what_nobody_needs_is_no_reason_for_alarm() {
        let fact = |ok, optional| Fact { id: "x", about: "y", ok, optional, found: "z".into(), remedy: None };
        assert_eq!(summary(&[fact(true, false), fact(true, true)]), "Everything you need is there.\n");
        let without = [fact(true, false), fact(false, true), fact(false, true)];
        assert_eq!(summary(&without), "Everything you need is there. 2 more would be nice to have.\n");
        assert!(summary(&[fact(false, false), fact(true, true)]).starts_with("One thing is missing; "));
        let mut text = String::new();
        entry(&fact(false, true), None, &Theme::new(false), &mut text);
        assert!(text.starts_with("-   x") && text.contains("y (optional)"), "{text}");
    }
}
