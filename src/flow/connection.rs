//! One TCP connection: both directions, both endpoints' states, both streams.

use super::Fetch;
use super::event::{Endpoint, Event};
use super::message::{Incoming, Messages, Speaker};
use super::state::{Covers, State};
use super::stream::Budget;
use super::tcp::{self, Direction, Reset};
use crate::model::{Buffer, Seq, Time};
use crate::proto::memory::{Conversation, Ends, Segment, TcpFacts};
use crate::proto::tcp::{complete, flag, verdict};
use crate::proto::{Delivery, Protocol, StreamCtx};

/// A TCP connection, as far as its segments have told.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "four facts that do not depend on each other")]
pub struct Connection {
    /// The client's address and port first.
    pub ends: Ends,
    /// The states, by RFC 9293, of client and server: inferred from the segments.
    pub states: [State; 2],
    /// Whether the conversation's first packet came from the client.
    pub client_first: bool,
    /// Both ends sent a SYN of their own: neither is a server (RFC 9293 §3.5, figure 7).
    pub simultaneous: bool,
    first: Time,
    last: Time,
    last_syn: Option<Time>,
    /// Accurate ECN was asked for; `true` once it was agreed on.
    accurate_ecn: Option<bool>,
    rtt: Option<i64>,
    fins: [Option<Seq>; 2],
    /// Whether the end that closed first sends in the direction of the first frame, once one has.
    closer: Option<bool>,
    /// Whether a direction's SYN was seen: its stream then begins there, whatever comes first.
    syns: [bool; 2],
    ended: bool,
    silent: bool,
    /// The frame since when bytes wait in its streams.
    pub(super) waits_since: Option<u64>,
    /// The direction of the first packet.
    near: Direction,
    /// The other one, once anything is known of it: a flood of SYNs never gets there.
    far: Option<Box<Direction>>,
    far_shift: i8,
    messages: [Option<Box<Messages>>; 2],
    protocol: Option<&'static Protocol>,
    /// What its packets have shown of it, as `complete` bits, once there was one.
    shown: Option<u8>,
}

impl Connection {
    pub(super) fn new(ends: Ends, now: Time) -> Self {
        Self {
            ends,
            states: [State::Closed, State::Closed],
            client_first: true,
            simultaneous: false,
            first: now,
            last: now,
            last_syn: None,
            accurate_ecn: None,
            rtt: None,
            fins: [None; 2],
            closer: None,
            syns: [false; 2],
            ended: false,
            silent: false,
            waits_since: None,
            near: Direction::new(),
            far: None,
            far_shift: Direction::new().shift,
            messages: [None, None],
            protocol: None,
            shown: None,
        }
    }

    /// What the relative sequence numbers of an endpoint count from, once seen.
    pub fn initial_sequence(&self, of: Endpoint) -> Option<Seq> {
        self.direction(self.side_of(of))?.base
    }

    /// What it says about itself now, without the bytes that wait: to look back on later.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self {
            ends: self.ends,
            states: self.states,
            client_first: self.client_first,
            simultaneous: self.simultaneous,
            first: self.first,
            last: self.last,
            last_syn: self.last_syn,
            accurate_ecn: self.accurate_ecn,
            rtt: self.rtt,
            fins: self.fins,
            closer: self.closer,
            syns: self.syns,
            ended: self.ended,
            silent: self.silent,
            waits_since: None,
            near: self.near.clone(),
            far: self.far.clone(),
            far_shift: self.far_shift,
            messages: [None, None],
            protocol: self.protocol,
            shown: self.shown,
        }
    }

    /// The protocol that its streams carry, once known: Wireshark's name.
    pub fn protocol(&self) -> Option<&'static str> {
        self.protocol.map(|p| p.about.name)
    }

    /// Which endpoint sends in a conversation's direction.
    pub fn sender(&self, forward: bool) -> Endpoint {
        if forward == self.client_first { Endpoint::Client } else { Endpoint::Server }
    }

    /// Direction 0 is that of the conversation's first packet.
    fn direction(&self, side: usize) -> Option<&Direction> {
        if side == 0 { Some(&self.near) } else { self.far.as_deref() }
    }

    fn side_of(&self, end: Endpoint) -> usize {
        usize::from((end == Endpoint::Client) != self.client_first)
    }

    /// Bytes that wait in its streams.
    pub(super) fn waiting(&self) -> usize {
        self.messages.iter().flatten().map(|m| m.waiting()).sum()
    }

    /// The same without waiting bytes that are in the frames; `None` where that wouldn't save much.
    pub(super) fn lighter(&self) -> Option<Self> {
        let lighter = |m: &Option<Box<Messages>>| m.as_ref()?.lighter().map(Box::new);
        let [near, far] = [lighter(&self.messages[0]), lighter(&self.messages[1])];
        if near.is_none() && far.is_none() {
            return None;
        }
        let messages = [near.or_else(|| self.messages[0].clone()), far.or_else(|| self.messages[1].clone())];
        Some(Self { messages, waits_since: self.waits_since, ..self.snapshot() })
    }

    /// Reads the bytes that were left out again.
    pub(super) fn refill(&mut self, fetch: Fetch<'_>, budget: &mut Budget) {
        for messages in self.messages.iter_mut().flatten() {
            messages.refill(fetch, budget);
        }
    }

    /// Bytes that it takes, but for those that are in the frames.
    pub(super) fn size(&self) -> usize {
        let far = if self.far.is_some() { size_of::<Direction>() } else { 0 };
        size_of::<Self>() + far + self.messages.iter().flatten().map(|m| m.size()).sum::<usize>()
    }

    /// Both ends have said that they are finished, and both have heard it.
    pub(super) fn is_over(&self) -> bool {
        self.ended && self.fins.iter().all(Option::is_some)
    }

    /// Its streams have been given up because it was over.
    pub(super) fn is_silent(&self) -> bool {
        self.silent
    }

    /// The frame of its last segment.
    pub(super) fn last_frame(&self) -> u64 {
        self.near.frame.max(self.far.as_ref().map_or(0, |far| far.frame))
    }

    /// Gives up what waits in both streams, and says how many bytes that was; they go on behind it.
    pub(super) fn forget_waiting(&mut self, budget: &mut Budget) -> usize {
        let waiting = self.waiting();
        for messages in self.messages.iter_mut().flatten() {
            messages.forget_waiting(budget);
        }
        waiting
    }

    /// Gives up both streams, and says how many bytes waited in them.
    pub(super) fn forget_streams(&mut self) -> usize {
        let waiting = self.waiting();
        self.messages = [None, None];
        self.silent = true;
        waiting
    }

    /// Whether a stream of this direction has begun.
    pub(super) fn has_stream(&self, forward: bool) -> bool {
        self.messages.get(usize::from(!forward)).is_some_and(Option::is_some)
    }

    /// Begins on the ports of an earlier connection, whose other end may live on: it then takes
    /// no SYN (RFC 9293 §3.10.7.4).
    pub(super) fn inherit(&mut self, earlier: &Self) {
        let same = (earlier.ends.dst, earlier.ends.dst_port) == (self.ends.dst, self.ends.dst_port);
        let state = earlier.states[usize::from(same)];
        if matches!(state, State::Established | State::FinWait1 | State::FinWait2 | State::CloseWait) && !earlier.ended
        {
            self.states[1] = state;
        }
    }

    /// Another connection has told its port: to Wireshark, its first packet is not the first.
    pub(super) fn was_announced(&mut self) {
        self.shown = Some(0);
    }

    /// Whether a SYN with this number begins another connection on the same ports.
    pub(super) fn is_reused_by(&self, s: &Segment, forward: bool) -> bool {
        let side = usize::from(!forward);
        self.direction(side).and_then(|d| d.base).is_some_and(|base| base != s.seq)
    }

    /// Takes note of a segment.
    pub(super) fn segment(
        &mut self,
        c: Conversation,
        s: &Segment,
        frame: u64,
        now: Time,
        reused: bool,
        events: &mut Vec<Event>,
    ) -> TcpFacts {
        if !self.near.is_known() && self.far.is_none() {
            self.open(c, s, events);
        }
        let rtt = self.rtt;
        let mut far = self.far.take().unwrap_or_else(|| {
            let mut new = Direction::new();
            new.shift = self.far_shift;
            Box::new(new)
        });
        let (fwd, rev) = if c.forward { (&mut self.near, &mut *far) } else { (&mut *far, &mut self.near) };
        let kind = s.flags & (flag::SYN | flag::ACK);
        let again = kind == flag::SYN && fwd.base == Some(s.seq);
        let mut reused = reused;
        if again {
            fwd.starts_over();
        } else if kind == flag::SYN | flag::ACK && fwd.base.is_some_and(|base| base != s.seq) {
            fwd.rebase(s.seq);
            reused = true;
        }
        let reset = if s.flags & flag::RST != 0 { tcp::reset(fwd, rev, s) } else { Reset::Exact };
        let mut found = tcp::analyse(fwd, rev, s, rtt, frame, now);
        if reused {
            found.verdicts |= verdict::REUSED_PORTS;
        }
        scale(fwd, rev, s);
        let (fwd_base, rev_base, shift) = (fwd.base.unwrap_or_default(), rev.base.unwrap_or_default(), fwd.shift);
        self.far_shift = far.shift;
        self.far = Some(far).filter(|far| far.is_known());
        if s.flags & flag::SYN != 0 {
            self.syns[usize::from(!c.forward)] = true;
        }
        self.negotiate_ecn(s);
        self.measure(s, now);
        self.follow_states(c, s, reset, events);
        if found.verdicts & verdict::RETRANSMISSION != 0 {
            events.push(Event::Retransmitted { conversation: c, of: found.original, unseen: found.unseen });
        }
        if let Some(of) = found.twin {
            events.push(Event::CapturedTwice { conversation: c, of });
        }
        if found.verdicts != 0 {
            for (verdict, earlier) in tcp::FOLLOWS {
                let after = earlier(&found.earlier);
                if found.verdicts & verdict != 0 && after != 0 {
                    events.push(Event::Judged { conversation: c, verdict: *verdict, after });
                }
            }
        }
        let facts = TcpFacts {
            conversation: c,
            seq_base: fwd_base,
            ack_base: rev_base,
            window_shift: shift,
            time_relative: now.since(self.first),
            time_delta: now.since(self.last),
            // Shown where anything else is known, as in Wireshark.
            initial_rtt: self.rtt.filter(|_| found.told || reused || again),
            verdicts: found.verdicts,
            acks: found.acks,
            bytes_in_flight: found.bytes_in_flight,
            duplicate_ack: found.duplicate_ack,
            told: found.told || reused || again,
            other_closed: s.flags & flag::FIN != 0 && *self.closer.get_or_insert(c.forward) != c.forward,
            accurate_ecn: self.accurate_ecn == Some(true) && s.flags & flag::SYN == 0,
            rto: found.rto,
            completeness: self.shown.unwrap_or(if reused { complete::SYN } else { 0 }),
        };
        self.shown = Some(complete::with(self.shown, s.flags, s.len));
        self.last = now;
        facts
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
            time_delta: now.since(self.last),
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
        self.last = now;
        facts
    }

    fn open(&mut self, c: Conversation, s: &Segment, events: &mut Vec<Event>) {
        let from_server = match s.flags & (flag::SYN | flag::ACK) {
            flag::SYN => false,
            f if f & flag::SYN != 0 => true,
            _ => self.ends.src_port < self.ends.dst_port,
        };
        self.client_first = !from_server;
        if from_server {
            self.ends = self.ends.flipped();
        }
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
            flag::SYN => self.last_syn = Some(now),
            flag::ACK if self.rtt.is_none() => {
                self.rtt = self.last_syn.and_then(|t| now.since(t)).filter(|&rtt| rtt != 0);
            }
            _ => {}
        }
    }

    fn follow_states(&mut self, c: Conversation, s: &Segment, reset: Reset, events: &mut Vec<Event>) {
        let (syn, fin, ack) = (s.flags & flag::SYN != 0, s.flags & flag::FIN != 0, s.flags & flag::ACK != 0);
        if self.ended && !syn {
            return;
        }
        let (from, to) = match self.sender(c.forward) {
            Endpoint::Client => (0, 1),
            Endpoint::Server => (1, 0),
        };
        let before = self.states;
        let other_fin = self.fins.get(to).copied().flatten();
        let receiver_side = usize::from(c.forward);
        let other_base = self.direction(receiver_side).and_then(|d| d.base);
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
        self.simultaneous |= crosses && self.syns == [true; 2];
        // Its own SYN was acknowledged before it answered the other one (RFC 9293 §3.5, figure 7, line 7).
        let completes = self.simultaneous
            && ack
            && matches!(self.states[from], State::SynSent | State::SynReceived)
            && self.acknowledged_syn(c.forward);
        // An end that has closed stays closed until a SYN, whatever straggles in.
        let gone = |end: usize| !syn && self.fins[end].is_some() && self.states[end] == State::Closed;
        let (sender_gone, receiver_gone) = (gone(from), gone(to));
        if fin && let Some(f) = self.fins.get_mut(from) {
            f.get_or_insert(s.seq + s.len);
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
        let base = self.direction(usize::from(!forward)).and_then(|d| d.base);
        let acked = self.direction(usize::from(forward)).map(|d| d.ack).filter(|&ack| ack != tcp::NONE);
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
        let isn = self.direction(side).and_then(|d| d.base).filter(|_| self.syns[side]);
        // Some captures made by hand give the SYN no number of its own: the data begins at the SYN's.
        let isn = isn.filter(|&isn| s.flags & flag::SYN != 0 || s.seq != isn || s.len < 2);
        isn.map_or(s.seq, |isn| isn + 1)
    }

    /// See [`Memory::deliver`](crate::proto::Memory::deliver).
    pub(super) fn deliver(
        &mut self,
        c: Conversation,
        incoming: Incoming<'_>,
        whole: &mut Buffer,
        ctx: &mut StreamCtx<'_>,
        budget: &mut Budget,
        events: &mut Vec<Event>,
    ) -> Option<Delivery> {
        if incoming.payload.is_empty() && !incoming.closes() {
            // A bare ACK never carries a message; what waits goes with the next data.
            return None;
        }
        let side = usize::from(!c.forward);
        // What the other end has acknowledged has arrived, whether this capture saw it or not.
        let acked = self.direction(1 - side).map(|d| d.ack).filter(|&ack| ack != tcp::NONE);
        let first = self.first_byte(side, incoming.segment);
        let repeats = self.direction(side).is_some_and(|d| tcp::only_repeats(d.verdicts));
        let messages = self.messages.get_mut(side)?.get_or_insert_with(|| Box::new(Messages::new(first)));
        let before = self.protocol.map(|p| p.about.name);
        let ports = (self.ends.src_port.min(self.ends.dst_port), self.ends.src_port.max(self.ends.dst_port));
        let mut speaker = Speaker { protocol: &mut self.protocol, ports };
        let delivery = messages.deliver(Incoming { acked, repeats, ..incoming }, &mut speaker, whole, ctx, budget);
        let now = self.protocol.map(|p| p.about.name);
        if let (Some(_), Some(protocol)) = (before, now)
            && before != now
        {
            events.push(Event::Switched { conversation: c, protocol });
        }
        if let Some(bytes) = messages.take_given_up() {
            events.push(Event::GaveUp { conversation: Some(c), bytes, full: false });
        }
        delivery
    }
}

/// Windows are scaled only when both SYNs offered it (RFC 7323 §2.2).
fn scale(fwd: &mut Direction, rev: &mut Direction, s: &Segment) {
    if s.flags & flag::SYN == 0 {
        return;
    }
    if let Some(shift) = s.window_scale {
        fwd.shift = i8::try_from(shift.min(14)).unwrap_or(14);
    }
    if fwd.shift == -1 || (s.flags & flag::ACK != 0 && rev.shift == -2) {
        (fwd.shift, rev.shift) = (-2, -2);
    }
}
