//! A simulation's time: its pace, what each host holds at a moment, and what if something had gone wrong.

mod common;

use common::schema;
use std::process::{Command, Output, Stdio};

fn simulate(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
    command.arg("simulate").args(args).stdin(Stdio::null()).output().expect("the binary runs")
}

fn shown(args: &[&str]) -> String {
    let output = simulate(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it is text")
}

/// What a refused command says.
fn refused(args: &[&str]) -> String {
    let output = simulate(args);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
    String::from_utf8(output.stderr).expect("it is text")
}

#[test]
fn pace_changes_when_frames_are_shown_and_nothing_else() {
    let at_once = shown(&["two-hosts", "--brief"]);
    assert_eq!(shown(&["two-hosts", "--brief", "--pace", "1000"]), at_once);
}

#[test]
fn a_pace_that_makes_no_sense_is_told() {
    for bad in ["0", "-3", "fast", "nan"] {
        assert!(refused(&["two-hosts", "--pace", bad]).contains("--pace wants a speed"), "{bad}");
    }
    assert!(refused(&["two-hosts", "--pace", "step"]).contains("needs a terminal"));
}

#[test]
fn what_if_shows_where_the_timelines_part_and_what_each_end_held_then() {
    let text = shown(&["two-hosts", "--what-if", "drop tcp.flags == 0x12"]);
    let (before, after) = text.split_once("here they part").expect("they part");
    assert_eq!(before.matches("the same").count(), 3, "{text}");
    let held: Vec<_> = after.lines().take_while(|line| !line.contains("what followed")).collect();
    let client = held.iter().position(|line| line.starts_with("client")).expect("the client is there");
    let (near, far) = held[client + 1].split_once('│').unwrap();
    assert!(near.contains("ESTABLISHED") && far.contains("SYN-SENT"), "{text}");
    let (near, far): (Vec<_>, Vec<_>) = after.lines().filter_map(|line| line.split_once('│')).unzip();
    assert!(!near.iter().any(|side| side.contains("Retransmission")), "{text}");
    assert!(far.iter().any(|side| side.contains("Retransmission")), "{text}");
}

#[test]
fn a_frame_is_meant_by_its_number_in_the_timeline_without_the_fault() {
    let by_number = shown(&["two-hosts", "--json", "--what-if", "drop 4"]);
    let by_filter = shown(&["two-hosts", "--json", "--what-if", "drop 1 of tcp.flags == 0x12"]);
    let strip = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
        value.as_object_mut().unwrap().remove("asked");
        value
    };
    assert_eq!(strip(&by_number), strip(&by_filter));
}

#[test]
fn a_question_that_makes_no_sense_is_told() {
    for bad in ["explode 3", "drop", "drop 0", "delay 3", "seed 4", "drop tcp.flags.sin == 1"] {
        let error = refused(&["two-hosts", "--what-if", bad]);
        assert!(error.starts_with("osi-tutor: ") || error.contains("\nosi-tutor: "), "{bad}: {error}");
    }
    assert!(refused(&["two-hosts", "--what-if", "drop 999"]).contains("there is no frame 999"));
}

#[test]
fn what_changes_nothing_never_parts() {
    let text = shown(&["two-hosts", "--what-if", "drop tcp.port == 9999"]);
    assert!(text.contains("they never part") && !text.contains("what followed"), "{text}");
}

#[test]
fn endpoints_are_told_when_they_change_and_what_is_inferred_says_so() {
    let text = shown(&["two-hosts", "--endpoints"]);
    for line in [
        "client  SYN-SENT 192.0.2.10:",
        "server  SYN-RECEIVED 192.0.2.80:80 – 192.0.2.10:",
        "server  ESTABLISHED 192.0.2.80:80 – 192.0.2.10:",
        "client  inferred: it knows that 192.0.2.80 is at 02:00:00:00:00:50",
        "client  TIME-WAIT 192.0.2.10:",
        "client  route: 192.0.2.10/24 on the link",
    ] {
        assert!(text.contains(line), "no '{line}' in\n{text}");
    }
}

#[test]
fn both_obey_their_schemas() {
    let obeys = |schema: &jsonschema::Validator, line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let faults: Vec<String> = schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path)).collect();
        assert!(faults.is_empty(), "{faults:?}\n{line}");
        assert!(!schema.is_valid(&serde_json::json!({ "v": 1 })));
    };
    for fault in ["drop tcp.flags == 0x12", "drop tcp.port == 9999", "corrupt http"] {
        obeys(&schema("what-if.json"), &shown(&["two-hosts", "--json", "--what-if", fault]));
    }
    let endpoints = schema("endpoints.json");
    for scenario in ["two-hosts", "two-hosts-ipv6"] {
        shown(&[scenario, "--json", "--endpoints"]).lines().for_each(|line| obeys(&endpoints, line));
    }
}
