//! Golden tests: each row of `cases.toml` runs the binary on a capture of our own, and what it prints
//! must be what it printed before (`golden/*.snap`). `CASE=brief cargo test --test golden` runs one.

use osi_tutor::model::{Interface, RawFrame, Time};
use osi_tutor::source::file::Writer;
use serde::Deserialize;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    #[serde(default)]
    capture: String,
    arguments: Vec<String>,
    /// What another machine, or another version of the course, may say: a pattern, and what is kept instead.
    #[serde(default)]
    mask: Vec<(String, String)>,
}

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// What a case prints: standard output, then what went to standard error, and the exit code if not 0.
fn run(case: &Case) -> String {
    let done = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
        .args(case.arguments.iter().map(|a| a.replace("{}", &case.capture)))
        .current_dir(tests().join("captures"))
        .env_clear()
        .output()
        .expect("the binary runs");
    let mut out = String::from_utf8(done.stdout).expect("output is UTF-8");
    out.push_str(&String::from_utf8(done.stderr).expect("errors are UTF-8"));
    if !done.status.success() {
        let _ = writeln!(out, "exit code {:?}", done.status.code());
    }
    case.mask.iter().fold(out, |out, (pattern, instead)| {
        let pattern = regex::Regex::new(pattern).expect("a mask is a regular expression");
        assert!(pattern.is_match(&out), "{}: nothing to mask with {pattern}", case.name);
        pattern.replace_all(&out, instead).into_owned()
    })
}

#[test]
fn every_case_prints_what_it_printed_before() {
    let text = std::fs::read_to_string(tests().join("cases.toml")).expect("cases.toml is there");
    let cases: Cases = toml::from_str(&text).expect("cases.toml is well formed");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(tests().join("golden"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let only = std::env::var("CASE").ok();
    let wanted: Vec<&Case> = cases.case.iter().filter(|case| only.as_ref().is_none_or(|n| *n == case.name)).collect();
    assert!(!wanted.is_empty(), "cases.toml has no case {only:?}");
    settings.bind(|| {
        for case in wanted {
            // Escapes of a terminal are kept readable.
            insta::assert_snapshot!(case.name.as_str(), run(case).replace('\x1b', "␛"));
        }
    });
}

#[test]
fn every_snapshot_belongs_to_a_case() {
    let text = std::fs::read_to_string(tests().join("cases.toml")).expect("cases.toml is there");
    let cases: Cases = toml::from_str(&text).expect("cases.toml is well formed");
    for file in std::fs::read_dir(tests().join("golden")).expect("golden/ is there").flatten() {
        let path = file.path();
        // A run that failed leaves what it would have written as `.snap.new`.
        if path.extension().is_some_and(|extension| extension == "new") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        assert!(cases.case.iter().any(|c| c.name == name), "{name} has no row in cases.toml");
    }
}

#[test]
fn the_capture_of_oddities_is_what_this_file_makes() {
    let made = std::env::temp_dir().join(format!("oddities-{}.pcapng", std::process::id()));
    make(&made);
    let (new, kept) = (std::fs::read(&made), std::fs::read(tests().join("captures/oddities.pcapng")));
    let _ = std::fs::remove_file(&made);
    assert_eq!(new.expect("it was made"), kept.expect("it is kept"), "see captures/README.md for how to make it anew");
}

/// `cargo test --test golden -- --ignored make_the_capture_of_oddities`
#[test]
#[ignore = "writes tests/captures/oddities.pcapng"]
fn make_the_capture_of_oddities() {
    make(&tests().join("captures/oddities.pcapng"));
}

/// Writes the frames of [`oddities`] as a capture.
fn make(path: &Path) {
    let mut writer = Writer::create(path).expect("the file can be made");
    let interface = Arc::new(Interface { name: "odd0".to_owned(), loopback: false });
    for (number, (bytes, comment)) in (1u64..).zip(oddities()) {
        let cut = if comment.contains("cut") { 50 } else { bytes.len() };
        let frame = RawFrame {
            time: Time::new(1_700_000_000, (number.cast_signed() - 1) * 1_000_000),
            len: u32::try_from(bytes.len()).expect("a small frame"),
            bytes: bytes[..cut].to_vec(),
            interface: Some(Arc::clone(&interface)),
            comment: comment.to_owned(),
            ..RawFrame::whole(number, Vec::new())
        };
        writer.write(&frame).expect("a frame is written");
    }
    writer.flush().expect("the file is written");
}

/// Frames that are damaged, hostile or unknown, and what is odd about each.
fn oddities() -> Vec<(Vec<u8>, &'static str)> {
    use etherparse::PacketBuilder;
    let link = || PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
    let ip = || link().ipv4([192, 0, 2, 1], [192, 0, 2, 2], 64);
    let tcp = |payload: &[u8]| {
        let mut bytes = Vec::new();
        ip().tcp(40_000, 80, 1000, 64_240).ack(1).psh().write(&mut bytes, payload).expect("it fits");
        bytes
    };
    let udp = |from, to, payload: &[u8]| {
        let mut bytes = Vec::new();
        ip().udp(from, to).write(&mut bytes, payload).expect("it fits");
        bytes
    };
    let whole = tcp(b"GET /\x1b]0;pwned\x07\xe2\x80\xaegpj.exe HTTP/1.1\r\nHost: \x9b2J.example\r\n\r\n");
    let mut offset = tcp(b"data");
    offset[14 + 20 + 12] = 0xf0;
    let mut short = udp(40_000, 40_001, b"four");
    short[14 + 20 + 5] = 200;
    let mut unknown = udp(1, 2, b"");
    unknown[12..14].copy_from_slice(&[0x88, 0xb5]);
    let name = b"\x08\x1b[31mred\x04\xe2\x80\xaex\x00";
    let mut question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00".to_vec();
    question.extend_from_slice(name);
    question.extend_from_slice(b"\x00\x01\x00\x01");
    vec![
        (whole, "a request that tries to command the terminal"),
        (tcp(&[b'x'; 200]), "cut by the capture"),
        (offset, "the data offset points behind the end"),
        (short, "the UDP length promises 200 bytes"),
        (unknown, "nobody knows this EtherType"),
        (udp(40_000, 53, &question), "a name that nobody should print as it is"),
        (vec![0xff; 13], "too short for Ethernet"),
        (Vec::new(), "nothing at all"),
    ]
}
