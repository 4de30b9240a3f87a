//! A simulation's time: its pace, what each host holds at a moment, and what if something had gone wrong.

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
