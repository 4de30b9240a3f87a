//! Every field of every packet of `captures/`, against tshark: its name, its value, its place and its size.
//!
//! Where we differ on purpose, or not yet agree, a row of `oracle/differences.toml` says why; a row that matches nothing
//! fails, too. What counts is every name that our protocols have (`oracle/wireshark-fields.tsv`, see `fields.rs`).
//!
//! tshark reads each capture once, with checksums verified. A segment whose checksum it finds bad it leaves out of a
//! stream, so a capture with such a segment is read again without, and only the verdicts are kept of the first reading.
//!
//! `ORACLE_ONLY` names the captures to compare (`*` stands for anything), `ORACLE_FOLDER` another folder that they are in.

mod common;

use common::{captures_in, has, in_parallel};
use osi_tutor::filter::{ALIASES, View};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

/// Field names differ between tshark's minor versions: another one than this would only make noise.
const VERSION: &str = "TShark (Wireshark) 4.0.";

/// How tshark is run, besides its defaults.
const PREFERENCES: [&str; 15] = [
    "ip.defragment:TRUE",
    "ipv6.defragment:TRUE",
    "tcp.desegment_tcp_streams:TRUE",
    "tcp.reassemble_out_of_order:FALSE",
    "tcp.analyze_sequence_numbers:TRUE",
    "tcp.relative_sequence_numbers:TRUE",
    "tcp.calculate_timestamps:TRUE",
    "tcp.track_bytes_in_flight:TRUE",
    "udp.calculate_timestamps:TRUE",
    "http.desegment_body:TRUE",
    "http.dechunk_body:TRUE",
    "http.decompress_body:TRUE",
    "tls.desegment_ssl_records:TRUE",
    "websocket.decompress:TRUE",
    "ip.tso_support:TRUE",
];

/// How one value of one field looks to both, and where it stands: offset and length, if in bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    value: String,
    place: Option<(u64, u64)>,
}

/// One packet: of each name, what was seen. Layers count as fields of their name.
type Packet = BTreeMap<String, Vec<Seen>>;

/// What the comparison of one field in one packet says.
#[derive(Debug)]
struct Finding {
    capture: String,
    frame: u64,
    field: String,
    what: What,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Value,
    Place,
}

/// A disagreement that is allowed.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    /// A field's name; `*` stands for anything.
    field: String,
    /// A file's name; `*` stands for anything.
    capture: String,
    /// Which frames; none given: all.
    #[serde(default)]
    frames: Vec<u64>,
    /// Whether it is about the value, or only about where it stands.
    what: What,
    reason: String,
}

#[derive(serde::Deserialize)]
struct Differences {
    difference: Vec<Difference>,
}

impl Difference {
    fn allows(&self, finding: &Finding) -> bool {
        self.what == finding.what
            && matches(&self.field, &finding.field)
            && matches(&self.capture, &finding.capture)
            && (self.frames.is_empty() || self.frames.contains(&finding.frame))
    }
}

/// Whether the text is the pattern, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).any(|i| text.get(i..).is_some_and(|text| matches(rest, text)))),
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

/// The names that both know, with Wireshark's type.
fn names() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(here("oracle/wireshark-fields.tsv")).expect("the table is there");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| line.split_once('\t'));
    // Filters make some values from the whole packet; no packet holds them.
    let made = |name: &str| ALIASES.iter().any(|a| a.name == name && matches!(a.view, View::Made(_)));
    let rows = rows.filter(|(name, _)| !made(name));
    let fields = rows.map(|(name, rest)| (name, rest.split('\t').next().unwrap_or_default()));
    // That there is a frame at all is no finding, and of some protocols Wireshark does not know.
    let not_theirs = ["frame", "engineio", "socketio"];
    let layers = osi_tutor::proto::identities().filter(|layer| !not_theirs.contains(&layer.name));
    let layers = layers.map(|layer| (layer.name, "FT_PROTOCOL"));
    layers.chain(fields).map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect()
}

/// One way to write a value, whoever wrote it.
fn plain(kind: &str, text: &str) -> String {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    match kind {
        "FT_NONE" | "FT_PROTOCOL" => "present".to_owned(),
        "FT_BOOLEAN" => matches!(text, "1" | "true" | "True").to_string(),
        "FT_IPv4" | "FT_IPv6" => text.parse::<IpAddr>().map_or_else(|_| text.to_owned(), |address| address.to_string()),
        "FT_ETHER" | "FT_BYTES" | "FT_UINT_BYTES" => text.replace(':', "").to_lowercase(),
        "FT_RELATIVE_TIME" | "FT_DOUBLE" => billionths(text),
        "FT_ABSOLUTE_TIME" => moment(text),
        _ if kind.starts_with("FT_UINT") || kind.starts_with("FT_INT") || kind == "FT_FRAMENUM" => {
            number(text).map_or_else(|| text.to_owned(), |n| n.to_string())
        }
        _ => skeleton(text),
    }
}

/// A decimal fraction as billionths, without the rounding of a binary one.
fn billionths(text: &str) -> String {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{part:0<9.9}");
    digits.parse::<i128>().map_or_else(|_| text.to_owned(), |n| n.to_string())
}

/// A moment as billionths of seconds since 1970: from a number, or as `Jan  1, 2026 00:00:00.000000000 UTC`.
fn moment(text: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    // NTP's zero stands for no time at all; counted as one it is the start of 1900.
    if text == "NULL" {
        return billionths("-2208988800");
    }
    let words: Vec<_> = text.split([' ', ',', ':']).filter(|word| !word.is_empty()).collect();
    let [month, day, year, hour, minute, second, "UTC"] = words[..] else { return billionths(text) };
    let number = |text: &str| text.parse::<i64>().unwrap_or(0);
    let month = MONTHS.iter().position(|m| *m == month).map_or(0, |m| i64::try_from(m).unwrap_or(0) + 1);
    // The year begins in March here, so that its leap day is the last.
    let (year, month) = if month > 2 { (number(year), month - 3) } else { (number(year) - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + number(day) - 1 - 719_468;
    let (whole, part) = second.split_once('.').unwrap_or((second, ""));
    billionths(&format!("{}.{part}", ((days * 24 + number(hour)) * 60 + number(minute)) * 60 + number(whole)))
}

/// A text without what two honest printers show differently: each run of bytes that cannot be printed becomes one `?`.
fn skeleton(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let odd = match c {
            '\\' => {
                let (most, radix) = match rest.next() {
                    Some('x') => (2, 16),
                    Some('u') => (4, 16),
                    Some('0'..='7') => (2, 8),
                    _ => (0, 8),
                };
                // PDML writes no leading zero.
                for _ in 0..most {
                    rest.next_if(|digit| digit.is_digit(radix));
                }
                true
            }
            ' '..='~' => false,
            _ => true,
        };
        match (odd, out.ends_with('?')) {
            (false, _) => out.push(c),
            (true, false) => out.push('?'),
            (true, true) => {}
        }
    }
    out
}

/// What our program says of each packet.
fn ours(capture: &Path, names: &BTreeMap<String, String>) -> Vec<Packet> {
    let run = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).arg("read").arg(capture).arg("--json").output().unwrap();
    assert!(run.status.success(), "{}: {}", capture.display(), String::from_utf8_lossy(&run.stderr));
    let mut packets = Vec::new();
    for line in run.stdout.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let json: Json = serde_json::from_slice(line).expect("each line is JSON");
        let mut packet = Packet::new();
        let mut add = |name: &str, value: &Json, place: Option<(u64, u64)>| {
            let Some(kind) = names.get(name) else { return };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // An absent flag is not shown by tshark; we may say that it is false.
            if kind != "FT_NONE" || *value != Json::Bool(false) {
                packet.entry(name.to_owned()).or_default().push(Seen { value: plain(kind, &text), place });
            }
        };
        let place = |of: &Json| Some((of["offset"].as_u64()?, of["length"].as_u64()?));
        for (name, value) in json["frame"].as_object().expect("a frame") {
            add(&format!("frame.{name}"), value, None);
        }
        for layer in json["layers"].as_array().expect("layers") {
            add(layer["protocol"].as_str().expect("a name"), &Json::Null, None);
            for field in layer["fields"].as_array().into_iter().flatten() {
                add(field["name"].as_str().expect("a name"), &field["value"], place(field));
            }
        }
        packets.push(packet);
    }
    packets
}

/// What tshark says of each packet.
fn theirs(capture: &Path, names: &BTreeMap<String, String>) -> Vec<Packet> {
    let mut packets = tshark(capture, names, true);
    let verdict = |name: &str| name.ends_with(".checksum.status");
    let bad = |packet: &Packet| packet.iter().any(|(name, seen)| verdict(name) && seen.iter().any(|s| s.value == "0"));
    if packets.iter().any(bad) {
        let verified = std::mem::replace(&mut packets, tshark(capture, names, false));
        for (packet, verified) in packets.iter_mut().zip(verified) {
            packet.retain(|name, _| !verdict(name));
            packet.extend(verified.into_iter().filter(|(name, _)| verdict(name)));
        }
    }
    packets
}

/// One run of tshark, with its own settings and nobody else's.
fn tshark(capture: &Path, names: &BTreeMap<String, String>, verify: bool) -> Vec<Packet> {
    let home = std::env::temp_dir().join(format!("osi-tutor-oracle-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(capture).args(["-T", "pdml"]).stdin(Stdio::null());
    command.env("HOME", &home).env("XDG_CONFIG_HOME", &home).env_remove("WIRESHARK_CONFIG_DIR");
    command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    for preference in PREFERENCES {
        command.args(["-o", preference]);
    }
    // It knows HTTP/2 without TLS by the port alone, and only where that is HTTP's.
    command.args(["-d", "tcp.port==81,http2"]);
    for layer in ["ip", "tcp", "udp"] {
        command.args(["-o", &format!("{layer}.check_checksum:{}", if verify { "TRUE" } else { "FALSE" })]);
    }
    let run = command.output().unwrap();
    assert!(run.status.success(), "{}: {}", capture.display(), String::from_utf8_lossy(&run.stderr));
    packets(&String::from_utf8_lossy(&run.stdout), names)
}

/// Reads PDML. It is not always XML (a value may hold any byte), but its tags and quotes are always clean.
fn packets(pdml: &str, names: &BTreeMap<String, String>) -> Vec<Packet> {
    let mut packets = Vec::new();
    for tag in pdml.split('<').skip(1) {
        if tag.starts_with("packet>") {
            packets.push(Packet::new());
            continue;
        }
        let (Some(packet), true) = (packets.last_mut(), tag.starts_with("proto ") || tag.starts_with("field ")) else {
            continue;
        };
        let Some((name, kind)) = attribute(tag, "name").and_then(|name| names.get_key_value(name.as_str())) else {
            continue;
        };
        let number = |what| attribute(tag, what).and_then(|n| n.parse().ok());
        let place = number("pos").zip(number("size")).filter(|(_, size)| *size > 0);
        let value = plain(kind, &attribute(tag, "show").unwrap_or_default());
        packet.entry(name.clone()).or_default().push(Seen { value, place });
    }
    packets
}

/// The value of a tag's attribute.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let (value, _) = tag.get(start..)?.split_once('"')?;
    let value = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    Some(value.replace("&apos;", "'").replace("&#x27;", "'").replace("&amp;", "&"))
}

/// What differs between the two in one field of one packet.
fn differ(kind: &str, ours: &[Seen], theirs: &[Seen]) -> Option<(What, String)> {
    if matches!(kind, "FT_NONE" | "FT_PROTOCOL") {
        // They are counted once: what tells several layers of one name apart are their fields.
        let said = |seen: &[Seen]| if seen.is_empty() { "absent" } else { "present" };
        return (said(ours) != said(theirs))
            .then(|| (What::Value, format!("ours {}, theirs {}", said(ours), said(theirs))));
    }
    let sorted = |seen: &[Seen]| {
        let mut seen = seen.to_vec();
        seen.sort();
        seen
    };
    let (ours, theirs) = (sorted(ours), sorted(theirs));
    let values = |seen: &[Seen]| seen.iter().map(|s| s.value.clone()).collect::<Vec<_>>();
    let near = |a: &str, b: &str| match (a.parse::<i128>(), b.parse::<i128>()) {
        (Ok(a), Ok(b)) if matches!(kind, "FT_RELATIVE_TIME" | "FT_DOUBLE") => (a - b).abs() <= 2,
        _ => a == b,
    };
    if ours.len() != theirs.len() || ours.iter().zip(&theirs).any(|(a, b)| !near(&a.value, &b.value)) {
        return Some((What::Value, format!("ours {:?}, theirs {:?}", values(&ours), values(&theirs))));
    }
    let places = |seen: &[Seen]| seen.iter().filter_map(|s| s.place).collect::<BTreeSet<_>>();
    let (here, there) = (places(&ours), places(&theirs));
    // What is computed has no place with us; Wireshark hangs some of it on bytes that it comes from.
    (!here.is_empty() && !there.is_empty() && here != there)
        .then(|| (What::Place, format!("ours at {here:?}, theirs at {there:?}")))
}

/// Everything in which the two differ on one capture, and how many values were compared.
fn compare(capture: &Path, names: &BTreeMap<String, String>) -> (Vec<Finding>, usize) {
    let (ours, theirs) = (ours(capture, names), theirs(capture, names));
    let file = capture.file_name().unwrap_or_default().to_string_lossy().into_owned();
    assert_eq!(ours.len(), theirs.len(), "{file}: as many packets");
    let (mut findings, mut compared) = (Vec::new(), 0);
    for (frame, (mine, yours)) in (1..).zip(ours.iter().zip(&theirs)) {
        for field in mine.keys().chain(yours.keys()).collect::<BTreeSet<_>>() {
            let of = |packet: &Packet| packet.get(field).cloned().unwrap_or_default();
            compared += of(yours).len();
            if let Some((what, text)) = differ(&names[field], &of(mine), &of(yours)) {
                findings.push(Finding { capture: file.clone(), frame, field: field.clone(), what, text });
            }
        }
    }
    (findings, compared)
}

#[test]
fn every_field_of_every_capture_is_as_tshark_has_it_or_listed_with_a_reason() {
    if !has("tshark", VERSION) {
        return;
    }
    let names = names();
    let only = std::env::var("ORACLE_ONLY").unwrap_or_else(|_| "*".to_owned());
    let folder = std::env::var_os("ORACLE_FOLDER").map_or_else(|| here("captures"), PathBuf::from);
    let all = only == "*" && folder == here("captures");
    let mut captures = captures_in(&folder);
    captures.retain(|file| matches(&only, &file.file_name().unwrap_or_default().to_string_lossy()));
    assert!(!captures.is_empty(), "no capture is called {only}");
    let results = in_parallel(&captures, |capture| compare(capture, &names));
    let listed = std::fs::read_to_string(here("oracle/differences.toml")).expect("the list is there");
    let listed = toml::from_str::<Differences>(&listed).expect("the list is TOML").difference;
    let findings: Vec<_> = results.iter().flat_map(|(findings, _)| findings).collect();
    let mut wrong: Vec<_> = findings
        .iter()
        .filter(|finding| !listed.iter().any(|row| row.allows(finding)))
        .map(|f| format!("{} #{} {}: {:?}: {}", f.capture, f.frame, f.field, f.what, f.text))
        .collect();
    wrong.sort();
    for row in listed.iter().filter(|row| row.reason.is_empty()) {
        wrong.push(format!("differences.toml: no reason for {}", row.field));
    }
    for row in listed.iter().filter(|row| all && !findings.iter().any(|finding| row.allows(finding))) {
        wrong.push(format!("differences.toml: {} in {} no longer differs", row.field, row.capture));
    }
    let compared: usize = results.iter().map(|(_, compared)| compared).sum();
    println!("{} captures, {compared} values compared, {} differ", captures.len(), findings.len());
    assert!(wrong.is_empty(), "{} findings:\n{}\n", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_star_stands_for_anything() {
    assert!(matches("*", "") && matches("tcp-*.pcap", "tcp-loss.pcap") && matches("a*c*", "abcd"));
    assert!(!matches("tcp-*", "udp-x") && !matches("", "x") && !matches("*a", "ab"));
}

#[test]
fn a_value_looks_the_same_whoever_wrote_it() {
    assert_eq!(plain("FT_UINT16", "0x0800"), plain("FT_UINT16", "2048"));
    assert_eq!(plain("FT_RELATIVE_TIME", "1.5"), plain("FT_RELATIVE_TIME", "1.500000000"));
    assert_eq!(plain("FT_STRING", "a\\x07b"), plain("FT_STRING", "a\u{7}b"));
    assert_eq!(
        plain("FT_ABSOLUTE_TIME", "Jan  1, 2026 00:00:00.500000000 UTC"),
        plain("FT_ABSOLUTE_TIME", "1767225600.5")
    );
    assert_eq!(plain("FT_STRING", "a\\x1 b"), plain("FT_STRING", "a\u{1} b"));
    assert_ne!(plain("FT_STRING", "ab"), plain("FT_STRING", "a b"));
}

#[test]
fn a_value_may_hold_line_breaks_and_markup() {
    let names = BTreeMap::from([("a.b".to_owned(), "FT_STRING".to_owned())]);
    let pdml = "<packet>\n<proto name=\"a\"><field name=\"a.b\" pos=\"3\" size=\"2\" show=\"x\r\n&lt;y&amp;&quot;\"/>";
    let seen = Seen { value: "x?<y&\"".to_owned(), place: Some((3, 2)) };
    assert_eq!(packets(pdml, &names), [Packet::from([("a.b".to_owned(), vec![seen])])]);
}
