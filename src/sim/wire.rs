//! A link: what two cards put on a wire, how long it takes, and what the wire loses.
//!
//! A frame leaves when the frames before it have left, takes its length over the rate to send, then travels.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::time::Duration;

use super::port::ETHERNET_HEADER;
use crate::model::Remark;
use crate::rng::Rng;
use crate::sim::scenario::{self, Place};

/// How many frames wait for a link that says nothing else; what Linux allows, too.
const QUEUE: usize = 1000;

/// A wire between two cards.
#[derive(Debug)]
pub(super) struct Link {
    /// The cards at its two ends.
    pub(super) ends: [Place; 2],
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
    lanes: [Lane; 2],
    rng: Rng,
}

/// One direction.
#[derive(Debug, Default)]
struct Lane {
    /// When all that was given has been sent.
    free: Duration,
    /// When the last frame arrives: none overtakes it.
    last: Duration,
    /// When each frame that waits will leave.
    waiting: VecDeque<Duration>,
}

/// When a frame leaves and arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    /// Its first bit leaves.
    pub(super) leaves: Duration,
    /// Its last bit arrives.
    pub(super) arrives: Duration,
    /// What happens to it on the way.
    pub(super) mishap: Option<Remark>,
}

impl Link {
    pub(super) fn new(plan: &scenario::Link, ends: [Place; 2], rng: Rng) -> Self {
        let bit_time = plan.rate_kbit.map_or(0, |rate| 1_000_000_000_000 / u64::from(rate.get()));
        Self {
            ends,
            delay: Duration::from_micros(plan.delay_us.into()),
            jitter: Duration::from_micros(plan.jitter_us.into()),
            loss: format!("{:.0}", plan.loss_percent * 10_000.0).parse().unwrap_or(0),
            bit_time,
            queue: plan.queue.map(NonZeroU32::get).and_then(|frames| usize::try_from(frames).ok()).unwrap_or(QUEUE),
            longest: plan.mtu.as_ref().map_or(usize::MAX, |mtu| usize::from(*mtu.as_ref()) + ETHERNET_HEADER),
            loses: plan.loses.clone(),
            passed: 0,
            lanes: Default::default(),
            rng,
        }
    }

    /// The far end.
    pub(super) fn other(&self, end: usize) -> Place {
        self.ends[1 - end]
    }

    /// Counts a frame that leaves; says whether it is one of those that are lost.
    pub(super) fn loses_next(&mut self) -> bool {
        self.passed += 1;
        self.loses.contains(&self.passed)
    }

    /// Books the wire for a frame that is ready at `ready`. Nothing where too many wait already.
    pub(super) fn book(&mut self, end: usize, ready: Duration, length: usize) -> Option<Passage> {
        let lane = &mut self.lanes[end];
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
        let mishap = if length > self.longest {
            Some(Remark::TooLong)
        } else {
            (self.loss > 0 && self.rng.below(1_000_000) < self.loss).then_some(Remark::Lost)
        };
        Some(Passage { leaves: start, arrives: lane.last, mishap })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::Scenario;

    /// A link with these words in its TOML.
    fn link(words: &str) -> Link {
        let host = |name: &str, last: u8| {
            format!(
                "[[host]]\nname = \"{name}\"\nmac = \"02:00:00:00:00:0{last}\"\naddresses = [\"192.0.2.{last}/24\"]\n"
            )
        };
        let (a, b) = (host("a", 1), host("b", 2));
        let text = format!("title = \"\"\nabout = \"\"\n{a}{b}[[link]]\nbetween = [\"a\", \"b\"]\n{words}\n");
        let scenario = Scenario::parse("test.toml", &text).unwrap();
        let ends = scenario.ends(&scenario.links[0]).unwrap();
        Link::new(&scenario.links[0], ends, Rng::seeded(1))
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
        let mishaps: Vec<_> = (0..10_000).map(|_| link.book(0, us(0), 614).unwrap().mishap).collect();
        let lost = mishaps.iter().filter(|mishap| **mishap == Some(Remark::Lost)).count();
        assert!((900..1100).contains(&lost), "{lost}");
        assert_eq!(link.book(0, us(0), 615).unwrap().mishap, Some(Remark::TooLong));
    }
}
