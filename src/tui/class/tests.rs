//! What is drawn at each size, and what each key comes to.

use super::*;
use crate::ask::{Choice, Task};
use crate::classroom::deck::{Deck, Note, Slide};
use crate::classroom::hub::Part;
use crate::classroom::session::{Command, Input, Session};
use crate::tty::table::{named, rows};
use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::Terminal as Drawn;
use ratatui::backend::TestBackend;

fn standing(at: &str) -> Standing {
    Standing {
        title: "A handshake".to_owned(),
        address: "0.0.0.0:8080".parse().unwrap(),
        at: at.parse().unwrap(),
        code: Some("abcd2345".to_owned()),
        secret: "x".repeat(40),
        changes: false,
        capture: Err(None),
        most: 9,
        part: Part::Alone,
    }
}

/// A class in which two of three have answered, and one has gone.
fn session(commands: &[Command]) -> Session {
    let choices = ["SYN \u{1b}[31mand no ACK", "SYN and ACK"].map(|text| Choice { text: text.into(), betrays: None });
    let slide = Slide {
        prompt: "Which flags does the first segment have?".to_owned(),
        task: Some(Task::Choose { choices: choices.to_vec(), right: 0 }),
        note: Some(Note { say: Some("Let them predict alone.".to_owned()), minutes: Some(4), ..Note::default() }),
        ..Slide::default()
    };
    let mut session = Session::new(Arc::new(Deck { slides: vec![slide], ..Deck::default() }), 9);
    for n in 0..3 {
        session.take(&Input::Join { token: None, fresh: format!("t{n}"), dice: n }, 0).unwrap();
    }
    for command in commands {
        session.take(&Input::Command(command.clone()), 1_000).unwrap();
        if *command == Command::Open {
            for (member, given) in [(1, "1"), (2, "2")] {
                let vote = Input::Vote { member, slide: 0, round: 1, given: given.to_owned(), sure: true };
                session.take(&vote, 1_000).unwrap();
            }
            session.take(&Input::Leave { member: 3 }, 1_000).unwrap();
        }
    }
    session
}

fn shown(commands: &[Command], classes: usize) -> Shown {
    let mut shown = Shown::default();
    shown.hear(News::Stands(vec![standing("192.168.1.7:8080"); classes]));
    for n in 0..classes {
        let panel = Panel { refused: vec![("too fast".to_owned(), 7)], ..Panel::of(&session(commands), 62_000) };
        shown.hear(News::Panel(n, Box::new(panel)));
    }
    shown
}

fn picture(shown: &mut Shown, columns: u16, rows: u16) -> String {
    let mut terminal = Drawn::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| shown.draw(frame, Paint::new(false))).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let lines = buffer.content.chunks(usize::from(columns));
    lines.map(|line| line.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
}

fn press(shown: &mut Shown, name: &str) -> Wish {
    shown.key(named(name))
}

#[test]
fn in_the_lobby_the_code_is_whole_wherever_it_fits() {
    let mut shown = shown(&[], 1);
    let code = qr::lines(&standing("192.168.1.7:8080").url());
    for (columns, rows) in [(80, 24), (120, 40), (60, 20)] {
        let seen = picture(&mut shown, columns, rows);
        assert!(code.iter().all(|line| seen.contains(line.as_str())), "{columns}x{rows}: {seen}");
        for part in ["3 joined · 3 here", "abcd2345", "Enter Next slide", "? help · Ctrl-C stop"] {
            assert!(seen.contains(part), "{columns}x{rows}: {part} in {seen}");
        }
        assert!(!seen.contains("xxxx"), "the link that leads the class: {seen}");
    }
    shown.hear(News::Moved(vec![standing("10.0.0.9:8080")], "This machine has another address now.".to_owned()));
    let seen = picture(&mut shown, 80, 24);
    assert!(seen.contains("http://10.0.0.9:8080/") && seen.contains("another address now") && !seen.contains(&code[5]));
    assert!(seen.contains("3 joined"), "what was known of the class still is: {seen}");
}

#[test]
fn a_vote_shows_what_the_console_shows_and_a_key_hides_it() {
    let mut shown = shown(&[Command::Next, Command::Open], 1);
    for (columns, rows) in [(80, 24), (120, 40)] {
        let seen = picture(&mut shown, columns, rows);
        for part in [
            "Slide 1 of 1: vote 1 is open. This slide 1:01 of 4:00, the class 1:01.",
            "3 joined · 2 here · 2 of 2 answered",
            "1 phone lost the connection.",
            "Which flags does the first segment have?",
            "1  ✓ SYN",
            "1 of 2 right",
            "Say: Let them predict alone.",
            "Refused 7: too fast.",
            "Students open http://192.168.1.7:8080/",
            "Enter Close the vote",
        ] {
            assert!(seen.contains(part), "{columns}x{rows}: {part} in {seen}");
        }
        assert!(!seen.contains('\u{1b}'));
    }
    assert_eq!(press(&mut shown, "P"), Wish::None);
    let seen = picture(&mut shown, 80, 24);
    let hidden = ["Right: ", "✓", "of 2 right", "Say: "];
    assert!(hidden.iter().all(|part| !seen.contains(part)) && seen.contains("2 of 2 answered"), "{seen}");
}

#[test]
fn every_size_is_drawn_and_the_arrows_scroll_what_is_too_long() {
    let mut shown = shown(&[Command::Next, Command::Open], 2);
    for (columns, rows) in [(1, 1), (3, 2), (20, 5), (60, 20), (200, 2), (300, 100)] {
        for page in [None, Some((Over::Links, 0)), Some((Over::Help, 0))] {
            shown.page = page;
            picture(&mut shown, columns, rows);
        }
    }
    shown.page = None;
    let first = picture(&mut shown, 60, 12);
    assert!(first.contains("more lines"), "{first}");
    (0..90).for_each(|_| assert_eq!(press(&mut shown, "↓"), Wish::None));
    let last = picture(&mut shown, 60, 12);
    assert!(last.contains("Refused 7") && !last.contains("more lines"), "{last}");
    (0..90).for_each(|_| assert_eq!(press(&mut shown, "↑"), Wish::None));
    assert_eq!(picture(&mut shown, 60, 12), first);
}

#[test]
fn links_come_first_and_whatever_leads_on_leaves_them() {
    for name in ["Enter", "Esc", "q", "?"] {
        let mut shown = Shown { page: Some((Over::Links, 0)), ..shown(&[], 1) };
        let seen = picture(&mut shown, 120, 40);
        assert!(seen.contains(&format!("http://192.168.1.7:8080/teach#{}", "x".repeat(40))), "{seen}");
        assert_eq!((press(&mut shown, name), shown.page), (Wish::None, None), "{name}");
        press(&mut shown, "a");
        assert_eq!(shown.page, Some((Over::Links, 0)));
        assert_eq!(shown.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Wish::End);
    }
}

#[test]
fn keys_go_to_the_desk_and_of_several_classes_one_is_chosen() {
    let mut one = shown(&[], 1);
    assert_eq!((press(&mut one, "Tab"), press(&mut one, "n")), (Wish::None, Wish::Press('n')));
    assert_eq!((press(&mut one, "Space"), press(&mut one, "PgUp")), (Wish::Press('\n'), Wish::Press('b')));
    let mut two = shown(&[], 2);
    assert_eq!(two.key(KeyEvent::new(KeyCode::Char('2'), KeyModifiers::NONE)), Wish::Press('2'));
    assert_eq!((press(&mut two, "Tab"), press(&mut two, "Shift-Tab")), (Wish::Press('\t'), Wish::Press('2')));
    two.hear(News::Leads(1));
    assert!(picture(&mut two, 80, 24).contains("class 2 of 2"));
    assert_eq!(press(&mut two, "Shift-Tab"), Wish::Press('1'));
}

#[test]
fn the_table_has_exactly_the_keys_of_the_desk() {
    let led = |does: &Does| if let Does::Lead(key) = does { Some(*key) } else { None };
    let all = rows(on::CLASS).flat_map(|row| row.keys).filter_map(|(_, does)| led(does));
    let table: std::collections::BTreeSet<char> = all.collect();
    let session = session(&[]);
    let desk = ('\n'..='~').filter(|key| !matches!(key, ' ' | 's' | '?') && session.wish(*key).is_some());
    assert_eq!(table, desk.filter(|key| *key != '\r').collect());
}

#[test]
fn any_key_at_any_time_is_survived() {
    let mut shown = Shown::default();
    for name in rows(on::ALL).flat_map(|row| row.keys).map(|(name, _)| *name) {
        press(&mut shown, name);
        picture(&mut shown, 40, 10);
    }
}
