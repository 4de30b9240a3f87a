//! A small web server on loopback, and a visitor who comes again and again: something to capture in a
//! silent classroom.
//!
//! Each visit asks for a page, changes to WebSocket, exchanges a few messages and says goodbye.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, timeout};

use super::{Company, carry};
use crate::peers::web::{Act, Chat, Client, Server, Site, Visit};
use crate::rng::Rng;

/// The port that people expect; if it is taken, any other serves.
const PORT: u16 = 8080;
/// From the end of one visit to the beginning of the next.
const PAUSE: Duration = Duration::from_secs(2);
/// After so many visits, about an hour, everybody has seen enough.
const VISITS: usize = 1_500;
/// How many connections are served at a time, and for how long each.
const GUESTS: usize = 16;
const LONGEST: Duration = Duration::from_mins(1);

/// A demonstration whose port is open, and of which nothing runs yet.
#[derive(Debug)]
pub struct Open {
    listener: StdListener,
    port: u16,
}

impl Open {
    /// The port, on 127.0.0.1 only.
    ///
    /// # Errors
    /// The system gives none.
    pub fn new() -> io::Result<Self> {
        let at = |port| StdListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = at(PORT).or_else(|_| at(0))?;
        listener.set_nonblocking(true)?;
        Ok(Self { port: listener.local_addr()?.port(), listener })
    }

    /// Where the server will listen.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the server and its visitor. All that it takes are threads, and connections to that port.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(self) -> io::Result<Demo> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(self.listener)?
        };
        runtime.spawn(serve(listener));
        runtime.spawn(visit(self.port));
        Ok(Demo { port: self.port, runtime: Some(runtime) })
    }
}

/// A running demonstration. It ends when dropped.
#[derive(Debug)]
pub struct Demo {
    port: u16,
    runtime: Option<Runtime>,
}

impl Demo {
    /// Starts the server and its visitor, on 127.0.0.1 only.
    ///
    /// # Errors
    /// The system gives no thread or no port.
    pub fn start() -> io::Result<Self> {
        Open::new()?.start()
    }

    /// Where the server listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Demo {
    /// Nobody waits for a visit to end.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn serve(listener: TcpListener) {
    let site = Arc::new(site());
    super::serve(listener, GUESTS, LONGEST, || Server::new(Arc::clone(&site), Rng::from_system())).await;
}

async fn visit(port: u16) {
    for _ in 0..VISITS {
        if let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
            let client = Box::new(Client::new(plan(port), Rng::from_system()));
            let _ = timeout(LONGEST, carry(client, stream, Company::new())).await;
        }
        sleep(PAUSE).await;
    }
}

fn site() -> Site {
    let page = "<!doctype html>\n<title>osi-tutor</title>\n<h1>Hello from layer 7!</h1>\n";
    let says = ["Hello! I am the server.", "I hear you. This text is not masked; yours was."];
    let script = says.into_iter().flat_map(|text| [Act::Hear, Act::Say(text.into())]).collect();
    Site {
        pages: BTreeMap::from([("/".into(), page.into())]),
        chat: Some(Chat { path: "/chat".into(), script }),
        ..Site::default()
    }
}

fn plan(port: u16) -> Visit {
    let script = vec![
        Act::Say("Hello! I am the client.".into()),
        Act::Hear,
        Act::WaitMs(100),
        Act::Ping("are you there?".into()),
        Act::Say("Can you read this?".into()),
        Act::Hear,
        Act::Close("goodbye".into()),
    ];
    let chat = Some(Chat { path: "/chat".into(), script });
    Visit { host: format!("127.0.0.1:{port}"), get: vec!["/".into()], chat, unmasked: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    #[test]
    fn anybody_may_ask_the_demo_for_its_page_and_is_let_go_with_a_fin() {
        let demo = Demo::start().unwrap();
        let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, demo.port())).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("<h1>Hello from layer 7!</h1>\n"), "{answer}");
    }

    #[test]
    fn a_visit_comes_to_its_end_on_real_sockets() {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let server = async {
                let (stream, _) = listener.accept().await.unwrap();
                carry(Box::new(Server::new(Arc::new(site()), Rng::from_system())), stream, Company::new()).await
            };
            let client = async {
                let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
                carry(Box::new(Client::new(plan(port), Rng::from_system())), stream, Company::new()).await
            };
            let ends = async { tokio::join!(server, client) };
            let (served, visited) = timeout(Duration::from_secs(20), ends).await.expect("both ends close");
            served.unwrap();
            visited.unwrap();
        });
    }
}
