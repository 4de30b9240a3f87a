//! A lesson file, for those who write one.
//!
//! One file is one lesson: `lessons/40-handshake.md`. The number orders the course, what follows it is the
//! lesson's id. TOML front matter stands between `+++` lines; Markdown follows, in which some fences are live:
//!
//! | Fence | What it does |
//! |---|---|
//! | `say` | a text for each audience, without a packet |
//! | `show` | packets of the lesson's conversation, and what is said of them |
//! | `ask` | a question: to choose, fill in, predict a number, order, find the impossible, mark bytes |
//! | `whatif` | breaks something, and shows the second timeline beside the first |
//! | `worked` | a procedure step by step: shown whole, then without its last step, then without all |
//! | `text` | stays plain text |
//!
//! Each live fence ends a page; prose before it stands on its page. Prose is the same for all audiences, so keep
//! it short: what differs goes into a fence. Keys nobody knows are refused. `osi-tutor lesson check FILE` says
//! what is wrong, with line and caret; `osi-tutor lesson new ID` writes a lesson to begin with.
//!
//! # Front matter
//!
//! ```toml
//! id      = "handshake"                # as in the file's name
//! title   = "Three segments to agree where counting starts"
//! osi     = "transport"                # physical, link, network, transport, session, presentation, application
//! needs   = ["arp"]                    # lessons that come before
//! minutes = 12
//! scope   = "capture"                  # optional: all frames count, not one TCP connection (arp, dns, routing …)
//! source  = { scenario = "two-hosts", seed = 7, at = "server" }   # at: whose card sees the packets; optional
//! ```
//!
//! # What all fences share
//!
//! - **Filters** are Wireshark's display filters, and select packets of the lesson's conversation only. They never
//!   name frame numbers: on another source the numbers differ. Where one packet is wanted (`of`, `on`, `proof`)
//!   it is the first that matches; `"2 of FILTER"` is the second. TOML's single quotes keep a filter readable:
//!   `filter = 'lower(http.upgrade) == "websocket"'`.
//! - **Texts** may hold `{tcp.seq_raw}`: the value of that field in the packet the text speaks of; `{dns.qry.type|name}`
//!   the name of a value; `{client}`, `{server}`, `{state.client}`, `{state.server}`, `{next.raw}` and others
//!   ([`tutor::NAMES`](crate::tutor::NAMES)). `{{` is a brace. A field the packet lacks is a mistake.
//! - **Three audiences**: `newcomer` (plain words, an analogy, no jargon undefined), `student` (the field's terms, numbers
//!   from the packet), `engineer` (RFC sections, edge cases, what breaks). No sentence is shared between them.
//!   `prompt`, `hint` and `why` are one text for all, or a table of three: `why = { newcomer = "…", student = "…",
//!   engineer = "…" }` (the table may take several lines).
//! - **Expressions** compute answers from packets: `{tcp.seq} + {tcp.len}`, `base64(sha1(join({accept.key}, guid())))`,
//!   `'SYN, ACK'`; see [`compute`](super::compute).
//! - **Proof**: each right answer has `proof` (a filter that selects the packet which shows it) or `spec` (`"RFC 9293
//!   §3.5"`). In the proof of a computed answer, `{answer}` is that answer.
//! - **Misconceptions** are named by their id in `lessons/misconceptions.toml`: `betrays = "handshake-is-hello"`. The player
//!   then shows the refutation, and the packet of this conversation that contradicts it, if there is one.
//!
//! # say
//!
//! ````markdown
//! ```say
//! newcomer = "Think of the start of a video call."
//! student  = "TCP opens a connection before any data moves."
//! engineer = "RFC 9293 §3.5 calls it synchronisation."
//! of       = "tcp.flags.syn == 1"      # optional: the packet whose values the texts mention; else the last one shown
//! ```
//! ````
//!
//! # show
//!
//! ````markdown
//! ```show
//! filter    = "tcp.flags.syn == 1 && tcp.flags.ack == 0"
//! frames    = 1                                   # optional: so many are shown together; the texts speak of the last
//! highlight = ["tcp.seq_raw", "tcp.flags.syn"]    # optional: these are lit
//! newcomer  = "The client starts counting at {tcp.seq_raw}."
//! student   = "SYN. Its initial sequence number is {tcp.seq_raw}."
//! engineer  = "ISN {tcp.seq_raw}, MSS {tcp.options.mss_val} (RFC 9293 §3.7.1)."
//! calls     = { client = "connect(server, 80)", server = "accept() waits" }      # optional: the view of the program
//! states    = { client = "knows its own number only", server = "knows nothing" } # optional: beside the TCP states
//! ```
//! ````
//!
//! Shows follow each other in the order of the conversation. In `calls` and `states`, an end may be left out.
//!
//! # ask
//!
//! An `ask` before a `show` holds the packet back until the learner has committed to an answer. It has exactly one of
//! the keys `choices`, `fill`, `number`, `order`, `impossible`, `mark`, and always `prompt` and `why`; `hint` and
//! `id` (for the learner's record; else questions are counted) are optional. `of` says which packet prompt, hint and
//! answer speak of; without it, the last one shown. `why` speaks of the proof's packet.
//!
//! ````markdown
//! ```ask
//! prompt  = "The server answers. Which flags does it set?"
//! choices = [
//!   { text = "SYN and ACK", right = true, proof = "tcp.flags.syn == 1 && tcp.flags.ack == 1" },
//!   { text = "ACK only", betrays = "handshake-is-hello", against = "tcp.flags.syn == 1 && tcp.flags.ack == 1" },
//!   { text = "SYN only", why = "Then the client would not know that it was heard." },
//! ]
//! hint    = "It must say yes and ask its own question."
//! why     = { newcomer = "…", student = "…", engineer = "…" }
//! ```
//! ````
//!
//! One choice is right; at least one wrong choice betrays a misconception. Learners see them in another order. `against` (optional) is the packet that
//! contradicts a wrong choice, `why` (optional) what is said to those who chose it.
//!
//! ````markdown
//! ```ask
//! prompt = "The client's number is {tcp.seq_raw}. Which acknowledgment number does the server send?"
//! of     = "tcp.flags.syn == 1 && tcp.flags.ack == 0"
//! number = "wrap({tcp.seq_raw} + 1)"
//! proof  = "tcp.flags.syn == 1 && tcp.flags.ack == 1 && tcp.ack_raw == {answer}"
//! wrong  = [ { answer = "{tcp.seq_raw}", betrays = "ack-means-arrived" } ]
//! why    = "…"
//! ```
//! ````
//!
//! `fill` is the same with a text: `fill = "{http.upgrade}"`, and `accept = ["'websockets'"]` for other spellings
//! (expressions, too). The proof must not come before the packet of `of`.
//!
//! ````markdown
//! ```ask
//! prompt = "Put the opening in order."
//! order  = [                             # in the right order; the player shuffles them
//!   { text = "SYN", filter = "tcp.flags.syn == 1 && tcp.flags.ack == 0" },
//!   { text = "SYN-ACK", filter = "tcp.flags.syn == 1 && tcp.flags.ack == 1" },
//!   { text = "the request", filter = "http.request" },
//! ]
//! why    = "…"
//! ```
//! ````
//!
//! A step without a filter needs the question's `spec`.
//!
//! ````markdown
//! ```ask
//! prompt     = "One of these never happens. Which?"
//! impossible = [
//!   { text = "A SYN without ACK", filter = "tcp.flags.syn == 1 && tcp.flags.ack == 0" },
//!   { text = "A segment with SYN and FIN", filter = "tcp.flags.syn == 1 && tcp.flags.fin == 1", right = true },
//!   { text = "An ACK without data", filter = "tcp.len == 0 && tcp.flags.ack == 1", betrays = "every-packet-has-seven-headers" },
//! ]
//! why        = "…"
//! ```
//! ````
//!
//! The impossible one is marked `right`; its filter must select nothing, those of the others something.
//!
//! ````markdown
//! ```ask
//! prompt = "Which bytes are the destination port?"
//! of     = "tcp.flags.syn == 1"
//! mark   = "tcp.dstport"
//! why    = "…"
//! ```
//! ````
//!
//! # whatif
//!
//! ````markdown
//! ```whatif
//! fault    = { drop = "tcp.flags.ack == 1 && tcp.flags.syn == 0 && tcp.len == 0" }
//! prompt   = "The third segment is lost. Can the client send its request?"
//! choices  = [                          # optional: predict; proofs select packets of the second timeline
//!   { text = "Yes", right = true, proof = "http.request" },
//!   { text = "No, there is no connection", betrays = "lost-third-ack-no-connection" },
//! ]
//! proof    = "http.request"             # the packet of the second timeline that the texts speak of
//! newcomer = "…"
//! student  = "…"
//! engineer = "…"
//! ```
//! ````
//!
//! `fault` holds one of `drop`, `delay`, `duplicate`, `corrupt`, `reorder` with a filter, and perhaps `nth = 2` or
//! `each = true`; `delay` wants `by_ms = 300`. Faults of the world are named by their own key: `{ mtu = 576 }`,
//! `{ rate = 64, link = "client-server" }`, `{ silent = "server", at_ms = 300 }`, `{ not_reading = "server" }`, `{ wrong_accept = true }`, `{ unmasked = true }`.
//! `at = "server"` sees both timelines from another card than the lesson's.
//!
//! # worked
//!
//! ````markdown
//! ```worked
//! title    = "Which number does the other side ask for next?"
//! on       = [                          # the packets: the first is worked whole, the second lacks its last step,
//!   "tcp.flags.syn == 1",               # the others lack all
//!   "1 of tcp.len > 0",
//!   { "tcp.seq" = 1000, "tcp.len" = 42 },   # values of no packet: they stand for the placeholders of these names
//! ]
//! steps    = [
//!   { say = "The first byte's number", value = "{tcp.seq}" },
//!   { say = "So many bytes", value = "{tcp.len}", given = true },     # given: never left out
//!   { say = "The next byte expected", value = "#1 + #2" },            # #1: the first step's value
//! ]
//! wrong    = [ { answer = "#1 + #2 - 1", betrays = "ack-means-arrived" } ]   # of the last step
//! hint     = "An acknowledgment names the next byte."
//! newcomer = "…"
//! student  = "…"
//! engineer = "…"
//! ```
//! ````
//!
//! Each packet is a page of its own. The three texts stand on the first; they and `say` speak of the page's packet.

use super::bank::Misconception;
use super::compute::Expr;
pub use super::error::{LessonError, Placed};
pub use super::fault::{Fault, FaultKind, FrameFault};
pub use super::probe::{Evidence, Pick, Probe, ProbeId, Proof, Wanted};
pub use super::reader::Scalar;
use crate::filter::Filter;
use crate::model::{FieldDef, Osi};
use crate::tutor::{Audience, Template};
use std::ops::Range;
use std::sync::Arc;

/// A lesson, ready to be played.
#[derive(Debug)]
pub struct Lesson {
    /// The file it was read from.
    pub file: String,
    /// Its short name.
    pub id: String,
    /// What it teaches, as a heading.
    pub title: String,
    /// The OSI layer that it is mostly about.
    pub osi: Osi,
    /// Ids of the lessons that it builds on.
    pub needs: Vec<String>,
    /// How long it takes.
    pub minutes: u64,
    /// Which packets count.
    pub scope: Scope,
    /// Where its packets come from when nothing else is asked for.
    pub source: DefaultSource,
    /// Its pages, in order.
    pub pages: Vec<Page>,
    /// The packets that questions need, beside those that are shown.
    pub probes: Vec<Probe>,
}

/// Which packets of a source a lesson's filters may select.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Those of one TCP connection: the first that has all that the lesson shows.
    #[default]
    Conversation,
    /// All.
    Capture,
}

/// The simulation that a lesson plays on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultSource {
    /// A ready scenario's name.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Whose card sees the packets; `None` is the scenario's first host.
    pub at: Option<String>,
}

/// One page: some prose, and perhaps a live fence.
#[derive(Debug)]
pub struct Page {
    /// Markdown without live fences.
    pub prose: String,
    /// What is live on it.
    pub fence: Option<Fence>,
    /// What the learner's record calls its question, if it asks one.
    pub question: Option<String>,
    /// The line that opens the fence, in the file.
    pub span: Range<usize>,
}

/// A live fence.
#[derive(Debug)]
pub enum Fence {
    /// Texts without a packet.
    Say(Say),
    /// Packets, and what is said of them.
    Show(Box<Show>),
    /// A question.
    Ask(Box<Ask>),
    /// Something breaks.
    WhatIf(Box<WhatIf>),
    /// A procedure, on one of its packets.
    Worked(Arc<Worked>, usize),
}

/// A text for all audiences, or one for each.
#[derive(Clone, Debug)]
pub struct Words(Vec<Placed<Arc<Template>>>);

/// A `say` fence.
#[derive(Debug)]
pub struct Say {
    /// What is said.
    pub words: Words,
    /// The packet that it speaks of; `None`: the last one shown.
    pub of: Option<ProbeId>,
}

/// A `show` fence: packets of the lesson's conversation, and what is said of them.
#[derive(Debug)]
pub struct Show {
    /// Which packets.
    pub filter: Placed<Filter>,
    /// How many are shown together; the texts speak of the last.
    pub frames: usize,
    /// The fields whose bytes are lit.
    pub highlight: Vec<Placed<&'static FieldDef>>,
    /// The text for each audience.
    pub words: Words,
    /// What client and server know, beside their TCP states.
    pub states: [Option<Placed<Arc<Template>>>; 2],
    /// What the programs at client and server call.
    pub calls: [Option<Placed<Arc<Template>>>; 2],
}

/// An `ask` fence.
#[derive(Debug)]
pub struct Ask {
    /// What is asked.
    pub prompt: Words,
    /// The packet that prompt, hint and answer speak of; `None`: the last one shown.
    pub of: Option<ProbeId>,
    /// How it is answered.
    pub kind: AskKind,
    /// A push into the right direction.
    pub hint: Option<Words>,
    /// Why the answer is right.
    pub why: Words,
    /// What shows that it is.
    pub evidence: Evidence,
}

/// How a question is answered.
#[derive(Debug)]
pub enum AskKind {
    /// One of several choices.
    Choices(Vec<Choice>),
    /// The one of several that never happens.
    Impossible(Vec<Choice>),
    /// A text or a number, computed.
    Typed(Typed),
    /// Steps in their order.
    Order(Vec<Placed<Step>>),
    /// The bytes of a field.
    Mark(Placed<&'static FieldDef>),
}

/// One of several choices.
#[derive(Debug)]
pub struct Choice {
    /// What it says.
    pub text: Placed<Arc<Template>>,
    /// Whether it is the right one.
    pub right: bool,
    /// The misconception that it betrays.
    pub betrays: Option<&'static Misconception>,
    /// The packet that shows it (a right choice) or contradicts it (a wrong one).
    pub packet: Option<ProbeId>,
    /// In a what-if: the packets of the second timeline that show it.
    pub proof: Option<Placed<Pick>>,
    /// What is said to those who chose it.
    pub why: Option<Words>,
}

/// An answer that is typed.
#[derive(Debug)]
pub struct Typed {
    /// The right answer.
    pub answer: Placed<Expr>,
    /// Whether it is a number.
    pub number: bool,
    /// Other spellings.
    pub accept: Vec<Placed<Expr>>,
    /// Answers that betray a misconception.
    pub wrong: Vec<Slip>,
}

/// A wrong answer that is known to be given.
#[derive(Debug)]
pub struct Slip {
    /// The wrong answer.
    pub answer: Placed<Expr>,
    /// What it betrays.
    pub betrays: &'static Misconception,
    /// The packet that contradicts it.
    pub packet: Option<ProbeId>,
}

/// A step to put in order.
#[derive(Debug)]
pub struct Step {
    /// What it says.
    pub text: Arc<Template>,
    /// The packet that it is.
    pub packet: Option<ProbeId>,
}

/// A `whatif` fence.
#[derive(Debug)]
pub struct WhatIf {
    /// What breaks.
    pub fault: Placed<Fault>,
    /// Whose card sees it; `None`: the lesson's.
    pub at: Option<String>,
    /// What is asked.
    pub prompt: Words,
    /// What can be predicted; may be empty.
    pub choices: Vec<Choice>,
    /// A push into the right direction.
    pub hint: Option<Words>,
    /// The packet of the second timeline that the texts speak of.
    pub proof: Placed<Pick>,
    /// What is said when it was seen.
    pub words: Words,
}

/// A `worked` fence.
#[derive(Debug)]
pub struct Worked {
    /// What is worked out.
    pub title: String,
    /// On which packets or values, one a page.
    pub on: Vec<Placed<Example>>,
    /// How.
    pub steps: Vec<WorkedStep>,
    /// Last answers that betray a misconception.
    pub wrong: Vec<Slip>,
    /// A push into the right direction.
    pub hint: Option<Words>,
    /// What is said of the first example.
    pub words: Words,
}

/// What a procedure is worked on.
#[derive(Debug)]
pub enum Example {
    /// A packet.
    Packet(ProbeId),
    /// Values for placeholders.
    Given(Vec<(String, String)>),
}

/// One step of a procedure.
#[derive(Debug)]
pub struct WorkedStep {
    /// What is done.
    pub say: Placed<Arc<Template>>,
    /// What comes out.
    pub value: Placed<Expr>,
    /// It is never left to the learner.
    pub given: bool,
}

/// How much of a procedure is left to the learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fade {
    /// Nothing.
    Whole,
    /// The last step.
    Last,
    /// All steps.
    All,
}

impl Lesson {
    /// The `show` fences, in order.
    pub fn shows(&self) -> impl Iterator<Item = &Show> {
        self.pages.iter().filter_map(Page::show)
    }
}

impl Page {
    /// Its `show` fence, if it has one.
    pub fn show(&self) -> Option<&Show> {
        match &self.fence {
            Some(Fence::Show(show)) => Some(show),
            _ => None,
        }
    }
}

impl Ask {
    /// Its choices, if it has any.
    pub fn choices(&self) -> &[Choice] {
        match &self.kind {
            AskKind::Choices(choices) | AskKind::Impossible(choices) => choices,
            _ => &[],
        }
    }
}

impl Words {
    /// The same for all.
    pub(super) fn one(text: Placed<Template>) -> Self {
        Self(vec![text.map(Arc::new)])
    }

    /// Newcomer, student, engineer.
    pub(super) fn three(texts: Vec<Placed<Template>>) -> Self {
        Self(texts.into_iter().map(|t| t.map(Arc::new)).collect())
    }

    /// The text for an audience.
    pub fn to(&self, audience: Audience) -> Option<&Template> {
        self.0.get(audience as usize).or(self.0.first()).map(|t| &*t.it)
    }

    /// The texts: one, or one for each audience.
    pub fn all(&self) -> &[Placed<Arc<Template>>] {
        &self.0
    }

    /// Whether each audience has its own.
    pub fn is_three(&self) -> bool {
        self.0.len() == Audience::ALL.len()
    }
}

impl Worked {
    /// How much an example leaves to the learner.
    pub fn fade(&self, example: usize) -> Fade {
        match example {
            0 => Fade::Whole,
            1 => Fade::Last,
            _ => Fade::All,
        }
    }

    /// Whether a step is left to the learner in an example.
    pub fn is_missing(&self, example: usize, step: usize) -> bool {
        let given = self.steps.get(step).is_none_or(|s| s.given);
        match self.fade(example) {
            Fade::Whole => false,
            Fade::Last => step + 1 == self.steps.len() && !given,
            Fade::All => !given,
        }
    }
}
