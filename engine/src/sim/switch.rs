//! A switch: it reads Ethernet headers, and nothing behind them — IEEE 802.1D, transparent bridging.
//!
//! It learns from each frame's source who is behind which port. A frame for somebody whom it knows leaves
//! at that port alone; any other, and one for everybody, leaves at all ports but the one that it came in at.

use std::collections::HashMap;
use std::time::Duration;

use smoltcp::wire::{EthernetAddress, EthernetFrame};

use super::journal::{Deed, Journal};
use super::port::Frame;

/// How many addresses it remembers. One more takes the place of the one not heard of for longest.
const MEMORY: usize = 4096;
/// How long it needs for a frame.
pub(super) const NEEDS: Duration = Duration::from_micros(4);

#[derive(Debug)]
pub(super) struct Switch {
    ports: usize,
    forgets_after: Duration,
    /// Behind which port each address was seen, and when last.
    known: HashMap<EthernetAddress, (usize, Duration)>,
}

impl Switch {
    pub(super) fn new(ports: usize, forgets_after: Duration) -> Self {
        Self { ports, forgets_after, known: HashMap::new() }
    }

    /// Takes a frame in at a port; gives `out` what leaves, each with its port.
    pub(super) fn receive(
        &mut self,
        now: Duration,
        port: usize,
        frame: Frame,
        out: &mut Vec<(usize, Frame)>,
        journal: &mut Journal,
    ) {
        let Ok(header) = EthernetFrame::new_checked(frame.bytes.as_slice()) else {
            return journal.note(frame.id, Deed::Dropped("it is too short for an Ethernet header"));
        };
        let (from, to) = (header.src_addr(), header.dst_addr());
        if from.is_unicast() {
            self.learn(now, port, from);
        }
        match self.port_of(now, to) {
            Some(known) if known == port => journal.note(frame.id, Deed::Dropped("its receiver is where it came from")),
            Some(known) => {
                journal.note(frame.id, Deed::Switched);
                out.push((known, frame));
            }
            None => {
                journal.note(frame.id, Deed::Flooded);
                let others = (0..self.ports).filter(|&other| other != port);
                out.extend(others.map(|other| (other, frame.clone())));
            }
        }
    }

    fn learn(&mut self, now: Duration, port: usize, address: EthernetAddress) {
        if self.known.len() >= MEMORY && !self.known.contains_key(&address) {
            let oldest = self.known.iter().min_by_key(|(address, (_, seen))| (*seen, **address));
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.known.remove(&oldest);
            }
        }
        self.known.insert(address, (port, now));
    }

    fn port_of(&self, now: Duration, to: EthernetAddress) -> Option<usize> {
        let (port, seen) = *self.known.get(&to).filter(|_| to.is_unicast())?;
        (now.saturating_sub(seen) < self.forgets_after).then_some(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
    const B: [u8; 6] = [2, 0, 0, 0, 0, 2];
    const ALL: [u8; 6] = [0xff; 6];

    /// The ports at which a frame leaves.
    fn leaves(switch: &mut Switch, seconds: u64, port: usize, from: [u8; 6], to: [u8; 6]) -> Vec<usize> {
        let bytes = [&to[..], &from, &[0x08, 0x00], &[0; 46]].concat();
        let (mut out, mut journal) = (Vec::new(), Journal::default());
        let frame = Frame { id: 7, ..Frame::new(bytes) };
        switch.receive(Duration::from_secs(seconds), port, frame.clone(), &mut out, &mut journal);
        assert!(out.iter().all(|(_, sent)| *sent == frame), "it changes nothing");
        out.into_iter().map(|(port, _)| port).collect()
    }

    fn switch() -> Switch {
        Switch::new(3, Duration::from_mins(5))
    }

    #[test]
    fn whom_it_does_not_know_it_looks_for_everywhere_but_where_the_frame_came_from() {
        assert_eq!(leaves(&mut switch(), 0, 1, A, B), [0, 2]);
        assert_eq!(leaves(&mut switch(), 0, 0, A, ALL), [1, 2]);
    }

    #[test]
    fn it_learns_from_the_source_of_each_frame() {
        let mut switch = switch();
        leaves(&mut switch, 0, 0, A, ALL);
        assert_eq!(leaves(&mut switch, 1, 2, B, A), [0]);
        assert_eq!(leaves(&mut switch, 1, 0, A, B), [2]);
        leaves(&mut switch, 2, 1, A, ALL);
        assert_eq!(leaves(&mut switch, 2, 2, B, A), [1], "A has moved");
        assert!(leaves(&mut switch, 2, 1, B, A).is_empty(), "A is behind the same port");
    }

    #[test]
    fn it_forgets_whom_it_does_not_hear_of() {
        let mut switch = switch();
        leaves(&mut switch, 0, 0, A, ALL);
        assert_eq!(leaves(&mut switch, 299, 2, B, A), [0]);
        assert_eq!(leaves(&mut switch, 300, 2, B, A), [0, 1]);
    }

    #[test]
    fn its_memory_has_an_end_and_the_oldest_goes_first() {
        let mut switch = switch();
        for i in 0..=u16::try_from(MEMORY).unwrap() {
            let [high, low] = i.to_be_bytes();
            leaves(&mut switch, 10 + u64::from(i), 0, [2, 0, 0, 1, high, low], ALL);
        }
        assert_eq!(switch.known.len(), MEMORY);
        assert!(!switch.known.contains_key(&EthernetAddress([2, 0, 0, 1, 0, 0])));
    }
}
