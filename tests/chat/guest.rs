//! A phone or a console of a class, without a browser.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::server::{Server, Socket, WEBSOCKET};

/// How long an answer may take.
const LONG: Duration = Duration::from_mins(1);

/// What leads the class of this server.
pub(crate) fn secret(server: &Server) -> &str {
    server.said.split("/teach#").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap()
}

/// A phone, or a console.
pub(crate) struct Guest {
    pub(crate) socket: Socket,
    /// The number of its last question.
    pub(crate) last: u32,
    pub(crate) welcome: Json,
}

impl Guest {
    /// Says who it is; what it hears, if it is not let in.
    pub(crate) fn try_in(server: &Server, auth: &Json) -> Result<Self, String> {
        let mut socket = Socket::open(server, WEBSOCKET);
        socket.stream.set_read_timeout(Some(LONG)).unwrap();
        socket.hear("0{").ok_or("the connection ended")?;
        socket.say(&format!("40{auth}"));
        let answer = socket.hear("4").ok_or("the connection ended")?;
        if answer.starts_with("44") {
            return Err(answer);
        }
        // What the whole room hears may come first.
        loop {
            let heard = socket.hear("42[").ok_or("the connection ended")?;
            let [event, said]: [Json; 2] = serde_json::from_str(&heard[2..]).unwrap();
            match event.as_str() {
                Some("welcome") => return Ok(Self { socket, last: 0, welcome: said }),
                Some("refused") => return Err(said.to_string()),
                _ => {}
            }
        }
    }

    pub(crate) fn student(server: &Server) -> Self {
        Self::try_in(server, &json!({ "role": "student" })).unwrap()
    }

    pub(crate) fn teacher(server: &Server) -> Self {
        Self::try_in(server, &json!({ "role": "teach", "secret": secret(server) })).unwrap()
    }

    pub(crate) fn token(&self) -> &str {
        self.welcome["token"].as_str().unwrap()
    }

    /// Says something; the answer.
    pub(crate) fn ask(&mut self, event: &str, data: &Json) -> Json {
        self.last += 1;
        self.socket.say(&format!("42{}{}", self.last, json!([event, data])));
        let answer = self.socket.hear(&format!("43{}[", self.last)).expect("an answer");
        let [answer]: [Json; 1] =
            serde_json::from_str(answer.trim_start_matches(|c: char| c.is_ascii_digit())).unwrap();
        answer
    }

    pub(crate) fn does(&mut self, command: &str) {
        assert_eq!(self.ask("command", &json!(command)), json!({ "ok": true }), "{command}");
    }

    pub(crate) fn vote(&mut self, slide: u64, given: &str) -> Json {
        self.ask("vote", &json!({ "slide": slide, "round": 1, "given": given, "sure": true }))
    }

    /// What a console sees when it opens.
    pub(crate) fn sees(server: &Server) -> Json {
        Self::teacher(server).welcome
    }

    /// To the first slide that asks, and lets everybody vote; its number.
    pub(crate) fn opens_a_vote(&mut self, server: &Server) -> u64 {
        for _ in 0..20 {
            let seen = Self::sees(server);
            if seen["console"]["console"]["buttons"][0] == "open" {
                self.does("open");
                return seen["page"]["shown"]["slide"].as_u64().unwrap();
            }
            self.does("next");
        }
        panic!("no slide asks");
    }
}
