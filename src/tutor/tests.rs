//! What the rules say of packets. `every_rule_holds_in_some_packet` makes sure that none is dead.

use super::*;
use crate::flow::Limits;
use crate::model::{BufferKind, Field, Layer, RawFrame, Span, Time, Value};
use crate::proto::{self, walk};

/// Packets one after the other, and what is said of the last one.
struct Watch {
    texts: Texts,
    tracker: Tracker,
    packet: Packet,
    frames: u64,
}

impl Watch {
    fn new() -> Self {
        Self {
            texts: Texts::english().unwrap(),
            tracker: Tracker::new(Limits::default()),
            packet: Packet::new(),
            frames: 0,
        }
    }

    /// Looks at one more frame.
    fn see(&mut self, bytes: &[u8]) -> &mut Self {
        self.frames += 1;
        let frame = RawFrame {
            number: self.frames,
            time: Time::new(0, i64::try_from(self.frames).unwrap() * 1_000_000),
            len: u32::try_from(bytes.len()).unwrap(),
            bytes: bytes.to_vec(),
            ..RawFrame::default()
        };
        walk(&frame, &mut self.tracker, &mut self.packet);
        self
    }

    fn moment(&self) -> Moment<'_> {
        Moment::new(&self.packet, &self.tracker)
    }

    /// Which rules hold, from the wire up.
    fn rules(&self) -> Vec<&'static str> {
        explain(&self.moment(), Audience::Student, &self.texts).into_iter().map(|n| n.rule).collect()
    }

    /// What one rule says.
    fn says(&self, rule: &str, audience: Audience) -> String {
        let notes = explain(&self.moment(), audience, &self.texts);
        let note = notes.into_iter().find(|n| n.rule == rule);
        note.unwrap_or_else(|| panic!("{rule} does not hold, but {:?} do", self.rules())).text
    }
}

/// Who sends a segment of the connection that the tests use.
#[derive(Clone, Copy, PartialEq)]
enum From {
    Client,
    Server,
}

/// A segment from 10.0.0.1:50000 to 10.0.0.2:80, or back.
fn segment(from: From, flags: &str, seq: u32, ack: u32, data: &[u8]) -> Vec<u8> {
    use etherparse::PacketBuilder;
    let (a, b) = ([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let ((from_mac, to_mac), (src, dst), (sport, dport)) = match from {
        From::Client => ((a, b), ([10, 0, 0, 1], [10, 0, 0, 2]), (50_000, 80)),
        From::Server => ((b, a), ([10, 0, 0, 2], [10, 0, 0, 1]), (80, 50_000)),
    };
    let mut tcp = PacketBuilder::ethernet2(from_mac, to_mac).ipv4(src, dst, 64).tcp(sport, dport, seq, 1000);
    for flag in flags.chars() {
        tcp = match flag {
            'S' => tcp.syn(),
            'F' => tcp.fin(),
            'R' => tcp.rst(),
            'P' => tcp.psh(),
            _ => tcp.ack(ack),
        };
    }
    let mut bytes = Vec::new();
    tcp.write(&mut bytes, data).unwrap();
    bytes
}

#[test]
fn the_handshake_is_told_with_both_numbers_and_both_states() {
    let mut w = Watch::new();
    w.see(&segment(From::Client, "S", 1000, 0, b""));
    let syn = w.says("tcp-syn", Audience::Student);
    assert!(syn.contains("10.0.0.1:50000") && syn.contains("1000") && syn.contains("1001"), "{syn}");
    assert!(syn.contains("SYN-SENT"), "{syn}");
    w.see(&segment(From::Server, "SA", 5000, 1001, b""));
    let syn_ack = w.says("tcp-syn-ack", Audience::Student);
    assert!(syn_ack.contains("1001") && syn_ack.contains("5000") && syn_ack.contains("SYN-RECEIVED"), "{syn_ack}");
    w.see(&segment(From::Client, "A", 1001, 5001, b""));
    let third = w.says("tcp-third-ack", Audience::Student);
    assert!(third.contains("5001") && third.contains("Client ESTABLISHED, server ESTABLISHED"), "{third}");
    assert!(!w.rules().contains(&"tcp-ack"));
}
