use super::keys::{Act, help};
use super::{Game, Lesson, Quiz, Show, Sight};
use crate::ask::draft::paper::Maker;
use crate::ask::{Key, Kind, Session, Task};
use crate::flow::{Limits, reader};
use crate::lesson::format::Fence;
use crate::lesson::scene::Request;
use crate::lesson::{self, Input, Player, Trace, course, simulate};
use crate::model::Kind as Is;
use crate::rng::Rng;
use crate::source::SourceError;
use crate::source::file::File;
use crate::tty::table::{Row, named, on, rows};
use crate::tutor::{Audience, Texts};
use crate::view::brief::sentence;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// The three sizes that every page is made for.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (60, 20)];

fn show() -> Show {
    Show { texts: Arc::new(Texts::english()), color: false }
}

fn lesson(id: &str) -> (lesson::Lesson, Trace) {
    let lesson = lesson::built_in(id).unwrap().unwrap();
    let trace = simulate::trace(&lesson, None).unwrap();
    (lesson, trace)
}

fn carried(lesson: &lesson::Lesson, trace: &Trace, Request::WhatIf { page }: Request) -> Input {
    let Some(Fence::WhatIf(whatif)) = lesson.pages[page].fence.as_ref() else { panic!("nothing breaks") };
    Input::Answer(simulate::what_if(lesson, whatif, trace.ends(), None).map(Box::new))
}

/// A screen of some size, and somebody before it.
struct Seat {
    sight: Sight,
    terminal: Terminal<TestBackend>,
    left: bool,
}

impl Seat {
    fn new((columns, rows): (u16, u16)) -> Self {
        let terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        Self { sight: Sight::new(&show()), terminal, left: false }
    }

    fn resize(&mut self, (columns, rows): (u16, u16)) {
        self.terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    }

    /// Does what the loop does with an event.
    fn take(&mut self, game: &mut dyn Game, event: impl FnOnce(&mut Sight, &super::Page) -> Act) {
        let mut page = None;
        let draw = |frame: &mut ratatui::Frame<'_>| {
            let area = frame.area();
            let seen = page.insert(self.sight.see(game, area.width, area.height));
            self.sight.draw(frame, seen);
        };
        self.terminal.draw(draw).unwrap();
        match event(&mut self.sight, &page.unwrap()) {
            Act::Play(inputs) => self.sight.played(inputs, game),
            Act::Jump(page) => self.sight.jumps(page, game),
            Act::Leave => self.left = true,
            Act::Look | Act::Suspend => {}
        }
    }

    fn key(&mut self, game: &mut dyn Game, code: KeyCode) {
        self.take(game, |sight, page| sight.key(KeyEvent::new(code, KeyModifiers::NONE), page));
    }

    /// Presses keys: letters, and arrows, `⏎`, `⇥`, `⎋`, `⌫` by their signs.
    fn press(&mut self, game: &mut dyn Game, keys: &str) {
        for key in keys.chars() {
            let code = match key {
                '⏎' => KeyCode::Enter,
                '⇥' => KeyCode::Tab,
                '⎋' => KeyCode::Esc,
                '⌫' => KeyCode::Backspace,
                '↑' => KeyCode::Up,
                '↓' => KeyCode::Down,
                '←' => KeyCode::Left,
                '→' => KeyCode::Right,
                key => KeyCode::Char(key),
            };
            self.key(game, code);
        }
    }

    fn click(&mut self, game: &mut dyn Game, column: u16, row: u16) {
        let kind = MouseEventKind::Down(MouseButton::Left);
        let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
        self.take(game, |sight, page| sight.mouse(event, page));
    }

    fn buffer(&mut self, game: &mut dyn Game) -> Buffer {
        self.take(game, |_, _| Act::Look);
        self.terminal.backend().buffer().clone()
    }

    fn lines(&mut self, game: &mut dyn Game) -> Vec<String> {
        let buffer = self.buffer(game);
        let lines = buffer.content.chunks(usize::from(buffer.area.width));
        lines
            .map(|line| line.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned())
            .collect()
    }

    fn screen(&mut self, game: &mut dyn Game) -> String {
        self.lines(game).join("\n") + "\n"
    }
}

/// A lesson that is played; what it keeps, and what breaks.
fn with_lesson(id: &str, play: impl FnOnce(&mut dyn Game)) {
    let (lesson, trace) = lesson(id);
    let mut player = Player::new(&lesson, trace.clone(), "Simulated: here".into(), Audience::Student);
    let mut carry = |request| carried(&lesson, &trace, request);
    let kept = player.record();
    play(&mut Lesson { player: &mut player, carry: &mut carry, keep: &mut |_| {}, kept, begun: Instant::now() });
}

fn questions() -> Vec<crate::ask::Question> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/websocket.pcap");
    let mut maker = Maker::new("websocket.pcap", 7, &Kind::QUIZ, 12, Vec::new(), sentence);
    reader::each(&mut File::open(&path).unwrap(), Limits::default(), |packet, tracker| {
        maker.take(packet, tracker);
        Ok::<_, SourceError>(true)
    })
    .unwrap();
    maker.finish().1
}

fn with_quiz(play: impl FnOnce(&mut dyn Game, &mut dyn FnMut() -> usize)) {
    let mut session = Session::new(questions());
    session.step(crate::ask::session::Input::Look, 0);
    let graded = std::cell::Cell::new(0);
    let mut count = |_: &_, _: &_| graded.set(graded.get() + 1);
    let mut quiz =
        Quiz { session: &mut session, title: "a capture", seed: 7, graded: &mut count, told: 0, begun: Instant::now() };
    play(&mut quiz, &mut || graded.get());
}

#[test]
fn pages_in_three_sizes() {
    let mut all = String::new();
    for (id, keys, what) in [
        ("handshake", "→", "a question is open"),
        ("handshake", "n↓↓⏎", "it was answered wrongly, with the arrows"),
        ("handshake", "n1n⇥", "a packet, and a chosen field"),
        ("handshake", "n1nn→→↓ →", "bytes are being marked"),
        ("handshake", "n1nnsn1n12", "a number is being typed"),
        ("websocket", "", "the first page"),
    ] {
        for size in SIZES {
            with_lesson(id, |game| {
                let mut seat = Seat::new(size);
                seat.press(game, keys);
                let _ = write!(all, "## {id}, {} by {}: {what}\n\n{}\n", size.0, size.1, seat.screen(game));
            });
        }
    }
    insta::assert_snapshot!("pages", all);
}

#[test]
fn every_page_of_the_course_has_its_question_its_keys_and_a_place_in_sight_at_every_size() {
    for lesson in course().unwrap() {
        let trace = simulate::trace(&lesson, None).unwrap();
        for size in SIZES {
            let mut player = Player::new(&lesson, trace.clone(), "Simulated: here".into(), Audience::Student);
            let mut carry = |request| carried(&lesson, &trace, request);
            let kept = player.record();
            let game =
                &mut Lesson { player: &mut player, carry: &mut carry, keep: &mut |_| {}, kept, begun: Instant::now() };
            let mut seat = Seat::new(size);
            for number in 1..=lesson.pages.len() {
                let lines = seat.lines(game);
                let place = format!("{number} of {}", lesson.pages.len());
                assert!(lines[0].ends_with(&place), "{}: {place}: {}", lesson.id, lines[0]);
                let last = lines.last().unwrap();
                assert!(last.contains("? help") && last.contains("q quit"), "{}: {last}", lesson.id);
                if let Some(Task::Choose { choices, .. }) = game.player.look().open.cloned() {
                    // What doesn't fit can be read on to, and the arrows go there.
                    let last = format!("  {} ", choices.len());
                    let whole = lines.iter().any(|line| line.starts_with(&last));
                    let pinned = size.1 < 24 || choices.len() > 4 || whole;
                    assert!(pinned, "{}, page {number} at {size:?}: {}", lesson.id, lines.join("\n"));
                    seat.key(game, KeyCode::Up);
                    let lines = seat.lines(game);
                    let here = format!(" ▸{} ", choices.len());
                    assert!(lines.iter().any(|line| line.starts_with(&here)), "{}: {}", lesson.id, lines.join("\n"));
                }
                game.take(Input::Skip);
                game.take(Input::WhatIf);
                // All of it can be read with Space alone, and then the page is turned.
                for _ in 0..60 {
                    if game.player.look().page != number || game.is_over() {
                        break;
                    }
                    seat.key(game, KeyCode::Char(' '));
                }
            }
            assert!(game.is_over(), "{}", lesson.id);
        }
    }
}

#[test]
fn space_reads_on_before_it_turns_the_page() {
    with_lesson("handshake", |game| {
        let mut seat = Seat::new((60, 12));
        seat.press(game, "→0o");
        let mut read = Vec::new();
        while seat.lines(game)[0].ends_with("2 of 19") {
            let lines = seat.lines(game);
            let more = lines.last().unwrap().ends_with("↓ more");
            read.extend(lines);
            seat.press(game, " ");
            assert!(more || seat.lines(game)[0].ends_with("3 of 19"), "{read:#?}");
        }
        assert!(read.iter().any(|line| line.contains("↑ more")), "{read:#?}");
        assert!(read.iter().any(|line| line.contains("The answer: SYN, but not ACK")), "{read:#?}");
    });
}

#[test]
fn a_field_its_sentence_and_its_bytes_light_up_together() {
    with_lesson("handshake", |game| {
        let mut seat = Seat::new((120, 40));
        seat.press(game, "→1→");
        let lit = |buffer: &Buffer| -> String {
            let reversed = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            reversed.map(ratatui::buffer::Cell::symbol).collect()
        };
        assert_eq!(lit(&seat.buffer(game)), "");
        seat.press(game, "⇥⇥");
        let seen = lit(&seat.buffer(game));
        for part in
            ["has chosen its initial sequence number", "▸ Sequence number (raw)", "659208009", "27 4a b7 49", "b749.I"]
        {
            assert!(seen.contains(part), "{part}: {seen}");
        }
        seat.press(game, "⎋");
        assert_eq!(lit(&seat.buffer(game)), "");
        // A click on a byte of that field does the same; one on another byte says what that is.
        let (bytes, first) = (seat.sight.places.bytes, seat.sight.places.first);
        let at = |byte: usize| {
            let place = byte - first;
            (bytes.x + 5 + 3 * u16::try_from(place % 8).unwrap(), bytes.y + u16::try_from(place / 8).unwrap())
        };
        let (column, row) = at(39);
        seat.click(game, column, row);
        assert_eq!(seat.sight.field, Some(1));
        let (column, row) = at(0);
        seat.click(game, column, row);
        assert!(seat.screen(game).contains("bytes 0 to 5: Destination"), "{}", seat.screen(game));
    });
}

#[test]
fn a_click_takes_a_choice_and_the_layers_unfold() {
    with_lesson("handshake", |game| {
        let mut seat = Seat::new((80, 24));
        seat.press(game, "→");
        let row = seat.lines(game).iter().position(|line| line.contains("SYN, but not ACK")).unwrap();
        seat.click(game, 10, u16::try_from(row).unwrap());
        assert!(seat.screen(game).contains("✓ Right."), "{}", seat.screen(game));
        seat.press(game, "→");
        assert!(!seat.screen(game).contains("Presentation"));
        seat.press(game, "o");
        assert!(seat.screen(game).contains("6 Presentation"), "{}", seat.screen(game));
    });
}

#[test]
fn esc_leaves_the_field_and_letters_are_keys_then() {
    with_lesson("handshake", |game| {
        let mut seat = Seat::new((80, 24));
        seat.press(game, "→1→→0→1→");
        assert!(seat.lines(game)[0].ends_with("6 of 19"), "{}", seat.screen(game));
        seat.press(game, "qs1");
        assert!(seat.screen(game).contains("Your answer: qs1▁"), "{}", seat.screen(game));
        seat.press(game, "⎋");
        assert!(seat.lines(game).last().unwrap().contains("Enter type") && !seat.screen(game).contains('▁'));
        seat.press(game, "⏎⌫⌫⌫12⏎");
        let text = seat.screen(game);
        assert!(text.contains("✗ Not yet.") && text.contains("Your answer: 12 ✗"), "{text}");
        seat.press(game, "⎋0");
        assert!(seat.screen(game).contains("Skipped. The answer:"), "{}", seat.screen(game));
        seat.press(game, "q");
        assert!(game.is_over());
    });
}

#[test]
fn a_question_mark_helps_everywhere_and_every_key_has_its_line() {
    with_lesson("handshake", |game| {
        let mut seat = Seat::new((100, 40));
        for keys in ["?", "?→?", "?1→?", "?→0→1→?"] {
            seat.press(game, keys);
            let text = seat.screen(game);
            let whole = |row: &Row| text.contains(&row.names()) && text.contains(row.says);
            assert!(rows(on::LESSON).all(whole), "{text}");
        }
        seat.press(game, "⎋");
        assert!(!seat.screen(game).contains("unfold the layers"));
    });
    assert!(help(100).len() < 38);
}

#[test]
fn every_key_that_the_table_gives_to_lessons_changes_something_and_no_other_does() {
    // A page to read, a choice, its answer, a field to type into, and one that was left.
    let places = ["", "→", "→1", "→1→⇥", "→1→→0→1→12", "→1→→0→1→⎋", "→1→d↓"];
    let (lesson, trace) = lesson("handshake");
    for (row, (name, _)) in rows(on::REST).flat_map(|row| row.keys.iter().map(move |key| (row, key))) {
        // Space and b scroll a small screen, b turns the page of a large one.
        let changes = |(size, keys): ((u16, u16), &str)| {
            let mut player = Player::new(&lesson, trace.clone(), "here".into(), Audience::Student);
            let mut carry = |request| carried(&lesson, &trace, request);
            let kept = player.record();
            let mut game =
                Lesson { player: &mut player, carry: &mut carry, keep: &mut |_| {}, kept, begun: Instant::now() };
            let mut seat = Seat::new(size);
            seat.press(&mut game, keys);
            let before = seat.screen(&mut game);
            seat.take(&mut game, |sight, page| sight.key(named(name), page));
            seat.left || game.is_over() || seat.screen(&mut game) != before
        };
        let typed = |keys: &str| name.chars().count() == 1 && keys.ends_with("→1→→0→1→12");
        let mut all = places.into_iter().filter(|keys| !typed(keys)).map(|keys| ((60, 14), keys));
        let (suspends, marks) = (*name == "Ctrl-Z", *name == "*");
        assert!(suspends || marks || all.any(changes) == (row.on & on::LESSON != 0), "{name}");
    }
}

#[test]
fn with_masks_on_no_page_of_a_lesson_shows_whose_packets_they_are() {
    let who = |trace: &Trace| {
        let mut all = std::collections::BTreeSet::new();
        for hit in trace.pages.iter().flatten() {
            for field in hit.packet.fields.iter().filter(|f| matches!(f.def.kind, Is::Ipv4 | Is::Ether)) {
                let mut text = String::new();
                crate::model::show::value(&hit.packet, field, &mut text);
                let public = ["ff:ff", "00:00:00", "0.0.0.0", "255.255", "127."];
                if !public.iter().any(|begin| text.starts_with(begin)) {
                    all.insert(text.split(' ').next().unwrap_or("").to_owned());
                }
            }
        }
        all
    };
    for id in ["arp", "dns", "handshake"] {
        let hidden = who(&lesson(id).1);
        assert!(!hidden.is_empty(), "{id}");
        for size in SIZES {
            with_lesson(id, |game| {
                let mut seat = Seat::new(size);
                seat.press(game, "m");
                let mut pseudonyms = 0;
                while !game.is_over() {
                    // What is asked, what is told, the chosen field and its bytes.
                    for keys in ["", "⎋0", "⇥", "⇥⇥", "d"] {
                        seat.press(game, keys);
                        let text = seat.screen(game);
                        let seen = hidden.iter().find(|address| text.contains(*address));
                        assert_eq!(seen, None, "{id} {size:?} {text}");
                        pseudonyms += text.matches("ip-").count() + text.matches("mac-").count();
                    }
                    game.take(Input::Skip);
                    game.take(Input::WhatIf);
                    game.take(Input::Next);
                }
                assert!(pseudonyms > 0, "{id} {size:?}");
            });
        }
    }
}

#[test]
fn for_a_room_a_page_has_fewer_columns_and_more_space() {
    with_lesson("handshake", |game| {
        let mut seat = Seat::new((120, 40));
        seat.press(game, "→1→");
        let before = seat.lines(game);
        assert!(before.iter().any(|line| line.contains("Seven layers of packet")), "{before:#?}");
        seat.press(game, "P");
        let room = seat.lines(game);
        assert!(room.iter().all(|line| !line.contains("Seven layers of packet")), "{room:#?}");
        // The title, what is said and the last line may be longer; what is told isn't.
        let told = &room[2..room.len() - 1];
        assert!(told.iter().all(|line| line.trim_end().chars().count() <= 72), "{room:#?}");
        let rows = |lines: &[String]| lines.iter().filter(|line| line.trim().is_empty()).count();
        let said = told.iter().position(|line| line.contains("initial sequence number")).unwrap();
        assert!(told[said + 1].trim().is_empty() && rows(told) > 8, "{room:#?}");
        seat.press(game, "P");
        let after = seat.lines(game);
        assert_eq!(after[..39], before[..39], "the last line says that it's over");
    });
}

/// What-ifs that need more rows: each of their packets carries messages, which have their own rows.
const TALLER: [&str; 2] = ["http/lost-poll", "socketio/lost-probe"];

#[test]
fn once_a_what_if_is_answered_both_timelines_and_what_they_show_fit_a_small_screen() {
    let (mut seen, mut taller) = (0, Vec::new());
    for audience in Audience::ALL {
        for mut lesson in course().unwrap() {
            lesson.cut_for(audience);
            let trace = simulate::trace(&lesson, None).unwrap();
            let mut player = Player::new(&lesson, trace.clone(), "here".into(), audience);
            for page in 0..lesson.pages.len() {
                player.step(Input::Skip, 0);
                if matches!(lesson.pages[page].fence, Some(Fence::WhatIf(_))) {
                    player.step(Input::WhatIf, 0);
                    player.step(carried(&lesson, &trace, Request::WhatIf { page }), 0);
                    let sight = Sight::new(&show());
                    let page_now = sight.ground(80, 24).lesson(&player.look());
                    let newest = page_now.parts.iter().skip(page_now.newest.unwrap());
                    let rows: usize = newest.map(|(_, rows)| rows.len() + usize::from(!rows.is_empty())).sum();
                    if rows > 22 + 1 {
                        taller.push(format!("{}/{}", lesson.id, lesson.pages[page].question.as_deref().unwrap()));
                    }
                    seen += 1;
                }
                player.step(Input::Next, 0);
            }
        }
    }
    taller.sort();
    taller.dedup();
    assert!(taller.iter().all(|id| TALLER.contains(&id.as_str())) && seen > 60, "{seen} {taller:?}");
}

#[test]
fn the_guide_has_every_key() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/lessons.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("|---|---|\n").unwrap();
    let after = rest.split_once("\n\n").unwrap().1;
    let rows: Vec<String> = rows(on::LESSON).map(|row| format!("| {} | {} |\n", row.names(), row.says)).collect();
    let fresh = format!("{before}|---|---|\n{}\n{after}", rows.concat());
    if std::env::var_os("UPDATE_README").is_some_and(|v| v == "1") {
        return std::fs::write(path, fresh).unwrap();
    }
    assert!(fresh == page, "UPDATE_README=1 cargo test --lib tui:: writes it anew");
}

#[test]
fn an_order_shows_which_places_were_right() {
    let (lesson, trace) = lesson("handshake");
    let mut player = Player::new(&lesson, trace.clone(), "here".into(), Audience::Student);
    while !matches!(player.look().open, Some(Task::Order { .. })) {
        assert!(!player.look().over);
        player.step(Input::Skip, 0);
        player.step(Input::Answer(Err("not here".into())), 0);
        player.step(Input::Next, 0);
    }
    let Some(Task::Order { right, .. }) = player.look().open.cloned() else { return };
    let mut wrong = right.clone();
    wrong.swap(0, 1);
    for place in wrong {
        player.step(Input::Key(Key::Choose(place)), 0);
    }
    player.step(Input::Key(Key::Enter), 0);
    let text = super::text(&player, &show(), (80, 24));
    let line = text.lines().find(|line| line.contains("Your answer: ")).unwrap_or_else(|| panic!("{text}"));
    assert_eq!((line.matches('✗').count(), line.matches('✓').count()), (2, right.len() - 2), "{line}");
}

#[test]
fn a_quiz_is_asked_told_and_counted() {
    with_quiz(|game, graded| {
        let mut seat = Seat::new((80, 24));
        for _ in 0..200 {
            let text = seat.screen(game);
            assert!(text.contains("q quit"), "{text}");
            if game.is_over() {
                break;
            }
            seat.press(game, "↓⏎⏎1⏎ 1234⏎");
            seat.press(game, "⎋0 ");
        }
        assert!(game.is_over() && graded() > 3, "{}", graded());
    });
}

#[test]
fn whatever_is_pressed_or_clicked_at_any_size_is_survived() {
    let keys: Vec<char> = "   bdoavhx:190⏎⏎⇥⎋⌫↑↓←→→1234?qjkgG*".chars().collect();
    for (seed, id) in ["handshake", "upgrade", "socketio", "encapsulation", "teardown"].into_iter().enumerate() {
        with_lesson(id, |game| {
            let mut dice = Rng::seeded(seed as u64);
            let mut seat = Seat::new((80, 24));
            for _ in 0..400 {
                if dice.below(8) == 0 {
                    let side = |dice: &mut Rng, most| u16::try_from(1 + dice.below(most)).unwrap();
                    seat.resize((side(&mut dice, 180), side(&mut dice, 50)));
                }
                if dice.below(6) == 0 {
                    let place = |dice: &mut Rng, most| u16::try_from(dice.below(most)).unwrap();
                    let (column, row) = (place(&mut dice, 180), place(&mut dice, 50));
                    seat.click(game, column, row);
                }
                let at = usize::try_from(dice.below(keys.len() as u64)).unwrap();
                // Somebody who quits sits down again.
                if keys[at] != 'q' {
                    seat.press(game, &keys[at].to_string());
                }
                if game.is_over() {
                    break;
                }
            }
        });
    }
    with_quiz(|game, _| {
        let mut dice = Rng::seeded(9);
        let mut seat = Seat::new((80, 24));
        for _ in 0..300 {
            let side = |dice: &mut Rng, most| u16::try_from(1 + dice.below(most)).unwrap();
            let size = (side(&mut dice, 140), side(&mut dice, 45));
            seat.resize(size);
            let at = usize::try_from(dice.below(keys.len() as u64)).unwrap();
            seat.press(game, &keys[at].to_string());
        }
    });
}
