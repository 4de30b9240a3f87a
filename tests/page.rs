//! The types of our pages, by TypeScript's compiler: what the modules hand to each other, and what they expect of scenes,
//! sessions, feeds and counts, whose types are made from `schema/`. A schema that changes breaks what draws it.
//!
//! Without Node and `npm ci` in `tests/chat`, a test says SKIPPED; with `REQUIRE_PEERS=1` it fails.

mod common;

use common::{root, skipped};
use std::process::{Command, Output};

/// A script of `tests/chat`, or of its packages.
fn node(script: &str, args: &[&str]) -> Option<Output> {
    let folder = root().join("tests/chat");
    if !folder.join("node_modules/typescript").is_dir() {
        skipped("tests/chat/node_modules has no typescript (npm ci there brings it)");
        return None;
    }
    let run = Command::new("node").arg(folder.join(script)).args(args).current_dir(root()).output();
    if run.is_err() {
        skipped("node does not run");
    }
    run.ok()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_modules_of_every_page_agree_with_their_types() {
    for project in ["tsconfig.json", "playground/page/tsconfig.worker.json"] {
        let Some(run) = node("node_modules/typescript/bin/tsc", &["--noEmit", "-p", project]) else { return };
        assert!(run.status.success(), "{project}\n{}{}", text(&run.stdout), text(&run.stderr));
    }
}

#[test]
fn the_types_of_what_is_drawn_are_those_of_the_schemas() {
    let args: &[&str] = if std::env::var_os("UPDATE_TYPES").is_some() { &["--write"] } else { &[] };
    let Some(run) = node("types.js", args) else { return };
    let hint = "UPDATE_TYPES=1 cargo test --test page writes them; then the pages may need a change";
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert_eq!(text(&run.stdout).trim(), "[]", "src/page/types differ from schema/: {hint}");
}
