//! Questions made from any capture: what they are, and how an answer is judged.
//!
//! Read [`Question`], then [`paper`] (how a capture becomes questions, in one pass) and its kinds: `segments`
//! (one TCP segment follows from another), `fields` (one packet says it all), `pairs` (a question and its
//! answer). [`session`] asks them, one after the other. The puzzles of [`puzzle`](super::puzzle) are questions, too.
//!
//! Nothing is asked that this capture does not decide. Each question carries a proof: a display filter that
//! selects the frame which shows the right answer.

mod fields;
mod pairs;
pub mod paper;
pub(super) mod segments;
pub mod session;

pub(super) use fields::only;
pub use paper::{Line, Maker, choose};
pub use session::{Grade, Session};

use std::fmt;

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Which flags does the next segment set?
    Flags,
    /// Which acknowledgment number comes next?
    Ack,
    /// Which sequence number comes next?
    Seq,
    /// Which layer does a field belong to?
    Layer,
    /// Which frame answers this one?
    Reply,
    /// Which frame brought these bytes first?
    Retransmission,
    /// Which card does the answer come from?
    Mac,
    /// Which bytes hold a field?
    Bytes,
    /// How many bytes is a scaled window?
    Window,
    /// Over how many routers has the packet come?
    Hops,
    /// How many bytes of data are left without the headers?
    Length,
    /// What do the first two bytes of a WebSocket frame say?
    Websocket,
    /// What do the digits before a Socket.IO packet say?
    Socketio,
    /// Puzzle: put shuffled packets in order.
    Order,
    /// Puzzle: fill blanked fields.
    Blanks,
    /// Puzzle: find the packet that cannot be.
    Impossible,
}

/// A question, with all that its answer needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Names it for ever: where it comes from, its kind, its frame. `two-hosts/ack-14`.
    pub id: String,
    /// What it is about.
    pub kind: Kind,
    /// What is asked, in whole sentences.
    pub prompt: String,
    /// Lines that stand with it: packets, or bytes.
    pub shown: Vec<String>,
    /// How it can be answered.
    pub task: Task,
    /// What shows the right answer.
    pub proof: Proof,
    /// Why it is right.
    pub why: String,
}

/// How a question can be answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// One of several.
    Choice {
        /// What can be chosen.
        choices: Vec<Choice>,
        /// The index of the right one.
        right: usize,
    },
    /// A whole number.
    Number {
        /// The right one.
        right: u64,
        /// Wrong ones, and the misconception that each betrays, if any.
        traps: Vec<(u64, Option<&'static str>)>,
    },
    /// A run of bytes: the first and the last, counted from 0.
    Range {
        /// The right one.
        right: (u32, u32),
    },
    /// Lettered lines, to be put in order.
    Order {
        /// As they are shown.
        items: Vec<String>,
        /// Indices into `items`, in the right order.
        right: Vec<usize>,
    },
    /// Several numbers.
    Blanks {
        /// What each is called, and the right number.
        right: Vec<(String, u64)>,
    },
}

/// One thing that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What it says.
    pub text: String,
    /// The misconception that choosing it betrays.
    pub betrays: Option<&'static str>,
}

/// What shows that an answer is right.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// A display filter that selects `frame` in the capture, and nothing else; of an order, all its packets, of which
    /// `frame` is the first.
    pub filter: String,
    /// The frame's number.
    pub frame: u64,
    /// The frame in one line.
    pub line: String,
}

/// What an answer was worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Whether it was right.
    pub right: bool,
    /// The misconception that it betrays.
    pub betrays: Option<&'static str>,
}

/// The ids of misconceptions that questions know of, as `lessons/misconceptions.toml` has them.
pub mod belief {
    /// The handshake only checks whether both hear each other.
    pub const HELLO: &str = "handshake-is-hello";
    /// Sequence numbers count packets, or begin at 0 on the wire.
    pub const COUNTS_PACKETS: &str = "sequence-counts-packets";
    /// Ack = n says that byte n arrived.
    pub const ACK_ARRIVED: &str = "ack-means-arrived";
    /// An acknowledgment says that the application got it.
    pub const ACK_APPLICATION: &str = "ack-means-application-read";
    /// The session layer does authentication.
    pub const SESSION_AUTH: &str = "session-layer-is-login";
    /// The session layer keeps track of packets.
    pub const SESSION_TRACKS: &str = "session-layer-counts-packets";
    /// Masking encrypts.
    pub const MASKING: &str = "masking-encrypts";
    /// 42 is a status code.
    pub const STATUS_42: &str = "42-is-a-status-code";
    /// All of them.
    pub const ALL: &[&str] =
        &[HELLO, COUNTS_PACKETS, ACK_ARRIVED, ACK_APPLICATION, SESSION_AUTH, SESSION_TRACKS, MASKING, STATUS_42];
}

impl Kind {
    /// The kinds of `quiz`.
    pub const QUIZ: [Self; 13] = [
        Self::Flags,
        Self::Ack,
        Self::Seq,
        Self::Layer,
        Self::Reply,
        Self::Retransmission,
        Self::Mac,
        Self::Bytes,
        Self::Window,
        Self::Hops,
        Self::Length,
        Self::Websocket,
        Self::Socketio,
    ];

    /// The kinds of `puzzle`.
    pub const PUZZLES: [Self; 3] = [Self::Order, Self::Blanks, Self::Impossible];

    /// Its name on the command line and in ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flags => "flags",
            Self::Ack => "ack",
            Self::Seq => "seq",
            Self::Layer => "layer",
            Self::Reply => "reply",
            Self::Retransmission => "retransmission",
            Self::Mac => "mac",
            Self::Bytes => "bytes",
            Self::Window => "window",
            Self::Hops => "hops",
            Self::Length => "length",
            Self::Websocket => "websocket",
            Self::Socketio => "socketio",
            Self::Order => "order",
            Self::Blanks => "blanks",
            Self::Impossible => "impossible",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Question {
    /// The id of a question: where it comes from, its kind, its frame.
    pub fn id_of(source: &str, kind: Kind, frame: u64) -> String {
        format!("{source}/{kind}-{frame}")
    }

    /// Takes an id apart: where it comes from, its kind, its frame. `None` where it is no id of a question.
    pub fn read_id(id: &str) -> Option<(&str, Kind, u64)> {
        let (source, rest) = id.rsplit_once('/')?;
        let (kind, frame) = rest.split_once('-')?;
        let kind = Kind::QUIZ.into_iter().chain(Kind::PUZZLES).find(|k| k.name() == kind)?;
        Some((source, kind, frame.parse().ok()?))
    }
}

/// The letter of the choice with this index: `a` for 0.
pub fn letter(index: usize) -> char {
    u8::try_from(index).ok().and_then(|i| b'a'.checked_add(i)).map_or('?', char::from)
}

impl Task {
    /// How to write an answer, in a few words.
    pub fn how(&self) -> String {
        match self {
            Self::Choice { choices, .. } => format!("a letter, a to {}", letter(choices.len().saturating_sub(1))),
            Self::Number { .. } => "a number".to_owned(),
            Self::Range { .. } => "the first and the last byte, such as 12-13".to_owned(),
            Self::Order { items, .. } => {
                let example: String = (0..items.len()).rev().map(letter).collect();
                format!("all letters, the earliest first, such as {example}")
            }
            Self::Blanks { right } => {
                let names: Vec<&str> = right.iter().map(|(name, _)| name.as_str()).collect();
                format!("{} numbers with spaces between: {}", right.len(), names.join(", "))
            }
        }
    }

    /// The right answer, as somebody would write it.
    pub fn right(&self) -> String {
        match self {
            Self::Choice { right, .. } => letter(*right).to_string(),
            Self::Number { right, .. } => right.to_string(),
            Self::Range { right: (first, last) } if first == last => first.to_string(),
            Self::Range { right: (first, last) } => format!("{first}-{last}"),
            Self::Order { right, .. } => right.iter().map(|&i| letter(i)).collect(),
            Self::Blanks { right } => right.iter().map(|(_, n)| n.to_string()).collect::<Vec<_>>().join(" "),
        }
    }

    /// Judges an answer; `None` where it cannot be understood, see [`Task::how`].
    pub fn judge(&self, given: &str) -> Option<Judged> {
        let given = given.trim();
        let plain = |right| Some(Judged { right, betrays: None });
        match self {
            Self::Choice { choices, right } => {
                let mut chars = given.chars();
                let (Some(c), None) = (chars.next(), chars.next()) else { return None };
                let index = (0..choices.len()).find(|&i| letter(i) == c.to_ascii_lowercase())?;
                Some(Judged { right: index == *right, betrays: choices.get(index)?.betrays })
            }
            Self::Number { right, traps } => {
                let n = number(given)?;
                let betrays = traps.iter().find(|(trap, _)| *trap == n).and_then(|&(_, betrays)| betrays);
                Some(Judged { right: n == *right, betrays: betrays.filter(|_| n != *right) })
            }
            Self::Range { right } => {
                let (first, last) = given.split_once("..").or_else(|| given.split_once('-')).unwrap_or((given, given));
                let ends = (number(first)?, number(last.trim_start_matches('='))?);
                plain(ends == (u64::from(right.0), u64::from(right.1)))
            }
            Self::Order { items, right } => {
                let letters = given.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase());
                let order: Option<Vec<usize>> = letters.map(|c| (0..items.len()).find(|&i| letter(i) == c)).collect();
                let order =
                    order.filter(|order| order.len() == items.len() && (0..items.len()).all(|i| order.contains(&i)))?;
                plain(order == *right)
            }
            Self::Blanks { right } => {
                let words = given.split([' ', ',', ';']).filter(|word| !word.is_empty());
                let numbers: Option<Vec<u64>> = words.map(number).collect();
                let numbers = numbers.filter(|numbers| numbers.len() == right.len())?;
                plain(numbers.iter().zip(right).all(|(n, (_, right))| n == right))
            }
        }
    }

    /// The misconceptions that a wrong answer can betray.
    pub fn beliefs(&self) -> Vec<&'static str> {
        match self {
            Self::Choice { choices, .. } => choices.iter().filter_map(|c| c.betrays).collect(),
            Self::Number { traps, .. } => traps.iter().filter_map(|&(_, betrays)| betrays).collect(),
            Self::Range { .. } | Self::Order { .. } | Self::Blanks { .. } => Vec::new(),
        }
    }
}

/// A number as people write it: decimal, or hexadecimal with `0x`.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok(),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(task: &Task, given: &str) -> Option<bool> {
        task.judge(given).map(|j| j.right)
    }

    #[test]
    fn the_right_answer_of_each_form_is_judged_right() {
        let choice = |text: &str| Choice { text: text.into(), betrays: None };
        let tasks = [
            Task::Choice { choices: vec![choice("x"), choice("y"), choice("z")], right: 2 },
            Task::Number { right: 78, traps: Vec::new() },
            Task::Range { right: (36, 37) },
            Task::Range { right: (22, 22) },
            Task::Order { items: vec!["x".into(), "y".into(), "z".into()], right: vec![2, 0, 1] },
            Task::Blanks { right: vec![("seq".into(), 1), ("ack".into(), 78)] },
        ];
        for task in &tasks {
            assert_eq!(judged(task, &task.right()), Some(true), "{task:?}");
            assert_eq!(judged(task, "?!"), None, "{task:?}");
            assert_eq!(judged(task, ""), None, "{task:?}");
        }
    }

    #[test]
    fn answers_may_be_written_in_more_than_one_way() {
        let range = Task::Range { right: (36, 37) };
        for given in ["36-37", " 36 - 37 ", "0x24-0x25", "36..37", "36..=37"] {
            assert_eq!(judged(&range, given), Some(true), "{given}");
        }
        assert_eq!(judged(&range, "36"), Some(false));
        assert_eq!(judged(&range, "37-36"), Some(false));
        let order = Task::Order { items: vec!["x".into(), "y".into(), "z".into()], right: vec![2, 0, 1] };
        for given in ["cab", "C A B", "c, a, b", "c→a→b"] {
            assert_eq!(judged(&order, given), Some(true), "{given}");
        }
        // Not all letters, one of them twice, one too many.
        for given in ["ca", "caa", "cabd"] {
            assert_eq!(judged(&order, given), None, "{given}");
        }
    }

    #[test]
    fn a_wrong_number_betrays_what_its_trap_says_and_the_right_one_nothing() {
        let task = Task::Number { right: 78, traps: vec![(77, Some(belief::ACK_ARRIVED)), (1, None)] };
        assert_eq!(task.judge("77"), Some(Judged { right: false, betrays: Some(belief::ACK_ARRIVED) }));
        assert_eq!(task.judge("1"), Some(Judged { right: false, betrays: None }));
        assert_eq!(task.judge("78"), Some(Judged { right: true, betrays: None }));
        assert_eq!(task.judge("-1"), None);
        assert_eq!(task.judge("+78"), None);
        assert_eq!(task.judge("99999999999999999999999"), None);
    }

    #[test]
    fn an_id_reads_back() {
        for kind in Kind::QUIZ.into_iter().chain(Kind::PUZZLES) {
            let id = Question::id_of("a/b-c.pcap", kind, 14);
            assert_eq!(Question::read_id(&id), Some(("a/b-c.pcap", kind, 14)));
        }
        assert_eq!(Question::read_id("handshake#2"), None);
    }
}
