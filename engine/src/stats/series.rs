//! One TCP connection over time: what each end sent, what was acknowledged, which windows were offered.
//!
//! Everything is as the place of capture sees it, and in relative sequence numbers, counted on beyond 2³². Bytes in
//! flight are what one end has sent and the other has not acknowledged; a capture at the sender shows them best.
//! However long the connection is, the points kept are bounded: where there are too many, every second one is left out.

use crate::flow::{Endpoint, Tracker};
use crate::model::{Packet, Seq, Time};
use crate::proto::tcp;
use std::collections::HashMap;
use std::net::SocketAddr;

/// Points of one curve. At twice as many pixels a reader sees no difference.
const MOST_POINTS: usize = 4096;
/// Connections whose bytes in flight are inferred at the same time.
const MOST_STREAMS: usize = 1024;

/// Where something stood at a moment: nanoseconds since the connection's first frame, and bytes.
pub type Point = (i64, u64);

/// A connection over time.
#[derive(Debug, Default)]
pub struct Series {
    /// Both ways: what the client sends, then what the server sends.
    pub ways: [Way; 2],
    first: Option<Time>,
}

/// What one end sends, and how the other one answers.
#[derive(Debug, Default)]
pub struct Way {
    /// Bytes of data sent, repeated ones included.
    pub bytes: u64,
    /// Ends of segments with data, when they were sent for the first time.
    pub sent: Points,
    /// Ends of segments that were sent again.
    pub again: Points,
    /// What the other end has acknowledged.
    pub acked: Points,
    /// Up to where the other end's window lets this one send.
    pub edge: Points,
    /// The windows that the other end offers.
    pub window: Points,
    /// Moments at which that window was closed, at its size: 0.
    pub closed: Points,
    /// Bytes sent and not acknowledged.
    pub flight: Points,
    /// The flight when something was sent again.
    pub losses: Points,
    highest: u64,
    acknowledged: u64,
    /// The start of the first segment: what came before is not known to be in flight.
    begun: bool,
}

/// Points in the order of time, as many as fit.
#[derive(Debug)]
pub struct Points {
    kept: Vec<Point>,
    /// One in so many is kept.
    every: u64,
    seen: u64,
}

impl Series {
    /// Adds the next packet of the connection.
    pub fn add(&mut self, packet: &Packet, from_client: bool) {
        let Some(layer) = packet.layer(&tcp::ABOUT) else { return };
        let number = |def| packet.uint_in(layer, def);
        let seq = |def| number(def).and_then(|n| u32::try_from(n).ok()).map(Seq);
        let flag = |def| packet.flag(def);
        // Without a time it has no place.
        if !packet.time.is_known() {
            return;
        }
        let Some(at) = packet.time.since(*self.first.get_or_insert(packet.time)) else { return };
        let [client, server] = &mut self.ways;
        let (way, back) = if from_client { (client, server) } else { (server, client) };
        if let (Some(seq), Some(len)) = (seq(&tcp::SEQ), number(&tcp::LEN)) {
            let again =
                flag(&tcp::RETRANSMISSION) || flag(&tcp::FAST_RETRANSMISSION) || flag(&tcp::SPURIOUS_RETRANSMISSION);
            let occupied = len + u64::from(flag(&tcp::FLAGS_SYN)) + u64::from(flag(&tcp::FLAGS_FIN));
            way.segment(at, seq, occupied, len, again);
        }
        if let (true, Some(ack), Some(window)) = (flag(&tcp::FLAGS_ACK), seq(&tcp::ACK), number(&tcp::WINDOW_SIZE)) {
            back.answer(at, ack, window);
        }
    }

    /// The way on which more data went, and whether the client sends there.
    pub fn busier(&self) -> (&Way, bool) {
        let [client, server] = &self.ways;
        if server.bytes > client.bytes { (server, false) } else { (client, true) }
    }

    /// Bytes of data, both ways.
    pub fn bytes(&self) -> u64 {
        self.ways.iter().map(|way| way.bytes).sum()
    }
}

impl Way {
    fn segment(&mut self, at: i64, seq: Seq, occupied: u64, len: u64, again: bool) {
        let start = seq.counted_on(self.highest);
        if !self.begun {
            self.begun = true;
            (self.highest, self.acknowledged) = (start, start);
        }
        let end = start + occupied;
        self.bytes += len;
        self.highest = self.highest.max(end);
        if len > 0 {
            if again {
                self.again.push((at, end));
                self.losses.push((at, self.flight()));
            } else {
                self.sent.push((at, end));
            }
        }
        if occupied > 0 {
            self.flight.push((at, self.flight()));
        }
    }

    /// The other end's acknowledgment and window.
    fn answer(&mut self, at: i64, ack: Seq, window: u64) {
        let ack = ack.counted_on(self.acknowledged);
        let news = ack > self.acknowledged;
        if news || !self.begun {
            self.acknowledged = ack;
        }
        self.acked.push((at, self.acknowledged));
        self.edge.push((at, self.acknowledged + window));
        self.window.push((at, window));
        if window == 0 {
            self.closed.push((at, 0));
        }
        if news && self.begun {
            self.flight.push((at, self.flight()));
        }
    }

    fn flight(&self) -> u64 {
        self.highest.saturating_sub(self.acknowledged)
    }
}

impl Default for Points {
    fn default() -> Self {
        Self { kept: Vec::new(), every: 1, seen: 0 }
    }
}

impl Points {
    fn push(&mut self, point: Point) {
        if self.seen.is_multiple_of(self.every) {
            if self.kept.len() == MOST_POINTS {
                let mut at = 0;
                self.kept.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.every *= 2;
            }
            self.kept.push(point);
        }
        self.seen += 1;
    }

    /// All that were kept.
    pub fn all(&self) -> &[Point] {
        &self.kept
    }
}

/// The TCP connection that the present packet is of, and who sends it.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Which connection of the capture.
    pub stream: u32,
    /// Who opened it.
    pub client: SocketAddr,
    /// The other end.
    pub server: SocketAddr,
    /// The client sends the packet.
    pub from_client: bool,
}

impl Sent {
    /// Of the packet that the tracker has seen last; none if that is of no TCP connection.
    pub fn now(tracker: &Tracker) -> Option<Self> {
        let conversation = tracker.current()?;
        let connection = tracker.connection(conversation)?;
        let ends = connection.ends;
        Some(Self {
            stream: conversation.number,
            client: SocketAddr::new(ends.src.ip(), ends.src_port),
            server: SocketAddr::new(ends.dst.ip(), ends.dst_port),
            from_client: connection.sender(conversation.forward) == Endpoint::Client,
        })
    }
}

/// What each end of each connection has in flight, inferred from the frames.
#[derive(Debug, Default)]
pub struct Flights(HashMap<(SocketAddr, SocketAddr), Series>);

impl Flights {
    /// Adds the next packet; one that is of no TCP connection says nothing.
    pub fn add(&mut self, packet: &Packet, tracker: &Tracker) {
        let Some(Sent { client, server, from_client, .. }) = Sent::now(tracker) else { return };
        if self.0.len() < MOST_STREAMS || self.0.contains_key(&(client, server)) {
            let series = self.0.entry((client, server)).or_default();
            series.add(packet, from_client);
        }
    }

    /// Of what `local` sends to `remote`, in bytes.
    pub fn of(&self, local: SocketAddr, remote: SocketAddr) -> Option<u64> {
        let way = match (self.0.get(&(local, remote)), self.0.get(&(remote, local))) {
            (Some(series), _) => series.ways.first(),
            (None, Some(series)) => series.ways.last(),
            (None, None) => None,
        };
        way?.flight.all().last().map(|point| point.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_in_flight_until_it_is_acknowledged() {
        let mut way = Way::default();
        way.segment(0, Seq(0), 1, 0, false);
        way.answer(1, Seq(1), 1000);
        way.segment(2, Seq(1), 100, 100, false);
        way.segment(3, Seq(101), 100, 100, false);
        way.answer(4, Seq(101), 900);
        way.segment(5, Seq(101), 100, 100, true);
        way.answer(6, Seq(201), 0);
        assert_eq!(way.flight.all(), [(0, 1), (1, 0), (2, 100), (3, 200), (4, 100), (5, 100), (6, 0)]);
        assert_eq!(way.sent.all(), [(2, 101), (3, 201)]);
        assert_eq!(way.again.all(), [(5, 201)]);
        assert_eq!(way.losses.all(), [(5, 100)]);
        assert_eq!(way.edge.all(), [(1, 1001), (4, 1001), (6, 201)]);
        assert_eq!((way.closed.all(), way.bytes), ([(6, 0)].as_slice(), 300));
    }

    #[test]
    fn a_connection_that_is_met_half_way_is_not_all_in_flight() {
        let mut way = Way::default();
        way.answer(0, Seq(5_000), 10);
        way.segment(1, Seq(5_000), 10, 10, false);
        assert_eq!(way.flight.all(), [(1, 10)]);
    }

    #[test]
    fn points_stay_few_and_keep_their_order() {
        let mut points = Points::default();
        for n in 0..100_000 {
            points.push((n, 0));
        }
        assert!(points.all().len() <= MOST_POINTS && points.all().len() > MOST_POINTS / 4);
        assert!(points.all().is_sorted());
    }
}
