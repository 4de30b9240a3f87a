//! The kernel's own words for links, addresses and routes: rtnetlink(7), the six requests that the lab makes.
//!
//! ```text
//!  0        4      6       8          12         16
//! | length | type | flags | sequence | port (0) | body, then attributes |
//! ```
//! An attribute is its length and type, two bytes each, and its value, filled up to four bytes. Numbers are in the
//! machine's order, addresses in the network's.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::IpAddr;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};

use super::sys;

// linux/netlink.h, linux/rtnetlink.h.
const NLMSG_ERROR: u16 = 2;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_CREATE_NEW: u16 = 0x400 | 0x200;
const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
// linux/if_link.h, linux/if_addr.h, linux/veth.h.
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
/// The address is used at once, without asking whether somebody else has it (RFC 4862 §5.4).
const IFA_F_NODAD: u8 = 2;
const RTA_DST: u16 = 1;
const RTA_GATEWAY: u16 = 5;
const IFF_UP: u32 = 1;

/// One end of a virtual cable.
#[derive(Clone, Copy, Debug)]
pub(super) struct End<'a> {
    /// The namespace where it is to be.
    pub(super) space: BorrowedFd<'a>,
    /// Its name there.
    pub(super) name: &'a str,
    /// Its number there.
    pub(super) index: u32,
    /// Its address; without one the kernel draws one.
    pub(super) mac: Option<[u8; 6]>,
    /// The longest IP packet that it takes.
    pub(super) mtu: u16,
}

/// A line to the kernel of the namespace that the thread was in when it was opened.
#[derive(Debug)]
pub(super) struct Netlink {
    file: File,
    sequence: u32,
}

struct Message(Vec<u8>);

impl Netlink {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self { file: File::from(sys::netlink()?), sequence: 0 })
    }

    /// A cable between two namespaces: veth(4).
    pub(super) fn cable(&mut self, a: End<'_>, b: End<'_>) -> io::Result<()> {
        let mut message = Message::new(RTM_NEWLINK, NLM_F_CREATE_NEW, &link(a.index, 0, 0));
        message.end(a);
        message.nest(IFLA_LINKINFO, |info| {
            info.attribute(IFLA_INFO_KIND, b"veth");
            info.nest(IFLA_INFO_DATA, |data| {
                data.nest(VETH_INFO_PEER, |peer| {
                    peer.0.extend(link(b.index, 0, 0));
                    peer.end(b);
                });
            });
        });
        self.ask(message)
    }

    /// A bridge: a switch in the kernel.
    pub(super) fn bridge(&mut self, name: &str, index: u32) -> io::Result<()> {
        let mut message = Message::new(RTM_NEWLINK, NLM_F_CREATE_NEW, &link(index, 0, 0));
        message.attribute(IFLA_IFNAME, name.as_bytes());
        message.nest(IFLA_LINKINFO, |info| info.attribute(IFLA_INFO_KIND, b"bridge"));
        self.ask(message)
    }

    /// Plugs an interface into a bridge.
    pub(super) fn plug(&mut self, index: u32, bridge: u32) -> io::Result<()> {
        let mut message = Message::new(RTM_NEWLINK, 0, &link(index, 0, 0));
        message.attribute(IFLA_MASTER, &bridge.to_ne_bytes());
        self.ask(message)
    }

    /// Switches an interface on.
    pub(super) fn up(&mut self, index: u32) -> io::Result<()> {
        self.ask(Message::new(RTM_NEWLINK, 0, &link(index, IFF_UP, IFF_UP)))
    }

    /// Gives an interface an address.
    pub(super) fn address(&mut self, index: u32, address: IpAddr, length: u8) -> io::Result<()> {
        let flags = if address.is_ipv6() { IFA_F_NODAD } else { 0 };
        let mut body = vec![family(address), length, flags, 0];
        body.extend(index.to_ne_bytes());
        let mut message = Message::new(RTM_NEWADDR, NLM_F_CREATE_NEW, &body);
        message.attribute(IFA_LOCAL, &octets(address));
        message.attribute(IFA_ADDRESS, &octets(address));
        self.ask(message)
    }

    /// Sends what is for a network to a router; length 0 is all that has no better way.
    pub(super) fn route(&mut self, to: IpAddr, length: u8, via: IpAddr) -> io::Result<()> {
        const TABLE_MAIN: u8 = 254;
        const PROTOCOL_STATIC: u8 = 4;
        const UNICAST: u8 = 1;
        let body = [family(via), length, 0, 0, TABLE_MAIN, PROTOCOL_STATIC, 0, UNICAST, 0, 0, 0, 0];
        let mut message = Message::new(RTM_NEWROUTE, NLM_F_CREATE_NEW, &body);
        if length > 0 {
            message.attribute(RTA_DST, &octets(to));
        }
        message.attribute(RTA_GATEWAY, &octets(via));
        self.ask(message)
    }

    /// Lets an interface compute its checksums and cut its segments itself, so that what passes is what a real card
    /// would send. The relay depends on it: it hands frames on as they are.
    pub(super) fn no_offload(&self, name: &str) -> io::Result<()> {
        // linux/ethtool.h: set TX checksumming, TSO, GSO, GRO.
        for command in [0x17, 0x1f, 0x24, 0x2c] {
            sys::switch_off(self.file.as_fd(), name, command)?;
        }
        Ok(())
    }

    /// Sends a request and waits for the kernel's answer.
    fn ask(&mut self, message: Message) -> io::Result<()> {
        self.sequence += 1;
        let bytes = message.finish(self.sequence);
        self.file.write_all(&bytes)?;
        let mut answer = [0; 4096];
        loop {
            let count = self.file.read(&mut answer)?;
            if let Some(code) = verdict(answer.get(..count).unwrap_or_default(), self.sequence) {
                return if code == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(code.saturating_neg())) };
            }
        }
    }
}

/// The code of the answer to a request; 0 is yes, anything else the negative of an `errno`.
fn verdict(bytes: &[u8], sequence: u32) -> Option<i32> {
    let half = bytes.get(4..6)?.first_chunk().map(|b| u16::from_ne_bytes(*b))?;
    let number = bytes.get(8..12)?.first_chunk().map(|b| u32::from_ne_bytes(*b))?;
    let code = bytes.get(16..20)?.first_chunk().map(|b| i32::from_ne_bytes(*b))?;
    (half == NLMSG_ERROR && number == sequence).then_some(code)
}

/// `struct ifinfomsg`.
fn link(index: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    body[8..12].copy_from_slice(&flags.to_ne_bytes());
    body[12..].copy_from_slice(&change.to_ne_bytes());
    body
}

fn family(address: IpAddr) -> u8 {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    u8::try_from(family).unwrap_or_default()
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

impl Message {
    fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(body);
        Self(bytes)
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) {
        self.nest(kind, |inner| inner.0.extend(value));
    }

    /// An attribute whose value is written by `inside`.
    fn nest(&mut self, kind: u16, inside: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.0.extend([0; 2]);
        self.0.extend(kind.to_ne_bytes());
        inside(self);
        let length = u16::try_from(self.0.len() - start).unwrap_or(u16::MAX);
        self.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    fn end(&mut self, end: End<'_>) {
        self.attribute(IFLA_IFNAME, end.name.as_bytes());
        if let Some(mac) = end.mac {
            self.attribute(IFLA_ADDRESS, &mac);
        }
        self.attribute(IFLA_MTU, &u32::from(end.mtu).to_ne_bytes());
        self.attribute(IFLA_NET_NS_FD, &end.space.as_raw_fd().to_ne_bytes());
    }

    fn finish(mut self, sequence: u32) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or_default();
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_filled_up_to_four_bytes_and_its_length_is_not() {
        let mut message = Message::new(RTM_NEWLINK, 0, &link(7, IFF_UP, IFF_UP));
        message.nest(IFLA_LINKINFO, |info| info.attribute(IFLA_INFO_KIND, b"bridge"));
        let bytes = message.finish(9);
        let half = |at: usize| u16::from_ne_bytes([bytes[at], bytes[at + 1]]);
        assert_eq!(bytes.len(), 32 + 4 + 12);
        assert_eq!((half(0), half(4), half(6), half(8)), (48, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 9));
        assert_eq!((half(32), half(34)), (16, IFLA_LINKINFO));
        assert_eq!((half(36), half(38)), (10, IFLA_INFO_KIND));
        assert_eq!(&bytes[40..], b"bridge\0\0");
    }

    #[test]
    fn only_the_answer_to_this_request_counts() {
        let mut answer = Message::new(NLMSG_ERROR, 0, &(-1_i32).to_ne_bytes()).finish(3);
        assert_eq!(verdict(&answer, 3), Some(-1));
        assert_eq!(verdict(&answer, 4), None);
        answer.truncate(18);
        assert_eq!(verdict(&answer, 3), None);
    }
}
