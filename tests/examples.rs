//! The examples do what their first lines say. Cargo builds them with all tests, but not with one of them alone.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs an example; what it prints.
fn run(name: &str, arguments: &[&str]) -> String {
    let tests = std::env::current_exe().unwrap();
    let folder: PathBuf = tests.ancestors().nth(2).unwrap().join("examples");
    let example = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if !example.exists() {
        let built =
            Command::new(env!("CARGO")).args(["build", "--quiet", "--example", name]).current_dir(root).status();
        assert!(built.unwrap().success(), "{name} is built");
    }
    let done = Command::new(example).args(arguments).current_dir(root).output().unwrap();
    assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn a_capture_is_read_line_by_line() {
    let lines = run("read", &["tests/captures/two-hosts.pcapng"]);
    assert!(lines.lines().any(|line| line.contains("TCP") && line.contains("[SYN, ACK]")), "{lines}");
}

#[test]
fn a_filter_selects_packets() {
    let said = run("filter", &["tests/captures/two-hosts.pcapng", "tcp.flags.syn == 1"]);
    assert!(said.starts_with("4 of ") && said.ends_with("packets match tcp.flags.syn == 1\n"), "{said}");
}

#[test]
fn a_scenario_is_explained() {
    let said = run("simulate", &["two-hosts"]);
    assert!(said.starts_with("Packet 1\n  ") && said.contains("SYN"), "{said}");
}

#[test]
fn a_protocol_of_ones_own_is_read_filtered_and_shown() {
    let lines = run("own_protocol", &["numbered.number > 15"]);
    let right = |line: &str| line.contains("NUMBERED") && line.contains("Number");
    assert!(!lines.is_empty() && lines.lines().all(right), "{lines}");
    assert!(lines.lines().count() < run("own_protocol", &[]).lines().count());
}
