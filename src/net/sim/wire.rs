//! A wire: what two cards put on it, and how long it takes.
//!
//! [`Port`] is smoltcp's view of a network card: two queues. [`Link`] is the cable: a frame leaves when
//! the frames before it have left, takes its length over the rate to send, then travels.

use std::collections::VecDeque;
use std::time::Duration;

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

/// The longest frame: 1,500 bytes of IP behind an Ethernet header.
const MTU: usize = 1514;

/// A network card: frames that came in, frames to go out.
#[derive(Debug, Default)]
pub(super) struct Port {
    pub(super) received: VecDeque<Vec<u8>>,
    pub(super) sent: VecDeque<Vec<u8>>,
}

/// A cable between two hosts.
#[derive(Debug)]
pub(super) struct Link {
    /// The hosts at its two ends.
    pub(super) ends: [usize; 2],
    delay: Duration,
    /// Nanoseconds that a bit takes, times 1,000,000; 0 where sending takes no time.
    bit_time: u64,
    /// When each end has sent what it was given.
    free: [Duration; 2],
}

impl Link {
    /// A cable with this delay, and this rate in kbit/s.
    pub(super) fn new(ends: [usize; 2], delay: Duration, rate_kbit: Option<u32>) -> Self {
        let bit_time = rate_kbit.map_or(0, |rate| 1_000_000_000_000 / u64::from(rate).max(1));
        Self { ends, delay, bit_time, free: [Duration::ZERO; 2] }
    }

    /// The end where this host stands, and the host at the other.
    pub(super) fn end_of(&self, host: usize) -> Option<(usize, usize)> {
        let end = self.ends.iter().position(|&h| h == host)?;
        Some((end, self.ends[1 - end]))
    }

    /// Books the cable for a frame that is ready at `ready`: when its first bit leaves, and when its
    /// last one arrives.
    pub(super) fn book(&mut self, end: usize, ready: Duration, length: usize) -> (Duration, Duration) {
        let bits = length as u64 * 8;
        let start = ready.max(self.free[end]);
        self.free[end] = start + Duration::from_nanos(bits * self.bit_time / 1_000_000);
        (start, self.free[end] + self.delay)
    }
}

impl Device for Port {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received, Sending<'_>)> {
        let frame = self.received.pop_front()?;
        Some((Received(frame), Sending(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sending<'_>> {
        Some(Sending(&mut self.sent))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = MTU;
        capabilities
    }
}

pub(super) struct Received(Vec<u8>);

pub(super) struct Sending<'a>(&'a mut VecDeque<Vec<u8>>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut frame = vec![0; length];
        let result = write(&mut frame);
        self.0.push_back(frame);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_waits_for_the_one_before_it_then_travels() {
        let us = Duration::from_micros;
        let mut link = Link::new([0, 1], us(500), Some(100_000));
        // 100 bytes are 800 bits: 8 µs at 100 Mbit/s.
        assert_eq!(link.book(0, us(10), 100), (us(10), us(518)));
        assert_eq!(link.book(0, us(11), 100), (us(18), us(526)));
        assert_eq!(link.book(1, us(11), 100), (us(11), us(519)), "the other direction is free");
        let mut fast = Link::new([0, 1], us(1), None);
        assert_eq!(fast.book(0, us(0), 1500), (us(0), us(1)));
    }
}
