//! Captures the packets of the server's own port, on the interfaces that they can cross, and drops everything else at once.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::veil::Veils;
use super::watch::Watch;
use super::{Port, Shows, Taken};
use crate::filter::Filter;
use crate::flow::{Limits, Tracker};
use crate::model::{Packet, RawFrame};
use crate::proto::memory::{Address, Memory as _};
use crate::proto::{NoMemory, http, ipv4, ipv6, tcp, walk};
use crate::source::live::{self, Live, Nic, OpenError, Options, State};
use crate::source::{Source as _, Step};
use crate::tutor::Moment;

/// What a capture may remember: it sees one port only.
const LIMITS: Limits = Limits {
    conversations: 4096,
    bytes_a_stream: 1 << 20,
    bytes_in_streams: 16 << 20,
    bytes_in_fragments: 1 << 20,
    bytes_kept: 4 << 20,
    unacknowledged: 1 << 17,
};

/// Running captures. They end when dropped.
#[derive(Debug, Default)]
pub struct Captures {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
    /// The interfaces.
    pub names: Vec<String>,
}

impl Captures {
    /// Opens every interface that packets to this address can cross.
    ///
    /// # Errors
    /// No interface could be opened.
    pub(super) fn open(address: IpAddr) -> Result<Vec<Live>, OpenError> {
        let (mut open, mut refused) = (Vec::new(), None);
        for nic in live::interfaces().iter().filter(|nic| crosses(nic, address)) {
            match live::open(&nic.name, &Options { promiscuous: false, buffer: 16, ..Options::default() }) {
                Ok(live) => open.push(live),
                Err(e) => refused = refused.or(Some(e)),
            }
        }
        match refused {
            Some(why) if open.is_empty() => Err(why),
            _ => Ok(open),
        }
    }

    /// Begins to follow the packets of a port.
    pub(super) fn start<S: Shows>(open: Vec<Live>, port: Port, taken: &Arc<Taken>, show: impl Fn() -> S) -> Self {
        let mut captures = Self::default();
        for live in open {
            let Ok(filter) = Filter::parse(&format!("tcp.port == {}", port.number)) else { continue };
            captures.names.push(live.interface().name.clone());
            let (stop, taken, mut show) = (Arc::clone(&captures.stop), Arc::clone(taken), show());
            captures.threads.push(std::thread::spawn(move || follow(live, (&filter, port), &taken, &mut show, &stop)));
        }
        captures
    }
}

impl Drop for Captures {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Our port speaks HTTP, whatever other protocol has that number elsewhere.
fn expect_http(tracker: &mut Tracker, packet: &Packet, port: u16) {
    if !packet.flag(&tcp::FLAGS_SYN) || packet.uint(&tcp::DSTPORT) != Some(u64::from(port)) {
        return;
    }
    let v4 = || packet.octets(&ipv4::DST)?.try_into().ok().map(Address::v4);
    let v6 = || packet.octets(&ipv6::DST)?.try_into().ok().map(Address::v6);
    if let Some(address) = v4().or_else(v6) {
        tracker.expect(address, port, &http::PROTOCOL);
    }
}

/// Whether a packet to the address can cross the interface. What this machine says to itself crosses loopback.
fn crosses(nic: &Nic, address: IpAddr) -> bool {
    let own = address.is_unspecified() || nic.addresses.iter().any(|&(ip, _)| ip == address);
    nic.state != State::Down && (nic.loopback || own)
}

fn follow<S: Shows>(mut live: Live, (filter, port): (&Filter, Port), taken: &Taken, show: &mut S, stop: &AtomicBool) {
    let (mut watch, mut veils) = (Watch::new(port), Veils::new(port.number));
    let (mut raw, mut packet) = (RawFrame::default(), Packet::new());
    let (mut glance, mut tracker) = (NoMemory::default(), Tracker::new(LIMITS));
    let mut number = 0;
    let taken = |peer, key: &str| taken.is_taken(peer, key);
    while !stop.load(Ordering::Relaxed) {
        match live.next(&mut raw) {
            Ok(Step::Frame) => {
                // Other traffic is not even remembered.
                walk(&raw, &mut glance, &mut packet);
                if !filter.matches(&packet) {
                    continue;
                }
                expect_http(&mut tracker, &packet, port.number);
                veils.hide(&packet, &mut raw);
                number += 1;
                raw.number = number;
                walk(&raw, &mut tracker, &mut packet);
                let mut describe = |moment: &Moment<'_>, down, peer| show.describe(moment, down, peer);
                for (owner, entry) in watch.packet(&packet, &tracker, &taken, &mut describe) {
                    show.give(&owner, entry);
                }
            }
            Ok(Step::Idle) => {
                for (owner, entry) in watch.idle(&taken) {
                    show.give(&owner, entry);
                }
                show.idle();
            }
            Ok(Step::End) => return show.broken(&format!("{} was removed", live.interface().name)),
            Err(e) => return show.broken(&e.to_string()),
        }
    }
}
