//! `osi-tutor class` with real sockets: browsers, phones that we play ourselves, strangers who mean no good, and a kill
//! in the middle of a vote.
#![cfg(all(unix, feature = "classroom"))]

mod common;

use common::{are_sound, browsers, skipped};
#[path = "chat/guest.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod guest;
#[path = "chat/server.rs"]
#[allow(dead_code, reason = "chat's tests need more of it")]
mod server;

use guest::{Guest, secret};
use serde_json::{Value as Json, json};
use server::{Server, Socket, WEBSOCKET, frame};
use std::fmt::Write as _;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A class, and where it is kept.
struct Class {
    server: Server,
    folder: PathBuf,
}

impl Class {
    fn start(name: &str, args: &[&str]) -> Self {
        Self::of("handshake", name, args)
    }

    /// A lesson, or a capture.
    fn of(what: &str, name: &str, args: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("osi-tutor-classroom-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self { server: run(&folder, &[&[what], args].concat()), folder }
    }

    /// The same after a crash.
    fn resumed(&self) -> Server {
        run(&self.folder, &["--resume"])
    }

    fn secret(&self) -> String {
        secret(&self.server).to_owned()
    }
}

impl Drop for Class {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn run(folder: &Path, args: &[&str]) -> Server {
    let state = folder.to_str().unwrap();
    let command = [&["class"], args, &["--listen", "127.0.0.1:0", "--state", state]].concat();
    let captures = std::cell::Cell::new(false);
    Server::run("true", &command, |line| {
        captures.set(captures.get() || line.starts_with("Votes are captured on"));
        line.starts_with("Ctrl-C ends it").then(|| captures.get())
    })
}

/// Whether the terminal says that within a while.
fn says(server: &Server, text: &str) -> bool {
    let since = Instant::now();
    while !server.later().contains(text) && since.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
    server.later().contains(text)
}

#[test]
fn a_phone_says_what_is_wrong_and_comes_back_when_the_host_does() {
    let folder = std::env::temp_dir().join(format!("osi-tutor-classroom-{}-lost", std::process::id()));
    let seen = browsers("class-lost.js", &[env!("CARGO_BIN_EXE_osi-tutor"), folder.to_str().unwrap()]);
    let _ = std::fs::remove_dir_all(&folder);
    let Some(seen) = seen else { return };
    assert_eq!(seen["states"], json!(["lost", "offline", "connected"]));
    assert_eq!(seen["before"], seen["after"], "the same pseudonym on the same slide");
    assert_eq!((&seen["moved"], &seen["bar"]), (&seen["before"], &json!(true)), "the same also at another address");
    assert!(seen["note"].as_str().unwrap().starts_with("Your answer is in"), "{seen}");
}

#[test]
fn a_class_plays_a_lesson_whole_in_real_browsers() {
    let class = Class::start("browsers", &[]);
    let url = class.server.url();
    let pages = [format!("{url}/"), format!("{url}/stage"), format!("{url}/teach#{}", class.secret())];
    let Some(seen) = browsers("class.js", &pages.each_ref().map(String::as_str)) else { return };
    are_sound(&seen);
    assert!(seen["hands"].as_str().unwrap().contains(" of 7 right"), "{}", seen["hands"]);
    let (notes, timer) = (seen["notes"][0].as_str().unwrap(), seen["notes"][1].as_str().unwrap());
    assert!(notes.contains("Let everybody predict alone") && notes.contains("You will hear:"), "{notes}");
    assert!(timer.starts_with("This slide 0:") && timer.contains(" of 4:00 · the class "), "{timer}");
    assert!(seen["notes"][2].as_str().unwrap().starts_with("Next: "), "{}", seen["notes"]);
    assert_eq!(seen["leaked"], json!([false, false, false, false]), "a note is the teacher's alone");
    assert_ne!(seen["transfer"]["before"], seen["transfer"]["again"], "other packets, other numbers");
    assert_eq!(seen["bar"], format!("{url}/teach"), "the secret is not in the address bar");
    assert_eq!(seen["bars"], 0, "the stage shows no votes before the answer");
    let early = seen["early"].to_string();
    assert!(early.contains("3 of 3 answered") && !early.contains("The answer") && !early.contains("right"), "{early}");
    let name = seen["names"][0].as_str().unwrap().trim_start_matches("You are ");
    assert!(seen["back"].as_str().unwrap().starts_with(name), "the same member after a reload: {}", seen["back"]);
    let keyboard = &seen["keyboard"];
    assert!(keyboard["first"].as_str().unwrap().starts_with("Your answer is in"), "{keyboard}");
    assert_ne!(keyboard["first"], keyboard["changed"], "an answer is changed without a mouse");
    assert_eq!(keyboard["focus"], json!(["H2", "H2"]), "a new phase has the focus: {keyboard}");
    assert!(keyboard["read"].as_str().unwrap().contains("Transport"), "the layers open by keyboard: {keyboard}");
    assert!(seen["held"].as_str().unwrap().contains("handshake only checks"), "{}", seen["held"]);
    let reveal = seen["reveal"]["stage"].as_str().unwrap();
    assert_eq!(seen["reveal"]["origin"], "Simulated: two-hosts (seed 7)", "a screen says where its packets come from");
    assert!(reveal.contains("First vote: 1 of 3 right (33%). Last vote: 2 of 3 right (67%)."), "{reveal}");
    assert!(reveal.contains("1 moved to the right answer, 0 away from it"), "{reveal}");
    if class.server.captures {
        let crossed = seen["crossed"].as_str().unwrap();
        let parts = ["\"sure\":true}", "1 Physical", "7 Application", "The server's answer", "(XOR)"];
        assert!(parts.iter().all(|part| crossed.contains(part)), "{crossed}");
        assert!(seen["volunteered"].as_str().unwrap().contains("The vote, from the phone to the server"));
    }
    let wrong = seen["reveal"]["wrong"].as_str().unwrap();
    assert!(wrong.contains("A common belief") && wrong.contains("The answer: SYN, but not ACK"), "{wrong}");
    assert!(seen["broken"].as_str().unwrap().contains("With the fault (simulated)"));
    let forms: Vec<&str> = seen["forms"].as_array().unwrap().iter().filter_map(Json::as_str).collect();
    assert!(["radio", "typed", "order", "bytes"].iter().all(|form| forms.contains(form)), "{forms:?}");
    assert!(seen["board"].as_str().unwrap().contains("33% → 67%"), "{}", seen["board"]);
}

#[test]
fn a_class_browses_a_capture_and_asks_about_a_packet_on_the_spot() {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/http.pcapng");
    let class = Class::of(capture.to_str().unwrap(), "browse", &["--room-code", "tulip-7"]);
    let url = class.server.url();
    let pages = [format!("{url}/"), format!("{url}/stage#tulip-7"), format!("{url}/teach#{}", class.secret())];
    let Some(seen) = browsers("class-browse.js", &pages.each_ref().map(String::as_str)) else { return };
    are_sound(&seen);
    assert!(seen["refused"].as_str().unwrap().starts_with("Not let in: "), "{}", seen["refused"]);
    assert!(seen["wrong"]["why"].as_str().unwrap().contains("tcp.flags.sin"), "{}", seen["wrong"]);
    assert_eq!(seen["wrong"]["rows"], seen["all"], "the old list stays");
    assert!(seen["syn"].as_u64() < seen["all"].as_u64() && seen["syn"].as_u64() > Some(0), "{}", seen["syn"]);
    let shown = seen["shown"].as_str().unwrap();
    assert!(shown.contains("From the file http.pcapng") && shown.contains("4 Transport"), "{shown}");
    assert!(seen["asks"].to_string().contains("Ask: layer"), "{}", seen["asks"]);
    let [asked, reveal] = [&seen["asked"], &seen["reveal"]].map(|text| text.as_str().unwrap());
    assert!(!asked.contains("The packet that shows it") && !asked.contains("4 Transport"), "{asked}");
    assert!(reveal.contains("The answer: ") && reveal.contains("4 Transport"), "{reveal}");
}

#[test]
fn a_browsed_class_is_resumed_with_its_slides_also_without_its_capture() {
    let folder = std::env::temp_dir().join(format!("osi-tutor-classroom-{}-copy", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let capture = folder.join("copy.pcapng");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/http.pcapng"), &capture).unwrap();
    let class = Class::of(capture.to_str().unwrap(), "gone", &[]);
    let mut teacher = Guest::teacher(&class.server);
    let first = teacher.welcome["list"][0].clone();
    let syn = teacher.ask("filter", &json!("tcp.flags.syn == 1"));
    assert!(syn["packets"].as_array().unwrap().len() > 1, "{syn}");
    let ask = &first["asks"][0];
    assert_eq!(teacher.ask("command", &json!({ "go": ask[1] })), json!({ "ok": true }));
    assert_eq!(teacher.ask("command", &json!({ "go": 1_000_000 })), json!({ "error": "this can't be done now" }));
    teacher.does("open");
    let slide = ask[1].as_u64().unwrap() + 1;
    let mut phone = Guest::student(&class.server);
    let unclear = phone.vote(slide, "\u{1}");
    assert!(unclear["error"].as_str().unwrap().contains("no answer"), "{unclear}");
    assert!(phone.ask("filter", &json!("tcp"))["error"].is_string(), "only the teacher filters");
    class.server.signal("KILL");
    std::fs::remove_dir_all(&folder).unwrap();
    let again = class.resumed();
    let mut teacher = Guest::teacher(&again);
    assert_eq!((&teacher.welcome["list"][0], &teacher.welcome["filters"]), (&first, &json!(false)));
    assert_eq!(teacher.welcome["page"]["shown"]["slide"], slide);
    assert!(teacher.ask("filter", &json!("tcp"))["error"].as_str().unwrap().contains("gone"));
}

#[test]
fn each_student_sees_the_packet_of_their_own_vote_and_the_stage_a_volunteers() {
    let class = Class::start("wire", &[]);
    let server = &class.server;
    let mut teacher = Guest::teacher(server);
    let slide = teacher.opens_a_vote(server);
    let mut phones = [Guest::student(server), Guest::student(server)];
    if !server.captures {
        let why = phones[0].ask("wire", &Json::Null);
        assert!(why["error"].as_str().unwrap().starts_with("votes aren't captured here"), "{why}");
        assert!(server.said.contains("setcap cap_net_raw"), "the command that gives the right: {}", server.said);
        return skipped("the server may not capture here");
    }
    for (phone, given) in phones.iter_mut().zip(["1", "2"]) {
        assert_eq!(phone.vote(slide, given), json!({ "ok": true }));
    }
    let text = |given: &str| format!(r#"{{"given":"{given}","round":1,"slide":{slide},"sure":true}}"#);
    for (phone, given) in phones.iter_mut().zip(["1", "2"]) {
        let told = phone.ask("wire", &Json::Null);
        let packets = told["packets"].as_array().unwrap();
        let said: Vec<&str> = packets.iter().filter_map(|packet| packet["said"].as_str()).collect();
        assert_eq!(said, [text(given).as_str(), r#"{"ok":true}"#], "the vote and its answer, nobody else's");
        let rows = packets[0]["layers"]["rows"].as_array().unwrap();
        assert_eq!((rows.len(), rows[6]["evidence"].as_str()), (7, Some("observed")));
        assert!(rows[3]["what"].as_str().unwrap().contains(&server.address.port().to_string()), "{}", rows[3]);
        assert!(packets[0]["told"][0].as_str().unwrap().contains("No byte in it says who you are"));
    }
    // Our guests put the keys in another order than the page does: such a vote counts, and is not shown.
    let early = phones[0].ask("volunteer", &Json::Null);
    assert_eq!(early["error"], "this isn't the vote that counts");
    let sent = format!(r#"["vote",{{"slide":{slide},"round":1,"given":"3","sure":false}}]"#);
    phones[0].socket.say(&format!("4299{sent}"));
    phones[0].socket.hear("4399[").unwrap();
    // The server waits for what it has not captured yet.
    assert_eq!(phones[0].ask("wire", &Json::Null)["packets"].as_array().unwrap().len(), 4);
    let answer = phones[0].ask("volunteer", &Json::Null);
    assert!(answer["error"].as_str().unwrap().contains("it can be shown once the answer is"), "{answer}");
    let mut stage = Guest::try_in(server, &json!({ "role": "stage" })).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(stage.welcome["wire"], Json::Null);
    teacher.does("reveal");
    assert_eq!(phones[0].ask("volunteer", &Json::Null), json!({ "ok": true, "shown": true }));
    let seen: Json = serde_json::from_str(&stage.socket.hear(r#"42["wire""#).unwrap()[2..]).unwrap();
    assert_eq!(seen[1]["said"], format!(r#"{{"slide":{slide},"round":1,"given":"3","sure":false}}"#));
    let second = phones[0].ask("volunteer", &Json::Null);
    assert_eq!(second["error"], "another volunteer's packet is on the stage");
    let late = Guest::try_in(server, &json!({ "role": "stage" })).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(late.welcome["wire"]["said"], seen[1]["said"]);
    teacher.does("next");
    let later = Guest::try_in(server, &json!({ "role": "stage" })).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(later.welcome["wire"], Json::Null, "until the page moves on");
}

#[test]
fn several_classes_share_a_program_and_the_code_leads_each_student_to_one() {
    let class = Class::start("several", &["dns"]);
    let server = &class.server;
    let found = |server: &Server, before: &str| -> Vec<String> {
        let after = server.said.split(before).skip(1);
        after.map(|rest| rest.split_whitespace().next().unwrap().to_owned()).collect()
    };
    let (secrets, codes) = (found(server, "/teach#"), found(server, "the room code "));
    assert!(secrets.len() == 2 && codes.len() == 2 && codes[0] != codes[1], "{}", server.said);
    let enter = |auth: Json| Guest::try_in(server, &auth);
    let mut teachers: Vec<Guest> = secrets
        .iter()
        .map(|secret| enter(json!({ "role": "teach", "secret": secret })).unwrap_or_else(|e| panic!("{e}")))
        .collect();
    let student = |code: &str| enter(json!({ "role": "student", "code": code }));
    assert!(student("").is_err() && student("nonsense").is_err_and(|why| why.contains("room code")));
    let mut phones: Vec<Guest> = codes.iter().map(|code| student(code).unwrap_or_else(|e| panic!("{e}"))).collect();
    let title = |guest: &Guest| guest.welcome["page"]["shown"]["title"].as_str().unwrap().to_owned();
    for n in 0..2 {
        assert_eq!(title(&phones[n]), title(&teachers[n]));
    }
    assert_ne!(title(&phones[0]), title(&phones[1]));
    // The second class votes; the first one stays where it is.
    let sees = |n: usize| {
        let secret = &secrets[n];
        Guest::try_in(server, &json!({ "role": "teach", "secret": secret })).unwrap_or_else(|e| panic!("{e}")).welcome
    };
    while sees(1)["console"]["console"]["buttons"][0] != "open" {
        teachers[1].does("next");
    }
    teachers[1].does("open");
    let slide = sees(1)["page"]["shown"]["slide"].as_u64().unwrap();
    let task = sees(1)["page"]["shown"]["task"].clone();
    let given = if task["choices"].is_array() { "1" } else { "5" };
    assert_eq!(phones[1].vote(slide, given), json!({ "ok": true }), "{task}");
    assert_eq!(phones[0].vote(slide, given)["error"], "this vote is closed");
    assert_eq!((&sees(0)["count"]["answered"], &sees(1)["count"]["answered"]), (&json!(0), &json!(1)));
    assert_eq!(sees(0)["page"]["shown"]["phase"], "lobby");
    // A member comes back without the code; with the other class's code, to that one.
    let back = json!({ "role": "student", "token": phones[1].token() });
    assert_eq!(enter(back).unwrap_or_else(|e| panic!("{e}")).welcome["you"]["name"], phones[1].welcome["you"]["name"]);
    let other = json!({ "role": "student", "token": phones[1].token(), "code": codes[0] });
    assert_eq!(title(&enter(other).unwrap_or_else(|e| panic!("{e}"))), title(&phones[0]));
    class.server.signal("KILL");

    let again = class.resumed();
    assert_eq!((found(&again, "/teach#"), found(&again, "the room code ")), (secrets, codes));
    let back = json!({ "role": "student", "token": phones[1].token() });
    let back = Guest::try_in(&again, &back).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(back.welcome["you"]["given"], given);
    let report = |number: &str| {
        let state = class.folder.to_str().unwrap();
        let command = ["class", "report", "--class", number, "--state", state];
        let run = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(command).output().unwrap();
        (run.status.code(), String::from_utf8_lossy(&[run.stdout, run.stderr].concat()).into_owned())
    };
    assert!(report("2").1.contains("This was class 2 of 2"), "{}", report("2").1);
    assert_ne!(report("1").1.lines().next(), report("2").1.lines().next());
    assert_eq!(report("3").0, Some(2));
    // A new class alone leaves none of them beside it.
    again.signal("KILL");
    drop(run(&class.folder, &["handshake"]));
    assert_eq!(report("2").0, Some(2), "{}", report("2").1);
}

#[test]
fn refusals_reach_the_class_they_belong_to_and_who_says_no_hello_is_cut() {
    let class = Class::start("refusals", &["dns"]);
    let server = &class.server;
    let found = |before: &str| -> Vec<String> {
        let after = server.said.split(before).skip(1);
        after.map(|rest| rest.split_whitespace().next().unwrap().to_owned()).collect()
    };
    let (secrets, codes) = (found("/teach#"), found("the room code "));
    let enter = |auth: Json| Guest::try_in(server, &auth);
    let mut mute = Socket::open(server, WEBSOCKET);
    mute.hear("0{").unwrap();
    assert!(enter(json!({ "role": "student", "code": "nonsense" })).is_err());
    let mut wild = enter(json!({ "role": "student", "code": codes[1] })).unwrap_or_else(|e| panic!("{e}")).socket;
    wild.stream.write_all(&frame(0x82, b"\x00\x01")).unwrap();
    assert!(wild.is_let_go(Duration::from_secs(5)));
    assert!(mute.is_let_go(Duration::from_secs(20)));
    for line in [
        "\nRefused 1: the room code is missing or wrong.",
        "\nClass 2: Refused 1: nobody wants such a message: its connection was cut.",
        "\nRefused 1: a session said no hello in time: it was cut.",
    ] {
        assert!(says(server, line), "{line}: {}", server.later());
    }
    let refused: Vec<Vec<String>> = secrets
        .iter()
        .map(|secret| {
            let seen = enter(json!({ "role": "teach", "secret": secret })).unwrap_or_else(|e| panic!("{e}")).welcome;
            seen["console"]["refused"].as_object().unwrap().keys().map(|why| why[..12].to_owned()).collect()
        })
        .collect();
    assert_eq!(refused, [vec!["a session sa", "the room cod"], vec!["a session sa", "nobody wants", "the room cod"]]);
}

#[test]
fn a_class_whose_code_is_to_change_has_one_from_the_start_and_its_stage_shows_it_all_the_time() {
    let class = Class::start("rotate", &["--rotate", "5"]);
    let code = class.server.said.split("the room code ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let mut teacher = Guest::teacher(&class.server);
    teacher.does("next");
    let stage =
        Guest::try_in(&class.server, &json!({ "role": "stage", "code": code })).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(stage.welcome["page"]["lobby"]["code"], code);
    class.server.signal("KILL");
    let again = class.resumed();
    assert!(again.said.contains(&code), "{}", again.said);
    assert_eq!(Guest::sees(&again)["page"]["lobby"]["code"], code, "and it goes on changing");
}

/// A program that ends with its test.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_host_that_changes_its_network_says_where_it_is_now() {
    let network = "ip link add osi0 type veth peer name osi1 && ip addr add 192.0.2.5/24 dev osi0 \
                   && ip link set osi0 up && ip link set osi1 up";
    let works = |flags: &&str| {
        let run = Command::new("unshare").args([flags, "sh", "-c", network]).output();
        run.is_ok_and(|run| run.status.success())
    };
    let Some(flags) = ["-n", "-rn"].into_iter().find(works) else {
        return skipped("no network namespace with a card can be made here");
    };
    let folder = std::env::temp_dir().join(format!("osi-tutor-classroom-{}-moves", std::process::id()));
    let script = format!("{network} && exec \"$0\" class handshake --lan --no-capture --state \"$1\"");
    let class = Command::new("unshare")
        .args([flags, "--kill-child", "sh", "-c", &script, env!("CARGO_BIN_EXE_osi-tutor"), folder.to_str().unwrap()])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut class = Running(class.unwrap());
    let id = class.0.id().to_string();
    let ip = |args: &str| {
        let user = if flags == "-n" { "-n" } else { "-Un" };
        let enter = ["-t", &id, user, "--preserve-credentials", "ip", "addr"];
        let run = Command::new("nsenter").args(enter).args(args.split(' ')).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    };
    let (said, hear) = std::sync::mpsc::channel();
    let stderr = class.0.stderr.take().unwrap();
    std::thread::spawn(move || {
        std::io::BufReader::new(stderr).lines().map_while(Result::ok).all(|line| said.send(line).is_ok());
    });
    let says = |text: &str| loop {
        let line = hear.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| panic!("{text:?} is never said"));
        if line.contains(text) {
            break;
        }
    };
    says("Students open   http://192.0.2.5:");
    says("Ctrl-C ends it");
    ip("del 192.0.2.5/24 dev osi0");
    says("in no network now");
    ip("add 192.0.2.6/24 dev osi0");
    says("another address now. Students open   http://192.0.2.6:");
    drop(class);
    let _ = std::fs::remove_dir_all(&folder);
}

/// The pictures of ladders are beside the contract of scenes: `src/page/scene.js` adds them to its types.
fn without_pictures(mut said: Json) -> Json {
    match &mut said {
        Json::Object(all) => {
            all.remove("picture");
            all.values_mut().for_each(|value| *value = without_pictures(value.take()));
        }
        Json::Array(all) => all.iter_mut().for_each(|value| *value = without_pictures(value.take())),
        _ => {}
    }
    said
}

/// What everybody hears at each kind of moment, under the names of its types.
#[derive(Default)]
struct Heard(std::collections::BTreeMap<String, Json>);

impl Heard {
    /// What a console, a stage and a phone that come in now hear first.
    fn listen(&mut self, server: &Server, phone: &Guest) -> Json {
        let come_in = |auth: Json| Guest::try_in(server, &auth).unwrap_or_else(|e| panic!("{e}")).welcome;
        let teach = Guest::sees(server);
        let shown = &teach["page"]["shown"];
        let form = if shown["task"].is_null() { "none" } else { shown["task"]["form"].as_str().unwrap() };
        let moment = format!("{} {form}", shown["phase"].as_str().unwrap());
        self.0.entry(format!("StageWelcome {moment}")).or_insert_with(|| come_in(json!({ "role": "stage" })));
        let back = json!({ "role": "student", "token": phone.token() });
        self.0.entry(format!("StudentWelcome {moment}")).or_insert_with(|| come_in(back));
        self.0.entry(format!("TeachWelcome {moment}")).or_insert_with(|| teach.clone());
        teach
    }

    /// A module that holds all of it to its types.
    fn module(&self) -> String {
        let types = concat!(env!("CARGO_MANIFEST_DIR"), "/src/classroom/page/types.js");
        let names = "Crossing, StageWelcome, StudentWelcome, TeachWelcome";
        let mut out = format!("import type {{ {names} }} from {types:?};\n");
        for (n, (name, said)) in self.0.iter().enumerate() {
            let kind = name.split(' ').next().unwrap();
            writeln!(out, "// {name}\nexport const said{n}: {kind} = {};", without_pictures(said.clone())).unwrap();
        }
        out
    }
}

#[test]
fn what_the_class_says_is_what_the_types_of_its_pages_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/chat");
    if !folder.join("node_modules/typescript").is_dir() {
        return skipped("tests/chat/node_modules has no typescript (npm ci there brings it)");
    }
    let class = Class::start("types", &[]);
    let (server, mut heard) = (&class.server, Heard::default());
    let (mut teacher, mut phone) = (Guest::teacher(server), Guest::student(server));
    loop {
        let seen = heard.listen(server, &phone);
        let slide = seen["page"]["shown"]["slide"].as_u64().unwrap();
        let can =
            |seen: &Json, what: &str| seen["console"]["console"]["can"].as_array().unwrap().contains(&json!(what));
        if can(&seen, "open") {
            teacher.does("open");
            let form = &seen["page"]["shown"]["task"]["form"];
            let vote = |given: &str, round| json!({ "slide": slide, "round": round, "given": given, "sure": true });
            // Where it's no answer, it's refused.
            phone.ask("vote", &vote(if form == "range" { "0-1" } else { "2" }, 1));
            heard.listen(server, &phone);
            for command in ["hint", "close", "discuss", "again", "close", "reveal"] {
                if can(&Guest::sees(server), command) {
                    teacher.does(command);
                    heard.listen(server, &phone);
                }
            }
        }
        if can(&Guest::sees(server), "what-if") {
            teacher.does("what-if");
            heard.listen(server, &phone);
        }
        if !can(&Guest::sees(server), "next") {
            break;
        }
        teacher.does("next");
    }
    for (n, packet) in phone.ask("wire", &Json::Null)["packets"].as_array().into_iter().flatten().enumerate() {
        heard.0.insert(format!("Crossing {n}"), packet.clone());
    }
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/http.pcapng");
    let browsed = Class::of(capture.to_str().unwrap(), "types-browsed", &[]);
    let mut teacher = Guest::teacher(&browsed.server);
    teacher.does("next");
    heard.0.insert("TeachWelcome browsed".to_owned(), Guest::sees(&browsed.server));
    let wanted = ["StudentWelcome revealed choice", "StageWelcome what-if ", "TeachWelcome board none", "vote range"];
    for moment in wanted {
        assert!(heard.0.keys().any(|name| name.contains(moment)), "{moment}: {:?}", heard.0.keys());
    }
    let module = class.folder.join("said.ts");
    std::fs::write(&module, heard.module()).unwrap();
    let run = Command::new("node")
        .arg(folder.join("node_modules/typescript/bin/tsc"))
        .args(["--noEmit", "--strict", "--module", "es2022", "--moduleResolution", "bundler", "--target", "es2022"])
        .args(["--lib", "es2023,dom"])
        .arg(&module)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}

#[test]
fn a_quiz_is_a_class() {
    let class = Class::of("two-hosts", "quiz", &["--quiz", "--kind", "flags,ack", "--count", "4"]);
    let mut teacher = Guest::teacher(&class.server);
    let shown = &teacher.welcome["page"]["shown"];
    assert_eq!((&shown["title"], &shown["places"]), (&json!("Simulated: two-hosts@1"), &json!(4)));
    assert_eq!(teacher.welcome["list"], json!([]));
    let mut phone = Guest::student(&class.server);
    for slide in 1..=4 {
        teacher.does("next");
        teacher.does("open");
        let seen = Guest::sees(&class.server);
        let right = seen["console"]["console"]["words"].as_str().unwrap().to_owned();
        let choices = seen["page"]["shown"]["task"]["choices"].as_array();
        let place = choices.and_then(|all| all.iter().position(|text| *text == right));
        let given = place.map_or(right, |place| (place + 1).to_string());
        assert_eq!(phone.vote(slide, &given), json!({ "ok": true }), "{seen}");
        teacher.does("reveal");
        assert_eq!(Guest::sees(&class.server)["page"]["shown"]["answer"]["shares"], json!([{ "right": 1, "of": 1 }]));
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one class hears all of it, one after the other")]
fn what_a_hostile_student_does_is_refused_and_the_class_goes_on() {
    let class = Class::start("hostile", &[]);
    let server = &class.server;
    let mut teacher = Guest::teacher(server);
    let mut good = Guest::student(server);
    let slide = teacher.opens_a_vote(server);

    // Forged credentials.
    for auth in [
        json!({ "role": "teach", "secret": "x".repeat(32) }),
        json!({ "role": "teach", "secret": format!("{}x", class.secret()) }),
        json!({ "role": "teach", "secret": { "$ne": "" } }),
        json!({ "role": "teach" }),
        json!({ "role": "root" }),
        json!([1, 2]),
    ] {
        assert!(Guest::try_in(server, &auth).is_err_and(|why| why.starts_with("44")), "{auth}");
    }
    let forged = Guest::try_in(server, &json!({ "role": "student", "token": "x".repeat(4000) }))
        .unwrap_or_else(|e| panic!("{e}"));
    assert_ne!(forged.token(), good.token());
    drop(forged);

    let mut bad = Guest::student(server);
    let sound = json!({ "slide": slide, "round": 1, "given": "1", "sure": true });
    let with = |key: &str, value: Json| {
        let mut vote = sound.clone();
        vote[key] = value;
        vote
    };
    for (event, data) in [
        ("command", json!("reveal")),
        ("command", json!({ "hands": [1, 2, 3, 4] })),
        ("page", json!({})),
        ("vote", with("given", json!("<img src=x onerror=alert(1)>"))),
        ("vote", with("given", json!("\u{202e}1"))),
        ("vote", with("given", json!("1".repeat(3000)))),
        ("vote", with("given", json!([1]))),
        ("vote", with("slide", json!(slide + 1))),
        ("vote", with("slide", json!(0))),
        ("vote", with("slide", json!(u64::MAX))),
        ("vote", with("round", json!(2))),
        ("vote", with("round", json!(-1))),
        ("vote", json!([[[[]]]])),
        ("vote", Json::Null),
    ] {
        let answer = bad.ask(event, &data);
        assert!(answer["error"].is_string(), "{event} {data}: {answer}");
    }
    // A vote is for the one whose connection it comes over, whatever it says.
    assert_eq!(bad.ask("vote", &with("member", json!(1))), json!({ "ok": true }));
    assert_eq!(good.vote(slide, "2"), json!({ "ok": true }));
    let seen = Guest::sees(server);
    assert_eq!(seen["count"]["answered"], 2);
    let counts: Vec<u64> = seen["console"]["console"]["bars"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|bar| bar["cells"][0]["count"].as_u64())
        .collect();
    assert_eq!(counts[..2], [1, 1], "one vote each: {counts:?}");
    assert!(
        seen["console"]["refused"].as_object().unwrap().len() >= 4,
        "the console says why: {}",
        seen["console"]["refused"]
    );

    // A flood: most of it is refused, and in the end the door is shown.
    for _ in 0..400 {
        if bad.socket.try_say(&format!("42{}", json!(["vote", sound]))).is_err() {
            break;
        }
    }
    assert!(bad.socket.is_let_go(Duration::from_secs(5)), "a flood ends");
    assert!(says(server, "a flood: its connection was cut"), "the terminal says why: {}", server.later());
    // A frame that is too long, bytes that nobody wants, no JSON at all.
    for payload in [
        frame(0x81, "4".repeat(60_000).as_bytes()),
        frame(0x82, b"\x00\x01"),
        frame(0x81, b"451-[\"x\",{\"_placeholder\":true,\"num\":0}]"),
    ] {
        let mut wild = Guest::student(server).socket;
        wild.stream.write_all(&payload).unwrap();
        assert!(wild.is_let_go(Duration::from_secs(5)));
    }
    let mut torn = Guest::student(server).socket;
    let _ = torn.try_say("42[\"vote\",{");
    // Another site's page, and another name for this server.
    for fields in ["Origin: http://evil.example\r\n", "Host: evil.example\r\n"] {
        assert_eq!(server.status(server::POLLING, fields), "403", "{fields}");
    }
    // A link to the console in a mail may be followed; a frame or an image of another site shows none of it.
    let from =
        |dest: &str| format!("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: {dest}\r\n");
    assert_eq!(server.status("/teach", &from("document")), "200");
    assert_eq!(server.status("/teach", &from("iframe")), "403");
    assert_eq!(server.status(server::POLLING, &from("document")), "403");
    for path in ["/", "/stage", "/teach", "/student.js"] {
        let answer = server
            .ask(format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address).as_bytes());
        let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
        assert!(
            head.starts_with("http/1.1 200") && head.contains("content-security-policy: default-src 'none'"),
            "{head}"
        );
        assert!(!head.contains("set-cookie") && !answer.contains(&class.secret()), "{path}");
    }

    for why in ["a message was too long", "nobody wants such a message", "a request of another site"] {
        assert!(says(server, why), "{why}: {}", server.later());
    }
    assert_eq!(good.vote(slide, "1"), json!({ "ok": true }), "the class goes on");
    teacher.does("close");
    assert!(good.vote(slide, "1")["error"].as_str().unwrap().contains("closed"));
    teacher.does("reveal");
    let told = good.socket.hear("42[\"you\"").unwrap();
    assert!(told.contains("\"told\":{"), "{told}");
    // What is left of it, while it still runs: two votes are few, and not counted out.
    for (form, wanted) in [("text", "vote 1\n"), ("csv", "\"answer\",\"2\","), ("html", "<td>&lt; 5</td>")] {
        let mut report = Command::new(env!("CARGO_BIN_EXE_osi-tutor"));
        let run =
            report.args(["class", "report", "--as", form, "--state", class.folder.to_str().unwrap()]).output().unwrap();
        let said = String::from_utf8_lossy(&run.stdout);
        assert!(run.status.success() && said.contains(wanted), "{form}: {said}");
        assert!(said.contains("< 5") || form == "html", "{said}");
    }
}

#[test]
fn who_does_not_know_the_room_code_stays_outside_but_the_teacher_needs_none() {
    let class = Class::start("code", &["--room-code", "tulip-7"]);
    for role in ["student", "stage"] {
        for code in ["", "tulip-8"] {
            assert!(Guest::try_in(&class.server, &json!({ "role": role, "code": code })).is_err(), "{role} {code}");
        }
        assert!(Guest::try_in(&class.server, &json!({ "role": role, "code": "tulip-7" })).is_ok(), "{role}");
    }
    Guest::teacher(&class.server);
    assert!(class.server.said.contains("/#tulip-7"), "{}", class.server.said);
}

#[test]
fn a_locked_class_lets_in_who_was_there_and_a_full_one_says_so() {
    let class = Class::start("locked", &["--most", "2"]);
    let (mut teacher, first) = (Guest::teacher(&class.server), Guest::student(&class.server));
    let _second = Guest::student(&class.server);
    let third = Guest::try_in(&class.server, &json!({ "role": "student" }));
    assert!(third.is_err_and(|why| why.contains("the class is full")));
    teacher.does("lock");
    let third = Guest::try_in(&class.server, &json!({ "role": "student" }));
    assert!(third.is_err_and(|why| why.contains("the class is locked")));
    let back = Guest::try_in(&class.server, &json!({ "role": "student", "token": first.token() }))
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(back.welcome["you"]["name"], first.welcome["you"]["name"]);
}

#[test]
fn a_kill_in_the_middle_of_a_vote_loses_no_vote_that_was_acknowledged() {
    let class = Class::start("kill", &[]);
    let slide = Guest::teacher(&class.server).opens_a_vote(&class.server);
    let mut phones: Vec<Guest> = (0..40).map(|_| Guest::student(&class.server)).collect();
    // All vote. A second later, when the class has been written, all change their minds; then the kill comes, with votes
    // under way: what was acknowledged last is in no copy of the class yet.
    let all_vote = |phones: &mut Vec<Guest>, given: &str| {
        for phone in phones {
            assert_eq!(phone.vote(slide, given), json!({ "ok": true }));
        }
    };
    all_vote(&mut phones, "1");
    std::thread::sleep(Duration::from_millis(1200));
    all_vote(&mut phones, "2");
    for phone in phones.iter_mut().take(20) {
        let under_way = json!(["vote", { "slide": slide, "round": 1, "given": "3", "sure": false }]);
        let _ = phone.socket.try_say(&format!("42{under_way}"));
    }
    class.server.signal("KILL");

    let again = class.resumed();
    assert_eq!(secret(&again), class.secret(), "the teacher's link is the same");
    let seen = Guest::sees(&again);
    assert_eq!((&seen["page"]["shown"]["phase"], &seen["page"]["shown"]["slide"]), (&json!("vote"), &json!(slide)));
    assert_eq!(seen["count"]["answered"], phones.len());
    for (n, phone) in phones.iter().enumerate() {
        let back = Guest::try_in(&again, &json!({ "role": "student", "token": phone.token() }))
            .unwrap_or_else(|e| panic!("{e}"));
        let you = &back.welcome["you"];
        assert_eq!(you["name"], phone.welcome["you"]["name"]);
        let kept = you["given"].as_str();
        assert!(kept == Some("2") || (n < 20 && kept == Some("3")), "phone {n}: acknowledged 2, kept {kept:?}");
    }
}

#[test]
fn a_class_ends_within_a_second_with_everybody_connected() {
    let mut class = Class::start("end", &[]);
    let _teacher = Guest::teacher(&class.server);
    let _phones: Vec<Guest> = (0..50).map(|_| Guest::student(&class.server)).collect();
    class.server.signal("TERM");
    let (took, code) = class.server.ends();
    assert!(took < Duration::from_secs(1) && code == Some(0), "{took:?} {code:?}");
}

#[test]
fn doctor_class_waits_for_a_phone_and_says_what_it_saw() {
    let command = ["doctor", "class", "--listen", "127.0.0.1:0"];
    let mut server = Server::run("true", &command, |line| line.contains("Ctrl-C ends the wait").then_some(false));
    let page = server.ask(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    assert!(page.contains("/probe.js"), "{page}");
    let mut socket = Socket::open(&server, WEBSOCKET);
    socket.hear("0{").unwrap();
    socket.say("40{}");
    assert_eq!(socket.hear("42[").as_deref(), Some(r#"42["seen",true]"#));
    server.signal("TERM");
    let (took, code) = server.ends();
    assert!(says(&server, "This machine opened the page itself"), "{}", server.later());
    assert!(took < Duration::from_secs(1) && code == Some(0), "this machine is no phone: {took:?} {code:?}");
}

#[test]
fn a_class_that_cannot_be_says_why() {
    let ends = |args: &[&str]| {
        let run = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
            .arg("class")
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (run.status.code().unwrap(), String::from_utf8_lossy(&run.stderr).into_owned())
    };
    let nowhere = std::env::temp_dir().join(format!("osi-tutor-classroom-{}-none", std::process::id()));
    let nowhere = nowhere.to_str().unwrap();
    for (args, code, words) in [
        (&["no-such-lesson", "--state", nowhere][..], 2, "osi-tutor explain"),
        (&["--state", nowhere], 2, "osi-tutor class handshake"),
        (&["no-such-file.pcap", "--state", nowhere], 1, "no-such-file.pcap"),
        (&["handshake", "--count", "3"], 2, "--quiz"),
        (&["handshake", "dns", "--open", "--state", nowhere], 2, "each class gets its own"),
        (&["dns", "dns", "dns", "dns", "dns", "dns", "dns", "dns", "dns", "--state", nowhere], 2, "at most 8 classes"),
        (&["-", "--quiz", "--state", nowhere], 2, "read twice"),
        (&["--resume", "--state", nowhere], 1, "no class is kept there"),
        (&["report", "--state", nowhere], 1, "no class is kept there"),
        (&["report", "--as", "pdf"], 2, "text, csv, html"),
        (&["handshake", "--most", "0"], 2, "1..=5000"),
        (&["handshake", "--lan", "--listen", "8080"], 2, "cannot be used with"),
        (&["handshake", "--listen", "192.0.2.77:8080", "--state", nowhere], 1, "osi-tutor interfaces"),
        (&["--join"], 2, "--redis <URL>"),
        (&["dns", "--join", "--redis", "redis://127.0.0.1", "--state", nowhere], 2, "cannot be used with"),
        #[cfg(not(feature = "redis"))]
        (&["dns", "--redis", "redis://127.0.0.1", "--state", nowhere], 2, "built without Redis"),
        #[cfg(not(feature = "redis"))]
        (&["--join", "--redis", "redis://127.0.0.1"], 2, "--features redis"),
    ] {
        let (status, said) = ends(args);
        assert!(status == code && said.contains(words), "{args:?}: {status} {said}");
    }
}
