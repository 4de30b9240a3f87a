//! Inside Wireshark: our interfaces among its own, and our dissector beside our fields. tshark runs with a home of its own,
//! so that nothing of the user's is touched; it captures as any user, because extcap needs no right.
//!
//! Without tshark it says SKIPPED; with `REQUIRE_PEERS=1` its absence fails.
#![cfg(unix)]

mod common;

use common::{capture, has_tshark, root};
use osi_tutor::model::RawFrame;
use osi_tutor::source::file::File;
use osi_tutor::source::{Source, Step};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::{self, JoinHandle};

const OURS: &str = env!("CARGO_BIN_EXE_osi-tutor");

/// A home that is gone when the test is over.
struct Home(PathBuf);

impl Home {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("osi-tutor-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn run(&self, program: &str, args: &[&str]) -> Output {
        let mut command = Command::new("timeout");
        command.arg("120").arg(program).args(args).current_dir(&self.0).stdin(Stdio::null()).env("HOME", &self.0);
        for name in ["XDG_CONFIG_HOME", "WIRESHARK_CONFIG_DIR", "WIRESHARK_EXTCAP_DIR", "SUDO_UID", "SUDO_USER"] {
            command.env_remove(name);
        }
        command.output().unwrap()
    }

    /// What a command prints; it goes well.
    fn said(&self, program: &str, args: &[&str]) -> String {
        let done = self.run(program, args);
        assert!(done.status.success(), "{program} {args:?}\n{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Every file below it, in order.
    fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, all: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { walk(&path, all) } else { all.push(path) }
            }
        }
        let mut all = Vec::new();
        walk(&self.0, &mut all);
        all.sort();
        all
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Bytes and comments of each frame.
fn frames(file: &Path) -> Vec<(Vec<u8>, String)> {
    let (mut source, mut frame, mut all) = (File::open(file).unwrap(), RawFrame::default(), Vec::new());
    while source.next(&mut frame).unwrap() == Step::Frame {
        all.push((frame.bytes.clone(), frame.comments().into_owned()));
    }
    all
}

/// What our side of extcap writes, without Wireshark.
fn written(home: &Home, interface: &str, more: &[&str]) -> Vec<(Vec<u8>, String)> {
    let to = home.0.join("direct.pcapng");
    let call = ["extcap", "--capture", "--extcap-interface", interface, "--fifo", to.to_str().unwrap()];
    home.said(OURS, &[&call[..], more].concat());
    frames(&to)
}

#[test]
fn a_lesson_is_an_interface_whose_packets_say_what_they_mean() {
    let home = Home::new("extcap");
    let packets = written(&home, "osi-tutor-handshake", &[]);
    let syn = packets.iter().find(|(_, said)| said.starts_with("SYN. The client")).expect("the SYN is explained");
    assert!(syn.1.contains("\nQuestion: Which flags does the server set in its answer?\n  1  "), "{}", syn.1);
    assert!(packets.iter().all(|(_, said)| !said.is_empty()), "every packet says something");
    let newcomer = written(&home, "osi-tutor-handshake", &["--audience", "newcomer"]);
    assert!(newcomer.iter().any(|(_, said)| said.contains("Can you hear me?")), "{newcomer:?}");

    let lost = written(&home, "osi-tutor-handshake", &["--drop", "tcp.flags == 0x12"]);
    let syns = |all: &[(Vec<u8>, String)]| all.iter().filter(|(bytes, _)| bytes.get(47) == Some(&0x02)).count();
    assert_eq!(syns(&lost), syns(&packets) + 1, "without an answer, the SYN is sent again");
    let other = written(&home, "osi-tutor-handshake", &["--seed=9"]);
    assert_ne!(other[2].0, packets[2].0, "another seed, other numbers");
    assert!(written(&home, "osi-tutor-sim-nat", &[]).len() > 10);
}

/// Wireshark's side of the toolbar's pipes.
struct Window {
    child: Child,
    pressed: fs::File,
    said: JoinHandle<Vec<u8>>,
    got: JoinHandle<Vec<u8>>,
}

impl Window {
    fn open(home: &Home, interface: &str, pace: &str) -> Self {
        let [fifo, pressed, said] = ["fifo", "in", "out"].map(|name| home.0.join(name));
        for pipe in [&fifo, &pressed, &said] {
            assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
        }
        let read = |path: &Path| {
            let path = path.to_owned();
            thread::spawn(move || fs::read(path).unwrap())
        };
        let (got, heard) = (read(&fifo), read(&said));
        let child = Command::new(OURS)
            .args(["extcap", "--capture", "--extcap-interface", interface, "--pace", pace])
            .arg("--fifo")
            .arg(&fifo)
            .arg("--extcap-control-in")
            .arg(&pressed)
            .arg("--extcap-control-out")
            .arg(&said)
            .spawn()
            .unwrap();
        Self { child, pressed: fs::OpenOptions::new().write(true).open(&pressed).unwrap(), said: heard, got }
    }

    fn press(&mut self, button: u8) {
        self.pressed.write_all(&[b'T', 0, 0, 2, button, 1]).unwrap();
    }

    /// What came until the end, and what the window was told.
    fn close(mut self) -> (Vec<u8>, String) {
        assert!(self.child.wait().unwrap().success());
        drop(self.pressed);
        (self.got.join().unwrap(), String::from_utf8_lossy(&self.said.join().unwrap()).into_owned())
    }
}

/// Presses the toolbar's buttons as Wireshark does, and compares with the same loss from the start.
#[test]
fn the_toolbar_shows_the_next_packet_and_loses_a_segment() {
    const NEXT: u8 = 0;
    const LOSE: u8 = 1;
    for interface in ["osi-tutor-handshake", "osi-tutor-sim-two-hosts"] {
        let home = Home::new("toolbar");
        let mut window = Window::open(&home, interface, "step");
        // Wireshark says that it is there, before anything is pressed.
        window.pressed.write_all(b"T\0\0\x02\xff\0").unwrap();
        (0..3).for_each(|_| window.press(NEXT));
        window.press(LOSE);
        let lost = written(&home, interface, &["--drop", "4"]);
        (3..lost.len()).for_each(|_| window.press(NEXT));
        let (got, said) = window.close();
        let file = home.0.join("toolbar.pcapng");
        fs::write(&file, got).unwrap();
        let got = frames(&file);
        for (at, (got, wanted)) in got.iter().zip(&lost).enumerate() {
            assert_eq!(got, wanted, "{interface}, packet {}", at + 1);
        }
        assert_eq!(got.len(), lost.len());
        assert!(got != written(&home, interface, &[]), "a loss changes what follows");
        for told in
            ["The next TCP segment will be lost.", "A TCP segment was lost at packet 4.", "All packets have come."]
        {
            assert!(said.contains(told), "{said}");
        }
    }
}

#[test]
fn what_wireshark_may_ask_is_answered_and_nonsense_refused() {
    let home = Home::new("asked");
    for nonsense in [
        &["--extcap-interface", "osi-tutor-nothing", "--extcap-dlts"][..],
        &["--extcap-interface", "lo", "--extcap-config"],
        &["--capture", "--extcap-interface", "osi-tutor-dns"],
        &["--capture", "--extcap-interface", "osi-tutor-dns", "--fifo", "x", "--drop", "tcp.nothing == 1"],
        &["--capture", "--extcap-interface", "osi-tutor-dns", "--fifo", "x", "--pace", "fast"],
        &["--capture", "--extcap-interface", "osi-tutor-dns", "--fifo", "x", "--pace", "step"],
        &["--capture", "--extcap-interface", "osi-tutor-dns", "--fifo", "x", "--extcap-capture-filter", "port 80"],
        &[],
    ] {
        let done = home.run(OURS, &[&["extcap"][..], nonsense].concat());
        assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0), "{nonsense:?}");
        assert!(!done.stderr.is_empty(), "{nonsense:?}");
    }
    assert!(!home.0.join("x").exists(), "what makes no sense writes nothing");
    let config = home.said(OURS, &["extcap", "--extcap-interface=osi-tutor-tls", "--extcap-config"]);
    for option in ["--seed", "--audience", "--drop", "--pace"] {
        assert!(config.contains(&format!("{{call={option}}}")), "{config}");
    }
    for (more, says) in [(&["--extcap-reload-option", "x"][..], false), (&["--extcap-capture-filter", "port 80"], true)]
    {
        let said = home.said(OURS, &[&["extcap", "--extcap-interface", "osi-tutor-tls"][..], more].concat());
        assert_eq!(!said.is_empty(), says, "{more:?}: {said}");
    }
}

#[test]
fn tshark_lists_our_interfaces_and_captures_on_them() {
    if !has_tshark() {
        return;
    }
    let home = Home::new("tshark");
    let status = home.said(OURS, &["wireshark", "status"]);
    assert_eq!(status.matches("isn't there").count(), 3, "{status}");
    home.said(OURS, &["wireshark", "install"]);
    let listed = home.said("tshark", &["-D"]);
    for file in fs::read_dir(root().join("lessons")).unwrap().map(|entry| entry.unwrap().path()) {
        let Some(name) = file.file_name().unwrap().to_str().unwrap().strip_suffix(".md") else { continue };
        let id = name.split_once('-').unwrap().1;
        assert!(listed.contains(&format!(" osi-tutor-{id} (Lesson {id}: ")), "{id}\n{listed}");
    }
    assert!(listed.contains(" osi-tutor-sim-two-hosts (Simulated two-hosts: "), "{listed}");
    let links = home.said("tshark", &["-L", "-i", "osi-tutor-handshake"]);
    assert!(links.contains("EN10MB (Ethernet)"), "{links}");

    let profile = home.files().into_iter().find(|path| path.ends_with("profiles/osi-tutor/colorfilters")).unwrap();
    let rules = fs::read_to_string(profile).unwrap();
    let filters: Vec<_> = rules.lines().filter_map(|rule| rule.strip_prefix('@')?.split('@').nth(1)).collect();
    assert_eq!(filters.len(), 12, "{rules}");
    let any = filters.iter().map(|filter| format!("({filter})")).collect::<Vec<_>>().join(" || ");
    let file = capture("socketio.pcapng");
    assert!(!home.said("tshark", &["-r", file.to_str().unwrap(), "-Y", &any]).is_empty(), "the colours' filters");

    let to = home.0.join("tshark.pcapng");
    let seed = ["-o", "extcap.osi_tutor_handshake.seed:9", "-a", "duration:60"];
    let call = [&["-i", "osi-tutor-handshake", "-F", "pcapng", "-w", to.to_str().unwrap()][..], &seed].concat();
    home.said("tshark", &call);
    assert_eq!(frames(&to), written(&home, "osi-tutor-handshake", &["--seed", "9"]), "bytes and comments arrive");

    home.said(OURS, &["wireshark", "remove"]);
    assert!(!home.said("tshark", &["-D"]).contains("osi-tutor"));
}

#[test]
fn what_is_installed_is_taken_back_and_nothing_else() {
    let home = Home::new("install");
    home.said(OURS, &["wireshark", "install"]);
    let installed = home.files();
    assert_eq!(installed.len(), 3, "{installed:?}");
    assert!(home.said(OURS, &["wireshark", "install"]).contains("was installed already"));
    let script = installed.iter().find(|path| path.ends_with("extcap/osi-tutor")).unwrap();
    fs::write(script, "#!/bin/sh\nexec somebody-elses\n").unwrap();
    for command in ["install", "remove"] {
        let done = home.run(OURS, &["wireshark", command]);
        let said = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(1), "{command}: {said}");
        assert!(said.contains("isn't ours, and stays as it is"), "{said}");
    }
    assert_eq!(home.files(), std::slice::from_ref(script), "ours is gone, the stranger's is there");
    assert_eq!(fs::read_to_string(script).unwrap(), "#!/bin/sh\nexec somebody-elses\n");
}

// ---- the dissector

/// Values of each field in each frame, in their order.
type Seen = BTreeMap<u64, BTreeMap<String, Vec<String>>>;

/// The fields that the dissector shares with us: all but those of JSONP.
fn names(home: &Home) -> Vec<String> {
    let all = ["engineio", "socketio"].map(|name| home.said(OURS, &["fields", name, "--json"]));
    let all = all.iter().flat_map(|said| said.lines()).map(|line| serde_json::from_str::<Json>(line).unwrap());
    let names = all.map(|field| field["name"].as_str().unwrap().to_owned());
    names.filter(|name| name.contains('.') && name != "engineio.jsonp").collect()
}

fn ours(home: &Home, file: &str, names: &[String]) -> Seen {
    let mut seen = Seen::new();
    for line in home.said(OURS, &["read", file, "--json"]).lines() {
        let packet: Json = serde_json::from_str(line).unwrap();
        let fields = packet["layers"].as_array().unwrap().iter().flat_map(|layer| layer["fields"].as_array().unwrap());
        for field in fields.filter(|field| names.iter().any(|name| field["name"] == **name)) {
            let name = field["name"].as_str().unwrap().to_owned();
            let value = match &field["value"] {
                // A field that is only there or not.
                Json::Bool(true) => "1".to_owned(),
                Json::String(bytes) if name.ends_with(".binary") || name.ends_with(".attachment") => {
                    bytes.replace(':', "")
                }
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            let frame = packet["frame"]["number"].as_u64().unwrap();
            seen.entry(frame).or_default().entry(name).or_default().push(value);
        }
    }
    seen
}

fn theirs(home: &Home, file: &str, names: &[String]) -> Seen {
    let mut call = vec!["-r", file, "-T", "json", "-e", "frame.number"];
    call.extend(names.iter().flat_map(|name| ["-e", name.as_str()]));
    let packets: Vec<Json> = serde_json::from_str(&home.said("tshark", &call)).unwrap();
    let mut seen = Seen::new();
    for packet in &packets {
        let fields = packet["_source"]["layers"].as_object().unwrap();
        let values =
            |all: &Json| all.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let frame = values(&fields["frame.number"])[0].parse().unwrap();
        for (name, all) in fields.iter().filter(|(name, _)| *name != "frame.number") {
            seen.entry(frame).or_default().insert(name.clone(), values(all));
        }
    }
    seen
}

#[test]
fn the_dissector_finds_what_we_find() {
    if !has_tshark() {
        return;
    }
    let home = Home::new("dissector");
    home.said(OURS, &["wireshark", "install"]);
    let names = names(&home);
    let mut files =
        ["socketio.pcapng", "socketio-v2.pcapng"].map(|name| capture(name).to_str().unwrap().to_owned()).to_vec();
    for scenario in ["chat", "reconnect", "polling"] {
        let file = home.0.join(scenario).to_str().unwrap().to_owned();
        home.said(OURS, &["simulate", scenario, "-q", "-w", &file]);
        files.push(file);
    }
    for file in &files {
        let (ours, theirs) = (ours(&home, file, &names), theirs(&home, file, &names));
        assert!(ours.len() > 5, "{file}");
        for frame in ours.keys().chain(theirs.keys()) {
            assert_eq!(ours.get(frame), theirs.get(frame), "{file}, frame {frame}");
        }
        let all = home.said("tshark", &["-2", "-V", "-r", file]);
        assert!(!all.contains("Lua Error"), "{file}");
    }
}

#[test]
fn damaged_packets_break_no_dissector() {
    if !has_tshark() {
        return;
    }
    let home = Home::new("damaged");
    home.said(OURS, &["wireshark", "install"]);
    for name in ["socketio.pcapng", "socketio-v2.pcapng"] {
        let whole = fs::read(capture(name)).unwrap();
        for step in [97, 211, 503] {
            let mut bytes = whole.clone();
            // Only what texts are made of: the blocks of the file stay as they are.
            for (at, byte) in bytes.iter_mut().enumerate().filter(|(at, _)| at % step == 0) {
                if matches!(*byte, b'"' | b'[' | b'{' | b'}' | b'0'..=b'9') {
                    *byte = [b'"', b'[', b'}', b':', b'9', b'\\'][at % 6];
                }
            }
            let file = home.0.join("damaged.pcapng");
            fs::write(&file, bytes).unwrap();
            let done = home.run("tshark", &["-V", "-r", file.to_str().unwrap()]);
            assert!(!String::from_utf8_lossy(&done.stdout).contains("Lua Error"), "{name}, every {step}th byte");
        }
    }
}
