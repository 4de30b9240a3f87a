//! The sentences by which Wireshark learns what it can capture on, as extcap(4) has them: `interface {value=…}{display=…}`.

use crate::tutor::Audience;
use std::fmt::Write as _;

/// What every interface of ours begins with.
pub const PREFIX: &str = "osi-tutor-";
/// What a scenario's begins with.
pub const SCENARIO: &str = "osi-tutor-sim-";

/// An interface for each lesson (id, title) and each scenario (name, title).
pub fn interfaces<'a>(
    lessons: impl Iterator<Item = (&'a str, &'a str)>,
    scenarios: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut out = String::new();
    sentence("extcap", &[("version", env!("CARGO_PKG_VERSION")), ("display", "osi-tutor")], &mut out);
    for (id, title) in lessons {
        let display = format!("Lesson {id}: {title}");
        sentence("interface", &[("value", &format!("{PREFIX}{id}")), ("display", &display)], &mut out);
    }
    for (name, title) in scenarios {
        let display = format!("Simulated {name}: {title}");
        sentence("interface", &[("value", &format!("{SCENARIO}{name}")), ("display", &display)], &mut out);
    }
    out
}

/// The link types of any interface of ours: one.
pub fn link_types() -> String {
    let mut out = String::new();
    sentence("dlt", &[("number", "1"), ("name", "EN10MB"), ("display", "Ethernet")], &mut out);
    out
}

/// The options of an interface whose own seed is `seed`.
pub fn options(seed: u64) -> String {
    let mut out = String::new();
    let own = format!("The number that decides everything random; 0 is this interface's own, {seed}");
    let arguments: [&[(&str, &str)]; 4] = [
        &[("call", "--seed"), ("display", "Seed"), ("tooltip", &own), ("type", "unsigned"), ("default", "0")],
        &[
            ("call", "--audience"),
            ("display", "Explained for"),
            ("tooltip", "Whom the comments of the packets speak to"),
            ("type", "selector"),
        ],
        &[
            ("call", "--drop"),
            ("display", "Lose a frame"),
            (
                "tooltip",
                "Its number, or a display filter for the first that matches, or '2 of FILTER'; empty loses none",
            ),
            ("type", "string"),
        ],
        &[("call", "--pace"), ("display", "Pace"), ("tooltip", "How fast the packets come"), ("type", "selector")],
    ];
    for (number, argument) in arguments.iter().enumerate() {
        let number = number.to_string();
        let pairs: Vec<_> = [("number", number.as_str())].into_iter().chain(argument.iter().copied()).collect();
        sentence("arg", &pairs, &mut out);
    }
    for audience in Audience::ALL {
        value("1", audience.name(), audience.name(), audience == Audience::default(), &mut out);
    }
    for (speed, says) in [("0", "All at once"), ("1", "As it happens"), ("0.1", "Ten times slower")] {
        value("3", speed, says, speed == "0", &mut out);
    }
    out
}

fn value(argument: &str, value: &str, display: &str, default: bool, out: &mut String) {
    let default = if default { "true" } else { "false" };
    sentence("value", &[("arg", argument), ("value", value), ("display", display), ("default", default)], out);
}

/// A sentence is a line, and a brace ends a value: neither may come from what is told.
fn sentence(word: &str, pairs: &[(&str, &str)], out: &mut String) {
    let told = |c: char| !c.is_control() && !matches!(c, '{' | '}');
    out.push_str(word);
    out.push(' ');
    for (key, value) in pairs {
        let value: String = value.chars().filter(|&c| told(c)).collect();
        let _ = write!(out, "{{{key}={value}}}");
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brace_or_a_line_in_a_title_ends_no_sentence() {
        let out = interfaces([("x", "a} {value=evil}\nb")].into_iter(), std::iter::empty());
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1], "interface {value=osi-tutor-x}{display=Lesson x: a value=evilb}");
    }

    #[test]
    fn each_selector_has_one_default() {
        let out = options(7);
        assert_eq!(out.lines().filter(|line| line.contains("{default=true}")).count(), 2, "{out}");
        assert!(out.contains("{value=student}{display=student}{default=true}"), "{out}");
    }
}
