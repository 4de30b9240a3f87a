//! A question that was made from packets: what it is about, its task, and its proof.
//!
//! Nothing is asked that its capture does not decide. Each question carries a proof: a display filter that selects
//! the frame which shows the right answer.

use super::task::Task;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// Which name do the bytes of a DNS question spell?
    Name,
}

/// A question, with all that its answer needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What shows that an answer is right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// A display filter that selects `frame` in the capture, and nothing else; of an order, all its packets, of which
    /// `frame` is the first.
    pub filter: String,
    /// The frame's number.
    pub frame: u64,
    /// The frame in one line.
    pub line: String,
}

impl Kind {
    /// The kinds of `quiz`.
    pub const QUIZ: [Self; 14] = [
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
        Self::Name,
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
            Self::Name => "name",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back() {
        for kind in Kind::QUIZ.into_iter().chain(Kind::PUZZLES) {
            let id = Question::id_of("a/b-c.pcap", kind, 14);
            assert_eq!(Question::read_id(&id), Some(("a/b-c.pcap", kind, 14)));
        }
        assert_eq!(Question::read_id("handshake#2"), None);
    }
}
