//! Packets of strangers: drawn in every view, filtered, asked about, played as a lesson, and written again.

use super::drawn;
use super::packets::{LINKS, TEXTS};
use osi_tutor::ask::draft::paper::Maker;
use osi_tutor::ask::draft::puzzle::Puzzler;
use osi_tutor::ask::{self, Key, Kind, Question, Session};
use osi_tutor::filter::Filter;
use osi_tutor::flow::follow::{Follower, messages};
use osi_tutor::flow::{Endpoint, Limits, State, Tracker};
use osi_tutor::lesson::find::Finder;
use osi_tutor::lesson::player::{Input, Player};
use osi_tutor::lesson::{COURSE, Lesson};
use osi_tutor::model::{LinkType, Packet, RawFrame, Remark, Time};
use osi_tutor::proto::{ConversationKind, walk};
use osi_tutor::source::file::{File, Writer};
use osi_tutor::source::{Source, Step};
use osi_tutor::stats::Stats;
use osi_tutor::stats::series::Series;
use osi_tutor::tutor::{Audience, Moment, explain};
use osi_tutor::view::brief::{Brief, sentence};
use osi_tutor::view::follow::{Follow, How};
use osi_tutor::view::fork::{Fork, Line};
use osi_tutor::view::hops::{self, Leg};
use osi_tutor::view::ladder::{Ladder, across};
use osi_tutor::view::picture;
use osi_tutor::view::plot::{self, Chart};
use osi_tutor::view::quiz::Sheet;
use osi_tutor::view::scene::Stage;
use osi_tutor::view::text::{Options, Text};
use osi_tutor::view::{Theme, json, stats};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// Packets of one input: all of them go through all views.
const MOST_PACKETS: usize = 8;

/// Filters that ask about all there is, a few for each protocol.
static FILTERS: LazyLock<Vec<Filter>> = LazyLock::new(|| {
    include_str!("../../tests/filter/filters.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .step_by(5)
        .map(|line| Filter::parse(line).expect("the corpus is right"))
        .collect()
});

static LESSONS: LazyLock<Vec<Lesson>> = LazyLock::new(|| {
    let parse = |&(name, text): &(&str, &str)| Lesson::parse(name, text).expect("the course is right");
    COURSE.iter().map(parse).collect()
});

/// A conversation: frames, each with a link type (one byte) and its length (two) before it.
pub fn views(data: &[u8]) {
    let frames = frames(data);
    let Some(first) = frames.first() else { return };
    written(&frames);
    every_packet(&frames);
    conversation(&frames, Audience::ALL[first.bytes.len() % 3]);
    questions(&frames);
    let lesson = usize::from(data.last().copied().unwrap_or_default()) % LESSONS.len();
    played(&frames, &LESSONS[lesson]);
}

fn frames(mut data: &[u8]) -> Vec<RawFrame> {
    let mut frames = Vec::new();
    while let [link, high, low, rest @ ..] = data {
        let (bytes, after) = rest.split_at(rest.len().min(usize::from(u16::from_be_bytes([*high, *low]))));
        data = after;
        let number = LINKS.get(usize::from(*link)).copied().unwrap_or(u16::from(*link));
        let count = frames.len() as u64 + 1;
        // Some have no time; those have no comment either: a file has no place for it.
        let time = if bytes.len() % 16 == 15 { Time::NONE } else { Time(count.cast_signed() * 1_000_000) };
        let comment = if bytes.len() % 8 == 3 { String::from_utf8_lossy(bytes).into_owned() } else { String::new() };
        frames.push(RawFrame { link: LinkType(number), time, comment, ..RawFrame::whole(count, bytes.to_vec()) });
        if frames.len() == MOST_PACKETS {
            break;
        }
    }
    frames
}

/// Walks frames in their order.
fn walked(frames: &[RawFrame], mut each: impl FnMut(&Packet, &Tracker)) {
    let (mut tracker, mut packet) = (Tracker::new(Limits::default()), Packet::new());
    for frame in frames {
        walk(frame, &mut tracker, &mut packet);
        each(&packet, &tracker);
    }
}

/// What each packet looks like, whatever filters say of it, and the counts of all.
fn every_packet(frames: &[RawFrame]) {
    let (theme, mut counted) = (Theme::new(false), Stats::new(8));
    let mut out = String::new();
    walked(frames, |packet, tracker| {
        let moment = Moment::new(packet, tracker);
        counted.count(packet);
        for filter in &*FILTERS {
            filter.matches(packet);
        }
        for columns in [None, Some(40)] {
            out.clear();
            Brief::new(theme.clone(), columns).line(packet, &mut out);
            drawn::line(&out);
        }
        for audience in Audience::ALL {
            out.clear();
            let options = Options { hex: true, audience };
            Text::new(theme.clone(), Some(60), options, Arc::clone(&TEXTS)).packet(&moment, &mut out);
            drawn::lines(&out);
            let (notes, mut object) = (explain(&moment, audience, &TEXTS), String::new());
            json::line(packet, Some((&notes, audience)), &mut object);
            assert_eq!(drawn::object(object.as_bytes())["v"], 1);
        }
    });
    out.clear();
    out.push_str(&stats::text(&counted, &stats::Table::ALL, 10, Some(80), &theme));
    drawn::lines(&out);
}

/// What both ends said, and how it went: ladder, plots, hops, two timelines.
fn conversation(frames: &[RawFrame], audience: Audience) {
    let (theme, mut out) = (Theme::new(false), String::new());
    let mut ladder = Ladder::new(theme.clone(), Some(80), 2);
    let mut series = Series::default();
    ladder.heading(0, "client", "server", &mut out);
    walked(frames, |packet, tracker| {
        let Some(conversation) = tracker.current() else { return };
        let Some(connection) = tracker.connection(conversation) else { return };
        let sender = connection.sender(conversation.forward);
        let from_client = sender == Endpoint::Client;
        let way = across(sender);
        ladder.packet(packet, &way, &mut out);
        if let Some(talk) = way.talk {
            ladder.states(talk, connection.states.map(State::name), &mut out);
        }
        series.add(packet, from_client);
    });
    drawn::lines(&out);
    for kind in [plot::Kind::Seq, plot::Kind::Flight, plot::Kind::Window] {
        out.clear();
        let chart = Chart::of(&series, kind, "a connection", "from a test");
        plot::terminal::draw(&chart, 60, 12, &theme, &mut out);
        drawn::lines(&out);
        drawn::lines(&picture::chart::draw(&chart).file(chart.origin));
    }
    for (kind, how) in [
        (ConversationKind::Tcp, How::Text),
        (ConversationKind::Tcp, How::Hex),
        (ConversationKind::Udp, How::Text),
        (ConversationKind::Udp, How::Hex),
    ] {
        out.clear();
        let (mut follower, mut view) = (Follower::new(kind, 0), Follow::new(theme.clone(), Some(80), how));
        walked(frames, |packet, _| {
            follower.packet(packet, &mut |run| view.run(run, &mut out));
        });
        follower.end(&mut |run| view.run(run, &mut out));
        view.end(&mut out);
        drawn::lines(&out);
        out.clear();
        let mut follower = Follower::new(kind, 0);
        walked(frames, |packet, _| {
            let Some((transport, from)) = follower.belongs(packet) else { return };
            for message in messages(packet, transport) {
                view.message(packet, from, &message, &mut out);
            }
        });
        drawn::lines(&out);
    }
    out.clear();
    let leg = |frame: &RawFrame| hops::Step::Leg(Leg::new(frame, "link".to_owned(), "a".to_owned(), "b".to_owned()));
    let steps: Vec<hops::Step> = frames.iter().take(2).map(leg).collect();
    let station = |name: &str| hops::Station { device: name.to_owned(), kind: "router", reads: "up to layer 3" };
    hops::text(&steps, &["a", "b"].map(station), &theme, &mut out);
    let fork = Fork::new(theme, Some(80));
    walked(frames, |packet, tracker| {
        let line = Line::of(packet, Time(0), Some(true));
        fork.same(&line, Some(Remark::Dropped), &mut out);
        fork.frames(Some(&line), Some(&line), &mut out);
        explain(&Moment::new(packet, tracker), audience, &TEXTS);
    });
    drawn::lines(&out);
}

/// What quiz and puzzles make of the packets: every proof is a filter, and the right answer is right.
fn questions(frames: &[RawFrame]) {
    let mut quizzes = Maker::new("fuzz", 1, &Kind::QUIZ, 2, Vec::new(), sentence);
    let mut puzzles = Puzzler::new("fuzz", 1, &Kind::PUZZLES, 2, Vec::new(), sentence);
    walked(frames, |packet, tracker| {
        quizzes.take(packet, tracker);
        puzzles.take(packet, tracker);
    });
    let mut made: Vec<Question> = quizzes.finish().1;
    made.extend(puzzles.finish().1);
    let sheet = Sheet::new(Theme::new(false), Some(80));
    let mut out = String::new();
    sheet.paper(&made, &mut out);
    sheet.key(&made, &mut out);
    for question in &made {
        let filter = Filter::parse(&question.proof.filter).expect("a proof is a filter");
        let mut selects = false;
        walked(frames, |packet, _| selects |= packet.number == question.proof.frame && filter.matches(packet));
        assert!(selects, "{:?} does not select frame {}", question.proof.filter, question.proof.frame);
        let right = question.task.right();
        assert!(question.task.judge(&right).is_some_and(|verdict| verdict.right), "{question:?}: {right:?}");
    }
    let mut session = Session::new(made);
    for _ in 0..session.questions().len() {
        let typed = ["?", "1", "abc"].concat();
        let keys = typed.chars().map(Key::Type).chain([Key::Choose(0), Key::Move(1), Key::Anchor, Key::Enter]);
        for input in keys.map(ask::session::Input::Key).chain([ask::session::Input::Next, ask::session::Input::Skip]) {
            session.step(input, 0);
        }
    }
    drawn::lines(&out);
}

/// A lesson that is played on them.
fn played(frames: &[RawFrame], lesson: &Lesson) {
    let mut finder = Finder::new(lesson);
    walked(frames, |packet, tracker| {
        finder.take(packet, tracker);
    });
    let mut player = Player::new(lesson, finder.finish(), "from a test".to_owned(), Audience::Student);
    let stage = Stage::new(Theme::new(false), Arc::clone(&TEXTS));
    let mut out = String::new();
    for page in 0..lesson.pages.len() as u64 {
        for input in [Input::Deeper, Input::View, Input::Audience, Input::Hint, Input::Skip, Input::Next] {
            out.clear();
            stage.draw(&player.step(input, page), &mut out);
            drawn::lines(&out);
        }
    }
}

/// What was read can be written, and is the same when it is read again.
fn written(frames: &[RawFrame]) {
    let path = Kept(std::env::temp_dir().join(format!(
        "osi-tutor-fuzz-{}-{:?}",
        std::process::id(),
        std::thread::current().id()
    )));
    let mut writer = Writer::create(&path.0).expect("the folder for passing files can be written");
    for frame in frames {
        writer.write(frame).expect("what was read can be written");
    }
    writer.flush().expect("a file can be written");
    drop(writer);
    let (mut source, mut again) = (File::open(&path.0).expect("it was written"), RawFrame::default());
    for frame in frames {
        assert!(matches!(source.next(&mut again), Ok(Step::Frame)), "frame {} is missing", frame.number);
        // Files of some systems call raw IP 12 or 14; it is written as 101.
        let link = |LinkType(number)| if matches!(number, 12 | 14) { LinkType::RAW } else { LinkType(number) };
        let said = |f: &RawFrame| (f.number, f.time, f.len, link(f.link), f.bytes.clone(), f.comments().into_owned());
        assert_eq!(said(&again), said(frame));
    }
    assert!(matches!(source.next(&mut again), Ok(Step::End)));
}

struct Kept(PathBuf);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
