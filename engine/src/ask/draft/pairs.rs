//! Questions about pairs: which frame answers this one?
//!
//! A question waits until a few messages more have come, so that the right answer is not always the last.

use super::segments::{Connections, Seen};
use super::{Draft, Line, Pool, ends, numbered, one_packet, only};
use crate::ask::bank::belief;
use crate::ask::question::Kind;
use crate::ask::task::Candidate;
use crate::model::{FieldDef, Identity, Layer, Packet};
use crate::proto::{dns, http, icmp, icmpv6, tcp};
use std::collections::VecDeque;

/// Messages that are remembered.
const MOST: usize = 48;
/// Messages that come after an answer before it is asked for.
const LATER: usize = 3;

/// Protocols whose answers name their question.
static ANSWERS: [(&Identity, &FieldDef, &str); 4] = [
    (&dns::ABOUT, &dns::RESPONSE_TO, "DNS query"),
    (&http::ABOUT, &http::REQUEST_IN, "HTTP request"),
    (&icmp::ABOUT, &icmp::RESP_TO, "echo request"),
    (&icmpv6::ABOUT, &icmpv6::RESP_TO, "echo request"),
];

/// One message, as far as questions look back on it.
struct Message {
    number: u64,
    /// Index into [`ANSWERS`].
    kind: usize,
    /// The frames that it answers.
    answers: Vec<u64>,
    /// It is the only message of its kind in its frame, and sound.
    single: bool,
    /// It says again what was said before.
    again: bool,
    /// It in one line, without its number.
    line: String,
    segment: Option<Seen>,
    ends: Option<[String; 2]>,
    /// Messages that came after it.
    later: usize,
}

/// The last messages.
#[derive(Default)]
pub(super) struct Messages {
    list: VecDeque<Message>,
}

impl Message {
    fn candidate(&self) -> Candidate {
        Candidate { number: self.number, text: self.line.clone(), betrays: None }
    }
}

impl Messages {
    /// Takes a packet, and the segment that it is.
    pub(super) fn take(
        &mut self,
        packet: &Packet,
        segment: Option<Seen>,
        connections: &Connections,
        line: Line,
        pool: &mut Pool,
    ) {
        let has = |l: &Layer, proto: &Identity| std::ptr::eq(l.proto, proto) && !l.quoted;
        let kind = ANSWERS.iter().position(|(proto, ..)| packet.layers.iter().any(|l| has(l, proto)));
        let Some((kind, (proto, def, _))) = kind.and_then(|kind| Some((kind, ANSWERS.get(kind)?))) else { return };
        let answers: Vec<u64> = packet.all(def).filter_map(|f| f.value.uint()).collect();
        let mut text = String::new();
        line(packet, &mut text);
        if self.list.len() == MOST {
            self.list.pop_front();
        }
        self.list.iter_mut().for_each(|m| m.later += 1);
        self.list.push_back(Message {
            number: packet.number,
            kind,
            answers,
            single: only(packet, proto).is_some(),
            again: packet.field(&dns::RETRANSMIT_RESPONSE_IN).is_some()
                || packet.field(&dns::RETRANSMIT_REQUEST_IN).is_some()
                || packet.field(&tcp::SPURIOUS_RETRANSMISSION).is_some(),
            line: text,
            segment,
            ends: only(packet, &tcp::ABOUT).and_then(|l| ends(packet, l)),
            later: 0,
        });
        if let Some(at) = self.list.iter().position(|m| m.later == LATER) {
            self.offer(at, connections, pool);
        }
    }

    /// Asks for the answers that came last, too.
    pub(super) fn finish(&mut self, connections: &Connections, pool: &mut Pool) {
        let waiting: Vec<usize> =
            (0..self.list.len()).filter(|&i| self.list.get(i).is_some_and(|m| m.later < LATER)).collect();
        for at in waiting {
            self.offer(at, connections, pool);
        }
    }

    fn offer(&self, at: usize, connections: &Connections, pool: &mut Pool) {
        let Some(answer) = self.list.get(at).filter(|m| m.single && !m.again) else { return };
        let [asked] = answer.answers[..] else { return };
        let Some(request) = self.list.iter().find(|m| m.number == asked && m.single && !m.again) else { return };
        let Some((_, def, what)) = ANSWERS.get(answer.kind) else { return };
        // An interim answer or a second one would be right as well.
        if request.kind != answer.kind || self.list.iter().filter(|m| m.answers.contains(&asked)).count() != 1 {
            return;
        }
        pool.offer(Kind::Reply, answer.number, |rng| {
            let mut wrong = Vec::new();
            if let (Some(segment), Some([from, to])) = (&request.segment, &request.ends)
                && let Some(ack) = connections.bare_ack(segment)
            {
                wrong.push(Candidate { number: ack.number, text: ack.text([to, from]), betrays: Some(belief::ACK_APPLICATION) });
            }
            let mut others: Vec<&Message> =
                self.list.iter().filter(|m| m.number != asked && !m.again && !m.answers.contains(&asked)).collect();
            rng.shuffle(&mut others);
            wrong.extend(others.into_iter().map(Message::candidate));
            Some(Draft {
                prompt: format!("Frame {asked} brings a whole {what}. Which frame completes the answer to it?"),
                shown: vec![numbered(asked, &request.line)],
                task: one_packet(answer.candidate(), wrong, 4)?,
                filter: format!("frame.number == {} && {} == {asked}", answer.number, def.name),
                frame: answer.number,
                line: numbered(answer.number, &answer.line),
                why: match answer.kind {
                    0 => "An answer repeats its question's transaction ID, and comes from where the question went.".to_owned(),
                    1 => "HTTP/1 answers in the order of the requests, on the same connection. An acknowledgment only says that the other side's TCP has the bytes.".to_owned(),
                    _ => "An echo reply repeats the request's identifier, sequence number and data.".to_owned(),
                },
            })
        });
    }
}
