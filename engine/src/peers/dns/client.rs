//! A program that asks a name server, as `dig` does: any type, one question after the other.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::{Head, Kind, Name, Question, Writer};
use crate::peers::{Datagram, DatagramPeer, Heard, Want};
use crate::rng::Rng;

/// How long an answer is waited for, and how often a question is sent.
const PATIENCE: Duration = Duration::from_secs(5);
const TRIES: u8 = 3;

/// What it asks.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The questions: `"www.example.com"` or `"www.example.com AAAA"`.
    pub ask: Vec<Asked>,
    /// From an answer to the next question, in milliseconds.
    #[serde(default)]
    pub every_ms: u32,
}

/// A question as a scenario writes it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct Asked(Question);

impl TryFrom<String> for Asked {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (name, kind) = text.split_once(' ').unwrap_or((&text, "A"));
        let kind = match kind {
            "A" => Kind::A,
            "AAAA" => Kind::AAAA,
            "CNAME" => Kind::CNAME,
            "TXT" => Kind::TXT,
            "SOA" => Kind::SOA,
            _ => return Err("a question is a name, and A, AAAA, CNAME, TXT or SOA"),
        };
        Ok(Self(Question { name: Name::try_from(name.to_string())?, kind }))
    }
}

/// The program, and how far it has come.
#[derive(Debug)]
pub struct Client {
    to: SocketAddr,
    questions: VecDeque<Question>,
    pause: Duration,
    rng: Rng,
    /// The id of the question that is open, and how often it was sent.
    open: Option<(u16, u8)>,
    /// When the next question is due, or the open one again.
    next: Duration,
}

impl Client {
    /// A program that will ask the server at this address.
    pub fn new(plan: Plan, to: SocketAddr, rng: Rng) -> Self {
        let questions = plan.ask.into_iter().map(|Asked(question)| question).collect();
        let pause = Duration::from_millis(plan.every_ms.into());
        Self { to, questions, pause, rng, open: None, next: Duration::ZERO }
    }

    fn is_answer(&self, from: SocketAddr, bytes: &[u8]) -> bool {
        let head = Head::read(bytes).filter(|head| head.is_response() && from == self.to);
        head.is_some_and(|head| {
            self.open.is_some_and(|(id, _)| id == head.id) && head.question.as_ref() == self.questions.front()
        })
    }
}

impl DatagramPeer for Client {
    fn step(&mut self, now: Duration, heard: Heard<'_>, out: &mut Vec<Datagram>) -> Want {
        if let Heard::Datagram { from, bytes } = heard
            && self.is_answer(from, bytes)
        {
            self.questions.pop_front();
            (self.open, self.next) = (None, now + self.pause);
        }
        if self.next <= now {
            if self.open.is_some_and(|(_, tries)| tries == TRIES) {
                self.questions.pop_front();
                self.open = None;
            }
            if let Some(question) = self.questions.front() {
                let (id, tries) = self.open.unwrap_or_else(|| (u16::from_be_bytes(self.rng.bytes()), 0));
                self.open = Some((id, tries + 1));
                self.next = now + PATIENCE;
                out.push(Datagram { to: self.to, bytes: Writer::new(id, 0x0100, Some(question)).bytes });
            }
        }
        if self.questions.is_empty() { Want::Close } else { Want::Wake(self.next) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::server::{Server, tests::zone};
    use super::*;

    fn client(questions: &[&str]) -> Client {
        let ask = questions.iter().map(|text| Asked::try_from((*text).to_string()).unwrap()).collect();
        Client::new(Plan { ask, every_ms: 100 }, "192.0.2.53:53".parse().unwrap(), Rng::seeded(1))
    }

    #[test]
    fn one_question_follows_the_answer_to_the_other() {
        let (mut client, mut server) = (client(&["www.example.com", "nobody.example.com AAAA"]), Server::new(zone()));
        let ms = Duration::from_millis;
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        client.step(ms(0), Heard::Opened, &mut asked);
        for at in [10, 110] {
            let from = asked[0].to;
            let question = asked.pop().unwrap().bytes;
            server.step(ms(at), Heard::Datagram { from, bytes: &question }, &mut answered);
            let bytes = answered.pop().unwrap().bytes;
            let want = client.step(ms(at), Heard::Datagram { from, bytes: &bytes }, &mut asked);
            assert_eq!(want, if at == 10 { Want::Wake(ms(110)) } else { Want::Close });
            client.step(ms(at + 100), Heard::Tick, &mut asked);
        }
        assert!(asked.is_empty());
    }

    #[test]
    fn who_is_not_answered_asks_three_times() {
        let (mut client, mut asked) = (client(&["www.example.com"]), Vec::new());
        for at in [0, 5, 10] {
            assert_eq!(
                client.step(Duration::from_secs(at), Heard::Tick, &mut asked),
                Want::Wake(Duration::from_secs(at + 5))
            );
        }
        assert_eq!(client.step(Duration::from_secs(15), Heard::Tick, &mut asked), Want::Close);
        assert_eq!(asked.len(), 3);
        assert!(Asked::try_from("a.b MX".to_string()).is_err());
    }
}
