//! How something is answered, and the one judge. A [`Task`] is plain data: a lesson's fence, a quiz and a puzzle make
//! it, any screen asks it, and [`Task::judge`] says what an answer is worth.
//!
//! An answer is one line of text whatever the kind: what was typed, the number of a choice (`2`), an order (`2 1 3`), a
//! run of bytes (`12-13`), a packet's number. [`entry`](super::entry) makes it from keys.

use super::bank::{self, Belief};
use super::value::{Value, number};
use serde::{Deserialize, Serialize};

/// How a question is answered, with the right answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// One of several.
    Choose {
        /// What can be chosen.
        choices: Vec<Choice>,
        /// The index of the right one.
        right: usize,
    },
    /// A whole number.
    Number {
        /// The right one.
        right: i128,
        /// Wrong ones that are known.
        slips: Vec<Slip>,
    },
    /// A word, a code or bytes.
    Text {
        /// The right answer, and other spellings of it.
        right: Vec<Value>,
        /// Wrong ones that are known.
        slips: Vec<Slip>,
    },
    /// Lines, to be put in order.
    Order {
        /// As they are shown.
        items: Vec<String>,
        /// Indices into `items`, in the right order.
        right: Vec<usize>,
    },
    /// A run of bytes.
    Bytes {
        /// The bytes that are shown: a frame from its begin on.
        frame: Vec<u8>,
        /// The right ones: the first and the last, counted from 0.
        right: (usize, usize),
    },
    /// A packet.
    Packet {
        /// The packets to choose from.
        packets: Vec<Candidate>,
        /// The right one's number.
        right: u64,
    },
    /// Several numbers.
    Blanks {
        /// What each is called, and the right number.
        right: Vec<(String, i128)>,
    },
}

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// What it says.
    pub text: String,
    /// The misconception that choosing it betrays.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bank::known")]
    pub betrays: Option<Belief>,
}

/// A wrong answer that is known to be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slip {
    /// The wrong answer.
    pub answer: Value,
    /// The misconception that it betrays.
    #[serde(deserialize_with = "bank::known")]
    pub betrays: Option<Belief>,
}

/// A packet that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its number.
    pub number: u64,
    /// It in one line, without its number.
    pub text: String,
    /// The misconception that choosing it betrays.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bank::known")]
    pub betrays: Option<Belief>,
}

/// A task as a learner may see it: without its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked<'t> {
    /// The name of its kind.
    pub form: &'static str,
    /// How to write an answer, in a few words.
    pub how: String,
    /// What can be chosen, or put in order: the first is 1.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<&'t str>,
    /// The packets to choose from: number and line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packets: Vec<(u64, &'t str)>,
    /// The bytes to mark.
    #[serde(skip_serializing_if = "<[u8]>::is_empty")]
    pub frame: &'t [u8],
}

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether it is right.
    pub right: bool,
    /// The misconception that it betrays.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "bank::known")]
    pub betrays: Option<Belief>,
    /// Which choice, packet or known slip it is, by its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<usize>,
}

/// How an answer was judged: by the first attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Right at the first attempt.
    Right,
    /// Wrong at the first attempt.
    Wrong,
    /// The learner did not want to answer.
    Skipped,
}

impl Mark {
    /// Its name, as it is written in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Skipped => "skipped",
        }
    }
}

/// The place that a digit (from 1) or a letter (from a) names.
pub(super) fn place(sign: char, of: usize) -> Option<usize> {
    let (from, sign) = if sign.is_ascii_digit() { ('1', sign) } else { ('a', sign.to_ascii_lowercase()) };
    let place = u32::from(sign).checked_sub(u32::from(from))?;
    usize::try_from(place).ok().filter(|&place| place < of)
}

/// The place that a number (from 1) or a letter names.
pub(super) fn first_place(given: &str, of: usize) -> Option<usize> {
    let mut chars = given.chars();
    match (number(given), chars.next(), chars.next()) {
        (Some(n), ..) => usize::try_from(n).ok()?.checked_sub(1).filter(|&index| index < of),
        (None, Some(letter), None) => place(letter, of),
        _ => None,
    }
}

/// The first and the last byte of a run such as `12-13`.
pub(super) fn run(given: &str) -> Option<(usize, usize)> {
    let (first, last) = given.split_once("..").or_else(|| given.split_once('-')).unwrap_or((given, given));
    let end = |text| usize::try_from(number(text)?).ok();
    Some((end(first)?, end(last.trim_start_matches('='))?))
}

/// How the thing at a place is called: 1 for the first.
pub fn label(place: usize) -> String {
    (place + 1).to_string()
}

impl Task {
    /// The name of its kind.
    pub const fn form(&self) -> &'static str {
        match self {
            Self::Choose { .. } => "choice",
            Self::Number { .. } => "number",
            Self::Text { .. } => "text",
            Self::Order { .. } => "order",
            Self::Bytes { .. } => "range",
            Self::Packet { .. } => "packet",
            Self::Blanks { .. } => "blanks",
        }
    }

    /// It without its answer.
    pub fn asked(&self) -> Asked<'_> {
        let mut asked =
            Asked { form: self.form(), how: self.how(), choices: Vec::new(), packets: Vec::new(), frame: &[] };
        match self {
            Self::Choose { choices, .. } => asked.choices = choices.iter().map(|c| c.text.as_str()).collect(),
            Self::Order { items, .. } => asked.choices = items.iter().map(String::as_str).collect(),
            Self::Packet { packets, .. } => {
                asked.packets = packets.iter().map(|p| (p.number, p.text.as_str())).collect();
            }
            Self::Bytes { frame, .. } => asked.frame = frame,
            Self::Number { .. } | Self::Text { .. } | Self::Blanks { .. } => {}
        }
        asked
    }

    /// How to write an answer, in a few words.
    pub fn how(&self) -> String {
        match self {
            Self::Choose { choices, .. } => format!("a number, 1 to {}", choices.len()),
            Self::Number { .. } => "a number".to_owned(),
            Self::Text { right, .. } => match right.first() {
                Some(Value::Bytes(_)) => "bytes in hexadecimal".to_owned(),
                Some(Value::Number(_)) => "a number".to_owned(),
                _ => "a word".to_owned(),
            },
            Self::Order { items, .. } => {
                let example: Vec<String> = (0..items.len()).rev().map(label).collect();
                format!("all numbers, the earliest first, such as {}", example.join(" "))
            }
            Self::Bytes { .. } => "the first and the last byte, such as 12-13".to_owned(),
            Self::Packet { .. } => "a packet's number".to_owned(),
            Self::Blanks { right } => {
                let names: Vec<&str> = right.iter().map(|(name, _)| name.as_str()).collect();
                format!("{} numbers with spaces between: {}", right.len(), names.join(", "))
            }
        }
    }

    /// The right answer, as somebody would write it.
    pub fn right(&self) -> String {
        match self {
            Self::Choose { right, .. } => label(*right),
            Self::Number { right, .. } => right.to_string(),
            Self::Text { right, .. } => right.first().map(Value::to_string).unwrap_or_default(),
            Self::Order { right, .. } => right.iter().map(|&i| label(i)).collect::<Vec<_>>().join(" "),
            Self::Bytes { right: (first, last), .. } if first == last => first.to_string(),
            Self::Bytes { right: (first, last), .. } => format!("{first}-{last}"),
            Self::Packet { right, .. } => right.to_string(),
            Self::Blanks { right } => right.iter().map(|(_, n)| n.to_string()).collect::<Vec<_>>().join(" "),
        }
    }

    /// What was given, in the parts that it has, each with whether it is right where it is.
    pub fn parts(&self, given: &str) -> Vec<(String, bool)> {
        let is_right = self.judge(given).is_some_and(|verdict| verdict.right);
        let right = self.right();
        let several = matches!(self, Self::Order { .. } | Self::Blanks { .. });
        let given = given.trim();
        if !several {
            return if given.is_empty() { Vec::new() } else { vec![(given.to_owned(), is_right)] };
        }
        let mut wanted = right.split(' ');
        let parts = given.split([' ', ',', ';']).filter(|part| !part.is_empty());
        let same = |part: &str, wanted: &str| part == wanted || number(part).is_some_and(|n| number(wanted) == Some(n));
        parts
            .map(|part| (part.to_owned(), is_right || wanted.next().is_some_and(|wanted| same(part, wanted))))
            .collect()
    }

    /// The right answer in words, with control characters escaped.
    pub fn answer(&self) -> String {
        match self {
            Self::Choose { choices, right } => choices.get(*right).map_or(String::new(), |c| c.text.clone()),
            Self::Text { right, .. } => right.first().map(Value::shown).unwrap_or_default(),
            Self::Bytes { right: (first, last), .. } if first == last => format!("byte {first} of the frame"),
            Self::Bytes { right: (first, last), .. } => format!("bytes {first} to {last} of the frame"),
            Self::Packet { right, .. } => format!("packet {right}"),
            Self::Blanks { right } => {
                right.iter().map(|(name, n)| format!("{name} {n}")).collect::<Vec<_>>().join(", ")
            }
            Self::Number { .. } | Self::Order { .. } => self.right(),
        }
    }

    /// Judges an answer; `None` where it cannot be understood, see [`Task::how`].
    pub fn judge(&self, given: &str) -> Option<Verdict> {
        let given = given.trim();
        let plain = |right| Some(Verdict { right, betrays: None, place: None });
        match self {
            Self::Choose { choices, right } => {
                let index = first_place(given, choices.len())?;
                Some(Verdict { right: index == *right, betrays: choices.get(index)?.betrays, place: Some(index) })
            }
            Self::Number { right, slips } => {
                let n = number(given)?;
                Some(Verdict::of(n == *right, slips, |answer| *answer == Value::Number(n)))
            }
            Self::Text { right, slips } => {
                let fits = |value: &Value| value.is_meant_by(given);
                (!given.is_empty()).then(|| Verdict::of(right.iter().any(fits), slips, fits))
            }
            Self::Order { items, right } => {
                let signs = given.chars().filter(|c| c.is_alphanumeric());
                let order: Vec<usize> = signs.map(|c| place(c, items.len())).collect::<Option<_>>()?;
                let whole = order.len() == items.len() && (0..items.len()).all(|i| order.contains(&i));
                if whole { plain(order == *right) } else { None }
            }
            Self::Bytes { right, .. } => plain(run(given)? == *right),
            Self::Packet { packets, right } => {
                let number = number(given)?;
                let place = packets.iter().position(|p| i128::from(p.number) == number)?;
                let packet = packets.get(place)?;
                Some(Verdict { right: packet.number == *right, betrays: packet.betrays, place: Some(place) })
            }
            Self::Blanks { right } => {
                let numbers = numbers(given, right.len())?;
                plain(numbers.iter().zip(right).all(|(n, (_, right))| n == right))
            }
        }
    }
}

impl Verdict {
    /// Of an answer that is right, or perhaps a known slip.
    fn of(right: bool, slips: &[Slip], is: impl Fn(&Value) -> bool) -> Self {
        let place = if right { None } else { slips.iter().position(|slip| is(&slip.answer)) };
        Self { right, betrays: place.and_then(|p| slips.get(p)).and_then(|slip| slip.betrays), place }
    }
}

/// So many numbers with spaces between, or semicolons, or commas; a comma inside a number counts as none.
fn numbers(given: &str, count: usize) -> Option<Vec<i128>> {
    let blank = |c: char| c.is_whitespace() || c == ';';
    let split = |at: &dyn Fn(char) -> bool| -> Vec<i128> {
        let words = given.split(at).map(|word| word.trim_matches(',')).filter(|word| !word.is_empty());
        words.map(number).collect::<Option<_>>().unwrap_or_default()
    };
    let some = split(&blank);
    let all = if some.len() == count { some } else { split(&|c| blank(c) || c == ',') };
    (all.len() == count).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::super::bank::belief;
    use super::*;

    fn judged(task: &Task, given: &str) -> Option<bool> {
        task.judge(given).map(|j| j.right)
    }

    fn lines(texts: [&str; 3]) -> Vec<String> {
        texts.map(str::to_owned).to_vec()
    }

    fn tasks() -> Vec<Task> {
        let choice = |text: String| Choice { text, betrays: None };
        let packet = |number| Candidate { number, text: "SYN".into(), betrays: Some(belief::HELLO) };
        vec![
            Task::Choose { choices: lines(["x", "y", "z"]).into_iter().map(choice).collect(), right: 2 },
            Task::Number { right: 78, slips: Vec::new() },
            Task::Text { right: vec![Value::Text("SYN, ACK".into())], slips: Vec::new() },
            Task::Text { right: vec![Value::Bytes(vec![0xca, 0xfe])], slips: Vec::new() },
            Task::Bytes { frame: vec![0; 60], right: (36, 37) },
            Task::Bytes { frame: vec![0; 60], right: (22, 22) },
            Task::Order { items: lines(["x", "y", "z"]), right: vec![2, 0, 1] },
            Task::Packet { packets: [7, 9, 12].map(packet).to_vec(), right: 9 },
            Task::Blanks { right: vec![("seq".into(), 1), ("ack".into(), 78)] },
        ]
    }

    #[test]
    fn the_right_answer_of_each_form_is_judged_right() {
        for task in &tasks() {
            assert_eq!(judged(task, &task.right()), Some(true), "{task:?}");
            let is_text = matches!(task, Task::Text { .. });
            assert_eq!(judged(task, "?!"), is_text.then_some(false), "{task:?}");
            assert_eq!(judged(task, ""), None, "{task:?}");
        }
    }

    #[test]
    fn a_task_and_its_verdict_travel_as_plain_data() {
        for task in tasks() {
            let text = serde_json::to_string(&task).unwrap();
            assert_eq!(serde_json::from_str::<Task>(&text).unwrap(), task, "{text}");
            let verdict = task.judge(&task.right()).unwrap();
            let text = serde_json::to_string(&verdict).unwrap();
            assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), verdict, "{text}");
        }
        let secret =
            Task::Choose { choices: vec![Choice { text: "x".into(), betrays: Some(belief::HELLO) }], right: 0 };
        let seen = serde_json::to_string(&secret.asked()).unwrap();
        assert_eq!(seen, r#"{"form":"choice","how":"a number, 1 to 1","choices":["x"]}"#, "no answer, no belief");
        let unknown = r#"{"choose":{"choices":[{"text":"x","betrays":"no-such-belief"}],"right":0}}"#;
        assert!(serde_json::from_str::<Task>(unknown).unwrap_err().to_string().contains("no-such-belief"));
    }

    #[test]
    fn answers_may_be_written_in_more_than_one_way() {
        let range = Task::Bytes { frame: Vec::new(), right: (36, 37) };
        for given in ["36-37", " 36 - 37 ", "0x24-0x25", "36..37", "36..=37", "0b100100-37"] {
            assert_eq!(judged(&range, given), Some(true), "{given}");
        }
        assert_eq!(judged(&range, "36"), Some(false));
        assert_eq!(judged(&range, "37-36"), Some(false));
        let order = Task::Order { items: lines(["x", "y", "z"]), right: vec![2, 0, 1] };
        for given in ["312", "3 1 2", "cab", "C A B", "c, a, b", "3→1→2"] {
            assert_eq!(judged(&order, given), Some(true), "{given}");
        }
        // Not all, one of them twice, one too many.
        for given in ["31", "311", "3124", "ca", "caa", "cabd"] {
            assert_eq!(judged(&order, given), None, "{given}");
        }
        let number = Task::Number { right: 1_000, slips: Vec::new() };
        for given in ["1000", "1,000", "1_000", "1 000", "0x3e8", "0b1111101000"] {
            assert_eq!(judged(&number, given), Some(true), "{given}");
        }
        let blanks = Task::Blanks { right: vec![("port".into(), 80), ("seq".into(), 1_000)] };
        for given in ["80 1000", "80 1,000", "80, 1000", "80,1000", "80; 0x3e8", "0b1010000\t1_000"] {
            assert_eq!(judged(&blanks, given), Some(true), "{given}");
        }
        assert_eq!(judged(&blanks, "80"), None);
        let choice = tasks().remove(0);
        for given in ["3", "c", "C", "0b11"] {
            assert_eq!(judged(&choice, given), Some(true), "{given}");
        }
        for given in ["0", "4", "d", "33"] {
            assert_eq!(judged(&choice, given), None, "{given}");
        }
    }

    #[test]
    fn a_wrong_number_betrays_what_its_slip_says_and_the_right_one_nothing() {
        let slip = Slip { answer: Value::Number(77), betrays: Some(belief::ACK_ARRIVED) };
        let task = Task::Number { right: 78, slips: vec![slip] };
        let wrong = Verdict { right: false, betrays: Some(belief::ACK_ARRIVED), place: Some(0) };
        assert_eq!(task.judge("77"), Some(wrong));
        assert_eq!(judged(&task, "1"), Some(false));
        assert_eq!(task.judge("78"), Some(Verdict { right: true, betrays: None, place: None }));
        assert_eq!(judged(&task, "-1"), Some(false));
        assert_eq!(judged(&task, "+78"), None);
        assert_eq!(judged(&task, &"9".repeat(60)), None);
    }
}
