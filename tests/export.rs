//! What `osi-tutor export` writes, read back by others: tshark, and a reader of Moodle's GIFT.
//!
//! Without tshark, or without Node and `npm ci` in `tests/export`, a test says SKIPPED; with `REQUIRE_PEERS=1` it fails.
#![cfg(all(unix, feature = "classroom"))]

mod common;

use common::{capture, has_tshark, root, skipped};
use serde_json::Value as Json;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const OURS: &str = env!("CARGO_BIN_EXE_osi-tutor");

fn run(args: &[&str]) -> Output {
    Command::new(OURS).arg("export").args(args).stdin(Stdio::null()).output().unwrap()
}

fn said(args: &[&str]) -> String {
    let done = run(args);
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A file of this test that isn't there yet.
fn fresh(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_file(&path);
    path
}

fn lessons() -> Vec<String> {
    let files = fs::read_dir(root().join("lessons")).unwrap().map(|entry| entry.unwrap().file_name());
    let ids = files.filter_map(|name| Some(name.to_str()?.strip_suffix(".md")?.split_once('-')?.1.to_owned()));
    ids.collect()
}

/// What tshark says of each packet, a line a packet.
fn tshark(file: &str, fields: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command.args(["-r", file, "-T", "fields", "-E", "separator=,", "-E", "occurrence=l"]);
    for field in fields {
        command.args(["-e", field]);
    }
    let done = command.stdin(Stdio::null()).output().unwrap();
    String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_capture_says_what_its_packets_mean_and_a_file_that_is_there_stays() {
    let file = fresh("export.pcapng");
    let path = file.to_str().unwrap();
    said(&["pcapng", "handshake", "--seed", "9", "-o", path]);
    let written = fs::read(&file).unwrap();
    let text = String::from_utf8_lossy(&written);
    for wanted in
        ["Lesson handshake: ", "(seed 9)", "osi-tutor explain handshake --seed 9", "Question: Which flags does"]
    {
        assert!(text.contains(wanted), "{wanted}");
    }
    let again = run(&["pcapng", "handshake", "-o", path]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("--force"), "it says what to do");
    assert_eq!(fs::read(&file).unwrap(), written, "it stays as it is");
    said(&["pcapng", "dns", "-o", path, "--force"]);
    assert_ne!(fs::read(&file).unwrap(), written);
    assert_eq!(run(&["pcapng", "dns", "-o", "-"]).stdout, fs::read(&file).unwrap());
    if has_tshark() {
        let comments = tshark(path, &["frame.comment"]);
        assert!(comments.len() > 5 && comments.iter().all(|comment| !comment.is_empty()), "{comments:?}");
    }
}

#[test]
fn an_own_capture_keeps_its_packets_and_gets_questions() {
    let file = fresh("own.pcapng");
    let from = capture("http.pcapng");
    said(&["pcapng", from.to_str().unwrap(), "-o", file.to_str().unwrap()]);
    let text = fs::read(&file).unwrap();
    assert!(String::from_utf8_lossy(&text).contains("\nQuestion: "), "it asks");
    let frames = |path: &str| Command::new(OURS).args(["read", path, "--brief"]).output().unwrap().stdout;
    assert!(!frames(from.to_str().unwrap()).is_empty());
    assert_eq!(frames(file.to_str().unwrap()), frames(from.to_str().unwrap()), "the same packets");
    let same = run(&["pcapng", file.to_str().unwrap(), "-o", file.to_str().unwrap(), "--force"]);
    assert_eq!(same.status.code(), Some(2), "no file is written over itself");
    for nonsense in
        [&["pcapng", "-", "-o", "x"][..], &["pcapng", "hanshake", "-o", "x"], &["csv", "nothing-here"], &["gift", "x"]]
    {
        let done = run(nonsense);
        assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0), "{nonsense:?}");
    }
}

#[test]
fn rows_agree_with_wiresharks_columns() {
    if !has_tshark() {
        return;
    }
    for name in ["http.pcapng", "arp.pcapng", "dns.pcap", "ping6-fragments.pcap"] {
        let file = capture(name);
        let rows = said(&["csv", file.to_str().unwrap()]);
        let ours = rows.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
        let ours: Vec<String> = ours.map(|row| format!("{},{},{}", row[0], row[1], row[5])).collect();
        let theirs = tshark(file.to_str().unwrap(), &["frame.number", "frame.time_relative", "frame.len"]);
        assert_eq!(ours, theirs, "{name}");
        assert!(rows.starts_with("No.,Time,Source,Destination,Protocol,Length,Info\n"));
    }
    let file = capture("dns.pcap");
    let rows = said(&["csv", file.to_str().unwrap()]);
    let ours: Vec<String> =
        rows.lines().skip(1).map(|row| row.split(',').skip(2).take(3).collect::<Vec<_>>().join(",")).collect();
    let theirs = tshark(file.to_str().unwrap(), &["_ws.col.Source", "_ws.col.Destination", "_ws.col.Protocol"]);
    assert_eq!(ours, theirs);
}

/// The questions that gift-pegjs finds in a text; nothing if it can't run here.
fn parsed(gift: &str) -> Option<Vec<Json>> {
    let folder = root().join("tests/export");
    if !folder.join("node_modules").is_dir() {
        skipped("tests/export has no node_modules (npm ci there brings them)");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(folder.join("gift.js")).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        skipped("node does not run");
        return None;
    };
    child.stdin.take().unwrap().write_all(gift.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}\n{gift}", String::from_utf8_lossy(&done.stderr));
    Some(serde_json::from_slice(&done.stdout).unwrap())
}

#[test]
fn moodles_questions_are_read_back_with_one_right_answer_and_feedback() {
    let (mut believed, mut kinds) = (0, std::collections::BTreeSet::new());
    for lesson in lessons() {
        let gift = said(&["gift", &lesson]);
        let Some(questions) = parsed(&gift) else { return };
        let asked: Vec<&Json> = questions.iter().filter(|q| q["type"] != "Category").collect();
        assert_eq!(asked.len(), gift.matches("\n::").count(), "{lesson}");
        for question in asked {
            let kind = question["type"].as_str().unwrap().to_owned();
            assert_eq!(question["stem"]["format"], "plain", "{question}");
            if kind == "MC" {
                let right = question["choices"].as_array().unwrap().iter().filter(|c| c["isCorrect"] == true);
                assert_eq!(right.count(), 1, "{question}");
            }
            believed += usize::from(question.to_string().contains("A common belief: "));
            kinds.insert(kind);
        }
    }
    assert!(believed > 30, "{believed}");
    for kind in ["MC", "Numerical", "Short", "Matching"] {
        assert!(kinds.contains(kind), "{kinds:?}");
    }
}

#[test]
fn a_worksheet_of_another_seed_has_other_numbers_and_its_key_only_when_asked_for() {
    let sheet = |more: &[&str]| said(&[&["worksheet", "handshake"][..], more].concat());
    let (one, other) = (sheet(&["--seed", "5"]), sheet(&["--seed", "6"]));
    assert_ne!(one, other);
    assert_eq!(one, sheet(&["--seed", "5"]), "the same seed, the same sheet");
    let key = sheet(&["--seed", "5", "--answers"]);
    assert!(key.contains("<h2>Answers</h2>") && !one.contains("Answers"));
    for part in ["class=\"box\"", "class=\"line\"", "<pre>", "Number them"] {
        assert!(one.contains(part), "{part}");
    }
    for lesson in lessons() {
        let sheet = said(&["worksheet", &lesson, "--answers"]);
        assert!(!sheet.contains("<script") && !sheet.contains("src=") && !sheet.contains("href="), "{lesson}");
    }
}

#[test]
fn answer_cards_have_four_letters_and_load_nothing() {
    let page = said(&["cards"]);
    let letters: Vec<&str> = page.split("<p class=\"card\">").skip(1).map(|rest| &rest[..1]).collect();
    assert_eq!(letters, ["A", "B", "C", "D"]);
    assert!(["<script", "src=", "href=", "url("].iter().all(|part| !page.contains(part)), "{page}");
}

/// The elements of a picture, by name, if each that begins also ends.
fn elements(svg: &str) -> Vec<&str> {
    let (mut open, mut all) = (Vec::new(), Vec::new());
    for tag in svg.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{svg}");
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        all.push(name);
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert_eq!(open, [""; 0], "{svg}");
    all
}

#[test]
fn a_picture_of_each_kind_is_drawn_and_loads_nothing() {
    let http = capture("http.pcapng");
    let http = http.to_str().unwrap();
    for (args, wanted) in [
        (&["handshake"][..], &[">client<", ">192.0.2.80:80<", ">SYN-SENT<", "[SYN, ACK]"][..]),
        (&["handshake", "--what", "layers", "--packet", "3"], &[">4 Transport<", "[SYN]", ">observed<"]),
        (&["routing", "--what", "hops", "--packet", "5"], &["TTL 63, was 64", ">near<", ">router<"]),
        (&[http], &["From the file http.pcapng", ">ESTABLISHED<", "GET "]),
        (&[http, "--what", "plot", "--plot", "window"], &["offered window", "From the file http.pcapng"]),
        (&[http, "--what", "layers"], &["Packet 1, layer by layer", ">2 Data link<"]),
    ] {
        let svg = said(&[&["svg"], args].concat());
        let simulated = svg.contains("No packet here crosses a real wire.");
        assert_eq!(simulated, args[0] != http, "{args:?}: it says where its packets come from");
        for text in wanted {
            assert!(svg.contains(text), "{args:?}: {text}: {svg}");
        }
        let known = ["svg", "title", "desc", "style", "rect", "g", "path", "text"];
        assert!(elements(&svg).iter().all(|name| known.contains(name)), "{args:?}");
        for active in ["href", "url(", "@import", "<script", "onload"] {
            assert!(!svg.contains(active), "{args:?}: {active}");
        }
        assert!(svg.contains("prefers-color-scheme: dark"), "{args:?}");
    }
    for lesson in ["arp", "chat", "dns", "loss", "routing"] {
        elements(&said(&["svg", lesson]));
    }
    assert_ne!(said(&["svg", "handshake", "--seed", "9"]), said(&["svg", "handshake"]), "other packets");
}

#[test]
fn what_cannot_be_drawn_is_said_in_a_sentence() {
    let http = capture("http.pcapng");
    let arp = capture("arp.pcapng");
    let (http, arp) = (http.to_str().unwrap(), arp.to_str().unwrap());
    for (args, code, wanted) in [
        (&[http, "--stream", "999"][..], 1, "there is no TCP stream 999"),
        (&[arp], 1, "holds no TCP connection; --what layers --packet N"),
        (&[http, "--what", "layers", "--packet", "9999"], 1, "there is no packet 9999"),
        (&[http, "--what", "hops"], 2, "hops are of simulated packets"),
        (&["handshake", "--what", "hops", "--packet", "9999"], 2, "there is no frame 9999"),
        (&["hanshake"], 2, "Did you mean handshake?"),
    ] {
        let done = run(&[&["svg"], args].concat());
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!((done.status.code(), done.stdout.len()), (Some(code), 0), "{args:?}: {told}");
        assert!(told.contains(wanted), "{args:?}: {told}");
    }
}
