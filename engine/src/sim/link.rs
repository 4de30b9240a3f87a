//! A link: what two cards put on it, how long it takes, and what it does to frames on their way.
//!
//! A frame leaves when the frames before it have left, takes its length over the rate to send, then travels. A link has no
//! clock: whoever owns it says when a frame is ready, and is told when what arrives. So the simulator's links and the
//! live lab's are the same.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use super::port::ETHERNET_HEADER;
use crate::model::Remark;
use crate::rng::Rng;
use crate::sim::scenario;

/// How many frames wait for a link that says nothing else; what Linux allows, too.
const QUEUE: usize = 1000;
/// How long behind another a frame arrives that comes twice, or was overtaken.
const TWIN: Duration = Duration::from_micros(5);

/// What becomes of a frame that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Deliver,
    /// It is lost.
    Drop,
    /// It arrives so much later.
    Delay(Duration),
    /// It arrives twice.
    Duplicate,
    /// It arrives with the last bit flipped.
    Corrupt,
    /// It arrives just after the next frame that its sender sends; never, if there is none.
    Overtake,
}

/// A link that carries frames of this kind.
#[derive(Clone, Debug)]
pub struct Link<F> {
    delay: Duration,
    jitter: Duration,
    /// How many of a million frames are lost.
    loss: u64,
    /// Nanoseconds that a bit takes, times 1,000,000; 0 where sending takes no time.
    bit_time: u64,
    queue: usize,
    /// The longest frame.
    longest: usize,
    /// Which frames are lost, by their number on this link; and the number of the last one.
    loses: Vec<u64>,
    passed: u64,
    lanes: [Lane<F>; 2],
    rng: Rng,
}

/// One direction.
#[derive(Clone, Debug)]
struct Lane<F> {
    /// When all that was given has been sent.
    free: Duration,
    /// When the last frame arrives: none overtakes it.
    last: Duration,
    /// When each frame that waits will leave.
    waiting: VecDeque<Duration>,
    /// Frames that the next one overtakes.
    held: Vec<F>,
}

/// When a frame leaves and arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Its first bit leaves.
    pub leaves: Duration,
    /// Its last bit arrives.
    pub arrives: Duration,
    /// Why it does not arrive.
    pub loss: Option<Remark>,
}

impl Fate {
    /// What the capture remarks on a frame that meets this fate.
    fn remark(self) -> Option<Remark> {
        match self {
            Self::Deliver => None,
            Self::Drop => Some(Remark::Dropped),
            Self::Delay(_) => Some(Remark::Late),
            Self::Duplicate => Some(Remark::Twice),
            Self::Corrupt => Some(Remark::Damaged),
            Self::Overtake => Some(Remark::HeldBack),
        }
    }
}

/// The dice of all links of a world, of which each gets a fork, in the scenario's order. They have dice of their own,
/// so that a link that loses nothing changes nothing.
pub fn dice(seed: u64) -> Rng {
    Rng::seeded(seed ^ 0x6c69_6e6b)
}

impl<F: AsMut<Vec<u8>> + Clone> Link<F> {
    /// One as the scenario says.
    pub fn new(plan: &scenario::Link, rng: Rng) -> Self {
        let bit_time = plan.rate_kbit.map_or(0, |rate| 1_000_000_000_000 / u64::from(rate.get()));
        let lane = || Lane { free: Duration::ZERO, last: Duration::ZERO, waiting: VecDeque::new(), held: Vec::new() };
        Self {
            delay: Duration::from_micros(plan.delay_us.into()),
            jitter: Duration::from_micros(plan.jitter_us.into()),
            loss: format!("{:.0}", plan.loss_percent * 10_000.0).parse().unwrap_or(0),
            bit_time,
            queue: plan.queue.map(NonZeroU32::get).and_then(|frames| usize::try_from(frames).ok()).unwrap_or(QUEUE),
            longest: plan.mtu.as_ref().map_or(usize::MAX, |mtu| usize::from(*mtu.as_ref()) + ETHERNET_HEADER),
            loses: plan.loses.clone(),
            passed: 0,
            lanes: [lane(), lane()],
            rng,
        }
    }

    /// Whether every frame arrives at once, whatever comes.
    pub fn is_plain(&self) -> bool {
        let at_once = self.delay.is_zero() && self.jitter.is_zero() && self.bit_time == 0;
        at_once && self.loss == 0 && self.loses.is_empty() && self.longest == usize::MAX
    }

    /// Books the link, at one of its ends, for a frame that is ready at `ready`. Nothing where too many wait already.
    pub fn book(&mut self, end: usize, ready: Duration, length: usize) -> Option<Passage> {
        let lane = self.lanes.get_mut(end)?;
        let start = ready.max(lane.free);
        while lane.waiting.front().is_some_and(|&leaves| leaves <= ready) {
            lane.waiting.pop_front();
        }
        if lane.waiting.len() >= self.queue {
            return None;
        }
        // Who leaves at once does not wait.
        if start > ready {
            lane.waiting.push_back(start);
        }
        let bits = length as u64 * 8;
        lane.free = start + Duration::from_nanos(bits * self.bit_time / 1_000_000);
        let late = match u64::try_from(self.jitter.as_nanos()) {
            Ok(0) | Err(_) => Duration::ZERO,
            Ok(jitter) => Duration::from_nanos(self.rng.below(jitter + 1)),
        };
        lane.last = lane.last.max(lane.free + self.delay + late);
        let loss = if length > self.longest {
            Some(Remark::TooLong)
        } else {
            (self.loss > 0 && self.rng.below(1_000_000) < self.loss).then_some(Remark::Lost)
        };
        Some(Passage { leaves: start, arrives: lane.last, loss })
    }

    /// Counts a frame as it leaves, and says what befalls it, if anything does: the loss that was booked, or something
    /// else. A frame that is lost is not to be carried.
    pub fn meets(&mut self, loss: Option<Remark>, fate: Fate) -> Option<Remark> {
        self.passed += 1;
        let listed = self.loses.contains(&self.passed).then_some(Remark::Lost);
        loss.or(listed).filter(|_| fate != Fate::Drop).or(fate.remark())
    }

    /// Carries a frame that leaves from an end: tells `arrive` what arrives at the other one, and when. Frames that it
    /// overtakes come behind it, even if it is lost itself.
    pub fn carry(
        &mut self,
        end: usize,
        arrives: Duration,
        fate: Fate,
        mut frame: F,
        mut arrive: impl FnMut(Duration, F),
    ) {
        let Some(lane) = self.lanes.get_mut(end) else { return };
        match fate {
            Fate::Drop => {}
            Fate::Deliver => arrive(arrives, frame),
            Fate::Delay(by) => arrive(arrives + by, frame),
            Fate::Duplicate => {
                arrive(arrives, frame.clone());
                arrive(arrives + TWIN, frame);
            }
            Fate::Corrupt => {
                if let Some(last) = frame.as_mut().last_mut() {
                    *last ^= 1;
                }
                arrive(arrives, frame);
            }
            Fate::Overtake => return lane.held.push(frame),
        }
        for frame in lane.held.drain(..) {
            arrive(arrives + TWIN, frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::Scenario;

    /// A link with these words in its TOML.
    fn link(words: &str) -> Link<Vec<u8>> {
        let host = |name: &str, last: u8| {
            format!(
                "[[host]]\nname = \"{name}\"\nmac = \"02:00:00:00:00:0{last}\"\naddresses = [\"192.0.2.{last}/24\"]\n"
            )
        };
        let (a, b) = (host("a", 1), host("b", 2));
        let text = format!("title = \"\"\nabout = \"\"\n{a}{b}[[link]]\nbetween = [\"a\", \"b\"]\n{words}\n");
        let scenario = Scenario::parse("test.toml", &text).unwrap();
        Link::new(&scenario.links[0], Rng::seeded(1))
    }

    fn us(us: u64) -> Duration {
        Duration::from_micros(us)
    }

    #[test]
    fn a_frame_waits_for_the_one_before_it_then_travels() {
        let times = |passage: Option<Passage>| passage.map(|p| (p.leaves, p.arrives));
        let mut link = link("delay_us = 500\nrate_kbit = 100_000");
        // 100 bytes are 800 bits: 8 µs at 100 Mbit/s.
        assert_eq!(times(link.book(0, us(10), 100)), Some((us(10), us(518))));
        assert_eq!(times(link.book(0, us(11), 100)), Some((us(18), us(526))));
        assert_eq!(times(link.book(1, us(11), 100)), Some((us(11), us(519))), "the other direction is free");
        let mut fast = self::link("delay_us = 1");
        assert_eq!(times(fast.book(0, us(0), 1500)), Some((us(0), us(1))));
    }

    #[test]
    fn a_full_queue_takes_no_more_until_a_frame_has_left() {
        let mut link = link("rate_kbit = 8_000\nqueue = 2");
        // 1,000 bytes take 1 ms. The first leaves at once, two wait, the fourth finds no room.
        let booked: Vec<_> = (0..4).map(|_| link.book(0, us(0), 1000).map(|p| p.leaves)).collect();
        assert_eq!(booked, [Some(us(0)), Some(us(1000)), Some(us(2000)), None]);
        assert_eq!(link.book(0, us(1000), 1000).map(|p| p.leaves), Some(us(3000)));
    }

    #[test]
    fn jitter_makes_frames_late_and_keeps_their_order() {
        let mut link = link("delay_us = 100\njitter_us = 1_000");
        let arrivals: Vec<_> = (0..100).map(|i| link.book(0, us(i), 100).unwrap().arrives).collect();
        assert!(arrivals.is_sorted() && arrivals.iter().any(|&at| at > us(1000)));
        assert!(arrivals.iter().all(|&at| (us(100)..=us(1_200)).contains(&at)));
    }

    #[test]
    fn loss_is_what_was_asked_for_and_a_frame_that_is_too_long_never_arrives() {
        let mut link = link("loss_percent = 10.0\nmtu = 600");
        let losses: Vec<_> = (0..10_000).map(|_| link.book(0, us(0), 614).unwrap().loss).collect();
        let lost = losses.iter().filter(|loss| **loss == Some(Remark::Lost)).count();
        assert!((900..1100).contains(&lost), "{lost}");
        assert_eq!(link.book(0, us(0), 615).unwrap().loss, Some(Remark::TooLong));
    }

    #[test]
    fn each_fate_says_what_arrives_and_what_is_remarked() {
        let mut link = link("delay_us = 100");
        let mut met = |fate: Fate, frame: u8| {
            let passage = link.book(0, us(0), 1).unwrap();
            let (remark, mut arrivals) = (link.meets(passage.loss, fate), Vec::new());
            link.carry(0, passage.arrives, fate, vec![frame], |at, frame| arrivals.push((at.as_micros(), frame[0])));
            (remark, arrivals)
        };
        assert_eq!(met(Fate::Deliver, 2), (None, vec![(100, 2)]));
        assert_eq!(met(Fate::Drop, 2), (Some(Remark::Dropped), vec![]));
        assert_eq!(met(Fate::Delay(us(7)), 2), (Some(Remark::Late), vec![(107, 2)]));
        assert_eq!(met(Fate::Duplicate, 2), (Some(Remark::Twice), vec![(100, 2), (105, 2)]));
        assert_eq!(met(Fate::Corrupt, 2), (Some(Remark::Damaged), vec![(100, 3)]));
        assert_eq!(met(Fate::Overtake, 4), (Some(Remark::HeldBack), vec![]));
        assert_eq!(met(Fate::Delay(us(7)), 2), (Some(Remark::Late), vec![(107, 2), (105, 4)]));
    }

    #[test]
    fn a_frame_that_its_link_loses_is_said_to_be_lost_whatever_else_it_meets() {
        let mut link = link("loses = [2, 3]");
        let passage = link.book(0, us(0), 1).unwrap();
        let met = [Fate::Duplicate, Fate::Duplicate, Fate::Drop].map(|fate| link.meets(passage.loss, fate));
        assert_eq!(met, [Some(Remark::Twice), Some(Remark::Lost), Some(Remark::Dropped)]);
    }
}
