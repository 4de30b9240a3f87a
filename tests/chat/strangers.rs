//! Strangers who mean no good: each takes what it can get, and none may take the chat from the others.

use super::server::{Server, Socket};
use std::time::Duration;

/// A visit by WebSocket: hello, a room, and away.
fn visit(server: &Server) {
    let mut socket = Socket::connect(server);
    socket.say(r#"420["join",{"name":"Ada","room":"lab"}]"#);
    socket.hear("430[").unwrap();
}

#[test]
fn a_visit_frees_all_that_it_took() {
    let server = Server::start(&["--no-capture"]);
    let visits = |count: usize| {
        for _ in 0..count {
            visit(&server);
        }
        server.memory()
    };
    let (before, after) = (visits(1000), visits(2000));
    assert!(after < before + (2 << 20), "2,000 visits took {} kB", (after - before) >> 10);
}

#[test]
fn one_connection_takes_one_seat_and_leaves_none_taken() {
    let server = Server::start(&["--no-capture"]);
    let mut greedy = Socket::connect(&server);
    for n in 0..1100 {
        let name = format!(r#"42["join",{{"name":"ghost {n}","room":"lab"}}]"#);
        if greedy.try_say("40").and_then(|()| greedy.try_say(&name)).is_err() {
            break;
        }
    }
    drop(greedy);
    let mut guest = Socket::connect(&server);
    assert!(guest.hear("42").unwrap().starts_with(r#"42["welcome""#), "there is a seat");
    for _ in 0..100 {
        guest.say(r#"420["join",{"name":"Ada","room":"lab"}]"#);
        let answer = guest.hear("430[").unwrap();
        if !answer.contains("ghost") {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("a ghost stays");
}
