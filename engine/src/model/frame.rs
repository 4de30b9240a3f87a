//! A frame: bytes as a source gave them, before anyone has looked inside.

use super::Remark;
use super::clamp;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How a remark on a frame begins that says what a kernel knew of a connection; only the live lab makes such.
pub const KERNEL: &str = "kernel TCP_INFO of ";

/// A moment, in nanoseconds since 1970-01-01T00:00:00Z (negative before it).
///
/// The range is 1677 to 2262; a source saturates what lies outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

/// What the first byte of a frame belongs to, by the tcpdump group's `LINKTYPE_` numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkType(pub u16);

/// The interface that a frame came from, as far as its source knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Its name (`lo`, `eth0`), empty where the source has none.
    pub name: String,
    /// Whether it loops back into the same machine: nothing crosses a wire there.
    pub loopback: bool,
}

/// One frame, owned and reusable: a source overwrites it, [`crate::proto::walk`] reads it.
#[derive(Clone, Debug, Default)]
pub struct RawFrame {
    /// Ordinal in its capture, from 1.
    pub number: u64,
    /// When it was captured; [`Time::NONE`] where the capture doesn't say.
    pub time: Time,
    /// Its length on the wire, in bytes.
    pub len: u32,
    /// What of it was stored; shorter than `len` when the capture cut it.
    pub bytes: Vec<u8>,
    /// What the first byte belongs to.
    pub link: LinkType,
    /// Where it was captured; shared by all frames of one interface.
    pub interface: Option<Arc<Interface>>,
    /// Which interface of its file that is, where the file numbers them.
    pub interface_id: Option<u32>,
    /// What a simulated network remarks on it.
    pub remark: Option<Remark>,
    /// Other comments stored beside the packet (pcapng), newline between them; mostly empty.
    pub comment: String,
    /// The kernel said that the transport checksum is not yet computed (offload): it is no damage.
    pub checksum_pending: bool,
}

impl RawFrame {
    /// An Ethernet frame of which every byte was kept.
    pub fn whole(number: u64, bytes: Vec<u8>) -> Self {
        Self { number, len: clamp(bytes.len()), bytes, ..Self::default() }
    }

    /// Remark and comments as one text, as files keep them.
    pub fn comments(&self) -> Cow<'_, str> {
        match self.remark {
            None => Cow::Borrowed(&self.comment),
            Some(remark) if self.comment.is_empty() => Cow::Borrowed(remark.sentence()),
            Some(remark) => Cow::Owned(format!("{remark}\n{}", self.comment)),
        }
    }

    /// Where all comments were put into one text: makes a remark of the first line, if it is one.
    pub fn find_remark(&mut self) {
        let line = self.comment.lines().next().unwrap_or_default();
        self.remark = line.parse().ok();
        if self.remark.is_some() {
            self.comment.drain(..self.comment.len().min(line.len() + 1));
        }
    }
}

impl Time {
    /// No time at all: the capture doesn't say when.
    pub const NONE: Self = Self(i64::MIN);

    /// Whether the capture says when.
    pub fn is_known(self) -> bool {
        self != Self::NONE
    }

    /// From whole seconds and nanoseconds since 1970; saturates.
    pub fn new(secs: i64, nanos: i64) -> Self {
        Self::saturating(i128::from(secs) * 1_000_000_000 + i128::from(nanos))
    }

    /// From nanoseconds since 1970; what is too early or too late becomes the first or the last moment.
    pub fn saturating(nanos: i128) -> Self {
        let late = if nanos < 0 { i64::MIN + 1 } else { i64::MAX };
        Self(i64::try_from(nanos).unwrap_or(late).max(i64::MIN + 1))
    }

    /// Whole seconds since 1970, rounded down.
    pub fn secs(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// Nanoseconds after [`Time::secs`], 0 to 999,999,999.
    pub fn subsec_nanos(self) -> u32 {
        u32::try_from(self.0.rem_euclid(1_000_000_000)).unwrap_or(0)
    }

    /// Nanoseconds from `earlier` to here; negative when the clock went back. `None` where one of them isn't known.
    pub fn since(self, earlier: Self) -> Option<i64> {
        (self.is_known() && earlier.is_known()).then(|| self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for Time {
    /// Seconds with nine decimals, as Wireshark prints `frame.time_epoch`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 0 {
            let abs = self.0.unsigned_abs();
            return write!(f, "-{}.{:09}", abs / 1_000_000_000, abs % 1_000_000_000);
        }
        write!(f, "{}.{:09}", self.secs(), self.subsec_nanos())
    }
}

impl LinkType {
    /// BSD loopback: a four-byte address family in the capturing host's byte order.
    pub const NULL: Self = Self(0);
    /// Ethernet II or 802.3.
    pub const ETHERNET: Self = Self(1);
    /// PPP, with or without HDLC-like framing.
    pub const PPP: Self = Self(9);
    /// Raw IP, version in the first nibble.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: address family in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture, version 1.
    pub const LINUX_SLL: Self = Self(113);
    /// IEEE 802.11 behind a radiotap header.
    pub const RADIOTAP: Self = Self(127);
    /// Raw IPv4.
    pub const IPV4: Self = Self(228);
    /// Raw IPv6.
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);
}

impl Default for LinkType {
    fn default() -> Self {
        Self::ETHERNET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_the_first_line_of_the_comments() {
        let mut frame = RawFrame::default();
        for (comments, remark, rest) in [
            ("simulated fault: late", Some(Remark::Late), ""),
            ("simulated fault: late\nsee RFC 9293", Some(Remark::Late), "see RFC 9293"),
            ("see RFC 9293\nsimulated fault: late", None, "see RFC 9293\nsimulated fault: late"),
            ("", None, ""),
        ] {
            frame.comment = comments.to_owned();
            frame.find_remark();
            assert_eq!((frame.remark, frame.comment.as_str()), (remark, rest));
            assert_eq!(frame.comments(), comments);
        }
    }

    #[test]
    fn a_time_prints_as_seconds_with_nine_decimals() {
        assert_eq!(Time::new(1_234_567_890, 5).to_string(), "1234567890.000000005");
        assert_eq!(Time(-1).to_string(), "-0.000000001");
        assert_eq!(Time::new(i64::MAX, 0), Time(i64::MAX));
    }

    #[test]
    fn between_a_time_and_none_is_no_duration() {
        assert_eq!(Time(7).since(Time(9)), Some(-2));
        assert_eq!([Time(7).since(Time::NONE), Time::NONE.since(Time(7)), Time::NONE.since(Time::NONE)], [None; 3]);
        assert!(Time::new(i64::MIN, 0).is_known(), "what is before all times has one");
    }
}
