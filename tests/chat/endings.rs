//! How the server ends: soon, whatever is connected.

use super::server::{POLLING, Server, Socket};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

/// Each end, and the code that tells which.
const SIGNALS: [&str; 2] = ["TERM", "INT"];

/// What may be connected when the server is to end.
fn company(server: &Server) -> Vec<TcpStream> {
    let mut company = Vec::new();
    // A head and a body that are half there.
    for half in [
        "GET / HTTP/1.1\r\nHo",
        &format!("POST {POLLING}&sid=x HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\n4", server.address),
    ] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(half.as_bytes()).unwrap();
        company.push(stream);
    }
    // Somebody who asks, and reads no answer: they fill every buffer on the way.
    let mut deaf = Socket::connect(server);
    let ping = super::server::frame(0x89, &[b'x'; 125]);
    deaf.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    for _ in 0..100 {
        if deaf.stream.write_all(&ping.repeat(1000)).is_err() {
            break;
        }
    }
    company.push(deaf.stream);
    company
}

#[test]
fn a_server_ends_within_a_second_whatever_is_connected_or_half_read() {
    for signal in SIGNALS {
        let mut server = Server::start(&["--no-capture"]);
        let _company = company(&server);
        let _members: Vec<Socket> = (0..50).map(|_| Socket::connect(&server)).collect();
        server.signal(signal);
        let (took, code) = server.ends();
        assert!(took < Duration::from_secs(1), "SIG{signal}: {took:?}");
        assert_eq!(code, Some(0), "SIG{signal}");
    }
}

#[test]
fn a_second_interrupt_ends_it_at_once() {
    let mut server = Server::start(&["--no-capture"]);
    let _company = company(&server);
    server.signal("INT");
    std::thread::sleep(Duration::from_millis(50));
    server.signal("INT");
    let (took, _) = server.ends();
    assert!(took < Duration::from_millis(250), "{took:?}");
}
