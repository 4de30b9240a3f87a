//! Lessons, quizzes and packets for those who hear them: lines are only ever added, every lesson is played whole with digits
//! and Enter, and what is said is what every screen says.

mod common;

use common::{capture, root};
use osi_tutor::ask::{Task, entry::keys};
use osi_tutor::lesson::format::Fence;
use osi_tutor::lesson::scene::Request;
use osi_tutor::lesson::{Input, Lesson, Player, Trace, course, simulate};
use osi_tutor::linear::{self, World};
use osi_tutor::tutor::{Audience, Texts};
use osi_tutor::view::plain::plain;
use osi_tutor::view::prose::{Block, Span};
use osi_tutor::view::scene::resolved::Resolved;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Checks that text is letters of any language, digits and a keyboard's punctuation.
fn is_plain(text: &str) {
    for line in text.split('\n') {
        assert!(line.chars().all(|c| matches!(c, ' '..='~') || c.is_alphanumeric()), "{line:?}");
    }
}

fn carried(lesson: &Lesson, trace: &Trace, Request::WhatIf { page }: Request) -> Input {
    let Some(Fence::WhatIf(whatif)) = lesson.pages[page].fence.as_ref() else { panic!("nothing breaks") };
    Input::Answer(simulate::what_if(lesson, whatif, trace.ends(), None).map(Box::new))
}

/// What somebody types who answers like `answer`: the lines, and at each the scene that they were typed at.
fn typed(
    lesson: &Lesson,
    trace: &Trace,
    audience: Audience,
    answer: &dyn Fn(&Task) -> Option<String>,
    see: &mut dyn FnMut(&Player<'_>),
) -> String {
    let mut player = Player::new(lesson, trace.clone(), "here".into(), audience);
    let mut lines = String::new();
    while !player.look().over {
        see(&player);
        let given = player.look().open.map(|task| (answer(task), task.clone()));
        let (line, inputs) = match given {
            None => (String::new(), vec![Input::Next]),
            Some((None, _)) => ("skip".to_owned(), vec![Input::Skip]),
            Some((Some(line), task)) => {
                let keys = keys(&task, &line).unwrap_or_else(|| panic!("{line} for {task:?}"));
                (line, keys.into_iter().map(Input::Key).collect())
            }
        };
        lines.push_str(&line);
        lines.push('\n');
        for mut input in inputs {
            while let Some(request) = player.step(input, 0).request {
                input = carried(lesson, trace, request);
            }
        }
    }
    lines
}

/// Plays a lesson with these lines; what is said, and whether its end was reached.
fn played(lesson: &Lesson, trace: &Trace, audience: Audience, lines: &str) -> (String, bool) {
    let mut player = Player::new(lesson, trace.clone(), "here".into(), audience);
    let (mut input, mut out, mut kept) = (lines.as_bytes(), Vec::new(), 0);
    let mut world = World { input: &mut input, out: &mut out, now: &|| 0 };
    let texts = Texts::english();
    let mut carry = |request| carried(lesson, trace, request);
    linear::play(&mut player, &texts, &mut world, &mut carry, &mut |_| kept += 1).unwrap();
    assert!(kept > 0, "progress is kept");
    (String::from_utf8(out).unwrap(), player.record().done)
}

#[test]
fn every_lesson_is_played_whole_with_digits_and_enter() {
    for lesson in &course().unwrap() {
        let trace = simulate::trace(lesson, None).unwrap();
        for audience in Audience::ALL {
            let lines = typed(lesson, &trace, audience, &|task| Some(task.right()), &mut |_| {});
            let words = lines.lines().filter(|line| line.chars().any(char::is_alphabetic)).count();
            assert!(words * 3 <= lines.lines().count(), "{}: mostly digits and Enter: {lines}", lesson.id);
            let (said, done) = played(lesson, &trace, audience, &lines);
            assert!(done, "{}: {said}", lesson.id);
            is_plain(&said);
            assert!(!said.contains("Not quite.") && !said.contains("no answer here"), "{}: {said}", lesson.id);
        }
        let wrong = |task: &Task| match task {
            Task::Choose { choices, right } => Some(((right + 1) % choices.len() + 1).to_string()),
            Task::Number { right, .. } => Some((right + 1).to_string()),
            _ => None,
        };
        let lines = typed(lesson, &trace, Audience::Student, &wrong, &mut |_| {});
        let (said, done) = played(lesson, &trace, Audience::Student, &lines);
        assert!(done && (said.contains("Not quite.") || said.contains("Not yet.")), "{}: {said}", lesson.id);
        is_plain(&said);
    }
}

#[test]
fn every_command_is_heard_everywhere_and_says_plain_text() {
    let commands =
        "?\npackets\nlayers\ndeeper\nview\naudience\nview\nrepeat\nhint\nfly\n-1\n=x\nwhat if\nlayers\ndeeper\n";
    for id in ["handshake", "routing", "socketio", "segmentation"] {
        let lesson = osi_tutor::lesson::built_in(id).unwrap().unwrap();
        let trace = simulate::trace(&lesson, None).unwrap();
        let mut lines = String::new();
        for _ in &lesson.pages {
            lines.push_str(commands);
            lines.push_str("skip\n\n");
        }
        lines.push_str(&"x".repeat(100_000));
        lines.push_str("\nquit\n");
        let (said, _) = played(&lesson, &trace, Audience::Student, &lines);
        is_plain(&said);
        for part in [
            "Commands:",
            "next or n goes on",
            "All of packet ",
            "Layer 4, Transport",
            "no answer here",
            "Bytes 0 to 15: ",
        ] {
            assert!(said.contains(part), "{id}: {part}: {said}");
        }
    }
}

#[test]
fn a_packet_is_a_sentence() {
    let lesson = osi_tutor::lesson::built_in("handshake").unwrap().unwrap();
    let trace = simulate::trace(&lesson, None).unwrap();
    let lines = typed(&lesson, &trace, Audience::Student, &|task| Some(task.right()), &mut |_| {});
    let (said, _) = played(&lesson, &trace, Audience::Student, &lines);
    let wanted = "Packet 3, client to server: SYN, sequence number 0,";
    let at = said.find(wanted).unwrap_or_else(|| panic!("{said}"));
    assert!(said[at..].contains("\nClient: SYN-SENT. Server: LISTEN.\n"), "{}", &said[at..]);
}

/// The words of a text, but for signs that only a screen draws.
fn words(text: &str) -> String {
    let text = plain(text);
    let all = text.split_whitespace().filter(|word| *word != "-");
    format!(" {} ", all.collect::<Vec<_>>().join(" "))
}

/// Every sentence of a scene that is the course's.
fn sentences(scene: &Resolved) -> Vec<String> {
    let text = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect::<String>();
    let mut all: Vec<String> = Vec::new();
    for block in &scene.prose {
        match block {
            Block::Heading { spans } | Block::Paragraph { spans } => all.push(text(spans)),
            Block::List { items } => all.extend(items.iter().map(|item| text(item))),
            // On a screen, long lines of code are cut.
            Block::Code { .. } => {}
        }
    }
    all.extend(scene.text.clone());
    all.extend(scene.notice.clone());
    if let Some(work) = &scene.work {
        all.extend(work.steps.iter().map(|step| step.say.clone()));
        all.extend(work.text.clone());
        all.push(work.title.clone());
    }
    if let Some(question) = &scene.question {
        all.push(question.prompt.clone());
        all.extend(question.items.iter().map(|item| item.text.clone()));
        all.extend(question.hint.clone());
        if let Some(verdict) = &question.verdict {
            all.extend(verdict.said.iter().chain(&verdict.why).cloned());
            all.extend(verdict.misconception.iter().flat_map(|m| [m.claim.to_owned(), m.refutation.to_owned()]));
            all.extend(verdict.answer.clone());
        }
    }
    all.retain(|text| !text.trim().is_empty());
    all
}

/// How a question is answered, if it is.
type Answer<'a> = &'a dyn Fn(&Task) -> Option<String>;

#[cfg(feature = "tui")]
#[test]
fn a_screen_a_page_and_a_voice_say_the_same_sentences() {
    use osi_tutor::tui::player::{Show, text};
    let texts = Arc::new(Texts::english());
    let show = Show { texts: Arc::clone(&texts), color: false };
    let mut compared = 0;
    for lesson in &course().unwrap() {
        let trace = simulate::trace(lesson, None).unwrap();
        let skip = |_: &Task| None;
        let wrong = |task: &Task| match task {
            Task::Choose { choices, right } => Some(((right + 1) % choices.len() + 1).to_string()),
            _ => None,
        };
        let right = |task: &Task| Some(task.right());
        let answers: [Answer<'_>; 3] = [&wrong, &right, &skip];
        for ((audience, answer), size) in Audience::ALL.into_iter().zip(answers).zip([(80, 24), (120, 40), (60, 20)]) {
            typed(lesson, &trace, audience, answer, &mut |player| {
                let drawn = text(player, &show, size);
                let (screen, voice) = (words(&drawn), words(&linear::page(player, &texts)));
                for sentence in sentences(&Resolved::of(&player.look(), &texts)) {
                    let wanted = words(&sentence);
                    let wanted = wanted.trim();
                    assert!(screen.contains(wanted), "{}: the screen lacks: {wanted}\n{drawn}", lesson.id);
                    assert!(voice.contains(wanted), "{}: the voice lacks: {wanted}\n{voice}", lesson.id);
                    compared += 1;
                }
            });
        }
    }
    assert!(compared > 3_000, "{compared}");
}

fn run(arguments: &[&str], term: &str) -> (Option<i32>, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_osi-tutor"))
        .args(arguments)
        .current_dir(root())
        .env_clear()
        .env("TERM", term)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    (done.status.code(), String::from_utf8(done.stdout).expect("output is UTF-8"))
}

#[test]
fn in_a_pipe_everything_is_said_without_waiting() {
    let file = capture("websocket.pcap");
    let file = file.to_str().unwrap();
    for (arguments, part) in [
        (&["explain", "handshake", "--linear"][..], "Packet 3, client to server: SYN, sequence number 0"),
        (&["quiz", "two-hosts", "--seed", "5", "--linear"], "Question 10 of 10: "),
        (&["quiz", "two-hosts", "--seed", "5", "--linear", "--answers"], "Proof: "),
        (&["puzzle", "two-hosts", "--seed", "5", "--linear"], "Question 1 of "),
        (&["read", file, "--linear"], "Layer 4, Transport, observed: TCP"),
        (&["read", file, "--linear", "--brief"], "Packet 10, 77 bytes: "),
        (&["simulate", "two-hosts", "--linear", "-c", "5"], "Packet 5, "),
    ] {
        let (code, said) = run(arguments, "xterm");
        assert_eq!(code, Some(0), "{arguments:?}");
        is_plain(&said);
        assert!(said.contains(part), "{arguments:?}: {said}");
        assert!(!said.contains("lists the commands"), "nobody is asked: {said}");
    }
    let (_, paper) = run(&["quiz", "two-hosts", "--seed", "5", "--linear"], "xterm");
    assert!(!paper.contains("Proof: ") && !paper.contains("The answer: "), "{paper}");
}
