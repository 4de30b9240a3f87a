//! A browser and a web server: HTTP first, then WebSocket on the same connection.
//!
//! [`Client`] asks for its pages, one after the other, then asks for the upgrade and follows its script.
//! [`Server`] answers from its [`Site`]; where the upgrade is asked for, it follows the site's script.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::http::{Request, Response};
use super::websocket::{self, Event, Role, Session};
use super::{Input, Peer, Want};
use crate::proto::websocket::wire::accept_for;
use crate::rng::Rng;

/// One thing that one end of a WebSocket conversation does, after the one before it is done.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Says a text.
    Say(String),
    /// Waits until a text is heard that no earlier `hear` has taken.
    Hear,
    /// Sends a ping and waits for its pong.
    Ping(String),
    /// Waits so many milliseconds.
    WaitMs(u64),
    /// Says goodbye with code 1000 and this reason, and waits for the answer.
    Close(String),
}

/// Where a WebSocket conversation is held, and one end's part in it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chat {
    /// The path of the upgrade.
    pub path: String,
    /// What this end does, in order.
    pub script: Vec<Act>,
}

/// What a web server has to offer.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Its pages: path and HTML.
    #[serde(default)]
    pub pages: BTreeMap<String, String>,
    /// Where it speaks WebSocket.
    pub chat: Option<Chat>,
    /// A fault: it answers an upgrade with a `Sec-WebSocket-Accept` that fits another key.
    #[serde(default)]
    pub wrong_accept: bool,
}

/// One visit of a browser to a server: one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// The name for the `Host` field.
    pub host: String,
    /// The pages that it asks for.
    #[serde(default)]
    pub get: Vec<String>,
    /// The WebSocket conversation after them.
    pub chat: Option<Chat>,
    /// A fault: it does not mask its frames.
    #[serde(default)]
    pub unmasked: bool,
}

/// A browser on one visit. It closes when all is done, or when the server does not play along.
#[derive(Debug)]
pub struct Client {
    visit: Visit,
    rng: Rng,
    inbox: Vec<u8>,
    /// How many pages were asked for.
    asked: usize,
    /// The key of an upgrade that is under way.
    key: Option<String>,
    talk: Option<Talk>,
}

/// A web server on one connection. It closes when the client does, or when it hears no HTTP.
#[derive(Debug)]
pub struct Server {
    site: Arc<Site>,
    rng: Rng,
    inbox: Vec<u8>,
    talk: Option<Talk>,
}

impl Client {
    /// A browser that will make this visit.
    pub fn new(visit: Visit, rng: Rng) -> Self {
        Self { visit, rng, inbox: Vec::new(), asked: 0, key: None, talk: None }
    }

    /// Asks for the next page or the upgrade; says whether there was any.
    fn ask(&mut self, out: &mut Vec<u8>) -> bool {
        if let Some(page) = self.visit.get.get(self.asked) {
            self.asked += 1;
            Request::get(page, &self.visit.host).write(out);
            return true;
        }
        let Some(chat) = &self.visit.chat else { return false };
        let key = self.key.insert(websocket::new_key(&mut self.rng));
        websocket::upgrade(&chat.path, &self.visit.host, key).write(out);
        true
    }

    fn read_response(&mut self, now: Duration, out: &mut Vec<u8>) -> Want {
        let (response, used) = match Response::read(&self.inbox, "GET") {
            Ok(Some(read)) => read,
            Ok(None) => return Want::Input,
            Err(_) => return Want::Close,
        };
        self.inbox.drain(..used);
        let Some(key) = self.key.take() else {
            return if self.ask(out) { Want::Input } else { Want::Close };
        };
        match self.visit.chat.take().filter(|_| websocket::check(&response, &key).is_ok()) {
            Some(chat) => {
                let mut session = Session::new(Role::Client, self.rng.fork());
                session.set_unmasked(self.visit.unmasked);
                let talk = self.talk.insert(Talk::new(session, chat.script));
                // The server's first frames may share a segment with its 101.
                talk.hear(&std::mem::take(&mut self.inbox), out);
                talk.go_on(now, out)
            }
            None => Want::Close,
        }
    }
}

impl Peer for Client {
    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        if let Some(talk) = &mut self.talk {
            return talk.step(now, input, out);
        }
        match input {
            Input::Opened if self.ask(out) => Want::Input,
            Input::Tick => Want::Input,
            Input::Bytes(bytes) => {
                self.inbox.extend_from_slice(bytes);
                self.read_response(now, out)
            }
            Input::Opened | Input::Ended => Want::Close,
        }
    }
}

impl Server {
    /// A server of this site.
    pub fn new(site: Arc<Site>, rng: Rng) -> Self {
        Self { site, rng, inbox: Vec::new(), talk: None }
    }

    /// Answers every request that has arrived: pipelined ones in their order (RFC 9112 §9.3.2).
    fn answer(&mut self, now: Duration, out: &mut Vec<u8>) -> Want {
        let inbox = std::mem::take(&mut self.inbox);
        let mut rest = inbox.as_slice();
        loop {
            let request = match Request::read(rest) {
                Ok(Some((request, used))) => {
                    rest = rest.get(used..).unwrap_or_default();
                    request
                }
                Ok(None) => {
                    self.inbox = rest.to_vec();
                    return Want::Input;
                }
                Err(_) => {
                    page(400, "Bad Request", "<h1>This is not HTTP.</h1>\n").write(out);
                    return Want::Close;
                }
            };
            let chat = self.site.chat.as_ref().filter(|chat| chat.path == request.target);
            match chat.filter(|_| websocket::wants_upgrade(&request)).map(|chat| (chat, websocket::accept(&request))) {
                Some((chat, Ok(mut response))) => {
                    if self.site.wrong_accept {
                        response.fields.set("Sec-WebSocket-Accept", &accept_for("another key"));
                    }
                    response.write(out);
                    let session = Session::new(Role::Server, self.rng.fork());
                    let talk = self.talk.insert(Talk::new(session, chat.script.clone()));
                    talk.hear(rest, out);
                    return talk.go_on(now, out);
                }
                Some((_, Err(refusal))) => refusal.write(out),
                None => self.serve(&request, out),
            }
            if request.fields.lists("Connection", "close") {
                return Want::Close;
            }
        }
    }

    fn serve(&self, request: &Request, out: &mut Vec<u8>) {
        let path = request.target.split('?').next().unwrap_or_default();
        let mut response = match (request.method.as_str(), self.site.pages.get(path)) {
            ("GET" | "HEAD", Some(html)) => page(200, "OK", html),
            ("GET" | "HEAD", None) => page(404, "Not Found", "<h1>There is no such page.</h1>\n"),
            _ => page(405, "Method Not Allowed", "<h1>Only GET and HEAD.</h1>\n"),
        };
        if response.status == 405 {
            response.fields.push("Allow", "GET, HEAD");
        }
        if request.method == "HEAD" {
            response.content.clear();
        }
        response.write(out);
    }
}

impl Peer for Server {
    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        if let Some(talk) = &mut self.talk {
            return talk.step(now, input, out);
        }
        match input {
            Input::Bytes(bytes) => {
                self.inbox.extend_from_slice(bytes);
                self.answer(now, out)
            }
            Input::Opened | Input::Tick => Want::Input,
            Input::Ended => Want::Close,
        }
    }
}

/// One end of a WebSocket conversation that follows its script.
#[derive(Debug)]
struct Talk {
    session: Session,
    script: VecDeque<Act>,
    /// Texts and pongs that no act has waited for yet.
    texts: usize,
    pongs: usize,
    /// What the act in hand has begun.
    pinged: bool,
    until: Option<Duration>,
}

impl Talk {
    fn new(session: Session, script: Vec<Act>) -> Self {
        Self { session, script: script.into(), texts: 0, pongs: 0, pinged: false, until: None }
    }

    fn step(&mut self, now: Duration, input: Input<'_>, out: &mut Vec<u8>) -> Want {
        match input {
            Input::Bytes(bytes) => self.hear(bytes, out),
            Input::Ended => return Want::Close,
            Input::Opened | Input::Tick => {}
        }
        self.go_on(now, out)
    }

    fn hear(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for event in self.session.receive(bytes, out) {
            match event {
                Event::Text(_) => self.texts += 1,
                Event::Pong(_) => self.pongs += 1,
                Event::Binary(_) | Event::Ping(_) | Event::Close { .. } | Event::Failed(_) => {}
            }
        }
    }

    /// Does what the script allows now. After the closing handshake the server closes TCP, and the client
    /// waits for that (RFC 6455 §7.1.1); a client whose script ends without one just hangs up.
    fn go_on(&mut self, now: Duration, out: &mut Vec<u8>) -> Want {
        while let Some(act) = self.script.front() {
            if self.session.is_closed() {
                break;
            }
            let (done, want) = match act {
                Act::Say(text) => {
                    self.session.text(text, out);
                    (true, Want::Input)
                }
                Act::Hear => (take_one(&mut self.texts), Want::Input),
                Act::Ping(text) => {
                    if !std::mem::replace(&mut self.pinged, true) {
                        self.session.ping(text.as_bytes(), out);
                    }
                    (take_one(&mut self.pongs), Want::Input)
                }
                Act::WaitMs(ms) => {
                    let until = *self.until.get_or_insert(now + Duration::from_millis(*ms));
                    (until <= now, Want::Wake(until))
                }
                Act::Close(reason) => {
                    self.session.close(1000, reason, out);
                    (true, Want::Input)
                }
            };
            if !done {
                return want;
            }
            (self.until, self.pinged) = (None, false);
            self.script.pop_front();
        }
        match self.session.role() {
            Role::Server if self.session.is_closed() => Want::Close,
            Role::Client if !self.session.is_closing() => Want::Close,
            _ => Want::Input,
        }
    }
}

/// A small HTML page as a response.
fn page(status: u16, reason: &str, html: &str) -> Response {
    Response::new(status, reason, "text/html; charset=utf-8", html.as_bytes())
}

fn take_one(count: &mut usize) -> bool {
    let any = *count > 0;
    *count = count.saturating_sub(1);
    any
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::tests::talk;

    fn site() -> Arc<Site> {
        let script = vec![
            Act::Say("Welcome!".into()),
            Act::Hear,
            Act::WaitMs(20),
            Act::Say("Hello to you.".into()),
            Act::Ping("still there?".into()),
        ];
        Arc::new(Site {
            pages: [("/".to_string(), "<h1>Hello</h1>\n".to_string())].into(),
            chat: Some(Chat { path: "/chat".into(), script }),
            wrong_accept: false,
        })
    }

    fn run(visit: Visit, size: usize) -> (String, String) {
        let client = Client::new(visit, Rng::seeded(1));
        let (up, down) = talk(client, Server::new(site(), Rng::seeded(2)), size);
        (String::from_utf8_lossy(&up).into_owned(), String::from_utf8_lossy(&down).into_owned())
    }

    fn chat(path: &str) -> Chat {
        let script =
            vec![Act::Hear, Act::Say("Hi.".into()), Act::Hear, Act::Ping("you?".into()), Act::Close("bye".into())];
        Chat { path: path.into(), script }
    }

    #[test]
    fn pages_come_in_the_order_asked_for() {
        let visit = Visit { host: "www.example.com".into(), get: vec!["/".into(), "/none".into()], ..Visit::default() };
        let (up, down) = run(visit, 1460);
        assert_eq!(up.matches("Host: www.example.com\r\n").count(), 2);
        assert!(down.starts_with("HTTP/1.1 200 OK\r\n") && down.contains("<h1>Hello</h1>"));
        assert!(down.contains("HTTP/1.1 404 Not Found\r\n"));
    }

    #[test]
    fn a_chat_is_the_same_however_the_stream_is_cut() {
        let visit =
            Visit { host: "www.example.com".into(), get: vec!["/".into()], chat: Some(chat("/chat")), unmasked: false };
        let whole = run(visit.clone(), 1460);
        assert!(whole.1.contains("HTTP/1.1 101 Switching Protocols\r\n"));
        // The server's words are not masked: first its own, then what the client made it say.
        let said = ["\u{fffd}\u{8}Welcome!", "\rHello to you.", "\u{c}still there?", "\u{4}you?", "\u{3}\u{fffd}"];
        let mut rest = whole.1.as_str();
        for word in said {
            let at = rest.find(word).unwrap_or_else(|| panic!("{word:?} is not in {rest:?}"));
            rest = &rest[at..];
        }
        // The client's pong may then stand before or after its ping; what the server says keeps its order.
        assert_eq!(run(visit, 1).1, whole.1);
    }

    #[test]
    fn an_upgrade_that_is_refused_ends_the_visit() {
        let (_, down) = run(Visit { host: "a".into(), chat: Some(chat("/elsewhere")), ..Visit::default() }, 1460);
        assert!(down.starts_with("HTTP/1.1 404 "));
    }

    #[test]
    fn a_wrong_accept_ends_the_visit_before_any_frame() {
        let mut site = Arc::unwrap_or_clone(site());
        site.wrong_accept = true;
        let visit = Visit { host: "a".into(), chat: Some(chat("/chat")), ..Visit::default() };
        let (up, down) = talk(Client::new(visit, Rng::seeded(1)), Server::new(Arc::new(site), Rng::seeded(2)), 1460);
        assert!(String::from_utf8_lossy(&down).starts_with("HTTP/1.1 101 "));
        assert!(up.ends_with(b"Sec-WebSocket-Version: 13\r\n\r\n"), "the client says nothing more");
    }

    #[test]
    fn an_unmasked_frame_is_answered_with_1002() {
        let visit = Visit { host: "a".into(), chat: Some(chat("/chat")), unmasked: true, ..Visit::default() };
        let (up, down) = talk(Client::new(visit, Rng::seeded(1)), Server::new(site(), Rng::seeded(2)), 1460);
        assert!(up.windows(5).any(|bytes| bytes == b"\x81\x03Hi."), "{up:?}");
        assert!(down.ends_with(b"\x88\x02\x03\xea"), "{down:?}");
    }

    #[test]
    fn noise_is_answered_with_400_and_a_close() {
        let (mut server, mut out) = (Server::new(site(), Rng::seeded(1)), Vec::new());
        assert_eq!(server.step(Duration::ZERO, Input::Bytes(b"\x16\x03\x01\0\0"), &mut out), Want::Close);
        assert!(out.starts_with(b"HTTP/1.1 400 "));
    }

    #[test]
    fn head_tells_the_length_and_sends_no_content() {
        let (mut server, mut out) = (Server::new(site(), Rng::seeded(1)), Vec::new());
        server.step(Duration::ZERO, Input::Bytes(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"), &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("Content-Length: 15\r\n") && text.ends_with("\r\n\r\n"));
    }
}
