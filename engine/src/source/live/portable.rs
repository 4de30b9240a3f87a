//! Live capture where there is no packet(7): pnet's own receive path (BPF on macOS and the BSDs,
//! Npcap on Windows).
//!
//! What only Linux tells is missing here: a frame's time is the moment we fetch it, and the system
//! does not say how many frames it threw away.

use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use pnet::datalink::{self, Channel, DataLinkReceiver, NetworkInterface};

use super::{OpenError, Options, refused};
use crate::model::{Interface, LinkType, RawFrame, Time};
use crate::source::{Source, SourceError, Step};

/// As much as macOS allows.
const BUFFER: usize = 512 << 10;
/// pnet's loopback frames begin with this many zeros or more, and then IP.
const ZEROS: usize = 10;

/// A running capture.
pub struct Live {
    receiver: Box<dyn DataLinkReceiver>,
    interface: Arc<Interface>,
    link: LinkType,
    snaplen: usize,
    captured: u64,
    /// A frame was given since the last [`Step::Idle`]: its caller may want to show it before we wait.
    fresh: bool,
    gone: bool,
}

impl std::fmt::Debug for Live {
    /// pnet's receiver has nothing to tell of itself.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("interface", &self.interface)
            .field("captured", &self.captured)
            .finish_non_exhaustive()
    }
}

impl Live {
    pub(super) fn open(nic: &NetworkInterface, options: &Options) -> Result<Self, OpenError> {
        let config = datalink::Config {
            read_buffer_size: BUFFER,
            read_timeout: Some(options.wait),
            promiscuous: options.promiscuous,
            ..datalink::Config::default()
        };
        let channel = datalink::channel(nic, config).map_err(|e| refused("capture", &nic.name, e))?;
        let Channel::Ethernet(_, receiver) = channel else {
            let error = io::Error::from(io::ErrorKind::Unsupported);
            return Err(refused("capture", &nic.name, error));
        };
        // BSD has no Ethernet on loopback and in tunnels, but an address family of four bytes.
        let family = cfg!(unix) && (nic.is_loopback() || nic.is_point_to_point());
        Ok(Self {
            receiver,
            interface: Arc::new(Interface { name: nic.name.clone(), loopback: nic.is_loopback() }),
            link: if family { LinkType::NULL } else { LinkType::ETHERNET },
            snaplen: usize::try_from(options.snaplen).unwrap_or(usize::MAX),
            captured: 0,
            fresh: false,
            gone: false,
        })
    }

    /// Unknown here: pnet does not ask the system.
    pub fn dropped(&mut self) -> Option<u64> {
        None
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

    /// Whether it ended because the interface went down or was removed.
    pub fn gone(&self) -> bool {
        self.gone
    }

    /// How often the link went down or came back; nobody tells here.
    pub fn changes(&self) -> u32 {
        0
    }
}

impl Source for Live {
    fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
        if std::mem::take(&mut self.fresh) {
            return Ok(Step::Idle);
        }
        let bytes = match self.receiver.next() {
            Ok(bytes) => bytes,
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::TimedOut | io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                ) =>
            {
                return Ok(Step::Idle);
            }
            Err(e) if matches!(e.kind(), io::ErrorKind::NetworkDown | io::ErrorKind::NotConnected) || gone(&e) => {
                self.gone = true;
                return Ok(Step::End);
            }
            Err(error) => return Err(SourceError::Io { what: format!("capture on {}", self.interface.name), error }),
        };
        self.captured += 1;
        self.fresh = true;
        frame.bytes.clear();
        match (self.link, restore_family(bytes)) {
            (LinkType::NULL, Some((family, ip))) => {
                frame.bytes.extend_from_slice(&family);
                frame.bytes.extend_from_slice(ip);
            }
            _ => frame.bytes.extend_from_slice(bytes),
        }
        frame.len = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
        frame.bytes.truncate(self.snaplen);
        frame.number = self.captured;
        frame.time = now();
        frame.link = self.link;
        frame.checksum_pending = false;
        frame.remark = None;
        frame.comment.clear();
        frame.interface = Some(Arc::clone(&self.interface));
        Ok(Step::Frame)
    }
}

/// pnet overwrites the family with zeros, more or fewer by version; IP's first nibble tells it again.
fn restore_family(bytes: &[u8]) -> Option<([u8; 4], &[u8])> {
    let start = bytes.iter().position(|b| *b != 0).filter(|at| (ZEROS..=14).contains(at))?;
    let ip = bytes.get(start..)?;
    let family: u32 = match ip.first()? >> 4 {
        4 => 2,
        6 if cfg!(target_os = "freebsd") => 28,
        6 if cfg!(any(target_os = "netbsd", target_os = "openbsd")) => 24,
        6 => 30,
        _ => return None,
    };
    Some((family.to_ne_bytes(), ip))
}

#[cfg(unix)]
fn gone(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(libc::ENXIO | libc::ENODEV | libc::EIO))
}

#[cfg(not(unix))]
fn gone(_: &io::Error) -> bool {
    false
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), i64::from(since.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_family_of_a_loopback_frame_is_told_from_ip() {
        let frame = [&[0; 12][..], &[0x45, 0, 0, 20]].concat();
        assert_eq!(restore_family(&frame), Some((2_u32.to_ne_bytes(), &[0x45, 0, 0, 20][..])));
        assert_eq!(restore_family(&[0x45, 0, 0, 20]), None);
        assert_eq!(restore_family(&[0; 12]), None);
    }
}
