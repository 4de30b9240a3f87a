//! Live capture on Linux: packet(7).
//!
//! pnet finds the interface and opens the channel: it binds the socket and asks for promiscuous mode.
//! But the socket is ours, made beforehand with what pnet has no words for, and we receive from it, by a ring in
//! memory that the kernel shares: pnet's own path takes one packet a call, cuts long ones silently, and loses the
//! kernel's timestamps and its notes on each packet.

use std::io;
use std::os::fd::{IntoRawFd as _, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use pnet::datalink::{self, NetworkInterface};

use super::sys::{self, Ring};
use super::{OpenError, Options, refused};
use crate::model::{Interface, LinkType, RawFrame, Time};
use crate::source::{Source, SourceError, Step};

/// How late a frame may come: so long the kernel gathers others behind it, unless there are many.
pub(super) const LATE: Duration = Duration::from_millis(20);
/// Bytes of the cooked header that stands where there is no link header we could show (`LINUX_SLL`).
const COOKED: usize = 16;
/// Bytes of the cooked header that names the interface, too (`LINUX_SLL2`).
const COOKED2: usize = 20;
/// Bytes of a VLAN tag that come behind its type or before the type of what follows.
const TAG: usize = 4;
/// More interfaces than these share one name. It is a bound, no limit that a machine reaches.
const MOST_NAMES: usize = 1 << 12;

// linux/if_arp.h: what hardware an interface is.
const ARPHRD_ETHER: u16 = 1;
const ARPHRD_RAWIP: u16 = 519;
const ARPHRD_TUNNEL: u16 = 768;
const ARPHRD_TUNNEL6: u16 = 769;
const ARPHRD_LOOPBACK: u16 = 772;
const ARPHRD_SIT: u16 = 776;
const ARPHRD_IEEE80211_RADIOTAP: u16 = 803;
const ARPHRD_NONE: u16 = 0xfffe;

// linux/if_packet.h: what the kernel notes on a packet (`tp_status`).
const TP_STATUS_CSUMNOTREADY: u32 = 1 << 3;
const TP_STATUS_VLAN_VALID: u32 = 1 << 4;
const TP_STATUS_VLAN_TPID_VALID: u32 = 1 << 6;

/// A running capture.
#[derive(Debug)]
pub struct Live {
    socket: OwnedFd,
    interface: Arc<Interface>,
    link: LinkType,
    snaplen: usize,
    wait: Duration,
    ring: Ring,
    /// Only frames that go out are given.
    sent_only: bool,
    captured: u64,
    dropped: u64,
    /// Frames were given since the last [`Step::Idle`]: its caller may want to show them before we wait.
    fresh: bool,
    /// The number of the interface; 0 for all of them.
    index: i32,
    /// The interfaces that frames came from, where it listens to all.
    known: Vec<(i32, Arc<Interface>)>,
    /// How often the link went down or came back; odd while it is down.
    changes: u32,
    /// The interface was removed: what is queued is still given, then the capture ends.
    gone: bool,
}

impl Live {
    pub(super) fn open(nic: &NetworkInterface, options: &Options) -> Result<Self, OpenError> {
        let refuse = |what| move |error| refused(what, &nic.name, error);
        let probe = sys::packet_socket(libc::SOCK_RAW).map_err(refuse("open a packet socket"))?;
        let hardware = sys::hardware_type(&probe, &nic.name).map_err(refuse("ask for the hardware type"))?;
        let link = link_type(hardware);
        let socket = match link {
            LinkType::LINUX_SLL => sys::packet_socket(libc::SOCK_DGRAM).map_err(refuse("open a packet socket"))?,
            _ => probe,
        };
        configure(&socket, nic.is_loopback()).map_err(refuse("set up a packet socket"))?;
        let ring = Ring::new(&socket, options.buffer, LATE).map_err(refuse("get memory for packets"))?;

        // One socket, two descriptors: pnet closes its own, also when it fails, and we close ours.
        let lent = socket.try_clone().map_err(refuse("share a packet socket"))?;
        let config = datalink::Config {
            socket_fd: Some(lent.into_raw_fd()),
            promiscuous: options.promiscuous,
            read_buffer_size: 0,
            write_buffer_size: 0,
            ..datalink::Config::default()
        };
        drop(datalink::channel(nic, config).map_err(refuse("bind a packet socket"))?);

        let index = sys::index_of(&socket, &nic.name).map_err(refuse("ask for the number"))?;
        let interface = Interface { name: nic.name.clone(), loopback: nic.is_loopback() };
        Ok(Self::new(socket, interface, link, (index, ring), options))
    }

    /// Listens to all interfaces at once, those included that come later.
    pub(super) fn open_all(name: &str, options: &Options) -> Result<Self, OpenError> {
        let refuse = |what| move |error| refused(what, name, error);
        let socket = sys::packet_socket(libc::SOCK_DGRAM).map_err(refuse("open a packet socket"))?;
        configure(&socket, false).map_err(refuse("set up a packet socket"))?;
        let ring = Ring::new(&socket, options.buffer, LATE).map_err(refuse("get memory for packets"))?;
        sys::bind_to_all(&socket).map_err(refuse("bind a packet socket"))?;
        let interface = Interface { name: name.to_owned(), loopback: false };
        Ok(Self::new(socket, interface, LinkType::LINUX_SLL2, (0, ring), options))
    }

    fn new(
        socket: OwnedFd,
        interface: Interface,
        link: LinkType,
        (index, ring): (i32, Ring),
        options: &Options,
    ) -> Self {
        Self {
            socket,
            interface: Arc::new(interface),
            link,
            snaplen: usize::try_from(options.snaplen).unwrap_or(usize::MAX),
            wait: options.wait,
            ring,
            sent_only: options.sent_only,
            captured: 0,
            dropped: 0,
            fresh: false,
            index,
            known: Vec::new(),
            changes: 0,
            gone: false,
        }
    }

    /// Frames that the kernel threw away because we were too slow to fetch them.
    pub fn dropped(&mut self) -> Option<u64> {
        // Asking sets the kernel's counter back.
        self.dropped += u64::from(sys::drops(&self.socket).ok()?);
        Some(self.dropped)
    }

    /// Frames given so far.
    pub fn captured(&self) -> u64 {
        self.captured
    }

    /// What the first byte of each frame belongs to.
    pub fn link(&self) -> LinkType {
        self.link
    }

    /// Where it captures.
    pub fn interface(&self) -> &Arc<Interface> {
        &self.interface
    }

    /// Whether it ended because the interface was removed.
    pub fn gone(&self) -> bool {
        self.gone
    }

    /// How often the link went down or came back so far. It is down while the number is odd.
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// Waits for frames. `None` says that some may be here.
    fn wait(&mut self) -> Result<Option<Step>, SourceError> {
        if !self.changes.is_multiple_of(2) && !self.gone {
            self.look();
        }
        // The interface is gone: what came before that is late at most.
        let wait = if self.gone { 2 * LATE } else { self.wait };
        let wait = if std::mem::take(&mut self.fresh) && !self.gone { Duration::ZERO } else { wait };
        if !sys::readable(&self.socket, wait).map_err(|e| self.failed(e))? {
            return Ok(Some(if self.gone { Step::End } else { Step::Idle }));
        }
        match sys::error(&self.socket).map_err(|e| self.failed(e))? {
            None => Ok(None),
            Some(e) if matches!(e.raw_os_error(), Some(libc::ENETDOWN | libc::ENODEV | libc::ENXIO)) => {
                self.changes |= 1;
                self.look();
                Ok(Some(Step::Idle))
            }
            Some(e) => Err(self.failed(e)),
        }
    }

    /// What has become of a link that went down. The kernel listens again by itself when it comes back; it unbinds
    /// the socket when the interface is removed.
    fn look(&mut self) {
        match sys::bound_to(&self.socket) {
            Ok(index) if index == self.index => {
                self.changes += u32::from(matches!(sys::is_up(&self.socket, index), Ok(true)));
            }
            Ok(_) => self.gone = true,
            Err(_) => {}
        }
    }

    fn failed(&self, error: io::Error) -> SourceError {
        SourceError::Io { what: format!("capture on {}", self.interface.name), error }
    }

    /// The interface of that number, where the capture listens to all.
    fn place(&mut self, from: &libc::sockaddr_ll) -> &Arc<Interface> {
        let index = from.sll_ifindex;
        if let Some(at) = self.known.iter().position(|(known, _)| *known == index) {
            return self.known.get(at).map_or(&self.interface, |(_, interface)| interface);
        }
        let Ok(name) = sys::name_of(&self.socket, index) else { return &self.interface };
        if self.known.len() >= MOST_NAMES {
            return &self.interface;
        }
        let loopback = from.sll_hatype == ARPHRD_LOOPBACK;
        self.known.push((index, Arc::new(Interface { name, loopback })));
        self.known.last().map_or(&self.interface, |(_, interface)| interface)
    }
}

impl Source for Live {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        let all = self.link == LinkType::LINUX_SLL2;
        let mut waited = false;
        let from = loop {
            let Some(framed) = self.ring.frame() else {
                if waited {
                    return Ok(Step::Idle);
                }
                if let Some(step) = self.wait()? {
                    return Ok(step);
                }
                waited = true;
                continue;
            };
            let (head, from) = (framed.head, framed.from);
            if self.sent_only && from.sll_pkttype != libc::PACKET_OUTGOING {
                continue;
            }
            // Where all are heard, each frame on loopback is there twice, going out and coming in.
            if all && from.sll_hatype == ARPHRD_LOOPBACK && from.sll_pkttype == libc::PACKET_OUTGOING {
                continue;
            }
            let vlan = tag(head.tp_status, &head.hv1);
            let mut cooked = [0; COOKED2 + TAG];
            let (link, tag) = match self.link {
                LinkType::LINUX_SLL => (cooked_header(&from, vlan, &mut cooked), None),
                LinkType::LINUX_SLL2 => (cooked2_header(&from, vlan, &mut cooked), None),
                LinkType::ETHERNET => (&[][..], vlan),
                _ => (&[][..], None),
            };
            let added = assemble(&mut frame.bytes, link, framed.bytes, tag, self.snaplen);
            frame.time = Time::new(head.tp_sec.into(), head.tp_nsec.into());
            frame.len = head.tp_len.saturating_add(added);
            frame.checksum_pending = head.tp_status & TP_STATUS_CSUMNOTREADY != 0;
            break from;
        };
        self.captured += 1;
        self.fresh = true;
        frame.number = self.captured;
        frame.link = self.link;
        frame.remark = None;
        frame.comment.clear();
        let interface = if all { self.place(&from) } else { &self.interface };
        if frame.interface.as_ref().is_none_or(|i| !Arc::ptr_eq(i, interface)) {
            frame.interface = Some(Arc::clone(interface));
        }
        Ok(Step::Frame)
    }
}

/// Sets what pnet has no words for; all of it before the socket is bound, so that no frame escapes it.
fn configure(socket: &OwnedFd, loopback: bool) -> io::Result<()> {
    if loopback {
        // A packet socket sees each frame on loopback twice, going out and coming in. Anywhere else,
        // ignoring what goes out would hide what this machine says.
        sys::set_option(socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, 1)?;
    }
    Ok(())
}

/// The 802.1Q tag that the network card took out: TPID and TCI.
fn tag(status: u32, noted: &libc::tpacket_hdr_variant1) -> Option<(u16, u16)> {
    let known = status & TP_STATUS_VLAN_TPID_VALID != 0;
    let tci = u16::try_from(noted.tp_vlan_tci).ok()?;
    (status & TP_STATUS_VLAN_VALID != 0).then_some((if known { noted.tp_vlan_tpid } else { 0x8100 }, tci))
}

/// What a raw packet socket gives on hardware of that kind. Where the link header is none that we
/// read, the kernel leaves it out and we write a cooked one.
fn link_type(hardware: u16) -> LinkType {
    match hardware {
        ARPHRD_ETHER | ARPHRD_LOOPBACK => LinkType::ETHERNET,
        ARPHRD_NONE | ARPHRD_RAWIP | ARPHRD_TUNNEL | ARPHRD_TUNNEL6 | ARPHRD_SIT => LinkType::RAW,
        ARPHRD_IEEE80211_RADIOTAP => LinkType::RADIOTAP,
        _ => LinkType::LINUX_SLL,
    }
}

/// Puts the frame together as it was on the wire, and says how many bytes that added to what the
/// kernel gave: a cooked header in front, or the VLAN tag that the network card took out.
fn assemble(out: &mut Vec<u8>, head: &[u8], bytes: &[u8], tag: Option<(u16, u16)>, snaplen: usize) -> u32 {
    out.clear();
    out.extend_from_slice(head);
    let mut added = u32::try_from(head.len()).unwrap_or(0);
    let mut rest = bytes;
    if let (Some((tpid, tci)), Some((addresses, behind))) = (tag, bytes.split_at_checked(12)) {
        out.extend_from_slice(addresses);
        out.extend_from_slice(&tpid.to_be_bytes());
        out.extend_from_slice(&tci.to_be_bytes());
        rest = behind;
        added += 4;
    }
    out.extend_from_slice(rest);
    out.truncate(snaplen);
    added
}

/// `LINUX_SLL`: packet type, hardware type, length of the address, the address, protocol.
fn cooked_header<'h>(from: &libc::sockaddr_ll, tag: Option<(u16, u16)>, head: &'h mut [u8; COOKED2 + TAG]) -> &'h [u8] {
    let protocol = from.sll_protocol.to_ne_bytes();
    put(head, 0, &u16::from(from.sll_pkttype).to_be_bytes());
    put(head, 2, &from.sll_hatype.to_be_bytes());
    put(head, 4, &u16::from(from.sll_halen).to_be_bytes());
    put(head, 6, &from.sll_addr);
    finish(head, 14, COOKED, protocol, tag)
}

/// `LINUX_SLL2`: protocol, the interface, hardware type, packet type, length of the address, the address.
fn cooked2_header<'h>(
    from: &libc::sockaddr_ll,
    tag: Option<(u16, u16)>,
    head: &'h mut [u8; COOKED2 + TAG],
) -> &'h [u8] {
    let protocol = from.sll_protocol.to_ne_bytes();
    put(head, 2, &[0; 2]);
    put(head, 4, &from.sll_ifindex.to_be_bytes());
    put(head, 8, &from.sll_hatype.to_be_bytes());
    put(head, 10, &[from.sll_pkttype, from.sll_halen]);
    put(head, 12, &from.sll_addr);
    finish(head, 0, COOKED2, protocol, tag)
}

/// Writes the protocol; where a card took a tag out, the tag's type, and behind the header the rest of the tag.
fn finish(head: &mut [u8; COOKED2 + TAG], at: usize, len: usize, protocol: [u8; 2], tag: Option<(u16, u16)>) -> &[u8] {
    let Some((tpid, tci)) = tag else {
        put(head, at, &protocol);
        return head.get(..len).unwrap_or(&[]);
    };
    put(head, at, &tpid.to_be_bytes());
    put(head, len, &tci.to_be_bytes());
    put(head, len + 2, &protocol);
    head.get(..len + TAG).unwrap_or(&[])
}

fn put(head: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = head.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vlan_tag_that_the_card_took_out_is_put_back() {
        let noted =
            libc::tpacket_hdr_variant1 { tp_rxhash: 0, tp_vlan_tci: 0x2064, tp_vlan_tpid: 0x88a8, tp_padding: 0 };
        assert_eq!(tag(TP_STATUS_VLAN_VALID, &noted), Some((0x8100, 0x2064)), "an old kernel does not say which");
        assert_eq!(tag(TP_STATUS_CSUMNOTREADY, &noted), None);
        let vlan = tag(TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID, &noted);
        let mut out = Vec::new();
        let frame: Vec<u8> = (0..20).collect();
        assert_eq!(assemble(&mut out, &[], &frame, vlan, 100), 4);
        assert_eq!(out, [&frame[..12], &[0x88, 0xa8, 0x20, 0x64], &frame[12..]].concat());
        assert_eq!(assemble(&mut out, &[], &frame, vlan, 14), 4);
        assert_eq!(out.len(), 14, "the tag counts against the snap length");
        assert_eq!(assemble(&mut out, &[], &frame[..11], vlan, 100), 0);
        assert_eq!(out, frame[..11], "too short to have had a tag");
    }

    #[test]
    fn a_link_of_its_own_kind_gets_a_cooked_header() {
        assert_eq!(link_type(512), LinkType::LINUX_SLL, "PPP");
        let from = libc::sockaddr_ll {
            sll_family: 17,
            sll_protocol: 0x0800_u16.to_be(),
            sll_ifindex: 3,
            sll_hatype: 512,
            sll_pkttype: 4,
            sll_halen: 6,
            sll_addr: [2, 0, 0, 0, 0, 1, 0, 0],
        };
        let mut room = [0; COOKED2 + TAG];
        let head = cooked_header(&from, None, &mut room);
        assert_eq!(head, [0, 4, 2, 0, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0]);
        let mut out = Vec::new();
        assert_eq!(assemble(&mut out, head, &[0x45], None, 100), 16);
        assert_eq!(out.len(), 17);
        let head = cooked2_header(&from, Some((0x8100, 5)), &mut room);
        assert_eq!(head[..12], [0x81, 0, 0, 0, 0, 0, 0, 3, 2, 0, 4, 6], "protocol, interface 3, PPP, sent by us, 6");
        assert_eq!(head[12..], [2, 0, 0, 0, 0, 1, 0, 0, 0, 5, 8, 0], "the address; the tag's number, and IPv4");
    }

    #[test]
    fn tunnels_give_bare_ip_and_loopback_gives_ethernet() {
        assert_eq!(link_type(ARPHRD_NONE), LinkType::RAW);
        assert_eq!(link_type(ARPHRD_LOOPBACK), LinkType::ETHERNET);
    }
}
