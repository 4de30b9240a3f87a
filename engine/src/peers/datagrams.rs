//! The same numbered messages as in [`super::bulk`], over UDP: nobody sends them again, nobody puts them in order.

use std::net::SocketAddr;
use std::time::Duration;

use super::bulk::message;
use super::{Datagram, DatagramPeer, Heard, Want};

/// The longest data that UDP and IPv4 leave room for, in bytes.
const MAX_SIZE: usize = 65_507;

/// What a sender sends.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How many datagrams.
    pub messages: u64,
    /// How long each is, in bytes, from 1 to 65,507.
    #[serde(default = "default_size")]
    pub size: usize,
    /// From one to the next, in milliseconds; at least 1, because nobody says when there is room.
    #[serde(default = "default_pause")]
    pub every_ms: u32,
    /// How long it listens for echoes after the last one, in milliseconds.
    #[serde(default)]
    pub listen_ms: u32,
}

impl Plan {
    /// What makes no sense about it.
    pub fn wrong(&self) -> Option<&'static str> {
        (!(1..=MAX_SIZE).contains(&self.size)).then_some("a datagram has 1 to 65507 bytes")
    }
}

fn default_size() -> usize {
    100
}

fn default_pause() -> u32 {
    10
}

/// What a receiver does with a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Receiver {
    /// Sends it back (RFC 862).
    Echo,
    /// Nothing (RFC 863).
    Sink,
}

/// Sends its datagrams, then listens for a while.
#[derive(Debug)]
pub struct Sender {
    plan: Plan,
    to: SocketAddr,
    said: u64,
    /// When the next datagram is due, or when listening ends.
    next: Option<Duration>,
}

impl Sender {
    /// A sender to this address and port.
    pub fn new(plan: Plan, to: SocketAddr) -> Self {
        Self { plan, to, said: 0, next: None }
    }
}

impl DatagramPeer for Sender {
    fn step(&mut self, now: Duration, _: Heard<'_>, out: &mut Vec<Datagram>) -> Want {
        let next = *self.next.get_or_insert(now);
        if next > now {
            return Want::Wake(next);
        }
        if self.said == self.plan.messages {
            return Want::Close;
        }
        self.said += 1;
        let mut bytes = Vec::new();
        message(self.said, self.plan.size.min(MAX_SIZE), &mut bytes);
        out.push(Datagram { to: self.to, bytes });
        let last = self.said == self.plan.messages;
        let pause = if last { self.plan.listen_ms } else { self.plan.every_ms.max(1) };
        let next = now + Duration::from_millis(pause.into());
        self.next = Some(next);
        if last && pause == 0 { Want::Close } else { Want::Wake(next) }
    }
}

impl DatagramPeer for Receiver {
    fn step(&mut self, _: Duration, heard: Heard<'_>, out: &mut Vec<Datagram>) -> Want {
        if let (Self::Echo, Heard::Datagram { from, bytes }) = (self, heard) {
            out.push(Datagram { to: from, bytes: bytes.to_vec() });
        }
        Want::Input
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: &str = "192.0.2.80:7";

    #[test]
    fn datagrams_leave_at_their_times_and_are_numbered() {
        let plan = Plan { messages: 2, size: 12, every_ms: 20, listen_ms: 30 };
        let (mut sender, mut out) = (Sender::new(plan, TO.parse().unwrap()), Vec::new());
        let ms = Duration::from_millis;
        assert_eq!(sender.step(ms(0), Heard::Opened, &mut out), Want::Wake(ms(20)));
        let echo = Heard::Datagram { from: TO.parse().unwrap(), bytes: b"message 1 .\n" };
        assert_eq!(sender.step(ms(5), echo, &mut out), Want::Wake(ms(20)));
        assert_eq!(sender.step(ms(20), Heard::Tick, &mut out), Want::Wake(ms(50)));
        assert_eq!(sender.step(ms(50), Heard::Tick, &mut out), Want::Close);
        let said: Vec<_> = out.iter().map(|datagram| datagram.bytes.as_slice()).collect();
        assert_eq!(said, [b"message 1 .\n", b"message 2 .\n"]);
    }

    #[test]
    fn an_echo_answers_and_a_sink_does_not() {
        let heard = Heard::Datagram { from: TO.parse().unwrap(), bytes: b"hi" };
        for (mut receiver, answers) in [(Receiver::Echo, 1), (Receiver::Sink, 0)] {
            let mut out = Vec::new();
            assert_eq!((receiver.step(Duration::ZERO, heard, &mut out), out.len()), (Want::Input, answers));
        }
    }
}
