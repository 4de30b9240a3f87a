//! What several tests need: where things are, the peers that may be missing, and both cores at work.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One of our captures.
pub(crate) fn capture(name: &str) -> PathBuf {
    root().join("tests/captures").join(name)
}

/// All our captures, by name.
pub(crate) fn captures() -> Vec<PathBuf> {
    captures_in(&root().join("tests/captures"))
}

/// All captures in a folder, by name.
pub(crate) fn captures_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the captures are there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|file| file.extension().is_some_and(|e| e == "pcap" || e == "pcapng"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no captures");
    files
}

/// A JSON contract of ours.
pub(crate) fn schema(name: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(root().join("schema").join(name)).expect("the schema is there");
    let schema = serde_json::from_str(&text).expect("the schema is JSON");
    jsonschema::meta::validate(&schema).expect("the schema is a schema");
    jsonschema::validator_for(&schema).expect("the schema can be used")
}

/// Says that a test cannot run here; where `REQUIRE_PEERS` is 1, that is a failure.
pub(crate) fn skipped(why: &str) {
    // Not `println`, which the test runner would swallow.
    let _ = writeln!(std::io::stdout(), "SKIPPED: {why}");
    assert!(std::env::var_os("REQUIRE_PEERS").is_none_or(|v| v != "1"), "REQUIRE_PEERS=1, and {why}");
}

/// Whether a program runs, and tells a version with `wanted` in it. If not, the test is skipped.
pub(crate) fn has(program: &str, wanted: &str) -> bool {
    let version = if program == "openssl" { "version" } else { "--version" };
    let found = Command::new(program).arg(version).output();
    let why = match found.map(|run| String::from_utf8_lossy(&run.stdout).into_owned()) {
        Ok(said) if said.contains(wanted) => return true,
        Ok(said) => format!("this {program} is not {wanted}: {}", said.lines().next().unwrap_or_default()),
        Err(_) => format!("{program} is not installed"),
    };
    skipped(&why);
    false
}

/// Whether the tshark is here that we are compared with; its later versions judge otherwise.
pub(crate) fn has_tshark() -> bool {
    has("tshark", " 4.0.")
}

/// What each becomes, in their order, worked out on every core: a tshark takes its time to start.
pub(crate) fn in_parallel<T: Sync, U: Send>(all: &[T], work: impl Fn(&T) -> U + Sync) -> Vec<U> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(at) else { return };
            let result = work(one);
            done.lock().expect("no worker has failed").push((at, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(worker);
        }
    });
    let mut done = done.into_inner().expect("no worker has failed");
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What a script of `tests/chat` prints that drives Chromium; nothing if it cannot run here.
pub(crate) fn browsers(name: &str, args: &[&str]) -> Option<serde_json::Value> {
    let folder = root().join("tests/chat");
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".into());
    if !Path::new(&chromium).exists() {
        skipped("there is no Chromium (its path may be given by CHROMIUM)");
        return None;
    }
    if !folder.join("node_modules").is_dir() {
        skipped("tests/chat has no node_modules (npm ci there brings them)");
        return None;
    }
    let mut command = Command::new("node");
    command.arg(folder.join(name)).args(args).stdin(std::process::Stdio::null());
    // A folder for pictures of every state.
    command.args(std::env::var_os("PICTURES"));
    let Ok(run) = command.output() else {
        skipped("node does not run");
        return None;
    };
    assert!(run.status.success(), "{name}\n{}", String::from_utf8_lossy(&run.stderr));
    Some(serde_json::from_slice(&run.stdout).unwrap())
}

/// What browsers find wrong with any page, whatever it is about.
pub(crate) fn are_sound(seen: &serde_json::Value) {
    assert_eq!(seen["complaints"], serde_json::json!([]), "the browser complains");
    if seen["axe"].is_null() {
        skipped("tests/chat/node_modules has no axe-core (npm ci there brings it)");
    } else {
        assert_eq!(seen["axe"], serde_json::json!([]), "axe finds something");
    }
    assert_eq!(seen["wide"], serde_json::json!([]), "nothing scrolls sideways, at 320 pixels and at 200% neither");
    assert_eq!(seen["moving"], serde_json::json!([]), "nothing moves where less motion is wanted");
    println!("axe looked at {} states", seen["looked"]);
}
