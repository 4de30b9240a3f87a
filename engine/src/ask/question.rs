//! A question that was made from packets: what it is about, its task, and its proof.
//!
//! Nothing is asked that its capture does not decide. Each question carries a proof: a display filter that selects
//! the frame which shows the right answer.

use super::task::Task;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Makes [`Kind`] and its lists of the one table below.
macro_rules! kinds {
    ($($(#[$about:meta])* $list:ident { $($(#[$doc:meta])* $kind:ident = $number:literal, $name:literal;)* })*) => {
        /// What a question is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($($(#[$doc])* #[serde(rename = $name)] $kind = $number,)*)*
        }

        impl Kind {
            $($(#[$about])* pub const $list: [Self; [$($name),*].len()] = [$(Self::$kind),*];)*

            /// Its name on the command line and in ids.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Self::$kind => $name,)*)*
                }
            }
        }
    };
}

// A new kind takes the next free number. The number is part of the dice, so an old one stays: else the same seed
// would set another paper.
kinds! {
    /// The kinds of `quiz`.
    QUIZ {
        /// Which flags does the next segment set?
        Flags = 0, "flags";
        /// Which acknowledgment number comes next?
        Ack = 1, "ack";
        /// Which sequence number comes next?
        Seq = 2, "seq";
        /// Which layer does a field belong to?
        Layer = 3, "layer";
        /// Which frame answers this one?
        Reply = 4, "reply";
        /// Which frame brought these bytes first?
        Retransmission = 5, "retransmission";
        /// Which card does the answer come from?
        Mac = 6, "mac";
        /// Which bytes hold a field?
        Bytes = 7, "bytes";
        /// How many bytes is a scaled window?
        Window = 8, "window";
        /// Over how many routers has the packet come?
        Hops = 9, "hops";
        /// How many bytes of data are left without the headers?
        Length = 10, "length";
        /// What do the first two bytes of a WebSocket frame say?
        Websocket = 11, "websocket";
        /// What do the digits before a Socket.IO packet say?
        Socketio = 12, "socketio";
        /// Which name do the bytes of a DNS question spell?
        Name = 16, "name";
        /// How many bytes is a TCP header?
        Header = 17, "header";
    }
    /// The kinds of `puzzle`.
    PUZZLES {
        /// Puzzle: put shuffled packets in order.
        Order = 13, "order";
        /// Puzzle: fill blanked fields.
        Blanks = 14, "blanks";
        /// Puzzle: find the packet that cannot be.
        Impossible = 15, "impossible";
    }
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
