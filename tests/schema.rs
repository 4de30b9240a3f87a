//! The JSON contract: what `--json` prints obeys `schema/packet.json`, on every capture of ours.

mod common;

use common::{captures, schema};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// What `read FILE --json` prints, packet by packet.
fn packets(capture: &Path, more: &[&str]) -> Vec<Value> {
    let run = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).arg("read").arg(capture).arg("--json").args(more).output();
    let text = String::from_utf8(run.expect("the program runs").stdout).expect("JSON is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

#[test]
fn every_packet_obeys_the_schema_for_every_audience() {
    let (schema, captures) = (schema("packet.json"), captures());
    assert!(!captures.is_empty(), "there is nothing to check");
    for capture in &captures {
        for more in
            [&[][..], &["--notes", "--audience", "newcomer"], &["--notes"], &["--notes", "--audience", "engineer"]]
        {
            let packets = packets(capture, more);
            assert!(!packets.is_empty(), "{} has no packets", capture.display());
            for packet in &packets {
                let faults: Vec<String> =
                    schema.iter_errors(packet).map(|e| format!("{}: {e}", e.instance_path)).collect();
                assert!(faults.is_empty(), "{}: {faults:?}\n{packet}", capture.display());
                assert_eq!(packet.get("notes").is_some(), !more.is_empty(), "notes come when they are asked for");
            }
        }
    }
}

#[test]
fn what_a_packet_refers_to_is_there() {
    for capture in captures() {
        for packet in packets(&capture, &["--notes"]) {
            let list = |key: &str| packet[key].as_array().cloned().unwrap_or_default();
            let (layers, buffers) = (list("layers"), list("buffers"));
            for (i, buffer) in buffers.iter().enumerate() {
                assert_eq!(buffer["id"], i as u64 + 1, "ids count up: {packet}");
            }
            let size = |of: &Value| match of["buffer"].as_u64() {
                Some(id) => {
                    usize::try_from(id).ok().and_then(|id| buffers.get(id - 1)).and_then(|b| b["length"].as_u64())
                }
                None => packet["frame"]["cap_len"].as_u64(),
            };
            for place in layers.iter().flat_map(|l| l["fields"].as_array().into_iter().flatten().chain([l])) {
                let Some(offset) = place["offset"].as_u64() else { continue };
                let end = offset + place["length"].as_u64().unwrap();
                assert!(size(place).is_some_and(|size| end <= size), "outside its buffer: {place}\n{packet}");
            }
            for note in list("notes") {
                assert!(note["layer"].as_u64().unwrap() < layers.len() as u64, "no such layer: {note}\n{packet}");
            }
        }
    }
}

#[test]
fn the_schema_refuses_what_the_contract_forbids() {
    let schema = schema("packet.json");
    let good = packets(&captures()[0], &[]).remove(0);
    assert!(schema.is_valid(&good));
    for (pointer, bad) in [
        ("/v", Value::from(2)),
        ("/frame/number", Value::from(0)),
        ("/frame/time_epoch", Value::from(1.5)),
        ("/layers/0/osi", Value::from(8)),
        ("/layers/0/fields/0/value", Value::Null),
    ] {
        let mut packet = good.clone();
        *packet.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer} in {good}")) = bad;
        assert!(!schema.is_valid(&packet), "{pointer} may be anything");
    }
}
