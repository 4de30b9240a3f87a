//! `osi-tutor chat` against others: Node's official Socket.IO client on each transport, a real browser on the page,
//! and strangers who mean no good.
//!
//! Node and `npm ci` in `tests/chat`, and Chromium, are needed for most of it. Without them a test prints SKIPPED;
//! under `REQUIRE_PEERS=1` it fails.
#![cfg(all(unix, feature = "chat"))]

mod common;

use common::{are_sound, browsers, skipped};
#[path = "chat/endings.rs"]
mod endings;
#[path = "chat/limits.rs"]
mod limits;
#[path = "chat/server.rs"]
mod server;
#[path = "chat/strangers.rs"]
mod strangers;

use serde_json::{Value as Json, json};
use server::Server;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chat")
}

/// What a script of `tests/chat` prints; nothing if it cannot run here.
fn script(name: &str, args: &[&str]) -> Option<Json> {
    if !folder().join("node_modules").is_dir() {
        skipped("tests/chat has no node_modules (npm ci there brings them)");
        return None;
    }
    let run = Command::new("node").arg(folder().join(name)).args(args).stdin(Stdio::null()).output();
    let Ok(run) = run else {
        skipped("node does not run");
        return None;
    };
    assert!(run.status.success(), "{name} {args:?}\n{}", String::from_utf8_lossy(&run.stderr));
    Some(serde_json::from_slice(&run.stdout).unwrap())
}

// ---- the official client

fn official_client(way: &str) {
    let server = Server::start(&[]);
    let Some(told) = script("peer.js", &[&server.url(), way]) else { return };
    assert_eq!(told["joined"]["name"], "Ada");
    assert_eq!(told["joined"]["room"], "lab");
    assert_eq!(told["other"]["name"], "Bob <b>", "what turns text around is gone, what is markup is text");
    assert_eq!(told["answer"], json!({ "id": 1, "sent": 2 }), "one message in, two out");
    assert_eq!(told["toAda"], told["toBob"]);
    assert_eq!((&told["toBob"]["text"], &told["toBob"]["tag"]), (&json!("one in"), &json!(5)));
    assert!(told["empty"]["error"].as_str().unwrap().contains("1000 letters"), "{}", told["empty"]);
    assert_eq!(told["transport"], if way == "polling" { "polling" } else { "websocket" });
    assert_eq!((&told["left"]["name"], &told["left"]["why"]), (&json!("Bob <b>"), &json!("said goodbye")));
    let taken = told["taken"].as_u64().unwrap();
    assert!((20..=60).contains(&taken), "a flood of 120 is cut down to about 40: {taken}");
    let order: Vec<u64> = told["order"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    assert!(order.is_sorted(), "{order:?}");
    let why = told["why"].as_str().unwrap();
    assert!(why.starts_with("transport") || why == "parse error", "an oversized message ends the connection: {why}");
    captured(&server, &told, way);
}

/// What each was shown of its own packets, where the server may capture.
fn captured(server: &Server, told: &Json, way: &str) {
    assert_eq!(told["welcome"]["capture"]["on"], server.captures);
    if !server.captures {
        assert!(told["welcome"]["capture"]["why"].as_str().unwrap().contains("may not capture"));
        return skipped("the server may not capture here");
    }
    for feed in told["captured"].as_array().unwrap() {
        assert_eq!(feed["foreign"], 0, "a packet of the other session was shown: {feed:#}");
        assert_eq!(feed["twice"], 0, "{feed:#}");
        assert!(!feed["lines"].as_array().unwrap().is_empty());
    }
    let ada = &told["captured"][0];
    let events = ada["events"].as_array().unwrap();
    for wanted in ["welcome", "join", "ack", "say", "said"] {
        assert!(events.contains(&json!(wanted)), "{wanted}: {events:?}");
    }
    assert!(
        ada["spread"].as_array().unwrap().contains(&json!([1, 2])),
        "two frames out were counted: {}",
        ada["spread"]
    );
    let peeled: Vec<&str> = ada["peeled"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    let below = ["Transmission Control Protocol", "Internet Protocol Version 4", "Ethernet II"];
    assert_eq!(peeled[..4], ["Room", "Event", "Socket.IO", "Engine.IO"]);
    assert!(peeled.ends_with(&below), "{peeled:?}");
    if way == "websocket" {
        assert_eq!(peeled[4..6], ["WebSocket, mask taken off", "WebSocket"]);
        let unmasked = ada["unmasked"].as_str().unwrap();
        assert!(unmasked.starts_with("42") && unmasked.contains("one in"), "{unmasked}");
    }
}

#[test]
fn the_official_client_talks_by_polling() {
    official_client("polling");
}

#[test]
fn the_official_client_talks_by_websocket() {
    official_client("websocket");
}

#[test]
fn the_official_client_upgrades() {
    official_client("upgrade");
}

// ---- a browser

fn browser(transport: &str, args: &[&str]) {
    let server = Server::start(args);
    let Some(seen) = browsers("page.js", &[&server.url(), transport]) else { return };
    are_sound(&seen);
    assert_eq!(seen["focus"], "bubble", "where the peeling began, the focus is again");
    assert_eq!(seen["here"], "Here: Ada (you), <img src=x onerror=alert");
    assert_eq!((&seen["theirs"], &seen["markup"]), (&json!("<b>Hello</b> Ada"), &json!(0)), "markup stays text");
    assert_eq!(seen["mine"], "Hello! This went over the wire.");
    assert_eq!(seen["again"], json!(["<b>Hello</b> Ada", "Hello! This went over the wire."]), "after a reconnection");
    assert_eq!(seen["own"], r#"42["say","\u{202e}evil\u{7}"]"#, "nothing turns the page's text round");
    let packets: Vec<&str> = seen["packets"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert!(packets.iter().any(|line| line.contains("Hello! This went") || line.contains("say")), "{packets:#?}");
    let peeled = seen["peeled"].as_array().unwrap();
    let last = peeled.last().unwrap();
    if !server.captures {
        assert_eq!(seen["source"], "What this browser knows");
        return skipped("the server may not capture here");
    }
    assert!(seen["sids"].as_array().unwrap().len() <= 1, "somebody else's packets are shown: {}", seen["sids"]);
    assert_eq!(seen["spread"], "1 message in, 2 frames out (captured)");
    assert_eq!((&last["title"], &last["lit"]), (&json!("2Ethernet II"), &json!(14)));
    let room = &peeled[0];
    assert_eq!((&room["title"], &room["lit"]), (&json!("7Room"), &json!(0)), "no byte names the room");
    let event = peeled.iter().find(|p| p["title"] == "7Event").unwrap();
    assert!(event["text"].as_str().unwrap().contains("Hello! This went over the wire."), "{event}");
}

#[test]
fn two_people_in_a_browser_see_their_words_and_their_packets() {
    browser("upgrade", &[]);
}

#[test]
fn the_page_works_by_polling_alone() {
    browser("polling", &[]);
}

#[test]
fn the_page_works_by_websocket_alone() {
    browser("websocket", &[]);
}

#[test]
fn the_same_page_speaks_the_plain_framing() {
    browser("none", &["--plain-websocket"]);
}

// ---- the terminal client, through pipes

/// Two members in one room by this transport; what the first one is told.
fn joined(server: &Server, how: &str) -> String {
    let join = |name: &str| {
        Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
            .args(["chat", "join", &server.url(), "--name", name, "--room", how, "--transport", how])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    // Who waits in vain is ended, and its last words tell what was missing.
    let patience = |child: &Child| {
        let id = child.id().to_string();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_mins(1));
            let _ = Command::new("kill").arg(id).status();
        });
    };
    let mut ada = join("Ada");
    patience(&ada);
    let mut said = BufReader::new(ada.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut told = String::new();
    let mut until = |wanted: &str| {
        for line in said.by_ref() {
            told += &(line.clone() + "\n");
            if line.contains(wanted) {
                return;
            }
        }
        panic!("{wanted} never came:\n{told}");
    };
    until("* you are Ada");
    let mut bob = join("Bob");
    bob.stdin.as_ref().unwrap().write_all(b"Hello Ada\n").unwrap();
    until("Bob: Hello Ada");
    ada.stdin.as_ref().unwrap().write_all(b"Hello Bob\n").unwrap();
    until(if server.captures { "2 frames out (captured)" } else { "2 sent out, says the server" });
    drop(bob.stdin.take());
    until("* Bob left: said goodbye");
    drop(ada.stdin.take());
    assert!(ada.wait().unwrap().success() && bob.wait().unwrap().success());
    told.extend(said);
    told
}

#[test]
fn lines_of_a_pipe_are_said_and_heard_by_each_transport() {
    let server = Server::start(&[]);
    for how in ["polling", "websocket", "upgrade"] {
        let told = joined(&server, how);
        assert!(told.contains("Ada: Hello Bob"), "{told}");
        if server.captures {
            assert!(told.contains("[SYN, ACK]") && told.contains("Socket.IO event \"say\""), "{told}");
        } else {
            assert!(told.contains("Socket.IO event, seen by this program"), "{told}");
        }
    }
}

#[test]
fn without_a_capture_the_terminal_says_what_it_has_seen_itself() {
    let server = Server::start(&["--no-capture"]);
    let told = joined(&server, "websocket");
    assert!(told.contains("↑ 0.000  2") && told.contains("seen by this program"), "{told}");
}

#[test]
fn a_chat_that_is_not_there_cannot_be_joined() {
    // A port that is free now may be a neighbouring test's a moment later; nobody is given the first one.
    let (code, said) = osi_tutor(&["chat", "join", "127.0.0.1:1"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("cannot reach") && said.contains("osi-tutor chat serve"), "{said}");
    let (code, said) = osi_tutor(&["chat", "join", "https://example.org"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("only http:// URLs"), "{said}");
}

// ---- strangers

#[test]
fn a_page_of_another_site_is_refused_by_polling_and_by_websocket() {
    let server = Server::start(&[]);
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let (poll, socket) = ("/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=4&transport=websocket");
    assert_eq!(server.status("/", ""), "200");
    assert_eq!(server.status(poll, ""), "200");
    for path in [poll, socket, "/packets", "/"] {
        assert_eq!(server.status(path, "Origin: http://evil.example\r\n"), "403", "{path}");
        assert_eq!(server.status(path, &format!("Origin: http://evil.example\r\n{upgrade}")), "403", "{path}");
        assert_eq!(server.status(path, "Host: evil.example\r\n"), "403", "a name that points here: {path}");
    }
    assert_eq!(server.status(poll, "Sec-Fetch-Site: cross-site\r\n"), "403");
    assert_eq!(server.status("/", "Sec-Fetch-Site: cross-site\r\n"), "200", "a link to the page");
}

#[test]
fn the_page_may_load_nothing_from_elsewhere() {
    let server = Server::start(&[]);
    for path in [
        "/",
        "/base.css",
        "/chat.css",
        "/chat.js",
        "/client.js",
        "/digits.js",
        "/packets.js",
        "/parts.js",
        "/plain.js",
        "/mode.js",
    ] {
        let answer = server
            .ask(format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address).as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("content-security-policy: default-src 'none'; script-src 'self';"), "{head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{head}");
        assert!(!body.contains("innerHTML") && !body.contains("://unpkg") && !body.contains("eval("), "{path}");
        assert!(!body.contains(" style=") && !body.contains(" onclick="), "{path}");
    }
}

/// A client's frame with a payload of `length` bytes, of which only the first few are sent.
fn frame(fin: bool, opcode: u8, length: u64) -> Vec<u8> {
    [&[u8::from(fin) << 7 | opcode, 0xff], length.to_be_bytes().as_slice(), &[1, 2, 3, 4], &[0; 64]].concat()
}

#[test]
fn a_giant_websocket_message_ends_its_connection_at_once() {
    let server = Server::start(&[]);
    let hello = format!(
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        server.address
    );
    for (early, late) in [(vec![], frame(true, 1, 60 << 20)), (frame(true, 1, 60 << 20), vec![])] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(&[hello.as_bytes(), &early].concat()).unwrap();
        let mut some = [0; 1024];
        let n = stream.read(&mut some).unwrap();
        assert!(some[..n].starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&some[..n]));
        let _ = stream.write_all(&late);
        // The next bytes meet the bound, whatever came before.
        let _ = stream.write_all(&frame(true, 1, 60 << 20));
        let mut rest = Vec::new();
        match stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(e) => assert_eq!(e.kind(), std::io::ErrorKind::ConnectionReset, "the server must hang up"),
        }
    }
    assert_eq!(server.status("/", ""), "200", "others are served on");
}

// ---- the command

fn osi_tutor(args: &[&str]) -> (Option<i32>, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(args).stdin(Stdio::null()).output().unwrap();
    (run.status.code(), String::from_utf8_lossy(&run.stderr).into_owned())
}

#[test]
fn a_server_that_cannot_be_says_why() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, said) = osi_tutor(&["chat", "serve", &taken.local_addr().unwrap().to_string()]);
    assert_eq!(code, Some(1));
    assert!(said.contains("choose another port"), "{said}");
    let (code, said) = osi_tutor(&["chat", "serve", "nowhere"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("an address of this machine is needed"), "{said}");
}

#[test]
fn a_server_on_this_machine_alone_warns_of_nobody() {
    let server = Server::start(&[]);
    assert!(server.said.starts_with("The chat is at http://127.0.0.1:"), "{}", server.said);
    assert!(!server.said.contains("can join"), "{}", server.said);
}

// ---- the course's own chat

#[test]
fn the_chat_of_the_course_runs_as_its_lesson_writes_it() {
    if !folder().join("node_modules").is_dir() {
        return skipped("tests/chat has no node_modules (npm ci there brings them)");
    }
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("course-chat");
    let _ = std::fs::remove_dir_all(&out);
    let folders = ["chat", "socketio-vs-websocket"].map(|id| {
        let folder = out.join(id);
        let (code, said) = osi_tutor(&["lesson", "files", id, folder.to_str().unwrap()]);
        assert_eq!(code, Some(0), "{said}");
        folder
    });
    let (code, said) = osi_tutor(&["lesson", "files", "chat", folders[0].to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("is there already: nothing was written"), "{said}");
    let chromium = Path::new(&std::env::var("CHROMIUM").unwrap_or("/usr/bin/chromium".into())).exists();
    let mut node = Command::new("node");
    node.arg(folder().join("course.js")).args(&folders).stdin(Stdio::piped()).stdout(Stdio::piped());
    if !chromium {
        skipped("there is no Chromium; two terminals talk without it");
        node.arg("no-browser");
    }
    let Ok(mut run) = node.spawn() else { return skipped("node does not run") };
    // The script and all that it has started end with its standard input.
    let leash = run.stdin.take();
    let run = run.wait_with_output().unwrap();
    drop(leash);
    let lines = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{lines}");
    let told: Json = serde_json::from_str(&lines).unwrap();
    assert_eq!(told["alive"], true, "nonsense must not end the server");
    assert_eq!(told["complaints"], json!([]), "the page runs without errors");
    assert_eq!(told["browser"], chromium);
    let bare: Vec<&str> = told["bare"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert!(bare.iter().any(|line| line.starts_with("heard 430[{\"members\":")), "digits are enough: {bare:?}");
}
