//! Strangers who mean no good: each takes what it can get, and none may take the chat from the others.

use super::server::{POLLING, Server, Socket};
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

#[test]
fn a_refusal_carries_the_headers_of_a_page_and_ends_its_connection() {
    let server = Server::start(&["--no-capture"]);
    let at = server.address;
    let refusals = [
        ("403", format!("GET / HTTP/1.1\r\nHost: {at}\r\nOrigin: http://evil.example\r\n\r\n")),
        ("403", format!("GET {POLLING} HTTP/1.1\r\nHost: {at}\r\nSec-Fetch-Site: cross-site\r\n\r\n")),
        ("403", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned()),
        ("404", format!("GET /nothing HTTP/1.1\r\nHost: {at}\r\n\r\n")),
        ("405", format!("PUT / HTTP/1.1\r\nHost: {at}\r\n\r\n")),
        ("413", format!("POST {POLLING} HTTP/1.1\r\nHost: {at}\r\nContent-Length: 99999\r\n\r\n")),
        ("400", format!("GET /socket.io/?EIO=9&transport=polling HTTP/1.1\r\nHost: {at}\r\n\r\n")),
        ("426", format!("GET /packets HTTP/1.1\r\nHost: {at}\r\nX: y\r\n\r\n")),
    ];
    for (status, request) in refusals {
        let answer = server.ask(request.as_bytes());
        let head = answer.split("\r\n\r\n").next().unwrap().to_ascii_lowercase();
        let got = head.split(' ').nth(1).unwrap();
        assert!(got == status || (status == "426" && got == "400"), "{request}{answer}");
        for field in [
            "content-security-policy: default-src 'none'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
            "connection: close",
        ] {
            assert!(head.contains(field), "{field} is missing: {request}{head}");
        }
    }
}
