//! A network card's two queues, and smoltcp's view of them.

use std::cell::RefCell;
use std::collections::VecDeque;

use smoltcp::phy::{Checksum, Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;

use super::offload;

/// What an Ethernet header takes of a frame, in bytes: smoltcp counts it into its MTU.
pub(super) const ETHERNET_HEADER: usize = 14;
/// Buffers that wait to be used again.
const SPARE: usize = 64;
/// Bytes at the beginning of a frame in which the stack leaves some as they are. It writes all of a longer payload.
const HEADERS: usize = 256;

/// A frame inside a device. Whoever passes a packet on keeps its identity, whatever it changes in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// Which packet it carries, from 1; 0 for one that was just made.
    pub(super) id: u64,
    /// Something changed it on its way.
    pub(super) is_damaged: bool,
    pub(super) bytes: Vec<u8>,
}

impl Frame {
    /// One that was just made.
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }
}

/// A network card: frames that came in, frames to go out.
#[derive(Debug, Default)]
pub(super) struct Port {
    pub(super) received: VecDeque<Vec<u8>>,
    pub(super) sent: Vec<Frame>,
    /// The longest IP packet, in bytes.
    pub(super) mtu: u16,
    /// Buffers of frames that were read. A token that reads and one that answers share them.
    spare: RefCell<Vec<Vec<u8>>>,
}

impl Port {
    /// A card that sends IP packets of at most so many bytes.
    pub(super) fn new(mtu: u16) -> Self {
        Self { mtu, ..Self::default() }
    }
}

impl Device for Port {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sending<'_>)> {
        let frame = self.received.pop_front()?;
        let spare = &self.spare;
        Some((Received { frame, spare }, Sending { sent: &mut self.sent, spare }))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sending<'_>> {
        Some(Sending { sent: &mut self.sent, spare: &self.spare })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = usize::from(self.mtu) + ETHERNET_HEADER;
        capabilities.checksum.tcp = Checksum::None;
        capabilities
    }
}

pub(super) struct Received<'a> {
    frame: Vec<u8>,
    spare: &'a RefCell<Vec<Vec<u8>>>,
}

pub(super) struct Sending<'a> {
    sent: &'a mut Vec<Frame>,
    spare: &'a RefCell<Vec<Vec<u8>>>,
}

impl RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        let result = read(&self.frame);
        let mut spare = self.spare.borrow_mut();
        if spare.len() < SPARE {
            spare.push(self.frame);
        }
        result
    }
}

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut bytes = self.spare.borrow_mut().pop().unwrap_or_default();
        bytes.truncate(length);
        let headers = bytes.len().min(HEADERS);
        if let Some(headers) = bytes.get_mut(..headers) {
            headers.fill(0);
        }
        bytes.resize(length, 0);
        let result = write(&mut bytes);
        offload::seal(&mut bytes);
        self.sent.push(Frame::new(bytes));
        result
    }
}
