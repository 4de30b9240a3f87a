//! What if: the same world twice, the second time with one more fault, up to where they part and beyond.
//!
//! [`fork`](super::fork) draws the two columns; here is what stands in them, and the same as an object.

use super::endpoints;
use super::fork::{Fork, Line, Merged};
use crate::model::{Remark, Time, show};
use crate::sim::{Endpoint, START};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Frames that are shown before the timelines part.
const BEFORE: usize = 6;

/// Both timelines, as far as they are shown.
#[derive(Debug, Default)]
pub struct Timelines<'q> {
    asked: &'q [String],
    names: &'q [&'q str],
    /// When they part.
    pub parted: Option<Time>,
    /// What the hosts of each hold at that moment.
    pub beliefs: Option<[Vec<Endpoint>; 2]>,
    /// How many frames they have in common, and the last of these, each with what befell it in the second.
    same: u64,
    common: VecDeque<(Line, Option<Remark>)>,
    /// What each shows after they have parted, and how many frames it has in all.
    apart: [Vec<Line>; 2],
    frames: [u64; 2],
    lasted: [i64; 2],
}

impl<'q> Timelines<'q> {
    /// Nothing of both so far. `asked` is what was typed, `names` are the devices' in their order.
    pub fn new(asked: &'q [String], names: &'q [&'q str]) -> Self {
        Self { asked, names, ..Self::default() }
    }

    /// Adds a frame that both have. `met` is what befalls it in the second one alone.
    pub fn add_same(&mut self, line: Line, met: Option<Remark>) {
        (self.same, self.frames, self.lasted) = (self.same + 1, self.frames.map(|n| n + 1), [line.at; 2]);
        if self.common.len() == BEFORE {
            self.common.pop_front();
        }
        self.common.push_back((line, met));
    }

    /// Adds a frame of one side, after they have parted; `most` of each are shown.
    pub fn add_apart(&mut self, side: usize, line: Line, most: u64) {
        self.frames[side] += 1;
        self.lasted[side] = line.at;
        if (self.apart[side].len() as u64) < most {
            self.apart[side].push(line);
        }
    }

    /// Both, side by side.
    pub fn text(&self, fork: &Fork) -> String {
        let mut out = String::new();
        fork.heading("as it was", &format!("what if: {}", self.asked.join(", ").escape_debug()), &mut out);
        let hidden = self.same - self.common.len() as u64;
        if hidden > 0 {
            fork.texts(&format!("… {hidden} frames"), "the same", &mut out);
        }
        for (line, met) in &self.common {
            fork.same(line, *met, &mut out);
        }
        let Some([near, far]) = &self.beliefs else {
            fork.rule("they never part", &mut out);
            return out;
        };
        let mut at = String::new();
        show::seconds(self.parted.and_then(|at| at.since(START)).unwrap_or(0), 6, &mut at);
        fork.rule(&format!("here they part, at {at} s; what each host's stack holds then"), &mut out);
        for (left, right) in near.iter().zip(far) {
            endpoint(self.names, left, right, fork, &mut out);
        }
        fork.rule("what followed", &mut out);
        for (left, right) in Merged::new(&self.apart[0], &self.apart[1]) {
            fork.frames(left, right, &mut out);
        }
        let [near, far] = [0, 1].map(|side| self.summary(side));
        fork.texts(&near, &far, &mut out);
        out
    }

    /// How one timeline ends.
    fn summary(&self, side: usize) -> String {
        let hidden = self.frames[side].saturating_sub(self.same + self.apart[side].len() as u64);
        let mut text = if hidden > 0 { format!("… and {hidden} more; ") } else { String::new() };
        show::number(self.frames[side], &mut text);
        text.push_str(" frames in ");
        show::seconds(self.lasted[side], 3, &mut text);
        text.push_str(" s");
        text
    }

    /// Everything as one object, after `schema/what-if.json`.
    pub fn object(&self) -> Value {
        let line = |line: &Line| {
            json!({ "number": line.number, "time_relative": seconds(line.at), "sent": line.sent, "text": line.text,
                    "remark": sentence(line.remark) })
        };
        let sides = ["as_it_was", "what_if"];
        let both = |value: &dyn Fn(usize) -> Value| {
            Value::Object(sides.iter().enumerate().map(|(side, name)| ((*name).to_owned(), value(side))).collect())
        };
        json!({
            "v": 1,
            "asked": self.asked,
            "same": self.same,
            "parted": self.parted.and_then(|at| at.since(START)).map(seconds),
            "before": self.common.iter().map(|(common, met)| {
                let mut value = line(common);
                value["met"] = json!(sentence(*met));
                value
            }).collect::<Vec<_>>(),
            "endpoints": self.beliefs.as_ref().map(|beliefs| both(&|side| {
                Value::Array(beliefs.get(side).into_iter().flatten().map(|it| endpoints::object(endpoints::name(self.names, it), it)).collect())
            })),
            "after": both(&|side| Value::Array(self.apart[side].iter().map(line).collect())),
            "frames": both(&|side| json!(self.frames[side])),
            "lasted": both(&|side| json!(seconds(self.lasted[side]))),
        })
    }
}

/// A host's sockets in both worlds.
fn endpoint(names: &[&str], left: &Endpoint, right: &Endpoint, fork: &Fork, out: &mut String) {
    let name = |endpoint: &Endpoint| {
        let mut text = String::new();
        show::escape(endpoints::name(names, endpoint).as_bytes(), &mut text);
        text
    };
    let sockets = |endpoint: &Endpoint| {
        let mut all: Vec<String> = endpoint.sockets.iter().map(|socket| socket.brief().to_string()).collect();
        if all.is_empty() {
            all.push("no connection".to_owned());
        }
        all
    };
    let (near, far) = (sockets(left), sockets(right));
    fork.texts(&name(left), &name(right), out);
    for at in 0..near.len().max(far.len()) {
        let side = |all: &[String]| all.get(at).map_or(String::new(), |text| format!("  {text}"));
        fork.texts(&side(&near), &side(&far), out);
    }
}

fn seconds(nanos: i64) -> String {
    let mut text = String::new();
    show::seconds(nanos, 9, &mut text);
    text
}

/// What befell a frame; empty where nothing did.
fn sentence(remark: Option<Remark>) -> &'static str {
    remark.map_or("", Remark::sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Osi;
    use crate::view::Theme;

    fn line(number: u64, text: &str) -> Line {
        let at = i64::try_from(number).unwrap() * 1_000_000;
        Line { number, at, sent: None, osi: Osi::Transport, text: text.into(), remark: None }
    }

    #[test]
    fn only_the_last_common_frames_and_the_first_of_each_side_are_shown_and_the_rest_is_counted() {
        let asked = ["drop 9".to_owned()];
        let mut timelines = Timelines::new(&asked, &[]);
        for number in 1..=8 {
            timelines.add_same(line(number, "both"), (number == 8).then_some(Remark::Lost));
        }
        for number in 9..=12 {
            timelines.add_apart(0, line(number, "near"), 2);
        }
        timelines.add_apart(1, line(9, "far"), 2);
        (timelines.parted, timelines.beliefs) = (Some(START), Some([Vec::new(), Vec::new()]));
        let text = timelines.text(&Fork::new(Theme::new(false), Some(120)));
        assert!(text.starts_with("as it was") && text.contains("what if: drop 9"), "{text}");
        assert!(text.contains("… 2 frames") && text.matches("both").count() == BEFORE, "{text}");
        assert!(text.contains(Remark::Lost.sentence()) && text.matches("near").count() == 2, "{text}");
        assert!(text.contains("… and 2 more; 12 frames in 0.012 s") && text.contains("9 frames in 0.009 s"), "{text}");
        let object = timelines.object();
        assert_eq!((&object["same"], &object["frames"]["as_it_was"]), (&json!(8), &json!(12)));
        assert_eq!(
            (&object["before"][5]["met"], &object["after"]["what_if"][0]["text"]),
            (&json!(Remark::Lost.sentence()), &json!("far"))
        );
    }

    #[test]
    fn timelines_that_never_part_say_so() {
        let mut timelines = Timelines::new(&[], &[]);
        timelines.add_same(line(1, "both"), None);
        assert!(timelines.text(&Fork::new(Theme::new(false), None)).contains("they never part"));
        assert_eq!(timelines.object()["parted"], Value::Null);
    }
}
