//! Display filters against tshark: each filter of `tests/filter/filters.txt` picks the same packets.
//!
//! All captures are joined into one file, and one run of tshark answers for all filters.
//! `FILTER_CAPTURE=FILE` compares over another capture and prints where the two differ.

mod common;

use common::has;
use osi_tutor::filter::Filter;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Packet, RawFrame};
use osi_tutor::proto::walk;
use osi_tutor::source::file::{File, Writer};
use osi_tutor::source::{Source, Step};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILTERS: &str = include_str!("filter/filters.txt");

fn filters() -> Vec<&'static str> {
    FILTERS.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect()
}

/// The simulated captures, one behind the other in one file. The damaged frames stay out: what is left of a
/// broken header is for each program to say. So do those of real programs: where a field differs there,
/// `oracle.rs` tells it, and each filter on that field would only repeat it.
fn joined() -> PathBuf {
    if let Some(file) = std::env::var_os("FILTER_CAPTURE") {
        return file.into();
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("filters.pcapng");
    let mut writer = Writer::create(&path).expect("a temporary file can be written");
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut files: Vec<_> = std::fs::read_dir(captures).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
    files.retain(|f| f.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with("two-hosts")));
    files.sort();
    assert!(!files.is_empty(), "no capture to compare over");
    for file in files {
        each_frame(&file, |frame| writer.write(frame).unwrap());
    }
    writer.flush().unwrap();
    path
}

fn each_frame(file: &Path, mut take: impl FnMut(&RawFrame)) {
    let mut source = File::open(file).unwrap();
    let mut frame = RawFrame::default();
    while let Ok(Step::Frame) = source.next(&mut frame) {
        take(&frame);
    }
}

/// For each filter, the numbers of the frames that match.
fn ours(capture: &Path, filters: &[Filter]) -> Vec<Vec<u64>> {
    let mut found = vec![Vec::new(); filters.len()];
    let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
    each_frame(capture, |frame| {
        walk(frame, &mut tracker, &mut packet);
        for (filter, found) in filters.iter().zip(&mut found) {
            if filter.matches(&packet) {
                found.push(packet.number);
            }
        }
    });
    found
}

/// The script's one function: prints each frame that a filter lets through, or why it is refused.
const ASK: &str = "
local function ask(i, filter)
  local ok, tap = pcall(Listener.new, 'frame', filter)
  if ok then tap.packet = function(p) print(i, p.number) end
  else print(i, (tostring(tap):gsub('%s+', ' '))) end
end
";

/// For each filter, what tshark finds, or why it refuses the filter.
///
/// One run answers all: a Lua script gives each filter a listener.
/// Printing a field besides makes the tree of fields as complete as on screen; without, lengths differ.
fn tsharks(capture: &Path, filters: &[&str]) -> Vec<Result<Vec<u64>, String>> {
    let script = Path::new(env!("CARGO_TARGET_TMPDIR")).join("filters.lua");
    let mut lua = ASK.to_owned();
    for (i, filter) in filters.iter().enumerate() {
        write!(lua, "ask({i}, '").unwrap();
        for byte in filter.bytes() {
            write!(lua, "\\{byte:03}").unwrap();
        }
        lua.push_str("')\n");
    }
    std::fs::write(&script, lua).unwrap();
    let mut command = Command::new("tshark");
    command.env("TZ", "UTC").arg("-n").arg("-r").arg(capture).args(["-T", "fields", "-e", "frame.number"]);
    command.arg("-X").arg(format!("lua_script:{}", script.display()));
    let out = command.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let mut found = vec![Ok(Vec::new()); filters.len()];
    for line in String::from_utf8_lossy(&out.stdout).lines() {
        let mut parts = line.splitn(2, '\t');
        let (Some(filter), Some(answer)) = (parts.next().and_then(|n| n.parse::<usize>().ok()), parts.next()) else {
            continue;
        };
        match (&mut found[filter], answer.parse()) {
            (Ok(frames), Ok(number)) => frames.push(number),
            (found, _) => *found = Err(answer.to_owned()),
        }
    }
    found
}

#[test]
fn every_filter_reads_back_from_its_canonical_form() {
    for source in filters() {
        let filter = Filter::parse(source).unwrap_or_else(|e| panic!("{e}\n{}", e.caret()));
        assert_eq!(Filter::parse(&filter.to_string()), Ok(filter), "{source}");
    }
    assert!(filters().len() >= 300);
}

#[test]
fn every_filter_picks_the_packets_that_tshark_picks() {
    if !has("tshark", "with Lua") {
        return;
    }
    let capture = joined();
    let sources = filters();
    let parsed: Vec<_> = sources.iter().map(|f| Filter::parse(f).unwrap()).collect();
    let ours = ours(&capture, &parsed);
    let theirs = tsharks(&capture, &sources);
    assert!(theirs.iter().any(|t| t.as_ref().is_ok_and(|frames| !frames.is_empty())), "tshark found nothing at all");
    let mut wrong = Vec::new();
    for ((source, ours), theirs) in sources.iter().zip(&ours).zip(&theirs) {
        match theirs {
            Ok(theirs) if theirs == ours => {}
            Ok(theirs) => wrong.push(difference(source, ours, theirs)),
            Err(e) => wrong.push(format!("{source}: tshark: {e}")),
        }
    }
    println!("{} of {} filters agree with tshark", sources.len() - wrong.len(), sources.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn difference(source: &str, ours: &[u64], theirs: &[u64]) -> String {
    let only = |a: &[u64], b: &[u64]| a.iter().filter(|n| !b.contains(n)).take(8).copied().collect::<Vec<_>>();
    let (here, there) = (only(ours, theirs), only(theirs, ours));
    format!("{source}: {} here, {} in tshark; only here {here:?}, only there {there:?}", ours.len(), theirs.len())
}
