//! Plays, input by input.

use super::*;
use crate::ask::Task;
use crate::lesson::scene::Asked;
use crate::lesson::simulate;

const FRONT: &str = "+++\nid = \"x\"\ntitle = \"T\"\nosi = \"transport\"\nminutes = 1\nsource = { scenario = \"two-hosts\", seed = 7 }\n+++\n";
const SHOW: &str = "```show\nfilter = 'tcp.flags.syn == 1 && tcp.flags.ack == 0'\nnewcomer = 'a {tcp.seq}'\nstudent = 'b'\nengineer = 'c'\n```\n";
const ASK: &str = "```ask\nid = 'flags'\nprompt = 'Which?'\nchoices = [{ text = 'SYN', right = true, proof = 'tcp.flags.syn == 1' }, { text = 'ACK', betrays = 'handshake-is-hello' }]\nhint = 'Think.'\nwhy = 'So.'\n```\n";

fn lesson(body: &str) -> Lesson {
    Lesson::parse("10-x.md", &format!("{FRONT}{body}")).unwrap_or_else(|e| panic!("{e}"))
}

fn player(lesson: &Lesson) -> Player<'_> {
    Player::new(lesson, simulate::trace(lesson, None).unwrap(), "test".into(), Audience::Student)
}

fn results(player: &Player<'_>) -> Vec<(String, Mark, Option<String>)> {
    player.record().answers.into_iter().map(|a| (a.question, a.result, a.misconception)).collect()
}

#[test]
fn a_question_holds_back_what_comes_after_it() {
    let lesson = lesson(&format!("{ASK}{SHOW}"));
    let mut player = player(&lesson);
    let scene = player.step(Input::Next, 1);
    assert_eq!((scene.page, scene.mode), (1, Mode::Choose(2)));
    assert!(scene.notice.is_some() && scene.so_far.is_empty());
    let scene = player.step(Input::Key(Key::Choose(0)), 2);
    let Body::Asked(asked) = &scene.body else { panic!("{:?}", scene.body) };
    let verdict = asked.verdict.as_ref().unwrap();
    assert_eq!((verdict.mark, verdict.why.as_str()), (Mark::Right, "So."));
    assert!(verdict.proof.is_some());
    assert_eq!(player.step(Input::Next, 3).page, 2);
    assert!(player.step(Input::Next, 4).over);
    assert_eq!(results(&player), [("flags".into(), Mark::Right, None)]);
    assert!(player.record().done);
}

#[test]
fn a_wrong_choice_is_refuted_and_remembered_and_cannot_be_taken_back() {
    let lesson = lesson(ASK);
    let mut player = player(&lesson);
    let scene = player.step(Input::Key(Key::Choose(1)), 1);
    let Body::Asked(asked) = &scene.body else { panic!("{:?}", scene.body) };
    let verdict = asked.verdict.as_ref().unwrap();
    assert_eq!(verdict.betrayed.unwrap().id, "handshake-is-hello");
    assert!(verdict.against.is_some(), "a packet contradicts it");
    player.step(Input::Key(Key::Choose(0)), 2);
    assert_eq!(results(&player), [("flags".into(), Mark::Wrong, Some("handshake-is-hello".into()))]);
}

#[test]
fn a_skipped_question_is_told_and_recorded() {
    let lesson = lesson(&format!("{ASK}{SHOW}"));
    let mut player = player(&lesson);
    player.step(Input::Skip, 1);
    assert_eq!(results(&player), [("flags".into(), Mark::Skipped, None)]);
    assert_eq!(player.step(Input::Next, 2).page, 2);
}

#[test]
fn a_typed_number_has_two_attempts_and_a_known_slip_is_named() {
    let ask = "```ask\nprompt = 'Next?'\nof = 'tcp.flags.syn == 1'\nnumber = '{tcp.seq} + 1'\nproof = 'tcp.flags.syn == 1 && tcp.ack == {answer}'\nwrong = [{ answer = '{tcp.seq}', betrays = 'ack-means-arrived' }]\nwhy = 'SYN counts.'\n```\n";
    let lesson = lesson(ask);
    let mut player = player(&lesson);
    assert_eq!(player.step(Input::Key(Key::Enter), 0).mode, Mode::Type, "nothing was typed");
    player.step(Input::Key(Key::Type('0')), 1);
    let scene = player.step(Input::Key(Key::Enter), 2);
    let Body::Asked(asked) = &scene.body else { panic!("{:?}", scene.body) };
    let verdict = asked.verdict.as_ref().unwrap();
    assert!(verdict.again && verdict.betrayed.unwrap().id == "ack-means-arrived");
    for c in ['2', '3'] {
        player.step(Input::Key(Key::Type(c)), 3);
    }
    player.step(Input::Key(Key::Erase), 4);
    player.step(Input::Key(Key::Erase), 4);
    player.step(Input::Key(Key::Type('1')), 5);
    player.step(Input::Key(Key::Enter), 6);
    assert_eq!(results(&player), [("q1".into(), Mark::Wrong, Some("ack-means-arrived".into()))]);
}

#[test]
fn steps_are_taken_in_order() {
    let ask = "```ask\nprompt = 'Order?'\norder = [{ text = 'a', filter = 'tcp.flags.syn == 1' }, { text = 'b', filter = 'http.request' }, { text = 'c', filter = 'tcp.flags.fin == 1' }]\nwhy = 'Time.'\n```\n";
    let lesson = lesson(ask);
    let mut player = player(&lesson);
    let scene = player.step(Input::Look, 0);
    let Body::Asked(Asked { task: Some(Task::Order { items, .. }), .. }) = &scene.body else {
        panic!("{:?}", scene.body)
    };
    let items = items.clone();
    for wanted in ["a", "b", "c"] {
        let at = items.iter().position(|i| i == wanted).unwrap();
        player.step(Input::Key(Key::Choose(at)), 1);
        player.step(Input::Key(Key::Choose(at)), 1);
    }
    player.step(Input::Key(Key::Enter), 2);
    assert_eq!(results(&player), [("q1".into(), Mark::Right, None)]);
}

#[test]
fn the_bytes_of_a_field_are_marked() {
    let lesson = lesson(
        "```ask\nprompt = 'Which bytes?'\nof = 'tcp.flags.syn == 1'\nmark = 'tcp.dstport'\nwhy = 'There.'\n```\n",
    );
    let mut player = player(&lesson);
    // Ethernet 14, IPv4 20, source port 2.
    player.step(Input::Key(Key::Move(36)), 1);
    player.step(Input::Key(Key::Anchor), 2);
    player.step(Input::Key(Key::Move(1)), 3);
    player.step(Input::Key(Key::Enter), 4);
    assert_eq!(results(&player), [("q1".into(), Mark::Right, None)]);
    assert_eq!(player.step(Input::Key(Key::Move(isize::MIN)), 5).mode, Mode::Read);
}

fn typed(player: &mut Player<'_>, text: &str) {
    for c in text.chars() {
        player.step(Input::Key(Key::Type(c)), 1);
    }
    player.step(Input::Key(Key::Enter), 1);
}

#[test]
fn one_of_the_packets_so_far_is_named_by_its_number() {
    let second = SHOW.replace("ack == 0", "ack == 1");
    let ask = "```ask\nprompt = 'Which one answers?'\npacket = 'tcp.flags.syn == 1 && tcp.flags.ack == 1'\nwhy = 'So.'\n```\n";
    let lesson = lesson(&format!("{SHOW}{second}{ask}"));
    let mut player = player(&lesson);
    player.step(Input::Next, 0);
    let scene = player.step(Input::Next, 0);
    let Body::Asked(Asked { task: Some(Task::Packet { packets, right }), .. }) = &scene.body else {
        panic!("{:?}", scene.body)
    };
    assert!(packets[0].text.starts_with("client: ") && packets[1].text.starts_with("server: "), "{packets:?}");
    let right = right.to_string();
    typed(&mut player, "9999");
    let scene = player.step(Input::Look, 1);
    assert!(scene.complaint.is_some() && scene.mode == Mode::Type, "no such packet was shown, and that is no attempt");
    (0..4).for_each(|_| drop(player.step(Input::Key(Key::Erase), 1)));
    typed(&mut player, &right);
    assert_eq!(results(&player), [("q1".into(), Mark::Right, None)]);
}

#[test]
fn several_numbers_are_asked_for_at_once_and_written_as_anywhere() {
    let ask = "```ask\nprompt = 'Which?'\nof = 'tcp.flags.syn == 1'\nblanks = [{ text = 'destination port', answer = '{tcp.dstport}' }, { text = 'window', answer = '{tcp.window_size_value}' }]\nwhy = 'So.'\n```\n";
    let lesson = lesson(ask);
    let mut player = player(&lesson);
    typed(&mut player, "0x50 65,535");
    assert_eq!(results(&player), [("q1".into(), Mark::Right, None)]);
}

#[test]
fn a_what_if_asks_for_a_prediction_then_for_a_run() {
    let body = "```whatif\nprompt = 'And?'\nfault = { drop = 'tcp.flags.syn == 1' }\nchoices = [{ text = 'again', right = true, proof = 'tcp.flags.syn == 1' }, { text = 'never', betrays = 'handshake-is-hello' }]\nproof = 'tcp.analysis.retransmission'\nnewcomer = 'a'\nstudent = 'b {tcp.seq}'\nengineer = 'c'\n```\n";
    let lesson = lesson(&format!("{SHOW}{body}"));
    let mut player = player(&lesson);
    player.step(Input::Next, 1);
    let scene = player.step(Input::WhatIf, 2);
    assert!(scene.request.is_none() && scene.notice.is_some(), "first a prediction");
    let scene = player.step(Input::Key(Key::Choose(0)), 3);
    assert_eq!(scene.request, Some(Request::WhatIf { page: 1 }));
    let Some(Fence::WhatIf(whatif)) = &lesson.pages[1].fence else { panic!("a what-if") };
    let ends = simulate::trace(&lesson, None).unwrap().ends();
    let outcome = simulate::what_if(&lesson, whatif, ends, None).unwrap();
    let scene = player.step(Input::Answer(Ok(Box::new(outcome))), 4);
    assert!(scene.request.is_none());
    let Body::Broken(broken) = &scene.body else { panic!("{:?}", scene.body) };
    assert!(broken.proof.is_some() && broken.text == "b 0");
    assert_eq!(broken.verdict.as_ref().unwrap().mark, Mark::Right);
    assert!(player.step(Input::Next, 5).over);
}

#[test]
fn a_procedure_fades_step_by_step() {
    let body = "```worked\ntitle = 'Next'\non = ['tcp.len > 0', 'tcp.len > 0', 'tcp.len > 0']\nsteps = [{ say = 'from', value = '{tcp.seq}' }, { say = 'next', value = '{tcp.seq} + 5' }]\nnewcomer = 'a'\nstudent = 'b'\nengineer = 'c'\n```\n";
    let lesson = lesson(body);
    let mut player = player(&lesson);
    let told = |scene: &Scene<'_>| match &scene.body {
        Body::Worked(task) => task.lines.iter().map(|l| l.value.clone()).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(&player.step(Input::Look, 0)), [Some("1".into()), Some("6".into())]);
    assert_eq!(told(&player.step(Input::Next, 1)), [Some("1".into()), None]);
    player.step(Input::Key(Key::Type('6')), 2);
    player.step(Input::Key(Key::Enter), 3);
    assert_eq!(told(&player.step(Input::Next, 4)), [None, None]);
    for c in ['9', '9'] {
        player.step(Input::Key(Key::Type(c)), 5);
        player.step(Input::Key(Key::Enter), 6);
    }
    assert_eq!(told(&player.step(Input::Look, 7)), [Some("1".into()), None], "after two attempts it is told");
    player.step(Input::Key(Key::Type('6')), 8);
    player.step(Input::Key(Key::Enter), 9);
    let marks: Vec<Mark> = results(&player).into_iter().map(|(_, mark, _)| mark).collect();
    assert_eq!(marks, [Mark::Right, Mark::Wrong]);
}

#[test]
fn a_play_goes_on_where_it_was_left() {
    let lesson = lesson(&format!("{ASK}{SHOW}{ASK}").replacen("id = 'flags'", "id = 'first'", 1));
    let mut first = player(&lesson);
    first.step(Input::Key(Key::Choose(1)), 1);
    first.step(Input::Next, 2);
    let record = first.record();
    assert_eq!((record.page, record.result("first")), (1, Some(Mark::Wrong)));
    let mut second = player(&lesson);
    second.restore(&record);
    assert_eq!(second.step(Input::Look, 0).page, 2);
    let mut third = player(&lesson);
    third.restore(&Record { page: 999, answers: Vec::new(), ..record });
    assert_eq!(third.step(Input::Look, 0).page, 3, "no further than there are pages");
    assert_eq!(third.step(Input::Look, 0).mode, Mode::Choose(2), "the page itself still asks");
    assert_eq!(third.step(Input::First, 0).mode, Mode::Read, "what lies behind is passed");
    let mut other = player(&lesson);
    other.restore(&Record { lesson: "y".into(), page: 2, ..Record::default() });
    assert_eq!(other.step(Input::Look, 0).page, 1);
}

#[test]
fn no_input_at_any_time_makes_the_player_panic() {
    let course = crate::lesson::course().unwrap();
    let mut dice = crate::rng::Rng::seeded(5);
    for lesson in &course {
        let mut player = player(lesson);
        for now in 0..3_000 {
            let n = usize::try_from(dice.below(10)).unwrap();
            let input = match dice.below(18) {
                0 => Input::Next,
                1 => Input::Back,
                2 => Input::First,
                3 => Input::Last,
                4 => Input::Deeper,
                5 => Input::Audience,
                6 => Input::View,
                7 => Input::Key(Key::Choose(n)),
                8 => Input::Key(Key::Type(char::from(b'0' + u8::try_from(n).unwrap()))),
                9 => Input::Key(Key::Erase),
                10 => Input::Key(Key::Move(n.cast_signed() - 5)),
                11 => Input::Key(Key::Anchor),
                12 | 13 => Input::Key(Key::Enter),
                14 => Input::Hint,
                15 => Input::Skip,
                16 => Input::WhatIf,
                _ => Input::Answer(Err("no".into())),
            };
            let scene = player.step(input, now);
            assert!((1..=scene.pages).contains(&scene.page));
        }
    }
}

#[test]
fn a_page_that_needs_a_packet_says_so_where_it_is_not() {
    let front = "+++\nid = 'x'\ntitle = 'T'\nosi = 'transport'\nminutes = 1\nsource = { scenario = 'two-hosts', seed = 7 }\n+++\n";
    let ask = "```ask\nwhen = 'dns'\nprompt = 'Which?'\nwhy = 'So.'\nspec = 'RFC 1'\nchoices = [{ text = 'a', right = true }, { text = 'b', betrays = 'ack-means-arrived' }]\n```\n";
    let show = "```show\nwhen = 'tcp'\nfilter = 'tcp'\nnewcomer = 'a'\nstudent = 'b'\nengineer = 'c'\n```\n";
    let lesson =
        Lesson::parse("10-x.md", &format!("{front}Only there.\n\n{ask}{show}")).unwrap_or_else(|e| panic!("{e}"));
    let trace = simulate::trace(&lesson, None).unwrap();
    let mut player = Player::new(&lesson, trace, String::new(), Audience::Student);
    let scene = player.look();
    assert_eq!((scene.prose, scene.mode), ("", Mode::Read));
    let Body::Said(text) = scene.body else { panic!("{scene:?}") };
    assert!(text.contains("no packet with dns") && text.contains("osi-tutor explain x"), "{text}");
    assert!(matches!(player.step(Input::Next, 0).body, Body::Shown(_)), "what is there is played");
}

#[test]
fn a_missing_step_says_which_why_and_how_to_get_it() {
    let show = SHOW.replace("tcp.flags.syn == 1 && tcp.flags.ack == 0", "dns");
    let lesson = lesson(&format!("# The name\n\n~~~\ncode\n~~~\n\n{SHOW}\n## The answer\n\nIt comes.\n\n{show}"));
    let mut player = player(&lesson);
    let Body::Shown(shown) = player.step(Input::Next, 0).body else { panic!() };
    let expected = "This step of \u{201c}The answer\u{201d} is missing: in the lesson's order, no packet of this \
                    capture matches dns. To get one: osi-tutor explain x --live, from this machine's kernel; osi-tutor explain x, from the \
                    simulation; or osi-tutor capture lo -w FILE, while programs of yours send it.";
    assert_eq!((shown.hits.len(), shown.text.as_str()), (0, expected));
}

#[test]
fn a_sentence_whose_value_the_packet_lacks_is_left_out() {
    let show = SHOW.replace("'b'", "'It is {tcp.seq}. The host is {http.host}. So it goes.'");
    let lesson = lesson(&show);
    let player = player(&lesson);
    let Body::Shown(shown) = player.look().body else { panic!() };
    assert_eq!(shown.text, "It is 0. So it goes.");
}

#[test]
fn every_lesson_plays_on_every_capture_and_speaks_only_of_its_packets() {
    use crate::source::file::File;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/captures");
    let mut captures: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    captures.sort();
    let course = crate::lesson::course().unwrap();
    let (mut played, mut said, mut checked) = (0, 0, 0);
    for path in captures {
        for lesson in &course {
            let Ok(mut file) = File::open(&path) else { continue };
            let (trace, _) = crate::lesson::find::search(
                lesson,
                crate::lesson::hosts::Hosts::new(lesson.osi),
                &mut file,
                &mut || false,
            );
            let mut player = Player::new(lesson, trace, String::new(), Audience::Engineer);
            for _ in &lesson.pages {
                player.step(Input::Skip, 0);
                match &player.look().body {
                    Body::Shown(shown) => {
                        let missing = shown.text.starts_with("This step of ");
                        assert_eq!(shown.hits.is_empty(), missing, "{}: {path:?}", lesson.id);
                        let number = |hit: &crate::lesson::Hit| {
                            !shown.show.filter.matches(&hit.packet.unquoted().unwrap_or_else(|| hit.packet.clone()))
                        };
                        assert!(!shown.hits.iter().any(number), "{}: {path:?}", lesson.id);
                        assert!(!shown.text.contains('\0'));
                        if let Some(hit) = shown.hits.last() {
                            checked += recomputed(&shown.show.words, &shown.text, &hit.packet, &lesson.id);
                        }
                        said += usize::from(!missing && !shown.text.is_empty());
                    }
                    Body::Asked(Asked { task: None, verdict, .. }) => assert!(verdict.is_none()),
                    _ => {}
                }
                player.step(Input::Answer(Err(String::new())), 0);
                player.step(Input::Next, 0);
            }
            played += 1;
        }
    }
    assert!(played > 1000 && said > 100 && checked > 200, "{played} {said} {checked}");
}

/// The numbers of a text, as they are written.
fn numbers(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
    parts.filter(|part| part.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned).collect()
}

/// Each number that a text says of a packet is one of the lesson's own words, or a value of a field that the sentence
/// names, read from the packet once more. Gives how many were.
fn recomputed(words: &crate::lesson::format::Words, text: &str, packet: &crate::model::Packet, id: &str) -> usize {
    use crate::proto::tcp;
    let Some(template) = words.to(Audience::Engineer) else { return 0 };
    let written = template.sentences().join(" ");
    let (mut own, mut values) = (String::new(), Vec::new());
    for part in written.split('{') {
        let (name, rest) = part.split_once('}').unwrap_or(("", part));
        own.push_str(rest);
        own.push(' ');
        // Who the client is, the connection knows; that end's address and port are the packet's.
        let ends = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport"];
        let names = ["client", "server", "sender", "receiver", "ports", "source", "destination"];
        let named = |field: &str| field == name || (names.contains(&name) && ends.contains(&field));
        let unquoted = packet.layers.iter().filter(|layer| !layer.quoted);
        for field in unquoted.flat_map(|layer| packet.fields_of(layer)).filter(|field| named(field.def.name)) {
            let mut value = String::new();
            crate::model::show::value(packet, field, &mut value);
            values.extend(numbers(&value));
            values.extend(field.value.uint().map(|n| n.to_string()));
        }
    }
    let of = |def| packet.uint(def).unwrap_or_default();
    let flags = u64::from(packet.flag(&tcp::FLAGS_SYN)) + u64::from(packet.flag(&tcp::FLAGS_FIN));
    values.extend([
        ((of(&tcp::SEQ_RAW) + of(&tcp::LEN) + flags) % (1 << 32)).to_string(),
        (of(&tcp::SEQ) + of(&tcp::LEN)).saturating_sub(1).to_string(),
        of(&tcp::ACK).saturating_sub(1).to_string(),
    ]);
    let own = numbers(&own);
    let said: Vec<String> = numbers(text).into_iter().filter(|number| !own.contains(number)).collect();
    for number in said.iter().filter(|number| !(number.len() == 1 && text.contains("FIN-WAIT-"))) {
        assert!(values.contains(number), "{id}: {number} is of no field that is named: {text}");
    }
    said.len()
}

#[test]
fn what_the_official_programs_say_plays_every_page_of_the_socketio_lessons() {
    use crate::source::file::File;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/captures/chat.pcapng");
    for id in ["socketio", "socketio-events", "socketio-failures", "chat"] {
        let lesson = crate::lesson::built_in(id).unwrap().unwrap();
        let hosts = crate::lesson::hosts::Hosts::new(lesson.osi);
        let mut file = File::open(path.as_ref()).unwrap();
        let (trace, _) = crate::lesson::find::search(&lesson, hosts, &mut file, &mut || false);
        assert_eq!(trace.found(&lesson), lesson.shows().count(), "{id}");
        let mut player = Player::new(&lesson, trace, String::new(), Audience::Engineer);
        for page in 0..lesson.pages.len() {
            player.step(Input::Skip, 0);
            let scene = player.look();
            let lacks = matches!(&scene.body, Body::Said(text) if text.contains("this capture"));
            assert!(!lacks && !matches!(&scene.body, Body::Asked(asked) if asked.task.is_none()), "{id}: {page}");
            player.step(Input::Answer(Err(String::new())), 0);
            player.step(Input::Next, 0);
        }
    }
}

#[test]
fn a_real_curl_of_a_page_plays_a_dozen_lessons() {
    use crate::source::file::File;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/captures/curl.pcapng");
    let course = crate::lesson::course().unwrap();
    let plays = course.iter().filter(|lesson| {
        let mut file = File::open(path.as_ref()).unwrap();
        let hosts = crate::lesson::hosts::Hosts::new(lesson.osi);
        crate::lesson::find::search(lesson, hosts, &mut file, &mut || false).0.plays(lesson)
    });
    let plays: Vec<&str> = plays.map(|lesson| lesson.id.as_str()).collect();
    assert!(plays.len() >= 12, "{plays:?}");
    // Nothing is lost there, and nobody upgrades.
    assert!(!plays.contains(&"loss") && !plays.contains(&"upgrade"), "{plays:?}");
}
