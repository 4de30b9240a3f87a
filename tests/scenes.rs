//! A lesson as data: every scene of every lesson obeys `schema/scene.json`, none gives an open question away, and a program
//! that knows nothing but JSON plays a lesson to its end.

mod common;

use common::{capture, root, schema};
use osi_tutor::ask::{Key, Mode, Task};
use osi_tutor::drive::scene_line;
use osi_tutor::lesson::find::search;
use osi_tutor::lesson::format::Fence;
use osi_tutor::lesson::hosts::Hosts;
use osi_tutor::lesson::scene::Request;
use osi_tutor::lesson::veil::places;
use osi_tutor::lesson::{Input, Lesson, Player, Trace, course, simulate};
use osi_tutor::source::file::File;
use osi_tutor::tutor::{Audience, Texts};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Checks a line of output: it obeys, and holds nothing that commands a terminal.
fn obeys(schema: &jsonschema::Validator, line: &str) -> Value {
    assert!(line.ends_with('\n') && !line.trim_end().contains(char::is_control), "{line}");
    let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    let faults: Vec<String> = schema.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path)).collect();
    assert!(faults.is_empty(), "{faults:?}\n{line}");
    each_text(&value, &mut |text| {
        let bad =
            |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!text.contains(bad), "{text:?}");
    });
    value
}

/// Every text of a value, but for the packets in full, which have a contract of their own.
fn each_text(value: &Value, take: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(all) => all.iter().for_each(|one| each_text(one, take)),
        Value::Object(all) => all.iter().filter(|(key, _)| *key != "whole").for_each(|(_, one)| each_text(one, take)),
        _ => {}
    }
}

/// Runs what a player asks for.
fn carried(lesson: &Lesson, trace: &Trace, Request::WhatIf { page }: Request) -> Input {
    let Some(Fence::WhatIf(whatif)) = lesson.pages[page].fence.as_ref() else { panic!("nothing breaks") };
    Input::Answer(simulate::what_if(lesson, whatif, trace.ends(), None).map(Box::new))
}

/// Plays a lesson with what `answer` gives to each question, and shows every scene, before and after.
fn play(
    lesson: &Lesson,
    trace: &Trace,
    audience: Audience,
    answer: &dyn Fn(&Task) -> Vec<Input>,
    see: &mut dyn FnMut(&Player<'_>),
) {
    let mut player = Player::new(lesson, trace.clone(), "here".into(), audience);
    let mut done = false;
    while !done {
        for input in [Input::Look, Input::Hint] {
            player.step(input, 0);
            see(&player);
        }
        let mut left = 9;
        while let Some(task) = player.look().open.filter(|_| left > 0) {
            for mut input in answer(task) {
                while let Some(request) = player.step(input, 0).request {
                    input = carried(lesson, trace, request);
                }
                see(&player);
            }
            left -= 1;
        }
        player.step(Input::Skip, 0);
        if let Some(request) = player.step(Input::WhatIf, 0).request {
            player.step(carried(lesson, trace, request), 0);
        }
        for input in [Input::Deeper, Input::Layers, Input::View, Input::View, Input::Layers] {
            player.step(input, 0);
            see(&player);
        }
        done = player.step(Input::Next, 0).over;
        see(&player);
    }
    assert!(player.record().done, "{}", lesson.id);
}

/// The right answer, key by key.
fn right(task: &Task) -> Vec<Input> {
    let keys = osi_tutor::ask::entry::keys(task, &task.right()).unwrap_or_else(|| panic!("{task:?}"));
    keys.into_iter().map(Input::Key).collect()
}

/// A wrong one, where one is known; else the question is skipped.
fn wrong(task: &Task) -> Vec<Input> {
    match task {
        Task::Choose { choices, right } => vec![Input::Key(Key::Choose((right + 1) % choices.len()))],
        Task::Number { right, .. } => {
            let keys = osi_tutor::ask::entry::keys(task, &(right + 1).to_string()).expect("a number");
            keys.into_iter().map(Input::Key).collect()
        }
        _ => vec![Input::Skip],
    }
}

#[test]
fn every_scene_of_every_lesson_obeys_its_schema() {
    let (packets, schema, texts) = (schema("packet.json"), schema("scene.json"), Texts::english());
    let all = course().unwrap();
    let (mut seen, mut whole, mut what_ifs) = (0, 0, 0);
    let mut see = |player: &Player<'_>| {
        let scene = obeys(&schema, &scene_line(player, &texts));
        seen += 1;
        for packet in scene["whole"].as_array().into_iter().flatten() {
            assert!(packets.is_valid(&packet["fields"]), "{packet}");
            whole += 1;
        }
        what_ifs += usize::from(scene["what_if"]["after"]["rows"].as_array().is_some_and(|rows| rows.len() > 1));
    };
    for lesson in &all {
        let trace = simulate::trace(lesson, None).unwrap();
        for audience in Audience::ALL {
            play(lesson, &trace, audience, if audience == Audience::Student { &wrong } else { &right }, &mut see);
        }
        let mut file = File::open(&capture("websocket.pcap")).unwrap();
        let (captured, _) = search(lesson, Hosts::new(lesson.osi), &mut file, &mut || false);
        play(lesson, &captured, Audience::Engineer, &|_| vec![Input::Skip], &mut see);
    }
    assert!(
        seen > 4_000 && whole > 200 && what_ifs > 20,
        "{seen} scenes, {whole} packets in full, {what_ifs} what-ifs"
    );
}

#[test]
fn no_open_question_gives_its_answer_away() {
    let texts = Texts::english();
    let (mut open, mut firsts, mut covered) = (0, [0; 8], 0);
    for lesson in &course().unwrap() {
        let trace = simulate::trace(lesson, None).unwrap();
        play(lesson, &trace, Audience::Student, &|_| vec![Input::Skip], &mut |player| {
            let seen = player.look();
            let Some(task) = seen.open else { return };
            let scene: Value = serde_json::from_str(&scene_line(player, &texts)).unwrap();
            let question = &scene["question"];
            assert_eq!((&question["open"], &question["verdict"]), (&json!(true), &Value::Null), "{question}");
            open += 1;
            if let Task::Choose { right, .. } = task {
                firsts[*right] += 1;
            }
            if let Task::Order { right, .. } = task {
                assert!(!right.is_sorted(), "{}: the items are in order", lesson.id);
            }
            for layers in scene["layers"].as_array().into_iter().flatten() {
                each_text(layers, &mut |text| {
                    for word in &seen.veil.words {
                        assert_eq!(places(text, word).next(), None, "{}: {word}: {text}", lesson.id);
                    }
                });
            }
            // What the packets above say is covered where it would be the answer.
            for row in scene["ladder"]["rows"].as_array().into_iter().flatten() {
                assert!(row["states"].is_null() && row["before"].is_null(), "{row}");
                for key in ["line", "messages", "remark", "gap", "kernel", "who", "hop"] {
                    each_text(&row[key], &mut |text| {
                        covered += usize::from(text.contains("=?"));
                        for word in &seen.veil.words {
                            assert_eq!(places(text, word).next(), None, "{}: {word}: {text}", lesson.id);
                        }
                    });
                }
            }
        });
    }
    let most = firsts.iter().max().copied().unwrap_or(0);
    let choices: usize = firsts.iter().sum();
    assert!(open > 100 && covered > 1 && choices > 50, "{open} {covered} {choices}");
    assert!(most * 2 < choices, "the right choice is too often at one place: {firsts:?}");
}

#[test]
fn what_is_open_looks_alike_whatever_is_right() {
    use osi_tutor::ask::{Candidate, Choice, Kind, Proof, Question, Session, Value as Given};
    let choice = |text: &str| Choice { text: text.into(), betrays: None };
    let choices = || vec![choice("a"), choice("b"), choice("c")];
    let packets = || [3, 5].map(|number| Candidate { number, text: "SYN".into(), betrays: None }).to_vec();
    let items = || ["x", "y", "z"].map(str::to_owned).to_vec();
    let pairs = [
        [0, 2].map(|right| Task::Choose { choices: choices(), right }),
        [7, 8].map(|right| Task::Number { right, slips: Vec::new() }),
        ["SYN", "ACK"].map(|right| Task::Text { right: vec![Given::Text(right.into())], slips: Vec::new() }),
        [[2, 0, 1], [1, 2, 0]].map(|right| Task::Order { items: items(), right: right.to_vec() }),
        [(1, 2), (4, 4)].map(|right| Task::Bytes { frame: vec![9; 60], right }),
        [3, 5].map(|right| Task::Packet { packets: packets(), right }),
        [1, 2].map(|right| Task::Blanks { right: vec![("seq".into(), right)] }),
    ];
    for pair in pairs {
        let seen = pair.map(|task| {
            let answer = task.right();
            let proof = Proof { filter: format!("secret {answer}"), frame: 5, line: answer.clone() };
            let id = format!("x/ack-{answer}");
            let question =
                Question { id, kind: Kind::Ack, prompt: "?".into(), shown: Vec::new(), task, proof, why: answer };
            let mut session = Session::new(vec![question]);
            let mut ignore = |_: &_, _: &_| {};
            let mut driven = osi_tutor::drive::Questions::new(&mut session, "here", 1, &mut ignore);
            let mut out = Vec::new();
            let mut input = &b"{\"input\":\"look\"}\n"[..];
            osi_tutor::drive::drive(&mut driven, &mut input, &mut out, &|| 0).unwrap();
            String::from_utf8(out).unwrap()
        });
        assert_eq!(seen[0], seen[1]);
        assert!(seen[0].contains("\"open\":true"), "{}", seen[0]);
    }
}

/// What comes of lines on standard input: exit code and lines.
fn driven(arguments: &[&str], lines: &[u8]) -> (Option<i32>, Vec<String>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
        .args(arguments)
        .current_dir(root())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the binary runs");
    // The program may end before it has read everything.
    let _ = child.stdin.take().expect("a pipe").write_all(lines);
    let done = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(done.stdout).expect("JSON is UTF-8");
    (done.status.code(), text.split_inclusive('\n').map(str::to_owned).collect())
}

#[test]
fn a_program_that_knows_only_json_plays_a_lesson_by_right_answers() {
    let (scenes, inputs) = (schema("scene.json"), schema("input.json"));
    let lesson = osi_tutor::lesson::built_in("handshake").unwrap().unwrap();
    let trace = simulate::trace(&lesson, None).unwrap();
    // What is right comes from the lesson; everything else from what the program says.
    let mut player = Player::new(&lesson, trace.clone(), String::new(), Audience::Student);
    let (mut lines, mut answers) = (String::new(), 0);
    let mut send = |value: Value| {
        assert!(inputs.is_valid(&value), "{value}");
        lines.push_str(&(value.to_string() + "\n"));
    };
    send(json!({ "input": "look" }));
    loop {
        while let Some(task) = player.look().open {
            answers += 1;
            match (task.mode(), task) {
                (Mode::Choose(_), Task::Choose { right, .. }) => {
                    send(json!({ "input": "choose", "choice": right + 1 }));
                }
                (Mode::Order(_), Task::Order { right, .. }) => {
                    for item in right {
                        send(json!({ "input": "take", "item": item + 1 }));
                    }
                    send(json!({ "input": "submit" }));
                }
                (Mode::Mark, Task::Bytes { right: (first, last), .. }) => {
                    send(json!({ "input": "mark", "first": first, "last": last }));
                    send(json!({ "input": "submit" }));
                }
                (_, task) => {
                    send(json!({ "input": "type", "text": task.right() }));
                    send(json!({ "input": "submit" }));
                }
            }
            for mut input in right(task) {
                while let Some(request) = player.step(input, 0).request {
                    input = carried(&lesson, &trace, request);
                }
            }
        }
        send(json!({ "input": "next" }));
        let mut input = Input::Next;
        while let Some(request) = player.step(input, 0).request {
            input = carried(&lesson, &trace, request);
        }
        if player.look().over {
            break;
        }
    }
    let (code, out) = driven(&["explain", "handshake", "--drive"], lines.as_bytes());
    assert_eq!((code, out.len()), (Some(0), lines.lines().count()));
    let out: Vec<Value> = out.iter().map(|line| obeys(&scenes, line)).collect();
    let right = out.iter().filter(|scene| scene["question"]["verdict"]["mark"] == "right");
    let pages: std::collections::BTreeSet<u64> = out.iter().filter_map(|scene| scene["page"].as_u64()).collect();
    assert!(answers > 5 && right.count() >= answers / 2, "{answers}");
    assert_eq!(pages.len(), lesson.pages.len());
    assert_eq!(out.last().map(|scene| &scene["over"]), Some(&json!(true)));
    assert!(out.iter().all(|scene| scene["question"]["verdict"]["mark"] != "wrong"));
}

#[test]
fn a_bad_line_is_answered_and_the_lesson_goes_on() {
    let scenes = schema("scene.json");
    let mut lines = Vec::new();
    let bad: [&[u8]; 12] = [
        b"",
        b"no",
        b"{}",
        b"[]",
        b"{\"input\":\"fly\"}",
        b"{\"input\":\"choose\"}",
        b"{\"input\":\"choose\",\"choice\":-1}",
        b"{\"input\":\"next\",\"page\":2}",
        b"{\"input\":\"mark\",\"first\":1,\"last\":99999999999999999999}",
        b"\xff\xfe",
        b"{\"input\":\"\\u001b]0;x\\u0007\"}",
        b"{\"input\":\"choose\",\"choice\":1}",
    ];
    for line in bad {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    lines.extend(std::iter::repeat_n(b'[', 200_000));
    lines.extend_from_slice(b"\n{\"input\":\"look\"}\n{\"input\":\"next\"}");
    let (code, out) = driven(&["explain", "handshake", "--drive"], &lines);
    assert_eq!((code, out.len()), (Some(0), bad.len() + 3));
    let errors = schema("error.json");
    for (at, line) in out.iter().take(bad.len() + 1).enumerate() {
        let code = if at == bad.len() - 1 { "not-now" } else { "no-input" };
        assert_eq!(obeys(&errors, line)["code"], code, "{line}");
    }
    assert!(out[bad.len()].contains("at most 65536 bytes"), "{}", out[bad.len()]);
    assert_eq!(obeys(&scenes, &out[bad.len() + 1])["page"], 1);
    assert_eq!(obeys(&scenes, &out[bad.len() + 2])["page"], 2);
}

#[test]
fn a_pipe_gets_each_page_as_a_line() {
    let scenes = schema("scene.json");
    let (code, out) = driven(&["explain", "upgrade", "--scenes", "--audience", "newcomer"], b"");
    let pages: Vec<u64> = out.iter().map(|line| obeys(&scenes, line)["page"].as_u64().unwrap()).collect();
    assert_eq!((code, pages.len() as u64), (Some(0), *pages.last().unwrap()));
    assert!(pages.is_sorted());
}

#[test]
fn a_quiz_and_puzzles_are_driven_to_their_end() {
    let (sessions, errors, mut answered) = (schema("session.json"), schema("error.json"), 0);
    let mut codes = std::collections::BTreeSet::new();
    for command in
        [&["quiz", "two-hosts"][..], &["quiz"], &["puzzle", "two-hosts"], &["quiz", "tests/captures/websocket.pcap"]]
    {
        // Every kind of answer is tried at every question: those that mean nothing are refused.
        let tries = [
            json!({ "input": "look" }),
            json!({ "input": "next" }),
            json!({ "input": "choose", "choice": 1 }),
            json!({ "input": "submit", "answer": "x" }),
            json!({ "input": "submit", "answer": "1" }),
            json!({ "input": "mark", "first": 0, "last": 1 }),
            json!({ "input": "take", "item": 1 }),
            json!({ "input": "submit" }),
            json!({ "input": "skip" }),
            json!({ "input": "next" }),
        ];
        let one: String = tries.iter().map(|input| input.to_string() + "\n").collect();
        let arguments = [command, &["--seed", "5", "--count", "20", "--drive"]].concat();
        let (code, out) = driven(&arguments, one.repeat(21).as_bytes());
        assert_eq!(code, Some(0));
        let mut forms = std::collections::BTreeSet::new();
        let (mut refused, mut told) = (0, 0);
        let mut last = Value::Null;
        for line in &out {
            let value: Value = serde_json::from_str(line).unwrap();
            if value["error"].is_string() {
                codes.extend(obeys(&errors, line)["code"].as_str().map(str::to_owned));
                refused += 1;
                continue;
            }
            last = obeys(&sessions, line);
            let question = &last["question"];
            forms.extend(question["form"].as_str().map(str::to_owned));
            let is_answered = !question["verdict"].is_null();
            told += usize::from(is_answered && last["proof"]["filter"].is_string());
            assert_eq!(question["open"].as_bool().unwrap_or(false), question.is_object() && !is_answered, "{line}");
            assert!(is_answered || (last["proof"].is_null() && last["id"].is_null()), "{line}");
        }
        assert!(refused > 20 && forms.len() > 1, "{command:?}: {refused} {forms:?}");
        answered += told;
        assert!(last["over"] == true && last["result"].as_str().is_some_and(|text| text.contains(" right")), "{last}");
    }
    assert!(answered > 20, "{answered}");
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["no-answer", "not-now"]);
}

#[test]
fn a_lesson_begins_at_the_page_that_is_named() {
    let scenes = schema("scene.json");
    for (from, wanted) in [("7", 7), ("19", 19), ("01", 1)] {
        let (code, out) = driven(&["explain", "handshake", "--drive", "--from", from], b"{\"input\":\"look\"}\n");
        assert_eq!((code, obeys(&scenes, &out[0])["page"].as_u64()), (Some(0), Some(wanted)), "{from}");
    }
    // By the name of its question; a pipe gets the rest of the lesson.
    let name = osi_tutor::lesson::built_in("handshake").unwrap().unwrap().pages[5].question.clone().unwrap();
    let (_, out) = driven(&["explain", "handshake", "--scenes", "--from", &name], b"");
    assert_eq!((obeys(&scenes, &out[0])["page"].as_u64(), out.len()), (Some(6), 14));
    for bad in ["0", "20", "-1", "nosuch", "", "\u{1b}[31m", "99999999999999999999"] {
        let from = format!("--from={bad}");
        let arguments = ["explain", "handshake", "--scenes", &from];
        let done = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(arguments).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!((done.status.code(), done.stdout.len(), said.lines().count()), (Some(2), 0, 1), "{bad}: {said}");
        assert!(said.contains("--from takes 1 to 19") && said.contains(&name) && !said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn only_a_lesson_has_scenes() {
    for arguments in [
        &["explain", "tcp", "--scenes"][..],
        &["explain", "7", "--drive"],
        &["explain", "7", "--from", "2"],
        &["explain", "--from", "2"],
        &["explain", "--scenes"],
        &["explain", "--drive"],
    ] {
        let done = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(arguments).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.code() == Some(2) && done.stdout.is_empty() && !done.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn one_standard_input_cannot_give_both() {
    for arguments in [&["explain", "handshake", "--read", "-", "--drive"][..], &["quiz", "-", "--drive"]] {
        let done = Command::new(env!("CARGO_BIN_EXE_osi-tutor")).args(arguments).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.code() == Some(2) && said.contains("cannot give both"), "{said}");
    }
}
