//! A cable with a will of its own: frames that come out of one virtual card are put into another, later, not at all,
//! or twice. It stands between two veth pairs, in user space, because not every kernel has netem. What it does to frames
//! is what the simulator's [`Link`] does; here is the clock.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::plan::Cable;
use super::sys;
use crate::model::{RawFrame, Remark, Time};
use crate::sim::{Agenda, Fate, Judge, Link, START};

/// Longer than any frame that comes without offload.
const ROOM: usize = 65_600;
/// All cables hold no more frames than these; one more is lost.
const MOST: usize = 100_000;
/// How long to wait for a frame where nothing is due.
const PATIENCE: Duration = Duration::from_secs(1);

/// What befell a frame: its bytes as it was sent, and the remark.
pub(super) type Met = (Vec<u8>, Remark);

/// All cables of a lab that do something to frames.
pub(super) struct Relay {
    /// What time the cables count from.
    begun: Instant,
    cables: Vec<Relayed>,
    /// Two a cable, one after the other.
    sockets: Vec<File>,
    judge: Option<Judge>,
    met: Sender<Met>,
    /// Which socket a frame is put into.
    agenda: Agenda<(usize, Vec<u8>)>,
    /// Frames so far over all cables that are watched.
    sent: u64,
}

struct Relayed {
    link: Link<Vec<u8>>,
    /// Whether its frames are judged.
    watched: bool,
}

impl Relay {
    pub(super) fn new(judge: Option<Judge>, met: Sender<Met>) -> Self {
        Self {
            begun: Instant::now(),
            cables: Vec::new(),
            sockets: Vec::new(),
            judge,
            met,
            agenda: Agenda::new(),
            sent: 0,
        }
    }

    /// Whether a cable must go through here: it does something to frames, or the judge might.
    pub(super) fn wants(&self, cable: &Cable) -> bool {
        !cable.link.is_plain() || (cable.watched && self.judge.is_some())
    }

    /// Adds a cable between two sockets.
    pub(super) fn add(&mut self, ends: [OwnedFd; 2], cable: &Cable) {
        self.cables.push(Relayed { link: cable.link.clone(), watched: cable.watched });
        self.sockets.extend(ends.map(File::from));
    }

    /// Whether there is nothing to relay.
    pub(super) fn is_empty(&self) -> bool {
        self.cables.is_empty()
    }

    /// Carries frames until the process ends.
    pub(super) fn run(mut self) -> io::Result<()> {
        let mut room = vec![0; ROOM];
        loop {
            let now = self.begun.elapsed();
            self.deliver(now);
            let next = self.agenda.next().map_or(PATIENCE, |at| at.saturating_sub(now));
            let sockets: Vec<_> = self.sockets.iter().map(File::as_fd).collect();
            sys::wait(&sockets, next)?;
            for at in 0..self.sockets.len() {
                while let Some(count) = self.sockets.get_mut(at).and_then(|socket| socket.read(&mut room).ok()) {
                    let frame = room.get(..count).unwrap_or_default().to_vec();
                    self.take(at, frame);
                }
            }
        }
    }

    /// Puts frames whose moment has come onto the other card.
    fn deliver(&mut self, now: Duration) {
        while self.agenda.next().is_some_and(|at| at <= now) {
            let Some((_, (to, frame))) = self.agenda.take() else { return };
            if let Some(socket) = self.sockets.get_mut(to) {
                // A card that is full or gone loses the frame, as a link would.
                let _ = socket.write(&frame);
            }
        }
    }

    /// Decides what becomes of a frame that came out of a card.
    fn take(&mut self, from: usize, bytes: Vec<u8>) {
        let (now, end) = (self.begun.elapsed(), from % 2);
        let Some(cable) = self.cables.get_mut(from / 2) else { return };
        let Some(passage) = cable.link.book(end, now, bytes.len()) else {
            // Whoever annotates the capture may have ended already.
            let _ = self.met.send((bytes, Remark::Refused));
            return;
        };
        let mut fate = Fate::Deliver;
        if let Some(judge) = self.judge.as_mut().filter(|_| cable.watched) {
            self.sent += 1;
            let since = i64::try_from(now.as_nanos()).unwrap_or(i64::MAX);
            let frame =
                RawFrame { time: Time(START.0.saturating_add(since)), ..RawFrame::whole(self.sent, bytes.clone()) };
            fate = judge(&frame);
        }
        if let Some(remark) = cable.link.meets(passage.loss, fate) {
            let _ = self.met.send((bytes.clone(), remark));
            if remark.is_loss() {
                fate = Fate::Drop;
            }
        }
        cable.link.carry(end, passage.arrives, fate, bytes, |at, frame| {
            if self.agenda.len() < MOST {
                self.agenda.enter(at, (from ^ 1, frame));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::link;
    use crate::sim::scenario::Scenario;
    use std::os::unix::net::UnixDatagram;
    use std::sync::mpsc::{Receiver, channel};

    /// A relay with one cable that has these words in its TOML, the two cards' ends, and what befalls frames.
    fn relay(words: &str, watched: bool, judge: Option<Judge>) -> (Relay, [UnixDatagram; 2], Receiver<Met>) {
        let host = |last: u8| {
            format!(
                "[[host]]\nname = \"{last}\"\nmac = \"02:00:00:00:00:0{last}\"\naddresses = [\"192.0.2.{last}/24\"]\n"
            )
        };
        let hosts = host(1) + &host(2);
        let text = format!("title = \"\"\nabout = \"\"\n{hosts}[[link]]\nbetween = [\"1\", \"2\"]\n{words}\n");
        let scenario = Scenario::parse("test.toml", &text).unwrap();
        let link = Link::new(&scenario.links[0], link::dice(1).fork());
        let (met, told) = channel();
        let mut relay = Relay::new(judge, met);
        let cable = Cable { ends: [(0, 0), (1, 0)], link, watched };
        let pairs = [(); 2].map(|()| UnixDatagram::pair().unwrap());
        let [(near, a), (far, b)] = pairs;
        for end in [&a, &b] {
            end.set_nonblocking(true).unwrap();
        }
        relay.add([near, far].map(OwnedFd::from), &cable);
        (relay, [a, b], told)
    }

    /// The first byte of each frame that has come out of an end.
    fn arrived(end: &UnixDatagram) -> Vec<u8> {
        let mut room = [0; 2000];
        std::iter::from_fn(|| end.recv(&mut room).ok().map(|_| room[0])).collect()
    }

    #[test]
    fn a_cable_does_to_frames_what_the_simulators_link_does() {
        // 1,000 bytes take 8 s. The first leaves at once and is lost, two wait, the fourth finds no room.
        let (mut relay, [a, b], told) = relay("rate_kbit = 1\nqueue = 2\nloses = [1]", false, None);
        for first in 1..=4 {
            relay.take(0, vec![first; 1000]);
        }
        relay.deliver(Duration::from_secs(1));
        assert!(arrived(&b).is_empty(), "nothing has been sent yet");
        relay.deliver(Duration::MAX);
        assert_eq!((arrived(&a), arrived(&b)), (vec![], vec![2, 3]));
        let met: Vec<_> = told.try_iter().map(|(bytes, remark)| (bytes[0], remark)).collect();
        assert_eq!(met, [(1, Remark::Lost), (4, Remark::Refused)]);
    }

    #[test]
    fn faults_befall_frames_where_they_are_watched_and_nowhere_else() {
        for watched in [true, false] {
            let judge: Judge = Box::new(|frame| if frame.number == 2 { Fate::Overtake } else { Fate::Deliver });
            let (mut relay, [_, b], told) = relay("", watched, Some(judge));
            for first in 1..=3 {
                relay.take(0, vec![first]);
            }
            relay.deliver(Duration::MAX);
            assert_eq!(arrived(&b), if watched { [1, 3, 2] } else { [1, 2, 3] });
            assert_eq!(told.try_iter().count(), usize::from(watched));
        }
    }
}
