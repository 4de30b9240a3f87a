//! What holds for a class whatever is said in it, and in which order.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::ask::bank::belief;
use crate::ask::{Candidate, Choice, Slip, Value};
use crate::classroom::deck::Note;
use crate::classroom::tally::{Advice, Change, Share};

/// A deck of each kind of question; `which` says what is right, and betrays what. What learners see is the same.
fn deck(which: usize) -> Arc<Deck> {
    let belief = [belief::HELLO, belief::COUNTS_PACKETS][which % 2];
    let choice = |(place, text): (usize, &&str)| Choice {
        text: (*text).to_owned(),
        betrays: (place != which % 3).then_some(belief),
    };
    let packet = |number| Candidate { number, text: "SYN".into(), betrays: None };
    let slip = Slip { answer: Value::Number(40 + which as i128), betrays: Some(belief) };
    let tasks = [
        Some(Task::Choose { choices: ["x", "y", "z"].iter().enumerate().map(choice).collect(), right: which % 3 }),
        None,
        Some(Task::Number { right: 7 + which as i128, slips: vec![slip] }),
        Some(Task::Order {
            items: ["a", "b", "c"].map(str::to_owned).to_vec(),
            right: [[0, 1, 2], [2, 1, 0], [1, 0, 2]][which % 3].to_vec(),
        }),
        Some(Task::Bytes { frame: vec![0; 60], right: (which, which + 1) }),
        Some(Task::Packet { packets: [7, 8, 9].map(packet).to_vec(), right: 7 + which as u64 % 3 }),
        Some(Task::Text { right: vec![Value::Text(["syn", "ack", "fin"][which % 3].into())], slips: Vec::new() }),
        Some(Task::Blanks { right: vec![("seq".into(), which as i128), ("ack".into(), 2)] }),
    ];
    let note = Note { say: Some(format!("for the teacher {which}")), ..Note::default() };
    let slide = |(at, task): (usize, Option<Task>)| Slide {
        prompt: if task.is_some() { format!("question {at}") } else { String::new() },
        outcome: (at < 2).then(|| json!("both timelines")),
        hint: (at == 0).then(|| "look at the flags".to_owned()),
        why: format!("because of {which}"),
        replies: vec![Some(format!("a reply {which}"))],
        note: Some(note.clone()),
        about: format!("slide {at} of {which}"),
        task,
        ..Slide::default()
    };
    let mut slides: Vec<Slide> = tasks.into_iter().enumerate().map(slide).collect();
    // The first question again, on packets of another seed; and one that only a teacher who browses comes to.
    for (at, side) in [(4, Side::About), (1, Side::Transfer)] {
        let again = Slide { side: Some(side), outcome: None, ..slides[at - 1].clone() };
        slides.insert(at, again);
    }
    Arc::new(Deck { name: "test".into(), title: "A test".into(), slides, ..Deck::default() })
}

const ANSWERS: [&str; 14] =
    ["1", "2", "3", "7", "8", "41", "3 2 1", "1 2 3", "0-1", "2-3", "syn", "ack", "0 2", "<b>no answer\u{7}</b>"];

/// Anything that may be said: by members that exist or not, to votes that are open or not.
fn inputs() -> impl Strategy<Value = Vec<Input>> {
    use Command::{
        Again, Back, Close, Discuss, End, Go, Hands, Hint, Lock, Next, Open, Reveal, Transfer, Unlock, WhatIf,
    };

    let join = (0..12u64, 0..9usize).prop_map(|(n, old)| Input::Join {
        token: (old < 8).then(|| format!("token {old}")),
        fresh: format!("token {n}"),
        dice: n / 3,
    });
    let leave = (0..9u32).prop_map(|member| Input::Leave { member });
    let vote = (0..9u32, 0..11usize, 0..4usize, 0..ANSWERS.len(), any::<bool>()).prop_map(
        |(member, slide, round, given, sure)| {
            let given = ANSWERS[given].to_owned();
            Input::Vote { member, slide, round, given, sure }
        },
    );
    let command = prop_oneof![
        6 => prop::sample::select(vec![Open, Next, Close, Again, Reveal, Transfer]),
        1 => (0..12usize).prop_map(Go),
        2 => prop::sample::select(vec![Hint, Discuss, WhatIf, Back, Lock, Unlock, Hands(vec![3, 1, 0]), Hands(vec![9])]),
    ]
    .prop_map(Input::Command);
    let end = Just(Input::Command(End));
    // A vote on whatever is open is put in by `said`: most of what is said at random is refused.
    let one = prop_oneof![20 => join, 6 => leave, 30 => vote, 60 => command, 1 => end];
    prop::collection::vec(one, 0..120)
}

/// Makes every other vote one for the slide and the round that are open.
fn aimed(session: &Session, at: usize, input: &Input) -> Input {
    match input {
        Input::Vote { member, given, sure, .. } if !at.is_multiple_of(4) => Input::Vote {
            member: *member,
            slide: session.at,
            round: session.sheet().map_or(0, |sheet| sheet.rounds.len()),
            given: given.clone(),
            sure: *sure,
        },
        other => other.clone(),
    }
}

fn seen(session: &Session) -> Json {
    let you: Vec<Json> = session.members().map(|id| json!(session.you(id))).collect();
    json!([session.shown(), session.count(), you])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_vote_is_lost_or_counted_twice(inputs in inputs()) {
        let mut session = Session::new(deck(0), 6);
        // The plainest idea of a vote: the last answer that was taken, of each member, in each round of each slide.
        let mut plain = BTreeMap::<(usize, usize), BTreeMap<Id, (String, bool)>>::new();
        let mut journal = Vec::new();
        for (at, input) in inputs.iter().enumerate() {
            let input = aimed(&session, at, input);
            let before = serde_json::to_string(&session).unwrap();
            if session.take(&input, at as u64).is_err() {
                prop_assert_eq!(before, serde_json::to_string(&session).unwrap(), "a refusal changes nothing");
            } else {
                if let Input::Vote { member, slide, round, given, sure } = &input {
                    plain.entry((*slide, *round)).or_default().insert(*member, (given.clone(), *sure));
                }
                journal.push((input, at as u64));
            }
            prop_assert!(session.members.len() <= 6);
        }
        for (slide, sheet) in session.sheets.iter().enumerate() {
            for (round, votes) in sheet.rounds.iter().enumerate() {
                let given: BTreeMap<Id, (String, bool)> =
                    votes.votes.iter().map(|(&id, v)| (id, (v.given.clone(), v.sure))).collect();
                prop_assert_eq!(&given, &plain.remove(&(slide, round + 1)).unwrap_or_default());
                let task = session.deck.slides[slide].task.as_ref().unwrap();
                let bars = crate::classroom::tally::bars(task, std::slice::from_ref(votes));
                let counted: u32 = bars.iter().map(|bar| bar.cells[0].count).sum();
                prop_assert_eq!(counted as usize, given.len() + votes.hands.iter().sum::<u32>() as usize);
            }
        }
        prop_assert!(plain.is_empty(), "{plain:?}");
        // The journal gives the same class again, from the begin or from any copy.
        let text = serde_json::to_string(&session).unwrap();
        let mut again = Session::new(deck(0), 6);
        for (at, (input, now)) in journal.iter().enumerate() {
            if at == journal.len() / 2 {
                let copy = serde_json::to_string(&again).unwrap();
                again = serde_json::from_str::<Session>(&copy).unwrap().resumed(deck(0)).unwrap();
            }
            prop_assert!(again.take(input, *now).is_ok());
        }
        prop_assert_eq!(text, serde_json::to_string(&again).unwrap());
    }

    /// Two classes hear the same, and differ only in what is right. Before the answer is revealed nobody but the teacher
    /// can tell one from the other.
    #[test]
    fn nobody_sees_an_answer_before_it_is_revealed(inputs in inputs()) {
        let mut classes = [0, 1, 2].map(|which| Session::new(deck(which), 6));
        for (at, input) in inputs.iter().enumerate() {
            let input = aimed(&classes[0], at, input);
            let done = classes.each_mut().map(|class| class.take(&input, at as u64));
            prop_assert_eq!(&done[0], &done[1]);
            prop_assert_eq!(&done[0], &done[2]);
            let revealed = classes[0].is_revealed() || classes[0].phase == Phase::Board;
            prop_assert!(!seen(&classes[0]).to_string().contains("for the teacher"), "notes are the teacher's alone");
            if !revealed {
                prop_assert_eq!(seen(&classes[0]), seen(&classes[1]));
                prop_assert_eq!(seen(&classes[0]), seen(&classes[2]));
                prop_assert!(classes[0].shown().answer.is_none());
            }
        }
    }

    #[test]
    fn whatever_happened_the_large_button_leads_to_the_end(inputs in inputs()) {
        let mut session = Session::new(deck(1), 6);
        for (at, input) in inputs.iter().enumerate() {
            let input = aimed(&session, at, input);
            let _ = session.take(&input, at as u64);
            for command in session.buttons().into_iter().flatten() {
                prop_assert!(session.allows(&command), "{command:?} in {:?}", session.phase);
            }
        }
        for _ in 0..100 {
            let [Some(first), _] = session.buttons() else { break };
            prop_assert!(session.take(&Input::Command(first), 1_000).is_ok());
        }
        prop_assert!(session.over && session.phase == Phase::Board);
    }
}

fn class(members: u32) -> Session {
    let mut session = Session::new(deck(0), MEMBERS);
    for n in 0..members {
        let joined = session.take(&join(None, &format!("token {n}"), u64::from(n)), 0);
        assert_eq!(joined, Ok(Done::Joined(n + 1, true)));
    }
    say(&mut session, Command::Next);
    session
}

fn join(token: Option<&str>, fresh: &str, dice: u64) -> Input {
    Input::Join { token: token.map(str::to_owned), fresh: fresh.to_owned(), dice }
}

fn say(session: &mut Session, command: Command) {
    let told = format!("{command:?}");
    session.take(&Input::Command(command), 0).unwrap_or_else(|why| panic!("{told}: {why}"));
}

fn vote(session: &mut Session, member: Id, given: &str) -> Result<Done, Refused> {
    let round = session.sheet().map_or(0, |sheet| sheet.rounds.len());
    session.take(&Input::Vote { member, slide: session.at, round, given: given.into(), sure: false }, 0)
}

#[test]
fn the_first_vote_decides_what_is_advised() {
    for (right, advice, button) in
        [(2, Advice::Hint, Command::Hint), (5, Advice::Discuss, Command::Discuss), (8, Advice::Reveal, Command::Reveal)]
    {
        let mut session = class(10);
        say(&mut session, Command::Open);
        assert_eq!(session.advice(), None, "nobody has voted");
        for id in 1..=10 {
            vote(&mut session, id, if id <= right { "1" } else { "2" }).unwrap();
        }
        say(&mut session, Command::Close);
        assert_eq!((session.advice(), session.buttons()[0].clone()), (Some(advice), Some(button)), "{right} of 10");
    }
}

#[test]
fn a_second_vote_shows_who_moved_and_then_the_answer_is_advised() {
    let mut session = class(4);
    say(&mut session, Command::Open);
    for (id, given) in [(1, "1"), (2, "2"), (3, "2"), (4, "3")] {
        vote(&mut session, id, given).unwrap();
    }
    for command in [Command::Close, Command::Discuss, Command::Again] {
        say(&mut session, command);
    }
    for (id, given) in [(1, "2"), (2, "1"), (3, "b"), (3, "a")] {
        vote(&mut session, id, given).unwrap();
    }
    say(&mut session, Command::Close);
    assert_eq!(session.advice(), Some(Advice::Reveal));
    say(&mut session, Command::Reveal);
    let answer = session.shown().answer.unwrap();
    assert_eq!(
        answer.change,
        Some(Change { gained: 2, lost: 1, stayed: 0, missed: 0 }),
        "who did not vote again is not in it"
    );
    assert_eq!(answer.shares, [Share { right: 1, of: 4 }, Share { right: 2, of: 3 }]);
    assert_eq!(answer.refuted.len(), 1);
    let told = session.you(1).unwrap().told.unwrap();
    assert!(!told.right && told.betrays.is_some());
    assert_eq!(session.you(4).unwrap().round, 1, "the vote of the first round counts on");
    assert_eq!(vote(&mut session, 4, "1"), Err(Refused::Closed));
    let board = session.board();
    assert_eq!((board.rows[0].met, board.rows[0].moved, board.rows[0].remaining), (4, 2, 2));
}

#[test]
fn the_same_question_on_other_packets_comes_after_the_answer_and_has_its_own_vote() {
    let mut session = class(2);
    assert_eq!(session.take(&Input::Command(Command::Go(1)), 0), Err(Refused::NotNow), "its answer isn't shown yet");
    say(&mut session, Command::Open);
    for id in [1, 2] {
        vote(&mut session, id, "2").unwrap();
    }
    assert!(!session.allows(&Command::Transfer));
    for command in [Command::Close, Command::Reveal, Command::WhatIf] {
        say(&mut session, command);
    }
    assert_eq!(session.buttons(), [Some(Command::Next), Some(Command::Transfer)]);
    say(&mut session, Command::Transfer);
    let shown = session.shown();
    assert_eq!((shown.slide, shown.place, shown.phase, shown.transfer), (2, 1, Phase::Look, true));
    assert!(shown.answer.is_none() && shown.round == 0, "nothing is voted on yet");
    say(&mut session, Command::Open);
    vote(&mut session, 1, "1").unwrap();
    say(&mut session, Command::Reveal);
    let board = session.board();
    assert_eq!(board.asked.iter().map(|asked| asked.slide).collect::<Vec<_>>(), [1, 1]);
    assert!(board.asked[1].prompt.ends_with("(on other packets)"), "{board:?}");
    assert_eq!((board.rows[0].met, board.rows[0].moved), (2, 1), "the last answer says what is still believed");
    say(&mut session, Command::Next);
    assert_eq!(session.shown().place, 2);
    for (place, slide) in [(1, 2), (1, 1)] {
        say(&mut session, Command::Back);
        let shown = session.shown();
        assert_eq!((shown.place, shown.slide), (place, slide), "back leads over what was asked");
    }
}

#[test]
fn who_goes_on_leaves_side_ways_out_and_who_browses_comes_to_them() {
    let mut session = class(1);
    let mut way = vec![session.at];
    while session.phase != Phase::Board {
        say(&mut session, Command::Next);
        way.push(session.at);
    }
    assert_eq!(way, [0, 2, 3, 4, 6, 7, 8, 9, 9]);
    say(&mut session, Command::Back);
    assert_eq!(session.at, 9, "from the board to the last slide");
    say(&mut session, Command::Go(5));
    say(&mut session, Command::Open);
    vote(&mut session, 1, "3 2 1").unwrap();
    say(&mut session, Command::Next);
    assert_eq!(session.at, 6);
    assert!(session.take(&Input::Command(Command::Go(10)), 0).is_err());
}

#[test]
fn the_console_has_note_next_and_timer() {
    let mut session = class(1);
    assert_eq!(session.console(9_000).next, Some("slide 1 of 0"));
    assert_eq!(session.console(9_000).note.and_then(|note| note.say.as_deref()), Some("for the teacher 0"));
    session.take(&Input::Command(Command::Next), 60_000).unwrap();
    let clock = session.console(75_000).clock.unwrap();
    assert_eq!((clock.slide, clock.class), (15_000, 75_000));
    say(&mut session, Command::End);
    assert!(session.console(80_000).clock.is_none() && session.console(80_000).next.is_none());
}

#[test]
fn a_vote_for_another_round_slide_or_member_is_refused() {
    let mut session = class(1);
    let cast = |session: &mut Session, member, slide, round, given: &str| {
        session.take(&Input::Vote { member, slide, round, given: given.into(), sure: true }, 0)
    };
    assert_eq!(cast(&mut session, 1, 0, 0, "1"), Err(Refused::Closed), "it is not open yet");
    say(&mut session, Command::Open);
    assert_eq!(cast(&mut session, 2, 0, 1, "1"), Err(Refused::Stranger));
    assert_eq!(cast(&mut session, 1, 3, 1, "7"), Err(Refused::Closed));
    assert_eq!(cast(&mut session, 1, 0, 2, "1"), Err(Refused::Closed));
    assert_eq!(cast(&mut session, 1, usize::MAX, usize::MAX, "1"), Err(Refused::Closed));
    for given in ["", "4", "1\u{0}", "<b>", &"1".repeat(LONGEST + 1), &"1".repeat(1 << 20)] {
        assert!(matches!(cast(&mut session, 1, 0, 1, given), Err(Refused::Unclear(_))), "{}", given.len());
    }
    assert_eq!(cast(&mut session, 1, 0, 1, "1"), Ok(Done::Counted));
    assert_eq!(session.count(), crate::classroom::views::Count { here: 1, answered: 1 });
}

#[test]
fn a_token_brings_a_member_back_also_into_a_locked_class() {
    let mut session = class(2);
    session.take(&Input::Leave { member: 1 }, 0).unwrap();
    assert_eq!(session.count().here, 1);
    say(&mut session, Command::Lock);
    assert_eq!(session.take(&join(None, "new", 1), 0), Err(Refused::Locked));
    assert_eq!(session.take(&join(Some("forged"), "new", 1), 0), Err(Refused::Locked));
    assert_eq!(session.take(&join(Some("token 0"), "new", 1), 0), Ok(Done::Joined(1, false)));
    say(&mut session, Command::Unlock);
    assert_eq!(session.take(&join(Some("forged"), "new", 1), 0), Ok(Done::Joined(3, true)));
}

#[test]
fn a_full_class_forgets_who_has_gone_without_a_vote_and_nobody_else() {
    let mut session = Session::new(deck(0), 2);
    for n in 0..2 {
        session.take(&join(None, &format!("t{n}"), n), 0).unwrap();
    }
    say(&mut session, Command::Next);
    say(&mut session, Command::Open);
    vote(&mut session, 1, "1").unwrap();
    assert_eq!(session.take(&join(None, "t3", 3), 0), Err(Refused::Full));
    for member in [1, 2] {
        session.take(&Input::Leave { member }, 0).unwrap();
    }
    assert_eq!(session.take(&join(None, "t3", 3), 0), Ok(Done::Joined(3, true)));
    assert_eq!(session.take(&join(None, "t4", 3), 0), Err(Refused::Full), "member 1 has voted, member 3 is here");
    assert_eq!(session.take(&join(Some("t0"), "t5", 3), 0), Ok(Done::Joined(1, false)));
}

#[test]
fn hands_count_like_votes() {
    let mut session = class(1);
    say(&mut session, Command::Open);
    for bad in [vec![], vec![1, 2], vec![1, 2, HANDS + 1]] {
        assert_eq!(session.take(&Input::Command(Command::Hands(bad)), 0), Err(Refused::Hands(3)));
    }
    vote(&mut session, 1, "1").unwrap();
    say(&mut session, Command::Hands(vec![9, 9, 9]));
    say(&mut session, Command::Hands(vec![8, 1, 0]));
    let console = session.console(0);
    assert_eq!(console.shares, [Share { right: 9, of: 10 }]);
    assert_eq!(console.held.iter().map(|held| held.count).sum::<u32>(), 1);
    say(&mut session, Command::Close);
    assert_eq!(session.advice(), Some(Advice::Reveal));
}
