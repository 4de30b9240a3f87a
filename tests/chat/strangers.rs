//! Strangers who mean no good: each takes what it can get, and none may take the chat from the others.

use super::server::{POLLING, Server, Socket, WEBSOCKET, frame};
use std::io::Write as _;
use std::net::TcpStream;
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
fn who_goes_before_a_hello_leaves_little_behind_and_that_not_for_long() {
    let server = Server::start(&["--no-capture"]);
    let hasty = |count: usize| {
        for _ in 0..count {
            // What the head of the request says is kept nowhere.
            let mut socket = Socket::open(&server, &format!("{WEBSOCKET}&t={}", "x".repeat(16_000)));
            socket.hear("0{").unwrap();
            socket.stream.write_all(&frame(0x88, &[3, 0xe8])).unwrap();
        }
        server.memory()
    };
    let begin = hasty(50);
    let first = hasty(1500);
    assert!(first < begin + (24 << 20), "1,500 sessions left {} kB", (first - begin) >> 10);
    // The allocator may take a page more once; what is kept for each would be taken each time.
    let mut before = first;
    let mut left = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_secs(6));
        let now = hasty(1500);
        now.saturating_sub(std::mem::replace(&mut before, now))
    });
    assert!(left.by_ref().take(3).any(|left| left < 3 << 20), "1,500 more left over 3 MB, three times");
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

/// A session by polling that has said hello; its id.
fn polling(server: &Server) -> String {
    let sid = server.session();
    assert!(server.post(&sid, "40").contains(" 200 "));
    sid
}

#[test]
fn binary_packets_end_their_session_before_anything_is_kept() {
    let server = Server::start(&["--no-capture"]);
    let announces = r#"45999999999-["x",{"_placeholder":true,"num":0}]"#;
    for packet in [announces, "461-1[]", "bAAAA"] {
        let mut socket = Socket::connect(&server);
        socket.say(packet);
        assert!(socket.is_let_go(Duration::from_secs(5)), "{packet}");
        let sid = polling(&server);
        assert!(server.post(&sid, &format!("42[\"typing\",{{}}]\u{1e}{packet}")).contains(" 400 "), "{packet}");
        assert!(server.post(&sid, "42[\"typing\",{}]").contains("Session ID unknown"), "{packet}");
    }
    let before = server.memory();
    for _ in 0..20 {
        let mut socket = Socket::connect(&server);
        let _ = socket.try_say(announces);
        for _ in 0..200 {
            if socket.stream.write_all(&frame(0x82, &[0; 16_000])).is_err() {
                break;
            }
        }
    }
    let after = server.memory();
    assert!(after < before + (8 << 20), "64 MB of attachments left {} kB", (after - before) >> 10);
}

#[test]
fn one_body_full_of_hellos_takes_one_seat() {
    let server = Server::start(&["--no-capture"]);
    for _ in 0..3 {
        let sid = server.session();
        let hellos = vec!["40"; 1001].join("\u{1e}");
        assert!(server.post(&sid, &hellos).contains(" 400 "));
        assert!(server.post(&sid, "40").contains("Session ID unknown"));
    }
    let mut guest = Socket::connect(&server);
    assert!(guest.hear("42").unwrap().starts_with(r#"42["welcome""#), "there is a seat");
    guest.say("40");
    assert!(guest.is_let_go(Duration::from_secs(5)), "a member says no second hello");
}

#[test]
fn sessions_that_never_come_in_are_bounded_and_lock_nobody_out() {
    let server = Server::start(&["--no-capture"]);
    let handshakes = |count: usize| {
        let ask = format!("GET {POLLING} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
        let mut stream = TcpStream::connect(server.address).unwrap();
        let mut answers = stream.try_clone().unwrap();
        let reader = std::thread::spawn(move || {
            let _ = std::io::copy(&mut answers, &mut std::io::sink());
        });
        for _ in 0..count {
            stream.write_all(ask.as_bytes()).unwrap();
        }
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        reader.join().unwrap();
        server.memory()
    };
    let before = handshakes(4400);
    let mut members: Vec<Socket> = (0..20).map(|_| Socket::connect(&server)).collect();
    let after = handshakes(2000);
    assert!(after < before + (16 << 20), "2,000 sessions more took {} kB", (after.max(before) - before) >> 10);
    let sid = polling(&server);
    assert!(server.post(&sid, "42[\"typing\",{}]").contains(" 200 "), "there is room for one more");
    for member in &mut members {
        member.say(r#"420["join",{"name":"Ada"}]"#);
        assert!(member.hear("430[").is_some(), "who is here, stays");
    }
}

/// The lines and bytes of a session's feed, until it is quiet.
fn panel(server: &Server, sid: &str) -> String {
    let mut feed = Socket::open(server, "/packets");
    feed.say(sid);
    feed.rest(Duration::from_secs(2))
}

/// As a panel shows bytes.
fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |out, byte| out + &format!("{byte:02x}"))
}

#[test]
fn a_panel_shows_only_packets_that_were_taken_for_its_session() {
    let server = Server::start(&[]);
    if !server.captures {
        return super::skipped("the server may not capture here");
    }
    let sid = polling(&server);
    let lure = |fields: &str| {
        let request = format!("GET {POLLING}&sid={sid} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", server.address);
        server.ask(request.as_bytes())
    };
    for fields in
        ["Sec-Fetch-Site: cross-site\r\nX-Victim: one\r\n", "Origin: http://evil.example\r\nX-Victim: two\r\n"]
    {
        assert!(lure(fields).contains(" 403 "));
    }
    let other = format!("GET /?sid={sid} HTTP/1.1\r\nHost: {}\r\nX-Victim: three\r\n\r\n", server.address);
    assert!(server.ask(other.as_bytes()).contains(" 200 "));
    assert!(lure("Upgrade: websocket\r\nX-Victim: four\r\n\r\n").contains(" 200 "), "what is taken, is shown");
    let shown = panel(&server, &sid);
    assert!(shown.contains(&hex("42[\"welcome\"")), "{shown}");
    assert!(shown.contains(&hex("X-Victim: four")), "{shown}");
    for victim in ["one", "two", "three"] {
        assert!(!shown.contains(&hex(&format!("X-Victim: {victim}"))), "{victim}: {shown}");
    }
}

#[test]
fn packets_are_shown_on_a_port_that_another_protocol_has_too() {
    // Tibia's; one of them may be taken.
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let Some(port) = [7171, 7172].into_iter().find(free) else { return };
    let server = Server::run("true", &["chat", "serve", &format!("127.0.0.1:{port}")], |line| {
        let captures = line.starts_with("The page shows packets");
        (captures || line.starts_with("No packets are captured")).then_some(captures)
    });
    if !server.captures {
        return super::skipped("the server may not capture here");
    }
    let sid = polling(&server);
    // On a busy machine the capture is behind.
    let mut panels = std::iter::repeat_with(|| panel(&server, &sid)).take(5);
    assert!(panels.any(|shown| shown.contains("SOCKETIO  Engine.IO message, Socket.IO connect")));
}

#[test]
fn cookies_and_passwords_are_masked_everywhere_on_the_page() {
    let server = Server::start(&[]);
    if !server.captures {
        return super::skipped("the server may not capture here");
    }
    let sid = polling(&server);
    let fields =
        "Cookie: router=SECRET\r\nAuthorization: Basic SECRET\r\nProxy-Authorization: SECRET\r\nX-Plain: shown\r\n";
    let request = format!("GET {POLLING}&sid={sid} HTTP/1.1\r\nHost: {}\r\n{fields}\r\n", server.address);
    assert!(server.ask(request.as_bytes()).contains(" 200 "));
    let shown = panel(&server, &sid);
    assert!(shown.contains(&hex("X-Plain: shown")) && shown.contains(&hex("Cookie: ***")), "{shown}");
    assert!(!shown.contains("SECRET") && !shown.contains(&hex("SECRET")) && !shown.contains(&hex("SECRE")), "{shown}");
}

#[test]
fn who_does_not_know_the_code_of_the_room_stays_outside() {
    let server = Server::start(&["--no-capture", "--room-code", "tulip-7"]);
    assert!(server.said.contains("The room code is tulip-7"), "{}", server.said);
    for (hello, answer) in [
        ("40", "44{"),
        (r#"40{"code":"tulip"}"#, "44{"),
        (r#"40{"code":["tulip-7"]}"#, "44{"),
        (r#"40{"code":"tulip-7"}"#, "40{"),
    ] {
        let mut socket = Socket::open(&server, WEBSOCKET);
        socket.hear("0{").unwrap();
        socket.say(hello);
        assert!(socket.hear("4").unwrap().starts_with(answer), "{hello}");
        socket.say(r#"420["join",{"name":"Eve"}]"#);
        if answer == "40{" {
            assert!(socket.hear("430[").unwrap().contains("Eve"));
        }
    }
    // Many wrong guesses make the right one slow, not useless.
    for _ in 0..10 {
        let mut socket = Socket::open(&server, WEBSOCKET);
        socket.hear("0{").unwrap();
        for _ in 0..3 {
            socket.say(r#"40{"code":"guess"}"#);
        }
    }
    let mut socket = Socket::open(&server, WEBSOCKET);
    socket.hear("0{").unwrap();
    socket.say(r#"40{"code":"tulip-7"}"#);
    assert!(socket.hear("40{").is_some());
    assert!(
        server
            .ask(format!("GET /mode.js HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address).as_bytes())
            .contains("CODE = true")
    );
}

#[test]
fn a_terminal_joins_with_the_code_and_hears_at_once_that_it_is_wrong() {
    let server = Server::start(&["--no-capture", "--room-code", "tulip-7"]);
    for (args, ok) in [(&["--room-code", "tulip-7"][..], true), (&["--room-code", "tulip-8"], false), (&[], false)] {
        let join = std::process::Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
            .args(["chat", "join", &server.address.to_string(), "--name", "Ada"])
            .args(args)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert_eq!(join.status.success(), ok, "{join:?}");
        let said = String::from_utf8_lossy(&join.stderr);
        assert_eq!(said.contains("does not let you in: the room code is missing or wrong"), !ok, "{said}");
    }
}

#[test]
fn the_plain_framing_asks_for_the_code_too() {
    let server = Server::start(&["--no-capture", "--plain-websocket", "--room-code"]);
    let code =
        server.said.split("The room code is ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX: ";
    for path in ["/chat", "/chat?code=", "/chat?code=guess"] {
        assert_eq!(server.status(path, &format!("{upgrade}\r\n")), "403", "{path}");
    }
    let mut socket = Socket::open(&server, &format!("/chat?code={code}"));
    assert!(socket.hear("{").unwrap().contains("welcome"));
}
