//! One TCP connection as the tracker keeps it: both directions, both endpoints' states, both streams.
//!
//! There may be a million of them, and most of those have said little: what is needed later only is made later.

use super::Fetch;
use super::connection::Connection;
use super::event::{Endpoint, Event};
use super::message::{Incoming, Messages, Speaker};
use super::past::Past;
use super::pause::Spare;
use super::recent::Recent;
use super::sending::{NONE, Unacked};
use super::state::{Covers, State};
use super::stream::Budget;
use super::tcp::{self, Direction, Findings, Reset, UNKNOWN};
use crate::model::{Buffer, Seq, Time};
use crate::proto::memory::{Conversation, Ends, Segment, TcpFacts};
use crate::proto::tcp::{complete, flag, verdict};
use crate::proto::{Delivery, Protocol, StreamCtx};
use std::sync::Arc;

/// What is kept of a TCP connection.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub(super) struct Track {
    first: Time,
    /// When the last SYN came, or how long the round trip took: see `round`.
    measure: i64,
    protocol: Option<&'static Protocol>,
    /// The direction of the conversation's first packet.
    near: Direction,
    /// The other one, once it has sent anything: a flood of SYNs never gets there.
    far: Option<Arc<Direction>>,
    /// What the other one's numbers count from, where that is known before it has sent anything.
    far_base: Seq,
    far_known: bool,
    /// The frame since when bytes wait in its streams.
    pub waits_since: Past,
    /// The states, by RFC 9293, of client and server: inferred from the segments.
    states: [State; 2],
    client_first: bool,
    simultaneous: bool,
    round: Round,
    /// Accurate ECN was asked for; `true` once it was agreed on.
    accurate_ecn: Option<bool>,
    /// Whether the end that closed first sends in the direction of the first frame, once one has.
    closer: Option<bool>,
    ended: bool,
    silent: bool,
    /// Bytes of it were shown.
    told: bool,
    /// The last segment came from the other direction.
    last_far: bool,
    far_shift: i8,
    /// What its packets have shown of it, as `complete` bits, once there was one.
    shown: Option<u8>,
}

/// What is known of the initial round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    Unknown,
    /// It began with this SYN.
    Begun,
    /// How long it took, in nanoseconds.
    Measured,
}

/// What taking note of a segment works with.
pub(super) struct Noting<'a> {
    pub recent: &'a mut Recent,
    pub events: &'a mut Vec<Event>,
    pub unacked: &'a mut Unacked,
}

/// What delivering works with.
pub(super) struct Delivering<'a> {
    pub budget: &'a mut Budget,
    pub events: &'a mut Vec<Event>,
    pub spare: &'a mut Spare,
}

/// A segment's frame, and when it was captured.
#[derive(Clone, Copy)]
pub(super) struct When {
    pub frame: u64,
    pub time: Time,
}

impl Track {
    pub(super) fn new(now: Time) -> Self {
        Self {
            first: now,
            measure: 0,
            protocol: None,
            near: Direction::new(UNKNOWN, None),
            far: None,
            far_base: NONE,
            far_known: false,
            waits_since: Past::NONE,
            states: [State::Closed, State::Closed],
            client_first: true,
            simultaneous: false,
            round: Round::Unknown,
            accurate_ecn: None,
            closer: None,
            ended: false,
            silent: false,
            told: false,
            last_far: false,
            far_shift: UNKNOWN,
            shown: None,
        }
    }

    /// What others may see of it; `ends` begins with the sender of the conversation's first packet.
    pub(super) fn look(&self, ends: Ends) -> Connection {
        let initial = [Endpoint::Client, Endpoint::Server].map(|end| self.base(self.side_of(end)));
        Connection {
            ends: if self.client_first { ends } else { ends.flipped() },
            states: self.states,
            client_first: self.client_first,
            simultaneous: self.simultaneous,
            initial,
            protocol: self.protocol,
        }
    }

    /// The protocol that its streams carry, once known.
    pub(super) fn protocol(&self) -> Option<&'static Protocol> {
        self.protocol
    }

    fn sender(&self, forward: bool) -> Endpoint {
        if forward == self.client_first { Endpoint::Client } else { Endpoint::Server }
    }

    /// Direction 0 is that of the conversation's first packet.
    fn direction(&self, side: usize) -> Option<&Direction> {
        if side == 0 { Some(&self.near) } else { self.far.as_deref() }
    }

    /// What the numbers of a direction count from, once known.
    fn base(&self, side: usize) -> Option<Seq> {
        self.direction(side).map_or_else(|| self.far_base(), Direction::base)
    }

    fn far_base(&self) -> Option<Seq> {
        self.far_known.then_some(self.far_base)
    }

    fn direction_mut(&mut self, side: usize) -> Option<&mut Direction> {
        if side == 0 { Some(&mut self.near) } else { self.far.as_mut().map(Arc::make_mut) }
    }

    fn side_of(&self, end: Endpoint) -> usize {
        usize::from((end == Endpoint::Client) != self.client_first)
    }

    fn directions(&self) -> impl Iterator<Item = &Direction> {
        std::iter::once(&self.near).chain(self.far.as_deref())
    }

    fn messages(&self) -> impl Iterator<Item = &Messages> {
        self.directions().filter_map(Direction::messages)
    }

    fn directions_mut(&mut self) -> impl Iterator<Item = &mut Direction> {
        std::iter::once(&mut self.near).chain(self.far.as_mut().map(Arc::make_mut))
    }

    /// When its last segment came, or was quoted.
    fn last(&self) -> Time {
        let of_segments = match &self.far {
            Some(far) if self.last_far => far.time(),
            None if !self.near.is_known() => self.first,
            _ => self.near.time(),
        };
        self.near.sending.quoted().unwrap_or(of_segments)
    }

    fn rtt(&self) -> Option<i64> {
        (self.round == Round::Measured).then_some(self.measure)
    }

    /// Bytes that wait in its streams.
    pub(super) fn waiting(&self) -> usize {
        self.messages().map(Messages::waiting).sum()
    }

    /// Whether any do.
    pub(super) fn waits(&self) -> bool {
        let waits = |direction: &Direction| direction.messages().is_some_and(|messages| messages.waiting() > 0);
        waits(&self.near) || self.far.as_deref().is_some_and(waits)
    }

    /// How many of its segments wait for an acknowledgment, but for the few that take no room.
    pub(super) fn unacked(&self) -> usize {
        self.near.sending.written() + self.far.as_ref().map_or(0, |far| far.sending.written())
    }

    /// Forgets the newer half of them where they are many; gives how many those are.
    pub(super) fn forget_unacked(&mut self) -> usize {
        self.directions_mut().map(|direction| direction.sending.forget_half()).sum()
    }

    /// Leaves out waiting bytes that are in the frames, where that saves much.
    pub(super) fn lighten(&mut self) {
        self.directions_mut().for_each(Direction::lighten);
    }

    /// Reads the bytes that were left out again.
    pub(super) fn refill(&mut self, fetch: Fetch<'_>, budget: &mut Budget) {
        for messages in self.directions_mut().filter_map(Direction::messages_mut) {
            messages.refill(fetch, budget);
        }
    }

    /// Bytes that it takes beside itself, but for those that are in the frames.
    pub(super) fn size(&self) -> usize {
        let far = if self.far.is_some() { size_of::<Direction>() } else { 0 };
        let sending: usize = self.directions().map(|direction| direction.sending.size()).sum();
        far + sending + self.messages().map(Messages::size).sum::<usize>()
    }

    /// Both ends have said that they are finished, and both have heard it.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.far.is_some() && self.directions().all(|direction| direction.fin().is_some())
    }

    /// Its streams have been given up because it was over.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// The frame of its last segment.
    pub(super) fn last_frame(&self) -> Past {
        let near = self.near.frame;
        self.far.as_ref().map(|far| far.frame).filter(|far| far.is_after(near)).unwrap_or(near)
    }

    /// Gives up what waits in both streams, and says how many bytes that was; they go on behind it.
    pub(super) fn forget_waiting(&mut self, budget: &mut Budget) -> usize {
        let waiting = self.waiting();
        for direction in self.directions_mut() {
            if let Some(messages) = direction.messages_mut() {
                messages.forget_waiting(budget);
                if !direction.pause(&mut Spare::default()) {
                    direction.wait();
                }
            }
        }
        waiting
    }

    /// Gives up both streams, and says how many bytes waited in them.
    pub(super) fn forget_streams(&mut self) -> usize {
        let waiting = self.waiting();
        self.directions_mut().for_each(Direction::forget_messages);
        self.silent = true;
        waiting
    }

    /// Whether a stream of this direction has begun.
    pub(super) fn has_stream(&self, forward: bool) -> bool {
        self.direction(usize::from(!forward)).is_some_and(Direction::has_stream)
    }

    /// Begins on the ports of an earlier connection, whose other end may live on: it then takes
    /// no SYN (RFC 9293 §3.10.7.4).
    pub(super) fn inherit(&mut self, earlier: &Connection, ends: &Ends) {
        let same = (earlier.ends.dst, earlier.ends.dst_port) == (ends.dst, ends.dst_port);
        let state = earlier.states[usize::from(same)];
        if matches!(state, State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait) {
            self.states[1] = state;
        }
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Another connection has told its port: to Wireshark, its first packet is not the first.
    pub(super) fn was_announced(&mut self) {
        self.shown = Some(0);
    }

    /// Whether a SYN with this number begins another connection on the same ports.
    pub(super) fn is_reused_by(&self, s: &Segment, forward: bool) -> bool {
        let side = usize::from(!forward);
        self.base(side).is_some_and(|base| base != s.seq)
    }

    /// Takes note of a segment. `ports` are those of the sender and the receiver of the conversation's first packet.
    pub(super) fn segment(
        &mut self,
        (c, ports): (Conversation, (u16, u16)),
        s: &Segment,
        when: When,
        mut reused: bool,
        to: Noting<'_>,
    ) -> TcpFacts {
        let (When { frame, time: now }, Noting { recent, events, unacked }) = (when, to);
        let waited = self.unacked();
        if !self.near.is_known() && self.far.is_none() {
            self.open(c, s, ports, events);
        }
        let (rtt, last) = (self.rtt(), self.last());
        let (mut new, base) = (None, self.far_base());
        let far = match &mut self.far {
            Some(far) => Arc::make_mut(far),
            None => new.insert(Direction::new(self.far_shift, base)),
        };
        let (fwd, rev) = if c.forward { (&mut self.near, far) } else { (far, &mut self.near) };
        let kind = s.flags & (flag::SYN | flag::ACK);
        let again = kind == flag::SYN && fwd.base() == Some(s.seq);
        if again {
            fwd.starts_over();
        } else if kind == flag::SYN | flag::ACK && fwd.base().is_some_and(|base| base != s.seq) {
            fwd.rebase(s.seq);
            reused = true;
        }
        let reset = if s.flags & flag::RST != 0 { tcp::reset(fwd, rev, s) } else { Reset::Exact };
        let mut found = Findings::default();
        tcp::analyse(fwd, rev, s, rtt, (frame, now), recent, &mut found);
        if reused {
            found.verdicts |= verdict::REUSED_PORTS;
        }
        tcp::scale(fwd, rev, s);
        if s.flags & flag::SYN != 0 {
            fwd.begins();
        }
        let (fwd_base, rev_base, shift) = (fwd.base().unwrap_or_default(), rev.base().unwrap_or_default(), fwd.shift);
        if let Some(new) = new {
            (self.far_shift, self.far_known, self.far_base) = (new.shift, new.is_known(), new.base().unwrap_or(NONE));
            if new.has_sent() {
                self.far = Some(Arc::new(new));
            }
        }
        self.negotiate_ecn(s);
        self.measure(s, now);
        self.follow_states(c, s, reset, events);
        found.tell(c, frame, events);
        let before = self.shown;
        self.shown = Some(complete::with(before, s.flags, s.len));
        self.last_far = !c.forward;
        self.near.sending.set_quoted(None);
        if unacked.is_exceeded_by(waited, self.unacked()) {
            unacked.release(self.forget_unacked());
        }
        TcpFacts {
            conversation: c,
            seq_base: fwd_base,
            ack_base: rev_base,
            window_shift: shift,
            time_relative: now.since(self.first),
            time_delta: now.since(last),
            // Shown where anything else is known, as in Wireshark.
            initial_rtt: self.rtt().filter(|_| found.told || reused || again),
            verdicts: found.verdicts,
            acks: found.acks,
            bytes_in_flight: found.bytes_in_flight,
            duplicate_ack: found.duplicate_ack,
            told: found.told || reused || again,
            other_closed: s.flags & flag::FIN != 0 && *self.closer.get_or_insert(c.forward) != c.forward,
            accurate_ecn: self.accurate_ecn == Some(true) && s.flags & flag::SYN == 0,
            rto: found.rto,
            completeness: before.unwrap_or(if reused { complete::SYN } else { 0 }),
        }
    }

    /// A segment of it is quoted: Wireshark's clock of the connection counts that, too.
    pub(super) fn glimpse(&mut self, c: Conversation, now: Time) -> TcpFacts {
        let shift = self.direction(usize::from(!c.forward)).map_or(self.far_shift, |d| d.shift);
        let facts = TcpFacts {
            conversation: c,
            seq_base: Seq(0),
            ack_base: Seq(0),
            window_shift: shift,
            time_relative: now.since(self.first),
            time_delta: now.since(self.last()),
            initial_rtt: None,
            verdicts: 0,
            acks: None,
            bytes_in_flight: None,
            duplicate_ack: None,
            told: false,
            other_closed: false,
            accurate_ecn: false,
            rto: None,
            completeness: *self.shown.get_or_insert(0),
        };
        self.near.sending.set_quoted(Some(now));
        facts
    }

    fn open(&mut self, c: Conversation, s: &Segment, ports: (u16, u16), events: &mut Vec<Event>) {
        let from_server = match s.flags & (flag::SYN | flag::ACK) {
            flag::SYN => false,
            f if f & flag::SYN != 0 => true,
            _ => ports.0 < ports.1,
        };
        self.client_first = !from_server;
        match (s.flags & flag::SYN != 0, from_server) {
            // What a live connection on the same ports left behind still holds.
            (true, false) if self.states[1] == State::Closed => self.states = [State::Closed, State::Listen],
            // It answers a SYN that nobody captured.
            (true, true) => self.states = [State::SynSent, State::Listen],
            _ => {}
        }
        events.push(Event::Opened { conversation: c });
    }

    /// RFC 9768 §3.1.1: a SYN asks with all three flags, and the answer says in them what arrived.
    fn negotiate_ecn(&mut self, s: &Segment) {
        let three = s.flags & (flag::AE | flag::CWR | flag::ECE);
        match s.flags & (flag::SYN | flag::ACK) {
            flag::SYN => self.accurate_ecn = (three == flag::AE | flag::CWR | flag::ECE).then_some(false),
            f if f & flag::SYN != 0 && self.accurate_ecn.is_some() => {
                let agreed = [flag::CWR, flag::CWR | flag::ECE, flag::AE, flag::AE | flag::CWR];
                self.accurate_ecn = Some(agreed.contains(&three));
            }
            _ => {}
        }
    }

    /// The initial round trip: from the last SYN to the first ACK of either end.
    fn measure(&mut self, s: &Segment, now: Time) {
        match s.flags & (flag::SYN | flag::ACK) {
            flag::SYN if self.round != Round::Measured => (self.round, self.measure) = (Round::Begun, now.0),
            flag::ACK if self.round == Round::Begun => {
                if let Some(rtt) = now.since(Time(self.measure)).filter(|&rtt| rtt != 0) {
                    (self.round, self.measure) = (Round::Measured, rtt);
                }
            }
            _ => {}
        }
    }

    fn follow_states(&mut self, c: Conversation, s: &Segment, reset: Reset, events: &mut Vec<Event>) {
        let (syn, fin, ack) = (s.flags & flag::SYN != 0, s.flags & flag::FIN != 0, s.flags & flag::ACK != 0);
        if self.ended && !syn {
            return;
        }
        // In the middle of a connection nothing changes, and most segments are there.
        if s.flags & (flag::SYN | flag::FIN | flag::RST) == 0 && self.states == [State::Established; 2] {
            return;
        }
        let (from, to) = match self.sender(c.forward) {
            Endpoint::Client => (0, 1),
            Endpoint::Server => (1, 0),
        };
        let before = self.states;
        let sides = (usize::from(!c.forward), usize::from(c.forward));
        let fin_of = |side| self.direction(side).and_then(Direction::fin);
        let (own_fin, other_fin) = (fin_of(sides.0), fin_of(sides.1));
        let other_base = self.base(sides.1);
        let covers = Covers {
            syn: ack && other_base.is_some_and(|b| s.ack.is_after(b)),
            fin: ack && other_fin.is_some_and(|f| s.ack.is_after(f)),
        };
        if let Some(challenged) = self.refuses(from, to, s, reset, covers) {
            events.push(Event::Refused { conversation: c, challenged });
            if s.flags & flag::RST != 0 {
                return;
            }
        }
        let crosses = syn && !ack && self.states[from] != State::SynSent && self.states[to] == State::SynSent;
        self.simultaneous |= crosses && self.near.has_begun() && self.far.as_ref().is_some_and(|far| far.has_begun());
        // Its own SYN was acknowledged before it answered the other one (RFC 9293 §3.5, figure 7, line 7).
        let completes = self.simultaneous
            && ack
            && matches!(self.states[from], State::SynSent | State::SynReceived)
            && self.acknowledged_syn(c.forward);
        // An end that has closed stays closed until a SYN, whatever straggles in.
        let gone = |end: usize, fin: Option<Seq>| !syn && fin.is_some() && self.states[end] == State::Closed;
        let (sender_gone, receiver_gone) = (gone(from, own_fin), gone(to, other_fin));
        if fin && let Some(direction) = self.direction_mut(sides.0) {
            direction.ends(s.seq + s.len);
        }
        if !sender_gone {
            self.states[from] = self.states[from].sends(s.flags, covers);
        }
        if completes && self.states[from] == State::SynReceived {
            self.states[from] = State::Established;
        }
        if !receiver_gone {
            self.states[to] = if self.simultaneous && syn && self.states[to] == State::SynSent {
                // The SYN that crossed its own came first.
                State::SynReceived
            } else {
                self.states[to].receives(s.flags, covers)
            };
        }
        for (endpoint, was, is) in
            [(Endpoint::Client, before[0], self.states[0]), (Endpoint::Server, before[1], self.states[1])]
        {
            if was != is {
                events.push(Event::StateChanged { conversation: c, endpoint, from: was, to: is });
            }
        }
        let over = |s: State| matches!(s, State::Closed | State::TimeWait);
        if over(self.states[0]) && over(self.states[1]) {
            self.ended = true;
            events.push(Event::Closed { conversation: c });
        } else if syn {
            self.ended = false;
        }
    }

    /// Whether the other end has acknowledged the SYN of this direction.
    fn acknowledged_syn(&self, forward: bool) -> bool {
        let base = self.base(usize::from(!forward));
        let acked = self.direction(usize::from(forward)).map(|d| d.ack).filter(|&ack| ack != NONE);
        base.zip(acked).is_some_and(|(base, acked)| acked.is_after(base))
    }

    /// Whether the receiver does not do what a reset or a SYN asks, and if so, whether it challenges the sender.
    fn refuses(&self, from: usize, to: usize, s: &Segment, reset: Reset, covers: Covers) -> Option<bool> {
        let state = *self.states.get(to)?;
        if s.flags & flag::RST != 0 {
            let believed = match state {
                // RFC 9293 §3.10.7.3: only a reset that acknowledges the SYN.
                State::SynSent => covers.syn,
                State::Closed | State::TimeWait => return None,
                _ => reset == Reset::Exact,
            };
            return (!believed).then_some(state != State::SynSent && reset == Reset::Inside);
        }
        // RFC 5961 §4.2. A SYN that is only repeated comes from an end which waits for the answer.
        let held = matches!(
            state,
            State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait | State::Closing | State::LastAck
        );
        let waits = s.flags & flag::ACK != 0 && matches!(self.states.get(from), Some(State::SynReceived));
        (s.flags & flag::SYN != 0 && held && !waits).then_some(true)
    }

    /// The number of a stream's first byte: behind the SYN, or where that was not seen, what comes first.
    fn first_byte(&self, side: usize, s: &Segment) -> Seq {
        let isn = self.direction(side).filter(|d| d.has_begun()).and_then(Direction::base);
        // Some captures made by hand give the SYN no number of its own: the data begins at the SYN's.
        let isn = isn.filter(|&isn| s.flags & flag::SYN != 0 || s.seq != isn || s.len < 2);
        isn.map_or(s.seq, |isn| isn + 1)
    }

    /// See [`Memory::deliver`](crate::proto::Memory::deliver).
    pub(super) fn deliver(
        &mut self,
        (c, ports): (Conversation, (u16, u16)),
        incoming: Incoming<'_>,
        whole: &mut Buffer,
        ctx: &mut StreamCtx<'_>,
        to: Delivering<'_>,
    ) -> Option<Delivery> {
        let Delivering { budget, events, spare } = to;
        if incoming.payload.is_empty() && !incoming.closes() {
            // A bare ACK never carries a message; what waits goes with the next data.
            return None;
        }
        let side = usize::from(!c.forward);
        // What the other end has acknowledged has arrived, whether this capture saw it or not.
        let acked = self.direction(1 - side).map(|d| d.ack).filter(|&ack| ack != NONE);
        let first = self.first_byte(side, incoming.segment);
        let before = self.protocol;
        let over = self.is_over();
        let direction = if side == 0 { &mut self.near } else { self.far.as_mut().map(Arc::make_mut)? };
        let repeats = direction.only_repeats();
        let messages = direction.listen(first, spare);
        let ports = (ports.0.min(ports.1), ports.0.max(ports.1));
        let mut speaker = Speaker { protocol: &mut self.protocol, ports };
        let mut delivery = messages.deliver(Incoming { acked, repeats, ..incoming }, &mut speaker, whole, ctx, budget);
        if let Some(before) = before
            && let Some(now) = self.protocol.filter(|now| !std::ptr::eq(*now, before))
            && now.about.name != before.about.name
        {
            events.push(Event::Switched { conversation: c, protocol: now.about.name });
        }
        if let Some(bytes) = messages.take_given_up() {
            events.push(Event::GaveUp { conversation: Some(c), bytes, full: false });
        }
        self.told |= delivery.is_some();
        match &mut delivery {
            // What is over gives up its streams when all is read.
            Some(message) => message.last = !over && direction.pause(spare),
            None if !direction.pause(spare) => direction.wait(),
            None => {}
        }
        delivery
    }

    /// Whether any bytes of it were shown.
    pub(super) fn has_told(&self) -> bool {
        self.told
    }
}
