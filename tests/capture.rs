//! Live capture on the real loopback interface.
//!
//! Most of it needs a right that ordinary users lack. Without it a test prints SKIPPED; under
//! `REQUIRE_PEERS=1` it fails.
#![cfg(all(target_os = "linux", feature = "live"))]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use osi_tutor::model::{LinkType, RawFrame};
use osi_tutor::source::live::{self, Live, OpenError, Options};
use osi_tutor::source::{Source as _, Step};

/// Opens loopback, or says why this test cannot run.
fn loopback(options: &Options) -> Option<Live> {
    match live::open("lo", options) {
        Ok(live) => Some(live),
        Err(OpenError::Denied { .. }) => {
            skipped("capture on lo needs root");
            None
        }
        Err(e) => panic!("{e}"),
    }
}

fn skipped(why: &str) {
    println!("SKIPPED: {why}");
    assert!(std::env::var_os("REQUIRE_PEERS").is_none_or(|v| v != "1"), "REQUIRE_PEERS=1, and {why}");
}

/// Gives every frame to `take`, up to a last datagram that is sent now.
fn watch(live: &mut Live, mut take: impl FnMut(&RawFrame)) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let here = socket.local_addr().unwrap();
    socket.send_to(b"enough", here).unwrap();
    let mut frame = RawFrame::default();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        match live.next(&mut frame).expect("loopback gives frames") {
            Step::Frame if speaks(&frame, 17, here.port()) => return,
            Step::Frame => take(&frame),
            Step::Idle => {}
            Step::End => panic!("loopback went down"),
        }
    }
    panic!("the last datagram never came");
}

/// Whether it is IPv4 of this protocol, to or from this port.
fn speaks(frame: &RawFrame, protocol: u8, port: u16) -> bool {
    let b = &frame.bytes;
    let at = |i: usize| b.get(i..i + 2).map(|p| u16::from_be_bytes([p[0], p[1]]));
    at(12) == Some(0x0800) && b.get(23) == Some(&protocol) && (at(34) == Some(port) || at(36) == Some(port))
}

#[test]
fn each_datagram_on_loopback_is_seen_exactly_once() {
    let Some(mut live) = loopback(&Options::default()) else { return };
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = receiver.local_addr().unwrap();
    for n in 0..100_u8 {
        sender.send_to(&[n; 20], to).unwrap();
    }
    let mut seen = [0; 100];
    let mut before = None;
    watch(&mut live, |frame| {
        if speaks(frame, 17, to.port()) {
            seen[usize::from(frame.bytes[42])] += 1;
            assert_eq!(frame.link, LinkType::ETHERNET);
            assert!(frame.checksum_pending, "loopback computes no checksum");
            assert!(frame.interface.as_ref().is_some_and(|i| i.loopback && i.name == "lo"));
            assert!(before.is_none_or(|t| t <= frame.time), "the kernel's times do not go back");
            before = Some(frame.time);
        }
    });
    assert_eq!(seen, [1; 100]);
    assert_eq!(live.dropped(), 0);
}

#[test]
fn no_frame_of_a_large_transfer_is_cut() {
    const SIZE: usize = 4 << 20;
    let Some(mut live) = loopback(&Options::default()) else { return };
    if let Some(bytes) = live.small_buffer() {
        return skipped(&format!("a receive buffer of {bytes} bytes is too small, and a larger one needs root"));
    }
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = server.local_addr().unwrap().port();
    let sending = thread::spawn(move || server.accept().unwrap().0.write_all(&vec![7; SIZE]).unwrap());
    let receiving = thread::spawn(move || {
        let mut got = Vec::new();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap().read_to_end(&mut got).unwrap();
        got.len()
    });
    sending.join().unwrap();
    assert_eq!(receiving.join().unwrap(), SIZE);
    let (mut payload, mut longest) = (0, 0);
    watch(&mut live, |frame| {
        if speaks(frame, 6, port) {
            assert_eq!(frame.bytes.len(), usize::try_from(frame.len).unwrap(), "frame {}", frame.number);
            let headers = 14 + 20 + usize::from(frame.bytes[46] >> 4) * 4;
            payload += frame.bytes.len() - headers;
            longest = longest.max(frame.bytes.len());
        }
    });
    assert_eq!(live.dropped(), 0);
    assert!(payload >= SIZE, "{payload} bytes captured of {SIZE}");
    assert!(longest > 4_096, "the kernel sends far larger frames than any wire on loopback: {longest}");
}

#[test]
fn a_snap_length_keeps_the_start_and_tells_the_true_length() {
    let Some(mut live) = loopback(&Options { snaplen: 50, ..Options::default() }) else { return };
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = receiver.local_addr().unwrap();
    receiver.send_to(&[1; 1000], to).unwrap();
    let mut found = None;
    watch(&mut live, |frame| {
        if speaks(frame, 17, to.port()) {
            found = Some((frame.bytes.len(), frame.len));
        }
    });
    assert_eq!(found, Some((50, 1042)));
}
