//! Live capture on the real loopback interface.
//!
//! Most of it needs a right that ordinary users lack. Without it a test prints SKIPPED; under
//! `REQUIRE_PEERS=1` it fails.
#![cfg(all(target_os = "linux", feature = "live"))]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Output, Stdio};
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
    // Not `println`, which the test runner would swallow.
    let _ = writeln!(std::io::stdout(), "SKIPPED: {why}");
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

/// Runs the program to its end.
fn osi_tutor(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(args).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
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
    watch(&mut live, |frame| {
        if speaks(frame, 17, to.port()) {
            seen[usize::from(frame.bytes[42])] += 1;
            assert_eq!(frame.link, LinkType::ETHERNET);
            assert!(frame.checksum_pending, "loopback computes no checksum");
            assert!(frame.interface.as_ref().is_some_and(|i| i.loopback && i.name == "lo"));
            // The clock may be set meanwhile, but not by an hour.
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
            assert!(now.abs_diff(u128::try_from(frame.time.0).unwrap()) < 3_600_000_000_000, "the kernel's own time");
        }
    });
    assert_eq!(seen, [1; 100]);
    assert_eq!(live.dropped(), Some(0));
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
    assert_eq!(live.dropped(), Some(0));
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

#[test]
fn a_count_ends_the_capture_and_the_file_holds_what_was_shown() {
    if loopback(&Options::default()).is_none() {
        return;
    }
    let file = std::env::temp_dir().join(format!("osi-tutor-capture-{}.pcapng", std::process::id()));
    let name = file.to_str().unwrap();
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = socket.local_addr().unwrap();
    let run = thread::scope(|scope| {
        let run = scope.spawn(|| osi_tutor(&["capture", "lo", "-c", "3", "--duration", "20", "--brief", "-w", name]));
        while !run.is_finished() {
            socket.send_to(b"something to see", to).unwrap();
            thread::yield_now();
        }
        run.join().unwrap()
    });
    let (out, err) = (text(&run.stdout), text(&run.stderr));
    assert_eq!(run.status.code(), Some(0), "{err}");
    assert_eq!(out.lines().count(), 3, "{out}");
    assert!(err.contains("3 packets captured on lo, 3 shown, 0 dropped by the kernel."), "{err}");
    let mut written = osi_tutor::source::file::File::open(&file).unwrap();
    let (mut frame, mut count) = (RawFrame::default(), 0);
    while written.next(&mut frame).unwrap() == Step::Frame {
        count += 1;
    }
    std::fs::remove_file(&file).unwrap();
    assert_eq!(count, 3);
}

#[test]
fn a_signal_ends_the_capture_with_its_summary() {
    if loopback(&Options::default()).is_none() {
        return;
    }
    for signal in ["INT", "TERM"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
            .args(["capture", "lo", "--duration", "20"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut err = std::io::BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        std::io::BufRead::read_line(&mut err, &mut said).unwrap();
        assert!(said.contains("Capturing on lo."), "{said}");
        let kill = format!("kill -{signal} {}", child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        err.read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
        assert!(said.contains("dropped by the kernel."), "{said}");
    }
}

#[test]
fn an_unknown_interface_is_answered_with_the_names_that_exist() {
    let run = osi_tutor(&["capture", "no-such0"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(run.stdout.is_empty());
    assert!(text(&run.stderr).starts_with("osi-tutor: there is no interface called \"no-such0\"; this machine has lo"));
}

#[test]
fn without_the_right_the_ways_forward_are_told() {
    let run = if matches!(live::open("lo", &Options::default()), Err(OpenError::Denied { .. })) {
        osi_tutor(&["capture", "lo"])
    } else {
        // As root, become nobody; the binary may lie where only root can reach it, so lay it open.
        let binary = std::env::temp_dir().join(format!("osi-tutor-nobody-{}", std::process::id()));
        std::fs::copy(env!("CARGO_BIN_EXE_osi-tutor"), &binary).unwrap();
        let args = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
        let run = Command::new("setpriv").args(args).arg(&binary).args(["capture", "lo"]).output();
        std::fs::remove_file(&binary).unwrap();
        let Ok(run) = run else { return skipped("setpriv is not installed") };
        run
    };
    let err = text(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{err}");
    assert!(err.starts_with("osi-tutor: capturing on lo needs a right that this program does not have\n"), "{err}");
    for way in
        ["sudo setcap cap_net_raw+ep /", " capture lo\n", "osi-tutor simulate two-hosts\n", "osi-tutor read FILE\n"]
    {
        assert!(err.contains(way), "{way} in {err}");
    }
}

#[test]
fn the_interfaces_are_listed_for_people_and_for_programs() {
    let run = osi_tutor(&["interfaces"]);
    assert!(text(&run.stdout).contains("lo           up  loopback  "), "{}", text(&run.stdout));
    let json = text(&osi_tutor(&["interfaces", "--json"]).stdout);
    let names: Vec<_> =
        json.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["name"].clone()).collect();
    assert!(names.contains(&"lo".into()));
}
