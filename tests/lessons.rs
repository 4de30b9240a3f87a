//! The course as a whole, and the workshop of those who write lessons, through the binary.

use osi_tutor::ask::bank;
use osi_tutor::filter::Filter;
use osi_tutor::flow::{Limits, Tracker};
use osi_tutor::lesson::format::{Fence, Words};
use osi_tutor::lesson::{COURSE, Page, course};
use osi_tutor::model::{Packet, RawFrame};
use osi_tutor::proto::walk;
use osi_tutor::sim::Simulation;
use osi_tutor::sim::scenario::{READY, Scenario};
use osi_tutor::source::file::File;
use osi_tutor::source::{Source, Step};
use osi_tutor::tutor::Audience;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most words of a sentence.
const LONGEST: usize = 20;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Exit code, standard output, standard error.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
        .args(arguments)
        .current_dir(root())
        .env_clear()
        .output()
        .expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
    (done.status.code(), text(done.stdout), text(done.stderr))
}

/// A new, empty folder.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}

/// Hands over every packet of a source; an error of the source ends it.
fn each(source: &mut dyn Source, take: &mut dyn FnMut(&Packet)) {
    let mut tracker = Tracker::new(Limits::default());
    let (mut frame, mut packet) = (RawFrame::default(), Packet::new());
    while let Ok(Step::Frame) = source.next(&mut frame) {
        walk(&frame, &mut tracker, &mut packet);
        take(&packet);
    }
}

#[test]
fn every_misconception_is_contradicted_by_a_real_packet_or_a_standard() {
    let mut open: Vec<_> = bank().iter().filter_map(|m| Some((&m.id, m.filter()?))).collect();
    assert!(open.len() > 15, "most are contradicted by packets");
    let mut look = |packet: &Packet| open.retain(|(_, filter)| !filter.matches(packet));
    for (name, _) in READY {
        let scenario = Scenario::ready(name).expect("it is ready").expect("it is sound");
        each(&mut Simulation::new(&scenario, scenario.seed), &mut look);
    }
    let captures = std::fs::read_dir(root().join("tests/captures")).expect("captures are there");
    for path in captures.flatten().map(|e| e.path()) {
        let Ok(mut file) = File::open(&path) else { continue };
        each(&mut file, &mut look);
    }
    let left: Vec<_> = open.iter().map(|(id, _)| id).collect();
    assert!(left.is_empty(), "no packet contradicts {left:?}");
}

/// The texts of a page, question and explanation alike.
fn words(page: &Page) -> Vec<&Words> {
    match &page.fence {
        None => Vec::new(),
        Some(Fence::Say(say)) => vec![&say.words],
        Some(Fence::Show(show)) => vec![&show.words],
        Some(Fence::Ask(ask)) => {
            let why = ask.choices().iter().filter_map(|c| c.why.as_ref());
            [&ask.prompt, &ask.why].into_iter().chain(&ask.hint).chain(why).collect()
        }
        Some(Fence::WhatIf(whatif)) => {
            let why = whatif.choices.iter().filter_map(|c| c.why.as_ref());
            [&whatif.prompt, &whatif.words].into_iter().chain(&whatif.hint).chain(why).collect()
        }
        Some(Fence::Worked(worked, _)) => [&worked.words].into_iter().chain(&worked.hint).collect(),
    }
}

/// A sentence ends with a full stop, a question mark, an exclamation mark, or the end.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '?', '!', ';', ':']).map(str::trim)
}

/// Words of a sentence; what stands in parentheses is read apart.
fn count(sentence: &str) -> usize {
    let outside = sentence.split('(').next().unwrap_or(sentence);
    outside.split_whitespace().filter(|w| w.chars().any(char::is_alphanumeric)).count()
}

#[test]
fn every_sentence_of_the_course_is_short() {
    let mut long = Vec::new();
    for lesson in course().expect("the course is sound") {
        for text in lesson.pages.iter().flat_map(words).flat_map(Words::all) {
            let whole = text.it.sentences().join(" ");
            for sentence in sentences(&whole).filter(|s| count(s) > LONGEST) {
                long.push(format!("{}: {} words: {sentence}", lesson.file, count(sentence)));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Lessons that are also practice: you install and run something.
const PRACTICE: [&str; 1] = ["chat"];

/// A lesson's minutes, for the audience that has most to read: 200 words a minute, and 40 seconds a question. Choices
/// and steps are counted as ten words each.
fn measured(lesson: &osi_tutor::lesson::Lesson) -> f64 {
    let long = |text: &str| text.split_whitespace().count();
    let of = |audience: Audience| -> usize {
        let one = |page: &Page| {
            let said = words(page).into_iter().filter_map(|w| w.all().get(audience as usize).or(w.all().first()));
            let choices = match &page.fence {
                Some(Fence::Ask(ask)) => ask.choices().len(),
                Some(Fence::WhatIf(whatif)) => whatif.choices.len(),
                _ => 0,
            };
            // Code is looked at, not read.
            let prose: usize = page.prose.split("```").step_by(2).map(long).sum();
            prose + 10 * choices + said.map(|text| long(&text.it.sentences().join(" "))).sum::<usize>()
        };
        lesson.pages.iter().map(one).sum()
    };
    let words = Audience::ALL.into_iter().map(of).max().unwrap_or(0);
    let questions = lesson.pages.iter().filter(|page| page.question.is_some()).count();
    #[expect(clippy::cast_precision_loss, reason = "a lesson has a few thousand words")]
    let minutes = words as f64 / 200.0 + questions as f64 * 2.0 / 3.0;
    minutes
}

#[test]
fn a_lesson_is_a_dozen_pages_and_takes_as_long_as_it_says() {
    // What the first half has beyond a dozen pages is for students and engineers.
    let second_half = course().expect("the course is sound").into_iter().skip_while(|l| l.id != "flow-control");
    let whole: Vec<String> = second_half.map(|lesson| lesson.id).collect();
    let mut wrong = Vec::new();
    for mut lesson in course().expect("the course is sound") {
        let measured = measured(&lesson);
        if !whole.contains(&lesson.id) {
            lesson.cut_for(Audience::Newcomer);
        }
        if lesson.pages.len() > 12 {
            wrong.push(format!("{} has {} pages", lesson.id, lesson.pages.len()));
        }
        let spare = if PRACTICE.contains(&&*lesson.id) { 7.0 } else { 2.0 };
        #[expect(clippy::cast_precision_loss, reason = "minutes are few")]
        let said = lesson.minutes as f64;
        if said < measured.floor() - 1.0 || said > measured + spare {
            wrong.push(format!("{} says {said} minutes, and takes {measured:.1}", lesson.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_question_of_the_course_explains_itself_to_each_audience() {
    for lesson in course().expect("the course is sound") {
        for page in &lesson.pages {
            if let Some(Fence::Ask(ask)) = &page.fence {
                assert!(ask.why.is_three(), "{}, {:?}: why is one for all", lesson.file, page.question);
            }
        }
    }
}

#[test]
fn every_lesson_is_printed_whole_for_every_audience() {
    for audience in Audience::ALL {
        for mut lesson in course().expect("the course is sound") {
            lesson.cut_for(audience);
            let (code, text, said) = run(&["explain", &lesson.id, "--audience", audience.name()]);
            assert_eq!(code, Some(0), "{}: {said}", lesson.id);
            assert!(!text.contains("This capture"), "{} lacks a packet", lesson.id);
            let last = format!("{audience} ── {0} of {0} ──", lesson.pages.len());
            assert!(text.contains(&last), "{} ends early", lesson.id);
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{} is wider than 80 columns", lesson.id);
        }
    }
}

/// What the course says of its own scenarios in numbers: so many packets of this kind.
const SAID: &[(&str, &str, usize)] = &[
    // Fifty sends of 100 bytes with Nagle's algorithm: the first leaves alone, the rest share.
    ("segmentation", "tcp.stream == 0 && tcp.dstport == 5000 && tcp.len == 100 && tcp.seq == 1", 1),
    ("segmentation", "tcp.stream == 0 && tcp.dstport == 5000 && tcp.len > 100", 4),
    // One send of 14,000 bytes fits into the ten segments that may leave before the first ACK (RFC 6928).
    ("segmentation", "tcp.stream == 1 && tcp.dstport == 5000 && tcp.len > 0", 10),
    ("segmentation", "tcp.stream == 1 && tcp.analysis.bytes_in_flight > 14480", 0),
    // The window closes while its right edge stands still; the probe goes out once.
    ("flow-control", "tcp.len == 0 && tcp.ack == 19281 && tcp.window_size == 5792", 1),
    ("flow-control", "tcp.analysis.zero_window_probe", 1),
    // One line of chat by polling: 209 + 109 + 177 + 124 bytes; by WebSocket: 30 + 55.
    ("polling", r#"http.request.method == "POST" && socketio.type == 2 && tcp.len == 209"#, 1),
    ("polling", "engineio.ok && tcp.len == 109", 4),
    ("polling", r#"http.response && socketio.event == "message" && tcp.len == 177"#, 1),
    ("polling", r#"http.request.method == "GET" && http.request.uri contains "sid=" && tcp.len == 124"#, 4),
    ("polling", "websocket && tcp.len == 30 || websocket && tcp.len == 55", 2),
    // Data of the server after the client's FIN, which it acknowledges.
    ("teardown", r#"data.data contains "message 2 " && tcp.ack == 52"#, 1),
    // Ben is told each time that Ada leaves.
    ("reconnect", r#"socketio.event == "left" && ip.dst == 192.0.2.11 && socketio.argument contains "Ada""#, 2),
    // TLS's goodbye: two bytes, a type and a tag.
    ("tls", "tls.record.length == 19", 2),
    // What one says, three hear, the speaker too.
    ("chat", r#"socketio.event == "message""#, 6),
    // The packet that waits for ARP is the page's SYN, and nothing of the client comes before it.
    ("routers", "frame.number == 3 && ip.src == 192.0.2.10 && tcp.flags.syn == 1", 1),
    // From the root down, once; the resolver wishes no recursion of these servers.
    ("dns", "dns.flags.response == 1 && dns.flags.authoritative == 0 && dns.count.answers == 0 && dns.ns", 2),
    ("dns", "dns.flags.response == 0 && dns.flags.recdesired == 0 && ip.dst == 198.51.100.51", 1),
    ("dns", "dns.flags.authoritative == 1 && dns.flags.recavail == 1", 0),
    // One request and three repeats: the third duplicate is at least the fourth equal ACK.
    ("loss", "tcp.analysis.duplicate_ack_num == 3", 1),
    ("loss", "tcp.analysis.fast_retransmission", 1),
];

#[test]
fn what_the_course_counts_in_its_scenarios_is_there() {
    for &(name, text, count) in SAID {
        let filter = Filter::parse(text).expect("it is a filter");
        let scenario = Scenario::ready(name).expect("it is ready").expect("it is sound");
        let mut found = 0;
        each(&mut Simulation::new(&scenario, scenario.seed), &mut |p| found += usize::from(filter.matches(p)));
        assert_eq!(found, count, "{name}: {text}");
    }
}

#[test]
fn showpieces_run_on_a_capture_too() {
    for (id, capture) in
        [("handshake", "two-hosts.pcapng"), ("handshake", "http.pcapng"), ("upgrade", "websocket.pcap")]
    {
        let path = format!("tests/captures/{capture}");
        let (code, text, said) = run(&["explain", id, "--read", &path]);
        assert_eq!(code, Some(0), "{id} on {capture}: {said}");
        assert!(text.contains(&format!("From the file {path}")), "{text}");
    }
    // npm's own server and client: the lesson finds every packet that it shows.
    let (code, text, said) = run(&["explain", "socketio", "--read", "tests/captures/socketio.pcapng"]);
    assert!(code == Some(0) && !text.contains("This capture"), "{said}{text}");
}

/// What a lesson says of its own scenario isn't said of a capture to which it doesn't apply.
#[test]
fn a_capture_is_told_only_what_its_packets_show() {
    let play = |lesson, capture: &str| run(&["explain", lesson, "--read", &format!("tests/captures/{capture}")]);
    // QUIC doesn't run on TCP, Socket.IO isn't plain WebSocket, and without a join nobody enters a room.
    for (lesson, capture) in
        [("tls", "quic.pcap"), ("socketio-vs-websocket", "chat.pcapng"), ("chat", "socketio.pcapng")]
    {
        let (code, text, said) = play(lesson, capture);
        assert!(code == Some(1) && said.contains("holds no conversation"), "{lesson} on {capture}: {said}{text}");
    }
    for (lesson, capture, never) in [
        // The name server is on the laptop's own network.
        ("web-request", "dhcp.pcap", "is on another network"),
        // What the mask leaves is still packed.
        ("websocket", "websocket-deflate.pcap", "is XORed with one byte"),
        // There the first byte says that the message is compressed.
        ("websocket", "websocket-deflate.pcap", "first byte, 81"),
        // Here the client is the slow receiver.
        ("flow-control", "tcp-zero-window.pcap", "The server's program"),
        // Its certificate is readable.
        ("tls", "tls12.pcap", "What follows is encrypted"),
        // The first poll comes on a new connection, and 3probe answers the client.
        ("http", "chat.pcapng", "open already: its bytes"),
        // The first request with a sid there asks for a WebSocket.
        ("http", "chat.pcapng", "EIO=4&transport=websocket&sid"),
        ("upgrade", "chat.pcapng", "no request before it"),
        // Nobody's fifty sends are in it.
        ("segmentation", "curl.pcapng", "the program sends one long text"),
        // Cleo's end, of which Ada hears, isn't the one that the page speaks of.
        ("socketio-failures", "chat.pcapng", "left to Ben, 192.0.2.10"),
    ] {
        for audience in ["newcomer", "student", "engineer"] {
            let path = format!("tests/captures/{capture}");
            let (code, text, said) = run(&["explain", lesson, "--read", &path, "--audience", audience]);
            assert_eq!(code, Some(0), "{lesson} on {capture}: {said}");
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(!text.contains(never), "{lesson} on {capture} says: {never}");
        }
    }
}

/// Without its proof an answer is not explained: what is said of it would be said of another packet.
#[test]
fn an_answer_is_explained_by_its_proof_or_not_at_all() {
    let (code, text, said) = run(&["explain", "arp", "--read", "tests/captures/arp.pcapng"]);
    assert_eq!(code, Some(0), "{said}");
    // The far server of the simulation isn't in it.
    assert!(text.contains("What this page says doesn't hold for this capture"), "{text}");
    assert!(!text.contains("which belongs to the next hop"), "{text}");
    let (code, text, said) = run(&["explain", "http", "--read", "tests/captures/curl.pcapng"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(text.contains("No packet of this capture shows why."), "{text}");
    assert!(!text.contains("Server's program:"), "what runs there, a capture doesn't say: {text}");
}

/// One capture ends without a close frame; in the other one the third segment carries the first data.
#[test]
fn an_order_is_asked_for_only_where_each_of_its_steps_has_a_packet() {
    for (lesson, capture, question) in [
        ("upgrade", "socketio.pcapng", "Put this one connection in order."),
        ("handshake", "tcp-fast-open.pcap", "Put the beginning of this connection in order."),
    ] {
        let (code, text, said) = run(&["explain", lesson, "--read", &format!("tests/captures/{capture}")]);
        assert_eq!(code, Some(0), "{lesson} on {capture}: {said}");
        assert!(text.contains("This page asks about a packet that this capture lacks"), "{lesson}: {text}");
        assert!(!text.contains(question), "{lesson} on {capture}: {text}");
        assert!(run(&["explain", lesson]).1.contains(question), "{lesson} has no such question");
    }
}

#[test]
fn a_new_lesson_passes_and_is_never_overwritten() {
    let folder = folder("new-lesson").join("not/there/yet");
    let path = folder.to_str().expect("a plain name");
    let (code, text, said) = run(&["lesson", "new", "my-own", "--lessons", path]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{text}");
    assert_eq!(run(&["lesson", "check", path]).1, "1 lesson is sound.\n");
    let file = folder.join("500-my-own.md");
    std::fs::write(&file, "mine").expect("it can be changed");
    let (code, _, said) = run(&["lesson", "new", "my-own", "--lessons", path]);
    assert_eq!(code, Some(1));
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "mine");
    assert_eq!(run(&["lesson", "new", "My Own"]).0, Some(2));
}

#[test]
fn a_teachers_lesson_is_played_from_its_folder() {
    let folder = folder("own-lesson");
    let path = folder.to_str().expect("a plain name");
    run(&["lesson", "new", "own", "--lessons", path]);
    let (code, text, said) = run(&["explain", "own", "--lessons", path]);
    assert_eq!(code, Some(0), "{said}");
    assert!(text.contains("What this lesson teaches"), "{text}");
    assert!(run(&["explain", "--lessons", path]).1.starts_with("own  What this lesson"));
    assert!(run(&["lesson", "list", "--lessons", path]).1.contains("own"));
}

#[test]
fn the_courses_own_folder_is_checked_like_a_teachers() {
    let folder = root().join("lessons");
    let path = folder.to_str().expect("a plain name");
    let (code, text, said) = run(&["lesson", "check", path]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{text}");
    assert_eq!(text, run(&["lesson", "check"]).1);
    let list = run(&["lesson", "list", "--lessons", path]).1;
    let [earlier, later] = ["95-websocket", "100-socketio"].map(|id| list.find(id.split_once('-').unwrap().1));
    assert!(earlier < later, "they stand in the order of their numbers:\n{list}");
}

#[test]
fn a_broken_lesson_is_refused_with_line_and_caret() {
    let folder = folder("broken-lesson");
    let path = folder.to_str().expect("a plain name");
    run(&["lesson", "new", "broken", "--lessons", path]);
    let file = folder.join("500-broken.md");
    let text = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(&file, text.replace("tcp.flags.ack == 0\"\nhigh", "tcp.flags.ak == 0\"\nhigh"))
        .expect("it can be changed");
    let (code, _, said) = run(&["lesson", "check", path]);
    assert_eq!(code, Some(1));
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains("500-broken.md:") && lines[0].contains("did you mean `tcp.flags.ack`?"), "{said}");
    assert_eq!(lines[1].find("tcp.flags.ak"), lines[2].find('^'), "{said}");
    std::fs::write(folder.join("notes.txt"), "").expect("a file can be made");
    let (code, _, said) = run(&["lesson", "check", path]);
    assert!(code == Some(1) && said.contains("notes.txt: a stray file"), "{said}");
}

#[test]
fn the_files_of_a_lesson_are_written_once_and_never_over_another() {
    let folder = folder("lesson-files").join("new");
    let path = folder.to_str().expect("a plain name");
    let (code, text, said) = run(&["lesson", "files", "chat", path]);
    assert_eq!((code, said.as_str()), (Some(0), ""), "{text}");
    let server = std::fs::read_to_string(folder.join("server.js")).expect("it was written");
    assert_eq!(server, std::fs::read_to_string(root().join("lessons/chat/server.js")).expect("it is there"));
    std::fs::remove_file(folder.join("server.js")).expect("it can be removed");
    std::fs::write(folder.join("index.html"), "mine").expect("it can be changed");
    let (code, _, said) = run(&["lesson", "files", "chat", path]);
    assert!(code == Some(1) && said.contains("is there already: nothing was written"), "{said}");
    assert!(!folder.join("server.js").exists(), "all or nothing");
    assert_eq!(std::fs::read_to_string(folder.join("index.html")).expect("it is there"), "mine");
    let (code, _, said) = run(&["lesson", "files", "tls", path]);
    assert!(code == Some(2) && said.contains("these lessons have: chat, socketio-vs-websocket"), "{said}");
}

#[test]
fn code_is_printed_as_it_is_in_the_file() {
    let text = run(&["explain", "chat"]).1;
    for line in
        std::fs::read_to_string(root().join("lessons/chat/server.js")).expect("it is there").lines().skip(13).take(23)
    {
        assert!(line.is_empty() || text.contains(&format!("    {line}\n")), "not whole in the print: {line}");
    }
}

#[test]
fn what_is_no_lesson_is_explained_all_the_same() {
    for (name, part) in [
        ("7", "OSI layer 7 Application"),
        ("presentation", "OSI layer 6 Presentation"),
        ("ntp", "Network Time Protocol (ntp)"),
        // A name that is both is the lesson.
        ("tls", " of "),
        ("protocol:tls", "Transport Layer Security (tls)"),
        ("protocol:tcp", "Transmission Control Protocol (tcp)"),
        ("tcp.flags.syn", "Synchronise (tcp.flags.syn)"),
        ("misconceptions", "masking-encrypts"),
        ("misconception:masking-encrypts", "RFC 6455 §10.3"),
        ("http-to-websocket", "From HTTP to WebSocket"),
    ] {
        let (code, text, said) = run(&["explain", name]);
        assert_eq!(code, Some(0), "{name}: {said}");
        assert!(text.contains(part), "{name}: {text}");
    }
    let (code, _, said) = run(&["explain", "handshke"]);
    assert_eq!(code, Some(2));
    assert!(said.contains("Did you mean handshake?"), "{said}");
    for osi in 1..=7 {
        let said: Vec<String> =
            Audience::ALL.iter().map(|a| run(&["explain", &osi.to_string(), "--audience", a.name()]).1).collect();
        assert!(said[0] != said[1] && said[1] != said[2], "layer {osi} says the same to two audiences");
    }
}

#[test]
fn the_files_of_the_course_stand_in_its_folder() {
    let mut there: Vec<String> = std::fs::read_dir(root().join("lessons"))
        .expect("lessons are there")
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "md"))
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    there.sort_by_key(|name| name.split('-').next().and_then(|n| n.parse::<u32>().ok()));
    let listed: Vec<&str> = COURSE.iter().map(|(file, _)| *file).collect();
    assert_eq!(there, listed, "each file in lessons/ has its line in COURSE, in order");
}
