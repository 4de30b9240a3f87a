//! Live capture on the real loopback interface.
//!
//! Most of it needs a right that ordinary users lack. Without it a test prints SKIPPED; under
//! `REQUIRE_PEERS=1` it fails.
#![cfg(all(target_os = "linux", feature = "live"))]

mod common;

use common::skipped;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use osi_tutor::model::{LinkType, RawFrame};
use osi_tutor::source::file::File;
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
fn a_reader_that_pauses_loses_nothing_however_thinly_the_frames_come() {
    let Some(mut live) = loopback(&Options::default()) else { return };
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = receiver.local_addr().unwrap();
    // Each comes after the kernel has handed over the one before, in a block of its own.
    for n in 0..60_u8 {
        receiver.send_to(&[n; 20], to).unwrap();
        thread::sleep(Duration::from_millis(25));
    }
    let mut seen = Vec::new();
    watch(&mut live, |frame| {
        if speaks(frame, 17, to.port()) {
            seen.push(frame.bytes[42]);
        }
    });
    assert_eq!(seen, (0..60).collect::<Vec<_>>());
    assert_eq!(live.dropped(), Some(0));
}

#[test]
fn no_frame_of_a_large_transfer_is_cut() {
    const SIZE: usize = 4 << 20;
    let Some(mut live) = loopback(&Options::default()) else { return };
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
    assert!(names.contains(&"lo".into()) && names.contains(&"any".into()));
}

/// Longer than anything here takes; only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts a command with all three pipes.
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn capture(args: &[&str]) -> Self {
        Self::start(Command::new(env!("CARGO_BIN_EXE_osi-tutor")).arg("capture").args(args))
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.0.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Its exit code.
    #[track_caller]
    fn end(&mut self) -> Option<i32> {
        let mut code = None;
        wait_until("it ends", || {
            code = self.0.try_wait().unwrap();
            code.is_some()
        });
        code.and_then(|code| code.code())
    }
}

/// The lines that come out of a pipe; whoever waits for one that never comes fails.
struct Lines(mpsc::Receiver<String>);

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (tell, hear) = mpsc::channel();
        thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Self(hear)
    }

    #[track_caller]
    fn next(&self) -> String {
        self.0.recv_timeout(PATIENCE).expect("a line")
    }

    fn rest(&self) -> String {
        self.0.iter().map(|line| line + "\n").collect()
    }
}

#[track_caller]
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < PATIENCE, "still not: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A folder of its own, open to whoever a capture becomes, and gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let path = std::env::temp_dir().join(format!("osi-tutor-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How many frames a capture holds that ends as it should.
fn frames(mut file: File) -> usize {
    let (mut frame, mut count) = (RawFrame::default(), 0);
    while file.next(&mut frame).unwrap() == Step::Frame {
        count += 1;
    }
    count
}

/// A small capture, as bytes.
fn simulated() -> Vec<u8> {
    let run = osi_tutor(&["simulate", "two-hosts", "-w", "-", "-c", "3"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    run.stdout
}

#[test]
fn the_file_gets_all_while_nobody_reads_the_screen() {
    const ALL: usize = 40_000;
    if loopback(&Options::default()).is_none() {
        return;
    }
    let folder = Folder::new("all");
    let name = folder.file("all.pcapng");
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = receiver.local_addr().unwrap();
    let mut run = Running::capture(&["lo", "-w", &name]);
    let said = Lines::of(run.0.stderr.take().unwrap());
    while !said.next().contains("Capturing on lo.") {}
    for n in 1..=ALL {
        receiver.send_to(&[7; 64], to).unwrap();
        // Each frame takes 106 bytes and its block's 34 or more. While the screen is stuck, they must still arrive.
        if n % 1000 == 0 {
            wait_until("the file has them", || std::fs::metadata(&name).is_ok_and(|f| f.len() >= n as u64 * 140));
        }
    }
    let shown = run.0.stdout.take().unwrap();
    let drain = thread::spawn(move || std::io::copy(&mut { shown }, &mut std::io::sink()));
    run.signal("INT");
    assert_eq!(run.end(), Some(0));
    drain.join().unwrap().unwrap();
    let said = said.rest();
    assert!(said.contains(" on the screen; all are in the file, 0 dropped by the kernel."), "{said}");
    assert!(frames(File::open(Path::new(&name)).unwrap()) >= ALL);
}

#[test]
fn what_is_written_with_a_filter_is_what_the_filter_shows() {
    if loopback(&Options::default()).is_none() {
        return;
    }
    let folder = Folder::new("filtered");
    let name = folder.file("some.pcapng");
    let [wanted, other] = [(); 2].map(|()| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let filter = format!("udp.dstport == {}", wanted.local_addr().unwrap().port());
    let mut run = Running::capture(&["lo", "-q", "-c", "5", "-Y", &filter, "-w", &name]);
    let said = Lines::of(run.0.stderr.take().unwrap());
    wait_until("five have come", || {
        for to in [&wanted, &other] {
            other.send_to(b"something", to.local_addr().unwrap()).unwrap();
        }
        run.0.try_wait().unwrap().is_some()
    });
    assert_eq!(run.end(), Some(0));
    assert!(said.rest().contains(" captured on lo, 5 written, 0 dropped"), "quiet says what is in the file");
    let all = text(&osi_tutor(&["read", &name, "--brief"]).stdout);
    let some = text(&osi_tutor(&["read", &name, "--brief", "-Y", &filter]).stdout);
    assert_eq!((all.lines().count(), &all), (5, &some));
}

#[test]
fn all_interfaces_at_once_give_each_frame_once_with_its_place() {
    let mut live = match live::open("any", &Options::default()) {
        Err(OpenError::Denied { .. }) => return skipped("capture on any needs root"),
        opened => opened.unwrap(),
    };
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let to = receiver.local_addr().unwrap();
    for n in 0..10_u8 {
        receiver.send_to(&[n; 20], to).unwrap();
    }
    receiver.send_to(b"last", to).unwrap();
    let (mut seen, mut frame) = (Vec::new(), RawFrame::default());
    let began = Instant::now();
    while seen.last() != Some(&b'l') {
        assert!(began.elapsed() < PATIENCE);
        if live.next(&mut frame).unwrap() != Step::Frame {
            continue;
        }
        assert_eq!(frame.link, LinkType::LINUX_SLL2);
        // Protocol, and behind the cooked header of 20 bytes IPv4 with UDP to our port.
        let port = frame.bytes.get(42..44).map(|b| u16::from_be_bytes([b[0], b[1]]));
        if frame.bytes.starts_with(&[8, 0]) && frame.bytes.get(29) == Some(&17) && port == Some(to.port()) {
            assert!(frame.interface.as_ref().is_some_and(|i| i.name == "lo" && i.loopback));
            seen.push(frame.bytes[48]);
        }
    }
    assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, b'l']);
}

#[test]
fn a_link_that_went_down_is_waited_for_and_a_removed_interface_ends_the_capture() {
    let works = |flags: &str| {
        let add = "ip link add osi0 type veth peer name osi1 && ip link set osi0 up";
        Command::new("unshare").args([flags, "sh", "-c", add]).output().is_ok_and(|run| run.status.success())
    };
    let Some(flags) = ["-n", "-rn"].into_iter().find(|flags| works(flags)) else {
        return skipped("no network namespace with a pair of cards can be made here");
    };
    let script =
        "ip link add osi0 type veth peer name osi1 && ip link set osi0 up && exec \"$0\" capture osi0 --duration 60";
    let binary = env!("CARGO_BIN_EXE_osi-tutor");
    let mut run = Running::start(Command::new("unshare").args([flags, "sh", "-c", script, binary]));
    let shown = run.0.stdout.take().unwrap();
    thread::spawn(move || std::io::copy(&mut { shown }, &mut std::io::sink()));
    let said = Lines::of(run.0.stderr.take().unwrap());
    while !said.next().contains("Capturing on osi0.") {}
    let id = run.0.id().to_string();
    let ip = |args: &[&str]| {
        let user = if flags == "-n" { "-n" } else { "-Un" };
        let run =
            Command::new("nsenter").args(["-t", &id, user, "--preserve-credentials", "ip", "link"]).args(args).output();
        let run = run.unwrap();
        assert!(run.status.success(), "{}", text(&run.stderr));
    };
    for _ in 0..2 {
        ip(&["set", "osi0", "down"]);
        assert_eq!(said.next(), "The link of osi0 went down; the capture waits for it to come back.");
        ip(&["set", "osi0", "up"]);
        assert_eq!(said.next(), "The link of osi0 is up again.");
    }
    ip(&["del", "osi0"]);
    assert_eq!(run.end(), Some(1));
    let said = said.rest();
    assert!(said.ends_with("osi-tutor: the interface osi0 disappeared\n"), "{said}");
}

#[test]
fn a_dash_writes_the_capture_to_standard_output_and_nothing_else() {
    assert_eq!(frames(File::read(Box::new(std::io::Cursor::new(simulated())), "it").unwrap()), 3);
    for view in ["--json", "--brief", "--hex"] {
        let run = osi_tutor(&["simulate", "two-hosts", "-w", "-", view]);
        assert_eq!((run.status.code(), run.stdout.len()), (Some(2), 0), "{view}");
        assert!(text(&run.stderr).contains(&format!("and {view} would, too")), "{}", text(&run.stderr));
    }
    if loopback(&Options::default()).is_none() {
        return;
    }
    // What has come is in the pipe at once, while the capture goes on.
    let mut run = Running::capture(&["lo", "-w", "-"]);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let said = Lines::of(run.0.stderr.take().unwrap());
    while !said.next().contains("Capturing on lo.") {}
    let (tell, hear) = mpsc::channel();
    let out = run.0.stdout.take().unwrap();
    thread::spawn(move || {
        let mut file = File::read(Box::new(out), "the pipe").unwrap();
        let mut frame = RawFrame::default();
        while file.next(&mut frame).is_ok_and(|step| step == Step::Frame) && tell.send(frame.bytes.len()).is_ok() {}
    });
    socket.send_to(&[1; 58], socket.local_addr().unwrap()).unwrap();
    hear.recv_timeout(PATIENCE).expect("a frame while it runs");
    run.signal("TERM");
    assert_eq!(run.end(), Some(0));
}

#[test]
fn a_pipe_shows_each_packet_when_it_comes() {
    let capture = simulated();
    for view in ["--brief", "--json", "--hex", "--notes"] {
        let mut run = Running::start(Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(["read", "-", view]));
        let mut pipe = run.0.stdin.take().unwrap();
        pipe.write_all(&capture).unwrap();
        let lines = Lines::of(run.0.stdout.take().unwrap());
        // The pipe stays open, so nothing but the pause can have sent it.
        let first = lines.next();
        assert!(!first.is_empty() || !lines.next().is_empty(), "{view}");
        drop(pipe);
        assert_eq!(run.end(), Some(0), "{view}");
    }
}

#[test]
fn who_waits_for_a_reader_of_the_pipe_can_be_interrupted() {
    if loopback(&Options::default()).is_none() {
        return;
    }
    let folder = Folder::new("fifo");
    let pipe = folder.file("pipe");
    assert!(Command::new("mkfifo").args(["-m", "666", &pipe]).status().unwrap().success());
    for (signal, bit) in [("INT", 1_u64 << 1), ("TERM", 1 << 14)] {
        let mut run = Running::capture(&["lo", "-w", &pipe]);
        let status = format!("/proc/{}/status", run.0.id());
        wait_until("it listens to signals", || {
            let status = std::fs::read_to_string(&status).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
            u64::from_str_radix(caught, 16).unwrap() & bit != 0
        });
        let said = Lines::of(run.0.stderr.take().unwrap());
        run.signal(signal);
        assert_eq!(run.end(), Some(1), "{signal}");
        let said = said.rest();
        assert!(said.contains("so nothing was captured"), "{said}");
    }
}

#[test]
fn the_file_that_is_read_is_never_written() {
    let folder = Folder::new("same");
    let (name, hard, soft) = (folder.file("a.pcapng"), folder.file("hard.pcapng"), folder.file("soft.pcapng"));
    let capture = simulated();
    std::fs::write(&name, &capture).unwrap();
    std::fs::hard_link(&name, &hard).unwrap();
    std::os::unix::fs::symlink(&name, &soft).unwrap();
    let scenario = folder.file("scenario.toml");
    std::fs::write(&scenario, "title = 'Any text will do'\n").unwrap();
    let runs: &[&[&str]] = &[
        &["read", &name, "-q", "-w", &name],
        &["read", &name, "-q", "-w", &hard],
        &["read", &hard, "-q", "-w", &soft],
        &["read", "-", "-q", "-w", &hard],
        &["read", &name, "--plot", "seq", "-o", &hard],
        &["follow", &name, "--from", "client", "-o", &hard],
        &["quiz", &name, "--csv", &hard],
        &["simulate", &scenario, "-w", &scenario],
    ];
    for args in runs {
        let mut command = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
        let run = command.args(*args).stdin(std::fs::File::open(&name).unwrap()).output().unwrap();
        assert_eq!(run.status.code(), Some(2), "{args:?}: {}", text(&run.stderr));
        assert!(text(&run.stderr).contains("names the file that is read"), "{args:?}: {}", text(&run.stderr));
        assert!(std::fs::read(&name).unwrap() == capture, "{args:?} changed the capture");
    }
    assert_eq!(std::fs::read_to_string(&scenario).unwrap(), "title = 'Any text will do'\n");
    // Onto the end of it is no better.
    let end = std::fs::OpenOptions::new().append(true).open(&hard).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(["read", &name, "-w", "-"]).stdout(end).status();
    assert_eq!(run.unwrap().code(), Some(2));
    assert!(std::fs::read(&name).unwrap() == capture);
}

#[test]
fn a_full_disk_is_told_in_the_systems_words() {
    let run = osi_tutor(&["simulate", "two-hosts", "-q", "-w", "/dev/full"]);
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("/dev/full: No space left on device"), "{}", text(&run.stderr));
}
