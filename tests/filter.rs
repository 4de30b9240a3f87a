//! Display filters against tshark: each filter of `tests/filter/filters.txt` picks the same packets.
//!
//! All captures are joined into one file, so that a filter costs one run of tshark; two runs go on at
//! a time. `FILTER_CAPTURE=FILE` compares over another capture and prints where the two differ.

use osi_tutor::filter::Filter;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Packet, RawFrame};
use osi_tutor::proto::walk;
use osi_tutor::source::file::{File, Writer};
use osi_tutor::source::{Source, Step};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

const FILTERS: &str = include_str!("filter/filters.txt");
/// Runs of tshark at a time.
const JOBS: usize = 2;

fn filters() -> Vec<&'static str> {
    FILTERS.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect()
}

/// Our captures, one behind the other in one file.
fn joined() -> PathBuf {
    if let Some(file) = std::env::var_os("FILTER_CAPTURE") {
        return file.into();
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("filters.pcapng");
    let mut writer = Writer::create(&path).expect("a temporary file can be written");
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures");
    let mut files: Vec<_> = std::fs::read_dir(captures).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "pcap" || e == "pcapng"));
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

fn tsharks(capture: &Path, filter: &str) -> Result<Vec<u64>, String> {
    let mut command = Command::new("tshark");
    command.env("TZ", "UTC").arg("-n").arg("-r").arg(capture).args([
        "-Y",
        filter,
        "-T",
        "fields",
        "-e",
        "frame.number",
    ]);
    let out = command.output().map_err(|e| e.to_string())?;
    if !out.status.success() {
        return Err(String::from_utf8_lossy(&out.stderr).into_owned());
    }
    Ok(String::from_utf8_lossy(&out.stdout).lines().filter_map(|l| l.trim().parse().ok()).collect())
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
    if Command::new("tshark").arg("--version").output().is_err() {
        assert!(std::env::var_os("REQUIRE_PEERS").is_none(), "tshark is not installed");
        println!("SKIPPED: tshark is not installed");
        return;
    }
    let capture = joined();
    let sources = filters();
    let parsed: Vec<_> = sources.iter().map(|f| Filter::parse(f).unwrap()).collect();
    let ours = ours(&capture, &parsed);
    let waiting = Mutex::new(sources.iter().zip(&ours));
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some((source, ours)) = next else { return };
                    match tsharks(&capture, source) {
                        Ok(theirs) if theirs == *ours => {}
                        Ok(theirs) => wrong.lock().unwrap().push(difference(source, ours, &theirs)),
                        Err(e) => wrong.lock().unwrap().push(format!("{source}: tshark: {e}")),
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    println!("{} of {} filters agree with tshark", sources.len() - wrong.len(), sources.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn difference(source: &str, ours: &[u64], theirs: &[u64]) -> String {
    let only = |a: &[u64], b: &[u64]| a.iter().filter(|n| !b.contains(n)).take(8).copied().collect::<Vec<_>>();
    let (here, there) = (only(ours, theirs), only(theirs, ours));
    format!("{source}: {} here, {} in tshark; only here {here:?}, only there {there:?}", ours.len(), theirs.len())
}
