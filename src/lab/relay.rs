//! A cable with a will of its own: frames that come out of one virtual card are put into another, later, not at all,
//! or twice. It stands between two veth pairs, in user space, because not every kernel has netem.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::plan::Traits;
use super::sys;
use crate::model::{RawFrame, Remark};
use crate::rng::Rng;
use crate::sim::{Fate, Judge};

/// Longer than any frame that comes without offload.
const ROOM: usize = 65_600;
/// Bytes before the IP packet.
const ETHERNET: usize = 14;
/// A cable holds no more frames than these; one more is lost.
const MOST: usize = 100_000;
/// How long behind another a frame arrives that comes twice, or was overtaken.
const TWIN: Duration = Duration::from_micros(50);
/// How long to wait for a frame where nothing is due.
const PATIENCE: Duration = Duration::from_secs(1);

/// What became of a frame that met a fault: its bytes as it was sent, and the remark.
pub(super) type Met = (Vec<u8>, Remark);

/// All cables of a lab.
pub(super) struct Relay {
    /// Two ports a cable, one after the other.
    ports: Vec<Port>,
    judge: Option<Judge>,
    remarks: Sender<Met>,
    rng: Rng,
    agenda: BinaryHeap<Reverse<Due>>,
    /// Frames so far, over all cables and over each.
    sent: u64,
    passed: Vec<u64>,
}

/// One end of a cable.
struct Port {
    socket: File,
    traits: Traits,
    /// When the last frame from here has been sent, and when it arrives.
    busy: Instant,
    last: Instant,
    /// Frames that wait for the sender's next one.
    overtaken: Vec<Vec<u8>>,
}

struct Due {
    at: Instant,
    /// Of two at the same moment, the one entered first comes first.
    order: u64,
    to: usize,
    frame: Vec<u8>,
}

impl Relay {
    pub(super) fn new(seed: u64, judge: Option<Judge>, remarks: Sender<Met>) -> Self {
        let rng = Rng::seeded(seed);
        Self { ports: Vec::new(), judge, remarks, rng, agenda: BinaryHeap::new(), sent: 0, passed: Vec::new() }
    }

    /// Adds a cable between two sockets.
    pub(super) fn add(&mut self, ends: [OwnedFd; 2], traits: &Traits) {
        let now = Instant::now();
        self.passed.push(0);
        self.ports.extend(ends.map(|end| {
            let socket = File::from(end);
            Port { socket, traits: traits.clone(), busy: now, last: now, overtaken: Vec::new() }
        }));
    }

    /// Whether there is nothing to relay.
    pub(super) fn is_empty(&self) -> bool {
        self.ports.is_empty()
    }

    /// Carries frames until the process ends.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut room = vec![0; ROOM];
        loop {
            let now = Instant::now();
            self.deliver(now);
            let next = self.agenda.peek().map_or(PATIENCE, |Reverse(due)| due.at.saturating_duration_since(now));
            let sockets: Vec<_> = self.ports.iter().map(|port| port.socket.as_fd()).collect();
            sys::wait(&sockets, next)?;
            for at in 0..self.ports.len() {
                while let Some(count) = self.ports.get_mut(at).and_then(|port| port.socket.read(&mut room).ok()) {
                    let frame = room.get(..count).unwrap_or_default().to_vec();
                    self.take(at, frame);
                }
            }
        }
    }

    /// Puts frames whose moment has come onto the other card.
    fn deliver(&mut self, now: Instant) {
        while self.agenda.peek().is_some_and(|Reverse(due)| due.at <= now) {
            let Some(Reverse(due)) = self.agenda.pop() else { return };
            if let Some(port) = self.ports.get_mut(due.to) {
                // A card that is full or gone loses the frame, as a wire would.
                let _ = port.socket.write(&due.frame);
            }
        }
    }

    /// Decides what becomes of a frame that came out of a card.
    fn take(&mut self, from: usize, bytes: Vec<u8>) {
        self.sent += 1;
        let mut frame = RawFrame::whole(self.sent, bytes);
        let mut fate = self.judge.as_mut().map_or(Fate::Deliver, |judge| judge(&frame));
        if self.loses_next(from) && fate == Fate::Deliver {
            fate = Fate::Drop;
        }
        if let Some(remark) = fate.remark() {
            // Whoever annotates the capture may have ended already.
            let _ = self.remarks.send((frame.bytes.clone(), remark));
        }
        let Some(mut arrives) = self.arrival(from, frame.bytes.len()) else { return };
        let to = from ^ 1;
        let held = if fate == Fate::Overtake {
            None
        } else {
            self.ports.get_mut(from).map(|port| std::mem::take(&mut port.overtaken))
        };
        match fate {
            Fate::Drop => {}
            Fate::Deliver => self.enter(arrives, to, frame.bytes),
            Fate::Delay(late) => {
                arrives += late;
                self.enter(arrives, to, frame.bytes);
            }
            Fate::Duplicate => {
                self.enter(arrives, to, frame.bytes.clone());
                self.enter(arrives + TWIN, to, frame.bytes);
            }
            Fate::Corrupt => {
                if let Some(last) = frame.bytes.last_mut() {
                    *last ^= 1;
                }
                self.enter(arrives, to, frame.bytes);
            }
            Fate::Overtake => {
                if let Some(port) = self.ports.get_mut(from) {
                    port.overtaken.push(frame.bytes);
                }
            }
        }
        for frame in held.into_iter().flatten() {
            self.enter(arrives + TWIN, to, frame);
        }
    }

    /// Counts a frame on its cable; says whether it is one of those that are lost there.
    fn loses_next(&mut self, from: usize) -> bool {
        let Some(passed) = self.passed.get_mut(from / 2) else { return false };
        *passed += 1;
        self.ports.get(from).is_some_and(|port| port.traits.loses.contains(passed))
    }

    /// When a frame of so many bytes arrives; `None` if chance or a full queue loses it.
    fn arrival(&mut self, from: usize, bytes: usize) -> Option<Instant> {
        let port = self.ports.get_mut(from)?;
        let traits = &port.traits;
        if traits.mtu.is_some_and(|mtu| bytes > usize::from(mtu) + ETHERNET) {
            return None;
        }
        let chance = f64::from(u32::try_from(self.rng.below(1 << 32)).unwrap_or(u32::MAX)) / f64::from(u32::MAX);
        if chance * 100.0 < traits.loss {
            return None;
        }
        let now = Instant::now();
        let bits = u64::try_from(bytes).unwrap_or(0).saturating_mul(8);
        // Bits by kilobits a second are milliseconds.
        let takes =
            traits.kbit.map_or(Duration::ZERO, |kbit| Duration::from_nanos(bits * 1_000_000 / u64::from(kbit.max(1))));
        let begins = port.busy.max(now);
        let waiting = if takes.is_zero() { 0 } else { (begins - now).as_nanos() / takes.as_nanos().max(1) };
        if traits.queue.is_some_and(|queue| waiting > u128::from(queue)) {
            return None;
        }
        port.busy = begins + takes;
        let jitter = u64::try_from(traits.jitter.as_nanos()).unwrap_or(u64::MAX);
        let jitter = Duration::from_nanos(self.rng.below(jitter.saturating_add(1)));
        port.last = port.last.max(port.busy + traits.delay + jitter);
        Some(port.last)
    }

    fn enter(&mut self, at: Instant, to: usize, frame: Vec<u8>) {
        if self.agenda.len() < MOST {
            self.agenda.push(Reverse(Due { at, order: self.sent, to, frame }));
        }
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Due {}
