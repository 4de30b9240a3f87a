//! Time and room: who is slow, silent or deaf is let go, and nobody is locked out by those who are many.

use super::server::{POLLING, Server, Socket, frame};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Sends the beginning, then one byte each half second; when the server has had enough of it.
fn drip(server: &Server, begins: &str) -> Duration {
    let since = Instant::now();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    stream.write_all(begins.as_bytes()).unwrap();
    let mut some = [0; 1024];
    while since.elapsed() < Duration::from_mins(1) {
        match stream.read(&mut some) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Ok(0) | Err(_) => return since.elapsed(),
            Ok(_) => {}
        }
        if stream.write_all(b"4").is_err() {
            return since.elapsed();
        }
    }
    panic!("it may drip for ever");
}

#[test]
fn a_head_has_ten_seconds_and_a_body_thirty_however_the_bytes_drip() {
    let server = Server::start(&["--no-capture"]);
    let body = format!("POST {POLLING} HTTP/1.1\r\nHost: {}\r\nContent-Length: 9000\r\n\r\n4", server.address);
    std::thread::scope(|scope| {
        let head = scope.spawn(|| drip(&server, "GET / HTTP/1.1\r\nX: "));
        let body = scope.spawn(|| drip(&server, &body));
        let silent = scope.spawn(|| Socket::wait(&server, Duration::from_secs(20)));
        let (head, body, silent) = (head.join().unwrap(), body.join().unwrap(), silent.join().unwrap());
        assert!((9..14).contains(&head.as_secs()), "{head:?}");
        assert!((29..36).contains(&body.as_secs()), "{body:?}");
        assert!((9..14).contains(&silent.as_secs()), "{silent:?}");
    });
}

#[test]
fn who_reads_nothing_is_let_go() {
    let server = Server::start(&["--no-capture"]);
    let mut deaf = Socket::connect(&server);
    deaf.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let (since, pings) = (Instant::now(), frame(0x89, &[b'x'; 125]).repeat(1000));
    // Its pongs fill every buffer on the way; the server then waits, and not for ever.
    loop {
        match deaf.stream.write_all(&pings) {
            Err(e) if e.kind() != io::ErrorKind::WouldBlock => break,
            _ => assert!(since.elapsed() < Duration::from_secs(50), "it is still there"),
        }
    }
    assert!(server.memory() < 32 << 20, "{} MB", server.memory() >> 20);
}

#[test]
fn a_flood_of_half_requests_locks_nobody_out() {
    let server = Server::under("ulimit -n 256", &["--no-capture"]);
    let mut half = Vec::new();
    for _ in 0..600 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nX: ");
        half.push(stream);
    }
    let since = Instant::now();
    for _ in 0..20 {
        assert_eq!(server.status("/", ""), "200");
    }
    assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
    let mut member = Socket::connect(&server);
    // Members are not what makes room.
    for _ in 0..400 {
        half.push(TcpStream::connect(server.address).unwrap());
    }
    member.say(r#"420["join",{"name":"Ada"}]"#);
    assert!(member.hear("430[").is_some());
    let said = server.later();
    assert_eq!(said.matches("connections are open").count(), 1, "{said}");
}

#[test]
fn as_many_files_as_are_needed_are_asked_for() {
    let server = Server::under("ulimit -Sn 100", &["--no-capture"]);
    let members: Vec<Socket> = (0..150).map(|_| Socket::connect(&server)).collect();
    assert_eq!((members.len(), server.later().as_str()), (150, ""));
}

#[test]
fn who_opens_a_feed_or_a_session_and_says_nothing_is_let_go() {
    let server = Server::start(&["--no-capture"]);
    let mut silent = ["/packets", super::server::WEBSOCKET].map(|path| Socket::open(&server, path));
    assert!(silent.iter_mut().all(|socket| socket.is_let_go(Duration::from_secs(15))));
}
