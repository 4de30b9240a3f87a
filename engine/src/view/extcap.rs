//! The sentences by which Wireshark learns what it can capture on, as extcap(4) has them: `interface {value=…}{display=…}`.

use crate::tutor::Audience;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Read};

/// The toolbar's button that shows the next packet.
pub const NEXT: u8 = 0;
/// The toolbar's button that loses the next TCP segment.
pub const LOSE: u8 = 1;
/// The pace at which a packet waits for [`NEXT`].
pub const STEP: &str = "step";
/// What every interface of ours begins with.
pub const PREFIX: &str = "osi-tutor-";
/// What a scenario's begins with.
pub const SCENARIO: &str = "osi-tutor-sim-";
/// A lesson on this machine's kernel.
pub const LAB: &str = "osi-tutor-lab";

/// Which version of us answers, and an interface for each lesson (id, title) and each scenario (name, title), and for the
/// lab where there can be one.
pub fn interfaces<'a>(
    version: &str,
    lessons: impl Iterator<Item = (&'a str, &'a str)>,
    scenarios: impl Iterator<Item = (&'a str, &'a str)>,
    lab: bool,
) -> String {
    let mut out = String::new();
    sentence("extcap", &[("version", version), ("display", "osi-tutor")], &mut out);
    for (number, display, tooltip) in [
        (NEXT, "Next", "Show the next packet now, at a pace that waits"),
        (LOSE, "Lose the next segment", "The next TCP segment is lost on its way; watch who notices, and what it does"),
    ] {
        let pairs = [("number", &*number.to_string()), ("type", "button"), ("display", display), ("tooltip", tooltip)];
        sentence("control", &pairs, &mut out);
    }
    for (id, title) in lessons {
        let display = format!("Lesson {id}: {title}");
        sentence("interface", &[("value", &format!("{PREFIX}{id}")), ("display", &display)], &mut out);
    }
    for (name, title) in scenarios {
        let display = format!("Simulated {name}: {title}");
        sentence("interface", &[("value", &format!("{SCENARIO}{name}")), ("display", &display)], &mut out);
    }
    if lab {
        let display = "Live lab: a lesson on this machine's kernel, in a private network";
        sentence("interface", &[("value", LAB), ("display", display)], &mut out);
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
    let own = format!("The number that decides everything random; 0 is this interface's own, {seed}");
    let mut out = String::new();
    let first = [("call", "--seed"), ("display", "Seed"), ("tooltip", &own), ("type", "unsigned"), ("default", "0")];
    arguments(&first, &mut out);
    out
}

/// The options of the lab, which can play these lessons (id, title).
pub fn lab_options(lessons: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let tooltip = "What the kernel plays";
    let first = [("call", "--lesson"), ("display", "Lesson"), ("tooltip", tooltip), ("type", "selector")];
    arguments(&first, &mut out);
    for (id, title) in lessons {
        value("0", id, title, *id == "handshake", &mut out);
    }
    out
}

/// One that is the interface's own, and those that all have.
fn arguments(first: &[(&str, &str)], out: &mut String) {
    let arguments: [&[(&str, &str)]; 4] = [
        first,
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
        sentence("arg", &pairs, out);
    }
    for audience in Audience::ALL {
        value("1", audience.name(), audience.name(), audience == Audience::default(), out);
    }
    for (speed, says) in [
        ("0", "All at once"),
        ("1", "As it happens"),
        ("0.1", "Ten times slower"),
        (STEP, "One by one, by the toolbar's Next"),
    ] {
        value("3", speed, says, speed == "0", out);
    }
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

/// The toolbar's pipes carry packets of their own, as extcap(4) and Wireshark's `extcap_example.py` have them: `T`, the
/// length of the rest in three bytes, the number of a control, a command, and what it says.
const SYNC: u8 = b'T';
/// A button is pressed, or a value chosen.
const SET: u8 = 1;
/// A control can't be used any more.
const DISABLE: u8 = 5;
/// A line at the foot of Wireshark's window.
const STATUS: u8 = 6;
/// Where no control is meant.
const NO_CONTROL: u8 = 255;
/// Bytes that are read of a packet; ours say nothing longer.
const LONGEST: u64 = 1 << 12;

/// Reads on until a control is used, and gives its number; `None` where the pipe ends.
///
/// # Errors
/// The pipe can't be read, or what comes isn't such a packet.
pub fn used(pipe: &mut impl Read) -> io::Result<Option<u8>> {
    loop {
        let mut head = [0; 4];
        match pipe.read_exact(&mut head) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            done => done?,
        }
        let [sync, length @ ..] = head;
        let length = length.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
        if sync != SYNC || !(2..=LONGEST).contains(&length) {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut rest = Vec::new();
        pipe.take(length).read_to_end(&mut rest)?;
        match rest.as_slice() {
            [control, SET, ..] => return Ok(Some(*control)),
            [] | [_] => return Ok(None),
            _ => {}
        }
    }
}

/// Says something at the foot of Wireshark's window.
pub fn status(text: &str) -> Vec<u8> {
    packet(NO_CONTROL, STATUS, text)
}

/// Takes the buttons away, because there is nothing left to do.
pub fn over() -> Vec<u8> {
    [packet(NEXT, DISABLE, ""), packet(LOSE, DISABLE, "")].concat()
}

fn packet(control: u8, command: u8, text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len() + 2).unwrap_or(2);
    let [_, length @ ..] = length.to_be_bytes();
    [&[SYNC], &length[..], &[control, command], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brace_or_a_line_in_a_title_ends_no_sentence() {
        let out = interfaces("1.2.3", [("x", "a} {value=evil}\nb")].into_iter(), std::iter::empty(), false);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines[3], "interface {value=osi-tutor-x}{display=Lesson x: a value=evilb}");
    }

    #[test]
    fn what_is_pressed_is_read_and_the_rest_passed_over() {
        let sent =
            [packet(NO_CONTROL, 0, ""), packet(3, 2, "x"), packet(LOSE, SET, ""), packet(NEXT, SET, "")].concat();
        let mut pipe = sent.as_slice();
        assert_eq!((used(&mut pipe).unwrap(), used(&mut pipe).unwrap()), (Some(LOSE), Some(NEXT)));
        assert_eq!(used(&mut pipe).unwrap(), None);
        assert_eq!(used(&mut &packet(LOSE, SET, "")[..5]).unwrap(), None, "cut short");
        for bad in [&b"X\0\0\x02\x01\x01"[..], b"T\0\0\x01\x01", b"T\xff\xff\xff"] {
            assert!(used(&mut &*bad).is_err(), "{bad:?}");
        }
        assert_eq!(status("ok"), b"T\0\0\x04\xff\x06ok");
    }

    #[test]
    fn each_selector_has_one_default() {
        let out = options(7);
        assert_eq!(out.lines().filter(|line| line.contains("{default=true}")).count(), 2, "{out}");
        assert!(out.contains("{value=student}{display=student}{default=true}"), "{out}");
    }
}
