//! Many bytes over TCP: who sends, who receives, and who does not read for a while.
//!
//! Both ends are the same program with another [`Plan`]. Who has sent all says so (FIN) and goes on listening; who has
//! sent all and heard the other's end closes. Numbered messages let one see what arrived, and when.

use std::time::Duration;

use super::{Input, Peer, Want};

/// What is put out at once; the rest waits until the system has taken it.
const CHUNK: u64 = 64 * 1024;
/// The longest message, in bytes.
const MAX_SIZE: usize = 64 * 1024;

/// What one end does.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// How many messages it sends.
    #[serde(default)]
    pub messages: u64,
    /// How long each is, in bytes, from 1 to 65,536.
    #[serde(default = "default_size")]
    pub size: usize,
    /// From one message to the next, in milliseconds; 0 sends as fast as the other end takes them.
    #[serde(default)]
    pub every_ms: u32,
    /// Each message is handed over by a `send()` of its own, with Nagle's algorithm on, as a program does that sets
    /// no option. Otherwise many go at once.
    #[serde(default)]
    pub one_by_one: bool,
    /// After so many bytes have arrived, it reads nothing for a while.
    pub hold: Option<Hold>,
    /// After its last message it breaks off (RST) instead of saying that no more will come (FIN).
    #[serde(default)]
    pub abort: bool,
}

/// A pause in reading: the window closes, and the sender must wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// When it begins: after so many bytes.
    pub after_bytes: u64,
    /// How long it lasts, in milliseconds.
    pub for_ms: u32,
}

impl Plan {
    /// What makes no sense about it.
    pub fn wrong(&self) -> Option<&'static str> {
        (!(1..=MAX_SIZE).contains(&self.size)).then_some("a message has 1 to 65536 bytes")
    }
}

fn default_size() -> usize {
    100
}

/// One end of a transfer.
#[derive(Debug)]
pub struct Bulk {
    plan: Plan,
    /// Messages that are said, and bytes that have arrived.
    said: u64,
    heard: u64,
    /// When the next message is due.
    next: Option<Duration>,
    ended: bool,
}

impl Bulk {
    /// An end that will do this.
    pub fn new(plan: Plan) -> Self {
        Self { plan, said: 0, heard: 0, next: None, ended: false }
    }

    fn go_on(&mut self, now: Duration, out: &mut Vec<u8>) -> Want {
        let hold = self.plan.hold.take_if(|hold| hold.after_bytes <= self.heard);
        if let Some(hold) = hold {
            return Want::Hold(now + Duration::from_millis(hold.for_ms.into()));
        }
        let pause = Duration::from_millis(self.plan.every_ms.into());
        let mut next = *self.next.get_or_insert(now);
        let mut room = if self.plan.one_by_one { 1 } else { CHUNK };
        while self.said < self.plan.messages && next <= now && room > 0 {
            self.said += 1;
            message(self.said, self.plan.size, out);
            room = room.saturating_sub(self.plan.size as u64);
            next += pause;
        }
        self.next = Some(next);
        match (self.said < self.plan.messages, self.ended) {
            (true, _) if next > now => Want::Wake(next),
            (true, _) => Want::Drain,
            (false, _) if self.plan.abort => Want::Abort,
            (false, true) => Want::Close,
            (false, false) if self.plan.messages > 0 => Want::Finish,
            (false, false) => Want::Input,
        }
    }
}

impl Peer for Bulk {
    fn no_delay(&self) -> bool {
        !self.plan.one_by_one
    }

    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        match input {
            Input::Bytes(bytes) => self.heard += bytes.len() as u64,
            Input::Ended => self.ended = true,
            Input::Opened | Input::Tick => {}
        }
        self.go_on(now, out)
    }
}

/// Appends a message of this number and length: `message 7 ........` and a new line. Short ones lose their beginning.
pub(super) fn message(number: u64, size: usize, out: &mut Vec<u8>) {
    let text = format!("message {number} ");
    let size = size.clamp(1, MAX_SIZE);
    let start = out.len();
    out.extend_from_slice(text.as_bytes().get(..size - 1).unwrap_or(text.as_bytes()));
    out.resize(start + size - 1, b'.');
    out.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::tests::talk;

    fn sender(messages: u64, size: usize, every_ms: u32) -> Bulk {
        Bulk::new(Plan { messages, size, every_ms, ..Plan::default() })
    }

    #[test]
    fn every_message_arrives_with_its_number() {
        let (up, down) = talk(sender(3, 12, 10), Bulk::new(Plan::default()), 5);
        assert_eq!((up.as_slice(), down.len()), (&b"message 1 .\nmessage 2 .\nmessage 3 .\n"[..], 0));
    }

    #[test]
    fn both_ends_may_send_and_the_last_one_closes() {
        let (up, down) = talk(sender(5, 100, 0), sender(7, 100, 3), 1460);
        assert_eq!((up.len(), down.len()), (500, 700));
    }

    #[test]
    fn a_long_transfer_is_never_held_as_a_whole() {
        let (mut bulk, mut out) = (sender(1 << 40, 1_000, 0), Vec::new());
        for input in [Input::Opened, Input::Tick, Input::Tick] {
            out.clear();
            assert_eq!(bulk.step(Duration::ZERO, input, &mut out), Want::Drain);
            assert!((60_000..70_000).contains(&out.len()));
        }
    }

    #[test]
    fn one_message_at_a_time_is_one_send_each() {
        let plan = Plan { messages: 2, size: 30, one_by_one: true, ..Plan::default() };
        let (mut bulk, mut out) = (Bulk::new(plan), Vec::new());
        assert!(!bulk.no_delay() && sender(2, 30, 0).no_delay());
        for want in [Want::Drain, Want::Finish] {
            out.clear();
            assert_eq!((bulk.step(Duration::ZERO, Input::Tick, &mut out), out.len()), (want, 30));
        }
    }

    #[test]
    fn a_receiver_stops_reading_once_and_goes_on() {
        let hold = Some(Hold { after_bytes: 10, for_ms: 500 });
        let mut bulk = Bulk::new(Plan { hold, ..Plan::default() });
        let (at, mut out) = (Duration::from_secs(1), Vec::new());
        assert_eq!(bulk.step(at, Input::Opened, &mut out), Want::Input);
        assert_eq!(bulk.step(at, Input::Bytes(&[0; 9]), &mut out), Want::Input);
        assert_eq!(bulk.step(at, Input::Bytes(&[0]), &mut out), Want::Hold(Duration::from_millis(1_500)));
        assert_eq!(bulk.step(Duration::from_millis(1_500), Input::Tick, &mut out), Want::Input);
        assert_eq!(bulk.step(at, Input::Bytes(&[0; 99]), &mut out), Want::Input);
    }

    #[test]
    fn a_sender_may_break_off() {
        let mut bulk = Bulk::new(Plan { messages: 1, size: 1, abort: true, ..Plan::default() });
        let mut out = Vec::new();
        assert_eq!((bulk.step(Duration::ZERO, Input::Opened, &mut out), out), (Want::Abort, b"\n".to_vec()));
    }
}
