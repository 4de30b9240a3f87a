//! What this machine's kernel knows of a TCP connection of the lab: `TCP_INFO` of tcp(7).
//!
//! No packet carries these numbers. The congestion window, the threshold and the round-trip time are the sender's
//! own; a capture lets one guess them, the kernel says them.

use std::fmt;
use std::net::SocketAddr;

use crate::model::Time;

/// One end of a connection as its kernel saw it at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpView {
    /// When.
    pub time: Time,
    /// This end's address and port.
    pub local: SocketAddr,
    /// The other end's.
    pub remote: SocketAddr,
    /// The number of its state in the kernel; [`TcpView::state`] names it.
    pub state: u8,
    /// The congestion window, in segments of `mss` bytes.
    pub cwnd: u32,
    /// The slow start threshold, in segments; `None` before the first loss.
    pub ssthresh: Option<u32>,
    /// The largest segment that it sends, in bytes.
    pub mss: u32,
    /// The smoothed round-trip time and its variation, in microseconds (RFC 6298 §2).
    pub rtt: u32,
    /// See `rtt`.
    pub rtt_variation: u32,
    /// The retransmission timeout, in microseconds.
    pub rto: u32,
    /// Segments that are sent and not yet acknowledged.
    pub unacked: u32,
    /// Segments that it takes for lost.
    pub lost: u32,
    /// Segments that were sent again, since the beginning.
    pub retransmitted: u32,
}

impl TcpView {
    /// From the beginning of a `struct tcp_info` (linux/tcp.h); `None` where it is shorter than that.
    pub(super) fn read(info: &[u8], time: Time, local: SocketAddr, remote: SocketAddr) -> Option<Self> {
        let word = |at: usize| info.get(at..at + 4)?.first_chunk().map(|b| u32::from_ne_bytes(*b));
        // "No threshold yet" is a very large one.
        let ssthresh = word(76)?;
        Some(Self {
            time,
            local,
            remote,
            state: *info.first()?,
            cwnd: word(80)?,
            ssthresh: (ssthresh < 0x7fff_ffff).then_some(ssthresh),
            mss: word(16)?,
            rtt: word(68)?,
            rtt_variation: word(72)?,
            rto: word(8)?,
            unacked: word(24)?,
            lost: word(32)?,
            retransmitted: word(100)?,
        })
    }

    /// The state, as RFC 9293 §3.3.2 spells it.
    pub fn state(&self) -> &'static str {
        const NAMES: [&str; 13] = [
            "",
            "ESTABLISHED",
            "SYN-SENT",
            "SYN-RECEIVED",
            "FIN-WAIT-1",
            "FIN-WAIT-2",
            "TIME-WAIT",
            "CLOSED",
            "CLOSE-WAIT",
            "LAST-ACK",
            "LISTEN",
            "CLOSING",
            "SYN-RECEIVED",
        ];
        NAMES.get(usize::from(self.state)).copied().unwrap_or_default()
    }

    /// Whether anything but the moment is the same.
    pub(super) fn same(&self, other: &Self) -> bool {
        *self == Self { time: self.time, ..other.clone() }
    }

    /// As the helper sends it: the numbers in their order.
    pub(super) fn line(&self) -> String {
        let Self {
            time, local, remote, state, cwnd, mss, rtt, rtt_variation, rto, unacked, lost, retransmitted, ..
        } = self;
        let ssthresh = self.ssthresh.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let time = time.0;
        format!(
            "{time} {local} {remote} {state} {cwnd} {ssthresh} {mss} {rtt} {rtt_variation} {rto} {unacked} {lost} {retransmitted}"
        )
    }

    /// From what the helper sent.
    pub(super) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let time = Time(words.next()?.parse().ok()?);
        let (local, remote) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let state = words.next()?.parse().ok()?;
        let mut number = || words.next().map(str::parse::<u32>);
        let cwnd = number()?.ok()?;
        let ssthresh = number()?.ok();
        let mut number = || number()?.ok();
        Some(Self {
            time,
            local,
            remote,
            state,
            cwnd,
            ssthresh,
            mss: number()?,
            rtt: number()?,
            rtt_variation: number()?,
            rto: number()?,
            unacked: number()?,
            lost: number()?,
            retransmitted: number()?,
        })
    }
}

impl fmt::Display for TcpView {
    /// In one line, without whose it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, cwnd {}, ssthresh ", self.state(), self.cwnd)?;
        match self.ssthresh {
            Some(segments) => write!(f, "{segments}")?,
            None => f.write_str("none yet")?,
        }
        write!(f, ", RTT {} ms, RTO {} ms, unacknowledged {}", Millis(self.rtt), Millis(self.rto), self.unacked)?;
        if self.lost > 0 {
            write!(f, ", taken for lost {}", self.lost)?;
        }
        if self.retransmitted > 0 {
            write!(f, ", sent again {}", self.retransmitted)?;
        }
        Ok(())
    }
}

/// Microseconds, shown as milliseconds.
struct Millis(u32);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 1000, self.0 % 1000 / 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(ssthresh: u32) -> TcpView {
        let mut info = vec![0; 104];
        info[0] = 1;
        for (at, value) in
            [(8, 204_000), (16, 1448), (24, 2), (68, 4_120), (72, 900), (76, ssthresh), (80, 10), (100, 1)]
        {
            info[at..at + 4].copy_from_slice(&u32::to_ne_bytes(value));
        }
        let ends = ("192.0.2.10:40000".parse().unwrap(), "[2001:db8::80]:80".parse().unwrap());
        TcpView::read(&info, Time(5), ends.0, ends.1).unwrap()
    }

    #[test]
    fn the_kernels_numbers_are_read_and_survive_the_way_from_the_helper() {
        for view in [view(7), view(0x7fff_ffff)] {
            assert_eq!(TcpView::from_line(&view.line()), Some(view));
        }
        assert_eq!(TcpView::from_line("5 192.0.2.10:40000 nobody 1"), None);
        assert_eq!(TcpView::read(&[1; 103], Time(0), view(0).local, view(0).remote), None);
    }

    #[test]
    fn a_view_is_one_line_in_the_fields_own_terms() {
        let text = "ESTABLISHED, cwnd 10, ssthresh 7, RTT 4.12 ms, RTO 204.00 ms, unacknowledged 2, sent again 1";
        assert_eq!(view(7).to_string(), text);
        assert!(view(0x7fff_ffff).to_string().contains("ssthresh none yet"));
    }
}
