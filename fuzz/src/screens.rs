//! The full screen: whatever is pressed, clicked or resized, at any time.

use super::drawn;
use super::packets::TEXTS;
use osi_tutor::ask::draft::paper::Maker;
use osi_tutor::ask::{Kind, Question, Session};
use osi_tutor::flow::{Limits, reader};
use osi_tutor::lesson::{self, Player, Trace, simulate};
use osi_tutor::model::RawFrame;
use osi_tutor::sim::Simulation;
use osi_tutor::sim::scenario::Scenario;
use osi_tutor::source::{Source, SourceError, Step};
use osi_tutor::tui::browser::{self, Options, Views};
use osi_tutor::tui::player::{self, Show};
use osi_tutor::tui::rehearsal::{Happens, KEYS};
use osi_tutor::tutor::{Audience, Texts};
use osi_tutor::view::brief::sentence;
use osi_tutor::view::measure::width;
use std::sync::{Arc, LazyLock};

/// What happens in one input, at most.
const MOST: usize = 60;
/// Frames that come.
const FRAMES: u64 = 40;
/// Letters that are pressed with Ctrl. What ends the program would end the input.
const CONTROLS: [char; 6] = ['u', 'f', 'o', 'p', 'a', 'l'];
/// Letters that a keyboard has, and some that turn or hide text.
const LETTERS: &str =
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHJKLMNOPRSTUVWXYZ /:?.*=&|!<>()[]\"'-_#ü漢\u{202e}\u{7}\u{301}\u{200b}";

/// The first byte says which screen, the others what happens there.
pub fn screens(data: &[u8]) {
    let Some((&which, rest)) = data.split_first() else { return };
    let happens = read(rest);
    let show = || Show { texts: Arc::clone(&TEXTS), color: which & 4 != 0 };
    match which & 3 {
        0 | 1 => browser::rehearse(options(which & 1 == 1), &WIRE, &happens, &mut judge),
        2 => {
            let (lesson, trace) = &*LESSON;
            let mut player = Player::new(lesson, trace.clone(), "from a test".to_owned(), Audience::Student);
            player::rehearse(&mut player, &show(), &happens, &mut judge);
        }
        _ => player::rehearse_quiz(&mut Session::new(QUESTIONS.clone()), &show(), &happens, &mut judge),
    }
}

/// What the bytes of an input mean.
fn read(data: &[u8]) -> Vec<Happens> {
    let keys: Vec<char> = KEYS.iter().map(|(sign, _)| *sign).chain(LETTERS.chars()).collect();
    let mut bytes = data.iter().copied();
    let mut all = Vec::new();
    while let Some(byte) = bytes.next().filter(|_| all.len() < MOST) {
        let mut place = || {
            let [column, row] = [bytes.next().unwrap_or(0), bytes.next().unwrap_or(0)];
            (u16::from(column % 200), u16::from(row % 60))
        };
        all.push(match byte {
            0..=199 => Happens::Key(keys[usize::from(byte) % keys.len()]),
            200..=214 => Happens::Control(CONTROLS[usize::from(byte) % CONTROLS.len()]),
            215..=234 => {
                let (column, row) = place();
                Happens::Size(1 + column, 1 + row)
            }
            235..=244 => {
                let (column, row) = place();
                Happens::Click(column, row)
            }
            245..=249 => {
                let (column, row) = place();
                Happens::Drag(column, row)
            }
            _ => {
                let (column, row) = place();
                Happens::Wheel(column, row, byte % 2 == 0)
            }
        });
    }
    all
}

/// The bytes of these keys, for a seed.
pub fn spelt(which: u8, keys: &str) -> Vec<u8> {
    let all: Vec<char> = KEYS.iter().map(|(sign, _)| *sign).chain(LETTERS.chars()).collect();
    let byte = |key| all.iter().position(|its| *its == key).and_then(|at| u8::try_from(at).ok());
    std::iter::once(which).chain(keys.chars().map(|key| byte(key).expect("a key"))).collect()
}

/// No picture has anything in it that a terminal obeys; each row is as wide as the screen; columns are below their heads.
fn judge(rows: &[Vec<String>]) {
    let mut heads: Vec<usize> = Vec::new();
    for row in rows {
        let text = row.concat();
        drawn::line(text.trim_end());
        // After a wide character, a cell that it takes as well.
        let (mut at, mut used) = (0, 0);
        while let Some(cell) = row.get(at) {
            let wide = width(cell).max(1);
            (at, used) = (at + wide, used + wide);
        }
        assert_eq!(used, row.len(), "a character is cut in half: {text:?}");
        if text.starts_with("    No. ") {
            let starts = ["Source", "Destination", "Protocol"].map(|head| text.find(head));
            heads = starts.into_iter().flatten().collect();
        } else if text.starts_with("Seven layers") || text.starts_with("Bytes") {
            heads.clear();
        } else if row.iter().skip(1).take(6).all(|cell| cell == " " || cell.bytes().all(|b| b.is_ascii_digit()))
            && row.get(6).is_some_and(|cell| cell != " ")
        {
            let apart = |head: &usize| row.get(head - 1).is_none_or(|cell| cell == " ");
            assert!(heads.iter().all(apart), "not below its head: {text:?} in\n{}", picture(rows));
        }
    }
}

/// All of it, for a message.
fn picture(rows: &[Vec<String>]) -> String {
    rows.iter().map(|row| row.concat() + "\n").collect()
}

/// A browser without views of its own: what they'd show is the matter of the target `views`.
fn options(color: bool) -> Options {
    let page =
        || Arc::new(|_: &mut dyn Source, stream, _| Ok(format!("stream {stream}\n{}", "one more line\n".repeat(40))));
    Options {
        origin: "From ev\u{202e}il".to_owned(),
        filter: String::new(),
        columns: if color { "tcp.seq,ip.ttl".to_owned() } else { String::new() },
        audience: Audience::Student,
        texts: Texts::english(),
        limits: Limits::default(),
        room: 1 << 20,
        color,
        views: Views {
            ladder: page(),
            follow: page(),
            datagrams: page(),
            stats: page(),
            plot: page(),
            hops: Some(Arc::new(|number, _| Ok(format!("hops of {number}")))),
            field: Box::new(|name| Some(format!("{name} means something"))),
            broken: Some(Box::new(|fault, _| Err(format!("no fault: {}", fault.len())))),
            write: Arc::new(|_, _| Ok(0)),
        },
    }
}

/// Frames of a simulation.
static WIRE: LazyLock<Vec<RawFrame>> = LazyLock::new(|| {
    let scenario = Scenario::ready("two-hosts").expect("it is ready").expect("it is sound");
    let mut world = Simulation::new(&scenario, 7);
    let mut frames = Vec::new();
    for _ in 0..FRAMES {
        let mut raw = RawFrame::default();
        match world.next(&mut raw) {
            Ok(Step::Frame) => frames.push(raw),
            _ => break,
        }
    }
    frames
});

/// A lesson and its packets.
static LESSON: LazyLock<(lesson::Lesson, Trace)> = LazyLock::new(|| {
    let lesson = lesson::built_in("handshake").expect("it is sound").expect("it is there");
    let trace = simulate::trace(&lesson, None).expect("it plays");
    (lesson, trace)
});

/// Questions about those frames.
static QUESTIONS: LazyLock<Vec<Question>> = LazyLock::new(|| {
    struct Again(std::slice::Iter<'static, RawFrame>);
    impl Source for Again {
        fn next(&mut self, frame: &mut RawFrame) -> Result<Step, SourceError> {
            Ok(self.0.next().map_or(Step::End, |next| {
                frame.clone_from(next);
                Step::Frame
            }))
        }
    }
    let mut maker = Maker::new("packets", 7, &Kind::QUIZ, 8, Vec::new(), sentence);
    let read = reader::each(&mut Again(WIRE.iter()), Limits::default(), |packet, tracker| {
        maker.take(packet, tracker);
        Ok::<_, SourceError>(true)
    });
    read.expect("nothing breaks it");
    maker.finish().1
});
