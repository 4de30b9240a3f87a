//! A lesson's questions on paper and for other programs: a worksheet to print, and Moodle's GIFT; cards to answer with.

pub mod cards;
pub mod gift;
pub mod worksheet;

use crate::ask::bank::Belief;
use crate::ask::{Refuted, Task, misconception};
use crate::tutor::Audience;
use serde_json::Value;

/// A question, with all that its answers deserve.
#[derive(Debug)]
pub struct Item<'q> {
    /// What is asked.
    pub prompt: String,
    /// How it is answered.
    pub task: &'q Task,
    /// Why the answer is right.
    pub why: &'q str,
    /// What is said to those who choose each choice.
    pub replies: &'q [Option<String>],
}

/// What is asked, as it can stand alone: a step of a procedure needs those before it. `scene` is what
/// `schema/scene.json` describes.
pub fn prompt(asked: &str, scene: &Value) -> String {
    let work = scene.get("work").filter(|work| work.is_object());
    let Some(work) = work else { return asked.to_owned() };
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let all = |name: &str| work.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut lines = vec![text(work, "title").unwrap_or_default()];
    lines.extend(all("given").filter_map(|given| Some(format!("{}: {}", text(given, "name")?, text(given, "value")?))));
    let known = |step: &&Value| step.get("current") != Some(&Value::Bool(true));
    for step in all("steps").take_while(known) {
        let value = text(step, "value").map_or(String::new(), |value| format!(": {value}"));
        lines.push(format!("{}{value}", text(step, "say").unwrap_or_default()));
    }
    lines.push(format!("{asked}: ?"));
    lines.join("\n")
}

impl Item<'_> {
    /// What is said to a wrong choice: the lesson's own words, or the misconception that it betrays.
    fn reply(&self, place: usize, betrays: Option<Belief>, audience: Audience) -> String {
        let own = self.replies.get(place).cloned().flatten();
        match (own, betrays) {
            (Some(own), None) => own,
            (own, Some(id)) => {
                format!("{}{}", refutation(id, audience), own.map_or(String::new(), |own| format!(" {own}")))
            }
            (None, None) => String::new(),
        }
    }
}

/// What people believe who answer so, and why it is wrong.
fn refutation(id: Belief, audience: Audience) -> String {
    misconception(id).map_or(String::new(), |found| {
        let Refuted { claim, refutation, .. } = found.refuted(audience);
        format!("A common belief: \u{201c}{claim}\u{201d} {refutation}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_step_of_a_procedure_brings_those_before_it() {
        let step =
            |say: &str, value: Option<&str>, current: bool| json!({"say": say, "value": value, "current": current});
        let steps =
            [step("It begins at", Some("12"), false), step("It ends at", None, true), step("So it has", None, false)];
        let scene = json!({"work": {"title": "How long?", "given": [{"name": "n", "value": "3"}], "steps": steps}});
        assert_eq!(prompt("It ends at", &scene), "How long?\nn: 3\nIt begins at: 12\nIt ends at: ?");
        assert_eq!(prompt("Which?", &json!({"work": null})), "Which?");
    }
}
