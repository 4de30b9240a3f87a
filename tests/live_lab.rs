//! The private lab: lessons on this machine's real kernel, as an ordinary user.
//!
//! All traffic stays in namespaces that the program makes for itself. Where the system forbids them a test prints
//! SKIPPED; under `REQUIRE_PEERS=1` it fails.
#![cfg(all(target_os = "linux", feature = "lab", feature = "live"))]

mod common;

use common::skipped;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use osi_tutor::lab::Lab;
use osi_tutor::model::{RawFrame, Remark};
use osi_tutor::source::{Source as _, Step};

const PROGRAM: &str = env!("CARGO_BIN_EXE_osi-tutor");
/// Nothing here takes longer; a test that does, fails.
const PATIENCE: Duration = Duration::from_mins(1);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn is_root() -> bool {
    text(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0"
}

/// The program where everybody can reach it; the build folder may lie where only root can.
fn open_program() -> &'static Path {
    static COPY: OnceLock<PathBuf> = OnceLock::new();
    COPY.get_or_init(|| {
        let copy = std::env::temp_dir().join(format!("osi-tutor-lab-{}", std::process::id()));
        std::fs::copy(PROGRAM, &copy).unwrap();
        copy
    })
}

/// A command line as an ordinary user; root becomes nobody for it.
fn plain(line: &[&str]) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"]).args(line);
        command
    } else {
        let mut command = Command::new(line[0]);
        command.args(&line[1..]);
        command
    };
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the program as an ordinary user.
fn osi_tutor(args: &[&str]) -> Output {
    let mut line = vec![open_program().to_str().unwrap()];
    line.extend(args);
    plain(&line).output().unwrap()
}

/// Whether there can be a lab at all, and else says why not.
fn possible() -> bool {
    let run = osi_tutor(&["doctor", "--json"]);
    let facts = text(&run.stdout);
    let lab = facts.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()).find(|f| f["id"] == "lab");
    let lab = lab.expect("doctor speaks of the lab");
    if lab["ok"] != true {
        skipped(&format!("a live lab needs user namespaces: {}", lab["found"]));
    }
    lab["ok"] == true
}

/// Every frame of a scenario in the lab, and what the kernel knew.
fn play(args: &[&str]) -> (Vec<RawFrame>, Lab) {
    let mut arguments = vec!["lab-helper".into()];
    arguments.extend(args.iter().map(Into::into));
    let mut lab = Lab::start(PROGRAM, &arguments).unwrap_or_else(|why| panic!("{why}"));
    let (mut frames, mut frame) = (Vec::new(), RawFrame::default());
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        match lab.next(&mut frame).unwrap() {
            Step::Frame => frames.push(frame.clone()),
            Step::Idle => {}
            Step::End => return (frames, lab),
        }
    }
    panic!("the lab never came to an end");
}

fn scenario(name: &str) -> String {
    format!("{}/lessons/scenarios/{name}.toml", env!("CARGO_MANIFEST_DIR"))
}

/// The flags of a TCP segment over IPv4 without options.
fn flags(frame: &RawFrame) -> Option<u8> {
    let b = &frame.bytes;
    (b.get(12..15) == Some(&[8, 0, 0x45]) && b.get(23) == Some(&6)).then(|| b[47])
}

fn is_arp(frame: &RawFrame) -> bool {
    frame.bytes.get(12..14) == Some(&[8, 6])
}

/// The processes whose parent is `parent`.
fn children(parent: u32) -> Vec<u32> {
    let list = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    list.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
}

fn is_there(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn wait_until(mut what: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        if what() {
            return true;
        }
        thread::sleep(Duration::from_millis(2));
    }
    false
}

/// Starts a lesson that takes a while, and gives its helper's number.
fn begin() -> (Child, u32) {
    let child = plain(&[open_program().to_str().unwrap(), "explain", "upgrade", "--live"]).spawn().unwrap();
    let mut helper = None;
    wait_until(|| {
        helper = children(child.id()).first().copied();
        helper.is_some()
    });
    (child, helper.expect("explain --live has a helper"))
}

fn kill(pid: u32) {
    assert!(Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status().unwrap().success());
}

#[test]
fn a_plain_user_plays_a_lesson_on_the_real_kernel_twice_and_gets_other_numbers() {
    if !possible() {
        return;
    }
    let runs = [0, 1].map(|_| {
        let run = osi_tutor(&["explain", "handshake", "--live"]);
        let (out, err) = (text(&run.stdout), text(&run.stderr));
        assert_eq!(run.status.code(), Some(0), "{err}");
        assert!(out.contains("Captured live on this machine's kernel: two-hosts, tcp.stream 0"), "{out}");
        assert!(out.contains("192.0.2.10") && !out.contains("This step of"), "{out}");
        out
    });
    let first = |out: &str| out.lines().find(|line| line.contains("tcp.seq_raw")).map(str::to_owned);
    assert!(first(&runs[0]).is_some());
    assert_ne!(first(&runs[0]), first(&runs[1]), "a kernel draws its initial sequence numbers");
}

#[test]
fn two_hosts_ask_by_arp_first_and_the_kernel_tells_its_windows() {
    if !possible() {
        return;
    }
    let (frames, lab) = play(&["two-hosts"]);
    assert!(lab.ready() < Duration::from_secs(2), "{:?}", lab.ready());
    assert!(is_arp(&frames[0]) && frames[0].bytes[6..12] == [2, 0, 0, 0, 0, 10], "the scenario's own card asks");
    let syn = frames.iter().position(|f| flags(f) == Some(2)).expect("a SYN");
    let answer = frames.iter().position(|f| flags(f) == Some(0x12)).expect("a SYN-ACK");
    let rtt = frames[answer].time.since(frames[syn].time).unwrap();
    assert!(rtt > 4_000_000, "the link takes 2 ms each way: {rtt} ns");
    assert!(frames.iter().all(|f| f.bytes.len() <= 1514), "no offload makes larger frames");
    let views = lab.views();
    assert!(views.iter().any(|v| v.state() == "ESTABLISHED" && v.cwnd >= 10 && v.rtt > 4_000), "{views:?}");
    assert!(frames.iter().any(|f| f.comment.contains("kernel TCP_INFO of 192.0.2.10:")));
}

#[test]
fn a_lost_syn_is_sent_again_by_the_kernels_own_timer() {
    if !possible() {
        return;
    }
    let (frames, _) = play(&["two-hosts", "--drop", "tcp.flags == 0x02"]);
    let syns: Vec<_> = frames.iter().filter(|f| flags(f) == Some(2)).collect();
    assert_eq!(syns[0].remark, Some(Remark::Dropped));
    let gap = syns[1].time.since(syns[0].time).unwrap();
    assert!((900_000_000..2_000_000_000).contains(&gap), "RFC 6298 §2 begins with one second: {gap} ns");
}

#[test]
fn a_link_does_to_real_frames_what_it_does_to_simulated_ones() {
    if !possible() {
        return;
    }
    // A link shows each frame once, as it leaves, and so the lost one, too.
    let (frames, _) = play(&[&scenario("loss"), "--at", "client-server"]);
    assert!(frames.iter().all(|f| f.interface.as_ref().is_some_and(|i| i.name == "client-server")));
    let syns = frames.iter().filter(|f| flags(f) == Some(2)).count();
    assert_eq!(syns, 1, "a frame is shown once");
    let lost: Vec<_> =
        frames.iter().enumerate().filter(|(_, f)| f.remark == Some(Remark::Lost)).map(|(at, _)| at).collect();
    assert_eq!(lost.len(), 1, "the scenario says that frame 30 of the link is lost: {lost:?}");
    let (frames, _) = play(&["loss", "--mtu", "600"]);
    let longest = frames.iter().map(|f| f.bytes.len()).max().unwrap();
    assert!((500..=614).contains(&longest), "{longest}");
}

#[test]
fn a_bridge_floods_the_question_and_routers_lower_the_ttl() {
    if !possible() {
        return;
    }
    let (frames, _) = play(&[&scenario("switch"), "--at", "printer"]);
    assert!(frames.iter().filter(|f| is_arp(f)).count() >= 2, "a question to all reaches the third host");
    let (frames, _) = play(&[&scenario("routers"), "--at", "server"]);
    let syn = frames.iter().find(|f| flags(f) == Some(2)).expect("a SYN arrives behind two routers");
    assert_eq!(syn.bytes[22], 62, "64 less two routers");
}

#[test]
fn a_killed_program_leaves_no_helper_behind() {
    if !possible() {
        return;
    }
    let (mut child, helper) = begin();
    kill(child.id());
    child.wait().unwrap();
    assert!(wait_until(|| !is_there(helper)), "process {helper} goes on without its parent");
}

#[test]
fn a_killed_helper_is_told_in_one_sentence_and_leaves_no_zombie() {
    if !possible() {
        return;
    }
    let (child, helper) = begin();
    kill(helper);
    let run = child.wait_with_output().unwrap();
    let err = text(&run.stderr);
    assert!(err.contains("its helper was killed by signal 9"), "{err}");
    assert!(matches!(run.status.code(), Some(0 | 1)), "{:?}", run.status);
    assert!(!is_there(helper), "nobody waited for it");
}

#[test]
fn where_namespaces_are_forbidden_the_reason_and_the_simulation_are_told() {
    if !possible() {
        return;
    }
    let program = open_program().to_str().unwrap();
    // In a user namespace of one's own one may set its limits, and so forbid further ones.
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$0\" \"$@\"";
    let run = |args: &[&str]| {
        let mut line = vec!["unshare", "--user", "--map-root-user", "sh", "-c", forbid, program];
        line.extend(args);
        plain(&line).output().unwrap()
    };
    let told = run(&["explain", "handshake", "--live"]);
    let err = text(&told.stderr);
    assert_eq!(told.status.code(), Some(1), "{err}");
    assert!(told.stdout.is_empty());
    let why = "user namespaces are switched off here (user.max_user_namespaces is 0)";
    assert!(err.starts_with(&format!("osi-tutor: there can be no live lab: {why}\n")), "{err}");
    assert!(err.ends_with("osi-tutor explain handshake\n"), "{err}");

    let doctor = run(&["doctor"]);
    let out = text(&doctor.stdout);
    assert_eq!(doctor.status.code(), Some(0));
    assert!(out.contains("no  lab") && out.contains("$ sudo sysctl user.max_user_namespaces="), "{out}");
}

#[test]
fn the_doctor_gives_each_thing_that_is_missing_a_way() {
    let run = osi_tutor(&["doctor", "--json"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let facts: Vec<serde_json::Value> =
        text(&run.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let capture = facts.iter().find(|fact| fact["id"] == "capture").unwrap();
    if capture["ok"] == false && capture["found"].as_str().unwrap().contains("cap_net_raw") {
        let remedy = capture["remedy"].as_str().unwrap();
        // A group may, not everybody; and the path is this program's.
        assert!(
            remedy.contains(" && sudo chmod 0750 /") && remedy.contains(" && sudo setcap cap_net_raw+ep /"),
            "{remedy}"
        );
    }
    assert!(facts.iter().all(|fact| fact["ok"].is_boolean() && !fact["found"].as_str().unwrap().is_empty()));
}

/// Lessons that no kernel of ours plays, each with its reason; every page of every other lesson is played.
const NOT_LIVE: &[(&str, &str)] = &[
    ("dhcp", "gets its address by DHCP, which the live lab cannot do"),
    ("web-request", "gets its address by DHCP, which the live lab cannot do"),
];

/// What a page says that lacks its packet.
const LACKS: &[&str] = &[
    "! This step of ",
    "What this page says doesn't hold",
    "This page asks about a packet",
    "No packet of this capture",
];

/// Plays a lesson live; what is wrong with that.
fn lives(id: &str) -> Result<(), String> {
    let run = osi_tutor(&["explain", id, "--live", "--audience", "engineer"]);
    let (said, why) = (text(&run.stdout), text(&run.stderr));
    if let Some((_, reason)) = NOT_LIVE.iter().find(|(own, _)| *own == id) {
        let told = run.status.code() == Some(1) && why.contains(reason);
        return if told { Ok(()) } else { Err(format!("{id} doesn't say that it {reason}: {why}")) };
    }
    let missing: usize = LACKS.iter().map(|sign| said.matches(sign).count()).sum();
    let whole = run.status.code() == Some(0) && missing == 0 && said.contains("Captured live on this machine's kernel");
    if whole { Ok(()) } else { Err(format!("{id}: {missing} pages lack their packet. {why}")) }
}

#[test]
fn every_lesson_plays_whole_on_the_real_kernel() {
    if !possible() {
        return;
    }
    let course = osi_tutor::lesson::course().unwrap();
    let ids = Mutex::new(course.iter().map(|lesson| lesson.id.as_str()).collect::<Vec<_>>());
    let wrong = Mutex::new(Vec::new());
    // A lab waits most of its time.
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let Some(id) = ids.lock().unwrap().pop() else { return };
                    // The kernel's timing on a busy machine is its own: once more, before it counts.
                    wrong.lock().unwrap().extend(lives(id).or_else(|_| lives(id)).err());
                }
            });
        }
    });
    assert_eq!(wrong.into_inner().unwrap(), [""; 0]);
}

/// What Wireshark starts when somebody captures on osi-tutor-lab.
#[test]
fn wireshark_captures_a_lesson_on_the_kernel() {
    if !possible() {
        return;
    }
    let config = osi_tutor(&["extcap", "--extcap-interface", "osi-tutor-lab", "--extcap-config"]);
    let config = text(&config.stdout);
    assert!(config.contains("{arg=0}{value=handshake}") && config.contains("{default=true}"), "{config}");
    assert!(!config.contains("{value=dhcp}"), "a lesson that no kernel plays: {config}");
    let file = std::env::temp_dir().join(format!("osi-tutor-lab-{}.pcapng", std::process::id()));
    let call = ["extcap", "--capture", "--extcap-interface", "osi-tutor-lab", "--lesson", "handshake", "--fifo"];
    let done = osi_tutor(&[&call[..], &[file.to_str().unwrap()]].concat());
    assert!(done.status.success(), "{}", text(&done.stderr));
    let mut source = osi_tutor::source::file::File::open(&file).unwrap();
    let (mut frame, mut said) = (RawFrame::default(), Vec::new());
    while source.next(&mut frame).unwrap() == Step::Frame {
        said.push(frame.comments().into_owned());
    }
    std::fs::remove_file(&file).unwrap();
    assert!(said.iter().any(|said| said.starts_with("SYN. The client")), "{said:?}");
    assert!(said.iter().any(|said| said.contains("\nQuestion: ")), "{said:?}");
}
