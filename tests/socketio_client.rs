//! Our Socket.IO server against the official client of npm, over polling, WebSocket and the upgrade between them.
//!
//! It needs Node and `npm ci` in `tests/socketio`. Without them it prints SKIPPED; under `REQUIRE_PEERS=1` it fails.
#![cfg(feature = "lab")]

mod common;

use common::skipped;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use osi_tutor::lab;
use osi_tutor::peers::socketio::server::{Server, Site};
use osi_tutor::rng::Rng;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

/// Connections at a time: a client that polls has two or three.
const GUESTS: usize = 256;
/// Longer than the client talks.
const LONGEST: Duration = Duration::from_mins(1);

/// What the official client saw, or why it cannot run.
fn seen(port: u16, transports: &str) -> Result<Value, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socketio");
    if !folder.join("node_modules/socket.io-client").is_dir() {
        return Err("tests/socketio has no node_modules (npm ci there brings them)".into());
    }
    let run = Command::new("node").arg(folder.join("client.js")).args([&port.to_string(), transports]).output();
    let run = run.map_err(|error| format!("node does not run: {error}"))?;
    assert!(run.status.success(), "{transports}: {}", String::from_utf8_lossy(&run.stderr));
    Ok(serde_json::from_slice(&run.stdout).expect("one line of JSON"))
}

#[test]
fn the_official_client_gets_through_over_every_transport() {
    let site =
        Site { ping_interval_ms: 300, ping_timeout_ms: 2_000, greeting: Some("Hello!".into()), ..Site::default() };
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server::new(&site, Rng::from_system());
    runtime.spawn(lab::serve(listener, GUESTS, LONGEST, move || server.accept()));
    for (transports, first, last) in [
        ("polling", "polling", "polling"),
        ("websocket", "websocket", "websocket"),
        ("polling,websocket", "polling", "websocket"),
    ] {
        let seen = match seen(port, transports) {
            Ok(seen) => seen,
            Err(why) => {
                skipped(&why);
                return;
            }
        };
        let message = json!({ "from": "Ben", "text": "one in, two out" });
        let wanted = json!({
            "welcome": "Hello!",
            "id": 20,
            "first": first,
            "transport": last,
            "echo": { "a": [1, "ü"] },
            "joined": { "room": "lab", "members": 1 },
            "other": ["lab", "Ben"],
            "messages": [message, message],
            "picture": "001eff",
            "alive": null,
            "left": ["lab", "Ben"],
            "refused": "Invalid namespace",
        });
        for (name, value) in wanted.as_object().unwrap() {
            assert_eq!(seen.get(name).unwrap_or(&Value::Null), value, "{transports}: {name} in {seen}");
        }
    }
}
