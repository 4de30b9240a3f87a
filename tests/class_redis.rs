//! `osi-tutor class --redis`: two programs, one class, and Debian's redis-server between them. One is killed, then the other.
#![cfg(all(unix, feature = "redis"))]

mod common;

use common::{browsers, has};
#[path = "chat/guest.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod guest;
#[path = "chat/server.rs"]
#[allow(dead_code, reason = "chat's tests need more of it")]
mod server;

use guest::{Guest, secret};
use serde_json::{Value as Json, json};
use server::Server;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take.
const LONG: Duration = Duration::from_mins(1);

/// A redis-server that keeps nothing, and a folder for a class.
struct Redis {
    port: u16,
    child: Option<Child>,
    folder: PathBuf,
}

impl Redis {
    /// One for this test; nothing, if it cannot be had.
    fn start(name: &str) -> Option<Self> {
        if !has("redis-server", "v=7.") {
            return None;
        }
        let folder = std::env::temp_dir().join(format!("osi-tutor-redis-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut redis = Self { port, child: None, folder };
        redis.begin();
        Some(redis)
    }

    /// It ends with this process, whatever becomes of that.
    fn begin(&mut self) {
        let port = self.port.to_string();
        let line = "redis-server --bind 127.0.0.1 --port \"$0\" --save '' --appendonly no --requirepass tulip & \
                    cat >/dev/null; kill -9 $!";
        let child = Command::new("sh")
            .args(["-c", line, &port])
            .current_dir(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        until("redis-server listens", || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
        until("redis-server is gone", || TcpStream::connect(("127.0.0.1", self.port)).is_err());
    }

    fn url(&self) -> String {
        format!("redis://:tulip@127.0.0.1:{}", self.port)
    }

    /// A class, or what goes on with it.
    fn owner(&self, args: &[&str]) -> Server {
        let state = self.folder.join("state");
        self.run(&[args, &["--state", state.to_str().unwrap()]].concat())
    }

    /// Another computer.
    fn carrier(&self) -> Server {
        self.run(&["--join", "tulip-7"])
    }

    fn run(&self, args: &[&str]) -> Server {
        let listen = if args.contains(&"--listen") { &[][..] } else { &["--listen", "127.0.0.1:0"] };
        let url = self.url();
        let command = [&["class", "--redis", &url, "--no-capture"], args, listen].concat();
        Server::run("true", &command, |line| line.starts_with("Ctrl-C ends it").then_some(false))
    }

    /// A program that does not begin: what it says, and its exit code.
    fn refused(&self, url: &str, args: &[&str]) -> (String, Option<i32>) {
        let state = self.folder.join("other");
        let args = [&["class", "--redis", url], args, &["--listen", "127.0.0.1:0"]].concat();
        let mut command = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
        command.args(args).env("XDG_STATE_HOME", &state).env("HOME", &state).stdin(Stdio::null());
        let Output { status, stderr, .. } = command.output().unwrap();
        (String::from_utf8_lossy(&stderr).into_owned(), status.code())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn until(what: &str, is: impl Fn() -> bool) {
    let since = Instant::now();
    while !is() {
        assert!(since.elapsed() < LONG, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn says(server: &Server, text: &str) {
    until(&format!("{text} in {}", server.later()), || server.later().contains(text));
}

/// A phone that comes in by the room code, or back by its token.
fn phone(server: &Server, token: Option<&Json>) -> Option<Guest> {
    Guest::try_in(server, &json!({ "role": "student", "token": token, "code": "tulip-7" })).ok()
}

fn student(server: &Server) -> Guest {
    phone(server, None).expect("let in")
}

/// A student who has been there before comes back; tries until it works.
fn back(server: &Server, token: &Json) -> Guest {
    let since = Instant::now();
    loop {
        if let Some(guest) = phone(server, Some(token)) {
            return guest;
        }
        assert!(since.elapsed() < LONG, "never let in");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// How many are here and have answered, as a console of this server sees it.
fn count(server: &Server) -> (u64, u64) {
    let count = &Guest::teacher(server).welcome["count"];
    (count["here"].as_u64().unwrap(), count["answered"].as_u64().unwrap())
}

fn gone(server: &Server) -> u64 {
    Guest::teacher(server).welcome["console"]["console"]["gone"].as_u64().unwrap()
}

fn class(redis: &Redis) -> (Server, Server) {
    let owner = redis.owner(&["handshake", "--room-code", "tulip-7"]);
    assert!(owner.said.contains("osi-tutor class --join tulip-7 --redis URL"), "{}", owner.said);
    let carrier = redis.carrier();
    says(&owner, &format!("http://{}/ carries phones for this class (0 here).", carrier.address));
    assert!(!owner.said.contains(":tulip@") && !carrier.said.contains(":tulip@"), "the password is never shown");
    (owner, carrier)
}

#[test]
fn two_hubs_share_a_class_and_when_one_is_killed_its_phones_come_back_at_the_other() {
    let Some(redis) = Redis::start("killed") else { return };
    let (owner, carrier) = class(&redis);
    let mut teacher = Guest::teacher(&carrier);
    let mut phones: Vec<Guest> = [&owner, &carrier, &carrier].map(student).into_iter().collect();
    let hubs = |guest: &Guest| guest.welcome["hubs"].clone();
    assert_eq!(hubs(&phones[1]), json!([owner.address.to_string()]));
    assert_eq!(hubs(&phones[0]), json!([carrier.address.to_string()]));
    let names: Vec<&Json> = phones.iter().map(|phone| &phone.welcome["you"]["name"]).collect();
    assert!(names[0] != names[1] && names[1] != names[2], "{names:?}");
    // The teacher leads from the carrier, and a page reaches the phones of both.
    let slide = teacher.opens_a_vote(&carrier);
    for phone in &mut phones {
        let page = phone.socket.hear(r#"42["page",{"lobby":null,"n":"#).expect("a page");
        assert!(page.contains("\"shown\""));
    }
    for (phone, given) in phones.iter_mut().zip(["1", "2", "2"]) {
        assert_eq!(phone.vote(slide, given), json!({ "ok": true }));
    }
    assert_eq!((count(&owner), count(&carrier)), ((3, 3), (3, 3)), "one tally");
    let wrong = phones[1].vote(99, "1");
    assert_eq!(wrong["error"], "this vote is closed", "the owner's own words come back");
    says(&owner, "Refused 1: this vote is closed.");
    let more = phones[2].vote(slide, "3");
    assert_eq!(more, json!({ "ok": true }));
    // The policy of a page names the other hub, and a page of it may speak here.
    let answer =
        carrier.ask(format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", carrier.address).as_bytes());
    assert!(answer.contains(&format!("connect-src 'self' ws://{};", owner.address)), "{answer}");
    let friend =
        |origin: &str| owner.status("/socket.io/?EIO=4&transport=polling", &format!("Origin: http://{origin}\r\n"));
    assert_eq!((friend(&carrier.address.to_string()), friend("127.0.0.1:1")), ("200".into(), "403".into()));

    carrier.signal("KILL");
    says(&owner, "is gone; its phones try the other addresses.");
    assert_eq!((count(&owner).1, gone(&owner)), (3, 2), "their votes stay");
    let tokens: Vec<Json> = phones.iter().map(|phone| phone.welcome["token"].clone()).collect();
    let back: Vec<Guest> = tokens[1..].iter().map(|token| back(&owner, token)).collect();
    assert_eq!(back[1].welcome["you"]["given"], "3", "with their votes");
    assert_eq!(back[0].welcome["you"]["name"], phones[1].welcome["you"]["name"]);
    assert_eq!((count(&owner), gone(&owner)), ((3, 3), 0));
}

#[test]
fn the_owner_is_killed_in_a_vote_and_the_carriers_go_on_when_it_is_back() {
    let Some(redis) = Redis::start("owner") else { return };
    let (owner, carrier) = class(&redis);
    let mut teacher = Guest::teacher(&owner);
    let slide = teacher.opens_a_vote(&owner);
    let mut phones: Vec<Guest> = (0..8).map(|_| student(&carrier)).collect();
    let acknowledged: Vec<usize> = (0..5).filter(|&n| phones[n].vote(slide, "2") == json!({ "ok": true })).collect();
    assert_eq!(acknowledged.len(), 5);
    // Votes are under way while it dies.
    for phone in &mut phones[5..] {
        let vote = json!({ "slide": slide, "round": 1, "given": "1", "sure": false });
        phone.socket.say(&format!("421{}", json!(["vote", vote])));
    }
    owner.signal("KILL");
    let answers: Vec<String> =
        phones[5..].iter_mut().map(|phone| phone.socket.hear("431[").expect("an answer")).collect();
    says(&carrier, "The computer that holds the class is out of reach");
    assert!(phones[0].socket.hear(r#"42["hold",{"why":"The class is interrupted."#).is_some(), "phones are told");
    let refused = phones[0].vote(slide, "3");
    assert!(refused["error"].as_str().unwrap().starts_with("the computer that holds the class doesn't answer"));

    let again = redis.owner(&["--resume", "--listen", &owner.address.to_string()]);
    says(&carrier, "The class goes on.");
    assert!(phones[0].socket.hear(r#"42["hold",{"why":null"#).is_some(), "phones hear that, too");
    let counted = 5 + answers.iter().filter(|answer| answer.contains("true")).count() as u64;
    let (here, answered) = count(&again);
    assert!(here == 8 && answered >= counted && gone(&again) == 0, "{here} here, {answered} of {counted} answered");
    for phone in &mut phones {
        // Some have asked a first question by themselves.
        phone.last = phone.last.max(1);
        assert_eq!(phone.vote(slide, "1"), json!({ "ok": true }), "the same connections go on");
    }
    assert_eq!(count(&carrier), (8, 8));
    let mut teacher = Guest::teacher(&again);
    teacher.does("reveal");
    while !phones[3].socket.hear(r#"42["you""#).expect("what the vote was worth").contains("\"told\":{") {}
}

#[test]
fn redis_may_be_gone_for_a_while_and_nobody_misses_a_page() {
    let Some(mut redis) = Redis::start("gone") else { return };
    let (owner, carrier) = class(&redis);
    let mut teacher = Guest::teacher(&owner);
    let slide = teacher.opens_a_vote(&owner);
    let (mut near, mut far) = (student(&owner), student(&carrier));
    redis.end();
    says(&owner, "Redis is lost");
    says(&carrier, "Redis is lost");
    assert_eq!(near.vote(slide, "1"), json!({ "ok": true }), "who is at the owner goes on");
    says(&carrier, "The computer that holds the class is out of reach");
    teacher.does("close");
    redis.begin();
    says(&carrier, "Redis is back.");
    says(&carrier, "The class goes on.");
    loop {
        let page = far.socket.hear(r#"42["page""#).expect("the page that was shown meanwhile");
        if page.contains(r#""phase":"closed""#) {
            break;
        }
    }
    assert_eq!(far.vote(slide, "1")["error"], "this vote is closed");
    assert_eq!((count(&carrier), gone(&carrier)), ((2, 1), 0));
    assert!(!owner.later().contains("panicked") && !carrier.later().contains("panicked"));
}

#[test]
fn nobody_else_holds_the_class_and_what_cannot_be_is_said_in_one_sentence() {
    let Some(redis) = Redis::start("refused") else { return };
    let one = |said: &str| said.starts_with("osi-tutor: ") && said.lines().count() == 1 && !said.contains("tulip@");
    let (said, code) = redis.refused(&redis.url(), &["--join"]);
    assert!(code == Some(1) && one(&said) && said.contains("no class is on the Redis"), "{said}");
    let owner = redis.owner(&["handshake", "--room-code", "tulip-7"]);
    let url = redis.url();
    let cases = [
        (url.as_str(), &["dns", "--room-code", "tulip-7"][..], 1, "another program holds this class"),
        (&url, &["--join", "other"], 1, "no class with this room code is on the Redis"),
        (&url.replace("tulip", "wrong"), &["--join"], 1, "it wants another user or password"),
        ("redis://:tulip@127.0.0.1:1", &["--join"], 1, "nothing answers there"),
        ("redis://:tulip@127.0.0.1:1", &["dns"], 1, "nothing answers there"),
        ("http://:tulip@127.0.0.1", &["dns"], 2, "this is no URL of a Redis"),
    ];
    for (url, args, wanted, text) in cases {
        let (said, code) = redis.refused(url, args);
        assert!(code == Some(wanted) && one(&said) && said.contains(text), "{args:?}: {code:?} {said}");
    }
    let (said, code) = redis.refused(&url, &["--join", "--resume"]);
    assert!(code == Some(2) && said.contains("cannot be used with"), "{said}");
    // Its claim is given back at once when it ends.
    drop(student(&owner));
    owner.signal("TERM");
    let mut owner = owner;
    assert_eq!(owner.ends().1, Some(0));
    let next = redis.owner(&["--resume"]);
    assert_eq!(count(&next).1, 0);
}

#[test]
fn what_comes_over_redis_need_not_make_sense() {
    let Some(redis) = Redis::start("odd") else { return };
    let (owner, carrier) = class(&redis);
    let mut phone = student(&carrier);
    let say = |channel: &str, text: &str| {
        let mut cli = Command::new("redis-cli");
        let port = redis.port.to_string();
        cli.args(["--no-auth-warning", "-a", "tulip", "-p", &port, "publish", channel, text]).stdin(Stdio::null());
        assert!(cli.output().unwrap().status.success());
    };
    let deep = "[".repeat(50_000);
    let odd = [
        "",
        "x",
        "null",
        &deep,
        r#"{"form":1,"letter":{}}"#,
        r#"{"form":1,"letter":{"hub":"x","turn":1,"asks":[[1,0,{"look":true}]]}}"#,
        r#"{"form":1,"letter":{"hub":"x","turn":1,"comes":{"at":"evil.example:80","members":[]}}}"#,
        r#"{"form":1,"letter":{"hub":"x","turn":1,"asks":[[18446744073709551615,9999999,{"knows":"t"}]],"comes":{"at":"127.0.0.1:9","members":[{"4000000000":4000000000}]}}}"#,
        r#"{"form":1,"letter":{"term":"x","owner":"127.0.0.1:9","hubs":[]}}"#,
    ];
    for channel in ["owner", "hubs"]
        .map(|name| format!("osi-tutor:tulip-7:{name}"))
        .iter()
        .map(String::as_str)
        .chain(["osi-tutor:tulip-7-request#/#"])
    {
        for text in odd {
            say(channel, text);
        }
    }
    says(&owner, "a message over Redis that can't be understood");
    let mut teacher = Guest::teacher(&owner);
    let slide = teacher.opens_a_vote(&owner);
    until("a vote counts", || count(&owner).0 == 1);
    let since = Instant::now();
    while phone.vote(slide, "1") != json!({ "ok": true }) {
        assert!(since.elapsed() < LONG, "the class goes on");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(!owner.later().contains("panicked") && !carrier.later().contains("panicked"));
}

#[test]
fn a_browsers_phone_moves_to_the_other_hub_by_itself() {
    let Some(redis) = Redis::start("browser") else { return };
    let (owner, carrier) = class(&redis);
    let args = [carrier.url(), format!("{}/teach#{}", owner.url(), secret(&owner)), carrier.id().to_string()];
    let Some(seen) = browsers("class-hubs.js", &args.each_ref().map(String::as_str)) else { return };
    assert_eq!(seen["before"], seen["after"], "the same pseudonym: {seen}");
    assert!(seen["note"].as_str().unwrap().starts_with("Your answer is in"), "{seen}");
    assert_eq!(seen["complaints"], json!([]), "{seen}");
}
