//! Faults in every ready scenario, and what TCP did about them: tshark's analysis of the same frames is ours.
//!
//! `cargo test --test faults -- --nocapture` prints the table. Without tshark 4.0 it says SKIPPED; with
//! `REQUIRE_PEERS=1` its absence fails.

mod common;

use common::{has_tshark, in_parallel};
use osi_tutor::fault::Faults;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::model::{Packet, RawFrame, Value};
use osi_tutor::proto::walk;
use osi_tutor::sim::scenario::{READY, Scenario};
use osi_tutor::sim::{START, Simulation};
use osi_tutor::source::file::Writer;
use osi_tutor::source::{Source, Step};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What befalls frames: title, name and value of the fault.
const FAULTS: &[(&str, &str, &str)] = &[
    ("none", "drop", "frame.number == 0"),
    ("SYN-ACK lost", "drop", "tcp.flags.syn == 1 && tcp.flags.ack == 1"),
    ("third ACK lost", "drop", "tcp.flags == 0x10 && tcp.seq == 1 && tcp.ack == 1"),
    ("data lost", "drop", "tcp.len > 0"),
    ("data late", "delay", "300ms tcp.len > 0"),
    ("data twice", "duplicate", "tcp.len > 0"),
    ("data overtaken", "reorder", "tcp.len > 0"),
    ("data damaged", "corrupt", "tcp.len > 0"),
    ("FIN lost", "drop", "tcp.flags.fin == 1"),
];

const VERDICTS: &[&str] = &[
    "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission",
    "tcp.analysis.spurious_retransmission",
    "tcp.analysis.out_of_order",
    "tcp.analysis.lost_segment",
    "tcp.analysis.ack_lost_segment",
    "tcp.analysis.duplicate_ack",
    "tcp.analysis.zero_window",
    "tcp.analysis.zero_window_probe",
    "tcp.analysis.zero_window_probe_ack",
    "tcp.analysis.window_update",
    "tcp.analysis.window_full",
    "tcp.analysis.keep_alive",
    "tcp.analysis.keep_alive_ack",
    "tcp.analysis.reused_ports",
];

/// More frames than these of one run are not looked at: a bulk transfer would only repeat itself.
const MOST_FRAMES: u64 = 3_000;

/// Which frames have which verdict, by its place in [`VERDICTS`].
type Verdicts = Vec<(u64, usize)>;

/// A scenario with a fault: its capture in a file, and our verdicts.
struct Run {
    name: String,
    file: PathBuf,
    frames: u64,
    lasted: i64,
    met: bool,
    ours: Verdicts,
}

fn run(name: &str, (title, fault, value): (&str, &str, &str)) -> Run {
    let scenario = Scenario::ready(name).unwrap().unwrap();
    let mut faults = Faults::default();
    faults.add(fault, value).unwrap();
    let (mut simulation, report) = faults.put_into(Simulation::new(&scenario, scenario.seed), scenario.seed, None);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.pcapng", title.replace(' ', "-")));
    let mut writer = Writer::create(&file).unwrap();
    let (mut tracker, mut raw, mut packet) = (Tracker::new(Limits::default()), RawFrame::default(), Packet::new());
    let whole = format!("{name} | {title}");
    let mut all = Run { name: whole, file, frames: 0, lasted: 0, met: false, ours: Vec::new() };
    while all.frames < MOST_FRAMES && simulation.next(&mut raw).unwrap() == Step::Frame {
        walk(&raw, &mut tracker, &mut packet);
        writer.write(&raw).unwrap();
        all.frames += 1;
        all.lasted = raw.time.since(START).unwrap();
        for (place, verdict) in VERDICTS.iter().enumerate() {
            let has = packet.fields.iter().any(|f| f.def.name == *verdict && f.value != Value::Bool(false));
            if has {
                all.ours.push((raw.number, place));
            }
        }
    }
    writer.flush().unwrap();
    all.met = report.met() > 0;
    all
}

fn tsharks(file: &Path) -> Verdicts {
    let mut command = Command::new("tshark");
    command.args(["-n", "-T", "fields", "-e", "frame.number"]);
    for verdict in VERDICTS {
        command.args(["-e", verdict]);
    }
    let output = command.arg("-r").arg(file).output().expect("tshark runs");
    let text = String::from_utf8(output.stdout).expect("it is text");
    let mut all = Vec::new();
    for line in text.lines() {
        let mut columns = line.split('\t');
        let number = columns.next().and_then(|n| n.parse().ok()).expect("a frame has a number");
        all.extend(columns.enumerate().filter(|(_, value)| !value.is_empty()).map(|(place, _)| (number, place)));
    }
    all
}

/// How often each verdict was given, in words.
fn told(verdicts: &Verdicts) -> String {
    let mut counts = BTreeMap::new();
    for (_, place) in verdicts {
        *counts.entry(place).or_insert(0) += 1;
    }
    let mut text = String::new();
    for (place, count) in counts {
        let name = VERDICTS[*place].trim_start_matches("tcp.analysis.");
        let _ = write!(text, "{}{name} {count}", if text.is_empty() { "" } else { ", " });
    }
    text
}

#[test]
fn tcp_does_about_each_fault_what_tshark_says() {
    if !has_tshark() {
        return;
    }
    let mut runs: Vec<Run> = Vec::new();
    for (name, _) in READY {
        let plain = run(name, FAULTS[0]);
        let scenario_has_tcp = tsharks_count(&plain.file) > 0;
        runs.push(plain);
        if scenario_has_tcp {
            runs.extend(FAULTS[1..].iter().map(|fault| run(name, *fault)).filter(|run| run.met));
        }
    }
    let theirs = in_parallel(&runs, |run| tsharks(&run.file));
    let mut differ = Vec::new();
    println!(
        "| scenario | fault | frames | seconds | what TCP did: tshark's analysis and ours |\n|---|---|---|---|---|"
    );
    for (run, theirs) in runs.iter().zip(&theirs) {
        let tenths = run.lasted / 100_000_000;
        println!("| {} | {} | {}.{} | {} |", run.name, run.frames, tenths / 10, tenths % 10, told(&run.ours));
        if run.ours != *theirs {
            differ.push(format!("{}: ours {:?}, tshark's {:?}", run.name, run.ours, theirs));
        }
        std::fs::remove_file(&run.file).unwrap();
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(runs.iter().any(|run| run.name.ends_with("SYN-ACK lost") && !run.ours.is_empty()));
}

/// Frames with TCP.
fn tsharks_count(file: &Path) -> usize {
    let output = Command::new("tshark").args(["-n", "-Y", "tcp", "-r"]).arg(file).output().expect("tshark runs");
    String::from_utf8_lossy(&output.stdout).lines().count()
}
