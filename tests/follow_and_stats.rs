//! `follow` and `stats`: what they print is what tshark prints of the same capture, and their mistakes are told.
//!
//! Without tshark a comparison says SKIPPED; with `REQUIRE_PEERS=1` its absence fails.

mod common;

use common::{capture, captures, has_tshark, in_parallel, schema};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// What only one of the two counts as a protocol: in tshark, fields that have a text of their own (all names with a
/// dot), the lines of a text, a form and a mail's head; here, two protocols that Wireshark does not know.
fn is_protocol(name: &str) -> bool {
    !name.contains('.') && !["data-text-lines", "urlencoded-form", "imf", "engineio", "socketio"].contains(&name)
}

/// The place that both name alike, if there is one: several messages in a row are one place in tshark where its
/// dissector loops and places below each other elsewhere; and an ICMP error quotes headers, which do not count here,
/// while tshark counts what they carried.
fn place(path: &[String]) -> Option<String> {
    let mut known: Vec<&str> = path.iter().map(String::as_str).filter(|name| is_protocol(name)).collect();
    let names = known.len();
    known.dedup();
    let quoted = known.iter().rposition(|name| name.starts_with("icmp")).is_some_and(|at| at + 1 < known.len());
    let own = path.last().is_some_and(|name| is_protocol(name)) && names == known.len();
    (own && !quoted).then(|| format!("/{}", known.join("/")))
}

/// Where tshark counts otherwise: capture, kind, why.
const OTHERWISE: &[(&str, &str, &str)] = &[
    ("call.pcap", "hierarchy", "what SIP carries stands in no tree of tshark's, digits inside RTP do"),
    ("datagrams.pcap", "hierarchy", "EAP inside RADIUS stands in no tree of tshark's, a mail slot does"),
    ("printer.pcap", "hierarchy", "a document behind IPP's attributes is data here, and nothing in tshark's tree"),
    ("quic.pcap", "hierarchy", "TLS inside QUIC stands in no tree of tshark's"),
    ("traversal.pcap", "hierarchy", "what a relay's message holds is data here, and nothing in tshark's tree"),
    ("tunnels.pcap", "hierarchy", "Ethernet over MPLS is a protocol of its own in tshark's tree"),
    ("tunnels.pcap", "udp", "tshark tells the directions by the innermost addresses, those of tunnelled packets"),
    ("wifi-radio.pcap", "hierarchy", "what the card tells is a protocol of its own in tshark's tree"),
    ("cut.pcap", "ipv6", "a frame that ends inside an extension header belongs to no IPv6 conversation of tshark's"),
    ("http-pipelined.pcap", "hierarchy", "a segment that ends one message and holds the next is HTTP twice in tshark"),
    ("http-post.pcap", "hierarchy", "a form's parts that have no type are data here, and nothing in tshark's tree"),
    ("letters.pcap", "hierarchy", "a mail's multipart body is a protocol here, and nothing in tshark's tree"),
    ("parts.pcap", "hierarchy", "the parts of a multipart body are protocols here, and nothing in tshark's tree"),
    ("ipv6-extensions.pcap", "ipv6", "a fragment that is not the last belongs to no IPv6 conversation of tshark's"),
    ("ping6-fragments.pcap", "ipv6", "likewise"),
    ("too-big.pcap", "ipv6", "likewise"),
    ("tcp-middle.pcap", "tcp 0", "the byte before a keep-alive is told missing by tshark, though nobody sent it"),
    ("ipv4-options.pcap", "tcp 3", "without a SYN, the client is the higher port here and the first sender there"),
];

fn otherwise(file: &Path, kind: &str) -> bool {
    let name = file.file_name().unwrap_or_default();
    // A kind stands for each of its conversations, too.
    let is = |of: &str| kind.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    OTHERWISE.iter().any(|&(capture, of, _)| name == capture && is(of))
}

/// Says every difference at once, instead of the first.
fn none_of(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

/// Runs our program: exit code, standard output, standard error.
fn program(arguments: &[&str], file: &Path) -> (Option<i32>, Vec<u8>, String) {
    let command = arguments.split_first().expect("a command");
    let output =
        Command::new(env!("CARGO_BIN_EXE_osi-tutor")).arg(command.0).arg(file).args(command.1).output().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

/// The kinds of ends that both count, and what tshark calls them in a table's heading.
const KINDS: [(&str, &str); 5] =
    [("eth", "Ethernet"), ("ip", "IPv4"), ("ipv6", "IPv6"), ("tcp", "TCP"), ("udp", "UDP")];

/// What tshark prints of each capture: its conversations, ends, hierarchy and the first two streams of each kind, from
/// one run, because it is starting it that takes the time.
static THEIRS: LazyLock<BTreeMap<PathBuf, Vec<String>>> = LazyLock::new(|| {
    let captures = captures();
    let mut asked = vec!["io,phs".to_owned()];
    asked.extend(["conv", "endpoints"].iter().flat_map(|table| KINDS.map(|(kind, _)| format!("{table},{kind}"))));
    asked.extend(["tcp", "udp"].iter().flat_map(|kind| (0..2).map(move |n| format!("follow,{kind},raw,{n}"))));
    let said = in_parallel(&captures, |file| {
        let mut tshark = Command::new("tshark");
        // It knows HTTP/2 without TLS by the port alone.
        tshark.args(["-n", "-q", "-d", "tcp.port==81,http2", "-r"]).arg(file);
        tshark.args(asked.iter().flat_map(|table| ["-z", table]));
        let text = String::from_utf8(tshark.output().unwrap().stdout).unwrap();
        let mut parts = vec![String::new()];
        for line in text.lines() {
            if line.starts_with("====") {
                parts.push(String::new());
            } else if let Some(part) = parts.last_mut() {
                part.extend([line, "\n"]);
            }
        }
        parts
    });
    captures.into_iter().zip(said).collect()
});

/// The part of what tshark prints that begins with these words.
fn tshark(file: &Path, heading: &str) -> &'static str {
    let part = THEIRS[file].iter().find(|part| part.starts_with(heading));
    part.unwrap_or_else(|| panic!("{}: tshark prints no {heading:?}", file.display()))
}

/// Turns: what one end says before the other answers, in hexadecimal.
type Turns = Vec<(bool, String)>;

fn add(turns: &mut Turns, server: bool, hex: &str) {
    match turns.last_mut() {
        Some(last) if last.0 == server => last.1.push_str(hex),
        _ => turns.push((server, hex.to_owned())),
    }
}

/// `None`: there is no such conversation. Empty: some of it is missing, which tshark tells in words.
fn our_turns(file: &Path, arguments: &[&str]) -> Option<Turns> {
    let (code, out, _) = program(&[&["follow", "--json"], arguments].concat(), file);
    let mut turns = Turns::new();
    for line in String::from_utf8(out).unwrap().lines() {
        let run: Value = serde_json::from_str(line).unwrap();
        let Some(hex) = run["hex"].as_str() else { return Some(Turns::new()) };
        add(&mut turns, run["from"] == "server", hex);
    }
    (code == Some(0)).then_some(turns)
}

#[test]
fn every_conversation_says_what_tshark_says() {
    if !has_tshark() {
        return;
    }
    let (mut compared, mut wrong) = (0, Vec::new());
    for file in captures() {
        for (kind, more) in [("tcp", &[][..]), ("udp", &["--udp"][..])] {
            // Each asks tshark once more; the first two of a capture say enough.
            for n in 0..2 {
                let number = n.to_string();
                let Some(ours) = our_turns(&file, &[&["--stream", &number], more].concat()) else { break };
                if ours.is_empty() {
                    continue;
                }
                let (mut theirs, mut body) = (Turns::new(), false);
                for line in tshark(&file, &format!("Follow: {kind},raw\nFilter: {kind}.stream eq {n}\n")).lines() {
                    match line {
                        _ if line.starts_with("Node 1") => body = true,
                        _ if !body || line.starts_with('=') => {}
                        _ => add(&mut theirs, line.starts_with('\t'), line.trim()),
                    }
                }
                if ours != theirs && !otherwise(&file, &format!("{kind} {n}")) {
                    wrong.push(format!("{} {kind} {n}\n{ours:?}\n{theirs:?}", file.display()));
                }
                compared += 1;
            }
        }
    }
    none_of(&wrong);
    assert!(compared > 4, "only {compared} conversations were compared");
}

#[test]
fn one_ends_bytes_come_as_they_were() {
    let file = capture("two-hosts.pcapng");
    let (code, page, _) = program(&["follow", "--as", "raw", "--from", "server"], &file);
    assert_eq!(code, Some(0));
    assert!(page.starts_with(b"HTTP/1.1 200 OK\r\n") && page.ends_with(b"</html>\n"), "{page:?}");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    let (code, out, _) = program(&["follow", "--from", "server", "-o", kept.to_str().unwrap()], &file);
    assert_eq!((code, out.len()), (Some(0), 0));
    assert_eq!(std::fs::read(kept).unwrap(), page);
}

#[test]
fn mistakes_are_told_with_their_exit_codes() {
    let file = capture("two-hosts.pcapng");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["follow", "--stream", "7"], 1, "there is no TCP stream 7"),
        (&["follow", "--udp"], 1, "holds no UDP conversation"),
        (&["follow", "--as", "raw"], 2, "add --from client or --from server"),
        (&["follow", "--as", "raw", "--from", "client", "--json"], 2, "choose one"),
        (&["follow", "-o", "x"], 2, "--from"),
        (&["follow", "--from", "client", "-o", file.to_str().unwrap()], 2, "-o names the file that is read"),
        (&["follow", "--from", "client", "-o", "no/such/folder"], 1, "could not be written"),
        (&["stats", "-Y", "tcp.prt"], 2, "did you mean"),
        (&["stats", "--only", "nothing"], 2, "invalid value"),
    ];
    for (arguments, code, words) in cases {
        let (found, out, said) = program(arguments, &file);
        assert_eq!((found, out.len()), (Some(*code), 0), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    let (code, ..) = program(&["follow"], Path::new("no-such-file"));
    assert_eq!(code, Some(1));
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    for command in [&["follow", "--stream", "1"][..], &["stats"]] {
        let file = capture("two-hosts.pcapng");
        let mut child = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
        child.arg(command[0]).arg(file).args(&command[1..]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{command:?}");
    }
}

fn stats(file: &Path, more: &[&str]) -> Value {
    let (code, out, said) = program(&[&["stats", "--json"], more].concat(), file);
    assert_eq!(code, Some(0), "{said}");
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn counts_obey_their_schema() {
    let schema = schema("stats.json");
    for file in captures() {
        for more in [&[][..], &["--only", "layers,endpoints"], &["-Y", "frame.number == 0"]] {
            let counted = stats(&file, more);
            let faults: Vec<String> =
                schema.iter_errors(&counted).map(|e| format!("{}: {e}", e.instance_path)).collect();
            assert!(faults.is_empty(), "{}: {faults:?}\n{counted}", file.display());
            let mut bad = counted.clone();
            bad["frames"] = Value::from(-1);
            assert!(!schema.is_valid(&bad), "frames may be anything");
        }
    }
}

/// A number as tshark writes it in these tables, with its unit.
fn bytes(n: &Value) -> String {
    match n.as_u64().unwrap() {
        n @ 0..10_000 => format!("{n} bytes"),
        n => format!("{} kB", n / 1000),
    }
}

fn end(of: &Value) -> String {
    let address = of["address"].as_str().unwrap();
    of["port"].as_u64().map_or_else(|| address.to_owned(), |port| format!("{address}:{port}"))
}

/// What each end of a conversation sent: the ends in order, so that it does not matter who is called A.
type Talk = [(String, u64, String); 2];

#[test]
fn conversations_are_counted_as_tshark_counts_them() {
    if !has_tshark() {
        return;
    }
    let mut wrong = Vec::new();
    for file in captures() {
        let counted = stats(&file, &[]);
        for (kind, title) in KINDS {
            let sent = |c: &Value, who: &str, way: &str| {
                (end(&c[who]), c[way]["frames"].as_u64().unwrap(), bytes(&c[way]["bytes"]))
            };
            let rows = counted["conversations"][kind]["rows"].as_array().unwrap();
            let mut ours: Vec<Talk> = rows.iter().map(|c| [sent(c, "a", "a_to_b"), sent(c, "b", "b_to_a")]).collect();
            let mut theirs: Vec<Talk> = Vec::new();
            for line in tshark(&file, &format!("{title} Conversations")).lines().filter(|l| l.contains("<->")) {
                let line = line.replace("Broadcast", "ff:ff:ff:ff:ff:ff");
                let words: Vec<&str> = line.split_whitespace().collect();
                // A <-> B, then frames, bytes and unit: from B, from A, together.
                let [a, _, b, from_b, bytes_b, unit_b, from_a, bytes_a, unit_a, ..] = words[..] else {
                    panic!("{line}")
                };
                theirs.push([
                    (a.to_owned(), from_a.parse().unwrap(), format!("{bytes_a} {unit_a}")),
                    (b.to_owned(), from_b.parse().unwrap(), format!("{bytes_b} {unit_b}")),
                ]);
            }
            for list in [&mut ours, &mut theirs] {
                for talk in list.iter_mut() {
                    talk.sort();
                }
                list.sort();
            }
            if ours != theirs && !otherwise(&file, kind) {
                wrong.push(format!("{} {kind}\n{ours:?}\n{theirs:?}", file.display()));
            }
        }
    }
    none_of(&wrong);
}

#[test]
fn endpoints_are_counted_as_tshark_counts_them() {
    if !has_tshark() {
        return;
    }
    let mut wrong = Vec::new();
    for file in captures() {
        let counted = stats(&file, &[]);
        for (kind, title) in KINDS {
            let rows = counted["endpoints"][kind]["rows"].as_array().unwrap();
            let numbers = |e: &Value| {
                [&e["sent"]["frames"], &e["sent"]["bytes"], &e["received"]["frames"], &e["received"]["bytes"]]
                    .map(|n| n.as_u64().unwrap())
            };
            let ours: BTreeMap<String, [u64; 4]> = rows.iter().map(|e| (end(&e["end"]), numbers(e))).collect();
            let mut theirs = BTreeMap::new();
            for line in tshark(&file, &format!("{title} Endpoints")).lines() {
                let line = line.replace("Broadcast", "ff:ff:ff:ff:ff:ff");
                let mut words = line.split_whitespace();
                let Some(mut name) = words.next().map(str::to_owned) else { continue };
                let Ok(mut numbers) = words.map(str::parse).collect::<Result<Vec<u64>, _>>() else { continue };
                if matches!(kind, "tcp" | "udp") && !numbers.is_empty() {
                    name = format!("{name}:{}", numbers.remove(0));
                }
                if let [_, _, a, b, c, d] = numbers[..] {
                    theirs.insert(name, [a, b, c, d]);
                }
            }
            if ours != theirs && !otherwise(&file, kind) {
                wrong.push(format!("{} {kind}\n{ours:?}\n{theirs:?}", file.display()));
            }
        }
    }
    none_of(&wrong);
}

/// A place of the hierarchy: the names down to it, frames, bytes.
type Place = (String, u64, u64);

fn places(node: &Value, above: &[String], found: &mut Vec<Place>) {
    for child in node["children"].as_array().unwrap() {
        let path = [above, &[child["protocol"].as_str().unwrap().to_owned()]].concat();
        if let Some(place) = place(&path) {
            found.push((place, child["frames"].as_u64().unwrap(), child["bytes"].as_u64().unwrap()));
        }
        places(child, &path, found);
    }
}

#[test]
fn the_hierarchy_is_that_of_tshark() {
    if !has_tshark() {
        return;
    }
    let mut wrong = Vec::new();
    for file in captures() {
        let (mut ours, mut theirs, mut path) = (Vec::new(), Vec::new(), Vec::new());
        places(&stats(&file, &[])["hierarchy"], &[], &mut ours);
        let table = tshark(&file, "Protocol Hierarchy Statistics");
        // A comment stands above everything that was captured; it is none of it.
        let commented = usize::from(table.contains("\npkt_comment "));
        for line in table.lines().filter(|l| l.contains(" frames:") && !l.starts_with("pkt_comment ")) {
            let depth = (line.len() - line.trim_start().len()) / 2 - commented;
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |i: usize| words[i].split_once(':').unwrap().1.parse::<u64>().unwrap();
            path.truncate(depth);
            path.push(words[0].to_owned());
            if let Some(place) = place(&path) {
                theirs.push((place, number(1), number(2)));
            }
        }
        ours.sort();
        theirs.sort();
        if ours != theirs && !otherwise(&file, "hierarchy") {
            let only = |a: &[Place], b: &[Place]| a.iter().filter(|p| !b.contains(p)).cloned().collect::<Vec<_>>();
            wrong.push(format!("{}\n{:?}\n{:?}", file.display(), only(&ours, &theirs), only(&theirs, &ours)));
        }
    }
    none_of(&wrong);
}
